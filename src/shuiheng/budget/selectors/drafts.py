"""编制: the drafts of a year as a list, and one draft with everything that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.db.models import Count, Max, Q, QuerySet

from shuiheng.budget.models import AreaBudget, Budget, BudgetLine, Step
from shuiheng.budget.rules import DraftFacts, DraftLine, UnitStage
from shuiheng.budget.selectors.facts import Line, YearOfUse, draft_facts, year_of_use
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Source, UnitKind
from shuiheng.core.volume import Volume, floor_m3, total
from shuiheng.office.models import Area
from shuiheng.office.rules import tidy
from shuiheng.papers.models import Attachment, Delivery
from shuiheng.papers.selectors import attachments_of
from shuiheng.quota.rules import NormInForce
from shuiheng.quota.rules.norms import NormTable
from shuiheng.quota.selectors import needed, norm_tables
from shuiheng.quota.selectors.norms import NormTables
from shuiheng.registry.models import Activity, Permit, SupplyLink
from shuiheng.registry.selectors import open_on

Owned = TypeVar("Owned", Activity, Permit)

NOT_FILED = "not_filed"
NOT_FILED_STAGES = (UnitStage.DRAFT, UnitStage.RETURNED)


# -- years and places -----------------------------------------------------------------------------


def years() -> list[int]:
    """The years for which drafts have been opened, newest first."""
    rows = AreaBudget.objects.values_list("year", flat=True).distinct()
    return sorted(rows, reverse=True)


def office_area(actor: Actor, code: str = "") -> Area:
    """The area whose work an officer looks at: the one asked for if it is his to see, or his own.

    Raises Refusal (MISSING) for anything else, also for people of units, who have no area.
    """
    paths = [place.path for place in actor.places(Permission.BUDGET_VIEW) if place.unit is None]
    mine = Q(pk__in=[])
    for path in paths:
        mine |= Q(path=path) | Q(path__startswith=path + "/")
    areas = Area.objects.filter(mine)
    found = areas.filter(code=code).first() if code else _first_with_budget(areas)
    if found is None:
        raise Refusal(
            "area.not_found",
            "没有这个区域，或者它不归您办理。",
            kind=Kind.MISSING,
            remedy="请从首页重新进入。",
        )
    return found


def _first_with_budget(areas: QuerySet[Area]) -> Area | None:
    """The highest of one's areas that has a budget: the city for a reader of the region too."""
    with_budget = areas.filter(budgets__isnull=False).order_by("path")
    return with_budget.first() or areas.order_by("path").first()


# -- the list -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DraftSearch:
    """What the list is asked for. `stage` is a UnitStage or `not_filed`; '' is everything."""

    year: int
    region: str = ""
    stage: str = ""
    kind: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list: what it asks for, what was used the year before, when it was reminded."""

    budget: Budget
    proposed: Volume
    last_used: Volume
    reminded_at: datetime | None


def drafts_in(actor: Actor, search: DraftSearch) -> QuerySet[Budget]:
    """The drafts that an actor may see and has asked for, by region and name."""
    rows = Budget.objects.visible_to(actor).filter(year=search.year)
    if search.region:
        rows = rows.filter(region__code=search.region)
    if search.kind:
        rows = rows.filter(unit__kind=search.kind)
    for word in tidy(search.words).lower().split()[:4]:
        rows = rows.filter(
            Q(unit__name__icontains=word)
            | Q(unit__pinyin__contains=word)
            | Q(unit__phone__startswith=word)
            | Q(unit__address_area__name__startswith=word)
        )
    related = rows.select_related("unit__address_area", "unit__region", "region")
    return related.order_by("region__rank", "unit__pinyin", "pk")


def of_stage(rows: QuerySet[Budget], stage: str) -> QuerySet[Budget]:
    """Narrowed to a stage, or to who has not filed."""
    if stage == NOT_FILED:
        return rows.filter(stage__in=NOT_FILED_STAGES)
    return rows.filter(stage=stage) if stage else rows


def stage_counts(rows: QuerySet[Budget]) -> dict[UnitStage, int]:
    """How many stand at each stage."""
    counted = rows.order_by().values_list("stage").annotate(n=Count("pk"))
    return {UnitStage(stage): number for stage, number in counted}


def listed(budgets: Sequence[Budget], year: int) -> list[Listed]:
    """The lines of one page of the list; `budgets` have their lines prefetched."""
    units = [budget.unit_id for budget in budgets]
    used = year_of_use(units, year - 1, _cards(budgets))
    prefix = f"remind:{year}:"
    reminded = dict(
        Delivery.objects.filter(unit_id__in=units, key__startswith=prefix)
        .values_list("unit_id")
        .annotate(last=Max("recorded_at"))
    )
    found = []
    for budget in budgets:
        asked = asked_by(budget.lines.all())
        before = used.get(budget.unit_id, {})
        counted = [
            total(before[line]) for line in before if not asked.books or line[0] in asked.books
        ]
        moment = reminded.get(budget.unit_id)
        found.append(Listed(budget, asked.proposed, total(counted), moment))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a budget asks for as a whole: its intake, or for a customer its delivery (never both)."""

    proposed: Volume
    reviewed: Volume | None
    books: frozenset[Book]


def asked_by(lines: Sequence[BudgetLine] | QuerySet[BudgetLine]) -> Asked:
    every = list(lines)
    counted = [line for line in every if line.book == Book.ABSTRACTION] or every
    reviewed = [line.reviewed for line in counted if line.reviewed is not None]
    return Asked(
        total(line.proposed for line in counted),
        total(reviewed) if reviewed else None,
        frozenset(Book(line.book) for line in counted),
    )


def budgets_of_units(actor: Actor, year: int) -> list[Budget]:
    """The budgets of the units that a person acts for, in this year and the year before."""
    units = [place.unit for place in actor.places(Permission.BUDGET_VIEW) if place.unit is not None]
    rows = Budget.objects.filter(unit__in=units, year__in=[year, year - 1])
    related = rows.select_related("unit__region", "unit__address_area", "region")
    return list(related.prefetch_related("lines").order_by("-year", "unit__pinyin"))


# -- one draft ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted, made or served, beside the year before and the norm in force."""

    item: str
    method: str
    quantity: Decimal | None
    measure: str
    before: Decimal | None = None
    norm: Decimal | None = None
    basis: str = ""

    @property
    def name(self) -> str:
        return f"{self.item} {self.method}".strip()

    @property
    def need(self) -> Volume | None:
        if self.norm is None or self.quantity is None:
            return None
        return floor_m3(self.quantity * self.norm)

    @property
    def quantity_text(self) -> str:
        return plain(self.quantity)

    @property
    def before_text(self) -> str:
        return plain(self.before)

    @property
    def norm_text(self) -> str:
        return plain(self.norm)


def plain(figure: Decimal | None) -> str:
    """1420.00 as 1,420: no more decimals than it has; nothing for nothing."""
    if figure is None:
        return ""
    text = f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class DraftCase:
    """One draft with what is known beside it: what its page and the reviewer's case show."""

    budget: Budget
    facts: DraftFacts
    lines: tuple[tuple[BudgetLine, DraftLine], ...]
    planted: tuple[Planted, ...]
    norms: NormTable
    permits: tuple[Permit, ...]
    last_months: tuple[Volume, ...]
    history: tuple[Step, ...]
    attachments: tuple[Attachment, ...]
    supply: SupplyLink | None = None
    declared: bool = False

    @property
    def last_used(self) -> Volume:
        return total(line.last_used or Volume() for line in self.counted)

    @property
    def last_quota(self) -> Volume:
        return total(line.last_quota or Volume() for line in self.counted)

    @property
    def permitted(self) -> Volume | None:
        found = [line.permit for line in self.counted if line.permit is not None]
        return total(found) if found else None

    @property
    def counted(self) -> list[DraftLine]:
        """The lines that add up to what the unit asks for."""
        drawn = [line for _, line in self.lines]
        return [line for line in drawn if line.book is Book.ABSTRACTION] or drawn


def find_draft(actor: Actor, year: int, unit_id: int) -> Budget:
    """The draft of a unit's year, if the actor may see it."""
    return _found(Budget.objects.filter(year=year, unit=unit_id), actor)


def find_budget(actor: Actor, budget_id: int) -> Budget:
    """A budget by its number, if the actor may see it."""
    return _found(Budget.objects.filter(pk=budget_id), actor)


def _found(rows: QuerySet[Budget], actor: Actor) -> Budget:
    mine = rows & Budget.objects.visible_to(actor)
    related = mine.select_related("unit__region", "unit__address_area", "region", "entered_by")
    budget = related.prefetch_related("lines").first()
    if budget is None:
        raise Refusal(
            "budget.not_found",
            "没有这份草案，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从“编制”的清单重新进入。",
        )
    return budget


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside drafts, read once for all of them."""

    facts: Mapping[int, DraftFacts]
    used: YearOfUse
    norms: NormTables
    activities: Mapping[int, Sequence[Activity]]
    permits: Mapping[int, Sequence[Permit]]


def beside(budgets: Sequence[Budget], day: date) -> Beside:
    """Use, norms, activities and permits of many drafts of one year, and the facts made of them."""
    units = [budget.unit_id for budget in budgets]
    year = budgets[0].year if budgets else day.year
    norms = norm_tables(day)
    declared = Activity.objects.filter(unit__in=units, year__in=[year, year - 1])
    activities = _grouped(declared.select_related("unit"))
    permits = _grouped(Permit.objects.filter(unit__in=units, valid_until__gte=day))
    used = year_of_use(units, year - 1, _cards(budgets))
    every = [row for rows in activities.values() for row in rows]
    need = needed(units, year, day, activities=every, tables=norms)
    valid = _permitted([each for rows in permits.values() for each in rows], day)
    facts = draft_facts(budgets, day, need=need, permits=valid, used=used)
    return Beside(facts, used, norms, activities, permits)


def _cards(budgets: Sequence[Budget]) -> dict[int, tuple[str, str]]:
    return {budget.unit_id: (budget.unit.kind, budget.unit.sector) for budget in budgets}


def draft_case(budget: Budget, day: date, known: Beside | None = None) -> DraftCase:
    """Everything that stands beside one draft."""
    known = known or beside([budget], day)
    facts = known.facts[budget.pk]
    norms = known.norms.of(budget.unit.region_id)
    rows, declared = planted(known.activities.get(budget.unit_id, ()), budget.year, norms)
    used = known.used.get(budget.unit_id, {})
    subject = f"budget/{budget.pk}"
    return DraftCase(
        budget=budget,
        facts=facts,
        lines=tuple(zip(budget.lines.all(), facts.lines, strict=True)),
        planted=rows,
        norms=norms,
        permits=tuple(known.permits.get(budget.unit_id, ())),
        last_months=_by_month(used, {line.book for line in facts.lines}),
        history=history_of(subject),
        attachments=tuple(attachments_of(subject)),
        supply=_supply(budget, day),
        declared=declared,
    )


def history_of(document: str) -> tuple[Step, ...]:
    """The steps of a document, newest first, with who took them."""
    rows = Step.objects.filter(document=document).select_related("user", "act")
    return tuple(rows.order_by("-pk"))


def planted(
    rows: Sequence[Activity], year: int, norms: NormTable
) -> tuple[tuple[Planted, ...], bool]:
    """The year's activities, or last year's as a start; and whether the year's own are declared."""
    by_year: dict[int, dict[tuple[str, str], Activity]] = {}
    for row in rows:
        by_year.setdefault(row.year, {})[row.item, row.method] = row
    before = by_year.get(year - 1, {})
    found = []
    for key, row in (by_year.get(year) or before).items():
        last = before.get(key)
        chosen = norms.choose(*key, row.measure)
        norm = chosen if isinstance(chosen, NormInForce) else None
        found.append(
            Planted(
                *key,
                row.quantity,
                row.measure,
                before=last.quantity if last else None,
                norm=norm.m3_per_measure if norm else None,
                basis=norm.standard if norm else "",
            )
        )
    return tuple(found), year in by_year


def _grouped(rows: QuerySet[Owned]) -> dict[int, list[Owned]]:
    found: dict[int, list[Owned]] = {}
    for row in rows.order_by("pk"):
        found.setdefault(row.unit_id, []).append(row)
    return found


def _permitted(permits: Sequence[Permit], day: date) -> dict[tuple[int, Source], Volume]:
    valid: dict[tuple[int, Source], Volume] = {}
    for permit in permits:
        if permit.valid_from <= day:
            key = (permit.unit_id, Source(permit.source))
            valid[key] = valid.get(key, Volume()) + permit.volume
    return valid


def _by_month(used: Mapping[Line, tuple[Volume, ...]], books: set[Book]) -> tuple[Volume, ...]:
    book = Book.ABSTRACTION if Book.ABSTRACTION in books else Book.NETWORK
    months = [volumes for (of, _, _), volumes in used.items() if of is book]
    return tuple(total(column) for column in zip(*months, strict=True)) if months else ()


def _supply(budget: Budget, day: date) -> SupplyLink | None:
    if not UnitKind(budget.unit.kind).is_customer:
        return None
    links = SupplyLink.objects.filter(open_on(day), customer=budget.unit_id)
    return links.select_related("supplier", "line").first()
