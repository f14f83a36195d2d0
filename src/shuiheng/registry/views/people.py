"""People: whom a clerk looks after, one's own page, signing in by telephone."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission, Role, require
from shuiheng.office.models import Post, User
from shuiheng.office.selectors import posts_of
from shuiheng.office.services import root_area
from shuiheng.registry import selectors
from shuiheng.registry.forms import PhoneCodeForm, PhoneForm
from shuiheng.registry.models import Membership
from shuiheng.registry.selectors import Standing
from shuiheng.registry.services import people as services
from shuiheng.registry.views.parts import get_or_post, list_head, tabs, unit_url
from shuiheng.ui.forms import ActForm, Done, ask, submit
from shuiheng.ui.parts import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

BACKEND = "django.contrib.auth.backends.ModelBackend"


# -- whom a clerk looks after ---------------------------------------------------------------------


@login_required
@require_safe
def people(request: Any) -> HttpResponse:
    """人员账号: people of units in one's place, and officers for who may give their posts."""
    if not request.actor.may_somewhere(Permission.ACCOUNT_MEND):
        require(request.actor, Permission.ACCOUNT_MEND, root_area().place)
    words = request.GET.get("q", "")
    found = selectors.people_matching(request.actor, words, request.today)
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "人", query=query)
    standings = selectors.standings(found[pages.start : pages.stop], request.today)
    toolbar = Toolbar(search_label="姓名、登录名、手机、单位", search=words)
    panel = Panel("人员", [_people_table(standings)], toolbar=toolbar, pages=pages)
    head = list_head("人员账号", "忘了密码、换了人，在这里一分钟办好，都有记录")
    context = {"head": head, "tabs": tabs(request.actor, "people"), "main": [panel]}
    return render(request, "registry/panels.html", context)


def _people_table(standings: list[Standing]) -> Table:
    columns = [
        Column("姓名"),
        Column("手机"),
        Column("单位或岗位"),
        Column("", kind="action"),
    ]
    rows = [
        Row(
            [
                Name(one.user.name, one.user.login),
                one.user.phone or "未登记",
                "；".join(one.words) or "没有",
                Link("补办登录", reverse("registry:mend", args=[one.user.pk])),
            ]
        )
        for one in standings
    ]
    empty = Empty("没有找到人。", "他可能还没有领取账号，可以给单位发领取码。")
    return Table(columns, rows, "人员", empty=empty)


@never_cache
@login_required
@get_or_post
def mend(request: Any, user_id: int) -> HttpResponse:
    """补办登录: a password for one sign-in, shown once, kept on record."""
    mendable = selectors.people_mendable(request.actor, request.today)
    user = get_object_or_404(mendable, pk=user_id)
    (standing,) = selectors.standings([user], request.today)
    facts = [
        Fact("姓名", user.name),
        Fact("登录名", user.login),
        Fact("手机", user.phone or "未登记"),
        Fact("单位或岗位", "；".join(standing.words) or "没有"),
    ]
    said = Message("先核对是不是本人。办了以后原密码作废，已登录的都会退出。", "look")
    crumbs = [Crumb("人员账号", reverse("registry:people")), Crumb("补办登录")]
    form, head = ActForm(request.POST or None), PageHead(f"给{user.name}补办登录", crumbs=crumbs)
    act, done = partial(_mend, request, user), partial(_slip, request)
    return ask(
        request, form, act, done, head=head, button="给一个临时密码", above=[Facts(facts), said]
    )


def _mend(request: Any, user: User, data: dict[str, Any]) -> tuple[User, str]:
    return services.mend_access(user.pk, actor=request.actor, now=request.now, key=data["key"])


def _slip(request: Any, made: tuple[User, str]) -> HttpResponse:
    user, temporary = made
    back = Action("回到人员账号", reverse("registry:people"))
    head = PageHead(f"{user.name}的临时密码", crumbs=[Crumb("人员账号")], actions=[back])
    context = {"head": head, "person": user, "password": temporary}
    return render(request, "office/password_slip.html", context)


# -- one's own page -------------------------------------------------------------------------------


@login_required
@require_safe
def me(request: Any) -> HttpResponse:
    """我的: posts, units, password, the way out."""
    user, today = request.user, request.today
    posts = posts_of(user, today)
    memberships = selectors.memberships_of(user, today)
    facts = [
        Fact("姓名", user.name),
        Fact("登录名", user.login),
        Fact("手机", user.phone or "未登记"),
    ]
    context = {
        "head": PageHead("我的"),
        "facts": Panel("账号", [Facts(facts)], wide=False),
        "posts": _my_posts(posts, today) if posts else None,
        "units": _my_units(memberships) if memberships or not posts else None,
    }
    return render(request, "registry/me.html", context)


def _my_posts(posts: list[Post], today: date) -> Panel:
    columns = [Column("岗位"), Column("到"), Column("", kind="action"), Column("", kind="action")]
    rows = [_my_post(post) for post in posts]
    return Panel("我的岗位", [Table(columns, rows, "我的岗位")])


def _my_post(post: Post) -> Row:
    name = Name(f"{post.area.name} {Role(post.role).label}", post.department)
    if post.stands_in_for is not None:
        return Row([name, f"{post.until}", f"代{post.stands_in_for.user.name}", ""])
    return Row(
        [
            name,
            f"{post.until or ''}",
            Link("代岗…", reverse("office:post_stand_in", args=[post.pk])),
            Link("交接…", reverse("office:post_hand_over", args=[post.pk])),
        ]
    )


def _my_units(memberships: list[Membership]) -> Panel:
    columns = [Column("单位"), Column("身份"), Column("", kind="action")]
    rows = [
        Row(
            [
                Name(m.unit.name, m.unit.region.name, reverse("registry:unit", args=[m.unit_id])),
                Role(m.role).label,
                Link("不再办理…", reverse("registry:leave", args=[m.pk])),
            ]
        )
        for m in memberships
    ]
    more = Link("再领一个单位", reverse("registry:claim"))
    empty = Empty("您还没有单位。", "向区县水务局要一个领取码。")
    return Panel("我的单位", [Table(columns, rows, "我的单位", empty=empty)], aside=more)


@login_required
@get_or_post
def leave(request: Any, membership_id: int) -> HttpResponse:
    """不再办理 a unit's matters: one's own, or a person's one looks after."""
    found = selectors.memberships_ending(request.actor, request.user, request.today)
    membership = get_object_or_404(found, pk=membership_id)
    said = "办了以后不能再看、再填这个单位的事；要恢复，请区县再发领取码。"
    facts = Facts([Fact("人员", membership.user.name), Fact("单位", membership.unit.name)])
    own = membership.user_id == request.user.pk
    back = reverse("registry:me") if own else unit_url(membership.unit)
    head = PageHead("不再办理", crumbs=[Crumb("返回", back), Crumb("不再办理")])
    done = Done(back, f"{membership.user.name}不再办理{membership.unit.name}的事。")
    form, act = ActForm(request.POST or None), partial(_leave, request, membership)
    above = [facts, Message(said, "look")]
    return ask(request, form, act, lambda _: done, head=head, button="不再办理", above=above)


def _leave(request: Any, membership: Membership, data: dict[str, Any]) -> Membership:
    return services.end_membership(
        membership.pk, actor=request.actor, now=request.now, key=data["key"]
    )


# -- signing in by telephone ----------------------------------------------------------------------


@never_cache
@get_or_post
def sign_in_code(request: Any) -> HttpResponse:
    """First step: to which telephone; the answer is the same whether anybody has it."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return submit(
        request,
        PhoneForm(request.POST or None),
        partial(_send_code, request),
        template="registry/sign_in_phone.html",
        done=partial(_code_sent, request),
    )


def _send_code(request: Any, data: dict[str, Any]) -> str:
    services.send_sign_in_code(
        data["phone"], address=request.META["REMOTE_ADDR"], now=request.now, clock=request.clock
    )
    return str(data["phone"])


def _code_sent(request: Any, phone: str) -> HttpResponse:
    form = PhoneCodeForm(initial={"phone": phone})
    return render(request, "registry/sign_in_code.html", {"form": form})


@never_cache
@sensitive_post_parameters("code")
@get_or_post
def sign_in_with_code(request: Any) -> HttpResponse:
    """Second step: the six digits."""
    if request.method != "POST":
        return redirect("registry:sign_in_code")
    return submit(
        request,
        PhoneCodeForm(request.POST),
        partial(_enter, request),
        template="registry/sign_in_code.html",
        done=lambda _: Done(resolve_url(settings.LOGIN_REDIRECT_URL)),
    )


def _enter(request: Any, data: dict[str, Any]) -> User:
    user = services.sign_in_by_code(
        data["phone"], data["code"], address=request.META["REMOTE_ADDR"], clock=request.clock
    )
    login(request, user, backend=BACKEND)
    return user
