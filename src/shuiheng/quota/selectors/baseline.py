"""Reading the rules of sharing, baseline runs, and what a run was asked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from shuiheng.core.vocabulary import Book, Confidence, Sector, Source, UnitKind, WetnessIncluded
from shuiheng.core.volume import Volume, total
from shuiheng.engine.problem import SharingPolicy
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy
from shuiheng.quota import rules
from shuiheng.quota.models import BaselineLine, BaselineRun

PLACES = ("first", "second", "third", "fourth")


def tiers(day: date) -> list[rules.Tier]:
    """The order of guarantee in force on a day."""
    return [_tier(row, row["tier"]) for row in policy("quota.tiers", day).value]


def _tier(row: Mapping[str, Any], number: int) -> rules.Tier:
    sectors = frozenset(Sector(sector) for sector in row["sectors"])
    return rules.Tier(number, row["name"], sectors, row["living"])


def sharing_rules(day: date) -> rules.SharingRules:
    """保障顺序、分担办法、预留、粒度 in force on a day."""
    order = policy("quota.source_order", day).value
    return rules.SharingRules(
        tiers=tuple(tiers(day)),
        policy=SharingPolicy(policy("quota.sharing", day).value),
        reserve_per_10000=policy("reserve.share", day).value,
        grain=policy("quota.grain", day).value,
        order=tuple(Source(order[place]) for place in PLACES),
        replaces=order["replaces"],
    )


def protected_shares(day: date) -> dict[Sector, int]:
    """Each sector's reasonable minimum, per 10,000 of its reviewed demand."""
    return {Sector(row["sector"]): row["protected"] for row in policy("quota.floors", day).value}


def wet_years(day: date) -> dict[int, int]:
    """The surface water of years of 50, 75 and 95 % exceedance, per 10,000 of the mean."""
    row = policy("quota.wet_years", day).value
    return {percent: row[f"p{percent}"] for percent in rules.PERCENTS}


def policy_json(sharing: rules.SharingRules) -> dict[str, Any]:
    """The rules of sharing as a run keeps them; `rules_of` reads them back."""
    return {
        "version": rules.RULE_VERSION,
        "tiers": [
            {
                "number": tier.number,
                "name": tier.name,
                "sectors": sorted(sector.value for sector in tier.sectors),
                "living": tier.living,
            }
            for tier in sharing.tiers
        ],
        "sharing": sharing.policy.value,
        "reserve_per_10000": sharing.reserve_per_10000,
        "grain": sharing.grain,
        "order": [source.value for source in sharing.order],
        "replaces": sharing.replaces,
    }


def rules_of(run: BaselineRun) -> rules.SharingRules:
    """The rules that a run was made by."""
    kept = run.policy
    return rules.SharingRules(
        tiers=tuple(_tier(row, row["number"]) for row in kept["tiers"]),
        policy=SharingPolicy(kept["sharing"]),
        reserve_per_10000=kept["reserve_per_10000"],
        grain=kept["grain"],
        order=tuple(Source(source) for source in kept["order"]),
        replaces=kept["replaces"],
    )


def inputs_of(run: BaselineRun) -> rules.RunInputs:
    """What a run was asked with, from its own lines: asked again, it gives the same answer."""
    columns = ("unit", "area", "source", "sector", "kind", "living", "demand", "permit", "floor",
               "weight", "standing")  # fmt: skip
    lines = BaselineLine.objects.filter(run=run, unit__isnull=False)
    claims = [
        rules.Claim(
            unit, area, Source(source), Sector(sector), UnitKind(kind), living, demand, permit,
            floor, weight, rules.CeilingStanding(standing),
        )
        for unit, area, source, sector, kind, living, demand, permit, floor, weight, standing in (
            lines.filter(book=Book.ABSTRACTION).order_by("pk").values_list(*columns)
        )
    ]  # fmt: skip
    networks: dict[int, list[rules.NetworkClaim]] = {}
    areas: dict[int, int] = {}
    network = lines.filter(book=Book.NETWORK).order_by("pk")
    for supplier, unit, area, sector, demand in network.values_list(
        "supplier", "unit", "area", "sector", "demand"
    ):
        networks.setdefault(supplier, []).append(rules.NetworkClaim(unit, Sector(sector), demand))
        areas[supplier] = area
    return replace(
        wetness_asked(run),
        available=available_of(run),
        claims=claims,
        networks=networks,
        network_areas=areas,
    )


def available_of(run: BaselineRun) -> list[rules.Available]:
    """The plan's water that a run had to share."""
    return [rules.Available(a, Source(s), Volume(m3)) for a, s, m3 in run.available]


def reserve_of(run: BaselineRun) -> Volume:
    """What a run leaves in reserve, of all regions and sources."""
    lines = BaselineLine.objects.filter(run=run, unit__isnull=True)
    return total(lines.values_list("quota", flat=True))


def wetness_asked(run: BaselineRun) -> rules.RunInputs:
    """How wet a run took its year and the drier years to be: its inputs without the claims."""
    return rules.RunInputs(
        available=(),
        claims=(),
        networks={},
        network_areas={},
        factors={int(percent): factor for percent, factor in run.dry_years["factors"].items()},
        base=run.dry_years["base"],
        factors_from=run.dry_years.get("from", ""),
        factors_confidence=Confidence(run.dry_years.get("confidence", Confidence.UNVERIFIED)),
        wetness_included=WetnessIncluded(run.dry_years.get("included", WetnessIncluded.UNKNOWN)),
        year_factor=run.dry_years.get("year_factor"),
    )


def losses_of(run: BaselineRun) -> rules.Losses:
    """What a run gives each region and sector, and what they would get in drier years.

    A supplier's water stands under its customers' sectors, as in the drier years.
    """
    lines = BaselineLine.objects.filter(run=run, unit__isnull=False)
    through = Q(book=Book.NETWORK) | ~Q(
        unit__in=lines.filter(book=Book.NETWORK).values("supplier"), book=Book.ABSTRACTION
    )
    sums = lines.filter(through).values_list("area", "sector").annotate(Sum("quota"))
    years = run.dry_years.get("cells", {}).items()
    return rules.Losses(
        {(area, Sector(sector)): quota for area, sector, quota in sums.order_by("area", "sector")},
        {
            int(percent): {(area, Sector(sector)): Volume(m3) for area, sector, m3 in cells}
            for percent, cells in years
        },
    )


def losses_digest(run: BaselineRun) -> str:
    """What the adoption form carries once it has shown the losses of a run."""
    return rules.losses_digest(f"{run.pk}/{run.input_digest}", losses_of(run))


def area_names(
    available: Sequence[rules.Available], claims: Iterable[rules.Claim]
) -> dict[int, str]:
    """Names of the regions that a run is about."""
    areas = {one.area for one in available} | {claim.area for claim in claims}
    return dict(Area.objects.filter(pk__in=areas).values_list("pk", "name"))


def adopted(area: Area, year: int) -> BaselineRun | None:
    """The run that the city has adopted for a year, if any."""
    return BaselineRun.objects.filter(area=area, year=year, state="adopted").first()
