"""供水账: what a supplier has, shared among its customers and its loss. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shuiheng.core.apportion import apportion, apportion_capped
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume, floor_m3, total

SECTORS = tuple(Sector)


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


@dataclass(frozen=True, slots=True, eq=False)
class NetworkTable:
    """The claims on one supplier as columns, sectors by their place in `Sector`: what a board shares anew
    with every move of a slider."""

    sector: NDArray[np.int64]
    demand: NDArray[np.int64]


def network_table(claims: Sequence[NetworkClaim]) -> NetworkTable:
    return NetworkTable(
        np.array([SECTORS.index(claim.sector) for claim in claims], np.int64),
        np.array([claim.demand.m3 for claim in claims], np.int64),
    )


def network_by_sector(intake: int, table: NetworkTable) -> NDArray[np.int64]:
    """What `plan_network` gives, summed by sector, without walking through the customers one by one."""
    sums = _by_sector(table.sector, table.demand)
    demand = int(sums.sum())
    loss, residents = SECTORS.index(Sector.LOSS), SECTORS.index(Sector.RESIDENTS)
    others = (table.sector != loss) & (table.sector != residents)
    if demand and intake >= demand:
        if (table.sector == residents).any():
            sums[residents] += intake - demand
            return sums
        takers = others if others.any() else np.ones(len(others), np.bool_)
        weights = np.maximum(table.demand[takers], 1)
        return sums + _by_sector(table.sector[takers], _apportioned(intake - demand, weights))
    given = np.zeros(len(SECTORS), np.int64)
    if demand:
        given[loss] = intake * int(sums[loss]) // demand
        given[residents] = min(intake - int(given[loss]), int(sums[residents]))
        rest = intake - int(given.sum())
        wanted = table.demand[others]
        shared = _apportioned(min(rest, int(wanted.sum())), wanted)
        given += _by_sector(table.sector[others], shared)
    takers = np.nonzero(table.sector == loss)[0]
    if not len(takers):
        takers = np.nonzero(others)[0] if demand else np.arange(len(others))
    if len(takers):
        given[table.sector[takers[0]]] += intake - int(given.sum())
    return given


def _by_sector(sector: NDArray[np.int64], volume: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.zeros(len(SECTORS), np.int64)
    np.add.at(sums, sector, volume)
    return sums


def _apportioned(amount: int, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """`core.apportion` over a column; products that pass 64 bits go through it one by one."""
    whole = int(weights.sum())
    if not whole:
        return np.zeros(len(weights), np.int64)
    if amount * int(weights.max()) >= 1 << 62:
        exact = apportion(Volume(amount), [int(weight) for weight in weights])
        return np.array([part.m3 for part in exact], np.int64)
    parts: NDArray[np.int64] = amount * weights // whole
    by_rest = np.argsort(-(amount * weights - parts * whole), kind="stable")
    parts[by_rest[: amount - int(parts.sum())]] += 1
    return parts
