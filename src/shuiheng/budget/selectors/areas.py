"""汇编: what the drafts of an area add up to, by source and by sector, beside the year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, QuerySet, Sum

from shuiheng.budget.models import AreaBudget, Budget, BudgetLine
from shuiheng.budget.rules import UnitStage
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import RegionSheet, region_sheets
from shuiheng.office.selectors import scope

WAITING = (UnitStage.DRAFT, UnitStage.RETURNED, UnitStage.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was asked for, what was accepted so far, and the year before: quota and use."""

    proposed: Volume = field(default_factory=Volume)
    reviewed: Volume = field(default_factory=Volume)
    last_quota: Volume = field(default_factory=Volume)
    last_used: Volume = field(default_factory=Volume)

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.proposed + other.proposed,
            self.reviewed + other.reviewed,
            self.last_quota + other.last_quota,
            self.last_used + other.last_used,
        )


@dataclass(frozen=True, slots=True)
class AreaSheet:
    """An area's drafts: where they stand, and what they add up to."""

    budget: AreaBudget
    stages: Mapping[UnitStage, int]
    by_source: Mapping[Source, Sums]
    by_sector: Mapping[Sector, Sums]

    @property
    def whole(self) -> Sums:
        return sum(self.by_source.values(), Sums())

    @property
    def units(self) -> int:
        return sum(self.stages.values())

    @property
    def waiting(self) -> int:
        return sum(self.stages.get(stage, 0) for stage in WAITING)


def area_budgets(actor: Actor, year: int) -> list[AreaBudget]:
    """The area budgets of a year that an actor may see: the city's first, then by rank."""
    rows = _visible(actor).filter(year=year).order_by("area__has_own_budget", "area__rank")
    return list(rows)


def find_area_budget(actor: Actor, area_budget_id: int) -> AreaBudget:
    budget = _visible(actor).filter(pk=area_budget_id).first()
    if budget is None:
        raise Refusal(
            "area_budget.not_found",
            "没有这个区域的预算，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从“汇编”的清单重新进入。",
        )
    return budget


def _visible(actor: Actor) -> QuerySet[AreaBudget]:
    mine = scope(actor, Permission.BUDGET_VIEW, area="area")
    return AreaBudget.objects.filter(mine).select_related("area__parent")


def sheets(budgets: Sequence[AreaBudget]) -> dict[int, AreaSheet]:
    """The sheets of districts of one year, by area; those of a city are added up by `city_sheet`."""
    if not budgets:
        return {}
    year, areas = budgets[0].year, [budget.area_id for budget in budgets]
    stages: dict[int, dict[UnitStage, int]] = {area: {} for area in areas}
    rows = Budget.objects.filter(region__in=areas, year=year).order_by()
    for area, stage, number in rows.values_list("region", "stage").annotate(n=Count("pk")):
        stages[area][UnitStage(stage)] = number
    lines = _lines(areas, year)
    before = region_sheets(areas, year - 1)
    return {
        budget.area_id: AreaSheet(
            budget,
            stages[budget.area_id],
            _by_source(lines[budget.area_id], before[budget.area_id]),
            _by_sector(lines[budget.area_id], before[budget.area_id]),
        )
        for budget in budgets
    }


def city_sheet(city: AreaBudget, districts: Sequence[AreaSheet]) -> AreaSheet:
    """A city is the sum of its districts."""
    stages: dict[UnitStage, int] = {}
    sources: dict[Source, Sums] = {}
    sectors: dict[Sector, Sums] = {}
    for sheet in districts:
        for stage, number in sheet.stages.items():
            stages[stage] = stages.get(stage, 0) + number
        for source, sums in sheet.by_source.items():
            sources[source] = sources.get(source, Sums()) + sums
        for sector, sums in sheet.by_sector.items():
            sectors[sector] = sectors.get(sector, Sums()) + sums
    return AreaSheet(city, stages, sources, sectors)


Lines = dict[tuple[Book, Source, Sector], tuple[Volume, Volume]]


def _lines(areas: Sequence[int], year: int) -> dict[int, Lines]:
    found: dict[int, Lines] = {area: {} for area in areas}
    rows = BudgetLine.objects.filter(budget__region__in=areas, budget__year=year)
    sums = rows.values_list(F("budget__region"), "book", "source", "sector").annotate(
        asked=Sum("proposed"), given=Sum("reviewed")
    )
    for area, book, source, sector, asked, given in sums:
        key = (Book(book), Source(source), Sector(sector))
        found[area][key] = (asked or Volume(), given or Volume())
    return found


def _by_source(lines: Lines, before: RegionSheet) -> dict[Source, Sums]:
    """Only the intake counts against a source."""
    found = {}
    for source in NATURAL_SOURCES:
        mine = [
            v for (book, of, _), v in lines.items() if book is Book.ABSTRACTION and of is source
        ]
        sums = Sums(
            total(asked for asked, _ in mine),
            total(given for _, given in mine),
            before.granted.get(source, Volume()),
            before.used.get(source, Volume()),
        )
        if mine or sums != Sums():
            found[source] = sums
    return found


def _by_sector(lines: Lines, before: RegionSheet) -> dict[Sector, Sums]:
    """A supplier's intake stands under the sectors of its customers, its loss as a line of its own, and
    what it has not handed on as 供水: the sum is the same as by source."""
    asked: dict[Sector, tuple[Volume, Volume]] = {}
    for (_, _, sector), (proposed, reviewed) in lines.items():
        have = asked.get(sector, (Volume(), Volume()))
        asked[sector] = (have[0] + proposed, have[1] + reviewed)
    served = [v for (book, _, _), v in lines.items() if book is Book.NETWORK]
    supply = asked.get(Sector.SUPPLY, (Volume(), Volume()))
    asked[Sector.SUPPLY] = (
        supply[0] - total(proposed for proposed, _ in served),
        supply[1] - total(reviewed for _, reviewed in served),
    )
    found = {}
    for sector in (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY):
        last = before.by_sector.get(sector)
        sums = Sums(
            *asked.get(sector, (Volume(), Volume())),
            last.net if last else Volume(),
            last.used if last else Volume(),
        )
        if sums != Sums():
            found[sector] = sums
    return found


def waiting_units(budget: AreaBudget, most: int) -> list[Budget]:
    """Who holds up the compilation of a district, by stage and name."""
    rows = Budget.objects.filter(region=budget.area_id, year=budget.year, stage__in=WAITING)
    return list(rows.select_related("unit", "region").order_by("stage", "unit__pinyin")[:most])
