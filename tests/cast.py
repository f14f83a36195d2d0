"""A small invented city with a person of every role, and what each of them may be asked to look at.

The city is founded and lives its year through the services that people use; nothing is set by hand
but two posts that it does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import transaction

from shuiheng.budget.models import Adjustment, Budget
from shuiheng.budget.services import attach_to_draft
from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.vocabulary import UnitKind
from shuiheng.office.models import Area, Installation, Post, User
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.rules.output import Declared, OutputKind
from shuiheng.quota.selectors.board import board_of
from shuiheng.quota.services import declare_output, save_scenario
from shuiheng.registry.models import Membership, Unit
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import Cast, found_city, live_year

YEAR = 2026
SEED, SIZE = 1, 120
UNIT_ROLES = {
    Role.SUPPLIER_MANAGER: UnitKind.WATERWORKS,
    Role.IRRIGATION_MANAGER: UnitKind.IRRIGATION_DISTRICT,
}


@dataclass(frozen=True)
class Target:
    """Something of the city that a page can be about: an area, or a unit in it."""

    name: str
    area: Area
    unit: Unit | None = None


@dataclass(frozen=True)
class Town:
    """The people by role, and the targets by what they are to the people of `district` and `unit`."""

    cast: Cast
    day: date
    people: dict[Role, User]
    targets: tuple[Target, ...]


@contextmanager
def town_on(day: date) -> Iterator[Town]:
    """The city as it is on `day`, in a transaction that is rolled back."""
    with transaction.atomic():
        cast = found_city(
            CityPlan(SEED, SIZE), year=YEAR, now=beijing_noon(date(YEAR - 1, 12, 1)), password="-"
        )
        live_year(cast, YEAR, SEED, report=lambda _: None, until=day, check=False)
        cast.day = day
        Installation.objects.update(business_date=day)
        yield _town(cast, day)
        transaction.set_rollback(True)


def _town(cast: Cast, day: date) -> Town:
    unit, stranger = _two_units_with_adjustments()
    neighbour = Unit.objects.filter(region=unit.region).exclude(pk=unit.pk).order_by("pk")[0]
    for holder in (unit, stranger):
        _attach_a_file(cast, holder)
        _declare_an_output(cast, holder)
    people = _people(cast, unit)
    _keep_a_scenario(cast)
    supplier = people[Role.SUPPLIER_MANAGER].memberships.get().unit
    targets = (
        Target("city", cast.city),
        Target("district", unit.region),
        Target("sibling", stranger.region),
        Target("unit", unit.region, unit),
        Target("neighbour", unit.region, neighbour),
        Target("stranger", stranger.region, stranger),
        Target("supplier", supplier.region, supplier),
    )
    return Town(cast, day, people, targets)


def _two_units_with_adjustments() -> tuple[Unit, Unit]:
    """Two ordinary units of different districts, both of which have applied for an adjustment."""
    units = [
        adjustment.budget.unit
        for adjustment in Adjustment.objects.select_related("budget__unit__region").order_by("pk")
        if adjustment.budget.unit.kind_term is UnitKind.SELF_SUPPLIED
    ]
    first = units[0]
    return first, next(unit for unit in units if unit.region_id != first.region_id)


def _attach_a_file(cast: Cast, unit: Unit) -> None:
    attach_to_draft(
        Budget.objects.get(unit=unit, year=YEAR).pk,
        "盖章的申报表.pdf",
        b"%PDF-1.7 stamped",
        actor=cast.of(unit),
        now=beijing_noon(cast.day),
        key=f"cast/{unit.pk}",
    )


def _declare_an_output(cast: Cast, unit: Unit) -> None:
    declare_output(
        unit.pk,
        YEAR,
        Declared(
            kind=OutputKind.PRODUCT,
            industry_code="0111",
            product="玉米",
            amount=Decimal(100),
            measure="t",
        ),
        name="台账.pdf",
        content=b"%PDF-1.7 harvest",
        actor=cast.of(unit),
        now=beijing_noon(cast.day),
        key=f"cast/output/{unit.pk}",
    )


def _keep_a_scenario(cast: Cast) -> None:
    run = BaselineRun.objects.latest("pk")
    force = board_of(run).case.force
    save_scenario(
        run.pk,
        "预留 5%",
        replace(force, reserve=500),
        actor=cast.at(Role.CITY_OFFICER),
        now=beijing_noon(cast.day),
        key="cast/scenario",
    )


def _people(cast: Cast, unit: Unit) -> dict[Role, User]:
    people = {Role.UNIT_CLERK: cast.clerks[unit.pk]}
    for role, kind in UNIT_ROLES.items():
        people[role] = Membership.objects.filter(role=role, unit__kind=kind)[0].user
    for (role, code), user in cast.officers.items():
        if role not in people and code in (cast.city.code, unit.region.code, "650000"):
            people[role] = user
    contractor = cast.clerks[Unit.objects.order_by("-pk")[0].pk]
    Membership.objects.filter(user=contractor).delete()
    Post.objects.create(
        user=contractor, role=Role.METER_CONTRACTOR, area=unit.region, since=date(2020, 1, 1)
    )
    people[Role.METER_CONTRACTOR] = contractor
    missing = set(Role) - set(people)
    assert not missing, f"nobody plays {missing}"
    return people
