"""汇编: where each area stands, what its drafts add up to, and the step that comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.areas import ReplyForm
from shuiheng.budget.forms.review import ReasonForm
from shuiheng.budget.models import AreaBudget, Step
from shuiheng.budget.rules import AREA_STEPS, AreaStage, UnitStage, next_steps
from shuiheng.budget.selectors import areas as selectors
from shuiheng.budget.selectors.areas import AreaSheet, Sums
from shuiheng.budget.selectors.drafts import history_of, years
from shuiheng.budget.views.case import draft_url, due_of, stage_chip, year_before
from shuiheng.budget.views.drafts import asked_year, year_choices
from shuiheng.core.access import Actor
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Sector, Source
from shuiheng.ui import figures
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm, Done, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Due,
    Empty,
    Link,
    Message,
    Name,
    PageHead,
    Part,
    Stat,
    StatStrip,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

STEPS: dict[str, Callable[..., AreaBudget]] = {
    "compile": services.compile_area,
    "report": services.report_area,
    "approve": services.approve_area,
    "return": services.return_area,
}
TONES = {AreaStage.RETURNED: "warned", AreaStage.APPROVED: "normal", AreaStage.ISSUED: "grant"}
MOST_WAITING = 20


@login_required
@require_safe
def areas(request: Any) -> HttpResponse:
    """All areas of one's office; a district officer is led to his own."""
    every = years()
    year = asked_year(request, every)
    budgets = selectors.area_budgets(request.actor, year)
    if not budgets:
        raise Refusal("area_budget.none", "您的岗位没有汇编的工作。", kind=Kind.FORBIDDEN)
    if len(budgets) == 1:
        return redirect("budget:area", budgets[0].pk)
    city = next((b for b in budgets if not b.area.has_own_budget), None)
    sheets = selectors.sheets([b for b in budgets if b.area.has_own_budget])
    whole = selectors.city_sheet(city or budgets[0], list(sheets.values()))
    before = year_before(year, request.today)
    context = {
        "head": _list_head(request, city or budgets[0], year, every),
        "parts": _stats(whole, before, list(sheets.values())),
        "main": Panel("各区县", [_district_table(sheets, whole, before)], aside=WAN),
    }
    return render(request, "budget/panels.html", context)


@login_required
@require_safe
def area(request: Any, area_budget_id: int) -> HttpResponse:
    """One area: what it adds up to by source and sector, what is missing, what comes next."""
    budget = selectors.find_area_budget(request.actor, area_budget_id)
    sheet = _sheet(request.actor, budget)
    before = year_before(budget.year, request.today)
    steps = history_of(f"area-budget/{budget.pk}")
    context = {
        "head": _area_head(request, sheet),
        "parts": [*_told(budget, steps), *_stats(sheet, before)],
        "main": [
            Panel("按水源", [_source_table(sheet, before)], note="只算取水", aside=WAN),
            Panel("按行业", [_sector_table(sheet, before)], note="供水按用户行业算", aside=WAN),
        ],
        "aside": [_missing(sheet), _history(steps)],
    }
    return render(request, "budget/panels.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: Any, area_budget_id: int, step: str) -> HttpResponse:
    """A step of an area's budget: what it will do, then one button."""
    budget = selectors.find_area_budget(request.actor, area_budget_id)
    if step not in STEPS:
        raise Refusal("step.unknown", "没有这一步。", kind=Kind.MISSING, remedy="请返回区域页面。")
    form = _form(step, budget, request.POST or None)
    sheet = _sheet(request.actor, budget)
    return submit(
        request,
        form,
        lambda data: STEPS[step](
            budget.pk,
            **{name: data[name] for name in ("reason", "reply") if name in data},
            actor=request.actor,
            now=request.now,
            key=data["key"],
        ),
        template="budget/preview.html",
        context=_step_page(request, sheet, step, form),
        done=lambda after: Done(_url(after), f"{after.area.name}：{after.stage_term.label}。"),
    )


def _url(budget: AreaBudget) -> str:
    return reverse("budget:area", args=[budget.pk])


def _sheet(actor: Actor, budget: AreaBudget) -> AreaSheet:
    if budget.area.has_own_budget:
        return selectors.sheets([budget])[budget.area_id]
    within = selectors.area_budgets(actor, budget.year)
    districts = selectors.sheets([b for b in within if b.area.has_own_budget])
    return selectors.city_sheet(budget, list(districts.values()))


def _form(step: str, budget: AreaBudget, data: Any) -> ActForm:
    if step == "return":
        return ReasonForm(data)
    if step == "approve" and not budget.area.has_own_budget:
        return ReplyForm(data)
    return ActForm(data)


# -- heads ----------------------------------------------------------------------------------------


def _due(request: Any, budget: AreaBudget) -> Due:
    key, what = ("county_draft", "县级草案完成")
    if not budget.area.has_own_budget:
        key, what = ("city_draft", "市级草案完成")
    return due_of(key, budget.year, request.today, what)[0]


def _list_head(request: Any, budget: AreaBudget, year: int, every: list[int]) -> PageHead:
    return PageHead(
        f"{budget.area.name}草案汇编",
        crumbs=[Crumb(budget.area.name), Crumb("审核", _review_url(budget)), Crumb("汇编")],
        year=year,
        years=year_choices(every, "budget:areas"),
        chip=_chip(budget),
        due=_due(request, budget),
        actions=_actions(request.actor, budget),
    )


def _area_head(request: Any, sheet: AreaSheet) -> PageHead:
    budget = sheet.budget
    listing = f"{reverse('budget:areas')}?year={budget.year}"
    return PageHead(
        f"{budget.area.name}草案汇编",
        crumbs=[
            Crumb(budget.area.name),
            Crumb("审核", _review_url(budget)),
            Crumb("汇编", listing),
        ],
        year=budget.year,
        chip=_chip(budget),
        due=_due(request, budget),
        actions=_actions(request.actor, budget),
    )


def _review_url(budget: AreaBudget) -> str:
    return f"{reverse('budget:review')}?year={budget.year}&area={budget.area.code}"


def _chip(budget: AreaBudget) -> Chip:
    return Chip(budget.stage_term.label, TONES.get(budget.stage_term, "neutral"))


def _actions(actor: Actor, budget: AreaBudget) -> list[Action]:
    """The steps that this person may take now; going on is the primary one, going back is not."""
    mine = [
        rule
        for rule in next_steps(AREA_STEPS, budget.stage_term)
        if rule.name in STEPS and actor.may(rule.permission, budget.place)
    ]
    ordered = sorted(mine, key=lambda rule: not rule.needs_reason)
    return [
        Action(
            f"{rule.label}…",
            reverse("budget:area_step", args=[budget.pk, rule.name]),
            primary=not rule.needs_reason,
        )
        for rule in ordered
    ]


# -- what it adds up to ---------------------------------------------------------------------------


def _stats(sheet: AreaSheet, before: str, districts: list[AreaSheet] | None = None) -> list[Part]:
    whole = sheet.whole
    change = figures.change(whole.proposed, whole.last_quota)
    known = bool(whole.last_quota or whole.last_used)
    stats = [
        Stat("申报", whole.proposed, WAN, decimals=0, line=f"{sheet.units} 个单位"),
        Stat(
            "核定",
            whole.reviewed,
            WAN,
            decimals=0,
            focus=True,
            line=f"{sheet.waiting} 个单位待审或未报",
        ),
    ]
    if known:
        line = f"申报比{before}额度 {change}"
        stats.append(Stat(f"{before}额度", whole.last_quota, WAN, decimals=0, line=line))
        used = "按入账的用水"
        stats.append(Stat(f"{before}已用", whole.last_used, WAN, decimals=0, line=used))
    else:
        stats.append(Stat(f"{before}额度", figures.NOT_YET_KNOWN, line="账簿从本年度开始"))
    if districts is not None:
        done = sum(d.budget.stage_term is AreaStage.APPROVED for d in districts)
        stats.insert(0, Stat("已审定", f"{done} / {len(districts)}", "区县"))
    return [StatStrip(stats)]


def _columns(head: str, before: str) -> list[Column]:
    return [
        Column(head),
        Column("申报", WAN, kind="figure", decimals=0),
        Column("核定", WAN, kind="figure", decimals=0, strong=True),
        Column(f"{before}额度", WAN, kind="figure", decimals=0),
        Column(f"{before}已用", WAN, kind="figure", decimals=0),
        Column("核定比额度", WAN, kind="figure", decimals=0, signed=True, toned=True),
    ]


def _cells(sums: Sums) -> list[object]:
    known = sums.last_quota or sums.last_used
    change = sums.reviewed - sums.last_quota if sums.reviewed and sums.last_quota else None
    last = [sums.last_quota, sums.last_used] if known else [figures.NOT_YET_KNOWN] * 2
    return [sums.proposed, sums.reviewed, *last, change]


def _source_table(sheet: AreaSheet, before: str) -> Table:
    return _sums_table("水源", sheet.by_source, sheet.whole, before)


def _sector_table(sheet: AreaSheet, before: str) -> Table:
    return _sums_table("行业", sheet.by_sector, sum(sheet.by_sector.values(), Sums()), before)


def _sums_table(
    head: str, parts: Mapping[Source, Sums] | Mapping[Sector, Sums], whole: Sums, before: str
) -> Table:
    rows = [Row([_label(term), *_cells(sums)]) for term, sums in parts.items()]
    return Table(_columns(head, before), rows, sums=["合计", *_cells(whole)], tight=True)


def _label(term: Source | Sector) -> str:
    return "供水未落到用户" if term is Sector.SUPPLY else term.label


def _district_table(sheets: Mapping[int, AreaSheet], whole: AreaSheet, before: str) -> Table:
    columns = _columns("区县", before)
    columns[1:1] = [Column("状态"), Column("待审或未报", kind="figure")]
    columns.append(Column("", kind="action"))
    rows = [
        Row(
            [
                Name(sheet.budget.area.name, f"{sheet.units} 个单位", _url(sheet.budget)),
                _chip(sheet.budget),
                sheet.waiting,
                *_cells(sheet.whole),
                Link(_verb(sheet), _url(sheet.budget)),
            ]
        )
        for sheet in sheets.values()
    ]
    sums = ["合计", "", whole.waiting, *_cells(whole.whole), ""]
    return Table(columns, rows, caption="各区县草案", sums=sums)


def _verb(sheet: AreaSheet) -> str:
    return "审定" if sheet.budget.stage_term is AreaStage.REPORTED else "查看"


# -- what is missing, what happened -----------------------------------------------------------------


def _missing(sheet: AreaSheet) -> Panel:
    budget = sheet.budget
    if not budget.area.has_own_budget:
        return Panel("还差什么", [Empty("先审定各区县，再汇编全市。", "进度看清单。")])
    waiting = selectors.waiting_units(budget, MOST_WAITING)
    columns = [Column("单位"), Column("状态"), Column("联系人")]
    rows = [
        Row(
            [
                Name(each.unit.name, each.unit.kind_term.label, draft_url(each)),
                stage_chip(each),
                Name(each.unit.contact, each.unit.phone or "没有电话"),
            ]
        )
        for each in waiting
    ]
    more = sheet.waiting - len(waiting)
    empty = Empty("所有单位都审核完了。", "可以汇编上报。")
    return Panel(
        "还差什么",
        [Table(columns, rows, tight=True, empty=empty)],
        note=f"{sheet.waiting} 个单位" if sheet.waiting else "",
        foot=f"还有 {more} 个没有列出。" if more > 0 else "",
        foot_link=Link("去审核", _review_url(budget)) if sheet.waiting else None,
    )


def _history(steps: tuple[Step, ...]) -> Panel:
    labels = {rule.name: rule.label for rule in AREA_STEPS}
    columns = [Column("时间"), Column("办理"), Column("谁"), Column("说明")]
    rows = [
        Row([figures.moment(s.act.at), labels.get(s.name, s.name), s.act.user_name, s.reason])
        for s in steps
    ]
    empty = Empty("还没有办理记录。", "汇编、上报和审定会记在这里。")
    return Panel("办理记录", [Table(columns, rows, tight=True, empty=empty)])


def _told(budget: AreaBudget, steps: tuple[Step, ...]) -> list[Part]:
    """What came back from above stands on top of the page."""
    if budget.stage_term is AreaStage.RETURNED and steps:
        return [Message(steps[0].reason, "look", lead=f"{steps[0].act.user_name}退回：")]
    return []


# -- a step ---------------------------------------------------------------------------------------

WORDS = {
    "compile": "汇编后各单位草案不能再改；上报后被退回，才能重新审核。",
    "report": "上报后等上级审定；上级可以退回。",
    "approve": "审定后进入基准额度核算和下达，不能撤回。",
    "return": "退回后该区县各单位草案回到“审核通过”，可以重新审核再汇编。",
}


def _step_page(request: Any, sheet: AreaSheet, step: str, form: ActForm) -> dict[str, object]:
    budget, before = sheet.budget, year_before(sheet.budget.year, request.today)
    rule = next((r for r in AREA_STEPS if r.name == step), None)
    label = rule.label if rule else step
    preview = Preview(
        f"{label} {budget.area.name}{_amount(sheet, step)}",
        [
            Stat("单位", sheet.units, "户"),
            Stat("申报", sheet.whole.proposed, WAN, decimals=0),
            Stat("核定", sheet.whole.reviewed, WAN, decimals=0),
        ],
        title=f"{label}前核对",
        undo=WORDS[step],
        form=form,
        others=[Action("返回", _url(budget))],
        blocked=_blocked(request.actor, sheet, step),
    )
    head = _area_head(request, sheet)
    return {
        "head": PageHead(
            f"{label}：{budget.area.name} {budget.year} 年度草案",
            crumbs=[*head.crumbs, Crumb(label)],
            year=budget.year,
            chip=head.chip,
            due=head.due,
        ),
        "main": [
            Panel("按水源", [_source_table(sheet, before)], aside=WAN),
            Panel("按行业", [_sector_table(sheet, before)], aside=WAN),
        ],
        "preview": preview,
    }


def _amount(sheet: AreaSheet, step: str) -> str:
    if step == "return":
        return ""
    compiled = sheet.stages.get(UnitStage.ACCEPTED, 0) + sheet.stages.get(UnitStage.COMPILED, 0)
    return f" {compiled} 件，{sheet.whole.reviewed.wan(0)} 万m³"


def _blocked(actor: Actor, sheet: AreaSheet, step: str) -> str:
    """Why the button is not there; what only the service can know, it says itself."""
    rule = next(
        (r for r in next_steps(AREA_STEPS, sheet.budget.stage_term) if r.name == step), None
    )
    if rule is None:
        return f"现在是“{sheet.budget.stage_term.label}”，不能办这一步。"
    if not actor.may(rule.permission, sheet.budget.place):
        return "您的岗位可以查看，不能办这一步。"
    if step == "compile" and sheet.waiting and sheet.budget.area.has_own_budget:
        return f"还有 {sheet.waiting} 个单位没有审核完，不能汇编。"
    return ""
