"""The desk: home, execution, search."""

from __future__ import annotations

from django.urls import path

from shuiheng.desk.views import board, home, region, search

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("execution", board.board, name="board"),
    path("execution/<int:area_id>", region.region, name="region"),
    path("search", search.search, name="search"),
]
