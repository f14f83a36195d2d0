"""Use by month. `plans` is given to every page by the address book (app/urls.py)."""

from __future__ import annotations

from django.urls import path

from shuiheng.metering.views import officer, report, supplier

app_name = "metering"
urlpatterns = [
    path("", officer.month, name="month"),
    path("estimate", officer.estimate, name="estimate"),
    path("upload", officer.upload, name="upload"),
    path("template", officer.template, name="template"),
    path("units/<int:unit_id>", report.report, name="report"),
    path("units/<int:unit_id>/deliveries", supplier.deliveries, name="deliveries"),
    path("units/<int:unit_id>/close", supplier.close, name="close"),
]
