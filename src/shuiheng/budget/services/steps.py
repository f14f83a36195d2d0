"""Taking a step of a workflow table: the one place where a stage changes and history is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shuiheng.budget import rules
from shuiheng.budget.models import AreaBudget, Budget, FinalAccount, Step
from shuiheng.budget.rules.stages import StepRule, last_doers
from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.office.models import Act

Document = Budget | AreaBudget | FinalAccount


@dataclass(frozen=True, slots=True)
class Taken:
    """A step about to be written: the document, its rule, and where it came from."""

    document: Document
    rule: StepRule


def take_step(
    documents: Sequence[Document], name: str, *, act: Act, actor: Actor, reason: str = ""
) -> None:
    """Take the same step for one document or many (locked by the caller), or refuse them all."""
    history = _history(documents)
    taken = []
    for document in documents:
        rule = rules.plan_step(
            _table(document),
            _stage(document),
            name,
            actor_id=actor.user_id,
            done_by=last_doers(history.get(document_of(document), [])),
            reason=reason,
        )
        if actor is not SYSTEM:
            require(actor, _permission(document, rule), document.place)
        taken.append(Taken(document, rule))
    _write(taken, act, reason)


def document_of(document: Document) -> str:
    """`kind/id`, as acts and transfers name it."""
    kinds = {Budget: "budget", AreaBudget: "area-budget", FinalAccount: "final"}
    return f"{kinds[type(document)]}/{document.pk}"


def _table(document: Document) -> tuple[StepRule, ...]:
    match document:
        case Budget():
            return rules.UNIT_STEPS
        case AreaBudget():
            return rules.AREA_STEPS
        case _:
            return rules.FINAL_STEPS


def _stage(document: Document) -> rules.UnitStage | rules.AreaStage | rules.FinalState:
    return document.state_term if isinstance(document, FinalAccount) else document.stage_term


def _permission(document: Document, rule: StepRule) -> Permission:
    match document:
        case Budget():
            return rules.review_permission(document.unit.kind_term, rule.permission)
        case FinalAccount():
            return rules.review_permission(document.budget.unit.kind_term, rule.permission)
        case _:
            return rule.permission


def _history(documents: Sequence[Document]) -> dict[str, list[tuple[str, int]]]:
    names = [document_of(document) for document in documents]
    history: dict[str, list[tuple[str, int]]] = {}
    rows = Step.objects.filter(document__in=names).order_by("pk")
    for document, name, user in rows.values_list("document", "name", "user"):
        history.setdefault(document, []).append((name, user or 0))
    return history


def _write(taken: Sequence[Taken], act: Act, reason: str) -> None:
    Step.objects.bulk_create(
        [
            Step(
                act=act,
                document=document_of(step.document),
                name=step.rule.name,
                from_stage=step.rule.stage,
                to_stage=step.rule.to,
                user_id=act.user_id,
                reason=reason,
            )
            for step in taken
        ],
        batch_size=2000,
    )
    by_stage: dict[tuple[type, str], list[int]] = {}
    for step in taken:
        field = "state" if isinstance(step.document, FinalAccount) else "stage"
        setattr(step.document, field, step.rule.to.value)
        by_stage.setdefault((type(step.document), step.rule.to.value), []).append(step.document.pk)
    for (model, stage), ids in by_stage.items():
        field = "state" if model is FinalAccount else "stage"
        model.objects.filter(pk__in=ids).update(**{field: stage})  # type: ignore[attr-defined]
