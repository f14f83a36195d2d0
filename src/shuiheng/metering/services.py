"""Writing use: monthly reports (self-report, nil, estimate) and a supplier's monthly balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.core.clock import beijing_date, month_end
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source, UseBasis
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, Entry
from shuiheng.ledger.services import post
from shuiheng.metering import rules, selectors
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.metering.rules import Posted, ReportRow
from shuiheng.metering.selectors import Line
from shuiheng.office.models import Act, Area
from shuiheng.office.services import begin_act, finish_act
from shuiheng.registry.models import SupplyLink, Unit
from shuiheng.registry.selectors import customers_of, past_use, suppliers_of


@transaction.atomic
def report_use(
    year: int,
    month: int,
    rows: Sequence[ReportRow],
    *,
    actor: Actor,
    now: datetime,
    key: str,
    attested: bool = False,
    note: str = "",
) -> list[UseReport]:
    """Report a month's use for one unit or many; a second report of a month is a revision of it.

    Over-use is posted like any use: facts cannot be refused.
    """
    rules.check_month(year, month, beijing_date(now))
    args = {"year": year, "month": month, "rows": rows}
    act = begin_act(key, "use.report", actor=actor, now=now, args=args)
    if act.done:
        return list(UseReport.objects.filter(act=act))
    day = month_end(year, month)
    units = _lock_units(rows)
    links = suppliers_of([row.unit for row in rows if row.source is Source.NETWORK], day)
    for unit in units.values():
        _require_reporter(actor, unit, links.get(unit.pk))
    before = selectors.current_reports(units, year, month)
    posted = _posted(before.values())
    reports: list[UseReport] = []
    entries: list[Entry] = []
    for row in rows:
        unit = units[row.unit]
        old = before.get((row.unit, row.source, row.sector, month))
        report = _new_report(row, year, month, old, act, actor, note)
        report.on_behalf = not actor.may(Permission.USE_REPORT, unit.place)
        report.attested = attested
        account = _account(row, year, unit, links)
        earlier = posted.get(old.pk) if old else None
        entries += rules.plan_report(row, account, report.key, earlier, year, month)
        reports.append(report)
    lines = {(row.unit, row.source, row.sector) for row in rows}
    _replace([old for line, old in before.items() if line[:3] in lines])
    UseReport.objects.bulk_create(reports, batch_size=2000)
    post(entries, act=act)
    finish_act(act, f"use/{rows[0].unit}", f"{year}年{month}月用水 {len(rows)} 条")
    return reports


@transaction.atomic
def close_supply_month(
    supplier_id: int, year: int, month: int, *, actor: Actor, now: datetime, key: str
) -> SupplyMonth:
    """供水月结: deliveries + loss = abstraction. Closing again after a correction replaces it."""
    args = {"supplier": supplier_id, "year": year, "month": month}
    act = begin_act(key, "supply.close_month", actor=actor, now=now, args=args)
    if act.done:
        return SupplyMonth.objects.get(act=act)
    supplier = (
        Unit.objects.select_for_update(of=["self"], no_key=True)
        .select_related("region")
        .get(pk=supplier_id)
    )
    _require_reporter(actor, supplier, None)
    _refuse_incomplete(supplier, year, month)
    abstraction, deliveries = selectors.supply_month(supplier, year, month)
    account = AccountKey(
        Book.NETWORK, year, Source.NETWORK, AccountKind.LOSS,
        supplier.region_id, Sector.LOSS, supplier.pk, supplier.pk,
    )  # fmt: skip
    old = SupplyMonth.objects.filter(
        supplier=supplier, year=year, month=month, is_current=True
    ).first()
    revision = old.revision + 1 if old else 1
    entry_key = f"loss:{supplier.pk}:{year}-{month:02d}:{revision}"
    loss, entries = rules.plan_supply_month(
        abstraction, deliveries, account, entry_key, _posted_loss(old, account), year, month
    )
    if old:
        SupplyMonth.objects.filter(pk=old.pk).update(is_current=False)
    closed = SupplyMonth.objects.create(
        supplier=supplier,
        year=year,
        month=month,
        revision=revision,
        abstraction=abstraction,
        deliveries=deliveries,
        loss=loss,
        closed_by=actor.name,
        closed_at=now,
        act=act,
    )
    post(entries, act=act)
    finish_act(
        act, f"supply/{closed.pk}", f"{month}月取水 {abstraction}，供水 {deliveries}，损失 {loss}"
    )
    return closed


@transaction.atomic
def estimate_missing(
    area: Area, year: int, month: int, *, actor: Actor, now: datetime, key: str
) -> int:
    """暂估 for every line of an area that nobody has reported for a month. Returns how many."""
    require(actor, Permission.USE_REPORT_FOR, area.place)
    rules.check_estimate(year, month, beijing_date(now))
    rows = estimates(area, year, month)
    if not rows:
        return 0
    report_use(year, month, rows, actor=actor, now=now, key=key, note="逾期未报，暂估")
    return len(rows)


def estimates(area: Area, year: int, month: int) -> list[ReportRow]:
    """What 暂估 would report for every missing line of a month: preview and act alike."""
    lines = selectors.missing(area, year, month)
    units = [line[0] for line in lines]
    last_year = past_use(units, year - 1)
    known: dict[Line, list[Volume]] = {}
    for (unit, source, sector, at), report in selectors.current_reports(units, year).items():
        if at < month:
            known.setdefault((unit, source, sector), []).append(report.volume)
    rows = []
    for line in lines:
        unit, source, sector = line
        months = last_year.get((unit, source))
        figure = rules.estimate(months[month - 1] if months else None, known.get(line, ()))
        rows.append(ReportRow(unit, source, sector, figure, UseBasis.ESTIMATED))
    return rows


def _lock_units(rows: Sequence[ReportRow]) -> dict[int, Unit]:
    ids = {row.unit for row in rows}
    if not ids:
        raise Refusal("report.empty", "没有可填报的用水。", remedy="请至少填写一行；没有用水填 0。")
    units = Unit.objects.filter(pk__in=ids).select_related("region").order_by("pk")
    found = {unit.pk: unit for unit in units.select_for_update(of=["self"], no_key=True)}
    if len(found) < len(ids):
        raise Refusal("report.no_unit", "填报里有不存在的单位。", kind=Kind.MISSING)
    return found


def _require_reporter(actor: Actor, unit: Unit, link: SupplyLink | None) -> None:
    """The unit itself, its supplier (deliveries), or an officer on its behalf (代报)."""
    if actor is SYSTEM or actor.may(Permission.USE_REPORT, unit.place):
        return
    if link is not None and any(
        place.unit == link.supplier_id for place in actor.places(Permission.USE_REPORT)
    ):
        return
    require(actor, Permission.USE_REPORT_FOR, unit.place)


def _account(row: ReportRow, year: int, unit: Unit, links: dict[int, SupplyLink]) -> AccountKey:
    if row.source is not Source.NETWORK:
        return rules.holder(row, year, unit.region_id, 0)
    if unit.kind_term.is_supplier:
        return rules.holder(row, year, unit.region_id, unit.pk)
    link = links.get(unit.pk)
    if link is None:
        raise Refusal(
            "report.no_supplier",
            f"{unit.name}没有登记供水单位，管网用水无处入账。",
            kind=Kind.CONFLICT,
            remedy="请先在名录里登记由谁供水。",
        )
    return rules.holder(row, year, link.supplier.region_id, link.supplier_id)


def _new_report(
    row: ReportRow, year: int, month: int, old: UseReport | None, act: Act, actor: Actor, note: str
) -> UseReport:
    return UseReport(
        unit_id=row.unit,
        year=year,
        month=month,
        source=row.source,
        sector=row.sector,
        revision=old.revision + 1 if old else 1,
        volume=row.volume,
        basis=row.basis,
        reported_by=actor.name,
        reported_at=act.at,
        note=note,
        act=act,
    )


def _replace(old: list[UseReport]) -> None:
    UseReport.objects.filter(pk__in=[report.pk for report in old]).update(is_current=False)


def _posted(reports: object) -> dict[int, Posted]:
    """What each current report has put into the books (nothing, if it was nil)."""
    by_key = {report.key: report for report in reports}  # type: ignore[attr-defined]
    transfers = Transfer.objects.filter(key__in=list(by_key)).select_related("debit")
    return {
        by_key[t.key].pk: Posted(t.pk, Code(t.code), t.amount, t.debit.key, by_key[t.key].revision)
        for t in transfers
    }


def _posted_loss(old: SupplyMonth | None, account: AccountKey) -> Posted | None:
    if old is None:
        return None
    key = f"loss:{old.supplier_id}:{old.year}-{old.month:02d}:{old.revision}"
    transfer = Transfer.objects.filter(key=key).first()
    if transfer is None:
        return None
    return Posted(transfer.pk, Code.LOSS, transfer.amount, account, old.revision)


def _refuse_incomplete(supplier: Unit, year: int, month: int) -> None:
    day = month_end(year, month)
    customers = [link.customer for link in customers_of(supplier, day)]
    units = [supplier, *customers]
    reported = selectors.current_reports((unit.pk for unit in units), year, month)
    lines = selectors.expected_lines(units, day)
    waiting = [line for line in lines if (*line, month) not in reported]
    if waiting:
        raise Refusal(
            "supply.incomplete",
            f"{month}月还有 {len(waiting)} 项取水或供水没有填报，暂不能月结。",
            kind=Kind.CONFLICT,
            remedy="请先填报或暂估，再月结。",
            facts={"missing": len(waiting)},
        )
