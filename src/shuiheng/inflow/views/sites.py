"""来水测点: river sections, reservoirs and level wells."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.inflow import selectors, services
from shuiheng.inflow.forms import SiteForm
from shuiheng.inflow.models import Site
from shuiheng.inflow.rules import SiteKind
from shuiheng.inflow.views.entry import require_enterer
from shuiheng.inflow.views.setting import Setting, confidence_chip, setting
from shuiheng.office.selectors import acts_about
from shuiheng.ui.figures import WAN, moment
from shuiheng.ui.forms import Done, ask
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Fact,
    Facts,
    Name,
    Pages,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table


@login_required
@require_safe
def sites(request: Any, change_route: str) -> HttpResponse:
    page = setting(request)
    rows = selectors.sites_within(page.area)
    query = request.GET.urlencode()
    pages = Pages(len(rows), page_number(request.GET.get("page")), "个测点", query=query)
    table = _sites_table(page, rows[pages.start : pages.stop])
    actions = []
    if selectors.may_enter(request.actor):
        actions = [Action("登记测点…", page.url("site_new", kind="river"), primary=True)]
    head = page.head("来水测点", page="sites", actions=actions)
    panel = Panel("河流断面、水库和水位监测井", [table], pages=pages)
    context = {"head": head, "tabs": page.tabs("sites"), "main": [panel]}
    return render(request, "inflow/page.html", context)


def _sites_table(page: Setting, rows: list[Site]) -> Table:
    columns = [
        Column("测点"),
        Column("类别"),
        Column("所属地区"),
        Column("多年平均或总库容", WAN, kind="figure", decimals=0),
        Column("依据"),
        Column("可信程度"),
    ]
    lines = [
        Row(
            [
                Name(site.name, site.section, page.url("site", site.pk)),
                site.kind_term.label,
                site.area.name,
                site.mean_annual or site.capacity,
                site.source,
                confidence_chip(site.confidence),
            ]
        )
        for site in rows
    ]
    empty = Empty("还没有登记来水测点。", "先登记河流断面和它的多年平均径流量。")
    return Table(columns, lines, caption="来水测点", empty=empty)


@login_required
@require_safe
def site(request: Any, change_route: str, site_id: int) -> HttpResponse:
    """What is known of a site, on what it rests, and who changed it."""
    page, row = setting(request), selectors.site_seen(request.actor, site_id)
    actions = []
    if request.actor.may(Permission.INFLOW_ENTER, row.area.place):
        actions = [Action("修改…", page.url("site_edit", row.pk), primary=True)]
    crumbs = [Crumb("来水测点", page.url("sites")), Crumb(row.name)]
    head = page.head(row.name, page="sites", crumbs=crumbs, actions=actions)
    acts = Panel("办理记录", [_acts_table(row)])
    facts = Panel(row.kind_term.label, [Facts(_facts(row))], wide=False)
    return render(request, "inflow/page.html", {"head": head, "main": [facts, acts]})


def _facts(row: Site) -> list[Fact]:
    facts = [Fact("测站或位置", row.section or "无"), Fact("所属地区", row.area.name)]
    if row.kind_term is SiteKind.RIVER:
        facts.append(Fact("多年平均径流量", row.mean_annual, unit=WAN))
        printed = f"{row.cv.normalize():f}，{row.cs_over_cv.normalize():f}" if row.cv and row.cs_over_cv else "无"  # fmt: skip
        facts.append(Fact("Cv，Cs/Cv", printed))
    if row.kind_term is SiteKind.RESERVOIR:
        facts.append(Fact("总库容", row.capacity, unit=WAN))
    return [*facts, Fact("依据", row.source), Fact("可信程度", confidence_chip(row.confidence))]


def _acts_table(row: Site) -> Table:
    rows = [
        Row([Name(one.act.user_name, moment(one.act.at)), one.note])
        for one in acts_about([f"site/{row.pk}"])
    ]
    empty = Empty("没有办理记录。", "演示测点随演示城市一起生成。")
    return Table([Column("谁"), Column("做了什么")], rows, caption="办理记录", empty=empty)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: Any, change_route: str) -> HttpResponse:
    require_enterer(request)
    page, word = setting(request), request.GET.get("kind", SiteKind.RIVER.value)
    if word not in [kind.value for kind in SiteKind]:
        raise Refusal("inflow.no_site_kind", "没有这类测点。", kind=Kind.MISSING,
                      remedy="请从“来水测点”进入。")  # fmt: skip
    kind = SiteKind(word)
    kinds = Choices(
        [Choice(k.label, page.url("site_new", kind=k.value), k is kind) for k in SiteKind],
        label="类别",
    )
    crumbs = [Crumb("来水测点", page.url("sites")), Crumb("登记")]
    return _ask(request, page, page.head(f"登记{kind.label}", crumbs=crumbs), kind, None, [kinds])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def site_edit(request: Any, change_route: str, site_id: int) -> HttpResponse:
    page, row = setting(request), selectors.site_seen(request.actor, site_id)
    require(request.actor, Permission.INFLOW_ENTER, row.area.place)
    crumbs = [Crumb("来水测点", page.url("sites")), Crumb(row.name, page.url("site", row.pk))]
    head = page.head(f"修改{row.name}", crumbs=crumbs)
    return _ask(request, page, head, row.kind_term, row, [])


def _ask(
    request: Any, page: Setting, head: Any, kind: SiteKind, row: Site | None, above: list[Any]
) -> HttpResponse:
    areas = list(selectors.areas_to_enter(request.actor))
    form = SiteForm(kind, areas, row, request.POST or None)
    return ask(
        request,
        form,
        lambda data: services.save_site(
            row.pk if row else None,
            int(data["area"]),
            form.facts,
            actor=request.actor,
            now=request.now,
            key=data["key"],
        ),
        lambda saved: Done(page.url("site", saved.pk), f"{saved.name}已保存。"),
        head=head,
        button="保存",
        above=above,
    )
