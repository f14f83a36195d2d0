"""Acts, jobs, policy values, posts and sign-in: what every capability above writes through."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from procrastinate.contrib.django import app as jobs

from shuiheng.core.access import Actor, Permission, Role, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence
from shuiheng.office import rules
from shuiheng.office.models import (
    Act,
    ActOutcome,
    Area,
    AreaYear,
    Installation,
    OneTimeCode,
    PolicyValue,
    Post,
    SignInAttempt,
    User,
)
from shuiheng.office.selectors import held_on, policy_seat

POLICY_FILE = Path(__file__).parent / "policy.yaml"
DATA = Path(__file__).parent / "data"


def begin_act(
    key: str,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    args: Mapping[str, object] | None = None,
) -> Act:
    """Open an act under its once-only key, inside the caller's transaction.

    A second call with the same key waits for the first and gets its act back with `done` set, never
    a refusal; the same key from another person or with other arguments is one.
    """
    digest = digest_of({"name": name, "actor": actor.user_id, "args": dict(args or {})})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO office_act
                (key, name, user_id, user_name, standing_in_for, at, arguments_digest)
            VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING RETURNING id
            """,
            [key, name, actor.user_id or None, actor.name, actor.standing_in_for, now, digest],
        )
        made = cursor.fetchone()
        act = Act.objects.get(key=key)
        if made is None:
            if act.arguments_digest != digest:
                raise Refusal(
                    "act.key_reused",
                    "这个操作编号已经用在另一次操作上。",
                    kind=Kind.CONFLICT,
                    remedy="请刷新页面后再试一次，您填的内容还在。",
                )
            act.done = True
        cursor.execute("SELECT set_config('shuiheng.act', %s, true)", [str(act.pk)])
    return act


def was_done(key: str) -> bool:
    """Whether an act under this key stands already: what came before it need not be proved again."""
    return Act.objects.filter(key=key).exists()


def finish_act(act: Act, subject: str, note: str = "") -> None:
    """Record what the act was about (`kind/id`) and what came of it."""
    ActOutcome.objects.create(act=act, subject=subject, note=note)


def later(name: str, **arguments: Any) -> None:
    """Defer a job by name in this transaction: PostgreSQL is the outbox, a crash forgets nothing."""
    jobs.configure_task(name, allow_unknown=False).defer(**arguments)


def load_policy(*, now: datetime) -> int:
    """Load the shipped first policy values once; what an officer has edited since is never touched.

    Returns how many rows were new.
    """
    rows = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
    known = set(PolicyValue.objects.values_list("key", "effective_from"))
    new = [
        PolicyValue(entered_by="首次装载", entered_at=now, **row)
        for row in rows
        if (row["key"], row["effective_from"]) not in known
    ]
    PolicyValue.objects.bulk_create(new)
    return len(new)


@transaction.atomic
def set_policy(
    policy_id: int,
    *,
    value: Any,
    effective_from: date,
    source: str,
    confidence: Confidence,
    note: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> PolicyValue:
    """A later edit is a new dated row beside the old one."""
    old = PolicyValue.objects.select_related("area").get(pk=policy_id)
    args = {"policy": policy_id, "value": value, "from": effective_from}
    act = begin_act(key, "policy.set", actor=actor, now=now, args=args)
    if act.done:
        return PolicyValue.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.POLICY_EDIT, policy_seat(old, actor))
    rules.check_policy_edit(old.value, value, old.unit, source)
    rules.check_policy_date(effective_from, beijing_date(now))
    row = PolicyValue.objects.create(
        key=old.key,
        area=old.area,
        effective_from=effective_from,
        value=value,
        unit=old.unit,
        label=old.label,
        source=source,
        confidence=confidence,
        note=note,
        entered_by=actor.name,
        entered_at=now,
    )
    before, after = (rules.policy_words(v, old.unit) for v in (old.value, value))
    finish_act(act, f"policy/{row.pk}", f"{old.label}：{before} → {after}")
    return row


def root_area() -> Area:
    """The autonomous region, under which all other areas stand."""
    return Area.objects.get(parent=None)


def keep_area_year(year: int) -> None:
    """Keep where every area stands when a budget year opens; safe to call again."""
    AreaYear.objects.bulk_create(
        [
            AreaYear(
                area=area,
                year=year,
                path=area.path,
                name=area.name,
                has_own_budget=area.has_own_budget,
            )
            for area in Area.objects.all()
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def move_business_date(to: date, *, actor: Actor, now: datetime, key: str) -> Installation:
    """Move the demo's business date forward (DESIGN 9). Whoever is signed in to a demo or a practice
    database may; a real one refuses it."""
    act = begin_act(key, "clock.move", actor=actor, now=now, args={"to": to})
    row = Installation.objects.select_for_update().get(pk=1)
    if act.done:
        return row
    row.business_date = rules.plan_business_date(
        row.kind, row.business_date or beijing_date(now), to
    )
    row.save(update_fields=["business_date"])
    finish_act(act, "installation/1", f"业务日期推进到 {to}")
    return row


# -- posts ----------------------------------------------------------------------------------------


@transaction.atomic
def assign_post(
    user_id: int,
    role: Role,
    area_id: int,
    *,
    department: str = "",
    since: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Post:
    """Give a person a post."""
    args = {"user": user_id, "role": role, "area": area_id}
    act = begin_act(key, "post.assign", actor=actor, now=now, args=args)
    if act.done:
        return Post.objects.get(pk=act.outcome.subject_id)
    area = Area.objects.get(pk=area_id)
    require(actor, Permission.POST_ASSIGN, area.place)
    same = Post.objects.filter(user=user_id, role=role, area=area, stands_in_for=None)
    rules.check_new_post(same.filter(held_on(max(since, beijing_date(now)))).exists())
    post = Post.objects.create(
        user_id=user_id, role=role, area=area, department=department, since=since
    )
    finish_act(act, f"post/{post.pk}", f"{post.user.name}：{area.name}{role.label}")
    return post


@transaction.atomic
def end_post(post_id: int, *, actor: Actor, now: datetime, key: str) -> Post:
    """End a post, and whatever stand-ins it has lent, with today as its last day."""
    act = begin_act(key, "post.end", actor=actor, now=now, args={"post": post_id})
    post = _locked_post(post_id)
    if act.done:
        return post
    require(actor, Permission.POST_ASSIGN, post.area.place)
    today = beijing_date(now)
    rules.check_in_force(False, post.until, today)
    _end(post, today)
    finish_act(act, f"post/{post.pk}", f"{post.user.name}的岗位到 {today} 为止")
    return post


@transaction.atomic
def stand_in(
    post_id: int, deputy_id: int, *, until: date, actor: Actor, now: datetime, key: str
) -> Post:
    """代岗: let a colleague carry a post's tasks for a time, under his own name (USERS 19)."""
    args = {"post": post_id, "deputy": deputy_id, "until": until}
    act = begin_act(key, "post.stand_in", actor=actor, now=now, args=args)
    if act.done:
        return Post.objects.get(pk=act.outcome.subject_id)
    post = _locked_post(post_id)
    today = beijing_date(now)
    rules.check_stand_in(actor.user_id, post.user_id, deputy_id, today, until)
    rules.check_in_force(post.stands_in_for_id is not None, post.until, today)
    rules.check_colleague(_has_post(deputy_id, today), "deputy")
    deputy = Post.objects.create(
        user_id=deputy_id,
        role=post.role,
        area=post.area,
        department=post.department,
        since=today,
        until=until,
        stands_in_for=post,
    )
    finish_act(act, f"post/{deputy.pk}", f"{deputy.user.name}代{post.user.name}至 {until}")
    return deputy


@transaction.atomic
def hand_over(post_id: int, successor_id: int, *, actor: Actor, now: datetime, key: str) -> Post:
    """交接: end a post today and give the same post to the successor."""
    args = {"post": post_id, "successor": successor_id}
    act = begin_act(key, "post.hand_over", actor=actor, now=now, args=args)
    if act.done:
        return Post.objects.get(pk=act.outcome.subject_id)
    post = _locked_post(post_id)
    if actor.user_id != post.user_id:
        require(actor, Permission.POST_ASSIGN, post.area.place)
    today = beijing_date(now)
    rules.check_hand_over(post.user_id, successor_id)
    rules.check_in_force(post.stands_in_for_id is not None, post.until, today)
    rules.check_colleague(_has_post(successor_id, today), "successor")
    _end(post, today)
    successor = Post.objects.create(
        user_id=successor_id,
        role=post.role,
        area=post.area,
        department=post.department,
        since=today,
    )
    finish_act(act, f"post/{successor.pk}", f"{post.user.name}交接给{successor.user.name}")
    return successor


def _locked_post(post_id: int) -> Post:
    rows = Post.objects.select_for_update(of=["self"]).select_related("user", "area")
    return rows.get(pk=post_id)


def _end(post: Post, today: date) -> None:
    post.until = today
    post.save(update_fields=["until"])
    Post.objects.filter(stands_in_for=post, until__gt=today).update(until=today)


def _has_post(user_id: int, day: date) -> bool:
    return Post.objects.filter(held_on(day), user=user_id, user__is_active=True).exists()


# -- people ---------------------------------------------------------------------------------------


def make_user(name: str, login: str, password: str, *, phone: str = "", now: datetime) -> User:
    """A new person who can sign in; nothing may be done yet without a post or a membership."""
    login = rules.tidy_login(login)
    rules.check_login(login)
    user = User(name=name, login=login, phone=rules.tidy_phone(phone), created_at=now)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Refusal(
            "user.login_taken",
            f"登录名“{login}”已经有人用了。",
            kind=Kind.CONFLICT,
            field="login",
            remedy="请换一个，例如加上单位简称。",
        ) from None
    return user


@transaction.atomic
def add_officer(
    name: str, login: str, phone: str, *, actor: Actor, now: datetime, key: str
) -> tuple[User, str]:
    """A new colleague with a password for the first sign-in; a second click shows the same one."""
    args = {"name": name, "login": login, "phone": phone}
    act = begin_act(key, "user.add", actor=actor, now=now, args=args)
    password = password_of(key)
    if act.done:
        return User.objects.get(pk=act.outcome.subject_id), password
    if not actor.may_somewhere(Permission.POST_ASSIGN):
        require(actor, Permission.POST_ASSIGN, root_area().place)
    user = make_user(name, login, password, phone=phone, now=now)
    user.must_change_password = True
    user.save(update_fields=["must_change_password"])
    finish_act(act, f"user/{user.pk}", f"新建人员 {name}")
    return user, password


def password_of(key: str) -> str:
    """The temporary password that an act gives: only this installation can compute it from the key."""
    return rules.temporary_password(keyed_digest("password", key))


def give_temporary_password(user: User, key: str) -> str:
    """Replace a password by one for a single sign-in; the caller has asked whether he may."""
    password = password_of(key)
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    return password


def check_new_password(password: str, user: User) -> None:
    """Long enough, not among the common ones, not only digits."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise rules.weak_password([str(one.code) for one in error.error_list]) from None


def change_password(
    old: str, new: str, *, actor: Actor, now: datetime, clock: datetime, key: str
) -> User:
    """One's own password. A temporary one has just been typed at sign-in and is not asked again.

    Not one transaction: a wrong old password stays counted.
    """
    user = User.objects.get(pk=actor.user_id)
    if not user.must_change_password and not was_done(key):
        _prove_password(user, old, clock)
    return _replace_password(new, actor=actor, now=now, key=key)


def _prove_password(user: User, old: str, clock: datetime) -> None:
    counted = counter("name", user.login)
    check_throttle([counted], now=clock)
    if not user.check_password(old):
        record_failure([counted], now=clock)
        raise Refusal("password.old_wrong", "现在的密码不对。", field="old")


@transaction.atomic
def _replace_password(new: str, *, actor: Actor, now: datetime, key: str) -> User:
    act = begin_act(key, "password.change", actor=actor, now=now)
    user = User.objects.select_for_update().get(pk=actor.user_id)
    if act.done:
        return user
    rules.check_another_password(user.check_password(new))
    check_new_password(new, user)
    user.set_password(new)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    finish_act(act, f"user/{user.pk}", "本人修改密码")
    return user


# -- sign-in --------------------------------------------------------------------------------------


def sign_in(login: str, password: str, *, address: str, clock: datetime) -> User:
    """The person with this login and password; anyone else gets one sentence after the same time.

    `clock` is the true time here and below: throttles do not stand still with a business date.
    Not one transaction: a failed try stays counted.
    """
    counted = [counter("name", rules.tidy_login(login)), counter("address", address)]
    check_throttle(counted, now=clock)
    user = User.objects.filter(login=rules.tidy_login(login), is_active=True).first()
    if user is None:
        make_password(password)  # takes as long as looking at a known person's
    elif user.check_password(password):
        forget_failures(counted[0])
        return user
    record_failure(counted, now=clock)
    raise Refusal(
        "sign_in.wrong",
        "登录名或密码不对。",
        remedy="忘了密码，请找区县水务局经办人办理。",
    )


def counter(sort: str, text: str) -> str:
    """What tries are counted by: the text itself is not kept, somebody may have typed a password."""
    return f"{sort}:{digest_of(text)[:32]}"


def check_throttle(counters: list[str], *, now: datetime) -> None:
    """Refuse when a name, an address or a telephone has been tried too often lately."""
    since = now - timedelta(minutes=rules.THROTTLE_MINUTES)
    for one in counters:
        tries = SignInAttempt.objects.filter(subject=one, at__gte=since).count()
        rules.check_tries(one.partition(":")[0], tries)


def record_failure(counters: list[str], *, now: datetime) -> None:
    """Count a try; old tries are forgotten."""
    SignInAttempt.objects.filter(at__lt=now - timedelta(days=1)).delete()
    SignInAttempt.objects.bulk_create([SignInAttempt(subject=c, at=now) for c in counters])


def forget_failures(one: str) -> None:
    SignInAttempt.objects.filter(subject=one).delete()


def keyed_digest(purpose: str, text: str) -> bytes:
    """32 bytes that nobody without this installation's secret can compute or look up."""
    return salted_hmac(f"shuiheng.{purpose}", text, algorithm="sha256").digest()


@transaction.atomic
def make_one_time_code(user: User, *, now: datetime) -> str:
    """A six-digit code for a sign-in by telephone; the caller sends it."""
    code = f"{secrets.randbelow(10**6):06d}"
    OneTimeCode.objects.filter(user=user, used_at=None).update(used_at=now)
    OneTimeCode.objects.create(
        user=user,
        digest=_code_digest(user, code),
        expires_at=now + timedelta(minutes=rules.CODE_MINUTES),
    )
    return code


@transaction.atomic
def use_one_time_code(user: User, code: str, *, now: datetime) -> bool:
    """Whether `code` is this person's and still good; a code works once."""
    row = (
        OneTimeCode.objects.select_for_update()
        .filter(user=user, used_at=None, expires_at__gt=now, tries__lt=rules.CODE_TRIES)
        .first()
    )
    if row is None:
        return False
    row.tries += 1
    good = constant_time_compare(row.digest, _code_digest(user, rules.tidy(code)))
    if good:
        row.used_at = now
    row.save(update_fields=["tries", "used_at"])
    return good


def _code_digest(user: User, code: str) -> str:
    return keyed_digest("code", f"{user.pk}:{code}").hex()


def load_areas() -> int:
    """Load the shipped areas (新疆 → 乌鲁木齐市, 昌吉州 → districts → townships) once.

    甘泉堡 and 准东 have no code of GB/T 2260 and carry a local one (L). Returns how many were new.
    """
    known = {area.code: area for area in Area.objects.all()}
    loaded = 0
    for rank, row in enumerate(_area_rows()):
        if row["code"] in known:
            continue
        parent = known.get(row["parent"])
        path = f"{parent.path}/{row['code']}" if parent else row["code"]
        known[row["code"]] = Area.objects.create(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            parent=parent,
            path=path,
            pinyin=rules.pinyin_key(row["name"]),
            rank=rank,
            has_own_budget=row["has_own_budget"] == "1",
            is_xpcc=rules.is_xpcc(row["code"]),
            code_is_local=row["code_is_local"] == "1",
        )
        loaded += 1
    return loaded


def _area_rows() -> list[dict[str, str]]:
    with (DATA / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (DATA / "townships.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            township = {"kind": "township", "has_own_budget": "0", "code_is_local": "0"}
            rows.append(
                {"code": row["code"], "name": row["name"], "parent": row["area_code"], **township}
            )
    return rows
