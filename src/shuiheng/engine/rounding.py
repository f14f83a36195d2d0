"""From real class totals to whole ones: each the floor or the ceiling of its real total, every tight cut met
exactly. Bottleneck after bottleneck as they were held, in each the largest fractions first, ties to the
earlier class; the tree is asked each time. An inner bottleneck that came later would find its water gone."""

from __future__ import annotations

import numpy as np

from shuiheng.engine.arithmetic import bare, compiled, inner, order_of
from shuiheng.engine.certificates import all_met
from shuiheng.engine.cut import (
    TIGHT,
    Cells,
    State,
    Trace,
    Tree,
    change,
    passed_by,
    rebuild,
    refresh_path,
)
from shuiheng.engine.levels import LEVELLED, STUCK, Cuts, Levels, Tier, level_tier
from shuiheng.engine.problem import Int
from shuiheng.engine.tables import Tables

UNMET = 2


@compiled
def run_tier(
    tier: Tier,
    tables: Tables,
    levels: Levels,
    cuts: Cuts,
    state: State,
    tree: Tree,
    cells: Cells,
    trace: Trace,
    totals: Int,
) -> tuple[int, Cuts]:
    """Levels and whole totals of one tier, and the certificates so far.

    LEVELLED, or STUCK (see `level_tier`), or UNMET: whole totals by largest fractions leave some certificate
    short of its caps.
    """
    rebuild(state, tree, cells)
    old = cuts.size[0]
    outcome, cuts = level_tier(tier, tables, levels, cuts, state, tree, cells, trace)
    if outcome != LEVELLED:
        return STUCK, cuts
    totals[tier.begin : tier.end] = round_tier(tier, levels, state, tree, cells)
    if all_met(cuts, old, tree, cells):
        return LEVELLED, cuts
    return UNMET, cuts


@inner
def round_tier(tier: Tier, levels: Levels, state: State, tree: Tree, cells: Cells) -> Int:
    """Whole totals of the tier's classes, once for the whole tier (ALLOCATION 6, pitfall 2).

    Leaves levels as they are and the cells at the whole totals, which are returned, [end − begin].
    """
    size = tier.end - tier.begin
    totals = np.zeros(size, np.int64)
    fraction = np.zeros(size, np.float64)
    for i in range(size):
        c = tier.begin + i
        totals[i], fraction[i] = levels.whole[c], levels.part[c]
        if fraction[i] > 1.0 - TIGHT:
            totals[i] += 1
            fraction[i] = 0.0
        elif fraction[i] < TIGHT:
            fraction[i] = 0.0
        cell = tier.cell[c]
        cells.whole[cell] += totals[i] - levels.whole[c]
        cells.part[cell] = 0.0
    rebuild(state, tree, cells)
    by_fraction = order_of(-fraction.view(np.int64))
    held = levels.certificate[tier.begin : tier.end][by_fraction]
    for i in by_fraction[order_of(held)]:
        if fraction[i] > 0.0 and add_one(tier.cell[tier.begin + i], state, tree, cells):
            totals[i] += 1
    return totals


@bare
def add_one(cell: int, state: State, tree: Tree, cells: Cells) -> bool:
    """Use one more m³ in a cell if every cap allows it."""
    node, mask = cells.node[cell], cells.mask[cell]
    change(state, tree, node, mask, 1, 0.0)
    refresh_path(state, tree, node)
    if passed_by(state) < 0.5:
        cells.whole[cell] += 1
        return True
    change(state, tree, node, mask, -1, 0.0)
    refresh_path(state, tree, node)
    return False
