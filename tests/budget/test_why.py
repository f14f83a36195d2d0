"""为什么: the page of a city, a region, a unit; what it says adds up, and who may read it."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from shuiheng.budget.models import AreaBudget, BudgetLine
from shuiheng.budget.selectors.why import lines_of, why
from shuiheng.core.access import Actor, Holding, Place, Role
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import quotas
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.rules.why import Cause, Selection
from shuiheng.registry.models import PastUse
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 2, 20)
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(lived: Lived) -> Visitor:
    return Visitor(lived.cast.at(Role.CITY_OFFICER), lived.now)


@pytest.fixture
def run(lived: Lived) -> BaselineRun:
    return BaselineRun.objects.get(state="adopted")


def of_unit(line: BaselineLine) -> str:
    return reverse("budget:why_unit", args=[line.unit_id])


def test_a_first_year_starts_from_last_years_use_and_ends_at_the_run(run: BaselineRun) -> None:
    found = why(run)
    assert "用水" in found.start_label
    whole = found.path.explain(Selection())
    used = PastUse.objects.filter(year=YEAR - 1).exclude(source=Source.NETWORK)
    units = BaselineLine.objects.filter(run=run).values("unit")
    assert whole.start == total(used.filter(unit__in=units).values_list("volume", flat=True))
    given = BaselineLine.objects.filter(run=run, book=Book.ABSTRACTION, unit__isnull=False)
    assert whole.end == total(given.values_list("quota", flat=True))
    assert whole.parts[Cause.BASIS] == Volume()
    assert whole.parts[Cause.ABOVE] < Volume()


def test_the_last_answer_is_the_run_itself(run: BaselineRun) -> None:
    again = why(run).path.answers[-1][1]
    assert {held: v for held, v in again.items() if v} == {
        held: v for held, v in lines_of(run).items() if v
    }


def test_a_year_with_a_run_before_it_starts_from_that(run: BaselineRun) -> None:
    BaselineRun.objects.filter(pk=run.pk).update(year=YEAR - 1)
    copy = BaselineRun.objects.get(pk=run.pk)
    copy.pk, copy.year = None, YEAR
    copy.save()
    lines = list(BaselineLine.objects.filter(run=run))
    for line in lines:
        line.pk, line.run = None, copy
    BaselineLine.objects.bulk_create(lines)
    found = why(copy)
    assert found.start_label == f"{YEAR - 1} 年基准额度"
    assert not any(found.path.explain(Selection()).parts.values())


def test_a_year_in_the_books_without_a_run_starts_from_its_quotas(run: BaselineRun) -> None:
    run.year = YEAR + 1
    run.state = "made"
    run.save()
    BaselineRun.objects.filter(year=YEAR).delete()
    found = why(run)
    assert found.start_label == f"{YEAR} 年水账额度"
    held = quotas(YEAR)
    assert found.path.explain(Selection()).start == total(
        balance.net for key, balance in held.items() if key.book is Book.ABSTRACTION
    )


def test_the_city_page_lists_all_regions_and_the_sentence(officer: Visitor, lived: Lived) -> None:
    text = words(officer.get(reverse("budget:why", args=[lived.cast.city.pk])))
    assert f"{lived.cast.city.name}为什么比去年" in text
    for area in lived.cast.regions:
        assert area.name in text
    assert "不含预留" in text


def test_a_region_stands_beside_the_neighbours_that_were_chosen(
    officer: Visitor, lived: Lived
) -> None:
    first, second, third, fourth = lived.cast.regions[:4]
    url = reverse("budget:why", args=[first.pk])
    assert f"{second.name}" in words(officer.get(url))
    text = words(officer.get(f"{url}?beside={third.pk}&and={fourth.pk}&sector=industry"))
    assert f"{first.name} · 工业为什么" in text
    assert "本区变化" in text
    assert "用水口径" in text


def test_the_print_has_no_controls(officer: Visitor, lived: Lived) -> None:
    page = officer.get(reverse("budget:why", args=[lived.cast.city.pk]) + "?print=1")
    assert "打印一页" not in words(page)
    assert "<select" not in page.content.decode()


def test_a_unit_that_was_cut_reads_its_certificate_and_one_that_was_not_its_page_too(
    officer: Visitor, run: BaselineRun
) -> None:
    lines = BaselineLine.objects.filter(run=run, book=Book.ABSTRACTION, unit__isnull=False)
    cut = lines.filter(certificate__isnull=False)[0]
    assert cut.certificate is not None
    assert run.certificates[cut.certificate] in words(officer.get(of_unit(cut)))
    whole = lines.filter(certificate__isnull=True, quota__gt=0)[0]
    assert "足额" in words(officer.get(of_unit(whole)))


def own(lived: Lived, line: BaselineLine) -> Visitor:
    assert line.unit is not None
    place = Place(line.area.path, line.unit_id)
    return Visitor(Actor(1, "单位", (Holding(Role.UNIT_CLERK, place),)), lived.now)


def test_a_unit_sees_its_own_and_no_other_once_it_is_issued(lived: Lived, run: BaselineRun) -> None:
    mine, other = BaselineLine.objects.filter(run=run, book=Book.NETWORK, sector=Sector.INDUSTRY)[
        :2
    ]
    unit = own(lived, mine)
    assert unit.get(of_unit(mine)).status_code == 200
    assert unit.get(of_unit(other)).status_code == 404
    assert unit.said == "why.not_found"
    assert unit.get(reverse("budget:why", args=[mine.area_id])).status_code == 404
    AreaBudget.objects.update(stage="approved")
    unit.get(of_unit(mine))
    assert unit.said == "why.no_run"


def test_a_run_that_is_not_there_is_said(officer: Visitor, lived: Lived) -> None:
    officer.get(reverse("budget:why", args=[lived.cast.city.pk]) + "?run=987654")
    assert officer.said == "why.no_run"


def test_what_was_adopted_stands_in_the_budgets_with_its_reason(run: BaselineRun) -> None:
    for line in BaselineLine.objects.filter(run=run, unit__isnull=False)[:40]:
        drawn = BudgetLine.objects.get(
            budget__unit=line.unit_id, budget__year=YEAR, source=line.source, sector=line.sector
        )
        assert drawn.issued == line.quota
        assert drawn.reason == line.reason


def test_a_unit_that_is_in_neither_year_is_told_so(officer: Visitor, run: BaselineRun) -> None:
    line = BaselineLine.objects.filter(run=run, sector=Sector.AGRICULTURE)[0]
    url = of_unit(line)
    BaselineLine.objects.filter(run=run, unit=line.unit_id).delete()
    assert officer.get(url).status_code == 404
    assert officer.said == "why.no_run"


def test_the_draft_shows_what_was_adopted_with_its_reason(
    officer: Visitor, run: BaselineRun
) -> None:
    line = BaselineLine.objects.filter(run=run, certificate__isnull=False)[0]
    url = reverse("budget:draft", args=[YEAR, line.unit_id])
    text = words(officer.get(url))
    assert line.reason in text
    assert f"{line.quota.m3:,}" in text
    assert "为什么比去年多或少" in text
