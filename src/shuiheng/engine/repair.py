"""Whole class totals that meet every tight cut, where taking the largest fractions first got stuck.

That happens with crossing caps only: +1 here can block +1 there. Class totals between floor and ceiling, with the
tight caps as equalities, are a circulation in the tree's network; the real levels are one, the network is
totally unimodular, so a whole one exists, and augmenting paths find it (ALLOCATION 3c, 6 pitfall 2).
"""

from __future__ import annotations

import numpy as np

from shuiheng.engine.certificates import bars
from shuiheng.engine.circulation import Network
from shuiheng.engine.cut import WHOLE_CUT, Cells, Tree
from shuiheng.engine.levels import Cuts, Levels, Tier
from shuiheng.engine.problem import NONE, Int


def meet_cuts(
    tier: Tier, levels: Levels, cuts: Cuts, old: int, totals: Int, tree: Tree, cells: Cells
) -> None:
    """Make every certificate of the tier (from `old` on) exactly tight, changing `totals`."""
    network, of_class = _network(tier, levels, cuts, old, totals, tree, cells)
    flows = network.circulate()
    for i, c in enumerate(range(tier.begin, tier.end)):
        amount = flows[of_class[i]]
        totals[c] = amount


def _network(
    tier: Tier, levels: Levels, cuts: Cuts, old: int, totals: Int, tree: Tree, cells: Cells
) -> tuple[Network, list[int]]:
    """world → caps on everything, downwards → cells → caps on sources, upwards → world; and the arcs that
    carry the tier's classes."""
    nodes, sources = tree.source_cap.shape
    world, first_cell = nodes * (sources + 1), nodes * (sources + 1) + 1
    span = range(int(cuts.begin[old]), int(cuts.begin[cuts.size[0]]))
    tight = {(int(cuts.node[i]), int(cuts.source[i])) for i in span}
    network, of_class = Network(), []

    def cap(node: int, source: int, most: int, tail: int, head: int) -> None:
        network.add(tail, head, most if (node, source) in tight else 0, min(most, NONE))

    for node in range(nodes):
        parent = int(tree.parent[node])
        cap(node, WHOLE_CUT, int(tree.cap[node]), world if parent < 0 else parent, node)
        for s in range(sources):
            above = world if parent < 0 else nodes + parent * sources + s
            cap(node, s, int(tree.source_cap[node, s]), nodes + node * sources + s, above)
    shut = _shut(cuts, old, tree, cells)
    others = cells.whole.copy()
    first_class = first_cell + len(cells.node)
    for c in range(tier.begin, tier.end):
        cell = int(tier.cell[c])
        others[cell] -= totals[c]
        least = int(np.floor(levels.whole[c] + levels.part[c] + 1e-6))
        most = int(np.ceil(levels.whole[c] + levels.part[c] - 1e-6))
        here = first_class + c - tier.begin  # a station of its own: its flow is read off this arc
        of_class.append(network.add(int(cells.node[cell]), here, least, most))
        network.add(here, first_cell + cell, 0, NONE)
    for cell, node in enumerate(cells.node):
        network.add(int(node), first_cell + cell, int(others[cell]), int(others[cell]))
        for s in range(sources):
            if int(cells.mask[cell] & ~shut[cell]) >> s & 1:
                network.add(first_cell + cell, nodes + int(node) * sources + s, 0, NONE)
    return network, of_class


def _shut(cuts: Cuts, old: int, tree: Tree, cells: Cells) -> Int:
    """Sources that a cell must leave alone so that the tight caps serve only whom they hold down, as bits.

    A tight cut has no flow back across it: whoever is outside of it, or is held by a cap on everything,
    uses none of the sources whose caps it counts.
    """
    shut = np.zeros(len(cells.node), np.int64)
    for number in range(old, int(cuts.size[0])):
        sources, everything = bars(cuts, number, tree)
        barred, held = sources[cells.node], everything[cells.node]
        outside = held | (cells.mask & ~barred != 0)
        shut |= np.where(outside, barred, 0)
    return shut
