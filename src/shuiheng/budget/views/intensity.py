"""双控: intensity beside volumes, for a run and in execution; entering limits and the departments' figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.intensity import EconomyForm, LimitForm
from shuiheng.budget.models import EconomicFigure, IntensityLimit
from shuiheng.budget.rules import Indicator, Judged, Verdict
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.selectors.intensity import Measures, judged_areas, measures
from shuiheng.budget.selectors.why import newest_run
from shuiheng.budget.views.setting import Setting, preparing
from shuiheng.core.access import Permission, require
from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.selectors import losses_of
from shuiheng.ui import figures
from shuiheng.ui.forms import Done, submit
from shuiheng.ui.parts import Action, Chip, Crumb, Empty, Link, Message, Part
from shuiheng.ui.tables import Column, Panel, Row, Table

TITLE = "强度管控"
TONES = {Verdict.MET: "normal", Verdict.EXCEEDED: "over", Verdict.UNKNOWN: "neutral"}
NOTHING = Empty(
    "还没有录入强度限值和经济指标，强度暂无。",
    "限值随总量下达后由市水务局录入；"
    + "；".join(f"{one.figure}由{one.department}提供" for one in Indicator)
    + "。",
)


@login_required
@require_safe
def intensity(request: Any) -> HttpResponse:
    """The limits and figures in force, and what the year's run makes of them."""
    page = preparing(request)
    regions = regions_seen(request.actor, page.city, page.year)
    places = places_seen(request, page, regions)
    known = measures(places, page.year)
    run = newest_run(page.city, page.year)
    main = [run_panel(page, run, regions, places)] if run is not None else []
    may = request.actor.may(Permission.ALLOCATION_ENTER, page.city.place)
    actions = [
        Action("分配计划", page.url("allocation")),
        Action("录入经济指标…", page.url("intensity_economy")) if may else None,
        Action("录入限值…", page.url("intensity_limits"), primary=True) if may else None,
    ]
    head = page.head(TITLE, "intensity", crumbs=[Crumb("下达")], actions=actions)
    panels = [*main, _limits_panel(known, places), _economy_panel(known, places)]
    return render(request, "budget/panels.html", {"head": head, "main": panels})


def places_seen(request: Any, page: Setting, regions: Sequence[Area]) -> list[Area]:
    whole = request.actor.may(Permission.BUDGET_VIEW, page.city.place)
    return [*regions, page.city] if whole else list(regions)


def run_panel(
    page: Setting, run: BaselineRun, regions: Sequence[Area], places: Sequence[Area]
) -> Panel:
    """What a run's quotas mean per 万元, beside the limits."""
    known = measures(places, run.year)
    link = Link("限值和经济指标", page.url("intensity"))
    if not known.any:
        return Panel("强度", [NOTHING], foot_link=link)
    water = losses_of(run).given
    judged = judged_areas(known, water, city=page.city, regions=regions, places=places)
    body = [_table(page.city, places, judged), *_owed(judged, places)]
    note = "额度按用水行业 ÷ 部门提供的经济指标"
    return Panel("强度：限值和测算", body, note=note, foot_link=link)


def _table(city: Area, places: Sequence[Area], judged: Mapping[int, Sequence[Judged]]) -> Table:
    columns = [Column("区域")]
    for one in Indicator:
        columns += [
            Column(one.label, one.unit, kind="figure", strong=True),
            Column("限值", kind="figure"),
            Column("结论", kind="whole"),
        ]
    rows = [Row([_called(city, area), *_cells(judged[area.pk])]) for area in places]
    return Table(columns, rows, tight=True)


def _called(city: Area, area: Area) -> str:
    return "全市" if area == city else area.name


def _cells(judged: Sequence[Judged]) -> list[object]:
    cells: list[object] = []
    for one in judged:
        limit = None if one.limit is None else Fraction(one.limit)
        chip = Chip(one.verdict.label, TONES[one.verdict])
        cells += [_figure(one.indicator, one.implied), _figure(one.indicator, limit), chip]
    return cells


def _figure(indicator: Indicator, value: Fraction | None) -> str:
    if value is None:
        return figures.NOT_YET_KNOWN
    return figures.number(value, 3 if indicator is Indicator.IRRIGATION else 2)


def _owed(judged: Mapping[int, Sequence[Judged]], places: Sequence[Area]) -> list[Part]:
    names: dict[str, list[str]] = {}
    for area in places:
        for one in judged[area.pk]:
            if one.owes:
                names.setdefault(f"{one.indicator.label}：{one.owes}", []).append(area.name)
    if not names:
        return []
    words = "。".join(f"{owes}（{len(areas)} 处）" for owes, areas in names.items())
    return [Message(f"暂无的：{words}。")]


def _limits_panel(known: Measures, places: Sequence[Area]) -> Panel:
    def row(area: Area, one: Indicator, limit: IntensityLimit) -> Row:
        words = [f"{limit.limit.normalize():f} {one.unit}".strip(), limit.number]
        when = f"{limit.issued_on:%Y-%m-%d}"
        return Row([area.name, one.label, *words, when, limit.act.user_name])

    rows = [
        row(area, one, known.limits[area.pk, one])
        for area in places
        for one in Indicator
        if (area.pk, one) in known.limits
    ]
    heads = ("区域", "指标", "限值", "文号", "印发日期", "录入")
    empty = Empty("还没有录入强度限值。", "限值随总量下达，照文件录入。")
    table = Table([Column(head) for head in heads], rows, tight=True, empty=empty)
    return Panel("限值", [table], note="新录入的代替旧的，旧的不改不删")


def _economy_panel(known: Measures, places: Sequence[Area]) -> Panel:
    def row(area: Area, one: Indicator, figure: EconomicFigure) -> Row:
        price = f"{figure.price_year} 年价" if figure.price_year else "现价"
        if one is Indicator.IRRIGATION:
            price = figures.NOT_APPLICABLE
        value = f"{figure.value.normalize():,f}"
        trust = Confidence(figure.confidence).label
        return Row([area.name, one.figure, value, price, figure.department, figure.source, trust])

    rows = [
        row(area, one, known.economy[area.pk, one])
        for area in places
        for one in Indicator
        if (area.pk, one) in known.economy
    ]
    heads = ("区域", "指标", "数值（万元；系数）", "价格", "提供部门", "出处", "可信程度")
    empty = Empty("还没有录入经济指标。", "由统计、工信、农业农村等部门提供，注明年份和价格基年。")
    table = Table([Column(head) for head in heads], rows, tight=True, empty=empty)
    return Panel("经济指标", [table])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: Any) -> HttpResponse:
    """Enter the limits that came with the totals."""
    page, places, known = _entry(request)
    now = {key: row.limit for key, row in known.limits.items()}
    form = LimitForm(request.POST or None, places=places, known=now)
    return submit(
        request,
        form,
        lambda data: services.enter_intensity(
            page.city, page.year, form.values(), number=data["number"],
            issued_on=data["issued_on"], actor=request.actor, now=request.now, key=data["key"],
        ),
        template="budget/intensity_form.html",
        context=_form_context(page, form, "录入强度限值", "文件"),
        done=lambda count: Done(page.url("intensity"), f"已录入强度限值 {count} 项。"),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def economy(request: Any) -> HttpResponse:
    """Enter what a department gives."""
    page, places, known = _entry(request)
    now = {key: row.value for key, row in known.economy.items()}
    form = EconomyForm(request.POST or None, places=places, known=now)
    return submit(
        request,
        form,
        _enter_economy(request, page, form),
        template="budget/intensity_form.html",
        context=_form_context(page, form, "录入经济指标", "谁提供的"),
        done=lambda count: Done(page.url("intensity"), f"已录入经济指标 {count} 项。"),
    )


def _enter_economy(request: Any, page: Setting, form: EconomyForm) -> Any:
    return lambda data: services.enter_economy(
        page.city,
        page.year,
        form.values(),
        price_year=data["price_year"],
        department=data["department"],
        source=data["source"],
        confidence=Confidence(data["confidence"]),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _entry(request: Any) -> tuple[Setting, list[Area], Measures]:
    page = preparing(request)
    require(request.actor, Permission.ALLOCATION_ENTER, page.city.place)
    places = [*budget_regions(page.year, page.city), page.city]
    return page, places, measures(places, page.year)


def _form_context(page: Setting, form: object, title: str, paper: str) -> dict[str, object]:
    head = page.head(title, "intensity", crumbs=[Crumb("下达"), Crumb(TITLE)])
    actions = [
        Action(title, name="act", value="save", primary=True),
        Action("返回", page.url("intensity")),
    ]
    grid = f"{page.year} 年度，逐区"
    return {
        "head": head, "form": form, "actions": actions, "grid_title": grid, "paper_title": paper
    }  # fmt: skip
