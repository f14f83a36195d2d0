"""径流频率: an area's yearly runoff on probability paper, three fits side by side, and the class of the year."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shuiheng.core.volume import M3_PER_YI
from shuiheng.hydrology.wetness import WHOLE, WetnessClass, factor_for
from shuiheng.inflow import selectors
from shuiheng.inflow.rules import EntryKind
from shuiheng.inflow.selectors import PERCENTS, Frequency, Wetness
from shuiheng.inflow.views.setting import Setting, confidence_chip, setting
from shuiheng.office.models import Area
from shuiheng.ui.figures import YI, number
from shuiheng.ui.paper import CURVE_AT, Curve, Point, probability_paper
from shuiheng.ui.parts import Action, Choice, Choices, Empty, Message, Part
from shuiheng.ui.tables import Column, Panel, Row, Table

NAMES_IN_USE = "（采用）"


@login_required
@require_safe
def frequency(request: Any, change_route: str) -> HttpResponse:
    page = setting(request)
    areas = selectors.areas_with_runoff(page.area)
    asked = request.GET.get("area", "")
    area = next((one for one in areas if str(one.pk) == asked), areas[0])
    found = selectors.frequency(area)
    wetness = selectors.wetness_of(area, page.year, request.today)
    main = [
        _paper_panel(request, page, areas, found, wetness),
        *_fit_panels(found, wetness, selectors.wetness_classes(request.today, area)),
    ]
    head = page.head("径流频率", page="frequency", actions=_actions(request, page))
    context = {"head": head, "tabs": page.tabs("frequency"), "main": main}
    return render(request, "inflow/page.html", context)


def _actions(request: Any, page: Setting) -> list[Action]:
    if not selectors.may_enter(request.actor):
        return []
    kind = EntryKind.RUNOFF.value
    return [
        Action("上传表格…", page.url("upload", kind)),
        Action("录入历年径流…", page.url("enter", kind), primary=True),
    ]


def _yi(m3: float) -> float:
    return m3 / M3_PER_YI


def _paper_panel(
    request: Any, page: Setting, areas: list[Area], found: Frequency, wetness: Wetness | None
) -> Panel:
    title = f"{found.area.name}年径流频率"
    each = [
        Choice(one.name, page.url("frequency", area=one.pk), one == found.area) for one in areas
    ]
    aside: Choices | str = Choices(each, label="地区") if len(areas) > 1 else YI
    if not found.series:
        empty = Empty("还没有录入历年径流。", "录入至少 5 年后画出频率曲线；系列越长越可靠。")
        return Panel(title, [empty], aside=aside)
    curves = [
        Curve(_named(found, place), [_yi(v) for v in fit.curve.quantile(np.array(CURVE_AT))])
        for place, fit in enumerate(found.fits)
        if fit.curve is not None
    ]
    points = [
        Point(p.p_exceed, _yi(p.value), f"{p.year}年 {_yi(p.value):.2f} {YI}，P={p.p_exceed:.1%}")
        for p in found.points
    ]
    mark = None
    if wetness is not None and found.chosen is not None:
        level = found.chosen.mean * wetness.factor_per_10000 / WHOLE
        mark = (_yi(level), f"{page.year}年预报 {_yi(level):.2f}")
    says = "演示系列，数值为生成，不代表任何河流。" if found.is_demo else ""
    paper = probability_paper(
        points, curves, unit=YI, table=_series_table(found), mark=mark, says=says
    )
    note = f"{len(found.series)} 年，经验频率 P = m/(n+1)"
    body: list[Part] = [Message(found.refused, "look")] if found.refused else []
    return Panel(title, [*body, paper], note=note, aside=aside)


def _named(found: Frequency, place: int) -> str:
    last = place == len(found.fits) - 1
    return found.fits[place].label + (NAMES_IN_USE if last else "")


def _series_table(found: Frequency) -> Table:
    at = {point.year: point.p_exceed for point in found.points}
    columns = [
        Column("年份", kind="whole"),
        Column("年径流", YI, kind="figure", strong=True),
        Column("经验频率", "%", kind="figure"),
        Column("出处"),
        Column("可信程度"),
    ]
    rows = [
        Row([f"{r.year}年", r.volume, at[r.year], r.bulletin, confidence_chip(r.confidence)])
        for r in found.series
    ]
    return Table(columns, rows, caption="历年径流", tight=True)


def _fit_panels(
    found: Frequency, wetness: Wetness | None, classes: list[WetnessClass]
) -> list[Panel]:
    if not found.fits:
        return []
    columns = [
        Column("配线方法"),
        Column("均值", YI, kind="figure"),
        Column("Cv", kind="figure"),
        Column("Cs", kind="figure"),
        Column("Cs/Cv", kind="figure"),
        *(Column(f"P={percent}%", YI, kind="figure") for percent in PERCENTS),
    ]
    rows = []
    for place, fit in enumerate(found.fits):
        assert fit.curve is not None
        c = fit.curve
        figures = [number(c.cv, 3), number(c.cs, 2), number(c.ratio, 2)]
        cells = [_named(found, place), number(_yi(c.mean), 2), *figures]
        rows.append(Row([*cells, *(number(_yi(q), 2) for q in fit.quantiles)]))
    note = "皮尔逊Ⅲ型；适线法按点据加权最小二乘，枯水端加权"
    fits = Panel("三种方法的成果", [Table(columns, rows, caption="频率成果")], note=note)
    return [fits, _classes_panel(found, wetness, classes)]


def _classes_panel(found: Frequency, wetness: Wetness | None, classes: list[WetnessClass]) -> Panel:
    """The bounds of the classes on the curve in use, with the factor at each."""
    curve = found.chosen
    assert curve is not None
    columns = [
        Column("级别"),
        Column("频率", kind="figure"),
        Column("年径流不小于", YI, kind="figure"),
        Column("上限处系数", kind="figure"),
    ]
    rows, low = [], 0
    for one in classes:
        name = f"{one.name}（今年）" if wetness and wetness.label == one.name else one.name
        inside = one.up_to < WHOLE
        bound = number(_yi(curve.quantile(one.up_to / WHOLE)), 2) if inside else "—"
        factor = f"{factor_for(one.up_to / WHOLE, curve) / WHOLE:.4f}" if inside else "—"
        band = f"{low / 100:g}–{one.up_to / 100:g}%"
        rows.append(Row([name, band, bound, factor], selected=name != one.name))
        low = one.up_to
    note = "划分界限见参数“丰平枯划分”，未核实，可改"
    return Panel("丰平枯划分", [Table(columns, rows, caption="丰平枯")], note=note)
