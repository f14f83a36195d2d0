"""Putting an invented city into an empty database: areas, people, units, permits, last year's use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import transaction

from shuiheng.core.access import Actor, Role
from shuiheng.core.clock import beijing_date
from shuiheng.core.vocabulary import Confidence, Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area, Post, User
from shuiheng.office.rules import pinyin_key
from shuiheng.office.services import load_areas
from shuiheng.quota.models import Norm
from shuiheng.quota.rules.norms import NormDomain
from shuiheng.registry.models import (
    Activity,
    Intake,
    Membership,
    PastUse,
    Permit,
    SupplyLine,
    SupplyLink,
    Unit,
)
from shuiheng.registry.selectors import actor_for
from shuiheng.rehearsal.city import CityPlan, PlannedUnit
from shuiheng.rehearsal.services.waters import found_waters

CITY_CODE = "650100"
CENTURY = date(2020, 1, 1)
ORIGIN = "演示数据（生成）"
DEMO_NORMS = {
    ("玉米", "滴灌"): "360",
    ("小麦", "滴灌"): "320",
    ("番茄", "滴灌"): "340",
    ("苜蓿", "沟灌"): "300",
    ("蔬菜", "微灌"): "380",
    ("果树", "滴灌"): "330",
    ("葵花", "滴灌"): "310",
    ("甜菜", "滴灌"): "350",
}


@dataclass(slots=True)
class Cast:
    """The people of the city by role, and its areas: whom the year calls on stage."""

    city: Area
    regions: list[Area]
    day: date
    officers: dict[tuple[Role, str], User] = field(default_factory=dict)
    clerks: dict[int, User] = field(default_factory=dict)

    def at(self, role: Role, area: Area | None = None) -> Actor:
        """The holder of a post, as he is on `day`."""
        return actor_for(self.officers[role, (area or self.city).code], self.day)

    def of(self, unit: Unit) -> Actor:
        """The person who acts for a unit."""
        return actor_for(self.clerks[unit.pk], self.day)


@transaction.atomic
def found_city(plan: CityPlan, *, year: int, now: datetime, password: str) -> Cast:
    """Write the whole plan; its last year of use is `year` − 1."""
    load_areas()
    city = Area.objects.get(code=CITY_CODE)
    regions = list(Area.objects.filter(parent=city, has_own_budget=True).order_by("rank"))
    units = _add_units(plan, regions)
    _add_water(plan, units, year)
    _load_demo_norms()
    found_waters(city, year, plan.seed, now)
    cast = Cast(city, regions, beijing_date(now))
    _add_people(plan, cast, units, now, make_password(password))
    return cast


def _add_units(plan: CityPlan, regions: list[Area]) -> list[Unit]:
    by_code = {area.code: area for area in regions}
    townships: dict[str, list[Area]] = {area.code: [] for area in regions}
    for township in Area.objects.filter(kind="township").select_related("parent"):
        if township.parent and township.parent.code in townships:
            townships[township.parent.code].append(township)
    townships["6501L1"] = townships["650109"]  # works in 甘泉堡 have 米东 addresses (USERS 23)
    units = []
    for number, planned in enumerate(plan.units):
        township = plan.random.choice(townships[planned.region])
        units.append(
            Unit(
                code=f"YS{plan.seed:03d}{number:06d}",
                name=planned.name,
                pinyin=pinyin_key(planned.name),
                kind=planned.kind,
                sector=planned.sector,
                region=by_code[planned.region],
                address_area=township,
                address=f"{township.name}{plan.random.randint(1, 300)}号",
                contact=planned.contact,
                phone=planned.phone,
                is_xpcc=township.is_xpcc,
                guarantees_living=planned.living,
                opened_on=CENTURY,
            )
        )
    return Unit.objects.bulk_create(units, batch_size=1000)


def _add_water(plan: CityPlan, units: list[Unit], year: int) -> None:
    permits = Permit.objects.bulk_create(_permits(plan, units, year), batch_size=2000)
    by_line = {(permit.unit_id, permit.source): permit for permit in permits}
    intakes, past, activities = [], [], []
    for planned, unit in zip(plan.units, units, strict=True):
        for line in planned.lines:
            if line.source is not Source.NETWORK:
                intakes += _intakes(planned, unit, line.source, by_line.get((unit.pk, line.source)))
            if line.sector is not Sector.LOSS:
                past += [
                    PastUse(
                        unit=unit,
                        year=year - 1,
                        month=month,
                        source=line.source,
                        volume=Volume(m3),
                        origin=ORIGIN,
                    )
                    for month, m3 in enumerate(line.months, start=1)
                ]
        for crop, method, area in planned.crops:
            crops = {"item": crop, "method": method, "quantity": area, "measure": "亩"}
            activities += [Activity(unit=unit, year=each, **crops) for each in (year - 1, year)]
    Intake.objects.bulk_create(intakes, batch_size=2000)
    PastUse.objects.bulk_create(past, batch_size=5000)
    Activity.objects.bulk_create(activities, batch_size=2000)
    _add_supply(plan, units)


def _permits(plan: CityPlan, units: list[Unit], year: int) -> list[Permit]:
    permits: list[Permit] = []
    for number, (planned, unit) in enumerate(zip(plan.units, units, strict=True)):
        for line in planned.lines:
            if line.permit:
                letter = "G" if line.source is Source.GROUND else "S"
                digits = unit.region.code if unit.region.code.isdigit() else "650109"
                permits.append(
                    Permit(
                        unit=unit,
                        number=f"D{digits}{letter}{2021 + number % 4}-{len(permits):04d}",
                        source=line.source,
                        volume=Volume(line.permit),
                        valid_from=date(2021, 3, 1),
                        valid_until=date(year + 1 + number % 5, 12, 31),
                    )
                )
    return permits


def _intakes(
    planned: PlannedUnit, unit: Unit, source: Source, permit: Permit | None
) -> list[Intake]:
    is_well = source is Source.GROUND
    count = max(1, planned.wells) if is_well else 1
    names = {
        Source.SURFACE: "引水口",
        Source.TRANSFERRED: "外调水分水口",
        Source.UNCONVENTIONAL: "再生水接口",
    }
    return [
        Intake(
            unit=unit,
            name=f"{number} 号井" if is_well else names[source],
            source=source,
            permit=permit,
            is_well=is_well,
            since=CENTURY,
        )
        for number in range(1, count + 1)
    ]


def _add_supply(plan: CityPlan, units: list[Unit]) -> None:
    canals: dict[tuple[int, str], SupplyLine] = {}
    links = []
    for planned, unit in zip(plan.units, units, strict=True):
        if planned.supplier is None:
            continue
        supplier = units[planned.supplier]
        line = None
        if planned.canal:
            key = (supplier.pk, planned.canal)
            if key not in canals:
                canals[key] = SupplyLine.objects.create(supplier=supplier, name=planned.canal)
            line = canals[key]
        links.append(SupplyLink(supplier=supplier, customer=unit, line=line, since=CENTURY))
    SupplyLink.objects.bulk_create(links, batch_size=2000)


def _load_demo_norms() -> None:
    Norm.objects.bulk_create(
        [
            Norm(
                domain=NormDomain.IRRIGATION,
                item=crop,
                method=method,
                measure="亩",
                value=Decimal(value),
                sector=Sector.AGRICULTURE,
                standard="演示值，不是定额标准（DB65/3611 的数值尚未取得）",
                confidence=Confidence.DEMO,
                valid_from=CENTURY,
            )
            for (crop, method), value in DEMO_NORMS.items()
        ],
        ignore_conflicts=True,
    )


CITY_POSTS = (
    (Role.CITY_OFFICER, "水资源处"),
    (Role.CITY_REVIEWER, "水资源处"),
    (Role.LEADER, "局领导"),
    (Role.KEEPER, "信息中心"),
    (Role.FINANCE_AUDIT, "市审计局"),
    (Role.COOPERATING, "市农业农村局"),
)
DISTRICT_POSTS = (
    (Role.COUNTY_OFFICER, "水务科"),
    (Role.COUNTY_REVIEWER, "水务科"),
    (Role.TOWNSHIP_OFFICER, "乡镇水管站"),
)


def _add_people(
    plan: CityPlan, cast: Cast, units: list[Unit], now: datetime, password: str
) -> None:
    posts = [(role, cast.city, department) for role, department in CITY_POSTS]
    posts += [(role, area, dept) for area in cast.regions for role, dept in DISTRICT_POSTS]
    region = Area.objects.get(parent=None)
    posts.append((Role.REGION_READER, region, "水利厅水资源处"))
    users = User.objects.bulk_create(
        [
            User(
                login=f"{role.value.replace('_', '-')}-{area.code}".lower(),
                name=plan.person(),
                password=password,
                created_at=now,
            )
            for role, area, _ in posts
        ]
    )
    for user, (role, area, department) in zip(users, posts, strict=True):
        since = CENTURY
        Post.objects.create(user=user, role=role, area=area, department=department, since=since)
        cast.officers[role, area.code] = user
    _add_clerks(cast, units, now, password)


def _add_clerks(cast: Cast, units: list[Unit], now: datetime, password: str) -> None:
    """Each unit's own person; only suppliers, and every unit of a small city, sign in."""
    users = User.objects.bulk_create(
        [
            User(
                login=f"danwei-{number:05d}",
                name=unit.contact,
                phone=unit.phone,
                password=password,
                created_at=now,
            )
            for number, unit in enumerate(units)
        ],
        batch_size=1000,
    )
    roles = {
        UnitKind.WATERWORKS: Role.SUPPLIER_MANAGER,
        UnitKind.IRRIGATION_DISTRICT: Role.IRRIGATION_MANAGER,
        UnitKind.RECLAIMED_PLANT: Role.SUPPLIER_MANAGER,
    }
    Membership.objects.bulk_create(
        [
            Membership(
                user=user, unit=unit, role=roles.get(unit.kind_term, Role.UNIT_CLERK), since=CENTURY
            )
            for user, unit in zip(users, units, strict=True)
        ],
        batch_size=1000,
    )
    cast.clerks = {unit.pk: user for user, unit in zip(users, units, strict=True)}
