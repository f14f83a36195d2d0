"""The house's own periodic jobs."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore
from procrastinate import JobContext
from procrastinate.contrib.django import app

KEEP_JOBS_HOURS = 24 * 30
FIRST = 100  # before a thousand notices that wait to be typeset


@app.periodic(cron="* * * * *")
@app.task(name="app.retry_stalled", pass_context=True, priority=FIRST)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Give the jobs of a killed worker to a living one: otherwise they stay `doing` for ever.

    No lock of its own: a stalled run of this very job would hold it.
    """
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(name="app.tidy", pass_context=True)
async def tidy(context: JobContext, timestamp: int) -> None:
    """Forget jobs that ended a month ago and sessions that have run out; failed jobs are kept."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_JOBS_HOURS)
    await SessionStore.aclear_expired()
