"""审核: the queue beside the case, the ready ones in one act, returns with their reason."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.review import AcceptForm, PickForm, ReasonForm, picked
from shuiheng.budget.models import Budget, BudgetLine
from shuiheng.budget.selectors import drafts as drafts_selectors
from shuiheng.budget.selectors import review as selectors
from shuiheng.budget.selectors.drafts import draft_case, find_budget
from shuiheng.budget.selectors.review import Queue
from shuiheng.budget.views.drafts import asked_year, word_of
from shuiheng.budget.views.review_case import Place
from shuiheng.budget.views.review_queue import LOOK, REASONS, TABS, effect_parts, page
from shuiheng.core.refusal import Finding, Kind, Refusal
from shuiheng.core.vocabulary import UnitKind
from shuiheng.core.volume import total
from shuiheng.ui.forms import ActForm, Done, complain, go, submit
from shuiheng.ui.parts import (
    Crumb,
    PageHead,
)
from shuiheng.ui.refusals import STATUS


@login_required
@require_safe
def review(request: Any) -> HttpResponse:
    """The queue; its first case stands beside it."""
    place = _place(request)
    return page(place, request, _queue(request, place), 0)


@login_required
@require_safe
def case(request: Any, budget_id: int) -> HttpResponse:
    """The queue with this case beside it."""
    place = _place(request, find_budget(request.actor, budget_id))
    return page(place, request, _queue(request, place, also=budget_id), budget_id)


@login_required
@require_POST
def accept(request: Any, budget_id: int) -> HttpResponse:
    """按测算核定, 按所填核定, 按申报通过: one case, and on to the next."""
    budget = find_budget(request.actor, budget_id)
    place = _place(request, budget)
    one = draft_case(budget, request.today)
    form = AcceptForm(request.POST, one, computed=False)
    as_asked = request.POST.get("act") == "proposed"
    if not as_asked and not form.is_valid():
        return page(place, request, _queue(request, place, also=budget_id), budget_id, form, 422)
    figures_given = {} if as_asked else form.reviewed()
    key = form.data.get("key", "")
    try:
        services.accept_drafts(
            [budget_id], reviewed=figures_given, actor=request.actor, now=request.now, key=_key(key)
        )
    except Refusal as refusal:
        return _refused(request, place, budget_id, form, refusal)
    return go(request, Done(_then(request, place), _accepted(budget)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def return_draft(request: Any, budget_id: int) -> HttpResponse:
    """退回补正, with the reason the unit will read."""
    budget = find_budget(request.actor, budget_id)
    place = _place(request, budget)
    form = ReasonForm(request.POST or None, initial={"reason": _letter(request, budget)})
    return submit(
        request,
        form,
        lambda data: services.return_draft(
            budget_id,
            reason=data["reason"],
            actor=request.actor,
            now=request.now,
            key=data["key"],
        ),
        template="budget/reason.html",
        context=_reason_page(
            place, budget, "退回补正", "退回后单位收到您写的理由，改好可以再提交。"
        ),
        done=lambda back: Done(_then(request, place), f"已退回 {back.unit.name}。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reopen_draft(request: Any, budget_id: int) -> HttpResponse:
    """重新审核, before it has been compiled."""
    budget = find_budget(request.actor, budget_id)
    place = _place(request, budget)
    return submit(
        request,
        ReasonForm(request.POST or None),
        lambda data: services.reopen_draft(
            budget_id,
            reason=data["reason"],
            actor=request.actor,
            now=request.now,
            key=data["key"],
        ),
        template="budget/reason.html",
        context=_reason_page(place, budget, "重新审核", "重新审核后回到待审，核定的水量可以再改。"),
        done=lambda again: Done(place.url(again, tab=LOOK), f"{again.unit.name} 重新待审。"),
    )


@login_required
@require_POST
def accept_many(request: Any) -> HttpResponse:
    """通过: the list that has been read. The number in the button is the number that is accepted."""
    place, ids = _place(request), picked(request.POST)
    form = PickForm(request.POST)
    waiting = _queue(request, place)
    if request.POST.get("act") == "preview" or not form.is_valid():
        return _preview(request, place, waiting, ids)
    if len(ids) != form.cleaned_data["seen"]:
        return page(place, request, waiting, 0, status=422, chosen=ids)
    volume = total(each.proposed for each in waiting.queued if each.budget.pk in set(ids))
    try:
        number = services.accept_drafts(
            ids, actor=request.actor, now=request.now, key=form.cleaned_data["key"]
        )
    except Refusal as refusal:
        complain(form, refusal)
        return page(place, request, waiting, 0, form, STATUS[refusal.kind], ids)
    done = f"已通过 {number} 件" + (f"，{volume.wan(0)} 万m³。" if volume else "。")
    return go(request, Done(place.url(tab=LOOK), done))


# -- where one is ---------------------------------------------------------------------------------


def _place(request: Any, budget: Budget | None = None) -> Place:
    """Where the address says; a case that is opened by its number alone is at home in its own queue."""
    asked = word_of(request, "area")
    if budget is not None and not asked:
        asked = "" if budget.unit.kind_term is UnitKind.WATERWORKS else budget.region.code
    area = drafts_selectors.office_area(request.actor, asked)
    years = drafts_selectors.years()
    year = budget.year if budget else asked_year(request, years)
    tab, reason = request.GET.get("tab", LOOK), request.GET.get("reason", "")
    return Place(
        area, year, tab if tab in TABS else LOOK, reason if reason in REASONS else "", tuple(years)
    )


def _queue(request: Any, place: Place, also: int = 0) -> Queue:
    return selectors.queue(request.actor, place.area, place.year, request.today, also=also)


def _then(request: HttpRequest, place: Place) -> str:
    """The next case of the queue, as the page of the last one named it."""
    then = request.GET.get("then", "")
    if then.isdecimal() and len(then) < 16:
        return place.url(Budget(pk=int(then)))
    return place.url()


def _key(text: str) -> str:
    form = ActForm({"key": text})
    if not form.is_valid():
        raise Refusal("form.stale", "这一页不完整，请重新打开后再提交。")
    return str(form.cleaned_data["key"])


def _refused(
    request: Any, place: Place, budget_id: int, form: AcceptForm, refusal: Refusal
) -> HttpResponse:
    if refusal.kind in (Kind.FORBIDDEN, Kind.MISSING):
        raise refusal
    complain(form, refusal)
    waiting = _queue(request, place, also=budget_id)
    return page(place, request, waiting, budget_id, form, STATUS[refusal.kind])


def _preview(request: Any, place: Place, waiting: Queue, ids: list[int]) -> HttpResponse:
    return render(request, "budget/review_effect.html", effect_parts(place, request, waiting, ids))


def _findings(request: Any, budget: Budget) -> list[Finding]:
    """Why it would go back: the reasons of the queue, as a start of the letter."""
    area = budget.region
    if budget.unit.kind_term is UnitKind.WATERWORKS and area.parent is not None:
        area = area.parent
    waiting = selectors.queue(request.actor, area, budget.year, request.today)
    return next((list(e.findings) for e in waiting.queued if e.budget.pk == budget.pk), [])


def _letter(request: Any, budget: Budget) -> str:
    return "\n".join(finding.sentence for finding in _findings(request, budget))


def _accepted(budget: Budget) -> str:
    given = drafts_selectors.asked_by(BudgetLine.objects.filter(budget=budget)).reviewed
    return f"已通过 {budget.unit.name}，核定 {given.wan() if given is not None else '0'} 万m³。"


def _reason_page(place: Place, budget: Budget, title: str, undo: str) -> dict[str, object]:
    crumbs = [Crumb(place.area.name), Crumb("审核", place.url()), Crumb(title)]
    return {
        "head": PageHead(f"{title}：{budget.unit.name}", crumbs=crumbs, year=place.year),
        "button": f"{title} {budget.unit.name}",
        "title": title,
        "undo": undo,
        "back": place.url(budget),
    }
