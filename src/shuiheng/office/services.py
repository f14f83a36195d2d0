"""Acts, jobs, policy values, posts and sign-in: what every capability above writes through."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from procrastinate.contrib.django import app as jobs

from shuiheng.core.access import SYSTEM, Actor, Permission, Role, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.digest import digest_of, sm3
from shuiheng.core.refusal import Kind, Refusal
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

POLICY_FILE = Path(__file__).parent / "policy.yaml"


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
    note: str,
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
    require(actor, Permission.POLICY_EDIT, (old.area or root_area()).place)
    rules.check_policy_edit(old.value, value, source)
    row = PolicyValue.objects.create(
        key=old.key,
        area=old.area,
        effective_from=effective_from,
        value=value,
        unit=old.unit,
        label=old.label,
        source=source,
        confidence=old.confidence,
        note=note,
        entered_by=actor.name,
        entered_at=now,
    )
    finish_act(act, f"policy/{row.pk}", f"{old.label}：{old.value} → {value}")
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
    """Move the demo's business date forward (DESIGN 9); a real database refuses it."""
    act = begin_act(key, "clock.move", actor=actor, now=now, args={"to": to})
    row = Installation.objects.select_for_update().get(pk=1)
    if act.done:
        return row
    if not actor.may_somewhere(Permission.CLOCK_MOVE) and not actor.holdings:
        require(actor, Permission.CLOCK_MOVE, root_area().place)
    row.business_date = rules.plan_business_date(row.kind, row.business_date, to)
    row.save(update_fields=["business_date"])
    finish_act(act, "installation/1", f"业务日期推进到 {to}")
    return row


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
    post = Post.objects.create(
        user_id=user_id, role=role, area=area, department=department, since=since
    )
    finish_act(act, f"post/{post.pk}", f"{post.user.name}：{area.name}{role.label}")
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
    post = (
        Post.objects.select_for_update(of=["self"]).select_related("user", "area").get(pk=post_id)
    )
    today = beijing_date(now)
    rules.check_stand_in(actor.user_id, post.user_id, deputy_id, today, until)
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
    post = (
        Post.objects.select_for_update(of=["self"]).select_related("user", "area").get(pk=post_id)
    )
    today = beijing_date(now)
    rules.check_hand_over(actor.user_id, post.user_id, successor_id, post.until)
    if actor.user_id != post.user_id:
        require(actor, Permission.POST_ASSIGN, post.area.place)
    post.until = today
    post.save(update_fields=["until"])
    successor = Post.objects.create(
        user_id=successor_id,
        role=post.role,
        area=post.area,
        department=post.department,
        since=today,
    )
    finish_act(act, f"post/{successor.pk}", f"{post.user.name}交接给{successor.user.name}")
    return successor


def check_throttle(subjects: list[str], *, now: datetime) -> None:
    """Refuse when a name or an address has failed too often lately."""
    since = now - timedelta(minutes=rules.THROTTLE_MINUTES)
    for subject in subjects:
        tries = SignInAttempt.objects.filter(subject=subject, at__gte=since).count()
        rules.check_tries(tries)


def record_failure(subjects: list[str], *, now: datetime) -> None:
    """Count a failed try; old tries are forgotten."""
    SignInAttempt.objects.filter(at__lt=now - timedelta(days=1)).delete()
    SignInAttempt.objects.bulk_create([SignInAttempt(subject=s, at=now) for s in subjects])


def forget_failures(subject: str) -> None:
    SignInAttempt.objects.filter(subject=subject).delete()


@cache
def _dummy_hash() -> str:
    return make_password("nobody")


def spend_a_hash() -> None:
    """Take as long for an unknown name as for a known one."""
    make_password("nobody")


@transaction.atomic
def make_one_time_code(user: User, *, now: datetime) -> str:
    """A six-digit code for a sign-in by telephone; the caller sends it."""
    code = f"{secrets.randbelow(10**6):06d}"
    OneTimeCode.objects.filter(user=user, used_at=None).update(used_at=now)
    OneTimeCode.objects.create(
        user=user,
        digest=sm3(f"{user.pk}:{code}".encode()),
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
    good = secrets.compare_digest(row.digest, sm3(f"{user.pk}:{code.strip()}".encode()))
    if good:
        row.used_at = now
    row.save(update_fields=["tries", "used_at"])
    return good


@transaction.atomic
def make_user(name: str, login: str, password: str, *, phone: str = "", now: datetime) -> User:
    """A new person who can sign in; nothing may be done yet without a post or a membership."""
    user = User(name=name, login=login, phone=phone, created_at=now)
    user.set_password(password)
    if User.objects.filter(login=login).exists():
        raise Refusal(
            "user.login_taken",
            f"登录名“{login}”已经有人用了。",
            kind=Kind.CONFLICT,
            field="login",
            remedy="请换一个，例如加上单位简称。",
        )
    user.save()
    return user


@transaction.atomic
def mend_access(user_id: int, *, actor: Actor, now: datetime, key: str) -> str:
    """Lost access is mended by the clerk in one minute, with a record: a password for one sign-in."""
    act = begin_act(key, "account.mend", actor=actor, now=now, args={"user": user_id})
    if act.done:
        raise Refusal(
            "account.mended_already",
            "临时密码刚才已经给出，只显示一次。",
            kind=Kind.CONFLICT,
            remedy="没记下来就再办一次。",
        )
    password = rules.temporary_password(secrets.token_bytes(8))
    user = User.objects.select_for_update().get(pk=user_id)
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    finish_act(act, f"user/{user.pk}", f"{actor.name}为{user.name}重置密码")
    return password


def act_as_system() -> Actor:
    return SYSTEM
