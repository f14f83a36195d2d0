"""Reading the order of guarantee and baseline runs."""

from __future__ import annotations

from datetime import date

from shuiheng.core.vocabulary import Sector
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy
from shuiheng.quota import rules
from shuiheng.quota.models import BaselineRun


def tiers(day: date) -> list[rules.Tier]:
    """The order of guarantee in force on a day."""
    return [
        rules.Tier(
            row["tier"],
            row["name"],
            frozenset(Sector(sector) for sector in row["sectors"]),
            row["living"],
        )
        for row in policy("quota.tiers", day).value
    ]


def adopted(area: Area, year: int) -> BaselineRun | None:
    """The run that the city has adopted for a year, if any."""
    return BaselineRun.objects.filter(area=area, year=year, state="adopted").first()
