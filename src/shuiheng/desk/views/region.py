"""A region's units against quota and plan: over quota first, then ahead of plan; filters and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.budget.selectors.execution import UnitExecution, unit_executions
from shuiheng.core.vocabulary import PLAN_SECTORS, Sector, UnitKind
from shuiheng.core.volume import total
from shuiheng.desk.selectors import Overview, overview
from shuiheng.desk.views.lists import asked_year, year_choices
from shuiheng.ledger.rules import state_of
from shuiheng.ledger.selectors import area_seen
from shuiheng.office.models import Area
from shuiheng.ui.figures import M3, WAN, in_unit
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Empty,
    Filter,
    Link,
    Name,
    PageHead,
    Pages,
    Stat,
    State,
    StatStrip,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

MOST_TROUBLED = 8
STATES = {"": "全部", "over": "超额", "warned": "超计划", "normal": "正常"}
SECTORS = (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY)


@login_required
@require_safe
def region(request: Any, area_id: int) -> HttpResponse:
    """One region's units, ranked by what needs a hand."""
    area = area_seen(request.actor, area_id)
    view = overview([area], asked_year(request), request.today)
    units = ranked_units(area, view)
    context = {
        "head": _head(request, area, view),
        "stats": _stats(area, view, units),
        "tabs": _state_tabs(request, view, units),
        "panel": _units_panel(request, view, units),
        "sectors": sectors_panel(view, area),
    }
    return render(request, "desk/region.html", context)


def state_of_unit(view: Overview, unit: UnitExecution) -> State:
    """The worst of its sources: a well that is over is not hidden by a canal that is not."""
    states = [state_of(p.used, p.quota, p.planned, view.stick.warn_percent) for _, p in unit.parts]
    return max(states, key=list(State).index, default=State.NORMAL)


def ranked_units(area: Area, view: Overview) -> list[UnitExecution]:
    """Over quota first, by how much; then ahead of plan; then the rest, all by m³."""
    units = unit_executions([area.path], view.year, view.stick.month)
    order = list(State)

    def urgency(unit: UnitExecution) -> tuple[int, int, str]:
        whole = unit.whole
        state = state_of_unit(view, unit)
        beyond = whole.used - (whole.quota if state is State.OVER else whole.planned)
        return -order.index(state), -beyond.m3, unit.name

    return sorted(units, key=urgency)


def _head(request: Any, area: Area, view: Overview) -> PageHead:
    query = f"?year={view.year}"
    return PageHead(
        f"{area.name}执行",
        crumbs=[Crumb("执行", reverse("desk:board") + query), Crumb(area.name)],
        year=view.year,
        years=year_choices(request, view.year),
        actions=[
            Action("用水填报情况", reverse("metering:month") + query),
            Action("区域水账", reverse("ledger:area", args=[area.pk]) + query),
        ],
    )


def _stats(area: Area, view: Overview, units: Sequence[UnitExecution]) -> StatStrip:
    whole = view.whole
    states = [state_of_unit(view, unit) for unit in units]
    ahead = whole.used - whole.planned
    over, warned = states.count(State.OVER), states.count(State.WARNED)
    return StatStrip(
        [
            Stat("年度额度", whole.quota, WAN, line=f"含预留 {in_unit(view.reserve, WAN)}"),
            Stat("已用", whole.used, WAN, line=f"1–{view.stick.month}月计划 {in_unit(whole.planned, WAN)}"),
            Stat("与计划进度比", ahead, WAN, signed=True, chip=Chip.of(view.state(area.pk))),
            Stat("可用", whole.quota - whole.used, WAN, focus=True,
                 line=f"额度 {in_unit(whole.quota, WAN)} − 已用 {in_unit(whole.used, WAN)}"),
            Stat("超额单位", over, "户", line=f"超计划 {warned} 户，共 {len(units)} 户"),
        ]
    )  # fmt: skip


def _state_tabs(request: Any, view: Overview, units: Sequence[UnitExecution]) -> Choices:
    asked = request.GET.get("state", "")
    states = [state_of_unit(view, unit).value for unit in units]
    return Choices(
        [
            Choice(
                label,
                f"?year={view.year}&state={key}",
                current=key == asked,
                count=states.count(key) if key else len(units),
            )
            for key, label in STATES.items()
        ],
        tabs=True,
        note="超额在前，其次按超出计划的水量",
    )


def _units_panel(request: Any, view: Overview, units: Sequence[UnitExecution]) -> Panel:
    asked = {name: request.GET.get(name, "") for name in ("state", "kind", "sector")}
    words = request.GET.get("q", "").strip()
    chosen = [
        unit
        for unit in units
        if asked["state"] in ("", state_of_unit(view, unit).value)
        and asked["kind"] in ("", unit.kind)
        and asked["sector"] in ("", unit.sector)
        and (not words or words in unit.name)
    ]
    pages = Pages(
        len(chosen), page_number(request.GET.get("page")), "户", query=request.GET.urlencode(),
        sums=f"合计已用 {in_unit(total(u.whole.used for u in chosen), WAN)} 万m³",
    )  # fmt: skip
    toolbar = Toolbar(
        [
            Filter("kind", "类型", [("", "全部类型"), *UnitKind.choices()], asked["kind"]),
            Filter("sector", "行业", [("", "全部行业"), *((s.value, s.label) for s in PLAN_SECTORS)],
                   asked["sector"]),
        ],
        search_label="单位名称",
        search=words,
        kept={"year": str(view.year), "state": asked["state"]},
    )  # fmt: skip
    table = units_table(view, chosen[pages.start : pages.stop])
    return Panel("单位执行", [table], toolbar=toolbar, pages=pages)


def units_table(view: Overview, units: Sequence[UnitExecution]) -> Table:
    columns = [
        Column("单位"),
        Column("额度", M3, kind="figure"),
        Column("已用", M3, kind="figure", strong=True),
        Column("┃ 计划进度", kind="mark"),
        Column("可用", M3, kind="figure"),
        Column("比计划", M3, kind="figure", signed=True),
        Column("状态"),
    ]
    empty = Empty("没有这样的单位。", "换一个条件再看。")
    return Table(columns, [_unit_row(view, unit) for unit in units], empty=empty)


def _unit_row(view: Overview, unit: UnitExecution) -> Row:
    whole, state = unit.whole, state_of_unit(view, unit)
    over = [source.label for source, p in unit.parts if p.used > p.quota]
    below = f"{unit.address} · {UnitKind(unit.kind).label}"
    if over and len(unit.parts) > 1:
        below += f" · {'、'.join(over)}超额"
    url = reverse("ledger:account", args=[unit.unit]) + f"?year={view.year}"
    return Row(
        [
            Name(unit.name, below, url),
            whole.quota,
            whole.used,
            Gauge(whole.used, whole.quota, whole.planned, state, M3),
            whole.quota - whole.used,
            whole.used - whole.planned,
            Chip.of(state),
        ]
    )


def troubled_units_panel(area: Area, view: Overview) -> Panel:
    """A district's home: the units that need a hand first."""
    units = ranked_units(area, view)
    states = [state_of_unit(view, unit) for unit in units]
    troubled = [u for u, s in zip(units, states, strict=True) if s is not State.NORMAL]
    url = reverse("desk:region", args=[area.pk]) + f"?year={view.year}"
    table = units_table(view, troubled[:MOST_TROUBLED])
    note = f"超额 {states.count(State.OVER)} 户，超计划 {states.count(State.WARNED)} 户，共 {len(units)} 户"
    return Panel("先看这些单位", [table], note=note, aside=Link("全部单位", url))


def sectors_panel(view: Overview, area: Area) -> Panel:
    """The region by sector, suppliers resolved to their customers."""
    parts = view.of_sector(area.pk)
    shown = [s for s in SECTORS if s in parts and (parts[s].quota or parts[s].used)]
    columns = [
        Column("行业"),
        Column("单位额度", WAN, kind="figure"),
        Column("已用", WAN, kind="figure", strong=True),
        Column("┃ 计划进度", kind="mark"),
        Column("状态"),
    ]
    rows = []
    for sector in shown:
        part = parts[sector]
        state = state_of(part.used, part.quota, part.planned, view.stick.warn_percent)
        label = "供水未分到用户" if sector is Sector.SUPPLY else sector.label
        gauge: object = Gauge(part.used, part.quota, part.planned, state, WAN)
        chip: object = Chip.of(state)
        if sector is Sector.SUPPLY:
            gauge, chip = "", ""
        rows.append(Row([label, part.quota, part.used, gauge, chip]))
    used = total(parts[s].used for s in shown)
    sums = ["合计", total(parts[s].quota for s in shown), used, "", ""]
    return Panel("按行业", [Table(columns, rows, sums=sums, tight=True)], foot="不含预留。")
