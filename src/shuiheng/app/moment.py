"""The clock of commands and of the job runner; requests have theirs in `middleware`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from shuiheng.core.clock import beijing_noon


def wall_clock() -> datetime:
    """The instant it really is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  read once per run and handed on as `now`


def business_moment() -> datetime:
    """What a job takes as `now`: the clock, or the business date of a demo or practice database."""
    from shuiheng.office.models import Installation

    business_date = (
        Installation.objects.values_list("business_date", flat=True).filter(pk=1).first()
    )
    return beijing_noon(business_date) if business_date else wall_clock()


def stopwatch() -> Callable[[str], None]:
    """A `report` that prints each step of a long command with the seconds since it began."""
    began = time.monotonic()

    def report(sentence: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may have gone; the work goes on
            print(f"{time.monotonic() - began:6.1f} 秒  {sentence}", file=sys.stderr, flush=True)

    return report
