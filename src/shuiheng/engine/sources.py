"""Which source each class draws on, once all totals are fixed: earlier tiers and better preferences first.

Decided last, so that a preference never takes water that a later class cannot do without (ALLOCATION 6,
pitfall 11). Totals fit the caps on everything, so only the caps on sources are asked.
"""

from __future__ import annotations

import numpy as np

from shuiheng.engine.arithmetic import bare, compiled
from shuiheng.engine.cut import (
    Cells,
    State,
    Tree,
    change,
    passed_by,
    rebuild,
    refresh,
    refresh_path,
)
from shuiheng.engine.problem import NONE, Int


@compiled
def choose_sources(
    totals: Int,
    tier_of: Int,
    cell_of: Int,
    order: Int,
    wish: Int,
    state: State,
    tree: Tree,
    cells: Cells,
) -> Int:
    """m³ of each class by source, [K,k]; rows sum to `totals`. `order[K,k]` is each class's preference, and
    `wish[K,k]` what it takes of a source at most while others of its tier have not chosen.

    The caps of `tree` are used up on the way; `cells` ends at 0.
    """
    classes, sources = order.shape
    drawn = np.zeros((classes, sources), np.int64)
    left = totals.copy()
    rebuild(state, tree, cells)
    for c in range(classes):
        if left[c] > 0 and (sources == 1 or order[c, 1] < 0):
            _draw(c, order[c, 0], left[c], cell_of, drawn, left, state, tree, cells)
    refresh(state, tree)
    begin = 0
    while begin < classes:
        end = begin
        while end < classes and tier_of[end] == tier_of[begin]:
            end += 1
        for rank in range(2 * sources):  # what they wish for first, then what remains
            for c in range(begin, end):
                source = order[c, rank % sources]
                if left[c] > 0 and source >= 0:
                    most = wish[c, source] if rank < sources else left[c]
                    _draw_most(c, source, most, cell_of, drawn, left, state, tree, cells)
        begin = end
    return drawn


@bare
def _draw_most(
    c: int,
    source: int,
    most: int,
    cell_of: Int,
    drawn: Int,
    left: Int,
    state: State,
    tree: Tree,
    cells: Cells,
) -> None:
    """As much from this source as leaves a way for everybody else: all, less what the worst cut is passed by."""
    node = cells.node[cell_of[c]]
    amount = min(left[c], most)
    above = node
    while above >= 0:
        amount = min(amount, tree.source_cap[above, source])
        above = tree.parent[above]
    if amount == 0:
        return
    _draw(c, source, amount, cell_of, drawn, left, state, tree, cells)
    refresh_path(state, tree, node)
    while passed_by(state) > 0.5:
        back = np.int64(passed_by(state) + 0.5)
        _draw(c, source, -back, cell_of, drawn, left, state, tree, cells)
        refresh_path(state, tree, node)


@bare
def _draw(
    c: int,
    source: int,
    amount: int,
    cell_of: Int,
    drawn: Int,
    left: Int,
    state: State,
    tree: Tree,
    cells: Cells,
) -> None:
    cell = cell_of[c]
    node = cells.node[cell]
    cells.whole[cell] -= amount
    change(state, tree, node, cells.mask[cell], -amount, 0.0)
    drawn[c, source] += amount
    left[c] -= amount
    while node >= 0:
        if tree.source_cap[node, source] < NONE:
            tree.source_cap[node, source] -= amount
        node = tree.parent[node]
