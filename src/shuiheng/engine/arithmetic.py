"""Exact products and quotients in 64 bits, for the compiled passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Pass = TypeVar("Pass", bound=Callable[..., Any])


def compiled(function: Pass) -> Pass:
    """A compiled pass that Python calls: cached on disk, no fused or reordered floating arithmetic."""
    made: Pass = numba.njit(cache=True, fastmath=False)(function)
    return made


def inner(function: Pass) -> Pass:
    """The same for what only compiled passes call: without a door for Python it compiles much faster."""
    made: Pass = numba.njit(
        cache=True, fastmath=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return made


def bare(function: Pass) -> Pass:
    """An inner pass that makes no array: without counting references to the many it is handed, calls cost
    next to nothing."""
    made: Pass = numba.njit(
        cache=True, fastmath=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False
    )(function)
    return made


@bare
def muldiv(a: int, number: int, divisor: int) -> tuple[int, int]:
    """⌊a·number / divisor⌋ and the remainder, exactly, for 0 ≤ a, number and 0 < divisor < 2⁶⁰.

    The quotient must be below 2⁵³. The product may pass 64 bits: a first quotient in floating point is
    off by two at most, and the remainder is right in wrap-around arithmetic (ALLOCATION 6, pitfall 4).
    """
    quotient = np.int64(np.float64(a) * np.float64(number) / np.float64(divisor))
    rest = a * number - quotient * divisor
    while rest < 0:
        quotient -= 1
        rest += divisor
    while rest >= divisor:
        quotient += 1
        rest -= divisor
    return quotient, rest


@bare
def share_of(weight: int, cap: int, number: int, divisor: int) -> tuple[int, int]:
    """⌊weight·λ⌋ with its remainder where it stays below `cap`; (cap, 0) where λ = number/divisor lifts
    the weight to its cap or beyond."""
    rough = np.float64(weight) * np.float64(number) / np.float64(divisor)
    if rough > np.float64(cap) * 1.0000000001 + 2.0:
        return cap, 0
    quotient, rest = muldiv(weight, number, divisor)
    if quotient >= cap:
        return cap, 0
    return quotient, rest


@bare
def as_fraction(value: float) -> tuple[int, int]:
    """A float ≥ 0 as number/divisor with a power of two below."""
    if value >= 4503599627370496.0:
        return np.int64(value), 1
    shift = 0
    while shift < 58 and value < 2251799813685248.0:
        value *= 2.0
        shift += 1
    return np.int64(value), np.int64(1) << shift


@inner
def order_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions in rising order of their keys, ties to the earlier one (merge sort)."""
    size = len(keys)
    order, other = np.arange(size), np.empty(size, np.int64)
    width = 1
    while width < size:
        for begin in range(0, size, 2 * width):
            middle, end = min(begin + width, size), min(begin + 2 * width, size)
            left, right = begin, middle
            for at in range(begin, end):
                if right >= end or (left < middle and keys[order[left]] <= keys[order[right]]):
                    other[at] = order[left]
                    left += 1
                else:
                    other[at] = order[right]
                    right += 1
        order, other = other, order
        width *= 2
    return order
