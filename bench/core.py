"""core.apportion against the floor: the same division without whole cubic metres or order."""

from __future__ import annotations

import statistics
import time
from random import Random

from bench.figures import Figure, figure
from shuiheng.core.apportion import apportion
from shuiheng.core.volume import Volume

PARTS = 2_000
ROUNDS = 15


def measure() -> list[Figure]:
    """Sharing a city's water among 2,000 units, as a multiple of plain float division."""
    random = Random(1)
    weights = [random.randint(1, 10**6) for _ in range(PARTS)]
    amount = Volume(1_096_000_000)
    exact, plain = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        parts = apportion(amount, weights)
        exact.append(time.perf_counter() - begin)
        assert sum(part.m3 for part in parts) == amount.m3
        begin = time.perf_counter()
        whole = sum(weights)
        [amount.m3 * weight / whole for weight in weights]
        plain.append(time.perf_counter() - begin)
    ms = statistics.median(exact) * 1000
    return [
        figure("core.apportion_2000", ms, "ms"),
        figure("core.apportion_2000_floor", statistics.median(plain) * 1000, "ms"),
    ]
