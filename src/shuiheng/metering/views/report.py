"""每月用水填报 of one unit: a field a source, what is beside it, and what a correction does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shuiheng.core.access import Permission
from shuiheng.core.clock import MONTHS
from shuiheng.core.vocabulary import UseBasis
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import unit_seen
from shuiheng.metering import services
from shuiheng.metering.forms import ReportForm
from shuiheng.metering.models import UseReport
from shuiheng.metering.selectors import (
    Plans,
    ReportLine,
    months_reported,
    report_day,
    report_lines,
)
from shuiheng.metering.views.month import Month, asked_month, due_day, supplier_tabs
from shuiheng.office.selectors import rest_days
from shuiheng.registry.models import Unit
from shuiheng.ui.figures import M3, in_unit, moment
from shuiheng.ui.forms import Done, submit
from shuiheng.ui.parts import (
    Chip,
    Crumb,
    Due,
    FindingList,
    Link,
    Message,
    PageHead,
)
from shuiheng.ui.tables import Column, Panel, Row, Table


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: Any, unit_id: int, plans: Plans) -> HttpResponse:
    """One month of one unit; reporting again is a revision, shown before it is sent."""
    unit = unit_seen(request.actor, unit_id, Permission.UNIT_VIEW)
    when = asked_month(request)
    own = request.actor.may(Permission.USE_REPORT, unit.place)
    lines = report_lines([unit], when.year, when.month, plans)
    form = ReportForm(lines, request.POST or None, on_behalf=not own)
    context = _context(request, unit, when, lines, may=_may_report(request, unit))
    return submit(
        request,
        form,
        lambda data: _send(request, when, data),
        template="metering/report.html",
        context={**context, "found": _Found(form)},
        done=lambda reports: Done(_next(unit, when), _said(unit, when, reports)),
    )


class _Found:
    """The findings of the form, once it has been checked."""

    def __init__(self, form: ReportForm) -> None:
        self.form = form

    @property
    def list(self) -> FindingList | None:
        return FindingList(self.form.found) if self.form.found else None


def _may_report(request: Any, unit: Unit) -> bool:
    wanted = (Permission.USE_REPORT, Permission.USE_REPORT_FOR)
    return any(request.actor.may(permission, unit.place) for permission in wanted)


def _send(request: Any, when: Month, data: dict[str, Any]) -> list[UseReport]:
    return services.report_use(
        when.year,
        when.month,
        data["rows"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
        attested=data["attested"],
        note=data.get("note", ""),
    )


def _next(unit: Unit, when: Month) -> str:
    return reverse("metering:report", args=[unit.pk]) + when.query


def _said(unit: Unit, when: Month, reports: Sequence[UseReport]) -> str:
    whole = total(report.volume for report in reports)
    if not whole:
        return f"已填报 {unit.name} {when.words}没有用水。"
    return f"已填报 {unit.name} {when.words}用水 {whole}，已记入水账。"


def _context(
    request: Any, unit: Unit, when: Month, lines: Sequence[ReportLine], *, may: bool
) -> dict[str, Any]:
    future = (request.today.year, request.today.month) < when
    reported = months_reported(unit, when.year)
    return {
        "head": _head(request, unit, when, done=future or all(line.before for line in lines)),
        "tabs": supplier_tabs(unit, when, "report") if unit.kind_term.is_supplier else None,
        "question": f"{when.month}月用了多少水",
        "before": _before(lines),
        "closed_to": _closed_to(when, may=may, future=future),
        "months": _months_panel(unit, when, reported, request.today),
        "has_lines": bool(lines),
    }


def _head(request: Any, unit: Unit, when: Month, *, done: bool) -> PageHead:
    account = reverse("ledger:account", args=[unit.pk])
    due = due_day(when, report_day(request.today))
    return PageHead(
        f"{when.month}月用水填报",
        crumbs=[Crumb(unit.region.name), Crumb(unit.name, account), Crumb("填报")],
        year=when.year,
        note=f"{unit.name} · {unit.kind_term.label}",
        due=None if done else Due.on(due, request.today, rest_days(), f"填报{when.month}月用水"),
        phone_title=f"{when.month}月用水填报",
        back=account,
    )


def _closed_to(when: Month, *, may: bool, future: bool) -> Message | None:
    if future:
        return Message(f"{when.words}还没到，当月结束后再填报。")
    if not may:
        return Message("您可以查看，但不能填报这个单位的用水。")
    return None


def _before(lines: Sequence[ReportLine]) -> Message | None:
    """What a second report of the month will do to the books."""
    old = [line.before for line in lines if line.before is not None]
    if not old:
        return None
    last = max(old, key=lambda report: report.reported_at)
    basis = "暂估" if last.basis == UseBasis.ESTIMATED else "填报"
    figures = "，".join(
        f"{line.source.label} {in_unit(line.before.volume, M3)}" for line in lines if line.before
    )
    sentence = (
        f"{last.month}月已由{last.reported_by}于{moment(last.reported_at)}{basis}：{figures} m³（第 {last.revision} 次）。"
        "改了再提交，会先冲回原来那一笔，再按新数入账，两笔都留在明细里。"
    )
    return Message(sentence, "note", "更正")


def _months_panel(
    unit: Unit, when: Month, reported: dict[int, list[UseReport]], today: date
) -> Panel:
    """The twelve months: what was reported, by whom, what is still open."""
    columns = [Column("月份"), Column("用水", M3, kind="figure", strong=True), Column("情况")]
    rows = []
    for month in MONTHS:
        if (when.year, month) > (today.year, today.month):
            continue
        rows.append(_month_row(unit, Month(when.year, month), reported.get(month, []), when, today))
    done = [r.volume for reports in reported.values() for r in reports if not _is_served(r)]
    sums = ["合计", total(done), ""]
    return Panel("各月填报", [Table(columns, rows, sums=sums, tight=True)])


def _is_served(report: UseReport) -> bool:
    """A waterworks' deliveries to residents are no use of its own."""
    return report.source == "network" and report.unit.kind_term.is_supplier


def _month_row(
    unit: Unit, month: Month, reports: Sequence[UseReport], when: Month, today: date
) -> Row:
    url = reverse("metering:report", args=[unit.pk]) + month.query
    own: Volume | None = total(r.volume for r in reports if not _is_served(r)) if reports else None
    if not reports and month == (today.year, today.month):
        chip = Chip("本月")
    elif not reports:
        chip = Chip("未报", "warned")
    elif any(report.basis == UseBasis.ESTIMATED for report in reports):
        chip = Chip("暂估", "warned")
    elif any(report.revision > 1 for report in reports):
        chip = Chip("已更正")
    else:
        chip = Chip("代报" if any(report.on_behalf for report in reports) else "已报", "grant")
    return Row([Link(f"{month.month}月", url), own, chip], selected=month == when)
