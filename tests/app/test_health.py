"""What a watchdog is told."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.test import Client

from shuiheng.app import health

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


def test_a_worker_lives_by_its_heartbeat(client: Client) -> None:
    beat(5)
    assert client.get("/health").json()["worker"] is True
    beat(health.WORKER_SILENT_SECONDS + 5)
    assert client.get("/health").json()["worker"] is False


def test_without_a_database_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_database() -> bool:
        raise DatabaseError

    monkeypatch.setattr(health, "worker_lives", no_database)
    answer = health.health(HttpRequest())
    assert answer.status_code == 503
    assert json.loads(answer.content)["database"] is False
