"""What a watchdog is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from shuiheng.app import health
from shuiheng.office.models import User

pytestmark = pytest.mark.django_db


def beat(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def test_it_says_what_lives_and_nothing_more(client: Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"version": "0.1.0", "database": True, "worker": False}


def test_it_answers_somebody_who_has_signed_in(client: Client) -> None:
    user = User.objects.create(
        login="somebody", name="某人", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    client.force_login(user)
    assert client.get("/health").status_code == 200


def test_a_worker_lives_by_its_heartbeat(client: Client) -> None:
    beat(5)
    assert client.get("/health").json()["worker"] is True
    beat(health.WORKER_SILENT_SECONDS + 5)
    assert client.get("/health").json()["worker"] is False


def test_without_a_database_it_is_unavailable(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing on the way to it, the clock of a request neither, may ask the database."""

    def no_database(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", no_database)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"version": "0.1.0", "database": False, "worker": False}
