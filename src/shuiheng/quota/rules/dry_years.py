"""枯水年测算: the same claims in years of 50, 75 and 95 % exceedance, before a run is adopted (USERS 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.engine.problem import NONE, Int
from shuiheng.engine.solve import prepare, solve
from shuiheng.quota.rules.bridge import COLUMN, Framed
from shuiheng.quota.rules.network import NetworkClaim, plan_network

PERCENTS = (50, 75, 95)
Networks = Mapping[int, Sequence[NetworkClaim]]
Cells = Mapping[tuple[int, Sector], Volume]


def dry_years(
    framed: Framed, factors: Mapping[int, int], base: int, networks: Networks
) -> Mapping[int, Cells]:
    """What each region's sectors would get at each percentage, the surface caps at factor/base of the run's,
    and the reserve the same share of them.

    `factors` and `base` are per 10,000 of the mean. Ground, transferred and other water stay as they are.
    """
    ready = prepare(framed.problem)
    years = {}
    for percent in PERCENTS:
        caps, reserve = framed.problem.source_cap.copy(), framed.problem.reserve
        _scale_surface(caps, factors[percent], base)
        if reserve is not None:
            reserve = reserve.copy()
            _scale_surface(reserve, factors[percent], base)
        year = replace(ready, problem=replace(framed.problem, source_cap=caps, reserve=reserve))
        _, by_source, _ = solve(year).grants()
        years[percent] = by_region_and_sector(framed, by_source, networks)
    return years


def _scale_surface(table: Int, factor: int, base: int) -> None:
    surface = table[:, COLUMN[Source.SURFACE]]
    bound = surface < NONE
    surface[bound] = [int(m3) * factor // base for m3 in surface[bound]]


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


@dataclass(frozen=True, slots=True)
class Losses:
    """枯水年损益: what a run gives each region and sector, and what they would get in drier years."""

    given: Cells
    years: Mapping[int, Cells]

    def at(
        self, percent: int | None = None, *, area: int | None = None, sector: Sector | None = None
    ) -> Volume:
        """m³ of a region, a sector or a cell, by the run itself (None) or in a year of that percentage."""
        cells = self.given if percent is None else self.years[percent]
        return total(
            volume
            for (place, use), volume in cells.items()
            if area in (None, place) and sector in (None, use)
        )

    def change(
        self, percent: int, *, area: int | None = None, sector: Sector | None = None
    ) -> Volume:
        """What is lost (negative) or gained."""
        return self.at(percent, area=area, sector=sector) - self.at(area=area, sector=sector)


def losses_digest(run: str, losses: Losses) -> str:
    """What a page carries that has shown the losses of a run; "" where a run has none to show."""
    if not losses.years:
        return ""
    cells = {
        str(percent): sorted([area, sector.value, m3.m3] for (area, sector), m3 in year.items())
        for percent, year in {0: losses.given, **losses.years}.items()
    }
    return digest_of({"run": run, "cells": cells})


def check_losses_shown(shown: str, digest: str) -> None:
    """No run is adopted before the page has shown what each region and sector loses (USERS 3)."""
    if not digest:
        raise Refusal(
            "baseline.no_losses",
            "这次测算没有枯水年损益，不能采用。",
            kind=Kind.CONFLICT,
            remedy="请重新测算一次。",
        )
    if not shown:
        raise Refusal(
            "baseline.losses_not_shown",
            "还没有看过这次测算在 50%、75%、95% 年份各区、各行业的损益，不能采用。",
            kind=Kind.CONFLICT,
            remedy="请从测算页按“采用…”，看过损益表再采用。",
        )
    if shown != digest:
        raise Refusal(
            "baseline.losses_of_another",
            "页面上看过的损益表不是这次测算的，不能采用。",
            kind=Kind.CONFLICT,
            remedy="请重新打开采用页，核对这次测算的损益表。",
        )
