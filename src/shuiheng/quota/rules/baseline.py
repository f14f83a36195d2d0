"""基准额度: from reviewed demands to quotas by region, source, sector and unit. Pure.

Order (实施方案 三(二)3): tiers are served one after the other; inside a tier every claim gets its
demand, or all share what is left in proportion to demand. What nobody claims goes to the reserve.
The exact engine with certificates takes this function's place; its inputs and outputs stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from shuiheng.core.apportion import apportion, apportion_capped
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume, floor_m3, total

PER_10000 = 10_000
RULE_VERSION = "tiers-1"


@dataclass(frozen=True, slots=True)
class Tier:
    """A step in the order of guarantee: which sectors, and whether it takes units that keep people
    supplied (hospitals, schools, heating, fire-fighting; public supply)."""

    number: int
    name: str
    sectors: frozenset[Sector]
    living: bool


@dataclass(frozen=True, slots=True)
class Available:
    """What the allocation plan gives a region of one source."""

    area: int
    source: Source
    volume: Volume


@dataclass(frozen=True, slots=True)
class Claim:
    """A unit's reviewed demand of one source, within its permit; `permit` None means no valid one."""

    unit: int
    area: int
    source: Source
    sector: Sector
    kind: UnitKind
    living: bool
    demand: Volume
    permit: Volume | None


@dataclass(frozen=True, slots=True)
class Granted:
    """What a claim gets, from which tier, and why in a sentence."""

    claim: Claim
    quota: Volume
    reason: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The answer: Σ granted + reserve = available, for every region and source."""

    granted: tuple[Granted, ...]
    reserve: Mapping[tuple[int, Source], Volume]
    findings: tuple[Finding, ...]


def tier_of(claim: Claim, tiers: Sequence[Tier]) -> Tier:
    """Public supply and units that keep people supplied stand in the first `living` tier."""
    for tier in tiers:
        if tier.living and (claim.living or claim.kind is UnitKind.WATERWORKS):
            return tier
        if claim.sector in tier.sectors:
            return tier
    return tiers[-1]


def plan_baseline(
    available: Sequence[Available],
    claims: Sequence[Claim],
    tiers: Sequence[Tier],
    *,
    reserve_per_10000: int,
) -> Baseline:
    """Share every region's water of every source among its claims, to the m³."""
    granted: list[Granted] = []
    reserve: dict[tuple[int, Source], Volume] = {}
    findings: list[Finding] = []
    by_place: dict[tuple[int, Source], list[Claim]] = {}
    for claim in claims:
        by_place.setdefault((claim.area, claim.source), []).append(claim)
    for supply in sorted(available, key=lambda a: (a.area, a.source)):
        place = (supply.area, supply.source)
        here = sorted(by_place.pop(place, []), key=lambda claim: claim.unit)
        set_aside = Volume(supply.volume.m3 * reserve_per_10000 // PER_10000)
        answers, rest = _share(supply.volume - set_aside, here, tiers)
        granted += answers
        reserve[place] = set_aside + rest
        findings += _shortages(supply, answers)
    for left in by_place.values():
        findings += [_no_allocation(claim) for claim in left if claim.demand]
        granted += [Granted(claim, Volume(), "该区没有这一水源的分配水量") for claim in left]
    return Baseline(tuple(granted), reserve, tuple(findings))


def _share(
    volume: Volume, claims: list[Claim], tiers: Sequence[Tier]
) -> tuple[list[Granted], Volume]:
    """Serve tier after tier; the second value is what nobody claimed."""
    answers: list[Granted] = []
    left = volume
    for tier in sorted(tiers, key=lambda t: t.number):
        members = [claim for claim in claims if tier_of(claim, tiers) == tier]
        demands = [min(claim.demand, claim.permit or Volume()) for claim in members]
        parts = apportion_capped(left, [demand.m3 for demand in demands], demands)
        for claim, demand, part in zip(members, demands, parts, strict=True):
            answers.append(Granted(claim, part, _reason(claim, demand, part, tier)))
        left -= total(parts)
    return answers, left


def _reason(claim: Claim, demand: Volume, part: Volume, tier: Tier) -> str:
    if claim.permit is None and claim.demand:
        return "没有有效取水许可，不核定额度"
    if part < demand:
        return f"第{tier.number}顺序（{tier.name}）水量不足，按需求等比例分担"
    if demand < claim.demand:
        return "按取水许可封顶"
    return f"第{tier.number}顺序（{tier.name}）按审核需求足额核定"


def _shortages(supply: Available, answers: Sequence[Granted]) -> list[Finding]:
    short = [a for a in answers if a.quota < min(a.claim.demand, a.claim.permit or Volume())]
    if not short:
        return []
    missing = total(a.claim.demand - a.quota for a in short)
    return [
        Finding(
            "baseline.short",
            Severity.LOOK,
            f"{supply.source.label}不够分：{len(short)} 个单位合计少 {missing.wan()} 万m³。",
            facts={"area": supply.area, "source": supply.source, "units": len(short)},
        )
    ]


def _no_allocation(claim: Claim) -> Finding:
    return Finding(
        "baseline.no_allocation",
        Severity.LOOK,
        f"有单位申报{claim.source.label} {claim.demand.wan()} 万m³，但分配计划没有给该区这一水源。",
        facts={"area": claim.area, "source": claim.source, "unit": claim.unit},
    )


@dataclass(frozen=True, slots=True)
class NetworkClaim:
    """What is wanted of a supplier: by a customer, or by the supplier itself for residents or loss."""

    unit: int
    sector: Sector
    demand: Volume


def plan_network(intake: Volume, claims: Sequence[NetworkClaim]) -> list[Volume]:
    """Share a supplier's intake so that Σ customers + loss = intake, to the m³ (USERS 2).

    Loss first (it happens anyway) in its planned proportion, then residents, then the others in
    proportion to demand. Water nobody has asked for goes to residents if the supplier serves them,
    else is shared like the demands.
    """
    demand = total(claim.demand for claim in claims)
    if not demand:
        return _all_to_loss(intake, claims)
    if intake >= demand:
        return _share_surplus(intake, demand, claims)
    loss = _part(claims, Sector.LOSS)
    wanted_loss = total(claims[i].demand for i in loss)
    for_loss = floor_m3(Fraction(intake.m3) * wanted_loss.m3 / demand.m3)
    parts = [Volume()] * len(claims)
    left = intake
    for members, offer in (
        (loss, for_loss),
        (_part(claims, Sector.RESIDENTS), None),
        (_others(claims), None),
    ):
        demands = [claims[i].demand for i in members]
        given = left if offer is None else min(offer, left)
        for i, part in zip(
            members, apportion_capped(given, [d.m3 for d in demands], demands), strict=True
        ):
            parts[i] = part
        left -= total(parts[i] for i in members)
    return _give_rest(parts, left, loss or _others(claims))


def _share_surplus(intake: Volume, demand: Volume, claims: Sequence[NetworkClaim]) -> list[Volume]:
    parts = [claim.demand for claim in claims]
    takers = _part(claims, Sector.RESIDENTS) or _others(claims) or list(range(len(claims)))
    weights = [claims[i].demand.m3 or 1 for i in takers]
    for i, extra in zip(takers, apportion(intake - demand, weights), strict=True):
        parts[i] += extra
    return parts


def _all_to_loss(intake: Volume, claims: Sequence[NetworkClaim]) -> list[Volume]:
    parts = [Volume()] * len(claims)
    return _give_rest(parts, intake, _part(claims, Sector.LOSS) or list(range(len(claims))))


def _give_rest(parts: list[Volume], rest: Volume, takers: list[int]) -> list[Volume]:
    if rest and takers:
        parts[takers[0]] += rest
    return parts


def _part(claims: Sequence[NetworkClaim], sector: Sector) -> list[int]:
    return [i for i, claim in enumerate(claims) if claim.sector is sector]


def _others(claims: Sequence[NetworkClaim]) -> list[int]:
    apart = (Sector.LOSS, Sector.RESIDENTS)
    return [i for i, claim in enumerate(claims) if claim.sector not in apart]
