"""Whole cubic metres: their arithmetic, and the two edges at which they are text."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import (
    MAX_VOLUME_M3,
    ZERO,
    Volume,
    floor_m3,
    format_number,
    parse_m3,
    total,
)

volumes = st.integers(-(10**15), 10**15).map(Volume)


@given(volumes, volumes, volumes)
def test_volumes_add_like_integers(a: Volume, b: Volume, c: Volume) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + ZERO == a
    assert a - b == a + -b
    assert ZERO - (ZERO - a) == a
    assert total([a, b, c]) == a + b + c
    assert (a < b) == (a.m3 < b.m3)
    assert (a <= b) == (not b < a)
    assert bool(a) == (a != ZERO)
    assert (a + b).m3 == a.m3 + b.m3


def test_the_sum_of_nothing_is_zero() -> None:
    assert total([]) == ZERO


@pytest.mark.parametrize("wrong", [1.0, True, "1", None, Decimal(1), Fraction(1)])
def test_only_a_whole_number_makes_a_volume(wrong: object) -> None:
    with pytest.raises(TypeError, match="whole m³"):
        Volume(wrong)  # type: ignore[arg-type]


def test_a_volume_is_neither_scaled_nor_mixed_with_bare_numbers() -> None:
    water = Volume(6)
    for operation in (
        lambda: water * 2,  # type: ignore[operator]
        lambda: water / 2,  # type: ignore[operator]
        lambda: water // 2,  # type: ignore[operator]
        lambda: water + 1,  # type: ignore[operator]
        lambda: water - 1,  # type: ignore[operator]
        lambda: water < 1,  # type: ignore[operator]
        lambda: sum([water]),  # type: ignore[list-item]
    ):
        with pytest.raises(TypeError):
            operation()
    assert water != 6


GOOD = [
    ("0", "m³", 0),
    ("12", "m³", 12),
    (" 1,234,567 ", "m³", 1_234_567),
    ("1 234", "m³", 1_234),
    ("12.0", "m³", 12),
    ("12.", "m³", 12),
    ("+7", "m³", 7),
    ("-7", "m³", -7),
    ("−7", "m³", -7),
    ("－７", "m³", -7),
    ("12.5", "万m³", 125_000),
    (".5", "万m³", 5_000),
    ("0.0001", "万m³", 1),
    ("25.02", "亿m³", 2_502_000_000),
    ("0.00000001", "亿m³", 1),
    ("１２．５", "万m³", 125_000),
    ("１，２３４", "m³", 1_234),
    ("12.5万", "m³", 125_000),
    ("12.5 万m³", "亿m³", 125_000),
    ("12.5万立方米", "m³", 125_000),
    ("3方", "万m³", 3),
    ("3立方米", "万m³", 3),
    ("3 m3", "万m³", 3),
    ("2亿", "m³", 200_000_000),
    ("2亿方", "m³", 200_000_000),
    ("1.2E+05", "m³", 120_000),  # what Excel shows of a narrow column
    ("1e3", "m³", 1_000),
    ("12e-1", "万m³", 12_000),
    (str(MAX_VOLUME_M3), "m³", MAX_VOLUME_M3),
]


@pytest.mark.parametrize(("text", "unit", "m3"), GOOD)
def test_what_is_typed_is_read(text: str, unit: str, m3: int) -> None:
    assert parse_m3(text, unit) == Volume(m3)


REFUSED = [
    ("", "m³", "volume.not_a_number"),
    ("   ", "m³", "volume.not_a_number"),
    (".", "m³", "volume.not_a_number"),
    ("-", "m³", "volume.not_a_number"),
    ("1.2.3", "m³", "volume.not_a_number"),
    ("1-2", "m³", "volume.not_a_number"),
    ("--5", "m³", "volume.not_a_number"),
    ("e5", "m³", "volume.not_a_number"),
    ("5e", "m³", "volume.not_a_number"),
    ("1e999999999", "m³", "volume.not_a_number"),
    ("1e-999999999", "m³", "volume.not_a_number"),
    ("9" * 41, "m³", "volume.not_a_number"),
    ("万", "m³", "volume.not_a_number"),
    ("NaN", "m³", "volume.not_a_number"),
    ("Infinity", "m³", "volume.not_a_number"),
    ("-inf", "m³", "volume.not_a_number"),
    ("1_000", "m³", "volume.unknown_unit"),
    ("0x10", "m³", "volume.unknown_unit"),
    ("１２吨", "m³", "volume.unknown_unit"),
    ("约 12", "m³", "volume.not_a_number"),
    ("٣", "m³", "volume.not_a_number"),
    ("1/3", "m³", "volume.unknown_unit"),
    (str(MAX_VOLUME_M3 + 1), "m³", "volume.too_large"),
    (str(-MAX_VOLUME_M3 - 1), "m³", "volume.too_large"),
    ("1e99", "m³", "volume.too_large"),
    ("10000001", "亿m³", "volume.too_large"),
    ("0.5", "m³", "volume.too_fine"),
    ("12.00001", "万m³", "volume.too_fine"),
    ("0.000000001", "亿m³", "volume.too_fine"),
    ("1e-99", "亿m³", "volume.too_fine"),
    ("0.99999999999999999999999999999999999", "m³", "volume.too_fine"),
]


@pytest.mark.parametrize(("text", "unit", "code"), REFUSED)
def test_what_cannot_be_a_volume_is_refused_in_words(text: str, unit: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_m3(text, unit)
    assert refused.value.code == code
    assert refused.value.sentence.endswith("。")


@given(st.text(alphabet="0123456789.,+-eE万亿m³3方 ０．", max_size=60))
def test_reading_never_fails_otherwise_than_by_a_refusal(text: str) -> None:
    with contextlib.suppress(Refusal):
        assert abs(parse_m3(text).m3) <= MAX_VOLUME_M3


@given(volumes)
def test_what_is_printed_is_read_back(volume: Volume) -> None:
    assert parse_m3(str(volume)) == volume
    assert parse_m3(volume.wan(4), "万m³") == volume
    assert parse_m3(volume.yi(8), "亿m³") == volume


@pytest.mark.parametrize(
    ("m3", "decimals", "wan"),
    [
        (0, 2, "0.00"),
        (50, 2, "0.01"),
        (49, 2, "0.00"),
        (-50, 2, "−0.01"),
        (-49, 2, "0.00"),
        (149, 2, "0.01"),
        (150, 2, "0.02"),
        (-150, 2, "−0.02"),
        (5_000, 0, "1"),
        (4_999, 0, "0"),
        (-5_000, 0, "−1"),
        (12_345_678, 2, "1,234.57"),
        (12_345_678, 4, "1,234.5678"),
        (99_999_950, 2, "10,000.00"),
    ],
)
def test_wan_rounds_half_away_from_zero(m3: int, decimals: int, wan: str) -> None:
    assert Volume(m3).wan(decimals) == wan


@pytest.mark.parametrize(
    ("m3", "decimals", "yi"),
    [
        (2_502_000_000, 2, "25.02"),
        (500_000, 2, "0.01"),
        (499_999, 2, "0.00"),
        (-500_000, 2, "−0.01"),
        (-499_999, 2, "0.00"),
        (123_456_789_012, 2, "1,234.57"),
    ],
)
def test_yi_rounds_half_away_from_zero(m3: int, decimals: int, yi: str) -> None:
    assert Volume(m3).yi(decimals) == yi


@given(volumes, st.integers(0, 6))
def test_a_printed_figure_is_within_half_of_its_last_digit(volume: Volume, decimals: int) -> None:
    printed = Fraction(volume.wan(decimals).replace(",", "").replace("−", "-"))
    assert abs(printed - Fraction(volume.m3, 10_000)) <= Fraction(1, 2 * 10**decimals)


def test_a_volume_says_its_unit_and_a_true_minus() -> None:
    assert str(Volume(-1_234_567)) == "−1,234,567 m³"
    assert format_number(-5) == "−5"


@pytest.mark.parametrize(
    ("exact", "m3"),
    [(Fraction(7, 2), 3), (Fraction(-7, 2), -3), (Decimal("3.999"), 3), (5, 5), (Fraction(0), 0)],
)
def test_floor_goes_towards_zero(exact: Fraction | Decimal | int, m3: int) -> None:
    assert floor_m3(exact) == Volume(m3)
