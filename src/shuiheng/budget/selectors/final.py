"""Reading 决算: accounts by state, one account with its lines, districts, what lapses, what came late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from shuiheng.budget.models import AreaFinal, FinalAccount, FinalLine
from shuiheng.budget.rules import FinalState
from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import CUSTOMER_KINDS, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import Code, Entry
from shuiheng.office.models import Area, VolumeField
from shuiheng.office.selectors import scope


def _visible(actor: Actor) -> QuerySet[FinalAccount]:
    inside = scope(actor, Permission.BUDGET_VIEW, area="budget__region", unit="budget__unit")
    return FinalAccount.objects.filter(inside)


def state_counts(actor: Actor, year: int) -> dict[FinalState, int]:
    """How many accounts the person sees in each state."""
    rows = _visible(actor).filter(budget__year=year).values_list("state").annotate(Count("pk"))
    found = {FinalState(state): count for state, count in rows}
    return {state: found.get(state, 0) for state in FinalState}


def final_accounts(
    actor: Actor, year: int, state: FinalState | None, words: str = "", region: str = ""
) -> QuerySet[FinalAccount]:
    """Accounts with their sums: `quota`, `used` to the cut-off, `december`, `closed`.

    A unit counts in the book its water stands in: a customer in its supplier's network, all others by
    what they abstract (USERS 2).
    """
    own = Q(lines__book="abstraction") | Q(budget__unit__kind__in=CUSTOMER_KINDS)
    rows = _visible(actor).filter(budget__year=year)
    if state is not None:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(budget__unit__name__icontains=words)
    if region:
        rows = rows.filter(budget__region__code=region)
    sums = {
        name: Sum(F(f"lines__{field}"), filter=own, default=0, output_field=VolumeField())
        for name, field in (
            ("quota", "quota"),
            ("used", "used"),
            ("december", "december_estimate"),
            ("closed", "closed_used"),
        )
    }
    related = ("budget__unit", "budget__region")
    return rows.select_related(*related).annotate(**sums).order_by("budget__region__rank", "pk")


@dataclass(frozen=True, slots=True)
class Sums:
    """An account of a list that is to be reviewed at once: its quota and its use of the whole year."""

    account: int
    quota: Volume
    used: Volume


def sums_of(rows: QuerySet[Any]) -> list[Sums]:
    """All accounts of a list, not only those of the page that is shown."""
    figures = rows.values_list("pk", "quota", "used", "december")
    return [Sums(pk, quota, used + december) for pk, quota, used, december in figures]


def final_account(account_id: int, actor: Actor) -> FinalAccount:
    """One account with its lines; someone else's is missing, not forbidden."""
    rows = _visible(actor).filter(pk=account_id)
    row = rows.select_related("budget__unit", "budget__region").prefetch_related("lines").first()
    if row is None:
        raise Refusal(
            "final.not_found",
            "没有这份决算，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从决算清单进入。",
        )
    return row


@dataclass(frozen=True, slots=True)
class StatedLine:
    """A line of a final account with what came after the lock."""

    line: FinalLine
    late: Volume

    @property
    def stated(self) -> Volume:
        """The use of the year: as closed, or to the cut-off with December estimated."""
        line = self.line
        stated: Volume = line.used + line.december_estimate
        return stated if line.closed_used is None else line.closed_used

    @property
    def left(self) -> Volume:
        left: Volume = self.line.quota - self.stated
        return left


def stated_lines(account: FinalAccount) -> list[StatedLine]:
    """Natural sources first; use that reached the locked year stands beside, it changes no statement."""
    late = _late_use(account.budget.unit_id, account.budget.year)
    lines = sorted(account.lines.all(), key=lambda line: (line.book, line.pk))
    return [StatedLine(x, late.get((x.book, x.source, x.sector), Volume())) for x in lines]


def _late_use(unit: int, year: int) -> dict[tuple[str, str, str], Volume]:
    rows = Transfer.objects.filter(
        Q(debit__unit=unit) | Q(credit__unit=unit), year=year, code=Code.USE_LATE
    ).select_related("debit", "credit")
    found: dict[tuple[str, str, str], Volume] = {}
    for transfer in rows:
        is_use = transfer.debit.unit_id == unit and transfer.debit.kind != "used"
        holder = transfer.debit if is_use else transfer.credit
        key = (holder.book, holder.source, holder.sector)
        amount = transfer.amount if is_use else -transfer.amount
        found[key] = found.get(key, Volume()) + amount
    return found


@dataclass(frozen=True, slots=True)
class LateUse:
    """以前年度调整: use that reached a locked year. It reduces no quota of the open year."""

    year: int
    entries: int
    volume: Volume


def late_use(areas: Sequence[Area], before: int) -> list[LateUse]:
    """What came late for the years before `before`, a memo line each."""
    rows = (
        Transfer.objects.filter(
            Q(debit__area__in=areas), year__lt=before, code=Code.USE_LATE, book="abstraction"
        )
        .values_list("year")
        .annotate(
            Count("pk"),
            Sum("amount", filter=Q(credit__kind="used"), default=0),
            Sum("amount", filter=Q(debit__kind="used"), default=0),
        )
        .order_by("-year")
    )
    return [
        LateUse(year, count, Volume(_m3(more)) - Volume(_m3(less)))
        for year, count, more, less in rows
    ]


def _m3(volume: object) -> int:
    return volume.m3 if isinstance(volume, Volume) else int(volume)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class DistrictFinal:
    """A district's 决算: how many of its accounts are reviewed, and whether it is completed."""

    final: AreaFinal
    accounts: int
    reviewed: int

    @property
    def waiting(self) -> int:
        return self.accounts - self.reviewed


def district_finals(city: Area, regions: Sequence[Area], year: int) -> list[DistrictFinal]:
    """The districts of a year in order, the city itself last if it is among `regions` or asked for."""
    done = Q(state__in=[FinalState.REVIEWED, FinalState.CLOSED])
    counts = {
        area: (whole, reviewed)
        for area, whole, reviewed in FinalAccount.objects.filter(budget__year=year)
        .values_list("budget__region")
        .annotate(Count("pk"), Count("pk", filter=done))
    }
    finals = AreaFinal.objects.filter(year=year, area__in=[*regions, city]).select_related("area")
    found = [DistrictFinal(final, *counts.get(final.area_id, (0, 0))) for final in finals]
    return sorted(found, key=lambda row: (row.final.area_id == city.pk, row.final.area.rank))


@dataclass(frozen=True, slots=True)
class Lapse:
    """What lapses of one source when the year is closed."""

    source: Source
    quotas: Volume
    reserves: Volume


def lapses(entries: Sequence[Entry]) -> list[Lapse]:
    """Sum a planned lapse by source, units' quotas apart from reserves and pools; natural water only."""
    found: dict[Source, list[int]] = {}
    for entry in entries:
        if entry.debit.source is Source.NETWORK:
            continue
        pair = found.setdefault(entry.debit.source, [0, 0])
        pair[0 if entry.debit.unit else 1] += entry.amount.m3
    return [Lapse(source, Volume(q), Volume(r)) for source, (q, r) in sorted(found.items())]


def no_district() -> Refusal:
    return Refusal(
        "final.no_district",
        "没有这个区县的决算，或者它不归您办理。",
        kind=Kind.MISSING,
        remedy="请从决算清单进入。",
    )


def require_closer(actor: Actor, city: Area) -> None:
    """Only who may close the year sees what would lapse."""
    require(actor, Permission.FINAL_CLOSE, city.place)
