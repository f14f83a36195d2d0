"""为什么比去年少（多）: one printable page for a region, sector, source or unit, that adds up (USERS 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.selectors.why import (
    Why,
    area_asked,
    run_shown,
    unit_asked,
    unit_lines,
    why,
)
from shuiheng.budget.views.run import reason_of
from shuiheng.budget.views.setting import Setting, executing
from shuiheng.core.access import Permission
from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Sector, Source
from shuiheng.core.volume import ZERO, Volume, total
from shuiheng.office.models import Area
from shuiheng.quota.rules.why import Cause, Explanation, Selection, notes, summary
from shuiheng.ui import figures
from shuiheng.ui.figures import M3, WAN, moment
from shuiheng.ui.parts import Action, Crumb, Filter, Message, PageHead, Part, Toolbar
from shuiheng.ui.tables import Column, Panel, Row, Table
from shuiheng.ui.waterfall import End, Move, Neighbour, Waterfall, waterfall

SECTORS = (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY)
LARGE = Volume(10_000_000)  # from 1,000 万m³ on a page needs no decimals of 万m³
TITLE = "为什么"


@dataclass(frozen=True)
class Question:
    """What is asked, how it is called, and in which unit it is answered."""

    page: Setting
    why: Why
    selection: Selection
    name: str
    explanation: Explanation
    unit: str
    decimals: int

    @property
    def printed(self) -> dict[Cause, str]:
        """The parts as the table prints them, start and end included in the rounding."""
        parts = self.explanation.parts
        volumes = [self.explanation.start, *parts.values()]
        texts = figures.in_unit_adding_up(volumes, self.unit, self.decimals, signed=True)
        return dict(zip(parts, texts[1:], strict=True))

    @property
    def change(self) -> str:
        return figures.in_unit(self.explanation.change, self.unit, self.decimals).lstrip("−")

    @property
    def title(self) -> str:
        before, change = self.why.run.year - 1, self.explanation.change
        if not change:
            return f"{self.name}为什么和 {before} 年一样"
        word = "多" if change > ZERO else "少"
        return f"{self.name}为什么比去年{word} {self.change} {self.unit}"


@login_required
@require_safe
def of_area(request: Any, area_id: int) -> HttpResponse:
    """A region or the whole city, all of it or one sector or source, with two neighbours beside it."""
    page = executing(request)
    area = area_asked(request.actor, page.city, page.year, area_id)
    regions = regions_seen(request.actor, page.city, page.year)
    found = why(run_shown(page.city, page.year, request.GET.get("run", ""), officer=True))
    whole = area == page.city
    selection = Selection(
        area=None if whole else area.pk,
        sector=_term(Sector, request.GET.get("sector", "")),
        source=_term(Source, request.GET.get("source", "")),
    )
    question = _question(page, found, selection, area.name)
    beside = [] if whole else _neighbours(request, area, regions)
    tools = None if _bare(request) else _toolbar(request, area, regions, beside, found)
    panels = [_answer(question, beside, tools)]
    panels += [_of_regions(question, regions)] if whole and not _bare(request) else []
    return _page(request, question, panels)


@login_required
@require_safe
def of_unit(request: Any, unit_id: int) -> HttpResponse:
    """One unit, also one that was not cut; with its certificate in words. A unit sees its own once it is
    issued."""
    page = executing(request)
    unit = unit_asked(request.actor, unit_id, page.year)
    officer = request.actor.may(Permission.BUDGET_VIEW, unit.region.place)
    asked = request.GET.get("run", "")
    found = why(run_shown(page.city, page.year, asked, officer=officer))
    selection = Selection(unit=unit.pk, customer=unit.kind_term.is_customer)
    question = _question(page, found, selection, unit.name)
    panels = [_answer(question, [], None), _lines(question)]
    return _page(request, question, panels)


def _question(page: Setting, found: Why, selection: Selection, name: str) -> Question:
    explanation = found.explain(selection)
    parts = [part.label for part in (selection.source, selection.sector) if part is not None]
    called = " · ".join([name, *parts])
    if selection.unit is not None:
        return Question(page, found, selection, called, explanation, M3, 0)
    decimals = 0 if max(explanation.start, explanation.end) >= LARGE else 2
    return Question(page, found, selection, called, explanation, WAN, decimals)


def _bare(request: Any) -> bool:
    """Whether it is asked for as paper: one page, no controls."""
    return "print" in request.GET


def _page(request: Any, question: Question, panels: Sequence[Panel]) -> HttpResponse:
    bare = _bare(request)
    context = {
        "head": _head(request, question, bare=bare),
        "parts": panels,
        "bare": bare,
    }
    return render(request, "budget/why.html", context)


def _head(request: Any, question: Question, *, bare: bool) -> PageHead:
    page = question.page
    words = request.GET.copy()
    words["print"] = "1"
    run = f"?run={question.why.run.pk}&year={page.year}"
    actions = []
    if not bare:
        if question.selection.unit is None:
            actions.append(Action("基准额度", reverse("budget:baseline") + run))
        printed = Action("打印一页", f"?{words.urlencode()}", primary=True, new_window=True)
        actions.append(printed)
    return PageHead(
        question.title,
        crumbs=[Crumb(page.city.name), Crumb("下达"), Crumb(TITLE)],
        year=question.why.run.year,
        actions=actions,
    )


def _answer(question: Question, beside: Sequence[Area], toolbar: Toolbar | None) -> Panel:
    found, explanation = question.why, question.explanation
    words = notes(found.last, found.this, question.selection)
    parts = [
        Move(cause.label, part, found.note(cause, words))
        for cause, part in explanation.parts.items()
        if part or cause is not Cause.BASIS
    ]
    run = found.run
    chart = waterfall(
        question.name,
        End(found.start_label, explanation.start, found.start_note),
        parts,
        End(f"{run.year} 年基准额度", explanation.end, found.end_note),
        neighbours=[_column(question, area, parts) for area in beside],
        unit=question.unit,
        decimals=question.decimals,
    )
    said = summary(explanation, question.printed, f"{question.change} {question.unit}")
    body: list[Part] = [Message(said)]
    if beside:
        body.append(Message(_compared(question, chart, beside)))
    scope = "取水口径" if not question.selection.by_use else "用水口径，供水单位的水列在用户行业"
    if question.selection.unit is None:
        scope = f"各单位额度合计，不含预留；{scope}"
    foot = f"{scope}。测算 {moment(run.made_at)} · 输入摘要 {run.input_digest[:16]}"
    return Panel("原因", [*body, chart], toolbar=toolbar, foot=foot)


def _column(question: Question, area: Area, moves: Sequence[Move]) -> Neighbour:
    """The same reasons there. Where the chart leaves out 口径 because there is none, so does the column, unless
    there is some: then it stands with what is above."""
    there = question.why.path.explain(replace(question.selection, area=area.pk))
    changes = [there.parts[cause] for cause in Cause]
    if len(moves) < len(changes):
        first, second, *rest = changes
        changes = [first + second, *rest]
    return Neighbour(area.name, there.start, changes, there.end)


def _compared(question: Question, chart: Waterfall, beside: Sequence[Area]) -> str:
    """减幅 8.3%，乌鲁木齐县 4.3%……; and where the difference to each lies."""
    others = "、".join(
        f"{area.name} {percent}"
        for area, (_, percent) in zip(beside, chart.neighbour_changes, strict=True)
    )
    own = question.explanation
    furthest = [_furthest(question, own, area) for area in beside]
    kinds = "".join(dict.fromkeys(f"“{cause.label}”" for cause in furthest if cause is not None))
    words = f"本区变化 {chart.change_percent}，{others}。"
    return f"{words}差别主要在{kinds}。" if kinds else words


def _furthest(question: Question, own: Explanation, area: Area) -> Cause | None:
    """The reason that weighs most differently, each measured by its own start."""
    there = question.why.path.explain(replace(question.selection, area=area.pk))
    if not own.start or not there.start:
        return None
    apart = {
        cause: abs(own.parts[cause].m3 * there.start.m3 - there.parts[cause].m3 * own.start.m3)
        for cause in Cause
    }
    cause = max(apart, key=lambda one: apart[one])
    return cause if apart[cause] else None


def _neighbours(request: Any, area: Area, regions: Sequence[Area]) -> list[Area]:
    """The two that were chosen; else the next two in the order of the regions."""
    others = [one for one in regions if one != area]
    if "beside" not in request.GET:
        return others[:2]
    wanted = [request.GET.get("beside"), request.GET.get("and")]
    chosen = [one for text in wanted for one in others if str(one.pk) == text]
    return list(dict.fromkeys(chosen))


def _toolbar(
    request: Any, area: Area, regions: Sequence[Area], beside: Sequence[Area], found: Why
) -> Toolbar:
    terms = [("source", "水源", NATURAL_SOURCES), ("sector", "行业", SECTORS)]
    filters = [
        Filter(
            name,
            label,
            [("", f"全部{label}"), *((term.value, term.label) for term in choices)],
            request.GET.get(name, ""),
        )
        for name, label, choices in terms
    ]
    places = [("", "不比"), *((str(one.pk), one.name) for one in regions if one != area)]
    chosen = [str(one.pk) for one in beside] + ["", ""]
    if any(one == area for one in regions) and len(places) > 1:
        filters.append(Filter("beside", "邻区", places, chosen[0]))
        filters.append(Filter("and", "再比", places, chosen[1]))
    kept = {"year": str(found.run.year), "run": str(found.run.pk)}
    return Toolbar(filters, kept=kept)


def _of_regions(question: Question, regions: Sequence[Area]) -> Panel:
    """All regions by reason: every row and every column adds up."""
    rows: list[list[Volume]] = []
    for area in regions:
        there = question.why.path.explain(replace(question.selection, area=area.pk))
        rows.append([there.start, *(there.parts[cause] for cause in Cause), there.end])
    sums = [total(column) for column in zip(*rows, strict=True)]
    used = [n for n in range(len(sums)) if n in (0, len(sums) - 1) or any(row[n] for row in rows)]
    heads = ["去年", *(cause.label for cause in Cause), "今年"]
    columns = [Column("区域")] + [
        Column(
            heads[n], WAN, kind="figure", signed=0 < n < len(sums) - 1, toned=0 < n < len(sums) - 1,
            strong=n == len(sums) - 1, unit_shown=False,
        )
        for n in used
    ]  # fmt: skip
    table = Table(
        columns,
        [
            Row([area.name, *(line[n] for n in used)], url=_link(question, area.pk))
            for area, line in zip(regions, rows, strict=True)
        ],
        sums=["合计", *(sums[n] for n in used)],
        tight=True,
    )
    return Panel("各区", [table], aside=WAN, note="按区名看各区的一页")


def _link(question: Question, area: int) -> str:
    words = {"run": question.why.run.pk}
    for name in ("sector", "source"):
        term = getattr(question.selection, name)
        if term is not None:
            words[name] = term.value
    return question.page.url("why", area, **words)


def _lines(question: Question) -> Panel:
    """What a unit asked and gets of each source, and why no more."""
    run, unit = question.why.run, question.selection.unit
    assert unit is not None
    columns = [
        Column("水源"),
        Column("行业"),
        Column("审核需求", M3, kind="figure"),
        Column("额度", M3, kind="figure", strong=True),
        Column("原因"),
    ]
    found = unit_lines(run, unit, customer=question.selection.customer)
    rows = [
        Row(
            [
                line.get_source_display(),
                line.get_sector_display(),
                line.demand,
                line.quota,
                reason_of(run, line),
            ]
        )
        for line in found
    ]
    sums = [
        "合计",
        "",
        total(line.demand for line in found),
        total(line.quota for line in found),
        "",
    ]
    return Panel("额度怎么定的", [Table(columns, rows, sums=sums, tight=True)])


def _term(words: Any, value: str) -> Any:
    return words(value) if value in set(words) else None
