"""Reading norms, demand, ceilings, output and baseline runs, split by subject; callers import from here."""

from shuiheng.quota.selectors.baseline import (
    adopted,
    area_names,
    available_of,
    inputs_of,
    losses_digest,
    losses_of,
    policy_json,
    protected_shares,
    reserve_of,
    rules_of,
    sharing_rules,
    tiers,
    wet_years,
    wetness_asked,
)
from shuiheng.quota.selectors.ceilings import ceilings
from shuiheng.quota.selectors.demand import Demand, demands, grain_needs, needed, needs
from shuiheng.quota.selectors.norms import norm_tables
from shuiheng.quota.selectors.output import duties, tilts

__all__ = [
    "Demand",
    "adopted",
    "area_names",
    "available_of",
    "ceilings",
    "demands",
    "duties",
    "grain_needs",
    "inputs_of",
    "losses_digest",
    "losses_of",
    "needed",
    "needs",
    "norm_tables",
    "policy_json",
    "protected_shares",
    "reserve_of",
    "rules_of",
    "sharing_rules",
    "tiers",
    "tilts",
    "wet_years",
    "wetness_asked",
]
