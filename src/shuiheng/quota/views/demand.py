"""需水测算: the methods side by side for a unit, and a district's units with the method chosen for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from shuiheng.core.access import Permission, require
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.office.selectors import scope
from shuiheng.quota import selectors, services
from shuiheng.quota.forms import BulkForm, InputForm, MethodForm
from shuiheng.quota.models import DemandChoice, DemandInput
from shuiheng.quota.rules.demand import YEARS, DemandMethod, Figure, InputKind, counted_use
from shuiheng.quota.rules.norms import plain
from shuiheng.quota.selectors import Demand
from shuiheng.quota.selectors.demand import chosen
from shuiheng.quota.services.demand import choice_permission
from shuiheng.quota.views.parts import (
    asked_year,
    get_or_post,
    list_head,
    regions_of,
    tabs,
    unit_seen,
    unit_toolbar,
    wanted_units,
)
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import units_found
from shuiheng.ui.figures import WAN, in_unit
from shuiheng.ui.forms import Done, ask, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Part,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

BY_DEFAULT = "default"

# -- one unit -------------------------------------------------------------------------------------


@login_required
@get_or_post
def demand(request: Any, unit_id: int) -> HttpResponse:
    """One unit's year by every method, what caps it, and the choice."""
    unit = unit_seen(request, unit_id)
    year = asked_year(request)
    one = selectors.demands([unit], year, request.today)[unit.pk]
    form = MethodForm(request.POST or None, initial=_initial(one))
    context = _context(request, one)
    return submit(
        request,
        form,
        partial(_choose, request, one),
        template="quota/demand.html",
        context=context,
        done=lambda rows: Done(demand_url(unit, year), _chosen_words(rows)),
    )


def demand_url(unit: Unit, year: int) -> str:
    return f"{reverse('quota:demand', args=[unit.pk])}?year={year}"


def _initial(one: Demand) -> dict[str, object]:
    choice = one.choice
    own = choice.volume if choice else None
    return {"method": one.method.value, "volume": own, "reason": choice.reason if choice else ""}


def _choose(request: Any, one: Demand, data: dict[str, Any]) -> list[DemandChoice]:
    return services.choose_method(
        [one.unit.pk],
        one.year,
        DemandMethod(data["method"]),
        volume=data["volume"],
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _chosen_words(rows: Sequence[DemandChoice]) -> str:
    return f"{rows[0].unit.name} {rows[0].year} 年度按{DemandMethod(rows[0].method).label}测算。"


def _context(request: Any, one: Demand) -> dict[str, Any]:
    unit = one.unit
    output = f"{reverse('quota:output', args=[unit.pk])}?year={one.year - 1}"
    head = PageHead(
        "需水测算",
        crumbs=[Crumb(unit.name), Crumb("定额", reverse("quota:norms")), Crumb("需水测算")],
        year=one.year,
        note=f"{unit.name} · {unit.region.name} · {unit.kind_term.label}",
        actions=[Action("产出申报", output)],
    )
    may_enter = request.actor.may(Permission.UNIT_EDIT, unit.place)
    return {
        "head": head,
        "main": [_methods_panel(one), _history_panel(one)],
        "aside": [_ceilings_panel(one), _inputs_panel(one, may_enter)],
        "may_choose": request.actor.may(choice_permission(unit), unit.place),
    }


def _methods_panel(one: Demand) -> Panel:
    columns = [
        Column("方法", kind="whole"),
        Column("测算", WAN, kind="figure", strong=True),
        Column("怎么算的"),
    ]
    rows = [_method_row(figure, figure.method is one.method) for figure in one.figures.values()]
    by = f"{one.choice.by}选用" if one.choice else "没有人选过，按定额法"
    return Panel("各方法并列", [Table(columns, rows, "各方法")], note=by)


def _method_row(figure: Figure, is_chosen: bool) -> Row:
    words = Link(figure.words, note="".join(figure.notes))
    label = Name(figure.method.label, "选用" if is_chosen else "")
    return Row([label, figure.volume, words], selected=is_chosen)


def _history_panel(one: Demand) -> Panel:
    columns = [
        Column("年度", kind="whole"),
        Column("用水", WAN, kind="figure"),
        Column("当年额度", WAN, kind="figure"),
        Column("计入测算", WAN, kind="figure", strong=True),
        Column("说明"),
    ]
    rows = [
        Row(
            [
                f"{use.year}",
                use.used,
                use.quota,
                counted_use(use, one.history.saving_percent),
                use.note,
            ]
        )
        for use in one.history.years[:YEARS]
    ]
    empty = Empty("没有以前年度的用水。", "新增单位可以登记设计用水量，或由审核人核定。")
    return Panel("以前年度用水", [Table(columns, rows, "用水", tight=True, empty=empty)])


def _ceilings_panel(one: Demand) -> Panel:
    facts = [
        Fact(
            source.label,
            "不在这里限定" if ceiling.volume is None else f"{in_unit(ceiling.volume, WAN)} 万m³",
            note=f"{ceiling.standing.label}　{ceiling.words}",
        )
        for source, ceiling in one.ceilings.items()
    ]
    body: list[Part] = (
        [Facts(facts)] if facts else [Message("没有登记取水口，也没有供水单位。", "look")]
    )
    return Panel("可取上限", body, wide=False)


def _inputs_panel(one: Demand, may_enter: bool) -> Panel:
    rows = DemandInput.objects.filter(unit=one.unit) | DemandInput.objects.filter(
        area=one.unit.region
    )
    facts = [
        Fact(
            f"{InputKind(row.kind).label}{'' if row.unit_id else '（全区）'}",
            plain(row.value),
            note=f"{row.source}，{row.since} 起，{Confidence(row.confidence).label}",
        )
        for row in rows.order_by("kind", "-since")
    ]
    body: list[Part] = [Facts(facts)] if facts else [Message("没有登记系数，也没有设计用水量。")]
    enter = Link("登记…", reverse("quota:input_new", args=[one.unit.pk])) if may_enter else ""
    return Panel("测算参数", body, aside=enter, wide=False)


# -- coefficients ---------------------------------------------------------------------------------


@login_required
@get_or_post
def input_new(request: Any, unit_id: int) -> HttpResponse:
    """登记测算参数 of a unit."""
    unit = unit_seen(request, unit_id, Permission.UNIT_EDIT)
    form = InputForm(request.POST or None, initial={"since": request.today})
    head = PageHead("登记测算参数", crumbs=[Crumb(unit.name), Crumb("登记参数")], note=unit.name)
    act = partial(_enter, request, {"unit_id": unit.pk})
    after = reverse("quota:demand", args=[unit.pk])
    return ask(request, form, act, partial(_entered, after), head=head, button="登记")


@login_required
@get_or_post
def area_input_new(request: Any, area_id: int) -> HttpResponse:
    """登记测算参数 of a district, for all its units without one of their own."""
    area = get_object_or_404(Area, pk=area_id)
    require(request.actor, Permission.UNIT_EDIT, area.place)
    form = InputForm(request.POST or None, initial={"since": request.today}, of_area=True)
    head = PageHead("登记全区系数", crumbs=[Crumb(area.name), Crumb("登记系数")], note=area.name)
    act = partial(_enter, request, {"area_id": area.pk})
    after = f"{reverse('quota:demands')}?region={area.code}"
    return ask(request, form, act, partial(_entered, after), head=head, button="登记")


def _enter(request: Any, whose: dict[str, int], data: dict[str, Any]) -> DemandInput:
    return services.enter_input(
        InputKind(data["kind"]),
        data["value"],
        **whose,
        since=data["since"],
        source=data["source"],
        confidence=Confidence(data["confidence"]),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _entered(after: str, row: DemandInput) -> Done:
    return Done(after, f"已登记{InputKind(row.kind).label} {plain(row.value)}，从 {row.since} 起。")


# -- a district -----------------------------------------------------------------------------------


@login_required
@get_or_post
def demands(request: Any) -> HttpResponse:
    """A district's units with the method chosen for each; another one for all of a filter at once."""
    year = asked_year(request)
    ids = _wanted_ids(request, year)
    pages = Pages(
        len(ids), page_number(request.GET.get("page")), "户", query=request.GET.urlencode()
    )
    return submit(
        request,
        BulkForm(request.POST or None),
        partial(_choose_many, request, ids, year),
        template="quota/demands.html",
        context=_list_context(request, ids, pages, year),
        done=lambda rows: Done(request.get_full_path(), _many_words(rows)),
    )


def _wanted_ids(request: Any, year: int) -> list[int]:
    wanted = wanted_units(request)
    read = scope(request.actor, Permission.BUDGET_VIEW, area="region", unit="pk")
    units = units_found(request.actor, wanted, request.today).filter(read)
    ids = list(units.values_list("pk", flat=True))
    method = request.GET.get("method", "")
    if not method:
        return ids
    choices = chosen(ids, year)
    return [pk for pk in ids if (choices[pk].method if pk in choices else BY_DEFAULT) == method]


def _choose_many(
    request: Any, ids: Sequence[int], year: int, data: dict[str, Any]
) -> list[DemandChoice]:
    """Whoever is out of sight counts as ticked (ui/README.md); public suppliers are left to the city."""
    shown, ticked = request.POST.getlist("unit_shown"), request.POST.getlist("unit")
    left_out = set(shown) - set(ticked)
    units = Unit.objects.filter(pk__in=ids).select_related("region")
    mine = [u.pk for u in units if request.actor.may(choice_permission(u), u.place)]
    picked = [pk for pk in mine if str(pk) not in left_out]
    return services.choose_method(
        picked,
        year,
        DemandMethod(data["method"]),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _many_words(rows: Sequence[DemandChoice]) -> str:
    return f"{len(rows)} 户 {rows[0].year} 年度改按{DemandMethod(rows[0].method).label}测算。"


def _list_context(request: Any, ids: Sequence[int], pages: Pages, year: int) -> dict[str, Any]:
    regions = regions_of(request.actor, Permission.BUDGET_VIEW)
    may_choose = request.actor.may_somewhere(Permission.BUDGET_REVIEW)
    page_ids = ids[pages.start : pages.stop]
    found = {u.pk: u for u in Unit.objects.filter(pk__in=page_ids).select_related("region")}
    units = [found[pk] for pk in page_ids]
    known = selectors.demands(units, year, request.today)
    methods = [("", "全部方法"), (BY_DEFAULT, "没有选过"), *DemandMethod.choices()]
    chosen_filter = Filter("method", "选用方法", methods, request.GET.get("method", ""))
    toolbar = unit_toolbar(wanted_units(request), regions, [chosen_filter], year)
    table = _list_table([known[unit.pk] for unit in units], may_choose)
    return {
        "head": list_head(
            "需水测算", _list_note(len(ids), year), _list_actions(request, regions), year
        ),
        "tabs": tabs(request.actor, "demands"),
        "panel": Panel("单位", [table], toolbar=toolbar, pages=pages),
        "may_choose": may_choose and bool(ids),
        "count": len(ids),
    }


def _list_note(count: int, year: int) -> str:
    return f"{count} 户 {year} 年度的需水，各方法并列；没有选过的按定额法"


def _list_actions(request: Any, regions: Sequence[Area]) -> list[Action]:
    if len(regions) != 1 or not request.actor.may(Permission.UNIT_EDIT, regions[0].place):
        return []
    return [Action("登记全区系数…", reverse("quota:area_input_new", args=[regions[0].pk]))]


LISTED = (DemandMethod.NORM, DemandMethod.MEAN, DemandMethod.LEVEL, DemandMethod.LAST_YEAR)


def _list_table(shown: Sequence[Demand], may_choose: bool) -> Table:
    columns = [
        Column("单位"),
        Column("选用方法"),
        Column("测算", WAN, kind="figure", strong=True),
        *(Column(method.label, WAN, kind="figure") for method in LISTED),
        Column("上限", WAN, kind="figure"),
    ]
    empty = Empty("没有符合条件的单位。", "少填几个字，或者把筛选放宽再查。")
    rows = [_list_row(one) for one in shown]
    return Table(
        columns, rows, "单位", pick="unit" if may_choose else "", pick_form="choose", empty=empty
    )


def _list_row(one: Demand) -> Row:
    method = Chip(one.method.label, "grant") if one.choice else Chip(one.method.label)
    unit = one.unit
    figures: list[Volume | None] = [one.figures[each].volume for each in LISTED]
    name = Name(
        unit.name, f"{unit.region.name} · {unit.sector_term.label}", demand_url(unit, one.year)
    )
    return Row([name, method, one.figure.volume, *figures, one.ceiling], pick=str(unit.pk))
