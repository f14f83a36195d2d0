"""Sharing whole cubic metres so that the parts add up exactly (largest remainder)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

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
    whole = sum(Fraction(weight) for weight in weights)
    if not whole:
        return [Volume(0) for _ in weights]
    grains = amount.m3 // grain
    exact = [grains * Fraction(weight) / whole for weight in weights]
    parts = [int(share) for share in exact]
    by_fraction = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for position in by_fraction[: grains - sum(parts)]:
        parts[position] += 1
    return [Volume(part * grain) for part in parts]


def apportion_capped(
    amount: Volume, weights: Sequence[int | Fraction], caps: Sequence[Volume], *, grain: int = 1
) -> list[Volume]:
    """Split `amount` by weight where no part may exceed its cap; what a full part cannot take goes to
    the others by weight.

    Σ parts = min(amount, Σ caps of positive weight), floored to the grain. Caps are floored to the
    grain first.
    """
    room = [cap.m3 // grain if weight else 0 for cap, weight in zip(caps, weights, strict=True)]
    grains = min(amount.m3 // grain, sum(room))
    exact = _water_fill(grains, [Fraction(weight) for weight in weights], room)
    parts = [int(share) for share in exact]
    by_fraction = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for position in by_fraction[: grains - sum(parts)]:
        parts[position] += 1
    return [Volume(part * grain) for part in parts]


def _water_fill(grains: int, weights: list[Fraction], room: list[int]) -> list[Fraction]:
    """Exact shares under caps: fix those that overflow, share the rest, until none overflows."""
    shares = [Fraction(0)] * len(weights)
    open_parts = [i for i, cap in enumerate(room) if cap]
    left = Fraction(grains)
    while open_parts and left:
        whole = sum(weights[i] for i in open_parts)
        full = [i for i in open_parts if left * weights[i] >= room[i] * whole]
        if not full:
            for i in open_parts:
                shares[i] = left * weights[i] / whole
            break
        for i in full:
            shares[i] = Fraction(room[i])
            left -= room[i]
        open_parts = [i for i in open_parts if i not in set(full)]
    return shares
