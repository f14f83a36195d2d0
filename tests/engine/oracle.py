"""The second opinion: max-min levels in exact rationals, by looking at every set of users.

For each set I of users the most water that can reach it, b(I), is a maximum flow of whole numbers. Totals
x can be delivered exactly when Σ x over I ≤ b(I) for every I. So a stage needs no network and no dual:
raise the common level until the first set is full, freeze who is in a full set, go on. Nothing here knows
how the engine finds its levels.

Stages follow one another on what was really granted before (whole m³), so a difference is reported at
the stage where it arises.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

NONE = 1 << 50
"""The cap of what has no cap: more than any case could want."""


@dataclass(frozen=True)
class User:
    id: str
    node: int
    tier: int
    sources: tuple[int, ...]
    demand: int
    floor: int
    weight: int
    own: tuple[tuple[int, int], ...]
    """Own caps by source; a source that is not here has none."""


@dataclass(frozen=True)
class Model:
    """A problem in numbers, all volumes in grains."""

    grain: int
    node_ids: tuple[str, ...]
    parent: tuple[int, ...]
    total: tuple[int, ...]
    sources: tuple[str, ...]
    by_source: tuple[tuple[int, ...], ...]
    tiers: int
    users: tuple[User, ...]

    def path(self, node: int) -> list[int]:
        """The node and all above it."""
        found = []
        while node >= 0:
            found.append(node)
            node = self.parent[node]
        return found


def read(problem: dict[str, Any]) -> Model:
    """The model of a problem: reserves subtracted, caps floored to the grain, weights by policy."""
    grain = problem.get("grain", 1)
    nodes = problem["nodes"]
    place = {node["id"]: i for i, node in enumerate(nodes)}
    names = {source for user in problem["users"] for source in user["sources"]}
    names |= {source for node in nodes for source in node["source_caps"]}
    sources = tuple(sorted(names))
    at = {source: i for i, source in enumerate(sources)}
    total, by_source = [], []
    for node in nodes:
        held = node.get("reserve", {})
        cap = node["cap"]
        total.append(NONE if cap is None else max(0, cap - sum(held.values())) // grain)
        row = [NONE] * len(sources)
        for source, m3 in node["source_caps"].items():
            row[at[source]] = max(0, m3 - held.get(source, 0)) // grain
        by_source.append(tuple(row))
    users = tuple(
        User(
            id=user["id"],
            node=place[user["node"]],
            tier=problem["tiers"].index(user["tier"]),
            sources=tuple(at[source] for source in user["sources"]),
            demand=user["demand"] // grain,
            floor=user["floor"] // grain,
            weight={
                "proportional": user["demand"],
                "equal_awards": 1,
                "weighted": user["weight"],
            }[problem["policy"]],
            own=tuple((at[s], m3 // grain) for s, m3 in user.get("caps", {}).items() if s in at),
        )
        for user in problem["users"]
    )
    parent = tuple(-1 if node["parent"] is None else place[node["parent"]] for node in nodes)
    ids = tuple(node["id"] for node in nodes)
    tiers = len(problem["tiers"])
    return Model(grain, ids, parent, tuple(total), sources, tuple(by_source), tiers, users)


@numba.njit(cache=True)
def _bounds(  # a compiled function takes arrays
    users: int,
    points: int,
    first: NDArray[np.int64],
    head: NDArray[np.int64],
    edge: NDArray[np.int64],
    room: NDArray[np.int64],
    gate: NDArray[np.int64],
) -> NDArray[np.int64]:
    """b(I) for every set I: the flow of I without its lowest user, and what he adds to it."""
    size = 1 << users
    left = np.zeros((size, room.size), dtype=np.int64)
    left[0] = room
    bound = np.zeros(size, dtype=np.int64)
    came = np.empty(points, dtype=np.int64)
    queue = np.empty(points, dtype=np.int64)
    for mask in range(1, size):
        low = mask & -mask
        user = 0
        while (1 << user) != low:
            user += 1
        rest = left[mask]
        rest[:] = left[mask ^ low]
        rest[gate[user]] = NONE
        value = bound[mask ^ low]
        while value < NONE:
            came[:] = -1
            came[0] = -2
            queue[0] = 0
            begin, end = 0, 1
            while begin < end and came[1] == -1:
                here = queue[begin]
                begin += 1
                for i in range(first[here], first[here + 1]):
                    there = head[edge[i]]
                    if rest[edge[i]] > 0 and came[there] == -1:
                        came[there] = edge[i]
                        queue[end] = there
                        end += 1
            if came[1] == -1:
                break
            step = NONE
            here = 1
            while here != 0:
                step = min(step, rest[came[here]])
                here = head[came[here] ^ 1]
            here = 1
            while here != 0:
                arc = came[here]
                rest[arc] -= step
                rest[arc ^ 1] += step
                here = head[arc ^ 1]
            value += step
        bound[mask] = value
    return bound


def bounds(model: Model) -> NDArray[np.int64]:
    """b(I) by bit mask. Water runs: spring → total caps downwards → user → source caps upwards → sea."""
    nodes, kinds = len(model.parent), len(model.sources)
    arcs: list[tuple[int, int, int]] = []

    def drawn(node: int, source: int) -> int:
        return 2 + nodes + node * kinds + source

    base = 2 + nodes + nodes * kinds
    for v, above in enumerate(model.parent):
        arcs.append((0 if above < 0 else 2 + above, 2 + v, model.total[v]))
        for s in range(kinds):
            over = 1 if above < 0 else drawn(above, s)
            arcs.append((drawn(v, s), over, model.by_source[v][s]))
    gate = []
    for i, user in enumerate(model.users):
        gate.append(2 * len(arcs))
        arcs.append((2 + user.node, base + i, 0))
        own = dict(user.own)
        arcs.extend((base + i, drawn(user.node, s), own.get(s, NONE)) for s in user.sources)
    points = base + len(model.users)
    head = np.empty(2 * len(arcs), dtype=np.int64)
    room = np.zeros(2 * len(arcs), dtype=np.int64)
    out: list[list[int]] = [[] for _ in range(points)]
    for i, (tail, tip, cap) in enumerate(arcs):
        head[2 * i], head[2 * i + 1], room[2 * i] = tip, tail, cap
        out[tail].append(2 * i)
        out[tip].append(2 * i + 1)
    first = np.cumsum([0, *map(len, out)]).astype(np.int64)
    edge = np.array([arc for row in out for arc in row], dtype=np.int64)
    gates = np.array(gate, dtype=np.int64)
    found: NDArray[np.int64] = _bounds(len(gate), points, first, head, edge, room, gates)
    return found


@dataclass(frozen=True)
class FullSet:
    """A set of users to which nobody can be added without more water, and the most it can have."""

    members: tuple[int, ...]
    bound: int


def full_sets(model: Model) -> list[FullSet]:
    """The closed sets with a finite bound: Σ x ≤ b(I) for these implies it for all others."""
    bound = bounds(model)
    masks = np.arange(bound.size)
    closed = bound < NONE
    for i in range(len(model.users)):
        closed &= ((masks >> i) & 1 == 1) | (bound[masks | (1 << i)] > bound)
    return [
        FullSet(tuple(i for i in range(len(model.users)) if mask >> i & 1), int(bound[mask]))
        for mask in masks[closed].tolist()
    ]


def fits(sets: list[FullSet], x: list[Fraction] | list[int]) -> bool:
    """Whether these totals can be delivered."""
    scale = lcm(*(value.denominator for value in x)) if x else 1
    whole = [int(value * scale) for value in x]
    return all(sum([whole[i] for i in one.members]) <= one.bound * scale for one in sets)


@dataclass
class Stage:
    """One water-filling: users `rising` between `low` and `high` by weight, all others at `x`."""

    low: list[int]
    high: list[int]
    weight: list[int]
    rising: set[int]
    x: list[Fraction]

    def at(self, level: Fraction) -> list[Fraction]:
        x = list(self.x)
        for i in self.rising:
            x[i] = min(max(level * self.weight[i], Fraction(self.low[i])), Fraction(self.high[i]))
        return x


def fill(sets: list[FullSet], stage: Stage) -> list[Fraction]:
    """The weighted max-min fair totals, exactly."""
    for i in list(stage.rising):
        if stage.high[i] <= stage.low[i]:
            stage.x[i] = Fraction(stage.high[i])
            stage.rising.discard(i)
    while stage.rising:
        bends = sorted(
            {Fraction(v[i], stage.weight[i]) for i in stage.rising for v in (stage.low, stage.high)}
        )
        good, bad = -1, len(bends)
        while bad - good > 1:
            middle = (good + bad) // 2
            if fits(sets, stage.at(bends[middle])):
                good = middle
            else:
                bad = middle
        if bad == len(bends):
            return stage.at(bends[-1])
        if bad == 0:
            raise AssertionError("a stage begins with what cannot be delivered")
        level = _level_between(sets, stage, bends[good], bends[bad])
        x = stage.at(level)
        full = [one for one in sets if sum([x[i] for i in one.members]) == one.bound]
        frozen = {i for one in full for i in one.members} & stage.rising
        if not frozen:
            raise AssertionError("a level without a full set")
        for i in frozen:
            stage.x[i] = x[i]
        stage.rising -= frozen
    return stage.x


def _level_between(sets: list[FullSet], stage: Stage, lower: Fraction, upper: Fraction) -> Fraction:
    """Where the first set fills up between two bends: there every total is a straight line."""
    slope = [0] * len(stage.x)
    still = list(stage.at(lower))
    for i in stage.rising:
        if (
            Fraction(stage.low[i], stage.weight[i])
            <= lower
            < Fraction(stage.high[i], stage.weight[i])
        ):
            slope[i] = stage.weight[i]
            still[i] = Fraction(0)
    found = upper
    for one in sets:
        rate = sum([slope[i] for i in one.members])
        if rate:
            found = min(found, Fraction(one.bound - sum([still[i] for i in one.members])) / rate)
    return found


@dataclass(frozen=True)
class Opinion:
    """What each user should have before whole m³, on what was granted in earlier tiers."""

    ideal: list[Fraction]
    stands: list[Fraction]
    """The same, but a cut floor as the whole m³ on which the later stages rest."""
    floor: list[int]
    """The floors that count: cut where all of them cannot be met."""
    floors_met: bool
    strays: list[str]
    """Users whose cut floor is a whole m³ away from its share; later stages rest on it."""


def opinion(model: Model, sets: list[FullSet], granted: list[int]) -> Opinion:
    """The levels of every stage, each on the totals granted before it."""
    users = model.users
    floor = [user.floor for user in users]
    ideal: list[Fraction] = [Fraction(0)] * len(users)
    cut: set[int] = set()
    strays: list[str] = []
    met = fits(sets, floor)
    if not met:
        kept = [0] * len(users)
        for tier in range(model.tiers):
            mine = {i for i, user in enumerate(users) if user.tier == tier}
            start = [Fraction(value) for value in kept]
            shares = fill(sets, Stage([0] * len(users), floor, floor, set(mine), start))
            for i in mine:
                kept[i] = floor[i]
                if shares[i] < floor[i]:
                    cut.add(i)
                    ideal[i] = shares[i]
                    kept[i] = granted[i]
                    if abs(granted[i] - shares[i]) >= 1:
                        strays.append(users[i].id)
            if strays or not fits(sets, kept):
                return Opinion(ideal, ideal, kept, met, strays or ["floors"])
        floor = kept
    stands = list(ideal)
    totals = list(floor)
    high = [max(user.demand, floor[i]) for i, user in enumerate(users)]
    weight = [user.weight for user in users]
    for tier in range(model.tiers):
        mine = {i for i, user in enumerate(users) if user.tier == tier}
        if not fits(sets, totals):
            return Opinion(ideal, stands, floor, met, [f"tier {tier}"])
        start = [Fraction(value) for value in totals]
        shares = fill(sets, Stage(floor, high, weight, set(mine), start))
        for i in mine:
            stands[i] = shares[i]
            ideal[i] = ideal[i] if i in cut else shares[i]
            totals[i] = granted[i]
    return Opinion(ideal, stands, floor, met, strays)
