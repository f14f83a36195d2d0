"""The year's water: January's forecast, and each month what came down the rivers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random

from shuiheng.core.access import Role
from shuiheng.core.clock import month_end
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume, total
from shuiheng.inflow import services as inflow
from shuiheng.inflow.models import Site
from shuiheng.inflow.rules import EntryKind, EntryRow, Period, Span, ten_days_end
from shuiheng.rehearsal.services.stage import Stage
from shuiheng.rehearsal.services.waters import CAPACITY, RESERVOIR, RIVERS, WELLS

MONTH_SHARES = (2, 2, 3, 5, 10, 19, 23, 18, 8, 5, 3, 2)
"""Percent of a year's melt-water by month, invented."""

FORECAST_PERCENT = 90
CAME_PERCENT = (97, 96, 94, 92, 84, 76, 74, 78, 82, 88, 92, 94)
STORED_PERCENT = (52, 50, 49, 50, 56, 66, 74, 71, 62, 57, 54, 53)


def forecast_year(stage: Stage) -> None:
    """January's bulletin: the year and its months for each river."""
    rows = []
    for site, mean in _rivers():
        months = [mean * FORECAST_PERCENT * share // 10_000 for share in MONTH_SHARES]
        whole = total(Volume(m3) for m3 in months)
        rows.append(_row(stage, EntryKind.FORECAST, site, whole, Period(Span.YEAR)))
        rows += [
            _row(stage, EntryKind.FORECAST, site, Volume(m3), Period(Span.MONTH, month))
            for month, m3 in enumerate(months, 1)
        ]
    _enter(stage, rows)


def observe_month(month: int) -> Callable[[Stage], None]:
    """What came in a month: three 旬 for each river, the reservoir and the wells at its end."""

    def scene(stage: Stage) -> None:
        random = Random(f"inflow-{stage.year}-{month}")
        rows = []
        for site, mean in _rivers():
            third = mean * FORECAST_PERCENT * MONTH_SHARES[month - 1] // 30_000
            for number in range(month * 3 - 2, month * 3 + 1):
                percent = CAME_PERCENT[month - 1] + random.randint(-6, 6)
                day = ten_days_end(stage.year, number)
                volume = Volume(third * percent // 100)
                rows.append(_row(stage, EntryKind.OBSERVED, site, volume, day=day))
        end = month_end(stage.year, month)
        stored = Volume(CAPACITY.m3 * STORED_PERCENT[month - 1] // 100)
        rows.append(_row(stage, EntryKind.STORAGE, _site(RESERVOIR), stored, day=end))
        for place, name in enumerate(WELLS):
            depth = Decimal(1850 + 900 * place + 9 * month + random.randint(-4, 4)) / 100
            rows.append(_row(stage, EntryKind.LEVEL, _site(name), None, day=end, depth=depth))
        _enter(stage, rows)

    return scene


def _rivers() -> list[tuple[Site, int]]:
    return [(_site(name), mean.m3) for name, mean in RIVERS.items()]


def _site(name: str) -> Site:
    return Site.objects.get(name=name)


def _row(
    stage: Stage,
    kind: EntryKind,
    site: Site,
    volume: Volume | None,
    period: Period | None = None,
    *,
    day: date | None = None,
    depth: Decimal | None = None,
) -> EntryRow:
    return EntryRow(
        kind,
        site.pk,
        stage.year,
        f"演示水情{stage.cast.day:%Y-%m}",
        stage.cast.day,
        Confidence.DEMO,
        period,
        day,
        volume,
        depth,
    )


def _enter(stage: Stage, rows: list[EntryRow]) -> None:
    inflow.enter(rows, actor=stage.cast.at(Role.CITY_OFFICER), now=stage.now, key=stage.key)
    stage.outcome.acts["录入来水"] = stage.outcome.acts.get("录入来水", 0) + 1
