"""The third opinion: one linear program after another (HiGHS), user by user and source by source.

Levels by raising the common level as far as the program lets; who is stuck, by asking for each user
whether he could have more while nobody has less. No duals, no cuts. Floats: volumes are scaled to the
largest, and levels are compared with a tolerance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tests.engine.oracle import NONE, Model

TOLERANCE = 1e-6
"""Of the largest volume of the case."""


class Programs:
    """The constraints of a model, built once. Variables: m³ by (user, source), then the level."""

    def __init__(self, model: Model) -> None:
        self.model = model
        users = model.users
        self.cells = [(i, s) for i, user in enumerate(users) for s in user.sources]
        volumes = [max(user.demand, user.floor) for user in users]
        self.scale = float(max(1, *volumes))
        rows, caps = [], []
        for v in range(len(model.parent)):
            inside = [v in model.path(user.node) for user in users]
            for s in (None, *range(len(model.sources))):
                cap = model.total[v] if s is None else model.by_source[v][s]
                if cap < NONE:
                    rows.append([float(inside[i] and s in (None, r)) for i, r in self.cells])
                    caps.append(cap / self.scale)
        width = len(self.cells)
        self.rows = np.array(rows).reshape(len(rows), width)
        self.caps = np.array(caps)
        own = [dict(users[i].own).get(s, NONE) for i, s in self.cells]
        self.most = [None if cap >= NONE else cap / self.scale for cap in own]
        self.sum = np.zeros((len(users), width))
        for column, (i, _) in enumerate(self.cells):
            self.sum[i, column] = 1.0

    def best(
        self, least: NDArray[np.float64], raised: dict[int, float], one: int | None = None
    ) -> float | None:
        """The highest level at which each raised user has weight × level and the others at least
        their least; or, with `one`, the most that this user could have beside the least of all."""
        width = len(self.cells)
        if not width:
            return 0.0
        users = len(least)
        climb = np.zeros((users, 1))
        floor = least.copy()
        for i, weight in raised.items():
            climb[i], floor[i] = weight, 0.0
        above = np.vstack(
            [
                np.hstack([self.rows, np.zeros((len(self.rows), 1))]),
                np.hstack([-self.sum, climb]),
            ]
        )
        goal = np.zeros(width + 1)
        if one is None:
            goal[width] = -1.0
        else:
            goal[:width] = -self.sum[one]
        found = linprog(
            goal,
            A_ub=above,
            b_ub=np.concatenate([self.caps, -floor]),
            bounds=[*((0, most) for most in self.most), (0, None if one is None else 0)],
            method="highs",
        )
        if found.status == 3:
            return float("inf")
        return -float(found.fun) if found.status == 0 else None


def levels(
    programs: Programs,
    mine: set[int],
    low: list[int],
    high: list[int],
    weight: list[int],
    others: list[int],
) -> list[float] | None:
    """Max-min totals of one stage; None if a program could not be solved."""
    scale = programs.scale
    x = np.array([value / scale for value in others])
    rising = {i for i in mine if high[i] > low[i]}
    for i in mine:
        x[i] = low[i] / scale
    heaviest = max((weight[i] for i in rising), default=1)
    pull = {i: weight[i] / heaviest for i in rising}

    def stands(level: float) -> Callable[[int], float]:
        return lambda i: min(max(level * pull[i], low[i] / scale), high[i] / scale)

    while rising:
        level = _highest(programs, x, rising, pull, low, high)
        if level is None:
            return None
        for i in rising:
            x[i] = stands(level)(i)
        stuck = {i for i in rising if x[i] >= high[i] / scale - 1e-12}
        for i in rising - stuck:
            most = programs.best(x * (1 - 1e-10) - 1e-10, {}, i)
            if most is None:
                return None
            if most <= x[i] + TOLERANCE / 10:
                stuck.add(i)
        if not stuck:
            return None
        rising -= stuck
    return [float(value * scale) for value in x]


def _highest(
    programs: Programs,
    x: NDArray[np.float64],
    rising: set[int],
    pull: dict[int, float],
    low: list[int],
    high: list[int],
) -> float | None:
    """The common level: between two bends, users above their floor and below their demand climb."""
    scale = programs.scale
    bends = sorted({v[i] / scale / pull[i] for i in rising for v in (low, high)})
    reached = 0.0
    for lower, upper in zip([0.0, *bends], [*bends, bends[-1]], strict=True):
        if upper <= lower:
            continue
        least = x * (1 - 1e-10) - 1e-10
        climbing = {}
        for i in rising:
            if low[i] / scale / pull[i] <= lower + 1e-15 and high[i] / scale / pull[i] > lower:
                climbing[i] = pull[i]
            else:
                least[i] = min(max(lower * pull[i], low[i] / scale), high[i] / scale) - 1e-10
        if not climbing:
            reached = upper
            continue
        level = programs.best(least, climbing)
        if level is None:
            return None
        if level < upper:
            return max(level, lower)
        reached = upper
    return reached
