"""Tables that add up as printed, whatever their figures; numbers as they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.planning.rules.figures import fixed, signed
from shuiheng.planning.rules.printing import round_table

fractions = st.fractions(min_value=0, max_value=30, max_denominator=1000)
tables = st.integers(1, 7).flatmap(
    lambda rows: st.lists(st.lists(fractions, min_size=3, max_size=3), min_size=rows, max_size=rows)
)


def is_rounded(whole: int, exact: Fraction) -> bool:
    return abs(whole - exact) < 1


@given(tables)
def test_cells_sums_and_the_whole_are_each_rounded_up_or_down(exact: list[list[Fraction]]) -> None:
    table = round_table(exact)
    for row, goal in zip(table, exact, strict=True):
        assert all(map(is_rounded, row, goal))
        assert is_rounded(sum(row), sum(goal, Fraction(0)))
    for column, goal in zip(zip(*table, strict=True), zip(*exact, strict=True), strict=True):
        assert is_rounded(sum(column), sum(goal, Fraction(0)))
    whole = sum((sum(row, Fraction(0)) for row in exact), Fraction(0))
    assert is_rounded(sum(map(sum, table)), whole)


def test_rounding_each_cell_alone_would_not_add_up() -> None:
    exact = [[Fraction(4, 10)] * 3, [Fraction(4, 10)] * 3]
    table = round_table(exact)
    assert sum(map(sum, table)) == 2  # 2.4, where six zeros would be printed
    assert [sum(row) for row in table] == [1, 1]


def test_whole_figures_stay_as_they_are() -> None:
    exact = [[Fraction(3), Fraction(0), Fraction(7)], [Fraction(1), Fraction(2), Fraction(5)]]
    assert round_table(exact) == [[3, 0, 7], [1, 2, 5]]


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (Fraction("0.005"), 2, "0.01"),
        (Fraction("-0.004"), 2, "0.00"),
        (Fraction("-1.275"), 2, "−1.28"),
        (Fraction("1234.5"), 0, "1,235"),
    ],
)
def test_a_figure_in_fixed_decimals(number: Fraction, decimals: int, text: str) -> None:
    assert fixed(number, decimals) == text


def test_a_change_shows_its_sign_unless_it_prints_as_nothing() -> None:
    assert [signed(Fraction(n)) for n in ("0.5", "-0.5", "0", "0.001")] == [
        "+0.50",
        "−0.50",
        "0.00",
        "0.00",
    ]
