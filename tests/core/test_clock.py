"""Beijing time and the budget year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.clock import (
    MONTHS,
    beijing_date,
    beijing_midnight,
    beijing_noon,
    month_end,
    months_through,
)

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_the_date_changes_at_16_hours_utc() -> None:
    assert beijing_date(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert beijing_date(datetime(2026, 12, 31, 16, tzinfo=UTC)) == date(2027, 1, 1)
    assert beijing_midnight(date(2027, 1, 1)) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert beijing_noon(date(2027, 1, 1)) == datetime(2027, 1, 1, 4, tzinfo=UTC)


def test_an_instant_without_its_zone_is_our_bug() -> None:
    with pytest.raises(AssertionError, match="carry their zone"):
        beijing_date(datetime(2026, 1, 1))  # noqa: DTZ001  the very mistake


@given(days)
def test_midnight_and_noon_lie_in_their_day(day: date) -> None:
    assert beijing_date(beijing_midnight(day)) == day
    assert beijing_date(beijing_midnight(day) - timedelta(microseconds=1)) == day - timedelta(1)
    assert beijing_date(beijing_noon(day)) == day
    assert beijing_midnight(day).tzinfo is UTC


@pytest.mark.parametrize(
    ("year", "month", "end"),
    [
        (2026, 12, date(2026, 12, 31)),
        (2026, 1, date(2026, 1, 31)),
        (2026, 2, date(2026, 2, 28)),
        (2028, 2, date(2028, 2, 29)),
        (2100, 2, date(2100, 2, 28)),
        (2026, 11, date(2026, 11, 30)),
    ],
)
def test_the_end_of_the_month(year: int, month: int, end: date) -> None:
    assert month_end(year, month) == end


@given(days)
def test_the_day_after_the_end_is_a_first(day: date) -> None:
    end = month_end(day.year, day.month)
    assert end >= day
    assert (end + timedelta(days=1)).day == 1
    assert end.month == day.month


@pytest.mark.parametrize(
    ("today", "whole"),
    [
        (date(2025, 12, 31), 0),
        (date(2026, 1, 1), 0),
        (date(2026, 1, 30), 0),
        (date(2026, 1, 31), 1),
        (date(2026, 2, 27), 1),
        (date(2026, 2, 28), 2),
        (date(2026, 12, 30), 11),
        (date(2026, 12, 31), 12),
        (date(2027, 1, 1), 12),
        (date(2030, 6, 1), 12),
    ],
)
def test_whole_months_of_a_budget_year(today: date, whole: int) -> None:
    assert months_through(2026, today) == whole


@given(days)
def test_whole_months_never_go_back(day: date) -> None:
    assert months_through(2030, day) <= months_through(2030, day + timedelta(days=1))


def test_a_year_has_twelve_months() -> None:
    assert MONTHS == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
