"""执行: use against quota and plan, by area, source and sector, and unit by unit. Read in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from shuiheng.budget.models import Budget
from shuiheng.budget.rules.plan import month_plan
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import ZERO, Volume
from shuiheng.ledger.rules import AccountKey, Balance

# Σ of the plan through a month, rounded down account by account as `rules.plan.planned_through` does.
PLANNED = """
    CASE WHEN coalesce(p.whole, 0) = 0 THEN div(h.net::numeric * %s, 12)
         ELSE div(h.net::numeric * p.part, p.whole) END
"""
HELD = """
    WITH h AS (
        SELECT a.area_id, a.unit_id, a.book, a.source, a.sector, a.year,
               greatest(a.moved_in - a.moved_out, 0) AS net, a.used
        FROM ledger_account a
        WHERE a.kind IN ('quota', 'loss') AND a.year = %s AND {condition}
    )
"""
MONTHS_OF = """
    FROM h LEFT JOIN budget_budget b ON b.unit_id = h.unit_id AND b.year = h.year
    LEFT JOIN LATERAL (
        SELECT sum(m) AS whole, coalesce(sum(m) FILTER (WHERE n <= %s), 0) AS part
        FROM unnest(b.months) WITH ORDINALITY AS x(m, n)
    ) p ON true
"""


@dataclass(frozen=True, slots=True)
class Execution:
    """Quota in force, use booked, and what the plan had reached by the month asked for."""

    quota: Volume = ZERO
    used: Volume = ZERO
    planned: Volume = ZERO

    def __add__(self, other: Execution) -> Execution:
        return Execution(
            self.quota + other.quota, self.used + other.used, self.planned + other.planned
        )

    def __sub__(self, other: Execution) -> Execution:
        return Execution(
            self.quota - other.quota, self.used - other.used, self.planned - other.planned
        )


Cell = tuple[int, Book, Source, Sector]


def month_plans(held: Mapping[AccountKey, Balance]) -> dict[AccountKey, tuple[Volume, ...]]:
    """Twelve months of plan for each account, adding up to what it holds."""
    if not held:
        return {}
    units, years = {key.unit for key in held}, {key.year for key in held}
    rows = Budget.objects.filter(unit__in=units, year__in=years)
    months = {(unit, year): m for unit, year, m in rows.values_list("unit", "year", "months")}
    return {
        key: month_plan(balance.net, months.get((key.unit, key.year)) or [0] * 12)
        for key, balance in held.items()
    }


def executions(areas: Iterable[int], year: int, month: int) -> dict[Cell, Execution]:
    """Σ holders by area, book, source and sector, with their plan through `month`."""
    sql = f"""
        {HELD.format(condition="a.area_id = ANY(%s)")}
        SELECT h.area_id, h.book, h.source, h.sector,
               sum(h.net), sum(h.used), sum({PLANNED})
        {MONTHS_OF} GROUP BY 1, 2, 3, 4
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [year, list(areas), month, month])
        rows = cursor.fetchall()
    return {
        (area, Book(book), Source(source), Sector(sector)): _execution(net, used, planned)
        for area, book, source, sector, net, used, planned in rows
    }


def by_sector(cells: Mapping[Cell, Execution]) -> dict[Sector, Execution]:
    """Suppliers' shares resolved to their customers' sectors; SUPPLY keeps what is not resolved."""
    sums: dict[Sector, Execution] = {}
    resolved = Execution()
    for (_, book, _, sector), part in cells.items():
        sums[sector] = sums.get(sector, Execution()) + part
        if book is Book.NETWORK:
            resolved += part
    supply = sums.get(Sector.SUPPLY)
    if supply is not None:
        sums[Sector.SUPPLY] = supply - resolved
    return sums


def by_source(cells: Mapping[Cell, Execution]) -> dict[Source, Execution]:
    """The abstraction book alone counts against a source."""
    sums: dict[Source, Execution] = {}
    for (_, book, source, _), part in cells.items():
        if book is Book.ABSTRACTION:
            sums[source] = sums.get(source, Execution()) + part
    return sums


@dataclass(frozen=True, slots=True)
class UnitExecution:
    """A unit in its own book: what it takes itself, or what its supplier delivers to it."""

    unit: int
    name: str
    kind: str
    sector: str
    address: str
    parts: tuple[tuple[Source, Execution], ...]

    @property
    def whole(self) -> Execution:
        return sum((part for _, part in self.parts), Execution())


UNITS = """
    SELECT h.unit_id, u.name, u.kind, u.sector, ad.name, h.source,
           sum(h.net), sum(h.used), sum({planned})
    {months} JOIN registry_unit u ON u.id = h.unit_id
    JOIN office_area ad ON ad.id = u.address_area_id
    WHERE h.book = CASE WHEN u.kind IN ('network_customer', 'canal_customer')
                        THEN 'network' ELSE 'abstraction' END
    GROUP BY 1, 2, 3, 4, 5, 6
"""


def unit_executions(paths: Sequence[str], year: int, month: int) -> list[UnitExecution]:
    """Every unit whose budget region lies at or below one of the paths, with its plan through `month`."""
    condition = """a.unit_id IN (
        SELECT x.id FROM registry_unit x JOIN office_area r ON r.id = x.region_id
        WHERE r.path = ANY(%s) OR r.path LIKE ANY(%s))"""
    sql = HELD.format(condition=condition) + UNITS.format(planned=PLANNED, months=MONTHS_OF)
    below = [f"{path}/%" for path in paths]
    with connection.cursor() as cursor:
        cursor.execute(sql, [year, list(paths), below, month, month])
        rows = cursor.fetchall()
    found: dict[int, UnitExecution] = {}
    for unit, name, kind, sector, address, source, net, used, planned in rows:
        part = (Source(source), _execution(net, used, planned))
        before = found[unit].parts if unit in found else ()
        found[unit] = UnitExecution(unit, name, kind, sector, address, (*before, part))
    return list(found.values())


def _execution(net: int, used: int, planned: int) -> Execution:
    return Execution(Volume(int(net)), Volume(int(used)), Volume(int(planned)))


PAST_USE = """
    SELECT u.region_id, p.source, sum(p.volume)
    FROM registry_pastuse p JOIN registry_unit u ON u.id = p.unit_id
    WHERE p.source <> 'network' AND p.year = %s AND p.month <= %s AND u.region_id = ANY(%s)
    GROUP BY 1, 2
"""


def use_of_past_year(
    areas: Iterable[int], year: int, month: int
) -> dict[tuple[int, Source], Volume]:
    """Abstraction through `month` of a year before the books, by region and source."""
    with connection.cursor() as cursor:
        cursor.execute(PAST_USE, [year, month, list(areas)])
        rows = cursor.fetchall()
    return {(area, Source(source)): Volume(int(volume)) for area, source, volume in rows}


BOOKED_USE = """
    SELECT h.area_id, h.source, sum(CASE WHEN t.debit_id = h.id THEN t.amount ELSE -t.amount END)
    FROM ledger_account h
    JOIN ledger_transfer t ON t.debit_id = h.id OR t.credit_id = h.id
    JOIN ledger_account o
      ON o.id = CASE WHEN t.debit_id = h.id THEN t.credit_id ELSE t.debit_id END
    WHERE h.kind = 'quota' AND h.book = 'abstraction' AND o.kind = 'used'
      AND h.year = %s AND h.area_id = ANY(%s) AND extract(month FROM t.effective_on) <= %s
    GROUP BY 1, 2
"""


def use_through(areas: Iterable[int], year: int, month: int) -> dict[tuple[int, Source], Volume]:
    """Abstraction through `month` by region and source: from the books, or of the years before them."""
    wanted = list(areas)
    with connection.cursor() as cursor:
        cursor.execute(BOOKED_USE, [year, wanted, month])
        rows = cursor.fetchall()
    booked = {(area, Source(source)): Volume(int(volume)) for area, source, volume in rows}
    return booked or use_of_past_year(wanted, year, month)
