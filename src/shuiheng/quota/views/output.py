"""产出: a unit declares it with evidence, the department in charge confirms it or says why not (USERS 34)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.office.selectors import policy
from shuiheng.papers.selectors import attachments_of
from shuiheng.quota import selectors as quota
from shuiheng.quota import services
from shuiheng.quota.forms import DecideForm, OutputForm
from shuiheng.quota.models import OutputDeclaration
from shuiheng.quota.rules.norms import plain
from shuiheng.quota.rules.output import OutputKind, OutputState, OutputStep, is_overdue
from shuiheng.quota.selectors import output as selectors
from shuiheng.quota.views.parts import get_or_post, list_head, regions_of, tabs, unit_seen
from shuiheng.registry.models import Unit
from shuiheng.ui.forms import Done, ask, submit
from shuiheng.ui.parts import (
    Chip,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Part,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TONES = {OutputState.CONFIRMED: "normal", OutputState.REJECTED: "neutral"}
IN_CHARGE = {OutputKind.CROP: "农业农村部门"}
INDUSTRY_OFFICE = "工业和信息化部门"


def declared_year(request: Any) -> int:
    """The year whose output is declared: as asked for, else the one now running."""
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and len(text) == 4 else request.today.year


# -- a unit declares ------------------------------------------------------------------------------


@login_required
@get_or_post
def output(request: Any, unit_id: int) -> HttpResponse:
    """产出申报 of a unit's year: what was declared, what became of it, and the form."""
    unit = unit_seen(request, unit_id)
    year = declared_year(request)
    row = selectors.declaration_of(unit, year)
    kept = row is not None and row.state_term is OutputState.DECLARED
    form = OutputForm(
        request.POST or None, request.FILES or None, initial=_initial(row), has_evidence=kept
    )
    here = f"{reverse('quota:output', args=[unit.pk])}?year={year}"
    return submit(
        request,
        form,
        partial(_declare, request, form, unit, year),
        template="quota/output.html",
        context=_context(request, unit, year, row),
        done=lambda made: Done(here, f"{year} 年产出已申报，等{_office(made)}确认。"),
    )


def _initial(row: OutputDeclaration | None) -> dict[str, object]:
    names = ("kind", "industry_code", "product", "amount", "measure")
    return {name: getattr(row, name) for name in names} if row else {}


def _declare(
    request: Any, form: OutputForm, unit: Unit, year: int, data: dict[str, Any]
) -> OutputDeclaration:
    file = data["file"]
    return services.declare_output(
        unit.pk,
        year,
        form.declared(),
        name=file.name if file else "",
        content=file.read() if file else b"",
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _office(row: OutputDeclaration) -> str:
    return IN_CHARGE.get(OutputKind(row.kind), INDUSTRY_OFFICE)


def _context(
    request: Any, unit: Unit, year: int, row: OutputDeclaration | None
) -> dict[str, object]:
    actor, open_ = request.actor, row is None or row.state_term is not OutputState.CONFIRMED
    may = actor.may(Permission.BUDGET_DRAFT, unit.place)
    may = may or actor.may(Permission.BUDGET_DRAFT_FOR, unit.place)
    tilt = quota.tilts([unit.pk], year + 1, request.today)[unit.pk]
    said = Panel("对下一年额度的影响", [Message(f"{tilt.words}。")], wide=False)
    standing = [_declared_panel(row)] if row else []
    head = PageHead(
        f"{year} 年产出申报",
        crumbs=[Crumb(unit.name), Crumb("产出申报")],
        note=f"{unit.name} · 只在同一行业里比较；部门确认以前不影响额度",
        chip=_chip(row.state_term) if row else None,
    )
    return {"head": head, "may_declare": may and open_, "main": [*standing, said]}


def _chip(state: OutputState) -> Chip:
    return Chip(state.label, TONES.get(state, "warned"))


def _declared_panel(row: OutputDeclaration) -> Panel:
    facts = [
        Fact("申报", f"{plain(row.amount)} {row.measure}", note=_what(row), strong=True),
        Fact("行业代码", row.industry_code),
        Fact("申报日期", f"{row.declared_on}"),
        *_evidence(row),
    ]
    if row.decided_on:
        facts.append(Fact(row.state_term.label, row.decided_by, note=f"{row.decided_on}"))
    body: list[Part] = [Facts(facts)]
    if row.reason:
        body.append(Message(row.reason, "look", lead="理由"))
    return Panel(f"{row.unit.name} {row.year} 年产出", body, wide=False)


def _what(row: OutputDeclaration) -> str:
    return " ".join(filter(None, [OutputKind(row.kind).label, row.product]))


def _evidence(row: OutputDeclaration) -> list[Fact]:
    return [
        Fact("证明材料", Link(each.name, reverse("papers:attachment", args=[each.pk])))
        for each in attachments_of(row.subject)
    ]


# -- the department decides -----------------------------------------------------------------------


@login_required
@require_safe
def outputs(request: Any) -> HttpResponse:
    """产出确认: what waits for the department, the longest waiting first."""
    regions_of(request.actor, Permission.BUDGET_VIEW)
    year, state = declared_year(request), request.GET.get("state", OutputState.DECLARED)
    found = selectors.declarations(request.actor, year, state)
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "条", query=query)
    states = [("", "全部"), *OutputState.choices()]
    toolbar = Toolbar([Filter("state", "状态", states, state)], kept={"year": str(year)})
    days = int(policy("quota.output_days", request.today).value)
    table = _table(list(found[pages.start : pages.stop]), request, days)
    panel = Panel("产出", [table], toolbar=toolbar, pages=pages)
    note = f"工信部门确认产量和增加值，农业农村部门确认面积和作物，{days} 天内"
    head = list_head("产出确认", note, year=year)
    context = {"head": head, "tabs": tabs(request.actor, "outputs"), "main": [panel]}
    return render(request, "quota/panels.html", context)


def _table(rows: Sequence[OutputDeclaration], request: Any, days: int) -> Table:
    columns = [
        Column("单位"),
        Column("申报"),
        Column("数量", kind="figure", strong=True),
        Column("行业代码", kind="whole"),
        Column("申报日期", kind="whole"),
        Column("状态"),
        Column("", kind="action"),
    ]
    empty = Empty("没有等着确认的产出。", "单位随草案申报产出后会列在这里。")
    return Table(columns, [_row(r, request, days) for r in rows], "产出", empty=empty)


def _row(row: OutputDeclaration, request: Any, days: int) -> Row:
    may = request.actor.may(Permission.BUDGET_OPINE, row.place)
    decide = Link("确认", reverse("quota:output_decide", args=[row.pk]))
    return Row(
        [
            Name(
                row.unit.name,
                row.unit.region.name,
                f"{reverse('quota:output', args=[row.unit_id])}?year={row.year}",
            ),
            _what(row),
            f"{plain(row.amount)} {row.measure}",
            row.industry_code,
            Link(f"{row.declared_on}", note=_late(row, days, request.today)),
            _chip(row.state_term),
            decide if may and row.state_term is OutputState.DECLARED else "",
        ]
    )


def _late(row: OutputDeclaration, days: int, today: date) -> str:
    return "已过期限" if is_overdue(row.state_term, row.declared_on, days, today) else ""


@login_required
@get_or_post
def output_decide(request: Any, declaration_id: int) -> HttpResponse:
    """认可 or 不予认可, by whoever signs a department's opinion."""
    rows = OutputDeclaration.objects.visible_to(request.actor, Permission.BUDGET_OPINE)
    row = get_object_or_404(rows.select_related("unit__region"), pk=declaration_id)
    head = PageHead(
        f"确认产出：{row.unit.name}",
        crumbs=[Crumb("产出确认", reverse("quota:outputs")), Crumb(row.unit.name)],
        note=f"由{_office(row)}确认",
    )
    act = partial(_decide, request, row)
    above: list[Part] = [_declared_panel(row)]
    form = DecideForm(request.POST or None)
    return ask(request, form, act, _decided, head=head, button="签署意见", above=above)


def _decide(request: Any, row: OutputDeclaration, data: dict[str, Any]) -> OutputDeclaration:
    return services.decide_output(
        row.pk,
        OutputStep(data["step"]),
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _decided(row: OutputDeclaration) -> Done:
    said = f"{row.unit.name} {row.year} 年产出：{row.state_term.label}。"
    return Done(f"{reverse('quota:outputs')}?year={row.year}", said)
