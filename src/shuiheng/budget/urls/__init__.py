"""The pages of the budget year: drafting (编制, 审核) and executing (下达, 调整, 决算)."""

from __future__ import annotations

from shuiheng.budget.urls import drafting, executing

app_name = "budget"
urlpatterns = [*drafting.urlpatterns, *executing.urlpatterns]
