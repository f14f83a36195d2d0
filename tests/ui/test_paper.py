"""Probability paper: where points and curves stand, and what the axis says."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from shuiheng.core.volume import Volume
from shuiheng.ui.charts import ten_day_bars
from shuiheng.ui.paper import CURVE_AT, Curve, Point, ProbabilityPaper, probability_paper
from shuiheng.ui.tables import Column, Table

TABLE = Table([Column("年份")], [])


def paper(*points: tuple[float, float], **more: object) -> ProbabilityPaper:
    spots = [Point(p, value, "2001年") for p, value in points]
    curves = [Curve("适线法", [30 - 10 * p for p in CURVE_AT])]
    return probability_paper(spots, curves, unit="亿m³", table=TABLE, **more)  # type: ignore[arg-type]


def test_the_median_stands_in_the_middle_and_wet_years_on_the_left() -> None:
    wet, middle, dry = paper((0.1, 29.0), (0.5, 25.0), (0.9, 21.0)).points
    assert float(wet.x) + float(dry.x) == pytest.approx(2 * float(middle.x), abs=0.2)
    assert float(wet.x) < float(middle.x)
    assert float(wet.y) < float(middle.y) < float(dry.y)


def test_a_point_of_the_curve_lies_on_it() -> None:
    shown = paper((0.5, 25.0))
    (point,) = shown.points
    assert f"{point.x} {point.y}" in shown.curves[0].path


def test_an_axis_that_does_not_start_at_nothing_says_so() -> None:
    assert paper((0.5, 25.0)).says.startswith("纵轴从 20 亿m³起")
    assert "纵轴" not in paper((0.5, 0.0)).says


def test_a_mark_stands_at_its_height_within_the_paper() -> None:
    shown = paper((0.5, 25.0), mark=(33.0, "今年"))
    assert shown.mark is not None
    assert shown.top <= float(shown.mark.y) < float(shown.points[0].y)


def test_nothing_known_still_draws_the_paper() -> None:
    empty = probability_paper([], [], unit="亿m³", table=TABLE)
    assert (empty.points, empty.curves) == ([], [])
    assert "频率 P" in render_to_string("ui/charts/paper.svg.html", {"it": empty})


def test_thirty_six_bars_leave_gaps_empty() -> None:
    came: list[Volume | None] = [Volume(n * 10_000) for n in range(1, 37)]
    came[4] = None
    bars = ten_day_bars(came, [None] * 36, table=TABLE)
    assert (len(bars.actual), bars.plan, len(bars.months)) == (35, [], 12)
    places = [float(box.x) for box in bars.actual]
    assert places[4] - places[3] == pytest.approx(2 * (places[1] - places[0]), abs=0.2)
    with pytest.raises(AssertionError):
        ten_day_bars(came[:12], came[:12], table=TABLE)
