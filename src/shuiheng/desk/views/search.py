"""The box at the top: units, papers, areas; only what the person may see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Actor, Permission
from shuiheng.desk.selectors import MOST_HITS, Hits, hits
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.registry.models import Unit
from shuiheng.ui.parts import Crumb, Empty, Link, Name, PageHead
from shuiheng.ui.tables import Column, Panel, Row, Table

LONGEST_WORDS = 60


@login_required
@require_safe
def search(request: Any) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    found = hits(request.actor, words)
    count = len(found.units) + len(found.papers) + len(found.areas)
    title = f"查找“{words}”" if words else "查找"
    head = PageHead(title, crumbs=[Crumb("首页", reverse("desk:home")), Crumb("查找")])
    panels = _panels(found, request.actor) if count else [_nothing(words)]
    return render(request, "desk/panels.html", {"head": head, "panels": panels})


def _nothing(words: str) -> Panel:
    why = f"没有找到和“{words}”有关的单位或文书。" if words else "请在上面的框里写要找的内容。"
    next_ = "可以写单位名称或拼音首字、编码、许可证号、水井、电话、文号；只会找到您可以查看的。"
    return Panel("查找结果", [Empty(why, next_)], wide=False)


def _panels(found: Hits, actor: Actor) -> list[Panel]:
    panels = []
    if found.areas:
        rows = [_area_row(area, actor) for area in found.areas]
        panels.append(Panel("行政区域", [Table([Column("区域"), Column("", kind="action")], rows)]))
    if found.units:
        columns = [
            Column("单位"),
            Column("编码"),
            Column("联系人"),
            Column("电话"),
            Column("", kind="action"),
        ]
        rows = [_unit_row(unit, actor) for unit in found.units]
        panels.append(Panel("单位", [Table(columns, rows)], note=_count(len(rows), "个")))
    if found.papers:
        columns = [Column("文书"), Column("文号"), Column("年度"), Column("印发日期")]
        rows = [_paper_row(paper) for paper in found.papers]
        panels.append(Panel("文书", [Table(columns, rows)], note=_count(len(rows), "份")))
    return panels


def _count(found: int, noun: str) -> str:
    if found >= MOST_HITS:
        return f"先列 {MOST_HITS} {noun}，写得再具体些会更准"
    return f"{found} {noun}"


def _area_row(area: Area, actor: Actor) -> Row:
    if not actor.may(Permission.LEDGER_VIEW, area.place):
        return Row([area.name, ""])
    return Row([Link(area.name, reverse("desk:region", args=[area.pk])),
                Link("水账", reverse("ledger:area", args=[area.pk]))])  # fmt: skip


def _unit_row(unit: Unit, actor: Actor) -> Row:
    opens = actor.may(Permission.LEDGER_VIEW, unit.place)
    account = Link("水账", reverse("ledger:account", args=[unit.pk])) if opens else ""
    below = f"{unit.region.name} · {unit.address_area.name} · {unit.kind_term.label}"
    name = Name(unit.name, below, reverse("registry:unit", args=[unit.pk]))
    return Row([name, Link(unit.code, whole=True), unit.contact, unit.phone, account])


def _paper_row(paper: Paper) -> Row:
    name = Name(paper.title, paper.holder, reverse("papers:show", args=[paper.pk]))
    return Row([name, Link(paper.number or "待编号", whole=True), str(paper.year), paper.issued_on])
