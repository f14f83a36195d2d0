"""Certificates as caps: what they bar, whom they hold, whether they are exactly used up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shuiheng.engine.arithmetic import compiled, inner
from shuiheng.engine.cut import WHOLE_CUT, Cells, Tree
from shuiheng.engine.levels import Cuts
from shuiheng.engine.problem import Int


@compiled
def bars(cuts: Cuts, number: int, tree: Tree) -> tuple[Int, np.ndarray]:
    """What a certificate's caps bar at each node: sources as bits [V], and whether everything [V]."""
    nodes = len(tree.parent)
    sources = np.zeros(nodes, np.int64)
    everything = np.zeros(nodes, np.bool_)
    for i in range(cuts.begin[number], cuts.begin[number + 1]):
        if cuts.source[i] == WHOLE_CUT:
            everything[cuts.node[i]] = True
        else:
            sources[cuts.node[i]] |= 1 << cuts.source[i]
    for node in range(nodes):
        if tree.parent[node] >= 0:
            sources[node] |= sources[tree.parent[node]]
            everything[node] |= everything[tree.parent[node]]
    return sources, everything


def closed_by(cuts: Cuts, number: int, tree: Tree, cells: Cells) -> NDArray[np.bool_]:
    """Which cells a certificate closes: all their ways are barred by its caps; [C]."""
    sources, everything = bars(cuts, number, tree)
    closed: NDArray[np.bool_] = everything[cells.node] | (cells.mask & ~sources[cells.node] == 0)
    return closed


@inner
def all_met(cuts: Cuts, old: int, tree: Tree, cells: Cells) -> bool:
    """Whether every certificate from `old` on is used up to the last grain by the cells it closes."""
    for number in range(old, cuts.size[0]):
        sources, everything = bars(cuts, number, tree)
        left = np.int64(0)
        for i in range(cuts.begin[number], cuts.begin[number + 1]):
            left += cuts.cap[i]
        for cell in range(len(cells.node)):
            node = cells.node[cell]
            if everything[node] or cells.mask[cell] & ~sources[node] == 0:
                left -= cells.whole[cell]
        if left != 0:
            return False
    return True
