"""编制 and 审核: drafts, the reviewer's queue, districts compiled and reported."""

from __future__ import annotations

from django.urls import path

from shuiheng.budget.views import areas, draft, drafts, review

DRAFT = "drafts/<int:year>/<int:unit_id>/"

urlpatterns = [
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/remind/", drafts.remind, name="remind"),
    path("drafts/default/", drafts.draft_by_default, name="draft_by_default"),
    path(DRAFT, draft.draft, name="draft"),
    path(f"{DRAFT}submit/", draft.submit_draft, name="draft_submit"),
    path(f"{DRAFT}withdraw/", draft.withdraw_draft, name="draft_withdraw"),
    path(f"{DRAFT}attach/", draft.attach, name="draft_attach"),
    path("review/", review.review, name="review"),
    path("review/accept/", review.accept_many, name="review_accept"),
    path("review/<int:budget_id>/", review.case, name="review_case"),
    path("review/<int:budget_id>/accept/", review.accept, name="review_accept_one"),
    path("review/<int:budget_id>/return/", review.return_draft, name="review_return"),
    path("review/<int:budget_id>/reopen/", review.reopen_draft, name="review_reopen"),
    path("areas/", areas.areas, name="areas"),
    path("areas/<int:area_budget_id>/", areas.area, name="area"),
    path("areas/<int:area_budget_id>/<str:step>/", areas.step, name="area_step"),
]
