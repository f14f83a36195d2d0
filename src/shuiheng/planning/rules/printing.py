"""Figures as they are printed: fixed decimals, and tables whose printed rows and columns add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor

from shuiheng.core.volume import Volume
from shuiheng.planning.rules.figures import County, PlanSource
from shuiheng.planning.rules.split import Split

PRINTED_GRAIN_M3 = 1_000_000  # 0.01 亿m³: the plan itself prints two decimals

# column sums so far -> (how far the sums and the cells are off, the table so far)
States = dict[tuple[int, ...], tuple[tuple[Fraction, Fraction], list[list[int]]]]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """A county's line, or the sum line (`county` None): total = Σ sources = Σ industries, as printed."""

    county: County | None
    total: Volume
    sources: tuple[Volume, ...]
    industries: tuple[Volume, ...]


def printed_rows(split: Split, *, grain: int = PRINTED_GRAIN_M3) -> tuple[PrintedRow, ...]:
    """The split as it is printed, counties first and the sum last, in multiples of `grain` m³.

    The prefecture's total must be such a multiple. Every line adds up, every column adds up, and each
    figure is its exact value rounded up or down.
    """
    by_source = round_table(
        [
            [Fraction(split.volume(county.code, source).m3, grain) for source in PlanSource]
            for county in split.counties
        ]
    )
    shares = list(split.basis.shares.values())
    by_industry = round_table(
        [[sum(row) * share / sum(shares) for share in shares] for row in by_source]
    )
    rows = [
        PrintedRow(county, Volume(sum(row) * grain), _volumes(row, grain), _volumes(parts, grain))
        for county, row, parts in zip(split.counties, by_source, by_industry, strict=True)
    ]
    sources, industries = _columns(by_source), _columns(by_industry)
    last = PrintedRow(
        None,
        Volume(sum(sources) * grain),
        _volumes(sources, grain),
        _volumes(industries, grain),
    )
    return (*rows, last)


def printed_column(
    volumes: Sequence[Volume], *, grain: int = PRINTED_GRAIN_M3
) -> tuple[Volume, ...]:
    """One column as it is printed, its sum last: the printed figures add up to the printed sum."""
    table = round_table([[Fraction(volume.m3, grain)] for volume in volumes])
    return _volumes([*(row[0] for row in table), _columns(table)[0]], grain)


def round_table(exact: Sequence[Sequence[Fraction]]) -> list[list[int]]:
    """Whole numbers in place of `exact` so that what is printed adds up.

    Each cell, each row sum, each column sum and the grand total is its exact value rounded up or down
    (a whole value stays). Among all such tables: the sums nearest to theirs in squares, then the cells;
    of two equally near the one that rounds down first. One always exists. Meant for a few columns: the
    work grows with rows to the power of columns.
    """
    goals = [sum(column, Fraction(0)) for column in zip(*exact, strict=True)]
    states: States = {(0,) * len(goals): ((Fraction(0), Fraction(0)), [])}
    for row in exact:
        states = _with_row(states, row)
    ends = [
        ((cost[0] + _miss(sums, goals), cost[1]), table)
        for sums, (cost, table) in states.items()
        if _near(sum(sums), sum(goals, Fraction(0))) and all(map(_near, sums, goals))
    ]
    return min(ends, key=lambda end: end[0])[1]


def _with_row(states: States, row: Sequence[Fraction]) -> States:
    """The nearest table for each reachable tuple of column sums, one row further."""
    after: States = {}
    goal = sum(row, Fraction(0))
    for cells in product(*(sorted({floor(value), ceil(value)}) for value in row)):
        if not _near(sum(cells), goal):
            continue
        miss_sum, miss_cells = (sum(cells) - goal) ** 2, _miss(cells, row)
        for sums, (cost, table) in states.items():
            key = tuple(map(sum, zip(sums, cells, strict=True)))
            dearer = (cost[0] + miss_sum, cost[1] + miss_cells)
            if key not in after or dearer < after[key][0]:
                after[key] = (dearer, [*table, list(cells)])
    return after


def _miss(whole: Sequence[int], exact: Sequence[Fraction]) -> Fraction:
    squares = ((w - e) ** 2 for w, e in zip(whole, exact, strict=True))
    return sum(squares, Fraction(0))


def _near(whole: int, exact: Fraction) -> bool:
    return abs(whole - exact) < 1


def _columns(table: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*table, strict=True)]


def _volumes(row: Sequence[int], grain: int) -> tuple[Volume, ...]:
    return tuple(Volume(cell * grain) for cell in row)
