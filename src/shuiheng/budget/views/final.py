"""决算: a unit's account to confirm or dispute, the officer's queue, districts, the end of the year."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shuiheng.budget import rules, services
from shuiheng.budget.forms.final import FinalStepForm
from shuiheng.budget.models import FinalAccount
from shuiheng.budget.rules import FinalState
from shuiheng.budget.rules.stages import FINAL_STEPS, StepRule
from shuiheng.budget.selectors import final as reading
from shuiheng.budget.selectors.final import StatedLine
from shuiheng.budget.views.setting import Setting, executing
from shuiheng.core.access import Permission
from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.papers.rules import PaperState
from shuiheng.papers.selectors import papers_about
from shuiheng.ui.figures import M3, WAN, percent
from shuiheng.ui.forms import ActForm, Done, go, new_key, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Empty,
    Fact,
    Facts,
    Link,
    Message,
    Name,
    Pages,
    Stat,
    StatStrip,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

TONES = {
    FinalState.OPEN: "neutral",
    FinalState.DISPUTED: "warned",
    FinalState.CONFIRMED: "grant",
    FinalState.REVIEWED: "normal",
    FinalState.CLOSED: "normal",
}
QUEUE = (
    FinalState.CONFIRMED,
    FinalState.DISPUTED,
    FinalState.OPEN,
    FinalState.REVIEWED,
    FinalState.CLOSED,
)
NOT_OPEN = Empty("这一年的决算还没有打开。", "12 月由市级经办打开，截至 11 月的用水自动填好。")


# -- the list ---------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finals(request: Any) -> HttpResponse:
    """A unit goes to its own account; an officer sees the accounts by state and reviews what is read."""
    page = executing(request)
    counts = reading.state_counts(request.actor, page.year)
    only = _only_own(request, page) if _is_unit(request) else None
    if only is not None:
        return HttpResponseRedirect(page.url("final", only.pk))
    state = _asked_state(request, counts)
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.review_final(
            _picked(request), actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/panels.html",
        context=_queue(request, page, counts, state, form),
        done=lambda count: Done(page.url("finals"), f"已审核通过 {count:,} 件决算。"),
    )


def _is_unit(request: Any) -> bool:
    places = request.actor.places(Permission.BUDGET_VIEW)
    return all(place.unit is not None for place in places)


def _only_own(request: Any, page: Setting) -> FinalAccount | None:
    own = list(reading.final_accounts(request.actor, page.year, None)[:2])
    return own[0] if len(own) == 1 else None


def _picked(request: Any) -> list[int]:
    """All that the preview counted, but for the boxes that were emptied. What was confirmed since is not
    among them, and a second click sends the same list."""
    counted = _numbers(request.POST.get("accounts", "").split(","))
    emptied = _numbers(request.POST.getlist("account_shown")) - _numbers(
        request.POST.getlist("account")
    )
    return sorted(counted - emptied)


def _numbers(texts: Sequence[str]) -> set[int]:
    return {int(text) for text in texts if text.isdecimal() and len(text) < 19}


def _asked_state(request: Any, counts: dict[FinalState, int]) -> FinalState:
    text = request.GET.get("state", "")
    if text in {state.value for state in FinalState}:
        return FinalState(text)
    return next((state for state in QUEUE if counts[state]), FinalState.OPEN)


def _queue(
    request: Any,
    page: Setting,
    counts: dict[FinalState, int],
    state: FinalState,
    form: ActForm,
) -> dict[str, object]:
    words = request.GET.get("q", "").strip()
    rows = reading.final_accounts(request.actor, page.year, state, words)
    reviews = state is FinalState.CONFIRMED and request.actor.may_somewhere(Permission.FINAL_REVIEW)
    counted = reading.sums_of(rows) if reviews else []
    count = len(counted) if reviews else (rows.count() if words else counts[state])
    query = request.GET.urlencode()
    pages = Pages(count, page_number(request.GET.get("page")), "户", query=query)
    shown = list(rows[pages.start : pages.stop])
    toolbar = Toolbar(
        search_label="单位名称", search=words, kept={"year": str(page.year), "state": state.value},
        picked=count if reviews else None, of=count if reviews else None,
    )  # fmt: skip
    panel = Panel("决算", [_queue_table(shown, page, pick=reviews)], toolbar=toolbar, pages=pages)
    preview = [_review_preview(counted, form)] if counted else []
    return {
        "head": _queue_head(request, page),
        "parts": [_tabs(page, counts, state)],
        "main": [panel],
        "aside": [*preview, *_districts(request, page)],
    }


def _queue_head(request: Any, page: Setting) -> Any:
    key, what = "county_final", "县级决算完成"
    if request.actor.may(Permission.BUDGET_VIEW, page.city.place):
        key, what = "city_final", "市级决算完成"
    may_open = request.actor.may(Permission.BUDGET_COMPILE, page.city.place)
    actions: list[Action | None] = []
    if may_open and page.budget.stage == "issued":
        label = "打开决算" if not _opened(page) else "补开决算"
        actions.append(Action(label, page.url("finals_open"), post=True, fields={"key": new_key()}))
    if request.actor.may(Permission.FINAL_CLOSE, page.city.place):
        actions.append(Action("市级封账…", page.url("finals_close")))
    due = page.due(request, key, what)
    return page.head("年度决算", "finals", crumbs=[Crumb("决算")], due=due, actions=actions)


def _opened(page: Setting) -> bool:
    return FinalAccount.objects.filter(budget__year=page.year).exists()


def _tabs(page: Setting, counts: dict[FinalState, int], state: FinalState) -> Choices:
    choices = [
        Choice(each.label, page.url("finals", state=each.value), each is state, counts[each])
        for each in QUEUE
    ]
    return Choices(choices, tabs=True, note=f"共 {sum(counts.values()):,} 户")


def _queue_table(rows: Sequence[Any], page: Setting, *, pick: bool) -> Table:
    columns = [
        Column("单位"),
        Column("额度", M3, kind="figure"),
        Column("截至11月", M3, kind="figure"),
        Column("12月暂估", M3, kind="figure"),
        Column("全年", M3, kind="figure", strong=True),
        Column("结余（−超用）", M3, kind="figure"),
        Column("执行率", "%", kind="figure"),
    ]
    lines = []
    for row in rows:
        used = row.closed if row.state == FinalState.CLOSED else row.used + row.december
        name = Name(
            row.budget.unit.name,
            f"{row.budget.region.name} · {row.budget.unit.get_kind_display()}",
            page.url("final", row.pk),
        )
        rate = Fraction(used.m3, row.quota.m3) if row.quota else None
        cells = [name, row.quota, row.used, row.december, used, row.quota - used, rate]
        lines.append(Row(cells, pick=str(row.pk) if pick else ""))
    return Table(
        columns,
        lines,
        tight=True,
        pick="account" if pick else "",
        pick_form="preview",
        empty=_no_rows(page),
    )


def _no_rows(page: Setting) -> Empty:
    return Empty("这里没有决算。", "换一个状态，或清空搜索。") if _opened(page) else NOT_OPEN


def _review_preview(counted: Sequence[reading.Sums], form: ActForm) -> Preview:
    over = sum(row.used > row.quota for row in counted)
    words = f"{over} 户全年超过额度，请先看过再通过。"
    findings = [Finding("final.over", Severity.LOOK, words)] if over else []
    return Preview(
        f"审核通过这 {len(counted):,} 件",
        [
            Stat("决算", len(counted), "件"),
            Stat("额度", total(row.quota for row in counted), WAN),
            Stat("全年用水", total(row.used for row in counted), WAN),
        ],
        title="通过前核对",
        findings=findings,
        undo="全年用水含12月暂估。通过后单件不能退回，封账时以水账为准。",
        form=form,
        fields=[("accounts", ",".join(str(row.account) for row in counted))],
    )


def _districts(request: Any, page: Setting) -> list[Panel]:
    """Each district's progress, with the button of whoever may complete it."""
    if _is_unit(request):
        return []
    regions = [
        area
        for area in page.years.city.children.filter(has_own_budget=True)
        if request.actor.may(Permission.BUDGET_VIEW, area.place)
    ]
    rows = []
    for row in reading.district_finals(page.city, regions, page.year):
        if row.final.area_id == page.city.pk:
            continue
        done = row.final.state == "completed"
        state: object = Chip("已完成", "normal") if done else f"待审 {row.waiting}"
        may = request.actor.may(Permission.FINAL_REVIEW, row.final.area.place)
        link: object = ""
        if may and not done and row.accounts:
            link = Link("完成…", page.url("finals_district", row.final.area_id))
        rows.append(Row([row.final.area.name, f"{row.reviewed} / {row.accounts}", state, link]))
    columns = [
        Column("区县"),
        Column("已审", kind="figure"),
        Column("状态"),
        Column("", kind="action"),
    ]
    panels = [Panel("区县决算", [Table(columns, rows, tight=True)])]
    closed = [b.year for b in page.years.budgets if b.stage == "closed" and b.year <= page.year]
    late = reading.late_use(regions, closed)
    if late:
        facts = [
            Fact(f"{x.year} 年", x.volume, unit=M3, note=f"{x.entries} 笔", signed=True)
            for x in late
        ]
        foot = "封账后补记的用水，列为备查，不减本年可用额度。"
        panels.append(Panel("以前年度调整", [Facts(facts, figures=True)], foot=foot, wide=False))
    return panels


# -- one account ------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def final(request: Any, account_id: int) -> HttpResponse:
    """One account: the books' figures, the steps that may be taken, its history of figures."""
    account = reading.final_account(account_id, request.actor)
    page = executing(request)
    lines = reading.stated_lines(account)
    form = FinalStepForm(request.POST or None)
    steps = _steps(request, account)
    context = {
        "head": _final_head(request, page, account),
        "stats": _final_stats(account, lines),
        "lines": _lines_panel(account, lines),
        "remark": _remark_panel(account),
        "papers": _papers_panel(account),
        "steps": steps,
        "asks": any(action.value not in ("confirm", "confirm_for", "review") for action in steps),
    }
    act = _acts(request, account).get(request.POST.get("act", ""), _act_missing)
    return submit(
        request, form, act, template="budget/final.html", context=context,
        done=lambda _: Done(page.url("final", account.pk), _did(request.POST["act"])),
    )  # fmt: skip


def _steps(request: Any, account: FinalAccount) -> list[Action]:
    """The buttons that the workflow table and the person's post allow."""
    actor, place = request.actor, account.place
    open_steps = rules.next_steps(FINAL_STEPS, account.state_term)
    allowed: list[StepRule] = [
        rule for rule in open_steps if rule.name != "close" and actor.may(rule.permission, place)
    ]
    actions = [
        Action(rule.label, name="act", value=rule.name, primary=not rule.needs_reason)
        for rule in allowed
    ]
    may_confirm = any(rule.name == "confirm" for rule in allowed)
    is_open = account.state_term is FinalState.OPEN
    if is_open and not may_confirm and actor.may(Permission.BUDGET_DRAFT_FOR, place):
        actions.append(Action("代办确认", name="act", value="confirm_for", primary=True))
    return actions


def _acts(request: Any, account: FinalAccount) -> dict[str, Any]:
    by = {"actor": request.actor, "now": request.now}
    one = [account.pk]

    def with_reason(service: Any) -> Any:
        return lambda data: service(account.pk, reason=data["reason"], key=data["key"], **by)

    return {
        "confirm": lambda data: services.confirm_final(one, key=data["key"], **by),
        "confirm_for": lambda data: services.confirm_final_for(one, key=data["key"], **by),
        "review": lambda data: services.review_final(one, key=data["key"], **by),
        "dispute": with_reason(services.dispute_final),
        "answer": with_reason(services.answer_dispute),
        "return": with_reason(services.return_final),
    }


def _act_missing(data: dict[str, Any]) -> None:
    raise Refusal("final.no_act", "没有说明要办什么。", remedy="请用页面上的按钮办理。")


def _did(act: str) -> str:
    return {
        "confirm": "已确认决算，等待审核。",
        "confirm_for": "已代办确认，等待审核。",
        "review": "已审核通过。",
        "dispute": "已提出异议，等待答复。",
        "answer": "已答复，请单位再确认。",
        "return": "已退回，请单位再确认。",
    }[act]


def _final_head(request: Any, page: Setting, account: FinalAccount) -> Any:
    unit = account.budget.unit
    books = reverse("ledger:account", args=[unit.pk])
    fields = {"key": new_key()}
    due = None
    if account.state_term is FinalState.OPEN:
        due = page.due(request, "unit_final", "单位报送决算")
    return page.head(
        f"{unit.name} {account.budget.year} 年度决算",
        "finals",
        crumbs=[Crumb("决算", page.url("finals")), Crumb(account.budget.region.name)],
        chip=Chip(account.state_term.label, TONES[account.state_term]),
        due=due,
        actions=[
            Action("看水账", f"{books}?year={account.budget.year}"),
            Action("打印决算表", page.url("final_print", account.pk), post=True, fields=fields),
        ],
    )


def _own(lines: list[StatedLine]) -> list[StatedLine]:
    """A supplier's network lines are inside its abstraction; a customer has nothing else."""
    return [x for x in lines if x.line.book == Book.ABSTRACTION] or lines


def _final_stats(account: FinalAccount, lines: list[StatedLine]) -> StatStrip:
    own = _own(lines)
    quota = total(x.line.quota for x in own)
    used, december = total(x.line.used for x in own), total(x.line.december_estimate for x in own)
    stated = total(x.stated for x in own)
    closed = account.state_term is FinalState.CLOSED
    whole = "封账时的水账" if closed else f"截至 {account.cut_off:%m-%d} 加12月暂估"
    rate = percent(Fraction(stated.m3, quota.m3)) if quota else "—"
    return StatStrip(
        [
            Stat("额度", quota, M3, line="下达加调整"),
            Stat("截至截止日已用", used, M3, line=f"到 {account.cut_off:%Y-%m-%d}"),
            Stat("12月暂估", december, M3, line="按计划和前 11 个月的执行推算"),
            Stat("全年用水", stated, M3, line=whole, focus=True),
            Stat("执行率", rate, line=_difference(quota - stated)),
        ]
    )


def _difference(left: Volume) -> str:
    return f"结余 {left}" if left.m3 >= 0 else f"超用 {-left}"


def _lines_panel(account: FinalAccount, lines: list[StatedLine]) -> Panel:
    closed = account.state_term is FinalState.CLOSED
    url = f"{reverse('ledger:account', args=[account.budget.unit_id])}?year={account.budget.year}"
    columns = [
        Column("水源 · 行业"),
        Column("额度", kind="figure"),
        Column("截至截止日", kind="figure"),
        Column("12月暂估", kind="figure"),
        *([Column("封账时", kind="figure")] if closed else []),
        Column("全年", kind="figure", strong=True),
        Column("结余（−超用）", kind="figure"),
        Column("执行率", "%", kind="figure"),
        *([Column("封账后补记", kind="figure", signed=True)] if closed else []),
    ]
    rows = [_line_row(x, url, closed=closed) for x in lines]
    foot = (
        "12月用水在下一年 1 月入账，封账时以水账为准。"
        if not closed
        else "补记的用水不改决算，列为以前年度调整。"
    )
    return Panel("分水源", [Table(columns, rows)], aside=M3, foot=foot)


def _line_row(x: StatedLine, url: str, *, closed: bool) -> Row:
    line = x.line
    below = "供水账" if line.book == Book.NETWORK else ""
    name = Name(f"{Source(line.source).label} · {Sector(line.sector).label}", below, url)
    rate = Fraction(x.stated.m3, line.quota.m3) if line.quota else None
    cells: list[object] = [name, line.quota, line.used, line.december_estimate]
    cells += [line.closed_used] if closed else []
    cells += [x.stated, x.left, rate]
    cells += [x.late if x.late else None] if closed else []
    return Row(cells)


def _remark_panel(account: FinalAccount) -> Panel | None:
    if not account.remark:
        return None
    return Panel("单位意见", [Message(account.remark, "look")], wide=False)


def _papers_panel(account: FinalAccount) -> Panel | None:
    papers = papers_about(f"final/{account.pk}")
    if not papers:
        return None
    rows = [
        Row(
            [
                Link(paper.title, reverse("papers:show", args=[paper.pk])),
                f"{paper.issued_on:%Y-%m-%d}" if paper.issued_on else "",
                Link("PDF", reverse("papers:download", args=[paper.pk]))
                if paper.state_term is PaperState.READY
                else paper.state_term.label,
            ]
        )
        for paper in papers
    ]
    columns = [Column("决算表"), Column("截至"), Column("", kind="action")]
    return Panel("已打印", [Table(columns, rows, tight=True)])


@login_required
@require_POST
def final_print(request: Any, account_id: int) -> HttpResponse:
    """决算表 as known today; the same figures give the same paper."""
    account = reading.final_account(account_id, request.actor)
    paper = services.print_final(account.pk, actor=request.actor, now=request.now)
    words = f"《{paper.title}》{paper.state_term.label}。"
    return go(request, Done(reverse("papers:show", args=[paper.pk]), words))


# -- opening, districts, the end --------------------------------------------------------------------


@login_required
@require_POST
def finals_open(request: Any) -> HttpResponse:
    """打开决算: an account per issued budget, filled from the books."""
    page = executing(request)
    form = ActForm(request.POST)
    key = form.cleaned_data["key"] if form.is_valid() else new_key()
    count = services.open_final_accounts(
        page.city, page.year, actor=request.actor, now=request.now, key=key
    )
    words = f"已打开 {count:,} 个单位的决算。" if count else "决算都已经打开，没有新的单位。"
    return go(request, Done(page.url("finals"), words))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finals_district(request: Any, area_id: int) -> HttpResponse:
    """县级决算完成: every unit's account has been reviewed."""
    page = executing(request)
    area = page.city.children.filter(pk=area_id).first()
    if area is None or not request.actor.may(Permission.FINAL_REVIEW, area.place):
        raise reading.no_district()
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.complete_district(
            area, page.year, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_completion(page, area, form),
        done=lambda _: Done(page.url("finals"), f"{area.name} {page.year} 年度决算已完成。"),
    )


def _completion(page: Setting, area: Area, form: ActForm) -> dict[str, object]:
    (row,) = reading.district_finals(area, [area], page.year)
    preview = Preview(
        f"完成{area.name}决算（{row.accounts:,} 户）",
        [
            Stat("决算", row.accounts, "户"),
            Stat("已审核", row.reviewed, "户"),
            Stat("待审", row.waiting, "户"),
        ],
        title="完成前核对",
        undo="完成后由市级汇总封账；封账以前单位的补报照常入账。",
        form=form,
        blocked=f"还有 {row.waiting} 户没有审核通过。" if row.waiting else "",
        others=[Action("返回决算", page.url("finals"))],
    )
    head = page.head(f"{area.name}决算", "finals", crumbs=[Crumb("决算")])
    return {"head": head, "preview": preview}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finals_close(request: Any) -> HttpResponse:
    """市级封账: what lapses, the lock, and that there is no way back."""
    page = executing(request)
    reading.require_closer(request.actor, page.city)
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.close_year(
            page.city, page.year, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_closing(page, form),
        done=lambda _: Done(page.url("finals"), f"{page.year} 年度已封账，没有用完的额度已核销。"),
    )


def _closing(page: Setting, form: ActForm) -> dict[str, object]:
    closed = page.budget.stage == "closed"
    found = [] if closed else reading.lapses(services.preview_close(page.city, page.year))
    lapsing = total(x.quotas + x.reserves for x in found)
    open_ones = _open_districts(page)
    blocked = f"{page.year} 年度已经封账。" if closed else ""
    preview = Preview(
        f"封账（核销 {lapsing.wan()} 万m³）",
        [
            Stat("未用额度", total(x.quotas for x in found), "万m³"),
            Stat("预留", total(x.reserves for x in found), "万m³"),
            Stat("没有完成的区县", len(open_ones), "个"),
        ],
        title="封账前核对",
        table=_lapse_table(found),
        undo="封账后永久锁定，不能重新打开：额度不再变动，补记的用水照常入账，列为以前年度调整。",
        form=form,
        blocked=blocked,
        others=[Action("返回决算", page.url("finals"))],
    )
    head = page.head("市级决算封账", "finals", crumbs=[Crumb("决算")])
    main = []
    if open_ones:
        words = f"还没有完成决算：{'、'.join(open_ones)}。完成以后才能封账。"
        main.append(Message(words, "must_fix", lead="必改"))
    return {"head": head, "preview": preview, "parts": main}


def _open_districts(page: Setting) -> list[str]:
    regions = list(page.city.children.filter(has_own_budget=True))
    rows = reading.district_finals(page.city, regions, page.year)
    return [
        row.final.area.name
        for row in rows
        if row.final.area_id != page.city.pk and row.final.state != "completed"
    ]


def _lapse_table(found: list[reading.Lapse]) -> Table:
    columns = [
        Column("水源"),
        Column("单位未用额度", M3, kind="figure"),
        Column("预留和待分配", M3, kind="figure"),
        Column("合计核销", M3, kind="figure", strong=True),
    ]
    rows = [Row([x.source.label, x.quotas, x.reserves, x.quotas + x.reserves]) for x in found]
    quotas, reserves = total(x.quotas for x in found), total(x.reserves for x in found)
    sums = ["合计", quotas, reserves, quotas + reserves]
    return Table(columns, rows, sums=sums, tight=True, empty=Empty("没有要核销的水量。"))
