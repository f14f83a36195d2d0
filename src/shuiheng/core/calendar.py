"""The arithmetic of deadlines: rest days, working days, what a date means that falls on a rest day.

Which days rest and which deadlines there are is dated data (`office.PolicyValue`), not code.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5
LONGEST_REST_DAYS = 30


@dataclass(frozen=True, slots=True)
class RestDays:
    """Public holidays, and weekend days that are worked instead (调休)."""

    holidays: Collection[date] = field(default_factory=frozenset)
    worked_weekends: Collection[date] = field(default_factory=frozenset)

    def rests(self, day: date) -> bool:
        if day in self.holidays:
            return True
        return day.weekday() >= SATURDAY and day not in self.worked_weekends


@dataclass(frozen=True, slots=True)
class Deadline:
    """A dated rule such as 县级草案 1月15日: month and day of the year n + `year_offset`.

    `shift` says what happens on a rest day: 'none', or 'next' working day.
    """

    key: str
    label: str
    month: int
    day: int
    year_offset: int
    shift: str
    article: str

    def falls_on(self, year: int, rest: RestDays) -> date:
        """The date on which it falls due for budget year `year`."""
        due = date(year + self.year_offset, self.month, self.day)
        return next_working_day(due, rest) if self.shift == "next" else due


def next_working_day(day: date, rest: RestDays) -> date:
    """`day` itself if it is worked, else the first worked day after it."""
    for _ in range(LONGEST_REST_DAYS):
        if not rest.rests(day):
            return day
        day += timedelta(days=1)
    raise AssertionError("thirty rest days in a row: the holiday table is wrong")


def working_days_left(today: date, due: date, rest: RestDays) -> int:
    """Worked days after `today` up to and including `due`; negative once it has passed."""
    if due < today:
        return -working_days_left(due, today, rest)
    days = (today + timedelta(days=n) for n in range(1, (due - today).days + 1))
    return sum(not rest.rests(day) for day in days)


def add_days(start: date, days: int, rest: RestDays, *, working: bool) -> date:
    """The day `days` calendar days, or worked days, after `start`."""
    if not working:
        return start + timedelta(days=days)
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= not rest.rests(day)
    return day
