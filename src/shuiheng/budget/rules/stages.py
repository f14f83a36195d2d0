"""The workflow, each document one table: stage, step, next stage, who may, reason, four eyes.

The tables drive what a service accepts, which buttons a page shows, what the docs draw and what the
tests enumerate: a pair that is not listed is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shuiheng.core.access import Permission as P
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term, UnitKind


class UnitStage(Term):
    """Where a unit's budget stands."""

    DRAFT = "draft", "编制中"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "已退回补正"
    ACCEPTED = "accepted", "审核通过"
    COMPILED = "compiled", "已汇编上报"
    ISSUED = "issued", "已下达执行"
    CLOSED = "closed", "已决算"


class AreaStage(Term):
    """Where a district's or the city's budget stands."""

    OPEN = "open", "编制审核中"
    COMPILED = "compiled", "已汇编"
    REPORTED = "reported", "已上报"
    RETURNED = "returned", "已退回"
    APPROVED = "approved", "已审定"
    ISSUED = "issued", "已下达执行"
    CLOSED = "closed", "已决算"


class FinalStage(Term):
    """Where a unit's final account stands (the states of FinalAccount)."""

    OPEN = "open", "待单位确认"
    DISPUTED = "disputed", "有异议"
    CONFIRMED = "confirmed", "已确认待审"
    REVIEWED = "reviewed", "已审核"
    CLOSED = "closed", "已决算"


@dataclass(frozen=True, slots=True)
class StepRule:
    """One permitted step. `never_by` names the step whose doer may not also do this one."""

    stage: Term
    name: str
    label: str
    to: Term
    permission: P
    needs_reason: bool = False
    never_by: str = ""


U, R, F = UnitStage, AreaStage, FinalStage

UNIT_STEPS: tuple[StepRule, ...] = (
    StepRule(U.DRAFT, "submit", "提交", U.SUBMITTED, P.BUDGET_DRAFT),
    StepRule(U.RETURNED, "submit", "提交", U.SUBMITTED, P.BUDGET_DRAFT),
    StepRule(U.SUBMITTED, "withdraw", "撤回", U.DRAFT, P.BUDGET_DRAFT),
    StepRule(U.SUBMITTED, "return", "退回补正", U.RETURNED, P.BUDGET_REVIEW, needs_reason=True),
    StepRule(U.SUBMITTED, "accept", "通过", U.ACCEPTED, P.BUDGET_REVIEW, never_by="submit"),
    StepRule(U.ACCEPTED, "reopen", "重新审核", U.SUBMITTED, P.BUDGET_REVIEW, needs_reason=True),
    StepRule(U.ACCEPTED, "compile", "汇编", U.COMPILED, P.BUDGET_COMPILE),
    StepRule(U.COMPILED, "uncompile", "退回重编", U.ACCEPTED, P.BUDGET_APPROVE, needs_reason=True),
    StepRule(U.COMPILED, "issue", "下达", U.ISSUED, P.BUDGET_ISSUE),
    StepRule(U.ISSUED, "close", "决算", U.CLOSED, P.FINAL_CLOSE),
)

AREA_STEPS: tuple[StepRule, ...] = (
    StepRule(R.OPEN, "compile", "汇编", R.COMPILED, P.BUDGET_COMPILE),
    StepRule(R.RETURNED, "compile", "汇编", R.COMPILED, P.BUDGET_COMPILE),
    StepRule(R.COMPILED, "report", "上报", R.REPORTED, P.BUDGET_COMPILE),
    StepRule(R.REPORTED, "return", "退回", R.RETURNED, P.BUDGET_APPROVE, needs_reason=True),
    StepRule(R.REPORTED, "approve", "审定", R.APPROVED, P.BUDGET_APPROVE, never_by="report"),
    StepRule(R.APPROVED, "issue", "下达", R.ISSUED, P.BUDGET_ISSUE),
    StepRule(R.ISSUED, "close", "决算", R.CLOSED, P.FINAL_CLOSE),
)

FINAL_STEPS: tuple[StepRule, ...] = (
    StepRule(F.OPEN, "confirm", "确认决算", F.CONFIRMED, P.FINAL_CONFIRM),
    StepRule(F.OPEN, "dispute", "提出异议", F.DISPUTED, P.FINAL_CONFIRM, needs_reason=True),
    StepRule(F.DISPUTED, "answer", "答复异议", F.OPEN, P.FINAL_REVIEW, needs_reason=True),
    StepRule(F.CONFIRMED, "review", "审核通过", F.REVIEWED, P.FINAL_REVIEW, never_by="confirm"),
    StepRule(F.CONFIRMED, "return", "退回重报", F.OPEN, P.FINAL_REVIEW, needs_reason=True),
    StepRule(F.REVIEWED, "close", "封账", F.CLOSED, P.FINAL_CLOSE),
)


def next_steps(table: tuple[StepRule, ...], stage: Term) -> list[StepRule]:
    """What can be done at a stage: the buttons of its page."""
    return [rule for rule in table if rule.stage == stage]


def plan_step(
    table: tuple[StepRule, ...],
    stage: Term,
    name: str,
    *,
    actor_id: int,
    done_by: dict[str, int],
    reason: str = "",
) -> StepRule:
    """The rule by which `name` may be done at `stage`, or a refusal that says why not.

    `done_by` maps earlier steps of this document to the person who last did them.
    """
    rule = next((r for r in table if r.stage == stage and r.name == name), None)
    if rule is None:
        raise _out_of_order(table, stage, name)
    if rule.needs_reason and not reason.strip():
        raise Refusal(
            "step.no_reason", f"“{rule.label}”要写明理由，对方才知道怎么改。", field="reason"
        )
    if rule.never_by and actor_id and done_by.get(rule.never_by) == actor_id:
        raise Refusal(
            "step.four_eyes",
            f"这一件是您自己提交的，不能再由您“{rule.label}”。",
            kind=Kind.FORBIDDEN,
            remedy="请另一位同事办理。",
        )
    return rule


def _out_of_order(table: tuple[StepRule, ...], stage: Term, name: str) -> Refusal:
    label = next((rule.label for rule in table if rule.name == name), name)
    possible = "、".join(rule.label for rule in next_steps(table, stage)) or "没有可办的步骤"
    return Refusal(
        "step.out_of_order",
        f"这一件现在是“{stage.label}”，不能“{label}”。",
        kind=Kind.CONFLICT,
        remedy=f"现在可以：{possible}。页面可能不是最新的，请刷新。",
        facts={"stage": stage.value, "step": name},
    )


def review_permission(kind: UnitKind, step: P) -> P:
    """Public suppliers' drafts are reviewed by the city, and their final accounts by the same
    competence (方案 四(二)(六); R06)."""
    if kind is UnitKind.WATERWORKS and step in (P.BUDGET_REVIEW, P.FINAL_REVIEW):
        return P.BUDGET_REVIEW_PUBLIC
    return step


def last_doers(history: Collection[tuple[str, int]]) -> dict[str, int]:
    """Who last did each step: `history` is (step, user id), oldest first."""
    return dict(history)
