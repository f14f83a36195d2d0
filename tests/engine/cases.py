"""Small problems by seed: every kind of tree, cap and user that has ever broken an allocation.

A case has at most 6 nodes, 4 sources, 4 tiers and 12 users, so that an oracle may look at every set of
users. Its seed says all about it.
"""

from __future__ import annotations

from random import Random
from typing import Any

Problem = dict[str, Any]

POLICIES = ("proportional", "equal_awards", "weighted")
SHAPES = ("random", "tight", "nested", "crossing", "scarce")


def case(seed: int) -> Problem:
    """The problem of a seed."""
    random = Random(seed)
    grain = random.choice((7, 10)) if random.random() < 0.08 else 1
    sources = [f"s{i}" for i in range(random.choice((1, 2, 2, 3, 3, 4)))]
    tiers = [f"t{i}" for i in range(random.choice((1, 1, 2, 2, 3, 4)))]
    nodes = _tree(random)
    users = _users(random, nodes, sources, tiers, grain)
    _caps(random, nodes, users, sources)
    _extras(random, nodes, users, sources, grain)
    if random.random() < 0.3:
        random.shuffle(nodes)
        random.shuffle(users)
    problem = {
        "policy": random.choice(POLICIES),
        "nodes": nodes,
        "tiers": tiers,
        "users": users,
    }
    if grain > 1:
        problem["grain"] = grain
    return problem


def _tree(random: Random) -> list[dict[str, Any]]:
    count = random.choice((1, 2, 2, 3, 3, 4, 5, 6))
    shape = random.choice(("any", "any", "deep", "star"))
    above = {"any": random.randrange, "deep": lambda i: i - 1, "star": lambda i: 0}[shape]
    parents: list[int | None] = [None, *(above(i) for i in range(1, count))]
    return [
        {
            "id": f"n{i}",
            "parent": None if parent is None else f"n{parent}",
            "cap": None,
            "source_caps": {},
        }
        for i, parent in enumerate(parents)
    ]


def _users(
    random: Random,
    nodes: list[dict[str, Any]],
    sources: list[str],
    tiers: list[str],
    grain: int,
) -> list[dict[str, Any]]:
    parents = {node["parent"] for node in nodes}
    leaves = [node["id"] for node in nodes if node["id"] not in parents]
    seats = leaves if random.random() < 0.5 else [node["id"] for node in nodes]
    most = random.choice((3, 10, 30, 100, 1000, 1000, 10**9))
    lists = [
        random.sample(sources, random.randint(1, len(sources))) for _ in range(random.randint(1, 4))
    ]
    floored = random.choice((0.0, 0.0, 0.1, 0.5, 0.9))
    tie = random.randint(1, most) if random.random() < 0.3 else None
    heavy = random.random() < 0.3
    users = []
    for i in range(random.choice((1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 12))):
        demand = tie if tie and random.random() < 0.7 else random.randint(1, most)
        if random.random() < 0.05:
            demand = 0
        floor = random.randint(0, demand) if random.random() < floored else 0
        weight = int(10 ** (6 * random.random())) if heavy else random.randint(1, 5)
        users.append(
            {
                "id": f"u{i:02}",
                "node": random.choice(seats),
                "tier": random.choice(tiers),
                "sources": [] if random.random() < 0.02 else list(random.choice(lists)),
                "demand": demand * grain,
                "floor": floor * grain,
                "weight": weight,
            }
        )
    return users


def _below(nodes: list[dict[str, Any]], top: str) -> set[str]:
    """The ids of a node and of all beneath it."""
    found = {top}
    for _ in nodes:
        found |= {node["id"] for node in nodes if node["parent"] in found}
    return found


def _caps(
    random: Random,
    nodes: list[dict[str, Any]],
    users: list[dict[str, Any]],
    sources: list[str],
) -> None:
    shape = random.choice(SHAPES)
    if shape == "nested":
        _nested_caps(random, nodes, users, sources)
        return
    for node in nodes:
        inside = _below(nodes, node["id"])
        wanted = sum(user["demand"] for user in users if user["node"] in inside)
        could = {
            source: sum(
                user["demand"]
                for user in users
                if user["node"] in inside and source in user["sources"]
            )
            for source in sources
        }
        top = node["parent"] is None
        if shape == "crossing":
            if not top and random.random() < 0.8:
                node["cap"] = int(wanted * random.uniform(0.3, 0.8))
            for source in sources:
                if random.random() < (0.9 if top else 0.15):
                    node["source_caps"][source] = int(could[source] * random.uniform(0.2, 0.7))
            continue
        low, high = {"random": (0.0, 1.3), "tight": (0.5, 1.0), "scarce": (0.0, 0.4)}[shape]
        if random.random() < 0.7:
            node["cap"] = int(wanted * random.uniform(low, high))
        for source in sources:
            if random.random() < 0.7:
                share = could[source] / (len(sources) if shape == "tight" else 1)
                node["source_caps"][source] = int(share * random.uniform(low, high) + 0.5)
            if random.random() < 0.04:
                node["source_caps"][source] = 0


def _nested_caps(
    random: Random,
    nodes: list[dict[str, Any]],
    users: list[dict[str, Any]],
    sources: list[str],
) -> None:
    """As handed down: the caps of the children never add up to more than the parent's."""
    wanted = sum(user["demand"] for user in users)
    level = random.uniform(0.3, 1.1)
    for node in nodes:
        if node["parent"] is None:
            node["cap"] = int(wanted * level)
            node["source_caps"] = {
                source: int(wanted * level * random.uniform(0.2, 1) / len(sources))
                for source in sources
            }
        children = [child for child in nodes if child["parent"] == node["id"]]
        parts = [random.random() + 0.1 for _ in children]
        for child, part in zip(children, parts, strict=True):
            share = part / sum(parts)
            child["cap"] = int(node["cap"] * share)
            child["source_caps"] = {s: int(m3 * share) for s, m3 in node["source_caps"].items()}


def _extras(
    random: Random,
    nodes: list[dict[str, Any]],
    users: list[dict[str, Any]],
    sources: list[str],
    grain: int,
) -> None:
    """Reserves held back from caps, and users with a licence per source."""
    if random.random() < 0.15:
        for node in nodes:
            for source, m3 in node["source_caps"].items():
                room = m3 if node["cap"] is None else min(m3, node["cap"] // len(sources))
                if random.random() < 0.4 and room >= grain:
                    held = random.randint(0, room // grain // 2) * grain
                    node.setdefault("reserve", {})[source] = held
    if random.random() < 0.2:
        for user in users:
            if user["sources"] and random.random() < 0.5:
                user["caps"] = {
                    source: random.randint(0, user["demand"])
                    for source in user["sources"]
                    if random.random() < 0.6
                }
