"""Reading across capabilities: duties of all, the overview of some regions, what a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, Sum

from shuiheng.budget.models import AllocationPlan, Budget
from shuiheng.budget.rules.plan import month_plan, planned_by
from shuiheng.budget.selectors import duties as budget_duties
from shuiheng.budget.selectors.duties import Dates, StageCounts, stage_counts
from shuiheng.budget.selectors.execution import Cell, Execution, by_sector, by_source, executions
from shuiheng.core.access import GRANTS, Actor, Permission, Role
from shuiheng.core.duty import DutyFact
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.desk.rules import HomeKind, YearFacts
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import AccountKey, Balance, Code, state_of, sum_balances
from shuiheng.ledger.selectors import (
    RegionSheet,
    Yardstick,
    monthly_use,
    quotas_of_unit,
    region_sheets,
    yardstick,
)
from shuiheng.metering import selectors as metering
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions
from shuiheng.papers.models import Paper
from shuiheng.quota import selectors as quota
from shuiheng.registry.models import Unit
from shuiheng.ui.parts import State


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """Everything that waits for this person, in every capability."""
    return [
        *budget_duties.duties(actor, now),
        *metering.duties(actor, now),
        *quota.duties(actor, now),
    ]


def home_kind(actor: Actor) -> HomeKind:
    """The widest place with books decides; a keeper without books keeps the house."""
    readers = [h for h in actor.holdings if Permission.LEDGER_VIEW in GRANTS[h.role]]
    areas = [h.place.path for h in readers if h.place.unit is None]
    if areas:
        depth = min(path.count("/") for path in areas)
        return HomeKind.DISTRICT if depth >= 2 else HomeKind.CITY
    if any(h.place.unit is not None for h in actor.holdings):
        return HomeKind.UNIT
    return HomeKind.KEEPER if actor.has_role(Role.KEEPER) else HomeKind.NOBODY


def area_of(actor: Actor) -> Area:
    """The widest area whose books the person sees."""
    places = [p.path for p in actor.places(Permission.LEDGER_VIEW) if p.unit is None]
    if not places:
        raise Refusal(
            "desk.no_area", "您的岗位不看区域水账。", kind=Kind.MISSING, remedy="请从首页进入。"
        )
    return Area.objects.select_related("parent").get(path=min(places, key=lambda p: p.count("/")))


def regions_of(area: Area, year: int) -> list[Area]:
    """The budget regions at or below an area; a township lies inside one and has none of its own."""
    return [area] if area.has_own_budget else budget_regions(year, area)


# -- the overview of regions -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overview:
    """Some regions in one year: their books, their plans, and what they are held against."""

    year: int
    regions: list[Area]
    sheets: dict[int, RegionSheet]
    cells: dict[Cell, Execution]
    stick: Yardstick

    def planned(self, region: int, source: Source | None = None) -> Volume:
        """Plan through the last month in the books, of abstraction."""
        return total(
            part.planned
            for (area, book, s, _), part in self.cells.items()
            if area == region and book is Book.ABSTRACTION and source in (None, s)
        )

    def granted(self, region: int, source: Source | None = None) -> Volume:
        sheet = self.sheets[region]
        return sheet.total_granted if source is None else sheet.granted.get(source, Volume())

    def used(self, region: int, source: Source | None = None) -> Volume:
        sheet = self.sheets[region]
        return sheet.total_used if source is None else sheet.used.get(source, Volume())

    def state(self, region: int, source: Source | None = None) -> State:
        return state_of(
            self.used(region, source),
            self.granted(region, source),
            self.planned(region, source),
            self.stick.warn_percent,
        )

    def of_sector(self, region: int) -> dict[Sector, Execution]:
        return by_sector({cell: part for cell, part in self.cells.items() if cell[0] == region})

    @property
    def whole(self) -> Execution:
        """Σ regions: the quota granted (reserve included), the use, the plan."""
        ids = [region.pk for region in self.regions]
        return Execution(
            total(self.granted(pk) for pk in ids),
            total(self.used(pk) for pk in ids),
            total(self.planned(pk) for pk in ids),
        )

    @property
    def held(self) -> Execution:
        """Σ holders: what units hold of it, for the pace."""
        return sum(by_source(self.cells).values(), Execution())

    @property
    def reserve(self) -> Volume:
        return total(sheet.total_reserve for sheet in self.sheets.values())

    def over_sources(self) -> int:
        """How many (region, source) pairs have used more than they were granted."""
        return sum(
            self.used(region.pk, source) > self.granted(region.pk, source)
            for region in self.regions
            for source in Source
        )


def overview(regions: Sequence[Area], year: int, today: date) -> Overview:
    ids = [region.pk for region in regions]
    stick = yardstick(year, today)
    return Overview(
        year, list(regions), region_sheets(ids, year), executions(ids, year, stick.month), stick
    )


def reserve_moves(areas: Sequence[int], year: int) -> tuple[Volume, Volume]:
    """年初 and 启用: what was set aside, and what increases have taken from it."""
    moves = Transfer.objects.filter(year=year, book=Book.ABSTRACTION)
    sums = moves.aggregate(
        set_aside=Sum("amount", filter=Q(code=Code.SET_ASIDE, credit__area__in=areas)),
        used=Sum("amount", filter=Q(code=Code.INCREASE, debit__area__in=areas)),
    )
    return _volume(sums["set_aside"]), _volume(sums["used"])


def _volume(value: object) -> Volume:
    return value if isinstance(value, Volume) else Volume(int(str(value or 0)))


def current_plan(area: Area, year: int) -> AllocationPlan | None:
    """The autonomous region's allocation plan in force."""
    city = area if not area.has_own_budget else area.parent
    return AllocationPlan.objects.filter(area=city, year=year, is_current=True).first()


def year_facts(
    regions: Sequence[Area], year: int, today: date, month: int, when: Dates
) -> YearFacts:
    counts: StageCounts = stage_counts([region.pk for region in regions], year)
    return YearFacts(
        year=year,
        today=today,
        booked_month=month,
        units=counts.units,
        areas=counts.areas,
        finals=counts.finals,
        adjustments=counts.adjustments,
        issued_on=counts.issued_on,
        final_due=when.of("unit_final", year),
    )


# -- one unit --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """What a unit may still use, this month and this year, all sources of its own book."""

    unit: Unit
    year: int
    today: date
    held: dict[AccountKey, Balance]
    plan: dict[AccountKey, tuple[Volume, ...]]
    month_used: Volume
    estimated: dict[int, Volume]
    stick: Yardstick

    @property
    def whole(self) -> Balance:
        return sum_balances(list(self.held.values()))

    @property
    def month_plan(self) -> Volume:
        return total(plan[self.today.month - 1] for plan in self.plan.values())

    @property
    def month_left(self) -> Volume:
        """This month's plan less this month's use, and never more than the year has left."""
        left = self.month_plan - self.month_used
        return max(min(left, self.whole.available), Volume())

    def by_today(self, key: AccountKey | None = None) -> Volume:
        plans = self.plan.values() if key is None else [self.plan[key]]
        return total(planned_by(plan, self.today) for plan in plans)

    @property
    def month_by_today(self) -> Volume:
        ended = total(v for plan in self.plan.values() for v in plan[: self.today.month - 1])
        return self.by_today() - ended

    def through_booked(self, key: AccountKey | None = None) -> Volume:
        plans = self.plan.values() if key is None else [self.plan[key]]
        return total(v for plan in plans for v in plan[: self.stick.month])

    def state(self, key: AccountKey | None = None) -> State:
        balance = self.whole if key is None else self.held[key]
        planned = self.through_booked(key)
        return state_of(balance.used, balance.net, planned, self.stick.warn_percent)


def unit_standing(unit: Unit, year: int, today: date) -> UnitStanding:
    book = Book.NETWORK if unit.kind_term.is_customer else Book.ABSTRACTION
    held = quotas_of_unit(unit.pk, year, book)
    budget = Budget.objects.filter(unit=unit, year=year).values_list("months", flat=True).first()
    rows = [
        r
        for r in monthly_use(year, units=[unit.pk])
        if r.book is book and r.sector is not Sector.LOSS
    ]
    estimated: dict[int, Volume] = {}
    for row in rows:
        if row.estimated:
            estimated[row.month] = estimated.get(row.month, Volume()) + row.estimated
    return UnitStanding(
        unit,
        year,
        today,
        held,
        {key: month_plan(balance.net, budget or [0] * 12) for key, balance in held.items()},
        total(row.used for row in rows if row.month == today.month),
        estimated,
        yardstick(year, today),
    )


def units_of(actor: Actor) -> list[Unit]:
    """The units a person acts for, in the order he got them."""
    ids = [h.place.unit for h in actor.holdings if h.place.unit is not None]
    found = Unit.objects.select_related("region").in_bulk(ids)
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


# -- search ----------------------------------------------------------------------------------------

MOST_HITS = 30


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, of each sort at most MOST_HITS."""

    units: list[Unit]
    papers: list[Paper]
    areas: list[Area]


def hits(actor: Actor, words: str) -> Hits:
    """Units by name, pinyin, code, permit, intake or telephone; papers by number or title; areas."""
    text = words.strip()
    if not text:
        return Hits([], [], [])
    named = (
        Q(name__icontains=text)
        | Q(pinyin__istartswith=text)
        | Q(code__icontains=text)
        | Q(phone=text)
        | Q(permits__number__icontains=text)
        | Q(intakes__name__icontains=text)
        | Q(address_area__name__icontains=text)
    )
    units = Unit.objects.visible_to(actor).filter(named).select_related("region", "address_area")
    papers = Paper.objects.visible_to(actor).filter(
        Q(number__icontains=text) | Q(title__icontains=text) | Q(holder__icontains=text)
    )
    areas = [
        area
        for area in Area.objects.filter(name__icontains=text, has_own_budget=True)
        if actor.may(Permission.LEDGER_VIEW, area.place)
    ]
    return Hits(list(units.distinct()[:MOST_HITS]), list(papers[:MOST_HITS]), areas)
