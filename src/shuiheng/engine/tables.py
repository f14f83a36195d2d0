"""Users of one place, tier and preference as a class; what a class uses at a level λ, without touching
its users.

g(λ) = Σ clip(λ·w, f, c) is a sum of straight pieces that bend where users leave their floor (f/w) and where
they reach their demand (c/w). Both kinds of bend are kept in buckets by the size of the ratio, with sums in
front of each bucket; only the one bucket that λ falls into is ever read user by user, in exact arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shuiheng.engine.arithmetic import bare, compiled, inner, share_of
from shuiheng.engine.problem import Int

PER_BUCKET = 8
MOST_BUCKETS = 1 << 12
GUARD = 1e-9  # a float ratio this near to λ is compared exactly


class Bends(NamedTuple):
    """Where users of each class bend: `amount/weight` in buckets, with sums in front of them.

    Entries of class c: [first[c], first[c+1]); its buckets: [bucket_of[c], bucket_of[c+1]), each with the
    entries [begin[b], begin[b+1]).
    """

    first: Int
    amount: Int
    weight: Int
    bucket_of: Int
    begin: Int
    weight_before: Int
    amount_before: Int
    lowest: np.ndarray
    highest: np.ndarray
    most: np.ndarray
    base: Int
    shift: Int
    weights: Int
    amounts: Int


class Tables(NamedTuple):
    """What g needs: bends at the demand, bends at the floor, and sums of what never moves."""

    full: Bends
    rise: Bends
    fixed: Int  # Σ c of users whose floor is their demand
    floors: Int  # Σ f of the others
    slope: Int  # Σ w of those that rise from nothing
    demands: Int  # Σ c of all
    users: Int  # how many want any water
    top: np.ndarray  # the largest c/w


DEMAND, FLOOR, WEIGHT = 0, 1, 2
"""Columns of the users' figures, [N,3], in class order."""


@compiled
def build_tables(first: Int, figures: Int) -> Tables:
    """Tables of all classes; class c has the users [first[c], first[c+1]). Class by class: its users stay in
    the processor's cache from the first look to the last."""
    classes = len(first) - 1
    fixed, floors, slope, demands, users = (
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
    )
    top = np.zeros(classes, np.float64)
    rising = np.int64(0)
    for i in range(first[classes]):
        rising += 0 < figures[i, FLOOR] < figures[i, DEMAND]
    full = _new_bends(classes, first[classes])
    rise = _new_bends(classes, rising)
    for c in range(classes):
        full_at, rise_at = full.first[c], rise.first[c]
        for i in range(first[c], first[c + 1]):
            demand, floor, weight = figures[i, DEMAND], figures[i, FLOOR], figures[i, WEIGHT]
            demands[c] += demand
            users[c] += demand > 0
            if floor >= demand:
                fixed[c] += demand
                continue
            floors[c] += floor
            full.amount[full_at], full.weight[full_at] = demand, weight
            full_at += 1
            if floor > 0:
                rise.amount[rise_at], rise.weight[rise_at] = floor, weight
                rise_at += 1
            else:
                slope[c] += weight
        full.first[c + 1], rise.first[c + 1] = full_at, rise_at
        _sort_into_buckets(full, c)
        _sort_into_buckets(rise, c)
        top[c] = max(full.most[c], 0.0)
    return Tables(full, rise, fixed, floors, slope, demands, users, top)


@inner
def _new_bends(classes: int, entries: int) -> Bends:
    most = (
        classes + 2 * entries // PER_BUCKET + 1
    )  # buckets of a class: at most 1 + 2·size/PER_BUCKET
    return Bends(
        np.zeros(classes + 1, np.int64),
        np.empty(entries, np.int64),
        np.empty(entries, np.int64),
        np.zeros(classes + 1, np.int64),
        np.zeros(most + 1, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.full(most, np.inf),
        np.full(most, -np.inf),
        np.full(classes, -np.inf),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
        np.zeros(classes, np.int64),
    )


@inner
def _sort_into_buckets(bends: Bends, c: int) -> None:
    """Order the entries of one class by the bucket of their ratio, and sum up what lies before each bucket."""
    begin, end = bends.first[c], bends.first[c + 1]
    size, start = end - begin, bends.bucket_of[c]
    if size == 0:
        bends.bucket_of[c + 1] = start + 1
        bends.begin[start] = bends.begin[start + 1] = begin
        return
    keys = np.empty(size, np.float64)
    for i in range(size):
        keys[i] = np.float64(bends.amount[begin + i]) / np.float64(bends.weight[begin + i])
    bits = keys.view(np.int64)
    low = high = bits[0]
    for i in range(1, size):
        low, high = min(low, bits[i]), max(high, bits[i])
    buckets = 1
    if low < high:
        while buckets * PER_BUCKET < size and buckets < MOST_BUCKETS:
            buckets *= 2
    while (high - low) >> bends.shift[c] >= buckets:
        bends.shift[c] += 1
    bends.base[c] = low
    bends.bucket_of[c + 1] = start + buckets
    for i in range(size):
        b = start + ((bits[i] - low) >> bends.shift[c])
        bends.begin[b + 1] += 1
        bends.weight_before[b] += bends.weight[begin + i]
        bends.amount_before[b] += bends.amount[begin + i]
        bends.lowest[b] = min(bends.lowest[b], keys[i])
        bends.highest[b] = max(bends.highest[b], keys[i])
        bends.most[c] = max(bends.most[c], keys[i])
    bends.begin[start] = begin
    for b in range(start, start + buckets):
        here, there = bends.weight_before[b], bends.amount_before[b]
        bends.weight_before[b], bends.amount_before[b] = bends.weights[c], bends.amounts[c]
        bends.weights[c] += here
        bends.amounts[c] += there
        bends.begin[b + 1] += bends.begin[b]
    if buckets > 1:
        _place(bends, begin, size, start, bits, low, bends.shift[c])


@inner
def _place(
    bends: Bends, begin: int, size: int, start: int, bits: Int, low: int, shift: int
) -> None:
    amount = bends.amount[begin : begin + size].copy()
    weight = bends.weight[begin : begin + size].copy()
    buckets = ((bits.max() - low) >> shift) + 1
    place = bends.begin[start : start + buckets].copy()
    for i in range(size):
        b = (bits[i] - low) >> shift
        bends.amount[place[b]] = amount[i]
        bends.weight[place[b]] = weight[i]
        place[b] += 1


@bare
def _bent(bends: Bends, c: int, number: int, divisor: int, level: float) -> tuple[int, int]:
    """Σ weight and Σ amount of the entries of class c whose ratio is at most λ = number/divisor."""
    if bends.first[c] == bends.first[c + 1]:
        return 0, 0
    start, end = bends.bucket_of[c], bends.bucket_of[c + 1]
    below, above = level * (1.0 - GUARD), level * (1.0 + GUARD)
    if above < bends.lowest[start]:
        return 0, 0
    if below > bends.most[c]:
        return bends.weights[c], bends.amounts[c]
    low, high = np.float64(below).view(np.int64), np.float64(above).view(np.int64)
    near = min(max(start + ((low - bends.base[c]) >> bends.shift[c]), start), end - 1)
    far = min(max(start + ((high - bends.base[c]) >> bends.shift[c]), start), end - 1)
    weight, amount = bends.weight_before[near], bends.amount_before[near]
    for b in range(near, far + 1):
        if above < bends.lowest[b]:
            continue
        whole = below > bends.highest[b]
        for i in range(bends.begin[b], bends.begin[b + 1]):
            cap = bends.amount[i]
            if whole or share_of(bends.weight[i], cap, number, divisor)[0] >= cap:
                weight += bends.weight[i]
                amount += cap
    return weight, amount


@bare
def use_at(tables: Tables, c: int, number: int, divisor: int, level: float) -> tuple[int, int]:
    """(A, B) with g(λ) = A·λ + B for class c at λ = number/divisor (`level` = the same as a float)."""
    full_weight, full_amount = _bent(tables.full, c, number, divisor, level)
    rise_weight, rise_amount = _bent(tables.rise, c, number, divisor, level)
    slope = tables.slope[c] + rise_weight - full_weight
    rest = tables.fixed[c] + tables.floors[c] - rise_amount + full_amount
    return slope, rest
