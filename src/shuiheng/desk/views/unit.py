"""A unit's home, made for a phone: how much may I still use this month and this year."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from shuiheng.core.access import Permission
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume
from shuiheng.desk.selectors import UnitStanding, duties, unit_standing, units_of
from shuiheng.desk.views.lists import duty_list
from shuiheng.ledger.rules import AccountKey
from shuiheng.office.selectors import rest_days
from shuiheng.registry.models import Unit
from shuiheng.ui.figures import M3, day_full, in_unit
from shuiheng.ui.gauge import Answer, Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Decision,
    Link,
    Message,
    PageHead,
)
from shuiheng.ui.tables import Column, Row, Table


def unit_home(request: Any) -> HttpResponse:
    """本月还能用, 今年还能用 by source, what is due, what can be asked for."""
    units = units_of(request.actor)
    unit = _chosen(request, units)
    standing = unit_standing(unit, request.today.year, request.today)
    context = {
        "head": _head(request, unit),
        "units": _unit_choices(units, unit),
        "month": _month_answer(standing),
        "year": _year_answer(standing),
        "sources": _sources_table(standing),
        "estimates": _estimates(unit, standing),
        "duties": duty_list(duties(request.actor, request.now), request.today, rest_days()),
        "more": _more(request, unit),
    }
    return render(request, "desk/unit.html", context)


def _chosen(request: Any, units: list[Unit]) -> Unit:
    asked = request.GET.get("unit", "")
    return next((unit for unit in units if str(unit.pk) == asked), units[0])


def _unit_choices(units: list[Unit], unit: Unit) -> Choices | None:
    if len(units) < 2:
        return None
    return Choices(
        [Choice(u.name, f"?unit={u.pk}", current=u == unit) for u in units], label="单位"
    )


def _head(request: Any, unit: Unit) -> PageHead:
    account = reverse("ledger:account", args=[unit.pk])
    actions = [Action("看水账", account)]
    if request.actor.may(Permission.USE_REPORT, unit.place):
        actions.append(Action("填报用水", reverse("metering:report", args=[unit.pk]), primary=True))
    return PageHead(
        unit.name,
        crumbs=[Crumb(unit.region.name), Crumb(unit.name)],
        year=request.today.year,
        note=f"{unit.kind_term.label} · {unit.sector_term.label}",
        aside=day_full(request.today),
        actions=actions,
        phone_title=unit.name,
    )


def _pace(used: Volume, due: Volume) -> str:
    """快 6,145 or 慢 9,740 against what the plan had reached today."""
    apart = used - due
    if not apart:
        return "正好按计划"
    return f"{'快' if apart.m3 > 0 else '慢'} {in_unit(Volume(abs(apart.m3)), M3)}"


def _month_answer(standing: UnitStanding) -> Answer:
    month, plan, used = standing.today.month, standing.month_plan, standing.month_used
    due = standing.month_by_today
    reported = "" if used else f"（{month}月用水还没有填报）"
    limited = standing.month_left < plan - used and standing.whole.available.m3 < (plan - used).m3
    return Answer(
        f"{month}月还能用",
        standing.month_left,
        M3,
        meaning="全年可用已不够本月计划，按全年可用计。" if limited else "",
        gauge=Gauge(
            used,
            plan,
            due,
            unit=M3,
            large=True,
            plan_label="今天应到",
            quota_label=f"{month}月计划",
        ),
        line=f"已用 {in_unit(used, M3)}　今天应到 {in_unit(due, M3)}{reported}",
    )


def _year_answer(standing: UnitStanding) -> Answer:
    whole, due = standing.whole, standing.by_today()
    if not standing.held:
        return Answer(
            "今年还能用", Volume(), M3, meaning="今年的额度还没有下达。", year=standing.year
        )
    return Answer(
        "今年还能用",
        whole.available,
        M3,
        gauge=Gauge(
            whole.used, whole.net, due, standing.state(), M3, large=True, plan_label="今天应到"
        ),
        line=f"已用 {in_unit(whole.used, M3)}　今天应到 {in_unit(due, M3)}，{_pace(whole.used, due)}",
        chip=Chip.of(standing.state()),
    )


def _sources_table(standing: UnitStanding) -> Table | None:
    if len(standing.held) < 2:
        return None
    columns = [Column("水源"), Column("今年还能用", M3, kind="figure", strong=True), Column("状态")]
    return Table(columns, [_source_row(standing, key) for key in sorted(standing.held)], tight=True)


def _source_row(standing: UnitStanding, key: AccountKey) -> Row:
    label = key.source.label if key.source is not Source.NETWORK else "管网水"
    return Row([label, standing.held[key].available, Chip.of(standing.state(key))])


def _estimates(unit: Unit, standing: UnitStanding) -> list[Message]:
    """暂估 stands until the unit reports itself."""
    return [
        Message(
            f"{month}月暂估 {in_unit(volume, M3)} m³，请按实际填报。",
            "look",
            action=Link(
                "去填报",
                reverse("metering:report", args=[unit.pk]) + f"?year={standing.year}&month={month}",
            ),
        )
        for month, volume in sorted(standing.estimated.items())
    ]


def _more(request: Any, unit: Unit) -> list[Decision]:
    """水不够用？先申请调整; every line of the account."""
    account = reverse("ledger:account", args=[unit.pk])
    rows = [
        (
            "水不够用？先申请调整",
            "启用预留，或退回用不完的",
            "申请",
            reverse("budget:adjustment_new"),
        ),
        ("看全部明细", "每一笔额度和用水，都能点开看凭证", "水账", account),
    ]
    if unit.kind_term.is_supplier:
        url = reverse("metering:deliveries", args=[unit.pk])
        rows.insert(0, ("供给各户的水", "逐户填报，或从 Excel 整列粘贴", "填报", url))
    return [Decision(what, why, "", Action(verb, url, small=True)) for what, why, verb, url in rows]
