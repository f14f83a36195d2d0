"""The keeper's home: the house itself, not its water."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import PolicyValue, Post
from shuiheng.office.selectors import held_on, policy_lines, posts_within
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import units_without_people
from shuiheng.ui.figures import day_full
from shuiheng.ui.parts import Chip, Crumb, Empty, Link, Name, PageHead, Stat, StatStrip
from shuiheng.ui.tables import Column, Panel, Row, Table

SOON_DAYS = 60
MOST_SHOWN = 12
SHAKY = (Confidence.UNVERIFIED, Confidence.DEMO, Confidence.SECOND_HAND)


def keeper_home(request: Any) -> HttpResponse:
    today = request.today
    posts = posts_within(request.actor, today)
    ending = list(posts.filter(until__isnull=False, until__lte=today + timedelta(days=SOON_DAYS)))
    lines = policy_lines(today)
    shaky = [line.current for line in lines if Confidence(line.current.confidence) in SHAKY]
    people = posts.filter(held_on(today)).values("user").distinct().count()
    unclaimed = units_without_people(request.actor, today).count()
    units = Unit.objects.visible_to(request.actor).active_on(today).count()
    stats = StatStrip(
        [
            Stat("在岗人员", people, "人", line=f"{posts.filter(held_on(today)).count()} 个岗位"),
            Stat("即将到期的岗位", len(ending), "个", line=f"{SOON_DAYS} 天以内"),
            Stat("还没有人认领的单位", unclaimed, "个", line=f"名录共 {units:,} 个"),
            Stat("未核实的参数", len(shaky), "项", line=f"共 {len(lines)} 项在用"),
        ]
    )
    head = PageHead("系统管理", crumbs=[Crumb("首页")], aside=day_full(today))
    panels = [_posts_panel(ending), _policy_panel(shaky)]
    return render(request, "desk/keeper.html", {"head": head, "stats": stats, "panels": panels})


def _posts_panel(ending: list[Post]) -> Panel:
    columns = [Column("人员"), Column("岗位"), Column("到期")]
    rows = [
        Row([post.user.name, f"{post.area.name} {post.get_role_display()}", post.until])
        for post in ending[:MOST_SHOWN]
    ]
    empty = Empty("近期没有到期的岗位。")
    return Panel(
        "即将到期的岗位",
        [Table(columns, rows, empty=empty)],
        aside=Link("去安排", reverse("office:posts")),
    )


def _policy_panel(shaky: list[PolicyValue]) -> Panel:
    columns = [Column("参数"), Column("可信程度"), Column("来源")]
    rows = [
        Row(
            [Name(row.label, row.key), Chip(Confidence(row.confidence).label, "warned"), row.source]
        )
        for row in shaky[:MOST_SHOWN]
    ]
    foot = "这些参数影响测算和提醒，核实后请录入新的一行，原来的保留。"
    table = Table(columns, rows, empty=Empty("在用的参数都有出处。"))
    return Panel("未核实的参数", [table], aside=Link("去维护", reverse("office:policy")), foot=foot)
