"""A supplier's month: what it delivered to each customer, and 月结: 取水 − 供水 = 损失."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shuiheng.core.access import Permission, require
from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import unit_seen
from shuiheng.metering import services
from shuiheng.metering.forms import DeliveriesForm
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.metering.selectors import (
    Owing,
    Plans,
    owing,
    report_lines,
    supply_month,
    supply_months,
)
from shuiheng.metering.views.month import Month, asked_month, supplier_tabs
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import customers_of
from shuiheng.ui.figures import M3, in_unit, percent
from shuiheng.ui.forms import ActForm, Done, submit
from shuiheng.ui.parts import (
    Action,
    Crumb,
    Message,
    PageHead,
    Stat,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deliveries(request: Any, unit_id: int, plans: Plans) -> HttpResponse:
    """供水量 per customer of a month; a pasted column is filled in, never saved unseen."""
    supplier = _supplier(request, unit_id)
    when = asked_month(request)
    form = _deliveries_form(request, supplier, when, plans)
    context = _deliveries_context(supplier, when, form)
    if "fill" in request.POST:
        filled = {**context, "form": form, "filled": True}
        return render(request, "metering/deliveries.html", filled)
    return submit(
        request,
        form,
        lambda data: _deliver(request, when, data),
        template="metering/deliveries.html",
        context=context,
        done=lambda reports: Done(
            reverse("metering:close", args=[supplier.pk]) + when.query,
            f"已填报 {len(reports)} 户供水，共 {total(r.volume for r in reports)}。",
        ),
    )


def _deliveries_form(request: Any, supplier: Unit, when: Month, plans: Plans) -> DeliveriesForm:
    links = customers_of(supplier, month_end(when.year, when.month))
    customers = [link.customer for link in links]
    lines = report_lines(customers, when.year, when.month, plans)
    names = {unit.pk: (unit.name, unit.code) for unit in customers}
    return DeliveriesForm(lines, names, request.POST or None)


def _deliver(request: Any, when: Month, data: dict[str, Any]) -> list[UseReport]:
    return services.report_use(
        when.year,
        when.month,
        data["rows"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
        attested=data["attested"],
    )


def _supplier(request: Any, unit_id: int) -> Unit:
    """A supplier for which the person may report."""
    unit = unit_seen(request.actor, unit_id, Permission.UNIT_VIEW)
    if not unit.kind_term.is_supplier:
        raise Refusal(
            "supply.no_supplier", f"{unit.name}不是供水单位，没有供水要填报。", kind=Kind.MISSING
        )
    if not request.actor.may(Permission.USE_REPORT, unit.place):
        require(request.actor, Permission.USE_REPORT_FOR, unit.place)
    return unit


def _deliveries_context(supplier: Unit, when: Month, form: DeliveriesForm) -> dict[str, Any]:
    reported = total(line.before.volume for line in form.lines if line.before)
    unread = "、".join(form.unread[:5])
    return {
        "head": _head(supplier, when, "供水量填报"),
        "tabs": supplier_tabs(supplier, when, "deliveries"),
        "note": f"{len(form.lines)} 户，已报 {sum(line.before is not None for line in form.lines)} 户，"
        f"合计 {in_unit(reported, M3)} m³",
        "unread": Message(
            f"有 {len(form.unread)} 行没有认出是哪一户，留在粘贴框里：{unread}", "look"
        )
        if form.unread
        else None,
    }


def _head(supplier: Unit, when: Month, title: str) -> PageHead:
    return PageHead(
        f"{when.month}月{title}",
        crumbs=[
            Crumb(supplier.region.name),
            Crumb(supplier.name, reverse("ledger:supply", args=[supplier.pk])),
            Crumb(title),
        ],
        year=when.year,
        note=f"{supplier.name} · {supplier.kind_term.label}",
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: Any, unit_id: int, plans: Plans) -> HttpResponse:
    """月结: preview of abstraction, deliveries and loss, then confirm."""
    supplier = _supplier(request, unit_id)
    when = asked_month(request)
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.close_supply_month(
            supplier.pk, when.year, when.month,
            actor=request.actor, now=request.now, key=data["key"],
        ),
        template="metering/close.html",
        context=_close_context(request, supplier, when, form),
        done=lambda closed: Done(request.get_full_path(), _closed_words(closed)),
    )  # fmt: skip


def _close_context(request: Any, supplier: Unit, when: Month, form: ActForm) -> dict[str, Any]:
    return {
        "head": _head(supplier, when, "供水月结"),
        "tabs": supplier_tabs(supplier, when, "close"),
        "preview": _preview(request, supplier, when, form),
        "months": _months_panel(supplier, when),
    }


def _closed_words(closed: SupplyMonth) -> str:
    return f"{closed.month}月已月结：取水 {closed.abstraction} = 供水 {closed.deliveries} + 损失 {closed.loss}。"


def _preview(request: Any, supplier: Unit, when: Month, form: ActForm) -> Preview:
    abstraction, delivered = supply_month(supplier, when.year, when.month)
    day = month_end(when.year, when.month)
    units = [supplier, *(link.customer for link in customers_of(supplier, day))]
    waiting = owing(units, when.year, when.month)
    loss = abstraction - delivered
    share = percent(loss.m3 / abstraction.m3) if abstraction else "—"
    return Preview(
        f"月结 {when.month}月",
        [
            Stat("取水", abstraction, M3),
            Stat("供水", delivered, M3, line=f"{len(units) - 1} 户和居民"),
            Stat("损失", loss, M3, line=f"取水 {in_unit(abstraction, M3)} − 供水 {in_unit(delivered, M3)}，占 {share}"),
        ],
        title="月结前核对",
        findings=_findings(waiting, loss),
        undo="月结后仍可更正填报并重新月结，原来的损失会冲回，两笔都留在明细里。",
        form=form,
        blocked=_blocked(waiting, loss) or _unchanged(supplier, when, abstraction, delivered),
        others=[Action("去填供水量", reverse("metering:deliveries", args=[supplier.pk]) + when.query)],
    )  # fmt: skip


def _findings(waiting: list[Owing], loss: Volume) -> list[Finding]:
    found = []
    if waiting:
        names = "、".join(entry.unit.name for entry in waiting[:5])
        more = "等" if len(waiting) > 5 else ""
        sentence = f"还有 {len(waiting)} 户没有填报：{names}{more}。填齐或由水务局暂估后才能月结。"
        found.append(Finding("supply.incomplete", Severity.MUST_FIX, sentence))
    if loss.m3 < 0:
        sentence = (
            f"供水比取水多 {in_unit(-loss, M3)} m³。请核对取水口读数和用户用水，更正其中一方。"
        )
        found.append(Finding("supply.more_than_taken", Severity.MUST_FIX, sentence))
    return found


def _blocked(waiting: list[Owing], loss: Volume) -> str:
    if waiting:
        return f"还差 {len(waiting)} 户"
    return "供水大于取水" if loss.m3 < 0 else ""


def _unchanged(supplier: Unit, when: Month, abstraction: Volume, delivered: Volume) -> str:
    """Closing a month again makes sense only when a figure has changed since."""
    closed = [m for m in supply_months(supplier, when.year) if m.month == when.month]
    same = any((m.abstraction, m.deliveries) == (abstraction, delivered) for m in closed)
    return "已月结，此后数字没有变" if same else ""


def _months_panel(supplier: Unit, when: Month) -> Panel:
    columns = [
        Column("月份"),
        Column("取水", M3, kind="figure"),
        Column("供水", M3, kind="figure"),
        Column("损失", M3, kind="figure", strong=True),
        Column("办理"),
    ]
    closed = supply_months(supplier, when.year)
    rows = [
        Row(
            [f"{m.month}月", m.abstraction, m.deliveries, m.loss,
             f"{m.closed_by}" + (f"，第 {m.revision} 次" if m.revision > 1 else "")],
            selected=m.month == when.month,
        )
        for m in closed
    ]  # fmt: skip
    sums = ["合计", total(m.abstraction for m in closed), total(m.deliveries for m in closed),
            total(m.loss for m in closed), ""]  # fmt: skip
    return Panel("已月结", [Table(columns, rows, sums=sums if rows else [], tight=True)])
