"""年度水量分配计划: what the autonomous region gives, entered as a grid, every version readable."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.issue import AllocationForm, scan_of
from shuiheng.budget.models import AllocationPlan
from shuiheng.budget.rules import AreaStage, WetnessIncluded
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.selectors.issue import (
    Cells,
    allocation_cells,
    allocation_plans,
    current_allocation,
)
from shuiheng.budget.views.setting import Setting, preparing
from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions
from shuiheng.papers.selectors import attachments_of
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import NOT_SAVED, Done, submit
from shuiheng.ui.parts import Action, Chip, Crumb, Empty, Fact, Facts, Link, Name
from shuiheng.ui.tables import Column, Panel, Row, Table

NOTHING = Empty(
    "还没有录入这一年的分配计划。", "自治区文件到了以后，由市级经办逐区逐水源录入，扫描件一并留存。"
)
TITLE = "年度水量分配计划"


@login_required
@require_safe
def allocation(request: Any) -> HttpResponse:
    """The version in force (or an old one), its difference to the one before, all versions."""
    page = preparing(request)
    regions = regions_seen(request.actor, page.city, page.year)
    plans = allocation_plans(page.city, page.year)
    shown = _chosen(request, plans)
    cells = allocation_cells(plans)
    sees_all = request.actor.may(Permission.BUDGET_VIEW, page.city.place)
    places = [*regions, page.city] if sees_all else regions
    context = {
        "head": _head(request, page, shown),
        "main": [_figures(page, shown, plans, cells, places)],
        "aside": [*_facts(shown), _versions(page, plans, cells, shown)] if plans else [],
    }
    return render(request, "budget/panels.html", context)


def _chosen(request: Any, plans: list[AllocationPlan]) -> AllocationPlan | None:
    text = request.GET.get("version", "")
    if not text:
        return next((plan for plan in plans if plan.is_current), None)
    for plan in plans:
        if str(plan.version) == text:
            return plan
    raise Refusal(
        "allocation.no_version",
        "没有这一版分配计划。",
        kind=Kind.MISSING,
        remedy="请从版本清单里选。",
    )


def _head(request: Any, page: Setting, shown: AllocationPlan | None) -> Any:
    may = request.actor.may(Permission.ALLOCATION_ENTER, page.city.place)
    open_year = page.budget.stage_term not in (AreaStage.ISSUED, AreaStage.CLOSED)
    label = "录入新版本…" if shown else "录入分配计划…"
    enter = Action(label, page.url("allocation_new"), primary=True) if may and open_year else None
    old = Chip("旧版本") if shown is not None and not shown.is_current else None
    note = "" if open_year else "已经下达；总量变化请走“上级调整”"
    return page.head(
        TITLE, "allocation", crumbs=[Crumb("下达")], chip=old, note=note,
        actions=[
            Action("基准额度", page.url("baseline")), Action("强度管控", page.url("intensity")), enter
        ],
    )  # fmt: skip


def _figures(
    page: Setting,
    shown: AllocationPlan | None,
    plans: list[AllocationPlan],
    cells: dict[int, Cells],
    places: list[Area],
) -> Panel:
    if shown is None:
        return Panel(f"{page.year} 年度计划", [NOTHING])
    before = next((plan for plan in plans if plan.version == shown.version - 1), None)
    columns = [Column("区域")]
    columns += [Column(s.label, WAN, kind="figure", unit_shown=False) for s in NATURAL_SOURCES]
    columns.append(Column("合计", WAN, kind="figure", strong=True, unit_shown=False))
    if before is not None:
        changed = Column("比上一版", WAN, kind="figure", signed=True, toned=True, unit_shown=False)
        columns.append(changed)
    rows = [
        _row(page.city, area, cells[shown.pk], cells[before.pk] if before else None)
        for area in places
    ]
    sums = ["合计", *(_column(rows, place) for place in range(1, len(columns)))]
    table = Table(columns, rows, sums=sums, tight=True)
    return Panel(f"{page.year} 年度计划 · 第 {shown.version} 版", [table], aside=WAN)


def _row(city: Area, area: Area, cells: Cells, before: Cells | None) -> Row:
    figures = [cells.get((area.pk, source), Volume()) for source in NATURAL_SOURCES]
    own = area.pk == city.pk
    name: object = Name("市级留存", "未分配到区") if own else area.name
    rest: list[object] = [total(figures)]
    if before is not None:
        old = total(before.get((area.pk, source), Volume()) for source in NATURAL_SOURCES)
        rest.append(total(figures) - old)
    return Row([name, *figures, *rest])


def _column(rows: list[Row], place: int) -> Volume:
    cells = (row.cells[place] for row in rows)
    return total(cell for cell in cells if isinstance(cell, Volume))


def _facts(shown: AllocationPlan | None) -> list[Panel]:
    if shown is None:
        return []
    scans = [
        Fact("扫描件", Link(kept.name, reverse("papers:attachment", args=[kept.pk])))
        for kept in attachments_of(f"allocation/{shown.pk}")
    ]
    facts = Facts(
        [
            Fact("文号", shown.number),
            Fact("标题", shown.title),
            Fact("印发日期", f"{shown.issued_on:%Y-%m-%d}"),
            Fact("丰增枯减", WetnessIncluded(shown.wetness_included).label, note="不再另算一次"),
            Fact("录入", shown.act.user_name, note=f"{shown.act.at:%Y-%m-%d}"),
            *(scans or [Fact("扫描件", "没有附")]),
        ]
    )
    return [Panel("文件", [facts], wide=False)]


def _versions(
    page: Setting,
    plans: list[AllocationPlan],
    cells: dict[int, Cells],
    shown: AllocationPlan | None,
) -> Panel:
    columns = [Column("版本"), Column("文号"), Column("合计", WAN, kind="figure", strong=True)]
    rows = [
        Row(
            [
                Link(f"第 {plan.version} 版", page.url("allocation", version=plan.version)),
                Link(plan.number, whole=True),
                total(cells[plan.pk].values()),
            ],
            selected=plan == shown,
            tone="" if plan.is_current else "quiet",
        )
        for plan in plans
    ]
    return Panel("版本", [Table(columns, rows, tight=True)], note="旧版本不改不删")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def allocation_new(request: Any) -> HttpResponse:
    """Enter the plan: fill in, check the sums and what changes, then keep it as a new version."""
    page = preparing(request)
    require(request.actor, Permission.ALLOCATION_ENTER, page.city.place)
    old, cells = current_allocation(page.city, page.year)
    places = [*budget_regions(page.year, page.city), page.city]
    initial = {"title": f"关于下达{page.city.name}{page.year}年度水量分配计划的通知"}
    form = AllocationForm(
        request.POST or None, request.FILES or None,
        city=page.city, places=places, cells=cells, initial=initial,
    )  # fmt: skip
    context = _entry_context(page, form, old, cells, places)
    if request.POST.get("act") == "check":
        status = 200 if form.is_valid() else NOT_SAVED
        return render(request, "budget/grid.html", {**context, "form": form}, status=status)
    template = "budget/grid.html"
    act = _enter(request, page, form)
    return submit(
        request, form, act, template=template, context=context, done=lambda p: _done(page, p)
    )


def _enter(request: Any, page: Setting, form: AllocationForm) -> Any:
    return lambda data: services.enter_allocation(
        page.city,
        page.year,
        form.lines(),
        number=data["number"],
        title=data["title"],
        issued_on=data["issued_on"],
        wetness_included=WetnessIncluded(data["wetness_included"]),
        scan=scan_of(form),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _done(page: Setting, plan: AllocationPlan) -> Done:
    return Done(page.url("allocation"), f"已录入 {plan.number}，第 {plan.version} 版。")


def _entry_context(
    page: Setting,
    form: AllocationForm,
    old: AllocationPlan | None,
    cells: Cells,
    places: list[Area],
) -> dict[str, object]:
    back = Action("返回计划", page.url("allocation"))
    actions = [Action("核对…", name="act", value="check", primary=True), back]
    difference = None
    if form.is_bound and form.is_valid():
        version = old.version + 1 if old else 1
        label = f"录入第 {version} 版（合计 {form.sum_of().wan()} 万m³）"
        save = Action(label, name="act", value="save", primary=True)
        actions = [save, Action("再核对", name="act", value="check"), back]
        difference = _difference(form, cells, places, page.city) if old else None
    return {
        "head": page.head(f"录入{TITLE}", "allocation", crumbs=[Crumb("下达"), Crumb(TITLE)]),
        "grid_title": "分区、分水源",
        "grid_note": "照文件填，不用的留空",
        "paper_title": "文件",
        "difference": difference,
        "actions": actions,
    }


def _difference(form: AllocationForm, cells: Cells, places: list[Area], city: Area) -> Table:
    columns = [
        Column("与现行版本不同的地方"),
        Column("原来", WAN, kind="figure"),
        Column("改为", WAN, kind="figure", strong=True),
        Column("变化", WAN, kind="figure", signed=True, toned=True),
    ]
    rows = []
    names = {area.pk: form.row_name(area) for area in places}
    for (area, source), volume in form.lines().items():
        before = cells.get((area, Source(source)), Volume())
        if volume != before:
            label = f"{names[area]} · {source.label}"
            rows.append(Row([label, before, volume, volume - before]))
    return Table(columns, rows, tight=True, empty=Empty("和现行版本完全一样。"))
