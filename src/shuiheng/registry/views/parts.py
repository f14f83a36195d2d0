"""What the registry's pages have in common: their tabs, their heads, how a unit stands in a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shuiheng.core.access import Actor, Permission
from shuiheng.registry.models import Unit
from shuiheng.ui.parts import Action, Chip, Choice, Choices, Crumb, Name, PageHead

get_or_post = require_http_methods(["GET", "HEAD", "POST"])

TABS = (
    ("units", "单位", Permission.UNIT_VIEW),
    ("directories", "年度名录", Permission.UNIT_VIEW),
    ("people", "人员账号", Permission.ACCOUNT_MEND),
    ("claim_codes", "领取码", Permission.ACCOUNT_MEND),
)


def tabs(actor: Actor, here: str) -> Choices | None:
    """The registry's lists, for who works in an office; a unit's person has only his unit."""
    if not any(holding.place.unit is None for holding in actor.holdings):
        return None
    choices = [
        Choice(label, reverse(f"registry:{page}"), page == here)
        for page, label, permission in TABS
        if actor.may_somewhere(permission)
    ]
    return Choices(choices, tabs=True, label="名录各页")


def list_head(title: str, note: str = "", actions: Sequence[Action] = ()) -> PageHead:
    return PageHead(title, crumbs=[Crumb("名录")], note=note, actions=actions)


def unit_url(unit: Unit) -> str:
    return reverse("registry:unit", args=[unit.pk])


def unit_head(unit: Unit, title: str) -> PageHead:
    """The head of a page below a unit's."""
    crumbs = [
        Crumb("名录", reverse("registry:units")),
        Crumb(unit.name, unit_url(unit)),
        Crumb(title),
    ]
    return PageHead(title, crumbs=crumbs, note=unit.name, back=unit_url(unit), phone_title=title)


def unit_name(unit: Unit) -> Name:
    below = f"{unit.address_area.name} · {unit.code}"
    return Name(unit.name, below, unit_url(unit))


def state_chip(unit: Unit, today: date) -> Chip:
    if unit.closed_on is not None and unit.closed_on <= today:
        return Chip("已退出")
    return Chip("在册", "grant")
