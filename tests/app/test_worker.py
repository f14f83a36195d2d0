"""Jobs: in the transaction that asked for them, with a time, and never stuck for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection, connections, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app as jobs
from procrastinate.contrib.django.models import ProcrastinateJob

from shuiheng.app.worker import work
from shuiheng.core.clock import beijing_noon
from shuiheng.office.models import Installation
from shuiheng.office.services import later


class UndoneError(Exception):
    """What makes a transaction roll back."""


@pytest.fixture
def told(throwaway_database: Any) -> Iterator[list[datetime]]:
    """A job that tells its `now`, and one that defers it once for good and once undone."""
    heard: list[datetime] = []

    @jobs.task(name="test.tell", pass_context=True)
    def tell(context: JobContext) -> None:
        now: Any = context.additional_context["now"]
        heard.append(now())
        connections.close_all()

    @jobs.task(name="test.defer")
    def defer() -> None:
        with transaction.atomic():
            later("test.tell")
        try:
            with transaction.atomic():
                later("test.tell")
                raise UndoneError
        except UndoneError:
            connections.close_all()

    yield heard
    for name in ("test.tell", "test.defer"):
        del jobs.tasks[name]


def states() -> list[tuple[str, str]]:
    """Ours only: the house's periodic jobs run when their minute comes."""
    ours = ProcrastinateJob.objects.filter(task_name__startswith="test.")
    return list(ours.order_by("pk").values_list("task_name", "status"))


def test_a_job_takes_the_business_date_for_now(told: list[datetime]) -> None:
    Installation.objects.update(business_date=date(2026, 12, 5))
    later("test.tell")
    work(wait=False)
    assert told == [beijing_noon(date(2026, 12, 5))]


def test_an_undone_transaction_leaves_no_job(told: list[datetime]) -> None:
    try:
        with transaction.atomic():
            later("test.tell")
            raise UndoneError
    except UndoneError:
        assert states() == []


def test_what_a_job_defers_is_in_that_jobs_transaction(told: list[datetime]) -> None:
    later("test.defer")
    work(wait=False)
    assert states() == [("test.defer", "succeeded"), ("test.tell", "succeeded")]
    assert len(told) == 1


def test_the_job_of_a_killed_worker_is_taken_up_again(told: list[datetime]) -> None:
    later("test.tell")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - interval '5 minutes') RETURNING id"
        )
        (dead,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [dead])
    assert states() == [("test.tell", "doing")]
    jobs.configure_task("app.retry_stalled", allow_unknown=False).defer(timestamp=0)
    work(wait=False)
    assert states() == [("test.tell", "succeeded")]
    assert len(told) == 1


def test_tidying_forgets_only_what_is_old(told: list[datetime]) -> None:
    later("test.tell")
    later("test.tell")
    work(wait=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_events SET at = at - interval '40 days' "
            "WHERE job_id = (SELECT min(id) FROM procrastinate_jobs)"
        )
    jobs.configure_task("app.tidy", allow_unknown=False).defer(timestamp=0)
    work(wait=False)
    assert states() == [("test.tell", "succeeded")]
