"""Reading norms and baseline runs, split by subject; callers import from here."""

from shuiheng.quota.selectors.baseline import adopted, tiers
from shuiheng.quota.selectors.norms import needs, norms_on

__all__ = ["adopted", "needs", "norms_on", "tiers"]
