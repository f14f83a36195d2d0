"""Writing norms, demand, output and baseline runs, split by subject; callers import from here."""

from shuiheng.quota.services.baseline import adopt, run_baseline
from shuiheng.quota.services.demand import choose_method, enter_input
from shuiheng.quota.services.norms import enter_norm, import_norms, load_norms, replace_norm
from shuiheng.quota.services.output import decide_output, declare_output
from shuiheng.quota.services.scenario import adopt_scenario, delete_scenario, save_scenario

__all__ = [
    "adopt",
    "adopt_scenario",
    "choose_method",
    "decide_output",
    "declare_output",
    "delete_scenario",
    "enter_input",
    "enter_norm",
    "import_norms",
    "load_norms",
    "replace_norm",
    "run_baseline",
    "save_scenario",
]
