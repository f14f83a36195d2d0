"""Reading the books: balances, a unit's statement, a region's sheet. Everything sums the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import connection, models, transaction
from django.db.models import Case, Count, Q, QuerySet, Sum, When
from django.db.models.functions import Cast

from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import PLAN_SECTORS, Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Account, Period, Transfer
from shuiheng.ledger.rules import (
    AccountKey,
    AccountKind,
    Balance,
    Code,
    PeriodState,
    booked_month,
    sum_balances,
)
from shuiheng.office.models import Area, PolicyValue
from shuiheng.office.selectors import scope
from shuiheng.registry.models import Unit

HOLDING = (AccountKind.QUOTA, AccountKind.LOSS)


def balances(year: int, conditions: Q) -> dict[AccountKey, Balance]:
    """The balances of a year's accounts that meet `conditions`."""
    return {a.key: a.balance for a in Account.objects.filter(conditions, year=year)}


def quotas(year: int, conditions: Q = Q()) -> dict[AccountKey, Balance]:  # noqa: B008
    """What holders have and have used: quota and loss accounts."""
    return balances(year, conditions & Q(kind__in=[kind.value for kind in HOLDING]))


def unit_quotas(units: Iterable[int], year: int) -> dict[int, dict[AccountKey, Balance]]:
    """The quota accounts of each unit, in both books."""
    found: dict[int, dict[AccountKey, Balance]] = {unit: {} for unit in units}
    for key, balance in quotas(year, Q(unit__in=list(found))).items():
        found[key.unit][key] = balance
    return found


def period_state(area: Area, year: int) -> PeriodState:
    row = Period.objects.filter(area=area, year=year).first()
    return row.state_term if row else PeriodState.OPEN


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of an account as on a bank statement; `available` is what was left after it."""

    transfer: Transfer
    code: Code
    source: Source
    sector: Sector | None
    granted: Volume
    used: Volume
    available: Volume
    is_correction: bool


def statement(unit: int, year: int, book: Book | None = None) -> list[StatementLine]:
    """All movements of a unit's quota accounts, oldest first, with the running balance."""
    accounts = Account.objects.filter(
        unit=unit, year=year, kind__in=[kind.value for kind in HOLDING]
    )
    if book is not None:
        accounts = accounts.filter(book=book)
    own = {account.pk: account for account in accounts}
    transfers = (
        Transfer.objects.filter(Q(debit__in=own) | Q(credit__in=own))
        .select_related("act", "debit", "credit")
        .order_by("effective_on", "pk")
    )
    lines: list[StatementLine] = []
    left = Volume()
    for transfer in transfers:
        granted, used = _effect(transfer, own)
        left += granted - used
        account = own.get(transfer.debit_id) or own[transfer.credit_id]
        lines.append(
            StatementLine(
                transfer,
                Code(transfer.code),
                Source(transfer.source),
                account.key.sector,
                granted,
                used,
                left,
                transfer.corrects_id is not None,
            )
        )
    return lines


def _effect(transfer: Transfer, own: dict[int, Account]) -> tuple[Volume, Volume]:
    if AccountKind.USED in (transfer.debit.kind, transfer.credit.kind):
        is_use = transfer.debit_id in own
        return Volume(), transfer.amount if is_use else -transfer.amount
    granted = Volume()
    if transfer.credit_id in own:
        granted += transfer.amount
    if transfer.debit_id in own:
        granted -= transfer.amount
    return granted, Volume()


MONTHLY_USE = """
    SELECT h.area_id, h.unit_id, h.book, h.source, h.sector, h.supplier_id,
           extract(month FROM t.effective_on)::int AS month,
           sum(CASE WHEN t.debit_id = h.id THEN t.amount ELSE -t.amount END) AS used,
           sum(CASE WHEN t.code = 'use_estimated' THEN
               CASE WHEN t.debit_id = h.id THEN t.amount ELSE -t.amount END ELSE 0 END) AS estimated
    FROM ledger_account h
    JOIN ledger_transfer t ON t.debit_id = h.id OR t.credit_id = h.id
    JOIN ledger_account o
      ON o.id = CASE WHEN t.debit_id = h.id THEN t.credit_id ELSE t.debit_id END
    WHERE h.kind IN ('quota', 'loss') AND o.kind = 'used' AND h.year = %s AND {condition}
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class MonthUse:
    """Use of one holder in one month, and how much of it is an estimate."""

    area: int
    unit: int
    book: Book
    source: Source
    sector: Sector
    supplier: int
    month: int
    used: Volume
    estimated: Volume


def monthly_use(
    year: int, *, units: Sequence[int] | None = None, areas: Sequence[int] | None = None
) -> list[MonthUse]:
    """Use by month of the given units, or of all units of the given areas."""
    condition, wanted = ("h.unit_id = ANY(%s)", units)
    if units is None:
        condition, wanted = ("h.area_id = ANY(%s)", areas)
    with connection.cursor() as cursor:
        cursor.execute(MONTHLY_USE.format(condition=condition), [year, list(wanted or [])])
        rows = cursor.fetchall()
    return [
        MonthUse(
            area, unit, Book(book), Source(source), Sector(sector), supplier or 0, month,
            Volume(int(used)), Volume(int(estimated)),
        )
        for area, unit, book, source, sector, supplier, month, used, estimated in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegionSheet:
    """A region's books of a year: the view by source, the view by sector, and the reserve.

    `granted[source]` = Σ sectors + reserve + what waits in its pool; the same for use. A supplier's
    share stands under the sectors of its customers, its loss as a line of its own, and what it has
    not yet handed on (or resolved) as `Sector.SUPPLY`. `lent` is what the provision has advanced before
    the issue (negative), so that the sums hold on every day. What lapsed at the end of the year stays where
    it was granted, so that a closed year reads as it was.
    """

    area: int
    year: int
    granted: dict[Source, Volume]
    used: dict[Source, Volume]
    by_sector: dict[Sector, Balance]
    reserve: dict[Source, Volume]
    pool: dict[Source, Volume]
    suspense: Volume
    lent: Volume

    @property
    def total_granted(self) -> Volume:
        return total(self.granted.values())

    @property
    def total_used(self) -> Volume:
        return total(self.used.values())

    @property
    def total_reserve(self) -> Volume:
        return total(self.reserve.values())


def region_sheets(areas: Sequence[int], year: int) -> dict[int, RegionSheet]:
    """The sheets of several regions in one read."""
    rows: dict[int, dict[AccountKey, Balance]] = {area: {} for area in areas}
    for key, balance in balances(year, Q(area__in=list(areas))).items():
        rows[key.area][key] = balance
    parents = _granted_from_above(areas, year)
    return {area: _sheet(area, year, rows[area], parents[area]) for area in areas}


def region_sheet(area: Area, year: int) -> RegionSheet:
    return region_sheets([area.pk], year)[area.pk]


def _granted_from_above(areas: Sequence[int], year: int) -> dict[int, dict[Source, Volume]]:
    """What came into each area's pools from above less what it handed on or back: its own quota by
    source. A city's own is what it has left undistributed."""
    found: dict[int, dict[Source, Volume]] = {area: {} for area in areas}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.area_id, p.source, sum(CASE WHEN t.credit_id = p.id THEN t.amount ELSE -t.amount END)
            FROM ledger_account p
            JOIN ledger_transfer t ON t.credit_id = p.id OR t.debit_id = p.id
            JOIN ledger_account o
              ON o.id = CASE WHEN t.credit_id = p.id THEN t.debit_id ELSE t.credit_id END
            WHERE p.kind = 'pool' AND p.book = 'abstraction' AND p.year = %s
              AND p.area_id = ANY(%s) AND o.kind IN ('world', 'pool')
            GROUP BY 1, 2
            """,
            [year, list(areas)],
        )
        for area, source, amount in cursor.fetchall():
            found[area][Source(source)] = Volume(int(amount))
    return found


def _sheet(
    area: int, year: int, rows: dict[AccountKey, Balance], granted: dict[Source, Volume]
) -> RegionSheet:
    def by_source(*kinds: AccountKind, whole: bool = True) -> dict[Source, Volume]:
        sums: dict[Source, Volume] = {}
        for key, balance in rows.items():
            counts = key.kind in kinds and key.book is Book.ABSTRACTION
            if counts and (whole or key.sector is None):
                sums[key.source] = sums.get(key.source, Volume()) + balance.net
        return sums

    suspense = [b for key, b in rows.items() if key.kind is AccountKind.SUSPENSE]
    return RegionSheet(
        area=area,
        year=year,
        granted=granted,
        used=by_source(AccountKind.USED),
        by_sector=_by_sector(rows),
        reserve=by_source(AccountKind.RESERVE, AccountKind.LAPSED, whole=False),
        pool=by_source(AccountKind.POOL),
        suspense=total(balance.used for balance in suspense),
        lent=total(by_source(AccountKind.PROVISION).values()),
    )


def _by_sector(rows: dict[AccountKey, Balance]) -> dict[Sector, Balance]:
    """Direct holders by sector; suppliers through their customers; the rest of supply as SUPPLY."""
    wanted = (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY, Sector.UNASSIGNED)
    parts: dict[Sector, list[Balance]] = {sector: [] for sector in wanted}
    holders = (*HOLDING, AccountKind.CELL, AccountKind.ESCROW, AccountKind.LAPSED)
    resolved = Balance()
    for key, balance in rows.items():
        if key.kind not in holders or key.sector is None:
            continue
        if key.book is Book.NETWORK:
            resolved += balance
        parts[key.sector].append(balance)
    supply = sum_balances(parts[Sector.SUPPLY])
    parts[Sector.SUPPLY] = [
        Balance(supply.net - resolved.net, Volume(), supply.used - resolved.used)
    ]
    return {sector: sum_balances(part) for sector, part in parts.items()}


@dataclass(frozen=True, slots=True)
class Breach:
    """Something in the books that cannot be: what, where, and both figures."""

    rule: str
    where: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.rule}：{self.where} 应为 {self.expected:,}，实为 {self.found:,}"


def breaches(areas: Sequence[int], year: int, limit: int = 20) -> list[Breach]:
    """Every broken invariant of a year: projection = transfers; region = Σ sources = Σ sectors +
    reserve; Σ units of a cell ≤ the cell as adjusted; provision empty once issued."""
    with _whole_table_plans():
        found = [*_projection_breaches(year), *_cell_breaches(year), *_network_breaches(year)]
    for sheet in region_sheets(areas, year).values():
        found += _sheet_breaches(sheet)
    return found[:limit]


@contextmanager
def _whole_table_plans() -> Iterator[None]:
    """These queries read whole tables; a planner with stale statistics must not loop row by row."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


PROJECTION = """
    WITH sides AS (
        SELECT t.debit_id AS id, 0 AS moved_in,
               CASE WHEN d.kind = 'used' OR c.kind <> 'used' THEN t.amount ELSE 0 END AS moved_out,
               CASE WHEN c.kind = 'used' THEN t.amount ELSE 0 END AS used
        FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
        JOIN ledger_account c ON c.id = t.credit_id WHERE t.year = %s
        UNION ALL
        SELECT t.credit_id, CASE WHEN c.kind = 'used' OR d.kind <> 'used' THEN t.amount ELSE 0 END, 0,
               CASE WHEN d.kind = 'used' THEN -t.amount ELSE 0 END
        FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
        JOIN ledger_account c ON c.id = t.credit_id WHERE t.year = %s
    ), sums AS (
        SELECT id, sum(moved_in) AS moved_in, sum(moved_out) AS moved_out, sum(used) AS used
        FROM sides GROUP BY id
    )
    SELECT a.name, coalesce(s.moved_in, 0) - coalesce(s.moved_out, 0) - coalesce(s.used, 0),
           a.moved_in - a.moved_out - a.used
    FROM ledger_account a LEFT JOIN sums s ON s.id = a.id
    WHERE a.year = %s AND (a.moved_in, a.moved_out, a.used)
        IS DISTINCT FROM (coalesce(s.moved_in, 0), coalesce(s.moved_out, 0), coalesce(s.used, 0))
"""


def _projection_breaches(year: int) -> list[Breach]:
    with connection.cursor() as cursor:
        cursor.execute(PROJECTION, [year, year, year])
        return [
            Breach("余额等于流水之和", name, int(expected), int(actual))
            for name, expected, actual in cursor.fetchall()
        ]


CELLS = """
    WITH cells AS (
        SELECT area_id, source, sector, moved_in, moved_out FROM ledger_account
        WHERE kind = 'cell' AND book = 'abstraction' AND year = %s
    ), changes AS (
        SELECT q.area_id, q.source, q.sector,
               sum(CASE WHEN t.credit_id = q.id THEN t.amount ELSE -t.amount END) AS adjusted
        FROM ledger_account q JOIN ledger_transfer t ON t.credit_id = q.id OR t.debit_id = q.id
        WHERE q.kind = 'quota' AND q.book = 'abstraction' AND q.year = %s
          AND t.code IN ('increase', 'decrease', 'cut_above', 'trade', 'offer', 'withdraw',
                         'recover', 'return', 'lapse')
        GROUP BY 1, 2, 3
    ), units AS (
        SELECT area_id, source, sector, sum(moved_in - moved_out) AS held FROM ledger_account
        WHERE kind = 'quota' AND book = 'abstraction' AND year = %s GROUP BY 1, 2, 3
    )
    SELECT u.area_id || '/' || u.source || '/' || u.sector,
           c.moved_in + coalesce(x.adjusted, 0), u.held
    FROM units u JOIN cells c USING (area_id, source, sector)
    LEFT JOIN changes x USING (area_id, source, sector)
    WHERE u.held > c.moved_in + coalesce(x.adjusted, 0)
"""


def _cell_breaches(year: int) -> list[Breach]:
    with connection.cursor() as cursor:
        cursor.execute(CELLS, [year, year, year])
        return [
            Breach("单位之和不超过行业额度", place, int(cell), int(units))
            for place, cell, units in cursor.fetchall()
        ]


NETWORKS = """
    WITH intake AS (
        SELECT unit_id AS supplier, sum(moved_in - moved_out) AS net FROM ledger_account
        WHERE year = %s AND book = 'abstraction' AND kind IN ('quota', 'lapsed') AND sector = 'supply'
        GROUP BY 1
    ), network AS (
        SELECT supplier_id AS supplier, sum(moved_in - moved_out) AS net FROM ledger_account
        WHERE year = %s AND book = 'network'
          AND kind IN ('quota', 'loss', 'pool', 'provision', 'lapsed')
        GROUP BY 1
    ), lent AS (
        SELECT supplier_id AS supplier, sum(moved_in - moved_out) AS net FROM ledger_account
        WHERE year = %s AND book = 'network' AND kind = 'provision' GROUP BY 1
    )
    SELECT n.supplier, coalesce(i.net, 0), n.net
    FROM network n LEFT JOIN intake i USING (supplier) LEFT JOIN lent l USING (supplier)
    WHERE coalesce(l.net, 0) = 0 AND n.net <> coalesce(i.net, 0)
"""


def _network_breaches(year: int) -> list[Breach]:
    with connection.cursor() as cursor:
        cursor.execute(NETWORKS, [year, year, year])
        return [
            Breach("供水单位取水额度等于用户加损失", f"供水单位 {supplier}", int(intake), int(net))
            for supplier, intake, net in cursor.fetchall()
        ]


def _sheet_breaches(sheet: RegionSheet) -> list[Breach]:
    """region = Σ sources = Σ sectors + reserve (+ what still waits in the pool), granted and used."""
    where = f"区域 {sheet.area} {sheet.year}"
    sectors = sum_balances(list(sheet.by_sector.values()))
    held = sectors.net + sheet.total_reserve + total(sheet.pool.values()) + sheet.lent
    found = []
    if held != sheet.total_granted:
        rule = "区域额度等于各行业加预留"
        found.append(Breach(rule, where, sheet.total_granted.m3, held.m3))
    if sectors.used + sheet.suspense != sheet.total_used:
        rule = "分水源用水等于分行业用水"
        used = (sectors.used + sheet.suspense).m3
        found.append(Breach(rule, where, sheet.total_used.m3, used))
    return found


def transfers_of(document: str) -> list[Transfer]:
    """The transfers that a document has posted, for its page."""
    return list(
        Transfer.objects.filter(document=document)
        .select_related("debit__unit", "credit__unit", "debit__area", "credit__area", "act")
        .order_by("pk")
    )


def use_through(units: Sequence[int], year: int, day: date) -> dict[int, Volume]:
    """Σ use of each unit with an effective date up to `day`, both books."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT h.unit_id, sum(CASE WHEN t.debit_id = h.id THEN t.amount ELSE -t.amount END)
            FROM ledger_account h
            JOIN ledger_transfer t ON t.debit_id = h.id OR t.credit_id = h.id
            JOIN ledger_account o
              ON o.id = CASE WHEN t.debit_id = h.id THEN t.credit_id ELSE t.debit_id END
            WHERE h.kind = 'quota' AND o.kind = 'used' AND h.year = %s AND h.unit_id = ANY(%s)
              AND t.effective_on <= %s
            GROUP BY 1
            """,
            [year, list(units), day],
        )
        return {unit: Volume(int(used)) for unit, used in cursor.fetchall()}


# -- what a person may open ------------------------------------------------------------------------


def unit_seen(actor: Actor, unit_id: int, permission: Permission = Permission.LEDGER_VIEW) -> Unit:
    """A unit the person may see the books of; another's is missing, not forbidden."""
    units = Unit.objects.visible_to(actor, permission)
    unit = units.select_related("region__parent", "address_area").filter(pk=unit_id).first()
    if unit is None:
        raise _missing("单位")
    return unit


def area_seen(actor: Actor, area_id: int) -> Area:
    """An area whose books the person may see."""
    area = Area.objects.select_related("parent").filter(pk=area_id).first()
    if area is None or not actor.may(Permission.LEDGER_VIEW, area.place):
        raise _missing("区域")
    return area


def transfers_seen(actor: Actor) -> QuerySet[Transfer]:
    """The transfers that touch an account of the person's: a unit sees its own side of a document."""
    ours = Q(pk__in=[])
    for side in ("debit", "credit"):
        ours |= scope(actor, Permission.LEDGER_VIEW, area=f"{side}__area", unit=f"{side}__unit")
    related = ("debit__unit", "credit__unit", "debit__area", "credit__area", "act")
    return Transfer.objects.filter(ours).select_related(*related)


def _missing(what: str) -> Refusal:
    return Refusal(
        "ledger.not_found",
        f"没有这个{what}的水账，或者它不在您可以查看的范围里。",
        kind=Kind.MISSING,
        remedy="请从首页或上面的搜索重新进入。",
    )


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What use is held against: the last month in the books, and from how far beyond plan to warn."""

    month: int
    warn_percent: int


def yardstick(year: int, today: date) -> Yardstick:
    rows = PolicyValue.objects.filter(
        key__in=["report.day", "execution.warn_percent"], effective_from__lte=today, area=None
    )
    values: dict[str, int] = {}
    for row in rows:  # newest first within a key
        values.setdefault(row.key, row.value)
    month = booked_month(year, today, values["report.day"])
    return Yardstick(month, values["execution.warn_percent"])


@dataclass(frozen=True, slots=True)
class SupplyBooks:
    """A supplier's month in the books: 取水 = 供水 + 损失 once the month is closed (USERS 2)."""

    month: int
    abstraction: Volume
    deliveries: Volume
    loss: Volume

    @property
    def open_difference(self) -> Volume:
        """What has been taken and is neither delivered nor lost yet: the month is not closed."""
        return self.abstraction - self.deliveries - self.loss


def supply_by_month(supplier: int, year: int) -> list[SupplyBooks]:
    """Twelve months of a supplier: what it took, what it delivered, what was lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            MONTHLY_USE.format(condition="(h.unit_id = %s OR h.supplier_id = %s)"),
            [year, supplier, supplier],
        )
        rows = cursor.fetchall()
    sums = {month: [0, 0, 0] for month in range(1, 13)}
    for _, _, book, _, sector, _, month, used, _ in rows:
        place = 0 if book == Book.ABSTRACTION else 2 if sector == Sector.LOSS else 1
        sums[month][place] += int(used)
    return [SupplyBooks(month, *map(Volume, parts)) for month, parts in sums.items()]


def quotas_of_unit(unit: int, year: int, book: Book) -> dict[AccountKey, Balance]:
    """A unit's own quotas in one book; a supplier's losses stand in its network, not here."""
    return balances(year, Q(unit=unit, book=book, kind=AccountKind.QUOTA.value))


def sums_by_code(transfers: QuerySet[Transfer]) -> list[tuple[str, Volume, int]]:
    """Σ and count of transfers by code, the largest first; a reverse pair counts against its code."""
    amount = Cast("amount", models.BigIntegerField())
    signed = Case(
        When(corrects__isnull=False, then=-amount),
        default=amount,
        output_field=models.BigIntegerField(),
    )
    rows = transfers.order_by().values_list("code").annotate(sum=Sum(signed), n=Count("pk"))
    found = [(code, Volume(int(amount)), n) for code, amount, n in rows]
    return sorted(found, key=lambda row: -abs(row[1].m3))
