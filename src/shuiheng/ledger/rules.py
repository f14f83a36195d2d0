"""The code table of the ledger: which transfer may go from where to where, and what class it is.

That an increase comes only from the reserve, or from a trade's escrow or storage, is stated here and
nowhere else (实施方案 四(五); R03).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source, State, Term
from shuiheng.core.volume import Volume, total


class AccountKind(Term):
    WORLD = "world", "账外"
    POOL = "pool", "待分配"
    RESERVE = "reserve", "预留"
    CELL = "cell", "行业待下达"
    PROVISION = "provision", "预下达垫付"
    QUOTA = "quota", "额度"
    LOSS = "loss", "损失额度"
    USED = "used", "已用"
    SUSPENSE = "suspense", "待认领"
    ESCROW = "escrow", "交易冻结"
    STORAGE = "storage", "收储"
    LAPSED = "lapsed", "年末核销"


class CodeClass(Term):
    """Who holds a transfer back: an authority's constraint, a holder's available balance, nobody."""

    GRANT = "grant", "授予"
    DISPOSAL = "disposal", "处置"
    FACT = "fact", "用水"


class Code(Term):
    ALLOT = "allot", "上级分配"
    HANDDOWN = "handdown", "分解到区"
    SET_ASIDE = "set_aside", "提取预留"
    APPORTION = "apportion", "分配到行业"
    INTERIM = "interim", "预下达"
    INTERIM_BACK = "interim_back", "冲回预下达"
    ISSUE = "issue", "下达"
    INCREASE = "increase", "调增"
    DECREASE = "decrease", "调减"
    SUPPLY = "supply", "供水入网"
    SUPPLY_BACK = "supply_back", "供水调出"
    USE_MEASURED = "use_measured", "用水（计量）"
    USE_CONVERTED = "use_converted", "用水（以电折水）"
    USE_REPORTED = "use_reported", "用水（自报）"
    USE_ESTIMATED = "use_estimated", "用水（暂估）"
    USE_LATE = "use_late", "用水（补记）"
    USE_UNKNOWN = "use_unknown", "用水（待认领）"
    LOSS = "loss", "输配水损失"
    OFFER = "offer", "转让冻结"
    WITHDRAW = "withdraw", "撤回转让"
    TRADE = "trade", "交易取得"
    RECOVER = "recover", "收储收回"
    RELEASE = "release", "收储投放"
    RETURN = "return", "退回预留"
    MOVE = "move", "单位内调剂"
    CUT_ABOVE = "cut_above", "上级调减"
    RAISE_ABOVE = "raise_above", "上级调增"
    LAPSE = "lapse", "年末核销"


A, N = Book.ABSTRACTION, Book.NETWORK
K = AccountKind
_GRANT, _FACT, _DISPOSAL = CodeClass.GRANT, CodeClass.FACT, CodeClass.DISPOSAL

# (book, code, debit, credit, class). A route that is not listed is refused.
ROUTES: tuple[tuple[Book, Code, AccountKind, AccountKind, CodeClass], ...] = (
    (A, Code.ALLOT, K.WORLD, K.POOL, _GRANT),
    (A, Code.HANDDOWN, K.POOL, K.POOL, _GRANT),
    (A, Code.SET_ASIDE, K.POOL, K.RESERVE, _GRANT),
    (A, Code.APPORTION, K.POOL, K.CELL, _GRANT),
    (A, Code.INTERIM, K.PROVISION, K.QUOTA, _GRANT),
    (A, Code.INTERIM_BACK, K.QUOTA, K.PROVISION, _GRANT),
    (A, Code.ISSUE, K.CELL, K.QUOTA, _GRANT),
    (A, Code.INCREASE, K.RESERVE, K.QUOTA, _GRANT),
    (A, Code.DECREASE, K.QUOTA, K.RESERVE, _GRANT),
    (A, Code.OFFER, K.QUOTA, K.ESCROW, _DISPOSAL),
    (A, Code.WITHDRAW, K.ESCROW, K.QUOTA, _GRANT),
    (A, Code.TRADE, K.ESCROW, K.QUOTA, _GRANT),
    (A, Code.TRADE, K.ESCROW, K.STORAGE, _GRANT),
    (A, Code.TRADE, K.STORAGE, K.QUOTA, _GRANT),
    (A, Code.RECOVER, K.QUOTA, K.STORAGE, _DISPOSAL),
    (A, Code.RELEASE, K.STORAGE, K.RESERVE, _GRANT),
    (A, Code.RELEASE, K.STORAGE, K.CELL, _GRANT),
    (A, Code.RETURN, K.QUOTA, K.RESERVE, _DISPOSAL),
    (A, Code.MOVE, K.QUOTA, K.QUOTA, _DISPOSAL),
    (A, Code.CUT_ABOVE, K.RESERVE, K.POOL, _GRANT),
    (A, Code.CUT_ABOVE, K.QUOTA, K.POOL, _GRANT),
    (A, Code.CUT_ABOVE, K.POOL, K.POOL, _GRANT),
    (A, Code.CUT_ABOVE, K.POOL, K.WORLD, _GRANT),
    (A, Code.RAISE_ABOVE, K.WORLD, K.POOL, _GRANT),
    (A, Code.RAISE_ABOVE, K.POOL, K.POOL, _GRANT),
    (A, Code.RAISE_ABOVE, K.POOL, K.RESERVE, _GRANT),
    (A, Code.LAPSE, K.QUOTA, K.LAPSED, _GRANT),
    (A, Code.LAPSE, K.CELL, K.LAPSED, _GRANT),
    (A, Code.LAPSE, K.RESERVE, K.LAPSED, _GRANT),
    (A, Code.USE_UNKNOWN, K.SUSPENSE, K.USED, _FACT),
    (N, Code.SUPPLY, K.WORLD, K.POOL, _GRANT),
    (N, Code.SUPPLY_BACK, K.POOL, K.WORLD, _GRANT),
    (N, Code.INTERIM, K.PROVISION, K.QUOTA, _GRANT),
    (N, Code.INTERIM_BACK, K.QUOTA, K.PROVISION, _GRANT),
    (N, Code.INTERIM, K.PROVISION, K.LOSS, _GRANT),
    (N, Code.INTERIM_BACK, K.LOSS, K.PROVISION, _GRANT),
    (N, Code.ISSUE, K.POOL, K.QUOTA, _GRANT),
    (N, Code.ISSUE, K.POOL, K.LOSS, _GRANT),
    (N, Code.INCREASE, K.POOL, K.QUOTA, _GRANT),
    (N, Code.INCREASE, K.POOL, K.LOSS, _GRANT),
    (N, Code.DECREASE, K.QUOTA, K.POOL, _GRANT),
    (N, Code.DECREASE, K.LOSS, K.POOL, _GRANT),
    (N, Code.CUT_ABOVE, K.QUOTA, K.POOL, _GRANT),
    (N, Code.CUT_ABOVE, K.LOSS, K.POOL, _GRANT),
    (N, Code.LAPSE, K.QUOTA, K.LAPSED, _GRANT),
    (N, Code.LAPSE, K.LOSS, K.LAPSED, _GRANT),
    (N, Code.LAPSE, K.POOL, K.LAPSED, _GRANT),
    (N, Code.LOSS, K.LOSS, K.USED, _FACT),
)
USE_CODES = (
    Code.USE_MEASURED,
    Code.USE_CONVERTED,
    Code.USE_REPORTED,
    Code.USE_ESTIMATED,
    Code.USE_LATE,
)
ROUTES += tuple((book, code, K.QUOTA, K.USED, _FACT) for book in (A, N) for code in USE_CODES)

CLASS_OF = {(book, code, debit, credit): cls for book, code, debit, credit, cls in ROUTES}
CANNOT_HOLD_USE = (K.POOL, K.RESERVE, K.CELL, K.PROVISION, K.ESCROW, K.STORAGE, K.LAPSED, K.WORLD)
EXEMPT_FROM_LIMIT = (K.WORLD, K.PROVISION, K.SUSPENSE)


class PeriodState(Term):
    OPEN = "open", "执行中"
    CLOSING = "closing", "决算中"
    LOCKED = "locked", "已封账"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Which account: the natural key, all of it. 0 stands for 'none' in area, unit and supplier.

    Keys sort by their name.
    """

    book: Book
    year: int
    source: Source
    kind: AccountKind
    area: int = 0
    sector: Sector | None = None
    unit: int = 0
    supplier: int = 0
    document: str = ""

    def __post_init__(self) -> None:
        in_network = self.book is Book.NETWORK
        assert in_network == (self.source is Source.NETWORK), "book and source belong together"

    def __lt__(self, other: AccountKey) -> bool:
        return self.name < other.name

    @property
    def name(self) -> str:
        """The key in one word; `ledger_account.name` is computed the same way by the database."""
        parts = (self.book, self.year, self.source, self.kind, self.area, self.sector or "")
        return "/".join(str(part) for part in (*parts, self.unit, self.supplier, self.document))


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer to be posted: `amount` > 0 from `debit` to `credit`, and why."""

    code: Code
    debit: AccountKey
    credit: AccountKey
    amount: Volume
    effective_on: date
    document: str
    key: str = ""
    corrects: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """The three counters of an account. available = moved in − moved out − used; it may be negative."""

    moved_in: Volume = field(default_factory=Volume)
    moved_out: Volume = field(default_factory=Volume)
    used: Volume = field(default_factory=Volume)

    @property
    def net(self) -> Volume:
        """What has been granted and not taken back."""
        return self.moved_in - self.moved_out

    @property
    def available(self) -> Volume:
        return self.moved_in - self.moved_out - self.used

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.moved_in + other.moved_in,
            self.moved_out + other.moved_out,
            self.used + other.used,
        )


def class_of(entry: Entry) -> CodeClass:
    """The class of an entry by its route; a correction of a fact runs the route backwards."""
    route = (entry.debit.book, entry.code, entry.debit.kind, entry.credit.kind)
    if entry.corrects is not None:
        route = (entry.debit.book, entry.code, entry.credit.kind, entry.debit.kind)
    found = CLASS_OF.get(route)
    if found is None or (entry.corrects is not None and found is not CodeClass.FACT):
        raise Refusal(
            "ledger.route",
            f"水账不允许“{entry.code.label}”从{entry.debit.kind.label}记到{entry.credit.kind.label}。",
            remedy="调增只能来自预留或交易取得的指标（实施方案 四(五)）。",
        )
    return found


def check_entry(entry: Entry) -> CodeClass:
    """Refuse an entry that is no transfer of this ledger; return its class."""
    debit, credit = entry.debit, entry.credit
    assert (debit.book, debit.year, debit.source) == (credit.book, credit.year, credit.source), (
        "a change of book, year or source is two transfers of one act"
    )
    if entry.amount.m3 <= 0:
        raise Refusal("ledger.amount", "记入水账的水量必须大于 0。")
    if debit == credit:
        raise Refusal("ledger.same_account", "转出和转入是同一个账户，不用记账。")
    return class_of(entry)


@dataclass(frozen=True, slots=True)
class Movement:
    """What one act adds to the counters of one account."""

    moved_in: int = 0
    moved_out: int = 0
    used: int = 0


def movements(entries: Sequence[Entry]) -> dict[AccountKey, Movement]:
    """Fold entries into one movement per account. Facts change `used` of their holder and move USED."""
    sums: dict[AccountKey, list[int]] = {}
    for entry in entries:
        debit = sums.setdefault(entry.debit, [0, 0, 0])
        credit = sums.setdefault(entry.credit, [0, 0, 0])
        amount = entry.amount.m3
        if class_of(entry) is not CodeClass.FACT:
            debit[1] += amount
            credit[0] += amount
        elif entry.corrects is None:
            debit[2] += amount
            credit[0] += amount
        else:
            debit[1] += amount
            credit[2] -= amount
    return {key: Movement(*parts) for key, parts in sums.items()}


def check_disposals(entries: Sequence[Entry], balances: Mapping[AccountKey, Balance]) -> None:
    """A holder gives away only what is left after use (R16: never use + sell more than the quota)."""
    given: dict[AccountKey, Volume] = {}
    for entry in entries:
        if class_of(entry) is CodeClass.DISPOSAL:
            given[entry.debit] = given.get(entry.debit, Volume()) + entry.amount
    for key, amount in given.items():
        available = balances[key].available
        if amount > available:
            raise Refusal(
                "ledger.not_available",
                f"可用余额只有 {available}，不能转出 {amount}。",
                kind=Kind.CONFLICT,
                facts={"available": available, "amount": amount},
            )


def check_grants(
    movement: Mapping[AccountKey, Movement], balances: Mapping[AccountKey, Balance]
) -> None:
    """An authority gives only what it has been given (the database holds the same line)."""
    for key, change in movement.items():
        if key.kind in EXEMPT_FROM_LIMIT:
            continue
        after = balances[key].net.m3 + change.moved_in - change.moved_out
        if after < 0:
            has = balances[key].net + Volume(change.moved_in)
            raise Refusal(
                "ledger.overdrawn",
                f"{key.source.label}{key.kind.label}只有 {has}，不够转出 {Volume(change.moved_out)}。",
                kind=Kind.CONFLICT,
                remedy="请减少水量，或先补足来源。",
                facts={"has": has, "wanted": Volume(change.moved_out)},
            )


def check_period(state: PeriodState, cls: CodeClass) -> None:
    """In a locked year nothing is granted any more; facts still arrive, as USE_LATE."""
    if state is PeriodState.LOCKED and cls is not CodeClass.FACT:
        raise Refusal(
            "ledger.locked",
            "该年度已封账，额度不能再变动。",
            kind=Kind.CONFLICT,
            remedy="补记的用水会照常入账；额度请在新年度办理。",
        )


def code_in_period(code: Code, state: PeriodState) -> Code:
    """The ledger chooses, not the caller: a use that reaches a locked year is USE_LATE."""
    if state is PeriodState.LOCKED and code in USE_CODES:
        return Code.USE_LATE
    return code


def sum_balances(balances: Sequence[Balance]) -> Balance:
    """Σ balances."""
    return Balance(
        total(b.moved_in for b in balances),
        total(b.moved_out for b in balances),
        total(b.used for b in balances),
    )


def booked_month(year: int, today: date, report_day: int) -> int:
    """The last month of `year` whose use is in the books on `today`: reports of a month are due on
    `report_day` of the next. 0 before the first, 12 after the last."""
    months = (today.year - year) * 12 + today.month - 1 - (today.day < report_day)
    return min(max(months, 0), 12)


def state_of(used: Volume, quota: Volume, planned: Volume, warn_percent: int) -> State:
    """超额: used beyond the quota. 预警: beyond the plan by more than `warn_percent` (execution.warn_percent)."""
    if used > quota:
        return State.OVER
    if used.m3 * 100 > planned.m3 * (100 + warn_percent):
        return State.WARNED
    return State.NORMAL
