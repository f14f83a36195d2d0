"""Finding units; one unit as the rules see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.core.refusal import Finding
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.office.selectors import scope
from shuiheng.registry.models import (
    Activity,
    Intake,
    Permit,
    Unit,
)
from shuiheng.registry.rules.checks import UnitFacts, check_unit
from shuiheng.registry.rules.units import ClosingFacts, UnitCard, search_words
from shuiheng.registry.rules.waters import PermitFacts, suppliers_of_kind
from shuiheng.registry.selectors.water import customers_of, permitted, suppliers_of


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What the list is asked for; '' is everything. `region` is an area's code."""

    words: str = ""
    region: str = ""
    kind: str = ""
    sector: str = ""
    state: str = "open"


def units_found(actor: Actor, wanted: UnitFilter, today: date) -> QuerySet[Unit]:
    """The units of the list, in the order of their pinyin."""
    units = Unit.objects.visible_to(actor).select_related("region", "address_area")
    if wanted.region:
        units = units.filter(region__code=wanted.region)
    if wanted.kind:
        units = units.filter(kind=wanted.kind)
    if wanted.sector:
        units = units.filter(sector=wanted.sector)
    if wanted.state == "open":
        units = units.active_on(today)
    elif wanted.state == "closed":
        units = units.filter(closed_on__lte=today)
    return matching(units, wanted.words)


def matching(units: QuerySet[Unit], words: str) -> QuerySet[Unit]:
    """Units whose name, pinyin, code, telephone, permit, well or township holds every word."""
    for one in search_words(words):
        places = Area.objects.filter(name__contains=one).values("pk")
        found = (
            Q(name__icontains=one)
            | Q(code__icontains=one)
            | Q(address__contains=one)
            | Q(address_area__in=places)
            | Q(region__in=places)
            | Q(pk__in=Permit.objects.filter(number__icontains=one).values("unit"))
            | Q(pk__in=Intake.objects.filter(name__icontains=one).values("unit"))
        )
        if one.isascii():
            units = units.alias(letters=Replace(F("pinyin"), Value(" "), Value("")))
            found |= Q(letters__contains=one.lower()) | Q(phone__contains=one)
        units = units.filter(found)
    return units


def permit_totals(units: Sequence[Unit], on: date) -> dict[int, Volume]:
    """Σ valid permits of each unit over all sources; a unit without any is absent."""
    totals: dict[int, Volume] = {}
    for (unit, _), volume in permitted([unit.pk for unit in units], on).items():
        totals[unit] = totals.get(unit, Volume()) + volume
    return totals


def regions_held(actor: Actor) -> list[Area]:
    """The budget regions that lie in an officer's places."""
    held = scope(actor, Permission.UNIT_VIEW, area="")
    return list(Area.objects.filter(held, has_own_budget=True))


def regions_open_to(actor: Actor) -> list[Area]:
    """The budget regions whose units an actor may keep."""
    held = scope(actor, Permission.UNIT_EDIT, area="")
    return list(Area.objects.filter(held, has_own_budget=True))


def places_around(regions: Sequence[Area]) -> list[Area]:
    """Where a unit of these regions may have its address: anywhere in their cities, 甘泉堡's in 米东."""
    cities = {region.path.rpartition("/")[0] for region in regions}
    inside = Q(pk__in=[])
    for city in cities:
        inside |= Q(path__startswith=city + "/")
    return list(Area.objects.filter(inside))


def suppliers_for(kind: UnitKind, today: date) -> list[Unit]:
    """Who may supply a customer of this kind; a supplier's name is no secret."""
    kinds = [supplier.value for supplier in suppliers_of_kind(kind)]
    units = Unit.objects.active_on(today).filter(kind__in=kinds)
    return list(units.select_related("region"))


def card_of(unit: Unit) -> UnitCard:
    return UnitCard(
        code=unit.code,
        name=unit.name,
        kind=UnitKind(unit.kind),
        sector=Sector(unit.sector),
        address_area=unit.address_area_id,
        address=unit.address,
        contact=unit.contact,
        phone=unit.phone,
        is_xpcc=unit.is_xpcc,
        guarantees_living=unit.guarantees_living,
    )


def permit_facts(permit: Permit) -> PermitFacts:
    return PermitFacts(
        number=permit.number,
        source=Source(permit.source),
        volume=permit.volume,
        valid_from=permit.valid_from,
        valid_until=permit.valid_until,
    )


def lies_outside(unit: Unit) -> bool:
    """Whether the address lies outside the budget region (USERS 23)."""
    region, address = unit.region.path, unit.address_area.path
    return not Place(region).holds(Place(address)) and not Place(address).holds(Place(region))


def unit_findings(unit: Unit, permits: Iterable[Permit], people: int, today: date) -> list[Finding]:
    """What a clerk should look at, computed from what stands there."""
    facts = UnitFacts(
        card=card_of(unit),
        permits=[permit_facts(permit) for permit in permits],
        supplied=unit.pk in suppliers_of([unit.pk], today),
        outside_region=lies_outside(unit),
        people=people,
        closed=unit.closed_on is not None and unit.closed_on <= today,
    )
    return check_unit(facts, today)


def closing_facts(unit: Unit, today: date) -> ClosingFacts:
    link = suppliers_of([unit.pk], today).get(unit.pk)
    return ClosingFacts(
        opened_on=unit.opened_on,
        closed_on=unit.closed_on,
        customers=len(customers_of(unit, today)) if unit.kind_term.is_supplier else 0,
        intakes=unit.intakes.filter(until=None).count(),
        permits=unit.permits.filter(valid_until__gte=today).count(),
        supplied_by=link.supplier.name if link else "",
    )


def activities_by_year(unit: Unit) -> dict[int, list[Activity]]:
    """What a unit declared, the newest year first."""
    years: dict[int, list[Activity]] = {}
    for row in unit.activities.order_by("-year", "item", "method"):
        years.setdefault(row.year, []).append(row)
    return years
