"""A supplier's network: 取水 = 供水 + 损失 month by month, and each customer's account with it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, Balance, state_of, sum_balances
from shuiheng.ledger.selectors import (
    SupplyBooks,
    Yardstick,
    quotas,
    supply_by_month,
    unit_seen,
    yardstick,
)
from shuiheng.ledger.views.account import Plans, asked_year, unit_crumbs, unit_note, year_choices
from shuiheng.ledger.views.words import Documents
from shuiheng.registry.models import Unit
from shuiheng.ui.figures import M3, in_unit, percent
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Chip,
    Choice,
    Choices,
    Name,
    PageHead,
    Pages,
    Stat,
    StatStrip,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table


@login_required
@require_safe
def supply(request: Any, unit_id: int, plans: Plans, documents: Documents) -> HttpResponse:
    """供水账 of a supplier."""
    unit = unit_seen(request.actor, unit_id)
    if not unit.kind_term.is_supplier:
        raise Refusal(
            "ledger.no_supplier", f"{unit.name}不是供水单位，没有供水账。", kind=Kind.MISSING
        )
    year = asked_year(request)
    months = supply_by_month(unit.pk, year)
    held = quotas(year, Q(supplier=unit.pk))
    context = {
        "head": _head(request, unit, year),
        "sides": _sides(unit, year),
        "stats": _stats(months, held),
        "months": _months_panel(months, yardstick(year, request.today)),
        "customers": _customers_panel(request, unit, held, plans),
    }
    return render(request, "ledger/supply.html", context)


def _head(request: Any, unit: Unit, year: int) -> PageHead:
    return PageHead(
        f"{year} 年供水账",
        crumbs=unit_crumbs(unit, "供水账"),
        year=year,
        years=year_choices(request, year),
        note=unit_note(unit),
    )


def _sides(unit: Unit, year: int) -> Choices:
    query = f"?year={year}"
    return Choices(
        [
            Choice("取水账", reverse("ledger:account", args=[unit.pk]) + query),
            Choice("供水账", reverse("ledger:supply", args=[unit.pk]) + query, current=True),
        ],
        tabs=True,
        note="取水 = 供水 + 损失，按月结清。",
    )


def _stats(months: list[SupplyBooks], held: dict[AccountKey, Balance]) -> StatStrip:
    taken = total(m.abstraction for m in months)
    delivered = total(m.deliveries for m in months)
    lost = total(m.loss for m in months)
    whole = sum_balances(list(held.values()))
    share = percent(lost.m3 / (lost + delivered).m3) if lost + delivered else "—"
    customers = len({key.unit for key in held if key.sector is not Sector.LOSS})
    return StatStrip(
        [
            Stat("取水", taken, M3, line="计入水源和行政区域额度"),
            Stat("供水", delivered, M3, line=f"{customers} 个户头"),
            Stat("输配水损失", lost, M3, line=f"已月结月份的 {share}"),
            Stat("网内额度余额", whole.available, M3,
                 line=f"额度 {in_unit(whole.net, M3)} − 供水和损失 {in_unit(whole.used, M3)}", focus=True),
        ]
    )  # fmt: skip


def _months_panel(months: list[SupplyBooks], stick: Yardstick) -> Panel:
    columns = [
        Column("月份"),
        Column("取水", M3, kind="figure"),
        Column("供水", M3, kind="figure"),
        Column("损失", M3, kind="figure"),
        Column("核对"),
    ]
    rows = [
        Row([f"{m.month}月", m.abstraction, m.deliveries, m.loss, _proof(m)])
        for m in months
        if m.abstraction or m.deliveries or m.month <= stick.month
    ]
    sums = [
        "合计",
        total(m.abstraction for m in months),
        total(m.deliveries for m in months),
        total(m.loss for m in months),
        "",
    ]
    return Panel("每月取水、供水和损失", [Table(columns, rows, sums=sums, tight=True)])


def _proof(month: SupplyBooks) -> Chip:
    if not month.open_difference:
        return Chip("相符", "normal")
    return Chip(f"差 {in_unit(month.open_difference, M3)}，未月结", "warned")


def _customers_panel(
    request: Any, unit: Unit, held: dict[AccountKey, Balance], plans: Plans
) -> Panel:
    stick = yardstick(asked_year(request), request.today)
    pages = Pages(
        len(held), page_number(request.GET.get("page")), "个户头", query=request.GET.urlencode()
    )
    plan = plans(held)
    names = _names(request, held)
    facts = []
    for key, balance in held.items():
        planned = total(plan[key][: stick.month])
        facts.append((balance.used.m3 - planned.m3, planned, key, balance))
    facts.sort(key=lambda fact: (-fact[0], fact[2]))
    rows = [
        _customer_row(names, key, balance, planned, stick)
        for _, planned, key, balance in facts[pages.start : pages.stop]
    ]
    whole = sum_balances(list(held.values()))
    columns = [
        Column("户头"),
        Column("额度", M3, kind="figure"),
        Column("已用", M3, kind="figure", strong=True),
        Column("┃ 计划进度", kind="mark"),
        Column("余额", M3, kind="figure"),
        Column("状态"),
    ]
    sums = ["合计", whole.net, whole.used, "", whole.available, ""]
    note = "按超出计划的水量从多到少"
    return Panel("用户和损失", [Table(columns, rows, sums=sums)], note=note, pages=pages)


def _names(request: Any, held: dict[AccountKey, Balance]) -> dict[int, Name]:
    """Names of all accounts of the network; a link where the person may open the account."""
    wanted = {key.unit for key in held}
    open_to = set(
        Unit.objects.visible_to(request.actor).filter(pk__in=wanted).values_list("pk", flat=True)
    )
    return {
        unit.pk: Name(
            unit.name,
            unit.sector_term.label,
            reverse("ledger:account", args=[unit.pk]) if unit.pk in open_to else "",
        )
        for unit in Unit.objects.filter(pk__in=wanted)
    }


def _customer_row(
    names: dict[int, Name], key: AccountKey, balance: Balance, planned: Volume, stick: Yardstick
) -> Row:
    state = state_of(balance.used, balance.net, planned, stick.warn_percent)
    gauge = Gauge(balance.used, balance.net, planned, state, M3)
    name = names[key.unit]
    if key.sector in (Sector.LOSS, Sector.RESIDENTS) and key.unit == key.supplier:
        name = Name(key.sector.label, name.text)
    return Row([name, balance.net, balance.used, gauge, balance.available, Chip.of(state)])
