"""The invented city's rivers, reservoir and wells, and a made series of their years.

Every name and bulletin says 演示, every figure carries the confidence 演示值.
"""

from __future__ import annotations

from datetime import datetime
from random import Random

from shuiheng.core.clock import beijing_date
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.hydrology.pearson3 import Pearson3
from shuiheng.hydrology.wetness import WHOLE, factor_for
from shuiheng.inflow.models import AnnualRunoff, Site
from shuiheng.inflow.rules import SiteKind
from shuiheng.office.models import Area
from shuiheng.office.rules import pinyin_key

INVENTED = "演示数据（生成），不代表任何河流"
RIVERS = {"演示一号河": Volume(240_000_000), "演示二号河": Volume(110_000_000)}
RESERVOIR, CAPACITY = "演示水库", Volume(64_000_000)
WELLS = ("演示1号监测井", "演示2号监测井")
CURVE = Pearson3(1.0, 0.22, 0.66)
SERIES_YEARS = 36


def found_waters(city: Area, year: int, seed: int, now: datetime) -> None:
    """The sites, and the yearly runoff of the years before `year`."""
    for name, mean in RIVERS.items():
        _add_site(city, SiteKind.RIVER, name, section="出山口断面（演示）", mean=mean)
    _add_site(city, SiteKind.RESERVOIR, RESERVOIR, capacity=CAPACITY)
    for name in WELLS:
        _add_site(city, SiteKind.WELL, name)
    random = Random(f"runoff-{seed}")
    whole = sum(mean.m3 for mean in RIVERS.values())
    AnnualRunoff.objects.bulk_create(
        [
            AnnualRunoff(
                area=city,
                year=past,
                volume=Volume(whole * factor_for(random.uniform(0.02, 0.98), CURVE) // WHOLE),
                bulletin=INVENTED,
                issued_on=beijing_date(now),
                confidence=Confidence.DEMO,
                entered_by="演示",
                entered_at=now,
            )
            for past in range(year - SERIES_YEARS, year)
        ]
    )


def _add_site(
    city: Area,
    kind: SiteKind,
    name: str,
    *,
    section: str = "",
    mean: Volume | None = None,
    capacity: Volume | None = None,
) -> None:
    Site.objects.create(
        kind=kind,
        name=name,
        pinyin=pinyin_key(name),
        section=section,
        area=city,
        mean_annual=mean,
        capacity=capacity,
        source=INVENTED,
        confidence=Confidence.DEMO,
    )
