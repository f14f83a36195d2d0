"""What is wrong with an answer: every promise of an allocation, checked against the oracle.

A complaint is `kind: words`; no complaint is the verdict that the answer is right.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.engine.oracle import NONE, FullSet, Model, Opinion, User, full_sets, opinion, read

Answer = dict[str, Any]


def complaints(problem: dict[str, Any], answer: Answer, *, most_by_rank: bool = False) -> list[str]:
    """Everything that is wrong with this answer to this problem.

    `most_by_rank`: sources must also serve the (tier, rank) totals best of all. The engine chooses class by
    class instead; the plain allocation and its mutants are held to it.
    """
    if "error" in answer:
        return [f"error: {answer['error']}"]
    model = read(problem)
    given = {user["id"]: user for user in answer["users"]}
    if sorted(given) != sorted(user.id for user in model.users) or len(given) != len(
        answer["users"]
    ):
        return ["shape: the users of the answer are not those of the problem"]
    rows = [given[user.id] for user in model.users]
    found = _whole(model, problem, rows)
    if found:
        return found
    granted = [row["granted"] // model.grain for row in rows]
    drawn = [
        {model.sources.index(source): m3 // model.grain for source, m3 in row["by_source"].items()}
        for row in rows
    ]
    found = _caps(model, drawn)
    sets = full_sets(model)
    view = opinion(model, sets, granted)
    found += _levels(model, view, granted)
    found += _nothing_left(model, sets, granted)
    if not found:
        found += _certificates(model, view, granted, rows, answer)
        found += _draws(model, drawn)
        found += _exchanges(model, drawn) if most_by_rank else []
    return found + _findings(model, problem, view, answer)


def _whole(model: Model, problem: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Whole grains between nothing and the demand, made up of sources the user may have."""
    found = []
    for row, line in zip(rows, problem["users"], strict=True):
        parts, m3 = row["by_source"], row["granted"]
        numbers = [m3, *parts.values()]
        if any(type(number) is not int or number % model.grain for number in numbers):
            found.append(f"whole: {line['id']} {m3} {parts}")
        elif not 0 <= m3 <= line["demand"]:
            found.append(f"demand: {line['id']} has {m3} of {line['demand']}")
        elif sum(parts.values()) != m3 or any(part <= 0 for part in parts.values()):
            found.append(f"sum: {line['id']} {m3} {parts}")
        elif not set(parts) <= set(line["sources"]):
            found.append(f"source: {line['id']} {parts} of {line['sources']}")
    return found


def _caps(model: Model, drawn: list[dict[int, int]]) -> list[str]:
    found = []
    total: dict[int, int] = defaultdict(int)
    by_source: dict[tuple[int, int], int] = defaultdict(int)
    for user, parts in zip(model.users, drawn, strict=True):
        own = dict(user.own)
        found += [f"cap: {user.id} of {s}" for s, m3 in parts.items() if m3 > own.get(s, NONE)]
        for v in model.path(user.node):
            total[v] += sum(parts.values())
            for s, m3 in parts.items():
                by_source[v, s] += m3
    found += [f"cap: {model.node_ids[v]} {m3}" for v, m3 in total.items() if m3 > model.total[v]]
    found += [
        f"cap: {model.node_ids[v]} {model.sources[s]} {m3}"
        for (v, s), m3 in by_source.items()
        if m3 > model.by_source[v][s]
    ]
    return found


def _classes(model: Model) -> dict[tuple[object, ...], list[int]]:
    """Users who may stand for one another; one with caps of his own stands alone."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, user in enumerate(model.users):
        found[(user.node, user.tier, user.sources, user.id if user.own else "")].append(i)
    return found


def _levels(model: Model, view: Opinion, granted: list[int]) -> list[str]:
    """Each within less than 1 of his level; a class at its sum rounded; inside it largest remainder."""
    ideal = view.ideal
    if view.strays:
        return [f"floors: {view.strays} granted {granted}"]
    found = []
    for i, user in enumerate(model.users):
        if granted[i] < view.floor[i]:
            found.append(f"floor: {user.id} {granted[i]} below {view.floor[i]}")
        if abs(granted[i] - ideal[i]) >= 1:
            found.append(f"level: {user.id} {granted[i]} for {float(ideal[i])}")
    for members in _classes(model).values():
        real = sum([ideal[i] for i in members], Fraction(0))
        whole = sum(granted[i] for i in members)
        ids = [model.users[i].id for i in members]
        if whole not in (floor(real), ceil(real)):
            found.append(f"class: {ids} {whole} for {float(real)}")
        elif not found:
            order = sorted(members, key=lambda i: (floor(ideal[i]) - ideal[i], model.users[i].id))
            more = whole - sum(floor(ideal[i]) for i in members)
            wanted = {i: floor(ideal[i]) + (place < more) for place, i in enumerate(order)}
            if any(granted[i] != wanted[i] for i in members):
                found.append(
                    f"remainder: {ids} {[granted[i] for i in members]}"
                    f" for {[float(ideal[i]) for i in members]}"
                )
    return found


def _nothing_left(model: Model, sets: list[FullSet], granted: list[int]) -> list[str]:
    """Nobody could take one more."""
    full = {
        i
        for one in sets
        if sum([granted[j] for j in one.members]) == one.bound
        for i in one.members
    }
    return [
        f"left: {user.id} could take one more than {granted[i]}"
        for i, user in enumerate(model.users)
        if granted[i] < user.demand and i not in full
    ]


def _covered(model: Model, cuts: list[dict[str, Any]]) -> set[int]:
    """Whose every way leads through one of these caps."""
    totals = {c["node"] for c in cuts if c["source"] is None}
    closed = {(c["node"], c["source"]) for c in cuts if c["source"] is not None and "user" not in c}
    own = {(c["user"], c["source"]) for c in cuts if "user" in c}
    found = set()
    for i, user in enumerate(model.users):
        path = [model.node_ids[v] for v in model.path(user.node)]
        shut = [
            (user.id, model.sources[s]) in own or any((v, model.sources[s]) in closed for v in path)
            for s in user.sources
        ]
        if any(v in totals for v in path) or all(shut):
            found.add(i)
    return found


def _cap_of(model: Model, cut: dict[str, Any]) -> int:
    if "user" in cut:
        user = next(user for user in model.users if user.id == cut["user"])
        return dict(user.own).get(model.sources.index(cut["source"]), NONE)
    node = model.node_ids.index(cut["node"])
    if cut["source"] is None:
        return model.total[node]
    return model.by_source[node][model.sources.index(cut["source"])]


def _certificates(
    model: Model,
    view: Opinion,
    granted: list[int],
    rows: list[dict[str, Any]],
    answer: Answer,
) -> list[str]:
    """Whoever is shorted is shown caps that bind him, full to the m³, with nobody favoured inside."""
    found = []
    for i, (user, row) in enumerate(zip(model.users, rows, strict=True)):
        index = row["certificate"]
        if granted[i] >= user.demand:
            if index is not None:
                found.append(f"certificate: {user.id} has all he asked for, and a certificate")
            continue
        if index is None:
            if user.sources:
                found.append(f"certificate: {user.id} is shorted without one")
            continue
        certificate = answer["certificates"][index]
        words = _wrong(model, view, granted, i, certificate)
        found += [f"certificate: {index} of {user.id} {said}" for said in words]
    return found


def _wrong(
    model: Model, view: Opinion, granted: list[int], i: int, certificate: dict[str, Any]
) -> list[str]:
    cuts = certificate["cuts"]
    inside = _covered(model, cuts)
    if not cuts and _licensed(model.users[i]) == granted[i]:
        return []
    found = []
    if not certificate["text"]:
        found.append("no words")
    found += [
        f"cap {cut} is not {_cap_of(model, cut) * model.grain}"
        for cut in cuts
        if _cap_of(model, cut) * model.grain != cut["cap"]
    ]
    sharing = [j for j in inside if model.users[j].demand and model.users[j].sources]
    if certificate["users"] != len(sharing) and not any(user.own for user in model.users):
        found.append(f"counts {certificate['users']} users for {len(sharing)}")
    if i not in inside:
        found.append("does not bind him")
    bound = sum(_cap_of(model, cut) for cut in cuts)
    if sum(granted[j] for j in inside) != bound:
        found.append(f"not tight: {sum(granted[j] for j in inside)} of {bound}")
    if found:
        return found
    me = model.users[i]
    for j in inside:
        user = model.users[j]
        if user.tier > me.tier and granted[j] > view.floor[j]:
            found.append(f"{user.id} of a later tier is above its floor")
        if user.tier == me.tier and granted[j] > view.floor[j] and _higher(model, view, j, i):
            found.append(f"{user.id} stands higher")
    return found


def _licensed(user: User) -> int:
    """What his own caps let him have: a certificate of these alone needs no cap of a node."""
    own = dict(user.own)
    return sum(own.get(s, NONE) for s in user.sources)


def _higher(model: Model, view: Opinion, j: int, i: int) -> bool:
    """Whether j, above his floor, has a higher level than i."""
    if view.stands[j] <= view.floor[j]:
        return False
    return view.stands[j] * model.users[i].weight > view.stands[i] * model.users[j].weight


def _alive(model: Model, user: User) -> list[int]:
    """His sources in order; one that has nothing to give him takes no rank."""
    own = dict(user.own)
    return [
        s
        for s in user.sources
        if own.get(s, NONE) and all(model.by_source[v][s] for v in model.path(user.node))
    ]


def _exchanges(model: Model, drawn: list[dict[int, int]]) -> list[str]:
    """By (tier, rank): no exchange of sources among users serves an earlier one better.

    An exchange is a cycle in what the draws leave open; its worth compares (tier, rank) like digits.
    """
    arcs: list[tuple[object, object, int]] = []
    ranks = max((len(user.sources) for user in model.users), default=1)
    keys = model.tiers * ranks
    base = 4 * len(model.users) * max(1, len(model.sources)) + 1
    load: dict[tuple[int, int], int] = defaultdict(int)
    for user, parts in zip(model.users, drawn, strict=True):
        own = dict(user.own)
        for rank, s in enumerate(_alive(model, user)):
            worth = base ** (keys - user.tier * ranks - rank)
            if parts.get(s, 0) < own.get(s, NONE):
                arcs.append((user.id, (user.node, s), -worth))
            if parts.get(s, 0) > 0:
                arcs.append(((user.node, s), user.id, worth))
        for v in model.path(user.node):
            for s, m3 in parts.items():
                load[v, s] += m3
    for v, above in enumerate(model.parent):
        for s in range(len(model.sources)):
            over: object = "sea" if above < 0 else (above, s)
            if load[v, s] < model.by_source[v][s]:
                arcs.append(((v, s), over, 0))
            if load[v, s] > 0:
                arcs.append((over, (v, s), 0))
    price: dict[object, int] = defaultdict(int)
    for _ in range(len({tail for tail, _, _ in arcs}) + 1):
        moved = False
        for tail, head, cost in arcs:
            if price[tail] + cost < price[head]:
                price[head] = price[tail] + cost
                moved = True
        if not moved:
            return []
    return ["draw: sources can be exchanged to serve a preference better"]


def _draws(model: Model, drawn: list[dict[int, int]]) -> list[str]:
    """Nobody draws on a source while one he prefers has water left for him all the way up."""
    load: dict[tuple[int, int], int] = defaultdict(int)
    for user, parts in zip(model.users, drawn, strict=True):
        for v in model.path(user.node):
            for s, m3 in parts.items():
                load[v, s] += m3
    found = []
    for user, parts in zip(model.users, drawn, strict=True):
        own = dict(user.own)
        alive = _alive(model, user)
        for rank, s in enumerate(alive):
            has_left = all(load[v, s] < model.by_source[v][s] for v in model.path(user.node))
            wants = parts.get(s, 0) < own.get(s, NONE)
            if has_left and wants and any(parts.get(worse, 0) for worse in alive[rank + 1 :]):
                found.append(f"draw: {user.id} leaves {model.sources[s]}")
    return found


def _findings(model: Model, problem: dict[str, Any], view: Opinion, answer: Answer) -> list[str]:
    found = []
    codes = {finding["code"] for finding in answer["findings"]}
    dry = {user.id for user in model.users if not user.sources}
    unfounded = any(u.floor > 0 for u in model.users if not u.sources)
    if ("no_source" in codes) != bool(dry):
        found.append(f"finding: no_source of {sorted(dry)}")
    if view.floors_met and "infeasible_floors" in codes:
        found.append("finding: floors are feasible")
    if not view.floors_met and not unfounded and "infeasible_floors" not in codes:
        found.append("finding: infeasible floors are not said")
    for finding in answer["findings"]:
        if finding["code"] == "no_source" and set(finding["ids"]) != dry:
            found.append(f"finding: no_source names {finding['ids']}")
        if not finding["text"] or not finding["severity"]:
            found.append(f"finding: {finding['code']} without words or severity")
    if answer["verified"] is not True:
        found.append("verified: the engine doubts its own answer")
    if answer["policy"] != problem["policy"]:
        found.append("shape: another policy")
    return found
