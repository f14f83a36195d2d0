"""A board as parts of a page: its sliders and choices, its answer. For the pages of runs and of planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from shuiheng.core.volume import Volume
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.rules.board import (
    ALL,
    WHOLE,
    Case,
    Compared,
    GuaranteeOrder,
    Outcome,
    cap_field,
)
from shuiheng.quota.rules.board_asked import (
    HUNDREDTHS,
    NO,
    TENTHS,
    YES,
    Asked,
    asked_of,
    percent_text,
    plan_fields,
    replaces_words,
)
from shuiheng.ui import figures
from shuiheng.ui.charts import diverging_bars
from shuiheng.ui.figures import WAN
from shuiheng.ui.parts import Empty, Message, Name, Part, Stat, StatStrip
from shuiheng.ui.tables import Column, Panel, Row, Table

MOST_BINDING = 6
SLIDES = {"cap": (50, 150), "wet": (50, 150), "reserve": (0, 15)}
"""Where a slider begins and ends, in percent; the number field beside it takes more."""


@dataclass(frozen=True, slots=True)
class Slider:
    """A slider with its number field, in percent: `was` is in force and has the dark mark at `mark`."""

    name: str
    label: str
    value: str
    was: str
    low: str
    high: str
    step: str
    mark: str
    state: str
    said: str
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def changed(self) -> bool:
        return self.value != self.was


@dataclass(frozen=True, slots=True)
class Select:
    """A choice among named ways."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    was: str

    @property
    def changed(self) -> bool:
        return self.value != self.was


def sliders(case: Case, asked: Asked, years: Mapping[int, int]) -> list[Slider]:
    """One for each source in all regions, one for each region asked for, the year, the reserve."""
    made = [
        _cap_slider(case, asked, ALL, column)
        for column in range(len(case.sources))
        if case.caps[1:, column].any()
    ]
    for area in case.areas:
        for column, source in enumerate(case.sources):
            if cap_field(area, source.key) in asked.typed and case.caps[1:, column].any():
                made.append(_cap_slider(case, asked, area, column))
    settings, force = asked.settings, case.force
    marks = tuple((f"P={p}%", percent_text(share, HUNDREDTHS)) for p, share in years.items())
    surface = _caps(case, ALL, case.surface)
    made.append(
        _slider(
            asked, "wet", "地表来水（占多年平均）", settings.wetness, force.wetness, HUNDREDTHS,
            _moved(surface, settings.wetness, force.wetness, "地表水"), marks,
        )
    )  # fmt: skip
    made.append(
        _slider(asked, "reserve", "预留比例", settings.reserve, force.reserve, HUNDREDTHS, "")
    )
    return made


def _cap_slider(case: Case, asked: Asked, area: int, column: int) -> Slider:
    source = case.sources[column]
    places = dict(zip(case.areas, (one.name for one in case.regions), strict=True))
    name, now = cap_field(area, source.key), asked.settings.cap_of(area, source.key)
    state = _moved(_caps(case, area, column), now, WHOLE, "")
    label = f"{source.name}上限 · {places.get(area, '各区')}"
    return _slider(asked, name, label, now, WHOLE, TENTHS, state)


def _caps(case: Case, area: int, column: int) -> int:
    rows = [i + 1 for i, one in enumerate(case.areas) if area in (ALL, one)]
    return int(case.caps[rows, column].sum())


def _moved(volume: int, now: int, was: int, name: str) -> str:
    """29,420 → 26,478 万m³"""
    lead = f"{name} " if name else ""
    before = Volume(volume).wan(0)
    if now == was:
        return f"{lead}现行 {before} 万m³"
    return f"{lead}现行 {before} → {Volume(volume * now // was).wan(0)} 万m³"


def _slider(
    asked: Asked,
    name: str,
    label: str,
    now: int,
    was: int,
    per: int,
    state: str,
    marks: tuple[tuple[str, str], ...] = (),
) -> Slider:
    low, high = (bound * per for bound in SLIDES[name.partition("-")[0]])
    low, high = min(low, now, was), max(high, now, was)
    typed = asked.typed.get(name, "")
    return Slider(
        name=name,
        label=label,
        value=typed if name in asked.said else percent_text(now, per),
        was=percent_text(was, per),
        low=percent_text(low, per),
        high=percent_text(high, per),
        step=percent_text(1, per),
        mark=figures.percent_of(was - low, high - low),
        state=state,
        said=asked.said.get(name, ""),
        marks=marks,
    )


def selects(case: Case, asked: Asked, industries: bool = False) -> list[Select]:
    """Sharing, order of guarantee, replacement; `industries` where a plan counts by 产业."""
    now, was = plan_fields(asked.settings.plan), plan_fields(case.force.plan)
    orders = GuaranteeOrder.choices()
    if industries:
        orders = [
            ("policy", "三产先，一产二产同一顺序"),
            ("agriculture_first", "三产先，一产全部优先于二产"),
        ]
    choices: tuple[tuple[str, str, Sequence[tuple[str, str]]], ...] = (
        ("policy", "缺水分担办法", SharingPolicy.choices()),
        ("order", "保障顺序", orders),
        ("replaces", "水源替代", [(YES, replaces_words(True)), (NO, replaces_words(False))]),
    )
    return [Select(name, label, tuple(o), now[name], was[name]) for name, label, o in choices]


def more_caps(case: Case, asked: Asked) -> list[tuple[str, str]]:
    """Which regions' caps can still be given a slider of their own."""
    return [
        (f"{source.key}-{area}", f"{place.name} · {source.name}")
        for row, (area, place) in enumerate(zip(case.areas, case.regions, strict=True), start=1)
        for column, source in enumerate(case.sources)
        if case.caps[row, column] and cap_field(area, source.key) not in asked.typed
    ]


def query(case: Case, asked: Asked, fixed: Mapping[str, object]) -> str:
    """The address of a position: what it is about, and what differs."""
    return urlencode({**fixed, **asked_of(case, asked.settings)})


# -- the answer -----------------------------------------------------------------------------------


def stats(found: Outcome) -> StatStrip:
    worst = min(found.regions, key=lambda one: one.change, default=None)
    best = max(found.regions, key=lambda one: one.change, default=None)
    return StatStrip(
        [
            Stat(
                "可分水量",
                found.available.now,
                WAN,
                line=f"比现行 {_signed(found.available.change)}",
                decimals=0,
            ),
            Stat(
                "下达给单位",
                found.granted.now,
                WAN,
                line=f"比现行 {_signed(found.granted.change)}，差需求 {found.missing.wan(0)}",
                focus=True,
                decimals=0,
            ),
            Stat(
                "减少的单位",
                found.losing,
                "个",
                line=f"合计 {_signed(-found.lost)}{_place('最多', worst, Volume(0))}",
            ),
            Stat(
                "增加的单位",
                found.gaining,
                "个",
                line=f"合计 {_signed(found.gained)}{_place('最多', best, None)}",
            ),
            Stat(
                "预留",
                found.reserve.now,
                WAN,
                line=f"比现行 {_signed(found.reserve.change)}",
                decimals=0,
            ),
        ]
    )


def _signed(volume: Volume) -> str:
    return figures.in_unit(volume, WAN, 0, signed=True)


def _place(words: str, one: Compared | None, below: Volume | None) -> str:
    if one is None:
        return ""
    fits = one.change < below if below is not None else one.change > Volume(0)
    return f"，{words}{one.name}" if fits else ""


def change_panel(title: str, head: str, rows: Sequence[Compared], whole: Compared) -> Panel:
    """Who gains and who loses, sorted, on one scale."""
    ordered = sorted(rows, key=lambda one: one.change)
    bars = diverging_bars([one.change for one in ordered], decimals=0)
    columns = [
        Column(head),
        Column("现行", kind="figure", unit=WAN, unit_shown=False, decimals=0),
        Column("方案", kind="figure", unit=WAN, unit_shown=False, decimals=0, strong=True),
        Column("增减", WAN, "figure", 0, signed=True, toned=True, unit_shown=False),
        Column("减 │ 增", kind="mark"),
        Column("幅度", kind="figure"),
    ]
    lines = [
        Row([one.name, one.before, one.now, one.change, bar, figures.change(one.now, one.before)])
        for one, bar in zip(ordered, bars, strict=True)
    ]
    sums = [
        "合计",
        whole.before,
        whole.now,
        whole.change,
        "",
        figures.change(whole.now, whole.before),
    ]
    table = Table(columns, lines, title, sums=sums, tight=True)
    return Panel(title, [table], note="从减得多的排起", aside=WAN)


def units_panel(
    title: str, rows: Sequence[Compared], names: Mapping[str, tuple[str, str]], count: int
) -> Panel:
    columns = [
        Column("单位"),
        Column("现行", "m³", "figure", unit_shown=False),
        Column("方案", "m³", "figure", strong=True, unit_shown=False),
        Column("增减", "m³", "figure", signed=True, toned=True, unit_shown=False),
        Column("幅度", kind="figure"),
    ]
    lines = [
        Row(
            [
                Name(*names.get(one.key, (one.name or one.key, ""))),
                one.before,
                one.now,
                one.change,
                figures.change(one.now, one.before),
            ]
        )
        for one in rows
    ]
    table = Table(columns, lines, title, tight=True, empty=Empty("没有。"))
    note = f"共 {count:,} 个，列前 {len(rows)} 个" if count > len(rows) else f"共 {count:,} 个"
    return Panel(title, [table], note=note, aside="m³")


def binding_panel(found: Outcome) -> Panel:
    """Which caps hold whom down, in words, most users first."""
    shown = found.binding[:MOST_BINDING]
    body: list[Part] = [Message(words, tone="note") for _, words in shown]
    if found.floors_cut:
        body.insert(0, Message("水量连合理需求下限也不够，下限按顺序等比例压减。", tone="look"))
    more = len(found.binding) - len(shown)
    foot = f"还有 {more} 处，涉及的用户更少。" if more > 0 else ""
    nothing = Empty("没有上限卡住：各单位的需求都得到满足。")
    return Panel("卡住结果的上限", body or [nothing], note="用户多的在前", foot=foot, wide=False)
