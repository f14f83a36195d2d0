"""决算: what the books said at the cut-off, December as an estimate, and the end of the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from shuiheng.budget.rules.stages import FinalStage as FinalState
from shuiheng.core.clock import month_end
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Code, Entry

__all__ = ["AreaFinalState", "FinalState", "cut_off_date", "december_estimate", "plan_lapse"]


class AreaFinalState(Term):
    OPEN = "open", "办理中"
    COMPLETED = "completed", "已完成"


def cut_off_date(year: int, month: int) -> date:
    """The last day whose use the final account counts as known: the end of `month`."""
    return month_end(year, month)


def december_estimate(known: Sequence[Volume], plan: Sequence[Volume], months_known: int) -> Volume:
    """暂估: the planned use of the missing months, scaled by how the known ones ran against plan.

    `known` and `plan` are the twelve months used and planned; with nothing planned or used so far the
    plan itself is taken. Rounded down to whole m³.
    """
    missing = sum(month.m3 for month in plan[months_known:])
    planned = sum(month.m3 for month in plan[:months_known])
    used = sum(month.m3 for month in known[:months_known])
    if not planned or not used:
        return Volume(missing)
    return Volume(missing * used // planned)


LAPSING = (
    AccountKind.QUOTA,
    AccountKind.LOSS,
    AccountKind.CELL,
    AccountKind.RESERVE,
    AccountKind.POOL,
)


def plan_lapse(
    balances: Sequence[tuple[AccountKey, Balance]], *, effective_on: date, document: str
) -> tuple[Entry, ...]:
    """What nobody used lapses at the end of the year (default: no carry-over; DOMAIN C0.6)."""
    return tuple(
        Entry(
            Code.LAPSE,
            account,
            replace(account, kind=AccountKind.LAPSED),
            balance.available,
            effective_on,
            document,
        )
        for account, balance in balances
        if account.kind in LAPSING and balance.available.m3 > 0
    )
