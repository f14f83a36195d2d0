"""What is decided about norms, demand, ceilings, output and baselines, split by subject; callers import
from here."""

from shuiheng.quota.rules.baseline import RULE_VERSION, Baseline, Granted, plan_baseline
from shuiheng.quota.rules.bridge import Framed, frame
from shuiheng.quota.rules.ceilings import Ceiling, CeilingStanding, m3_by_standing
from shuiheng.quota.rules.claims import (
    PER_10000,
    Available,
    Claim,
    Reserved,
    RunInputs,
    SharingRules,
    Tier,
    itemise_reserve,
    tier_of,
)
from shuiheng.quota.rules.demand import DemandMethod, Figure
from shuiheng.quota.rules.dry_years import (
    PERCENTS,
    Losses,
    by_region_and_sector,
    check_losses_shown,
    dry_years,
    losses_digest,
)
from shuiheng.quota.rules.network import NetworkClaim, plan_network
from shuiheng.quota.rules.norms import NormFacts, NormInForce
from shuiheng.quota.rules.output import Bounds, Output, Tilt, tilt

__all__ = [
    "PERCENTS",
    "PER_10000",
    "RULE_VERSION",
    "Available",
    "Baseline",
    "Bounds",
    "Ceiling",
    "CeilingStanding",
    "Claim",
    "DemandMethod",
    "Figure",
    "Framed",
    "Granted",
    "Losses",
    "NetworkClaim",
    "NormFacts",
    "NormInForce",
    "Output",
    "Reserved",
    "RunInputs",
    "SharingRules",
    "Tier",
    "Tilt",
    "by_region_and_sector",
    "check_losses_shown",
    "dry_years",
    "frame",
    "itemise_reserve",
    "losses_digest",
    "m3_by_standing",
    "plan_baseline",
    "plan_network",
    "tier_of",
    "tilt",
]
