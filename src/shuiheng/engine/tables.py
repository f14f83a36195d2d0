"""Users of one place, tier and preference as a class; what a class uses at a level λ, without touching
its users.

g(λ) = Σ clip(λ·w, f, c) is a sum of straight pieces that bend where users leave their floor (f/w) and where
they reach their demand (c/w). Both kinds of bend are kept in buckets by the size of the ratio, with sums in
front of each bucket; only the one bucket that λ falls into is ever read user by user, in exact arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shuiheng.engine.arithmetic import compiled, inner, share_of
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


@compiled
def build_tables(first: Int, demand: Int, floor: Int, weight: Int) -> Tables:
    """Tables of all classes; users in class order, class c being [first[c], first[c+1])."""
    classes = len(first) - 1
    full_first = np.zeros(classes + 1, np.int64)
    rise_first = np.zeros(classes + 1, np.int64)
    fixed = np.zeros(classes, np.int64)
    floors = np.zeros(classes, np.int64)
    slope = np.zeros(classes, np.int64)
    demands = np.zeros(classes, np.int64)
    users = np.zeros(classes, np.int64)
    top = np.zeros(classes, np.float64)
    for c in range(classes):
        moving = rising = 0
        for i in range(first[c], first[c + 1]):
            demands[c] += demand[i]
            users[c] += demand[i] > 0
            if floor[i] >= demand[i]:
                fixed[c] += demand[i]
                continue
            moving += 1
            floors[c] += floor[i]
            if floor[i] > 0:
                rising += 1
            else:
                slope[c] += weight[i]
            ratio = np.float64(demand[i]) / np.float64(weight[i])
            top[c] = max(top[c], ratio)
        full_first[c + 1] = full_first[c] + moving
        rise_first[c + 1] = rise_first[c] + rising
    full_amount = np.empty(full_first[classes], np.int64)
    full_weight = np.empty(full_first[classes], np.int64)
    rise_amount = np.empty(rise_first[classes], np.int64)
    rise_weight = np.empty(rise_first[classes], np.int64)
    full_at = rise_at = 0
    for i in range(first[0], first[classes]):
        if floor[i] >= demand[i]:
            continue
        full_amount[full_at] = demand[i]
        full_weight[full_at] = weight[i]
        full_at += 1
        if floor[i] > 0:
            rise_amount[rise_at] = floor[i]
            rise_weight[rise_at] = weight[i]
            rise_at += 1
    full = _build_bends(full_first, full_amount, full_weight)
    rise = _build_bends(rise_first, rise_amount, rise_weight)
    return Tables(full, rise, fixed, floors, slope, demands, users, top)


@inner
def _build_bends(first: Int, amount: Int, weight: Int) -> Bends:
    classes = len(first) - 1
    keys = np.empty(len(amount), np.float64)
    for i in range(len(amount)):
        keys[i] = np.float64(amount[i]) / np.float64(weight[i])
    bits = keys.view(np.int64)
    bucket_of = np.zeros(classes + 1, np.int64)
    base = np.zeros(classes, np.int64)
    shift = np.zeros(classes, np.int64)
    for c in range(classes):
        low = high = np.int64(0)
        if first[c] < first[c + 1]:
            low = high = bits[first[c]]
        for i in range(first[c] + 1, first[c + 1]):
            low = min(low, bits[i])
            high = max(high, bits[i])
        buckets = 1
        if low < high:
            while buckets * PER_BUCKET < first[c + 1] - first[c] and buckets < MOST_BUCKETS:
                buckets *= 2
        base[c] = low
        while (high - low) >> shift[c] >= buckets:
            shift[c] += 1
        bucket_of[c + 1] = bucket_of[c] + buckets
    return _fill_buckets(first, amount, weight, keys, bits, bucket_of, base, shift)


@inner
def _fill_buckets(
    first: Int,
    amount: Int,
    weight: Int,
    keys: np.ndarray,
    bits: Int,
    bucket_of: Int,
    base: Int,
    shift: Int,
) -> Bends:
    classes = len(first) - 1
    count = bucket_of[classes]
    begin = np.zeros(count + 1, np.int64)
    weight_before = np.zeros(count, np.int64)
    amount_before = np.zeros(count, np.int64)
    lowest = np.full(count, np.inf)
    highest = np.full(count, -np.inf)
    weights = np.zeros(classes, np.int64)
    amounts = np.zeros(classes, np.int64)
    most = np.full(classes, -np.inf)
    for c in range(classes):
        for i in range(first[c], first[c + 1]):
            b = bucket_of[c] + ((bits[i] - base[c]) >> shift[c])
            begin[b + 1] += 1
            weight_before[b] += weight[i]
            amount_before[b] += amount[i]
            lowest[b] = min(lowest[b], keys[i])
            highest[b] = max(highest[b], keys[i])
            most[c] = max(most[c], keys[i])
        for b in range(bucket_of[c], bucket_of[c + 1]):
            here, there = weight_before[b], amount_before[b]
            weight_before[b] = weights[c]
            amount_before[b] = amounts[c]
            weights[c] += here
            amounts[c] += there
    for b in range(count):
        begin[b + 1] += begin[b]
    place = begin[:-1].copy()
    sorted_amount = np.empty_like(amount)
    sorted_weight = np.empty_like(weight)
    for c in range(classes):
        for i in range(first[c], first[c + 1]):
            b = bucket_of[c] + ((bits[i] - base[c]) >> shift[c])
            sorted_amount[place[b]] = amount[i]
            sorted_weight[place[b]] = weight[i]
            place[b] += 1
    return Bends(
        first,
        sorted_amount,
        sorted_weight,
        bucket_of,
        begin,
        weight_before,
        amount_before,
        lowest,
        highest,
        most,
        base,
        shift,
        weights,
        amounts,
    )


@inner
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
    edge = np.empty(2, np.float64)
    edge[0], edge[1] = below, above
    bits = edge.view(np.int64)
    near = min(max(start + ((bits[0] - bends.base[c]) >> bends.shift[c]), start), end - 1)
    far = min(max(start + ((bits[1] - bends.base[c]) >> bends.shift[c]), start), end - 1)
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


@inner
def use_at(tables: Tables, c: int, number: int, divisor: int, level: float) -> tuple[int, int]:
    """(A, B) with g(λ) = A·λ + B for class c at λ = number/divisor (`level` = the same as a float)."""
    full_weight, full_amount = _bent(tables.full, c, number, divisor, level)
    rise_weight, rise_amount = _bent(tables.rise, c, number, divisor, level)
    slope = tables.slope[c] + rise_weight - full_weight
    rest = tables.fixed[c] + tables.floors[c] - rise_amount + full_amount
    return slope, rest
