"""The oracle is worth what it notices: many ways to allocate wrongly, each of which it must catch.

The plain allocation is right in every case; each mutant of it makes one mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from tests.engine import plain
from tests.engine.cases import case
from tests.engine.judge import complaints

CASES = 80


class WithoutTotalCaps(plain.Allocation):
    def cap(self, node: str, source: str | None) -> int | None:
        return None if source is None else super().cap(node, source)


class WithoutSourceCapsBelowTheRoot(plain.Allocation):
    def cap(self, node: str, source: str | None) -> int | None:
        if source is not None and self.nodes[node]["parent"] is not None:
            return None
        return super().cap(node, source)


class WithoutReserve(plain.Allocation):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem)
        self.nodes = {i: {**node, "reserve": {}} for i, node in self.nodes.items()}


class WithoutOwnCaps(plain.Allocation):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem)
        self.users = {i: {**user, "caps": {}} for i, user in self.users.items()}


class WithoutFloors(plain.Allocation):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem)
        self.floor = dict.fromkeys(self.floor, 0)


class AllAlike(plain.Allocation):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem)
        self.weight = dict.fromkeys(self.weight, 1)


class LastFirst(plain.Allocation):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__({**problem, "tiers": problem["tiers"][::-1]})


class LaterFloorsForgotten(plain.Allocation):
    """Earlier tiers are filled as if later ones had no floors."""

    def stage(
        self,
        x: dict[str, Fraction],
        mine: set[str],
        low: dict[str, int],
        high: dict[str, int],
        weight: dict[str, int],
    ) -> dict[str, int]:
        tiers = self.problem["tiers"]
        here = min((tiers.index(self.users[i]["tier"]) for i in mine), default=0)
        later = {i for i, user in self.users.items() if tiers.index(user["tier"]) > here}
        return super().stage({**x, **dict.fromkeys(later, plain.ZERO)}, mine, low, high, weight)


class AllStopAtTheFirstCut(plain.Allocation):
    def _opened(self, net: plain.Flow, i: str) -> dict[plain.Node, plain.Node]:
        seen = super()._opened(net, i)
        seen.pop(plain.SEA, None)
        return seen


class AnySource(plain.Allocation):
    def _worth(self) -> dict[tuple[plain.Node, plain.Node], int]:
        return {}


class PreferenceBackwards(plain.Allocation):
    def _worth(self) -> dict[tuple[plain.Node, plain.Node], int]:
        return {arc: -worth for arc, worth in super()._worth().items()}


class LastTierDrawsFirst(plain.Allocation):
    """Ranks right, tiers the wrong way round."""

    def _worth(self) -> dict[tuple[plain.Node, plain.Node], int]:
        kept = self.problem["tiers"]
        self.problem = {**self.problem, "tiers": kept[::-1]}
        worth = super()._worth()
        self.problem = {**self.problem, "tiers": kept}
        return worth


class TiesToTheLast(plain.Allocation):
    """Largest remainder, but a tie goes to the highest id."""

    def _whole(self, x: dict[str, Fraction], mine: set[str]) -> dict[str, int]:
        whole = super()._whole(x, mine)
        for i in sorted(mine):
            for j in sorted(mine):
                if i < j and self.kind(i) == self.kind(j) and x[i] == x[j]:
                    whole[i], whole[j] = min(whole[i], whole[j]), max(whole[i], whole[j])
        return whole


class RoundsDown(plain.Allocation):
    def _whole(self, x: dict[str, Fraction], mine: set[str]) -> dict[str, int]:
        return {i: int(value) for i, value in x.items()}


class HalfACertificate(plain.Allocation):
    def _cut(self, net: plain.Flow, seen: set[plain.Node]) -> list[dict[str, Any]]:
        return super()._cut(net, seen)[1:]


class WiderCertificate(plain.Allocation):
    """Adds the caps of the root, whether they bind or not."""

    def _cut(self, net: plain.Flow, seen: set[plain.Node]) -> list[dict[str, Any]]:
        cuts = super()._cut(net, seen)
        root = next(i for i, node in self.nodes.items() if node["parent"] is None)
        held = self.cap(root, None)
        if held is None or any(cut["node"] == root for cut in cuts):
            return cuts
        return [*cuts, {"node": root, "source": None, "cap": held * self.grain}]


MUTANTS = [
    WithoutTotalCaps,
    WithoutSourceCapsBelowTheRoot,
    WithoutReserve,
    WithoutOwnCaps,
    WithoutFloors,
    AllAlike,
    LastFirst,
    LaterFloorsForgotten,
    AllStopAtTheFirstCut,
    AnySource,
    PreferenceBackwards,
    LastTierDrawsFirst,
    TiesToTheLast,
    RoundsDown,
    HalfACertificate,
    WiderCertificate,
]


def verdicts(mutant: type[plain.Allocation]) -> Iterator[bool]:
    """Case by case, whether the oracle complains; a mutant that trips over itself does not count."""
    for seed in range(CASES):
        problem = case(seed)
        try:
            answer = plain.answer_of(problem, mutant)
        except (AssertionError, KeyError, ValueError, ZeroDivisionError):
            continue
        yield bool(complaints(problem, answer, most_by_rank=True))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_oracle_catches(mutant: type[plain.Allocation]) -> None:
    assert any(verdicts(mutant))


def test_the_plain_allocation_is_right() -> None:
    assert not any(verdicts(plain.Allocation))
