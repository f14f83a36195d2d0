"""The registry's pages through the whole stack: who sees what, what a form does, what is refused in words."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from shuiheng.core.access import Actor, Role
from shuiheng.core.vocabulary import Sector, UnitKind
from shuiheng.office.models import Installation, User
from shuiheng.registry.models import ClaimCode, Directory, Membership, Unit
from tests.registry import town
from tests.registry.town import GANQUANPU, MIDONG, PASSWORD, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()
    Installation.objects.filter(pk=1).update(business_date=TODAY)


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def clerk() -> Client:
    return browser(town.officer(Role.COUNTY_OFFICER, MIDONG))


@pytest.fixture
def city() -> Client:
    return browser(town.officer(Role.CITY_REVIEWER, town.CITY))


def page(client: Client, name: str, *args: object, status: int = 200, **query: str) -> str:
    response = client.get(reverse(f"registry:{name}", args=args), query)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def post(client: Client, to: str, /, *args: object, **data: Any) -> Any:
    values = {"key": str(uuid4()), **data}
    return client.post(reverse(f"registry:{to}", args=args), values)


CARD = {
    "name": "兴牧养殖场",
    "code": "",
    "kind": "self_supplied",
    "sector": "agriculture",
    "phone": "0991-3300000",
    "opened_on": "2026-12-05",
}


def card(**changes: Any) -> dict[str, Any]:
    home = {"region": town.area(MIDONG).pk, "address_area": town.township(MIDONG).pk}
    return {**CARD, **home, **changes}


# -- the list -------------------------------------------------------------------------------------


def test_the_list_shows_what_is_ones_own(clerk: Client) -> None:
    farm = town.unit(phone="13800138000", contact="古丽")
    town.permit(farm, 300_000)
    town.permit(farm, 100_000)
    town.unit(TIANSHAN, "蓝天宾馆")
    text = page(clerk, "units")
    for words in (
        "丰源种植专业合作社",
        farm.code,
        "自备水源用户",
        "农业",
        "40.00",
        "古丽 13800138000",
    ):
        assert words in text
    assert "蓝天宾馆" not in text
    assert "第 1–1 户，共 1 户" in text


def test_filters_live_in_the_address(city: Client) -> None:
    for number in range(60):
        town.unit(name=f"合作社 {number:02d}")
    town.unit(TIANSHAN, "蓝天宾馆", UnitKind.NETWORK_CUSTOMER, Sector.SERVICES)
    second = page(city, "units", page="2", sector="agriculture")
    assert "第 51–60 户，共 60 户" in second
    assert "sector=agriculture" in second
    only = page(city, "units", kind="network_customer", region=TIANSHAN)
    assert "蓝天宾馆" in only
    assert "合作社 00" not in only
    assert "没有符合条件的单位" in page(city, "units", q="查无此户")
    for odd in ({"page": "x"}, {"page": "9" * 30}, {"kind": "'"}, {"region": "%"}):
        page(city, "units", **odd)


def test_the_list_asks_little_of_the_database(
    clerk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(55):
        town.permit(town.unit(name=f"合作社 {number:02d}"))
    page(clerk, "units")
    with django_assert_max_num_queries(12):
        page(clerk, "units", q="合作社")


def test_the_search_box_leads_to_the_one_unit_it_means(clerk: Client) -> None:
    farm = town.unit()
    town.unit(TIANSHAN, "丰源宾馆")
    found = clerk.get(reverse("registry:search"), {"q": "丰源"})
    assert found.headers["Location"] == reverse("registry:unit", args=[farm.pk])
    many = clerk.get(reverse("registry:search"), {"q": ""})
    assert many.headers["Location"] == f"{reverse('registry:units')}?q=&state="


# -- one unit -------------------------------------------------------------------------------------


def test_a_units_page_says_everything(clerk: Client) -> None:
    farm = town.unit()
    permit = town.permit(farm, 300_000)
    farm.intakes.create(name="1 号井", source="ground", permit=permit, is_well=True, since=TODAY)
    farm.activities.create(year=2026, item="玉米", method="滴灌", quantity=1560, measure="亩")
    town.member(farm)
    text = page(clerk, "unit", farm.pk)
    for words in (
        permit.number,
        "30.00",
        "1 号井",
        "玉米",
        "1,560",
        "买买提",
        "米东区",
        "退出名录…",
    ):
        assert words in text


def test_suppliers_and_customers_see_each_other(city: Client) -> None:
    canal = town.unit(kind=UnitKind.IRRIGATION_DISTRICT, name="灌区管理所")
    for number in range(60):
        farm = town.unit(kind=UnitKind.CANAL_CUSTOMER, name=f"合作社 {number:02d}")
        town.supply(canal, farm)
    text = page(city, "unit", canal.pk)
    assert "用户 60 户" in text
    assert "合作社 00" in text
    assert "灌区管理所" in page(city, "unit", farm.pk)


def test_a_units_person_reads_his_own_page_and_changes_nothing() -> None:
    farm, other = town.unit(), town.unit(name="曙光养殖场")
    own = browser(town.member(farm))
    text = page(own, "unit", farm.pk)
    assert "修改…" not in text
    assert "退出名录…" not in text
    page(own, "unit", other.pk, status=404)
    page(own, "unit_edit", farm.pk, status=404)
    assert "曙光养殖场" not in page(own, "units")


UNIT_PAGES = (
    "unit",
    "unit_edit",
    "unit_close",
    "unit_move",
    "permit_new",
    "intake_new",
    "supplier",
)


@pytest.mark.parametrize("name", UNIT_PAGES)
def test_another_districts_unit_is_not_there(clerk: Client, name: str) -> None:
    hotel = town.unit(TIANSHAN, "蓝天宾馆")
    text = page(clerk, name, hotel.pk, status=404)
    assert "蓝天宾馆" not in text
    assert "不归您查看" in text
    assert post(clerk, name, hotel.pk).status_code in (404, 405)
    page(clerk, name, 999_999, status=404)


def test_nothing_without_signing_in() -> None:
    farm = town.unit()
    for name in UNIT_PAGES:
        address = reverse(f"registry:{name}", args=[farm.pk])
        answer = Client().get(address)
        assert answer.headers["Location"] == f"{reverse('office:sign_in')}?next={address}"


# -- entering and changing ------------------------------------------------------------------------


def test_a_unit_is_registered_once_however_often_one_clicks(clerk: Client) -> None:
    page(clerk, "unit_new")
    key = str(uuid4())
    first, second = (post(clerk, "unit_new", **card(key=key)) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    unit = Unit.objects.get()
    assert (unit.name, unit.code, unit.region.code) == ("兴牧养殖场", "650109-0001", MIDONG)
    assert "已登记 兴牧养殖场" in clerk.get(first.headers["Location"]).content.decode()


def test_bad_input_comes_back_as_it_was_typed(clerk: Client) -> None:
    town.unit(code="91350200776049653A")
    taken = post(clerk, "unit_new", **card(code="91350200776049653A", contact="古丽"))
    assert taken.status_code == 409
    text = taken.content.decode()
    assert "已经登记给别的单位" in text
    assert "古丽" in text
    assert post(clerk, "unit_new", **card(name="")).status_code == 422
    elsewhere = town.area(TIANSHAN).pk
    assert post(clerk, "unit_new", **card(region=elsewhere)).status_code == 422
    assert Unit.objects.count() == 1


def test_a_stale_page_is_told(clerk: Client) -> None:
    farm = town.unit()
    form = page(clerk, "unit_edit", farm.pk)
    seen = re.search(r'name="seen" value="(\w+)"', form)
    assert seen
    Unit.objects.filter(pk=farm.pk).update(contact="别人改的")
    late = post(clerk, "unit_edit", farm.pk, **card(seen=seen[1], code=farm.code, contact="我填的"))
    assert late.status_code == 409
    assert "别人改过这个单位" in late.content.decode()
    assert "我填的" in late.content.decode()
    fresh = re.search(r'name="seen" value="(\w+)"', page(clerk, "unit_edit", farm.pk))
    assert fresh
    done = post(
        clerk, "unit_edit", farm.pk, **card(seen=fresh[1], code=farm.code, contact="我填的")
    )
    assert done.status_code == 303
    assert "联系人：别人改的 → 我填的" in page(clerk, "unit", farm.pk)


def test_closing_says_what_it_means_first(clerk: Client) -> None:
    farm = town.unit()
    town.permit(farm)
    text = page(clerk, "unit_close", farm.pk)
    assert "1 本有效许可证要办理注销" in text
    assert not Unit.objects.get(pk=farm.pk).closed_on
    done = post(clerk, "unit_close", farm.pk, on="2026-12-05", reason="破产清算")
    assert done.status_code == 303
    assert Unit.objects.get(pk=farm.pk).closed_on == TODAY
    works = town.unit(kind=UnitKind.WATERWORKS, name="自来水公司")
    town.supply(works, town.unit(kind=UnitKind.NETWORK_CUSTOMER, name="宾馆"))
    assert "请先把用户改接" in page(clerk, "unit_close", works.pk)
    refused = post(clerk, "unit_close", works.pk, on="2026-12-05", reason="破产清算")
    assert refused.status_code == 409


def test_moving_needs_both_regions(clerk: Client, city: Client) -> None:
    works = town.unit(name="恒达化工")
    assert "请市水务局办理" in page(clerk, "unit_move", works.pk)
    target = town.area(GANQUANPU).pk
    moved = post(city, "unit_move", works.pk, region=target, on="2026-12-05", reason="园区调整")
    assert moved.status_code == 303
    assert Unit.objects.get(pk=works.pk).region.code == GANQUANPU
    page(clerk, "unit", works.pk, status=404)


PERMIT = {
    "number": "D650109G2021-0347",
    "source": "ground",
    "volume": "30",
    "valid_from": "2021-01-01",
    "valid_until": "2029-12-31",
}


def test_permits_intakes_suppliers_and_activities(clerk: Client) -> None:
    farm = town.unit(kind=UnitKind.CANAL_CUSTOMER)
    assert post(clerk, "permit_new", farm.pk, **PERMIT).status_code == 303
    permit = farm.permits.get()
    assert permit.volume.m3 == 300_000
    twice = post(clerk, "permit_new", farm.pk, **PERMIT)
    assert (twice.status_code, "已经登记过" in twice.content.decode()) == (409, True)
    longer = {**PERMIT, "valid_until": "2034-12-31"}
    assert post(clerk, "permit_edit", farm.pk, permit.pk, **longer).status_code == 303
    intake = {"name": "1 号井", "source": "ground", "permit": permit.pk, "since": "2026-01-01"}
    assert post(clerk, "intake_new", farm.pk, **intake).status_code == 303
    made = farm.intakes.get()
    ended = post(clerk, "intake_edit", farm.pk, made.pk, **intake, until="2025-01-01")
    assert ended.status_code == 422
    canal = town.unit(kind=UnitKind.IRRIGATION_DISTRICT, name="灌区管理所")
    link = {"supplier": canal.pk, "line": "东支渠", "since": "2026-12-05"}
    assert post(clerk, "supplier", farm.pk, **link).status_code == 303
    assert post(clerk, "activities", farm.pk, 2027, **rows("玉米", "1,560")).status_code == 303
    assert farm.activities.get(year=2027).quantity == 1560
    text = page(clerk, "unit", farm.pk)
    for words in ("东支渠", "玉米", "2034-12-31", "1 号井"):
        assert words in text


def rows(item: str, quantity: str) -> dict[str, str]:
    return {
        "row-TOTAL_FORMS": "2",
        "row-INITIAL_FORMS": "0",
        "row-0-item": item,
        "row-0-method": "滴灌",
        "row-0-quantity": quantity,
        "row-0-measure": "亩",
        "row-1-item": "",
    }


def test_a_row_without_a_quantity_comes_back(clerk: Client) -> None:
    farm = town.unit()
    wrong = post(clerk, "activities", farm.pk, 2027, **rows("玉米", ""))
    assert (wrong.status_code, "请填数量" in wrong.content.decode()) == (422, True)
    assert not farm.activities.exists()


def test_another_units_permit_is_not_there(clerk: Client) -> None:
    farm, other = town.unit(), town.unit(name="曙光养殖场")
    permit = town.permit(other)
    page(clerk, "permit_edit", farm.pk, permit.pk, status=404)
    page(clerk, "intake_edit", farm.pk, permit.pk, status=404)


# -- lists ----------------------------------------------------------------------------------------


def test_a_list_goes_up_comes_back_and_is_approved(clerk: Client, city: Client) -> None:
    town.unit()
    at = (town.area(MIDONG).pk, 2027)
    assert "还没有建立" in page(clerk, "directory", *at)
    assert post(clerk, "directory_open", *at).status_code == 303
    assert "上报 1 户" in page(clerk, "directory_report", *at)
    assert post(clerk, "directory_report", *at).status_code == 303
    assert post(clerk, "directory_approve", *at).status_code == 403
    assert post(city, "directory_return", *at, reason="").status_code == 422
    assert post(city, "directory_return", *at, reason="缺养殖场").status_code == 303
    assert "缺养殖场" in page(clerk, "directory", *at)
    assert post(clerk, "directory_report", *at).status_code == 303
    assert post(city, "directory_approve", *at).status_code == 303
    late = post(city, "directory_approve", *at)
    assert (late.status_code, "不能审定" in late.content.decode()) == (409, True)
    assert Directory.objects.get().state == "approved"
    assert "已审定 1 / 9 区" in page(city, "directories")
    assert "还有" in page(city, "directories")


def test_lists_of_other_districts_are_not_there(clerk: Client) -> None:
    page(clerk, "directory", town.area(TIANSHAN).pk, 2027, status=404)
    farm = town.unit()
    own = browser(town.member(farm))
    page(own, "directory", town.area(MIDONG).pk, 2027, status=404)
    assert "没有归您查看的区县" in page(own, "directories")


# -- claim codes ----------------------------------------------------------------------------------


def codes_on(sheet: str) -> list[str]:
    return re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", sheet)


def make_codes(client: Client, *units: Unit) -> list[str]:
    made = post(client, "claim_codes", unit=[unit.pk for unit in units])
    assert made.status_code == 200
    return codes_on(made.content.decode())


def test_codes_are_shown_once_and_printed(clerk: Client) -> None:
    farm, mill = town.unit(), town.unit(name="面粉厂")
    town.member(town.unit(name="有人的场"))
    text = page(clerk, "claim_codes")
    assert "面粉厂" in text
    assert "有人的场" not in text
    assert "有人的场" in page(clerk, "claim_codes", who="all")
    key = str(uuid4())
    made = post(clerk, "claim_codes", key=key, unit=[farm.pk, mill.pk])
    codes = codes_on(made.content.decode())
    assert len(codes) == 2
    assert "no-store" in made.headers["Cache-Control"]
    pdf = post(clerk, "claim_sheet", key=key, unit=[farm.pk, mill.pk])
    assert pdf.content.startswith(b"%PDF")
    assert ClaimCode.objects.count() == 2
    assert codes_on(page(clerk, "claim_codes")) == []


def test_codes_need_a_choice_of_ones_own(clerk: Client) -> None:
    hotel = town.unit(TIANSHAN, "蓝天宾馆")
    assert post(clerk, "claim_codes").status_code == 422
    assert post(clerk, "claim_codes", unit=[hotel.pk]).status_code == 404
    assert post(clerk, "claim_sheet", unit=[hotel.pk]).status_code == 404
    assert clerk.post(reverse("registry:claim_sheet")).status_code == 302
    assert not ClaimCode.objects.exists()


# -- claiming -------------------------------------------------------------------------------------

PERSON = {"name": "买买提", "phone": "13899001122", "login": "maimaiti", "new": PASSWORD}


def test_a_person_claims_and_is_in(clerk: Client) -> None:
    farm = town.unit()
    (code,) = make_codes(clerk, farm)
    visitor = Client()
    page(visitor, "claim")
    opened = post(visitor, "claim", code=code.lower())
    assert "丰源*****作社" in opened.content.decode()
    assert "丰源种植" not in opened.content.decode()
    weak = post(visitor, "claim_account", **{**PERSON, "new": "12345"}, code=code)
    assert (weak.status_code, "密码至少 10 位" in weak.content.decode()) == (422, True)
    assert "maimaiti" in weak.content.decode()
    assert "12345" not in weak.content.decode()
    done = post(visitor, "claim_account", **PERSON, code=code)
    assert done.status_code == 303
    assert Membership.objects.get().unit == farm
    assert "丰源种植专业合作社" in page(visitor, "me")
    again = Client()
    assert "已经用过了" in post(again, "claim", code=code).content.decode()


def test_a_wrong_code_says_so(clerk: Client) -> None:
    wrong = post(Client(), "claim", code="AAAAA-AAAAA")
    assert (wrong.status_code, "没有这个领取码" in wrong.content.decode()) == (422, True)


def test_somebody_with_an_account_takes_one_more_unit(clerk: Client) -> None:
    farm, mill = town.unit(), town.unit(name="面粉加工厂")
    own = browser(town.member(farm))
    (code,) = make_codes(clerk, mill)
    opened = post(own, "claim", code=code)
    assert "加入这个单位" in opened.content.decode()
    assert post(own, "claim_account", code=code).status_code == 303
    assert "面粉加工厂" in page(own, "me")


# -- people ---------------------------------------------------------------------------------------


def test_a_clerk_mends_access_and_the_person_must_choose_anew(clerk: Client) -> None:
    user = town.person("买买提", login="maimaiti")
    town.member(town.unit(), user)
    old = Client()
    old.force_login(user)
    text = page(clerk, "people", q="买买提")
    assert reverse("registry:mend", args=[user.pk]) in text
    assert "maimaiti" in page(clerk, "mend", user.pk)
    slip = post(clerk, "mend", user.pk)
    found = re.search(r'class="strong secret">(\w{10})<', slip.content.decode())
    assert found
    assert old.get(reverse("registry:me")).status_code == 302
    fresh = Client()
    signed = fresh.post(reverse("office:sign_in"), {"login": "maimaiti", "password": found[1]})
    assert signed.status_code == 303
    assert fresh.get(reverse("registry:me")).headers["Location"] == reverse("office:password")


def test_people_of_others_are_not_there(clerk: Client) -> None:
    stranger = town.person("别区的人")
    town.member(town.unit(TIANSHAN, "蓝天宾馆"), stranger)
    colleague = town.person("本区审核")
    town.officer(Role.COUNTY_REVIEWER, MIDONG, colleague)
    text = page(clerk, "people")
    for user in (stranger, colleague):
        assert user.name not in text
        page(clerk, "mend", user.pk, status=404)
        assert post(clerk, "mend", user.pk).status_code == 404
    own = browser(town.member(town.unit()))
    page(own, "people", status=403)


def test_one_leaves_a_unit(clerk: Client) -> None:
    farm = town.unit()
    own = browser(town.member(farm))
    membership = farm.memberships.get()
    assert "不再办理…" in page(own, "me")
    stranger = browser(town.member(town.unit(name="曙光养殖场")))
    page(stranger, "leave", membership.pk, status=404)
    page(clerk, "leave", membership.pk)
    assert post(own, "leave", membership.pk).status_code == 303
    page(own, "unit", farm.pk, status=404)


def test_signing_in_by_telephone() -> None:
    user = town.person("买买提", phone="13899001122")
    town.member(town.unit(), user)
    visitor = Client()
    page(visitor, "sign_in_code")
    known = post(visitor, "sign_in_code", phone="13899001122")
    unknown = post(visitor, "sign_in_code", phone="13700000000")
    bare = re.compile(r'value="[^"]*"|Token":"[^"]*"')
    assert bare.sub("", known.content.decode()) == bare.sub("", unknown.content.decode())
    from shuiheng.papers.models import Delivery

    code = re.search(r"\d{6}", Delivery.objects.get().text)
    assert code
    wrong = post(visitor, "sign_in_with_code", phone="13899001122", code="x")
    assert (wrong.status_code, "验证码不对" in wrong.content.decode()) == (422, True)
    done = post(visitor, "sign_in_with_code", phone="13899001122", code=code[0])
    assert done.status_code == 303
    assert "丰源种植专业合作社" in page(visitor, "me")
