"""Boards of runs: laid out once per process, asked as often as a slider moves; and the scenarios kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shuiheng.core.access import Actor, Permission
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Area
from shuiheng.quota.models import BaselineRun, Scenario
from shuiheng.quota.rules import board as rules
from shuiheng.quota.rules.claims import Tier
from shuiheng.quota.selectors.baseline import area_names, inputs_of, rules_of, tiers
from shuiheng.registry.models import Unit

CASES_KEPT = 2  # a run of 100,000 users takes some hundred MB of a process
LAYOUTS_KEPT = 6
MOST_COMPARED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A run's case and the answer in force, against which every other is set."""

    case: rules.Case
    before: rules.Answered


def cities_read(actor: Actor) -> list[Area]:
    """The areas of whose runs the whole may be read."""
    places = actor.places(Permission.BUDGET_VIEW)
    with_runs = Area.objects.filter(pk__in=BaselineRun.objects.values("area"))
    return [area for area in with_runs if any(place.holds(area.place) for place in places)]


def runs_read(actor: Actor) -> list[BaselineRun]:
    """Every run that may be read, the newest first."""
    runs = BaselineRun.objects.filter(area__in=cities_read(actor))
    return list(runs.select_related("area").order_by("-pk"))


def run_read(run_id: int, actor: Actor) -> BaselineRun:
    """The run, if the person may read it; anybody else's is not there."""
    runs = BaselineRun.objects.filter(area__in=cities_read(actor), pk=run_id)
    run = runs.select_related("area").first()
    if run is None:
        raise no_run()
    return run


def has_newer(run: BaselineRun) -> bool:
    """Whether drafts or the plan have been collected anew since; runs made of scenarios do not count."""
    later = BaselineRun.objects.filter(area=run.area, year=run.year, pk__gt=run.pk)
    return later.filter(scenario__isnull=True).exists()


def no_run() -> Refusal:
    return Refusal(
        "board.no_run",
        "没有这次测算，或者它不归您查看。",
        kind=Kind.MISSING,
        remedy="请从“会商”的历次测算里选，或者先在“下达”里测算。",
    )


def policy_tiers(run: BaselineRun) -> tuple[Tier, ...]:
    """The order of guarantee by policy on the day of the run."""
    return tuple(tiers(beijing_date(run.made_at)))


def board_of(run: BaselineRun) -> Board:
    """A run's lines never change, so what is laid out cannot go stale; its digest tells databases apart."""
    return _board(run.pk, run.input_digest)


def layout_of(run: BaselineRun, plan: rules.Plan) -> rules.Layout:
    return _layout(run.pk, run.input_digest, plan)


def outcome_of(run: BaselineRun, settings: rules.Settings) -> rules.Outcome:
    """What the run's units would get under the settings, against what it gives them."""
    board = board_of(run)
    return rules.outcome(board.case, layout_of(run, settings.plan), settings, board.before)


@lru_cache(maxsize=CASES_KEPT)
def _board(run_id: int, digest: str) -> Board:
    run = BaselineRun.objects.get(pk=run_id)
    inputs = inputs_of(run)
    names = area_names(inputs.available, inputs.claims)
    case = rules.case_of(inputs, rules_of(run), policy_tiers(run), names)
    layout = _layouts(case, run_id, digest, case.force.plan)
    return Board(case, rules.answer(case, layout, case.force))


@lru_cache(maxsize=LAYOUTS_KEPT)
def _layouts(case: rules.Case, run_id: int, digest: str, plan: rules.Plan) -> rules.Layout:
    return rules.lay_out(case, plan)


def _layout(run_id: int, digest: str, plan: rules.Plan) -> rules.Layout:
    return _layouts(_board(run_id, digest).case, run_id, digest, plan)


def unit_names(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name and region of units by their key, for the few that a page names."""
    found = Unit.objects.filter(pk__in=[int(key) for key in keys]).select_related("region")
    return {str(unit.pk): (unit.name, unit.region.name) for unit in found}


def scenarios_of(run: BaselineRun) -> list[Scenario]:
    """The scenarios saved on a run, the newest first."""
    kept = Scenario.objects.filter(run=run).select_related("made_by", "adopted")
    return list(kept.order_by("-pk"))


def scenario_read(scenario_id: int, actor: Actor) -> Scenario:
    kept = Scenario.objects.filter(pk=scenario_id, run__area__in=cities_read(actor))
    scenario = kept.select_related("run__area", "made_by", "adopted").first()
    if scenario is None:
        raise Refusal(
            "board.no_scenario",
            "没有这个方案，或者它不归您查看。",
            kind=Kind.MISSING,
            remedy="请从方案会商页面的清单里选。",
        )
    return scenario


def scenarios_compared(run: BaselineRun, numbers: Sequence[str]) -> list[Scenario]:
    """Two or three scenarios of one run, in the order asked for."""
    kept = {str(one.pk): one for one in scenarios_of(run)}
    chosen = [kept[number] for number in dict.fromkeys(numbers) if number in kept]
    if not 1 < len(chosen) <= MOST_COMPARED:
        raise Refusal(
            "board.compare",
            f"并排比较要选 2 到 {MOST_COMPARED} 个方案，您选了 {len(chosen)} 个。",
            field="scenario",
            remedy="请在方案清单里勾选后再比较。",
        )
    return chosen
