"""The peers of the benchmark solve the engine's problem: to the rounding, they find its totals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.peers import Instance, as_classes, by_class, by_user, instance
from shuiheng.engine.wire import answer_of


def problem(given: Instance) -> dict[str, Any]:
    lists = given.pref_table[given.user_pref]
    return {
        "policy": "proportional",
        "tiers": list(range(given.tiers)),
        "nodes": [
            {
                "id": v,
                "parent": None if above < 0 else int(above),
                "cap": int(given.node_cap[v]),
                "source_caps": {str(s): int(m3) for s, m3 in enumerate(given.source_cap[v])},
            }
            for v, above in enumerate(given.parent)
        ],
        "users": [
            {
                "id": i,
                "node": int(given.user_node[i]),
                "tier": int(given.user_tier[i]),
                "sources": [str(s) for s in lists[i] if s >= 0],
                "demand": int(given.demand[i]),
                "floor": int(given.floor[i]),
                "weight": 1,
            }
            for i in range(len(given.demand))
        ],
    }


def granted(given: Instance) -> list[int]:
    rows = {row["id"]: row["granted"] for row in answer_of(problem(given))["users"]}
    return [rows[i] for i in range(len(given.demand))]


@pytest.mark.parametrize("crossing", [False, True])
def test_programs_over_users_find_the_same(crossing: bool) -> None:
    """Earlier tiers are whole m³ to the engine and not to the programs: within two."""
    given = instance(100, seed=3, crossing=crossing)
    run = by_user(given)
    assert run.finished, run.why
    assert np.abs(run.totals - granted(given)).max() < 2


def test_programs_over_classes_find_the_same() -> None:
    given = as_classes(instance(1000, seed=3))
    run = by_class(given)
    assert run.finished, run.why
    assert np.abs(run.totals - granted(given)).max() < 2


def test_a_run_out_of_time_says_how_far_it_came() -> None:
    run = by_user(instance(300), seconds=0.1)
    assert not run.finished
    assert run.why
    assert 0 < run.share_done < 1
