"""Charts as data: pure functions from volumes to boxes and lines, drawn on the server as inline SVG.

Everything visible is an attribute, so a chart prints, exports and works without script. Every chart has its table
one click away. Bars start at 0; where an axis does not, it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from shuiheng.core.apportion import apportion
from shuiheng.core.clock import MONTHS
from shuiheng.core.volume import M3_PER_WAN, Volume, total
from shuiheng.ui import figures, palette
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import Chip, Link, Part, State
from shuiheng.ui.tables import Column, Row, Table

_STEPS = (1, 2, 5)
_MOST_TICKS = 5


def nice_ticks(largest: Fraction, most: int = _MOST_TICKS) -> list[Fraction]:
    """0 and round figures up to at least `largest`, at most `most` steps of 1, 2 or 5 × 10ⁿ."""
    if largest <= 0:
        return [Fraction(0), Fraction(1)]
    step = nice_step(largest, most)
    return [step * n for n in range(ceil(largest / step) + 1)]


def nice_step(span: Fraction, most: int) -> Fraction:
    """The smallest of 1, 2, 5 × 10ⁿ of which `most` cover `span`."""
    power = Fraction(1)
    while power * most >= span:
        power /= 10
    while True:
        for leading in _STEPS:
            if power * leading * most >= span:
                return power * leading
        power *= 10


def _axis_text(value: Fraction) -> str:
    decimals = 0
    while value * 10**decimals % 1 and decimals < 4:
        decimals += 1
    return figures.number(value, decimals)


def _px(value: Fraction | float) -> str:
    return f"{float(value):.1f}"


# -- a year by month against plan -----------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A rectangle in the chart's own pixels."""

    x: str
    y: str
    width: str
    height: str
    text: str = ""


@dataclass(frozen=True)
class AxisLine:
    y: str
    text: str


@dataclass(frozen=True)
class MonthBars(Part):
    """Solid bars (actual) inside outlined ones (plan), the estimated part hatched on top, all twelve months.
    `step_line` is another year's months as a stepped line."""

    template: ClassVar[str] = "ui/charts/month_bars.svg.html"
    name: str
    size: str
    width: int
    height: int
    unit: str
    base: str
    axis: list[AxisLine]
    months: list[tuple[str, str]]
    plan: list[Box]
    actual: list[Box]
    estimated: list[Box]
    step_line: str
    line_label: str
    actual_label: str
    alternative: str
    table: Table
    says: str = ""
    plan_label: str = "计划"


SIZES = {"panel": (392, 180), "case": (440, 124), "wide": (820, 220)}
_THICK, _THIN = Fraction(62, 100), Fraction(42, 100)  # of a month's place: the plan, the bar in it


@dataclass(frozen=True)
class _Plot:
    """Where twelve months, or 36 旬, stand: margins for axis and month names, `top` the figure at the upper edge."""

    width: int
    height: int
    per: int
    top: Fraction
    slots: int = len(MONTHS)

    left: ClassVar[int] = 30
    right: ClassVar[int] = 4
    above: ClassVar[int] = 10
    below: ClassVar[int] = 22

    @property
    def base(self) -> int:
        return self.height - self.below

    @property
    def slot(self) -> Fraction:
        return Fraction(self.width - self.left - self.right, self.slots)

    def tall(self, value: Fraction) -> Fraction:
        return max(value, Fraction(0)) / self.top * (self.base - self.above)

    def rise(self, volume: Volume) -> Fraction:
        return self.tall(Fraction(volume.m3, self.per))

    def middle(self, index: int) -> Fraction:
        return self.left + self.slot * (index + Fraction(1, 2))

    def bar(self, index: int, volume: Volume, share: Fraction, lift: Fraction = Fraction(0)) -> Box:
        tall, width = self.rise(volume), self.slot * share
        left = self.middle(index) - width / 2
        return Box(_px(left), _px(self.base - lift - tall), _px(width), _px(tall))

    def steps(self, volumes: Sequence[Volume | None]) -> str:
        """A stepped line through the months that are known, broken at those that are not."""
        path, drawing = [], False
        for index, volume in enumerate(volumes):
            if volume is None:
                drawing = False
                continue
            left, y = _px(self.left + self.slot * index), _px(self.base - self.rise(volume))
            path.append(f"L{left} {y}" if drawing else f"M{left} {y}")
            path.append(f"H{_px(self.left + self.slot * (index + 1))}")
            drawing = True
        return "".join(path)


def month_bars(
    actual: Sequence[Volume | None],
    plan: Sequence[Volume | None] = (),
    *,
    estimated: Sequence[Volume | None] = (),
    line: Sequence[Volume | None] = (),
    unit: str = figures.WAN,
    name: str = "months",
    size: str = "panel",
    actual_label: str = "实际",
    line_label: str = "上年实际",
    says: str = "",
) -> MonthBars:
    """Twelve months, January first; None is not yet known and leaves its place empty.

    `estimated` is the part of `actual` that is 暂估. `name` tells two charts of one page apart;
    `size` is panel, case (low) or wide.
    """
    done, planned, guessed, other = (_twelve(s) for s in (actual, plan, estimated, line))
    per = M3_PER_WAN if unit == figures.WAN else 1
    largest = max((v.m3 for v in [*done, *planned, *other] if v), default=0)
    ticks = nice_ticks(Fraction(largest, per), 3 if size == "case" else _MOST_TICKS)
    width, height = SIZES[size]
    plot = _Plot(width, height, per, ticks[-1])
    solid, hatched = _bars(plot, done, guessed)
    return MonthBars(
        name=name,
        size=size,
        width=width,
        height=height,
        unit=unit,
        base=str(plot.base),
        axis=[AxisLine(_px(plot.base - plot.tall(t)), _axis_text(t)) for t in ticks],
        months=[(_px(plot.middle(m - 1)), f"{m}月" if m == 1 else str(m)) for m in MONTHS],
        plan=[plot.bar(i, v, _THICK) for i, v in enumerate(planned) if v is not None],
        actual=solid,
        estimated=hatched,
        step_line=plot.steps(other),
        line_label=line_label,
        actual_label=actual_label,
        alternative=f"各月{actual_label}{'与计划' if plan else ''}，单位{unit}，数字见下表",
        table=_months_table(
            unit,
            [(actual_label, done), ("其中暂估", guessed), ("计划", planned), (line_label, other)],
        ),
        says=says,
    )


TEN_DAYS_A_MONTH = 3


def ten_day_bars(
    observed: Sequence[Volume | None],
    forecast: Sequence[Volume | None],
    *,
    table: Table,
    name: str = "ten_days",
    says: str = "",
) -> MonthBars:
    """36 旬 of a year in 万m³: what came as solid bars inside outlined ones of the forecast. None leaves its
    place empty. `table` holds the same figures."""
    assert len(observed) == len(forecast) == len(MONTHS) * TEN_DAYS_A_MONTH, "all 36, known or not"
    largest = max((v.m3 for v in [*observed, *forecast] if v), default=0)
    ticks = nice_ticks(Fraction(largest, M3_PER_WAN))
    width, height = SIZES["wide"]
    plot = _Plot(width, height, M3_PER_WAN, ticks[-1], len(observed))
    return MonthBars(
        name=name,
        size="wide",
        width=width,
        height=height,
        unit=figures.WAN,
        base=str(plot.base),
        axis=[AxisLine(_px(plot.base - plot.tall(t)), _axis_text(t)) for t in ticks],
        months=[(_px(plot.middle(m * TEN_DAYS_A_MONTH - 2)), f"{m}月") for m in MONTHS],
        plan=[plot.bar(i, v, _THICK) for i, v in enumerate(forecast) if v is not None],
        actual=_bars(plot, list(observed), [None] * len(observed))[0],
        estimated=[],
        step_line="",
        line_label="",
        actual_label="实测",
        plan_label="预报",
        alternative=f"各旬实测与预报来水，单位{figures.WAN}，数字见下表",
        table=table,
        says=says,
    )


def _twelve(volumes: Sequence[Volume | None]) -> list[Volume | None]:
    assert len(volumes) in (0, len(MONTHS)), "a chart of months takes all twelve, or none"
    return list(volumes) or [None] * len(MONTHS)


def _bars(
    plot: _Plot, done: list[Volume | None], guessed: list[Volume | None]
) -> tuple[list[Box], list[Box]]:
    solid, hatched = [], []
    for index, volume in enumerate(done):
        if volume is None:
            continue
        guess = guessed[index] or Volume(0)
        sure = volume - guess
        solid.append(plot.bar(index, sure, _THIN))
        if guess:
            hatched.append(plot.bar(index, guess, _THIN, plot.rise(sure)))
    return solid, hatched


def _months_table(unit: str, series: list[tuple[str, list[Volume | None]]]) -> Table:
    shown = [(head, volumes) for head, volumes in series if any(volumes)]
    columns = [Column("月份"), *(Column(head, unit, kind="figure") for head, _ in shown)]
    rows = [Row([f"{m}月", *(volumes[m - 1] for _, volumes in shown)]) for m in MONTHS]
    sums = ["合计", *(total(v for v in volumes if v is not None) for _, volumes in shown)]
    return Table(columns, rows, sums=sums, tight=True)


# -- how far is each area -------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """One area, or source, or unit, against its quota. `plan` is what the plan had reached by the date."""

    label: str
    used: Volume
    quota: Volume
    plan: Volume | None = None
    state: State = State.NORMAL
    url: str = ""

    @property
    def against_plan(self) -> Fraction | None:
        """(used − plan) / plan; None without a plan."""
        if self.plan is None or not self.plan:
            return None
        return Fraction(self.used.m3 - self.plan.m3, self.plan.m3)

    @property
    def share(self) -> Fraction | None:
        return Fraction(self.used.m3, self.quota.m3) if self.quota else None


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """What needs a hand first stands first: by 比计划, then by the share of the quota."""
    nothing = Fraction(-10)
    return sorted(
        standings, key=lambda s: (s.against_plan or nothing, s.share or nothing), reverse=True
    )


def ranked_gauges(
    standings: Sequence[Standing],
    *,
    whole: Standing | None = None,
    unit: str = figures.WAN,
    decimals: int | None = 0,
    head: str = "行政区域",
) -> Table:
    """The sorted table with gauges, numbered as on the map; `whole` is its last row."""
    columns = [
        Column(head),
        Column("额度", unit, kind="figure", decimals=decimals),
        Column("已用", unit, kind="figure", decimals=decimals, strong=True),
        Column("已用 / 额度　┃计划进度", kind="mark"),
        Column("比计划", "%", kind="figure", signed=True),
        Column("状态"),
    ]
    rows = [
        Row(_standing_cells(standing, unit), number=number)
        for number, standing in enumerate(ranked(standings), start=1)
    ]
    sums = _standing_cells(whole, unit) if whole else []
    return Table(columns, rows, sums=sums)


def _standing_cells(standing: Standing, unit: str) -> list[object]:
    gauge = Gauge(standing.used, standing.quota, standing.plan, standing.state, unit)
    return [
        Link(standing.label, standing.url),
        standing.quota,
        standing.used,
        gauge,
        standing.against_plan,
        Chip.of(standing.state),
    ]


# -- shares, gains and losses ---------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    label: str
    volume: Volume
    colour: str


@dataclass(frozen=True)
class SharePiece:
    x: str
    width: str
    colour: str
    label: str
    figure: str
    percent: str


@dataclass(frozen=True)
class ShareBar(Part):
    """One stacked bar with its legend: shares of sources or sectors. No pie."""

    template: ClassVar[str] = "ui/charts/share_bar.svg.html"
    pieces: list[SharePiece]
    unit: str
    alternative: str


def share_bar(
    shares: Sequence[Share], *, unit: str = figures.WAN, decimals: int | None = None
) -> ShareBar:
    """Every share with its figure and percentage; shares of 0 stay in the legend. Percentages add up to 100."""
    whole = sum(share.volume.m3 for share in shares)
    tenths = apportion(Volume(1000 if whole else 0), [share.volume.m3 for share in shares])
    pieces, done = [], 0
    for share, tenth in zip(shares, tenths, strict=True):
        pieces.append(
            SharePiece(
                figures.percent_of(done, whole or 1),
                figures.percent_of(share.volume.m3, whole or 1),
                share.colour,
                share.label,
                figures.in_unit(share.volume, unit, decimals),
                figures.number(Fraction(tenth.m3, 10), 1) + "%",
            )
        )
        done += share.volume.m3
    alternative = "，".join(f"{piece.label} {piece.figure}（{piece.percent}）" for piece in pieces)
    return ShareBar(pieces, unit, f"{alternative}，单位{unit}")


@dataclass(frozen=True)
class DivergingBar(Part):
    """A change to the left (loss) or right (gain) of the middle line, on the scale of its column."""

    template: ClassVar[str] = "ui/charts/diverging_bar.svg.html"
    x: str
    width: str
    colour: str
    alternative: str


def diverging_bars(
    changes: Sequence[Volume], *, unit: str = figures.WAN, decimals: int | None = None
) -> list[DivergingBar]:
    """One bar for each change, all on one scale, for the cells of a table sorted by the change."""
    largest = max((abs(change.m3) for change in changes), default=0) or 1
    bars = []
    for change in changes:
        half = abs(change.m3) * 50 * 100 // largest
        left = 5000 - half if change.m3 < 0 else 5000
        bars.append(
            DivergingBar(
                figures.percent_of(left, 10_000),
                figures.percent_of(half, 10_000),
                palette.LOSS if change.m3 < 0 else palette.GAIN,
                f"{figures.in_unit(change, unit, decimals, signed=True)} {unit}",
            )
        )
    return bars
