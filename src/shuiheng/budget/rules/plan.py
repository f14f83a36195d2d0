"""The monthly plan of a quota: the twelve months of the budget, scaled to what was issued. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date

from shuiheng.core.clock import MONTHS, month_end
from shuiheng.core.volume import Volume


def planned_through(net: Volume, months: Sequence[int], month: int) -> Volume:
    """What the plan has reached at the end of `month` (0: nothing): ⌊net × Σ months / Σ year⌋.

    A budget without any monthly figure counts every month alike.
    """
    weights = list(months) if any(months) else [1] * len(MONTHS)
    return Volume(max(net.m3, 0) * sum(weights[:month]) // sum(weights))


def month_plan(net: Volume, months: Sequence[int]) -> tuple[Volume, ...]:
    """Twelve volumes that add up to the quota, each the step between two month ends."""
    ends = [planned_through(net, months, month) for month in (0, *MONTHS)]
    return tuple(after - before for before, after in itertools.pairwise(ends))


def planned_by(plan: Sequence[Volume], day: date) -> Volume:
    """What a monthly plan has reached on `day`: the months before, and this one by days."""
    whole = sum(volume.m3 for volume in plan[: day.month - 1])
    days = month_end(day.year, day.month).day
    return Volume(whole + plan[day.month - 1].m3 * day.day // days)
