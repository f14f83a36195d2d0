"""The address book: one prefix per capability.

What a page needs from a capability above its own is given to it here, as arguments of its address:
the ledger and metering stand below the budget, yet set use against its monthly plan.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from shuiheng.app.documents import DOCUMENT_ROUTES
from shuiheng.app.health import health
from shuiheng.budget.selectors.execution import month_plans

CAPABILITIES = {
    "": "desk",
    "office/": "office",
    "papers/": "papers",
    "registry/": "registry",
    "ledger/": "ledger",
    "inflow/": "inflow",
    "quota/": "quota",
    "metering/": "metering",
    "budget/": "budget",
    "planning/": "planning",
}

GIVEN: dict[str, dict[str, Any]] = {
    "ledger": {"plans": month_plans, "documents": DOCUMENT_ROUTES},
    "inflow": {"change_route": "budget:change_new"},
    "metering": {"plans": month_plans},
}

urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(f"shuiheng.{name}.urls"), GIVEN.get(name, {}))
    for prefix, name in CAPABILITIES.items()
    if find_spec(f"shuiheng.{name}.urls")
]
urlpatterns.append(path("health", health, name="health"))

handler400 = "shuiheng.app.middleware.bad_request"
handler403 = "shuiheng.app.middleware.permission_denied"
handler404 = "shuiheng.app.middleware.page_not_found"
handler500 = "shuiheng.app.middleware.server_error"
