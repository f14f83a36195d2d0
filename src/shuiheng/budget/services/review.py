"""审核: accept, return, reopen; compile and report upward; approve or return a district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from shuiheng.budget import rules
from shuiheng.budget.models import AreaBudget, Budget, BudgetLine
from shuiheng.budget.services.steps import take_step
from shuiheng.core.access import Actor
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.volume import Volume
from shuiheng.office.selectors import budget_regions
from shuiheng.office.services import begin_act, finish_act


@transaction.atomic
def accept_drafts(
    budget_ids: Sequence[int],
    *,
    reviewed: Mapping[int, Volume] | None = None,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """通过: accept one draft or a read list of them. `reviewed` overrides single lines (by line id),
    all others are accepted as proposed."""
    if not budget_ids:
        raise Refusal(
            "review.nothing_picked", "还没有选中任何一件。", remedy="请先勾选要通过的草案。"
        )
    figures = dict(reviewed or {})
    args = {"ids": list(budget_ids), "reviewed": figures}
    act = begin_act(key, "budget.accept", actor=actor, now=now, args=args)
    if act.done:
        return len(budget_ids)
    budgets = _locked(budget_ids)
    take_step(budgets, "accept", act=act, actor=actor)
    lines = list(BudgetLine.objects.filter(budget__in=budgets))
    for line in lines:
        line.reviewed = figures.get(line.pk, line.proposed)
        if line.reviewed.m3 < 0:
            raise Refusal("review.negative", "核定水量不能是负数。", field=f"line-{line.pk}")
    BudgetLine.objects.bulk_update(lines, ["reviewed"], batch_size=2000)
    finish_act(act, f"budget/{budget_ids[0]}", f"通过 {len(budgets)} 件草案")
    return len(budgets)


@transaction.atomic
def return_draft(budget_id: int, *, reason: str, actor: Actor, now: datetime, key: str) -> Budget:
    """退回补正, with the reason that tells the unit what to mend."""
    args = {"budget": budget_id, "reason": reason}
    act = begin_act(key, "budget.return", actor=actor, now=now, args=args)
    (budget,) = _locked([budget_id])
    if not act.done:
        take_step([budget], "return", act=act, actor=actor, reason=reason)
        finish_act(act, f"budget/{budget.pk}", f"退回补正：{reason}")
    return budget


@transaction.atomic
def reopen_draft(budget_id: int, *, reason: str, actor: Actor, now: datetime, key: str) -> Budget:
    """重新审核 an accepted draft, before it has been compiled."""
    args = {"budget": budget_id, "reason": reason}
    act = begin_act(key, "budget.reopen", actor=actor, now=now, args=args)
    (budget,) = _locked([budget_id])
    if not act.done:
        take_step([budget], "reopen", act=act, actor=actor, reason=reason)
        finish_act(act, f"budget/{budget.pk}", f"重新审核：{reason}")
    return budget


@transaction.atomic
def compile_area(area_budget_id: int, *, actor: Actor, now: datetime, key: str) -> AreaBudget:
    """汇编: gather the accepted drafts of a district (or the approved districts of the city)."""
    act = begin_act(key, "budget.compile", actor=actor, now=now, args={"id": area_budget_id})
    budget = _locked_area(area_budget_id)
    if act.done:
        return budget
    take_step([budget], "compile", act=act, actor=actor)
    if budget.area.has_own_budget:
        _compile_district(budget, act, actor)
    else:
        _refuse_unapproved(budget)
    budget.compiled_at = now
    budget.save(update_fields=["compiled_at"])
    finish_act(act, f"area-budget/{budget.pk}", f"汇编 {budget.area.name} {budget.year} 年度草案")
    return budget


@transaction.atomic
def report_area(area_budget_id: int, *, actor: Actor, now: datetime, key: str) -> AreaBudget:
    """上报 to the authority above."""
    return _area_step(area_budget_id, "report", actor=actor, now=now, key=key)


@transaction.atomic
def approve_area(
    area_budget_id: int, *, reply: str = "", actor: Actor, now: datetime, key: str
) -> AreaBudget:
    """审定 a district's draft; for the city itself, record that the level above has agreed, with the
    number of its `reply`."""
    budget = _area_step(area_budget_id, "approve", reason=reply, actor=actor, now=now, key=key)
    if budget.approved_on is None:
        budget.approved_on = beijing_date(now)
        budget.save(update_fields=["approved_on"])
    return budget


@transaction.atomic
def return_area(
    area_budget_id: int, *, reason: str, actor: Actor, now: datetime, key: str
) -> AreaBudget:
    """退回 a district's compiled draft; its units' drafts can be reviewed again."""
    args = {"id": area_budget_id, "reason": reason}
    act = begin_act(key, "budget.return_area", actor=actor, now=now, args=args)
    budget = _locked_area(area_budget_id)
    if act.done:
        return budget
    take_step([budget], "return", act=act, actor=actor, reason=reason)
    compiled = list(
        Budget.objects.locked()
        .filter(region=budget.area, year=budget.year, stage="compiled")
        .select_related("unit", "region")
    )
    take_step(compiled, "uncompile", act=act, actor=actor, reason=reason)
    finish_act(act, f"area-budget/{budget.pk}", f"退回 {budget.area.name}：{reason}")
    return budget


def _area_step(
    area_budget_id: int, name: str, *, reason: str = "", actor: Actor, now: datetime, key: str
) -> AreaBudget:
    args = {"id": area_budget_id, "reason": reason}
    act = begin_act(key, f"budget.{name}_area", actor=actor, now=now, args=args)
    budget = _locked_area(area_budget_id)
    if not act.done:
        take_step([budget], name, act=act, actor=actor, reason=reason)
        finish_act(act, f"area-budget/{budget.pk}", f"{budget.area.name} {budget.stage_term.label}")
    return budget


def _compile_district(budget: AreaBudget, act: object, actor: Actor) -> None:
    drafts = list(
        Budget.objects.locked()
        .filter(region=budget.area, year=budget.year)
        .select_related("unit", "region")
    )
    waiting = [
        draft
        for draft in drafts
        if draft.stage_term
        in (rules.UnitStage.DRAFT, rules.UnitStage.SUBMITTED, rules.UnitStage.RETURNED)
    ]
    if waiting:
        names = "、".join(draft.unit.name for draft in waiting[:3])
        raise Refusal(
            "compile.waiting",
            f"还有 {len(waiting)} 个单位没有审核完（{names}{'等' if len(waiting) > 3 else ''}），不能汇编。",
            kind=Kind.CONFLICT,
            remedy="未报的可以催报或代拟，待审的请先审核；公共供水单位由市级审核。",
            facts={"waiting": len(waiting)},
        )
    accepted = [d for d in drafts if d.stage_term is rules.UnitStage.ACCEPTED]
    take_step(accepted, "compile", act=act, actor=actor)  # type: ignore[arg-type]


def _refuse_unapproved(city: AreaBudget) -> None:
    regions = budget_regions(city.year, city.area)
    approved = AreaBudget.objects.filter(
        area__in=regions, year=city.year, stage=rules.AreaStage.APPROVED
    ).values_list("area", flat=True)
    waiting = [area.name for area in regions if area.pk not in set(approved)]
    if waiting:
        raise Refusal(
            "compile.districts_waiting",
            f"还有 {len(waiting)} 个区县没有审定：{'、'.join(waiting)}。",
            kind=Kind.CONFLICT,
            remedy="请先审定各区县草案。",
        )


def _locked(budget_ids: Sequence[int]) -> list[Budget]:
    budgets = list(
        Budget.objects.locked().filter(pk__in=budget_ids).select_related("unit", "region")
    )
    if len(budgets) < len(set(budget_ids)):
        raise Refusal(
            "budget.missing", "有的草案已不存在。", kind=Kind.MISSING, remedy="请刷新清单。"
        )
    return budgets


def _locked_area(area_budget_id: int) -> AreaBudget:
    return (
        AreaBudget.objects.select_for_update(of=["self"], no_key=True)
        .select_related("area")
        .get(pk=area_budget_id)
    )
