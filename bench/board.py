"""方案会商: a slider is let go, and the answer for 100,000 users comes back as a fragment, through the whole of Django.

A tenth of the farms have two sources and permits for both. The floor of the run is the sign-in page.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, date, datetime

import numpy as np
from django.conf import settings
from django.test import Client
from django.urls import reverse

from bench.figures import Figure, figure
from shuiheng.app import installation, moment, postgres
from shuiheng.core.access import SYSTEM, Role
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area, Post, User
from shuiheng.office.services import load_areas
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.rules import Available, Claim, RunInputs
from shuiheng.quota.selectors import sharing_rules, wet_years
from shuiheng.quota.services import run_baseline
from shuiheng.registry.models import Unit

USERS = 100_000
DISTRICTS = 9
BOTH_SOURCES = 10  # per cent
MOVES = 15
YEAR = 2026
NOW = datetime(2026, 1, 5, 4, tzinfo=UTC)
TODAY = date(2026, 1, 5)


def measure() -> list[Figure]:
    """Medians over moves of the reserve and of the year, the case being warm."""
    with (
        postgres.running(settings.VAR / "postgres", _quiet),
        installation.throwaway("bench_board", now=moment.wall_clock(), report=_quiet),
    ):
        run = _run()
        client = _officer(run.area)
        address = reverse("quota:board")
        begin = time.perf_counter()
        assert client.get(address, {"run": run.pk}).status_code == 200
        first = time.perf_counter() - begin
        moves = [{"run": run.pk, "wet": f"{99 - n}"} for n in range(MOVES)]
        moves += [{"run": run.pk, "reserve": f"{3 + n / 10:.1f}"} for n in range(MOVES)]
        taken = [_seconds(client, address, move) for move in moves]
        floor = [_seconds(Client(), reverse("office:sign_in"), {}) for _ in range(MOVES)]
    return [
        figure("board.answer_100000_ms", statistics.median(taken) * 1000, "ms", "<= 300"),
        figure("board.slowest_of_30_ms", max(taken) * 1000, "ms"),
        figure("board.empty_page_ms", statistics.median(floor) * 1000, "ms"),
        figure("board.first_load_seconds", first, "s"),
    ]


def _quiet(_: str) -> None:
    return None


def _seconds(client: Client, address: str, query: dict[str, object]) -> float:
    begin = time.perf_counter()
    response = client.get(address, query, headers={"HX-Request": "true"})
    assert response.status_code == 200, response.content[:400]
    return time.perf_counter() - begin


def _officer(city: Area) -> Client:
    user = User.objects.create(login="bench", name="基准", created_at=NOW)
    Post.objects.create(user=user, role=Role.CITY_OFFICER, area=city, since=date(2020, 1, 1))
    client = Client()
    client.force_login(user)
    return client


def _run() -> BaselineRun:
    load_areas()
    city = Area.objects.get(code="650100")
    areas = list(Area.objects.filter(parent=city).order_by("pk")[:DISTRICTS])
    random = np.random.default_rng(1)
    at = random.integers(0, len(areas), USERS)
    demand = np.maximum(100, random.lognormal(9, 1.2, USERS)).astype(int)
    units = Unit.objects.bulk_create(
        [
            Unit(
                code=f"B{n}", name=f"用户{n}", pinyin="yh", kind=UnitKind.SELF_SUPPLIED,
                sector=_sector(n), region=areas[at[n]], address_area=areas[at[n]],
                opened_on=date(2020, 1, 1),
            )
            for n in range(USERS)
        ],
        batch_size=5_000,
    )  # fmt: skip
    claims = [claim for n, unit in enumerate(units) for claim in _claims(n, unit, int(demand[n]))]
    wanted: dict[tuple[int, Source], int] = {}
    for claim in claims:
        place = (claim.area, claim.source)
        wanted[place] = wanted.get(place, 0) + claim.demand.m3
    inputs = RunInputs(
        available=[Available(a, s, Volume(m3 * 85 // 100)) for (a, s), m3 in wanted.items()],
        claims=claims,
        networks={},
        network_areas={},
        factors=wet_years(TODAY),
    )
    return run_baseline(
        city, YEAR, inputs, sharing_rules(TODAY), actor=SYSTEM, now=NOW, key="bench"
    )


def _sector(n: int) -> Sector:
    sectors = (
        Sector.AGRICULTURE,
        Sector.AGRICULTURE,
        Sector.INDUSTRY,
        Sector.SERVICES,
        Sector.ECOLOGY,
    )
    return sectors[n % len(sectors)]


def _claims(n: int, unit: Unit, demand: int) -> list[Claim]:
    """Ground or surface water; every tenth unit both, within its permits."""
    both = n % 100 < BOTH_SOURCES
    sources = (Source.SURFACE, Source.GROUND) if both else ((Source.SURFACE, Source.GROUND)[n % 2],)
    part = demand // len(sources)
    return [
        Claim(
            unit.pk, unit.region_id, source, unit.sector_term, unit.kind_term, False,
            Volume(part), Volume(part * 13 // 10), Volume(part // 2),
        )
        for source in sources
    ]  # fmt: skip
