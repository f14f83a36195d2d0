"""Who claims what, what there is to share, and by which rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shuiheng.core.vocabulary import Confidence, Sector, Source, UnitKind, WetnessIncluded
from shuiheng.core.volume import ZERO, Volume
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.rules.ceilings import CeilingStanding
from shuiheng.quota.rules.network import NetworkClaim

PER_10000 = 10_000


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
    """A unit's reviewed demand of one source; `permit` is what it may take of it, None = nothing permits it.

    `floor` is protected before anything is shared; `weight` leans inside a sector, per 1000.
    """

    unit: int
    area: int
    source: Source
    sector: Sector
    kind: UnitKind
    living: bool
    demand: Volume
    permit: Volume | None
    floor: Volume = ZERO
    weight: int = 1_000
    standing: CeilingStanding = CeilingStanding.PERMITTED

    @property
    def wanted(self) -> Volume:
        """The demand within what permits it."""
        return min(self.demand, self.permit or Volume())


@dataclass(frozen=True, slots=True)
class SharingRules:
    """保障顺序、分担办法、预留、粒度: what policy says about sharing in a year."""

    tiers: tuple[Tier, ...]
    policy: SharingPolicy = SharingPolicy.PROPORTIONAL
    reserve_per_10000: int = 0
    grain: int = 1
    order: tuple[Source, ...] = (
        Source.UNCONVENTIONAL,
        Source.TRANSFERRED,
        Source.SURFACE,
        Source.GROUND,
    )
    replaces: bool = True
    """Whether a unit short of one of its sources may take more of another that it holds and has asked for."""


def tier_of(claim: Claim, tiers: Sequence[Tier]) -> Tier:
    """Public supply and units that keep people supplied stand in the first `living` tier."""
    for tier in tiers:
        if tier.living and (claim.living or claim.kind is UnitKind.WATERWORKS):
            return tier
        if claim.sector in tier.sectors:
            return tier
    return tiers[-1]


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run is asked with: the plan's water, the claims on it, what customers want of each supplier and
    where the supplier stands, and how the year compares with the mean (per 10,000).

    `base` is what the plan's surface water stands for; `year_factor` is the year's own wetness where the plan
    says that its figures hold it, else None.
    """

    available: Sequence[Available]
    claims: Sequence[Claim]
    networks: Mapping[int, Sequence[NetworkClaim]]
    network_areas: Mapping[int, int]
    factors: Mapping[int, int]
    base: int = PER_10000
    factors_from: str = ""
    factors_confidence: Confidence = Confidence.UNVERIFIED
    wetness_included: WetnessIncluded = WetnessIncluded.UNKNOWN
    year_factor: int | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """预留 itemised (USERS 16, 25): the share that policy sets aside, what the grain of issue leaves, and what
    nobody may or wants to take."""

    share: Volume
    grain: Volume
    unclaimed: Volume


def itemise_reserve(
    available: Sequence[Available], reserve: Volume, sharing: SharingRules
) -> Reserved:
    """Σ of the three = the reserve of a run."""
    share = rest = 0
    for one in available:
        aside = one.volume.m3 * sharing.reserve_per_10000 // PER_10000
        share += aside
        rest += (one.volume.m3 - aside) % sharing.grain
    return Reserved(Volume(share), Volume(rest), reserve - Volume(share + rest))
