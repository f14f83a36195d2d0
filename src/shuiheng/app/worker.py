"""The job worker, one process: `shuiheng worker`.

A job takes its time from the runner: `@app.task(name="budget.render_notices", pass_context=True)` and
`now = context.additional_context["now"]()`.
"""

from __future__ import annotations

from procrastinate import App
from procrastinate.contrib.django import DjangoApp
from procrastinate.contrib.django import app as jobs
from procrastinate.contrib.django.django_connector import DjangoConnector

from shuiheng.app.moment import business_moment

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
GRACE_SECONDS = 10.0


def worker_app() -> App:
    """An app for the worker's own bookkeeping, on connections of its own.

    The tasks stay with Django's app, so what a job defers is written in that job's transaction.
    """
    assert isinstance(jobs.connector, DjangoConnector)
    runner = DjangoApp(connector=jobs.connector.get_worker_connector())
    runner.tasks = jobs.tasks
    runner.periodic_registry = jobs.periodic_registry
    return runner


def work(*, wait: bool = True) -> None:
    """Run jobs until told to stop; without `wait`, until none is left."""
    worker_app().run_worker(
        wait=wait,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
        additional_context={"now": business_moment},
    )
