"""Claims and caps as a problem of the engine, and the way back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shuiheng.core.vocabulary import NATURAL_SOURCES
from shuiheng.engine.problem import NONE, Int, Problem, SharingPolicy
from shuiheng.quota.rules.claims import PER_10000, Available, Claim, SharingRules, tier_of

CITY = 0
COLUMN = {source: i for i, source in enumerate(NATURAL_SOURCES)}


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A problem, and for each claim the user and the source under which its answer stands.

    `areas` are the regions of the nodes 1 … V−1; node 0 is the city, without a cap of its own.
    """

    problem: Problem
    claims: tuple[tuple[Claim, int, int], ...]
    areas: tuple[int, ...]


def frame(
    available: Sequence[Available],
    claims: Sequence[Claim],
    rules: SharingRules,
    *,
    names: Mapping[int, str],
) -> Framed:
    """One user per claim, or one per unit and sector with all its sources where they may replace each other.

    Users stand in the order of their unit; what a unit has asked of each source is its wish, its permits are
    caps of its own.
    """
    areas = tuple(sorted({one.area for one in available} | {claim.area for claim in claims}))
    groups = _groups(claims, rules)
    at = {area: node for node, area in enumerate(areas, start=1)}
    tier_at = {tier.number: i for i, tier in enumerate(rules.tiers)}
    orders: dict[tuple[int, ...], int] = {}
    rows = [_user(group, at, tier_at, rules, orders) for group in groups]
    node, tier, preference, demand, floor, weight = (
        np.array([row[i] for row in rows], np.int64) for i in range(6)
    )
    many = [i for i, group in enumerate(groups) if len(group) > 1]
    problem = Problem(
        policy=rules.policy,
        sources=tuple(source.value for source in NATURAL_SOURCES),
        tiers=tuple(tier.name for tier in rules.tiers),
        parent=np.array([-1, *(CITY for _ in areas)], np.int64),
        node_cap=np.full(len(areas) + 1, NONE),
        source_cap=_caps(available, at),
        preferences=np.array(list(orders) or [(-1,) * len(COLUMN)], np.int64),
        node=node,
        tier=tier,
        preference=preference,
        demand=demand,
        floor=floor,
        weight=weight,
        reserve=_reserve(available, at, rules.reserve_per_10000),
        own_users=np.array(many, np.int64),
        own_caps=_table([groups[i] for i in many], "permit"),
        own_wishes=_table([groups[i] for i in many], "wanted"),
        grain=rules.grain,
        node_ids=("city", *areas),
        user_ids=[(g[0].unit, g[0].sector.value, *(c.source.value for c in g)) for g in groups],
        node_names=("全市", *(names.get(area, str(area)) for area in areas)),
    )
    placed = [(claim, i, COLUMN[claim.source]) for i, group in enumerate(groups) for claim in group]
    return Framed(problem, tuple(placed), areas)


def _groups(claims: Sequence[Claim], rules: SharingRules) -> list[list[Claim]]:
    """Claims that may stand in for each other, in the order of unit, sector, source."""
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for claim in sorted(claims, key=lambda c: (c.unit, c.sector, COLUMN[c.source])):
        alone = () if rules.replaces and claim.wanted else (claim.source,)
        groups.setdefault((claim.unit, claim.area, claim.sector, *alone), []).append(claim)
    return list(groups.values())


def _user(
    group: Sequence[Claim],
    at: Mapping[int, int],
    tier_at: Mapping[int, int],
    rules: SharingRules,
    orders: dict[tuple[int, ...], int],
) -> tuple[int, int, int, int, int, int]:
    first = group[0]
    held = {claim.source for claim in group}
    mine = [COLUMN[source] for source in rules.order if source in held]
    order = tuple(mine + [-1] * (len(COLUMN) - len(mine)))
    demand = sum(claim.wanted.m3 for claim in group)
    floor = min(sum(claim.floor.m3 for claim in group), demand)
    weight = max(demand * first.weight, 1) if rules.policy is SharingPolicy.WEIGHTED else 1
    return (
        at[first.area],
        tier_at[tier_of(first, rules.tiers).number],
        orders.setdefault(order, len(orders)),
        demand,
        floor,
        weight,
    )


def _caps(available: Sequence[Available], at: Mapping[int, int]) -> Int:
    """What the plan gives; a source that it does not give a region has nothing there."""
    caps = np.zeros((len(at) + 1, len(COLUMN)), np.int64)
    caps[CITY] = NONE
    for one in available:
        caps[at[one.area], COLUMN[one.source]] += one.volume.m3
    return caps


def _reserve(available: Sequence[Available], at: Mapping[int, int], per_10000: int) -> Int:
    reserve = np.zeros((len(at) + 1, len(COLUMN)), np.int64)
    for one in available:
        reserve[at[one.area], COLUMN[one.source]] += one.volume.m3 * per_10000 // PER_10000
    return reserve


def _table(groups: Sequence[Sequence[Claim]], figure: str) -> Int:
    table = np.zeros((len(groups), len(COLUMN)), np.int64)
    for row, group in enumerate(groups):
        for claim in group:
            volume = getattr(claim, figure)
            table[row, COLUMN[claim.source]] = volume.m3 if volume is not None else 0
    return table
