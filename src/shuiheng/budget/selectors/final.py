"""Reading 决算: accounts by state, one account with its lines, districts, what lapses, what came late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from shuiheng.budget.models import AreaFinal, FinalAccount, FinalLine
from shuiheng.budget.rules import FinalState
from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import CUSTOMER_KINDS, NATURAL_SOURCES, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import Entry
from shuiheng.ledger.selectors import unit_quotas
from shuiheng.office.models import Area, VolumeField
from shuiheng.office.selectors import scope

USE = Q(credit__kind="used") | Q(debit__kind="used")


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
    lines = sorted(account.lines.all(), key=lambda line: (line.book, line.pk))
    late: dict[tuple[str, str, str], Volume] = {}
    if any(line.closed_used is not None for line in lines):
        late = _use_now(account.budget.unit_id, account.budget.year)
    return [StatedLine(line, _came_late(line, late)) for line in lines]


def _use_now(unit: int, year: int) -> dict[tuple[str, str, str], Volume]:
    return {
        (key.book.value, key.source.value, key.sector.value if key.sector else ""): balance.used
        for key, balance in unit_quotas([unit], year)[unit].items()
    }


def _came_late(line: FinalLine, use_now: dict[tuple[str, str, str], Volume]) -> Volume:
    if line.closed_used is None:
        return Volume()
    late: Volume = use_now.get((line.book, line.source, line.sector), Volume()) - line.closed_used
    return late


@dataclass(frozen=True, slots=True)
class LateUse:
    """以前年度调整: use that reached a locked year. It reduces no quota of the open year."""

    year: int
    entries: int
    volume: Volume


def late_use(areas: Sequence[Area], closed: Sequence[int]) -> list[LateUse]:
    """What came after the lock of each closed year, corrections counted with their sign.

    The act that closed a year is the one that let its rest lapse; what is late was posted after it.
    """
    if not closed:
        return []
    acts = (
        Transfer.objects.filter(document__in=[f"area-final/{year}" for year in closed])
        .values_list("year")
        .annotate(act=Max("act"))
    )
    found = []
    for year, act in acts.order_by("-year"):
        late = Transfer.objects.filter(act__gt=act, year=year, book="abstraction")
        sums = late.filter(credit__area__in=areas).aggregate(
            entries=Count("pk", filter=USE),
            more=Sum(
                "amount", filter=Q(credit__kind="used"), default=0, output_field=VolumeField()
            ),
            less=Sum("amount", filter=Q(debit__kind="used"), default=0, output_field=VolumeField()),
        )
        if sums["entries"]:
            found.append(LateUse(year, sums["entries"], sums["more"] - sums["less"]))
    return found


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
        .annotate(whole=Count("pk"), reviewed=Count("pk", filter=done))
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
    order = [source for source in NATURAL_SOURCES if source in found]
    return [Lapse(source, *(Volume(m3) for m3 in found[source])) for source in order]


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
