"""下达: from an allocation plan and a baseline to the transfers that make quotas spendable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shuiheng.core.apportion import apportion
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, Entry


@dataclass(frozen=True, slots=True)
class RegionGrant:
    """What a region is allotted of a source, and what of it is set aside as its reserve."""

    area: int
    source: Source
    allotted: Volume
    reserve: Volume


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """A unit's issued figure of one source. In the network book `supplier` is set; the loss line of
    a supplier has the sector LOSS."""

    book: Book
    area: int
    source: Source
    sector: Sector
    unit: int
    volume: Volume
    supplier: int = 0

    def account(self, year: int) -> AccountKey:
        kind = AccountKind.LOSS if self.sector is Sector.LOSS else AccountKind.QUOTA
        return AccountKey(
            self.book, year, self.source, kind, self.area, self.sector, self.unit, self.supplier
        )


@dataclass(frozen=True, slots=True)
class InterimClaim:
    """An interim quota before the issue: the same account as the later quota."""

    account: AccountKey
    volume: Volume


@dataclass(frozen=True, slots=True)
class IssuePlan:
    """The transfers of one issue, and the figures its preview shows."""

    entries: tuple[Entry, ...]
    units: int
    volume: Volume
    reserve: Volume


def plan_issue(
    city: int,
    year: int,
    *,
    grants: Sequence[RegionGrant],
    undistributed: Mapping[Source, Volume],
    lines: Sequence[IssuedLine],
    interim: Sequence[InterimClaim],
    effective_on: date,
    document: str,
) -> IssuePlan:
    """Allot, hand down, set aside, apportion, take the interim back and issue, in one act.

    Refuses when a region's units and reserve are not its allotment, to the m³ (R01, R02).
    """
    _check_sums(grants, lines)
    book = _Book(year, effective_on, document)
    entries = [
        *book.allot(city, grants, undistributed),
        *book.apportion(lines),
        *take_interim_back(interim, effective_on, document),
        *book.supply(lines),
        *book.issue(lines),
    ]
    abstracted = [line for line in lines if line.book is Book.ABSTRACTION]
    return IssuePlan(
        entries=tuple(entry for entry in entries if entry.amount),
        units=len({line.unit for line in lines}),
        volume=total(line.volume for line in abstracted),
        reserve=total(grant.reserve for grant in grants),
    )


def _check_sums(grants: Sequence[RegionGrant], lines: Sequence[IssuedLine]) -> None:
    handed_out: dict[tuple[int, Source], int] = {}
    for line in lines:
        if line.book is Book.ABSTRACTION:
            place = (line.area, line.source)
            handed_out[place] = handed_out.get(place, 0) + line.volume.m3
    for grant in grants:
        out = handed_out.pop((grant.area, grant.source), 0) + grant.reserve.m3
        if out != grant.allotted.m3:
            raise Refusal(
                "issue.sums",
                f"{grant.source.label}：单位额度加预留 {Volume(out)}，与分配给该区的 "
                f"{grant.allotted} 不相等。",
                kind=Kind.CONFLICT,
                remedy="请重新核算基准额度后再下达。",
                facts={"area": grant.area, "source": grant.source.value},
            )
    if any(handed_out.values()):
        raise Refusal(
            "issue.no_allocation",
            "有单位的额度没有对应的水量分配计划。",
            kind=Kind.CONFLICT,
            remedy="请先补录该区该水源的分配水量，再重新核算。",
        )


@dataclass(frozen=True, slots=True)
class _Book:
    """The year, date and document that all entries of one issue share."""

    year: int
    effective_on: date
    document: str

    def entry(self, code: Code, debit: AccountKey, credit: AccountKey, amount: Volume) -> Entry:
        return Entry(code, debit, credit, amount, self.effective_on, self.document)

    def key(self, source: Source, kind: AccountKind, area: int = 0, **rest: object) -> AccountKey:
        book = Book.NETWORK if source is Source.NETWORK else Book.ABSTRACTION
        return AccountKey(book, self.year, source, kind, area, **rest)  # type: ignore[arg-type]

    def allot(
        self, city: int, grants: Sequence[RegionGrant], undistributed: Mapping[Source, Volume]
    ) -> list[Entry]:
        entries = []
        for source in sorted({g.source for g in grants} | set(undistributed)):
            pool = self.key(source, AccountKind.POOL, city)
            here = [grant for grant in grants if grant.source is source]
            kept = undistributed.get(source, Volume())
            whole = total(grant.allotted for grant in here) + kept
            entries.append(self.entry(Code.ALLOT, self.key(source, AccountKind.WORLD), pool, whole))
            reserve = self.key(source, AccountKind.RESERVE, city)
            entries.append(self.entry(Code.SET_ASIDE, pool, reserve, kept))
            for grant in here:
                own = self.key(source, AccountKind.POOL, grant.area)
                entries.append(self.entry(Code.HANDDOWN, pool, own, grant.allotted))
                reserve = self.key(source, AccountKind.RESERVE, grant.area)
                entries.append(self.entry(Code.SET_ASIDE, own, reserve, grant.reserve))
        return entries

    def apportion(self, lines: Sequence[IssuedLine]) -> list[Entry]:
        cells: dict[tuple[int, Source, Sector], int] = {}
        for line in lines:
            if line.book is Book.ABSTRACTION:
                cell = (line.area, line.source, line.sector)
                cells[cell] = cells.get(cell, 0) + line.volume.m3
        return [
            self.entry(
                Code.APPORTION,
                self.key(source, AccountKind.POOL, area),
                self.key(source, AccountKind.CELL, area, sector=sector),
                Volume(m3),
            )
            for (area, source, sector), m3 in sorted(cells.items())
        ]

    def supply(self, lines: Sequence[IssuedLine]) -> list[Entry]:
        """Σ customers + loss of a supplier = its abstraction: what it may take enters its network."""
        suppliers = {(line.supplier, line.area) for line in lines if line.book is Book.NETWORK}
        taken: dict[int, int] = {}
        for line in lines:
            if line.book is Book.ABSTRACTION:
                taken[line.unit] = taken.get(line.unit, 0) + line.volume.m3
        return [
            self.entry(
                Code.SUPPLY,
                self.key(Source.NETWORK, AccountKind.WORLD, 0, supplier=supplier),
                self.key(Source.NETWORK, AccountKind.POOL, area, supplier=supplier),
                Volume(taken.get(supplier, 0)),
            )
            for supplier, area in sorted(suppliers)
        ]

    def issue(self, lines: Sequence[IssuedLine]) -> list[Entry]:
        entries = []
        for line in lines:
            if line.book is Book.ABSTRACTION:
                origin = self.key(line.source, AccountKind.CELL, line.area, sector=line.sector)
            else:
                origin = self.key(line.source, AccountKind.POOL, line.area, supplier=line.supplier)
            entries.append(self.entry(Code.ISSUE, origin, line.account(self.year), line.volume))
        return entries


def provision_of(account: AccountKey) -> AccountKey:
    """The account that lends an interim quota: one per area, source and supplier."""
    return AccountKey(
        account.book,
        account.year,
        account.source,
        AccountKind.PROVISION,
        account.area,
        supplier=account.supplier,
    )


def plan_interim(
    claims: Sequence[InterimClaim], effective_on: date, document: str
) -> tuple[Entry, ...]:
    """预下达: lent from the provision until the issue swallows it to the m³ (USERS 22)."""
    return tuple(
        Entry(
            Code.INTERIM,
            provision_of(claim.account),
            claim.account,
            claim.volume,
            effective_on,
            document,
            note="下达前先行使用",
        )
        for claim in claims
        if claim.volume
    )


def take_interim_back(
    claims: Sequence[InterimClaim], effective_on: date, document: str
) -> tuple[Entry, ...]:
    """The whole interim goes back in the act that issues the whole figure."""
    return tuple(
        Entry(
            Code.INTERIM_BACK,
            claim.account,
            provision_of(claim.account),
            claim.volume,
            effective_on,
            document,
            note="并入下达额度",
        )
        for claim in claims
        if claim.volume
    )


def issued_months(quota: Volume, plan: Sequence[Volume]) -> tuple[Volume, ...]:
    """The issued figure by month, in the proportion the unit planned; nothing where it planned nothing."""
    if len(plan) != 12 or not any(plan):
        return ()
    return tuple(apportion(quota, [month.m3 for month in plan]))


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What the page says before the issue. `differing` names the regions and sources whose units and
    reserve are not the plan; `uncompiled` and `unapproved` are what still stands in the way."""

    regions: int
    differing: tuple[str, ...]
    unapproved: bool
    uncompiled: int
    shorted: int
    gap: Volume
    empty: int
    interim_units: int
    interim: Volume
    wetness: str


def issue_findings(facts: IssueFacts) -> list[Finding]:
    """The checks before 下达, each in a sentence; must-fix ones are what the issue would refuse."""
    found = []
    if facts.differing:
        where = "、".join(facts.differing[:5])
        found.append(
            Finding(
                "issue.sums",
                Severity.MUST_FIX,
                f"{len(facts.differing)} 处单位额度加预留与分配计划不相等：{where}。请重新核算。",
            )
        )
    else:
        found.append(
            Finding(
                "issue.equal",
                Severity.NOTE,
                f"{facts.regions} 个区逐水源核对：单位额度加预留与年度水量分配计划相等 ✓",
            )
        )
    found += _stage_findings(facts)
    if facts.shorted:
        words = f"{facts.shorted} 项少于审核需求，合计少 {facts.gap.wan()} 万m³，原因逐项列在基准额度页。"
        found.append(Finding("issue.shorted", Severity.LOOK, words))
    if facts.empty:
        words = f"{facts.empty} 项额度是 0（多为没有有效取水许可），这些单位也会收到通知。"
        found.append(Finding("issue.empty", Severity.LOOK, words))
    if facts.interim_units:
        words = f"预下达 {facts.interim_units} 个单位 {facts.interim.wan()} 万m³ 全部并入下达额度，已用的水照记。"
        found.append(Finding("issue.interim", Severity.NOTE, words))
    words = f"分配计划是否已含丰增枯减：{facts.wetness}。下达按计划数办理，不再另算一次。"
    found.append(Finding("issue.wetness", Severity.NOTE, words))
    return found


def _stage_findings(facts: IssueFacts) -> list[Finding]:
    found = []
    if facts.unapproved:
        words = "市级草案还没有审定，不能下达。请先在编制里汇编、上报、审定。"
        found.append(Finding("issue.unapproved", Severity.MUST_FIX, words))
    if facts.uncompiled:
        words = (
            f"测算里有 {facts.uncompiled} 个单位的草案没有汇编，不能下达。请先汇编，或重新测算。"
        )
        found.append(Finding("issue.uncompiled", Severity.MUST_FIX, words))
    return found
