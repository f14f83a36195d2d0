"""来水. `change_route`, the page where a change from above is entered, is given by the address book (app/urls.py)."""

from __future__ import annotations

from django.urls import path

from shuiheng.inflow.views import board, entry, frequency, sheet, sites

app_name = "inflow"
urlpatterns = [
    path("", board.board, name="board"),
    path("frequency", frequency.frequency, name="frequency"),
    path("entries", entry.entries, name="entries"),
    path("enter/<str:entry>", entry.enter, name="enter"),
    path("upload/<str:entry>", sheet.upload, name="upload"),
    path("template/<str:entry>", sheet.template, name="template"),
    path("sites", sites.sites, name="sites"),
    path("sites/new", sites.site_new, name="site_new"),
    path("sites/<int:site_id>", sites.site, name="site"),
    path("sites/<int:site_id>/edit", sites.site_edit, name="site_edit"),
]
