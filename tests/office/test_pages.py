"""The office's pages through the whole stack."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import reverse

from shuiheng.core.access import Actor, Role
from shuiheng.office import selectors
from shuiheng.office.models import Installation, PolicyValue, Post, User
from shuiheng.office.rules import TRIES_BEFORE_WAIT
from shuiheng.registry.selectors import actor_for
from tests.registry import town
from tests.registry.town import CITY, MIDONG, PASSWORD, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db
HOME = "/"


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()
    Installation.objects.filter(pk=1).update(business_date=TODAY)


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def page(client: Client, to: str, *args: object, status: int = 200, **query: str) -> str:
    response = client.get(reverse(to, args=args), query)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def post(client: Client, to: str, /, *args: object, **data: Any) -> Any:
    return client.post(reverse(to, args=args), {"key": str(uuid4()), **data})


@pytest.fixture
def keeper() -> Client:
    return browser(town.officer(Role.KEEPER, "650000"))


# -- signing in -----------------------------------------------------------------------------------


def enter(client: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
    return post(client, "office:sign_in", login=login, password=password, **more)


def test_signing_in_and_out() -> None:
    town.officer(Role.LEADER, CITY, town.person("马秀兰", login="ma.xiulan"))
    client = Client()
    assert "凭领取码开账号" in page(client, "office:sign_in")
    done = enter(client, "MA.xiulan")
    assert (done.status_code, done.headers["Location"]) == (303, HOME)
    assert "马秀兰" in page(client, "registry:me")
    assert client.get(reverse("office:sign_in")).headers["Location"] == HOME
    assert client.get(reverse("office:sign_out")).status_code == 405
    post(client, "office:sign_out")
    assert client.get(reverse("registry:me")).status_code == 302


def test_a_wrong_password_keeps_the_name_and_loses_the_password() -> None:
    town.person(login="ma.xiulan")
    wrong = enter(Client(), "ma.xiulan", "not this one")
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert "登录名或密码不对" in text
    assert "ma.xiulan" in text
    assert "not this one" not in text
    unknown = enter(Client(), "nobody", "not this one")
    said = re.compile(r'<div class="finding must_fix".*?</div>', re.DOTALL)
    assert said.findall(text) == said.findall(unknown.content.decode())


def test_too_many_tries_are_told_when_to_come_back() -> None:
    town.person(login="ma.xiulan")
    for _ in range(TRIES_BEFORE_WAIT["name"]):
        enter(Client(), "ma.xiulan", "x")
    stopped = enter(Client(), "ma.xiulan")
    assert stopped.status_code == 429
    assert "请过 15 分钟再试" in stopped.content.decode()


@pytest.mark.parametrize(
    ("asked", "goal"),
    [
        ("/registry/units/?q=1", "/registry/units/?q=1"),
        ("https://evil.example/", HOME),
        ("//evil.example/", HOME),
        ("javascript:alert(1)", HOME),
        ("", HOME),
    ],
)
def test_next_leads_only_into_this_house(asked: str, goal: str) -> None:
    town.officer(Role.LEADER, CITY, town.person(login="ma.xiulan"))
    assert enter(Client(), "ma.xiulan", next=asked).headers["Location"] == goal


def test_a_form_from_another_site_is_refused() -> None:
    town.person(login="ma.xiulan")
    strict = Client(enforce_csrf_checks=True)
    assert enter(strict, "ma.xiulan").status_code == 403


# -- the password ---------------------------------------------------------------------------------

NEW = "另一句长长的话 27"


def test_a_person_changes_his_password() -> None:
    user = town.person()
    actor = town.officer(Role.LEADER, CITY, user)
    client, elsewhere = browser(actor), browser(actor)
    page(client, "office:password")
    differ = post(client, "office:password", old=PASSWORD, new=NEW, again="x")
    assert "两次填的不一样" in differ.content.decode()
    wrong = post(client, "office:password", old="x", new=NEW, again=NEW)
    assert (wrong.status_code, "现在的密码不对" in wrong.content.decode()) == (422, True)
    assert post(client, "office:password", old=PASSWORD, new=NEW, again=NEW).status_code == 303
    assert "我的" in page(client, "registry:me")
    assert elsewhere.get(reverse("registry:me")).status_code == 302


def test_a_temporary_password_opens_only_the_change() -> None:
    user = town.person()
    client = browser(town.officer(Role.LEADER, CITY, user))
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    for name in ("registry:me", "office:policy", "registry:units"):
        assert client.get(reverse(name)).headers["Location"] == reverse("office:password")
    assert "先换一个自己的密码" in page(client, "office:password")
    assert post(client, "office:password", new=NEW, again=NEW).status_code == 303
    assert "我的" in page(client, "registry:me")


# -- the business date ----------------------------------------------------------------------------


def test_anybody_signed_in_moves_the_demos_date() -> None:
    client = browser(town.member(town.unit()))
    post(client, "office:clock", day="2026-12-31")
    assert Installation.objects.get().business_date == date(2026, 12, 31)
    post(client, "office:clock", next_key_date="1")
    assert Installation.objects.get().business_date == date(2027, 1, 10)
    back = post(client, "office:clock", day="2026-12-31")
    assert (back.status_code, "只能往后推" in back.content.decode()) == (409, True)
    assert client.get(reverse("office:clock")).status_code == 405
    assert Client().post(reverse("office:clock"), {"day": "2028-01-01"}).status_code == 302
    assert Installation.objects.get().business_date == date(2027, 1, 10)


def test_a_real_databases_date_is_the_true_one() -> None:
    client = browser(town.officer(Role.KEEPER, CITY))
    Installation.objects.filter(pk=1).update(kind="real", business_date=None)
    assert post(client, "office:clock", day="2099-01-01").status_code == 403


def test_the_date_button_returns_to_where_one_was() -> None:
    client = browser(town.officer(Role.KEEPER, CITY))
    for came_from, goal in (
        ("http://testserver/registry/units/", "http://testserver/registry/units/"),
        ("https://evil.example/", resolve_url("desk:home")),
    ):
        day = f"2027-01-{10 + len(goal) % 20}"
        Installation.objects.filter(pk=1).update(business_date=TODAY)
        answer = client.post(reverse("office:clock"), {"day": day}, headers={"referer": came_from})
        assert answer.headers["Location"] == goal


# -- posts ----------------------------------------------------------------------------------------


def test_a_keeper_adds_a_colleague_and_gives_him_a_post(keeper: Client) -> None:
    added = post(keeper, "office:post_person", name="李强", login="li.qiang", phone="")
    assert added.status_code == 200
    assert re.search(r'class="strong secret">\w{10}<', added.content.decode())
    area = town.area(MIDONG).pk
    wanted = {"role": "county_officer", "area": area, "since": "2026-12-05", "department": "水务科"}
    unknown = post(keeper, "office:post_new", login="nobody", **wanted)
    assert (unknown.status_code, "没有登录名" in unknown.content.decode()) == (422, True)
    assert post(keeper, "office:post_new", login="li.qiang", **wanted).status_code == 303
    twice = post(keeper, "office:post_new", login="li.qiang", **wanted)
    assert twice.status_code == 409
    text = page(keeper, "office:posts", q="李强", area=str(area))
    assert "li.qiang" in text
    assert "水务科" in text
    given = Post.objects.get(user__login="li.qiang")
    assert "今天还能办事" in page(keeper, "office:post_end", given.pk)
    assert post(keeper, "office:post_end", given.pk).status_code == 303
    assert Post.objects.get(pk=given.pk).until == TODAY


def test_posts_are_the_keepers_and_only_in_his_place() -> None:
    clerk = browser(town.officer(Role.COUNTY_OFFICER, MIDONG))
    for name in ("office:posts", "office:post_new", "office:post_person"):
        page(clerk, name, status=403)
    district = browser(town.officer(Role.KEEPER, MIDONG))
    town.officer(Role.LEADER, TIANSHAN, town.person("别区的人"))
    other = Post.objects.get(user__name="别区的人")
    assert "别区的人" not in page(district, "office:posts")
    page(district, "office:post_end", other.pk, status=404)
    assert post(district, "office:post_end", other.pk).status_code == 404
    assert str(other.area_id) not in re.findall(
        r'<option value="(\d+)"', page(district, "office:post_new")
    )


def test_a_colleague_stands_in_and_takes_over() -> None:
    holder, deputy = town.person("马秀兰"), town.person("古丽")
    own = browser(town.officer(Role.COUNTY_OFFICER, MIDONG, holder))
    town.officer(Role.TOWNSHIP_OFFICER, MIDONG, deputy)
    mine = Post.objects.get(user=holder)
    assert "代岗…" in page(own, "registry:me")
    assert "古丽" in page(own, "office:post_stand_in", mine.pk)
    lent = post(own, "office:post_stand_in", mine.pk, deputy=deputy.pk, until="2026-12-20")
    assert lent.status_code == 303
    assert actor_for(deputy, TODAY).standing_in_for == "马秀兰"
    stranger = town.person("外人")
    wrong = post(own, "office:post_stand_in", mine.pk, deputy=stranger.pk, until="2026-12-20")
    assert wrong.status_code == 422
    assert post(own, "office:post_hand_over", mine.pk, successor=deputy.pk).status_code == 303
    assert Post.objects.filter(user=deputy, role="county_officer", until=None).exists()
    theirs = Post.objects.get(user=deputy, role="township_officer")
    for name in ("office:post_stand_in", "office:post_hand_over"):
        page(own, name, theirs.pk, status=404)


# -- policy ---------------------------------------------------------------------------------------


def test_policy_is_read_in_words_by_everybody() -> None:
    text = page(browser(town.member(town.unit())), "office:policy")
    for words in ("当年1月15日，遇休息日不顺延", "3%", "试点方案原文", "演示值", "实施方案 四(一)"):
        assert words in text
    assert "修改…" not in text


def edit_values(row: PolicyValue, **changes: object) -> dict[str, object]:
    values = {
        "source": "乌水发〔2026〕12号",
        "confidence": "official",
        "effective_from": "2027-01-01",
        "note": "",
    }
    return values | changes


def test_a_keeper_edits_a_plain_value(keeper: Client) -> None:
    row = selectors.policy("reserve.share", TODAY)
    assert "3%" in page(keeper, "office:policy_row", row.pk)
    page(keeper, "office:policy_edit", row.pk)
    wrong = post(keeper, "office:policy_edit", row.pk, **edit_values(row, value="20000"))
    assert (wrong.status_code, "不在 0–10,000 之间" in wrong.content.decode()) == (422, True)
    bare = post(keeper, "office:policy_edit", row.pk, **edit_values(row, value="500", source=" "))
    assert bare.status_code == 422
    done = post(keeper, "office:policy_edit", row.pk, **edit_values(row, value="500"))
    assert done.status_code == 303
    assert selectors.policy("reserve.share", date(2027, 1, 1)).value == 500
    assert "2027-01-01 起改为 5%" in page(keeper, "office:policy")
    assert "未生效" in page(keeper, "office:policy_row", row.pk)


def test_a_keeper_edits_a_deadline_and_the_tiers(keeper: Client) -> None:
    row = selectors.policy("deadline.county_draft", TODAY)
    fields = {
        "value-month": "1",
        "value-day": "18",
        "value-year_offset": "0",
        "value-shift": "next",
    }
    assert (
        post(keeper, "office:policy_edit", row.pk, **edit_values(row, **fields)).status_code == 303
    )
    new = selectors.policy("deadline.county_draft", date(2027, 1, 1)).value
    assert new == {"month": 1, "day": 18, "year_offset": 0, "shift": "next"}
    tiers = selectors.policy("quota.tiers", TODAY)
    fields = {"value-0-tier": "1", "value-0-name": "居民", "value-0-living": "on"}
    fields |= {
        "value-1-tier": "2",
        "value-1-name": "生态",
        "value-2-tier": "3",
        "value-2-name": "生产",
    }
    sectors = {
        "value-0-sectors": ["residents"],
        "value-1-sectors": ["ecology", "agriculture"],
        "value-2-sectors": ["industry", "services"],
    }
    values = edit_values(tiers, **fields, **sectors)
    assert post(keeper, "office:policy_edit", tiers.pk, **values).status_code == 303
    changed = selectors.policy("quota.tiers", date(2027, 1, 1)).value
    assert changed[0] == {"tier": 1, "name": "居民", "sectors": ["residents"], "living": True}
    assert changed[1]["sectors"] == ["ecology", "agriculture"]


def test_a_keeper_enters_next_years_holidays(keeper: Client) -> None:
    row = selectors.policy("rest_days.2026", TODAY)
    days = {"value-holidays": "2027-01-01\n2027-01-04", "value-worked_weekends": "2027-01-09"}
    done = post(keeper, "office:policy_edit", row.pk, **edit_values(row, **days))
    assert done.status_code == 303
    new = selectors.policy("rest_days.2026", date(2027, 1, 1)).value
    assert new["holidays"] == ["2027-01-01", "2027-01-04"]


@pytest.mark.parametrize("row", ["quota.sharing", "issue.start", "interim.rule", "quota.tiers"])
def test_every_shape_has_a_form_that_gives_back_what_it_shows(keeper: Client, row: str) -> None:
    value = selectors.policy(row, TODAY)
    form = page(keeper, "office:policy_edit", value.pk)
    assert "value" in form
    from shuiheng.office.forms import PolicyForm

    blank = PolicyForm(row=value, today=TODAY)
    shown = {
        name: field.initial for name, field in blank.fields.items() if name.startswith("value")
    }
    data = {**shown, **edit_values(value), "key": str(uuid4())}
    bound = PolicyForm(data, row=value, today=TODAY)
    assert bound.is_valid(), bound.errors
    assert bound.cleaned_data["value"] == value.value


def test_policy_is_edited_by_nobody_else() -> None:
    row = selectors.policy("reserve.share", TODAY)
    for role, at in ((Role.LEADER, CITY), (Role.COUNTY_OFFICER, MIDONG), (Role.KEEPER, MIDONG)):
        client = browser(town.officer(role, at))
        page(client, "office:policy_edit", row.pk, status=403)
        values = edit_values(row, value="1")
        assert post(client, "office:policy_edit", row.pk, **values).status_code == 403
    page(browser(town.member(town.unit())), "office:policy_row", 999_999, status=404)
