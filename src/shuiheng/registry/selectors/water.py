"""What a unit may take, who supplies whom, what it used, what stands against it."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, Sum

from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.registry.models import (
    Hold,
    Intake,
    PastUse,
    Permit,
    Recognition,
    SupplyLink,
    Unit,
)


def open_on(day: date) -> Q:
    """Rows of `since` and `until` in force on `day`; the day of the end no longer counts."""
    return Q(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)


def permitted(units: list[int], on: date) -> dict[tuple[int, Source], Volume]:
    """Σ valid permits of each unit and source; a pair without any permit is absent."""
    rows = (
        Permit.objects.filter(unit__in=units, valid_from__lte=on, valid_until__gte=on)
        .values_list("unit", "source")
        .annotate(sum=Sum("volume"))
    )
    return {(unit, Source(source)): Volume(int(_m3(volume))) for unit, source, volume in rows}


def recognised(units: list[int], on: date) -> dict[tuple[int, Source], Recognition]:
    """The recognition of each unit and source that began last and has not ended."""
    rows = Recognition.objects.filter(unit__in=units, since__lte=on).order_by("since", "pk")
    newest = {(row.unit_id, Source(row.source)): row for row in rows}
    return {key: row for key, row in newest.items() if row.until is None or row.until >= on}


def intake_sources(units: list[int], on: date) -> set[tuple[int, Source]]:
    """From which sources each unit takes on a day, by its open intakes."""
    rows = Intake.objects.filter(open_on(on), unit__in=units).values_list("unit", "source")
    return {(unit, Source(source)) for unit, source in rows}


def suppliers_of(customers: list[int], on: date) -> dict[int, SupplyLink]:
    """The link to its supplier of each customer on a day."""
    links = SupplyLink.objects.select_related("supplier", "line").filter(
        open_on(on), customer__in=customers
    )
    return {link.customer_id: link for link in links}


def customers_of(supplier: Unit, on: date) -> list[SupplyLink]:
    """The customers of a supplier on a day, by line and name."""
    return list(
        supplier.customer_links.select_related("customer__region", "line")
        .filter(open_on(on))
        .order_by("line_id", "customer__pinyin")
    )


def past_use(units: list[int], year: int) -> dict[tuple[int, Source], tuple[Volume, ...]]:
    """Twelve months of use of a year before this system kept the books."""
    months: dict[tuple[int, Source], list[Volume]] = {}
    for row in PastUse.objects.filter(unit__in=units, year=year):
        twelve = months.setdefault((row.unit_id, Source(row.source)), [Volume()] * 12)
        twelve[row.month - 1] = row.volume
    return {key: tuple(twelve) for key, twelve in months.items()}


def holds_on(unit: int, on: date) -> list[Hold]:
    """Holds in force on a day; every `plan_*` that gives something receives them as facts."""
    return list(Hold.objects.filter(open_on(on), unit=unit))


def units_in(area: Area, on: date) -> list[Unit]:
    """The active units whose budget region is `area` or lies below it."""
    inside = Q(region=area) | Q(region__path__startswith=area.path + "/")
    return list(Unit.objects.active_on(on).filter(inside).select_related("region"))


def _m3(volume: object) -> int:
    return volume.m3 if isinstance(volume, Volume) else int(str(volume))
