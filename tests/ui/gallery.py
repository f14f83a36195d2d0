"""Sample pages in the invented figures of the look pictures (演示数据): for drawing and for looking at."""

from __future__ import annotations

from typing import Any

from django import forms

from shuiheng.core.vocabulary import Source
from shuiheng.ui import palette
from shuiheng.ui.charts import (
    Share,
    diverging_bars,
    share_bar,
)
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    FindingList,
    Message,
    PageHead,
    Progress,
    State,
)
from shuiheng.ui.tables import (
    Column,
    Panel,
    Row,
    Table,
)
from tests.ui.samples.account import account, use_chart
from tests.ui.samples.draft import draft, draft_findings, draft_form
from tests.ui.samples.frames import render, wan
from tests.ui.samples.home import (
    area_map,
    city_gauges,
    decisions,
    duties,
    home,
    home_stats,
    track,
)
from tests.ui.samples.phone import phone, phone_draft
from tests.ui.samples.review import preview, ready, review
from tests.ui.samples.why import why

SIGN = """{% extends "ui/sign.html" %}{% block sign %}<form method="post">{% csrf_token %}{% fields form %}<button class="button primary">登录</button></form>{% endblock %}{% block below %}<p class="quiet">忘记密码？请联系区县水务局办理。</p>{% endblock %}"""


class SignForm(forms.Form):
    name = forms.CharField(label="手机号或用户名")
    password = forms.CharField(
        label="密码", widget=forms.PasswordInput({"autocomplete": "current-password"})
    )


def sign() -> str:
    return render(SIGN, {"form": SignForm()})


def refusal(status: int = 409, incident: str = "") -> str:
    return render('{% include "ui/refusal.html" %}', {"status": status, "incident": incident})


def over_gauges() -> Panel:
    small = Gauge(wan(3842), wan(3820), wan(2700), State.OVER, "万m³")
    large = Gauge(wan(4300), wan(3820), wan(2700), State.OVER, "万m³", large=True)
    return Panel("水尺：超额", [small, large], wide=False)


def gains() -> Table:
    rows = [
        ("达坂城区", 13870, -1080),
        ("米东区", 27960, -980),
        ("天山区", 6380, -135),
        ("甘泉堡经开区", 9480, 250),
    ]
    bars = diverging_bars([wan(change) for *_, change in rows], decimals=0)
    return Table(
        [
            Column("行政区域"),
            Column("2026 已下达", "万m³", kind="figure", decimals=0),
            Column("增减", "万m³", kind="figure", decimals=0, signed=True, toned=True),
            Column("减 ┃ 增", kind="mark"),
        ],
        [
            Row([name, wan(was), wan(change), bar])
            for (name, was, change), bar in zip(rows, bars, strict=True)
        ],
    )


def shares() -> Any:
    given = [
        (Source.SURFACE, 51200),
        (Source.GROUND, 29420),
        (Source.TRANSFERRED, 21150),
        (Source.UNCONVENTIONAL, 7830),
    ]
    return share_bar([Share(s.label, wan(v), palette.SOURCES[s]) for s, v in given], decimals=0)


def gallery() -> str:
    samples = [
        ("阶段", track()),
        ("数条", home_stats()),
        ("待办与期限", [decisions(), duties()]),
        (
            "水尺",
            [
                over_gauges(),
                Panel("水源占比", [shares()], wide=False),
                Panel("谁增谁减", [gains()]),
            ],
        ),
        ("各区", Panel("各区执行", [city_gauges()])),
        ("图", [use_chart(), Panel("地图", [area_map()])]),
        (
            "发现",
            [
                FindingList(draft_findings(), "提交前"),
                Message("已通过 260 件，13,850 万m³，14:02。", "done"),
            ],
        ),
        (
            "空",
            Panel(
                "9月用水",
                [Empty("9月用水还没有入账。", "10月5日后入账。", Action("填报用水", "/r"))],
            ),
        ),
        (
            "进度",
            [Progress(8, 9, "已报 8 / 9 区"), Progress(1612, 1684, "已确认 1,612 / 1,684 户")],
        ),
        ("核对", preview()),
    ]
    head = PageHead("构件", [Crumb("样张")], 2026, chip=Chip.of(State.OVER))
    posted = {"surface": "abc", "ground": "26", "key": "x"}
    return render(
        '{% extends "ui/gallery.html" %}',
        {"head": head, "samples": samples, "form": draft_form(posted)},
    )


DESKTOP = {
    "home": home,
    "review": review,
    "ready": ready,
    "account": account,
    "why": why,
    "draft": draft,
    "sign": sign,
    "refusal": refusal,
    "gallery": gallery,
}
PHONES = {
    "phone": phone,
    "phone-draft": phone_draft,
    "account": account,
    "draft": draft,
    "home": home,
    "review": review,
    "ready": ready,
    "gallery": gallery,
    "sign": sign,
}
