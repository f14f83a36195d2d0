"""The reviewed drafts as claims of a baseline run: demand, what permits it, floor and weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from shuiheng.budget.models import AllocationPlan, Budget, BudgetLine
from shuiheng.budget.rules import WetnessIncluded
from shuiheng.core.vocabulary import Book, Confidence, Sector, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.inflow.selectors import factors_of, wetness_of
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy
from shuiheng.quota.rules import (
    PER_10000,
    PERCENTS,
    Available,
    Ceiling,
    CeilingStanding,
    Claim,
    NetworkClaim,
    RunInputs,
)
from shuiheng.quota.selectors import (
    ceilings,
    grain_needs,
    protected_shares,
    tilts,
    wet_years,
)
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import suppliers_of


def baseline_inputs(
    city: Area, year: int, budgets: Sequence[Budget], available: Sequence[Available], day: date
) -> RunInputs:
    """What the city asks of a run: the plan's water and all reviewed demands on it."""
    networks, areas = _networks(budgets, day)
    claims = _claims(budgets, year, day)
    inputs = RunInputs(available, claims, networks, areas, wet_years(day))
    return _with_wetness(inputs, city, year, day)


def _with_wetness(inputs: RunInputs, city: Area, year: int, day: date) -> RunInputs:
    """Surface water at P = 50, 75, 95 % with where it comes from, and what the plan's own figure stands for:
    the year's forecast where the plan says that it holds it, else the mean."""
    own = factors_of(city, PERCENTS)
    row = policy("quota.wet_years", day)
    plan = AllocationPlan.objects.filter(area=city, year=year, is_current=True).first()
    included = WetnessIncluded(plan.wetness_included) if plan else WetnessIncluded.UNKNOWN
    known = wetness_of(city, year, day) if included is WetnessIncluded.YES else None
    factor = known.factor_per_10000 if known is not None else None
    return replace(
        inputs,
        factors=own or inputs.factors,
        base=factor or PER_10000,
        factors_from=f"{city.name}来水系列的频率曲线" if own else row.source,
        factors_confidence=Confidence.DERIVED if own else Confidence(row.confidence),
        wetness_included=included,
        year_factor=factor,
    )


def _claims(budgets: Sequence[Budget], year: int, day: date) -> list[Claim]:
    units = [budget.unit for budget in budgets]
    ids = [unit.pk for unit in units]
    limits, shares = ceilings(ids, day), protected_shares(day)
    grain, leanings = grain_needs(ids, year, day), tilts(ids, year, day)
    claims = []
    for budget in budgets:
        lines = [line for line in budget.lines.all() if line.book == Book.ABSTRACTION]
        asked = sum((line.reviewed or Volume()).m3 for line in lines)
        for line in lines:
            claim = _claim(budget, line, limits.get((budget.unit_id, line.source_term)))
            need = grain.get(budget.unit_id, Volume()).m3 * claim.demand.m3 // max(asked, 1)
            floor = _floor(claim, shares, Volume(need))
            weight = leanings[budget.unit_id].weight if budget.unit_id in leanings else 1_000
            claims.append(_with(claim, floor, weight))
    return claims


def _claim(budget: Budget, line: BudgetLine, ceiling: Ceiling | None) -> Claim:
    unit: Unit = budget.unit
    demand = line.reviewed or Volume()
    standing = ceiling.standing if ceiling else CeilingStanding.NONE
    permit = ceiling.volume if ceiling else None
    if standing is CeilingStanding.NONE:
        permit = None
    elif permit is None:  # exempt without a figure: what it asks is what it may take
        permit = demand
    return Claim(
        unit.pk, budget.region_id, line.source_term, line.sector_term, unit.kind_term,
        unit.guarantees_living, demand, permit, standing=standing,
    )  # fmt: skip


def _with(claim: Claim, floor: Volume, weight: int) -> Claim:
    return Claim(
        claim.unit, claim.area, claim.source, claim.sector, claim.kind, claim.living,
        claim.demand, claim.permit, floor, weight, claim.standing,
    )  # fmt: skip


def _floor(claim: Claim, shares: Mapping[Sector, int], grain: Volume) -> Volume:
    """The sector's reasonable minimum or the grain area's need, whichever is more, within what is wanted
    (实施方案 三(二)3). An irrigation district's intake counts as agriculture."""
    irrigates = claim.kind is UnitKind.IRRIGATION_DISTRICT
    sector = Sector.AGRICULTURE if irrigates else claim.sector
    share = Volume(claim.wanted.m3 * shares.get(sector, 0) // PER_10000)
    return min(max(share, grain), claim.wanted)


def _networks(
    budgets: Sequence[Budget], day: date
) -> tuple[dict[int, list[NetworkClaim]], dict[int, int]]:
    """What is wanted of each supplier, by customers, for residents and as loss; and where it stands."""
    links = suppliers_of([budget.unit_id for budget in budgets], day)
    networks: dict[int, list[NetworkClaim]] = {}
    areas: dict[int, int] = {}
    for budget in budgets:
        unit, link = budget.unit, links.get(budget.unit_id)
        if unit.kind_term.is_supplier:
            networks.setdefault(unit.pk, [])
            areas[unit.pk] = budget.region_id
        for line in budget.lines.all():
            supplier = unit.pk if unit.kind_term.is_supplier else link and link.supplier_id
            if line.book != Book.NETWORK or not supplier:
                continue
            claim = NetworkClaim(unit.pk, line.sector_term, line.reviewed or Volume())
            networks.setdefault(supplier, []).append(claim)
            areas.setdefault(supplier, link.supplier.region_id if link else budget.region_id)
    return networks, areas
