"""What is decided about norms, demand, ceilings, output and baselines, split by subject; callers import
from here."""

from shuiheng.quota.rules.baseline import (
    RULE_VERSION,
    Available,
    Baseline,
    Claim,
    Granted,
    NetworkClaim,
    Tier,
    plan_baseline,
    plan_network,
    tier_of,
)
from shuiheng.quota.rules.ceilings import Ceiling, CeilingStanding, m3_by_standing
from shuiheng.quota.rules.demand import DemandMethod, Figure
from shuiheng.quota.rules.norms import NormFacts, NormInForce
from shuiheng.quota.rules.output import Bounds, Output, Tilt, tilt

__all__ = [
    "RULE_VERSION",
    "Available",
    "Baseline",
    "Bounds",
    "Ceiling",
    "CeilingStanding",
    "Claim",
    "DemandMethod",
    "Figure",
    "Granted",
    "NetworkClaim",
    "NormFacts",
    "NormInForce",
    "Output",
    "Tier",
    "Tilt",
    "m3_by_standing",
    "plan_baseline",
    "plan_network",
    "tier_of",
    "tilt",
]
