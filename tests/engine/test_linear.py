"""The exact oracle against linear programs: two ways to the same levels."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from tests.engine.cases import case
from tests.engine.linear import TOLERANCE, Programs, levels
from tests.engine.oracle import FullSet, Model, Stage, fill, fits, full_sets, read


def stages(model: Model, sets: list[FullSet]) -> Counter[str]:
    """Every stage of a case by both oracles, on the whole part of what the exact one finds."""
    seen: Counter[str] = Counter()
    users = model.users
    programs = Programs(model)
    zero = [0] * len(users)
    floor = [user.floor for user in users]
    runs = [(zero, [user.demand for user in users], [user.weight for user in users])]
    if fits(sets, floor):
        runs = [(floor, runs[0][1], runs[0][2])]
    else:
        runs = [(zero, floor, floor)]
    for low, high, weight in runs:
        totals = list(low)
        for tier in range(model.tiers):
            mine = {i for i, user in enumerate(users) if user.tier == tier}
            start = Stage(low, high, weight, set(mine), [Fraction(value) for value in totals])
            exact = fill(sets, start)
            other = levels(programs, mine, low, high, weight, totals)
            if other is None:
                seen["unsolved"] += 1
            elif any(
                abs(float(exact[i]) - other[i]) > 20 * TOLERANCE * programs.scale for i in mine
            ):
                seen["different"] += 1
            else:
                seen["same"] += 1
            for i in mine:
                totals[i] = int(exact[i])
    return seen


def compared(seeds: range) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in seeds:
        model = read(case(seed))
        seen += stages(model, full_sets(model))
    return seen


def test_levels_are_those_of_linear_programs() -> None:
    seen = compared(range(30))
    assert seen["same"] > 30
    assert seen["different"] == seen["unsolved"] == 0


@pytest.mark.slow
def test_levels_are_those_of_linear_programs_in_many_cases() -> None:
    seen = compared(range(1_000, 2_000))
    assert seen["same"] > 1_000
    assert seen["different"] == seen["unsolved"] == 0
