"""Writing norms and baseline runs, split by subject; callers import from here."""

from shuiheng.quota.services.baseline import adopt, run_baseline

__all__ = ["adopt", "run_baseline"]
