from __future__ import annotations

from django.urls import path

from shuiheng.planning import views

app_name = "planning"
urlpatterns = [
    path("changji", views.changji, name="changji"),
    path("changji/cells", views.changji_cells, name="changji_cells"),
    path("changji/findings", views.changji_findings, name="changji_findings"),
    path("changji/figures", views.changji_figures, name="changji_figures"),
    path("changji/board", views.changji_board, name="changji_board"),
    path("changji.xlsx", views.changji_workbook, name="changji_workbook"),
]
