"""岗位: who holds what where; 代岗 and 交接 of one's own."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.access import Actor, Permission, Role, require
from shuiheng.office import selectors, services
from shuiheng.office.forms import HandOverForm, OfficerForm, PostForm, StandInForm
from shuiheng.office.models import Area, Post, User
from shuiheng.ui.forms import ActForm, Done, ask
from shuiheng.ui.parts import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Link,
    Name,
    PageHead,
    Pages,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

OFFICER_ROLES = [
    role
    for role in Role
    if role not in (Role.UNIT_CLERK, Role.SUPPLIER_MANAGER, Role.IRRIGATION_MANAGER)
]

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def posts(request: Any) -> HttpResponse:
    """岗位 by area, for whoever may give them."""
    found = selectors.posts_within(request.actor, request.today)
    at, words = request.GET.get("area", ""), request.GET.get("q", "").strip()
    if at.isdecimal():
        found = found.filter(area=int(at[:18]))
    if words:
        found = found.filter(user__name__contains=words)
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "个", query=query)
    rows = [_post_row(post, request.today) for post in found[pages.start : pages.stop]]
    toolbar = _post_toolbar(request.actor, at, words)
    panel = Panel("岗位", [_post_table(rows)], toolbar=toolbar, pages=pages)
    return render(request, "office/panels.html", {"head": _posts_head(), "main": [panel]})


def _posts_head() -> PageHead:
    return PageHead(
        "岗位安排",
        crumbs=[Crumb("系统管理"), Crumb("岗位")],
        actions=[
            Action("新建人员…", reverse("office:post_person")),
            Action("安排岗位…", reverse("office:post_new"), primary=True),
        ],
    )


def _post_toolbar(actor: Actor, at: str, words: str) -> Toolbar:
    areas = [area for area in _areas(actor) if area.kind != "township"]
    choices = [("", "全部地区"), *((str(area.pk), area.name) for area in areas)]
    return Toolbar([Filter("area", "地区", choices, at)], "姓名", words)


def _areas(actor: Actor) -> list[Area]:
    """Where an actor may give posts; nowhere is a refusal."""
    if not actor.may_somewhere(Permission.POST_ASSIGN):
        require(actor, Permission.POST_ASSIGN, services.root_area().place)
    return list(Area.objects.filter(selectors.scope(actor, Permission.POST_ASSIGN, area="")))


def _post_table(rows: list[Row]) -> Table:
    columns = [
        Column("岗位"),
        Column("姓名"),
        Column("从"),
        Column("到"),
        Column("代岗"),
        Column("", kind="action"),
    ]
    empty = Empty("这里还没有岗位。", "先新建人员，再安排岗位。")
    return Table(columns, rows, "岗位", empty=empty)


def _post_row(post: Post, today: date) -> Row:
    ended = post.until is not None and post.until <= today
    below = " · ".join(filter(None, [post.area.name, post.department]))
    return Row(
        [
            Name(Role(post.role).label, below),
            Link(post.user.name, note=post.user.login),
            f"{post.since}",
            f"{post.until or ''}",
            f"代{post.stands_in_for.user.name}" if post.stands_in_for else "",
            "" if ended else Link("结束", reverse("office:post_end", args=[post.pk])),
        ]
    )


@login_required
@get_or_post
def post_person(request: Any) -> HttpResponse:
    """新建人员: a colleague, with a password for the first sign-in that is shown once."""
    _areas(request.actor)
    form = OfficerForm(request.POST or None)
    head = _head_below("新建人员")
    return ask(
        request,
        form,
        partial(_add_officer, request),
        partial(_slip, request),
        head=head,
        button="新建",
    )


def _add_officer(request: Any, data: dict[str, Any]) -> tuple[User, str]:
    return services.add_officer(
        data["name"],
        data["login"],
        data["phone"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _slip(request: Any, made: tuple[User, str]) -> HttpResponse:
    """The temporary password, on this one answer only."""
    user, temporary = made
    onward = Action("安排岗位…", reverse("office:post_new"), primary=True)
    head = PageHead(f"{user.name}的临时密码", crumbs=[Crumb("岗位")], actions=[onward])
    context = {"head": head, "person": user, "password": temporary}
    return render(request, "office/password_slip.html", context)


@login_required
@get_or_post
def post_new(request: Any) -> HttpResponse:
    """安排岗位."""
    areas = _areas(request.actor)
    form = PostForm(request.POST or None, areas=areas, roles=OFFICER_ROLES, today=request.today)
    head = _head_below("安排岗位")
    return ask(request, form, partial(_assign, request), _assigned, head=head, button="安排")


def _assign(request: Any, data: dict[str, Any]) -> Post:
    return services.assign_post(
        selectors.person_called(data["login"]).pk,
        Role(data["role"]),
        int(data["area"]),
        department=data["department"],
        since=data["since"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _assigned(post: Post) -> Done:
    words = f"已安排{post.user.name}：{post.area.name}{Role(post.role).label}。"
    return Done(reverse("office:posts"), words)


@login_required
@get_or_post
def post_end(request: Any, post_id: int) -> HttpResponse:
    """结束岗位, with what it takes along."""
    within = selectors.posts_within(request.actor, request.today)
    post = get_object_or_404(within, pk=post_id)
    facts = [
        Fact("姓名", post.user.name),
        Fact("岗位", _post_words(post)),
        Fact("最后一天", f"{request.today}，今天还能办事"),
        Fact("借出的代岗", "同日收回"),
    ]
    done = Done(reverse("office:posts"), f"{post.user.name}的岗位今天结束。")
    form, head = ActForm(request.POST or None), _head_below("结束岗位")
    act = partial(_end_post, post.pk, request)
    return ask(
        request, form, act, lambda _: done, head=head, button="结束这个岗位", above=[Facts(facts)]
    )


def _end_post(post_id: int, request: Any, data: dict[str, Any]) -> Post:
    return services.end_post(post_id, actor=request.actor, now=request.now, key=data["key"])


def _post_words(post: Post) -> str:
    return f"{post.area.name} {Role(post.role).label}"


def _own_post(request: Any, post_id: int) -> Post:
    own = [post for post in selectors.posts_of(request.user, request.today) if post.pk == post_id]
    if not own:
        raise Http404
    return own[0]


@login_required
@get_or_post
def post_stand_in(request: Any, post_id: int) -> HttpResponse:
    """代岗 for one of one's own posts."""
    post = _own_post(request, post_id)
    colleagues = selectors.colleagues(post, request.today)
    form = StandInForm(request.POST or None, colleagues=colleagues)
    facts = [
        Fact("岗位", _post_words(post)),
        Fact("说明", "代岗的人用自己的账号办事，留下两个人的名字；您自己照常能办。"),
    ]
    act = partial(_lend, post.pk, request)
    return ask(
        request, form, act, _lent, head=_my_head("安排代岗"), button="安排", above=[Facts(facts)]
    )


def _lend(post_id: int, request: Any, data: dict[str, Any]) -> Post:
    return services.stand_in(
        post_id,
        data["deputy"].pk,
        until=data["until"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _lent(post: Post) -> Done:
    return Done(_me(), f"{post.user.name}代岗到 {post.until}。")


@login_required
@get_or_post
def post_hand_over(request: Any, post_id: int) -> HttpResponse:
    """交接 of one of one's own posts."""
    post = _own_post(request, post_id)
    colleagues = selectors.colleagues(post, request.today)
    form = HandOverForm(request.POST or None, colleagues=colleagues)
    facts = [
        Fact("岗位", _post_words(post)),
        Fact("说明", "您的这个岗位今天结束，待办都归接任人，历史记录不变。"),
    ]
    act = partial(_hand, post.pk, request)
    return ask(
        request, form, act, _handed, head=_my_head("办理交接"), button="交接", above=[Facts(facts)]
    )


def _hand(post_id: int, request: Any, data: dict[str, Any]) -> Post:
    successor: User = data["successor"]
    return services.hand_over(
        post_id, successor.pk, actor=request.actor, now=request.now, key=data["key"]
    )


def _handed(post: Post) -> Done:
    return Done(_me(), f"已交接给{post.user.name}。")


def _my_head(title: str) -> PageHead:
    return PageHead(title, crumbs=[Crumb("我的", _me()), Crumb(title)])


def _me() -> str:
    return resolve_url(settings.PERSON_URL)


def _head_below(title: str) -> PageHead:
    return PageHead(title, crumbs=[Crumb("岗位", reverse("office:posts")), Crumb(title)])
