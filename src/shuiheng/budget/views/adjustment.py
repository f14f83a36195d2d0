"""调整: the applications, a new one with what limits it, the decision with its effect on the books."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.adjustment import ApplicationForm, DecisionForm
from shuiheng.budget.models import Adjustment
from shuiheng.budget.rules import AdjustmentState, Direction, Ground
from shuiheng.budget.selectors import adjustment as reading
from shuiheng.budget.selectors.adjustment import Adjustable, BooksRead, Effect
from shuiheng.budget.views.setting import Setting, executing
from shuiheng.core.access import Permission
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.vocabulary import Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind
from shuiheng.papers.rules import PaperState
from shuiheng.papers.selectors import papers_about
from shuiheng.ui.figures import M3
from shuiheng.ui.forms import Done, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    Fact,
    Facts,
    FindingList,
    Link,
    Message,
    Name,
    Pages,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TONES = {
    AdjustmentState.APPLIED: "warned",
    AdjustmentState.GRANTED: "grant",
    AdjustmentState.REFUSED: "neutral",
    AdjustmentState.WITHDRAWN: "neutral",
}
NONE_YET = Empty(
    "还没有调整申请。", "调增只限启用预留或水权交易取得；生产、种植、经营计划变了，可以申请调减。"
)


# -- the list ---------------------------------------------------------------------------------------


@login_required
@require_safe
def adjustments(request: Any) -> HttpResponse:
    """My unit's or my area's applications, those that wait first."""
    page = executing(request)
    rows = reading.adjustments(request.actor, page.year)
    query = request.GET.urlencode()
    pages = Pages(rows.count(), page_number(request.GET.get("page")), "件", query=query)
    table = _list_table(page, list(rows[pages.start : pages.stop]))
    may_apply = request.actor.may_somewhere(Permission.ADJUSTMENT_APPLY)
    above = Action("上级调整", page.url("changes"))
    apply = Action("申请调整…", page.url("adjustment_new"), primary=True) if may_apply else None
    context = {
        "head": page.head(
            "预算调整", "adjustments", crumbs=[Crumb("调整")], actions=[above, apply]
        ),
        "main": [Panel("申请", [table], note="待审批的在前", pages=pages)],
    }
    return render(request, "budget/panels.html", context)


def _list_table(page: Setting, rows: list[Adjustment]) -> Table:
    columns = [
        Column("单位"),
        Column("水源 · 行业"),
        Column("理由"),
        Column("申请量", M3, kind="figure", signed=True, strong=True),
        Column("申请日期"),
        Column("状态"),
        Column("批复文号"),
    ]
    lines = [
        Row(
            [
                Name(row.budget.unit.name, row.budget.region.name, page.url("adjustment", row.pk)),
                _what(row),
                Ground(row.ground).label,
                _signed(row),
                f"{row.applied_on:%Y-%m-%d}",
                _chip(row),
                Link(row.number, whole=True),
            ]
        )
        for row in rows
    ]
    return Table(columns, lines, tight=True, empty=NONE_YET)


def _what(row: Adjustment) -> str:
    return f"{Source(row.source).label} · {Sector(row.sector).label}"


def _signed(row: Adjustment) -> Volume:
    change: Volume = row.volume
    return change if row.direction == Direction.INCREASE else -change


def _chip(row: Adjustment) -> Chip:
    state = AdjustmentState(row.state)
    return Chip(state.label, TONES[state])


# -- a new one --------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def adjustment_new(request: Any) -> HttpResponse:
    """申请调整: the limits of every line beside the form, the consequence before it is sent."""
    page = executing(request)
    lines = reading.adjustable(request.actor, page.year, request.today)
    if not lines:
        raise _nothing_to_adjust(page)
    chosen = {"line": request.GET.get("line"), "direction": request.GET.get("direction")}
    form = ApplicationForm(request.POST or None, lines=lines, initial=chosen)
    context = _application(page, form, lines)
    if request.POST.get("act") == "check":
        status = 200 if form.is_valid() else 422
        return render(request, "budget/apply.html", {**context, "form": form}, status=status)
    return submit(
        request,
        form,
        lambda data: _apply(request, data),
        template="budget/apply.html",
        context=context,
        done=lambda made: Done(page.url("adjustment", made.pk), _applied(made)),
    )


def _nothing_to_adjust(page: Setting) -> Refusal:
    return Refusal(
        "adjustment.nothing",
        f"没有可以申请调整的 {page.year} 年度预算：下达后、决算前才能申请，并且由本单位提出。",
        kind=Kind.CONFLICT,
        remedy="请核对年度；代办请联系区县水务局。",
    )


def _apply(request: Any, data: dict[str, Any]) -> Adjustment:
    return services.apply_adjustment(
        data["line"],
        direction=Direction(data["direction"]),
        ground=Ground(data["ground"]),
        volume=data["volume"],
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _applied(made: Adjustment) -> str:
    return f"已提交{made.get_direction_display()}申请，{made.volume}，等待审批。"


def _application(
    page: Setting, form: ApplicationForm, lines: list[Adjustable]
) -> dict[str, object]:
    consequence = None
    if form.is_bound and form.is_valid():
        chosen = next((row for row in lines if row.line.pk == form.cleaned_data["line"]), None)
        if chosen is not None:
            consequence = _consequence(chosen, form.cleaned_data)
    head = page.head("申请调整", "adjustments", crumbs=[Crumb("调整")])
    panel = Panel("各项额度现在的情况", [_limits_table(lines)], aside=M3)
    back = Action("返回", page.url("adjustments"))
    send = Action("提交", name="act", value="send", primary=True)
    actions = [send, Action("先看影响", name="act", value="check"), back]
    return {"head": head, "limits": panel, "consequence": consequence, "actions": actions}


def _consequence(row: Adjustable, data: dict[str, Any]) -> FindingList:
    """What follows, in a sentence, before anything is sent."""
    up = data["direction"] == Direction.INCREASE
    volume = data["volume"] if up else -data["volume"]
    after, left = row.balance.net + volume, row.balance.available + volume
    words = [
        f"批准后，{row.label}额度由 {row.balance.net} 变为 {after}，可用 {left}；"
        f"{row.where_from}由 {row.reserve} 变为 {row.reserve - volume}。"
    ]
    found = [Finding("adjustment.effect", Severity.NOTE, words[0])]
    if up and data["volume"] > row.reserve:
        more = f"{row.where_from}现在只有 {row.reserve}，不够这次调增，申请可能不获批准。"
        found.append(Finding("adjustment.beyond_reserve", Severity.LOOK, more))
    return FindingList(found, labelled=False)


def _limits_table(lines: list[Adjustable]) -> Table:
    columns = [
        Column("水源 · 行业"),
        Column("额度", kind="figure"),
        Column("已用", kind="figure"),
        Column("可用", kind="figure", strong=True),
        Column("许可", kind="figure"),
        Column("预留还有", kind="figure"),
    ]
    rows = [
        Row(
            [
                Name(row.label, row.line.budget.unit.name),
                row.balance.net,
                row.balance.used,
                row.balance.available,
                row.permit,
                row.reserve,
            ]
        )
        for row in lines
    ]
    return Table(columns, rows, tight=True)


# -- one application --------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def adjustment(request: Any, adjustment_id: int) -> HttpResponse:
    """An application, what granting it would do, and the buttons of who may decide."""
    row = reading.adjustment(adjustment_id, request.actor)
    page = executing(request)
    act = _acts(request, row).get(request.POST.get("act", ""), _act_missing)
    return submit(
        request,
        DecisionForm(request.POST or None, initial={"signer": request.actor.name}),
        act,
        template="budget/adjustment.html",
        context=_one(request, page, row),
        done=lambda done: Done(page.url("adjustment", done.pk), _decided(done)),
    )


def _one(request: Any, page: Setting, row: Adjustment) -> dict[str, object]:
    books = BooksRead()
    entries, stop = _plan(request, row, books)
    return {
        "head": _one_head(page, row),
        "facts": _facts_panel(row),
        "limits": _limit_panel(reading.limits_of(row, request.today)),
        "effect": _effect_panel(row, reading.effects(entries, books), stop),
        "papers": _papers_panel(row),
        "decides": _decides(request, row),
        "withdraw": _withdraw(request, row),
    }


def _plan(request: Any, row: Adjustment, books: BooksRead) -> tuple[tuple[Any, ...], str]:
    """What granting it now would post, or why it cannot be granted."""
    if row.state != AdjustmentState.APPLIED:
        return (), ""
    try:
        plan = services.plan_adjustment(row, on=request.today, books_of=books)
    except Refusal as refusal:
        return (), str(refusal)
    return plan, ""


def _decides(request: Any, row: Adjustment) -> bool:
    if row.state != AdjustmentState.APPLIED or request.actor.user_id == row.applied_by_id:
        return False
    public = Permission.BUDGET_REVIEW_PUBLIC
    if reading.is_public_supply(row) and not request.actor.may(public, row.place):
        return False
    return bool(request.actor.may(Permission.ADJUSTMENT_DECIDE, row.place))


def _withdraw(request: Any, row: Adjustment) -> bool:
    waits = row.state == AdjustmentState.APPLIED
    return bool(waits and request.actor.may(Permission.ADJUSTMENT_APPLY, row.place))


def _acts(request: Any, row: Adjustment) -> dict[str, Any]:
    actor, now = request.actor, request.now
    return {
        "grant": lambda data: services.grant_adjustment(
            row.pk,
            number=data["number"],
            answer=data["answer"],
            signer=data["signer"],
            actor=actor,
            now=now,
            key=data["key"],
        ),
        "refuse": lambda data: services.refuse_adjustment(
            row.pk, answer=data["answer"], actor=actor, now=now, key=data["key"]
        ),
        "withdraw": lambda data: services.withdraw_adjustment(
            row.pk, actor=actor, now=now, key=data["key"]
        ),
    }


def _act_missing(data: dict[str, Any]) -> Adjustment:
    raise Refusal("adjustment.no_act", "没有说明要办什么。", remedy="请用页面上的按钮办理。")


def _decided(row: Adjustment) -> str:
    words = {
        AdjustmentState.GRANTED: f"已批准{row.get_direction_display()} {row.volume}，{row.number}，批复正在生成。",
        AdjustmentState.REFUSED: "已答复不批准，批复编文号后送达。",
        AdjustmentState.WITHDRAWN: "已撤回申请。",
    }
    return words[AdjustmentState(row.state)]


def _one_head(page: Setting, row: Adjustment) -> Any:
    account = reverse("ledger:account", args=[row.budget.unit_id])
    return page.head(
        f"{row.budget.unit.name}申请{row.get_direction_display()}",
        "adjustments",
        crumbs=[Crumb("调整"), Crumb("申请", page.url("adjustments"))],
        chip=_chip(row),
        actions=[Action("看水账", f"{account}?year={row.budget.year}")],
    )


def _facts_panel(row: Adjustment) -> Panel:
    facts = [
        Fact("水源 · 行业", _what(row)),
        Fact("申请量", _signed(row), unit=M3, signed=True, strong=True),
        Fact("理由类别", Ground(row.ground).label),
        Fact("说明", row.reason),
        Fact("申请日期", f"{row.applied_on:%Y-%m-%d}"),
        Fact("申请人", row.applied_by.name if row.applied_by else "系统"),
    ]
    if row.decided_on is not None:
        facts.append(Fact("办理日期", f"{row.decided_on:%Y-%m-%d}"))
        facts += [Fact("批复文号", row.number)] if row.number else []
        facts += [Fact("批复意见", row.answer)] if row.answer else []
    return Panel("申请", [Facts(facts)], wide=False)


def _limit_panel(limits: Adjustable | None) -> Panel | None:
    if limits is None:
        return None
    facts = [
        Fact("额度", limits.balance.net, unit=M3),
        Fact("已用", limits.balance.used, unit=M3),
        Fact("可用", limits.balance.available, unit=M3, strong=True),
        Fact("取水许可", limits.permit, unit=M3 if limits.permit is not None else ""),
        Fact(limits.where_from, limits.reserve, unit=M3),
    ]
    return Panel("现在的情况", [Facts(facts, figures=True)], wide=False)


def _effect_panel(row: Adjustment, effects: list[Effect], stop: str) -> Panel | None:
    if row.state != AdjustmentState.APPLIED:
        return None
    if stop:
        return Panel("批准后的影响", [Message(stop, "must_fix", lead="现在不能批准")], wide=False)
    columns = [
        Column("账户"),
        Column("现在", M3, kind="figure"),
        Column("变化", M3, kind="figure", signed=True, toned=True),
        Column("批准后", M3, kind="figure", strong=True),
    ]
    rows = [
        Row([_account_name(row, each.account), each.before, each.after - each.before, each.after])
        for each in effects
    ]
    table = Table(columns, rows, tight=True)
    return Panel("批准后的影响", [table], note="还没有保存任何内容")


def _account_name(row: Adjustment, account: AccountKey) -> str:
    where = row.budget.region.name
    names = {
        AccountKind.QUOTA: f"{row.budget.unit.name} · {account.source.label}额度",
        AccountKind.LOSS: f"{row.budget.unit.name} · 输配水损失额度",
        AccountKind.RESERVE: f"{where}{account.source.label}预留",
        AccountKind.POOL: "供水单位未分配水量",
    }
    return names.get(account.kind, account.kind.label)


def _papers_panel(row: Adjustment) -> Panel | None:
    if row.decided_on is None:
        return None
    papers = papers_about(f"adjustment/{row.pk}")
    rows = [
        Row(
            [
                Link(paper.title, reverse("papers:show", args=[paper.pk])),
                Chip(paper.state_term.label),
                Link("PDF", reverse("papers:download", args=[paper.pk]))
                if paper.state_term is PaperState.READY
                else "",
            ]
        )
        for paper in papers
    ]
    columns = [Column("文书"), Column("状态"), Column("", kind="action")]
    return Panel("批复", [Table(columns, rows, tight=True)])
