"""Reading reports: what is in, what is missing, what a supplier's month adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Sum

from shuiheng.core.clock import month_end
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.office.models import Area
from shuiheng.registry.models import Intake, Unit
from shuiheng.registry.selectors import customers_of, units_in

Line = tuple[int, Source, Sector]


def current_reports(
    units: Iterable[int], year: int, month: int | None = None
) -> dict[tuple[int, Source, Sector, int], UseReport]:
    """The reports in force, by unit, source, sector and month."""
    rows = UseReport.objects.filter(unit__in=list(units), year=year, is_current=True)
    if month is not None:
        rows = rows.filter(month=month)
    return {(r.unit_id, Source(r.source), Sector(r.sector), r.month): r for r in rows}


def expected_lines(units: Sequence[Unit], day: date) -> list[Line]:
    """What each unit has to report for a month: its sources; a customer its network water; a
    waterworks also what it delivered to residents."""
    sources: dict[int, set[Source]] = {}
    intakes = Intake.objects.filter(unit__in=[unit.pk for unit in units], since__lte=day)
    for unit_id, source, until in intakes.values_list("unit", "source", "until"):
        if until is None or until > day:
            sources.setdefault(unit_id, set()).add(Source(source))
    lines: list[Line] = []
    for unit in units:
        kind = unit.kind_term
        if kind.is_customer:
            lines.append((unit.pk, Source.NETWORK, unit.sector_term))
            continue
        sector = Sector.SUPPLY if kind.is_supplier else unit.sector_term
        lines += [(unit.pk, source, sector) for source in sorted(sources.get(unit.pk, ()))]
        if kind is UnitKind.WATERWORKS:
            lines.append((unit.pk, Source.NETWORK, Sector.RESIDENTS))
    return lines


def missing(area: Area, year: int, month: int) -> list[Line]:
    """Lines of an area's units that nobody has reported for a month."""
    day = month_end(year, month)
    units = units_in(area, day)
    reported = current_reports((unit.pk for unit in units), year, month)
    return [
        line
        for line in expected_lines(units, day)
        if (line[0], line[1], line[2], month) not in reported
    ]


def supply_month(supplier: Unit, year: int, month: int) -> tuple[Volume, Volume]:
    """A supplier's abstraction and its deliveries (customers and residents) of a month."""
    customers = [link.customer_id for link in customers_of(supplier, month_end(year, month))]
    rows = UseReport.objects.filter(year=year, month=month, is_current=True)
    intake = rows.filter(unit=supplier).exclude(source=Source.NETWORK)
    served = rows.filter(unit__in=[*customers, supplier.pk], source=Source.NETWORK)
    return _sum(intake), _sum(served)


def _sum(rows: object) -> Volume:
    value = rows.aggregate(sum=Sum("volume"))["sum"]  # type: ignore[attr-defined]
    return Volume() if value is None else value if isinstance(value, Volume) else Volume(int(value))


def supply_months(supplier: Unit, year: int) -> list[SupplyMonth]:
    """The closed months of a supplier."""
    return list(supplier.supply_months.filter(year=year, is_current=True).order_by("month"))
