"""Beijing time and the budget year. Nothing here knows what time it is: `now` is always handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
MONTHS = tuple(range(1, 13))


def beijing_date(instant: datetime) -> date:
    """The Beijing calendar date of an aware instant."""
    assert instant.tzinfo is not None, "instants carry their zone"
    return instant.astimezone(BEIJING).date()


def beijing_midnight(day: date) -> datetime:
    """The instant, in UTC, at which `day` begins in Beijing."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


def beijing_noon(day: date) -> datetime:
    """An instant in the middle of the Beijing day: what a business date means as `now`."""
    return datetime.combine(day, time(12), BEIJING).astimezone(UTC)


def month_end(year: int, month: int) -> date:
    """The last day of the month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def months_through(year: int, today: date) -> int:
    """How many whole months of budget year `year` have ended on `today`: 0 to 12."""
    if today.year != year:
        return 12 if today.year > year else 0
    return today.month if today == month_end(year, today.month) else today.month - 1
