"""Reading norms, demand, ceilings, output and baseline runs, split by subject; callers import from here."""

from shuiheng.quota.selectors.baseline import adopted, tiers
from shuiheng.quota.selectors.ceilings import ceilings
from shuiheng.quota.selectors.demand import Demand, demands, needed, needs
from shuiheng.quota.selectors.norms import norm_tables
from shuiheng.quota.selectors.output import duties, tilts

__all__ = [
    "Demand",
    "adopted",
    "ceilings",
    "demands",
    "duties",
    "needed",
    "needs",
    "norm_tables",
    "tiers",
    "tilts",
]
