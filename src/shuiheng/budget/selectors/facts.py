"""Facts for plans: drafts beside last year and permits, quotas beside permits. Read in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from shuiheng.budget.models import Budget, BudgetLine
from shuiheng.budget.rules import DraftFacts, DraftLine
from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, Balance
from shuiheng.ledger.selectors import monthly_use, unit_quotas
from shuiheng.quota.rules import Figure
from shuiheng.quota.selectors import needed
from shuiheng.registry.models import Intake, SupplyLink, Unit
from shuiheng.registry.selectors import past_use, permitted

Line = tuple[Book, Source, Sector]
YearOfUse = dict[int, dict[Line, tuple[Volume, ...]]]


def lines_for(units: Sequence[Unit], day: date) -> dict[int, list[Line]]:
    """Which figures a unit's budget has: its sources; a customer one network line; a supplier also
    its loss, and a waterworks the residents it serves."""
    sources: dict[int, set[Source]] = {}
    rows = Intake.objects.filter(unit__in=[unit.pk for unit in units], since__lte=day)
    for unit_id, source in rows.exclude(until__lte=day).values_list("unit", "source"):
        sources.setdefault(unit_id, set()).add(Source(source))
    found: dict[int, list[Line]] = {}
    for unit in units:
        kind = unit.kind_term
        if kind.is_customer:
            found[unit.pk] = [(Book.NETWORK, Source.NETWORK, unit.sector_term)]
            continue
        sector = Sector.SUPPLY if kind.is_supplier else unit.sector_term
        lines = [(Book.ABSTRACTION, s, sector) for s in sorted(sources.get(unit.pk, ()))]
        if kind is UnitKind.WATERWORKS:
            lines.append((Book.NETWORK, Source.NETWORK, Sector.RESIDENTS))
        if kind.is_supplier:
            lines.append((Book.NETWORK, Source.NETWORK, Sector.LOSS))
        found[unit.pk] = lines
    return found


def year_of_use(
    units: Sequence[int], year: int, cards: Mapping[int, tuple[str, str]] | None = None
) -> YearOfUse:
    """Twelve months of use by line: from the books, or from the years before them.

    `cards` are kind and sector of each unit, for who has read them already.
    """
    found: YearOfUse = {}
    for row in monthly_use(year, units=units):
        line = (row.book, row.source, row.sector)
        months = list(found.setdefault(row.unit, {}).get(line, (Volume(),) * 12))
        months[row.month - 1] += row.used
        found[row.unit][line] = tuple(months)
    before = past_use([unit for unit in units if unit not in found], year)
    if cards is None:
        rows = Unit.objects.filter(pk__in={unit for unit, _ in before})
        cards = {
            pk: (kind, sector) for pk, kind, sector in rows.values_list("pk", "kind", "sector")
        }
    for (unit, source), twelve in before.items():
        kind, sector = UnitKind(cards[unit][0]), Sector(cards[unit][1])
        if source is Source.NETWORK:
            line = (Book.NETWORK, source, Sector.RESIDENTS if kind.is_supplier else sector)
        else:
            line = (Book.ABSTRACTION, source, Sector.SUPPLY if kind.is_supplier else sector)
        found.setdefault(unit, {})[line] = twelve
    suppliers = [unit for unit in found if unit in cards and UnitKind(cards[unit][0]).is_supplier]
    for supplier, loss in _past_loss(suppliers, found, year).items():
        found[supplier][Book.NETWORK, Source.NETWORK, Sector.LOSS] = loss
    return found


def _past_loss(
    suppliers: Sequence[int], found: YearOfUse, year: int
) -> dict[int, tuple[Volume, ...]]:
    """What suppliers took and did not deliver in the years before the books: their loss by month."""
    if not suppliers:
        return {}
    links = SupplyLink.objects.filter(supplier__in=suppliers, until=None)
    supplier_of = dict(links.values_list("customer", "supplier"))
    left = {
        supplier: [
            sum(
                (1 if book is Book.ABSTRACTION else -1) * twelve[month].m3
                for (book, *_), twelve in lines
            )
            for month in range(12)
        ]
        for supplier, lines in ((supplier, found[supplier].items()) for supplier in suppliers)
    }
    for (customer, source), twelve in past_use(list(supplier_of), year).items():
        if source is Source.NETWORK:
            months = left[supplier_of[customer]]
            for month, delivered in enumerate(twelve):
                months[month] -= delivered.m3
    return {s: tuple(Volume(max(0, m3)) for m3 in months) for s, months in left.items()}


def draft_facts(
    budgets: Sequence[Budget],
    day: date,
    *,
    need: Mapping[int, Figure] | None = None,
    permits: Mapping[tuple[int, Source], Volume] | None = None,
    used: YearOfUse | None = None,
) -> dict[int, DraftFacts]:
    """Each draft beside last year's use and quota, its permits, and the need by its chosen method.

    Who has read the needs, the permits or the use already hands them over.
    """
    if not budgets:
        return {}
    year = budgets[0].year
    units = [budget.unit_id for budget in budgets]
    used = year_of_use(units, year - 1) if used is None else used
    quotas = unit_quotas(units, year - 1)
    permits = permitted(units, day) if permits is None else permits
    need = needed(units, year, day) if need is None else need
    wanted = deliveries_wanted(budgets, day)
    facts = {}
    for budget in budgets:
        before = {_line(key): balance for key, balance in quotas[budget.unit_id].items()}
        lines = tuple(
            _draft_line(line, used.get(budget.unit_id, {}), before, permits, budget.unit_id)
            for line in budget.lines.all()
        )
        figure = need.get(budget.unit_id)
        facts[budget.pk] = DraftFacts(
            lines=lines,
            months=tuple(Volume(m3) for m3 in budget.months),
            computed_need=figure.volume if figure else None,
            need_method=figure.method.label if figure else "",
            need_words=figure.words if figure else "",
            need_chosen=figure.is_chosen if figure else False,
            deliveries=wanted.get(budget.unit_id),
        )
    return facts


def _draft_line(
    line: object,
    used: dict[Line, tuple[Volume, ...]],
    before: dict[Line, Balance],
    permits: Mapping[tuple[int, Source], Volume],
    unit: int,
) -> DraftLine:
    key = (Book(line.book), Source(line.source), Sector(line.sector))  # type: ignore[attr-defined]
    last = used.get(key)
    balance = before.get(key)
    return DraftLine(
        book=key[0],
        source=key[1],
        sector=key[2],
        proposed=line.proposed,  # type: ignore[attr-defined]
        last_used=total(last) if last else None,
        last_quota=balance.net if balance else None,
        permit=permits.get((unit, key[1])),
    )


def _line(key: AccountKey) -> Line:
    assert key.sector is not None
    return key.book, key.source, key.sector


def deliveries_wanted(budgets: Sequence[Budget], day: date) -> dict[int, Volume]:
    """Σ what the customers of each supplier have proposed (or been accepted) for the same year."""
    suppliers = [b.unit_id for b in budgets if b.unit.kind_term.is_supplier]
    if not suppliers:
        return {}
    link = "budget__unit__supplier_links"
    rows = (
        BudgetLine.objects.filter(
            Q(**{f"{link}__until": None}) | Q(**{f"{link}__until__gt": day}),
            budget__year=budgets[0].year,
            **{f"{link}__supplier__in": suppliers, f"{link}__since__lte": day},
        )
        .values_list(f"{link}__supplier")
        .annotate(asked=Sum(Coalesce("reviewed", "proposed")))
    )
    return {supplier: Volume() for supplier in suppliers} | dict(rows)
