"""Sharing to the cubic metre, against an oracle of exact fractions that shares no code with it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.apportion import apportion, apportion_capped
from shuiheng.core.volume import Volume, total

amounts = st.integers(0, 10**12)
weights = st.integers(0, 10**6) | st.fractions(0, 10, max_denominator=97)
grains = st.sampled_from([1, 10, 10_000])
capped = st.lists(st.tuples(weights, st.integers(0, 10**9)), min_size=1, max_size=12)


def in_grains(parts: list[Volume], grain: int) -> list[int]:
    assert all(part.m3 % grain == 0 for part in parts)
    return [part.m3 // grain for part in parts]


def exact_level(grains_: int, weights_: list[Fraction], caps: list[int]) -> list[Fraction]:
    """Σ min(cap, level × weight) = grains, solved by walking up the caps in the order they fill."""
    filling = sorted((Fraction(c) / w, c, w) for w, c in zip(weights_, caps, strict=True) if w)
    full, slope = Fraction(0), sum((w for _, _, w in filling), Fraction(0))
    level = Fraction(0)
    for at, cap, weight in filling:
        if full + slope * at >= grains_:
            break
        full, slope, level = full + cap, slope - weight, at
    if slope:
        level = (grains_ - full) / slope
    return [min(Fraction(c), level * w) for w, c in zip(weights_, caps, strict=True)]


@given(amounts, st.lists(weights, min_size=1, max_size=20), grains)
def test_parts_add_up_and_stay_within_one_grain(
    amount: int, given_weights: list[int | Fraction], grain: int
) -> None:
    parts = in_grains(apportion(Volume(amount), given_weights, grain=grain), grain)
    whole = sum(map(Fraction, given_weights))
    if not whole:
        assert set(parts) == {0}
        return
    assert sum(parts) == amount // grain
    for part, weight in zip(parts, given_weights, strict=True):
        assert abs(part - Fraction(amount // grain) * Fraction(weight) / whole) < 1
        assert weight or not part, "no weight, no water"


@given(amounts, st.lists(weights, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_list_decides_between_equals_only(
    amount: int, given_weights: list[int | Fraction], chance: object
) -> None:
    order = list(range(len(given_weights)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    before = apportion(Volume(amount), given_weights)
    after = apportion(Volume(amount), [given_weights[i] for i in order])
    whole = sum(map(Fraction, given_weights))
    if not whole:
        return
    rest = [Fraction(amount) * Fraction(weight) / whole % 1 for weight in given_weights]
    for place, i in enumerate(order):
        if rest.count(rest[i]) == 1:
            assert after[place] == before[i]
        assert abs((after[place] - before[i]).m3) <= 1


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(1, 1000))
def test_only_the_proportion_of_weights_counts(
    amount: int, given_weights: list[int], k: int
) -> None:
    scaled = [weight * k for weight in given_weights]
    assert apportion(Volume(amount), scaled) == apportion(Volume(amount), given_weights)


def test_between_equal_remainders_the_earlier_is_first() -> None:
    assert apportion(Volume(2), [1, 1, 1]) == [Volume(1), Volume(1), Volume(0)]


def test_one_cubic_metre_more_may_take_one_from_a_part() -> None:
    """The known price of largest remainders: parts do not grow in step with the amount. No caller may
    build on that, so a changed total is always shared anew."""
    assert apportion(Volume(10), [6, 6, 2]) == [Volume(4), Volume(4), Volume(2)]
    assert apportion(Volume(11), [6, 6, 2]) == [Volume(5), Volume(5), Volume(1)]


@pytest.mark.parametrize(("amount", "given_weights"), [(-1, [1]), (1, [1, -1])])
def test_nothing_negative_is_shared(amount: int, given_weights: list[int]) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        apportion(Volume(amount), given_weights)


def test_no_parts_no_shares() -> None:
    assert apportion(Volume(5), []) == []
    assert apportion_capped(Volume(5), [], []) == []


@given(amounts, capped, grains)
def test_capped_parts_add_up_stay_under_their_caps_and_near_the_exact_share(
    amount: int, rows: list[tuple[int | Fraction, int]], grain: int
) -> None:
    given_weights = [weight for weight, _ in rows]
    caps = [cap for _, cap in rows]
    shared = apportion_capped(Volume(amount), given_weights, [Volume(c) for c in caps], grain=grain)
    parts = in_grains(shared, grain)
    room = [cap // grain if weight else 0 for weight, cap in rows]
    wanted = min(amount // grain, sum(room))
    assert sum(parts) == wanted
    for part, cap in zip(parts, room, strict=True):
        assert 0 <= part <= cap
    exact = exact_level(wanted, [Fraction(w) for w in given_weights], room)
    for part, share in zip(parts, exact, strict=True):
        assert abs(part - share) < 1


@given(amounts, st.lists(weights, min_size=1, max_size=12))
def test_caps_that_never_bind_change_nothing(
    amount: int, given_weights: list[int | Fraction]
) -> None:
    if not any(given_weights):
        return
    wide = [Volume(amount + 1)] * len(given_weights)
    free = apportion(Volume(amount), given_weights)
    assert apportion_capped(Volume(amount), given_weights, wide) == free


def test_what_a_full_part_cannot_take_goes_to_the_others_by_weight() -> None:
    parts = apportion_capped(Volume(100), [2, 1, 1], [Volume(20), Volume(99), Volume(99)])
    assert parts == [Volume(20), Volume(40), Volume(40)]
    assert total(parts) == Volume(100)
    assert apportion_capped(Volume(10), [1, 0], [Volume(3), Volume(9)]) == [Volume(3), Volume(0)]
