"""录入: one figure by hand, and the record of everything that was entered, versions included."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.inflow import rules, selectors, services
from shuiheng.inflow.forms import EntryForm
from shuiheng.inflow.models import AnnualRunoff, Dated, Forecast, Reading
from shuiheng.inflow.rules import EntryKind
from shuiheng.inflow.views.setting import Setting, confidence_chip, entry_kind, setting
from shuiheng.ui.figures import WAN, moment, number
from shuiheng.ui.forms import Done, ask
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Link,
    Message,
    Name,
    Pages,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: Any, change_route: str, entry: str) -> HttpResponse:
    """One figure; what it replaces stays in the record."""
    kind, page = entry_kind(entry), setting(request)
    require_enterer(request)
    places = selectors.places_to_enter(request.actor, kind)
    form = EntryForm(kind, places, page.year, request.today, request.POST or None)
    site = rules.SITE_OF.get(kind)
    hint = Message(
        f"还没有您可以录入的{site.label if site else '地区'}。", "look", action=_to_sites(page)
    )
    by = {"actor": request.actor, "now": request.now}
    return ask(
        request,
        form,
        lambda data: services.enter([data["row"]], **by, key=data["key"]),
        lambda count: Done(
            page.url("entries", kind=kind.value), f"已录入 {count} 行{kind.label}。"
        ),
        head=page.head(f"录入{kind.label}", crumbs=[Crumb("录入")], actions=_other(page, kind)),
        button="保存",
        above=[_kinds(page, "enter", kind), *([] if places else [hint])],
    )


def require_enterer(request: Any) -> None:
    if not selectors.may_enter(request.actor):
        raise Refusal(
            "access.denied",
            "您的岗位没有“录入来水”的权限。",
            kind=Kind.FORBIDDEN,
            remedy="如果这是您的工作，请联系系统管理员安排岗位。",
        )


def _to_sites(page: Setting) -> Link:
    return Link("去登记来水测点", page.url("sites"))


def _other(page: Setting, kind: EntryKind) -> list[Action]:
    return [Action("上传表格…", page.url("upload", kind.value))]


def _kinds(page: Setting, where: str, kind: EntryKind) -> Choices:
    return Choices(
        [Choice(k.label, page.url(where, k.value), k is kind) for k in EntryKind], label="录入哪种"
    )


@login_required
@require_safe
def entries(request: Any, change_route: str) -> HttpResponse:
    page = setting(request)
    asked = request.GET.get("kind", "")
    kind = entry_kind(asked) if asked else EntryKind.OBSERVED
    rows = selectors.entries(page.area, kind, page.year)
    query = request.GET.urlencode()
    pages = Pages(rows.count(), page_number(request.GET.get("page")), "行", query=query)
    table = _entries_table(kind, list(rows[pages.start : pages.stop]))
    kinds = [Choice(k.label, page.url("entries", kind=k.value), k is kind) for k in EntryKind]
    note = "更正也是一行，后录的生效，先前的留着"
    panel = Panel(f"{kind.label}录入记录", [table], note=note, pages=pages,
                  aside=Choices(kinds, label="种类"))  # fmt: skip
    actions = _entry_actions(page, kind) if selectors.may_enter(request.actor) else []
    head = page.head("来水录入记录", page="entries", actions=actions)
    context = {"head": head, "tabs": page.tabs("entries"), "main": [panel]}
    return render(request, "inflow/page.html", context)


def _entry_actions(page: Setting, kind: EntryKind) -> list[Action]:
    enter = Action(f"录入{kind.label}…", page.url("enter", kind.value), primary=True)
    return [*_other(page, kind), enter]


def _entries_table(kind: EntryKind, rows: list[Dated]) -> Table:
    unit = "米" if kind is EntryKind.LEVEL else WAN
    columns = [
        Column("测点" if kind in rules.SITE_OF else "地区"),
        Column("时段", kind="whole"),
        Column("数值", unit, kind="figure", strong=True),
        Column("公报或出处"),
        Column("发布日期", kind="whole"),
        Column("可信程度"),
        Column("录入"),
    ]
    lines = [
        Row(
            [
                *_what(row),
                row.bulletin,
                f"{row.issued_on}",
                confidence_chip(row.confidence),
                Name(row.entered_by, moment(row.entered_at)),
            ]
        )
        for row in rows
    ]
    empty = Empty("这一年还没有录入。", "可以逐行录入，也可以下载模板填好后上传。")
    return Table(columns, lines, caption=kind.label, empty=empty)


def _what(row: Dated) -> list[object]:
    """Where, when and how much."""
    match row:
        case Forecast():
            return [row.site.name, row.period.words, row.volume]
        case AnnualRunoff():
            return [row.area.name, f"{row.year}年", row.volume]
        case Reading():
            when = f"{row.day}"
            if row.site.kind == rules.SiteKind.RIVER:
                when = rules.ten_days_words(rules.ten_days_of(row.day))
            return [
                row.site.name,
                when,
                number(row.depth, 2) if row.depth is not None else row.volume,
            ]
    raise AssertionError("a figure is a forecast, a reading or a yearly runoff")
