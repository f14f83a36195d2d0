"""What the issue leaves to the worker: the notices of all units."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from shuiheng.budget import services


@app.task(
    name="budget.render_notices",
    pass_context=True,
    retry=RetryStrategy(
        max_attempts=5, exponential_wait=5, retry_exceptions=[OSError, OperationalError]
    ),
)
def render_notices(context: JobContext, scheme_id: int) -> None:
    """Make every unit's notice of a scheme; each is typeset by a job of its own. Safe to run twice."""
    now: Any = context.additional_context["now"]
    services.make_notices(scheme_id, now=now())
