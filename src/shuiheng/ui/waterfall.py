"""Why less or more: a horizontal waterfall in the rows of its table, ends grey, the sum spelled out below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from shuiheng.core.volume import Volume, total
from shuiheng.ui import figures, palette
from shuiheng.ui.charts import nice_step
from shuiheng.ui.parts import Part

_BROKEN_ABOVE = Fraction(
    1, 2
)  # an axis starts above 0 when the lowest figure is over half the highest
_MOST_TICKS = 4


@dataclass(frozen=True)
class End:
    """Where the year stood, or stands: 2025 年基准额度, with its document as `note`."""

    label: str
    volume: Volume
    note: str = ""


@dataclass(frozen=True)
class Move:
    """One reason and what it changed."""

    label: str
    change: Volume
    note: str = ""


@dataclass(frozen=True)
class Neighbour:
    """A column beside it: the same reasons somewhere else."""

    head: str
    start: Volume
    changes: Sequence[Volume]
    end: Volume


@dataclass(frozen=True)
class Fall:
    """A row as it is drawn: the bar from `x`, the line that comes in from above and the one that goes on."""

    label: str
    note: str
    figure: str
    tone: str
    x: str
    width: str
    colour: str
    comes_at: str
    goes_at: str
    neighbours: list[tuple[str, str]]
    is_end: bool


@dataclass(frozen=True)
class Waterfall(Part):
    template: ClassVar[str] = "ui/charts/waterfall.svg.html"
    head: str
    unit: str
    rows: list[Fall]
    ticks: list[tuple[str, str]]
    starts_at: str  # 从 13,400 起, or '' when the axis starts at 0
    neighbour_heads: list[str]
    change: str
    change_percent: str
    arithmetic: str
    neighbour_changes: list[tuple[str, str]]

    @property
    def lines(self) -> list[tuple[Fall, list[tuple[str, str, str]]]]:
        """Each row, and for each neighbour its head (a phone shows it beside the figure), figure and tone."""
        return [
            (
                row,
                [
                    (head, text, tone)
                    for head, (text, tone) in zip(self.neighbour_heads, row.neighbours, strict=True)
                ],
            )
            for row in self.rows
        ]


def waterfall(
    head: str,
    start: End,
    moves: Sequence[Move],
    end: End,
    *,
    neighbours: Sequence[Neighbour] = (),
    unit: str = figures.WAN,
    decimals: int = 0,
) -> Waterfall:
    """`start` + Σ changes = `end` exactly, else AssertionError: an explanation that does not add up is our bug.

    Printed figures are rounded so that they add up as printed.
    """
    assert start.volume + total(m.change for m in moves) == end.volume, "the reasons must add up"
    levels = [start.volume.m3]
    for move in moves:
        levels.append(levels[-1] + move.change.m3)
    axis = _Axis.around(levels, unit)
    columns = [_printed(start.volume, [m.change for m in moves], unit, decimals)]
    columns += [_printed(n.start, list(n.changes), unit, decimals) for n in neighbours]
    return Waterfall(
        head=head,
        unit=unit,
        rows=_rows(start, moves, end, levels, axis, columns),
        ticks=axis.ticks,
        starts_at=axis.starts_at,
        neighbour_heads=[neighbour.head for neighbour in neighbours],
        change=figures.in_unit(end.volume - start.volume, unit, decimals, signed=True),
        change_percent=_percent(start.volume, end.volume),
        arithmetic=_arithmetic(columns[0]),
        neighbour_changes=[
            (
                figures.in_unit(n.end - n.start, unit, decimals, signed=True),
                _percent(n.start, n.end),
            )
            for n in neighbours
        ],
    )


@dataclass(frozen=True)
class _Axis:
    """From `low` to `high` m³ across the width of the cell; 4 % stay free at the right."""

    low: int
    high: int
    ticks: list[tuple[str, str]]
    starts_at: str

    @classmethod
    def around(cls, levels: Sequence[int], unit: str) -> _Axis:
        per = figures.m3_per(unit)
        lowest, highest = min([*levels, 0]), max([*levels, 1])
        broken = min(levels) > highest * _BROKEN_ABOVE
        span = highest - min(levels) if broken else highest - lowest
        step = int(nice_step(Fraction(max(span, 1), per), _MOST_TICKS) * per) or 1
        low = lowest
        if broken:
            fine = int(nice_step(Fraction(step, 5 * per), 1) * per) or 1
            low = max((min(levels) - span // 4) // fine * fine, 0)
        high = highest + (highest - low) // 25 + 1
        clear = low + (high - low) * 8 // 100 if low else low  # half a figure fits left of it
        marks = range(ceil(Fraction(clear, step)) * step, highest + 1, step)
        return cls(
            low,
            high,
            [
                (figures.percent_of(m - low, high - low), figures.number(Fraction(m, per)))
                for m in marks
            ],
            f"从 {figures.number(Fraction(low, per))} 起" if broken and low else "",
        )

    def at(self, m3: int) -> str:
        return figures.percent_of(m3 - self.low, self.high - self.low)

    def long(self, m3: int) -> str:
        return figures.percent_of(m3, self.high - self.low)


def _rows(
    start: End,
    moves: Sequence[Move],
    end: End,
    levels: list[int],
    axis: _Axis,
    columns: list[list[str]],
) -> list[Fall]:
    rows = [_end_row(start, axis, [c[0] for c in columns], goes_at=axis.at(levels[0]))]
    for place, move in enumerate(moves):
        before, after = levels[place], levels[place + 1]
        rows.append(
            Fall(
                label=move.label,
                note=move.note,
                figure=columns[0][place + 1],
                tone=_tone(columns[0][place + 1]),
                x=axis.at(min(before, after)),
                width=axis.long(abs(after - before)),
                colour=palette.LOSS if after < before else palette.GAIN,
                comes_at=axis.at(before),
                goes_at=axis.at(after),
                neighbours=[(c[place + 1], _tone(c[place + 1])) for c in columns[1:]],
                is_end=False,
            )
        )
    rows.append(_end_row(end, axis, [c[-1] for c in columns], comes_at=axis.at(levels[-1])))
    return rows


def _end_row(
    end: End, axis: _Axis, texts: list[str], *, comes_at: str = "", goes_at: str = ""
) -> Fall:
    return Fall(
        label=end.label,
        note=end.note,
        figure=texts[0],
        tone="",
        x="0%",
        width=axis.at(end.volume.m3),
        colour=palette.INK_2,
        comes_at=comes_at,
        goes_at=goes_at,
        neighbours=[(text, "") for text in texts[1:]],
        is_end=True,
    )


def _printed(start: Volume, changes: list[Volume], unit: str, decimals: int) -> list[str]:
    """Start, signed changes and end as printed: the end is the printed sum of what stands above it."""
    steps = figures.adding_up([start, *changes], unit, decimals)
    scale = 10**decimals
    first = figures.number(Fraction(steps[0], scale), decimals)
    signed = [figures.number(Fraction(s, scale), decimals, signed=True) for s in steps[1:]]
    return [first, *signed, figures.number(Fraction(sum(steps), scale), decimals)]


def _arithmetic(texts: list[str]) -> str:
    """15,120 − 320 + 60 = 14,860"""
    moved = " ".join(
        f"{text[0]} {text[1:]}" if text[0] in "+−" else f"+ {text}" for text in texts[1:-1]
    )
    return f"{texts[0]} {moved} = {texts[-1]}" if moved else f"{texts[0]} = {texts[-1]}"


def _percent(start: Volume, end: Volume) -> str:
    if not start:
        return figures.NOT_APPLICABLE
    return figures.percent(Fraction(end.m3 - start.m3, start.m3), signed=True)


def _tone(text: str) -> str:
    return {"+": "gain", figures.MINUS: "loss"}.get(text[0], "")
