"""The engine against linear programs and against the floor of its own input and output.

Each figure is a ratio of medians taken in one run; where a goal is given in milliseconds, the floor of the same run
stands beside it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.figures import Figure, figure
from bench.peers import NO_CAP, SOURCES, Instance, as_classes, by_class, by_user, instance
from shuiheng.engine.explain import certificates_of, explain
from shuiheng.engine.problem import NONE, Problem, SharingPolicy
from shuiheng.engine.solve import Prepared, prepare, solve
from shuiheng.engine.verify import verify

ROUNDS = 9
PEER_SECONDS = 240.0
MILLION = 1_000_000


def measure() -> list[Figure]:
    """All figures of the engine; about six minutes, most of them the peers'."""
    _print_processor()
    _allocate(_problem(instance(100)))  # compiled before any clock runs
    return [*_against_users(), *_against_classes(), *_a_million(), *_one_cap_changes()]


def _print_processor() -> None:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    wanted = ("model name", "flags")
    said = {
        line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line
    }
    for name in wanted:
        print(f"{name}: {said.get(name, '?')}", flush=True)


def _problem(given: Instance, policy: SharingPolicy = SharingPolicy.PROPORTIONAL) -> Problem:
    caps = given.node_cap, given.source_cap
    node_cap, source_cap = (np.where(cap == NO_CAP, NONE, cap) for cap in caps)
    return Problem(
        policy=policy,
        sources=tuple(f"s{n}" for n in range(SOURCES)),
        tiers=tuple(f"t{n}" for n in range(given.tiers)),
        parent=given.parent,
        node_cap=node_cap,
        source_cap=source_cap,
        preferences=given.pref_table,
        node=given.user_node,
        tier=given.user_tier,
        preference=given.user_pref,
        demand=given.demand,
        floor=given.floor,
        weight=given.weight,
    )


def _allocate(problem: Problem) -> object:
    return solve(prepare(problem)).grants()


def _seconds(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _against_users() -> list[Figure]:
    """Sequential programs over single users; a peer that is out of time counts with what it took."""
    figures = []
    for users, name, goal in ((1_000, "1e3", ">= 300"), (10_000, "1e4", ">= 5000")):
        given = instance(users)
        peer = by_user(given, PEER_SECONDS)
        problem = _problem(given)
        ours = _seconds(lambda problem=problem: _allocate(problem), 31)  # type: ignore[misc]
        figures += [
            figure(f"engine.over_user_highs_{name}", peer.seconds / ours, "x", goal),
            figure(f"engine.user_highs_{name}_seconds", peer.seconds, "s"),
            figure(f"engine.user_highs_{name}_done", peer.share_done, "of the users"),
            figure(f"engine.allocate_{name}_ms", ours * 1000, "ms"),
        ]
    return figures


def _against_classes() -> list[Figure]:
    """The same aggregation for both: HiGHS finds class totals, the engine the levels of the classes."""
    given = as_classes(instance(10_000))
    peer = by_class(given, PEER_SECONDS)
    problem = _problem(given)
    ours = _seconds(lambda: _allocate(problem), 31)
    return [
        figure("engine.over_class_highs", peer.seconds / ours, "x", ">= 20"),
        figure("engine.class_highs_seconds", peer.seconds, "s"),
        figure("engine.class_highs_done", peer.share_done, "of the classes"),
    ]


def _a_million() -> list[Figure]:
    few, many = _problem(instance(MILLION)), _problem(instance(MILLION, districts=99))
    answer = explain(solve(prepare(few)))
    assert not verify(answer)
    floor, ten, hundred, checked = [], [], [], []
    for _ in range(ROUNDS):  # in turn, so that a noisy minute falls on all of them
        floor.append(_seconds(lambda: _read_and_write(few), 1))
        ten.append(_seconds(lambda: _allocate(few), 1))
        hundred.append(_seconds(lambda: _allocate(many), 1))
        checked.append(_seconds(lambda: verify(answer), 1))
    middle = statistics.median
    return [
        figure("engine.million_over_floor", middle(ten) / middle(floor), "x", "<= 25"),
        figure("engine.million_ms", middle(ten) * 1000, "ms"),
        figure("engine.million_floor_ms", middle(floor) * 1000, "ms"),
        figure("engine.hundred_nodes_over_ten", middle(hundred) / middle(ten), "x", "<= 1.5"),
        figure("engine.check_over_solve", middle(checked) / middle(ten), "x", "<= 0.5"),
    ]


def _read_and_write(problem: Problem) -> object:
    """One read of the inputs, one write of an answer: less than this nobody can do."""
    columns = (
        problem.node, problem.tier, problem.preference, problem.demand, problem.floor, problem.weight,
    )  # fmt: skip
    read = sum(int(column.sum()) for column in columns)
    shape = (problem.users, len(problem.sources))
    return np.full(shape, read), np.full(problem.users, read), np.full(problem.users, read)


def _one_cap_changes() -> list[Figure]:
    """A slider moves: the classes of a million users are there, one cap is another."""
    problem = _problem(instance(MILLION))
    ready = prepare(problem)
    moves = iter(range(10_000))
    return [
        figure(
            "engine.levels_after_one_cap_ms",
            _seconds(lambda: certificates_of(solve(ready, source_cap=_moved(ready, next(moves))))) * 1000,
            "ms",
            "<= 10",
        ),
        figure(
            "engine.users_after_one_cap_ms",
            _seconds(lambda: solve(ready, source_cap=_moved(ready, next(moves))).grants()) * 1000,
            "ms",
            "<= 50",
        ),
    ]  # fmt: skip


def _moved(ready: Prepared, step: int) -> np.ndarray:
    caps = ready.problem.source_cap.copy()
    caps[1, 0] = caps[1, 0] * (900 + step) // 1000
    return caps
