"""The books. `plans` and `documents` are given to every page by the address book (app/urls.py)."""

from __future__ import annotations

from django.urls import path

from shuiheng.ledger.views import account, area, supply, transfer

app_name = "ledger"
urlpatterns = [
    path("units/<int:unit_id>", account.account, name="account"),
    path("units/<int:unit_id>/print", account.print_statement, name="print"),
    path("units/<int:unit_id>/supply", supply.supply, name="supply"),
    path("areas/<int:area_id>", area.area, name="area"),
    path("documents/<slug:kind>/<str:number>", transfer.document, name="document"),
    path("transfers/<int:transfer_id>", transfer.transfer, name="transfer"),
]
