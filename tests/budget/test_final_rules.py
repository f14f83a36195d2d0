"""december_estimate and plan_lapse by themselves."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.budget.rules import december_estimate, plan_lapse
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, check_entry, movements

YEAR_END = date(2026, 12, 31)
month = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("known", "plan", "expected"),
    [
        ([50] * 11, [100] * 12, 50),  # half as fast as planned: half of December's plan
        ([100] * 11, [100] * 12, 100),
        ([0] * 11, [100] * 12, 100),  # nothing used so far says nothing about December
        ([100] * 11, [0] * 11 + [70], 70),  # nothing planned before: the plan itself
        ([1] * 11, [3] * 12, 1),
        ([5] * 11, [7] * 11 + [0], 0),
    ],
)
def test_december_runs_as_the_year_has_run(
    known: list[int], plan: list[int], expected: int
) -> None:
    used = [Volume(m3) for m3 in [*known, 999]]
    assert december_estimate(used, [Volume(m3) for m3 in plan], 11) == Volume(expected)


@given(st.lists(month, min_size=12, max_size=12), st.lists(month, min_size=12, max_size=12))
def test_an_estimate_is_never_negative_and_ignores_what_is_not_known(
    used: list[int], plan: list[int]
) -> None:
    months = [Volume(m3) for m3 in plan]
    estimate = december_estimate([Volume(m3) for m3 in used], months, 11)
    other = december_estimate([*(Volume(m3) for m3 in used[:11]), Volume(12345)], months, 11)
    assert estimate == other
    assert estimate.m3 >= 0


def key(kind: AccountKind, unit: int) -> AccountKey:
    sector = None if kind in (AccountKind.RESERVE, AccountKind.POOL) else Sector.INDUSTRY
    return AccountKey(Book.ABSTRACTION, 2026, Source.GROUND, kind, 10, sector, unit)


@given(st.lists(st.tuples(month, month, st.sampled_from(list(AccountKind))), max_size=8))
def test_only_what_nobody_used_lapses(rows: list[tuple[int, int, AccountKind]]) -> None:
    lapsing = (AccountKind.QUOTA, AccountKind.LOSS, AccountKind.CELL, AccountKind.RESERVE)
    balances = [
        (key(kind, unit), Balance(Volume(granted), Volume(), Volume(used)))
        for unit, (granted, used, kind) in enumerate(rows, start=1)
        if kind is not AccountKind.POOL
    ]
    entries = plan_lapse(balances, effective_on=YEAR_END, document="area-final/2026")
    left = [b.available for k, b in balances if k.kind in lapsing and b.available.m3 > 0]
    assert total(entry.amount for entry in entries) == total(left)
    assert all(entry.credit.kind is AccountKind.LAPSED for entry in entries)
    moved = movements([entry for entry in entries if entry.debit.kind is not AccountKind.LOSS])
    for account, balance in balances:
        if account in moved:
            assert balance.available.m3 == moved[account].moved_out


def test_an_account_that_is_over_keeps_its_over_use() -> None:
    over = (key(AccountKind.QUOTA, 1), Balance(Volume(10), Volume(), Volume(15)))
    assert plan_lapse([over], effective_on=YEAR_END, document="area-final/2026") == ()
    (entry,) = plan_lapse(
        [(key(AccountKind.QUOTA, 1), Balance(Volume(15), Volume(), Volume(10)))],
        effective_on=YEAR_END,
        document="area-final/2026",
    )
    check_entry(entry)
    assert entry.amount == Volume(5)
