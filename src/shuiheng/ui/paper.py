"""Hazen probability paper (海森机率格纸) as inline SVG: points and frequency curves over the normal quantile of
the probability of exceedance, wet years on the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from statistics import NormalDist
from typing import ClassVar

from shuiheng.ui import figures, palette
from shuiheng.ui.charts import AxisLine, nice_step
from shuiheng.ui.parts import Part
from shuiheng.ui.tables import Table

WIDTH, HEIGHT = 820, 340
LEFT, RIGHT, ABOVE, BELOW = 44, 10, 10, 34
PERCENTS = (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99)
CURVE_AT = tuple(p / 200 for p in (*range(2, 20, 2), *range(20, 181, 4), *range(182, 199, 2)))
"""At which probabilities a curve wants its values: close to each other at both ends."""

_NORMAL = NormalDist()
_LOW, _HIGH = _NORMAL.inv_cdf(0.01), _NORMAL.inv_cdf(0.99)
_MOST_LINES = 6
_STROKES = ((palette.INK_2, "2 3", "1.5"), (palette.LOSS, "7 4", "1.5"), (palette.PRIMARY, "", "2"))


@dataclass(frozen=True)
class Point:
    p_exceed: float
    value: float
    text: str


@dataclass(frozen=True)
class Curve:
    """`values` at CURVE_AT."""

    label: str
    values: Sequence[float]


@dataclass(frozen=True)
class Stroke:
    path: str
    colour: str
    dashes: str
    width: str
    label: str


@dataclass(frozen=True)
class Spot:
    x: str
    y: str
    text: str


@dataclass(frozen=True)
class PaperLine:
    x: str
    text: str
    strong: bool


@dataclass(frozen=True)
class ProbabilityPaper(Part):
    template: ClassVar[str] = "ui/charts/paper.svg.html"
    unit: str
    width: int
    height: int
    base: int
    top: int
    across: list[AxisLine]
    upright: list[PaperLine]
    curves: list[Stroke]
    points: list[Spot]
    mark: AxisLine | None
    alternative: str
    table: Table
    says: str


def probability_paper(
    points: Sequence[Point],
    curves: Sequence[Curve],
    *,
    unit: str,
    table: Table,
    mark: tuple[float, str] | None = None,
    says: str = "",
) -> ProbabilityPaper:
    """`points` and `curves` in `unit`; the last curve is drawn strong, at most three fit. `mark` is a value with its
    name, drawn across. The axis does not start at 0 and says so. `table` holds the figures."""
    assert len(curves) <= len(_STROKES), "three curves can be told apart"
    shown = [p.value for p in points] + [v for curve in curves for v in curve.values]
    shown += [mark[0]] if mark else []
    low, high, step = _range(shown)
    scale = _Scale(low, high)
    lines = [low + step * n for n in range(int((high - low) / step) + 1)]
    starts = f"纵轴从 {figures.number(low, _decimals(step))} {unit}起。" if low > 0 else ""
    return ProbabilityPaper(
        unit=unit,
        width=WIDTH,
        height=HEIGHT,
        base=HEIGHT - BELOW,
        top=ABOVE,
        across=[
            AxisLine(_px(scale.y(float(v))), figures.number(v, _decimals(step))) for v in lines
        ],
        upright=[PaperLine(_px(scale.x(p / 100)), f"{p}", p == 50) for p in PERCENTS],
        curves=[
            _stroke(scale, curve, style)
            for curve, style in zip(curves, _STROKES[len(_STROKES) - len(curves) :], strict=True)
        ],
        points=[Spot(_px(scale.x(p.p_exceed)), _px(scale.y(p.value)), p.text) for p in points],
        mark=AxisLine(_px(scale.y(mark[0])), mark[1]) if mark else None,
        alternative=f"海森机率格纸：{len(points)} 个经验点据和 {len(curves)} 条频率曲线，数字见下表",
        table=table,
        says=starts + says,
    )


@dataclass(frozen=True)
class _Scale:
    low: Fraction
    high: Fraction

    def x(self, p_exceed: float) -> float:
        z = _NORMAL.inv_cdf(min(max(p_exceed, 0.01), 0.99))
        return LEFT + (z - _LOW) / (_HIGH - _LOW) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - float(self.low)) / float(self.high - self.low)
        return HEIGHT - BELOW - share * (HEIGHT - BELOW - ABOVE)


def _range(values: Sequence[float]) -> tuple[Fraction, Fraction, Fraction]:
    """Round ends around the values, and the step of the lines between them."""
    least, most = Fraction(min(values, default=0.0)), Fraction(max(values, default=1.0))
    step = nice_step(max(most - least, abs(most) / 100, Fraction(1, 10_000)), _MOST_LINES)
    low, high = floor(least / step) * step, ceil(most / step) * step
    return low, max(high, low + step), step


def _decimals(step: Fraction) -> int:
    decimals = 0
    while step * 10**decimals % 1 and decimals < 4:
        decimals += 1
    return decimals


def _stroke(scale: _Scale, curve: Curve, style: tuple[str, str, str]) -> Stroke:
    spots = zip(CURVE_AT, curve.values, strict=True)
    path = "L".join(f"{_px(scale.x(p))} {_px(scale.y(value))}" for p, value in spots)
    colour, dashes, width = style
    return Stroke(f"M{path}", colour, dashes, width, curve.label)


def _px(value: float) -> str:
    return f"{value:.1f}"
