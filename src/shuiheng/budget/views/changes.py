"""上级调整: notices from above, what each would take from whom, and what it has taken."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.adjustment import ChangeForm
from shuiheng.budget.forms.grid import Cells
from shuiheng.budget.forms.issue import scan_of
from shuiheng.budget.models import ChangeAbove
from shuiheng.budget.rules import ChangeState, is_over_by_cut
from shuiheng.budget.selectors import adjustment as reading
from shuiheng.budget.selectors.adjustment import BooksRead, Loss, Sheltered
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.views.setting import Setting, executing
from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Book, Source
from shuiheng.core.volume import Volume, total
from shuiheng.inflow.selectors import regional_cuts
from shuiheng.ledger.rules import Entry
from shuiheng.office.selectors import budget_regions
from shuiheng.papers.selectors import attachments_of
from shuiheng.quota.rules import PER_10000
from shuiheng.ui.figures import M3, WAN
from shuiheng.ui.forms import NOT_SAVED, ActForm, Done, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    Fact,
    Facts,
    Link,
    Message,
    Name,
    Pages,
    Stat,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

TITLE = "上级调整"
NONE_YET = Empty("这一年还没有上级调整。", "总量年中有变化时，按来文录入，核对影响后执行。")


@login_required
@require_safe
def changes(request: Any) -> HttpResponse:
    """The notices of a year."""
    page = executing(request)
    own = [p.unit for p in request.actor.places(Permission.BUDGET_VIEW) if p.unit is not None]
    if own:
        return _own_cuts(request, page, own)
    _require_reader(request, page)
    rows = reading.changes(page.city, page.year)
    may = request.actor.may(Permission.CHANGE_ABOVE_ENTER, page.city.place)
    enter = Action("录入上级调整…", page.url("change_new"), primary=True) if may else None
    context = {
        "head": page.head(
            TITLE, "changes", crumbs=[Crumb("调整")],
            actions=[Action("预算调整", page.url("adjustments")), enter],
        ),
        "main": [Panel("来文", [_list_table(page, rows)])],
    }  # fmt: skip
    return render(request, "budget/panels.html", context)


def _own_cuts(request: Any, page: Setting, units: list[int]) -> HttpResponse:
    """What changes from above have taken from a unit's own accounts."""
    columns = [
        Column("来文"),
        Column("起算日期"),
        Column("水源"),
        Column("额度变化", M3, kind="figure", signed=True, strong=True),
    ]
    rows = [
        Row([Name(x.number, x.title), f"{x.effective_on:%Y-%m-%d}", x.source.label, -x.cut])
        for x in reading.own_cuts(units, page.year)
    ]
    note = "因上级调减而超出的部分，不作超用处理"
    table = Table(columns, rows, empty=Empty("这一年的上级调整没有动您的额度。"))
    head = page.head(TITLE, "changes", crumbs=[Crumb("调整")])
    panel = Panel("对本单位的影响", [table], note=note)
    return render(request, "budget/panels.html", {"head": head, "main": [panel]})


def _require_reader(request: Any, page: Setting) -> None:
    """Officers of the city and its districts; a unit sees a cut on its own account."""
    regions_seen(request.actor, page.city, page.year)


def _list_table(page: Setting, rows: list[ChangeAbove]) -> Table:
    columns = [
        Column("来文"),
        Column("起算日期"),
        Column("调增", WAN, kind="figure", signed=True),
        Column("调减", WAN, kind="figure", signed=True),
        Column("状态"),
        Column("录入"),
    ]
    lines = [
        Row(
            [
                Name(row.number, row.title, page.url("change", row.pk)),
                f"{row.effective_on:%Y-%m-%d}",
                total(line.delta for line in row.lines.all() if line.delta.m3 > 0),
                total(line.delta for line in row.lines.all() if line.delta.m3 < 0),
                _chip(row),
                row.act.user_name,
            ]
        )
        for row in rows
    ]
    return Table(columns, lines, empty=NONE_YET)


def _chip(row: ChangeAbove) -> Chip:
    done = row.state == ChangeState.APPLIED
    return Chip("已执行", "normal") if done else Chip("待执行", "warned")


# -- entering ---------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_new(request: Any) -> HttpResponse:
    """Enter a notice; nothing moves before it has been previewed and carried out."""
    page = executing(request)
    require(request.actor, Permission.CHANGE_ABOVE_ENTER, page.city.place)
    places = budget_regions(page.year, page.city)
    initial, cells = _proposed(request, page)
    form = ChangeForm(
        request.POST or None, request.FILES or None, places=places, cells=cells, initial=initial
    )
    context = _entry_context(page, form)
    if request.POST.get("act") == "check":
        status = 200 if form.is_valid() else NOT_SAVED
        return render(request, "budget/grid.html", {**context, "form": form}, status=status)
    return submit(
        request, form, lambda data: _enter(request, page, form, data),
        template="budget/grid.html", context=context,
        done=lambda made: Done(page.url("change", made.pk), "已录入，还没有执行。请核对影响。"),
    )  # fmt: skip


def _proposed(request: Any, page: Setting) -> tuple[dict[str, Any], Cells]:
    """What the form opens with: nothing, or the cut that the year's inflow proposes (USERS 21)."""
    asked = request.GET.get("cut", "")
    if not (asked.isdecimal() and 0 < len(asked) < 6 and 0 < int(asked) <= PER_10000):
        return {"effective_on": request.today}, {}
    cuts = regional_cuts(page.city, page.year, int(asked))
    title = f"来水偏枯，压减地表水额度 {int(asked) / 100:g}%"
    return (
        {"effective_on": request.today, "title": title},
        {(area, Source.SURFACE): -volume for area, volume in cuts.items()},
    )


def _enter(request: Any, page: Setting, form: ChangeForm, data: dict[str, Any]) -> ChangeAbove:
    return services.enter_change(
        page.city,
        page.year,
        form.lines(),
        number=data["number"],
        title=data["title"],
        effective_on=data["effective_on"],
        scan=scan_of(form),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _entry_context(page: Setting, form: ChangeForm) -> dict[str, object]:
    back = Action("返回清单", page.url("changes"))
    actions = [Action("核对…", name="act", value="check", primary=True), back]
    if form.is_bound and form.is_valid():
        label = f"录入（合计 {form.whole} 万m³）"
        save = Action(label, name="act", value="save", primary=True)
        actions = [save, Action("再核对", name="act", value="check"), back]
    return {
        "head": page.head(f"录入{TITLE}", "changes", crumbs=[Crumb("调整"), Crumb(TITLE)]),
        "grid_title": "分区、分水源的变化",
        "grid_note": "调增填正数，调减填负数，不变的留空",
        "paper_title": "来文",
        "actions": actions,
    }


# -- one notice -------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Any, change_id: int) -> HttpResponse:
    """A notice: before it is carried out who would lose what, afterwards who has lost what."""
    page = executing(request)
    _require_reader(request, page)
    row = reading.change(change_id, page.city)
    if row.state == ChangeState.APPLIED and request.method != "POST":
        return render(request, "budget/panels.html", _result(request, page, row))
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.apply_change(
            row.pk, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_preview(request, page, row, form),
        done=lambda done: Done(
            page.url("change", row.pk), f"已执行 {row.number}，涉及 {len(done[1])} 个账户。"
        ),
    )


def _plan(row: ChangeAbove, books: BooksRead) -> tuple[tuple[Entry, ...], str]:
    if row.state == ChangeState.APPLIED:
        return (), f"{row.number} 已经执行过。"
    try:
        entries, _ = services.plan_change(row, books_of=books)
    except Refusal as refusal:
        return (), str(refusal)
    return entries, ""


def _preview(request: Any, page: Setting, row: ChangeAbove, form: ActForm) -> dict[str, object]:
    books = BooksRead()
    entries, stop = _plan(row, books)
    losses = reading.planned_losses(entries, books)
    findings = _findings(losses, stop)
    may = request.actor.may(Permission.BUDGET_ISSUE, page.city.place)
    blocked = "不能执行，见上。" if stop else ""
    if not may:
        blocked = "您可以看，不能执行；执行由市级审核办理。"
    units = [loss for loss in losses if not loss.is_reserve]
    up, down = _sums(row)
    preview = Preview(
        f"执行（涉及 {len(units)} 个账户）" if units else "执行（不动单位）",
        [
            Stat("调增", up, WAN, signed=True),
            Stat("调减", down, WAN, signed=True),
            Stat("预留承担", total(x.cut for x in losses if x.is_reserve), WAN),
            Stat("单位承担", _cut_of_units(units), WAN),
        ],
        title="执行前核对",
        table=_lines_table(row, reading.sheltered(row, books)),
        findings=findings,
        undo="执行后不能撤回；有误时由上级另行来文调整，原下达和这一次都一直可查。",
        form=form if not blocked else None,
        blocked=blocked,
        others=[Action("返回清单", page.url("changes"))],
    )
    main = [_paper_panel(row), _losses_panel(request, losses, planned=True)]
    return {"head": _head(page, row), "main": main, "preview": preview}


def _cut_of_units(units: list[Loss]) -> Volume:
    """Counted where the water is taken: what a supplier loses, its customers lose inside it."""
    return total(loss.cut for loss in units if loss.account.book is Book.ABSTRACTION)


def _sums(row: ChangeAbove) -> tuple[Volume, Volume]:
    deltas = [line.delta for line in row.lines.all()]
    return total(d for d in deltas if d.m3 > 0), total(d for d in deltas if d.m3 < 0)


def _head(page: Setting, row: ChangeAbove) -> Any:
    crumbs = [Crumb("调整"), Crumb(TITLE, page.url("changes"))]
    return page.head(row.number, "changes", crumbs=crumbs, chip=_chip(row), note=row.title)


def _findings(losses: list[Loss], stop: str) -> list[Finding]:
    found = []
    if stop:
        found.append(Finding("change.stop", Severity.MUST_FIX, stop))
    words = "先用预留，不够的按各单位未用额度等比例分担；居民生活、基本生态和已经用掉的水不减。"
    found.append(Finding("change.rule", Severity.NOTE, words))
    dry = [loss for loss in losses if not loss.is_reserve and not loss.balance.available]
    if dry:
        names = "、".join(loss.name for loss in dry[:3])
        words = f"{len(dry)} 个账户执行后没有余额（{names}等），以后超出的部分标明“因上级调减”。"
        found.append(Finding("change.dry", Severity.LOOK, words))
    return found


def _lines_table(
    row: ChangeAbove, shelter: dict[tuple[int, Source], Sheltered] | None = None
) -> Table:
    columns = [
        Column("区域 · 水源"),
        Column("变化", WAN, kind="figure", signed=True, strong=True, toned=True),
    ]
    if shelter is not None:
        columns.append(Column("居民和生态", WAN, kind="figure"))
        columns.append(Column("已经用掉", WAN, kind="figure"))
    rows = []
    for line in row.lines.all():
        cells: list[object] = [f"{line.area.name} · {line.get_source_display()}", line.delta]
        if shelter is not None:
            kept = shelter.get((line.area_id, Source(line.source)))
            cells += [kept and kept.living, kept and kept.used]
        rows.append(Row(cells))
    return Table(columns, rows, tight=True)


def _paper_panel(row: ChangeAbove) -> Panel:
    scans = [
        Fact("扫描件", Link(kept.name, reverse("papers:attachment", args=[kept.pk])))
        for kept in attachments_of(f"change/{row.pk}")
    ]
    facts = [
        Fact("文号", row.number),
        Fact("标题", row.title),
        Fact("起算日期", f"{row.effective_on:%Y-%m-%d}"),
        Fact("录入", row.act.user_name, note=f"{row.act.at:%Y-%m-%d}"),
        *(scans or [Fact("扫描件", "没有附")]),
    ]
    return Panel("来文", [Facts(facts)], wide=False)


def _losses_panel(request: Any, losses: list[Loss], *, planned: bool) -> Panel:
    query = request.GET.urlencode()
    pages = Pages(len(losses), page_number(request.GET.get("page")), "个账户", query=query)
    columns = [
        Column("单位"),
        Column("原额度" if planned else "执行前", M3, kind="figure"),
        Column("调减", M3, kind="figure", signed=True, toned=True),
        Column("新额度", M3, kind="figure", strong=True),
        Column("已用", M3, kind="figure"),
        Column(""),
    ]
    rows = [_loss_row(loss) for loss in losses[pages.start : pages.stop]]
    empty = Empty("没有单位减少额度。", "调增先进预留，单位通过“启用预留”取得。")
    title = "谁减多少" if planned else "各账户的份额"
    return Panel(title, [Table(columns, rows, tight=True, empty=empty)], pages=pages)


def _loss_row(loss: Loss) -> Row:
    account = loss.account
    inside = "（供水账）" if account.book is Book.NETWORK else ""
    sector = f" · {account.sector.label}" if account.sector else ""
    chip: object = ""
    if is_over_by_cut(loss.balance, loss.cut):
        chip = Chip("因上级调减", "warned")
    elif not loss.is_reserve and not loss.balance.available:
        chip = Chip("已无余额")
    name = Name(loss.name, f"{account.source.label}{sector}{inside}")
    used = None if loss.is_reserve else loss.balance.used
    return Row([name, loss.before, -loss.cut, loss.after, used, chip])


def _result(request: Any, page: Setting, row: ChangeAbove) -> dict[str, object]:
    losses = reading.posted_losses(row)
    over = [loss for loss in losses if is_over_by_cut(loss.balance, loss.cut)]
    up, down = _sums(row)
    moved = [f"调增 {up.wan()} 万m³ 进入预留"] if up else []
    moved += [f"调减 {(-down).wan()} 万m³"] if down else []
    parts: list[Any] = [Message(f"已执行：{'，'.join(moved)}。", "done")]
    if over:
        words = f"{len(over)} 个账户现在超出新额度，是因为这次调减，不作超用处理。"
        parts.append(Message(words, "look", lead="因上级调减"))
    lines = _lines_table(row)
    return {
        "head": _head(page, row),
        "parts": parts,
        "main": [_losses_panel(request, losses, planned=False)],
        "aside": [_paper_panel(row), Panel("分区变化", [lines])],
    }
