"""The case beside the queue: what is asked for, why it should be looked at, and the buttons at its foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from shuiheng.budget.forms.review import AcceptForm
from shuiheng.budget.models import Budget
from shuiheng.budget.rules import UNIT_STEPS, next_steps, review_permission
from shuiheng.budget.selectors.drafts import DraftCase, draft_case
from shuiheng.budget.selectors.review import Queue, Queued
from shuiheng.budget.views import case as parts
from shuiheng.core.access import Actor
from shuiheng.core.refusal import Finding, Severity
from shuiheng.office.models import Area
from shuiheng.ui import figures
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm
from shuiheng.ui.parts import (
    Action,
    CaseHead,
    FindingList,
    Link,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the review somebody is: kept in the address, so that a reload stays there."""

    area: Area
    year: int
    tab: str
    reason: str = ""
    years: tuple[int, ...] = ()

    def url(self, budget: Budget | None = None, *, tab: str = "", reason: str | None = None) -> str:
        route = reverse("budget:review_case", args=[budget.pk]) if budget else None
        words = {"year": self.year, "area": self.area.code, "tab": tab or self.tab}
        kept = self.reason if reason is None else reason
        query = urlencode({**words, **({"reason": kept} if kept else {})})
        return f"{route or reverse('budget:review')}?{query}"

    def act_url(self, route: str, budget: Budget, following: Budget | None) -> str:
        query = {"year": self.year, "area": self.area.code, "tab": self.tab}
        if self.reason:
            query["reason"] = self.reason
        if following is not None:
            query["then"] = following.pk
        return f"{reverse(f'budget:{route}', args=[budget.pk])}?{urlencode(query)}"


def case_parts(
    place: Place,
    request: Any,
    waiting: Queue,
    budget: Budget,
    shown: Sequence[Queued],
    position: int | None,
    form: ActForm | None,
) -> dict[str, object]:
    known = waiting.known if budget.pk in waiting.known.facts else None
    one = draft_case(budget, request.today, known)
    following = following_of(shown, position)
    findings = next((e.findings for e in waiting.queued if e.budget.pk == budget.pk), ())
    over = any(finding.code == "review.over_norm" for finding in findings)
    computed = over or _differs_from_choice(one)
    before = "上年"
    where = f"{position + 1} / {len(shown)}" if position is not None else ""
    return {
        "case_head": CaseHead(
            budget.unit.name, _case_note(one), where, "办完自动到下一件" if where else ""
        ),
        "findings": FindingList([parts.shown(f) for f in _unrepaired(findings)], labelled=False),
        "planted": parts.planted_table(one, before) if one.planted else None,
        "lines": parts.lines_table(one, before),
        "supply": parts.supply_sentence(one),
        "chart": parts.months_chart(one, before),
        "note": budget.note,
        "attachments": parts.attachment_rows(one),
        "history": parts.history_panel(one.history),
        "stage": parts.stage_chip(budget),
        "draft_link": Link("打开草案", parts.draft_url(budget)),
        "demand_link": Link("各方法测算", parts.demand_url(budget)),
        **_deciding(request, place, one, following, findings, computed, form),
    }


def _deciding(
    request: Any,
    place: Place,
    one: DraftCase,
    following: Budget | None,
    findings: Sequence[Finding],
    computed: bool,
    form: ActForm | None,
) -> dict[str, object]:
    """The form at the foot of the case, if it is this person's to decide."""
    budget = one.budget
    if not may_review(request.actor, budget):
        reopen = [r for r in next_steps(UNIT_STEPS, budget.stage_term) if r.name == "reopen"]
        may = reopen and request.actor.may(
            review_permission(budget.unit.kind_term, reopen[0].permission), budget.place
        )
        url = place.act_url("review_reopen", budget, None)
        return {"others": [Action("重新审核…", url)] if may else []}
    accept_form = form if isinstance(form, AcceptForm) else AcceptForm(None, one, computed=computed)
    return {
        "form": accept_form,
        "volumes": accept_form.volumes(),
        "suggestion": _suggestion(one, computed),
        "accept_url": place.act_url("review_accept_one", budget, following),
        "buttons": _buttons(place, budget, following, findings, computed),
    }


def _buttons(
    place: Place,
    budget: Budget,
    following: Budget | None,
    findings: Sequence[Finding],
    computed: bool,
) -> list[Action]:
    """The suggested act first, by Enter: by the norms, as asked for, or back."""
    back_url = place.act_url("review_return", budget, following)
    blocked = any(finding.severity is Severity.MUST_FIX for finding in findings)
    if blocked:
        return [
            Action("退回补正…", back_url, primary=True, key="Enter"),
            Action("按所填核定", name="act", value="figures", key="C"),
        ]
    given = Action(
        "按测算核定" if computed else "按所填核定",
        name="act",
        value="figures",
        primary=computed,
        key="Enter" if computed else "C",
    )
    asked = Action(
        "按申报通过",
        name="act",
        value="proposed",
        primary=not computed,
        key="P" if computed else "Enter",
    )
    ordered = [given, asked] if computed else [asked, given]
    return [*ordered, Action("退回补正…", back_url, key="T")]


def _differs_from_choice(one: DraftCase) -> bool:
    """Somebody chose a method for this unit, and it gives something else than was asked for."""
    facts = one.facts
    chosen = facts.need_chosen and facts.computed_need is not None
    return chosen and facts.computed_need != facts.proposed


def _suggestion(one: DraftCase, computed: bool) -> str:
    need = one.facts.computed_need
    if not computed or need is None:
        return "按申报；改了数字请按“按所填核定”"
    how = f"按{one.facts.need_method}测算：{one.facts.need_words}"
    return f"{how}；比申报 {figures.in_unit(need - one.facts.proposed, WAN, signed=True)}"


def _unrepaired(findings: Sequence[Finding]) -> list[Finding]:
    """A reviewer decides; he does not repair what the unit has typed."""
    return [Finding(f.code, f.severity, f.sentence) for f in findings]


def _case_note(one: DraftCase) -> str:
    unit = one.budget.unit
    words = [unit.address_area.name, unit.kind_term.label]
    words += [f"取水许可 {one.permits[0].number}"] if one.permits else []
    words += [f"{one.supply.supplier.name}供水"] if one.supply else []
    return " · ".join([*words, f"{unit.contact} {unit.phone}".strip()])


def following_of(shown: Sequence[Queued], position: int | None) -> Budget | None:
    if position is None or len(shown) < 2:
        return None
    after = position + 1 if position + 1 < len(shown) else 0
    return shown[after].budget


def below(budget: Budget) -> str:
    words = [budget.unit.address_area.name, budget.unit.kind_term.label]
    if budget.drafted_by_default:
        words.append("代拟")
    elif budget.entered_for_unit:
        words.append("代办")
    return " · ".join(words)


def may_review(actor: Actor, budget: Budget) -> bool:
    """Whether a step of the reviewer's is open to this person at this stage."""
    return any(
        actor.may(review_permission(budget.unit.kind_term, rule.permission), budget.place)
        for rule in next_steps(UNIT_STEPS, budget.stage_term)
        if rule.name in ("accept", "return")
    )
