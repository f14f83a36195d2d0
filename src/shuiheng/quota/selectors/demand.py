"""需水测算: the methods side by side for units of a year, and what the chosen one gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shuiheng.core.vocabulary import Book, Confidence, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import monthly_use, unit_quotas
from shuiheng.office.selectors import policy
from shuiheng.quota.models import DemandChoice, DemandInput
from shuiheng.quota.rules.ceilings import Ceiling, whole_ceiling
from shuiheng.quota.rules.demand import (
    MONTHS,
    PER_1000,
    YEARS,
    Coefficient,
    DemandMethod,
    Figure,
    History,
    InputKind,
    Part,
    UseYear,
    by_permit,
    by_reviewer,
    capped,
    complete_use,
    history_level,
    last_year,
    norm_demand,
    three_year_mean,
)
from shuiheng.quota.selectors.ceilings import ceilings
from shuiheng.quota.selectors.norms import NormTables, norm_tables
from shuiheng.registry.models import Activity, Unit
from shuiheng.registry.selectors import past_use

NO_MONTHS = (Volume(),) * MONTHS


@dataclass(frozen=True, slots=True)
class Demand:
    """A unit's year: every method's figure, the one that was chosen, what caps them."""

    unit: Unit
    year: int
    figures: Mapping[DemandMethod, Figure]
    choice: DemandChoice | None
    ceilings: Mapping[Source, Ceiling]
    history: History

    @property
    def method(self) -> DemandMethod:
        return DemandMethod(self.choice.method) if self.choice else DemandMethod.NORM

    @property
    def figure(self) -> Figure:
        return self.figures[self.method]

    @property
    def ceiling(self) -> Volume | None:
        return whole_ceiling(self.ceilings.values())


def needs(units: Iterable[int], year: int, day: date) -> dict[int, Volume]:
    """What each unit needs in a year by its chosen method, by norm where nobody chose; a unit for which
    that gives no figure is absent."""
    return {
        unit: figure.volume
        for unit, figure in needed(units, year, day).items()
        if figure.volume is not None
    }


def needed(
    units: Iterable[int],
    year: int,
    day: date,
    *,
    activities: Iterable[Activity] | None = None,
    tables: NormTables | None = None,
) -> dict[int, Figure]:
    """The figure of each unit by its chosen method, with its words; by norm where nobody chose.

    The history of a unit is read only if somebody chose. Who has read activities (with their units) and
    norms already hands them over.
    """
    ids = sorted(set(units))
    choices = chosen(ids, year)
    figures = norm_figures(ids, year, day, activities=activities, tables=tables)
    asked = [unit for unit in ids if unit in choices]
    if asked:
        rows = Unit.objects.filter(pk__in=asked).select_related("region")
        known = demands(list(rows), year, day)
        figures |= {pk: replace(one.figure, is_chosen=True) for pk, one in known.items()}
    return figures


def chosen(units: Iterable[int], year: int) -> dict[int, DemandChoice]:
    """The newest choice of each unit's year."""
    rows = DemandChoice.objects.filter(unit__in=list(units), year=year).order_by("pk")
    return {row.unit_id: row for row in rows}


def norm_figures(
    units: Sequence[int],
    year: int,
    day: date,
    *,
    activities: Iterable[Activity] | None = None,
    tables: NormTables | None = None,
) -> dict[int, Figure]:
    """By norm, for every unit with activities: of the year, or of the year before as a start."""
    declared: dict[int, dict[int, list[Activity]]] = {}
    if activities is None:
        rows = Activity.objects.filter(unit__in=units, year__in=[year, year - 1])
        activities = rows.select_related("unit").order_by("pk")
    for row in activities:
        declared.setdefault(row.unit_id, {}).setdefault(row.year, []).append(row)
    if not declared:
        return {}
    tables = norm_tables(day) if tables is None else tables
    regions = {
        unit: next(iter(years.values()))[0].unit.region_id for unit, years in declared.items()
    }
    inputs = demand_inputs(list(declared), set(regions.values()), day)
    return {
        unit: norm_demand(
            [
                Part(
                    f"{row.item} {row.method}".strip(),
                    row.quantity,
                    row.measure,
                    tables.of(regions[unit]).choose(row.item, row.method, row.measure),
                )
                for row in years.get(year) or years[year - 1]
            ],
            inputs.of(unit, regions[unit], InputKind.CONVEYANCE),
        )
        for unit, years in declared.items()
    }


def grain_needs(units: Iterable[int], year: int, day: date) -> dict[int, Volume]:
    """粮食面积 × 定额 of each unit that grows any: what food security protects (实施方案 三(二)3)."""
    items = policy("quota.grain_items", day).value["items"]
    ids = sorted(set(units))
    rows = Activity.objects.filter(unit__in=ids, year__in=[year, year - 1], item__in=items)
    grown = list(rows.select_related("unit").order_by("pk"))
    return {
        unit: figure.volume
        for unit, figure in norm_figures(ids, year, day, activities=grown).items()
        if figure.volume is not None
    }


@dataclass(frozen=True, slots=True)
class Inputs:
    """The coefficients and design volumes in force: a unit's own before its district's."""

    rows: Mapping[tuple[str, int, InputKind], DemandInput]

    def of(self, unit: int, area: int, kind: InputKind) -> Coefficient | None:
        row = self.rows.get(("unit", unit, kind)) or self.rows.get(("area", area, kind))
        if row is None:
            return None
        return Coefficient(row.value, row.source, Confidence(row.confidence))


def demand_inputs(units: Iterable[int], areas: Iterable[int], day: date) -> Inputs:
    """The newest row of each kind for these units and areas."""
    rows = DemandInput.objects.filter(since__lte=day, unit__in=list(units)) | (
        DemandInput.objects.filter(since__lte=day, area__in=list(areas))
    )
    found = {}
    for row in rows.order_by("since", "pk"):
        whose = ("unit", row.unit_id) if row.unit_id is not None else ("area", row.area_id or 0)
        found[(*whose, InputKind(row.kind))] = row
    return Inputs(found)


def demands(units: Sequence[Unit], year: int, day: date) -> dict[int, Demand]:
    """All methods of these units' year, each capped by what the unit may take; read in bulk."""
    ids = [unit.pk for unit in units]
    by_norm = norm_figures(ids, year, day)
    known = histories(units, year, day)
    inputs = demand_inputs(ids, {unit.region_id for unit in units}, day)
    limits: dict[int, dict[Source, Ceiling]] = {}
    for (unit_id, source), one in ceilings(ids, day).items():
        limits.setdefault(unit_id, {})[source] = one
    choices = chosen(ids, year)
    level = Coefficient(
        Decimal(policy("quota.level", day).value) / PER_1000,
        "没有水平衡测试，按参数",
        Confidence.UNVERIFIED,
    )
    share = int(policy("quota.last_year_share", day).value)
    found = {}
    for unit in units:
        history, mine = known[unit.pk], limits.get(unit.pk, {})
        choice = choices.get(unit.pk)
        own = inputs.of(unit.pk, unit.region_id, InputKind.LEVEL) or level
        ceiling = whole_ceiling(mine.values())
        figures = [
            by_norm.get(unit.pk) or norm_demand([], None),
            three_year_mean(history),
            history_level(history, own),
            last_year(history, share, year),
            by_permit(_permit(mine)),
            _reviewers(choice),
        ]
        found[unit.pk] = Demand(
            unit=unit,
            year=year,
            figures={figure.method: capped(figure, ceiling) for figure in figures},
            choice=choice,
            ceilings=mine,
            history=history,
        )
    return found


def _permit(limits: Mapping[Source, Ceiling]) -> Volume | None:
    volumes = [one.volume for one in limits.values() if one.standing == "permitted"]
    return total(volume for volume in volumes if volume is not None) if volumes else None


def _reviewers(choice: DemandChoice | None) -> Figure:
    if choice is None or choice.method != DemandMethod.REVIEWER:
        return by_reviewer(None, "", "")
    return by_reviewer(choice.volume, choice.reason, choice.by)


# -- history --------------------------------------------------------------------------------------


def histories(units: Sequence[Unit], year: int, day: date) -> dict[int, History]:
    """The use of the three years before, from the books or from the years before them, with the quota
    each was held against."""
    months = {each: _months(units, each) for each in range(year - YEARS - 1, year)}
    quotas = {each: _quotas(units, each) for each in range(year - YEARS, year)}
    saving = int(policy("quota.saving_share", day).value)
    inputs = demand_inputs([unit.pk for unit in units], (), day)
    return {
        unit.pk: History(
            tuple(_years(unit.pk, year, day, months, quotas)),
            saving,
            inputs.of(unit.pk, unit.region_id, InputKind.DESIGN),
        )
        for unit in units
    }


def _years(
    unit: int,
    year: int,
    day: date,
    months: Mapping[int, Mapping[int, tuple[Volume, ...]]],
    quotas: Mapping[int, Mapping[int, Volume]],
) -> Iterable[UseYear]:
    for each in range(year - 1, year - YEARS - 1, -1):
        mine = months[each].get(unit)
        known = MONTHS if each < day.year else day.month - 1
        if mine is None or not known:
            continue
        before = months[each - 1].get(unit)
        yield complete_use(each, mine, known, before, quotas[each].get(unit))


def _months(units: Sequence[Unit], year: int) -> dict[int, tuple[Volume, ...]]:
    """Twelve months of each unit: what it takes, or for a customer what it is given."""
    books = {unit.pk: _book(unit) for unit in units}
    found: dict[int, list[Volume]] = {}
    for row in monthly_use(year, units=list(books)):
        if row.book is books[row.unit]:
            found.setdefault(row.unit, list(NO_MONTHS))[row.month - 1] += row.used
    before = [unit for unit in books if unit not in found]
    for (unit, source), twelve in past_use(before, year).items():
        if (source is Source.NETWORK) == (books[unit] is Book.NETWORK):
            mine = found.setdefault(unit, list(NO_MONTHS))
            for month, volume in enumerate(twelve):
                mine[month] += volume
    return {unit: tuple(twelve) for unit, twelve in found.items()}


def _quotas(units: Sequence[Unit], year: int) -> dict[int, Volume]:
    """The quota of each unit that had one; a year without issue has none."""
    books = {unit.pk: _book(unit) for unit in units}
    found = {}
    for unit, accounts in unit_quotas(list(books), year).items():
        mine = [balance.net for key, balance in accounts.items() if key.book is books[unit]]
        if any(mine):
            found[unit] = total(mine)
    return found


def _book(unit: Unit) -> Book:
    return Book.NETWORK if unit.kind_term.is_customer else Book.ABSTRACTION
