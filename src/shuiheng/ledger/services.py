"""Posting: the only way a transfer is written. Accounts are locked first, in id order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import connection, transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book
from shuiheng.core.volume import Volume
from shuiheng.ledger import rules
from shuiheng.ledger.models import Account, Period, Transfer
from shuiheng.ledger.rules import AccountKey, Balance, Entry, Movement, PeriodState
from shuiheng.ledger.selectors import StatementLine, statement
from shuiheng.office.models import Act, Area
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperKind, StatementEntry, StatementFacts
from shuiheng.papers.services import create_paper
from shuiheng.registry.models import Unit


def lock_accounts(keys: Iterable[AccountKey]) -> dict[AccountKey, Balance]:
    """Make sure the accounts exist, lock them in id order, and return their balances."""
    return {key: account.balance for key, account in _locked(keys).items()}


@transaction.atomic
def post(entries: Sequence[Entry], *, act: Act) -> int:
    """Post entries as transfers of one act; all or none. Returns how many were written.

    An entry with a natural key that stands in the books already is left out. Refuses what the code
    table, the period, an authority's limit or a holder's balance forbids.
    """
    entries = [_in_period(entry, state) for entry, state in _with_period(entries)]
    accounts = _locked({key for e in entries for key in (e.debit, e.credit)})
    entries = _not_yet_posted(entries)
    if not entries:
        return 0
    for entry in entries:
        rules.check_entry(entry)
    balances = {key: account.balance for key, account in accounts.items()}
    movement = rules.movements(entries)
    rules.check_disposals(entries, balances)
    rules.check_grants(movement, balances)
    _write(entries, movement, accounts, act)
    return len(entries)


@transaction.atomic
def set_period(area: Area, year: int, state: PeriodState) -> None:
    """Open, close or lock an area's year; posts of that year wait for it and it for them."""
    period, _ = Period.objects.get_or_create(area=area, year=year)
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.state_term is PeriodState.LOCKED and state is not PeriodState.LOCKED:
        raise Refusal(
            "ledger.locked_for_good",
            f"{year} 年度已封账，不能重新打开。",
            kind=Kind.CONFLICT,
            remedy="补记的用水会照常入账，列为以前年度调整。",
        )
    period.state = state
    period.save(update_fields=["state"])


def _with_period(entries: Sequence[Entry]) -> list[tuple[Entry, PeriodState]]:
    wanted = {(e.debit.area or e.credit.area, e.debit.year) for e in entries}
    areas, years = zip(*sorted(wanted), strict=True) if wanted else ((), ())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.area_id, p.year, p.state FROM ledger_period p
            JOIN unnest(%s::bigint[], %s::int[]) AS w(area, year)
              ON p.area_id = w.area AND p.year = w.year
            ORDER BY p.id FOR SHARE OF p
            """,
            [list(areas), list(years)],
        )
        states = {(area, year): PeriodState(state) for area, year, state in cursor.fetchall()}
    return [
        (e, states.get((e.debit.area or e.credit.area, e.debit.year), PeriodState.OPEN))
        for e in entries
    ]


def _in_period(entry: Entry, state: PeriodState) -> Entry:
    if entry.corrects is None:
        entry = replace(entry, code=rules.code_in_period(entry.code, state))
    rules.check_period(state, rules.check_entry(entry))
    return entry


def _locked(keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    by_name = {key.name: key for key in sorted(keys)}
    _create_missing(by_name)
    rows = (
        Account.objects.filter(name__in=list(by_name)).order_by("pk").select_for_update(no_key=True)
    )
    accounts = {by_name[row.name]: row for row in rows}
    assert len(accounts) == len(by_name), "an account could not be made"
    return accounts


def _create_missing(by_name: dict[str, AccountKey]) -> None:
    known = set(Account.objects.filter(name__in=list(by_name)).values_list("name", flat=True))
    missing = [
        Account(
            book=key.book,
            year=key.year,
            source=key.source,
            kind=key.kind,
            area_id=key.area or None,
            sector=key.sector or "",
            unit_id=key.unit or None,
            supplier_id=key.supplier or None,
            document=key.document,
        )
        for name, key in by_name.items()
        if name not in known
    ]
    Account.objects.bulk_create(missing, ignore_conflicts=True, batch_size=2000)


def _not_yet_posted(entries: list[Entry]) -> list[Entry]:
    keys = [entry.key for entry in entries if entry.key]
    if not keys:
        return entries
    posted = {
        transfer.key: transfer
        for transfer in Transfer.objects.filter(key__in=keys).select_related("debit", "credit")
    }
    for entry in entries:
        old = posted.get(entry.key)
        if old is not None and (old.amount, old.debit.key, old.credit.key) != (
            entry.amount,
            entry.debit,
            entry.credit,
        ):
            raise Refusal(
                "ledger.key_reused",
                f"同一编号（{entry.key}）已经记过另一笔水量 {old.amount}。",
                kind=Kind.CONFLICT,
                remedy="更正请用更正单，不要改原来那一笔。",
            )
    return [entry for entry in entries if entry.key not in posted]


def _write(
    entries: Sequence[Entry],
    movement: dict[AccountKey, Movement],
    accounts: dict[AccountKey, Account],
    act: Act,
) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY ledger_transfer (amount, code, debit_id, credit_id, book, year, source,"
            " effective_on, recorded_at, document, key, act_id, corrects_id, note) FROM STDIN"
        ) as copy:
            for line, entry in enumerate(entries):
                side = entry.debit
                copy.write_row(
                    (
                        entry.amount.m3, entry.code.value,
                        accounts[entry.debit].pk, accounts[entry.credit].pk,
                        side.book.value, side.year, side.source.value,
                        entry.effective_on, act.at, entry.document,
                        entry.key or f"{act.pk}:{line}", act.pk, entry.corrects, entry.note,
                    )
                )  # fmt: skip
        changed = [(accounts[key].pk, change) for key, change in movement.items()]
        cursor.execute(
            """
            UPDATE ledger_account a SET moved_in = a.moved_in + d.moved_in,
                moved_out = a.moved_out + d.moved_out, used = a.used + d.used
            FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                AS d(id, moved_in, moved_out, used)
            WHERE a.id = d.id
            """,
            [
                [pk for pk, _ in changed],
                [change.moved_in for _, change in changed],
                [change.moved_out for _, change in changed],
                [change.used for _, change in changed],
            ],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def print_statement(unit: Unit, year: int, book: Book, *, actor: Actor, now: datetime) -> Paper:
    """水账对账单 of a unit's year as known now; the same books on the same day give the same paper."""
    require(actor, Permission.LEDGER_VIEW, unit.place)
    lines = statement(unit.pk, year, book)
    last = max((line.transfer.pk for line in lines), default=0)
    today = beijing_date(now)
    return create_paper(
        PaperKind.STATEMENT,
        StatementFacts(
            holder=unit.name,
            holder_number=unit.code,
            area=unit.region.name,
            account=book.label,
            year=year,
            since=date(year, 1, 1),
            until=min(today, date(year, 12, 31)),
            known_on=today,
            opening_quota=Volume(),
            opening_used=Volume(),
            entries=tuple(_printed(line) for line in lines),
        ),
        title=f"{unit.name} {year} 年度水账对账单",
        issuer=unit.region.name,
        holder=unit.name,
        area=unit.region,
        unit_id=unit.pk,
        year=year,
        subject=f"account/{unit.pk}-{year}",
        actor=actor,
        now=now,
        key=f"statement:{unit.pk}-{year}:{today}:{last}",
    )


def _printed(line: StatementLine) -> StatementEntry:
    return StatementEntry(
        on=line.transfer.effective_on,
        kind="更正" if line.is_correction else line.code.label,
        summary=" ".join(word for word in (line.source.label, line.transfer.note) if word),
        document=f"流水 {line.transfer.pk}",
        grant=line.granted,
        used=line.used,
    )
