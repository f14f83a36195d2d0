"""Working days and deadlines, on the real dates that fall on rest days (DOMAIN G, USERS 27)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.calendar import (
    Deadline,
    RestDays,
    add_days,
    next_working_day,
    working_days_left,
)

WEEKENDS_ONLY = RestDays()
SPRING_FESTIVAL = frozenset(date(2026, 2, day) for day in range(16, 24))
"""An example of a holiday table: Monday 16 to Monday 23 February 2026, with Saturday 14 worked."""
FESTIVE = RestDays(SPRING_FESTIVAL, frozenset({date(2026, 2, 14)}))

days = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def deadline(month: int, day: int, offset: int = 0, shift: str = "none") -> Deadline:
    return Deadline("deadline.test", "试", month, day, offset, shift, "实施方案 四(一)")


@pytest.mark.parametrize(
    ("rule", "year", "printed", "shifted"),
    [
        (deadline(1, 31), 2026, date(2026, 1, 31), date(2026, 2, 2)),  # a Saturday
        (deadline(2, 15), 2026, date(2026, 2, 15), date(2026, 2, 16)),  # a Sunday
        (deadline(12, 20, -1), 2027, date(2026, 12, 20), date(2026, 12, 21)),  # a Sunday
        (deadline(1, 10), 2027, date(2027, 1, 10), date(2027, 1, 11)),  # a Sunday
        (deadline(1, 31), 2027, date(2027, 1, 31), date(2027, 2, 1)),  # a Sunday
        (deadline(1, 15), 2026, date(2026, 1, 15), date(2026, 1, 15)),  # a Thursday
        (deadline(1, 31, 1), 2026, date(2027, 1, 31), date(2027, 2, 1)),
    ],
)
def test_deadlines_on_rest_days(rule: Deadline, year: int, printed: date, shifted: date) -> None:
    assert rule.falls_on(year, WEEKENDS_ONLY) == printed
    moving = deadline(rule.month, rule.day, rule.year_offset, "next")
    assert moving.falls_on(year, WEEKENDS_ONLY) == shifted


def test_a_holiday_pushes_the_deadline_past_itself_and_the_next_weekend() -> None:
    assert deadline(2, 15, shift="next").falls_on(2026, FESTIVE) == date(2026, 2, 24)


def test_a_worked_saturday_is_a_working_day() -> None:
    assert next_working_day(date(2026, 2, 14), FESTIVE) == date(2026, 2, 14)
    assert next_working_day(date(2026, 2, 14), WEEKENDS_ONLY) == date(2026, 2, 16)


def test_a_holiday_that_is_also_listed_as_worked_rests() -> None:
    both = RestDays({date(2026, 1, 1)}, {date(2026, 1, 1)})
    assert both.rests(date(2026, 1, 1))


def test_a_deadline_on_29_february_exists_in_leap_years_only() -> None:
    assert deadline(2, 29).falls_on(2028, WEEKENDS_ONLY) == date(2028, 2, 29)
    with pytest.raises(ValueError, match="day is out of range"):
        deadline(2, 29).falls_on(2026, WEEKENDS_ONLY)


def test_a_holiday_table_that_never_ends_is_our_bug() -> None:
    endless = RestDays({date(2026, 3, 1) + timedelta(days=n) for n in range(60)})
    with pytest.raises(AssertionError, match="thirty rest days"):
        next_working_day(date(2026, 3, 1), endless)


@given(days)
def test_the_next_working_day_is_the_first_that_is_worked(day: date) -> None:
    found = next_working_day(day, FESTIVE)
    assert found >= day
    assert not FESTIVE.rests(found)
    assert all(FESTIVE.rests(day + timedelta(days=n)) for n in range((found - day).days))


@pytest.mark.parametrize(
    ("today", "due", "left"),
    [
        (date(2026, 1, 30), date(2026, 1, 31), 0),  # Friday, due on Saturday
        (date(2026, 1, 30), date(2026, 2, 2), 1),
        (date(2026, 1, 26), date(2026, 1, 30), 4),
        (date(2026, 1, 30), date(2026, 1, 30), 0),
        (date(2026, 1, 30), date(2026, 1, 26), -4),
        (date(2026, 2, 2), date(2026, 1, 30), -1),
        (date(2026, 2, 13), date(2026, 2, 24), 2),  # the worked Saturday and the day itself
        (date(2028, 2, 28), date(2028, 3, 1), 2),  # over 29 February
    ],
)
def test_working_days_left(today: date, due: date, left: int) -> None:
    assert working_days_left(today, due, FESTIVE) == left


@given(days, st.integers(-60, 60))
def test_working_days_left_runs_both_ways(today: date, apart: int) -> None:
    due = today + timedelta(days=apart)
    assert working_days_left(today, due, FESTIVE) == -working_days_left(due, today, FESTIVE)


@given(days, st.integers(0, 40))
def test_added_working_days_are_the_working_days_left(start: date, count: int) -> None:
    due = add_days(start, count, FESTIVE, working=True)
    assert working_days_left(start, due, FESTIVE) == count
    assert add_days(start, count, FESTIVE, working=False) == start + timedelta(days=count)


def test_fifteen_days_of_issuing_read_both_ways() -> None:
    """下达 within 15 days (实施方案 四(三)): calendar or working days is a policy row, not code."""
    approved = date(2026, 2, 2)
    assert add_days(approved, 15, FESTIVE, working=False) == date(2026, 2, 17)
    assert add_days(approved, 15, FESTIVE, working=True) == date(2026, 3, 2)
