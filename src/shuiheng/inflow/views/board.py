"""来水对照: forecast against observed by ten days, storage and levels, and what the deficit proposes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume
from shuiheng.hydrology.wetness import WHOLE
from shuiheng.inflow import rules, selectors
from shuiheng.inflow.models import Reading, Site
from shuiheng.inflow.rules import Comparison, DeficitStep, EntryKind
from shuiheng.inflow.selectors import Board, Hit, Proposal, RiverYear, Wetness
from shuiheng.inflow.views.setting import Setting, confidence_chip, setting
from shuiheng.ui.charts import ten_day_bars
from shuiheng.ui.figures import M3, WAN, number
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Empty,
    Link,
    Message,
    Name,
    Pages,
    Part,
    Stat,
    StatStrip,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

WHOLE_RIVERS = "all"
MOST_SEGMENTS = 6
MOST_CROPS, MOST_UNITS = 5, 5
TONES = {DeficitStep.NONE: "normal", DeficitStep.WARN: "warned", DeficitStep.CUT: "warned"}


@login_required
@require_safe
def board(request: Any, change_route: str) -> HttpResponse:
    page = setting(request)
    shown = selectors.board(page.area, page.year, request.today)
    wetness = selectors.wetness_of(page.area, page.year, request.today)
    proposed = selectors.proposal(page.area, page.year, request.today)
    context = {
        "head": _head(request, page),
        "tabs": page.tabs("board"),
        "stats": StatStrip(_stats(shown, wetness)),
        "proposal": _proposal_panel(request, proposed, change_route),
        "chart": _chart_panel(request, page, shown),
        "rivers": _rivers_panel(request, page, shown),
        "storage": _storage_panel(shown),
        "levels": _levels_panel(shown),
    }
    return render(request, "inflow/board.html", context)


def _head(request: Any, page: Setting) -> Any:
    actions = []
    if selectors.may_enter(request.actor):
        observed = EntryKind.OBSERVED.value
        actions = [
            Action("上传表格…", page.url("upload", observed)),
            Action("录入来水…", page.url("enter", observed), primary=True),
        ]
    return page.head(f"{page.year} 年来水", actions=actions)


def _stats(shown: Board, wetness: Wetness | None) -> list[Stat]:
    whole = shown.whole
    through = rules.ten_days_words(whole.through) if whole.through else ""
    forecast = (
        Stat("预报全年来水", wetness.forecast, WAN, line=_against_mean(wetness), decimals=0)
        if wetness
        else Stat("预报全年来水", "暂无", line="录入全年预报后显示")
    )
    if not through:
        none = "预报和实测都有的旬才比较"
        return [forecast, _class_stat(wetness), Stat("累计比预报", "暂无", line=none, focus=True)]
    difference = whole.observed - whole.forecast
    share = f"{number(abs(difference.m3) * 100 / whole.forecast.m3, 1)}%" if whole.forecast else ""
    return [
        forecast,
        _class_stat(wetness),
        Stat("累计实测", whole.observed, WAN, line=f"截至{through}", decimals=0),
        Stat("累计预报", whole.forecast, WAN, line="同一些旬的预报", decimals=0),
        Stat(
            "累计比预报", difference, WAN, signed=True, decimals=0, focus=True,
            line=f"{'少' if difference < Volume(0) else '多'} {share}" if share else "",
        ),
    ]  # fmt: skip


def _against_mean(wetness: Wetness) -> str:
    words = f"多年平均 {wetness.mean.wan(0)}，系数 {wetness.factor_per_10000 / WHOLE:.4f}"
    return f"{words}；缺{'、'.join(wetness.missing[:3])}" if wetness.missing else words


def _class_stat(wetness: Wetness | None) -> Stat:
    if wetness is None or wetness.p_per_10000 is None or not wetness.label:
        return Stat("丰平枯", "暂无", line="要有全年预报和径流频率曲线")
    line = f"频率 {wetness.p_per_10000 / 100:.1f}%，{wetness.bulletin}"
    return Stat("丰平枯", wetness.label, line=line)


# -- what it proposes -----------------------------------------------------------------------------


def _proposal_panel(request: Any, proposed: Proposal, change_route: str) -> Panel:
    tone = "note" if proposed.step is DeficitStep.NONE else "look"
    body: list[Part] = [Message(proposed.reason, tone, lead=proposed.step.label)]
    cuts = proposed.step is DeficitStep.CUT
    if cuts:
        body += [_hits_table(proposed), _crops_table(proposed), _units_table(proposed)]
    leads = cuts and request.actor.may(Permission.CHANGE_ABOVE_ENTER, proposed.area.place)
    row = proposed.threshold
    return Panel(
        "建议",
        body,
        note=f"界限：{row.label}，{row.source}",
        aside=Chip(proposed.step.label, TONES[proposed.step]),
        foot=f"依据{proposed.legal_ground}。这只是建议，按上级调整办理后才生效。" if cuts else "",
        foot_link=Link(
            "按建议录入上级调整…",
            f"{reverse(change_route)}?year={proposed.year}&cut={proposed.cut_per_10000}",
        )
        if leads
        else None,
        wide=False,
    )


def _hits_table(proposed: Proposal) -> Table:
    columns = [
        Column("行业（地表水）"),
        Column("全年额度", WAN, kind="figure", decimals=0),
        Column("已用", WAN, kind="figure", decimals=0),
        Column("建议压减", WAN, kind="figure", decimals=0, strong=True),
        Column("说明"),
    ]
    rows = [
        Row([hit.sector.label, hit.quota, hit.used, hit.cut, _spared(hit)]) for hit in proposed.hits
    ]
    return Table(columns, rows, caption="影响到的行业", empty=Empty("今年还没有下达地表水额度。"))


def _spared(hit: Hit) -> str:
    if hit.protected:
        return "先保障，不压减"
    return "只减灌区，公共供水不减" if hit.sector is Sector.SUPPLY else ""


def _crops_table(proposed: Proposal) -> Table:
    columns = [
        Column("作物"),
        Column("面积或数量", kind="figure"),
        Column("涉及单位", "户", kind="figure"),
    ]
    rows = [
        Row([crop.item, f"{crop.quantity:,.0f} {crop.measure}", crop.units])
        for crop in proposed.crops[:MOST_CROPS]
    ]
    return Table(columns, rows, caption="影响到的作物", empty=Empty("受影响的单位没有申报种植。"))


def _units_table(proposed: Proposal) -> Table:
    """The units most hit; each unit's figure stands in the preview of the change from above."""
    columns = [
        Column(f"单位（共 {len(proposed.units):,} 户，列前 {MOST_UNITS} 户）"),
        Column("全年额度", M3, kind="figure"),
        Column("已用", M3, kind="figure"),
        Column("建议压减", M3, kind="figure", strong=True),
    ]
    rows = [
        Row([Name(hit.unit.name, hit.sector.label), hit.quota, hit.used, hit.cut])
        for hit in proposed.units[:MOST_UNITS]
    ]
    return Table(columns, rows, caption="影响到的单位", tight=True)


# -- by ten days ----------------------------------------------------------------------------------


def _chart_panel(request: Any, page: Setting, shown: Board) -> Panel:
    if not shown.rivers:
        return _no_rivers(request, page)
    asked = request.GET.get("river", "")
    chosen = next((r for r in shown.rivers if str(r.site.pk) == asked), None)
    if chosen is None and len(shown.rivers) == 1:
        chosen = shown.rivers[0]
    if chosen is not None:
        title, plan, came = chosen.site.name, chosen.forecast, chosen.observed
        comparison = chosen.comparison
    else:
        title = "全部河流"
        plan = tuple(rules.sum_by_ten_days([r.forecast for r in shown.rivers]))
        came = tuple(rules.sum_by_ten_days([r.observed for r in shown.rivers]))
        comparison = shown.whole
    table = _ten_days_table(plan, came, comparison)
    says = "空缺的旬还没有录入，不按 0 计。" if None in came[: _over(request, page)] else ""
    bars = ten_day_bars(came, plan, table=table, name="inflow", says=says)
    return Panel(f"{title}：逐旬预报与实测", [bars], aside=_segments(page, shown, chosen), note=WAN)


def _over(request: Any, page: Setting) -> int:
    return rules.ten_days_over(page.year, request.today)


def _no_rivers(request: Any, page: Setting) -> Panel:
    action = None
    if selectors.may_enter(request.actor):
        action = Action("登记河流断面…", page.url("site_new", kind="river"))
    empty = Empty(
        "还没有登记河流断面。", "登记断面和多年平均径流量后，就可以录入预报和实测。", action
    )
    return Panel("逐旬预报与实测", [empty])


def _segments(page: Setting, shown: Board, chosen: RiverYear | None) -> Choices | str:
    if not 1 < len(shown.rivers) <= MOST_SEGMENTS:
        return ""
    whole = Choice("全部", page.url("board", river=WHOLE_RIVERS), chosen is None)
    each = [
        Choice(r.site.name, page.url("board", river=r.site.pk), r is chosen) for r in shown.rivers
    ]
    return Choices([whole, *each], label="河流")


def _ten_days_table(
    plan: tuple[Volume | None, ...], came: tuple[Volume | None, ...], comparison: Comparison
) -> Table:
    columns = [
        Column("旬"),
        Column("预报", WAN, kind="figure"),
        Column("实测", WAN, kind="figure"),
        Column("累计差", WAN, kind="figure", signed=True, toned=True, strong=True),
    ]
    rows = [
        Row([rules.ten_days_words(n), *(_known(v) for v in values)])
        for n, values in enumerate(zip(plan, came, comparison.difference, strict=True), 1)
        if values[0] is not None or values[1] is not None
    ]
    empty = Empty("这一年还没有录入逐旬来水。")
    return Table(columns, rows, caption="逐旬来水", tight=True, empty=empty)


def _known(volume: Volume | None) -> object:
    return "暂无" if volume is None else volume


def _rivers_panel(request: Any, page: Setting, shown: Board) -> Panel:
    query = request.GET.urlencode()
    number_of = page_number(request.GET.get("page"))
    pages = Pages(len(shown.rivers), number_of, "条河流", query=query)
    columns = [
        Column("河流断面"),
        Column("多年平均", WAN, kind="figure", decimals=0),
        Column("全年预报", WAN, kind="figure", decimals=0),
        Column("累计预报", WAN, kind="figure", decimals=0),
        Column("累计实测", WAN, kind="figure", decimals=0),
        Column("累计差", WAN, kind="figure", decimals=0, signed=True, toned=True, strong=True),
        Column("可信程度"),
    ]
    rows = [_river_row(page, river) for river in shown.rivers[pages.start : pages.stop]]
    table = Table(columns, rows, caption="河流", empty=Empty("还没有登记河流断面。"))
    return Panel("各河流", [table], pages=pages)


def _river_row(page: Setting, river: RiverYear) -> Row:
    site, comparison = river.site, river.comparison
    known = comparison.through > 0
    below = site.section or site.area.name
    if river.annual is not None:
        below = f"{below} · {river.annual.bulletin}"
        below += f"，第 {river.versions} 次" if river.versions > 1 else ""
    return Row(
        [
            Name(site.name, below, page.url("board", river=site.pk)),
            site.mean_annual,
            _known(river.annual.volume if river.annual else None),
            _known(comparison.forecast if known else None),
            _known(comparison.observed if known else None),
            _known(comparison.observed - comparison.forecast if known else None),
            confidence_chip(river.annual.confidence if river.annual else site.confidence),
        ]
    )


# -- storage and levels ---------------------------------------------------------------------------


def _storage_panel(shown: Board) -> Panel:
    columns = [
        Column("水库"),
        Column("日期", kind="whole"),
        Column("蓄水", WAN, kind="figure", decimals=0, strong=True),
        Column("总库容", WAN, kind="figure", decimals=0),
        Column("蓄满", "%", kind="figure"),
    ]
    rows = [_storage_row(site, readings) for site, readings in shown.storage]
    empty = Empty("还没有登记水库。", "在“来水测点”里登记。")
    return Panel("水库蓄水", [Table(columns, rows, caption="水库", empty=empty)])


def _storage_row(site: Site, readings: tuple[Reading, ...]) -> Row:
    if not readings or readings[-1].volume is None:
        return Row([site.name, "", "暂无", site.capacity, "暂无"])
    last = readings[-1]
    share = last.volume.m3 / site.capacity.m3
    return Row(
        [Link(site.name, note=last.bulletin), f"{last.day}", last.volume, site.capacity, share]
    )


def _levels_panel(shown: Board) -> Panel:
    columns = [
        Column("水位监测井"),
        Column("日期", kind="whole"),
        Column("埋深", "米", kind="figure", strong=True),
        Column("比年内首次", "米", kind="figure"),
    ]
    rows = [_level_row(site, readings) for site, readings in shown.levels]
    empty = Empty("还没有登记水位监测井。", "在“来水测点”里登记。")
    note = "埋深变大是水位下降"
    return Panel("地下水埋深", [Table(columns, rows, caption="水位", empty=empty)], note=note)


def _level_row(site: Site, readings: tuple[Reading, ...]) -> Row:
    depths = [reading.depth for reading in readings if reading.depth is not None]
    if not depths:
        return Row([site.name, "", "暂无", "暂无"])
    last = readings[-1]
    change = number(depths[-1] - depths[0], 2, signed=True)
    return Row([Link(site.name, note=last.bulletin), f"{last.day}", number(depths[-1], 2), change])
