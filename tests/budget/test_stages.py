"""The workflow tables: every pair of stage and step is tried; what is not listed is refused."""

from __future__ import annotations

from itertools import product

import pytest

from shuiheng.budget.rules import (
    AREA_STEPS,
    FINAL_STEPS,
    UNIT_STEPS,
    AreaStage,
    FinalState,
    StepRule,
    UnitStage,
    next_steps,
    plan_step,
    review_permission,
)
from shuiheng.budget.rules.stages import last_doers
from shuiheng.core.access import GRANTS, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term, UnitKind

TABLES: list[tuple[str, tuple[StepRule, ...], type[Term]]] = [
    ("unit", UNIT_STEPS, UnitStage),
    ("area", AREA_STEPS, AreaStage),
    ("final", FINAL_STEPS, FinalState),
]
PAIRS = [
    pytest.param(table, stage, name, id=f"{label}-{stage.value}-{name}")
    for label, table, stages in TABLES
    for stage, name in product(stages, sorted({rule.name for rule in table}))
]


def listed(table: tuple[StepRule, ...], stage: Term, name: str) -> StepRule | None:
    found = [rule for rule in table if rule.stage == stage and rule.name == name]
    assert len(found) < 2, "a pair stands once"
    return found[0] if found else None


@pytest.mark.parametrize(("table", "stage", "name"), PAIRS)
def test_a_step_that_is_not_listed_is_refused(
    table: tuple[StepRule, ...], stage: Term, name: str
) -> None:
    rule = listed(table, stage, name)
    if rule is not None:
        taken = plan_step(table, stage, name, actor_id=7, done_by={}, reason="补充计量表照片")
        assert taken == rule
        return
    with pytest.raises(Refusal) as refused:
        plan_step(table, stage, name, actor_id=7, done_by={}, reason="补充计量表照片")
    assert refused.value.code == "step.out_of_order"
    assert refused.value.kind is Kind.CONFLICT
    assert stage.label in refused.value.sentence
    for possible in next_steps(table, stage):
        assert possible.label in refused.value.remedy


@pytest.mark.parametrize("table", [UNIT_STEPS, AREA_STEPS, FINAL_STEPS])
def test_a_step_that_needs_a_reason_is_refused_without_one(table: tuple[StepRule, ...]) -> None:
    for rule in table:
        if not rule.needs_reason:
            assert plan_step(table, rule.stage, rule.name, actor_id=7, done_by={}) == rule
            continue
        for reason in ("", "  \n"):
            with pytest.raises(Refusal) as refused:
                plan_step(table, rule.stage, rule.name, actor_id=7, done_by={}, reason=reason)
            assert refused.value.code == "step.no_reason"
            assert refused.value.field == "reason"


@pytest.mark.parametrize("table", [UNIT_STEPS, AREA_STEPS, FINAL_STEPS])
def test_four_eyes(table: tuple[StepRule, ...]) -> None:
    guarded = [rule for rule in table if rule.never_by]
    assert guarded
    for rule in guarded:
        with pytest.raises(Refusal) as refused:
            plan_step(table, rule.stage, rule.name, actor_id=7, done_by={rule.never_by: 7})
        assert refused.value.code == "step.four_eyes"
        assert refused.value.kind is Kind.FORBIDDEN
        assert plan_step(table, rule.stage, rule.name, actor_id=8, done_by={rule.never_by: 7})


@pytest.mark.parametrize(("label", "table", "stages"), TABLES)
def test_every_stage_is_reached_and_all_but_the_last_are_left(
    label: str, table: tuple[StepRule, ...], stages: type[Term]
) -> None:
    first, last = next(iter(stages)), list(stages)[-1]
    reached = {rule.to for rule in table}
    assert {stage for stage in stages if stage not in reached} <= {first}
    assert {stage for stage in stages if not next_steps(table, stage)} == {last}


def test_every_step_belongs_to_somebody() -> None:
    for rule in (*UNIT_STEPS, *AREA_STEPS, *FINAL_STEPS):
        assert any(rule.permission in granted for granted in GRANTS.values()), rule


def test_only_the_city_reviews_public_suppliers() -> None:
    for kind in UnitKind:
        expected = (
            Permission.BUDGET_REVIEW_PUBLIC
            if kind is UnitKind.WATERWORKS
            else Permission.BUDGET_REVIEW
        )
        assert review_permission(kind, Permission.BUDGET_REVIEW) is expected
        assert review_permission(kind, Permission.BUDGET_DRAFT) is Permission.BUDGET_DRAFT


def test_the_last_doer_of_a_step_counts() -> None:
    assert last_doers([("submit", 1), ("return", 5), ("submit", 2)]) == {"submit": 2, "return": 5}
