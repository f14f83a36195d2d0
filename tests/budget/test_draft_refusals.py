"""Each no of 编制, 审核 and 汇编 by its code, where it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import RequestFactory

from shuiheng.budget import services
from shuiheng.budget.models import AreaBudget, Budget, BudgetLine
from shuiheng.budget.selectors import drafts as selectors
from shuiheng.budget.selectors.areas import find_area_budget
from shuiheng.budget.views import areas
from shuiheng.core.access import SYSTEM, Role
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.volume import Volume
from tests.budget.conftest import YEAR, Lived

UNTIL = date(YEAR, 1, 7)
TWELVE = [Volume(0)] * 12

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rolled_back(lived: Lived) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def refused(act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


def by(lived: Lived) -> dict[str, Any]:
    return {"actor": SYSTEM, "now": lived.now, "key": str(uuid4())}


def test_a_submitted_draft_is_not_saved_over(lived: Lived) -> None:
    budget = Budget.objects.filter(year=YEAR, stage="submitted")[0]
    no = refused(
        lambda: services.save_draft(
            budget.pk, proposed={}, months=TWELVE, note="", version=budget.version, **by(lived)
        )
    )
    assert (no.code, no.kind) == ("draft.not_editable", Kind.CONFLICT)
    assert "待审核" in no.sentence


def test_what_must_be_mended_is_not_submitted(lived: Lived) -> None:
    budget = Budget.objects.filter(year=YEAR, stage="submitted")[0]
    BudgetLine.objects.filter(budget=budget).update(proposed=Volume(7))
    Budget.objects.filter(pk=budget.pk).update(stage="draft", months=[0] * 12)
    no = refused(lambda: services.submit_draft(budget.pk, **by(lived)))
    assert no.code == "draft.must_fix"
    assert no.facts["findings"]


def test_a_list_with_a_draft_that_is_gone_is_refused_whole(lived: Lived) -> None:
    budget = Budget.objects.filter(year=YEAR, stage="submitted")[0]
    no = refused(lambda: services.accept_drafts([budget.pk, 10**9], **by(lived)))
    assert (no.code, no.kind) == ("budget.missing", Kind.MISSING)
    budget.refresh_from_db()
    assert budget.stage == "submitted"
    assert refused(lambda: services.accept_drafts([], **by(lived))).code == "review.nothing_picked"


def test_the_city_waits_for_its_districts(lived: Lived) -> None:
    own = AreaBudget.objects.get(area=lived.cast.city, year=YEAR)
    no = refused(lambda: services.compile_area(own.pk, **by(lived)))
    assert no.code == "compile.districts_waiting"
    assert "还有 9 个区县没有审定" in no.sentence


def test_places_that_are_not_ones_own_are_not_there(lived: Lived) -> None:
    budget = Budget.objects.filter(year=YEAR).select_related("unit")[0]
    clerk = lived.cast.of(budget.unit)
    assert refused(lambda: selectors.office_area(clerk)).code == "area.not_found"
    assert refused(lambda: selectors.find_draft(clerk, 2031, 1)).code == "budget.not_found"
    assert refused(lambda: find_area_budget(clerk, 1)).code == "area_budget.not_found"


def ask(lived: Lived, actor: object) -> Any:
    request: Any = RequestFactory().get("/")
    request.user = type("Somebody", (), {"is_authenticated": True})()
    request.actor, request.now, request.today = actor, lived.now, lived.day
    return request


def test_areas_are_for_offices_and_steps_have_names(lived: Lived) -> None:
    budget = Budget.objects.filter(year=YEAR).select_related("unit")[0]
    no = refused(lambda: areas.areas(ask(lived, lived.cast.of(budget.unit))))
    assert (no.code, no.kind) == ("area_budget.none", Kind.FORBIDDEN)
    own = AreaBudget.objects.get(area=lived.cast.city, year=YEAR)
    city = lived.cast.at(Role.CITY_REVIEWER)
    assert refused(lambda: areas.step(ask(lived, city), own.pk, "issue")).code == "step.unknown"
