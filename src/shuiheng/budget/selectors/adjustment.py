"""Reading 调整: applications, the water they may draw on, and changes from above with their shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Case, IntegerField, QuerySet, Sum, Value, When

from shuiheng.budget import rules
from shuiheng.budget.models import Adjustment, BudgetLine, ChangeAbove
from shuiheng.budget.rules import AdjustmentState
from shuiheng.budget.rules.adjustment import reserve_of
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Code, Entry
from shuiheng.ledger.selectors import unit_quotas
from shuiheng.office.models import Area
from shuiheng.office.selectors import scope
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import permitted, suppliers_of


def standing(keys: Iterable[AccountKey]) -> dict[AccountKey, Balance]:
    """The balances as they are, without locking or making an account: what a preview reads."""
    by_name = {key.name: key for key in keys}
    found = {by_name[a.name]: a.balance for a in Account.objects.filter(name__in=list(by_name))}
    return {key: found.get(key, Balance()) for key in by_name.values()}


class BooksRead:
    """`standing` that remembers what it has read, so that a page reads each account once."""

    def __init__(self) -> None:
        self.seen: dict[AccountKey, Balance] = {}

    def __call__(self, keys: Iterable[AccountKey]) -> dict[AccountKey, Balance]:
        asked = list(keys)
        missing = [key for key in asked if key not in self.seen]
        if missing:
            self.seen.update(standing(missing))
        return {key: self.seen[key] for key in asked}


# -- applications -----------------------------------------------------------------------------------


def adjustments(actor: Actor, year: int) -> QuerySet[Adjustment]:
    """The applications a person may see, those that wait first, then the newest."""
    waiting = Case(
        When(state=AdjustmentState.APPLIED, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    inside = scope(actor, Permission.BUDGET_VIEW, area="budget__region", unit="budget__unit")
    rows = Adjustment.objects.filter(inside, budget__year=year)
    return rows.select_related("budget__unit", "budget__region").order_by(waiting, "-pk")


def adjustment(adjustment_id: int, actor: Actor) -> Adjustment:
    """One application; someone else's is missing, not forbidden."""
    inside = scope(actor, Permission.BUDGET_VIEW, area="budget__region", unit="budget__unit")
    related = ("budget__unit__region", "budget__region", "applied_by")
    row = Adjustment.objects.filter(inside, pk=adjustment_id).select_related(*related).first()
    if row is None:
        raise Refusal(
            "adjustment.not_found",
            "没有这份调整申请，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从预算调整清单进入。",
        )
    return row


@dataclass(frozen=True, slots=True)
class Adjustable:
    """A line that can be adjusted, with what limits it: the quota, its use, the permit, and what its
    reserve (for a customer: what its supplier has not handed out) still holds."""

    line: BudgetLine
    account: AccountKey
    balance: Balance
    permit: Volume | None
    reserve: Volume
    supplier: str = ""

    @property
    def label(self) -> str:
        return f"{self.line.source_term.label} · {self.line.sector_term.label}"

    @property
    def where_from(self) -> str:
        return f"{self.supplier}未分配水量" if self.supplier else "本区预留"


def adjustable(actor: Actor, year: int, day: date) -> list[Adjustable]:
    """The lines of issued budgets for which the person may apply."""
    inside = scope(actor, Permission.ADJUSTMENT_APPLY, area="budget__region", unit="budget__unit")
    rows = BudgetLine.objects.filter(
        inside, budget__year=year, budget__stage=rules.UnitStage.ISSUED, issued__isnull=False
    )
    related = ("budget__unit", "budget__region")
    return _with_limits(list(rows.select_related(*related).order_by("budget", "pk")), year, day)


def _with_limits(lines: Sequence[BudgetLine], year: int, day: date) -> list[Adjustable]:
    units = sorted({line.budget.unit_id for line in lines})
    held = unit_quotas(units, year)
    accounts: list[tuple[BudgetLine, AccountKey, Balance]] = []
    for line in lines:
        for key, balance in held[line.budget.unit_id].items():
            if (key.book, key.source, key.sector) == (line.book, line.source, line.sector):
                accounts.append((line, key, balance))
    permits = permitted(units, day)
    suppliers = suppliers_of(units, day)
    origins = standing(reserve_of(key) for _, key, _ in accounts)
    return [
        Adjustable(
            line,
            key,
            balance,
            permits.get((key.unit, key.source)),
            origins[reserve_of(key)].net,
            _supplier_name(line.budget.unit, key, suppliers.get(key.unit)),
        )
        for line, key, balance in accounts
    ]


def _supplier_name(unit: Unit, key: AccountKey, link: object) -> str:
    if not key.supplier:
        return ""
    supplier = getattr(link, "supplier", None)
    return unit.name if supplier is None else supplier.name


def limits_of(adjustment: Adjustment, day: date) -> Adjustable | None:
    """The line of an application with its limits today; None once its account is gone."""
    lines = BudgetLine.objects.filter(
        budget=adjustment.budget,
        book=adjustment.book,
        source=adjustment.source,
        sector=adjustment.sector,
    ).select_related("budget__unit", "budget__region")
    return next(iter(_with_limits(list(lines), adjustment.budget.year, day)), None)


def is_public_supply(adjustment: Adjustment) -> bool:
    return adjustment.budget.unit.kind_term is UnitKind.WATERWORKS


@dataclass(frozen=True, slots=True)
class Effect:
    """What a plan does to one account: its net figure before and after, and what is available then."""

    account: AccountKey
    before: Volume
    after: Volume
    available: Volume


def effects(entries: Sequence[Entry], books_of: BooksRead) -> list[Effect]:
    """Before and after of every account that a plan of grants touches, but the world outside."""
    change: dict[AccountKey, int] = {}
    for entry in entries:
        change[entry.debit] = change.get(entry.debit, 0) - entry.amount.m3
        change[entry.credit] = change.get(entry.credit, 0) + entry.amount.m3
    books = books_of(key for key in change if key.kind is not AccountKind.WORLD)
    return [
        Effect(
            key,
            balance.net,
            balance.net + Volume(change[key]),
            balance.available + Volume(change[key]),
        )
        for key, balance in books.items()
        if change[key]
    ]


# -- changes from above -----------------------------------------------------------------------------


def changes(city: Area, year: int) -> list[ChangeAbove]:
    """The notices of a year, newest first, with their lines."""
    rows = ChangeAbove.objects.filter(area=city, year=year).select_related("act")
    return list(rows.prefetch_related("lines").order_by("-pk"))


def change(change_id: int, city: Area) -> ChangeAbove:
    rows = ChangeAbove.objects.filter(area=city, pk=change_id).select_related("area", "act")
    row = rows.prefetch_related("lines__area").first()
    if row is None:
        raise Refusal(
            "change.not_found",
            "没有这份上级调整，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从上级调整清单进入。",
        )
    return row


@dataclass(frozen=True, slots=True)
class Loss:
    """What one holder loses by a cut: its quota before and after it, and its account: as it would be
    then for a planned cut, as it is now for one that has been carried out."""

    account: AccountKey
    name: str
    before: Volume
    cut: Volume
    balance: Balance

    @property
    def after(self) -> Volume:
        return self.before - self.cut

    @property
    def is_reserve(self) -> bool:
        return self.account.kind is AccountKind.RESERVE


HELD = (AccountKind.QUOTA, AccountKind.LOSS, AccountKind.RESERVE)


def planned_losses(entries: Sequence[Entry], books_of: BooksRead) -> list[Loss]:
    """What a planned cut takes from whom, customers of a supplier included, largest first."""
    cuts = {e.debit: e.amount for e in entries if e.code is Code.CUT_ABOVE and e.debit.kind in HELD}
    books = books_of(cuts)
    then = {key: books[key] + Balance(moved_out=cut) for key, cut in cuts.items()}
    return _losses(cuts, then, {key: books[key].net for key in cuts})


def posted_losses(change: ChangeAbove) -> list[Loss]:
    """What a change that has been carried out took from whom, beside the books as they are now."""
    cuts: dict[AccountKey, Volume] = {}
    ids: dict[int, AccountKey] = {}
    rows = Transfer.objects.filter(document=f"change/{change.pk}", code=Code.CUT_ABOVE)
    first = 0
    for transfer in rows.select_related("debit").order_by("-pk"):
        first = transfer.pk
        if transfer.debit.kind in HELD:
            key = transfer.debit.key
            ids[transfer.debit_id] = key
            cuts[key] = cuts.get(key, Volume()) + transfer.amount
    before = _net_before(first, ids)
    return _losses(cuts, standing(cuts), before)


def _net_before(first: int, ids: dict[int, AccountKey]) -> dict[AccountKey, Volume]:
    """What the accounts had been granted when the transfer `first` was posted."""
    grants = Transfer.objects.filter(pk__lt=first).exclude(credit__kind="used")
    came = grants.filter(credit__in=ids).exclude(debit__kind="used")
    went = grants.filter(debit__in=ids)
    net = {key: Volume() for key in ids.values()}
    for account, amount in came.values_list("credit").annotate(Sum("amount")):
        net[ids[account]] += amount
    for account, amount in went.values_list("debit").annotate(Sum("amount")):
        net[ids[account]] -= amount
    return net


def _losses(
    cuts: dict[AccountKey, Volume],
    books: dict[AccountKey, Balance],
    before: dict[AccountKey, Volume],
) -> list[Loss]:
    names = dict(Unit.objects.filter(pk__in={key.unit for key in cuts}).values_list("pk", "name"))
    losses = [
        Loss(key, names.get(key.unit, "预留"), before[key], cut, books[key])
        for key, cut in cuts.items()
    ]
    return sorted(losses, key=lambda loss: (not loss.is_reserve, -loss.cut.m3, loss.name))


@dataclass(frozen=True, slots=True)
class OwnCut:
    """What a notice from above took from a unit, of one source."""

    number: str
    title: str
    effective_on: date
    source: Source
    cut: Volume


def own_cuts(units: Sequence[int], year: int) -> list[OwnCut]:
    """The cuts that reached these units' accounts, newest first."""
    rows = (
        Transfer.objects.filter(debit__unit__in=units, year=year, code=Code.CUT_ABOVE)
        .values_list("document", "source")
        .annotate(cut=Sum("amount"))
    )
    cuts = [
        (int(document.rpartition("/")[2]), Source(source), cut) for document, source, cut in rows
    ]
    notices = ChangeAbove.objects.in_bulk([number for number, _, _ in cuts])
    found = [
        OwnCut(notices[n].number, notices[n].title, notices[n].effective_on, source, cut)
        for n, source, cut in cuts
    ]
    return sorted(found, key=lambda own: (own.effective_on, own.source), reverse=True)


@dataclass(frozen=True, slots=True)
class Sheltered:
    """What a cut leaves alone in a region and source: residents, basic ecology, and use so far."""

    living: Volume
    used: Volume


def sheltered(change: ChangeAbove, books: BooksRead) -> dict[tuple[int, Source], Sheltered]:
    """For each region and source that is cut: what is protected there (USERS 4), from the accounts that
    the plan has read."""
    cut = [line for line in change.lines.all() if line.delta.m3 < 0]
    found = {(line.area_id, Source(line.source)): Sheltered(Volume(), Volume()) for line in cut}
    for key, balance in books.seen.items():
        place = (key.area, key.source)
        if place not in found or key.kind is not AccountKind.QUOTA:
            continue
        row = found[place]
        if key.sector in (Sector.RESIDENTS, Sector.ECOLOGY):
            found[place] = replace(row, living=row.living + balance.net)
        else:
            found[place] = replace(row, used=row.used + balance.used)
    return found
