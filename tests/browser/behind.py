"""What the rest of the city does meanwhile, through the services, so that one unit's year can be walked."""

from __future__ import annotations

from django.db.models import Sum

from shuiheng.budget import services as budget
from shuiheng.budget.models import AreaBudget, Budget, BudgetLine, FinalAccount, Scheme
from shuiheng.budget.rules import FinalState, UnitStage
from shuiheng.core.access import Actor, Role
from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.metering import services as metering
from shuiheng.office.models import Area
from shuiheng.papers.jobs import render
from shuiheng.papers.models import Paper
from shuiheng.registry.models import Unit
from shuiheng.rehearsal.services.executing import figures_of
from shuiheng.rehearsal.services.stage import Stage, budgets_of


def farm_of(region: str) -> Unit:
    """The first farm of a district that pumps its own water."""
    farms = Unit.objects.filter(kind=UnitKind.SELF_SUPPLIED, sector=Sector.AGRICULTURE)
    return farms.filter(region__code=region).select_related("region").order_by("pk")[0]


def others_file_and_are_accepted(stage: Stage) -> None:
    """Everybody who has not filed gets a draft by the default rule; all that wait are accepted."""
    for area in stage.cast.regions:
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        budget.draft_by_default(area, stage.year, actor=clerk, now=stage.now, key=stage.key)
    waiting = budgets_of(stage).filter(stage=UnitStage.SUBMITTED).select_related("unit", "region")
    by_reviewer: dict[Actor, list[int]] = {}
    for draft in waiting:
        by_reviewer.setdefault(_reviewer(stage, draft.unit, draft.region), []).append(draft.pk)
    for reviewer, ids in by_reviewer.items():
        budget.accept_drafts(ids, actor=reviewer, now=stage.now, key=stage.key)


def _reviewer(stage: Stage, unit: Unit, region: Area) -> Actor:
    """Public supply is the city's to review."""
    if unit.kind_term is UnitKind.WATERWORKS:
        return stage.cast.at(Role.CITY_REVIEWER)
    return stage.cast.at(Role.COUNTY_REVIEWER, region)


def other_districts_report(stage: Stage, besides: Area) -> None:
    """Compiled, reported and approved, all but one."""
    reviewer = stage.cast.at(Role.CITY_REVIEWER)
    for area in stage.cast.regions:
        if area == besides:
            continue
        own = AreaBudget.objects.get(area=area, year=stage.year)
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        budget.compile_area(own.pk, actor=clerk, now=stage.now, key=stage.key)
        budget.report_area(own.pk, actor=clerk, now=stage.now, key=stage.key)
        budget.approve_area(own.pk, actor=reviewer, now=stage.now, key=stage.key)


def plan_from_above(stage: Stage) -> dict[str, str]:
    """The grid of the autonomous region's plan, as its fields are called: what was accepted and a tenth more."""
    accepted = (
        BudgetLine.objects.filter(budget__in=budgets_of(stage), book=Book.ABSTRACTION)
        .values_list("budget__region__name", "source")
        .annotate(sum=Sum("reviewed"))
    )
    return {
        f"{region}{Source(source).label}": str(int(volume.m3 * 1.1) // 10_000 + 2)
        for region, source, volume in accepted
    }


def print_notice(stage: Stage, unit: Unit) -> None:
    """What the worker does after the issue: every notice is made; of all only the unit's is typeset."""
    scheme = Scheme.objects.get(year=stage.year)
    budget.make_notices(scheme.pk, now=stage.now)
    notice = Paper.objects.get(key=f"scheme/{scheme.pk}/budget/{budget_of(unit, stage.year).pk}")
    render(notice.pk)


def unit_uses(stage: Stage, unit: Unit, month: int) -> None:
    """A month that the unit does not report in the browser."""
    rows = figures_of(stage, [unit], month)
    own = stage.cast.of(unit)
    metering.report_use(
        stage.year, month, rows, actor=own, now=stage.now, key=stage.key, attested=True
    )


def others_confirm(stage: Stage, besides: Unit) -> None:
    """Final accounts confirmed for all others, reviewed; the other districts completed."""
    accounts = FinalAccount.objects.filter(budget__year=stage.year).exclude(budget__unit=besides)
    rows = accounts.filter(state=FinalState.OPEN).select_related("budget__unit", "budget__region")
    groups: dict[tuple[Area, Actor], list[int]] = {}
    for row in rows:
        reviewer = _reviewer(stage, row.budget.unit, row.budget.region)
        groups.setdefault((row.budget.region, reviewer), []).append(row.pk)
    for (area, reviewer), ids in groups.items():
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        budget.confirm_final_for(ids, actor=clerk, now=stage.now, key=stage.key)
        budget.review_final(ids, actor=reviewer, now=stage.now, key=stage.key)
    for area in stage.cast.regions:
        if area != besides.region:
            reviewer = stage.cast.at(Role.COUNTY_REVIEWER, area)
            budget.complete_district(area, stage.year, actor=reviewer, now=stage.now, key=stage.key)


def budget_of(unit: Unit, year: int) -> Budget:
    return Budget.objects.get(unit=unit, year=year)
