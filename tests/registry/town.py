"""A small town for tests: the real areas, officers, one unit and whoever else a test asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password

from shuiheng.core.access import Actor, Role
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area, Post, User
from shuiheng.office.rules import pinyin_key
from shuiheng.office.services import load_areas
from shuiheng.registry.models import Membership, Permit, SupplyLink, Unit
from shuiheng.registry.rules.units import UnitCard
from shuiheng.registry.selectors import actor_for

NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)
TODAY = date(2026, 12, 5)
LONG_AGO = date(2020, 1, 1)
PASSWORD = "清水长流到米东 2026"

CITY, MIDONG, TIANSHAN, GANQUANPU = "650100", "650109", "650102", "6501L1"
CHANGJI, MANAS = "652300", "652324"

_numbers = count(1)


def found() -> None:
    """The areas as shipped."""
    load_areas()


def area(code: str) -> Area:
    return Area.objects.get(code=code)


def township(of: str) -> Area:
    place = Area.objects.filter(kind="township", path__startswith=area(of).path).first()
    assert place is not None
    return place


def person(name: str = "马秀兰", login: str = "", phone: str = "") -> User:
    return User.objects.create(
        login=login or f"person-{next(_numbers)}",
        name=name,
        phone=phone,
        password=make_password(PASSWORD),
        created_at=NOW,
    )


def officer(role: Role, at: str, user: User | None = None, name: str = "马秀兰") -> Actor:
    """Somebody with a post, as he is today."""
    user = user or person(name)
    Post.objects.create(user=user, role=role, area=area(at), since=LONG_AGO)
    return actor_for(user, TODAY)


def unit(
    at: str = MIDONG,
    name: str = "丰源种植专业合作社",
    kind: UnitKind = UnitKind.SELF_SUPPLIED,
    sector: Sector = Sector.AGRICULTURE,
    **more: Any,
) -> Unit:
    home = "650109" if at == GANQUANPU else at
    defaults: dict[str, Any] = {
        "code": f"T-{next(_numbers):05d}",
        "pinyin": pinyin_key(name),
        "region": area(at),
        "address_area": township(home),
        "phone": "13800000000",
        "contact": "古丽",
        "opened_on": LONG_AGO,
    }
    return Unit.objects.create(name=name, kind=kind, sector=sector, **(defaults | more))


def member(of: Unit, user: User | None = None, role: Role = Role.UNIT_CLERK) -> Actor:
    user = user or person("买买提")
    Membership.objects.create(user=user, unit=of, role=role, since=LONG_AGO)
    return actor_for(user, TODAY)


def permit(of: Unit, m3: int = 300_000, source: Source = Source.GROUND) -> Permit:
    letter = "G" if source is Source.GROUND else "S"
    return Permit.objects.create(
        unit=of,
        number=f"D650109{letter}2021-{next(_numbers):04d}",
        source=source,
        volume=Volume(m3),
        valid_from=date(2021, 1, 1),
        valid_until=date(2029, 12, 31),
    )


def supply(supplier: Unit, customer: Unit) -> SupplyLink:
    return SupplyLink.objects.create(supplier=supplier, customer=customer, since=LONG_AGO)


def card(**changes: Any) -> UnitCard:
    values: dict[str, Any] = {
        "code": "",
        "name": "兴牧养殖场",
        "kind": UnitKind.SELF_SUPPLIED,
        "sector": Sector.AGRICULTURE,
        "address_area": township(MIDONG).pk,
        "phone": "0991-3300000",
    }
    return UnitCard(**(values | changes))
