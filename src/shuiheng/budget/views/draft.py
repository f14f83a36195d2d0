"""One draft: the form a unit fills in (or an officer for it), its check before submitting, what it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shuiheng.budget import rules, services
from shuiheng.budget.forms.drafts import (
    ActivityRows,
    DraftForm,
    activity_rows,
    crop_key,
    edited,
    norm_choices,
)
from shuiheng.budget.models import Budget
from shuiheng.budget.rules import UnitStage
from shuiheng.budget.selectors import drafts as selectors
from shuiheng.budget.selectors.drafts import DraftCase, Planted
from shuiheng.budget.views import case as parts
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Finding, Refusal, blocking
from shuiheng.core.vocabulary import Book, Sector, UnitKind
from shuiheng.core.volume import total
from shuiheng.papers.models import Attachment
from shuiheng.ui import figures
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm, Done, PhotoInput, complain, go, submit
from shuiheng.ui.parts import (
    Action,
    Crumb,
    FindingList,
    Message,
    PageHead,
    Progress,
    Section,
    SectionList,
    Stat,
)
from shuiheng.ui.refusals import STATUS
from shuiheng.ui.tables import Panel, Preview

NOT_SAVED = 422
EDITABLE = (UnitStage.DRAFT, UnitStage.RETURNED)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: Any, year: int, unit_id: int) -> HttpResponse:
    """The draft of a unit's year: a form while it may be changed, else what it became."""
    budget = selectors.find_draft(request.actor, year, unit_id)
    case = selectors.draft_case(budget, request.today)
    if not _may_edit(request.actor, budget):
        return _show(request, case)
    if request.method == "POST":
        return _save(request, case)
    return render(request, "budget/draft.html", _page(request, case))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit_draft(request: Any, year: int, unit_id: int) -> HttpResponse:
    """核对并提交: what will be sent, to whom, what must be mended before and what may be looked at."""
    budget = selectors.find_draft(request.actor, year, unit_id)
    case = selectors.draft_case(budget, request.today)
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.submit_draft(
            budget.pk, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/draft_submit.html",
        context=_check_page(request, case, form),
        done=lambda _: Done(parts.draft_url(budget), _submitted(case)),
    )


@login_required
@require_POST
def withdraw_draft(request: Any, year: int, unit_id: int) -> HttpResponse:
    """撤回, until it has been decided."""
    budget = selectors.find_draft(request.actor, year, unit_id)
    key = _key(request)
    services.withdraw_draft(budget.pk, actor=request.actor, now=request.now, key=key)
    return go(request, Done(parts.draft_url(budget), "已撤回，可以修改后再提交。"))


class AttachForm(ActForm):
    file = forms.FileField(
        label="附件",
        widget=PhotoInput(accept=".pdf,.jpg,.jpeg,.png,.docx,.xlsx"),
        help_text="盖章的申报表、许可证、种植合同等；PDF、照片、Word 或 Excel，一次一个。",
        error_messages={"required": "请先选择文件。", "empty": "这是空文件，请重新选择。"},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: Any, year: int, unit_id: int) -> HttpResponse:
    """附件: one file at a time, kept with the draft."""
    budget = selectors.find_draft(request.actor, year, unit_id)
    url = parts.draft_url(budget) + "?step=5#note"
    crumbs = [Crumb(budget.unit.name, parts.draft_url(budget)), Crumb("附件")]
    head = PageHead(f"{year} 年度水预算草案的附件", crumbs=crumbs, year=year)
    return submit(
        request,
        AttachForm(request.POST or None, request.FILES or None),
        lambda data: _attach(request, budget, data),
        template="budget/attach.html",
        context={"head": head, "back": url},
        done=lambda kept: Done(url, f"已上传“{kept.name}”。"),
    )


def _attach(request: Any, budget: Budget, data: dict[str, Any]) -> Attachment:
    file = data["file"]
    return services.attach_to_draft(
        budget.pk,
        file.name,
        file.read(),
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


# -- saving ---------------------------------------------------------------------------------------


def _save(request: Any, case: DraftCase) -> HttpResponse:
    act = request.POST.get("act", "")
    data = edited(request.POST, case)
    form, rows = DraftForm(data, case), activity_rows(data, case)
    if act == "auto":
        return _autosave(request, case, form, rows)
    page = _page(request, case, form, rows)
    if act == "add":
        return render(request, "budget/draft.html", page)
    return submit(
        request,
        form,
        lambda _: _keep(request, case, form, rows),
        template="budget/draft.html",
        context=page,
        done=lambda saved: _after(act, saved),
        also=_asked_rows(case, rows),
    )


def _asked_rows(case: DraftCase, rows: ActivityRows) -> list[ActivityRows]:
    """A supplier is not asked what it plants or makes."""
    return [] if case.budget.unit.kind_term.is_supplier else [rows]


def _keep(request: Any, case: DraftCase, form: DraftForm, rows: ActivityRows) -> Budget:
    return services.save_draft(
        case.budget.pk,
        proposed=form.proposed(),
        months=form.cleaned_data["months"],
        note=form.cleaned_data["note"],
        activities=None if case.budget.unit.kind_term.is_supplier else rows.rows(),
        version=form.cleaned_data["version"],
        actor=request.actor,
        now=request.now,
        key=form.cleaned_data["key"],
    )


def _after(act: str, saved: Budget) -> Done:
    """Where a button leads once everything typed is kept."""
    url, (name, _, step) = parts.draft_url(saved), act.partition(":")
    match name:
        case "check":
            return Done(reverse("budget:draft_submit", args=[saved.year, saved.unit_id]))
        case "next" if step.isdecimal():
            return Done(f"{url}?step={int(step)}")
        case "complete":
            return Done(f"{url}?step=4#months", "已按比例补齐十二个月。")
        case "balance":
            return Done(f"{url}?step=3#water", "已按供水加损失补齐取水。")
        case "remove":
            return Done(f"{url}?step=2#crops", "已删去一行。")
    moment = saved.saved_at
    return Done(url, f"已保存草案，{figures.moment(moment) if moment else ''}。")


def _autosave(request: Any, case: DraftCase, form: DraftForm, rows: ActivityRows) -> HttpResponse:
    """What htmx sends as one types: everything but the fields comes back."""
    status, problem = 200, ""
    if not all([form.is_valid(), *(each.is_valid() for each in _asked_rows(case, rows))]):
        status, problem = NOT_SAVED, "还没有保存：有的数字要先改好"
    else:
        try:
            saved = _keep(request, case, form, rows)
        except Refusal as refusal:
            complain(form, refusal)
            status, problem = STATUS[refusal.kind], str(refusal)
        else:
            fresh = selectors.find_draft(request.actor, saved.year, saved.unit_id)
            case = selectors.draft_case(fresh, request.today)
    page = _page(request, case, form if problem else None, rows if problem else None)
    context = {**page, "problem": problem, "oob": True, "fresh": ActForm()}
    return render(request, "budget/draft_live.html", context, status=status)


# -- the page of the form -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form: its name on the desk, its question on a phone."""

    key: str
    label: str
    question: str
    hint: str


@dataclass(frozen=True, slots=True)
class LineField:
    """A volume to fill in, with what is known beside it and what was found below it."""

    bound: forms.BoundField
    note: str
    finding_list: FindingList
    errors: tuple[str, ...]


def _page(
    request: Any,
    case: DraftCase,
    form: DraftForm | None = None,
    rows: ActivityRows | None = None,
) -> dict[str, object]:
    budget = case.budget
    before = parts.year_before(budget.year, request.today)
    form = form or DraftForm(None, case)
    findings = [parts.shown(finding) for finding in rules.check_draft(case.facts)]
    rows = rows or activity_rows(None, case)
    sections = _parts(case, parts.coming_year(budget.year, request.today), before)
    step = _wrong_step(form, rows, sections) or _step(request, len(sections))
    lines = _line_fields(case, form, findings, before)
    return {
        "head": _head(request, case),
        "case": case,
        "form": form,
        **_crops(case, rows),
        "before": before,
        "coming": parts.coming_year(budget.year, request.today),
        "step": step,
        "facts": parts.unit_facts(case),
        "permits": parts.permit_table(case),
        "sections": _section_list(sections, case, form, findings, step),
        "now": sections[step - 1],
        "then": sections[step] if step < len(sections) else None,
        "then_step": step + 1,
        "progress": _progress(case, step, len(sections)),
        "intake": [line for line in lines if not _is_supply(line)],
        "served": [line for line in lines if _is_supply(line)],
        "supply": parts.supply_sentence(case),
        "summary": parts.summary(case, before),
        "checks": FindingList(findings, linked=True, empty="没有要改的，可以提交。"),
        "checked": FindingList(findings).counts or "没有问题",
        "saved": _saved(case),
        "planned": total(case.facts.months),
        "messages_above": _messages(request.actor, case),
        "attachments": parts.attachment_rows(case),
        "attach_form": AttachForm(auto_id="id_attach_%s"),
        "attach_url": reverse("budget:draft_attach", args=[budget.year, budget.unit_id]),
        "draft_url": parts.draft_url(budget),
        "demand_url": parts.demand_url(budget),
        "output_url": parts.output_url(budget),
    }


def _crops(case: DraftCase, rows: ActivityRows) -> dict[str, object]:
    """Each row beside what is known of it, and where its norm comes from."""
    by_norm = bool(norm_choices(case))
    known = {crop_key(each) if by_norm else each.item: each for each in case.planted}
    blank = Planted("", "", None, "")
    return {
        "rows": rows,
        "by_norm": by_norm,
        "crops": [(form, known.get(form["what"].value(), blank)) for form in rows.forms],
        "norm_sources": sorted({f"定额依据：{each.basis}" for each in case.planted if each.basis}),
    }


def _head(request: Any, case: DraftCase) -> PageHead:
    budget = case.budget
    due, _ = parts.due_of("unit_draft", budget.year, request.today, f"报{_authority(case)}")
    listing = reverse("budget:drafts") + f"?year={budget.year}"
    return PageHead(
        f"{budget.year} 年度水预算草案",
        crumbs=[Crumb(budget.unit.name), Crumb("编制", listing)],
        year=budget.year,
        due=due,
        phone_title=f"{budget.year} 年草案",
        back=listing,
    )


def _authority(case: DraftCase) -> str:
    """Who reviews it: the district's water bureau, for public supply the city's (方案 四(二))."""
    public = case.budget.unit.kind_term is UnitKind.WATERWORKS
    return "市水务局" if public else f"{case.budget.region.name}水务局"


def _parts(case: DraftCase, coming: str, before: str) -> list[Part]:
    unit = case.budget.unit
    supplier = unit.kind_term.is_supplier
    if supplier:
        second = Part(
            "crops", "供水与损失", f"{coming}要供多少水？", "用户已报的自动带入，损失按实际填。"
        )
    elif unit.sector_term is Sector.AGRICULTURE:
        second = Part(
            "crops",
            "种植与面积",
            f"{coming}种什么，各种多少亩？",
            f"已带入{before}的作物，有变化的改一下。",
        )
    else:
        second = Part(
            "crops", "产品与规模", f"{coming}做多少产品、服务多少人？", "选填；有定额的按定额测算。"
        )
    return [
        Part("unit", "单位与许可", "先看一眼，这些对不对？", "不对的请打电话给水务局更正。"),
        second,
        Part(
            "water",
            "水源与水量",
            f"{coming}用哪里的水，各用多少？",
            "单位是万m³，下面写着合多少 m³。",
        ),
        Part("months", "每月计划", "每个月大约用多少？", "可以按比例补齐，再改有变化的月份。"),
        Part("note", "说明与附件", "还有什么要说明的？", "没有就直接核对提交。"),
    ]


def _step(request: HttpRequest, most: int) -> int:
    text = request.GET.get("step", "1")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 3 else 1


def _wrong_step(form: DraftForm, rows: ActivityRows, sections: list[Part]) -> int:
    """The step that holds the first complaint of a form that came back; 0 when there is none."""
    supply = {line.field for _, line in form.case.lines if line.book is Book.NETWORK}
    supplier = form.case.budget.unit.kind_term.is_supplier
    wrong = set()
    for name in form.errors if form.is_bound else ():
        if name.startswith("line-"):
            wrong.add("crops" if supplier and name in supply else "water")
        wrong.add(name)
    if rows.is_bound and not supplier and not rows.is_valid():
        wrong.add("crops")
    return next((n for n, part in enumerate(sections, start=1) if part.key in wrong), 0)


def _section_list(
    sections: list[Part], case: DraftCase, form: DraftForm, findings: list[Finding], step: int
) -> SectionList:
    lines = {
        "unit": ("done", "已带入"),
        "crops": _crops_line(case),
        "water": _found_line(findings, form, "line-", f"{case.facts.proposed.wan()} 万m³"),
        "months": _found_line(findings, form, "months", "合计相等"),
        "note": ("done", "已写说明") if case.budget.note else ("open", "选填"),
    }
    url = parts.draft_url(case.budget)
    return SectionList(
        [
            Section(
                part.label,
                lines[part.key][1],
                f"{url}?step={number}#{part.key}",
                lines[part.key][0],
                current=number == step,
            )
            for number, part in enumerate(sections, start=1)
        ]
    )


def _crops_line(case: DraftCase) -> tuple[str, str]:
    if case.budget.unit.kind_term.is_supplier:
        return "done", "自动带入"
    if not case.planted:
        return "open", "没有填"
    return (
        "done",
        f"{len(case.planted)} 种" if case.declared else f"{len(case.planted)} 种，带入待核",
    )


def _found_line(
    findings: list[Finding], form: DraftForm, prefix: str, done: str
) -> tuple[str, str]:
    here = [finding for finding in blocking(findings) if finding.field.startswith(prefix)]
    wrong = len(here) + sum(name.startswith(prefix) for name in form.errors)
    return ("wrong", f"有 {wrong} 处要改") if wrong else ("done", done)


def _line_fields(
    case: DraftCase, form: DraftForm, findings: list[Finding], before: str
) -> list[LineField]:
    fields = []
    for bound, (_, line) in zip(form.line_fields(), case.lines, strict=True):
        known = [
            (f"{before}用", line.last_used),
            (f"{before}额度", line.last_quota),
            ("许可", line.permit),
        ]
        note = "　".join(f"{name} {volume.wan()}" for name, volume in known if volume is not None)
        own = [finding for finding in findings if finding.field == line.field]
        errors = tuple(str(error) for error in form.errors.get(line.field, ()))
        fields.append(LineField(bound, note, FindingList(own, labelled=False), errors))
    return fields


def _is_supply(line: LineField) -> bool:
    """Deliveries and loss of a supplier stand apart from its intake."""
    sector = line.bound.name.rpartition("-")[2]
    inside = line.bound.name.startswith(f"line-{Book.NETWORK}-")
    return inside and sector in (Sector.LOSS, Sector.RESIDENTS) and _of_supplier(line)


def _of_supplier(line: LineField) -> bool:
    form = line.bound.form
    return isinstance(form, DraftForm) and form.case.budget.unit.kind_term.is_supplier


def _saved(case: DraftCase) -> str:
    moment = case.budget.saved_at
    return f"已保存 {figures.moment(moment)}" if moment else "还没有改动"


def _progress(case: DraftCase, step: int, most: int) -> Progress:
    saved = _saved(case) if case.budget.saved_at else ""
    return Progress(step, most, f"第 {step} 步，共 {most} 步", saved=saved)


def _messages(actor: Actor, case: DraftCase) -> list[Message]:
    budget, found = case.budget, []
    if budget.stage_term is UnitStage.RETURNED and case.history:
        found.append(
            Message(
                case.history[0].reason, "look", lead=f"{case.history[0].act.user_name}退回补正："
            )
        )
    if not actor.may(Permission.BUDGET_DRAFT, budget.place):
        words = f"您在代 {budget.unit.name} 填报，单位名称和您的姓名都会留在记录里。"
        found.append(Message(words, "note", lead="代办"))
    return found


def _may_edit(actor: Actor, budget: Budget) -> bool:
    drafts = [Permission.BUDGET_DRAFT, Permission.BUDGET_DRAFT_FOR]
    may = any(actor.may(permission, budget.place) for permission in drafts)
    return may and budget.stage_term in EDITABLE


# -- checking and showing -------------------------------------------------------------------------


def _check_page(request: Any, case: DraftCase, form: ActForm) -> dict[str, object]:
    budget = case.budget
    before = parts.year_before(budget.year, request.today)
    findings = [parts.shown(finding) for finding in rules.check_draft(case.facts)]
    url = parts.draft_url(budget)
    wrong = len(blocking(findings))
    preview = Preview(
        f"提交 {case.facts.proposed.wan()} 万m³",
        _check_stats(case, before),
        title="提交前核对",
        unsaved="草案已保存，还没有提交",
        table=parts.lines_table(case, before),
        findings=findings,
        undo=f"提交后由{_authority(case)}审核；审核以前可以撤回修改。",
        form=form,
        others=[Action("返回修改", url)],
        blocked=f"还有 {wrong} 处必改，改好才能提交。" if wrong else "",
    )
    head = _head(request, case)
    crumbs = [*head.crumbs, Crumb("核对")]
    return {
        "head": PageHead("核对并提交", crumbs=crumbs, year=budget.year, due=head.due, back=url),
        "preview": preview,
        "months": Panel("每月计划", [parts.months_chart(case, before)], aside=WAN),
        "planted": parts.planted_table(case, before) if case.planted else None,
        "note": budget.note,
        "attachments": parts.attachment_rows(case),
    }


def _check_stats(case: DraftCase, before: str) -> list[Stat]:
    proposed = case.facts.proposed
    stats = [Stat("本次申报", proposed, WAN)]
    if case.last_used:
        change = figures.change(proposed, case.last_used)
        stats.append(
            Stat(f"比{before}已用", proposed - case.last_used, WAN, signed=True, beside=change)
        )
    if case.permitted is not None:
        stats.append(Stat("许可", case.permitted, WAN))
    return stats


def _submitted(case: DraftCase) -> str:
    return f"已提交 {case.facts.proposed.wan()} 万m³，等{_authority(case)}审核。"


def _show(request: Any, case: DraftCase) -> HttpResponse:
    """The draft when it is not to be changed: what was asked for, what was decided, what happened."""
    budget = case.budget
    before = parts.year_before(budget.year, request.today)
    head = _head(request, case)
    drafts = [Permission.BUDGET_DRAFT, Permission.BUDGET_DRAFT_FOR]
    may = any(request.actor.may(permission, budget.place) for permission in drafts)
    withdraw = Action(
        "撤回",
        reverse("budget:draft_withdraw", args=[budget.year, budget.unit_id]),
        post=True,
        fields={"key": str(ActForm()["key"].value())},
    )
    waiting = may and budget.stage_term is UnitStage.SUBMITTED
    context = {
        "head": PageHead(
            head.title,
            crumbs=head.crumbs,
            year=budget.year,
            chip=parts.stage_chip(budget),
            actions=[withdraw] if waiting else [],
            back=head.back,
        ),
        "track": parts.track(budget),
        "facts": parts.unit_facts(case),
        "permits": parts.permit_table(case),
        "lines": parts.lines_table(case, before),
        "planted": parts.planted_table(case, before) if case.planted else None,
        "supply": parts.supply_sentence(case),
        "months": Panel("每月计划", [parts.months_chart(case, before)], aside=WAN),
        "history": parts.history_panel(case.history),
        "case": case,
        "by": _by(budget),
        "attachments": parts.attachment_rows(case),
        "baseline": parts.baseline_panel(case, request.actor),
    }
    return render(request, "budget/draft_shown.html", context)


def _by(budget: Budget) -> str:
    if budget.drafted_by_default:
        return "逾期未报，由系统按规则代拟。"
    who = budget.entered_by.name if budget.entered_by else ""
    if not who:
        return "按上年数带入，没有人改过。"
    return f"{who}代办填报。" if budget.entered_for_unit else f"{who}填报。"


def _key(request: Any) -> str:
    form = ActForm(request.POST)
    return str(form.cleaned_data["key"]) if form.is_valid() else str(ActForm()["key"].value())
