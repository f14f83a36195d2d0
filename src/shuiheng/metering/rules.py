"""Use by month: what a report does to the books, estimates, and a supplier's monthly balance. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Book, Sector, Source, UseBasis
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, Entry

CODE_OF_BASIS = {
    UseBasis.MEASURED: Code.USE_MEASURED,
    UseBasis.CONVERTED: Code.USE_CONVERTED,
    UseBasis.REPORTED: Code.USE_REPORTED,
    UseBasis.ESTIMATED: Code.USE_ESTIMATED,
}
MUCH_MORE_THAN_LAST_YEAR = 3


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One figure: a unit's use of a source in a month. NETWORK rows are deliveries by a supplier."""

    unit: int
    source: Source
    sector: Sector
    volume: Volume
    basis: UseBasis = UseBasis.REPORTED


@dataclass(frozen=True, slots=True)
class Posted:
    """What an earlier report of the same month has put into the books."""

    transfer: int
    code: Code
    volume: Volume
    account: AccountKey
    revision: int


def holder(row: ReportRow, year: int, area: int, supplier: int) -> AccountKey:
    """The quota account that a use counts against, in the book of its source."""
    book = Book.NETWORK if row.source is Source.NETWORK else Book.ABSTRACTION
    of = supplier if book is Book.NETWORK else 0
    kind = AccountKind.LOSS if row.sector is Sector.LOSS else AccountKind.QUOTA
    return AccountKey(book, year, row.source, kind, area, row.sector, row.unit, of)


def used_by(account: AccountKey) -> AccountKey:
    """Where the use of an account is counted: by area, source and sector."""
    return AccountKey(
        account.book,
        account.year,
        account.source,
        AccountKind.USED,
        account.area,
        account.sector,
        supplier=account.supplier,
    )


def check_month(year: int, month: int, today: date) -> None:
    """A month is reported when it is over, or at the end of December for the account."""
    if not 1 <= month <= 12:
        raise Refusal("report.month", "月份只能是 1 到 12。", field="month")
    if (today.year, today.month) < (year, month):
        raise Refusal(
            "report.future",
            f"{year}年{month}月还没到，不能填报用水。",
            kind=Kind.CONFLICT,
            field="month",
            remedy="请在当月结束后填报。",
        )


def plan_report(
    row: ReportRow, account: AccountKey, key: str, before: Posted | None, year: int, month: int
) -> tuple[Entry, ...]:
    """Post a use; a revision first takes the earlier one back by its reverse pair."""
    if row.volume.m3 < 0:
        raise Refusal(
            "report.negative", "用水量不能是负数。", field="volume", remedy="没有用水请填 0。"
        )
    on, document = month_end(year, month), f"use/{row.unit}-{year}-{month:02d}"
    entries = []
    if before is not None and before.volume:
        entries.append(
            Entry(
                before.code,
                used_by(before.account),
                before.account,
                before.volume,
                on,
                document,
                key=f"{key}:back",
                corrects=before.transfer,
                note=f"更正第 {before.revision} 次填报",
            )
        )
    if row.volume:
        code = CODE_OF_BASIS[row.basis]
        entries.append(Entry(code, account, used_by(account), row.volume, on, document, key=key))
    return tuple(entries)


def check_report(row: ReportRow, last_year: Volume | None, plan: Volume | None) -> list[Finding]:
    """What a colleague would ask before it is sent."""
    findings = []
    for name, other in (("去年同月", last_year), ("本月计划", plan)):
        if other and row.volume.m3 > MUCH_MORE_THAN_LAST_YEAR * other.m3:
            findings.append(
                Finding(
                    "report.far_more",
                    Severity.LOOK,
                    f"填报 {row.volume}，{name}是 {other}。是不是填成了水表读数，或者单位填错了？",
                    field=f"use-{row.source}",
                )
            )
            break
    return findings


def estimate(last_year: Volume | None, months_before: Sequence[Volume]) -> Volume:
    """暂估 for a month nobody reported: the same month last year, else the mean of this year's months."""
    if last_year is not None:
        return last_year
    known = list(months_before)
    return Volume(sum(v.m3 for v in known) // len(known)) if known else Volume()


def plan_supply_month(
    abstraction: Volume,
    deliveries: Volume,
    loss_account: AccountKey,
    key: str,
    before: Posted | None,
    year: int,
    month: int,
) -> tuple[Volume, tuple[Entry, ...]]:
    """deliveries + loss = abstraction, per supplier and month; the loss is what is left (USERS 2)."""
    if deliveries > abstraction:
        raise Refusal(
            "supply.more_than_taken",
            f"{month}月供水合计 {deliveries}，比取水 {abstraction} 还多 {deliveries - abstraction}。",
            kind=Kind.CONFLICT,
            remedy="请核对取水口读数和用户用水，更正其中一方后再月结。",
            facts={"abstraction": abstraction, "deliveries": deliveries},
        )
    loss = abstraction - deliveries
    on, document = month_end(year, month), f"supply/{loss_account.unit}-{year}-{month:02d}"
    entries = []
    if before is not None and before.volume:
        entries.append(
            Entry(
                Code.LOSS,
                used_by(before.account),
                before.account,
                before.volume,
                on,
                document,
                key=f"{key}:back",
                corrects=before.transfer,
                note="重新月结",
            )
        )
    if loss:
        used = used_by(loss_account)
        entries.append(Entry(Code.LOSS, loss_account, used, loss, on, document, key=key))
    return loss, tuple(entries)
