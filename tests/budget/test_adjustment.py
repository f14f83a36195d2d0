"""调整 as people use it: applications, decisions, and changes from above, page by page."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from shuiheng.budget import services
from shuiheng.budget.models import Adjustment, BudgetLine, ChangeAbove
from shuiheng.budget.rules import Direction, Ground
from shuiheng.budget.selectors.adjustment import adjustable, posted_losses
from shuiheng.budget.services.adjustment import account_of
from shuiheng.core.access import Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume, parse_m3, total
from shuiheng.inflow.selectors import regional_cuts
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.selectors import breaches, quotas
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.papers.services import typeset_paper
from shuiheng.registry.models import Hold, Permit, Unit
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 5, 6)
pytestmark = pytest.mark.django_db
KEY = "5b2e3d60-31d1-4a87-9a31-00000000000"


def who(lived: Lived, role: Role, area: Area | None = None) -> Visitor:
    return Visitor(lived.cast.at(role, area), lived.now)


@pytest.fixture
def line(lived: Lived) -> BudgetLine:
    """A farm with water left, below its permit, whose region has a reserve of the source."""
    rows = BudgetLine.objects.filter(
        budget__year=YEAR, book="abstraction", sector=Sector.AGRICULTURE, issued__gt=20_000
    ).select_related("budget__unit__region", "budget__region")
    for row in rows.order_by("pk"):
        (own, *_) = [x for x in limits(lived, row) if x.line.pk == row.pk]
        above = own.permit is not None and own.permit - own.balance.net > Volume(100)
        if above and own.balance.available > Volume(5000) and own.reserve > Volume(200):
            return row
    raise AssertionError("the invented city has no such farm")


def limits(lived: Lived, row: BudgetLine) -> Any:
    return adjustable(lived.cast.of(row.budget.unit), YEAR, lived.day)


def unit_of(lived: Lived, row: BudgetLine) -> Visitor:
    return Visitor(lived.cast.of(row.budget.unit), lived.now)


def decider(lived: Lived, row: BudgetLine) -> Visitor:
    return who(lived, Role.COUNTY_REVIEWER, row.budget.region)


def wish(row: BudgetLine, **more: object) -> dict[str, object]:
    return {
        "line": row.pk,
        "direction": "increase",
        "ground": "reserve",
        "volume": "100",
        "reason": "干热风补灌一次",
        "act": "send",
        **more,
    }


def applied(lived: Lived, row: BudgetLine, **more: object) -> Adjustment:
    url = reverse("budget:adjustment_new")
    response = unit_of(lived, row).post(url, **wish(row, **more))
    assert response.status_code == 303, words(response)
    return Adjustment.objects.latest("pk")


def page(row: Adjustment) -> str:
    return reverse("budget:adjustment", args=[row.pk])


def grant(row: Adjustment, **more: object) -> dict[str, object]:
    return {
        "act": "grant",
        "number": f"演示调〔2026〕{row.pk}号",
        "answer": "同意",
        "signer": "甲",
        **more,
    }


# -- the unit ---------------------------------------------------------------------------------------


def test_the_unit_sees_what_limits_it_and_the_consequence(lived: Lived, line: BudgetLine) -> None:
    visitor, url = unit_of(lived, line), reverse("budget:adjustment_new")
    own = next(x for x in limits(lived, line) if x.line.pk == line.pk)
    text = words(visitor.get(url))
    for figure in (own.balance.net, own.balance.used, own.balance.available, own.reserve):
        assert f"{figure.m3:,}" in text
    text = words(visitor.post(url, **wish(line, act="check")))
    assert f"变为 {own.balance.net + Volume(100)}" in text
    assert f"由 {own.reserve} 变为 {own.reserve - Volume(100)}" in text
    assert not Adjustment.objects.exists()


def test_an_increase_beyond_the_reserve_is_said_before_it_is_sent(
    lived: Lived, line: BudgetLine
) -> None:
    Permit.objects.filter(unit=line.budget.unit_id).update(volume=Volume(10**12))
    wanted = wish(line, act="check", volume="99,999,999")
    text = words(unit_of(lived, line).post(reverse("budget:adjustment_new"), **wanted))
    assert "不够这次调增" in text


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"volume": "0"}, 422, "大于 0"),
        ({"volume": "1.2.3"}, 422, "不是一个水量"),
        ({"volume": "99999999"}, 409, "超过取水许可"),
        ({"ground": "crops"}, 422, "理由只能是"),
        ({"reason": " "}, 422, "这个字段"),
        ({"direction": "decrease", "ground": "reserve"}, 422, "理由只能是"),
        ({"direction": "decrease", "ground": "crops", "volume": "99999999"}, 409, "可用余额只有"),
    ],
)
def test_a_wish_that_cannot_be_comes_back_filled_in(
    lived: Lived, line: BudgetLine, more: dict[str, object], status: int, sentence: str
) -> None:
    url = reverse("budget:adjustment_new")
    response = unit_of(lived, line).post(url, **wish(line, **more))
    assert response.status_code == status
    if sentence != "这个字段":
        assert sentence in words(response)
        assert "干热风补灌一次" in response.content.decode()
    assert not Adjustment.objects.exists()


def test_a_double_click_is_one_application(lived: Lived, line: BudgetLine) -> None:
    first = applied(lived, line, key=KEY + "1")
    again = applied(lived, line, key=KEY + "1")
    assert first.pk == again.pk
    response = unit_of(lived, line).post(reverse("budget:adjustment_new"), **wish(line))
    assert response.status_code == 409
    assert "已有一份申请在等审批" in words(response)


def test_nobody_applies_for_another_unit(lived: Lived, line: BudgetLine) -> None:
    stranger = Unit.objects.exclude(pk=line.budget.unit_id).order_by("pk").last()
    assert stranger is not None
    visitor = Visitor(lived.cast.of(stranger), lived.now)
    response = visitor.post(reverse("budget:adjustment_new"), **wish(line))
    assert response.status_code == 422
    assert not Adjustment.objects.exists()


def test_before_the_decision_it_can_be_withdrawn(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    visitor = unit_of(lived, line)
    assert "撤回" in words(visitor.get(page(row)))
    assert visitor.post(page(row), act="withdraw").status_code == 303
    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert visitor.post(page(row), act="withdraw").status_code == 409


# -- the officer ------------------------------------------------------------------------------------


def test_the_preview_is_what_the_grant_posts(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    own = next(x for x in limits(lived, line) if x.line.pk == line.pk)
    officer = decider(lived, line)
    text = words(officer.get(page(row)))
    assert "还没有保存任何内容" in text
    assert f"{(own.balance.net + Volume(100)).m3:,}" in text
    assert f"{(own.reserve - Volume(100)).m3:,}" in text
    before = Transfer.objects.count()
    assert officer.post(page(row), **grant(row, key=KEY + "2")).status_code == 303
    assert officer.post(page(row), **grant(row, key=KEY + "2")).status_code == 303
    assert Transfer.objects.count() == before + 1
    after = next(x for x in limits(lived, line) if x.line.pk == line.pk)
    assert after.balance.net == own.balance.net + Volume(100)
    assert after.reserve == own.reserve - Volume(100)
    reply = Paper.objects.get(subject=f"adjustment/{row.pk}")
    assert reply.data["lines"][0]["change"] == 100
    assert typeset_paper(reply.pk).state == "ready"
    assert reply.title in words(unit_of(lived, line).get(page(row)))


def test_beyond_the_reserve_the_page_says_so_and_the_grant_is_refused(
    lived: Lived, line: BudgetLine
) -> None:
    Permit.objects.filter(unit=line.budget.unit_id).update(volume=Volume(10**12))
    row = applied(lived, line, volume="99,999,999")
    officer = decider(lived, line)
    assert "现在不能批准" in words(officer.get(page(row)))
    response = officer.post(page(row), **grant(row))
    assert response.status_code == 409
    assert "不够调增" in words(response)


def test_a_restricted_unit_gets_nothing(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    Hold.objects.create(
        unit=line.budget.unit, act="budget.increase", article="演示条例第 1 条",
        since=lived.day - timedelta(days=1), placed_by="监督",
    )  # fmt: skip
    assert "演示条例第 1 条" in words(decider(lived, line).get(page(row)))


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({"act": "grant", "number": "", "signer": "甲", "answer": "同意"}, "批复要有文号"),
        ({"act": "grant", "number": "十七号", "signer": "甲", "answer": "同意"}, "不是规范的文号"),
        ({"act": "refuse", "answer": " "}, "不批准要写明原因"),
        ({"act": "nonsense"}, "请用页面上的按钮办理"),
    ],
)
def test_a_decision_that_is_none_comes_back(
    lived: Lived, line: BudgetLine, posted: dict[str, object], sentence: str
) -> None:
    row = applied(lived, line)
    response = decider(lived, line).post(page(row), **posted)
    assert response.status_code == 422
    assert sentence in words(response)
    row.refresh_from_db()
    assert row.state == "applied"
    assert not Paper.objects.filter(subject=f"adjustment/{row.pk}").exists()


def test_a_refusal_is_answered_with_its_reason(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    officer = decider(lived, line)
    assert officer.post(page(row), act="refuse", answer="预留另有安排").status_code == 303
    assert "预留另有安排" in words(unit_of(lived, line).get(page(row)))
    assert Paper.objects.get(subject=f"adjustment/{row.pk}").state == "waiting"
    assert officer.post(page(row), **grant(row)).status_code == 409


def test_who_has_no_business_here_finds_nothing(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    other = next(a for a in lived.cast.regions if a.pk != line.budget.region_id)
    response = who(lived, Role.COUNTY_REVIEWER, other).get(page(row))
    assert response.status_code == 404
    assert "没有这份调整申请" in words(response)
    officer = who(lived, Role.COUNTY_OFFICER, line.budget.region)
    assert "批准后立即入账" not in words(officer.get(page(row)))
    assert officer.post(page(row), **grant(row)).status_code == 403


def test_public_supply_is_decided_by_the_city(lived: Lived) -> None:
    works = BudgetLine.objects.filter(
        budget__year=YEAR, budget__unit__kind=UnitKind.WATERWORKS, book="abstraction"
    ).select_related("budget__unit__region", "budget__region")
    own = works.order_by("pk")[0]
    row = applied(lived, own, direction="decrease", ground="production", volume="1")
    county = decider(lived, own)
    assert "批准后立即入账" not in words(county.get(page(row)))
    assert county.post(page(row), **grant(row)).status_code == 403
    assert "批准后立即入账" in words(who(lived, Role.CITY_REVIEWER).get(page(row)))


def test_the_list_has_what_waits_first_and_only_mine(lived: Lived, line: BudgetLine) -> None:
    row = applied(lived, line)
    text = words(decider(lived, line).get(reverse("budget:adjustments")))
    assert line.budget.unit.name in text
    assert "待审批" in text
    other = next(a for a in lived.cast.regions if a.pk != line.budget.region_id)
    elsewhere = who(lived, Role.COUNTY_REVIEWER, other).get(reverse("budget:adjustments"))
    assert "还没有调整申请" in words(elsewhere)
    assert row.pk


@pytest.mark.parametrize("name", ["adjustments", "adjustment_new", "adjustment"])
def test_pages_ask_little_of_the_database(
    lived: Lived, line: BudgetLine, name: str, django_assert_max_num_queries: Any
) -> None:
    row = applied(lived, line)
    url = page(row) if name == "adjustment" else reverse(f"budget:{name}")
    visitor = decider(lived, line) if name == "adjustment" else unit_of(lived, line)
    with django_assert_max_num_queries(12):
        visitor.get(url)


# -- changes from above -----------------------------------------------------------------------------


@pytest.fixture
def city(lived: Lived) -> Visitor:
    return who(lived, Role.CITY_OFFICER)


@pytest.fixture
def reviewer(lived: Lived) -> Visitor:
    return who(lived, Role.CITY_REVIEWER)


def notice(area: Area, source: Source, wan: str, **more: object) -> dict[str, object]:
    return {
        "number": "演示压减〔2026〕3号",
        "title": "关于压减水量的通知（演示）",
        "effective_on": "2026-05-06",
        f"v-{area.pk}-{source.value}": wan,
        **more,
    }


def cuttable(lived: Lived) -> tuple[Area, Source, Volume, Volume]:
    """米东区's surface water: canals with customers, farms, and a reserve."""
    area = next(a for a in lived.cast.regions if a.code == "650109")
    reserve = Account.objects.get(area=area, kind="reserve", source="surface", year=YEAR)
    held = quotas(YEAR)
    room = total(
        balance.available
        for key, balance in held.items()
        if (key.area, key.source) == (area.pk, Source.SURFACE)
        and key.sector not in (Sector.RESIDENTS, Sector.ECOLOGY)
        and balance.available.m3 > 0
    )
    return area, Source.SURFACE, reserve.balance.net, room


def entered(city: Visitor, *args: Any, **more: object) -> ChangeAbove:
    url = reverse("budget:change_new")
    response = city.post(url, act="save", **notice(*args, **more))
    assert response.status_code == 303, words(response)
    return ChangeAbove.objects.latest("pk")


def test_the_form_opens_with_the_cut_that_the_inflow_proposes(city: Visitor, lived: Lived) -> None:
    """USERS 21: five per cent of the surface quotas of each region, residents and waterworks spared."""
    area, _, _, _ = cuttable(lived)
    cuts = regional_cuts(area.parent, YEAR, 500)
    assert cuts[area.pk].m3 > 0
    url = reverse("budget:change_new")

    def cell(query: str) -> str:
        page = city.get(url + query).content.decode()
        field = re.search(rf'<input[^>]*name="v-{area.pk}-surface"[^>]*>', page)
        assert field is not None
        found = re.search(r'value="([^"]*)"', field[0])
        return found[1] if found else ""

    assert "压减地表水额度 5%" in city.get(f"{url}?cut=500").content.decode()
    assert parse_m3(cell("?cut=500"), "万m³") == -cuts[area.pk]
    assert {cell(f"?cut={odd}") for odd in ("0", "10001", "-5", "x", "9" * 30)} == {""}


def test_a_notice_is_entered_and_moves_nothing(city: Visitor, lived: Lived) -> None:
    area, source, _, _ = cuttable(lived)
    url = reverse("budget:change_new")
    checked = city.post(url, act="check", **notice(area, source, "-3.5"))
    assert "录入（合计 −3.50 万m³）" in words(checked)
    assert not ChangeAbove.objects.exists()
    before = Transfer.objects.count()
    row = entered(city, area, source, "-3.5")
    assert Transfer.objects.count() == before
    assert row.number in words(city.get(reverse("budget:changes")))
    again = city.post(url, act="save", **notice(area, source, "-3.5"))
    assert again.status_code == 409
    assert "已经录入过" in words(again)
    empty = city.post(url, act="save", **notice(area, source, "0", number="演示〔2026〕4号"))
    assert empty.status_code == 422
    assert "还没有填任何调整水量" in words(empty)


def test_a_cut_is_shown_per_unit_and_carried_out_as_shown(
    city: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    area, source, reserve, room = cuttable(lived)
    wanted = Volume(reserve.m3 + room.m3 // 3)
    row = entered(city, area, source, f"-{wanted.m3 / 10_000:.4f}")
    url = reverse("budget:change", args=[row.pk])
    text = words(reviewer.get(url))
    assert "还没有保存任何内容" in text
    assert f"预留承担 {reserve.wan()}" in text
    assert f"单位承担 {Volume(wanted.m3 - reserve.m3).wan()}" in text
    assert "居民生活、基本生态和已经用掉的水不减" in text
    spared = quotas(YEAR)
    assert city.post(url).status_code == 403
    assert reviewer.post(url, key=KEY + "3").status_code == 303
    posted = Transfer.objects.count()
    assert reviewer.post(url, key=KEY + "3").status_code == 303
    assert Transfer.objects.count() == posted
    assert reviewer.post(url).status_code == 409
    for key, balance in quotas(YEAR).items():
        if key.sector in (Sector.RESIDENTS, Sector.ECOLOGY):
            assert balance == spared[key]
        assert balance.net >= min(balance.used, spared[key].net)
    losses = posted_losses(row)
    assert total(x.cut for x in losses if x.account.book == "abstraction") == wanted
    assert all(loss.before == spared[loss.account].net for loss in losses if not loss.is_reserve)
    text = words(reviewer.get(url))
    assert "已执行" in text
    areas = [lived.cast.city.pk, *(a.pk for a in lived.cast.regions)]
    assert breaches(areas, YEAR) == []


def test_who_is_over_because_of_the_cut_is_marked(
    city: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    area, source, reserve, room = cuttable(lived)
    row = entered(city, area, source, f"-{(reserve.m3 + room.m3 // 3) / 10_000:.4f}")
    url = reverse("budget:change", args=[row.pk])
    reviewer.post(url)
    loss = next(x for x in posted_losses(row) if not x.is_reserve and x.cut.m3 > 10)
    account = Account.objects.get(name=loss.account.name)
    Account.objects.filter(pk=account.pk).update(
        used=account.used + loss.balance.available + Volume(5)
    )
    text = words(reviewer.get(url))
    assert "不作超用处理" in text
    assert "因上级调减" in text


def test_a_cut_that_nobody_can_absorb_is_refused(
    city: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    area, source, _, _ = cuttable(lived)
    row = entered(city, area, source, "-9999999")
    url = reverse("budget:change", args=[row.pk])
    text = words(reviewer.get(url))
    assert "还差" in text
    assert "不能执行" in text
    response = reviewer.post(url)
    assert response.status_code == 409
    assert "不能再减" in words(response)


def test_a_rise_goes_to_the_reserve(city: Visitor, reviewer: Visitor, lived: Lived) -> None:
    area, source, reserve, _ = cuttable(lived)
    row = entered(city, area, source, "12")
    url = reverse("budget:change", args=[row.pk])
    assert "调增先进预留" in words(reviewer.get(url))
    reviewer.post(url)
    after = Account.objects.get(area=area, kind="reserve", source=source, year=YEAR)
    assert after.balance.net == reserve + Volume(120_000)


def test_a_unit_sees_what_a_change_took_from_it_and_no_more(
    city: Visitor, reviewer: Visitor, lived: Lived
) -> None:
    assert city.get(reverse("budget:change", args=[999_999])).status_code == 404
    area, source, reserve, room = cuttable(lived)
    row = entered(city, area, source, f"-{(reserve.m3 + room.m3 // 3) / 10_000:.4f}")
    reviewer.post(reverse("budget:change", args=[row.pk]))
    loss = next(x for x in posted_losses(row) if x.account.unit and x.cut)
    unit = Unit.objects.select_related("region").get(pk=loss.account.unit)
    own = Visitor(lived.cast.of(unit), lived.now)
    text = words(own.get(reverse("budget:changes")))
    assert row.number in text
    assert f"−{loss.cut.m3:,}" in text
    assert own.get(reverse("budget:change", args=[row.pk])).status_code == 403
    elsewhere = Unit.objects.exclude(region=area).select_related("region").order_by("pk")[0]
    stranger = Visitor(lived.cast.of(elsewhere), lived.now)
    assert "没有动您的额度" in words(stranger.get(reverse("budget:changes")))


@pytest.mark.parametrize("name", ["changes", "change_new", "change", "result"])
def test_pages_of_changes_ask_little(
    city: Visitor, reviewer: Visitor, lived: Lived, name: str, django_assert_max_num_queries: Any
) -> None:
    area, source, reserve, room = cuttable(lived)
    row = entered(city, area, source, f"-{(reserve.m3 + room.m3 // 3) / 10_000:.4f}")
    url = reverse("budget:change", args=[row.pk])
    if name == "result":
        reviewer.post(url)
    if name in ("changes", "change_new"):
        url = reverse(f"budget:{name}")
    with django_assert_max_num_queries(12):
        city.get(url)


def test_a_change_needs_a_year_that_is_issued(city: Visitor, lived: Lived) -> None:
    from shuiheng.budget.models import Scheme

    area, source, _, _ = cuttable(lived)
    Scheme.objects.filter(year=YEAR).update(year=YEAR - 5)
    response = city.post(reverse("budget:change_new"), act="save", **notice(area, source, "1"))
    assert response.status_code == 409
    assert "还没有下达" in words(response)


# -- each no by its code ----------------------------------------------------------------------------


def test_each_no_to_an_application_has_its_code(lived: Lived, line: BudgetLine) -> None:
    visitor, url = unit_of(lived, line), reverse("budget:adjustment_new")
    visitor.post(url, **wish(line, volume="0"))
    assert visitor.said == "adjustment.volume"
    officer = decider(lived, line)
    assert officer.get(url).status_code == 409
    assert officer.said == "adjustment.nothing"
    with pytest.raises(Refusal) as refused:
        services.apply_adjustment(
            line.pk, direction=Direction.DECREASE, ground=Ground.CROPS, volume=Volume(1),
            reason=" ", actor=visitor.actor, now=lived.now, key="test:no-reason",
        )  # fmt: skip
    assert refused.value.code == "adjustment.no_reason"
    row = applied(lived, line)
    with pytest.raises(Refusal) as refused:
        services.grant_adjustment(
            row.pk, number=" ", answer="", actor=officer.actor, now=lived.now, key="test:no-number"
        )
    assert refused.value.code == "adjustment.no_number"
    visitor.post(page(row), act="withdraw")
    visitor.post(page(row), act="withdraw")
    assert visitor.said == "adjustment.decided"


def test_a_source_without_quota_cannot_be_adjusted(lived: Lived, line: BudgetLine) -> None:
    other = BudgetLine.objects.create(
        budget=line.budget, book="abstraction", source=Source.TRANSFERRED, sector=line.sector
    )
    with pytest.raises(Refusal) as refused:
        account_of(other)
    assert refused.value.code == "adjustment.no_quota"


def test_each_no_to_a_change_has_its_code(city: Visitor, reviewer: Visitor, lived: Lived) -> None:
    area, source, _, _ = cuttable(lived)
    with pytest.raises(Refusal) as refused:
        services.enter_change(
            lived.cast.city, YEAR, {(area.pk, source): Volume(1)}, number=" ", title="通知",
            effective_on=lived.day, actor=city.actor, now=lived.now, key="test:no-number",
        )  # fmt: skip
    assert refused.value.code == "change.no_number"
    row = entered(city, area, source, "1")
    url = reverse("budget:change", args=[row.pk])
    reviewer.post(url)
    reviewer.post(url)
    assert reviewer.said == "change.applied"
