"""From a solution to an answer: users in the problem's order, and each certificate in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.volume import format_number
from shuiheng.engine.answer import Answer, Certificate, CutCap, KeptBack
from shuiheng.engine.certificates import closed_by
from shuiheng.engine.check import check, net_caps
from shuiheng.engine.cut import WHOLE_CUT, Cells
from shuiheng.engine.problem import NONE, Int, Problem
from shuiheng.engine.solve import Solution, prepare, solve
from shuiheng.engine.tables import FLOOR
from shuiheng.engine.words import node_name, source_name

MOST_PLACES = 4


def allocate(problem: Problem) -> Answer:
    """The whole way: findings, levels, whole cubic metres, certificates. Deterministic; never refuses."""
    return explain(solve(prepare(problem)))


def explain(solution: Solution) -> Answer:
    """The answer with its certificates and findings."""
    problem = solution.prepared.problem
    granted, by_source, certificate = solution.grants()
    certificates = certificates_of(solution)
    certificates += _private_reasons(solution, granted, certificate, len(certificates))
    findings = check(problem)
    if solution.floors_cut:
        findings.insert(0, _floors_cut(solution))
    floor = np.zeros(problem.users, np.int64)
    floor[solution.prepared.classes.order] = solution.prepared.figures[:, FLOOR] * problem.grain
    return Answer(
        problem,
        granted,
        by_source,
        certificate,
        certificates,
        findings,
        _kept_back(problem),
        solution.floors_cut,
        floor,
    )


def certificates_of(solution: Solution) -> list[Certificate]:
    """Each bottleneck of the solution with its caps and how many users it holds, in the engine's order."""
    cuts, classes = solution.cuts, solution.prepared.classes
    cells = Cells(classes.cell_node, classes.cell_mask, np.zeros(0, np.int64), np.zeros(0))
    users = np.zeros(len(classes.cell_node), np.int64)
    np.add.at(users, classes.cell, solution.prepared.tables.users)
    found = []
    for number in range(int(cuts.size[0])):
        closed = closed_by(cuts, number, solution.tree, cells)
        count = int(users[closed].sum())
        span = range(int(cuts.begin[number]), int(cuts.begin[number + 1]))
        caps = (*(_cap(solution, i) for i in span), *_shut(solution, closed))
        text = _words(solution.prepared.problem, caps, count)
        found.append(Certificate("caps", caps, count, text))
    return found


def _cap(solution: Solution, at: int) -> CutCap:
    problem, cuts = solution.prepared.problem, solution.cuts
    node, source = int(cuts.node[at]), int(cuts.source[at])
    cap = int(cuts.cap[at]) * problem.grain
    own = node - len(problem.parent)
    if own < 0:
        return CutCap(node, None if source == WHOLE_CUT else source, cap)
    user = int(problem.own_users[own])
    return CutCap(int(problem.node[user]), source, cap, user)


def _shut(solution: Solution, closed: NDArray[np.bool_]) -> list[CutCap]:
    """Own caps of nothing: they close a way of a user whom the certificate closes, so they belong to it."""
    problem, classes = solution.prepared.problem, solution.prepared.classes
    if not len(problem.own_users):
        return []
    own = classes.cell_node[closed] - len(problem.parent)
    found = []
    for row in np.unique(own[own >= 0]).tolist():
        user = int(problem.own_users[row])
        held = problem.preferences[problem.preference[user]].tolist()
        found += [
            CutCap(int(problem.node[user]), s, 0, user)
            for s in held
            if s >= 0 and problem.own_caps[row, s] < problem.grain
        ]
    return found


def _words(problem: Problem, caps: tuple[CutCap, ...], users: int) -> str:
    """米东区地表水＋地下水 1,234 m³ 已全部分完：由只能用这些水的 214 户分担。"""
    places: dict[int, list[CutCap]] = {}
    for cap in caps:
        if cap.user < 0:
            places.setdefault(cap.node, []).append(cap)
    parts = []
    for node, held in places.items():
        names = ["总量" if cap.source is None else source_name(problem, cap.source) for cap in held]
        volume = sum(cap.cap for cap in held)
        parts.append(f"{node_name(problem, node)}{'＋'.join(names)} {format_number(volume)} m³")
    if len(parts) > MOST_PLACES:
        parts = [*parts[:MOST_PLACES], f"等 {len(parts)} 处"]
    own = [cap for cap in caps if cap.user >= 0 and cap.cap > 0]
    if own:
        held_by_users = format_number(sum(cap.cap for cap in own))
        parts.append(f"{len({cap.user for cap in own})} 户自己的水源上限 {held_by_users} m³")
    return f"{'，'.join(parts)}已全部分完：由只能用这些水的 {users} 户分担。"


def _private_reasons(
    solution: Solution, granted: Int, certificate: Int, first: int
) -> list[Certificate]:
    """Users that are short without any cap of the tree; their certificates are numbered from `first`."""
    problem = solution.prepared.problem
    short = (granted < problem.demand) & (certificate < 0)
    if not short.any():
        return []
    masks = problem.masks()[problem.preference]
    usable = np.full(problem.users, NONE)
    if len(problem.own_users):
        allowed = masks[problem.own_users, None] >> np.arange(len(problem.sources)) & 1
        whole = problem.own_caps // problem.grain * problem.grain
        usable[problem.own_users] = np.where(allowed == 1, whole, 0).sum(axis=1)
    reasons = (
        ("no_source", short & (masks == 0), "没有可用的水源。"),
        ("own_caps", short & (masks != 0) & (usable < problem.demand), "自己各水源的上限之和小于需求。"),
        ("grain", short & (masks != 0) & (usable >= problem.demand),
         f"按 {problem.grain} m³ 取整，尾数不下达。"),
    )  # fmt: skip
    found: list[Certificate] = []
    for reason, who, text in reasons:
        if who.any():
            certificate[who] = first + len(found)
            found.append(Certificate(reason, (), int(who.sum()), text))
    return found


def _floors_cut(solution: Solution) -> Finding:
    problem = solution.prepared.problem
    wanted = np.minimum(problem.floor, problem.demand)
    kept = np.zeros(problem.users, np.int64)
    kept[solution.prepared.classes.order] = solution.prepared.figures[:, FLOOR] * problem.grain
    hit = np.nonzero(kept < wanted)[0]
    missing = int((wanted - kept).clip(min=0).sum())
    ids = problem.user_ids
    return Finding(
        "infeasible_floors",
        Severity.LOOK,
        f"保底之和超过可用水量：{len(hit)} 户的保底按顺序等比例压减，合计少 {format_number(missing)} m³。",
        facts={"ids": [ids[u] if len(ids) else int(u) for u in hit[:1000]]},
    )


def _kept_back(problem: Problem) -> list[KeptBack]:
    """Reserve and the rest of the grain of every cap on a source, where there is any."""
    kept = np.zeros_like(problem.source_cap) if problem.reserve is None else problem.reserve
    _, net = net_caps(problem)
    rest = np.where(problem.source_cap < NONE, np.maximum(problem.source_cap - kept, 0) - net, 0)
    return [
        KeptBack(int(v), int(s), int(kept[v, s]), int(rest[v, s]))
        for v, s in zip(*np.nonzero((kept > 0) | (rest > 0)), strict=True)
    ]
