"""A split as a case of the consultation board: counties × industries as users, three sources as caps. Pure.

方法演示，非下达指标: the counties' limits were never published. The order of guarantee is that of the law, as
far as three industries tell: 三产 holds the residents (水法 第21条).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from shuiheng.engine.problem import NONE, Problem, SharingPolicy
from shuiheng.planning.rules.figures import Industry, PlanSource, RunoffSeries
from shuiheng.planning.rules.split import Split
from shuiheng.quota.rules.board import Case, GuaranteeOrder, Named, Plan, Settings
from shuiheng.quota.rules.claims import PER_10000

PERCENTS = (50, 75, 95)
ORDERS = {
    GuaranteeOrder.POLICY: ((Industry.TERTIARY,), (Industry.PRIMARY, Industry.SECONDARY)),
    GuaranteeOrder.AGRICULTURE_FIRST: (
        (Industry.TERTIARY,),
        (Industry.PRIMARY,),
        (Industry.SECONDARY,),
    ),
}
FORCE = Settings(
    Plan(SharingPolicy.PROPORTIONAL, GuaranteeOrder.POLICY, replaces=False), PER_10000, 0
)
"""What the split itself says: everybody has his share, the year is the mean, nothing is set aside."""

Int = NDArray[np.int64]


def wet_years(series: RunoffSeries) -> dict[int, int]:
    """The runoff of years of P = 50, 75 and 95 %, per 10,000 of the printed mean."""
    mean = Decimal(series.mean)
    return {p: int(Decimal(series.quantiles[p]) * PER_10000 / mean) for p in PERCENTS}


def case_of_split(split: Split) -> Case:
    """63 claims: what the split gives an industry of a county of a source is what it asks."""
    counties, sources, industries = split.counties, list(PlanSource), list(Industry)
    places = [
        (c, i, s)
        for c in range(len(counties))
        for i in range(len(industries))
        for s in range(len(sources))
    ]
    county, industry, column = (np.array(one, np.int64) for one in zip(*places, strict=True))
    volumes = {(one.county, one.industry, one.source): one.volume.m3 for one in split.cells}
    wanted = np.array(
        [volumes[counties[c].code, industries[i], sources[s]] for c, i, s in places], np.int64
    )
    caps = np.zeros((len(counties) + 1, len(sources)), np.int64)
    np.add.at(caps, (county + 1, column), wanted)
    caps[0] = NONE
    unit = county * len(industries) + industry

    def framed(plan: Plan) -> tuple[Problem, Int]:
        user = unit if plan.replaces else np.arange(len(unit))
        names = ("全州", *(one.name for one in counties))
        return _problem(plan, caps, wanted, unit, county, industry, column, names), user

    return Case(
        regions=tuple(Named(one.code, one.name) for one in counties),
        areas=tuple(int(one.code) for one in counties),
        sources=tuple(Named(one.value, one.label) for one in sources),
        sectors=tuple(Named(one.value, one.label) for one in industries),
        units=np.unique(unit),
        unit=unit,
        region=county,
        sector=industry,
        column=column,
        wanted=wanted,
        supplier=np.full(len(unit), -1),
        networks=(),
        caps=caps,
        surface=sources.index(PlanSource.SURFACE),
        force=FORCE,
        frame=framed,
    )


def _problem(
    plan: Plan,
    caps: Int,
    wanted: Int,
    unit: Int,
    county: Int,
    industry: Int,
    column: Int,
    names: tuple[str, ...],
) -> Problem:
    """One user for each cell, or one for each industry of a county where sources may replace each other."""
    width = caps.shape[1]
    first = np.arange(0, len(unit), width) if plan.replaces else np.arange(len(unit))
    demand = np.add.reduceat(wanted, first)
    tiers = ORDERS[plan.order]
    tier_of = {one: number for number, tier in enumerate(tiers) for one in tier}
    tier = np.array([tier_of[list(Industry)[i]] for i in industry[first]], np.int64)
    alone = np.full((width, width), -1)
    alone[:, 0] = np.arange(width)
    every = np.arange(width).reshape(1, width)
    many = len(first) if plan.replaces else 0
    return Problem(
        policy=plan.policy,
        sources=tuple(source.label for source in PlanSource),
        tiers=tuple("、".join(one.label for one in tier) for tier in tiers),
        parent=np.array([-1] + [0] * (len(caps) - 1), np.int64),
        node_cap=np.full(len(caps), NONE),
        source_cap=caps,
        preferences=every if plan.replaces else alone,
        node=county[first] + 1,
        tier=tier,
        preference=np.zeros(len(first), np.int64) if plan.replaces else column[first],
        demand=demand,
        floor=np.zeros(len(first), np.int64),
        weight=np.maximum(demand, 1),
        own_users=np.arange(many),
        own_caps=np.full((many, width), NONE),
        own_wishes=wanted.reshape(-1, width)[:many],
        node_ids=names,
        node_names=names,
    )


def user_names(split: Split) -> Mapping[str, tuple[str, str]]:
    """The board's users by key: the county and its industry."""
    industries = list(Industry)
    return {
        str(c * len(industries) + i): (f"{county.name} {one.label}", county.includes)
        for c, county in enumerate(split.counties)
        for i, one in enumerate(industries)
    }
