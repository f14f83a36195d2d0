"""Empirical frequency and the axis of Hazen's probability paper (海森机率格纸)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlottedPoint:
    """A year's value with its empirical probability of exceedance, 0 < p < 1."""

    year: int
    value: float
    p_exceed: float


def ranked(values: Floats) -> tuple[Floats, Floats]:
    """(n,) values from largest to smallest and their P = m/(n+1) (期望公式, DOMAIN 5.2).

    Equal values share the mean of their ranks, so that one flow has one frequency. Zero is a value.
    """
    falling = np.sort(values)[::-1]
    _, alike, counts = np.unique(-falling, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return falling, ranks[alike] / (len(falling) + 1)


def empirical(years: Mapping[int, float | None]) -> list[PlottedPoint]:
    """The plotted points of a series by year, wettest first; a missing year (None) takes no rank and does
    not count in n. Years of the same flow stand in the order of the calendar."""
    known = sorted(
        ((year, value) for year, value in years.items() if value is not None),
        key=lambda pair: (-pair[1], pair[0]),
    )
    _, p = ranked(np.array([value for _, value in known], dtype=float))
    return [
        PlottedPoint(year, value, float(at)) for (year, value), at in zip(known, p, strict=True)
    ]


@overload
def hazen_axis(p_exceed: float) -> float: ...
@overload
def hazen_axis(p_exceed: Floats) -> Floats: ...
def hazen_axis(p_exceed: float | Floats) -> float | Floats:
    """Where a probability stands on the paper: its normal quantile, 0 at 50 %, wet years to the left."""
    z = ndtri(p_exceed)
    return float(z) if np.ndim(z) == 0 else z
