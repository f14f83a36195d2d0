"""Reading reports: what is in, what is missing, what a supplier's month adds up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum

from shuiheng.core.access import Actor, Permission
from shuiheng.core.clock import beijing_date, month_end
from shuiheng.core.duty import DutyFact
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, Balance
from shuiheng.ledger.selectors import unit_quotas
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy
from shuiheng.registry.models import Intake, PastUse, Unit
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


# -- what a page needs to know ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One figure a unit owes for a month, beside what it is held against."""

    unit: int
    source: Source
    sector: Sector
    last_year: Volume | None
    plan: Volume | None
    available: Volume | None
    before: UseReport | None

    @property
    def row(self) -> tuple[int, Source, Sector]:
        return self.unit, self.source, self.sector


Plans = Callable[[Mapping[AccountKey, Balance]], Mapping[AccountKey, Sequence[Volume]]]


def report_lines(units: Sequence[Unit], year: int, month: int, plans: Plans) -> list[ReportLine]:
    """The lines of a month with last year's same month, the plan, what is left, what was reported."""
    ids = [unit.pk for unit in units]
    held = {_line(key): (key, b) for of in unit_quotas(ids, year).values() for key, b in of.items()}
    plan = plans(dict(held.values()))
    past = last_year_month(ids, year, month)
    reported = current_reports(ids, year, month)
    lines = []
    for unit, source, sector in expected_lines(units, month_end(year, month)):
        key, balance = held.get((unit, source, sector), (None, None))
        lines.append(
            ReportLine(
                unit, source, sector, past.get((unit, source)),
                plan[key][month - 1] if key is not None else None,
                balance.available if balance is not None else None,
                reported.get((unit, source, sector, month)),
            )
        )  # fmt: skip
    return lines


def _line(key: AccountKey) -> tuple[int, Source, Sector | None]:
    return key.unit, key.source, key.sector


def last_year_month(
    units: Sequence[int], year: int, month: int
) -> dict[tuple[int, Source], Volume]:
    """The same month a year before: as reported, or from the years before the books."""
    past = PastUse.objects.filter(unit__in=units, year=year - 1, month=month)
    found = {(row.unit_id, Source(row.source)): row.volume for row in past}
    for (unit, source, sector, _), report in current_reports(units, year - 1, month).items():
        if sector is not Sector.LOSS:
            found[(unit, source)] = report.volume
    return found


def months_reported(unit: Unit, year: int) -> dict[int, list[UseReport]]:
    """The current reports of a unit's year by month."""
    months: dict[int, list[UseReport]] = {}
    for report in UseReport.objects.filter(unit=unit, year=year, is_current=True).order_by(
        "source"
    ):
        report.unit = unit
        months.setdefault(report.month, []).append(report)
    return months


@dataclass(frozen=True, slots=True)
class Owing:
    """A unit that has not reported a month, with the lines it owes."""

    unit: Unit
    lines: tuple[Line, ...]


def owing(units: Sequence[Unit], year: int, month: int) -> list[Owing]:
    """Who among `units` has not reported everything of a month."""
    day = month_end(year, month)
    reported = current_reports((unit.pk for unit in units), year, month)
    waiting: dict[int, list[Line]] = {}
    for line in expected_lines(units, day):
        if (*line, month) not in reported:
            waiting.setdefault(line[0], []).append(line)
    return [Owing(unit, tuple(waiting[unit.pk])) for unit in units if unit.pk in waiting]


def units_reporting(actor: Actor, permission: Permission, day: date) -> list[Unit]:
    """The active units for which a person may report, or report on behalf."""
    units = Unit.objects.visible_to(actor, permission).active_on(day)
    return list(
        units.select_related("region", "address_area").order_by("region__rank", "pinyin", "pk")
    )


def report_day(on: date) -> int:
    """Until which day of the following month a month is reported."""
    return int(policy("report.day", on).value)


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """A unit reports the last month and what it still owes; an officer reminds; a supplier closes."""
    today = beijing_date(now)
    last = today.replace(day=1) - timedelta(days=1)
    due = today.replace(day=report_day(today))
    found: list[DutyFact] = []
    if actor.may_somewhere(Permission.USE_REPORT):
        own = units_reporting(actor, Permission.USE_REPORT, last)
        found += _unit_duties(own, last, due)
    if actor.may_somewhere(Permission.USE_REPORT_FOR):
        waiting = owing(
            units_reporting(actor, Permission.USE_REPORT_FOR, last), last.year, last.month
        )
        if waiting:
            found.append(_reminder(waiting, last, due))
    return found


def _unit_duties(units: Sequence[Unit], last: date, due: date) -> list[DutyFact]:
    found = [
        DutyFact(
            due,
            f"填报{last.month}月用水",
            _owed_words(entry),
            "填报",
            "metering:report",
            {"unit_id": entry.unit.pk},
            f"?year={last.year}&month={last.month}",
        )
        for entry in owing(units, last.year, last.month)
    ]
    suppliers = [unit for unit in units if unit.kind_term.is_supplier]
    closed = SupplyMonth.objects.filter(
        supplier__in=suppliers, year=last.year, month=last.month, is_current=True
    )
    done = set(closed.values_list("supplier", flat=True))
    found += [
        DutyFact(
            due,
            f"{last.month}月供水月结",
            f"{unit.name}：取水 = 供水 + 损失",
            "月结",
            "metering:close",
            {"unit_id": unit.pk},
            f"?year={last.year}&month={last.month}",
        )
        for unit in suppliers
        if unit.pk not in done
    ]
    return found


def _owed_words(entry: Owing) -> str:
    sources = "、".join(dict.fromkeys(source.label for _, source, _ in entry.lines))
    return f"{entry.unit.name}：{sources}"


def _reminder(waiting: Sequence[Owing], last: date, due: date) -> DutyFact:
    regions: dict[str, int] = {}
    for entry in waiting:
        regions[entry.unit.region.name] = regions.get(entry.unit.region.name, 0) + 1
    words = "、".join(f"{name} {count} 户" for name, count in list(regions.items())[:3])
    more = f"等 {len(regions)} 区" if len(regions) > 3 else ""
    query = f"?year={last.year}&month={last.month}"
    what = f"催报 {last.month}月漏报用水"
    return DutyFact(due, what, f"{words}{more}", "催报", "metering:month", {}, query)
