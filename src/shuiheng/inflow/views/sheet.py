"""Many figures in one sheet: template → check → preview → confirm; nothing is saved until it is clean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import total
from shuiheng.inflow import rules, selectors, services
from shuiheng.inflow.forms import ConfirmForm, SheetForm, sealed
from shuiheng.inflow.rules import SHEET_HEADS, EntryKind, EntryRow, check_sheet
from shuiheng.inflow.views.entry import require_enterer
from shuiheng.inflow.views.setting import Setting, entry_kind, setting
from shuiheng.papers.sheets import Column as SheetColumn
from shuiheng.papers.sheets import read_sheet, write_sheet
from shuiheng.ui.figures import WAN, number
from shuiheng.ui.forms import Done, complain, go
from shuiheng.ui.parts import Action, Crumb, FindingList, Stat
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (24, 14, 20, 26, 16)
MOST_SHOWN = 200


@login_required
@require_safe
def template(request: Any, change_route: str, entry: str) -> HttpResponse:
    """The sheet to fill, with every place that the person may enter for."""
    kind, page = entry_kind(entry), setting(request)
    require_enterer(request)
    columns = [SheetColumn(*pair) for pair in zip(SHEET_HEADS[kind], WIDTHS, strict=True)]
    whens = _whens(kind, page.year, request.today)
    places = selectors.places_to_enter(request.actor, kind)
    rows = [[place.name, when, None, None, None] for place in places for when in whens]
    title = f"{page.year}年{kind.label}录入表"
    mark = {"demo": "演示数据", "practice": "练习区"}.get(request.installation.kind, "")
    content = write_sheet(title, columns, rows, mark=mark, made_at=request.now)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx")
    return response


def _whens(kind: EntryKind, year: int, today: Any) -> list[str]:
    """The periods that can be filled in; a date or a past year is left to the person."""
    if kind is EntryKind.FORECAST:
        return ["全年", *(f"{month}月" for month in range(1, 13))]
    if kind is EntryKind.OBSERVED:
        over = rules.ten_days_over(year, today)
        return [rules.ten_days_words(n) for n in range(1, over + 1)]
    return [""]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: Any, change_route: str, entry: str) -> HttpResponse:
    kind, page = entry_kind(entry), setting(request)
    require_enterer(request)
    if "checked" in request.POST:
        return _confirm(request, page, kind)
    form = SheetForm(request.POST or None, request.FILES or None)
    crumbs = [Crumb("录入记录", page.url("entries", kind=kind.value)), Crumb("上传")]
    context: dict[str, Any] = {
        "head": page.head(f"上传{kind.label}", crumbs=crumbs),
        "form": form,
        "template_url": page.url("template", kind.value),
    }
    if request.method != "POST":
        return render(request, "inflow/upload.html", context)
    if form.is_valid():
        _check(request, page, kind, form, context)
    return render(
        request, "inflow/upload.html", context, status=200 if "preview" in context else 422
    )


def _check(
    request: Any, page: Setting, kind: EntryKind, form: SheetForm, context: dict[str, Any]
) -> None:
    """Findings, or the preview of what would be entered."""
    try:
        sheet = read_sheet(form.cleaned_data["file"].read())
    except Refusal as refusal:
        complain(form, refusal)
        return
    rows, found = check_sheet(
        kind,
        sheet.rows,
        selectors.places_to_enter(request.actor, kind),
        year=page.year,
        confidence=Confidence(form.cleaned_data["confidence"]),
        today=request.today,
    )
    found = [*sheet.findings, *found]
    must_fix = [finding for finding in found if finding.severity is Severity.MUST_FIX]
    if must_fix:
        title = f"表里有 {len(must_fix)} 处要改，还没有保存任何内容"
        context["findings"] = Panel(title, [FindingList(found[:MOST_SHOWN])], wide=False)
    else:
        context["preview"] = _preview(request, page, kind, rows, found)


def _preview(
    request: Any, page: Setting, kind: EntryKind, rows: Sequence[EntryRow], found: Sequence[Finding]
) -> Preview:
    names = {p.place: p.name for p in selectors.places_to_enter(request.actor, kind)}
    unit = "米" if kind is EntryKind.LEVEL else WAN
    columns = [
        Column(SHEET_HEADS[kind][0]),
        Column(SHEET_HEADS[kind][1], kind="whole"),
        Column("数值", unit, kind="figure", strong=True),
        Column("公报或出处"),
    ]
    shown = [
        Row([names[row.place], _when(row), _figure(row), f"{row.bulletin}（{row.issued_on}）"])
        for row in rows[:MOST_SHOWN]
    ]
    stats = [Stat("行数", len(rows), "行"), Stat("测点", len({row.place for row in rows}), "个")]
    if kind in (EntryKind.FORECAST, EntryKind.OBSERVED):
        stats.append(Stat("水量", total(row.volume for row in rows if row.volume), WAN))
    return Preview(
        f"录入这 {len(rows)} 行",
        stats,
        title=f"{kind.label}，录入前核对",
        table=Table(columns, shown, caption=kind.label),
        findings=found,
        undo="录入后不能删改；有错就再录一行更正，先前的留在记录里。",
        form=ConfirmForm(initial={"checked": sealed(rows)}),
        others=[Action("重新上传", page.url("upload", kind.value))],
    )


def _when(row: EntryRow) -> str:
    if row.kind is EntryKind.OBSERVED and row.day is not None:
        return rules.ten_days_words(rules.ten_days_of(row.day))
    if row.period is not None:
        return row.period.words
    return f"{row.day}" if row.day else f"{row.year}年"


def _figure(row: EntryRow) -> object:
    return number(row.depth, 2) if row.depth is not None else row.volume


def _confirm(request: Any, page: Setting, kind: EntryKind) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise Refusal(
            "inflow.stale",
            "这一页已经失效，没有保存任何内容。",
            kind=Kind.CONFLICT,
            remedy="请重新上传表格。",
        )
    data = form.cleaned_data
    count = services.enter(data["checked"], actor=request.actor, now=request.now, key=data["key"])
    same = len(data["checked"]) - count
    words = f"已录入 {count} 行{kind.label}" + (
        f"，{same} 行与已录的相同，没有重复录入" if same else ""
    )
    return go(request, Done(page.url("entries", kind=kind.value), f"{words}。"))
