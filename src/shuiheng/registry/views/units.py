"""名录: the list, one unit with everything that belongs to it, what may be done to it."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import PLAN_SECTORS, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.registry import selectors
from shuiheng.registry.forms import CloseForm, MoveForm, NewUnitForm, UnitForm
from shuiheng.registry.models import Unit
from shuiheng.registry.rules.units import plan_close, plan_move
from shuiheng.registry.selectors import UnitFilter
from shuiheng.registry.services import units as services
from shuiheng.registry.views.parts import (
    get_or_post,
    list_head,
    state_chip,
    tabs,
    unit_head,
    unit_name,
    unit_url,
)
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import Done, ask
from shuiheng.ui.parts import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Message,
    PageHead,
    Pages,
    Part,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

STATES = [("open", "在册"), ("closed", "已退出"), ("", "全部")]


# -- the list -------------------------------------------------------------------------------------


@login_required
@require_safe
def units(request: Any) -> HttpResponse:
    """名录, fifty a page; search and filters live in the address."""
    wanted = _wanted(request)
    found = selectors.units_found(request.actor, wanted, request.today)
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "户", query=query)
    shown = list(found[pages.start : pages.stop])
    regions = selectors.regions_held(request.actor)
    table = _units_table(shown, request.today, with_region=len(regions) != 1)
    panel = Panel("单位", [table], toolbar=_toolbar(wanted, regions), pages=pages)
    may_add = request.actor.may_somewhere(Permission.UNIT_EDIT)
    add = Action("登记单位…", reverse("registry:unit_new"), primary=True)
    head = list_head("取用水单位名录", actions=[add] if may_add else [])
    context = {"head": head, "tabs": tabs(request.actor, "units"), "main": [panel]}
    return render(request, "registry/panels.html", context)


def _wanted(request: Any) -> UnitFilter:
    asked = request.GET
    return UnitFilter(
        words=asked.get("q", ""),
        region=asked.get("region", ""),
        kind=asked.get("kind", ""),
        sector=asked.get("sector", ""),
        state=asked.get("state", "open"),
    )


def _toolbar(wanted: UnitFilter, regions: list[Area]) -> Toolbar:
    kinds = [("", "全部类型"), *UnitKind.choices()]
    sectors = [("", "全部行业"), *((s.value, s.label) for s in PLAN_SECTORS)]
    filters = [
        Filter("kind", "类型", kinds, wanted.kind),
        Filter("sector", "行业", sectors, wanted.sector),
        Filter("state", "状态", STATES, wanted.state),
    ]
    if len(regions) > 1:
        choices = [("", "全部预算区"), *((area.code, area.name) for area in regions)]
        filters.insert(0, Filter("region", "预算区", choices, wanted.region))
    return Toolbar(filters, "名称、证号、水井、乡镇", wanted.words)


def _units_table(shown: list[Unit], today: date, *, with_region: bool) -> Table:
    """A district's own list does not repeat the district in every row."""
    totals = selectors.permit_totals(shown, today)
    region = [Column("预算区")] if with_region else []
    columns = [
        Column("单位"),
        *region,
        Column("类型"),
        Column("行业"),
        Column("许可水量", WAN, kind="figure", strong=True),
        Column("联系电话"),
        Column("状态"),
    ]
    empty = Empty("没有符合条件的单位。", "少填几个字，或者把筛选放宽再查。")
    rows = [_unit_row(unit, totals.get(unit.pk), today, bool(region)) for unit in shown]
    return Table(columns, rows, "单位", empty=empty)


def _unit_row(unit: Unit, permitted: Volume | None, today: date, with_region: bool) -> Row:
    closed = unit.closed_on is not None and unit.closed_on <= today
    return Row(
        [
            unit_name(unit),
            *([unit.region.name] if with_region else []),
            unit.kind_term.label,
            unit.sector_term.label,
            permitted,
            " ".join(filter(None, [unit.contact, unit.phone])) or "未登记",
            state_chip(unit, today) if closed else "在册",
        ],
        tone="quiet" if closed else "",
    )


@login_required
@require_safe
def search(request: Any) -> HttpResponse:
    """查找 from anywhere: the one unit it means, or the list with the words filled in."""
    words = request.GET.get("q", "")
    everything = UnitFilter(words=words, state="")
    found = list(selectors.units_found(request.actor, everything, request.today)[:2])
    if len(found) == 1 and words.strip():
        return redirect(unit_url(found[0]))
    query = request.GET.copy()
    query["state"] = ""
    return redirect(f"{reverse('registry:units')}?{query.urlencode()}")


# -- entering and changing ------------------------------------------------------------------------


@login_required
@get_or_post
def unit_new(request: Any) -> HttpResponse:
    """登记单位."""
    regions = selectors.regions_open_to(request.actor)
    form = NewUnitForm(
        request.POST or None,
        places=selectors.places_around(regions),
        regions=regions,
        today=request.today,
    )
    head = PageHead("登记单位", crumbs=[Crumb("名录", reverse("registry:units")), Crumb("登记")])
    act = partial(_add, request, form)
    return ask(request, form, act, _added, head=head, button="登记", draft="unit")


def _add(request: Any, form: NewUnitForm, data: dict[str, Any]) -> Unit:
    return services.add_unit(
        form.card(),
        int(data["region"]),
        opened_on=data["opened_on"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _added(unit: Unit) -> Done:
    return Done(unit_url(unit), f"已登记 {unit.name}，编码 {unit.code}。接着登记许可证和取水口。")


def editable(request: Any, unit_id: int) -> Unit:
    """The unit, for who may keep it; anybody else's is not there."""
    units = Unit.objects.visible_to(request.actor, Permission.UNIT_EDIT)
    return get_object_or_404(units.select_related("region", "address_area"), pk=unit_id)


@login_required
@get_or_post
def unit_edit(request: Any, unit_id: int) -> HttpResponse:
    """修改."""
    unit = editable(request, unit_id)
    card = selectors.card_of(unit)
    initial = {name: getattr(card, name) for name in UnitForm.base_fields if hasattr(card, name)}
    places = selectors.places_around([unit.region])
    form = UnitForm(request.POST or None, initial=initial, places=places)
    act = partial(_edit, request, form, unit)
    head = unit_head(unit, "修改单位信息")
    return ask(request, form, act, _edited, head=head, button="保存", draft="unit")


def _edit(request: Any, form: UnitForm, unit: Unit, data: dict[str, Any]) -> Unit:
    return services.edit_unit(
        unit.pk,
        form.card(),
        seen=data["seen"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _edited(unit: Unit) -> Done:
    return Done(unit_url(unit), f"{unit.name}的信息已保存。")


# -- leaving and moving ---------------------------------------------------------------------------


@login_required
@get_or_post
def unit_close(request: Any, unit_id: int) -> HttpResponse:
    """退出名录, with what it means before it is done."""
    unit = editable(request, unit_id)
    form = CloseForm(request.POST or None, initial={"on": request.today})
    act = partial(_close, request, unit)
    head = unit_head(unit, "退出名录")
    above = _closing(unit, request.today)
    return ask(request, form, act, _closed, head=head, button="退出名录", above=above)


def _closing(unit: Unit, today: date) -> list[Part]:
    try:
        lines = plan_close(selectors.closing_facts(unit, today), today, today)
    except Refusal as refusal:
        return [Message(str(refusal), "must_fix")]
    return [Facts([Fact(label, said) for label, said in lines])]


def _close(request: Any, unit: Unit, data: dict[str, Any]) -> Unit:
    return services.close_unit(
        unit.pk,
        on=data["on"],
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _closed(unit: Unit) -> Done:
    return Done(unit_url(unit), f"{unit.name}已于 {unit.closed_on} 退出名录。")


@login_required
@get_or_post
def unit_move(request: Any, unit_id: int) -> HttpResponse:
    """迁移 to another budget region, for who holds both."""
    unit = editable(request, unit_id)
    regions = [a for a in selectors.regions_open_to(request.actor) if a.pk != unit.region_id]
    form = MoveForm(request.POST or None, regions=regions, initial={"on": request.today})
    act = partial(_move, request, unit)
    above = _moving(request.actor, unit, regions, request.today)
    head = unit_head(unit, "迁移到别的预算区")
    return ask(request, form, act, _moved, head=head, button="迁移", above=above)


def _moving(actor: Actor, unit: Unit, regions: list[Area], today: date) -> list[Part]:
    if not regions:
        return [Message("您只管一个预算区，跨区迁移请市水务局办理。", "must_fix")]
    lines = plan_move(unit.region.name, "所选的区", unit.opened_on, today, today)
    return [Facts([Fact(label, said) for label, said in lines])]


def _move(request: Any, unit: Unit, data: dict[str, Any]) -> Unit:
    return services.move_unit(
        unit.pk,
        int(data["region"]),
        on=data["on"],
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _moved(unit: Unit) -> Done:
    return Done(unit_url(unit), f"{unit.name}的预算现在归{unit.region.name}。")
