"""首页: what is due, by when, and where the water stands; one for each kind of place a person holds."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.budget.selectors.duties import dates
from shuiheng.core.clock import month_end
from shuiheng.core.vocabulary import NATURAL_SOURCES, Source
from shuiheng.core.volume import Volume, total
from shuiheng.desk import rules
from shuiheng.desk.rules import HomeKind
from shuiheng.desk.selectors import (
    Overview,
    area_of,
    current_plan,
    duties,
    home_kind,
    overview,
    regions_of,
    reserve_moves,
    year_facts,
)
from shuiheng.desk.views.board import standing_of
from shuiheng.desk.views.keeper import keeper_home
from shuiheng.desk.views.lists import asked_year, decision_list, duty_list, year_choices
from shuiheng.desk.views.region import sectors_panel, troubled_units_panel
from shuiheng.desk.views.unit import unit_home
from shuiheng.ledger.rules import state_of
from shuiheng.office.models import Area
from shuiheng.ui.charts import Standing, ranked, ranked_gauges
from shuiheng.ui.figures import WAN, day_full, in_unit, percent
from shuiheng.ui.map import DistrictMap, Mark, district_map
from shuiheng.ui.parts import (
    Choice,
    Choices,
    Crumb,
    Empty,
    Link,
    PageHead,
    StageTrack,
    Stat,
    State,
    StatStrip,
    Step,
)
from shuiheng.ui.tables import Panel, Table

STEP_ROUTES = {
    "draft": "budget:drafts",
    "review": "budget:review",
    "issue": "budget:issue",
    "execution": "desk:board",
    "adjustment": "budget:adjustments",
    "final_account": "budget:finals",
}


@login_required
@require_safe
def home(request: Any) -> HttpResponse:
    """Each person's own: a unit, a district, the city, the keeper."""
    kind = home_kind(request.actor)
    if kind is HomeKind.UNIT:
        return unit_home(request)
    if kind is HomeKind.KEEPER:
        return keeper_home(request)
    if kind is HomeKind.NOBODY:
        return _nobody(request)
    area = area_of(request.actor)
    regions = regions_of(area, asked_year(request))
    if not regions:
        return _nobody(request, f"{area.name}没有单独的水预算。请从名录查看本辖区的单位。")
    return _office_home(request, area, regions)


def _nobody(request: Any, why: str = "您现在没有岗位，也没有认领单位。") -> HttpResponse:
    empty = Empty(why, "需要岗位请联系系统管理员；单位用户请用认领码认领账号。")
    panel = Panel("还没有可以办的事", [empty], wide=False)
    return render(request, "desk/panels.html", {"head": PageHead("首页"), "panels": [panel]})


def _office_home(request: Any, area: Area, regions: list[Area]) -> HttpResponse:
    view = overview(regions, asked_year(request), request.today)
    when = dates(request.today)
    facts = duties(request.actor, request.now)
    context = {
        "head": _head(request, area, view),
        "track": _track(
            request, view, year_facts(regions, view.year, request.today, view.stick.month, when)
        ),
        "stats": _stats(area, view),
        "decisions": decision_list(facts),
        "duties": duty_list(facts, request.today, when.rest),
    }
    if len(regions) > 1:
        return render(request, "desk/city.html", {**context, **_regions(request, view)})
    panels = [troubled_units_panel(regions[0], view), sectors_panel(view, regions[0])]
    return render(request, "desk/district.html", {**context, "panels": panels})


def _head(request: Any, area: Area, view: Overview) -> PageHead:
    month = view.stick.month
    booked = (
        f"　数据截至 {month}月{month_end(view.year, month).day}日" if month else "　还没有用水入账"
    )
    return PageHead(
        "水预算执行总览" if len(view.regions) > 1 else f"{area.name}水预算",
        crumbs=[Crumb(area.name), Crumb("首页")],
        year=view.year,
        years=year_choices(request, view.year),
        aside=f"{day_full(request.today)}{booked}",
    )


def _track(request: Any, view: Overview, facts: rules.YearFacts) -> StageTrack:
    steps = rules.track(facts)
    here = rules.current(steps)
    return StageTrack(
        [
            Step(
                step.stage.label,
                step.line,
                step.state,
                reverse(STEP_ROUTES[step.stage]) + f"?year={view.year}",
                current=step.stage is here,
            )
            for step in steps
        ]
    )


def _stats(area: Area, view: Overview) -> StatStrip:
    whole, held, month = view.whole, view.held, view.stick.month
    ahead = whole.used - whole.planned
    places = 0 if len(view.regions) > 1 else 2
    plan = current_plan(area, view.year)
    share = percent(whole.used.m3 / whole.quota.m3) if whole.quota else "—"
    pace = rules.year_end_by_pace(held.used, held.planned, held.quota)
    aside, opened = reserve_moves([region.pk for region in view.regions], view.year)

    def wan(volume: Volume) -> str:
        return in_unit(volume, WAN, places)

    return StatStrip(
        [
            Stat("年度基准额度", whole.quota, WAN, decimals=places,
                 line=f"{plan.number} · 第 {plan.version} 版" if plan else "分配计划还没有录入",
                 url=reverse("ledger:area", args=[area.pk]) + f"?year={view.year}"),
            Stat(f"1–{month}月用水" if month > 1 else "用水", whole.used, WAN, decimals=places,
                 line=f"占额度 {share}　计划 {wan(whole.planned)}"),
            Stat("与计划进度比", ahead, WAN, decimals=places, signed=True,
                 beside=percent(ahead.m3 / whole.planned.m3, signed=True) if whole.planned else "",
                 line=_states_words(view)),
            Stat("可用", whole.quota - whole.used, WAN, decimals=places, focus=True,
                 line=f"按进度推算年末用 {wan(pace)}" if pace is not None and month >= 6
                 else f"额度 {wan(whole.quota)} − 已用 {wan(whole.used)}"),
            Stat("预留余额", view.reserve, WAN, decimals=places,
                 line=f"年初 {wan(aside)}　已启用 {wan(opened)}"),
        ]
    )  # fmt: skip


def _states_words(view: Overview) -> str:
    states = [view.state(region.pk) for region in view.regions]
    warned = states.count(State.WARNED) + states.count(State.OVER)
    over = view.over_sources()
    if len(view.regions) == 1:
        return f"{over} 个水源超额" if over else "没有水源超额"
    return f"{warned} 区预警，{over} 个水源超额" if warned or over else "各区都在计划以内"


def _regions(request: Any, view: Overview) -> dict[str, Any]:
    """The map and the table of the regions, by the source chosen in the address."""
    source = _asked_source(request)
    standings = [standing_of(view, region, source) for region in view.regions]
    words = f"1–{view.stick.month}月用水与计划" if view.stick.month > 1 else "用水与计划"
    return {
        "regions_title": f"各区执行：{words}",
        "sources": _source_choices(view.year, source),
        "map": _map(view, standings),
        "table": _table(view, standings),
        "foot": f"按“比计划”从高到低排列，编号与地图一致。预警：超计划进度 {view.stick.warn_percent}%；超额：已用大于额度。",
        "more": Link("数据与口径", reverse("desk:board") + f"?year={view.year}"),
    }


def _asked_source(request: Any) -> Source | None:
    asked = request.GET.get("source", "")
    return next((source for source in NATURAL_SOURCES if source.value == asked), None)


def _source_choices(year: int, chosen: Source | None) -> Choices:
    return Choices(
        [
            Choice("总量", f"?year={year}", current=chosen is None),
            *(
                Choice(s.label, f"?year={year}&source={s.value}", current=s is chosen)
                for s in NATURAL_SOURCES
            ),
        ],
        label="水源",
    )


def _map(view: Overview, standings: list[Standing]) -> DistrictMap:
    by_name = {region.name: region for region in view.regions}
    marks = [
        Mark(by_name[s.label].code, s.label, number, s.state, s.url)
        for number, s in enumerate(ranked(standings), start=1)
    ]
    return district_map(marks)


def _table(view: Overview, standings: list[Standing]) -> Table:
    used, quota = total(s.used for s in standings), total(s.quota for s in standings)
    planned = total(s.plan for s in standings if s.plan is not None)
    state = state_of(used, quota, planned, view.stick.warn_percent)
    return ranked_gauges(standings, whole=Standing("全市", used, quota, planned, state))
