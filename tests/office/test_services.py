"""Acts, sign-in, posts, policy and the business date, in the database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError, ProgrammingError

from shuiheng.core.access import SYSTEM, Actor, Permission, Role
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence
from shuiheng.office import selectors, services
from shuiheng.office.models import (
    Act,
    ActOutcome,
    Area,
    Installation,
    PolicyValue,
    Post,
    SignInAttempt,
    User,
)
from shuiheng.office.rules import TRIES_BEFORE_WAIT
from shuiheng.registry.selectors import actor_for
from tests.registry import town
from tests.registry.town import CITY, MIDONG, NOW, PASSWORD, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db
CLOCK = datetime(2026, 11, 22, 5, tzinfo=UTC)
ADDRESS = "10.0.0.7"


def refused(act: Callable[..., object], *args: Any, **named: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*args, **named)
    return caught.value


# -- acts -----------------------------------------------------------------------------------------


def test_an_act_happens_once() -> None:
    actor = Actor(0, "买买提")
    first = services.begin_act("k", "a.b", actor=actor, now=NOW, args={"n": 1})
    services.finish_act(first, "unit/12", "做了")
    again = services.begin_act("k", "a.b", actor=actor, now=NOW, args={"n": 1})
    assert (again.pk, again.done, first.done) == (first.pk, True, False)
    assert again.outcome.subject_id == 12
    assert services.was_done("k")
    for other in ({"n": 2}, None):
        said = refused(services.begin_act, "k", "a.b", actor=actor, now=NOW, args=other)
        assert said.code == "act.key_reused"


def test_a_key_of_another_person_is_refused() -> None:
    town.found()
    one, two = town.officer(Role.LEADER, CITY), town.officer(Role.LEADER, MIDONG)
    services.begin_act("k", "a.b", actor=one, now=NOW)
    assert refused(services.begin_act, "k", "a.b", actor=two, now=NOW).code == "act.key_reused"


@pytest.mark.parametrize("sql", ["UPDATE office_act SET name = 'x'", "DELETE FROM office_act"])
def test_acts_cannot_be_changed(sql: str) -> None:
    services.begin_act("k", "a.b", actor=SYSTEM, now=NOW)
    changed = pytest.raises((IntegrityError, ProgrammingError))
    with changed, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


# -- sign-in --------------------------------------------------------------------------------------


def sign_in(login: str, password: str = PASSWORD, clock: datetime = CLOCK, **more: str) -> User:
    address = more.get("address", ADDRESS)
    return services.sign_in(login, password, address=address, clock=clock)


def test_who_knows_the_password_is_in() -> None:
    user = town.person(login="ma.xiulan")
    assert sign_in(" MA.xiulan ") == user


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a password was hashed, which is what takes the time."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


def test_an_unknown_name_gets_the_same_sentence_after_the_same_work(hashes: list[str]) -> None:
    known = town.person(login="known")
    User.objects.filter(pk=town.person(login="gone").pk).update(is_active=False)
    hashes.clear()
    told = []
    for login in ("known", "unknown", "gone"):
        before = len(hashes)
        refusal = refused(sign_in, login, "猜一个密码")
        told.append((refusal.code, str(refusal), len(hashes) - before))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == "sign_in.wrong"
    assert told[0][2] == 1
    assert sign_in("known") == known


def test_guessing_is_throttled_by_name() -> None:
    town.person(login="known")
    for number in range(TRIES_BEFORE_WAIT["name"]):
        said = refused(sign_in, "known", "x", address=f"10.0.1.{number}")
        assert said.code == "sign_in.wrong"
    stopped = refused(sign_in, "KNOWN", address="10.0.2.1")
    assert (stopped.code, stopped.kind) == ("sign_in.throttled", Kind.THROTTLED)
    assert sign_in("known", clock=CLOCK + timedelta(minutes=16))


def test_guessing_is_throttled_by_address() -> None:
    town.person(login="known")
    for number in range(TRIES_BEFORE_WAIT["address"]):
        refused(sign_in, f"guess-{number}")
    assert refused(sign_in, "known").code == "sign_in.throttled"
    assert sign_in("known", address="10.0.0.8")


def test_a_right_password_forgets_the_wrong_ones() -> None:
    town.person(login="known")
    for _ in range(TRIES_BEFORE_WAIT["name"] - 1):
        refused(sign_in, "known", "x")
    sign_in("known")
    assert refused(sign_in, "known", "x").code == "sign_in.wrong"


def test_what_was_typed_is_not_kept() -> None:
    refused(sign_in, "清水长流到米东")
    assert SignInAttempt.objects.count() == 2
    assert not SignInAttempt.objects.filter(subject__contains="清水").exists()
    refused(sign_in, "later", clock=CLOCK + timedelta(days=2))
    assert SignInAttempt.objects.count() == 2


# -- passwords and people -------------------------------------------------------------------------


def change(user: User, new: str, old: str = PASSWORD, key: str = "p") -> User:
    actor = actor_for(user, TODAY)
    return services.change_password(old, new, actor=actor, now=NOW, clock=CLOCK, key=key)


def test_ones_own_password() -> None:
    user = town.person()
    assert refused(change, user, "另一句长长的话", old="x").code == "password.old_wrong"
    assert refused(change, user, PASSWORD).code == "password.same"
    assert refused(change, user, "1234567890123").code == "password.weak"
    changed = change(user, "另一句长长的话 27")
    assert changed.check_password("另一句长长的话 27")
    assert change(user, "另一句长长的话 27").pk == user.pk


def test_a_wrong_old_password_is_counted() -> None:
    user = town.person()
    for number in range(TRIES_BEFORE_WAIT["name"]):
        refused(change, user, "另一句长长的话 27", old="x", key=f"k{number}")
    assert refused(change, user, "另一句长长的话 27", key="y").code == "sign_in.throttled"


def test_a_temporary_password_is_changed_without_typing_it_again() -> None:
    user = town.person()
    password = services.give_temporary_password(user, "k")
    assert refused(change, user, password, old="").code == "password.same"
    changed = change(user, "另一句长长的话 27", old="")
    assert not changed.must_change_password


def test_nobody_by_that_login() -> None:
    town.person(login="known")
    assert selectors.person_called(" KNOWN ").login == "known"
    assert refused(selectors.person_called, "unknown").code == "user.unknown"


def test_logins_are_unique_whatever_the_case() -> None:
    services.make_user("马秀兰", "Ma.Xiulan", PASSWORD, now=NOW)
    said = refused(services.make_user, "李强", "ma.xiulan", PASSWORD, now=NOW)
    assert (said.code, said.field) == ("user.login_taken", "login")


def test_two_people_take_one_login_at_once(throwaway_database: object) -> None:
    def one(number: int) -> str:
        try:
            return services.make_user(f"某{number}", "same", PASSWORD, now=NOW).login
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(one, range(3))) == ["same"] + ["user.login_taken"] * 2


def test_a_keeper_adds_a_colleague() -> None:
    town.found()
    keeper, clerk = town.officer(Role.KEEPER, CITY), town.officer(Role.COUNTY_OFFICER, MIDONG)

    def add(actor: Actor) -> tuple[User, str]:
        return services.add_officer("李强", "li.qiang", "", actor=actor, now=NOW, key="u")

    user, password = add(keeper)
    assert add(keeper) == (user, password)
    assert user.check_password(password)
    assert user.must_change_password
    denied = refused(services.add_officer, "王", "wang", "", actor=clerk, now=NOW, key="v")
    assert denied.code == "access.denied"


# -- posts ----------------------------------------------------------------------------------------


@pytest.fixture
def keeper(db: None) -> Actor:
    town.found()
    return town.officer(Role.KEEPER, CITY)


def assign(user: User, actor: Actor, at: str = MIDONG, key: str = "a") -> Post:
    role, area = Role.COUNTY_OFFICER, Area.objects.get(code=at)
    return services.assign_post(
        user.pk, role, area.pk, department="水务科", since=TODAY, actor=actor, now=NOW, key=key
    )


def test_a_post_is_given_once_and_only_below(keeper: Actor) -> None:
    user = town.person("古丽")
    post = assign(user, keeper)
    assert assign(user, keeper) == post
    assert actor_for(user, TODAY).has_role(Role.COUNTY_OFFICER)
    assert refused(assign, user, keeper, key="b").code == "post.already"
    assert refused(assign, user, keeper, "652300", "c").code == "access.denied"
    assert refused(assign, user, actor_for(user, TODAY), key="d").code == "access.denied"


def test_a_post_ends_with_what_it_has_lent(keeper: Actor) -> None:
    holder, deputy = town.person("马秀兰"), town.person("古丽")
    post = assign(holder, keeper)
    town.officer(Role.TOWNSHIP_OFFICER, MIDONG, deputy)
    lent = lend(post, holder, deputy)
    tomorrow = TODAY + timedelta(days=1)
    services.end_post(post.pk, actor=keeper, now=NOW, key="e")
    assert actor_for(holder, TODAY).holdings
    assert actor_for(holder, tomorrow).holdings == ()
    assert Post.objects.get(pk=lent.pk).until == TODAY
    again = refused(services.end_post, post.pk, actor=keeper, now=NOW, key="f")
    assert again.code == "post.ended"


def lend(post: Post, holder: User, deputy: User, key: str = "s") -> Post:
    until = TODAY + timedelta(days=10)
    actor = actor_for(holder, TODAY)
    return services.stand_in(post.pk, deputy.pk, until=until, actor=actor, now=NOW, key=key)


def test_a_deputy_acts_under_his_own_name(keeper: Actor) -> None:
    holder, deputy = town.person("马秀兰"), town.person("古丽")
    post = assign(holder, keeper)
    assert refused(lend, post, holder, deputy).code == "post.not_colleague"
    town.officer(Role.TOWNSHIP_OFFICER, MIDONG, deputy)
    lent = lend(post, holder, deputy, "s2")
    actor = actor_for(deputy, TODAY)
    assert (actor.name, actor.standing_in_for) == ("古丽", "马秀兰")
    assert actor.may(Permission.UNIT_EDIT, post.area.place)
    assert not actor_for(deputy, TODAY + timedelta(days=11)).has_role(Role.COUNTY_OFFICER)
    assert refused(lend, lent, deputy, holder, "s3").code == "post.only_lent"
    assert refused(lend, post, deputy, holder, "s4").code == "post.not_yours"


def test_a_post_is_handed_over(keeper: Actor) -> None:
    holder, successor = town.person("马秀兰"), town.person("古丽")
    post = assign(holder, keeper)
    town.officer(Role.TOWNSHIP_OFFICER, MIDONG, successor)
    own = actor_for(holder, TODAY)

    def hand(to: User, actor: Actor, key: str) -> Post:
        return services.hand_over(post.pk, to.pk, actor=actor, now=NOW, key=key)

    assert refused(hand, holder, own, "a1").code == "post.same_successor"
    stranger = town.officer(Role.LEADER, TIANSHAN)
    assert refused(hand, successor, stranger, "a2").code == "access.denied"
    new = hand(successor, own, "a3")
    assert (new.user, new.role, new.department) == (successor, post.role, "水务科")
    assert not actor_for(holder, TODAY + timedelta(days=1)).holdings
    assert refused(hand, successor, own, "a4").code == "post.ended"


def test_colleagues_stand_in_the_same_line(keeper: Actor) -> None:
    holder = town.person("马秀兰")
    post = assign(holder, keeper)
    near, above, far = town.person("古丽"), town.person("李强"), town.person("王芳")
    town.officer(Role.TOWNSHIP_OFFICER, town.township(MIDONG).code, near)
    town.officer(Role.CITY_OFFICER, CITY, above)
    town.officer(Role.COUNTY_OFFICER, TIANSHAN, far)
    found = set(selectors.colleagues(post, TODAY))
    assert {near, above} <= found
    assert not {far, holder} & found
    assert post in selectors.posts_within(keeper, TODAY)
    assert not selectors.posts_within(actor_for(above, TODAY), TODAY).exists()


# -- policy ---------------------------------------------------------------------------------------


def set_reserve(value: object, actor: Actor, day: date = TODAY, key: str = "p") -> PolicyValue:
    row = selectors.policy("reserve.share", TODAY)
    return services.set_policy(
        row.pk,
        value=value,
        effective_from=day,
        source="市水务局会议纪要〔2026〕3号",
        confidence=Confidence.OFFICIAL,
        actor=actor,
        now=NOW,
        key=key,
    )


def test_an_edit_is_a_new_dated_row(keeper: Actor) -> None:
    root = town.officer(Role.KEEPER, "650000")
    coming = date(2027, 1, 1)
    row = set_reserve(500, root, coming)
    assert set_reserve(500, root, coming) == row
    assert selectors.policy("reserve.share", TODAY).value == 300
    assert selectors.policy("reserve.share", coming).value == 500
    (line,) = (one for one in selectors.policy_lines(TODAY) if one.current.key == "reserve.share")
    assert (line.current.value, line.coming, line.edits) == (300, row, 1)
    assert [one.value for one in selectors.policy_history(row)] == [500, 300]
    assert ActOutcome.objects.get(act__key="p").note == "预留比例：3% → 5%"
    assert services.load_policy(now=NOW) == 0


def test_who_edits_policy_and_how(keeper: Actor) -> None:
    root = town.officer(Role.KEEPER, "650000")
    for other in (town.officer(Role.LEADER, CITY), town.officer(Role.KEEPER, MIDONG)):
        assert refused(set_reserve, 500, other).code == "access.denied"
    assert set_reserve(310, keeper, key="city").value == 310
    assert refused(set_reserve, "5%", root, key="q").code == "policy.shape"
    assert refused(set_reserve, 500, root, date(2026, 1, 1), "r").code == "policy.backdated"


def test_a_value_of_an_area_goes_before_the_general_one(keeper: Actor) -> None:
    general = selectors.policy("reserve.share", TODAY)
    area = Area.objects.get(code=MIDONG)
    PolicyValue.objects.create(
        key=general.key,
        area=area,
        effective_from=TODAY,
        value=400,
        label=general.label,
        source="米东区",
        confidence="demo",
        entered_by="x",
        entered_at=NOW,
    )
    assert selectors.policy("reserve.share", TODAY, area).value == 400
    assert selectors.policy("reserve.share", TODAY).value == 300
    with pytest.raises(LookupError):
        selectors.policy("no.such", TODAY)


# -- the business date ----------------------------------------------------------------------------


def push(to: date, key: str = "c", actor: Actor | None = None) -> Installation:
    return services.move_business_date(to, actor=actor or Actor(0, "谁"), now=NOW, key=key)


def test_the_demos_date_moves_forward() -> None:
    Installation.objects.filter(pk=1).update(business_date=TODAY)
    assert push(date(2026, 12, 31)).business_date == date(2026, 12, 31)
    assert push(date(2026, 12, 31)).business_date == date(2026, 12, 31)
    assert refused(push, TODAY, "d").code == "clock.backwards"


def test_a_real_database_has_no_business_date() -> None:
    Installation.objects.filter(pk=1).update(kind="real", business_date=None)
    assert refused(push, date(2027, 1, 1)).code == "clock.real"
    with pytest.raises(IntegrityError), transaction.atomic():
        Installation.objects.filter(pk=1).update(business_date=TODAY)


def test_the_next_key_dates() -> None:
    dates = selectors.next_key_dates(TODAY)
    assert dates[0] == (date(2026, 12, 15), "单位报送水预算决算")
    assert [day for day, _ in dates] == sorted(day for day, _ in dates)
    labels = [label for _, label in dates]
    assert labels.index("县级水预算草案完成") < labels.index("全市水预算方案下达")


def test_areas_are_loaded_once(keeper: Actor) -> None:
    assert services.load_areas() == 0
    assert Area.objects.get(code="6501L1").code_is_local
    services.keep_area_year(2027)
    services.keep_area_year(2027)
    city = Area.objects.get(code=CITY)
    assert len(selectors.budget_regions(2027, city)) == 9
    assert Act.objects.count() == 0
