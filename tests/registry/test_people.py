"""Claim codes, claiming, sign-in by telephone, mended access: USERS 19."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from shuiheng.core.access import Actor, Role
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import UnitKind
from shuiheng.office.models import ActOutcome, OneTimeCode, User
from shuiheng.office.rules import TRIES_BEFORE_WAIT
from shuiheng.papers.models import Delivery
from shuiheng.registry import selectors
from shuiheng.registry.models import ClaimCode, Membership, Unit
from shuiheng.registry.services import people
from tests.registry import town
from tests.registry.town import MIDONG, NOW, PASSWORD, TIANSHAN, TODAY

CLOCK = datetime(2026, 11, 22, 5, tzinfo=UTC)
ADDRESS = "10.0.0.7"


def refused(act: Callable[..., object], *args: Any, **named: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*args, **named)
    return caught.value


def codes_for(*units: Unit, actor: Actor, key: str = "codes") -> dict[str, str]:
    made = people.make_claim_codes([u.pk for u in units], actor=actor, now=NOW, key=key)
    return {unit.name: code for unit, code in made}


def claim(code: str, login: str = "maimaiti", key: str = "claim", **more: Any) -> Membership:
    values: dict[str, Any] = {
        "name": "买买提",
        "phone": "138 9900 1122",
        "password": PASSWORD,
        "address": ADDRESS,
        "now": NOW,
        "clock": CLOCK,
    }
    return people.claim_account(code, login=login, key=key, **(values | more))


@pytest.fixture
def clerk(db: None) -> Actor:
    town.found()
    return town.officer(Role.COUNTY_OFFICER, MIDONG)


# -- codes ----------------------------------------------------------------------------------------


def test_codes_are_kept_only_as_digests_and_shown_again_on_a_second_click(clerk: Actor) -> None:
    farm, works = town.unit(), town.unit(name="自来水公司", kind=UnitKind.WATERWORKS)
    first = codes_for(farm, works, actor=clerk)
    assert codes_for(works, farm, actor=clerk) == first
    assert ClaimCode.objects.count() == 2
    assert len(set(first.values())) == 2
    for row in ClaimCode.objects.all():
        assert not any(code.replace("-", "") in row.digest.upper() for code in first.values())
        assert row.expires_at == NOW + timedelta(days=90)


def test_codes_are_made_only_for_units_of_ones_own(clerk: Actor) -> None:
    hotel, shut = town.unit(TIANSHAN, "蓝天宾馆"), town.unit(closed_on=TODAY)
    for unit in (hotel, shut):
        assert refused(codes_for, unit, actor=clerk).code == "unit.not_found"
    assert refused(codes_for, actor=clerk).code == "claim.count"
    own = town.member(town.unit(name="曙光养殖场"))
    assert refused(codes_for, hotel, actor=own).code == "unit.not_found"
    assert not ClaimCode.objects.exists()


def test_a_new_code_takes_the_place_of_the_old(clerk: Actor) -> None:
    farm = town.unit()
    (old,) = codes_for(farm, actor=clerk, key="one").values()
    (new,) = codes_for(farm, actor=clerk, key="two").values()
    assert refused(claim, old).code == "claim.expired"
    assert claim(new).unit == farm


# -- claiming -------------------------------------------------------------------------------------


def test_a_person_claims_an_account_and_acts_for_the_unit(clerk: Actor) -> None:
    farm = town.unit()
    (code,) = codes_for(farm, actor=clerk).values()
    assert farm in selectors.units_without_people(clerk, TODAY)
    membership = claim(f" {code.lower()} ", login="ＭＡＩmaiti")
    user = membership.user
    assert (user.login, user.phone, membership.role) == ("maimaiti", "13899001122", "unit_clerk")
    assert user.check_password(PASSWORD)
    assert list(Unit.objects.visible_to(selectors.actor_for(user, TODAY))) == [farm]
    assert farm not in selectors.units_without_people(clerk, TODAY)
    note = ActOutcome.objects.get(subject=f"membership/{membership.pk}").note
    assert note == "买买提领取丰源种植专业合作社的账号"


def test_a_suppliers_person_gets_the_suppliers_role(clerk: Actor) -> None:
    works = town.unit(name="自来水公司", kind=UnitKind.WATERWORKS)
    canal = town.unit(name="灌区管理所", kind=UnitKind.IRRIGATION_DISTRICT)
    made = codes_for(works, canal, actor=clerk)
    assert claim(made[works.name], "a-1", "k1").role == Role.SUPPLIER_MANAGER
    assert claim(made[canal.name], "a-2", "k2").role == Role.IRRIGATION_MANAGER


def test_a_code_works_once_and_a_second_click_is_no_second_use(clerk: Actor) -> None:
    (code,) = codes_for(town.unit(), actor=clerk).values()
    assert claim(code).pk == claim(code).pk
    used = refused(claim, code, "another", "other key")
    assert (used.code, used.kind) == ("claim.used", Kind.CONFLICT)
    assert User.objects.filter(memberships__isnull=False).count() == 1


def test_an_expired_code(clerk: Actor) -> None:
    (code,) = codes_for(town.unit(), actor=clerk).values()
    late = NOW + timedelta(days=90)
    assert refused(claim, code, now=late).code == "claim.expired"
    assert claim(code, now=late - timedelta(seconds=1)).pk


def test_what_is_wrong_with_a_claim_costs_no_code(clerk: Actor) -> None:
    (code,) = codes_for(town.unit(), actor=clerk).values()
    town.person(login="taken")
    for code_wanted, field, changes in (
        ("user.login_taken", "login", {"login": "Taken"}),
        ("user.login_length", "login", {"login": "x"}),
        ("user.login_letters", "login", {"login": "ma xiu/lan"}),
        ("user.phone", "phone", {"phone": "0991-3300000"}),
        ("password.weak", "new", {"password": "12345"}),
    ):
        said = refused(claim, code, **changes)
        assert (said.code, said.field) == (code_wanted, field)
    assert claim(code).pk


def test_guessing_codes_is_throttled_by_address(clerk: Actor) -> None:
    (code,) = codes_for(town.unit(), actor=clerk).values()
    for number in range(TRIES_BEFORE_WAIT["claim"]):
        assert refused(claim, f"WRONG-{number}").code == "claim.unknown"
    stopped = refused(claim, code)
    assert (stopped.code, stopped.kind) == ("sign_in.throttled", Kind.THROTTLED)
    assert claim(code, address="10.0.0.8").pk
    later = CLOCK + timedelta(minutes=16)
    assert refused(claim, "WRONG", key="later", clock=later).code == "claim.unknown"


def test_an_account_takes_on_another_unit(clerk: Actor) -> None:
    farm, mill = town.unit(), town.unit(name="面粉厂")
    made = codes_for(farm, mill, actor=clerk)
    user = claim(made[farm.name]).user
    actor = selectors.actor_for(user, TODAY)
    more: dict[str, Any] = {"actor": actor, "address": ADDRESS, "now": NOW, "clock": CLOCK}
    second = people.claim_more(made[mill.name], key="m", **more)
    assert people.claim_more(made[mill.name], key="m", **more) == second
    both = selectors.actor_for(user, TODAY)
    assert set(Unit.objects.visible_to(both)) == {farm, mill}
    (again,) = codes_for(mill, actor=clerk, key="again").values()
    assert refused(people.claim_more, again, key="n", **more).code == "claim.member_already"


def test_two_people_with_one_code_at_once(throwaway_database: object) -> None:
    town.found()
    clerk = town.officer(Role.COUNTY_OFFICER, MIDONG)
    (code,) = codes_for(town.unit(), actor=clerk).values()

    def one(number: int) -> str:
        try:
            return str(claim(code, f"person-{number}-x", f"key-{number}").pk)
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(one, range(4)))
    assert outcomes[1:] == ["claim.used"] * 3
    assert Membership.objects.count() == 1
    assert User.objects.filter(login__startswith="person-", name="买买提").count() == 1


# -- sign-in by telephone -------------------------------------------------------------------------


def send(phone: str = "13899001122", clock: datetime = CLOCK) -> None:
    people.send_sign_in_code(phone, address=ADDRESS, now=NOW, clock=clock)


def sent_codes() -> list[str]:
    texts = Delivery.objects.order_by("pk").values_list("text", flat=True)
    return [code for text in texts for code in re.findall(r"\d{6}", text)]


def use(code: str, phone: str = "13899001122", clock: datetime = CLOCK) -> User:
    return people.sign_in_by_code(phone, code, address=ADDRESS, clock=clock)


def test_a_code_by_telephone_signs_in_once(clerk: Actor) -> None:
    user = town.person(phone="13899001122")
    send("+86 138-9900-1122")
    (code,) = sent_codes()
    assert refused(use, "000000" if code != "000000" else "111111").code == "sign_in.wrong_code"
    assert use(f" {code} ") == user
    assert refused(use, code).code == "sign_in.wrong_code"
    assert code not in OneTimeCode.objects.get().digest


def test_a_code_runs_out_by_the_true_clock(clerk: Actor) -> None:
    town.person(phone="13899001122")
    send()
    (code,) = sent_codes()
    assert refused(use, code, clock=CLOCK + timedelta(minutes=5)).code == "sign_in.wrong_code"


def test_a_code_bears_five_tries(clerk: Actor) -> None:
    town.person(phone="13899001122")
    send()
    (code,) = sent_codes()
    for guess in range(5):
        refused(use, f"x{guess}")
    assert refused(use, code).code == "sign_in.wrong_code"


def test_nobody_learns_which_telephone_exists(clerk: Actor) -> None:
    send("13700000000")
    assert sent_codes() == []
    assert refused(use, "123456", "13700000000").code == "sign_in.wrong_code"
    assert refused(send, "12345").code == "user.phone"
    for _ in range(TRIES_BEFORE_WAIT["phone"] - 1):
        send("13700000000")
    assert refused(send, "13700000000").code == "sign_in.throttled"
    send("13700000000", CLOCK + timedelta(minutes=16))


def test_two_people_share_a_telephone(clerk: Actor) -> None:
    one = town.person(login="father", phone="13899001122")
    two = town.person(login="daughter", phone="13899001122")
    send()
    first, second = sent_codes()
    assert {use(second), use(first)} == {one, two}


# -- mended access --------------------------------------------------------------------------------


def mend(user: User, actor: Actor, key: str = "mend") -> str:
    return people.mend_access(user.pk, actor=actor, now=NOW, key=key)[1]


def test_a_clerk_mends_people_of_units_in_her_place(clerk: Actor) -> None:
    user = town.person("买买提")
    town.member(town.unit(), user)
    password = mend(user, clerk)
    assert mend(user, clerk) == password
    user.refresh_from_db()
    assert user.check_password(password)
    assert user.must_change_password
    assert mend(user, clerk, "later") != password
    note = ActOutcome.objects.filter(subject=f"user/{user.pk}").latest("act_id").note
    assert note == "马秀兰为买买提补办登录"


def test_a_clerk_mends_nobody_else(clerk: Actor) -> None:
    elsewhere, alone, colleague = (town.person(f"某{n}") for n in range(3))
    town.member(town.unit(TIANSHAN, "蓝天宾馆"), elsewhere)
    town.officer(Role.COUNTY_REVIEWER, MIDONG, colleague)
    town.member(town.unit(), colleague)
    own = town.member(town.unit(name="曙光养殖场"))
    for user in (elsewhere, alone, colleague):
        for actor in (clerk, own):
            assert refused(mend, user, actor).code == "access.denied"
        assert user not in selectors.people_mendable(clerk, TODAY)


def test_whoever_gives_a_post_mends_its_holder(clerk: Actor) -> None:
    keeper = town.officer(Role.KEEPER, town.CITY)
    user = User.objects.get(pk=clerk.user_id)
    assert mend(user, keeper)
    assert user in selectors.people_mendable(keeper, TODAY)
    town.officer(Role.REGION_READER, "650000", user)
    assert refused(mend, user, keeper, "more").code == "access.denied"
    assert user not in selectors.people_mendable(keeper, TODAY)


def test_a_person_leaves_a_unit(clerk: Actor) -> None:
    farm, user = town.unit(), town.person("买买提")
    own = town.member(farm, user)
    membership = farm.memberships.get()
    stranger = town.member(town.unit(name="曙光养殖场"))

    def end(actor: Actor, key: str) -> Membership:
        return people.end_membership(membership.pk, actor=actor, now=NOW, key=key)

    assert refused(end, stranger, "a").code == "access.denied"
    assert end(own, "b").until == TODAY
    assert selectors.actor_for(user, TODAY).holdings == ()
    assert selectors.members_of(farm, TODAY) == []
    assert refused(end, clerk, "c").code == "membership.ended"
    assert Membership.objects.get(pk=membership.pk).until == TODAY
