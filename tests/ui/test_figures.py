from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.volume import Volume
from shuiheng.ui import figures

volumes = st.integers(-(10**12), 10**12).map(Volume)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234567, 0, "1,234,567"),
        (-1080, 0, "−1,080"),
        (Decimal("0.125"), 2, "0.13"),
        (Fraction(-1, 8), 2, "−0.13"),
        (0, 2, "0.00"),
        (Decimal("-0.001"), 2, "0.00"),
    ],
)
def test_numbers_have_commas_a_true_minus_and_round_half_up(value, decimals, text):
    assert figures.number(value, decimals) == text


def test_a_sign_is_shown_on_a_rise_and_never_on_nothing():
    assert [figures.number(n, signed=True) for n in (1234, -1234, 0)] == ["+1,234", "−1,234", "0"]
    assert figures.number(Decimal("0.4"), signed=True) == "0"


def test_units_have_their_decimals():
    volume = Volume(123_456_789)
    assert figures.in_unit(volume, "m³") == "123,456,789"
    assert figures.in_unit(volume, "万m³") == "12,345.68"
    assert figures.in_unit(volume, "万m³", 0) == "12,346"
    assert figures.in_unit(volume, "亿m³") == "1.23"


@given(volumes)
def test_what_a_field_holds_loses_nothing(volume):
    text = figures.exact_in(volume, "万m³").replace(",", "").replace("−", "-")
    assert Decimal(text) * 10_000 == volume.m3


@given(st.lists(volumes, max_size=8), st.integers(0, 2))
def test_printed_rows_add_up_to_the_printed_sum(parts, decimals):
    whole = Volume(sum(part.m3 for part in parts))
    printed = figures.in_unit_adding_up(parts, "万m³", decimals)
    read = [Decimal(text.replace(",", "").replace("−", "-")) for text in printed]
    assert figures.number(sum(read, Decimal(0)), decimals) == figures.in_unit(
        whole, "万m³", decimals
    )
    step = Decimal(10_000) / 10**decimals
    assert all(abs(r * 10_000 - part.m3) < step for r, part in zip(read, parts, strict=True))


def test_rows_that_would_not_add_up_when_rounded_alone():
    thirds = [Volume(3_333)] * 3
    assert [figures.in_unit(v, "万m³", 1) for v in thirds] == ["0.3", "0.3", "0.3"]
    assert figures.in_unit_adding_up(thirds, "万m³", 1) == ["0.4", "0.3", "0.3"]


def test_percentages():
    assert figures.percent(Fraction(71, 100)) == "71.0%"
    assert figures.percent(Fraction(-18, 1000), signed=True) == "−1.8%"
    assert figures.percent(0.10, signed=True) == "+10.0%"


def test_a_change_says_times_where_a_percentage_says_nothing():
    assert figures.change(Volume(864_000), Volume(612_000)) == "+41.2%"
    assert figures.change(Volume(412_000_000), Volume(43_000)) == "×9,581"
    assert figures.change(Volume(1), Volume(0)) == "新增"
    assert figures.change(Volume(0), Volume(0)) == "0"


def test_dates_are_beijing_dates():
    late = datetime(2026, 9, 17, 18, 30, tzinfo=UTC)
    assert figures.day(late) == "9月18日"
    assert figures.moment(late) == "9月18日 02:30"
    assert figures.day_full(date(2026, 9, 18)) == "2026年9月18日 星期五"


def test_any_value_is_written_in_its_unit():
    assert figures.written(None) == "—"
    assert figures.written(Volume(864_000), "万m³") == "86.40"
    assert figures.written(Fraction(1, 8), "%", signed=True) == "+12.5%"
    assert figures.written(1560) == "1,560"
    assert figures.written("暂无") == "暂无"


def test_a_share_of_a_length_never_exceeds_it():
    assert figures.percent_of(1, 3) == "33.33%"
    assert figures.percent_of(7, 7) == "100.00%"
