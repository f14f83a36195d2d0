"""What a problem says against itself, in words, before it is solved; nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.volume import format_number
from shuiheng.engine.problem import NONE, Int, Problem
from shuiheng.engine.words import node_name, source_name

MOST_IDS = 1000
MOST_NAMED = 3


def check(problem: Problem) -> list[Finding]:
    """Findings about caps and users: what contradicts, what cannot bind, who can get nothing."""
    caps, source_caps = net_caps(problem)
    reach = _reachable(problem)
    return [
        *_children_above_parent(problem, caps, source_caps),
        *_reserve_above_cap(problem),
        *_crossing(problem, caps, source_caps, reach),
        *_users(problem, source_caps),
    ]


def net_caps(problem: Problem) -> tuple[Int, Int]:
    """Caps less the reserve, floored to the grain; NONE stays NONE."""
    kept = np.zeros_like(problem.source_cap) if problem.reserve is None else problem.reserve
    grain = problem.grain
    node = np.maximum(problem.node_cap - kept.sum(axis=1), 0) // grain * grain
    source = np.maximum(problem.source_cap - kept, 0) // grain * grain
    return (
        np.where(problem.node_cap < NONE, node, NONE),
        np.where(problem.source_cap < NONE, source, NONE),
    )


def _finding(
    code: str, severity: Severity, sentence: str, ids: Iterable[object], **facts: object
) -> Finding:
    return Finding(code, severity, sentence, facts={"ids": list(ids)[:MOST_IDS], **facts})


def _named(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 处" if len(names) > MOST_NAMED else ""
    return "、".join(names[:MOST_NAMED]) + more


def _children_above_parent(problem: Problem, caps: Int, source_caps: Int) -> list[Finding]:
    """下级之和大于上级 (一级政府一级预算): the children cannot all use what they were given."""
    found = []
    columns = [(None, caps), *((s, source_caps[:, s]) for s in range(len(problem.sources)))]
    for s, column in columns:
        held = np.zeros(len(column), np.int64)
        has = np.zeros(len(column), np.bool_)
        bounded = (problem.parent >= 0) & (column < NONE)
        np.add.at(held, problem.parent[bounded], column[bounded])
        has[problem.parent[bounded]] = True
        for node in np.nonzero(has & (column < NONE) & (held > column))[0].tolist():
            what = "总量" if s is None else source_name(problem, s)
            sentence = (
                f"{node_name(problem, node)}的{what}上限 {format_number(int(column[node]))} m³，"
                f"小于下级之和 {format_number(int(held[node]))} m³，下级不能同时用满。"
            )
            found.append(
                _finding("parent_below_children", Severity.LOOK, sentence, [_id(problem, node)])
            )
    return found


def _reserve_above_cap(problem: Problem) -> list[Finding]:
    if problem.reserve is None:
        return []
    over = (problem.source_cap < NONE) & (problem.reserve > problem.source_cap)
    return [
        _finding(
            "reserve_above_cap",
            Severity.LOOK,
            f"{node_name(problem, node)}{source_name(problem, s)}的预留大于上限，没有水可分。",
            [_id(problem, node)],
        )
        for node, s in zip(*np.nonzero(over), strict=True)
    ]


def _reachable(problem: Problem) -> Int:
    """Demand below each node by set of sources, [V, 2ᵏ]."""
    subsets = 1 << len(problem.sources)
    reach = np.zeros((len(problem.parent), subsets), np.int64)
    np.add.at(reach, (problem.node, problem.masks()[problem.preference]), problem.demand)
    for node in range(len(problem.parent) - 1, 0, -1):
        reach[problem.parent[node]] += reach[node]
    return reach


def _crossing(problem: Problem, caps: Int, source_caps: Int, reach: Int) -> list[Finding]:
    """A node's cap on everything and a cap on a source above it that can both bind: the feasible amounts are
    no polymatroid, and other policies would give other totals (ALLOCATION 2, TRAP)."""
    sets = np.arange(reach.shape[1])
    wanted = np.stack(
        [reach[:, sets >> s & 1 == 1].sum(axis=1) for s in range(len(problem.sources))], axis=1
    )
    own = wanted.copy()
    np.subtract.at(own, problem.parent[1:], wanted[1:])
    usable = np.minimum(source_caps, wanted)
    all_binds = caps < np.minimum(reach.sum(axis=1), usable.sum(axis=1))
    below = own.copy()  # the most of each source that the caps underneath let through
    for node in range(len(problem.parent) - 1, 0, -1):
        passing = np.minimum(np.minimum(usable[node], below[node]), caps[node])
        below[problem.parent[node]] += passing
    source_binds = source_caps < np.minimum(wanted, below)
    found = []
    for node in np.nonzero(all_binds)[0].tolist():
        above = int(problem.parent[node])
        while above >= 0:
            both = np.nonzero(source_binds[above] & (wanted[node] > 0))[0].tolist()
            found += [(node, above, s) for s in both]
            above = int(problem.parent[above])
    if not found:
        return []
    node, above, s = found[0]
    sentence = (
        f"{node_name(problem, node)}的总量上限与{node_name(problem, above)}的"
        f"{source_name(problem, s)}上限交叉（共 {len(found)} 处）：按逐级保障的水平分配，各单位互不多占，"
        "但可能有水用不完。下达前请先让下级之和不大于上级。"
    )
    ids = dict.fromkeys(_id(problem, n) for n, _, _ in found)
    return [_finding("crossing_caps", Severity.LOOK, sentence, ids)]


def _users(problem: Problem, source_caps: Int) -> list[Finding]:
    masks = problem.masks()[problem.preference] if problem.users else np.zeros(0, np.int64)
    wants = problem.demand > 0
    found = []
    none = np.nonzero(masks == 0)[0]
    if len(none):
        sentence = f"{len(none)} 户没有可用水源，额度为 0：{_named(_users_named(problem, none))}。"
        found.append(_finding("no_source", Severity.LOOK, sentence, _users_ids(problem, none)))
    dry = _dry_sources(problem, source_caps)
    shut = np.nonzero(wants & (masks != 0) & (masks & ~dry[problem.node] == 0))[0]
    if len(shut):
        sentence = (
            f"{len(shut)} 户可用的水源上限都是 0，额度为 0：{_named(_users_named(problem, shut))}。"
        )
        found.append(_finding("source_empty", Severity.LOOK, sentence, _users_ids(problem, shut)))
    above = np.nonzero(problem.floor > problem.demand)[0]
    if len(above):
        sentence = (
            f"{len(above)} 户的保底大于需求，按需求计：{_named(_users_named(problem, above))}。"
        )
        found.append(
            _finding("floor_above_demand", Severity.LOOK, sentence, _users_ids(problem, above))
        )
    beyond = _floors_beyond_own_caps(problem, masks)
    if len(beyond):
        sentence = (
            f"{len(beyond)} 户的保底大于自己各水源上限之和，按上限计："
            f"{_named(_users_named(problem, beyond))}。"
        )
        found.append(
            _finding("infeasible_floors", Severity.LOOK, sentence, _users_ids(problem, beyond))
        )
    idle = np.nonzero(~wants)[0]
    if len(idle):
        sentence = f"{len(idle)} 户需求为 0。"
        found.append(_finding("zero_demand", Severity.NOTE, sentence, _users_ids(problem, idle)))
    return found


def _floors_beyond_own_caps(problem: Problem, masks: Int) -> Int:
    users = problem.own_users
    if not len(users):
        return users
    bits = masks[users, None] >> np.arange(len(problem.sources)) & 1
    usable = np.where(bits == 1, problem.own_caps // problem.grain * problem.grain, 0).sum(axis=1)
    floors: Int = np.minimum(problem.floor[users], problem.demand[users])
    beyond: Int = users[floors > usable]
    return beyond


def _dry_sources(problem: Problem, source_caps: Int) -> Int:
    """Sources that have nothing at a node or above it, as bits."""
    bits = np.int64(1) << np.arange(len(problem.sources), dtype=np.int64)
    dry: Int = np.where(source_caps == 0, bits, 0).sum(axis=1, dtype=np.int64)
    for node in range(1, len(dry)):
        dry[node] |= dry[problem.parent[node]]
    return dry


def _id(problem: Problem, node: int) -> object:
    return problem.node_ids[node] if len(problem.node_ids) else int(node)


def _users_ids(problem: Problem, users: Int) -> list[object]:
    ids = problem.user_ids
    return [ids[u] if len(ids) else int(u) for u in users[:MOST_IDS]]


def _users_named(problem: Problem, users: Int) -> list[str]:
    first = [str(i) for i in _users_ids(problem, users[: MOST_NAMED + 1])]
    return first + [""] * (len(users) - len(first))
