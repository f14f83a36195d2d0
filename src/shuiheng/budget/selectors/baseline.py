"""A baseline run as a sheet: region × source, region × sector, reserve, and who gets less than asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.db.models import Count, F, Q, QuerySet, Sum

from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area, VolumeField
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.rules import CeilingStanding, m3_by_standing

Key = TypeVar("Key")
SHEET_SECTORS = (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY)


@dataclass(frozen=True, slots=True)
class Cell:
    """What was wanted and what is given."""

    demand: Volume = field(default_factory=Volume)
    quota: Volume = field(default_factory=Volume)

    def __add__(self, other: Cell) -> Cell:
        return Cell(self.demand + other.demand, self.quota + other.quota)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many units a region has on the run, how many lines get less than asked, and how much less
    where the water is taken (a customer's gap is inside its supplier's); how many lines get nothing."""

    units: int = 0
    shorted: int = 0
    gap: Volume = field(default_factory=Volume)
    empty: int = 0


@dataclass(frozen=True, slots=True)
class BaselineSheet:
    """Σ sources = Σ sectors of a region: a supplier's share stands under its customers' sectors, its
    loss is a line of its own, and what no network line takes over stays under `Sector.SUPPLY`."""

    by_source: dict[tuple[int, Source], Cell]
    by_sector: dict[tuple[int, Sector], Cell]
    reserve: dict[tuple[int, Source], Volume]
    counts: dict[int, Counts]

    def of_source(self, area: int, source: Source) -> Cell:
        return self.by_source.get((area, source), Cell())

    def of_sector(self, area: int, sector: Sector) -> Cell:
        return self.by_sector.get((area, sector), Cell())

    def of_region(self, area: int) -> Cell:
        return _sum(self.of_source(area, source) for source in NATURAL_SOURCES)

    def reserve_of(self, area: int) -> Volume:
        return total(self.reserve.get((area, source), Volume()) for source in NATURAL_SOURCES)

    @property
    def all_counts(self) -> Counts:
        rows = self.counts.values()
        return Counts(
            sum(row.units for row in rows),
            sum(row.shorted for row in rows),
            total(row.gap for row in rows),
            sum(row.empty for row in rows),
        )

    @property
    def whole(self) -> Cell:
        return _sum(self.by_source.values())

    @property
    def whole_reserve(self) -> Volume:
        return total(self.reserve.values())


def baseline_sheet(run: BaselineRun, areas: Sequence[Area]) -> BaselineSheet:
    """The sheet of a run for the given regions, in two reads."""
    lines = BaselineLine.objects.filter(run=run, area__in=areas)
    sums = lines.values_list("area", "book", "source", "sector").annotate(
        Sum("demand"), Sum("quota")
    )
    short, nothing = Q(quota__lt=F("demand")), Q(quota=0)
    counts = (
        lines.filter(unit__isnull=False)
        .values_list("area")
        .annotate(
            units=Count("unit", distinct=True),
            shorted=Count("pk", filter=short),
            gap=Sum(
                F("demand") - F("quota"),
                filter=short & Q(book=Book.ABSTRACTION),
                default=0,
                output_field=VolumeField(),
            ),
            empty=Count("pk", filter=nothing),
        )
    )
    by_source: dict[tuple[int, Source], Cell] = {}
    by_sector: dict[tuple[int, Sector], Cell] = {}
    reserve: dict[tuple[int, Source], Volume] = {}
    for area, book, source, sector, demand, quota in sums:
        if not sector:
            reserve[area, Source(source)] = quota
            continue
        cell = Cell(demand, quota)
        _add(by_sector, (area, Sector(sector)), cell)
        if book == Book.ABSTRACTION:
            _add(by_source, (area, Source(source)), cell)
        else:
            _add(by_sector, (area, Sector.SUPPLY), Cell(-demand, -quota))
    by_area = {area: Counts(units, few, gap, none) for area, units, few, gap, none in counts}
    return BaselineSheet(by_source, by_sector, reserve, by_area)


def shorted(run: BaselineRun, areas: Sequence[Area]) -> QuerySet[BaselineLine]:
    """The lines that get less than was asked for, the largest gap first."""
    lines = BaselineLine.objects.filter(
        run=run, area__in=areas, unit__isnull=False, quota__lt=F("demand")
    )
    return (
        lines.annotate(gap=F("demand") - F("quota"))
        .select_related("unit", "area")
        .order_by("-gap", "pk")
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What went to the units of one kind of ceiling, where the water is taken."""

    units: int
    demand: Volume
    quota: Volume


def by_standing(
    run: BaselineRun, areas: Sequence[Area]
) -> tuple[dict[CeilingStanding, Standing], Standing]:
    """m³ by what permits the units to take (USERS 15), every standing named; and what suppliers' customers
    get inside what their suppliers take."""
    lines = BaselineLine.objects.filter(run=run, area__in=areas, unit__isnull=False)
    sums = lines.values_list("book", "standing").annotate(
        Count("unit", distinct=True), Sum("demand"), Sum("quota")
    )
    taken, handed = [], Standing(0, Volume(), Volume())
    for book, standing, units, demand, quota in sums.order_by("book", "standing"):
        row = Standing(units, demand, quota)
        if book == Book.NETWORK:
            handed = row
        elif standing:
            taken.append((CeilingStanding(standing), row))
    quotas = m3_by_standing([(standing, row.quota) for standing, row in taken])
    known = dict(taken)
    nobody = Standing(0, Volume(), Volume())
    return (
        {s: replace(known.get(s, nobody), quota=volume) for s, volume in quotas.items()},
        handed,
    )


@dataclass(frozen=True, slots=True)
class Binding:
    """A certificate of a run: its caps in words, and whom it holds down by how much."""

    words: str
    units: int
    gap: Volume


def bindings(run: BaselineRun, areas: Sequence[Area]) -> list[Binding]:
    """The caps that bind, the widest gap first."""
    lines = BaselineLine.objects.filter(run=run, area__in=areas, certificate__isnull=False)
    sums = lines.values_list("certificate").annotate(
        units=Count("unit", distinct=True),
        gap=Sum(F("demand") - F("quota"), default=0, output_field=VolumeField()),
    )
    found = [Binding(run.certificates[number], units, gap) for number, units, gap in sums]
    return sorted(found, key=lambda one: (-one.gap.m3, one.words))


def runs(city: Area, year: int) -> list[BaselineRun]:
    """The runs of a year, newest first."""
    return list(BaselineRun.objects.filter(area=city, year=year).order_by("-pk"))


def _add(cells: dict[Key, Cell], key: Key, cell: Cell) -> None:
    cells[key] = cells.get(key, Cell()) + cell


def _sum(cells: Iterable[Cell]) -> Cell:
    whole = Cell()
    for cell in cells:
        whole += cell
    return whole
