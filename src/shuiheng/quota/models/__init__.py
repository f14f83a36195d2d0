"""Tables of norms, demand, output and baselines, split by subject; callers import from here."""

from shuiheng.quota.models.baseline import BaselineLine, BaselineRun
from shuiheng.quota.models.demand import DemandChoice, DemandInput
from shuiheng.quota.models.norms import Norm
from shuiheng.quota.models.output import OutputDeclaration
from shuiheng.quota.models.scenario import Scenario

__all__ = [
    "BaselineLine",
    "BaselineRun",
    "DemandChoice",
    "DemandInput",
    "Norm",
    "OutputDeclaration",
    "Scenario",
]
