"""Schema by the owner, rights of the app role, the kind in its row."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import ProgrammingError, connection, transaction

from shuiheng.app import database, installation
from shuiheng.app.database import Kind
from shuiheng.core.refusal import Refusal
from shuiheng.office.models import Installation, PolicyValue

pytestmark = pytest.mark.django_db


def silently(_: str) -> None:
    """No report."""


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_tests_work_as_the_app_role() -> None:
    assert installation.current_role() == "shuiheng_app"


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {} = 1"])
def test_append_only_tables_take_no_change(statement: str) -> None:
    there = set(database.APPEND_ONLY) & set(connection.introspection.table_names())
    assert {"ledger_transfer", "office_act", "office_actoutcome"} <= there
    for table in there:
        key = "act_id" if table == "office_actoutcome" else "id"
        with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
            execute(statement.format(table, key))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "ALTER TABLE office_user ADD n int",
        "DELETE FROM django_migrations",
    ],
)
def test_the_app_role_does_not_change_the_schema(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        execute(statement)


def test_the_app_role_does_its_work() -> None:
    execute("UPDATE office_policyvalue SET label = label")
    execute("DELETE FROM office_signinattempt")


def test_first_policy_values_are_there() -> None:
    assert PolicyValue.objects.exists()


def test_the_kind_must_agree() -> None:
    assert installation.name_kind(None) is Kind.DEMO
    with pytest.raises(Refusal, match="打开的是演示库，不是正式库"):
        installation.name_kind(Kind.REAL)


def test_a_database_without_a_kind_must_be_told() -> None:
    Installation.objects.all().delete()
    with pytest.raises(Refusal, match="还没有登记用途"):
        installation.name_kind(None)
    assert installation.name_kind(Kind.PRACTICE) is Kind.PRACTICE


def test_steps_of_a_newer_program_are_refused() -> None:
    with pytest.raises(Refusal, match="更新的程序"):
        installation.refuse_newer_schema(["office.0001_initial", "office.9999_future"])


GOOD = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "server_version_num": "180006",
    "server_encoding": "UTF8",
}


class Server:
    """A cursor that answers with the settings of some other server."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def execute(self, *_: object) -> None:
        """The answer stands."""

    def fetchall(self) -> list[tuple[str, str]]:
        return list(self.settings.items())


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("fsync", "off", "database.unsafe"),
        ("synchronous_commit", "off", "database.unsafe"),
        ("full_page_writes", "off", "database.unsafe"),
        ("server_version_num", "160004", "database.version"),
        ("server_encoding", "SQL_ASCII", "database.encoding"),
    ],
)
def test_a_server_that_cannot_be_trusted_is_refused(
    name: str, value: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = SimpleNamespace(cursor=lambda: Server(GOOD))
    monkeypatch.setattr(installation, "connection", asked)
    installation.refuse_unsafe_server()
    asked.cursor = lambda: Server(GOOD | {name: value})
    with pytest.raises(Refusal) as refused:
        installation.refuse_unsafe_server()
    assert refused.value.code == code
