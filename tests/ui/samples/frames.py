"""What every sample page stands in: the frame of an officer or of a unit, the engine that draws it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from django.template import Context, Engine
from django.template.base import Template

from shuiheng.core.access import Actor
from shuiheng.core.calendar import RestDays
from shuiheng.core.volume import Volume
from shuiheng.ui.frame import Frame, Installation, NavItem, Tab

TODAY = date(2026, 9, 18)
REST = RestDays()
WAN = 10_000


def wan(figure: str | int) -> Volume:
    return Volume(int(Fraction(figure) * WAN))


def engine() -> Engine:
    return Engine(
        app_dirs=True,
        libraries={"static": "django.templatetags.static"},
        builtins=[
            "django.templatetags.static",
            "django.template.defaulttags",
            "django.template.defaultfilters",
            "django.template.loader_tags",
            "shuiheng.ui.templatetags.ui",
        ],
    )


def render(source: str, context: Mapping[str, Any]) -> str:
    """A page from template text, with the frame of a demo installation unless another is given."""
    template: Template = engine().from_string(source)
    return template.render(
        Context({"frame": officer_frame("首页"), "csrf_token": "t" * 32} | dict(context))
    )


def officer_frame(current: str, **changes: Any) -> Frame:
    groups = [
        ("home", ["首页"]),
        ("cycle", ["编制", "审核", "下达", "执行", "调整", "决算"]),
        ("books", ["名录", "水账", "规划", "文书"]),
    ]
    given = {
        "installation": Installation("demo"),
        "office": "乌鲁木齐市水预算管理",
        "business_date": TODAY,
        "today": TODAY,
        "clock_movable": True,
        "clock_url": "/clock",
        "actor": Actor(7, "阿依古丽"),
        "person": "阿依古丽",
        "post_label": "市水务局 水资源处",
        "search_url": "/search",
        "nav": [
            NavItem(label, f"/{label}", label == current, group)
            for group, labels in groups
            for label in labels
        ],
    }
    return Frame(**(given | changes))


def unit_frame(current: str) -> Frame:
    tabs = [("水账", "account"), ("填报", "report"), ("文书", "paper"), ("我的", "person")]
    nav = [
        ("home", ["首页", "水账"]),
        ("cycle", ["编制", "调整", "决算"]),
        ("books", ["文书", "计量"]),
    ]
    return officer_frame(
        current,
        person="吐尔逊·买买提",
        post_label="丰源种植专业合作社",
        is_unit_person=True,
        nav=[
            NavItem(label, f"/{label}", label == current, group)
            for group, labels in nav
            for label in labels
        ],
        tabs=[Tab(label, f"/{label}", icon, label == current) for label, icon in tabs],
    )
