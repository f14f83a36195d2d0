"""参数: the dated values of policy, what they rest on, and their later rows."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.core.access import Permission, require
from shuiheng.core.vocabulary import Confidence
from shuiheng.office import selectors, services
from shuiheng.office.forms import PolicyForm
from shuiheng.office.models import PolicyValue
from shuiheng.office.rules import PolicyGroup, policy_words
from shuiheng.office.selectors import PolicyLine
from shuiheng.ui.figures import day_full
from shuiheng.ui.forms import Done, ask
from shuiheng.ui.parts import Action, Chip, Crumb, Fact, Facts, Link, Name, PageHead
from shuiheng.ui.tables import Column, Panel, Row, Table

SURE = frozenset({Confidence.PLAN, Confidence.OFFICIAL})

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def policy(request: Any) -> HttpResponse:
    """参数: every dated value in force today, in words, with what it rests on."""
    lines = selectors.policy_lines(request.today)
    panels = [
        Panel(group.label, [_policy_table(group, [line for line in lines if line.group is group])])
        for group in PolicyGroup
    ]
    unsure = sum(line.current.confidence not in SURE for line in lines)
    head = PageHead(
        "参数",
        crumbs=[Crumb("系统管理"), Crumb("参数")],
        note=f"{len(lines)} 项，其中 {unsure} 项不是正式文件写明的，用之前请看依据",
    )
    return render(request, "office/panels.html", {"head": head, "main": panels})


LINE_COLUMNS = (
    Column("参数"),
    Column("现行", strong=True),
    Column("依据"),
    Column("可信程度"),
    Column("从哪天起"),
    Column("", kind="action"),
)


def _policy_table(group: PolicyGroup, lines: list[PolicyLine]) -> Table:
    return Table(LINE_COLUMNS, [_line_row(line) for line in lines], group.label)


def _line_row(line: PolicyLine) -> Row:
    row = line.current
    return Row(
        [
            Name(row.label, _coming(line), _policy_url(row)),
            policy_words(row.value, row.unit),
            Link(row.source, note=row.note),
            confidence_chip(row),
            f"{row.effective_from}",
            Link("历次", _policy_url(row)) if line.edits else "",
        ]
    )


def _coming(line: PolicyLine) -> str:
    if line.coming is None:
        return ""
    words = policy_words(line.coming.value, line.coming.unit)
    return f"{line.coming.effective_from} 起改为 {words}"


def _policy_url(row: PolicyValue) -> str:
    return reverse("office:policy_row", args=[row.pk])


def confidence_chip(row: PolicyValue) -> Chip:
    """How far a value can be trusted, shown to the officer who relies on it."""
    confidence = Confidence(row.confidence)
    return Chip(confidence.label, "grant" if confidence in SURE else "neutral")


@login_required
@require_safe
def policy_row(request: Any, policy_id: int) -> HttpResponse:
    """One value with all its rows, the newest first."""
    row = get_object_or_404(PolicyValue.objects.select_related("area"), pk=policy_id)
    history = selectors.policy_history(row)
    may_edit = request.actor.may(Permission.POLICY_EDIT, selectors.policy_seat(row, request.actor))
    edit = Action("修改…", reverse("office:policy_edit", args=[history[0].pk]), primary=True)
    head = PageHead(
        row.label,
        crumbs=[Crumb("参数", reverse("office:policy")), Crumb(row.label)],
        actions=[edit] if may_edit else [],
    )
    panel = Panel("历次", [_history_table(history, request.today)])
    return render(request, "office/panels.html", {"head": head, "main": [panel]})


def _history_table(history: list[PolicyValue], today: date) -> Table:
    columns = [
        Column("从哪天起"),
        Column("值", strong=True),
        Column("依据"),
        Column("可信程度"),
        Column("谁录入"),
    ]
    in_force = next((row.pk for row in history if row.effective_from <= today), 0)
    return Table(columns, [_history_row(row, in_force, today) for row in history], "历次")


def _history_row(row: PolicyValue, in_force: int, today: date) -> Row:
    return Row(
        [
            Link(f"{row.effective_from}", note=_standing(row, in_force, today)),
            policy_words(row.value, row.unit),
            Link(row.source, note=row.note),
            confidence_chip(row),
            Name(row.entered_by, day_full(row.entered_at)),
        ],
        tone="" if row.pk == in_force else "quiet",
    )


def _standing(row: PolicyValue, in_force: int, today: date) -> str:
    if row.pk == in_force:
        return "现行"
    return "未生效" if row.effective_from > today else "已被替代"


@login_required
@get_or_post
def policy_edit(request: Any, policy_id: int) -> HttpResponse:
    """修改: a new row beside the old one, with its own day and ground."""
    row = get_object_or_404(PolicyValue.objects.select_related("area"), pk=policy_id)
    require(request.actor, Permission.POLICY_EDIT, selectors.policy_seat(row, request.actor))
    form = PolicyForm(request.POST or None, row=row, today=request.today)
    facts = [
        Fact("原值", policy_words(row.value, row.unit)),
        Fact("依据", row.source),
        Fact("从哪天起", f"{row.effective_from}"),
    ]
    head = PageHead(
        f"修改：{row.label}",
        crumbs=[Crumb("参数", reverse("office:policy")), Crumb(row.label, _policy_url(row))],
    )
    act = partial(_set_policy, row.pk, request)
    return ask(
        request, form, act, _policy_set, head=head, button="保存为新的一条", above=[Facts(facts)]
    )


def _set_policy(policy_id: int, request: Any, data: dict[str, Any]) -> PolicyValue:
    return services.set_policy(
        policy_id,
        value=data["value"],
        effective_from=data["effective_from"],
        source=data["source"],
        confidence=Confidence(data["confidence"]),
        note=data["note"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _policy_set(row: PolicyValue) -> Done:
    return Done(_policy_url(row), f"{row.label}从 {row.effective_from} 起改了。")
