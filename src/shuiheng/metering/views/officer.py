"""For officers: who has not reported a month, with a telephone; 代报, 暂估, and a sheet for many units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.access import Permission
from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import total
from shuiheng.metering import services
from shuiheng.metering.forms import ConfirmForm, SheetForm, sealed
from shuiheng.metering.rules import SHEET_HEADS, ReportRow, SheetLine, check_sheet
from shuiheng.metering.selectors import (
    Line,
    Owing,
    Plans,
    expected_lines,
    last_year_month,
    owing,
    units_reporting,
)
from shuiheng.metering.views.month import Month, asked_month
from shuiheng.office.models import Area
from shuiheng.papers.sheets import Column as SheetColumn
from shuiheng.papers.sheets import read_sheet, write_sheet
from shuiheng.registry.models import Unit
from shuiheng.ui.figures import M3
from shuiheng.ui.forms import ActForm, Done, complain, go, submit
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Filter,
    FindingList,
    Link,
    Name,
    PageHead,
    Pages,
    Progress,
    Stat,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_SHOWN = 200


@login_required
@require_safe
def month(request: Any, plans: Plans) -> HttpResponse:
    """未报清单 of a month; a unit's person is led to his own report."""
    own = [p.unit for p in request.actor.places(Permission.USE_REPORT) if p.unit is not None]
    if own:
        return redirect("metering:report", unit_id=own[0])
    when = asked_month(request)
    units = _units(request, when)
    waiting = owing(units, when.year, when.month)
    if request.GET.get("export") == "xlsx":
        return _export(request, when, waiting)
    context = {
        "head": _head(request, when, waiting),
        "months": _months(request, when),
        "progress": _progress(when, units, waiting),
        "panel": _panel(request, when, waiting),
    }
    return render(request, "metering/month.html", context)


def _units(request: Any, when: Month) -> list[Unit]:
    """Whom the person may report for; whoever may only look sees the same list without verbs."""
    may = request.actor.may_somewhere(Permission.USE_REPORT_FOR)
    permission = Permission.USE_REPORT_FOR if may else Permission.LEDGER_VIEW
    return units_reporting(request.actor, permission, month_end(when.year, when.month))


def _head(request: Any, when: Month, waiting: Sequence[Owing]) -> PageHead:
    actions = [Action("导出 Excel", f"{when.query}&export=xlsx")]
    if request.actor.may_somewhere(Permission.USE_REPORT_FOR):
        actions.insert(0, Action("上传多户用水…", reverse("metering:upload") + when.query))
        if waiting and request.today > month_end(when.year, when.month):
            actions.append(
                Action("暂估未报的…", reverse("metering:estimate") + when.query, primary=True)
            )
    return PageHead(
        f"{when.month}月用水填报情况",
        crumbs=[Crumb("执行"), Crumb("用水填报")],
        year=when.year,
        actions=actions,
    )


def _months(request: Any, when: Month) -> Choices:
    last = request.today.month if when.year == request.today.year else 12
    return Choices(
        [Choice(f"{m}月", Month(when.year, m).query, m == when.month) for m in range(1, last + 1)],
        tabs=True,
        label="月份",
    )


def _progress(when: Month, units: Sequence[Unit], waiting: Sequence[Owing]) -> Progress:
    done = len(units) - len(waiting)
    return Progress(
        done,
        len(units),
        f"{when.month}月已报 {done:,} / {len(units):,} 户，未报 {len(waiting):,} 户",
    )


def _panel(request: Any, when: Month, waiting: Sequence[Owing]) -> Panel:
    regions = {entry.unit.region_id: entry.unit.region for entry in waiting}
    asked = request.GET.get("region", "")
    words = request.GET.get("q", "").strip()
    chosen = [
        entry
        for entry in waiting
        if (not asked or str(entry.unit.region_id) == asked)
        and (not words or words in entry.unit.name or words in entry.unit.code)
    ]
    pages = Pages(
        len(chosen), page_number(request.GET.get("page")), "户", query=request.GET.urlencode()
    )
    options = [("", "全部区县"), *((str(pk), area.name) for pk, area in regions.items())]
    kept = {"year": str(when.year), "month": str(when.month)}
    filters = [Filter("region", "区县", options, asked)] if len(regions) > 1 else []
    toolbar = Toolbar(filters, search_label="单位名称或编码", search=words, kept=kept)
    table = _owing_table(request, when, chosen[pages.start : pages.stop])
    return Panel("还没有填报的单位", [table], note="按区县、名称", toolbar=toolbar, pages=pages)


def _owing_table(request: Any, when: Month, entries: Sequence[Owing]) -> Table:
    may = request.actor.may_somewhere(Permission.USE_REPORT_FOR)
    past = last_year_month([entry.unit.pk for entry in entries], when.year, when.month)
    columns = [
        Column("单位"),
        Column("未报水源"),
        Column("去年同月", M3, kind="figure"),
        Column("联系人"),
        Column("电话"),
        *([Column("", kind="action")] if may else []),
    ]
    rows = []
    for entry in entries:
        unit = entry.unit
        known = [past[(unit.pk, s)] for _, s, _ in entry.lines if (unit.pk, s) in past]
        name = Name(unit.name, f"{unit.address_area.name} · {unit.kind_term.label}",
                    reverse("ledger:account", args=[unit.pk]))  # fmt: skip
        cells: list[object] = [
            name, _sources(entry.lines), total(known) if known else None, unit.contact, unit.phone,
        ]  # fmt: skip
        if may:
            cells.append(Link("代报", reverse("metering:report", args=[unit.pk]) + when.query))
        rows.append(Row(cells))
    return Table(columns, rows, empty=Empty("这个月都报齐了。"))


def _sources(lines: Sequence[Line]) -> str:
    return "、".join(dict.fromkeys(source.label for _, source, _ in lines))


def _export(request: Any, when: Month, waiting: Sequence[Owing]) -> HttpResponse:
    columns = [SheetColumn("编码", 20), SheetColumn("单位", 30), SheetColumn("区县", 16),
               SheetColumn("未报水源", 18), SheetColumn("联系人", 10), SheetColumn("电话", 16)]  # fmt: skip
    rows = [
        [
            e.unit.code,
            e.unit.name,
            e.unit.region.name,
            _sources(e.lines),
            e.unit.contact,
            e.unit.phone,
        ]
        for e in waiting
    ]
    return _file(request, f"{when.words}未报用水单位", columns, rows)


def _file(
    request: Any, title: str, columns: Sequence[SheetColumn], rows: Sequence[Sequence[Any]]
) -> HttpResponse:
    kind = getattr(request.installation, "kind", "")
    mark = {"demo": "演示数据", "practice": "练习区"}.get(kind, "")
    content = write_sheet(title, columns, rows, mark=mark, made_at=request.now)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx")
    return response


# -- 暂估 ------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def estimate(request: Any, plans: Plans) -> HttpResponse:
    """暂估未报的: every line with its figure and where it comes from, then confirm."""
    when = asked_month(request)
    area = _area(request)
    form = ActForm(request.POST or None)
    back = reverse("metering:month") + when.query
    return submit(
        request,
        form,
        lambda data: services.estimate_missing(
            area, when.year, when.month, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="metering/preview.html",
        context=_estimate_context(request, when, area, form),
        done=lambda count: Done(back, f"已暂估 {count} 条，单位补报时会自动冲回。"),
    )


def _estimate_context(request: Any, when: Month, area: Area, form: ActForm) -> dict[str, Any]:
    rows = services.estimates(area, when.year, when.month)
    crumbs = [Crumb("用水填报", reverse("metering:month") + when.query), Crumb("暂估")]
    return {
        "head": PageHead(
            f"暂估 {when.month}月未报用水", crumbs=crumbs, year=when.year, note=area.name
        ),
        "preview": _estimate_preview(request, when, rows, form),
    }


def _area(request: Any) -> Area:
    """Where the person reports on behalf: the widest of his places."""
    places = request.actor.places(Permission.USE_REPORT_FOR)
    paths = sorted((place.path for place in places if place.unit is None), key=len)
    if not paths:
        raise Refusal(
            "access.denied", "您的岗位没有“代报用水”的权限。", kind=Kind.FORBIDDEN,
            remedy="如果这是您的工作，请联系系统管理员安排岗位。",
        )  # fmt: skip
    return Area.objects.get(path=paths[0])


def _estimate_preview(
    request: Any, when: Month, rows: Sequence[ReportRow], form: ActForm
) -> Preview:
    names = Unit.objects.in_bulk([row.unit for row in rows])
    table = Table(
        [Column("单位"), Column("水源"), Column("暂估", M3, kind="figure", strong=True)],
        [
            Row([Name(names[row.unit].name, names[row.unit].contact + " " + names[row.unit].phone),
                 row.source.label, row.volume])
            for row in rows[:MOST_SHOWN]
        ],
        sums=["合计", f"{len(rows)} 条", total(row.volume for row in rows)],
        empty=Empty("这个月都报齐了，不用暂估。"),
    )  # fmt: skip
    note = Finding(
        "estimate.basis",
        Severity.NOTE,
        "暂估数 = 去年同月用水；没有去年的，取今年已报各月平均。水账里标“暂估”，单位补报后自动冲回。",
    )
    return Preview(
        f"暂估这 {len(rows)} 条",
        [Stat("将暂估", len({row.unit for row in rows}), "户"),
         Stat("水量", total(row.volume for row in rows), M3)],
        table=table,
        findings=[note],
        undo="暂估后单位仍可填报，以填报为准，两笔都留在明细里。",
        form=form,
        blocked=_why_not(request, when, rows),
    )  # fmt: skip


def _why_not(request: Any, when: Month, rows: Sequence[ReportRow]) -> str:
    if request.today <= month_end(when.year, when.month):
        return f"{when.month}月还没有过完"
    return "" if rows else "没有要暂估的"


# -- many units in one sheet -----------------------------------------------------------------------


@login_required
@require_safe
def template(request: Any, plans: Plans) -> HttpResponse:
    """The sheet to fill: every line that is owed, with last year's same month beside it."""
    when = asked_month(request)
    lines = _sheet_lines(request, when)
    widths = (20, 30, 12, 16, 16)
    columns = [SheetColumn(head, width) for head, width in zip(SHEET_HEADS, widths, strict=True)]
    rows = [[line.code, line.name, line.source.label, line.last_year, None] for line in lines]
    return _file(request, f"{when.words}用水量填报表", columns, rows)


def _sheet_lines(request: Any, when: Month) -> list[SheetLine]:
    _area(request)
    units = _units(request, when)
    by_id = {unit.pk: unit for unit in units}
    past = last_year_month(list(by_id), when.year, when.month)
    return [
        SheetLine(
            unit, by_id[unit].code, by_id[unit].name, source, sector, past.get((unit, source))
        )
        for unit, source, sector in expected_lines(units, month_end(when.year, when.month))
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: Any, plans: Plans) -> HttpResponse:
    """上传 → every bad row with its number → preview → confirm; nothing is saved until it is clean."""
    when = asked_month(request)
    if "checked" in request.POST:
        return _confirm(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"head": _upload_head(when), "form": form}
    context["template_url"] = reverse("metering:template") + when.query
    _area(request)
    if request.method != "POST":
        return render(request, "metering/upload.html", context)
    if form.is_valid():
        _check(request, when, form, context)
    return render(
        request, "metering/upload.html", context, status=200 if "preview" in context else 422
    )


def _upload_head(when: Month) -> PageHead:
    return PageHead(
        f"上传 {when.month}月多户用水",
        crumbs=[Crumb("用水填报", reverse("metering:month") + when.query), Crumb("上传")],
        year=when.year,
    )


def _check(request: Any, when: Month, form: SheetForm, context: dict[str, Any]) -> None:
    """Findings, or the preview of what would be reported."""
    try:
        sheet = read_sheet(form.cleaned_data["file"].read())
    except Refusal as refusal:
        complain(form, refusal)
        return
    rows, found = check_sheet(sheet.rows, _sheet_lines(request, when))
    found = [*sheet.findings, *found]
    must_fix = [finding for finding in found if finding.severity is Severity.MUST_FIX]
    if must_fix:
        title = f"表里有 {len(must_fix)} 处要改，还没有保存任何内容"
        context["findings"] = Panel(title, [FindingList(found)], wide=False)
    else:
        context["preview"] = _upload_preview(when, rows, found)


def _upload_preview(when: Month, rows: Sequence[ReportRow], found: Sequence[Finding]) -> Preview:
    sources = list(dict.fromkeys(row.source for row in rows))
    by_source = [
        (source, [row for row in rows if row.source is source])
        for source in Source
        if source in sources
    ]
    table = Table(
        [
            Column("水源"),
            Column("行数", kind="figure"),
            Column("水量", M3, kind="figure", strong=True),
        ],
        [Row([s.label, len(part), total(r.volume for r in part)]) for s, part in by_source],
        sums=["合计", len(rows), total(row.volume for row in rows)],
    )
    units = len({row.unit for row in rows})
    return Preview(
        f"提交这 {len(rows)} 行",
        [Stat("单位", units, "户"), Stat("水量", total(row.volume for row in rows), M3)],
        title=f"{when.words}用水，提交前核对",
        table=table,
        findings=found,
        undo="提交后记为代报；单位自己再填报时以单位的为准，两笔都留在明细里。",
        form=ConfirmForm(initial={"checked": sealed(when.year, when.month, rows)}),
        others=[Action("重新上传", reverse("metering:upload") + when.query)],
    )


def _confirm(request: Any) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise Refusal("sheet.stale", "这一页已经失效，没有保存任何内容。", kind=Kind.CONFLICT,
                      remedy="请重新上传表格。")  # fmt: skip
    year, number, rows = form.cleaned_data["checked"]
    reports = services.report_use(
        year, number, rows, actor=request.actor, now=request.now, key=form.cleaned_data["key"],
        attested=True, note="表格代报",
    )  # fmt: skip
    sentence = (
        f"已填报 {year}年{number}月 {len(reports)} 行，共 {total(r.volume for r in reports)}。"
    )
    return go(request, Done(reverse("metering:month") + Month(year, number).query, sentence))
