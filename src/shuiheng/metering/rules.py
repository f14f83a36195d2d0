"""Use by month: what a report does to the books, estimates, and a supplier's monthly balance. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Book, Sector, Source, UseBasis
from shuiheng.core.volume import Volume, parse_m3
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


def check_estimate(year: int, month: int, today: date) -> None:
    """暂估 waits until the month is over: before that nobody is late."""
    if today <= month_end(year, month):
        raise Refusal(
            "estimate.early",
            f"{year}年{month}月还没有过完，不能暂估。",
            kind=Kind.CONFLICT,
            remedy="请在次月填报截止后，再暂估没有报的单位。",
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


def read_column(text: str, keys: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """A pasted column in the order of `keys` (name, code): the figures as typed, and the rows nobody owns.

    One column goes by order; two columns go by name or code, in any order.
    """
    rows = [line.split("\t") for line in text.replace("\r", "").split("\n") if line.strip()]
    if not any(len(row) > 1 for row in rows):
        figures = [row[0].strip() for row in rows]
        return (figures + [""] * len(keys))[: len(keys)], figures[len(keys) :]
    places = {key.strip(): place for place, both in enumerate(keys) for key in both}
    found, unread = [""] * len(keys), []
    for row in rows:
        place = next((places[cell.strip()] for cell in row if cell.strip() in places), None)
        if place is None:
            unread.append("\t".join(row))
        else:
            found[place] = row[-1].strip()
    return found, unread


SHEET_HEADS = ("编码", "单位", "水源", "去年同月（m³）", "用水量（m³）")
CODE, UNIT, SOURCE, _, USE = SHEET_HEADS


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the template: whose figure, and what it is held against."""

    unit: int
    code: str
    name: str
    source: Source
    sector: Sector
    last_year: Volume | None = None


def check_sheet(
    rows: Sequence[Sequence[str]], lines: Sequence[SheetLine]
) -> tuple[list[ReportRow], list[Finding]]:
    """Every row of an uploaded sheet against the lines it may fill: rows to report, and every complaint
    with its row number. A row left blank is left out."""
    heads, start = _heads(rows)
    missing = [head for head in (CODE, SOURCE, USE) if head not in heads]
    if missing:
        words = "、".join(missing)
        sentence = f"没有找到“{words}”这一列。请用下载的模板填写，不要改表头。"
        return [], [Finding("sheet.heads", Severity.MUST_FIX, sentence, row=start)]
    known = {(line.code, line.source.label): line for line in lines}
    codes = {line.code for line in lines}
    taken: dict[tuple[str, str], int] = {}
    found: list[Finding] = []
    reports: list[ReportRow] = []
    for number, row in enumerate(rows[start:], start + 1):
        cells = {
            head: row[place].strip() if place < len(row) else "" for head, place in heads.items()
        }
        if not cells[USE]:
            continue
        owner = cells[CODE], cells[SOURCE]
        if owner not in known:
            found.append(_stranger(owner, codes, number))
        elif owner in taken:
            sentence = f"{owner[0]}的{owner[1]}在第 {taken[owner]} 行已经填过。请只留一行。"
            found.append(
                Finding("sheet.twice", Severity.MUST_FIX, sentence, row=number, column=CODE)
            )
        else:
            taken[owner] = number
            report, complaints = _read_row(cells[USE], known[owner], number)
            reports += report
            found += complaints
    if not reports and not found:
        sentence = "表里没有一行填了用水量。没有用水请填 0。"
        found.append(Finding("sheet.empty", Severity.MUST_FIX, sentence, column=USE))
    return reports, found


def _heads(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """Where the columns stand, and how many rows come before the data."""
    for number, row in enumerate(rows[:10]):
        cells = [cell.strip() for cell in row]
        if CODE in cells:
            return {cell: place for place, cell in enumerate(cells) if cell}, number + 1
    return {}, 1


def _stranger(owner: tuple[str, str], codes: set[str], number: int) -> Finding:
    code, source = owner
    if code in codes:
        sentence = f"{code}没有登记“{source}”这一水源。请核对水源，或先在名录里登记取水口。"
        column = SOURCE
    else:
        sentence = f"没有编码为“{code}”的单位，或者它不归您代报。"
        column = CODE
    return Finding("sheet.stranger", Severity.MUST_FIX, sentence, row=number, column=column)


def _read_row(text: str, line: SheetLine, number: int) -> tuple[list[ReportRow], list[Finding]]:
    try:
        volume = parse_m3(text)
    except Refusal as refusal:
        return [], [Finding(refusal.code, Severity.MUST_FIX, str(refusal), row=number, column=USE)]
    if volume.m3 < 0:
        sentence = f"{line.name}的用水量是负数。没有用水请填 0。"
        return [], [Finding("report.negative", Severity.MUST_FIX, sentence, row=number, column=USE)]
    row = ReportRow(line.unit, line.source, line.sector, volume)
    look = [
        Finding(f.code, f.severity, f"{line.name}：{f.sentence}", row=number, column=USE)
        for f in check_report(row, line.last_year, None)
    ]
    return [row], look
