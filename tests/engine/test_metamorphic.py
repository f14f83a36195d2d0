"""What must stay the same, or move only one way, when a problem is told differently."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from shuiheng.engine.wire import answer_of
from tests.engine.cases import case
from tests.engine.oracle import fits, full_sets, read

Problem = dict[str, Any]
SEEDS = range(50_000, 50_120)


def granted(problem: Problem) -> dict[str, int]:
    return {user["id"]: user["granted"] for user in answer_of(problem)["users"]}


def drawn(problem: Problem) -> dict[str, dict[str, int]]:
    return {user["id"]: user["by_source"] for user in answer_of(problem)["users"]}


def floors_fit(problem: Problem) -> bool:
    model = read(problem)
    return fits(full_sets(model), [user.floor for user in model.users])


def without_floors(problem: Problem) -> Problem:
    return {**problem, "users": [{**user, "floor": 0} for user in problem["users"]]}


@pytest.mark.parametrize("turn", range(3))
def test_order_of_lines_is_nothing(turn: int) -> None:
    for seed in SEEDS:
        problem = case(seed)
        other = deepcopy(problem)
        random = Random(turn)
        random.shuffle(other["users"])
        random.shuffle(other["nodes"])
        assert answer_of(other)["digest"] == answer_of(problem)["digest"], seed
        assert drawn(other) == drawn(problem), seed


def test_the_digest_tells_problems_apart() -> None:
    problem = case(SEEDS[0])
    other = deepcopy(problem)
    other["users"][0]["demand"] += problem.get("grain", 1)
    assert answer_of(other)["digest"] != answer_of(problem)["digest"]


def test_a_user_split_in_two_has_as_much() -> None:
    """Proportional: two halves of a demand have the share of the whole, to the m³ of each rounding.

    Only where classes are not coupled, else a rounding elsewhere could move more than its own m³.
    """
    moved = 0
    for seed in SEEDS:
        problem = without_floors({**case(seed), "policy": "proportional", "tiers": ["t"]})
        problem["users"] = [{**user, "tier": "t"} for user in problem["users"]]
        grain = problem.get("grain", 1)
        user = problem["users"][0]
        if user.get("caps") or user["demand"] < 2 * grain:
            continue
        half = {**user, "demand": user["demand"] // grain // 2 * grain}
        whole = {**user, "demand": 2 * half["demand"]}
        rest = problem["users"][1:]
        one = granted({**problem, "users": [whole, *rest]})
        two = granted({**problem, "users": [half, {**half, "id": "u99"}, *rest]})
        assert abs(one[user["id"]] - two[user["id"]] - two["u99"]) <= 2 * grain, seed
        moved += one[user["id"]] < whole["demand"]
    assert moved > 20


def test_a_thousand_times_the_water_is_a_thousand_times_the_grants() -> None:
    """Within the rounding of one m³ at every earlier tier; one tier here, so within two."""
    for seed in SEEDS:
        problem = case(seed)
        problem["tiers"] = ["t"]
        problem["users"] = [{**user, "tier": "t"} for user in problem["users"]]
        if not floors_fit(problem) or problem.get("grain", 1) > 1:
            continue
        large = deepcopy(problem)
        for user in large["users"]:
            user["demand"] *= 1000
            user["floor"] *= 1000
            user["caps"] = {s: m3 * 1000 for s, m3 in user.get("caps", {}).items()}
        for node in large["nodes"]:
            node["cap"] = None if node["cap"] is None else node["cap"] * 1000
            for key in ("source_caps", "reserve"):
                node[key] = {s: m3 * 1000 for s, m3 in node.get(key, {}).items()}
        small, big = granted(problem), granted(large)
        for i, m3 in small.items():
            assert abs(big[i] - 1000 * m3) <= 1001, (seed, i)


def _one_region(problem: Problem) -> Problem:
    """All caps at the root: then a tier's total does not depend on the way of sharing (ALLOCATION 2)."""
    other = without_floors(problem)
    root = next(node for node in other["nodes"] if node["parent"] is None)
    other["nodes"] = [root]
    other["users"] = [{**user, "node": root["id"]} for user in other["users"]]
    return other


def test_more_water_never_takes_from_the_first_tier() -> None:
    raised = 0
    for seed in SEEDS:
        problem = _one_region(case(seed))
        first = {user["id"] for user in problem["users"] if user["tier"] == problem["tiers"][0]}
        before = sum(m3 for i, m3 in granted(problem).items() if i in first)
        for source in problem["nodes"][0]["source_caps"]:
            other = deepcopy(problem)
            other["nodes"][0]["source_caps"][source] += 10 * problem.get("grain", 1)
            after = sum(m3 for i, m3 in granted(other).items() if i in first)
            assert after >= before, (seed, source)
            raised += after > before
    assert raised > 10


def test_a_source_nobody_may_use_changes_nothing() -> None:
    for seed in SEEDS:
        problem = case(seed)
        other = deepcopy(problem)
        other["nodes"][0]["source_caps"]["unused"] = 12345
        assert drawn(other) == drawn(problem), seed


def test_a_source_without_water_changes_no_total() -> None:
    for seed in SEEDS:
        problem = case(seed)
        other = deepcopy(problem)
        for node in other["nodes"]:
            if node["parent"] is None:
                node["source_caps"]["dry"] = 0
        for user in other["users"]:
            if user["sources"]:
                user["sources"] = [*user["sources"], "dry"]
        assert granted(other) == granted(problem), seed


def test_a_node_between_without_caps_changes_nothing() -> None:
    """But for a tie between classes, whose order follows the tree."""
    for seed in SEEDS:
        problem = case(seed)
        other = deepcopy(problem)
        empty = {"id": "between", "cap": None, "source_caps": {}}
        top = other["nodes"][0]
        other["nodes"].append({**empty, "parent": top["parent"]})
        top["parent"] = "between"
        one, two = granted(problem), granted(other)
        assert all(abs(one[i] - two[i]) <= problem.get("grain", 1) for i in one), seed


def test_users_of_a_node_without_caps_may_stand_at_its_parent() -> None:
    """Within the rounding: the two classes become one."""
    for seed in SEEDS:
        problem = without_floors(case(seed))
        problem["tiers"] = ["t"]
        problem["users"] = [{**user, "tier": "t"} for user in problem["users"]]
        leaf = next(node for node in reversed(problem["nodes"]))
        if leaf["parent"] is None or leaf["id"] in {n["parent"] for n in problem["nodes"]}:
            continue
        leaf["cap"], leaf["source_caps"] = None, {}
        leaf.pop("reserve", None)
        other = deepcopy(problem)
        other["nodes"] = [node for node in other["nodes"] if node["id"] != leaf["id"]]
        for user in other["users"]:
            user["node"] = leaf["parent"] if user["node"] == leaf["id"] else user["node"]
        one, two = granted(problem), granted(other)
        grain = problem.get("grain", 1)
        assert all(abs(one[i] - two[i]) <= grain for i in one), seed


def test_who_wants_nothing_changes_nothing() -> None:
    """Last in the order of ids: a first id may decide a tie between classes."""
    for seed in SEEDS:
        problem = case(seed)
        idle = {**problem["users"][0], "id": "zz", "demand": 0, "floor": 0, "caps": {}}
        other = {**problem, "users": [idle, *problem["users"]]}
        after = granted(other)
        assert after.pop("zz") == 0
        assert after == granted(problem), seed
