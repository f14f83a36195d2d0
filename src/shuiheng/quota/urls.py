"""定额: norms, demand by method, what caps it, declared output; the consultation board and its scenarios."""

from __future__ import annotations

from django.urls import path

from shuiheng.quota.views import board, ceilings, demand, norms, output, scenario, sheet

app_name = "quota"
urlpatterns = [
    path("norms/", norms.norms, name="norms"),
    path("norms/new/", norms.norm_new, name="norm_new"),
    path("norms/import/", sheet.norm_import, name="norm_import"),
    path("norms/template/", sheet.norm_template, name="norm_template"),
    path("norms/export/", sheet.norm_export, name="norm_export"),
    path("norms/<int:norm_id>/", norms.norm, name="norm"),
    path("norms/<int:norm_id>/replace/", norms.norm_replace, name="norm_replace"),
    path("demand/", demand.demands, name="demands"),
    path("demand/<int:unit_id>/", demand.demand, name="demand"),
    path("demand/<int:unit_id>/input/", demand.input_new, name="input_new"),
    path("demand/area/<int:area_id>/input/", demand.area_input_new, name="area_input_new"),
    path("ceilings/", ceilings.ceilings, name="ceilings"),
    path("outputs/", output.outputs, name="outputs"),
    path("outputs/<int:declaration_id>/", output.output_decide, name="output_decide"),
    path("output/<int:unit_id>/", output.output, name="output"),
    path("board/", board.board, name="board"),
    path("scenarios/", scenario.scenarios, name="scenarios"),
    path("scenarios/new/", scenario.scenario_new, name="scenario_new"),
    path("scenarios/<int:scenario_id>/", scenario.scenario, name="scenario"),
    path("scenarios/<int:scenario_id>/adopt/", scenario.scenario_adopt, name="scenario_adopt"),
    path("scenarios/<int:scenario_id>/delete/", scenario.scenario_delete, name="scenario_delete"),
]
