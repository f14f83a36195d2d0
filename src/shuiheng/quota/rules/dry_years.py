"""枯水年测算: the same claims in years of 50, 75 and 95 % exceedance, before a run is adopted (USERS 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from shuiheng.core.vocabulary import Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.engine.problem import NONE
from shuiheng.engine.solve import prepare, solve
from shuiheng.quota.rules.bridge import COLUMN, Framed
from shuiheng.quota.rules.network import NetworkClaim, plan_network

PERCENTS = (50, 75, 95)
Networks = Mapping[int, Sequence[NetworkClaim]]
Cells = Mapping[tuple[int, Sector], Volume]


def dry_years(
    framed: Framed, factors: Mapping[int, int], base: int, networks: Networks
) -> Mapping[int, Cells]:
    """What each region's sectors would get at each percentage, the surface caps at factor/base of the run's.

    `factors` and `base` are per 10,000 of the mean. Ground, transferred and other water stay as they are.
    """
    ready = prepare(framed.problem)
    years = {}
    for percent in PERCENTS:
        caps = framed.problem.source_cap.copy()
        surface = caps[:, COLUMN[Source.SURFACE]]
        bound = surface < NONE
        surface[bound] = [int(cap) * factors[percent] // base for cap in surface[bound]]
        _, by_source, _ = solve(ready, source_cap=caps).grants()
        years[percent] = by_region_and_sector(framed, by_source, networks)
    return years


def by_region_and_sector(framed: Framed, by_source: np.ndarray, networks: Networks) -> Cells:
    """m³ by region and sector of use: a supplier's water stands under its customers' sectors and its loss."""
    cells: dict[tuple[int, Sector], int] = {}
    intake: dict[int, tuple[int, int]] = {}
    for claim, user, column in framed.claims:
        got = int(by_source[user, column])
        if claim.unit in networks:
            area, taken = intake.get(claim.unit, (claim.area, 0))
            intake[claim.unit] = (area, taken + got)
        else:
            place = (claim.area, claim.sector)
            cells[place] = cells.get(place, 0) + got
    for supplier, (area, taken) in intake.items():
        parts = plan_network(Volume(taken), networks[supplier])
        for customer, part in zip(networks[supplier], parts, strict=True):
            place = (area, customer.sector)
            cells[place] = cells.get(place, 0) + part.m3
    return {place: Volume(m3) for place, m3 in cells.items()}
