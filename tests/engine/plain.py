"""The same allocation in plain Python: users one by one, fractions, one flow. Slow, and meant to be read.

`answer_of` has the shape of the engine's. Levels by raising one user at a time in a flow of fractions;
whole m³ by rounding the whole flow at once along its cycles, which keeps every full cap full.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

Node = tuple[Any, ...]
SPRING: Node = ("spring",)
SEA: Node = ("sea",)
ZERO = Fraction(0)


@dataclass
class Flow:
    """A network; capacity None is none. `ahead` is what runs through an arc."""

    cap: dict[tuple[Node, Node], Fraction | None] = field(default_factory=dict)
    ahead: dict[tuple[Node, Node], Fraction] = field(default_factory=dict)
    near: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))

    def add(self, tail: Node, head: Node, cap: int | None) -> None:
        self.cap[tail, head] = None if cap is None else Fraction(cap)
        self.ahead[tail, head] = ZERO
        self.near[tail].append(head)
        self.near[head].append(tail)

    def room(self, tail: Node, head: Node) -> Fraction | None:
        """How much more could run this way; None is any amount."""
        if (tail, head) not in self.cap:
            return self.ahead[head, tail]
        cap = self.cap[tail, head]
        return None if cap is None else cap - self.ahead[tail, head]

    def push(self, path: list[Node], amount: Fraction) -> None:
        for tail, head in itertools.pairwise(path):
            if (tail, head) in self.cap:
                self.ahead[tail, head] += amount
            else:
                self.ahead[head, tail] -= amount

    def reach(self, start: Node) -> dict[Node, Node]:
        """All nodes that more water could reach from the start, each with where it comes from."""
        came = {start: start}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there in self.near[here]:
                if there not in came and self.room(here, there) != 0:
                    came[there] = here
                    queue.append(there)
        return came

    def run(self) -> Fraction:
        """Fill up; the total that runs."""
        while SEA in (came := self.reach(SPRING)):
            path = [SEA]
            while path[-1] != SPRING:
                path.append(came[path[-1]])
            path.reverse()
            rooms = [self.room(a, b) for a, b in itertools.pairwise(path)]
            self.push(path, min(room for room in rooms if room is not None))
        return sum((v for (tail, _), v in self.ahead.items() if tail == SPRING), ZERO)


class Allocation:
    """One problem on its way to an answer; volumes in grains."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.grain = problem.get("grain", 1)
        self.users = {user["id"]: user for user in sorted(problem["users"], key=lambda u: u["id"])}
        self.nodes = {node["id"]: node for node in problem["nodes"]}
        self.want = {i: user["demand"] // self.grain for i, user in self.users.items()}
        self.floor = {i: user["floor"] // self.grain for i, user in self.users.items()}
        weigh = {"proportional": "demand", "weighted": "weight"}.get(problem["policy"])
        self.weight = {i: user[weigh] if weigh else 1 for i, user in self.users.items()}
        self.cuts: dict[str, list[dict[str, Any]]] = {}
        self.findings: list[dict[str, Any]] = []

    def cap(self, node: str, source: str | None) -> int | None:
        row = self.nodes[node]
        held = row.get("reserve", {})
        whole = row["cap"] if source is None else row["source_caps"].get(source)
        if whole is None:
            return None
        off = sum(held.values()) if source is None else held.get(source, 0)
        return int(max(0, whole - off) // self.grain)

    def kind(self, i: str) -> Node:
        """The class: users of one kind may stand for one another."""
        user = self.users[i]
        alone = i if user.get("caps") else ""
        return ("class", user["node"], user["tier"], tuple(user["sources"]), alone)

    def flow(self, x: dict[str, Fraction]) -> Flow:
        """The network in which each user takes x: spring → totals → class → user → sources → sea."""
        net = Flow()
        sources = sorted({s for user in self.users.values() for s in user["sources"]})
        for v, node in self.nodes.items():
            above = node["parent"]
            net.add(SPRING if above is None else ("T", above), ("T", v), self.cap(v, None))
            for s in sources:
                over = SEA if above is None else ("S", above, s)
                net.add(("S", v, s), over, self.cap(v, s))
        for i, user in self.users.items():
            kind = self.kind(i)
            if (("T", user["node"]), kind) not in net.cap:
                net.add(("T", user["node"]), kind, None)
            net.add(kind, ("user", i), 0)
            net.cap[kind, ("user", i)] = Fraction(x[i])
            own = user.get("caps", {})
            for s in user["sources"]:
                cap = own[s] // self.grain if s in own else None
                net.add(("user", i), ("S", user["node"], s), cap)
        return net

    def fits(self, x: dict[str, Fraction]) -> Flow | None:
        net = self.flow(x)
        return net if net.run() == sum(x.values()) else None

    # --- levels ---

    def stage(
        self,
        x: dict[str, Fraction],
        mine: set[str],
        low: dict[str, int],
        high: dict[str, int],
        weight: dict[str, int],
    ) -> dict[str, int]:
        """Water-filling of `mine` on what all others have in x; the totals of all in whole grains."""
        rising = {i for i in mine if high[i] > low[i]}
        x = {**x, **{i: Fraction(low[i]) for i in mine}}

        def at(level: Fraction) -> dict[str, Fraction]:
            moved = {
                i: min(max(level * weight[i], Fraction(low[i])), Fraction(high[i])) for i in rising
            }
            return {**x, **moved}

        while rising:
            level = max(Fraction(high[i], weight[i]) for i in rising)
            net = self.flow(at(level))
            while net.run() < sum(at(level).values()):
                level = self._lower(net, at, level, rising, low, high, weight)
                net = self.flow(at(level))
            x = at(level)
            stuck = {i for i in rising if x[i] == high[i]}
            for i in sorted(rising - stuck):
                seen = self._opened(net, i)
                if SEA not in seen:
                    stuck.add(i)
                    self.cuts[i] = self._cut(net, set(seen))
            rising -= stuck
        return self._whole(x, mine)

    def _lower(
        self,
        net: Flow,
        at: Any,
        level: Fraction,
        rising: set[str],
        low: dict[str, int],
        high: dict[str, int],
        weight: dict[str, int],
    ) -> Fraction:
        """Where the users inside the narrowest cut take exactly what it lets through."""
        seen = set(net.reach(SPRING))
        lets = sum((cap for (a, b), cap in net.cap.items() if a in seen and b not in seen), ZERO)
        wanted = [i for i in self.users if not (self.kind(i) in seen and ("user", i) not in seen)]
        outside = [i for i in self.users if i not in wanted]
        lets -= sum((at(level)[i] for i in outside), ZERO)
        inside = [i for i in wanted if i in rising]
        bends = {Fraction(v[i], weight[i]) for i in inside for v in (low, high)}
        lets -= sum((at(level)[i] for i in wanted if i not in rising), ZERO)

        def taken(height: Fraction) -> Fraction:
            return sum((at(height)[i] for i in inside), ZERO)

        below = max(b for b in bends | {ZERO} if taken(b) <= lets)
        above = min(b for b in bends if taken(b) > lets)
        rate = (taken(above) - taken(below)) / (above - below)
        return below + (lets - taken(below)) / rate

    def _opened(self, net: Flow, i: str) -> dict[Node, Node]:
        """What more water could reach if only this user took more."""
        arc = (self.kind(i), ("user", i))
        kept, net.cap[arc] = net.cap[arc], None
        seen = net.reach(SPRING)
        net.cap[arc] = kept
        return seen

    def _cut(self, net: Flow, seen: set[Node]) -> list[dict[str, Any]]:
        found = []
        for (a, b), cap in net.cap.items():
            if a not in seen or b in seen or cap is None:
                continue
            if b[0] == "T":
                found.append({"node": b[1], "source": None, "cap": int(cap) * self.grain})
            elif a[0] == "S":
                found.append({"node": a[1], "source": a[2], "cap": int(cap) * self.grain})
            elif a[0] == "user":
                found.append(
                    {"node": b[1], "source": b[2], "cap": int(cap) * self.grain, "user": a[1]}
                )
        return found

    def inside(self, cuts: list[dict[str, Any]]) -> list[str]:
        """Who wants water and gets it only through these caps."""
        totals = {cut["node"] for cut in cuts if cut["source"] is None}
        shut = {(cut.get("user", cut["node"]), cut["source"]) for cut in cuts}
        found = []
        for i, user in self.users.items():
            path = self.path(user["node"])
            closed = all(any((v, s) in shut for v in (i, *path)) for s in user["sources"])
            if self.want[i] and user["sources"] and (closed or totals & set(path)):
                found.append(i)
        return found

    def path(self, node: str | None) -> list[str]:
        """The node and all above it."""
        found = []
        while node is not None:
            found.append(node)
            node = self.nodes[node]["parent"]
        return found

    # --- whole grains ---

    def _whole(self, x: dict[str, Fraction], mine: set[str]) -> dict[str, int]:
        """Round the flow of x, not x: then every class gets its sum rounded and full caps stay full."""
        net = self.fits(x)
        if net is None:
            raise AssertionError("levels that cannot be delivered")
        _round(net)
        whole = {i: int(value) for i, value in x.items() if i not in mine}
        for kind in {self.kind(i) for i in mine}:
            members = [i for i in sorted(mine) if self.kind(i) == kind]
            node = ("T", kind[1])
            more = int(net.ahead[node, kind]) - sum(floor(x[i]) for i in members)
            order = sorted(members, key=lambda i: (floor(x[i]) - x[i], i))
            whole.update({i: floor(x[i]) + (place < more) for place, i in enumerate(order)})
        return whole

    def totals(self) -> dict[str, int]:
        """Floors first, then tier by tier."""
        users, tiers = self.users, self.problem["tiers"]
        floors = {i: Fraction(v) for i, v in self.floor.items()}
        if self.fits(floors) is None:
            self._find("infeasible_floors", "下限之和超过可供水量，已按层次同比例压减", [])
            kept = dict.fromkeys(users, ZERO)
            none = dict.fromkeys(users, 0)
            for tier in tiers:
                mine = {i for i, user in users.items() if user["tier"] == tier}
                whole = self.stage(kept, mine, none, self.floor, self.floor)
                kept = {i: Fraction(v) for i, v in whole.items()}
            self.floor = {i: int(v) for i, v in kept.items()}
        high = {i: max(v, self.floor[i]) for i, v in self.want.items()}
        totals = dict(self.floor)
        for tier in tiers:
            mine = {i for i, user in users.items() if user["tier"] == tier}
            start = {i: Fraction(v) for i, v in totals.items()}
            totals = self.stage(start, mine, self.floor, high, self.weight)
        return totals

    def _find(self, code: str, text: str, ids: list[str]) -> None:
        self.findings.append({"code": code, "severity": "warning", "text": text, "ids": ids})

    # --- sources ---

    def draws(self, totals: dict[str, int]) -> dict[str, dict[str, int]]:
        """Sources by (tier, rank): start anywhere, exchange along the cycle that serves best."""
        net = self.fits({i: Fraction(v) for i, v in totals.items()})
        if net is None:
            raise AssertionError("totals that cannot be delivered")
        worth = self._worth()
        users = [("user", i) for i in self.users]
        while cycle := _cheapest_cycle(net, worth, users):
            rooms = [net.room(a, b) for a, b in itertools.pairwise(cycle)]
            net.push(cycle, min(room for room in rooms if room is not None))
        found: dict[str, dict[str, int]] = {i: {} for i in self.users}
        for (a, b), value in net.ahead.items():
            if a[0] == "user" and value > 0:
                found[a[1]][b[2]] = int(value) * self.grain
        return found

    def _worth(self) -> dict[tuple[Node, Node], int]:
        ranks = max((len(user["sources"]) for user in self.users.values()), default=1)
        base = 4 * len(self.users) * max(1, ranks) + 1
        keys = len(self.problem["tiers"]) * ranks
        return {
            (("user", i), ("S", user["node"], s)): -(
                base ** (keys - self.problem["tiers"].index(user["tier"]) * ranks - rank)
            )
            for i, user in self.users.items()
            for rank, s in enumerate(self._alive(user))
        }

    def _alive(self, user: dict[str, Any]) -> list[str]:
        """His sources in order; one that has nothing to give him takes no rank."""
        path = self.path(user["node"])
        own = user.get("caps", {})
        return [
            s
            for s in user["sources"]
            if own.get(s, self.grain) >= self.grain and all(self.cap(v, s) != 0 for v in path)
        ]


def _round(net: Flow) -> None:
    """Make every arc whole, each rounded up or down: push round cycles of arcs that are not yet."""
    total = sum((v for (tail, _), v in net.ahead.items() if tail == SPRING), ZERO)
    if (SEA, SPRING) not in net.ahead:
        net.add(SEA, SPRING, None)
    net.ahead[SEA, SPRING] = total
    while broken := {arc for arc, value in net.ahead.items() if value.denominator > 1}:
        near: dict[Node, list[Node]] = defaultdict(list)
        for a, b in sorted(broken):
            near[a].append(b)
            near[b].append(a)
        path = [min(broken)[0]]
        while len(path) < 2 or path[-1] not in path[:-1]:
            before = path[-2] if len(path) > 1 else None
            path.append(
                next(n for n in near[path[-1]] if n != before or near[path[-1]].count(n) > 1)
            )
        cycle = path[path.index(path[-1]) :]
        steps = []
        for a, b in itertools.pairwise(cycle):
            if (a, b) in broken:
                steps.append(1 - net.ahead[a, b] % 1)
            else:
                steps.append(net.ahead[b, a] % 1)
        net.push(cycle, min(steps))


def _cheapest_cycle(
    net: Flow, worth: dict[tuple[Node, Node], int], users: list[Node]
) -> list[Node]:
    """A cycle of negative cost among sources and users, or nothing (Bellman and Ford)."""
    arcs = []
    for a, b in net.cap:
        if a[0] in ("user", "S"):
            if net.room(a, b) != 0:
                arcs.append((a, b, worth.get((a, b), 0)))
            if net.ahead[a, b] > 0:
                arcs.append((b, a, -worth.get((a, b), 0)))
    price: dict[Node, int] = defaultdict(int)
    came: dict[Node, Node] = {}
    last: Node | None = None
    for _ in range(len({a for a, _, _ in arcs}) + 1):
        last = None
        for a, b, cost in arcs:
            if price[a] + cost < price[b]:
                price[b], came[b], last = price[a] + cost, a, b
    if last is None:
        return []
    for _ in arcs:
        last = came[last]
    cycle = [last]
    while len(cycle) < 2 or cycle[-1] != cycle[0]:
        cycle.append(came[cycle[-1]])
    return cycle[::-1]


def answer_of(problem: dict[str, Any], make: type[Allocation] = Allocation) -> dict[str, Any]:
    """The answer to a sound problem."""
    work = make(problem)
    totals = work.totals()
    drawn = work.draws(totals)
    dry = [i for i, user in work.users.items() if not user["sources"]]
    if dry:
        work._find("no_source", "没有可用的水源", dry)
    users, certificates = [], []
    for i in work.users:
        index = None
        if totals[i] < work.want[i]:
            index = len(certificates)
            cuts = work.cuts[i]
            inside = work.inside(cuts)
            certificates.append({"text": "所列上限已满", "cuts": cuts, "users": len(inside)})
        users.append(
            {
                "id": i,
                "granted": totals[i] * work.grain,
                "by_source": drawn[i],
                "certificate": index,
            }
        )
    seen = json.dumps(users, ensure_ascii=False, sort_keys=True)
    return {
        "digest": hashlib.sha256(seen.encode()).hexdigest(),
        "policy": problem["policy"],
        "users": users,
        "certificates": certificates,
        "findings": work.findings,
        "verified": True,
    }
