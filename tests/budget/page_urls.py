"""The address book of these tests: the budget year and the pages it leads to."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("budget/", include("shuiheng.budget.urls")),
    path("quota/", include("shuiheng.quota.urls")),
    path("papers/", include("shuiheng.papers.urls")),
    path("ledger/", include("shuiheng.ledger.urls"), {"plans": None, "documents": {}}),
]
