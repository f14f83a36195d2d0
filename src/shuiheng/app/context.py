"""`frame` for every template: what the base layout shows around a page (ui/frame.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuiheng.core.access import Actor, Permission, Place, Role
from shuiheng.office.models import Installation
from shuiheng.office.selectors import held_on
from shuiheng.registry.models import Membership
from shuiheng.ui.frame import Frame, NavItem, Tab
from shuiheng.ui.frame import Installation as Mark

OFFICE = "水预算管理"
UNIT_ROLES = frozenset(
    {Role.UNIT_CLERK, Role.SUPPLIER_MANAGER, Role.IRRIGATION_MANAGER, Role.METER_CONTRACTOR}
)


def frame(request: Any) -> dict[str, Frame]:
    """At most two queries: the post, and for unit people the unit, that say who this is."""
    row: Installation | None = getattr(request, "installation", None)
    mark = Mark(row.kind, row.get_kind_display()) if row is not None else Mark()
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {"frame": Frame(installation=mark, office=OFFICE)}
    standing = _standing(request)
    return {
        "frame": Frame(
            installation=mark,
            office=f"{standing.city}{OFFICE}",
            business_date=row.business_date if row is not None else None,
            today=request.today,
            clock_movable=row is not None and row.kind != Installation.Kind.REAL,
            clock_url=_address("office:clock"),
            actor=actor,
            person=actor.name,
            post_label=standing.label,
            person_url=_address("registry:me"),
            is_unit_person=standing.unit is not None,
            home_url=_address("desk:home"),
            search_url=_address("desk:search"),
            nav=_nav(request, actor, standing.unit, standing.area),
            tabs=_tabs(request, standing.unit) if standing.unit is not None else (),
        )
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """What the person stands for on this page: an office at an area, or one of his units."""

    label: str
    city: str = ""
    area: int | None = None
    unit: int | None = None


def _standing(request: Any) -> Standing:
    post = (
        request.user.posts.filter(held_on(request.today))
        .select_related("area__parent")
        .order_by("stands_in_for_id", "pk")
        .first()
    )
    if post is not None:
        area = post.area
        city = area if area.kind in ("city", "region") or area.parent is None else area.parent
        department = post.department or area.name
        return Standing(f"{department} {Role(post.role).label}", city.name, area.pk)
    asked = _asked_unit(request)
    memberships = Membership.objects.filter(user=request.user, unit__in=[asked] if asked else [])
    member = memberships.select_related("unit__region__parent").first()
    if member is None:
        return Standing("没有岗位")
    region = member.unit.region
    above = region.parent if region.parent is not None else region
    return Standing(member.unit.name, above.name, region.pk, member.unit_id)


def _asked_unit(request: Any) -> int | None:
    """The unit of the page if it is one of the person's, else his first."""
    own = [place.unit for place in _places(request.actor) if place.unit is not None]
    match = request.resolver_match
    asked = match.kwargs.get("unit_id") if match is not None else None
    return asked if asked in own else (own[0] if own else None)


def _places(actor: Actor) -> list[Place]:
    return [holding.place for holding in actor.holdings]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the top bar: where it leads, and whom it is for (None: everybody in an office)."""

    label: str
    route: str
    group: str
    permission: Permission
    also: tuple[str, ...] = ()


P = Permission
NORM_PAGES = tuple(
    f"quota:{page}" for page in ("norm", "demand", "ceiling", "output", "input", "area_input")
)
OFFICE_ENTRIES = (
    Entry("编制", "budget:drafts", "cycle", P.BUDGET_VIEW, ("budget:draft", "budget:allocation")),
    Entry("审核", "budget:review", "cycle", P.BUDGET_VIEW, ("budget:areas", "budget:area")),
    Entry("下达", "budget:issue", "cycle", P.BUDGET_VIEW, ("budget:baseline", "budget:scheme")),
    Entry("执行", "desk:board", "cycle", P.LEDGER_VIEW, ("desk:region", "metering:")),
    Entry(
        "调整", "budget:adjustments", "cycle", P.BUDGET_VIEW, ("budget:adjustment", "budget:change")
    ),
    Entry("决算", "budget:finals", "cycle", P.BUDGET_VIEW, ("budget:final",)),
    Entry("名录", "registry:units", "books", P.UNIT_VIEW, ("registry:",)),
    Entry("定额", "quota:norms", "books", P.POLICY_VIEW, NORM_PAGES),
    Entry("水账", "ledger:area", "books", P.LEDGER_VIEW, ("ledger:",)),
    Entry("来水", "inflow:board", "books", P.PLANNING_VIEW, ("inflow:",)),
    Entry("会商", "quota:board", "books", P.BASELINE_RUN, ("quota:scenario",)),
    Entry("规划", "planning:changji", "books", P.PLANNING_VIEW, ("planning:",)),
    Entry("文书", "papers:list", "books", P.BUDGET_VIEW, ("papers:",)),
    Entry("岗位", "office:posts", "keeping", P.POST_ASSIGN, ("office:post",)),
    Entry("参数", "office:policy", "keeping", P.POLICY_EDIT, ("office:policy",)),
)
UNIT_ENTRIES = (
    Entry("水账", "ledger:account", "books", P.LEDGER_VIEW, ("ledger:",)),
    Entry("填报", "metering:report", "books", P.USE_REPORT, ("metering:",)),
    Entry("编制", "budget:drafts", "cycle", P.BUDGET_DRAFT, ("budget:draft",)),
    Entry("调整", "budget:adjustments", "cycle", P.ADJUSTMENT_APPLY, ("budget:adjustment",)),
    Entry("决算", "budget:finals", "cycle", P.FINAL_CONFIRM, ("budget:final",)),
    Entry("文书", "papers:list", "papers", P.BUDGET_VIEW, ("papers:",)),
)


def _nav(request: Any, actor: Actor, unit: int | None, area: int | None) -> list[NavItem]:
    here = _here(request)
    items = [NavItem("首页", _address("desk:home"), here == "desk:home", "home")]
    for entry in UNIT_ENTRIES if unit is not None else OFFICE_ENTRIES:
        if not actor.may_somewhere(entry.permission):
            continue
        url = _entry_address(entry.route, unit, area)
        items.append(NavItem(entry.label, url, _is_here(here, entry), entry.group))
    return items


def _tabs(request: Any, unit: int) -> Sequence[Tab]:
    """The phone's four: 水账 填报 文书 我的."""
    here = _here(request)
    places = (
        ("水账", _address("desk:home"), "account", ("desk:", "ledger:")),
        ("填报", _address("metering:report", unit_id=unit), "report", ("metering:", "budget:")),
        ("文书", _address("papers:list"), "paper", ("papers:",)),
        ("我的", _address("registry:me"), "person", ("office:", "registry:")),
    )
    return [Tab(label, url, icon, here.startswith(spaces)) for label, url, icon, spaces in places]


def _entry_address(route: str, unit: int | None, area: int | None) -> str:
    if route in ("ledger:account", "metering:report"):
        return _address(route, unit_id=unit)
    if route == "ledger:area":
        return _address(route, area_id=area)
    return _address(route)


def _here(request: Any) -> str:
    match = request.resolver_match
    return match.view_name if match is not None else ""


def _is_here(here: str, entry: Entry) -> bool:
    return here == entry.route or any(here.startswith(part) for part in entry.also)


def _address(route: str, **arguments: int | None) -> str:
    return reverse(route, kwargs=arguments or None)
