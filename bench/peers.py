"""What others would use for the same allocation: linear programs (HiGHS), one after another.

An instance is a city with nine districts, four sources, six tiers, a tenth of the users with floors and
about 0.8 of the demand to share. `by_user` solves it as it is; `by_class` is given the engine's own
aggregation (classes of like users, without floors) and has only their totals to find. Both share
proportionally and have no whole cubic metres to make. A run that is out of time says how far it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_CAP = np.iinfo(np.int64).max
TIERS = 6
SOURCES = 4
PIN = 1e-8
"""How much of the largest volume a pinned total may give way, or round-off closes the program."""


@dataclass(frozen=True)
class Instance:
    """A problem in arrays; m³. A source that a list does not name is -1 there."""

    parent: Ints
    node_cap: Ints
    source_cap: Ints
    """[node, source]"""
    user_node: Ints
    user_tier: Ints
    user_pref: Ints
    """Which row of `pref_table` is the user's list."""
    pref_table: Ints
    """[list, rank] → source"""
    demand: Ints
    floor: Ints
    weight: Ints
    tiers: int = TIERS


@dataclass
class Run:
    """What a peer did: how long, how many programs, which part of the users has its level."""

    seconds: float
    programs: int
    share_done: float
    finished: bool
    why: str
    totals: Floats = field(repr=False)
    """m³ by user (or class); NaN where none was found."""


PREFERENCES = np.array(
    [
        [0, -1, -1, -1],
        [1, -1, -1, -1],
        [2, 0, -1, -1],
        [0, 1, -1, -1],
        [1, 0, -1, -1],
        [3, 0, 1, -1],
        [3, 2, 0, 1],
        [2, 1, 0, -1],
    ],
    dtype=np.int64,
)


def instance(
    users: int, seed: int = 1, districts: int = 9, supply: float = 0.8, crossing: bool = False
) -> Instance:
    """A city and its districts: log-normal demands, caps that add up to the city's own; `crossing`
    makes the city's sources a little less than was handed down."""
    random = np.random.default_rng(seed)
    parent = np.array([-1, *[0] * districts], dtype=np.int64)
    node = random.integers(1, districts + 1, users)
    tier = random.integers(0, TIERS, users)
    pref = random.integers(0, len(PREFERENCES), users)
    demand = np.maximum(1, random.lognormal(8.0, 1.6, users)).astype(np.int64)
    floored = random.random(users) < 0.1
    floor = np.where(floored, (demand * random.uniform(0.1, 0.5, users)).astype(np.int64), 0)
    source_cap = np.full((districts + 1, SOURCES), 0, dtype=np.int64)
    node_cap = np.zeros(districts + 1, dtype=np.int64)
    for v in range(1, districts + 1):
        inside = node == v
        wanted = demand[inside].sum()
        lists = PREFERENCES[pref[inside]]
        named = (lists >= 0).sum(axis=1)
        for s in range(SOURCES):
            asked = (demand[inside] * (lists == s).any(axis=1) / named).sum()
            source_cap[v, s] = int(asked * supply * random.uniform(0.94, 1.06))
        node_cap[v] = int(wanted * supply * random.uniform(0.97, 1.06))
    scarce = random.uniform(0.97, 1.0, SOURCES) if crossing else np.ones(SOURCES)
    source_cap[0] = (source_cap[1:].sum(axis=0) * scarce).astype(np.int64)
    node_cap[0] = int(node_cap[1:].sum())
    return Instance(
        parent=parent,
        node_cap=node_cap,
        source_cap=source_cap,
        user_node=node,
        user_tier=tier,
        user_pref=pref,
        pref_table=PREFERENCES,
        demand=demand,
        floor=floor,
        weight=demand.copy(),
    )


def as_classes(given: Instance) -> Instance:
    """One user per (node, list, tier) with all its demand and no floor: proportional sharing needs no
    more to find the totals of classes."""
    key = (given.user_node * len(given.pref_table) + given.user_pref) * given.tiers
    values, where = np.unique(key + given.user_tier, return_inverse=True)
    demand = np.zeros(len(values), dtype=np.int64)
    np.add.at(demand, where, given.demand)
    pair = values // given.tiers
    return replace(
        given,
        user_node=pair // len(given.pref_table),
        user_pref=pair % len(given.pref_table),
        user_tier=values % given.tiers,
        demand=demand,
        floor=np.zeros_like(demand),
        weight=demand.copy(),
    )


class Program:
    """The caps of an instance as sparse rows; columns are m³ by (user, source), then the level."""

    def __init__(self, given: Instance) -> None:
        lists = given.pref_table[given.user_pref]
        self.users = len(given.demand)
        owner, rank = np.nonzero(lists >= 0)
        source = lists[owner, rank]
        self.width = len(owner)
        self.scale = max(1.0, float(given.demand.max()))
        column = np.arange(self.width)
        rows, columns, caps = [], [], []
        paths = _paths(given.parent)
        for v in range(len(given.parent)):
            below = paths[given.user_node[owner], v]
            for s in (None, *range(given.source_cap.shape[1])):
                cap = given.node_cap[v] if s is None else given.source_cap[v, s]
                chosen = column[below if s is None else below & (source == s)]
                if cap != NO_CAP and len(chosen):
                    rows.append(np.full(len(chosen), len(caps)))
                    columns.append(chosen)
                    caps.append(cap / self.scale)
        row, col = np.concatenate(rows), np.concatenate(columns)
        self.caps = sparse.csr_matrix(
            (np.ones(len(row)), (row, col)), shape=(len(caps), self.width + 1)
        )
        self.cap = np.array(caps)
        self.sums = sparse.csr_matrix(
            (np.ones(self.width), (owner, column)), shape=(self.users, self.width + 1)
        )

    def highest(
        self, climb: Floats, least: Floats, top: float, seconds: float
    ) -> tuple[float, Floats] | str:
        """The highest level λ ≤ top with x ≥ climb·λ and x ≥ least, and what each user pays for it: who
        pays is stuck. Words instead, when HiGHS gives up."""
        rising = np.flatnonzero(climb)
        level = sparse.csr_matrix(
            (climb[rising], (np.arange(len(rising)), np.full(len(rising), self.width))),
            shape=(len(rising), self.width + 1),
        )
        goal = np.zeros(self.width + 1)
        goal[-1] = -1.0
        pinned = np.flatnonzero(least > 0)
        found = linprog(
            goal,
            A_ub=sparse.vstack(
                [self.caps, level - self.sums[rising], -self.sums[pinned]], format="csr"
            ),
            b_ub=np.concatenate([self.cap, np.zeros(len(rising)), -least[pinned]]),
            bounds=[*[(0, None)] * self.width, (0, top)],
            method="highs",
            options={
                "time_limit": max(0.1, seconds),
                "primal_feasibility_tolerance": PIN / 10,
                "dual_feasibility_tolerance": PIN / 10,
            },
        )
        if found.status != 0:
            return str(found.message)
        paid = -np.asarray(found.ineqlin.marginals[len(self.cap) :])
        price = np.zeros(self.users)
        price[rising] += paid[: len(rising)]
        price[pinned] += paid[len(rising) :]
        return float(found.x[-1]), price


def _paths(parent: Ints) -> NDArray[np.bool_]:
    """[node, above]: whether `above` is the node or stands above it."""
    found = np.eye(len(parent), dtype=bool)
    for v in range(len(parent)):
        above = parent[v]
        while above >= 0:
            found[v, above] = True
            above = parent[above]
    return found


def by_user(given: Instance, seconds: float = 60.0) -> Run:
    """Sequential max-min over users, floors included; bounded by `seconds`."""
    return _sequence(given, seconds)


def by_class(given: Instance, seconds: float = 60.0) -> Run:
    """The same over classes: what HiGHS does when the engine's own aggregation is given to it."""
    return _sequence(as_classes(given), seconds)


def _sequence(given: Instance, seconds: float) -> Run:
    """Tier by tier: raise the common level, freeze who pays, again; earlier totals are pinned."""
    begin = time.perf_counter()
    program = Program(given)
    scale = program.scale
    low, high = given.floor / scale, given.demand / scale
    weight = given.weight / scale
    state = _State(program, low, high, weight, low.copy(), np.zeros(program.users, dtype=bool))
    why = ""
    for tier in range(given.tiers):
        why = state.share(given.user_tier == tier, lambda: seconds - (time.perf_counter() - begin))
        if why:
            break
    return Run(
        seconds=time.perf_counter() - begin,
        programs=state.programs,
        share_done=float(state.done.mean()),
        finished=not why,
        why=why,
        totals=np.where(state.done, state.least * scale, np.nan),
    )


@dataclass
class _State:
    program: Program
    low: Floats
    high: Floats
    weight: Floats
    least: Floats
    done: NDArray[np.bool_]
    programs: int = 0

    def share(self, mine: NDArray[np.bool_], left: Callable[[], float]) -> str:
        """One tier; words if it came to no end."""
        rising = mine & (self.high > self.low)
        self.done |= mine & ~rising
        while rising.any():
            if left() <= 0:
                return "out of time"
            self.programs += 1
            found = self.program.highest(
                np.where(rising, self.weight, 0.0),
                np.maximum(0.0, self.least - PIN),
                float((self.high[rising] / self.weight[rising]).min()),
                left(),
            )
            if isinstance(found, str):
                return found
            at = np.clip(found[0] * self.weight, self.low, self.high)
            stuck = rising & ((found[1] > 1e-9) | (at >= self.high * (1 - 1e-12)))
            if not stuck.any():
                return "no price shows who is stuck"
            self.least[stuck] = at[stuck]
            self.done |= stuck
            rising &= ~stuck
        return ""
