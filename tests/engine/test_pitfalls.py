"""Sixteen places where allocations go wrong (ALLOCATION 6), and the trap of crossing caps (2)."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from shuiheng.engine.wire import answer_line, answer_of
from tests.engine.cases import case
from tests.engine.judge import complaints

Problem = dict[str, Any]
Row = dict[str, Any]


def node(name: str, parent: str | None = None, cap: int | None = None, **sources: int) -> Row:
    return {"id": name, "parent": parent, "cap": cap, "source_caps": sources}


def user(name: str, demand: int, sources: str = "a", **more: Any) -> Row:
    """`sources` is one letter per source, the preferred first."""
    line = {"id": name, "node": "city", "tier": "t1", "sources": list(sources), "demand": demand}
    return {**line, "floor": 0, "weight": 1, **more}


def problem(nodes: list[Row], users: list[Row], policy: str = "proportional") -> Problem:
    return {"policy": policy, "nodes": nodes, "tiers": ["t1", "t2"], "users": users}


def answered(asked: Problem) -> dict[str, Any]:
    """The answer, once the oracle has nothing to say against it."""
    answer = answer_of(asked)
    assert complaints(asked, answer) == []
    return answer


def granted(asked: Problem) -> list[int]:
    """What the users have, in the order of their ids."""
    rows = sorted(answered(asked)["users"], key=lambda row: str(row["id"]))
    return [row["granted"] for row in rows]


def codes(asked: Problem) -> set[str]:
    return {finding["code"] for finding in answered(asked)["findings"]}


def cuts(asked: Problem, name: str) -> list[dict[str, Any]]:
    answer = answered(asked)
    row = next(row for row in answer["users"] if row["id"] == name)
    found: list[dict[str, Any]] = answer["certificates"][row["certificate"]]["cuts"]
    return found


def test_trap_of_crossing_caps() -> None:
    """A town's total and the city's source, both full: no longer a polymatroid, so it is said."""
    asked = problem(
        [node("city", a=100), node("town", "city", 100)],
        [user("x1", 100, "b", node="town"), user("x2", 100, node="town"), user("x3", 100)],
        "equal_awards",
    )
    assert granted(asked) == [50, 50, 50]
    assert "crossing_caps" in codes(asked)


def test_budgets_handed_down_do_not_cross() -> None:
    """Σ children ≤ parent, for totals and sources: the trap cannot occur and nothing is said."""
    asked = problem(
        [node("city", None, 200, a=100, b=100), node("town", "city", 100, a=60, b=40)],
        [user("x1", 100, "ab", node="town"), user("x2", 100, node="town")],
    )
    assert "crossing_caps" not in codes(asked)


def test_pitfall_01_equal_remainders_go_to_the_lowest_id() -> None:
    lines = [user("u1", 50), user("u2", 50), user("u3", 50)]
    for order in permutations(lines):
        assert granted(problem([node("city", a=100)], list(order))) == [34, 33, 33]


def test_pitfall_02_an_early_rounding_never_lowers_a_later_level() -> None:
    """Tiny volumes, where one m³ is much of a level."""
    tiny = [asked for asked in map(case, range(60_000, 61_000)) if _most(asked) <= 10]
    assert len(tiny) > 150
    for asked in tiny:
        said = complaints(asked, answer_of(asked))
        assert not [words for words in said if words.startswith(("level", "class", "left"))]


def _most(asked: Problem) -> int:
    return max(int(line["demand"]) for line in asked["users"])


def test_pitfall_03_large_volumes_are_exact() -> None:
    asked = problem(
        [node("city", a=10**12 + 1), node("west", "city", a=10**11 + 7)],
        [
            user("u1", 10**12),
            user("u2", 10**12 - 1, node="west"),
            user("u3", 10**9 + 7, node="west"),
            user("u4", 1),
        ],
    )
    assert sum(granted(asked)) == 10**12 + 1


def test_pitfall_04_products_beyond_64_bits() -> None:
    weights = [999_983_000, 1_000_003_000, 7_000, 1]
    lines = [user(f"u{i}", 10**12, weight=weight) for i, weight in enumerate(weights)]
    cap = 1_234_567_890_123
    found = granted(problem([node("city", a=cap)], lines, "weighted"))
    for m3, weight in zip(found, weights, strict=True):
        assert abs(m3 - Fraction(cap * weight, sum(weights))) < 1


def test_pitfall_05_infeasible_floors_are_said_and_cut_tier_by_tier() -> None:
    lines = [
        user("u1", 60, floor=60),
        user("u2", 40, floor=30, tier="t2"),
        user("u3", 90, floor=60, tier="t2"),
    ]
    asked = problem([node("city", a=90)], lines)
    assert granted(asked) == [60, 10, 20]
    assert "infeasible_floors" in codes(asked)


def test_pitfall_05_a_floor_above_own_caps_is_said() -> None:
    asked = problem([node("city")], [user("u1", 10, floor=8, caps={"a": 5})])
    assert granted(asked) == [5]
    assert "infeasible_floors" in codes(asked)


def test_pitfall_06_no_source_is_not_a_shortage() -> None:
    asked = problem(
        [node("city", a=5, b=0)], [user("u1", 5, ""), user("u2", 5, "b"), user("u3", 5)]
    )
    answer = answered(asked)
    assert granted(asked) == [0, 0, 5]
    (found,) = [finding for finding in answer["findings"] if finding["code"] == "no_source"]
    assert found["ids"] == ["u1"]
    assert cuts(asked, "u2") == [{"node": "city", "source": "b", "cap": 0}]


@pytest.mark.parametrize("policy", ["proportional", "equal_awards", "weighted"])
def test_pitfall_07_no_demand(policy: str) -> None:
    lines = [user("u1", 0), user("u2", 0), user("u3", 7, tier="t2")]
    asked = problem([node("city", a=3)], lines, policy)
    assert granted(asked) == [0, 0, 3]
    assert [row["certificate"] is None for row in answered(asked)["users"]] == [True, True, False]


def test_pitfall_08_users_who_share_no_cap_have_levels_of_their_own() -> None:
    asked = problem([node("city", a=20, b=80)], [user("u1", 100, "a"), user("u2", 100, "b")])
    assert granted(asked) == [20, 80]
    assert [cut["source"] for cut in cuts(asked, "u1")] == ["a"]
    assert [cut["source"] for cut in cuts(asked, "u2")] == ["b"]


def test_pitfall_09_caps_that_cannot_bind() -> None:
    """T above Σ C, a child above its parent, a child far below: only what binds is shown."""
    asked = problem(
        [node("city", None, 1000, a=60, b=0), node("east", "city", 500, a=900)],
        [user("u1", 100, "ab", node="east"), user("u2", 20, "a")],
    )
    assert granted(asked) == [50, 10]
    assert {cut["node"] for cut in cuts(asked, "u1")} == {"city"}


def test_pitfall_10_all_at_their_floors() -> None:
    lines = [user("u1", 50, floor=30), user("u2", 90, floor=10), user("u3", 9, tier="t2", floor=5)]
    asked = problem([node("city", a=45)], lines)
    assert granted(asked) == [30, 10, 5]
    assert all(row["certificate"] is not None for row in answered(asked)["users"])


def test_pitfall_11_a_preference_never_takes_from_a_later_tier() -> None:
    """u1 likes a better, but u2 can use nothing else."""
    asked = problem([node("city", a=50, b=50)], [user("u1", 50, "ab"), user("u2", 50, tier="t2")])
    assert granted(asked) == [50, 50]
    assert {row["id"]: row["by_source"] for row in answered(asked)["users"]} == {
        "u1": {"b": 50},
        "u2": {"a": 50},
    }


def test_pitfall_12_what_crossing_caps_leave_goes_to_later_tiers() -> None:
    """Max-min of the first tier leaves 50 of b unreached; the second tier outside the town has it."""
    asked = problem(
        [node("city", a=100, b=100), node("town", "city", 100)],
        [
            user("x1", 100, "b", node="town"),
            user("x2", 100, node="town"),
            user("x3", 100),
            user("x4", 80, "b", tier="t2"),
        ],
        "equal_awards",
    )
    assert granted(asked) == [50, 50, 50, 50]


def test_pitfall_13_like_users_have_like_grants() -> None:
    """No vertex of a polytope: nobody goes empty beside his equals."""
    lines = [user(f"u{i:02}", 1000 + i, "ab" if i % 2 else "ba") for i in range(12)]
    found = granted(problem([node("city", a=3000, b=4000)], lines))
    for m3, line in zip(found, lines, strict=True):
        assert abs(m3 - Fraction(7000 * line["demand"], 12_066)) < 1


def test_pitfall_14_levels_closer_than_a_ten_thousandth_are_told_apart() -> None:
    """The west has one hundred-millionth less than the city as a whole: it stops first."""
    whole = 10**9
    asked = problem(
        [node("city", a=whole), node("west", "city", a=whole // 2 - 5)],
        [user("u1", whole), user("u2", whole, node="west")],
    )
    assert granted(asked) == [whole // 2 + 5, whole // 2 - 5]
    assert [cut["node"] for cut in cuts(asked, "u2")] == ["west"]


def test_pitfall_15_one_more_cubic_metre_moves_nobody_by_more() -> None:
    """Largest remainder is not house-monotone: somebody may lose 1 m³ when the cap rises by 1."""
    lines = [user("u1", 1500), user("u2", 1500), user("u3", 900), user("u4", 500), user("u5", 600)]
    before = granted(problem([node("city", a=1000)], lines))
    lost = 0
    for cap in range(1001, 1100):
        after = granted(problem([node("city", a=cap)], lines))
        assert sum(after) == cap
        assert all(abs(new - old) <= 1 for new, old in zip(after, before, strict=True))
        lost += any(new < old for new, old in zip(after, before, strict=True))
        before = after
    assert lost > 0


def test_pitfall_16_an_adjustment_never_takes_what_is_used() -> None:
    """The same problem in June: less water, and what has been used as floors."""
    lines = [user("u1", 100), user("u2", 100), user("u3", 100, tier="t2")]
    first = granted(problem([node("city", a=240)], lines))
    assert first == [100, 100, 40]
    used = [50, 90, 30]
    june = [{**line, "floor": m3} for line, m3 in zip(lines, used, strict=True)]
    assert granted(problem([node("city", a=190)], june)) == [70, 90, 30]
    assert granted(problem([node("city", a=172)], june)) == [52, 90, 30]


def test_a_grain_leaves_what_is_less_than_a_grain() -> None:
    """Demands and caps between two grains: nobody gets a part of one, and no cap is passed."""
    lines = [user("u1", 25), user("u2", 38), user("u3", 9)]
    answer = answer_of({**problem([node("city", a=47)], lines), "grain": 10})
    found = [row["granted"] for row in answer["users"]]
    assert sum(found) == 40
    assert found[2] == 0
    assert all(m3 % 10 == 0 and m3 <= line["demand"] for m3, line in zip(found, lines, strict=True))


def test_a_reserve_is_out_of_reach() -> None:
    """Of the node's source and of its total; more reserve than water leaves nothing."""
    held = {**node("city", None, 100, a=60, b=60), "reserve": {"a": 20}}
    asked = problem([held], [user("u1", 90, "ab"), user("u2", 90, "a")])
    assert sum(granted(asked)) == 80
    assert sum(row["by_source"].get("a", 0) for row in answered(asked)["users"]) <= 40


def _broken(change: dict[str, Any], line: dict[str, Any]) -> Problem:
    asked = problem([node("city", a=5)], [{**user("u1", 5), **line}])
    return {**asked, **change}


@pytest.mark.parametrize(
    "asked",
    [
        _broken({"policy": "none such"}, {}),
        _broken({}, {"node": "nowhere"}),
        _broken({}, {"tier": "t9"}),
        _broken({}, {"demand": -1}),
        _broken({}, {"demand": 1.5}),
        _broken({}, {"demand": "five"}),
        _broken({"nodes": []}, {}),
        _broken({"nodes": [node("city", "town"), node("town", "city")]}, {}),
        _broken({"nodes": [node("city"), node("city")]}, {}),
        _broken({"nodes": [node("city", None, -1)]}, {}),
        _broken({"users": [user("u1", 5), user("u1", 5)]}, {}),
        _broken({}, {"sources": ["a", "a"]}),
        _broken({"grain": 0}, {}),
        {},
    ],
)
def test_a_line_that_means_nothing_is_answered_with_an_error(asked: Problem) -> None:
    line, sound = answer_line(json.dumps(asked))
    error = json.loads(line)["error"]
    assert not sound
    assert error["code"]
    assert error["text"]
