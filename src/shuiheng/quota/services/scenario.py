"""Keeping scenarios of the consultation board, and making runs of them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.services import begin_act, finish_act
from shuiheng.quota import selectors
from shuiheng.quota.models import BaselineRun, Scenario
from shuiheng.quota.rules import board as rules
from shuiheng.quota.rules.board_asked import settings_json, settings_of
from shuiheng.quota.selectors import board
from shuiheng.quota.services.baseline import run_baseline


@transaction.atomic
def save_scenario(
    run_id: int,
    name: str,
    settings: rules.Settings,
    *,
    actor: Actor,
    now: datetime,
    key: str,
) -> Scenario:
    """另存为方案: the settings under a name, with what comes of them, computed once more here."""
    args = {"run": run_id, "name": name, "settings": settings_json(settings)}
    act = begin_act(key, "quota.scenario", actor=actor, now=now, args=args)
    if act.done:
        return Scenario.objects.get(pk=_number(act.outcome.subject))
    run = board.run_read(run_id, actor)
    require(actor, Permission.BASELINE_RUN, run.area.place)
    rules.check_settings(board.board_of(run).case, settings)
    BaselineRun.objects.select_for_update().get(pk=run_id)  # two of one name at once wait here
    rules.check_name(name, set(Scenario.objects.filter(run=run).values_list("name", flat=True)))
    kept = settings_json(settings)
    scenario = Scenario.objects.create(
        run=run,
        name=name,
        settings=kept,
        summary=rules.summary_of(board.outcome_of(run, settings)),
        digest=digest_of({"run": run.input_digest, "settings": kept}),
        made_by_id=actor.user_id,
        made_at=now,
        act=act,
    )
    finish_act(act, f"scenario/{scenario.pk}", f"另存为方案“{name}”")
    return scenario


@transaction.atomic
def delete_scenario(scenario_id: int, *, actor: Actor, now: datetime, key: str) -> None:
    """Only its maker takes a scenario away, and only while no run was made from it."""
    act = begin_act(key, "quota.scenario_delete", actor=actor, now=now, args={"id": scenario_id})
    if act.done:
        return
    scenario = board.scenario_read(scenario_id, actor)
    require(actor, Permission.BASELINE_RUN, scenario.run.area.place)
    scenario = Scenario.objects.select_for_update().get(pk=scenario_id)
    rules.check_deletion(
        own=scenario.made_by_id == actor.user_id, adopted=scenario.adopted_id is not None
    )
    finish_act(act, f"scenario/{scenario_id}", f"删除方案“{scenario.name}”")
    scenario.delete()


@transaction.atomic
def adopt_scenario(scenario_id: int, *, actor: Actor, now: datetime, key: str) -> BaselineRun:
    """形成测算: a new run with the same inputs, by the scenario's rules of sharing. It waits to be adopted."""
    act = begin_act(key, "quota.scenario_run", actor=actor, now=now, args={"id": scenario_id})
    if act.done:
        return BaselineRun.objects.get(scenario=scenario_id)
    scenario = board.scenario_read(scenario_id, actor)
    run = scenario.run
    require(actor, Permission.BASELINE_RUN, run.area.place)
    scenario = Scenario.objects.select_for_update(of=["self"]).get(pk=scenario_id)
    if scenario.adopted_id is not None:
        raise Refusal(
            "scenario.adopted",
            f"方案“{scenario.name}”已经形成测算。",
            kind=Kind.CONFLICT,
            remedy="请在“下达”的基准额度页面核对那次测算。",
        )
    if board.has_newer(run):
        raise Refusal(
            "scenario.stale",
            "存这个方案以后，又按新的草案或分配计划做过测算。",
            kind=Kind.CONFLICT,
            remedy="请在最新一次测算上再会商，另存方案。",
        )
    case = board.board_of(run).case
    settings = settings_of(scenario.settings, case.force)
    rules.check_adoption(case, settings)
    sharing = rules.sharing_under(selectors.rules_of(run), board.policy_tiers(run), settings)
    made = run_baseline(
        run.area,
        run.year,
        selectors.inputs_of(run),
        sharing,
        name=scenario.name,
        actor=actor,
        now=now,
        key=f"{key}/run",
    )
    scenario.adopted = made
    scenario.save(update_fields=["adopted"])
    finish_act(act, f"scenario/{scenario_id}", f"按方案“{scenario.name}”形成测算 {made.pk}")
    return made


def _number(subject: str) -> int:
    return int(subject.rpartition("/")[2])
