"""下达: the allocation plan, the baseline, 预下达, the one act, its notices; each page as people use it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from shuiheng.budget import services
from shuiheng.budget.models import AllocationPlan, AreaBudget, Budget, BudgetLine, Scheme
from shuiheng.budget.rules import check_region_equals_plan
from shuiheng.budget.selectors.baseline import SHEET_SECTORS, baseline_sheet
from shuiheng.budget.selectors.issue import notices
from shuiheng.core.access import Actor, Holding, Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Transfer
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.papers.services import typeset_paper
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.selectors import losses_digest, losses_of
from shuiheng.registry.models import Unit
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 1, 20)
pytestmark = pytest.mark.django_db
ISSUED_ON = date(YEAR, 2, 12)


def who(lived: Lived, role: Role, area: Area | None = None) -> Visitor:
    return Visitor(lived.cast.at(role, area), lived.now)


@pytest.fixture
def officer(lived: Lived) -> Visitor:
    return who(lived, Role.CITY_OFFICER)


@pytest.fixture
def reviewer(lived: Lived) -> Visitor:
    return who(lived, Role.CITY_REVIEWER)


def grid(plan: AllocationPlan) -> dict[str, str]:
    return {
        f"v-{line.area_id}-{line.source}": str(line.volume.m3 / 10_000) for line in plan.lines.all()
    }


def paper(**more: object) -> dict[str, object]:
    return {
        "number": "演示水资源〔2026〕30号",
        "title": "调整后的计划（演示）",
        "issued_on": "2026-01-25",
        "wetness_included": "yes",
        **more,
    }


def adopted(officer: Visitor) -> BaselineRun:
    assert officer.post(reverse("budget:baseline_run")).status_code == 303
    run = BaselineRun.objects.latest("pk")
    assert adopt(officer, run).status_code == 303
    return run


def adopt(officer: Visitor, run: BaselineRun) -> HttpResponse:
    """As the page does it: with the digest of the losses that it has shown."""
    url = reverse("budget:baseline_adopt", args=[run.pk])
    shown = re.search(r'name="losses" value="(\w+)"', officer.get(url).content.decode())
    assert shown, "the form carries the losses that the page shows"
    return officer.post(url, losses=shown[1])


# -- allocation -------------------------------------------------------------------------------------


def test_the_plan_is_shown_with_its_sums_and_the_citys_own_line(officer: Visitor) -> None:
    text = words(officer.get(reverse("budget:allocation")))
    plan = AllocationPlan.objects.get()
    whole = total(line.volume for line in plan.lines.all())
    assert plan.number in text
    assert whole.wan() in text
    assert "市级留存 未分配到区" in text
    assert "150.00" in text


def test_a_district_sees_its_own_row_only(lived: Lived) -> None:
    district, other = lived.cast.regions[:2]
    text = words(who(lived, Role.COUNTY_OFFICER, district).get(reverse("budget:allocation")))
    assert district.name in text
    assert other.name not in text
    assert "市级留存" not in text


def test_a_unit_has_no_business_with_the_citys_plan(lived: Lived) -> None:
    unit = Unit.objects.select_related("region").first()
    assert unit is not None
    response = Visitor(lived.cast.of(unit), lived.now).get(reverse("budget:allocation"))
    assert response.status_code == 403


def test_checking_saves_nothing_and_shows_what_changes(officer: Visitor) -> None:
    plan = AllocationPlan.objects.get()
    line = plan.lines.order_by("pk")[0]
    typed = grid(plan) | {f"v-{line.area_id}-{line.source}": str(line.volume.m3 / 10_000 + 3)}
    response = officer.post(reverse("budget:allocation_new"), act="check", **paper(), **typed)
    text = words(response)
    assert response.status_code == 200
    assert "录入第 2 版" in text
    assert "+3.00" in text
    assert AllocationPlan.objects.count() == 1


def test_a_new_version_leaves_the_old_one_readable(officer: Visitor, tmp_path: Any) -> None:
    old = AllocationPlan.objects.get()
    line = old.lines.order_by("pk")[0]
    typed = grid(old) | {f"v-{line.area_id}-{line.source}": "12.5"}
    url = reverse("budget:allocation_new")
    key = "5b2e3d60-31d1-4a87-9a31-000000000001"
    first = officer.post(url, act="save", key=key, **paper(), **typed)
    again = officer.post(url, act="save", key=key, **paper(), **typed)
    assert (first.status_code, again.status_code) == (303, 303)
    assert AllocationPlan.objects.count() == 2
    assert AllocationPlan.objects.get(is_current=True).version == 2
    text = words(officer.get(reverse("budget:allocation") + "?version=1"))
    assert old.number in text
    assert "旧版本" in text
    assert "比上一版" in words(officer.get(reverse("budget:allocation")))


def test_a_figure_that_is_none_comes_back_with_its_place(officer: Visitor, lived: Lived) -> None:
    area = lived.cast.regions[0]
    typed = {f"v-{area.pk}-{Source.GROUND.value}": "1.2.3"}
    response = officer.post(reverse("budget:allocation_new"), act="check", **paper(), **typed)
    assert response.status_code == 422
    assert f"{area.name}地下水：“1.2.3”不是一个水量" in words(response)
    assert "1.2.3" in response.content.decode()


def test_only_who_may_enters_the_plan(lived: Lived) -> None:
    leader = who(lived, Role.LEADER)
    assert leader.get(reverse("budget:allocation_new")).status_code == 403
    assert "录入" not in words(leader.get(reverse("budget:allocation"))).replace("录入 ", "")


# -- baseline ---------------------------------------------------------------------------------------


def test_a_run_is_shown_and_adopted_after_a_preview(officer: Visitor) -> None:
    assert "还没有测算" in words(officer.get(reverse("budget:baseline")))
    officer.post(reverse("budget:baseline_run"))
    run = BaselineRun.objects.get()
    text = words(officer.get(reverse("budget:baseline")))
    assert run.input_digest[:16] in text
    assert "测算，未采用" in text
    assert "城乡居民生活" in words(officer.get(reverse("budget:baseline") + "?by=sector"))
    preview = words(officer.get(reverse("budget:baseline_adopt", args=[run.pk])))
    assert "还没有保存任何内容" in preview
    assert "采用这次测算（" in preview
    assert not BudgetLine.objects.filter(issued__isnull=False).exists()
    assert "P=95% 得" in preview
    assert "不会再对下达数算第二次" in preview
    adopt(officer, run)
    assert BudgetLine.objects.filter(issued__isnull=False).exists()


@pytest.mark.parametrize(
    ("losses", "code"),
    [("", "baseline.losses_not_shown"), ("0" * 64, "baseline.losses_of_another")],
)
def test_no_run_is_adopted_before_its_losses_were_shown(
    officer: Visitor, losses: str, code: str
) -> None:
    officer.post(reverse("budget:baseline_run"))
    run = BaselineRun.objects.latest("pk")
    response = officer.post(reverse("budget:baseline_adopt", args=[run.pk]), losses=losses)
    assert response.status_code == 409
    assert officer.said == code
    assert not BudgetLine.objects.filter(issued__isnull=False).exists()


def test_the_losses_of_another_run_do_not_count(officer: Visitor) -> None:
    officer.post(reverse("budget:baseline_run"))
    old = losses_digest(BaselineRun.objects.latest("pk"))
    officer.post(reverse("budget:baseline_run"))
    new = BaselineRun.objects.latest("pk")
    officer.post(reverse("budget:baseline_adopt", args=[new.pk]), losses=old)
    assert officer.said == "baseline.losses_of_another"


def test_a_run_without_drier_years_is_not_adopted(officer: Visitor) -> None:
    officer.post(reverse("budget:baseline_run"))
    run = BaselineRun.objects.latest("pk")
    BaselineRun.objects.filter(pk=run.pk).update(dry_years={})
    assert officer.get(reverse("budget:baseline")).status_code == 200
    officer.post(reverse("budget:baseline_adopt", args=[run.pk]))
    assert officer.said == "baseline.no_losses"


def test_the_losses_are_those_of_the_runs_own_figures(officer: Visitor, lived: Lived) -> None:
    officer.post(reverse("budget:baseline_run"))
    run = BaselineRun.objects.latest("pk")
    losses = losses_of(run)
    sheet = baseline_sheet(run, lived.cast.regions)
    for area in lived.cast.regions:
        assert losses.at(area=area.pk) == sheet.of_region(area.pk).quota
    assert losses.at() == sheet.whole.quota
    assert losses.at(95) < losses.at(75) < losses.at(50) <= losses.at()
    by_sector = [losses.change(95, sector=sector) for sector in SHEET_SECTORS]
    assert total(by_sector) == losses.change(95)


def test_an_older_run_is_not_adopted(officer: Visitor) -> None:
    officer.post(reverse("budget:baseline_run"))
    old = BaselineRun.objects.get()
    officer.post(reverse("budget:baseline_run"))
    response = officer.post(reverse("budget:baseline_adopt", args=[old.pk]))
    assert response.status_code == 409
    assert "不能采用旧的" in words(response)


def test_somebody_elses_run_is_missing(officer: Visitor) -> None:
    response = officer.get(reverse("budget:baseline_adopt", args=[987_654]))
    assert response.status_code == 404
    assert "没有这次测算" in words(response)


def test_the_sectors_of_a_sheet_add_up_to_its_sources(officer: Visitor, lived: Lived) -> None:
    officer.post(reverse("budget:baseline_run"))
    sheet = baseline_sheet(BaselineRun.objects.get(), lived.cast.regions)
    for area in lived.cast.regions:
        by_sector = total(sheet.of_sector(area.pk, sector).quota for sector in SHEET_SECTORS)
        assert by_sector == sheet.of_region(area.pk).quota
    assert sheet.all_counts.units == Unit.objects.count()


# -- interim ----------------------------------------------------------------------------------------


def test_an_interim_is_not_lent_twice(reviewer: Visitor) -> None:
    before = Transfer.objects.filter(code="interim").count()
    assert before
    response = reviewer.get(reverse("budget:interim"))
    assert response.status_code == 409
    assert "已经办理" in words(response)
    assert reviewer.post(reverse("budget:interim")).status_code == 409
    assert Transfer.objects.filter(code="interim").count() == before


# -- issue ------------------------------------------------------------------------------------------


def issue_data(**more: object) -> dict[str, object]:
    return {"number": "演示水发〔2026〕9号", "signer": "演示", "issued_on": "2026-02-12", **more}


def test_before_a_baseline_there_is_nothing_to_issue(reviewer: Visitor) -> None:
    text = words(reviewer.get(reverse("budget:issue")))
    assert "还没有采用基准额度测算" in text


def test_the_preview_says_what_the_issue_will_post(
    officer: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    adopted(officer)
    plan = services.preview_issue(lived.cast.city, YEAR, issued_on=ISSUED_ON)
    text = words(reviewer.get(reverse("budget:issue")))
    assert f"下达这 {plan.units:,} 个单位" in text
    assert plan.volume.wan() in text
    assert plan.reserve.wan() in text
    assert "与年度水量分配计划相等 ✓" in text
    assert "预下达" in text
    assert "还没有保存任何内容" in text


def test_an_officer_without_the_right_sees_no_button(officer: Visitor) -> None:
    adopted(officer)
    text = words(officer.get(reverse("budget:issue")))
    assert "您可以看，不能下达" in text
    assert officer.post(reverse("budget:issue"), **issue_data()).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"number": "九号"}, "不是规范的文号"),
        ({"number": "演示水发〔2025〕9号"}, "文号里的年份"),
        ({"signer": " "}, "签发人"),
    ],
)
def test_a_paper_that_is_none_comes_back(
    officer: Visitor, reviewer: Visitor, wrong: dict[str, object], sentence: str
) -> None:
    adopted(officer)
    response = reviewer.post(reverse("budget:issue"), **issue_data(**wrong))
    assert response.status_code == 422
    assert sentence in words(response)
    assert not Scheme.objects.exists()


def test_issuing_twice_is_issuing_once(officer: Visitor, reviewer: Visitor) -> None:
    adopted(officer)
    key = "5b2e3d60-31d1-4a87-9a31-000000000002"
    first = reviewer.post(reverse("budget:issue"), **issue_data(key=key))
    posted = Transfer.objects.count()
    again = reviewer.post(reverse("budget:issue"), **issue_data(key=key))
    assert (first.status_code, again.status_code) == (303, 303)
    assert Scheme.objects.count() == 1
    assert Transfer.objects.count() == posted
    other = reviewer.post(reverse("budget:issue"), **issue_data(number="演示水发〔2026〕10号"))
    assert other.status_code == 409


def test_who_is_on_the_run_but_not_compiled_stops_the_issue(
    officer: Visitor, reviewer: Visitor
) -> None:
    adopted(officer)
    given = BudgetLine.objects.filter(budget__year=YEAR, issued__gt=0).order_by("pk")
    late = given.select_related("budget")[0].budget
    Budget.objects.filter(pk=late.pk).update(stage="accepted")
    text = words(reviewer.get(reverse("budget:issue")))
    assert "测算里有 1 个单位的草案没有汇编" in text
    assert "还有 1 处必改" in text
    assert reviewer.post(reverse("budget:issue"), **issue_data()).status_code == 409
    assert reviewer.said == "issue.uncompiled"
    assert not Scheme.objects.exists()
    adopted(officer)  # a new run leaves him to the reserve
    assert reviewer.post(reverse("budget:issue"), **issue_data()).status_code == 303
    scheme = Scheme.objects.get()
    assert services.make_notices(scheme.pk, now=reviewer.now) == scheme.units
    assert not Paper.objects.filter(kind="issue_notice", unit_id=late.unit_id).exists()


@pytest.fixture
def issued(officer: Visitor, reviewer: Visitor) -> Scheme:
    adopted(officer)
    assert reviewer.post(reverse("budget:issue"), **issue_data()).status_code == 303
    return Scheme.objects.get()


def test_the_notices_are_made_once_however_often_the_job_runs(
    issued: Scheme, lived: Lived, reviewer: Visitor
) -> None:
    assert services.make_notices(issued.pk, now=lived.now) == issued.units
    services.make_notices(issued.pk, now=lived.now)
    made = Paper.objects.filter(kind="issue_notice")
    assert made.count() == issued.units
    numbers = set(made.values_list("number", flat=True))
    assert f"{issued.number}-1" in numbers
    assert len(numbers) == issued.units
    text = words(reviewer.get(reverse("budget:issue")))
    assert f"0 / {issued.units} 份" in text
    assert issued.number in text


def test_a_notice_says_what_was_issued_and_prints(issued: Scheme, lived: Lived) -> None:
    services.make_notices(issued.pk, now=lived.now)
    for kind in ("irrigation_district", "self_supplied", "network_customer"):
        unit = Unit.objects.filter(kind=kind).order_by("pk")[0]
        notice = Paper.objects.get(kind="issue_notice", unit_id=unit.pk)
        own = BudgetLine.objects.filter(budget__unit=unit, budget__year=YEAR)
        book = "network" if unit.kind_term.is_customer else "abstraction"
        given = total(line.issued for line in own if line.book == book)
        assert sum(line["quota"] for line in notice.data["lines"]) == given.m3
        assert typeset_paper(notice.pk).state == "ready"
    scheme_paper = Paper.objects.get(kind="issue_scheme")
    assert typeset_paper(scheme_paper.pk).state == "ready"


def test_a_unit_sees_its_own_notice_and_no_other(issued: Scheme, lived: Lived) -> None:
    services.make_notices(issued.pk, now=lived.now)
    unit, other = Unit.objects.select_related("region").order_by("pk")[3:5]
    visitor = Visitor(lived.cast.of(unit), lived.now)
    text = words(visitor.get(reverse("budget:issue") + f"?year={YEAR}"))
    assert unit.name in text
    assert other.name not in text
    actor: Actor = visitor.actor
    assert notices(issued, actor).count() == 1


def test_after_the_issue_the_plan_is_closed(issued: Scheme, officer: Visitor) -> None:
    assert AreaBudget.objects.get(area=issued.area, year=YEAR).stage == "issued"
    response = officer.post(
        reverse("budget:allocation_new") + f"?year={YEAR}",
        act="save", **paper(), **grid(AllocationPlan.objects.get()),
    )  # fmt: skip
    assert response.status_code == 409
    assert "上级调整" in words(response)


def test_an_unknown_year_is_a_sentence(officer: Visitor) -> None:
    response = officer.get(reverse("budget:issue") + "?year=1999")
    assert response.status_code == 404
    assert "还没有 1999 年度的水预算" in words(response)


@pytest.mark.parametrize("name", ["allocation", "baseline", "issue"])
def test_pages_ask_little_of_the_database(
    officer: Visitor, name: str, django_assert_max_num_queries: Any
) -> None:
    adopted(officer)
    with django_assert_max_num_queries(20):
        officer.get(reverse(f"budget:{name}"))


# -- each no by its code ----------------------------------------------------------------------------


def test_before_the_issue_each_no_has_its_code(
    officer: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    officer.post(reverse("budget:allocation_new"), act="save", **paper(), **blank(lived))
    assert officer.said == "allocation.empty"
    officer.get(reverse("budget:allocation") + "?version=9")
    assert officer.said == "allocation.no_version"
    reviewer.get(reverse("budget:interim"))
    assert reviewer.said == "interim.nothing_left"
    adopted(officer)
    with pytest.raises(Refusal) as refused:
        services.issue_scheme(
            AreaBudget.objects.get(area=lived.cast.city, year=YEAR).pk,
            number="演示水发〔2026〕9号", signer=" ", issued_on=ISSUED_ON,
            actor=reviewer.actor, now=lived.now, key="test:no-signer",
        )  # fmt: skip
    assert refused.value.code == "issue.paper_incomplete"
    AllocationPlan.objects.update(is_current=False)
    officer.post(reverse("budget:baseline_run"))
    assert officer.said == "allocation.missing"


def blank(lived: Lived) -> dict[str, str]:
    """A grid in which nothing is left of what stood there."""
    return {f"v-{area.pk}-{source.value}": "" for area in lived.cast.regions for source in Source}


def test_after_the_issue_each_no_has_its_code(
    issued: Scheme, officer: Visitor, reviewer: Visitor
) -> None:
    year = f"?year={YEAR}"
    figures = grid(AllocationPlan.objects.get())
    officer.post(reverse("budget:allocation_new") + year, act="save", **paper(), **figures)
    assert officer.said == "allocation.issued"
    reviewer.get(reverse("budget:interim") + year)
    assert reviewer.said == "interim.issued"


def test_who_belongs_to_no_year_is_told_so(lived: Lived) -> None:
    changji = Area.objects.get(code="652300")
    elsewhere = Actor(9, "州经办", (Holding(Role.CITY_OFFICER, changji.place),))
    nowhere = Actor(10, "无岗位")
    for actor, code in ((elsewhere, "budget.no_year"), (nowhere, "budget.no_city")):
        visitor = Visitor(actor, lived.now)
        assert visitor.get(reverse("budget:allocation")).status_code == 404
        assert visitor.said == code


def test_a_region_that_is_not_its_plan_is_named() -> None:
    given = {Source.GROUND: Volume(10)}
    check_region_equals_plan("米东区", given, given)
    with pytest.raises(Refusal) as refused:
        check_region_equals_plan("米东区", given, {Source.GROUND: Volume(11)})
    assert refused.value.code == "allocation.differs"
    assert "米东区地下水" in refused.value.sentence
