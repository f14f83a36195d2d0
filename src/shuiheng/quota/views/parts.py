"""What the pages of this capability have in common: tabs, the area looked at, how confidence is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import PLAN_SECTORS, Confidence, UnitKind
from shuiheng.office.models import Area
from shuiheng.office.selectors import scope
from shuiheng.registry.models import Unit
from shuiheng.registry.rules.directory import listed_year
from shuiheng.registry.selectors import UnitFilter
from shuiheng.ui.parts import Action, Chip, Choice, Choices, Crumb, Filter, PageHead, Toolbar

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
READ_IN_FULL = frozenset({Confidence.PLAN, Confidence.OFFICIAL})
TABS = (
    ("norms", "定额表", None),
    ("demands", "需水测算", Permission.BUDGET_VIEW),
    ("ceilings", "取水上限", Permission.UNIT_VIEW),
    ("outputs", "产出确认", Permission.BUDGET_VIEW),
)


def tabs(actor: Actor, here: str) -> Choices | None:
    """The lists, for who works in an office; a unit's person has only his own pages."""
    if not any(holding.place.unit is None for holding in actor.holdings):
        return None
    choices = [
        Choice(label, reverse(f"quota:{page}"), page == here)
        for page, label, permission in TABS
        if permission is None or actor.may_somewhere(permission)
    ]
    return Choices(choices, tabs=True, label="定额各页")


def list_head(
    title: str, note: str = "", actions: Sequence[Action] = (), year: int | None = None
) -> PageHead:
    return PageHead(title, crumbs=[Crumb("定额")], note=note, actions=actions, year=year)


def confidence_chip(confidence: Confidence) -> Chip:
    """How far a figure can be trusted, shown to whoever relies on it."""
    return Chip(confidence.label, "grant" if confidence in READ_IN_FULL else "neutral")


def asked_year(request: Any) -> int:
    """The year of the page: as asked for, else the one that is being drafted."""
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and len(text) == 4 else listed_year(request.today)


def unit_seen(request: Any, unit_id: int, permission: Permission = Permission.BUDGET_VIEW) -> Unit:
    """The unit, if the person may see it; anybody else's is not there."""
    units = Unit.objects.visible_to(request.actor, permission)
    return get_object_or_404(units.select_related("region", "address_area"), pk=unit_id)


def regions_of(actor: Actor, permission: Permission) -> list[Area]:
    """The districts whose lists an officer reads; a person without any has no such page."""
    held = scope(actor, permission, area="")
    regions = list(Area.objects.filter(held, has_own_budget=True)) if tabs(actor, "") else []
    if not regions:
        raise Refusal(
            "quota.no_area",
            "这一页按区县列，您的岗位没有可看的区县。",
            kind=Kind.MISSING,
            remedy="单位的测算请从单位自己的页面进入。",
        )
    return regions


def wanted_units(request: Any) -> UnitFilter:
    asked = request.GET
    return UnitFilter(
        words=asked.get("q", ""),
        region=asked.get("region", ""),
        kind=asked.get("kind", ""),
        sector=asked.get("sector", ""),
    )


def unit_toolbar(
    wanted: UnitFilter, regions: Sequence[Area], more: Sequence[Filter] = (), year: int = 0
) -> Toolbar:
    sectors = [("", "全部行业"), *((s.value, s.label) for s in PLAN_SECTORS)]
    filters = [
        Filter("kind", "类型", [("", "全部类型"), *UnitKind.choices()], wanted.kind),
        Filter("sector", "行业", sectors, wanted.sector),
        *more,
    ]
    if len(regions) > 1:
        choices = [("", "全部预算区"), *((area.code, area.name) for area in regions)]
        filters.insert(0, Filter("region", "预算区", choices, wanted.region))
    kept = {"year": str(year)} if year else {}
    return Toolbar(filters, "名称、证号、乡镇", wanted.words, kept=kept)
