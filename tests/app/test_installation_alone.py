"""What cannot be rolled back: whole databases made, migrated, dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from shuiheng.app import installation
from shuiheng.app.database import Kind
from shuiheng.core.refusal import Refusal
from shuiheng.office.models import Installation

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def databases() -> set[str]:
    with installation.owner_connection(installation.MAINTENANCE) as server:
        return {name for (name,) in server.execute("SELECT datname FROM pg_database")}


def test_two_at_once_migrate_once(throwaway_database: Any) -> None:
    """The second waits for the first's lock and then has nothing to do."""
    said: list[str] = []
    with installation.owner_connection(throwaway_database.name) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [installation.MIGRATION_LOCK])

        def told(sentence: str) -> None:
            said.append(sentence)
            other.execute("SELECT pg_advisory_unlock(%s)", [installation.MIGRATION_LOCK])

        installation.prepare(Kind.DEMO, now=NOW, report=told)
    assert said == ["另一个进程正在升级数据库，等待它完成"]


def test_a_second_preparation_changes_nothing(throwaway_database: Any) -> None:
    assert installation.prepare(None, now=NOW, report=pytest.fail) is Kind.DEMO


def test_grants_come_back(throwaway_database: Any) -> None:
    with installation.as_owner(), connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE ON office_act TO shuiheng_app")
    installation.prepare(None, now=NOW, report=pytest.fail)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('office_act', 'UPDATE')")
        assert cursor.fetchone() == (False,)


def test_a_throwaway_is_dropped_and_a_kept_one_stays(throwaway_database: Any) -> None:
    here = connection.settings_dict["NAME"]
    with installation.throwaway("year", now=NOW, report=lambda _: None) as name:
        assert connection.settings_dict["NAME"] == name != here
        assert Installation.objects.get(pk=1).kind == Kind.DEMO
    assert name not in databases()
    assert connection.settings_dict["NAME"] == here
    with installation.throwaway("year", now=NOW, report=lambda _: None, keep=True) as name:
        pass
    assert name in databases()
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.drop_database(server, name)


def test_what_a_killed_run_left_is_dropped(throwaway_database: Any) -> None:
    left = f"{installation.THROWAWAY}_{2**22 + 1}_0badcafe"  # no process has so high a number
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.create_database(server, left)
    with installation.throwaway("year", now=NOW, report=lambda _: None):
        assert left not in databases()


def test_the_owner_may_end_sessions_of_the_app_role(throwaway_database: Any) -> None:
    with installation.throwaway("year", now=NOW, report=lambda _: None) as name:
        parameters = connection.get_connection_params()
        kept_open = psycopg.connect(
            host=parameters["host"], user=parameters["user"], dbname=name, autocommit=True
        )
    with pytest.raises(psycopg.OperationalError):
        kept_open.execute("SELECT 1")
    kept_open.close()


def test_an_owner_who_may_not_make_databases_is_told(throwaway_database: Any) -> None:
    with installation.owner_connection(installation.MAINTENANCE) as server:
        server.execute("SET ROLE shuiheng_app")
        with pytest.raises(Refusal, match="没有建库权限"):
            installation.create_database(server, "never_made")
