"""A city with a river of round figures, a reservoir and a well, and the people who may enter or only look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from shuiheng.core.access import Actor, Holding, Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.inflow import services
from shuiheng.inflow.models import Site
from shuiheng.inflow.rules import EntryKind, EntryRow, Period, SiteFacts, SiteKind, Span
from shuiheng.office.models import Area, Installation, Post, User
from shuiheng.office.services import load_areas

YEAR = 2026
DAY = date(2026, 6, 15)
NOW = beijing_noon(DAY)
MEAN = Volume(200_000_000)


def actor(role: Role, area: Area) -> Actor:
    return Actor(0, "王工", (Holding(role, area.place),))


@dataclass(frozen=True)
class Waters:
    city: Area
    district: Area
    river: Site
    lake: Site
    well: Site

    @property
    def officer(self) -> Actor:
        return actor(Role.CITY_OFFICER, self.city)

    def enter(self, *rows: EntryRow, now: datetime = NOW) -> int:
        return services.enter(rows, actor=self.officer, now=now, key=str(uuid4()))

    def row(self, kind: EntryKind, site: Site | Area | None = None, **more: object) -> EntryRow:
        known = {
            "bulletin": "公报1",
            "issued_on": date(2026, 1, 5),
            "confidence": Confidence.OFFICIAL,
        }
        place = (site or self.river).pk
        return EntryRow(kind, place, **{"year": YEAR, **known, **more})  # type: ignore[arg-type]

    def forecast(self, m3: int, month: int = 0, **more: object) -> EntryRow:
        period = Period(Span.MONTH, month) if month else Period(Span.YEAR)
        return self.row(EntryKind.FORECAST, period=period, volume=Volume(m3), **more)

    def came(self, m3: int, day: date, **more: object) -> EntryRow:
        more = {"issued_on": day, **more}
        return self.row(EntryKind.OBSERVED, day=day, volume=Volume(m3), **more)


def found_waters() -> Waters:
    load_areas()
    city = Area.objects.get(code="650100")
    district = Area.objects.get(code="650109")
    by = {"actor": actor(Role.CITY_OFFICER, city), "now": NOW}

    def site(kind: SiteKind, name: str, **known: object) -> Site:
        facts = SiteFacts(kind, name, "", "年鉴", Confidence.OFFICIAL, **known)  # type: ignore[arg-type]
        return services.save_site(None, city.pk, facts, **by, key=str(uuid4()))  # type: ignore[arg-type]

    river = site(SiteKind.RIVER, "甲河", mean_annual=MEAN, cv=Decimal("0.2"), cs_over_cv=Decimal(2))
    lake = site(SiteKind.RESERVOIR, "乙水库", capacity=Volume(5_000_000))
    return Waters(city, district, river, lake, site(SiteKind.WELL, "丙井"))


@pytest.fixture
def waters(db: None) -> Waters:
    return found_waters()


@pytest.fixture
def people(waters: Waters) -> dict[Role, User]:
    """Officers who can sign in, on a business date."""
    Installation.objects.update(business_date=DAY)
    posts = {
        Role.CITY_OFFICER: waters.city,
        Role.COUNTY_OFFICER: waters.district,
        Role.LEADER: waters.city,
        Role.KEEPER: waters.city,
    }
    found = {}
    for role, area in posts.items():
        found[role] = User.objects.create(
            login=role.value, name=role.label, created_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        Post.objects.create(user=found[role], role=role, area=area, since=date(2020, 1, 1))
    return found
