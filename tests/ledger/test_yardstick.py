"""What use is held against: the last month in the books, and the three states."""

from __future__ import annotations

from datetime import date

import pytest

from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import booked_month, state_of
from shuiheng.ui.parts import State


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2025, 12, 31), 0),
        (date(2026, 2, 4), 0),
        (date(2026, 2, 5), 1),
        (date(2026, 12, 4), 10),
        (date(2026, 12, 5), 11),
        (date(2027, 1, 4), 11),
        (date(2027, 1, 5), 12),
        (date(2028, 6, 1), 12),
    ],
)
def test_a_month_is_in_the_books_when_its_reports_are_due(today: date, month: int) -> None:
    assert booked_month(2026, today, report_day=5) == month


@pytest.mark.parametrize(
    ("used", "quota", "planned", "state"),
    [
        (103, 200, 100, State.NORMAL),
        (104, 200, 100, State.WARNED),
        (200, 200, 200, State.NORMAL),
        (201, 200, 300, State.OVER),
        (1, 200, 0, State.WARNED),
        (0, 0, 0, State.NORMAL),
    ],
)
def test_the_states_of_use(used: int, quota: int, planned: int, state: State) -> None:
    assert state_of(Volume(used), Volume(quota), Volume(planned), 3) is state
