"""Reading 下达: the allocation plan's versions, what stands before an issue, its notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from shuiheng.budget import rules
from shuiheng.budget.models import AllocationLine, AllocationPlan, AreaBudget, Budget, Scheme
from shuiheng.budget.selectors.baseline import BaselineSheet
from shuiheng.core.access import Actor
from shuiheng.core.vocabulary import NATURAL_SOURCES, Book, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import quotas
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperKind, PaperState
from shuiheng.quota.models import BaselineLine, BaselineRun

Cells = dict[tuple[int, Source], Volume]
NOT_COMPILED = (
    rules.UnitStage.DRAFT,
    rules.UnitStage.SUBMITTED,
    rules.UnitStage.RETURNED,
    rules.UnitStage.ACCEPTED,
)


def allocation_plans(city: Area, year: int) -> list[AllocationPlan]:
    """The versions of a year's plan, newest first."""
    plans = AllocationPlan.objects.filter(area=city, year=year).select_related("act")
    return list(plans.order_by("-version"))


def allocation_cells(plans: Sequence[AllocationPlan]) -> dict[int, Cells]:
    """The figures of several versions in one read, by plan."""
    found: dict[int, Cells] = {plan.pk: {} for plan in plans}
    for line in AllocationLine.objects.filter(plan__in=plans):
        found[line.plan_id][line.area_id, Source(line.source)] = line.volume
    return found


def current_allocation(city: Area, year: int) -> tuple[AllocationPlan | None, Cells]:
    """The plan in force and its figures."""
    lines = AllocationLine.objects.filter(
        plan__area=city, plan__year=year, plan__is_current=True
    ).select_related("plan")
    plan = None
    cells: Cells = {}
    for line in lines:
        plan = line.plan
        cells[line.area_id, Source(line.source)] = line.volume
    return plan, cells


@dataclass(frozen=True, slots=True)
class InterimGiven:
    """The 预下达 that stands in the books and has not been swallowed by an issue yet."""

    units: int
    volume: Volume


def interim_given(city: Area, year: int) -> InterimGiven:
    """Counted in the abstraction book, as all volumes of a region are; units in both."""
    held = quotas(year, Q(area__path__startswith=city.path + "/"))
    given = {key: balance for key, balance in held.items() if balance.net}
    taken = total(b.net for key, b in given.items() if key.book is Book.ABSTRACTION)
    return InterimGiven(len({key.unit for key in given}), taken)


def uncompiled_on(run: BaselineRun) -> int:
    """How many units a run gives something whose drafts have not been compiled."""
    units = BaselineLine.objects.filter(run=run, quota__gt=0).values("unit")
    waiting = Budget.objects.filter(year=run.year, unit__in=units, stage__in=NOT_COMPILED)
    return waiting.count()


def issue_facts(
    budget: AreaBudget,
    run: BaselineRun,
    regions: Sequence[Area],
    sheet: BaselineSheet,
    plan: AllocationPlan | None,
    cells: Cells,
    interim: InterimGiven,
) -> rules.IssueFacts:
    """What the checks before the issue look at."""
    counts = sheet.all_counts
    return rules.IssueFacts(
        regions=len(regions),
        differing=tuple(
            f"{area.name}{source.label}"
            for area in regions
            for source in NATURAL_SOURCES
            if _handed_out(sheet, area, source) != cells.get((area.pk, source), Volume())
        ),
        unapproved=budget.stage_term is not rules.AreaStage.APPROVED,
        uncompiled=uncompiled_on(run),
        shorted=counts.shorted,
        gap=counts.gap,
        empty=counts.empty,
        interim_units=interim.units,
        interim=interim.volume,
        wetness=rules.WetnessIncluded(plan.wetness_included).label if plan else "没有写明",
    )


def _handed_out(sheet: BaselineSheet, area: Area, source: Source) -> Volume:
    reserve = sheet.reserve.get((area.pk, source), Volume())
    return sheet.of_source(area.pk, source).quota + reserve


def scheme_of(city: Area, year: int) -> Scheme | None:
    """The issue of a year, if there has been one."""
    rows = Scheme.objects.filter(area=city, year=year).select_related("act")
    return rows.first()


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """How far the notices of an issue are."""

    ready: int
    failed: int
    made: int


def notice_counts(papers: QuerySet[Paper]) -> NoticeCounts:
    counts = papers.aggregate(
        ready=Count("pk", filter=Q(state=PaperState.READY)),
        failed=Count("pk", filter=Q(state=PaperState.FAILED)),
        made=Count("pk"),
    )
    return NoticeCounts(counts["ready"], counts["failed"], counts["made"])


def notices(scheme: Scheme, actor: Actor, words: str = "") -> QuerySet[Paper]:
    """The 下达通知 of an issue that the person may see, by unit; `words` look for a name or number."""
    papers = Paper.objects.visible_to(actor).filter(
        kind=PaperKind.ISSUE_NOTICE, key__startswith=f"scheme/{scheme.pk}/"
    )
    if words:
        papers = papers.filter(Q(holder__icontains=words) | Q(number__icontains=words))
    return papers.select_related("area").order_by("pk")


def scheme_paper(scheme: Scheme) -> Paper | None:
    return Paper.objects.filter(key=f"scheme/{scheme.pk}").first()
