"""基准额度: a run as a sheet, what it found, who gets less and why, and its adoption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.issue import AdoptForm
from shuiheng.budget.rules import AreaStage
from shuiheng.budget.selectors.baseline import (
    SHEET_SECTORS,
    BaselineSheet,
    baseline_sheet,
    runs,
)
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.views.intensity import places_seen
from shuiheng.budget.views.intensity import run_panel as intensity_panel
from shuiheng.budget.views.losses import losses_panel
from shuiheng.budget.views.run import (
    certificates_panel,
    policy_panels,
    run_panel,
    short_panel,
    standing_panel,
)
from shuiheng.budget.views.setting import Setting, preparing
from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import NATURAL_SOURCES
from shuiheng.core.volume import Volume, total
from shuiheng.engine.circulation import round_both_ways
from shuiheng.office.models import Area
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.selectors import losses_digest
from shuiheng.ui.figures import PRINTED_M3, WAN, moment
from shuiheng.ui.forms import ActForm, Done, go, new_key, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Empty,
    FindingList,
    Link,
    Stat,
    StatStrip,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

TITLE = "水预算基准额度"
MOST_FINDINGS = 12
NOTHING = Empty("这一年还没有测算。", "草案审核通过、分配计划录入以后，可以测算；测算可以反复做。")


@login_required
@require_safe
def baseline(request: Any) -> HttpResponse:
    """The newest run (or the one asked for) with everything that explains it."""
    page = preparing(request)
    regions = regions_seen(request.actor, page.city, page.year)
    made = runs(page.city, page.year)
    run = _asked_run(request, made)
    head = _head(request, page, made, run)
    if run is None:
        panel = Panel(TITLE, [NOTHING])
        return render(request, "budget/panels.html", {"head": head, "main": [panel]})
    context = {"head": head, **_explained(request, page, made, run, regions)}
    return render(request, "budget/panels.html", context)


def _explained(
    request: Any, page: Setting, made: list[BaselineRun], run: BaselineRun, regions: list[Area]
) -> dict[str, object]:
    """The figures, what would become of them, who gets less and why; beside them how they came about."""
    sheet = baseline_sheet(run, regions)
    places = places_seen(request, page, regions)
    return {
        "parts": [_stats(sheet)],
        "main": [
            _sheet_panel(request, page, run, sheet, regions),
            losses_panel(run, regions),
            intensity_panel(page, run, regions, places),
            short_panel(page, request, run, regions),
            certificates_panel(run, regions),
        ],
        "aside": [
            run_panel(run),
            *policy_panels(run),
            standing_panel(run, regions),
            _findings_panel(run, regions),
            _runs_panel(page, made, run),
        ],
    }


def _asked_run(request: Any, made: list[BaselineRun]) -> BaselineRun | None:
    text = request.GET.get("run", "")
    if not text:
        return next(iter(made), None)
    for run in made:
        if str(run.pk) == text:
            return run
    raise _no_run()


def _no_run() -> Refusal:
    return Refusal(
        "baseline.not_found",
        "没有这次测算，或者它不归您查看。",
        kind=Kind.MISSING,
        remedy="请从基准额度页面进入。",
    )


def _head(request: Any, page: Setting, made: list[BaselineRun], run: BaselineRun | None) -> Any:
    may = request.actor.may(Permission.BASELINE_RUN, page.city.place)
    waits = page.budget.stage_term not in (AreaStage.ISSUED, AreaStage.CLOSED)
    newest = run is not None and run == made[0] and run.state == BaselineRun.State.MADE
    adopt = compute = None
    if may and waits:
        fields = {"key": new_key()}
        compute = Action(
            "测算" if not made else "重新测算",
            page.url("baseline_run"), post=True, fields=fields, primary=not newest,
        )  # fmt: skip
        if newest and run is not None:
            adopt = Action("采用…", page.url("baseline_adopt", run.pk), primary=True)
    chip = None
    if run is not None:
        adopted = run.state == BaselineRun.State.ADOPTED
        chip = Chip("已采用", "normal") if adopted else Chip("测算，未采用")
    board = Action("会商", f"{reverse('quota:board')}?run={run.pk}") if run is not None else None
    actions = [Action("分配计划", page.url("allocation")), board, compute, adopt]
    return page.head(TITLE, "baseline", crumbs=[Crumb("下达")], chip=chip, actions=actions)


def _stats(sheet: BaselineSheet) -> StatStrip:
    counts, whole = sheet.all_counts, sheet.whole
    return StatStrip(
        [
            Stat("审核需求", whole.demand, WAN, line="各单位审核数合计"),
            Stat("基准额度", whole.quota, WAN, line="下达给单位的合计", focus=True),
            Stat("预留", sheet.whole_reserve, WAN, line="额度加预留等于分配计划"),
            Stat("单位", counts.units, "个", line=f"其中 {counts.empty} 项额度为 0"),
            Stat("少于需求", counts.shorted, "项", line=f"合计少 {counts.gap.wan()} 万m³"),
        ]
    )


def _sheet_panel(
    request: Any, page: Setting, run: BaselineRun, sheet: BaselineSheet, regions: list[Area]
) -> Panel:
    by_sector = request.GET.get("by") == "sector"
    choices = Choices(
        [
            Choice("按水源", page.url("baseline", run=run.pk), not by_sector),
            Choice("按行业", page.url("baseline", run=run.pk, by="sector"), by_sector),
        ]
    )
    note = "供水单位的水按用户行业列，损失单列" if by_sector else "单位额度，不含预留"
    places = (
        [page.city, *regions]
        if request.actor.may(Permission.BUDGET_VIEW, page.city.place)
        else regions
    )
    links = {area.pk: page.url("why", area.pk, run=run.pk) for area in places}
    table = sheet_table(sheet, regions, by_sector=by_sector, links=links)
    whole = links.get(page.city.pk)
    foot_link = Link("全市为什么比去年多或少", whole) if whole else None
    return Panel("分区额度（万m³）", [table], note=note, aside=choices, foot_link=foot_link)


def sheet_table(
    sheet: BaselineSheet,
    regions: list[Area],
    *,
    by_sector: bool,
    links: Mapping[int, str] | None = None,
) -> Table:
    """Regions with their demand, their quota by source or by sector, and the reserve; `links` lead on."""
    parts = list(SHEET_SECTORS) if by_sector else list(NATURAL_SOURCES)
    exact = [
        [sheet.of_sector(area.pk, sector).quota.m3 for sector in SHEET_SECTORS]
        if by_sector
        else [sheet.of_source(area.pk, source).quota.m3 for source in NATURAL_SOURCES]
        for area in regions
    ]
    figures: list[list[Volume]] = []
    for area, line in zip(regions, round_both_ways(exact, PRINTED_M3), strict=True):
        cells = [Volume(m3) for m3 in line]
        demand, reserve = sheet.of_region(area.pk).demand, sheet.reserve_of(area.pk)
        figures.append([demand, *cells, total(cells), reserve])
    sums = [total(column) for column in zip(*figures, strict=True)]
    shown = [n for n in range(len(sums)) if sums[n] or not 0 < n <= len(parts) or not by_sector]
    heads = ["审核需求", *(part.label for part in parts), "额度", "预留"]
    columns = [Column("区域")] + [
        Column(heads[n], WAN, kind="figure", strong=heads[n] == "额度", unit_shown=False)
        for n in shown
    ]
    rows = [
        Row([area.name, *(figures[at][n] for n in shown)], url=(links or {}).get(area.pk, ""))
        for at, area in enumerate(regions)
    ]
    return Table(columns, rows, sums=["合计", *(sums[n] for n in shown)], tight=True)


def _findings_panel(run: BaselineRun, regions: list[Area]) -> Panel:
    names = {area.pk: area.name for area in regions}
    found = [
        Finding(f["code"], Severity.LOOK, names.get(f.get("area"), "") + f["sentence"])
        for f in run.findings
        if f.get("area") is None or f["area"] in names
    ]
    more = len(found) - MOST_FINDINGS
    listed = FindingList(found[:MOST_FINDINGS], empty="没有发现矛盾。", labelled=False)
    foot = f"还有 {more} 条同类" if more > 0 else ""
    return Panel("请看", [listed], note=f"{len(found)} 条", foot=foot, wide=False)


def _runs_panel(page: Setting, made: list[BaselineRun], run: BaselineRun) -> Panel:
    rows = [
        Row(
            [
                Link(moment(each.made_at), page.url("baseline", run=each.pk), note=each.made_by),
                Chip("已采用", "normal")
                if each.state == BaselineRun.State.ADOPTED
                else Chip("测算"),
            ],
            selected=each == run,
        )
        for each in made[:10]
    ]
    link = Link("两次对比", page.url("baseline_compare")) if len(made) > 1 else None
    table = Table([Column("时间"), Column("状态")], rows, tight=True)
    return Panel("历次测算", [table], foot_link=link)


@login_required
@require_POST
def baseline_run(request: Any) -> HttpResponse:
    """测算: collects what has been reviewed; nothing is adopted by it."""
    page = preparing(request)
    form = ActForm(request.POST)
    key = form.cleaned_data["key"] if form.is_valid() else new_key()
    run = services.compute_baseline(
        page.city, page.year, actor=request.actor, now=request.now, key=key
    )
    where = page.url("baseline", run=run.pk)
    return go(request, Done(where, "已测算，还没有采用。请看过分区额度和少于需求的单位。"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def baseline_adopt(request: Any, run_id: int) -> HttpResponse:
    """采用: what would change against the run in force, then take it into the budgets."""
    page = preparing(request)
    require(request.actor, Permission.BASELINE_RUN, page.city.place)
    made = runs(page.city, page.year)
    run = next((each for each in made if each.pk == run_id), None)
    if run is None:
        raise _no_run()
    form = AdoptForm(request.POST or None, initial={"losses": losses_digest(run)})
    regions = regions_seen(request.actor, page.city, page.year)
    return submit(
        request,
        form,
        _adopt(request, run),
        template="budget/preview.html",
        context=_adoption(page, made, run, regions, form),
        done=lambda _: Done(page.url("issue"), "已采用，各单位额度已写入预算，可以核对下达。"),
    )


def _adopt(request: Any, run: BaselineRun) -> Any:
    return lambda data: services.adopt_baseline(
        run.pk,
        losses_shown=data["losses"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _adoption(
    page: Setting, made: list[BaselineRun], run: BaselineRun, regions: list[Area], form: ActForm
) -> dict[str, object]:
    sheet = baseline_sheet(run, regions)
    old = next((each for each in made if each.state == BaselineRun.State.ADOPTED), None)
    before = baseline_sheet(old, regions) if old is not None else None
    counts = sheet.all_counts
    preview = Preview(
        f"采用这次测算（{counts.units:,} 个单位）",
        [
            Stat("单位", counts.units, "个"),
            Stat("额度", sheet.whole.quota, WAN),
            Stat("预留", sheet.whole_reserve, WAN),
        ],
        title="采用前核对",
        table=_changes_table(sheet, before, regions),
        findings=_adoption_findings(run, made, sheet),
        undo="下达以前可以重新测算、另行采用；下达以后不能再换。",
        form=form,
        others=[Action("返回测算", page.url("baseline", run=run.pk))],
    )
    head = page.head("采用基准额度", "baseline", crumbs=[Crumb("下达"), Crumb(TITLE)])
    main = Panel("分区额度", [sheet_table(sheet, regions, by_sector=False)], aside=WAN)
    shown = [losses_panel(run, regions)]
    return {"head": head, "parts": shown, "main": [main], "preview": preview}


def _changes_table(
    sheet: BaselineSheet, before: BaselineSheet | None, regions: list[Area]
) -> Table:
    columns = [Column("区域"), Column("额度", WAN, kind="figure", strong=True)]
    if before is not None:
        columns.append(Column("比已采用", WAN, kind="figure", signed=True, toned=True))
    rows = []
    for area in regions:
        quota = sheet.of_region(area.pk).quota
        cells: list[object] = [area.name, quota]
        if before is not None:
            cells.append(quota - before.of_region(area.pk).quota)
        rows.append(Row(cells))
    sums: list[object] = ["合计", sheet.whole.quota]
    if before is not None:
        sums.append(sheet.whole.quota - before.whole.quota)
    return Table(columns, rows, sums=sums, tight=True)


def _adoption_findings(
    run: BaselineRun, made: list[BaselineRun], sheet: BaselineSheet
) -> list[Finding]:
    found = []
    if run != made[0]:
        words = "在这次测算之后又做过测算，不能采用旧的。请采用最新一次。"
        found.append(Finding("baseline.not_newest", Severity.MUST_FIX, words))
    counts = sheet.all_counts
    if counts.shorted:
        words = (
            f"{counts.shorted} 项少于审核需求，合计少 {counts.gap.wan()} 万m³，原因逐项写在清单里。"
        )
        found.append(Finding("baseline.shorted", Severity.LOOK, words))
    return found
