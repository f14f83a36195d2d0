"""名录: units and their waters, lists of a year, people of units. A unit's id is always `unit_id`."""

from __future__ import annotations

from django.urls import path

from shuiheng.registry.views import claims, directory, people, unit, units, waters

app_name = "registry"
ONE = "units/<int:unit_id>/"
LIST = "directories/<int:area_id>/<int:year>/"

urlpatterns = [
    path("units/", units.units, name="units"),
    path("search/", units.search, name="search"),
    path("units/new/", units.unit_new, name="unit_new"),
    path(ONE, unit.unit, name="unit"),
    path(f"{ONE}edit/", units.unit_edit, name="unit_edit"),
    path(f"{ONE}close/", units.unit_close, name="unit_close"),
    path(f"{ONE}move/", units.unit_move, name="unit_move"),
    path(f"{ONE}permits/new/", waters.permit_new, name="permit_new"),
    path(f"{ONE}permits/<int:permit_id>/", waters.permit_edit, name="permit_edit"),
    path(f"{ONE}recognitions/new/", waters.recognition_new, name="recognition_new"),
    path(f"{ONE}intakes/new/", waters.intake_new, name="intake_new"),
    path(f"{ONE}intakes/<int:intake_id>/", waters.intake_edit, name="intake_edit"),
    path(f"{ONE}supplier/", waters.supplier, name="supplier"),
    path(f"{ONE}activities/<int:year>/", waters.activities, name="activities"),
    path("directories/", directory.directories, name="directories"),
    path(LIST, directory.directory, name="directory"),
    path(f"{LIST}open/", directory.directory_open, name="directory_open"),
    path(f"{LIST}report/", directory.directory_report, name="directory_report"),
    path(f"{LIST}approve/", directory.directory_approve, name="directory_approve"),
    path(f"{LIST}return/", directory.directory_return, name="directory_return"),
    path("people/", people.people, name="people"),
    path("people/<int:user_id>/mend/", people.mend, name="mend"),
    path("codes/", claims.claim_codes, name="claim_codes"),
    path("codes/sheet/", claims.claim_sheet, name="claim_sheet"),
    path("claim/", claims.claim, name="claim"),
    path("claim/account/", claims.claim_account, name="claim_account"),
    path("me/", people.me, name="me"),
    path("me/leave/<int:membership_id>/", people.leave, name="leave"),
    path("sign-in/", people.sign_in_code, name="sign_in_code"),
    path("sign-in/code/", people.sign_in_with_code, name="sign_in_with_code"),
]
