"""The engine against the oracle, case by case: nothing skipped, nothing wrong.

A failure prints the smallest problem that is still wrong, its answer and what is said of it.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from shuiheng.engine.wire import answer_of
from tests.engine.cases import case
from tests.engine.judge import complaints
from tests.engine.shrink import shrink

CASES = 1_200
SLOW = range(10_000, 50_000, 5_000)
SLOW_CASES = 5_000


def kinds(problem: dict[str, Any]) -> set[str]:
    return {words.split(":")[0] for words in complaints(problem, answer_of(problem))}


def smallest(seed: int, kind: str) -> str:
    """The words of a failure."""
    problem = shrink(case(seed), lambda smaller: kind in kinds(smaller))
    answer = answer_of(problem)
    said = complaints(problem, answer)
    return "\n".join(
        [
            f"{kind}: seed {seed}",
            *(json.dumps(part, ensure_ascii=False) for part in (problem, answer, said)),
        ]
    )


def judge(seeds: range) -> None:
    """Every case is judged; one example of each kind of complaint is shrunk and shown."""
    first: dict[str, int] = {}
    count: Counter[str] = Counter()
    for seed in seeds:
        count["judged"] += 1
        for kind in kinds(case(seed)):
            count[kind] += 1
            first.setdefault(kind, seed)
    assert count["judged"] == len(seeds)
    assert not first, "\n\n".join([str(count), *(smallest(first[k], k) for k in first)])


def test_the_engine_agrees_with_the_oracle() -> None:
    judge(range(CASES))


@pytest.mark.slow
@pytest.mark.parametrize("begin", SLOW)
def test_the_engine_agrees_with_the_oracle_in_forty_thousand_cases(begin: int) -> None:
    judge(range(begin, begin + SLOW_CASES))


def test_cases_are_those_of_their_seed() -> None:
    assert case(17) == case(17)
    assert case(17) != case(18)


def test_cases_have_what_breaks_allocations() -> None:
    """Each feature is in enough of the cases for a mistake to show."""
    seen: Counter[str] = Counter()
    for seed in range(CASES):
        problem = case(seed)
        users, nodes = problem["users"], problem["nodes"]
        parents = {node["id"]: node["parent"] for node in nodes}
        seen[problem["policy"]] += 1
        seen["grain"] += problem.get("grain", 1) > 1
        seen["deep"] += any(parents.get(parents[p] or "") for p in parents)
        seen["inner users"] += any(user["node"] in parents.values() for user in users)
        seen["own caps"] += any(user.get("caps") for user in users)
        seen["reserve"] += any(node.get("reserve") for node in nodes)
        seen["no sources"] += any(not user["sources"] for user in users)
        seen["no demand"] += any(user["demand"] == 0 for user in users)
        seen["floors"] += any(user["floor"] > 0 for user in users)
        seen["zero caps"] += any(0 in node["source_caps"].values() for node in nodes)
        seen["ties"] += len({user["demand"] for user in users}) < len(users)
        seen["large"] += any(user["demand"] > 10**7 for user in users)
    assert min(seen.values()) > CASES // 40, seen
