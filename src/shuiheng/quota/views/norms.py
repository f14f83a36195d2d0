"""定额表: the list, one norm with its older rows, entering and replacing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission, require
from shuiheng.core.vocabulary import Confidence
from shuiheng.quota import services
from shuiheng.quota.forms import NormForm
from shuiheng.quota.models import Norm
from shuiheng.quota.rules.norms import NormDomain, NormFacts, ValueType, plain
from shuiheng.quota.selectors import norms as selectors
from shuiheng.quota.selectors.norms import NormFilter
from shuiheng.quota.views.parts import confidence_chip, get_or_post, list_head, tabs
from shuiheng.ui.figures import day_full
from shuiheng.ui.forms import Done, ask
from shuiheng.ui.parts import (
    Action,
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
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

STATES = [("now", "现行"), ("coming", "未生效"), ("past", "已被替代或失效"), ("", "全部")]


@login_required
@require_safe
def norms(request: Any) -> HttpResponse:
    """定额表, fifty a page; search and filters live in the address."""
    wanted = wanted_norms(request)
    found = selectors.norms_found(wanted, request.today)
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "条", query=query)
    shown = [norm.facts() for norm in found[pages.start : pages.stop]]
    panel = Panel("定额", [_table(shown)], toolbar=_toolbar(wanted), pages=pages)
    context = {
        "head": list_head("用水定额", _note(), _actions(request, query)),
        "tabs": tabs(request.actor, "norms"),
        "main": [panel],
    }
    return render(request, "quota/panels.html", context)


def _note() -> str:
    unsure = sum(n.confidence not in (Confidence.PLAN, Confidence.OFFICIAL) for n in _every())
    return f"其中 {unsure} 条不是从正式文件读到的，用之前请看依据" if unsure else ""


def _every() -> list[NormFacts]:
    return selectors.all_norms()


def _actions(request: Any, query: str) -> list[Action]:
    export = Action("导出 Excel", f"{reverse('quota:norm_export')}?{query}")
    if not request.actor.may_somewhere(Permission.NORM_EDIT):
        return [export]
    return [
        export,
        Action("导入…", reverse("quota:norm_import")),
        Action("录入定额…", reverse("quota:norm_new"), primary=True),
    ]


def wanted_norms(request: Any) -> NormFilter:
    asked = request.GET
    return NormFilter(
        words=asked.get("q", ""),
        domain=asked.get("domain", ""),
        value_type=asked.get("value_type", ""),
        confidence=asked.get("confidence", ""),
        state=asked.get("state", "now"),
    )


def _toolbar(wanted: NormFilter) -> Toolbar:
    filters = [
        Filter("domain", "领域", [("", "全部领域"), *NormDomain.choices()], wanted.domain),
        Filter("value_type", "值别", [("", "全部值别"), *ValueType.choices()], wanted.value_type),
        Filter(
            "confidence",
            "可信程度",
            [("", "全部可信程度"), *Confidence.choices()],
            wanted.confidence,
        ),
        Filter("state", "状态", STATES, wanted.state),
    ]
    return Toolbar(filters, "品种、方式、分区、标准号", wanted.words)


def _table(shown: Sequence[NormFacts]) -> Table:
    columns = [
        Column("品种或产品"),
        Column("适用"),
        Column("定额", kind="figure", strong=True),
        Column("单位", kind="whole"),
        Column("依据"),
        Column("从哪天起", kind="whole"),
        Column("可信程度"),
    ]
    empty = Empty("没有符合条件的定额。", "没有出处的数不录；请放宽筛选，或导入现行标准。")
    return Table(columns, [_row(norm) for norm in shown], "定额", empty=empty)


def _row(norm: NormFacts) -> Row:
    return Row(
        [
            Name(norm.name, norm.domain.label, norm_url(norm.id)),
            norm.scope,
            norm.printed,
            norm.unit,
            Link(norm.standard, note=norm.clause),
            f"{norm.valid_from}",
            confidence_chip(norm.confidence),
        ]
    )


def norm_url(norm_id: int) -> str:
    return reverse("quota:norm", args=[norm_id])


# -- one norm -------------------------------------------------------------------------------------


@login_required
@require_safe
def norm(request: Any, norm_id: int) -> HttpResponse:
    """One norm with all rows of its series, the newest first."""
    facts = get_object_or_404(Norm, pk=norm_id).facts()
    rows = selectors.norm_history(facts)
    current = selectors.is_in_force(rows, request.today)
    replace = Action("换用新定额…", reverse("quota:norm_replace", args=[rows[0].pk]), primary=True)
    may_edit = request.actor.may_somewhere(Permission.NORM_EDIT)
    head = PageHead(
        f"{facts.name}用水定额",
        crumbs=[Crumb("定额", reverse("quota:norms")), Crumb(facts.name)],
        note=f"{facts.domain.label} · {facts.scope}",
        chip=confidence_chip(facts.confidence),
        actions=[replace] if may_edit else [],
    )
    main: list[Part] = [Panel("历次", [_history(rows, current, request.today)])]
    context = {"head": head, "main": main, "aside": [_facts_panel(facts)]}
    return render(request, "quota/panels.html", context)


def _facts_panel(norm: NormFacts) -> Panel:
    facts = [
        Fact("定额", f"{norm.printed} {norm.unit}", strong=True),
        Fact("标准号或文号", norm.standard, note=norm.clause),
        Fact("标准年份", str(norm.standard_year or "未登记")),
        Fact(
            "行业",
            norm.sector.label,
            note=f"代码 {norm.industry_code}" if norm.industry_code else "",
        ),
    ]
    if norm.days:
        facts.append(Fact("全年天数", f"{norm.days}"))
    said: list[Part] = [Message(norm.note, "look")] if norm.note else []
    return Panel("依据", [Facts(facts), *said], wide=False)


def _history(rows: Sequence[Norm], current: int, today: date) -> Table:
    columns = [
        Column("从哪天起", kind="whole"),
        Column("定额", kind="figure", strong=True),
        Column("单位", kind="whole"),
        Column("依据"),
        Column("可信程度"),
        Column("谁录入"),
    ]
    return Table(columns, [_history_row(row, current, today) for row in rows], "历次")


def _history_row(row: Norm, current: int, today: date) -> Row:
    norm = row.facts()
    standing = "现行" if row.pk == current else "未生效" if norm.valid_from > today else "不再使用"
    until = f"{standing}，至 {norm.valid_until}" if norm.valid_until else standing
    when = day_full(row.entered_at) if row.entered_at else ""
    return Row(
        [
            Link(f"{norm.valid_from}", note=until),
            norm.printed if norm.lower is None or norm.value is None else _with_range(norm),
            norm.unit,
            Link(norm.standard, note=norm.clause),
            confidence_chip(norm.confidence),
            Name(row.entered_by or "—", when),
        ],
        tone="" if row.pk == current else "quiet",
    )


def _with_range(norm: NormFacts) -> str:
    return f"{norm.printed}（{plain(norm.lower)}–{plain(norm.upper)}）"


# -- entering -------------------------------------------------------------------------------------


@login_required
@get_or_post
def norm_new(request: Any) -> HttpResponse:
    """录入定额."""
    require(request.actor, Permission.NORM_EDIT, selectors.norm_seat(request.actor))
    form = NormForm(request.POST or None)
    head = PageHead("录入定额", crumbs=[Crumb("定额", reverse("quota:norms")), Crumb("录入")])
    act = partial(_enter, request, form)
    return ask(request, form, act, _entered, head=head, button="录入", draft="norm")


def _enter(request: Any, form: NormForm, data: dict[str, Any]) -> Norm:
    return services.enter_norm(
        form.facts(), actor=request.actor, now=request.now, key=data["key"]
    )  # fmt: skip


@login_required
@get_or_post
def norm_replace(request: Any, norm_id: int) -> HttpResponse:
    """换用新定额: a later row; the old one stays as it was."""
    require(request.actor, Permission.NORM_EDIT, selectors.norm_seat(request.actor))
    old = get_object_or_404(Norm, pk=norm_id).facts()
    initial = NormForm.initial_of(old, request.today)
    form = NormForm(request.POST or None, initial=initial, old=old)
    facts = Facts(
        [
            Fact("原定额", f"{old.printed} {old.unit}", note=f"{old.scope}，{old.valid_from} 起"),
            Fact("依据", old.standard, note=old.clause),
        ]
    )
    head = PageHead(
        f"换用新定额：{old.name}",
        crumbs=[Crumb("定额", reverse("quota:norms")), Crumb(old.name, norm_url(old.id))],
    )
    act = partial(_replace, request, form, old)
    return ask(request, form, act, _entered, head=head, button="存为新的一条", above=[facts])


def _replace(request: Any, form: NormForm, old: NormFacts, data: dict[str, Any]) -> Norm:
    return services.replace_norm(
        old.id, form.facts(), actor=request.actor, now=request.now, key=data["key"]
    )


def _entered(row: Norm) -> Done:
    norm = row.facts()
    return Done(
        norm_url(row.pk), f"{norm.name} {norm.printed} {norm.unit}，从 {norm.valid_from} 起。"
    )
