"""The smallest case that is still wrong: throw away what can be thrown away, and make numbers small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Problem = dict[str, Any]


def shrink(problem: Problem, wrong: Callable[[Problem], bool], tries: int = 3000) -> Problem:
    """A problem of which no part can be left out without its becoming right."""
    best = problem
    moved = True
    while moved and tries > 0:
        moved = False
        for smaller in _smaller(best):
            tries -= 1
            if tries <= 0:
                break
            if _still(smaller, wrong):
                best, moved = smaller, True
                break
    return best


def _still(problem: Problem, wrong: Callable[[Problem], bool]) -> bool:
    try:
        return wrong(problem)
    except (KeyError, ValueError, IndexError):
        return False


def _smaller(problem: Problem) -> Iterator[Problem]:
    yield from _without_rows(problem)
    yield from _without_parts(problem)
    yield from _rounder(problem)


def _without_rows(problem: Problem) -> Iterator[Problem]:
    for i in range(len(problem["users"])):
        copy = deepcopy(problem)
        del copy["users"][i]
        yield copy
    for i, node in enumerate(problem["nodes"]):
        if node["parent"] is None:
            continue
        copy = deepcopy(problem)
        del copy["nodes"][i]
        for row in copy["nodes"]:
            row["parent"] = node["parent"] if row["parent"] == node["id"] else row["parent"]
        for user in copy["users"]:
            user["node"] = node["parent"] if user["node"] == node["id"] else user["node"]
        yield copy
    used = {user["tier"] for user in problem["users"]}
    for tier in problem["tiers"]:
        if tier not in used:
            yield {**deepcopy(problem), "tiers": [t for t in problem["tiers"] if t != tier]}
    for low, high in zip(problem["tiers"], problem["tiers"][1:], strict=False):
        copy = deepcopy(problem)
        for user in copy["users"]:
            user["tier"] = low if user["tier"] == high else user["tier"]
        if high in used:
            yield copy


def _without_parts(problem: Problem) -> Iterator[Problem]:
    for i, node in enumerate(problem["nodes"]):
        for key in ("source_caps", "reserve"):
            for source in node.get(key, {}):
                copy = deepcopy(problem)
                del copy["nodes"][i][key][source]
                yield copy
        if node["cap"] is not None:
            copy = deepcopy(problem)
            copy["nodes"][i]["cap"] = None
            yield copy
    for i, user in enumerate(problem["users"]):
        for source in user["sources"]:
            copy = deepcopy(problem)
            copy["users"][i]["sources"].remove(source)
            copy["users"][i].get("caps", {}).pop(source, None)
            yield copy
        for source in user.get("caps", {}):
            copy = deepcopy(problem)
            del copy["users"][i]["caps"][source]
            if not copy["users"][i]["caps"]:
                del copy["users"][i]["caps"]
            yield copy
        for key, value in (("floor", 0), ("weight", 1)):
            if user[key] != value:
                copy = deepcopy(problem)
                copy["users"][i][key] = value
                yield copy
    if problem["policy"] != "equal_awards":
        yield {**deepcopy(problem), "policy": "equal_awards"}


def _rounder(problem: Problem) -> Iterator[Problem]:
    """One number halved, or one less."""
    for to in (lambda m3: m3 // 2, lambda m3: m3 - 1):
        for i, user in enumerate(problem["users"]):
            for key in ("demand", "floor", "weight"):
                if user[key] > (1 if key == "weight" else 0):
                    copy = deepcopy(problem)
                    copy["users"][i][key] = to(user[key])
                    copy["users"][i]["floor"] = min(
                        copy["users"][i]["floor"], copy["users"][i]["demand"]
                    )
                    yield copy
        for i, node in enumerate(problem["nodes"]):
            if node["cap"]:
                copy = deepcopy(problem)
                copy["nodes"][i]["cap"] = to(node["cap"])
                yield copy
            for source, m3 in node["source_caps"].items():
                if m3:
                    copy = deepcopy(problem)
                    copy["nodes"][i]["source_caps"][source] = to(m3)
                    yield copy
