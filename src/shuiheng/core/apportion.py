"""Sharing whole cubic metres so that the parts add up exactly (largest remainder)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from shuiheng.core.volume import Volume


def apportion(amount: Volume, weights: Sequence[int | Fraction], *, grain: int = 1) -> list[Volume]:
    """Split `amount` in proportion to `weights`, in whole multiples of `grain` m³.

    Σ parts = the largest multiple of `grain` that fits in `amount`; with grain 1 that is `amount`
    itself. Each part is within one grain of its exact share; remainders go to the largest fractions,
    ties to the earlier position, so the answer depends on the order of the list and nothing else.
    Weights must not be negative; with Σ weights = 0 every part is 0.
    """
    if amount.m3 < 0 or any(weight < 0 for weight in weights):
        raise ValueError("only a non-negative volume is shared, by non-negative weights")
    grains = amount.m3 // grain
    parts = _largest_remainder(grains, _in_whole_numbers(weights))
    return [Volume(part * grain) for part in parts]


def apportion_capped(
    amount: Volume, weights: Sequence[int | Fraction], caps: Sequence[Volume], *, grain: int = 1
) -> list[Volume]:
    """Split `amount` by weight where no part may exceed its cap; what a full part cannot take goes to
    the others by weight.

    Σ parts = min(amount, Σ caps of positive weight), floored to the grain. Caps are floored to the
    grain first.
    """
    if amount.m3 < 0 or any(weight < 0 for weight in weights):
        raise ValueError("only a non-negative volume is shared, by non-negative weights")
    room = [cap.m3 // grain if weight else 0 for cap, weight in zip(caps, weights, strict=True)]
    if any(cap < 0 for cap in room):
        raise ValueError("a cap is not negative")
    grains = min(amount.m3 // grain, sum(room))
    parts = _water_fill(grains, _in_whole_numbers(weights), room)
    return [Volume(part * grain) for part in parts]


def _in_whole_numbers(weights: Sequence[int | Fraction]) -> list[int]:
    """The same proportions as integers, so that every comparison is exact and quick."""
    common = lcm(*(weight.denominator for weight in weights))
    return [weight.numerator * (common // weight.denominator) for weight in weights]


def _largest_remainder(grains: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [divmod(grains * weight, whole) for weight in weights]
    parts = [share for share, _ in exact]
    by_fraction = sorted(range(len(parts)), key=lambda i: (-exact[i][1], i))
    for position in by_fraction[: grains - sum(parts)]:
        parts[position] += 1
    return parts


def _water_fill(grains: int, weights: list[int], room: list[int]) -> list[int]:
    """Fill those that would overflow, share the rest among the others, until none overflows."""
    parts = [0] * len(weights)
    open_parts = [i for i, cap in enumerate(room) if cap]
    left = grains
    while open_parts and left:
        whole = sum(weights[i] for i in open_parts)
        full = {i for i in open_parts if left * weights[i] >= room[i] * whole}
        if not full:
            shares = _largest_remainder(left, [weights[i] for i in open_parts])
            for i, share in zip(open_parts, shares, strict=True):
                parts[i] = share
            break
        for i in full:
            parts[i] = room[i]
            left -= room[i]
        open_parts = [i for i in open_parts if i not in full]
    return parts
