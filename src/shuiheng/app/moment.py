"""The clock of commands and of the job runner; requests have theirs in `middleware`."""

from __future__ import annotations

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """The instant it really is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  read once per run and handed on as `now`
