"""People of units: claim codes, claiming, sign-in by telephone, mended access (USERS 19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from shuiheng.core.access import Actor, Permission, Role, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import UnitKind
from shuiheng.office import rules as office_rules
from shuiheng.office.models import User
from shuiheng.office.selectors import posts_of
from shuiheng.office.services import (
    begin_act,
    check_new_password,
    check_throttle,
    counter,
    finish_act,
    give_temporary_password,
    keyed_digest,
    make_one_time_code,
    make_user,
    password_of,
    record_failure,
    root_area,
    use_one_time_code,
    was_done,
)
from shuiheng.papers.rules import Channel
from shuiheng.papers.services import send_message
from shuiheng.registry.models import ClaimCode, Membership, Unit
from shuiheng.registry.rules import claims as rules
from shuiheng.registry.rules.units import check_all_found
from shuiheng.registry.selectors import memberships_of, people_with_phone

MEMBER_ROLE = {
    UnitKind.WATERWORKS: Role.SUPPLIER_MANAGER,
    UnitKind.RECLAIMED_PLANT: Role.SUPPLIER_MANAGER,
    UnitKind.TRANSFER_PROJECT: Role.SUPPLIER_MANAGER,
    UnitKind.IRRIGATION_DISTRICT: Role.IRRIGATION_MANAGER,
}


# -- claim codes ----------------------------------------------------------------------------------


@transaction.atomic
def make_claim_codes(
    unit_ids: Sequence[int], *, actor: Actor, now: datetime, key: str
) -> list[tuple[Unit, str]]:
    """领取码, one for each unit, by name. Only digests are kept; a second click gets the same sheet.

    A new code takes the place of the unit's unused older ones.
    """
    chosen = sorted(set(unit_ids))
    act = begin_act(key, "claim.make", actor=actor, now=now, args={"units": chosen})
    rules.check_claim_count(len(chosen))
    mine = Unit.objects.visible_to(actor, Permission.ACCOUNT_MEND).active_on(beijing_date(now))
    units = list(mine.filter(pk__in=chosen).select_related("region"))
    check_all_found(chosen, [unit.pk for unit in units])
    codes = [(unit, _code_of(key, unit)) for unit in units]
    if act.done:
        return codes
    ClaimCode.objects.filter(unit__in=units, used_at=None, expires_at__gt=now).update(
        expires_at=now
    )
    made = ClaimCode.objects.bulk_create(
        [
            ClaimCode(
                unit=unit,
                digest=code_digest(code),
                made_at=now,
                expires_at=now + timedelta(days=rules.CLAIM_DAYS),
            )
            for unit, code in codes
        ]
    )
    finish_act(act, f"claim_code/{made[0].pk}", f"打印 {len(codes)} 个单位的领取码")
    return codes


def _code_of(key: str, unit: Unit) -> str:
    return rules.claim_code(keyed_digest("claim", f"{key}:{unit.pk}"))


def code_digest(code: str) -> str:
    return keyed_digest("claim-code", rules.tidy_claim_code(code)).hex()


# -- claiming -------------------------------------------------------------------------------------


def open_claim(code: str, *, address: str, now: datetime, clock: datetime) -> Unit:
    """The unit that a code opens; a wrong, used or expired code is counted against the address.

    Not one transaction: a failed try stays counted. `clock` is the true time.
    """
    counted = [counter("claim", address)]
    check_throttle(counted, now=clock)
    row = ClaimCode.objects.select_related("unit").filter(digest=code_digest(code)).first()
    try:
        _check_claim(row, now)
    except Refusal:
        record_failure(counted, now=clock)
        raise
    assert row is not None
    return row.unit


def claim_account(
    code: str,
    *,
    name: str,
    login: str,
    phone: str,
    password: str,
    address: str,
    now: datetime,
    clock: datetime,
    key: str,
) -> Membership:
    """领取账号: a person nobody knew yet, an account, and the unit it acts for, in one act."""
    if not was_done(key):
        open_claim(code, address=address, now=now, clock=clock)
    with transaction.atomic():
        person = Actor(0, name)
        args = {"code": code_digest(code), "login": login}
        act = begin_act(key, "account.claim", actor=person, now=now, args=args)
        if act.done:
            return Membership.objects.get(pk=act.outcome.subject_id)
        row = _locked_code(code, now)
        office_rules.check_mobile(office_rules.tidy_phone(phone))
        check_new_password(password, User(login=login, name=name))
        user = make_user(name, login, password, phone=phone, now=now)
        membership = _join(user, row, now)
        finish_act(act, f"membership/{membership.pk}", f"{name}领取{row.unit.name}的账号")
    return membership


def claim_more(
    code: str, *, actor: Actor, address: str, now: datetime, clock: datetime, key: str
) -> Membership:
    """A person who has an account already takes on one more unit."""
    if not was_done(key):
        open_claim(code, address=address, now=now, clock=clock)
    with transaction.atomic():
        args = {"code": code_digest(code)}
        act = begin_act(key, "account.claim_more", actor=actor, now=now, args=args)
        if act.done:
            return Membership.objects.get(pk=act.outcome.subject_id)
        row = _locked_code(code, now)
        user = User.objects.get(pk=actor.user_id)
        held = [m.unit_id for m in memberships_of(user, beijing_date(now))]
        rules.check_not_member(row.unit_id in held)
        membership = _join(user, row, now)
        finish_act(act, f"membership/{membership.pk}", f"{user.name}加入{row.unit.name}")
    return membership


def _locked_code(code: str, now: datetime) -> ClaimCode:
    rows = ClaimCode.objects.select_for_update(of=["self"]).select_related("unit")
    row = rows.filter(digest=code_digest(code)).first()
    _check_claim(row, now)
    assert row is not None
    return row


def _check_claim(row: ClaimCode | None, now: datetime) -> None:
    rules.check_claim(row.expires_at if row else None, row.used_at if row else None, now)


def _join(user: User, code: ClaimCode, now: datetime) -> Membership:
    code.used_at, code.used_by = now, user
    code.save(update_fields=["used_at", "used_by"])
    return Membership.objects.create(
        user=user,
        unit=code.unit,
        role=MEMBER_ROLE.get(code.unit.kind_term, Role.UNIT_CLERK),
        since=beijing_date(now),
    )


# -- sign-in by telephone -------------------------------------------------------------------------


def send_sign_in_code(phone: str, *, address: str, now: datetime, clock: datetime) -> None:
    """A code to whoever has this telephone. It says nothing about whether anybody has: the same
    counts, the same answer. `now` dates the message, `clock` runs the code out."""
    phone = office_rules.tidy_phone(phone)
    office_rules.check_mobile(phone)
    counted = [counter("phone", phone), counter("address", address)]
    check_throttle(counted, now=clock)
    record_failure(counted, now=clock)
    for user in people_with_phone(phone):
        _send_code(user, now, clock)


@transaction.atomic
def _send_code(user: User, now: datetime, clock: datetime) -> None:
    code = make_one_time_code(user, now=clock)
    send_message(
        f"【水衡】{code} 是登录名 {user.login} 的验证码，"
        f"{office_rules.CODE_MINUTES} 分钟内有效，不要告诉别人。",
        channel=Channel.SMS,
        recipient=user.name,
        address=user.phone,
        area=root_area(),
        now=now,
        key=f"sign-in:{user.pk}:{keyed_digest('sign-in', f'{clock}:{code}').hex()[:32]}",
    )


def sign_in_by_code(phone: str, code: str, *, address: str, clock: datetime) -> User:
    """The person to whose telephone this code was sent. Not one transaction: tries stay counted."""
    phone = office_rules.tidy_phone(phone)
    counted = [counter("name", phone), counter("address", address)]
    check_throttle(counted, now=clock)
    for user in people_with_phone(phone):
        if use_one_time_code(user, code, now=clock):
            return user
    record_failure(counted, now=clock)
    raise Refusal(
        "sign_in.wrong_code",
        "验证码不对，或者已经过期。",
        field="code",
        remedy=f"验证码 {office_rules.CODE_MINUTES} 分钟内有效，请再要一个。",
    )


# -- people of units ------------------------------------------------------------------------------


@transaction.atomic
def mend_access(user_id: int, *, actor: Actor, now: datetime, key: str) -> tuple[User, str]:
    """Lost access is mended in one minute, with a record: a password for one sign-in.

    A clerk mends people of units in her place; who holds a post is mended by whoever may give it, so
    that nobody becomes a superior by way of a password. A second click shows the same one.
    """
    act = begin_act(key, "account.mend", actor=actor, now=now, args={"user": user_id})
    user = User.objects.select_for_update().get(pk=user_id)
    _require_mending(actor, user, now)
    if act.done:
        return user, password_of(key)
    password = give_temporary_password(user, key)
    finish_act(act, f"user/{user.pk}", f"{actor.name}为{user.name}补办登录")
    return user, password


def _require_mending(actor: Actor, user: User, now: datetime) -> None:
    today = beijing_date(now)
    posts = posts_of(user, today)
    for post in posts:
        require(actor, Permission.POST_ASSIGN, post.area.place)
    places = [membership.unit.place for membership in memberships_of(user, today)]
    if posts or any(actor.may(Permission.ACCOUNT_MEND, place) for place in places):
        return
    require(actor, Permission.ACCOUNT_MEND, places[0] if places else root_area().place)


@transaction.atomic
def end_membership(membership_id: int, *, actor: Actor, now: datetime, key: str) -> Membership:
    """离岗: from now on the person no longer acts for the unit; he may end it himself."""
    act = begin_act(key, "membership.end", actor=actor, now=now, args={"id": membership_id})
    rows = Membership.objects.select_for_update(of=["self"]).select_related("unit__region", "user")
    membership = rows.get(pk=membership_id)
    if act.done:
        return membership
    if actor.user_id != membership.user_id:
        require(actor, Permission.ACCOUNT_MEND, membership.unit.place)
    today = beijing_date(now)
    rules.check_membership_open(membership.until, today)
    membership.until = today
    membership.save(update_fields=["until"])
    note = f"{membership.user.name}不再办理{membership.unit.name}的事"
    finish_act(act, f"membership/{membership.pk}", note)
    return membership
