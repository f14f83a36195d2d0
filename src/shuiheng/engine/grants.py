"""From whole class totals by source to whole users by source."""

from __future__ import annotations

import numpy as np

from shuiheng.engine.arithmetic import compiled, inner, muldiv, order_of, share_of
from shuiheng.engine.levels import Levels
from shuiheng.engine.problem import Int
from shuiheng.engine.tables import DEMAND, FLOOR, WEIGHT

BINS = 256


@compiled
def grant_users(
    first: Int,
    order: Int,
    figures: Int,
    levels: Levels,
    totals: Int,
    drawn: Int,
    grain: int,
) -> tuple[Int, Int, Int]:
    """What each user gets [N], of which source [N,k], and which certificate holds him down [N] (−1: none).

    `figures` come in class order, `order` leads back to the problem's. A user is within one grain of his
    level; the units that a class has over its users' floors go to the largest remainders, ties to the
    earlier user. Each user draws on the sources in his class's blend.
    """
    users, sources = len(order), drawn.shape[1]
    granted = np.zeros(users, np.int64)
    by_source = np.zeros((users, sources), np.int64)
    certificate = np.full(users, -1, np.int64)
    largest = 0
    for c in range(len(first) - 1):
        largest = max(largest, first[c + 1] - first[c])
    amount = np.empty(largest, np.int64)
    rest = np.empty(largest, np.int64)
    for c in range(len(first) - 1):
        begin, size = first[c], first[c + 1] - first[c]
        mine = order[begin : begin + size]
        if np.isinf(levels.level[c]):
            amount[:size] = figures[begin : begin + size, DEMAND]
        else:
            _level_users(c, begin, size, figures, levels, totals[c], amount, rest)
        for i in range(size):
            granted[mine[i]] = amount[i] * grain
            if amount[i] < figures[begin + i, DEMAND]:
                certificate[mine[i]] = levels.certificate[c]
        _blend(amount, size, mine, drawn[c], totals[c], grain, by_source)
    return granted, by_source, certificate


@inner
def _level_users(
    c: int,
    begin: int,
    size: int,
    figures: Int,
    levels: Levels,
    total: int,
    amount: Int,
    rest: Int,
) -> None:
    number, divisor = levels.number[c], levels.divisor[c]
    missing = total
    for i in range(size):
        at = begin + i
        share, left = share_of(figures[at, WEIGHT], figures[at, DEMAND], number, divisor)
        if share < figures[at, FLOOR]:
            share, left = figures[at, FLOOR], 0
        amount[i], rest[i] = share, left
        missing -= share
    if missing <= 0:
        return
    bins = np.zeros(BINS, np.int64)
    scale = BINS / np.float64(divisor)
    for i in range(size):
        if rest[i] > 0:
            bins[min(np.int64(rest[i] * scale), BINS - 1)] += 1
    edge = BINS - 1
    while edge >= 0 and bins[edge] < missing:
        missing -= bins[edge]
        edge -= 1
    near = np.empty(bins[max(edge, 0)], np.int64)
    count = 0
    for i in range(size):
        if rest[i] > 0:
            b = min(np.int64(rest[i] * scale), BINS - 1)
            if b > edge:
                amount[i] += 1
            elif b == edge:
                near[count] = i
                count += 1
    if edge >= 0 and missing > 0:
        for i in order_of(-rest[near])[:missing]:
            amount[near[i]] += 1


@inner
def _blend(
    amount: Int, size: int, mine: Int, drawn: Int, total: int, grain: int, by_source: Int
) -> None:
    """Split every user's amount over the sources so that users and sources both add up: each source in turn
    takes the steps of ⌊running sum · share⌋ of what is left. Uses `amount` up."""
    last = -1
    for s in range(len(drawn)):
        if drawn[s] > 0:
            last = s
    for s in range(last + 1):
        if drawn[s] == 0:
            continue
        if s == last:
            for i in range(size):
                by_source[mine[i], s] = amount[i] * grain
            return
        running = np.int64(0)
        before = np.int64(0)
        for i in range(size):
            running += amount[i]
            after = muldiv(running, drawn[s], total)[0]
            by_source[mine[i], s] = (after - before) * grain
            amount[i] -= after - before
            before = after
        total -= drawn[s]
