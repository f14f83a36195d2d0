"""下达: the preview with its checks, the one act, the notices; 预下达 before it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shuiheng.budget import rules, services
from shuiheng.budget.forms.issue import IssueForm
from shuiheng.budget.models import Scheme
from shuiheng.budget.rules import AreaStage
from shuiheng.budget.selectors.baseline import BaselineSheet, baseline_sheet
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.selectors.issue import (
    current_allocation,
    interim_given,
    issue_facts,
    notice_counts,
    notices,
    scheme_of,
    scheme_paper,
)
from shuiheng.budget.views.baseline import sheet_table
from shuiheng.budget.views.setting import Setting, executing, preparing
from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Finding, Severity, blocking
from shuiheng.core.vocabulary import NATURAL_SOURCES, Book
from shuiheng.core.volume import total
from shuiheng.ledger.rules import Entry
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperState
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.selectors import adopted
from shuiheng.ui.figures import M3, WAN
from shuiheng.ui.forms import ActForm, Done, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Empty,
    Fact,
    Facts,
    FindingList,
    Link,
    Message,
    Pages,
    Progress,
    Stat,
    StatStrip,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

TITLE = "下达水预算"
STATE_TONES = {
    PaperState.WAITING: "neutral",
    PaperState.QUEUED: "neutral",
    PaperState.READY: "normal",
    PaperState.FAILED: "warned",
}
SOON = (AreaStage.COMPILED, AreaStage.REPORTED, AreaStage.APPROVED)
NO_NOTICES = Empty("还没有下达通知。", "下达以后，通知在这里，可以下载、登记送达。")


def _setting(request: Any) -> Setting:
    """The year that is about to be issued; while the next one is still being drafted, the one in force."""
    page = preparing(request)
    if "year" in request.GET or page.budget.stage_term in SOON:
        return page
    return executing(request)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: Any) -> HttpResponse:
    """Before the issue its preview, after it the notices; a unit sees its own."""
    page = _setting(request)
    if not _is_officer(request):
        return _own_notices(request, page)
    regions = regions_seen(request.actor, page.city, page.year)
    scheme = scheme_of(page.city, page.year)
    if scheme is not None and request.method != "POST":
        return _issued(request, page, scheme)
    form = IssueForm(request.POST or None, initial={"issued_on": request.today})
    return submit(
        request,
        form,
        lambda data: services.issue_scheme(
            page.budget.pk, **data, actor=request.actor, now=request.now
        ),
        template="budget/preview.html",
        context=_preview(request, page, regions, form),
        done=lambda made: Done(page.url("issue"), _sentence(made)),
    )


def _is_officer(request: Any) -> bool:
    return any(place.unit is None for place in request.actor.places(Permission.BUDGET_VIEW))


def _sentence(scheme: Scheme) -> str:
    return f"已下达 {scheme.number}：{scheme.units:,} 个单位，{scheme.volume.wan()} 万m³。通知正在生成。"


def _preview(
    request: Any, page: Setting, regions: list[Area], form: IssueForm
) -> dict[str, object]:
    run = adopted(page.city, page.year)
    due = page.due(request, "issue", "下达全市水预算")
    may = request.actor.may(Permission.BUDGET_ISSUE, page.city.place)
    lend = Action("预下达…", page.url("interim")) if may else None
    head = page.head(
        TITLE, "issue", crumbs=[Crumb("下达")], due=due,
        actions=[lend, Action("基准额度", page.url("baseline"))],
    )  # fmt: skip
    if run is None:
        return {"head": head, "main": [_not_ready(page)], "preview": None}
    sheet = baseline_sheet(run, regions)
    main = [_choices_panel(request, page, sheet, regions)]
    findings = _findings(page, run, regions, sheet)
    stop = "" if may else "您可以看，不能下达；下达由市级审核办理。"
    return {
        "head": head,
        "main": [*main, Panel("核对", [FindingList(findings)], wide=False)],
        "preview": _confirm(page, sheet, findings, form, stop),
    }


def _not_ready(page: Setting) -> Panel:
    empty = Empty(
        "还没有采用基准额度测算，不能下达。",
        "先录入年度水量分配计划，再测算并采用。",
        Action("去测算", page.url("baseline"), primary=True),
    )
    return Panel("还不能下达", [empty])


def _choices_panel(request: Any, page: Setting, sheet: BaselineSheet, regions: list[Area]) -> Panel:
    by_sector = request.GET.get("by") == "sector"
    choices = Choices(
        [
            Choice("按水源", page.url("issue"), not by_sector),
            Choice("按行业", page.url("issue", by="sector"), by_sector),
        ]
    )
    links = {area.pk: page.url("why", area.pk) for area in regions}
    table = sheet_table(sheet, regions, by_sector=by_sector, links=links)
    return Panel("将要下达（万m³）", [table], aside=choices)


def _findings(
    page: Setting, run: BaselineRun, regions: list[Area], sheet: BaselineSheet
) -> list[Finding]:
    plan, cells = current_allocation(page.city, page.year)
    given = interim_given(page.city, page.year)
    return rules.issue_findings(issue_facts(page.budget, run, regions, sheet, plan, cells, given))


def _confirm(
    page: Setting, sheet: BaselineSheet, findings: list[Finding], form: IssueForm, stop: str
) -> Preview:
    counts = sheet.all_counts
    wrong = blocking(findings)
    blocked = f"还有 {len(wrong)} 处必改，改好后才能下达。" if wrong else ""
    return Preview(
        f"下达这 {counts.units:,} 个单位",
        [
            Stat("区", len(sheet.counts), "个"),
            Stat("单位", counts.units, "个"),
            Stat("下达额度", sheet.whole.quota, WAN),
            Stat("预留", sheet.whole_reserve, WAN),
        ],
        title="下达前核对",
        findings=wrong,
        undo="下达后不能撤回：单位用预算调整办理，总量变化用上级调整办理，原下达一直可查。",
        form=None if stop or blocked else form,
        blocked=stop or blocked,
    )


def _issued(request: Any, page: Setting, scheme: Scheme) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    everything = notices(scheme, request.actor)
    counts = notice_counts(everything)
    found = notices(scheme, request.actor, words) if words else everything
    query = request.GET.urlencode()
    pages = Pages(
        found.count() if words else counts.made,
        page_number(request.GET.get("page")), "份", query=query,
    )  # fmt: skip
    table = _notice_table(list(found[pages.start : pages.stop]))
    bar = Toolbar(search_label="单位名称、文号", search=words, kept={"year": str(page.year)})
    context = {
        "head": _issued_head(page),
        "parts": [
            _issued_stats(scheme),
            *_progress(scheme, counts.ready, counts.failed, counts.made),
        ],
        "main": [Panel("下达通知", [table], toolbar=bar, pages=pages)],
        "aside": [_scheme_panel(request, scheme)],
    }
    return render(request, "budget/panels.html", context)


def _issued_head(page: Setting) -> Any:
    return page.head(
        "水预算下达", "issue", crumbs=[Crumb("下达")],
        chip=Chip(page.budget.stage_term.label, "normal"),
        actions=[
            Action("分配计划", page.url("allocation")),
            Action("上级调整", page.url("changes")),
        ],
    )  # fmt: skip


def _issued_stats(scheme: Scheme) -> StatStrip:
    return StatStrip(
        [
            Stat("文号", scheme.number, line=f"签发人 {scheme.signer}"),
            Stat("印发", scheme.issued_on, line="额度从这一天起生效"),
            Stat("单位", scheme.units, "个"),
            Stat("下达额度", scheme.volume, WAN, line="不含预留", focus=True),
        ]
    )


def _progress(scheme: Scheme, ready: int, failed: int, made: int) -> list[Any]:
    parts: list[Any] = []
    if ready < made or not made:
        words = "通知正在生成，刷新可看进度；关掉这一页不影响。" if made else "通知在排队生成。"
        parts.append(Message(words, "note", lead=f"{ready:,} / {made:,} 份"))
        parts.append(Progress(ready, max(made, 1), f"已生成 {ready:,} / {made:,} 份通知"))
    if failed:
        parts.append(
            Message(f"{failed} 份没有生成成功，请打开看原因后再试一次。", "look", lead="请看")
        )
    return parts


def _notice_table(papers: list[Paper]) -> Table:
    columns = [
        Column("单位"),
        Column("区域"),
        Column("文号"),
        Column("状态"),
        Column("", kind="action"),
    ]
    rows = [
        Row(
            [
                Link(paper.holder, reverse("papers:show", args=[paper.pk])),
                paper.area.name,
                Link(paper.number or "", whole=True),
                Chip(paper.state_term.label, STATE_TONES[paper.state_term]),
                Link("PDF", reverse("papers:download", args=[paper.pk]))
                if paper.state_term is PaperState.READY
                else "",
            ]
        )
        for paper in papers
    ]
    return Table(columns, rows, tight=True, empty=NO_NOTICES)


def _scheme_panel(request: Any, scheme: Scheme) -> Panel:
    paper = scheme_paper(scheme)
    facts = [Fact("办理", scheme.act.user_name, note=f"{scheme.act.at:%Y-%m-%d}")]
    if paper is not None:
        opens = request.actor.may(
            Permission.BUDGET_VIEW, paper.place
        )  # a district reads its notices
        where = reverse("papers:show", args=[paper.pk])
        facts.insert(0, Fact("方案文件", Link(paper.title, where) if opens else paper.title))
        facts.append(Fact("状态", Chip(paper.state_term.label, STATE_TONES[paper.state_term])))
    return Panel("方案", [Facts(facts)], wide=False)


def _own_notices(request: Any, page: Setting) -> HttpResponse:
    scheme = scheme_of(page.city, page.year)
    papers = list(notices(scheme, request.actor)) if scheme else []
    head = page.head("下达通知", "issue", crumbs=[Crumb("下达")])
    panel = Panel(f"{page.year} 年度下达通知", [_notice_table(papers)])
    return render(request, "budget/panels.html", {"head": head, "main": [panel]})


# -- 预下达 -----------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def interim(request: Any) -> HttpResponse:
    """From 1 January to the issue a unit draws on what it used in the same months last year."""
    page = preparing(request)
    require(request.actor, Permission.BUDGET_ISSUE, page.city.place)
    form = ActForm(request.POST or None)
    regions = regions_seen(request.actor, page.city, page.year)
    shown = request.method != "POST"
    entries = services.preview_interim(page.city, page.year, today=request.today) if shown else ()
    return submit(
        request,
        form,
        lambda data: services.grant_interim(
            page.city, page.year, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_interim(page, regions, entries, form),
        done=lambda count: Done(page.url("issue"), _lent(count)),
    )


def _lent(count: int) -> str:
    return f"已预下达 {count:,} 个单位。" if count else "这次预下达已经办理过，没有重复入账。"


def _interim(
    page: Setting, regions: list[Area], entries: tuple[Entry, ...], form: ActForm
) -> dict[str, object]:
    taken = [entry for entry in entries if entry.debit.book is Book.ABSTRACTION]
    units = len({entry.credit.unit for entry in entries})
    table = _interim_table(taken, regions)
    words = (
        "预下达按上年同期用水、不超过取水许可计；没有有效许可的水源不给。下达时全部并入下达额度。"
    )
    preview = Preview(
        f"预下达这 {units:,} 个单位",
        [
            Stat("单位", units, "个"),
            Stat("取水额度", total(entry.amount for entry in taken), WAN),
            Stat("起算", f"{page.year}-01-01"),
        ],
        title="预下达前核对",
        findings=[Finding("interim.rule", Severity.NOTE, words)],
        undo="预下达后不能单独撤回；正式下达时冲回。",
        form=form,
        others=[Action("返回下达", page.url("issue"))],
    )
    head = page.head("预下达", "issue", crumbs=[Crumb("下达")])
    main = Panel("预下达的取水额度", [table], note="用户从供水单位用水，不重复计", aside=M3)
    return {"head": head, "main": [main], "preview": preview}


def _interim_table(taken: list[Entry], regions: list[Area]) -> Table:
    columns = [Column("区域")]
    columns += [Column(s.label, M3, kind="figure", unit_shown=False) for s in NATURAL_SOURCES]
    columns.append(Column("合计", M3, kind="figure", strong=True, unit_shown=False))
    figures = [
        [
            total(
                entry.amount
                for entry in taken
                if (entry.credit.area, entry.credit.source) == (area.pk, source)
            )
            for source in NATURAL_SOURCES
        ]
        for area in regions
    ]
    rows = [
        Row([area.name, *line, total(line)]) for area, line in zip(regions, figures, strict=True)
    ]
    sums = [total(column) for column in zip(*figures, strict=True)]
    return Table(columns, rows, sums=["合计", *sums, total(sums)], tight=True)
