"""丰增枯减: surface by the factor, nothing else; living water first; the permit a ceiling; never twice."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Severity
from shuiheng.core.vocabulary import Source, WetnessIncluded
from shuiheng.core.volume import Volume, parse_m3
from shuiheng.hydrology.pearson3 import Pearson3
from shuiheng.hydrology.wetness import (
    WetnessClass,
    YearFigure,
    class_of,
    factor_for,
    factor_of,
    scale_for_wetness,
)

NO, YES, UNKNOWN = WetnessIncluded.NO, WetnessIncluded.YES, WetnessIncluded.UNKNOWN
CLASSES = [WetnessClass(*row) for row in (("丰", 1250), ("偏丰", 3750), ("平", 6250), ("偏枯", 8750), ("枯", 10000))]  # fmt: skip
FIRST_SERIES = Pearson3(29.3, 0.13, 6 * 0.13)


def test_the_vector_of_a_dry_year() -> None:
    """P = 75 % of the first series: 26.56 / 29.3 → 0.906 (R20)."""
    assert factor_of(parse_m3("26.56", "亿m³"), parse_m3("29.3", "亿m³")) == 9064
    assert round(factor_for(0.75, FIRST_SERIES) / 10_000, 3) == 0.906
    assert factor_for(0.95, FIRST_SERIES) == pytest.approx(8210, abs=30)
    assert factor_for(0.2, FIRST_SERIES) == pytest.approx(11010, abs=10)


def test_a_factor_is_exact_and_never_rounded_up() -> None:
    assert factor_of(Volume(2), Volume(3)) == 6666
    assert factor_for(0.5, Pearson3(3, 0.2, 0)) == 10_000
    assert factor_for(0.999, Pearson3(3, 1.5, 0.1)) == 0
    for wrong in ((Volume(1), Volume(0)), (Volume(-1), Volume(5))):
        with pytest.raises(ValueError, match="no wetness factor"):
            factor_of(*wrong)


@pytest.mark.parametrize(
    ("p", "name"),
    [(1, "丰"), (1250, "丰"), (1251, "偏丰"), (6250, "平"), (8750, "偏枯"), (8751, "枯"), (10000, "枯")],
)  # fmt: skip
def test_classes_reach_up_to_their_threshold(p: int, name: str) -> None:
    assert class_of(p, CLASSES) == name
    assert class_of(p, []) == ""


def test_surface_water_is_scaled_down_to_the_cubic_metre() -> None:
    scaled = scale_for_wetness(Source.SURFACE, YearFigure(Volume(1001), NO), 9064)
    assert scaled.figure == YearFigure(Volume(907), YES)
    assert "0.9064" in scaled.findings[0].sentence


@pytest.mark.parametrize("source", [Source.GROUND, Source.TRANSFERRED, Source.UNCONVENTIONAL])
@pytest.mark.parametrize("factor", [0, 9000, 12_000])
def test_nothing_else_is_scaled(source: Source, factor: int) -> None:
    scaled = scale_for_wetness(source, YearFigure(Volume(700), NO), factor)
    assert scaled.figure.volume == Volume(700)
    assert [f.code for f in scaled.findings] == ["wetness.not_surface"]


@pytest.mark.parametrize(
    ("included", "code"), [(YES, "wetness.included"), (UNKNOWN, "wetness.unknown")]
)
def test_what_contains_it_or_may_is_left_alone(included: WetnessIncluded, code: str) -> None:
    scaled = scale_for_wetness(Source.SURFACE, YearFigure(Volume(700), included), 5000)
    assert scaled.figure == YearFigure(Volume(700), included)
    assert [f.code for f in scaled.findings] == [code]


@given(st.sampled_from(Source), st.integers(0, 10**12), st.integers(0, 20_000))
def test_twice_is_once(source: Source, m3: int, factor: int) -> None:
    once = scale_for_wetness(source, YearFigure(Volume(m3), NO), factor)
    again = scale_for_wetness(source, once.figure, factor)
    assert again.figure == once.figure
    assert [f.code for f in again.findings] == ["wetness.included"]


@given(st.integers(0, 10**12), st.integers(0, 30_000), st.integers(0, 10**12), st.integers(0, 10**12))  # fmt: skip
def test_living_water_first_and_the_permit_above_all(
    m3: int, factor: int, living: int, permit: int
) -> None:
    scaled = scale_for_wetness(
        Source.SURFACE,
        YearFigure(Volume(m3), NO),
        factor,
        domestic=Volume(living),
        permit=Volume(permit),
    )
    after = scaled.figure.volume
    assert scaled.domestic + scaled.others == after
    assert scaled.domestic == min(Volume(living), after)
    exact = Fraction(m3 * factor, 10_000)
    if factor > 10_000:
        assert after == min(Volume(int(exact)), Volume(permit))
    else:
        assert after == Volume(int(exact)) <= Volume(m3)
    short = [f for f in scaled.findings if f.code == "wetness.domestic_short"]
    assert bool(short) == (living > after.m3)
    assert all(f.severity is Severity.MUST_FIX for f in short)


def test_a_permit_that_binds_is_said() -> None:
    scaled = scale_for_wetness(
        Source.SURFACE, YearFigure(Volume(1000), NO), 12_000, permit=Volume(1100)
    )
    assert scaled.figure.volume == Volume(1100)
    assert [f.code for f in scaled.findings] == ["wetness.scaled", "wetness.permit"]


def test_no_negative_factor() -> None:
    with pytest.raises(ValueError, match="negative"):
        scale_for_wetness(Source.SURFACE, YearFigure(Volume(1), NO), -1)
