"""A district with one unit's number in it, and the people who have to do with its papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from shuiheng.core.access import Actor, Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.vocabulary import Sector, UnitKind
from shuiheng.office.models import Area, Installation, Post, User
from shuiheng.papers import services
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperKind
from shuiheng.registry.models import Membership, Unit
from shuiheng.registry.selectors import actor_for
from tests.papers.samples import ISSUER, NOTICE

DAY = date(2026, 2, 20)
NOW = beijing_noon(DAY)


@dataclass(frozen=True)
class Town:
    """米东区 in 乌鲁木齐市, a neighbour, and who works there."""

    city: Area
    district: Area
    neighbour: Area
    unit_id: int
    clerk: Actor  # of the unit
    other_clerk: Actor  # of another unit in the same district
    county: Actor
    county_reviewer: Actor
    city_reviewer: Actor
    elsewhere: Actor


@pytest.fixture
def town(db: None) -> Town:
    Installation.objects.update(business_date=DAY)
    city = _area("990100", "乌鲁木齐市", None)
    district, neighbour = _area("990109", "米东区", city), _area("990107", "达坂城区", city)
    unit, other = _unit("990109-1", district), _unit("990109-2", district)
    return Town(
        city,
        district,
        neighbour,
        unit.pk,
        clerk=_member("clerk", unit),
        other_clerk=_member("other_clerk", other),
        county=_officer("county", Role.COUNTY_OFFICER, district),
        county_reviewer=_officer("county_reviewer", Role.COUNTY_REVIEWER, district),
        city_reviewer=_officer("city_reviewer", Role.CITY_REVIEWER, city),
        elsewhere=_officer("elsewhere", Role.COUNTY_OFFICER, neighbour),
    )


def _area(code: str, name: str, parent: Area | None) -> Area:
    path = f"{parent.path}/{code}" if parent else code
    kind = "district" if parent else "city"
    return Area.objects.create(
        code=code, name=name, kind=kind, parent=parent, path=path, pinyin=name
    )


def _unit(code: str, region: Area) -> Unit:
    return Unit.objects.create(
        code=code,
        name=f"示例合作社{code}",
        pinyin=code,
        kind=UnitKind.SELF_SUPPLIED,
        sector=Sector.AGRICULTURE,
        region=region,
        address_area=region,
        opened_on=date(2020, 1, 1),
    )


def _user(name: str) -> User:
    return User.objects.create(login=f"papers-{name}", name=name, created_at=NOW)


def _member(name: str, unit: Unit) -> Actor:
    user = _user(name)
    Membership.objects.create(user=user, unit=unit, since=date(2020, 1, 1))
    return actor_for(user, DAY)


def _officer(name: str, role: Role, area: Area) -> Actor:
    user = _user(name)
    Post.objects.create(user=user, role=role, area=area, since=date(2020, 1, 1))
    return actor_for(user, DAY)


@pytest.fixture
def visit(town: Town) -> Callable[[Actor], Client]:
    """A browser signed in as this person."""

    def sign_in(actor: Actor) -> Client:
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))
        return client

    return sign_in


@pytest.fixture(autouse=True)
def files(settings: LazySettings, tmp_path: Path) -> Path:
    """The storage of this test alone."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


@pytest.fixture
def deferred(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that were deferred, in order."""
    jobs: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(services, "later", lambda name, **ids: jobs.append((name, ids)))
    return jobs


MakePaper = Callable[..., Paper]


@pytest.fixture
def make_notice(town: Town, deferred: list[tuple[str, dict[str, Any]]]) -> MakePaper:
    """A notice to the unit, numbered unless told otherwise."""

    def make(number: str = "乌水预〔2026〕12号", *, now: datetime = NOW, **more: Any) -> Paper:
        words: dict[str, Any] = {
            "title": "关于下达2026年度水预算基准额度的通知",
            "issuer": ISSUER,
            "holder": NOTICE.addressee,
            "area": town.district,
            "unit_id": town.unit_id,
            "year": 2026,
            "subject": "budget/17",
            "number": number,
            "signer": "张三" if number else "",
            "issued_on": date(2026, 2, 13) if number else None,
            "actor": town.city_reviewer,
            "key": f"notice:{number}",
        }
        facts = more.pop("facts", NOTICE)
        return services.create_paper(PaperKind.ISSUE_NOTICE, facts, **words | more, now=now)

    return make
