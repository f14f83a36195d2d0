"""执行: regions against quota, plan and last year, by source or by sector; what needs a hand first."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.budget.rules import Indicator, Judged, Verdict
from shuiheng.budget.selectors.execution import Execution, use_through
from shuiheng.budget.selectors.intensity import judged_areas, measures
from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.desk.rules import HomeKind
from shuiheng.desk.selectors import Overview, area_of, home_kind, overview, regions_of
from shuiheng.desk.views.lists import asked_year, year_choices
from shuiheng.ledger.rules import state_of
from shuiheng.office.models import Area
from shuiheng.ui.charts import Standing
from shuiheng.ui.figures import NOT_YET_KNOWN, WAN, in_unit, number
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Link,
    PageHead,
    Stat,
    StatStrip,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

JUDGED = {Verdict.MET: "normal", Verdict.EXCEEDED: "over", Verdict.UNKNOWN: "neutral"}
SECTORS = (*PLAN_SECTORS, Sector.LOSS)


@login_required
@require_safe
def board(request: Any) -> HttpResponse:
    """The city's board; a district is led to its own units, a unit to its home."""
    if home_kind(request.actor) not in (HomeKind.CITY, HomeKind.DISTRICT):
        return redirect("desk:home")
    area = area_of(request.actor)
    year = asked_year(request)
    regions = regions_of(area, year)
    if len(regions) == 1:
        return redirect(reverse("desk:region", args=[regions[0].pk]) + f"?year={year}")
    view = overview(regions, year, request.today)
    past = use_through([r.pk for r in regions], year - 1, view.stick.month)
    lines = _lines(request, view, past)
    context = {
        "head": _head(request, area, view),
        "stats": _stats(view, past),
        "panel": _panel(request, view, lines),
        "matrix": _matrix(view),
        "intensity": _intensity(area, view),
    }
    return render(request, "desk/board.html", context)


def standing_of(view: Overview, region: Area, source: Source | None = None) -> Standing:
    """A region against its quota, of all water or of one source."""
    return Standing(
        region.name,
        view.used(region.pk, source),
        view.granted(region.pk, source),
        view.planned(region.pk, source),
        view.state(region.pk, source),
        reverse("desk:region", args=[region.pk]) + f"?year={view.year}",
    )


def _head(request: Any, area: Area, view: Overview) -> PageHead:
    books = reverse("ledger:area", args=[area.pk]) + f"?year={view.year}"
    reports = reverse("metering:month") + f"?year={view.year}"
    return PageHead(
        "水预算执行",
        crumbs=[Crumb(area.name), Crumb("执行")],
        year=view.year,
        years=year_choices(request, view.year),
        actions=[Action("用水填报情况", reports), Action("全市水账", books)],
    )


Past = dict[tuple[int, Source], Volume]


def _stats(view: Overview, past: Past) -> StatStrip:
    """One cell a source: used against plan and last year."""
    cells = []
    for source in NATURAL_SOURCES:
        ids = [region.pk for region in view.regions]
        used = total(view.used(pk, source) for pk in ids)
        granted = total(view.granted(pk, source) for pk in ids)
        planned = total(view.planned(pk, source) for pk in ids)
        before = total(past.get((pk, source), Volume()) for pk in ids)
        state = state_of(used, granted, planned, view.stick.warn_percent)
        line = f"额度 {in_unit(granted, WAN, 0)}　计划 {in_unit(planned, WAN, 0)}　去年同期 {in_unit(before, WAN, 0)}"
        cells.append(
            Stat(f"{source.label}已用", used, WAN, line=line, chip=Chip.of(state), decimals=0)
        )
    return StatStrip(cells)


Line = tuple[Area, Execution, Volume | None]


def _lines(request: Any, view: Overview, past: Past) -> list[Line]:
    """Each region in the cut chosen in the address: all, one source, or one sector."""
    cut = request.GET.get("by", "")
    sector = next((s for s in SECTORS if s.value == cut), None)
    source = next((s for s in NATURAL_SOURCES if s.value == cut), None)
    lines: list[Line] = []
    for region in view.regions:
        pk = region.pk
        if sector is not None:
            lines.append((region, view.of_sector(pk).get(sector, Execution()), None))
            continue
        whole = Execution(view.granted(pk, source), view.used(pk, source), view.planned(pk, source))
        wanted = [source] if source is not None else list(NATURAL_SOURCES)
        lines.append((region, whole, total(past.get((pk, s), Volume()) for s in wanted)))
    return sorted(lines, key=lambda line: (-_ahead(line[1]), line[0].rank))


def _ahead(part: Execution) -> float:
    """比计划; a region without any plan stands last."""
    return (part.used.m3 - part.planned.m3) / part.planned.m3 if part.planned else -10.0


def _panel(request: Any, view: Overview, lines: list[Line]) -> Panel:
    whole = sum((part for _, part, _ in lines), Execution())
    befores = [before for _, _, before in lines if before is not None]
    columns = [
        Column("行政区域"),
        Column("额度", WAN, kind="figure", decimals=0),
        Column("已用", WAN, kind="figure", decimals=0, strong=True),
        Column("已用 / 额度　┃ 计划进度", kind="mark"),
        Column("计划", WAN, kind="figure", decimals=0),
        Column("比计划", "%", kind="figure", signed=True),
        Column("去年同期", WAN, kind="figure", decimals=0),
        Column("比去年", "%", kind="figure", signed=True),
        Column("状态"),
    ]
    rows = [
        Row(_cells(view, Link(region.name, _region_url(view, region)), part, before), number=number)
        for number, (region, part, before) in enumerate(lines, start=1)
    ]
    sums = _cells(view, "合计", whole, total(befores) if befores else None)
    month = view.stick.month
    return Panel(
        f"各区执行：1–{month}月" if month > 1 else "各区执行",
        [Table(columns, rows, sums=sums)],
        aside=_cuts(request, view),
        foot=f"按“比计划”从高到低。预警：超计划进度 {view.stick.warn_percent}%；超额：已用大于额度。区域额度含预留；行业口径按用户的行业计入公共供水。",
    )


def _region_url(view: Overview, region: Area) -> str:
    return reverse("desk:region", args=[region.pk]) + f"?year={view.year}"


def _cells(view: Overview, name: object, part: Execution, before: Volume | None) -> list[object]:
    state = state_of(part.used, part.quota, part.planned, view.stick.warn_percent)
    change = (part.used.m3 - before.m3) / before.m3 if before else None
    return [
        name,
        part.quota,
        part.used,
        Gauge(part.used, part.quota, part.planned, state, WAN),
        part.planned,
        _ahead(part) if part.planned else None,
        before,
        change,
        Chip.of(state),
    ]


def _cuts(request: Any, view: Overview) -> Choices:
    cut = request.GET.get("by", "")
    labels = [("", "总量"), *((s.value, s.label) for s in (*NATURAL_SOURCES, *SECTORS))]
    return Choices(
        [Choice(label, f"?year={view.year}&by={key}", current=key == cut) for key, label in labels],
        label="口径",
    )


def _intensity(area: Area, view: Overview) -> Panel | None:
    """双控: what each region has used of its quota, and what that is per 万元 beside the limits; only where
    anything is known of the second."""
    known = measures([*view.regions, area], view.year)
    if not known.any:
        return None
    used = {
        (region.pk, sector): part.used
        for region in view.regions
        for sector, part in view.of_sector(region.pk).items()
    }
    judged = judged_areas(
        known, used, city=area, regions=view.regions, places=[*view.regions, area]
    )
    columns = [
        Column("行政区域"),
        Column("已用", WAN, kind="figure", decimals=0),
        Column("占额度", "%", kind="figure", strong=True),
    ]
    for one in Indicator:
        columns += [Column(one.label, one.unit, kind="figure"), Column("限值和结论", kind="whole")]
    parts = [
        *(
            (Link(r.name, _region_url(view, r)), view.used(r.pk), view.granted(r.pk), r)
            for r in view.regions
        ),
        ("全市", view.whole.used, view.whole.quota, area),
    ]
    rows = [
        Row([name, taken, _share(taken, quota), *_judged_cells(judged[place.pk])])
        for name, taken, quota, place in parts
    ]
    return Panel(
        "双控：总量和强度",
        [Table(columns, rows, tight=True)],
        note=f"1–{view.stick.month}月用水 ÷ 全年经济指标；年末才能定论",
        foot_link=Link("限值和经济指标", reverse("budget:intensity") + f"?year={view.year}"),
    )


def _judged_cells(judged: Sequence[Judged]) -> list[object]:
    cells: list[object] = []
    for one in judged:
        decimals = 3 if one.indicator is Indicator.IRRIGATION else 2
        implied = NOT_YET_KNOWN if one.implied is None else number(one.implied, decimals)
        limit = NOT_YET_KNOWN if one.limit is None else number(one.limit, decimals)
        so_far = "至今未超" if one.verdict is Verdict.MET else one.verdict.label
        words = so_far if one.limit is None else f"{limit} {so_far}"
        cells += [implied, Chip(words, JUDGED[one.verdict])]
    return cells


def _share(part: Volume, whole: Volume) -> Fraction | None:
    return Fraction(part.m3, whole.m3) if whole else None


def _matrix(view: Overview) -> Panel:
    """Region × sector, used of what is held: where in the city the sectors stand."""
    columns = [
        Column("行政区域"),
        *(Column(sector.label, WAN, kind="figure", decimals=0) for sector in SECTORS),
        Column("各行业合计", WAN, kind="figure", decimals=0, strong=True),
    ]
    by_region = {region.pk: view.of_sector(region.pk) for region in view.regions}
    rows = [
        Row([Link(r.name, _region_url(view, r)), *_sector_uses(by_region[r.pk])])
        for r in view.regions
    ]
    sums = [
        total(by_region[r.pk].get(sector, Execution()).used for r in view.regions)
        for sector in SECTORS
    ]
    foot = "公共供水按用户的行业计入，损失单列；还没有月结的供水不在表内。"
    table = Table(columns, rows, sums=["合计", *sums, total(sums)])
    return Panel("各区各行业已用", [table], foot=foot)


def _sector_uses(parts: dict[Sector, Execution]) -> list[Volume]:
    uses = [parts.get(sector, Execution()).used for sector in SECTORS]
    return [*uses, total(uses)]
