"""方案会商: a run asked again with other caps, another year, another reserve, another way of sharing. Pure.

A `Case` is a run laid out in columns once; each plan of sharing (policy, order, replacement) is framed and
prepared once as a `Layout`; then caps, wetness and reserve cost one `solve` and a few sums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, Sector, Source, Term
from shuiheng.core.volume import Volume
from shuiheng.engine.explain import certificates_of
from shuiheng.engine.problem import NONE, Problem, SharingPolicy
from shuiheng.engine.solve import Prepared, prepare, solve
from shuiheng.quota.rules.bridge import CITY, COLUMN, frame
from shuiheng.quota.rules.claims import PER_10000, Claim, RunInputs, SharingRules, Tier
from shuiheng.quota.rules.network import SECTORS, NetworkTable, network_by_sector, network_table

Int = NDArray[np.int64]

WHOLE = 1_000  # caps move in thousandths of what is in force
MOST_CAP = 2_000
WETNESS = (1_000, 20_000)  # per 10,000 of the mean: beyond it a figure is a typing error
MOST_RESERVE = 3_000  # per 10,000
MOST_CAPS = 40
MOST_SHOWN = 10
ALL = 0  # the area of a change that goes for all regions


class GuaranteeOrder(Term):
    """保障顺序: agriculture strictly before industry can be chosen, and never is the default (USERS 3)."""

    POLICY = "policy", "按政策参数的顺序"
    AGRICULTURE_FIRST = "agriculture_first", "农业全部优先于工业"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a problem has to be framed anew for."""

    policy: SharingPolicy
    order: GuaranteeOrder
    replaces: bool


@dataclass(frozen=True, slots=True, order=True)
class CapChange:
    """The cap of a source in a region (or in `ALL`), in thousandths of what is in force."""

    area: int
    source: str
    per_mille: int


@dataclass(frozen=True, slots=True)
class Settings:
    """One position of the board. `caps` holds only what differs; a region's own change goes before ALL's."""

    plan: Plan
    wetness: int
    reserve: int
    caps: tuple[CapChange, ...] = ()

    def cap_of(self, area: int, source: str) -> int:
        own = {change.area: change.per_mille for change in self.caps if change.source == source}
        return own.get(area, own.get(ALL, WHOLE))


@dataclass(frozen=True, slots=True)
class Named:
    """A region, source or sector by its key."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A plan, ready to solve: `user[C]` is where each claim of the case stands in it."""

    prepared: Prepared
    user: Int


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Claims in columns: `unit[C]` into `units`, `region[C]` and `sector[C]` into theirs, `column[C]` a source;
    `supplier[C]` into `networks`, −1 for who uses his own water. `caps[V,k]` are in force, row 0 the city's.

    `frame` asks for a plan's problem and the claims' users in it; `surface` is the column that wetness moves.
    """

    regions: tuple[Named, ...]
    areas: tuple[int, ...]
    sources: tuple[Named, ...]
    sectors: tuple[Named, ...]
    units: Int
    unit: Int
    region: Int
    sector: Int
    column: Int
    wanted: Int
    supplier: Int
    networks: tuple[NetworkTable, ...]
    caps: Int
    surface: int
    force: Settings
    frame: Callable[[Plan], tuple[Problem, Int]]


def lay_out(case: Case, plan: Plan) -> Layout:
    problem, user = case.frame(plan)
    return Layout(prepare(problem), user)


# -- a run as a case ------------------------------------------------------------------------------


def agriculture_first(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """The same order with agriculture in a tier of its own before the first that holds industry."""
    rest = [replace(tier, sectors=tier.sectors - {Sector.AGRICULTURE}) for tier in tiers]
    made: list[Tier] = []
    for tier in rest:
        if Sector.INDUSTRY in tier.sectors:
            made.append(Tier(0, Sector.AGRICULTURE.label, frozenset({Sector.AGRICULTURE}), False))
        if tier.sectors or tier.living:
            made.append(tier)
    return tuple(replace(tier, number=number) for number, tier in enumerate(made, start=1))


def orders_of(
    kept: tuple[Tier, ...], policy: tuple[Tier, ...]
) -> tuple[GuaranteeOrder, Mapping[GuaranteeOrder, tuple[Tier, ...]]]:
    """Which order a run was made by, and what the choices mean for it."""
    if kept != policy and kept == agriculture_first(policy):
        return GuaranteeOrder.AGRICULTURE_FIRST, {
            GuaranteeOrder.POLICY: policy,
            GuaranteeOrder.AGRICULTURE_FIRST: kept,
        }
    return GuaranteeOrder.POLICY, {
        GuaranteeOrder.POLICY: kept,
        GuaranteeOrder.AGRICULTURE_FIRST: agriculture_first(kept),
    }


def sharing_under(kept: SharingRules, policy: tuple[Tier, ...], settings: Settings) -> SharingRules:
    """The rules of sharing that a run would be made by under these settings."""
    _, orders = orders_of(kept.tiers, policy)
    return replace(
        kept,
        tiers=orders[settings.plan.order],
        policy=settings.plan.policy,
        reserve_per_10000=settings.reserve,
        replaces=settings.plan.replaces,
    )


def case_of(
    inputs: RunInputs, kept: SharingRules, policy: tuple[Tier, ...], names: Mapping[int, str]
) -> Case:
    """A run's inputs as a case, its own rules in force."""
    order, _ = orders_of(kept.tiers, policy)
    force = Settings(Plan(kept.policy, order, kept.replaces), inputs.base, kept.reserve_per_10000)
    claims = sorted(inputs.claims, key=lambda one: (one.unit, one.sector, COLUMN[one.source]))
    areas = tuple(sorted({a.area for a in inputs.available} | {c.area for c in claims}))
    at = {area: node for node, area in enumerate(areas)}
    caps = np.zeros((len(areas) + 1, len(COLUMN)), np.int64)
    caps[CITY] = NONE
    for one in inputs.available:
        caps[at[one.area] + 1, COLUMN[one.source]] += one.volume.m3
    units = np.unique(_column(claims, lambda one: one.unit))
    suppliers = {unit: i for i, unit in enumerate(inputs.networks)}
    place = {id(claim): i for i, claim in enumerate(claims)}

    def framed(plan: Plan) -> tuple[Problem, Int]:
        sharing = sharing_under(kept, policy, replace(force, plan=plan))
        made = frame(inputs.available, claims, sharing, names=names)
        user = np.zeros(len(claims), np.int64)
        for claim, number, _ in made.claims:
            user[place[id(claim)]] = number
        return made.problem, user

    return Case(
        regions=tuple(Named(str(area), names.get(area, str(area))) for area in areas),
        areas=areas,
        sources=tuple(Named(source.value, source.label) for source in NATURAL_SOURCES),
        sectors=tuple(Named(sector.value, sector.label) for sector in SECTORS),
        units=units,
        unit=np.searchsorted(units, _column(claims, lambda one: one.unit)),
        region=_column(claims, lambda one: at[one.area]),
        sector=_column(claims, lambda one: SECTORS.index(one.sector)),
        column=_column(claims, lambda one: COLUMN[one.source]),
        wanted=_column(claims, lambda one: one.wanted.m3),
        supplier=_column(claims, lambda one: suppliers.get(one.unit, -1)),
        networks=tuple(network_table(asked) for asked in inputs.networks.values()),
        caps=caps,
        surface=COLUMN[Source.SURFACE],
        force=force,
        frame=framed,
    )


def _column(claims: Sequence[Claim], figure: Callable[[Claim], int]) -> Int:
    return np.array([figure(claim) for claim in claims], np.int64)


# -- what may be asked ----------------------------------------------------------------------------


def check_settings(case: Case, settings: Settings) -> None:
    """Refuse what no board can mean: a cap that is not there, a year or a reserve beyond belief."""
    if len(settings.caps) > MOST_CAPS:
        raise Refusal(
            "board.too_many_caps",
            f"一次最多改 {MOST_CAPS} 个上限。",
            remedy="请先恢复几个，或者改“各区”一栏。",
        )
    for change in settings.caps:
        _check_cap(case, change)
    low, high = WETNESS
    if not low <= settings.wetness <= high:
        raise Refusal(
            "board.wetness",
            f"地表来水要在多年平均的 {low / 100:g}% 到 {high / 100:g}% 之间。",
            field="wet",
            remedy="枯水年请按 P=75%、P=95% 的按钮。",
        )
    if not 0 <= settings.reserve <= MOST_RESERVE:
        raise Refusal(
            "board.reserve",
            f"预留比例要在 0 到 {MOST_RESERVE / 100:g}% 之间。",
            field="reserve",
            remedy="预留多了，各单位都不够用；请填小一些。",
        )


def _check_cap(case: Case, change: CapChange) -> None:
    field = cap_field(change.area, change.source)
    columns = [i for i, source in enumerate(case.sources) if source.key == change.source]
    rows = [i + 1 for i, area in enumerate(case.areas) if change.area in (ALL, area)]
    if not columns or not rows or not case.caps[rows][:, columns].any():
        raise Refusal(
            "board.no_cap",
            "这次测算里没有这个区这种水源的分配水量，没有上限可改。",
            field=field,
            remedy="请从“再改一个区”里选。",
        )
    if not 0 <= change.per_mille <= MOST_CAP:
        raise Refusal(
            "board.cap",
            f"上限要在现行的 0 到 {MOST_CAP // 10}% 之间。",
            field=field,
            remedy="新增水源请由上级调整录入，再重新测算。",
        )


def cap_field(area: int, source: str) -> str:
    """The name under which a cap is asked for: cap-ground, cap-ground-12."""
    return f"cap-{source}" if area == ALL else f"cap-{source}-{area}"


def caps_under(case: Case, settings: Settings) -> tuple[Int, Int]:
    """Caps and reserve [V,k] under the settings; with those in force they are the run's own."""
    caps = case.caps.copy()
    for row, area in enumerate(case.areas, start=1):
        for column, source in enumerate(case.sources):
            cap = int(caps[row, column]) * settings.cap_of(area, source.key) // WHOLE
            if column == case.surface:
                cap = cap * settings.wetness // case.force.wetness
            caps[row, column] = cap
    reserve = np.zeros_like(caps)
    reserve[1:] = caps[1:] * settings.reserve // PER_10000
    return caps, reserve


# -- the answer -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Whole m³: by unit [U], and by region, source and sector; `binding` is (users, words), most users first."""

    units: Int
    regions: Int
    sources: Int
    sectors: Int
    available: int
    floors_cut: bool
    binding: tuple[tuple[int, str], ...]

    @property
    def granted(self) -> int:
        return int(self.sources.sum())


def answer(case: Case, layout: Layout, settings: Settings) -> Answered:
    """Share under the settings; `layout` is that of their plan."""
    caps, reserve = caps_under(case, settings)
    problem = replace(layout.prepared.problem, source_cap=caps, reserve=reserve)
    solution = solve(replace(layout.prepared, problem=problem))
    _, by_source, _ = solution.grants()
    granted = by_source[layout.user, case.column]
    found = sorted(certificates_of(solution), key=lambda one: -one.users)
    return Answered(
        units=_sums(case.unit, granted, len(case.units)),
        regions=_sums(case.region, granted, len(case.areas)),
        sources=_sums(case.column, granted, len(case.sources)),
        sectors=_by_sector(case, granted),
        available=int(caps[1:].sum()),
        floors_cut=solution.floors_cut,
        binding=tuple((one.users, one.text) for one in found if one.users),
    )


def _sums(place: Int, volume: Int, size: int) -> Int:
    sums = np.zeros(size, np.int64)
    np.add.at(sums, place, volume)
    return sums


def _by_sector(case: Case, granted: Int) -> Int:
    """A supplier's water stands under its customers' sectors and its loss."""
    own = case.supplier < 0
    sums = _sums(case.sector[own], granted[own], len(case.sectors))
    intake = _sums(case.supplier[~own], granted[~own], len(case.networks))
    asked = np.unique(case.supplier[~own])
    for number in asked:
        sums += network_by_sector(int(intake[number]), case.networks[number])
    return sums


@dataclass(frozen=True, slots=True)
class Compared:
    """What somebody has in force, and what he would have."""

    key: str
    name: str
    before: Volume
    now: Volume

    @property
    def change(self) -> Volume:
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer against what is in force: who gains, who loses, which caps bind."""

    settings: Settings
    regions: tuple[Compared, ...]
    sources: tuple[Compared, ...]
    sectors: tuple[Compared, ...]
    granted: Compared
    available: Compared
    reserve: Compared
    missing: Volume
    losers: tuple[Compared, ...]
    gainers: tuple[Compared, ...]
    losing: int
    gaining: int
    lost: Volume
    gained: Volume
    binding: tuple[tuple[int, str], ...]
    floors_cut: bool


def outcome(
    case: Case, layout: Layout, settings: Settings, before: Answered, *, most: int = MOST_SHOWN
) -> Outcome:
    """The settings' answer set against `before`, the answer in force; units by their key, names to be found."""
    return compare(case, before, answer(case, layout, settings), settings, most=most)


def compare(
    case: Case, before: Answered, now: Answered, settings: Settings, *, most: int = MOST_SHOWN
) -> Outcome:
    change = now.units - before.units
    down, up = change < 0, change > 0
    return Outcome(
        settings=settings,
        regions=_compared(case.regions, before.regions, now.regions),
        sources=_compared(case.sources, before.sources, now.sources),
        sectors=_compared(case.sectors, before.sectors, now.sectors),
        granted=_pair("额度", before.granted, now.granted),
        available=_pair("可分水量", before.available, now.available),
        reserve=_pair("预留", before.available - before.granted, now.available - now.granted),
        missing=Volume(int(case.wanted.sum()) - now.granted),
        losers=_foremost(case, before.units, now.units, change, most),
        gainers=_foremost(case, before.units, now.units, -change, most),
        losing=int(down.sum()),
        gaining=int(up.sum()),
        lost=Volume(int(-change[down].sum())),
        gained=Volume(int(change[up].sum())),
        binding=now.binding,
        floors_cut=now.floors_cut,
    )


def _pair(name: str, before: int, now: int) -> Compared:
    return Compared("", name, Volume(before), Volume(now))


def _compared(named: Sequence[Named], before: Int, now: Int) -> tuple[Compared, ...]:
    rows = zip(named, before, now, strict=True)
    return tuple(
        Compared(one.key, one.name, Volume(int(old)), Volume(int(new)))
        for one, old, new in rows
        if old or new
    )


def _foremost(case: Case, before: Int, now: Int, change: Int, most: int) -> tuple[Compared, ...]:
    """The units whose `change` is furthest below 0, ties to the earlier unit."""
    most = min(most, len(change))
    near = np.argpartition(change, most - 1)[:most] if most else np.zeros(0, np.int64)
    edge = change[near].max(initial=0)
    near = np.nonzero((change <= edge) & (change < 0))[0]
    first = near[np.argsort(change[near], kind="stable")][:most]
    return tuple(
        Compared(str(case.units[i]), "", Volume(int(before[i])), Volume(int(now[i]))) for i in first
    )


# -- what may be adopted --------------------------------------------------------------------------


def check_adoption(case: Case, settings: Settings) -> None:
    """Only what the city itself decides becomes a run: caps and the year are given from above (USERS 1)."""
    force = case.force
    if settings.caps or settings.wetness != force.wetness:
        raise Refusal(
            "board.given_from_above",
            "这个方案改了分区的水量上限或来水：试点期间各区水量与下达的年度水量分配计划一致，不能由测算来改。",
            remedy="请在“上级调整”里录入新的分配文件，或改用上限和来水与现行一致的方案。",
        )
    if settings == force:
        raise Refusal(
            "board.nothing_changed",
            "这个方案与现行测算完全一样，没有可采用的改动。",
            remedy="请先改预留比例、分担办法、保障顺序或水源替代，另存为方案。",
        )


# -- scenarios ------------------------------------------------------------------------------------

LONGEST_NAME = 40


def check_name(name: str, taken: Collection[str]) -> None:
    """A scenario is called by a name that no other of its run has."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Refusal(
            "scenario.name",
            f"方案要有名称，最多 {LONGEST_NAME} 个字。",
            field="name",
            remedy="例如“预留 5%”。",
        )
    if name in taken:
        raise Refusal(
            "scenario.name_taken",
            f"已经有叫“{name}”的方案。",
            kind=Kind.CONFLICT,
            field="name",
            remedy="请换一个名称，原来的方案不会被覆盖。",
        )


def check_deletion(*, own: bool, adopted: bool) -> None:
    """Only the maker takes a scenario away, and only while no run was made from it."""
    if adopted:
        raise Refusal(
            "scenario.kept",
            "这个方案已经形成测算，作为依据保留，不能删除。",
            kind=Kind.CONFLICT,
            remedy="不用的测算不采用即可。",
        )
    if not own:
        raise Refusal(
            "scenario.not_yours",
            "这个方案不是您存的，只有存它的人可以删除。",
            kind=Kind.CONFLICT,
            remedy="请联系存方案的人，或者另存一个。",
        )


def summary_of(found: Outcome) -> dict[str, Any]:
    """What a scenario keeps of its outcome: m³ before and after, counts, and which caps bind."""

    def pairs(rows: Sequence[Compared]) -> list[list[object]]:
        return [[row.key, row.name, row.before.m3, row.now.m3] for row in rows]

    return {
        "regions": pairs(found.regions),
        "sources": pairs(found.sources),
        "sectors": pairs(found.sectors),
        "whole": pairs([found.available, found.granted, found.reserve]),
        "losing": found.losing,
        "gaining": found.gaining,
        "lost": found.lost.m3,
        "gained": found.gained.m3,
        "binding": [[users, words] for users, words in found.binding[:MOST_SHOWN]],
    }
