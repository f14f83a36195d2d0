"""The address book: one prefix per capability."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

CAPABILITIES = {
    "": "desk",
    "office/": "office",
    "papers/": "papers",
    "registry/": "registry",
    "ledger/": "ledger",
    "quota/": "quota",
    "metering/": "metering",
    "budget/": "budget",
    "planning/": "planning",
}

urlpatterns = [
    path(prefix, include(f"shuiheng.{name}.urls"))
    for prefix, name in CAPABILITIES.items()
    if find_spec(f"shuiheng.{name}.urls")
]
if find_spec("shuiheng.app.health"):
    from shuiheng.app.health import health

    urlpatterns.append(path("health", health, name="health"))

handler400 = "shuiheng.app.middleware.bad_request"
handler403 = "shuiheng.app.middleware.permission_denied"
handler404 = "shuiheng.app.middleware.page_not_found"
handler500 = "shuiheng.app.middleware.server_error"
