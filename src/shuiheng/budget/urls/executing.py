"""下达, 调整, 决算. Every page takes `?year=`; without it, the year that is under way."""

from __future__ import annotations

from django.urls import path

from shuiheng.budget.views import (
    adjustment,
    allocation,
    baseline,
    changes,
    compare,
    final,
    intensity,
    issue,
    why,
)

urlpatterns = [
    path("allocation", allocation.allocation, name="allocation"),
    path("allocation/new", allocation.allocation_new, name="allocation_new"),
    path("baseline", baseline.baseline, name="baseline"),
    path("baseline/run", baseline.baseline_run, name="baseline_run"),
    path("baseline/compare", compare.compare, name="baseline_compare"),
    path("baseline/<int:run_id>/adopt", baseline.baseline_adopt, name="baseline_adopt"),
    path("intensity", intensity.intensity, name="intensity"),
    path("intensity/limits", intensity.limits, name="intensity_limits"),
    path("intensity/economy", intensity.economy, name="intensity_economy"),
    path("why/areas/<int:area_id>", why.of_area, name="why"),
    path("why/units/<int:unit_id>", why.of_unit, name="why_unit"),
    path("issue", issue.issue, name="issue"),
    path("interim", issue.interim, name="interim"),
    path("adjustments", adjustment.adjustments, name="adjustments"),
    path("adjustments/new", adjustment.adjustment_new, name="adjustment_new"),
    path("adjustments/<int:adjustment_id>", adjustment.adjustment, name="adjustment"),
    path("changes", changes.changes, name="changes"),
    path("changes/new", changes.change_new, name="change_new"),
    path("changes/<int:change_id>", changes.change, name="change"),
    path("finals", final.finals, name="finals"),
    path("finals/open", final.finals_open, name="finals_open"),
    path("finals/close", final.finals_close, name="finals_close"),
    path("finals/districts/<int:area_id>", final.finals_district, name="finals_district"),
    path("finals/<int:account_id>", final.final, name="final"),
    path("finals/<int:account_id>/print", final.final_print, name="final_print"),
]
