"""审核 and 汇编: the queue and its reasons, one case after the other, the ready ones in one act, upward."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuiheng.budget.models import AreaBudget, Budget, BudgetLine, Step
from shuiheng.budget.selectors import areas as area_sums
from shuiheng.budget.selectors import review as selectors
from shuiheng.core.access import Role
from shuiheng.core.vocabulary import UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.registry.models import Permit
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 1, 7)
BEFORE_THE_BOOKS = 3  # reads that only the first year needs: use from before this system
OF_DEMAND = 3  # which norms hold here, which method was chosen, which coefficients

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rolled_back(lived: Lived) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def region(lived: Lived) -> Area:
    return Area.objects.get(code="650109")


@pytest.fixture
def reviewer(lived: Lived, region: Area) -> Visitor:
    return Visitor(lived.cast.at(Role.COUNTY_REVIEWER, region), lived.now)


def at(lived: Lived, role: Role, area: Area | None = None) -> Visitor:
    return Visitor(lived.cast.at(role, area), lived.now)


def queue_of(lived: Lived, region: Area) -> selectors.Queue:
    actor = lived.cast.at(Role.COUNTY_REVIEWER, region)
    return selectors.queue(actor, region, YEAR, lived.day)


def form_of(response: HttpResponse, action: str) -> dict[str, str]:
    """The fields of the form that leads to `action`."""
    page = response.content.decode().replace("&amp;", "&")
    start = page.index(f'action="{action}')
    form = page[start : page.index("</form>", start)]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = value[1] if value else ""
    found["action"] = page[start + 8 : page.index('"', start + 8)]
    return found


def odd_draft(lived: Lived, region: Area) -> Budget:
    """A submitted draft of the region that asks for three times last year's water."""
    budget = queue_of(lived, region).ready[0].budget
    line = budget.lines.order_by("pk")[0]
    Permit.objects.filter(unit=budget.unit_id).delete()
    BudgetLine.objects.filter(pk=line.pk).update(proposed=Volume(line.proposed.m3 * 2))
    Budget.objects.filter(pk=budget.pk).update(months=[m * 2 for m in budget.months])
    return Budget.objects.select_related("unit__region", "region").get(pk=budget.pk)


# -- the queue --------------------------------------------------------------------------------------


def test_what_must_be_looked_at_says_why_and_the_rest_is_ready(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = odd_draft(lived, region)
    page = words(reviewer.get(f"{reverse('budget:review')}?year={YEAR}"))
    waiting = queue_of(lived, region)
    assert f"需查看 {len(waiting.look)}" in page
    assert f"可通过 {len(waiting.ready)}" in page
    assert budget.unit.name in page
    assert re.search(rf"{budget.unit.name} .*?多 \d+\.\d%，超过 ±20% 限", page)
    assert "1月15日前完成草案" in page
    whole = Budget.objects.filter(region=region, year=YEAR).count()
    assert f"名录 {whole} 个单位" in page


def test_reasons_narrow_the_list(lived: Lived, region: Area, reviewer: Visitor) -> None:
    odd_draft(lived, region)
    url = f"{reverse('budget:review')}?year={YEAR}&reason=review.change"
    page = words(reviewer.get(url))
    changed = [
        each
        for each in queue_of(lived, region).look
        if "review.change" in {f.code for f in each.findings}
    ]
    assert f"1 / {len(changed)}" in page
    assert f"比上年变动大 {len(changed)}" in page


def test_a_permit_about_to_expire_is_a_reason(lived: Lived, region: Area) -> None:
    ready = queue_of(lived, region).ready
    budget = next(e.budget for e in ready if not e.budget.unit.kind_term.is_customer)
    soon, late = lived.day + timedelta(days=90), lived.day + timedelta(days=91)
    permits = Permit.objects.filter(unit=budget.unit_id)
    assert permits.exists()
    for end, reasons in ((late, []), (soon, ["review.permit_expires"])):
        permits.update(valid_until=end)
        found = next(e for e in queue_of(lived, region).queued if e.budget.pk == budget.pk)
        assert [finding.code for finding in found.findings] == reasons
    assert "（90 天后）到期" in found.reason


def test_public_supply_stands_in_the_citys_queue_only(lived: Lived) -> None:
    works = Budget.objects.get(year=YEAR, unit__kind=UnitKind.WATERWORKS)
    Budget.objects.filter(pk=works.pk).update(stage="submitted")
    county = at(lived, Role.COUNTY_REVIEWER, works.region)
    city = at(lived, Role.CITY_REVIEWER)
    assert works.unit.name not in words(county.get(reverse("budget:review")))
    assert works.unit.name in words(city.get(reverse("budget:review")))
    opened = county.get(reverse("budget:review_case", args=[works.pk]))
    assert "按申报通过" not in words(opened)
    refused = county.post(reverse("budget:review_accept_one", args=[works.pk]), act="proposed")
    assert refused.status_code == 403
    assert "审核公共供水单位草案" in words(refused)
    taken = city.post(reverse("budget:review_accept_one", args=[works.pk]), act="proposed")
    assert taken.status_code == 303


# -- one case ---------------------------------------------------------------------------------------


def test_enter_accepts_and_leads_to_the_next_case(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    look = queue_of(lived, region).look
    first = odd_draft(lived, region)
    page = reviewer.get(f"{reverse('budget:review_case', args=[first.pk])}?year={YEAR}&tab=look")
    assert 'data-key="Enter"' in page.content.decode()
    assert "办完自动到下一件" in words(page)
    form = form_of(page, reverse("budget:review_accept_one", args=[first.pk]))
    done = reviewer.post(form.pop("action"), **form, act="proposed")
    assert done.status_code == 303
    assert re.search(r"/review/\d+/", done["Location"]) or not look
    first.refresh_from_db()
    assert first.stage == "accepted"
    for line in first.lines.all():
        assert line.reviewed == line.proposed
    assert reviewer.get(done["Location"]).status_code == 200


def test_the_need_by_norms_is_suggested_and_accepted(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = odd_draft(lived, region)
    budget.unit.activities.all().delete()
    budget.unit.activities.create(year=YEAR, item="玉米", method="滴灌", quantity=100, measure="亩")
    url = f"{reverse('budget:review_case', args=[budget.pk])}?year={YEAR}"
    page = reviewer.get(url)
    assert "按测算核定" in words(page)
    assert "按定额法测算只要 3.60 万m³" in words(page)
    form = form_of(page, reverse("budget:review_accept_one", args=[budget.pk]))
    assert reviewer.post(form.pop("action"), **form, act="figures").status_code == 303
    assert total(line.reviewed for line in budget.lines.all() if line.reviewed) == Volume(36_000)


def test_the_figure_of_a_chosen_method_is_suggested_with_its_words(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = odd_draft(lived, region)
    data = {"key": str(uuid4()), "method": "reviewer", "volume": "1.5", "reason": "按同类核定"}
    demand = f"{reverse('quota:demand', args=[budget.unit_id])}?year={YEAR}"
    assert reviewer.post(demand, **data).status_code == 303
    page = reviewer.get(f"{reverse('budget:review_case', args=[budget.pk])}?year={YEAR}")
    assert "按测算核定" in words(page)
    assert "按审核人核定测算" in words(page)
    assert "核定 15,000 m³：按同类核定" in words(page)
    form = form_of(page, reverse("budget:review_accept_one", args=[budget.pk]))
    assert reviewer.post(form.pop("action"), **form, act="figures").status_code == 303
    assert total(line.reviewed for line in budget.lines.all() if line.reviewed) == Volume(15_000)


def test_a_wrong_reviewed_figure_comes_back(lived: Lived, region: Area, reviewer: Visitor) -> None:
    budget = odd_draft(lived, region)
    url = f"{reverse('budget:review_case', args=[budget.pk])}?year={YEAR}"
    form = form_of(reviewer.get(url), reverse("budget:review_accept_one", args=[budget.pk]))
    action = form.pop("action")
    name = next(name for name in form if name.startswith("line-"))
    for typed, sentence in (("-1", "水量不能是负数"), ("好多", "“好多”"), ("", "请填水量")):
        back = reviewer.post(action, **(form | {name: typed, "act": "figures"}))
        assert back.status_code == 422
        assert sentence in words(back)
        assert f'value="{typed}"' in back.content.decode() or not typed
    budget.refresh_from_db()
    assert budget.stage == "submitted"


def test_a_return_needs_its_reason_and_tells_the_unit(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = odd_draft(lived, region)
    url = reverse("budget:review_return", args=[budget.pk])
    asked = reviewer.get(url)
    assert "超过 ±20% 限" in words(asked)  # the reasons of the queue are the start of the letter
    refused = reviewer.post(url, reason="  ")
    assert refused.status_code == 422
    assert "要写明理由" in words(refused)
    assert reviewer.post(url, reason="请补种植合同").status_code == 303
    budget.refresh_from_db()
    assert budget.stage == "returned"
    clerk = Visitor(lived.cast.of(budget.unit), lived.now)
    seen = words(clerk.get(reverse("budget:draft", args=[YEAR, budget.unit_id])))
    assert f"{reviewer.actor.name}退回补正：" in seen
    assert "请补种植合同" in seen
    returned = words(reviewer.get(f"{reverse('budget:review')}?tab=returned"))
    assert budget.unit.name in returned


def test_an_accepted_draft_can_be_reviewed_again(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = queue_of(lived, region).ready[0].budget
    accept_url = reverse("budget:review_accept_one", args=[budget.pk])
    assert reviewer.post(accept_url, act="proposed").status_code == 303
    case = reverse("budget:review_case", args=[budget.pk])
    assert "重新审核…" in words(reviewer.get(f"{case}?tab=done"))
    url = reverse("budget:review_reopen", args=[budget.pk])
    assert reviewer.post(url, reason="").status_code == 422
    assert reviewer.post(url, reason="许可有变化").status_code == 303
    budget.refresh_from_db()
    assert budget.stage == "submitted"
    shown = words(reviewer.get(f"{case}?tab=look"))
    assert "许可有变化" in shown
    assert reviewer.actor.name in shown


def test_a_step_out_of_order_says_what_can_be_done(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = queue_of(lived, region).ready[0].budget
    Budget.objects.filter(pk=budget.pk).update(stage="draft")
    for route, data in (
        ("review_accept_one", {"act": "proposed"}),
        ("review_return", {"reason": "x"}),
        ("review_reopen", {"reason": "x"}),
    ):
        refused = reviewer.post(reverse(f"budget:{route}", args=[budget.pk]), **data)
        assert refused.status_code == 409
        assert "现在是“编制中”" in words(refused)
        assert "现在可以：提交" in words(refused)


def test_nobody_reviews_what_he_filed_himself(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = queue_of(lived, region).ready[0].budget
    Budget.objects.filter(pk=budget.pk).update(stage="draft")
    submit = reverse("budget:draft_submit", args=[YEAR, budget.unit_id])
    assert reviewer.post(submit).status_code == 303
    refused = reviewer.post(reverse("budget:review_accept_one", args=[budget.pk]), act="proposed")
    assert refused.status_code == 403
    assert "请另一位同事办理" in words(refused)
    officer = at(lived, Role.COUNTY_OFFICER, region)
    seen = words(officer.get(reverse("budget:review_case", args=[budget.pk])))
    assert "按申报通过" not in seen


def test_another_districts_cases_are_not_there(lived: Lived, region: Area) -> None:
    budget = queue_of(lived, region).ready[0].budget
    other = at(lived, Role.COUNTY_REVIEWER, Area.objects.get(code="650107"))
    clerk = Visitor(
        lived.cast.of(Budget.objects.filter(year=YEAR).exclude(region=region)[0].unit), lived.now
    )
    for visitor in (other, clerk):
        for route in ("review_case", "review_return", "review_reopen"):
            assert visitor.get(reverse(f"budget:{route}", args=[budget.pk])).status_code == 404
        assert (
            visitor.post(reverse("budget:review_accept_one", args=[budget.pk])).status_code == 404
        )
    assert other.get(f"{reverse('budget:review')}?area={region.code}").status_code == 404
    assert clerk.get(reverse("budget:review")).status_code == 404


# -- the ready ones ---------------------------------------------------------------------------------


def test_the_ready_ones_are_accepted_in_one_act_with_their_number(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    url = f"{reverse('budget:review')}?year={YEAR}&tab=ready"
    ready = queue_of(lived, region).ready
    page = reviewer.get(url)
    text = words(page)
    assert f"已选 {len(ready)} / {len(ready)}" in text
    assert f"通过这 {len(ready)} 件" in text
    form = form_of(page, reverse("budget:review_accept"))
    action, ids = form.pop("action"), [str(each.budget.pk) for each in ready]
    form.pop("budget")
    fewer = reviewer.post(action, **form, budget=ids[1:], act="accept")
    assert fewer.status_code == 422  # the button said one more than what was ticked
    assert f"通过这 {len(ready) - 1} 件" in words(fewer)
    assert Budget.objects.get(pk=ids[0]).stage == "submitted"
    form["seen"] = str(len(ready) - 1)
    for _ in range(2):  # a double click
        done = reviewer.post(action, **form, budget=ids[1:], act="accept")
        assert done.status_code == 303
    taken = Budget.objects.filter(pk__in=ids[1:])
    assert set(taken.values_list("stage", flat=True)) == {"accepted"}
    assert Step.objects.filter(act__key=form["key"]).count() == len(ids) - 1
    assert Budget.objects.get(pk=ids[0]).stage == "submitted"


def test_the_preview_counts_what_is_ticked(lived: Lived, region: Area, reviewer: Visitor) -> None:
    ready = queue_of(lived, region).ready[:3]
    url = f"{reverse('budget:review_accept')}?year={YEAR}&tab=ready"
    ids = [str(each.budget.pk) for each in ready]
    page = words(
        reviewer.post(url, budget=[*ids, "x", "-1", "99999999999999999999"], act="preview")
    )
    assert "将通过 3 户" in page
    assert "通过这 3 件" in page
    nothing = words(reviewer.post(url, act="preview"))
    assert "先在左边勾选" in nothing


def test_a_list_that_is_no_longer_there_is_refused(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    ready = queue_of(lived, region).ready[:2]
    ids = [str(each.budget.pk) for each in ready]
    Budget.objects.filter(pk=ids[0]).update(stage="draft")
    url = f"{reverse('budget:review_accept')}?year={YEAR}&tab=ready"
    refused = reviewer.post(url, budget=ids, seen="2", act="accept")
    assert refused.status_code == 409
    assert "不能“通过”" in words(refused)
    assert Budget.objects.get(pk=ids[1]).stage == "submitted"
    none = reviewer.post(url, seen="0", act="accept")
    assert none.status_code == 422
    assert "还没有选中任何一件" in words(none)


def test_other_tabs_list_who_is_missing_with_telephone(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    budget = queue_of(lived, region).ready[0].budget
    Budget.objects.filter(pk=budget.pk).update(stage="draft")
    page = words(reviewer.get(f"{reverse('budget:review')}?tab=missing"))
    assert budget.unit.name in page
    assert budget.unit.phone in page


# -- upward -----------------------------------------------------------------------------------------


def accept_all(region: Area) -> None:
    Budget.objects.filter(region=region, year=YEAR).update(stage="accepted")
    for line in BudgetLine.objects.filter(budget__region=region, budget__year=YEAR):
        BudgetLine.objects.filter(pk=line.pk).update(reviewed=line.proposed)


def test_a_district_is_compiled_reported_returned_and_approved(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    own = AreaBudget.objects.get(area=region, year=YEAR)
    officer, city = at(lived, Role.COUNTY_OFFICER, region), at(lived, Role.CITY_REVIEWER)
    page = officer.get(reverse("budget:area", args=[own.pk]))
    assert "汇编…" in words(page)
    assert "还差什么" in words(page)
    step = reverse("budget:area_step", args=[own.pk, "compile"])
    assert "没有审核完，不能汇编" in words(officer.get(step))
    early = officer.post(step)
    assert early.status_code == 409
    assert "个单位没有审核完" in words(early)
    accept_all(region)
    preview = words(officer.get(step))
    number = Budget.objects.filter(region=region, year=YEAR).count()
    assert f"汇编 米东区 {number} 件" in preview
    assert officer.post(step).status_code == 303
    report = reverse("budget:area_step", args=[own.pk, "report"])
    assert officer.post(report).status_code == 303
    assert "审定…" not in words(officer.get(reverse("budget:area", args=[own.pk])))
    back = reverse("budget:area_step", args=[own.pk, "return"])
    assert officer.post(back, reason="x").status_code == 403
    assert city.post(back, reason="").status_code == 422
    assert city.post(back, reason="地下水超了").status_code == 303
    assert "地下水超了" in words(officer.get(reverse("budget:area", args=[own.pk])))
    assert Budget.objects.filter(region=region, year=YEAR, stage="accepted").count() == number
    assert officer.post(step).status_code == 303
    assert officer.post(report).status_code == 303
    key = str(uuid4())
    approve = reverse("budget:area_step", args=[own.pk, "approve"])
    assert [city.post(approve, key=key).status_code for _ in range(2)] == [303, 303]
    own.refresh_from_db()
    assert own.stage == "approved"
    assert city.post(back, reason="迟了").status_code == 409


def test_the_city_sees_nine_regions_and_records_the_reply(lived: Lived) -> None:
    city, officer = at(lived, Role.CITY_REVIEWER), at(lived, Role.CITY_OFFICER)
    page = words(city.get(f"{reverse('budget:areas')}?year={YEAR}"))
    for region in lived.cast.regions:
        assert region.name in page
    own = AreaBudget.objects.get(area=lived.cast.city, year=YEAR)
    compile_step = reverse("budget:area_step", args=[own.pk, "compile"])
    refused = officer.post(compile_step)
    assert refused.status_code == 409
    assert "没有审定" in words(refused)
    AreaBudget.objects.filter(year=YEAR, area__has_own_budget=True).update(stage="approved")
    assert officer.post(compile_step).status_code == 303
    assert officer.post(reverse("budget:area_step", args=[own.pk, "report"])).status_code == 303
    approve = reverse("budget:area_step", args=[own.pk, "approve"])
    assert officer.post(approve, reply="新水函〔2026〕8号").status_code == 403
    assert city.post(approve, reply="").status_code == 422
    assert city.post(approve, reply="新水函〔2026〕8号").status_code == 303
    own.refresh_from_db()
    assert own.approved_on == lived.day
    assert "新水函〔2026〕8号" in words(city.get(reverse("budget:area", args=[own.pk])))


def test_source_and_sector_add_up_to_the_same(lived: Lived) -> None:
    districts = [
        b
        for b in AreaBudget.objects.filter(year=YEAR).select_related("area")
        if b.area.has_own_budget
    ]
    sheets = area_sums.sheets(districts)
    for sheet in sheets.values():
        by_sector = total(sums.proposed for sums in sheet.by_sector.values())
        assert by_sector == sheet.whole.proposed
    lines = BudgetLine.objects.filter(budget__year=YEAR, book="abstraction")
    whole = total(sheet.whole.proposed for sheet in sheets.values())
    assert whole == total(line.proposed for line in lines)


def test_areas_of_others_are_not_there(lived: Lived, region: Area) -> None:
    own = AreaBudget.objects.get(area=region, year=YEAR)
    other = at(lived, Role.COUNTY_OFFICER, Area.objects.get(code="650107"))
    budget = Budget.objects.filter(year=YEAR, region=region).select_related("unit")[0]
    clerk = Visitor(lived.cast.of(budget.unit), lived.now)
    for visitor in (other, clerk):
        for url in (
            reverse("budget:area", args=[own.pk]),
            reverse("budget:area_step", args=[own.pk, "compile"]),
        ):
            refused = visitor.get(url)
            assert refused.status_code == 404
            assert "没有这个区域的预算" in words(refused)
    assert clerk.get(reverse("budget:areas")).status_code == 403
    led = other.get(reverse("budget:areas"))
    assert led.status_code == 302


def test_an_unknown_step_is_not_there(lived: Lived, region: Area) -> None:
    own = AreaBudget.objects.get(area=region, year=YEAR)
    for name in ("issue", "close", "nonsense"):
        page = at(lived, Role.CITY_REVIEWER).get(reverse("budget:area_step", args=[own.pk, name]))
        assert page.status_code == 404


def test_pages_ask_the_database_a_fixed_number_of_times(
    lived: Lived, region: Area, reviewer: Visitor
) -> None:
    city = at(lived, Role.CITY_REVIEWER)
    own = AreaBudget.objects.get(area=region, year=YEAR)
    for visitor, url, most in (
        (
            reviewer,
            f"{reverse('budget:review')}?year={YEAR}&tab=ready",
            14 + OF_DEMAND + BEFORE_THE_BOOKS,
        ),
        (
            reviewer,
            f"{reverse('budget:review')}?year={YEAR}&tab=look",
            16 + OF_DEMAND + BEFORE_THE_BOOKS,
        ),
        (city, f"{reverse('budget:areas')}?year={YEAR}", 12),
        (reviewer, reverse("budget:area", args=[own.pk]), 12),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert visitor.get(url).status_code == 200
        assert len(asked) <= most, "\n".join(q["sql"][:150] for q in asked.captured_queries)
