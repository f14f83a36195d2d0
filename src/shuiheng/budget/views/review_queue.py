"""The page of the review: where one is, the tabs, the list beside its case, the ready ones, the decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from shuiheng.budget.forms.review import PickForm
from shuiheng.budget.models import Budget
from shuiheng.budget.rules import UnitStage
from shuiheng.budget.selectors import drafts as drafts_selectors
from shuiheng.budget.selectors import review as selectors
from shuiheng.budget.selectors.drafts import find_budget
from shuiheng.budget.selectors.review import DECIDED, Queue, Queued
from shuiheng.budget.views import case as parts
from shuiheng.budget.views.drafts import year_choices
from shuiheng.budget.views.review_case import Place, below, case_parts, may_review
from shuiheng.core.volume import Volume, total
from shuiheng.ui import figures
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Link,
    Name,
    PageHead,
    Stat,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

LOOK, READY, MISSING, RETURNED, DONE = "look", "ready", "missing", "returned", "done"
TABS = {LOOK: "需查看", READY: "可通过", MISSING: "未报", RETURNED: "已退回", DONE: "已审"}
STAGES_OF = {
    MISSING: [UnitStage.DRAFT],
    RETURNED: [UnitStage.RETURNED],
    DONE: list(DECIDED),
}
REASONS = {
    "review.change": "比上年变动大",
    "review.first": "首次申报",
    "review.over_norm": "超定额测算",
    "review.permit_expires": "许可证将到期",
    "draft.unit_slip": "单位疑误",
    "draft.over_permit": "超许可",
    "draft.months": "月份合计不符",
    "draft.supply_balance": "供水不平衡",
    "draft.far_from_last_year": "与上年差得多",
    "draft.nil": "申报为零",
}
MOST_READ = 500


def page(
    place: Place,
    request: Any,
    waiting: Queue,
    wanted: int,
    form: ActForm | None = None,
    status: int = 200,
    chosen: list[int] | None = None,
) -> HttpResponse:
    shown = _shown(waiting, place)
    stages = selectors.counts(request.actor, place.area, place.year)
    context: dict[str, object] = {
        "head": _head(request, place, stages),
        "tabs": _tabs(place, waiting, stages),
        "place": place,
        "complaints": list(form.non_field_errors()) if form is not None and form.is_bound else [],
    }
    if place.tab == READY and not wanted:
        ids = [each.budget.pk for each in shown] if chosen is None else chosen
        context |= _ready(request, place, waiting, ids, form)
        return render(request, "budget/review_ready.html", context, status=status)
    if place.tab in STAGES_OF and not wanted:
        context["main"] = _decided(request, place)
        return render(request, "budget/review_list.html", context, status=status)
    context |= _split(request, place, waiting, shown, wanted, form)
    return render(request, "budget/review.html", context, status=status)


def _shown(waiting: Queue, place: Place) -> list[Queued]:
    """The lines of the tab: those with the chosen reason, or all."""
    lines = waiting.ready if place.tab == READY else waiting.look
    if not place.reason:
        return lines
    return [each for each in lines if place.reason in {f.code for f in each.findings}]


def _head(request: Any, place: Place, stages: dict[UnitStage, int]) -> PageHead:
    city = not place.area.has_own_budget
    due, _ = parts.due_of(
        "city_draft" if city else "county_draft", place.year, request.today, "完成草案"
    )
    missing = stages.get(UnitStage.DRAFT, 0) + stages.get(UnitStage.RETURNED, 0)
    region = "" if city else place.area.code
    remind = f"{reverse('budget:remind')}?year={place.year}&area={region}"
    actions = [Action(f"催报未报 {missing} 户", remind)] if missing and region else []
    areas = f"{reverse('budget:areas')}?year={place.year}"
    return PageHead(
        f"{place.area.name}{'公共供水单位' if city else ''}草案审核",
        crumbs=[Crumb(place.area.name), Crumb("审核"), Crumb(f"{place.year} 年度草案")],
        year=place.year,
        years=year_choices(place.years, "budget:review", f"&area={place.area.code}"),
        due=due,
        actions=[*actions, Action("汇编", areas)],
    )


def _tabs(place: Place, waiting: Queue, stages: dict[UnitStage, int]) -> Choices:
    numbers = {
        LOOK: len(waiting.look),
        READY: len(waiting.ready),
        **{tab: sum(stages.get(stage, 0) for stage in of) for tab, of in STAGES_OF.items()},
    }
    choices = [
        Choice(label, place.url(tab=tab, reason=""), place.tab == tab, numbers[tab])
        for tab, label in TABS.items()
    ]
    whole = sum(stages.values())
    filed = whole - numbers[MISSING] - numbers[RETURNED]
    note = (
        f"名录 {whole} 个单位 = 已报 {filed} + 未报 {numbers[MISSING]} + 退回 {numbers[RETURNED]}"
    )
    return Choices(choices, tabs=True, note=note)


# -- looking: list and case ------------------------------------------------------------------------


def _split(
    request: Any,
    place: Place,
    waiting: Queue,
    shown: Sequence[Queued],
    wanted: int,
    form: ActForm | None,
) -> dict[str, object]:
    position = next((i for i, each in enumerate(shown) if each.budget.pk == wanted), None)
    if position is None and not wanted and shown:
        position = 0
    chosen = shown[position].budget.pk if position is not None else wanted
    context: dict[str, object] = {
        "reasons": _reasons(place, waiting),
        "list": _list(shown, place, chosen),
        "count": len(shown),
    }
    budget = _chosen(request, waiting, chosen) if chosen else None
    if budget is not None:
        context |= case_parts(place, request, waiting, budget, shown, position, form)
    return context


def _chosen(request: Any, waiting: Queue, chosen: int) -> Budget | None:
    for each in waiting.queued:
        if each.budget.pk == chosen:
            return each.budget
    return find_budget(request.actor, chosen)


def _reasons(place: Place, waiting: Queue) -> Choices:
    counted = selectors.by_reason(waiting.look)
    choices = [Choice("全部", place.url(reason=""), not place.reason, len(waiting.look))]
    choices += [
        Choice(label, place.url(reason=code), place.reason == code, counted[code])
        for code, label in REASONS.items()
        if code in counted
    ]
    return Choices(choices, label="按原因")


def _list(shown: Sequence[Queued], place: Place, chosen: int) -> Table:
    columns = [
        Column("单位"),
        Column("申报", WAN, kind="figure", strong=True),
        Column("上年", WAN, kind="figure"),
        Column("变化", kind="figure"),
        Column("为什么要看" if place.tab == LOOK else "情况"),
    ]
    rows = [
        Row(
            [
                Name(each.budget.unit.name, below(each.budget), place.url(each.budget)),
                each.proposed,
                each.last_used,
                figures.change(each.proposed, each.last_used),
                each.reason,
            ],
            selected=each.budget.pk == chosen,
        )
        for each in shown[:MOST_READ]
    ]
    empty = Empty("没有需要查看的草案了。", "“可通过”里的可以一次通过；全部审完后去“汇编”。")
    return Table(columns, rows, caption="待审草案", empty=empty)


# -- ready: one act --------------------------------------------------------------------------------


def _ready(
    request: Any, place: Place, waiting: Queue, ids: list[int], form: ActForm | None
) -> dict[str, object]:
    shown = waiting.ready[:MOST_READ]
    chosen = set(ids)
    columns = [
        Column("单位"),
        Column("乡镇街道"),
        Column("类型"),
        Column("申报", WAN, kind="figure", strong=True),
        Column("上年", WAN, kind="figure"),
        Column("变化", kind="figure"),
        Column("许可", WAN, kind="figure"),
        Column("", kind="action"),
    ]
    rows = [
        Row(
            [
                each.budget.unit.name,
                each.budget.unit.address_area.name,
                each.budget.unit.kind_term.label,
                each.proposed,
                each.last_used,
                figures.change(each.proposed, each.last_used),
                each.permit,
                Link("打开", place.url(each.budget)),
            ],
            pick=str(each.budget.pk),
            picked=each.budget.pk in chosen,
        )
        for each in shown
    ]
    empty = Empty("没有可以直接通过的草案。", "需要查看的在第一栏。")
    table = Table(columns, rows, caption="可通过的草案", tight=True, pick="budget", empty=empty)
    context = effect_parts(place, request, waiting, ids, form)
    return {**context, "list": table, "whole": len(shown), "look_percent": waiting.look_percent}


def effect_parts(
    place: Place, request: Any, waiting: Queue, ids: list[int], form: ActForm | None = None
) -> dict[str, object]:
    """通过前核对: how many, how much, and what it means for each sector and source."""
    chosen = [each for each in waiting.ready if each.budget.pk in set(ids)]
    proposed = total(each.proposed for each in chosen)
    last = total(each.last_used for each in chosen)
    stats = [
        Stat("将通过", len(chosen), "户"),
        Stat("合计水量", proposed, WAN, decimals=0),
        Stat("比上年", figures.change(proposed, last) if chosen else figures.NOT_APPLICABLE),
    ]
    may = any(may_review(request.actor, each.budget) for each in chosen)
    pick = PickForm(initial={"seen": len(chosen)})
    complaints = list(form.non_field_errors()) if form is not None and form.is_bound else []
    return {
        "stats": stats,
        "effect": _effect_table(chosen, waiting, proposed),
        "pick": pick,
        "chosen": len(chosen),
        "may": may,
        "complaints": complaints,
        "accept_url": f"{reverse('budget:review_accept')}?{place.url().partition('?')[2]}",
    }


def _effect_table(chosen: Sequence[Queued], waiting: Queue, proposed: Volume) -> Table:
    """Beside last year's quota, or its use where there was no quota yet."""
    found = selectors.effects(chosen, waiting.known)
    had_quota = any(each.last_quota for each in found)
    columns = [
        Column("行业 · 水源"),
        Column("本次", WAN, kind="figure", decimals=0, strong=True),
        Column("上年额度" if had_quota else "上年用水", WAN, kind="figure", decimals=0),
        Column("相差", WAN, kind="figure", decimals=0, signed=True, toned=True),
    ]
    before = [each.last_quota if had_quota else each.last_used for each in found]
    rows = [
        Row(
            [
                f"{each.sector.label} · {each.source.label}",
                each.proposed,
                last,
                each.proposed - last,
            ]
        )
        for each, last in zip(found, before, strict=True)
    ]
    sums = ["合计", proposed, total(before), proposed - total(before)] if rows else []
    return Table(columns, rows, sums=sums, tight=True, empty=Empty("没有选中任何一件。"))


# -- the other tabs --------------------------------------------------------------------------------


def _decided(request: Any, place: Place) -> Panel:
    budgets = selectors.of_stages(request.actor, place.area, place.year, list(STAGES_OF[place.tab]))
    done = place.tab == DONE
    columns = [
        Column("单位"),
        Column("联系人"),
        Column("电话"),
        Column("申报", WAN, kind="figure", strong=not done),
    ]
    columns += [Column("核定", WAN, kind="figure", strong=True)] if done else []
    columns += [Column("状态"), Column("", kind="action")]
    rows = []
    for budget in budgets[:MOST_READ]:
        asked = drafts_selectors.asked_by(budget.lines.all())
        cells: list[object] = [
            Name(budget.unit.name, below(budget), place.url(budget)),
            budget.unit.contact,
            budget.unit.phone or "没有电话",
            asked.proposed,
        ]
        cells += [asked.reviewed] if done else []
        verb = Link("打开", place.url(budget)) if done else Link("代办", parts.draft_url(budget))
        rows.append(Row([*cells, parts.stage_chip(budget), verb]))
    empty = Empty(f"“{TABS[place.tab]}”里现在没有单位。")
    table = Table(columns, rows, caption=TABS[place.tab], empty=empty)
    return Panel(TABS[place.tab], [table], note=f"{len(budgets)} 个单位")
