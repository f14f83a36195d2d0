"""The monthly plan of a quota: it adds up, whatever is asked of it."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from shuiheng.budget.rules.plan import month_plan, planned_by, planned_through
from shuiheng.core.volume import Volume, total

YEAR = [1, 1, 3, 8, 14, 18, 20, 17, 9, 5, 3, 1]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=12, max_size=12))
def test_twelve_months_add_up_to_the_quota(net: int, months: list[int]) -> None:
    plan = month_plan(Volume(net), months)
    assert len(plan) == 12
    assert total(plan) == Volume(net)
    assert all(volume.m3 >= 0 for volume in plan)


@given(st.integers(0, 10**12), st.integers(0, 12))
def test_a_month_end_is_the_sum_of_the_months_before(net: int, month: int) -> None:
    plan = month_plan(Volume(net), YEAR)
    assert planned_through(Volume(net), YEAR, month) == total(plan[:month])


def test_a_budget_without_months_counts_them_alike() -> None:
    assert month_plan(Volume(1200), [0] * 12) == (Volume(100),) * 12


def test_within_a_month_the_plan_grows_by_days() -> None:
    plan = (Volume(310),) + (Volume(),) * 11
    assert planned_by(plan, date(2026, 1, 10)) == Volume(100)
    assert planned_by(plan, date(2026, 1, 31)) == Volume(310)
    assert planned_by(plan, date(2026, 12, 31)) == Volume(310)
