"""The desks of the demo's opening day: something to confirm, to recognise and to look at."""

from __future__ import annotations

from datetime import date

import pytest

from shuiheng.core.clock import beijing_noon
from shuiheng.quota.models import OutputDeclaration
from shuiheng.registry.models import Recognition
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import found_city
from shuiheng.rehearsal.services.opening import fill_desks
from shuiheng.rehearsal.services.stage import Stage
from shuiheng.rehearsal.services.year import play

YEAR, SEED, SIZE = 2026, 1, 120


@pytest.mark.django_db
def test_every_department_finds_something_to_do() -> None:
    began = beijing_noon(date(YEAR - 1, 12, 1))
    cast = found_city(CityPlan(SEED, SIZE), year=YEAR, now=began, password="-")
    stage = Stage(cast, YEAR, SEED, lambda _: None, check=False)
    play(stage, date(YEAR - 1, 12, 5))
    stage.on(date(YEAR - 1, 12, 6))
    fill_desks(stage)
    states = set(OutputDeclaration.objects.values_list("state", flat=True))
    assert states == {"declared", "confirmed"}
    assert all(len(row.industry_code) == 2 for row in OutputDeclaration.objects.all())
    assert {row.kind for row in Recognition.objects.all()} <= {"provisional"}
