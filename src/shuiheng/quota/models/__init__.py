"""Tables of norms and baselines, split by subject; callers import from here."""

from shuiheng.quota.models.baseline import BaselineLine, BaselineRun
from shuiheng.quota.models.norms import Norm

__all__ = ["BaselineLine", "BaselineRun", "Norm"]
