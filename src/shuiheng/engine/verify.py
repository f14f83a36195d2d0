"""The second opinion on every answer, in production too. Nothing here is shared with the solver.

From the problem and the answer alone: amounts, sources and caps to the last m³; that each certificate is a true
and exactly tight bound on the users it holds down; and that nobody inside it who comes later, or stands
higher, has been given what they lack. That makes the answer feasible and max-min fair.
"""

from __future__ import annotations

import numba
import numpy as np

from shuiheng.engine.answer import Answer, Certificate
from shuiheng.engine.problem import NONE, Int, Problem

FIELD = 256  # sets of sources per node


def verify(answer: Answer) -> list[str]:
    """What is wrong with an answer, each in a sentence; empty when it is proved."""
    problem = answer.problem
    masks = np.array(
        [sum(1 << s for s in order if s >= 0) for order in problem.preferences.tolist()], np.int64
    )
    subsets = 1 << len(problem.sources)
    count = len(problem.tiers) * len(problem.parent) * subsets
    bad, used, amounts, risen, short = _read_users(
        problem.node, problem.tier, problem.preference, masks, problem.demand, answer.floor,
        problem.weights(), answer.granted, answer.by_source, answer.certificate,
        problem.grain, len(problem.parent), subsets, count, len(answer.certificates),
    )  # fmt: skip
    wrong = [text for text, number in zip(_COMPLAINTS, bad.tolist(), strict=True) if number]
    wrong += _check_caps(problem, used)
    wrong += _check_own_caps(problem, answer)
    wrong += _check_kept_floors(problem, answer)
    alone = _Alone(problem, answer, masks)
    for number, certificate in enumerate(answer.certificates):
        if certificate.reason == "caps":
            wrong += _check_certificate(
                problem, certificate, number, amounts, risen, short[number], alone, subsets
            )
        else:
            wrong += _check_private(problem, answer, certificate.reason, number, masks)
    return wrong


_COMPLAINTS = (
    "有单位分得的水与各水源之和不符",
    "有单位分得的水超过需求",
    "有单位分得的水低于保底",
    "有单位用了不能用的水源",
    "有少于需求的单位没有缘由",
    "有足额的单位挂着缘由",
    "有额度不是粒度的整数倍",
)


@numba.njit(cache=True)
def _read_users(
    node: Int, tier: Int, preference: Int, masks: Int, demand: Int, floor: Int, weight: Int,
    granted: Int, by_source: Int, certificate: Int, grain: int, nodes: int, subsets: int,
    groups: int, certificates: int,
) -> tuple[Int, Int, Int, np.ndarray, np.ndarray]:  # fmt: skip
    """One pass over the users: complaints, use by node and source, and per group (tier, node, sources)
    the amount and the highest level risen to; per certificate the lowest level it leaves anybody at."""
    bad = np.zeros(7, np.int64)
    used = np.zeros((nodes, by_source.shape[1]), np.int64)
    amounts = np.zeros(groups, np.int64)
    risen = np.full(groups, -np.inf)
    short = np.full((certificates, 2), np.inf)
    for u in range(len(demand)):
        mask, got, total = masks[preference[u]], granted[u], np.int64(0)
        for s in range(by_source.shape[1]):
            m3 = by_source[u, s]
            total += m3
            used[node[u], s] += m3
            if m3 < 0 or (m3 > 0 and not mask >> s & 1):
                bad[3] += 1
            if m3 % grain != 0:
                bad[6] += 1
        bad[0] += total != got
        bad[1] += got > demand[u]
        bad[2] += got < floor[u]
        bad[4] += got < demand[u] and certificate[u] < 0
        bad[5] += got == demand[u] and certificate[u] >= 0
        group = (tier[u] * nodes + node[u]) * subsets + mask
        amounts[group] += got
        if got > floor[u]:
            risen[group] = max(risen[group], (got - grain) / max(weight[u], 1))
        if certificate[u] >= 0:
            c = certificate[u]
            short[c, 0] = min(short[c, 0], (got + grain) / max(weight[u], 1))
            short[c, 1] = min(short[c, 1], tier[u])
    return bad, used, amounts, risen, short


def _check_caps(problem: Problem, used: Int) -> list[str]:
    """Use below every node against its caps, less the reserve, floored to the grain."""
    used = used.copy()
    for node in range(len(problem.parent) - 1, 0, -1):
        used[problem.parent[node]] += used[node]
    caps = _caps(problem)
    over = np.argwhere(np.column_stack([used, used.sum(axis=1)]) > caps).tolist()
    names = [*problem.sources, "总量"]
    return [f"第 {node} 个区域的{names[column]}超过上限" for node, column in over]


def _caps(problem: Problem) -> Int:
    """Caps in force, [V, k+1], the cap on everything last."""
    grain = problem.grain
    reserve = problem.reserve
    kept = np.zeros_like(problem.source_cap) if reserve is None else reserve
    both = np.column_stack([problem.source_cap, problem.node_cap])
    less = np.column_stack([kept, kept.sum(axis=1)])
    net: Int = np.where(both < NONE, np.maximum(both - less, 0) // grain * grain, NONE)
    return net


def _check_own_caps(problem: Problem, answer: Answer) -> list[str]:
    if not len(problem.own_users):
        return []
    over = answer.by_source[problem.own_users] > problem.own_caps
    return ["有单位超过自己的水源上限"] if over.any() else []


def _check_kept_floors(problem: Problem, answer: Answer) -> list[str]:
    """Floors are kept whole unless the answer says that they were cut."""
    if answer.floors_cut:
        return []
    masks = problem.masks()[problem.preference]
    usable = np.full(problem.users, NONE)
    for u, caps in zip(problem.own_users.tolist(), problem.own_caps, strict=True):
        usable[u] = sum(
            int(caps[s]) // problem.grain * problem.grain
            for s in range(len(problem.sources))
            if masks[u] >> s & 1
        )
    wanted = np.minimum(np.minimum(problem.floor, problem.demand), usable)
    wanted = np.where(masks == 0, 0, wanted // problem.grain * problem.grain)
    return ["有保底被压减而没有说明"] if np.any(answer.granted < wanted) else []


class _Alone:
    """Users with caps of their own: looked at one by one, and taken out of the groups."""

    def __init__(self, problem: Problem, answer: Answer, masks: Int) -> None:
        self.users = problem.own_users
        self.node = problem.node[self.users]
        self.tier = problem.tier[self.users]
        self.mask = masks[problem.preference[self.users]]
        caps = problem.own_caps.reshape(len(self.users), len(problem.sources))
        self.dry = ((caps < problem.grain).astype(np.int64) << np.arange(caps.shape[1])).sum(axis=1)
        self.granted = answer.granted[self.users]
        self.floor = answer.floor[self.users]
        self.weight = np.maximum(problem.weights()[self.users], 1)
        self.place = {int(u): i for i, u in enumerate(self.users)}


def _check_certificate(
    problem: Problem,
    certificate: Certificate,
    number: int,
    amounts: Int,
    risen: np.ndarray,
    short: np.ndarray,
    alone: _Alone,
    subsets: int,
) -> list[str]:
    nodes, tiers = len(problem.parent), len(problem.tiers)
    barred = np.zeros(nodes, np.int64)
    own = np.zeros(len(alone.users), np.int64)
    caps, held = _caps(problem), 0
    for cap in certificate.caps:
        held += cap.cap
        if cap.user >= 0:
            at = alone.place[cap.user]
            own[at] |= 1 << int(cap.source or 0)
            true = int(problem.own_caps[at, cap.source or 0]) // problem.grain * problem.grain
        else:
            column = -1 if cap.source is None else cap.source
            true = int(caps[cap.node, column])
            barred[cap.node] |= subsets - 1 if cap.source is None else 1 << cap.source
        if true != cap.cap:
            return [f"缘由 {number} 引用的上限不对"]
    for node in range(1, nodes):
        barred[node] |= barred[problem.parent[node]]
    sets = np.arange(subsets)
    closed = (sets[None, :] & ~barred[:, None]) == 0
    inside = np.broadcast_to(closed, (tiers, nodes, subsets))
    use = int(amounts.reshape(inside.shape)[inside].sum())
    shut = (alone.mask & ~(barred[alone.node] | own | alone.dry)) == 0
    open_group = ~closed[alone.node, alone.mask]
    use += int(alone.granted[shut & open_group].sum())
    wrong = []
    if use != held:
        wrong.append(f"缘由 {number} 的上限没有恰好用完：{held} 与 {use}")
    tier = int(short[1]) if np.isfinite(short[1]) else tiers
    level = float(short[0])
    peaks = np.where(inside, risen.reshape(inside.shape), -np.inf).max(axis=(1, 2), initial=-np.inf)
    for at in np.nonzero(shut & open_group)[0].tolist():
        if alone.granted[at] > alone.floor[at]:
            peak = (alone.granted[at] - problem.grain) / alone.weight[at]
            peaks[alone.tier[at]] = max(peaks[alone.tier[at]], peak)
    if tier < tiers and peaks[tier] > level * (1 + 1e-12):
        wrong.append(f"缘由 {number} 里有人分得更高")
    if tier < tiers and np.isfinite(peaks[tier + 1 :]).any():
        wrong.append(f"缘由 {number} 里有后面顺序的人多分了")
    return wrong


def _check_private(
    problem: Problem, answer: Answer, reason: str, number: int, masks: Int
) -> list[str]:
    """A shortage that no cap of the tree makes: no source, own caps, or less than a grain."""
    who = np.nonzero(answer.certificate == number)[0]
    missing = problem.demand[who] - answer.granted[who]
    mask = masks[problem.preference[who]]
    if reason == "no_source":
        good = mask == 0
    elif reason == "grain":
        good = missing < problem.grain
    else:
        rows = {int(u): i for i, u in enumerate(problem.own_users)}
        allowed = [
            sum(
                int(problem.own_caps[rows[int(u)], s]) // problem.grain * problem.grain
                for s in range(len(problem.sources))
                if m >> s & 1
            )
            for u, m in zip(who, mask, strict=True)
        ]
        good = np.array(allowed) == answer.granted[who]
    return [] if np.all(good) else [f"缘由 {number}（{reason}）不成立"]
