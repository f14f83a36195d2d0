"""两次测算对比: differences by region, source, sector and unit add up; policy and inputs in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from shuiheng.budget.selectors.compare import input_changes, unit_changes
from shuiheng.core.access import Role
from shuiheng.core.vocabulary import SUPPLIER_KINDS, Book
from shuiheng.core.volume import Volume, total
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.selectors import inputs_of, rules_of
from shuiheng.quota.services import run_baseline
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 2, 20)
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(lived: Lived) -> Visitor:
    return Visitor(lived.cast.at(Role.CITY_OFFICER), lived.now)


def another(lived: Lived) -> BaselineRun:
    """The adopted run asked again: equal awards, 5 % in reserve, half the water of the first region."""
    run = BaselineRun.objects.get(state="adopted")
    inputs = inputs_of(run)
    first = inputs.available[0]
    less = [replace(first, volume=Volume(first.volume.m3 // 2)), *inputs.available[1:]]
    sharing = replace(rules_of(run), policy=SharingPolicy.EQUAL_AWARDS, reserve_per_10000=500)
    return run_baseline(
        run.area, YEAR, replace(inputs, available=less), sharing, name="预留 5%",
        actor=lived.cast.at(Role.CITY_OFFICER), now=lived.now, key=str(uuid4()),
    )  # fmt: skip


def test_two_runs_stand_side_by_side(officer: Visitor, lived: Lived) -> None:
    new = another(lived)
    text = words(officer.get(reverse("budget:baseline_compare") + f"?year={YEAR}"))
    assert "预留 5%" in text
    assert "分担办法由 等比例压减 改为 等量保障；预留比例由 3% 改为 5%" in text
    assert "分配计划" in text
    assert "合计变化" in text
    same = f"?year={YEAR}&a={new.pk}&b={new.pk}&by=sector"
    assert "没有单位的额度不同" in words(officer.get(reverse("budget:baseline_compare") + same))


def test_the_units_that_change_add_up_to_what_is_used(lived: Lived) -> None:
    old, new = BaselineRun.objects.get(state="adopted"), another(lived)
    found = unit_changes(old, new, lived.cast.regions)
    sizes = [abs(each.change.m3) for each in found.most]
    assert sizes == sorted(sizes, reverse=True)
    own = BaselineLine.objects.filter(unit__isnull=False).exclude(
        book=Book.NETWORK, unit__kind__in=SUPPLIER_KINDS
    )
    sums = [total(own.filter(run=run).values_list("quota", flat=True)) for run in (old, new)]
    assert total(each.change for each in found.most) + found.rest == sums[1] - sums[0]


def test_the_same_question_has_no_differences(lived: Lived) -> None:
    run = BaselineRun.objects.get(state="adopted")
    assert input_changes(run, run) == []
    assert any(words.startswith("分配计划") for words in input_changes(run, another(lived)))


def test_one_run_alone_is_not_compared(officer: Visitor) -> None:
    assert officer.get(reverse("budget:baseline_compare") + f"?year={YEAR}").status_code == 404
    assert officer.said == "baseline.nothing_to_compare"
