"""导入与导出定额: template → upload → every bad row with its number → preview → confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.papers.sheets import Cell, read_sheet, write_sheet
from shuiheng.papers.sheets import Column as SheetColumn
from shuiheng.quota import services
from shuiheng.quota.forms import ConfirmForm, SheetForm, sealed
from shuiheng.quota.rules.norms import SHEET_HEADS, NormFacts, SheetPlan, plain, read_norm_sheet
from shuiheng.quota.selectors import norms as selectors
from shuiheng.quota.views.norms import wanted_norms
from shuiheng.quota.views.parts import get_or_post
from shuiheng.ui.forms import NOT_SAVED, Done, complain, go
from shuiheng.ui.parts import Action, Crumb, FindingList, Message, PageHead, Stat
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 50
EXAMPLES = 100
NARROW, WIDE = 12, 28
WIDE_HEADS = ("品种或产品", "标准号", "说明")


@login_required
@require_safe
def norm_template(request: Any) -> HttpResponse:
    """The empty sheet, with the heads that an import looks for."""
    return _file(request, "用水定额导入模板", [])


@login_required
@require_safe
def norm_export(request: Any) -> HttpResponse:
    """The list as it is filtered, in the form in which it can be imported again."""
    rows = selectors.norms_found(wanted_norms(request), request.today)
    return _file(request, "用水定额", [_cells(norm.facts()) for norm in rows])


def _file(request: Any, title: str, rows: Sequence[Sequence[Cell]]) -> HttpResponse:
    columns = [SheetColumn(h, WIDE if h in WIDE_HEADS else NARROW) for h in SHEET_HEADS]
    kind = request.installation
    mark = "" if kind.kind == "real" else f"{kind.get_kind_display()}数据"
    content = write_sheet(title, columns, rows, mark=mark, made_at=request.now)
    disposition = content_disposition_header(True, f"{title}.xlsx") or "attachment"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": disposition})


def _cells(norm: NormFacts) -> list[Cell]:
    return [
        norm.domain.label, norm.item, norm.method, norm.zone, str(norm.guarantee or ""),
        norm.value_type.label, plain(norm.lower), plain(norm.upper), plain(norm.value),
        norm.volume_unit, norm.measure, str(norm.days or ""), norm.sector.label,
        norm.industry_code, norm.standard, norm.clause, str(norm.standard_year or ""),
        norm.valid_from, norm.valid_until, norm.confidence.label, norm.note,
    ]  # fmt: skip


# -- importing ------------------------------------------------------------------------------------


@login_required
@get_or_post
def norm_import(request: Any) -> HttpResponse:
    """导入: nothing is saved until the whole sheet is clean and somebody confirms."""
    require(request.actor, Permission.NORM_EDIT, selectors.norm_seat(request.actor))
    if "checked" in request.POST:
        return _confirm(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "head": _head(),
        "form": form,
        "template_url": reverse("quota:norm_template"),
    }
    if request.method != "POST":
        return render(request, "quota/upload.html", context)
    if form.is_valid():
        _check(form, context)
    status = 200 if "preview" in context or "nothing" in context else NOT_SAVED
    return render(request, "quota/upload.html", context, status=status)


def _head() -> PageHead:
    return PageHead("导入定额", crumbs=[Crumb("定额", reverse("quota:norms")), Crumb("导入")])


def _check(form: SheetForm, context: dict[str, Any]) -> None:
    """Findings, or the preview of what would change."""
    try:
        sheet = read_sheet(form.cleaned_data["file"].read())
    except Refusal as refusal:
        complain(form, refusal)
        return
    plan = read_norm_sheet(sheet.rows, selectors.all_norms())
    found = [*sheet.findings, *plan.findings]
    if any(finding.severity is Severity.MUST_FIX for finding in found):
        title = f"表里有 {len(found)} 处要改，还没有保存任何内容"
        shown = FindingList(found[:EXAMPLES])
        note = f"先列前 {EXAMPLES} 处" if len(found) > EXAMPLES else ""
        context["findings"] = Panel(title, [shown], note=note, wide=False)
    elif not plan.new:
        said = f"表里 {plan.same} 条与现有的完全一样，没有要导入的。"
        context["nothing"] = Message(said, "done")
    else:
        context["preview"] = _preview(plan)


def _preview(plan: SheetPlan) -> Preview:
    columns = [
        Column("品种或产品"),
        Column("适用"),
        Column("定额", kind="figure", strong=True),
        Column("单位", kind="whole"),
        Column("依据"),
        Column("从哪天起", kind="whole"),
        Column("可信程度"),
    ]
    drawn = [
        Row([n.name, n.scope, n.printed, n.unit, n.standard, f"{n.valid_from}", n.confidence.label])
        for n in plan.new[:SHOWN]
    ]
    more = len(plan.new) - SHOWN
    carried = [["" if cell is None else str(cell) for cell in _cells(norm)] for norm in plan.new]
    notes = [Finding("norm_sheet.more", Severity.NOTE, f"另有 {more} 条没有列出。")]
    return Preview(
        f"导入这 {len(plan.new)} 条",
        [
            Stat("新的系列", len(plan.new) - plan.replacing, "条"),
            Stat("替换现有的", plan.replacing, "条", line="原来的留作历次"),
            Stat("与现有一样", plan.same, "条", line="不重复导入"),
        ],
        title="导入前核对",
        table=Table(columns, drawn),
        findings=notes if more > 0 else [],
        undo="导入后不能就地改；有错用更晚的生效日期换一条。",
        form=ConfirmForm(initial={"checked": sealed(carried)}),
        others=[Action("重新上传", reverse("quota:norm_import"))],
    )


def _confirm(request: Any) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise Refusal(
            "norm_sheet.stale",
            "这一页已经失效，没有保存任何内容。",
            kind=Kind.CONFLICT,
            remedy="请重新上传定额表。",
        )
    norms = read_norm_sheet([SHEET_HEADS, *form.cleaned_data["checked"]], []).new
    key = form.cleaned_data["key"]
    made = services.import_norms(norms, actor=request.actor, now=request.now, key=key)
    return go(request, Done(reverse("quota:norms"), f"已导入 {len(made)} 条定额。"))
