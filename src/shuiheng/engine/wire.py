"""A problem and its answer as JSON: the interface of `shuiheng allocate`. Ids are texts or whole numbers; m³ are
whole numbers. What cannot be a problem comes back as one sentence."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from shuiheng.core.refusal import Refusal, Severity
from shuiheng.engine.answer import Answer, Certificate
from shuiheng.engine.explain import allocate
from shuiheng.engine.problem import (
    MAX_NODES,
    MAX_SOURCES,
    MAX_TIERS,
    MAX_TOTAL,
    MAX_USERS,
    MAX_WEIGHT_SUM,
    NONE,
    Int,
    Problem,
    SharingPolicy,
)
from shuiheng.engine.verify import verify

MAX_LINE = 1 << 30  # characters of one problem


def answer_line(line: str) -> tuple[str, bool]:
    """One line of JSON in, one out; False where it was no problem."""
    try:
        if len(line) > MAX_LINE:
            raise _no("too_long", f"一行超过 {MAX_LINE} 个字符。")
        answer = answer_of(_loads(line))
    except Refusal as refusal:
        error = {"code": refusal.code, "text": refusal.sentence}
        return json.dumps({"error": error}, ensure_ascii=False), False
    return json.dumps(answer, ensure_ascii=False), True


def answer_of(problem: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a problem in JSON's own types. Raises Refusal for what is no problem."""
    order, read = read_problem(problem)
    answer = allocate(read)
    return written(answer, order, verified=not verify(answer))


def _loads(line: str) -> Mapping[str, Any]:
    try:
        problem = json.loads(line, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise _no("not_json", f"这一行不是 JSON：{str(error)[:80]}。") from None
    if not isinstance(problem, dict):
        raise _no("not_a_problem", "一行应是一个 JSON 对象（{…}）。")
    return problem


def _no_float(text: str) -> int:
    raise _no("not_whole", f"“{text[:40]}”不是整数。水量一律是整立方米。")


def _no(code: str, sentence: str) -> Refusal:
    return Refusal(f"allocate.{code}", sentence)


def read_problem(data: Mapping[str, Any]) -> tuple[list[int], Problem]:
    """The problem in the order of its ids, and the position of each given user in that order."""
    policy = _policy(data.get("policy"))
    tiers = [_id(tier, "tiers") for tier in _list(data, "tiers")]
    if len(set(map(_key, tiers))) < len(tiers) or not 0 < len(tiers) <= MAX_TIERS:
        raise _no("tiers", f"tiers 应有 1 到 {MAX_TIERS} 个不同的顺序。")
    nodes = _in_tree_order(_list(data, "nodes"))
    users = sorted(
        _list(data, "users"), key=lambda user: _key(_id(_dict(user, "users").get("id"), "users"))
    )
    if len(users) > MAX_USERS:
        raise _no("too_many_users", f"一次最多 {MAX_USERS} 户。")
    for one, other in itertools.pairwise(users):
        if _key(one["id"]) == _key(other["id"]):
            raise _no("twice", f"用户 {one['id']} 出现了两次。")
    sources = _sources(nodes, users)
    grain = _whole(data.get("grain", 1), "grain")
    if grain < 1:
        raise _no("grain", "grain 应是正整数。")
    problem = _problem(policy, tiers, nodes, users, sources, grain)
    _check_sums(problem)
    place = {_key(user["id"]): i for i, user in enumerate(users)}
    return [place[_key(user["id"])] for user in data["users"]], problem


def _problem(
    policy: SharingPolicy,
    tiers: Sequence[object],
    nodes: Sequence[Mapping[str, Any]],
    users: Sequence[Mapping[str, Any]],
    sources: list[str],
    grain: int,
) -> Problem:
    at_node = {_key(node["id"]): i for i, node in enumerate(nodes)}
    at_tier = {_key(tier): i for i, tier in enumerate(tiers)}
    at_source = {source: i for i, source in enumerate(sources)}
    width = len(sources)
    orders: dict[tuple[int, ...], int] = {}
    columns: list[list[int]] = [[], [], [], [], [], []]
    own_users, own_caps = [], []
    for i, user in enumerate(users):
        wanted = [at_source[s] for s in user.get("sources", [])]
        if len(set(wanted)) < len(wanted):
            raise _no("twice", f"用户 {user['id']} 的水源有重复。")
        order = tuple(wanted + [-1] * (width - len(wanted)))
        row = (
            _find(at_node, user.get("node"), "node", user),
            _find(at_tier, user.get("tier"), "tier", user),
            orders.setdefault(order, len(orders)),
            _whole(user.get("demand"), "demand", user),
            _whole(user.get("floor", 0), "floor", user),
            _whole(user.get("weight", 1), "weight", user),
        )
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        caps = _caps(user.get("caps", {}), at_source, user)
        if caps:
            own_users.append(i)
            own_caps.append([caps.get(s, NONE) for s in range(width)])
    node, tier, preference, demand, floor, weight = (np.array(c, np.int64) for c in columns)
    return Problem(
        policy=policy,
        sources=tuple(sources),
        tiers=tuple(str(tier) for tier in tiers),
        parent=np.array(
            [-1 if n.get("parent") is None else at_node[_key(n["parent"])] for n in nodes], np.int64
        ),
        node_cap=np.array([_cap(n.get("cap"), n) for n in nodes], np.int64),
        source_cap=_table([_caps(n.get("source_caps", {}), at_source, n) for n in nodes], width, NONE),
        preferences=np.array(list(orders) or [(-1,) * width], np.int64).reshape(-1, width),
        node=node,
        tier=tier,
        preference=preference,
        demand=demand,
        floor=floor,
        weight=weight,
        reserve=_reserve(nodes, at_source, width),
        own_users=np.array(own_users, np.int64),
        own_caps=np.array(own_caps, np.int64).reshape(-1, width),
        grain=grain,
        node_ids=[n["id"] for n in nodes],
        user_ids=[u["id"] for u in users],
        node_names=[str(n.get("name", n["id"])) for n in nodes],
    )  # fmt: skip


def _reserve(
    nodes: Sequence[Mapping[str, Any]], at_source: Mapping[str, int], width: int
) -> Int | None:
    rows = [_caps(node.get("reserve", {}), at_source, node) for node in nodes]
    return _table(rows, width, 0) if any(rows) else None


def _table(rows: Sequence[Mapping[int, int]], width: int, missing: int) -> Int:
    return np.array(
        [[row.get(s, missing) for s in range(width)] for row in rows], np.int64
    ).reshape(-1, width)


def _in_tree_order(nodes: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Parents before children, siblings by id; one root, no circle, nobody twice."""
    if not 0 < len(nodes) <= MAX_NODES:
        raise _no("nodes", f"nodes 应有 1 到 {MAX_NODES} 个。")
    by_key: dict[tuple[int, object], Mapping[str, Any]] = {}
    children: dict[tuple[int, object] | None, list[Mapping[str, Any]]] = {}
    for node in nodes:
        key = _key(_id(_dict(node, "nodes").get("id"), "nodes"))
        if key in by_key:
            raise _no("twice", f"区域 {node['id']} 出现了两次。")
        by_key[key] = node
        parent = node.get("parent")
        above = None if parent is None else _key(_id(parent, "parent"))
        children.setdefault(above, []).append(node)
    roots = children.get(None, [])
    if len(roots) != 1:
        raise _no("root", f"应恰有一个 parent 为 null 的区域，这里有 {len(roots)} 个。")
    ordered = []
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        below = children.get(_key(node["id"]), [])
        waiting += sorted(below, key=lambda child: _key(child["id"]), reverse=True)
    if len(ordered) < len(nodes):
        lost = next(n for n in nodes if all(n is not o for o in ordered))
        raise _no("parent", f"区域 {lost['id']} 的上级 {lost.get('parent')} 不存在，或者绕成了圈。")
    return ordered


def _sources(nodes: Sequence[Mapping[str, Any]], users: Sequence[Mapping[str, Any]]) -> list[str]:
    names: set[str] = set()
    for place, key in [*((n, k) for n in nodes for k in ("source_caps", "reserve")),
                       *((u, "caps") for u in users)]:  # fmt: skip
        names.update(_dict(place.get(key, {}), key))
    for user in users:
        wanted = user.get("sources", [])
        if not isinstance(wanted, list) or not all(isinstance(s, str) for s in wanted):
            raise _no("sources", f"用户 {user['id']} 的 sources 应是水源名称的列表。")
        names.update(wanted)
    if len(names) > MAX_SOURCES:
        raise _no("too_many_sources", f"最多 {MAX_SOURCES} 种水源，这里有 {len(names)} 种。")
    return sorted(names) or ["-"]


def _policy(value: object) -> SharingPolicy:
    if value not in [policy.value for policy in SharingPolicy]:
        known = "、".join(policy.value for policy in SharingPolicy)
        raise _no("policy", f"不认识分担办法“{str(value)[:40]}”。可用：{known}。")
    return SharingPolicy(str(value))


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list):
        raise _no("missing", f"缺少 {key}，它应是一个列表。")
    return value


def _dict(value: object, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _no("not_an_object", f"{key} 里应是 JSON 对象（{{…}}）。")
    return value


def _id(value: object, where: str) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _no("id", f"{where} 里的标识应是文字或整数。")
    return value


def _key(value: object) -> tuple[int, object]:
    """Numbers before texts, each in its own order: one order of ids on every machine."""
    return (0, value) if isinstance(value, int) else (1, value)


def _find(
    table: Mapping[tuple[int, object], int], value: object, what: str, user: Mapping[str, Any]
) -> int:
    found = table.get(_key(_id(value, what)))
    if found is None:
        raise _no(f"unknown_{what}", f"用户 {user['id']} 的 {what} “{value}”没有定义。")
    return found


def _whole(value: object, what: str, owner: Mapping[str, Any] | None = None) -> int:
    name = f"{owner['id']} 的 {what}" if owner else what
    if isinstance(value, bool) or not isinstance(value, int):
        raise _no("not_whole", f"{name} 应是整数。")
    if not 0 <= value <= MAX_TOTAL:
        raise _no("out_of_range", f"{name} 应在 0 到 {MAX_TOTAL} 之间。")
    return value


def _cap(value: object, owner: Mapping[str, Any]) -> int:
    if value is None:
        return NONE
    return NONE if isinstance(value, int) and value > MAX_TOTAL else _whole(value, "cap", owner)


def _caps(value: object, at_source: Mapping[str, int], owner: Mapping[str, Any]) -> dict[int, int]:
    table = _dict(value, "source_caps")
    return {at_source[s]: _cap(cap, owner) for s, cap in table.items() if cap is not None}


def _check_sums(problem: Problem) -> None:
    if sum(problem.demand.tolist()) > MAX_TOTAL:
        raise _no("out_of_range", f"需求之和超过 {MAX_TOTAL} m³。")
    if sum(problem.weights().tolist()) > MAX_WEIGHT_SUM:
        raise _no("out_of_range", f"权重之和超过 {MAX_WEIGHT_SUM}。")
    if problem.policy is SharingPolicy.WEIGHTED and (problem.weight < 1).any():
        raise _no("weight", "按权重分担时，权重应是正整数。")


def written(answer: Answer, order: Sequence[int], *, verified: bool) -> dict[str, Any]:
    """The answer in JSON's types, users in the order given."""
    problem = answer.problem
    granted, short = answer.granted.tolist(), answer.certificate.tolist()
    by_source = answer.by_source.tolist()
    return {
        "digest": problem.digest(),
        "policy": problem.policy.value,
        "users": [
            {
                "id": problem.user_ids[u],
                "granted": granted[u],
                "by_source": {
                    s: m3 for s, m3 in zip(problem.sources, by_source[u], strict=True) if m3 > 0
                },
                "certificate": short[u] if short[u] >= 0 else None,
            }
            for u in order
        ],
        "certificates": [_certificate(problem, c) for c in answer.certificates],
        "findings": [
            {
                "code": f.code,
                "severity": Severity(f.severity).value,
                "text": f.sentence,
                "ids": list(_ids(f.facts.get("ids"))),
            }
            for f in answer.findings
        ],
        "reserve": [
            {
                "node": problem.node_ids[kept.node],
                "source": problem.sources[kept.source],
                "set_aside": kept.reserve,
                "grain": kept.grain,
            }
            for kept in answer.kept_back
        ],
        "verified": verified,
    }


def _ids(value: object) -> Iterable[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _certificate(problem: Problem, certificate: Certificate) -> dict[str, Any]:
    cuts = []
    for cap in certificate.caps:
        cut: dict[str, Any] = {
            "node": problem.node_ids[cap.node],
            "source": None if cap.source is None else problem.sources[cap.source],
            "cap": cap.cap,
        }
        if cap.user >= 0:
            cut["user"] = problem.user_ids[cap.user]
        cuts.append(cut)
    return {"text": certificate.text, "cuts": cuts, "users": certificate.users}
