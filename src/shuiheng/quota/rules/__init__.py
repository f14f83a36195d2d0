"""What is decided about norms, demand and baselines, split by subject; callers import from here."""

from shuiheng.quota.rules.baseline import (
    RULE_VERSION,
    Available,
    Baseline,
    Claim,
    Granted,
    NetworkClaim,
    Tier,
    computed_need,
    plan_baseline,
    plan_network,
    tier_of,
)

__all__ = [
    "RULE_VERSION",
    "Available",
    "Baseline",
    "Claim",
    "Granted",
    "NetworkClaim",
    "Tier",
    "computed_need",
    "plan_baseline",
    "plan_network",
    "tier_of",
]
