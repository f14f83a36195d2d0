"""供水账: what a supplier has, shared among its customers and its loss. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from shuiheng.core.apportion import apportion, apportion_capped
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume, floor_m3, total


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
