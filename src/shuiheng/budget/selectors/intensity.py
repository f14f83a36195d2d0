"""双控: volumes and intensity of each area beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shuiheng.budget.models import EconomicFigure, IntensityLimit
from shuiheng.budget.rules import Indicator, Judged, judge
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area

Limits = Mapping[tuple[int, Indicator], IntensityLimit]
Economy = Mapping[tuple[int, Indicator], EconomicFigure]


@dataclass(frozen=True, slots=True)
class Measures:
    """Limits and departments' figures in force for some areas in a year."""

    limits: Limits
    economy: Economy

    @property
    def any(self) -> bool:
        return bool(self.limits or self.economy)

    def judged(self, area: int, indicator: Indicator, water: Volume) -> Judged:
        limit = self.limits.get((area, indicator))
        figure = self.economy.get((area, indicator))
        return judge(
            indicator, limit.limit if limit else None, figure.value if figure else None, water
        )


def measures(areas: Sequence[Area], year: int) -> Measures:
    """The newest row of each area and indicator."""
    limits = IntensityLimit.objects.filter(area__in=areas, year=year).order_by("pk")
    figures = EconomicFigure.objects.filter(area__in=areas, year=year).order_by("pk")
    return Measures(
        {(row.area_id, Indicator(row.indicator)): row for row in limits.select_related("act")},
        {(row.area_id, Indicator(row.indicator)): row for row in figures.select_related("act")},
    )


Water = Mapping[tuple[int, Sector], Volume]


def judged_areas(
    known: Measures,
    water: Water,
    *,
    city: Area,
    regions: Sequence[Area],
    places: Sequence[Area],
) -> dict[int, list[Judged]]:
    """For each place every indicator in its order; the city's water is the sum of its regions."""

    def of(area: Area, indicator: Indicator) -> Volume:
        ids = {region.pk for region in regions} if area == city else {area.pk}
        return total(
            volume
            for (place, sector), volume in water.items()
            if place in ids and (indicator is not Indicator.INDUSTRY or sector is Sector.INDUSTRY)
        )

    return {
        area.pk: [known.judged(area.pk, one, of(area, one)) for one in Indicator] for area in places
    }
