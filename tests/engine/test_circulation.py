"""Tables that add up as printed, in rows and in columns."""

from __future__ import annotations

from random import Random

import pytest

from shuiheng.engine.circulation import round_both_ways

GRAIN = 100


@pytest.mark.parametrize("seed", range(60))
def test_rows_and_columns_add_up_and_nothing_moves_by_a_whole_grain(seed: int) -> None:
    random = Random(seed)
    rows, columns = random.randint(1, 12), random.randint(1, 8)
    least = -5_000 if seed % 3 == 0 else 0
    exact = [[random.randint(least, 10**6) for _ in range(columns)] for _ in range(rows)]
    printed = round_both_ways(exact, GRAIN)
    whole = sum(map(sum, exact))
    assert all(cell % GRAIN == 0 for row in printed for cell in row)
    for before, after in zip(exact, printed, strict=True):
        assert abs(sum(before) - sum(after)) < GRAIN
        assert all(abs(b - a) < GRAIN for b, a in zip(before, after, strict=True))
    for before, after in zip(zip(*exact, strict=True), zip(*printed, strict=True), strict=True):
        assert abs(sum(before) - sum(after)) < GRAIN
    assert sum(map(sum, printed)) == (2 * whole + GRAIN) // (2 * GRAIN) * GRAIN


def test_what_is_printable_stays_and_nothing_is_nothing() -> None:
    assert round_both_ways([[100, 200], [0, -300]], GRAIN) == [[100, 200], [0, -300]]
    assert round_both_ways([], GRAIN) == []
    assert round_both_ways([[], []], GRAIN) == [[], []]
