"""Whole flows between bounds. Where real ones exist, whole ones do: such networks are totally unimodular."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Network:
    """Arcs (tail, head, least, most) between numbered places; no two arcs run the same way or back."""

    arcs: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(self, tail: int, head: int, least: int, most: int) -> int:
        self.arcs.append((tail, head, least, most))
        return len(self.arcs) - 1

    def circulate(self) -> list[int]:
        """A whole circulation within the bounds; AssertionError where there is none."""
        nodes = 1 + max(max(tail, head) for tail, head, _, _ in self.arcs)
        source, sink = nodes, nodes + 1
        room: list[dict[int, int]] = [{} for _ in range(nodes + 2)]
        lack = [0] * nodes
        for tail, head, least, most in self.arcs:
            room[tail][head] = room[tail].get(head, 0) + most - least
            room[head].setdefault(tail, 0)
            lack[tail] += least
            lack[head] -= least
        wanted = 0
        for node, amount in enumerate(lack):
            ends = (node, sink) if amount > 0 else (source, node)
            room[ends[0]][ends[1]] = abs(amount)
            room[ends[1]].setdefault(ends[0], 0)
            wanted += max(amount, 0)
        first = [dict(arcs) for arcs in room]
        assert _push(room, source, sink) == wanted, (
            "a real flow between these bounds exists, so a whole one does"
        )
        return [
            least + max(first[tail][head] - room[tail][head], 0)
            for tail, head, least, _ in self.arcs
        ]


def _push(room: list[dict[int, int]], source: int, sink: int) -> int:
    """The largest flow, by shortest augmenting paths; `room` ends as what is left."""
    pushed = 0
    while True:
        came: dict[int, int] = {source: source}
        queue = deque([source])
        while queue and sink not in came:
            node = queue.popleft()
            for head, left in room[node].items():
                if left > 0 and head not in came:
                    came[head] = node
                    queue.append(head)
        if sink not in came:
            return pushed
        path = [sink]
        while path[-1] != source:
            path.append(came[path[-1]])
        steps = list(zip(path[1:], path[:-1], strict=True))
        amount = min(room[tail][head] for tail, head in steps)
        for tail, head in steps:
            room[tail][head] -= amount
            room[head][tail] += amount
        pushed += amount


def round_both_ways(exact: Sequence[Sequence[int]], grain: int) -> list[list[int]]:
    """Multiples of `grain` in place of whole numbers, so that what is printed adds up in rows and columns.

    Every cell, row sum and column sum is its exact value rounded down or up to the grain (a multiple stays),
    the grand total the nearest multiple. A circulation total → rows → columns → total: there always is one.
    """
    if not exact or not exact[0]:
        return [[] for _ in exact]
    rows, columns = len(exact), len(exact[0])
    top, bottom = rows + columns, rows + columns + 1
    network = Network()

    def between(tail: int, head: int, number: int) -> int:
        return network.add(tail, head, number // grain, -(-number // grain))

    cells = [[between(r, rows + c, exact[r][c]) for c in range(columns)] for r in range(rows)]
    for r in range(rows):
        between(top, r, sum(exact[r]))
    for c in range(columns):
        between(rows + c, bottom, sum(row[c] for row in exact))
    nearest = (2 * sum(map(sum, exact)) + grain) // (2 * grain)
    network.add(bottom, top, nearest, nearest)
    flows = network.circulate()
    return [[flows[cell] * grain for cell in row] for row in cells]
