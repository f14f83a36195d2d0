"""Max-min fair levels of one tier: all rise together until a cap stops some; the rest rise on.

A round begins with everybody at his demand. As long as a cut is passed, each of its components gets the one level at
which it is exactly met (a discrete Newton step: the cuts tighten and levels only fall). When nothing is
passed any more, a component whose classes all stand at its level, or lower for a reason that stands too, is their
bottleneck: it is the certificate, they are held, and the others begin a new round. A class with a bottleneck
in which nobody stands higher is what makes the answer max-min fair, and unique (ALLOCATION 3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shuiheng.engine.arithmetic import as_fraction, bare, compiled, inner, muldiv, order_of
from shuiheng.engine.cut import (
    TIGHT,
    Cells,
    State,
    Trace,
    Tree,
    change,
    leader_of,
    passed_by,
    refresh,
    trace_cut,
)
from shuiheng.engine.problem import Int
from shuiheng.engine.tables import Tables, use_at

MET = 1e-6  # m³ by which a level may stay below its cut: less than rounding can see
WHOLE = 1e-9  # a fraction this near to 0 or 1 is one
MOST_STEPS = 400
MOST_CUTS = 1 << 16
LEVELLED, STUCK = 0, 1


class Levels(NamedTuple):
    """λ = number/divisor of each class (`level` as a float, inf = its full demand), what it uses there as
    whole + part, and the certificate that holds it down, −1 for none."""

    number: Int
    divisor: Int
    level: np.ndarray
    whole: Int
    part: np.ndarray
    certificate: Int


class Cuts(NamedTuple):
    """Certificates one after the other: cut n has the caps [begin[n], begin[n+1]); `size` = [cuts, caps]."""

    begin: Int
    node: Int
    source: Int
    cap: Int
    size: Int


class Tier(NamedTuple):
    """The classes [begin, end) of one tier with the cell of each class of the problem."""

    begin: int
    end: int
    cell: Int


@compiled
def new_cuts() -> Cuts:
    return Cuts(
        np.zeros(16, np.int64),
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
        np.zeros(2, np.int64),
    )


@inner
def _grown(array: Int, needed: int) -> Int:
    if needed <= len(array):
        return array
    larger = np.zeros(max(needed, 2 * len(array)), np.int64)
    larger[: len(array)] = array
    return larger


@inner
def _add_component(cuts: Cuts, trace: Trace, leader: int) -> Cuts:
    """The caps of one component of the traced cut, as one more cut."""
    number, at = cuts.size[0], cuts.size[1]
    most = at + trace.size[0]
    cuts = Cuts(
        _grown(cuts.begin, number + 2),
        _grown(cuts.node, most),
        _grown(cuts.source, most),
        _grown(cuts.cap, most),
        cuts.size,
    )
    for i in range(trace.size[0]):
        if leader_of(trace, i) == leader:
            cuts.node[at], cuts.source[at], cuts.cap[at] = (
                trace.node[i],
                trace.source[i],
                trace.cap[i],
            )
            at += 1
    cuts.size[0], cuts.size[1] = number + 1, at
    cuts.begin[number + 1] = at
    return cuts


@inner
def _keep(cuts: Cuts, pending: Cuts, number: int) -> Cuts:
    """Copy a cut that has proved to be a bottleneck among the certificates."""
    at, begin, end = cuts.size[1], pending.begin[number], pending.begin[number + 1]
    most = at + end - begin
    cuts = Cuts(
        _grown(cuts.begin, cuts.size[0] + 2),
        _grown(cuts.node, most),
        _grown(cuts.source, most),
        _grown(cuts.cap, most),
        cuts.size,
    )
    cuts.node[at:most] = pending.node[begin:end]
    cuts.source[at:most] = pending.source[begin:end]
    cuts.cap[at:most] = pending.cap[begin:end]
    cuts.size[0] += 1
    cuts.size[1] = most
    cuts.begin[cuts.size[0]] = most
    return cuts


@bare
def put(
    c: int,
    whole: int,
    part: float,
    tier: Tier,
    levels: Levels,
    state: State,
    tree: Tree,
    cells: Cells,
) -> None:
    """Let class c use whole + part, in its cell and in the tree."""
    cell = tier.cell[c]
    more, rest = whole - levels.whole[c], part - levels.part[c]
    if more != 0 or rest != 0.0:
        cells.whole[cell] += more
        cells.part[cell] += rest
        change(state, tree, cells.node[cell], cells.mask[cell], more, rest)
        levels.whole[c], levels.part[c] = whole, part


class Pending(NamedTuple):
    """The cuts of one round: the level of each, the classes in it, [first[n], first[n+1]) of `members`, and
    by which cut each of them stood where it stood then."""

    cuts: Cuts
    level: np.ndarray
    first: Int
    members: Int
    stood_by: Int


@inner
def _none_pending() -> Pending:
    return Pending(
        new_cuts(),
        np.zeros(16, np.float64),
        np.zeros(16, np.int64),
        np.zeros(64, np.int64),
        np.zeros(64, np.int64),
    )


@inner
def level_tier(
    tier: Tier,
    tables: Tables,
    levels: Levels,
    cuts: Cuts,
    state: State,
    tree: Tree,
    cells: Cells,
    trace: Trace,
) -> tuple[int, Cuts]:
    """Levels of all classes of the tier, with earlier tiers fixed and later ones at their floors.

    Returns LEVELLED with the certificates so far, or STUCK: a cut is passed by what may not be lowered.
    """
    held = np.zeros(tier.end, np.bool_)
    by = np.zeros(tier.end, np.int64)
    while True:
        for c in range(tier.begin, tier.end):
            if not held[c]:
                levels.level[c] = np.inf
                by[c] = -1
                put(c, tables.demands[c], 0.0, tier, levels, state, tree, cells)
        pending = _none_pending()
        refresh(state, tree)
        while passed_by(state) > TIGHT:
            before = pending.cuts.size[0]
            trace_cut(trace, state, tree, cells)
            pending = _lower(tier, tables, levels, state, tree, cells, trace, held, by, pending)
            if pending.cuts.size[0] == before or before > MOST_CUTS:
                return STUCK, cuts
            refresh(state, tree)
        if pending.cuts.size[0] == 0:
            return LEVELLED, cuts
        certificates = cuts.size[0]
        cuts = _hold(levels, cuts, pending, held, by)
        if cuts.size[0] == certificates:
            return STUCK, cuts


@inner
def _lower(
    tier: Tier,
    tables: Tables,
    levels: Levels,
    state: State,
    tree: Tree,
    cells: Cells,
    trace: Trace,
    held: np.ndarray,
    by: Int,
    pending: Pending,
) -> Pending:
    """Give each passed component of the traced cut the level at which it is met."""
    whole, part = _passed(trace, cells)
    count, inside = _open_classes(tier, trace, held)
    for leader in range(trace.size[0]):
        group = inside[count[leader] : count[leader + 1]]
        if whole[leader] + part[leader] <= TIGHT or len(group) == 0:
            continue
        target, rest = -whole[leader], -part[leader]
        for c in group:
            target += levels.whole[c]
            rest += levels.part[c]
        number, divisor, level = solve_level(tables, levels, group, target, rest)
        cut = pending.cuts.size[0]
        pending = _room(pending, trace, leader, len(group))
        pending.level[cut] = level
        at = pending.first[cut]
        for c in group:
            if levels.level[c] > level:
                by[c] = cut
                slope, fixed = use_at(tables, c, number, divisor, level)
                quotient, left = muldiv(slope, number, divisor)
                levels.number[c], levels.divisor[c], levels.level[c] = number, divisor, level
                put(c, quotient + fixed, left / divisor, tier, levels, state, tree, cells)
            pending.members[at], pending.stood_by[at] = c, by[c]
            at += 1
        pending.first[cut + 1] = at
    return pending


@inner
def _passed(trace: Trace, cells: Cells) -> tuple[Int, np.ndarray]:
    """By how much each component of the traced cut is passed, at the index of its leader."""
    whole = np.zeros(trace.size[0], np.int64)
    part = np.zeros(trace.size[0], np.float64)
    for i in range(trace.size[0]):
        whole[leader_of(trace, i)] -= trace.cap[i]
    for cell in range(len(cells.node)):
        if trace.by[cell] >= 0:
            leader = leader_of(trace, trace.by[cell])
            whole[leader] += cells.whole[cell]
            part[leader] += cells.part[cell]
    return whole, part


@inner
def _open_classes(tier: Tier, trace: Trace, held: np.ndarray) -> tuple[Int, Int]:
    """The free classes that the traced cut closes, grouped by component."""
    count = np.zeros(trace.size[0] + 1, np.int64)
    for c in range(tier.begin, tier.end):
        cap = trace.by[tier.cell[c]]
        if cap >= 0 and not held[c]:
            count[leader_of(trace, cap) + 1] += 1
    for i in range(trace.size[0]):
        count[i + 1] += count[i]
    inside = np.zeros(count[-1], np.int64)
    place = count.copy()
    for c in range(tier.begin, tier.end):
        cap = trace.by[tier.cell[c]]
        if cap >= 0 and not held[c]:
            leader = leader_of(trace, cap)
            inside[place[leader]] = c
            place[leader] += 1
    return count, inside


@inner
def _room(pending: Pending, trace: Trace, leader: int, members: int) -> Pending:
    """One more pending cut: its caps copied from the trace, and room for its members."""
    cut = pending.cuts.size[0]
    cuts = _add_component(pending.cuts, trace, leader)
    level = pending.level
    if cut >= len(level):
        level = np.zeros(2 * len(level))
        level[:cut] = pending.level
    return Pending(
        cuts,
        level,
        _grown(pending.first, cut + 2),
        _grown(pending.members, pending.first[cut] + members),
        _grown(pending.stood_by, pending.first[cut] + members),
    )


@inner
def _hold(levels: Levels, cuts: Cuts, pending: Pending, held: np.ndarray, by: Int) -> Cuts:
    """Hold every class whose cut is a bottleneck, lowest level first.

    It is one when all in it still stand where they stood when it was met, and those it found standing lower
    are held.
    """
    for cut in order_of(pending.level[: pending.cuts.size[0]].view(np.int64)):
        span = range(pending.first[cut], pending.first[cut + 1])
        stands = True
        for i in span:
            c = pending.members[i]
            if by[c] != pending.stood_by[i] or (by[c] != cut and not held[c]):
                stands = False
        if not stands:
            continue
        for i in span:
            c = pending.members[i]
            if by[c] == cut:
                held[c] = True
                levels.certificate[c] = cuts.size[0]
        cuts = _keep(cuts, pending.cuts, cut)
    return cuts


@inner
def solve_level(
    tables: Tables, levels: Levels, group: Int, target: int, target_part: float
) -> tuple[int, int, float]:
    """The λ at which the classes of `group`, none raised above where it stands, use exactly the target.

    On the straight piece that λ lies on, use = A·λ + B, so λ = (target − B)/A is exact; which piece it is,
    is found by such steps inside a bracket that halves whenever a step would leave it.
    """
    high = 0.0
    least = 0.0
    most = 0.0
    for c in group:
        high = max(high, min(levels.level[c], tables.top[c]))
        least += tables.fixed[c] + tables.floors[c]
        most += levels.whole[c]
    high = high * 1.000001
    low = 0.0
    guess = high
    if most > least:
        guess = high * max(0.0, min(1.0, (target + target_part - least) / (most - least)))
    number, divisor = as_fraction(guess)
    level = number / divisor
    for step in range(MOST_STEPS):
        slope = rest = np.int64(0)
        part = target_part
        for c in group:
            if levels.level[c] <= level:
                rest += levels.whole[c]
                part -= levels.part[c]
            else:
                a, b = use_at(tables, c, number, divisor, level)
                slope += a
                rest += b
        carry = np.int64(np.floor(part + WHOLE))
        want, part = target - rest + carry, max(part - carry, 0.0)
        quotient, left = muldiv(slope, number, divisor)
        passed = (quotient - want) + (left / divisor - part)
        if -MET <= passed <= WHOLE:
            break
        if passed > 0.0:
            high = min(high, level)
        else:
            low = max(low, level)
        if slope > 0 and want >= 0 and step % 8 != 7:
            number, divisor = _exact(want, part, slope)
            level = number / divisor
            if low <= level <= high:
                continue
        number, divisor = as_fraction((low + high) / 2)
        level = number / divisor
    return number, divisor, level


@bare
def _exact(want: int, part: float, slope: int) -> tuple[int, int]:
    """(want + part)/slope; a part that is not 0 (crossing caps alone bring it) is cut off below 2⁻²⁰."""
    if part < WHOLE:
        return want, slope
    shift = 0
    while shift < 20 and slope << shift < 1 << 58 and want << shift < 1 << 60:
        shift += 1
    return (want << shift) + np.int64(part * (1 << shift)), slope << shift
