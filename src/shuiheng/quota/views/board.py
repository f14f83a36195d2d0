"""方案会商: sliders for caps, the year, the reserve and the way of sharing; who gains, who loses, what binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.quota.models import BaselineRun, Scenario
from shuiheng.quota.rules.board import Outcome
from shuiheng.quota.rules.board_asked import Asked, asked_of, read_settings, what_changed
from shuiheng.quota.selectors import board as selectors
from shuiheng.quota.selectors import board_parts as parts
from shuiheng.ui.figures import moment
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    Link,
    Message,
    PageHead,
    Part,
    YearChoice,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TITLE = "方案会商"
NOT_READ = 422
MOST_RUNS = 6
NOTHING = Panel(
    TITLE,
    [Empty("还没有可会商的测算。", "在“下达”的基准额度里测算以后，可以在这里改条件看结果。")],
)


@dataclass(frozen=True)
class Position:
    """A run, what is asked of it, and what is in force there."""

    run: BaselineRun
    board: selectors.Board
    asked: Asked

    @property
    def query(self) -> str:
        return parts.query(self.board.case, self.asked, {"run": self.run.pk})


@login_required
@require_safe
def board(request: Any) -> HttpResponse:
    """The page, or with HX-Request only what a moved slider changes."""
    runs = selectors.runs_read(request.actor)
    run = _chosen(request, runs)
    if run is None:
        return render(request, "quota/board.html", {"head": _head(None, runs), "nothing": NOTHING})
    position = position_of(request, run)
    context = {**_form(position), "head": _head(run, runs)}
    if request.headers.get("HX-Request"):
        return _moved(request, position, context)
    found = None if position.asked.said else _found(position)
    status = NOT_READ if found is None else 200
    page = {**context, **_answer(request, position, found), "below": _below(request, run, runs)}
    return render(request, "quota/board.html", page, status=status)


def position_of(request: Any, run: BaselineRun) -> Position:
    kept = selectors.board_of(run)
    return Position(run, kept, read_settings(kept.case, request.GET.dict()))


def _chosen(request: Any, runs: list[BaselineRun]) -> BaselineRun | None:
    """The run asked for, else the newest of the year asked for, else the newest."""
    text, year = request.GET.get("run", ""), request.GET.get("year", "")
    if text:
        found = next((run for run in runs if str(run.pk) == text), None)
        if found is None:
            raise selectors.no_run()
        return found
    return next((run for run in runs if year in ("", str(run.year))), None)


def _head(run: BaselineRun | None, runs: list[BaselineRun]) -> PageHead:
    if run is None:
        return PageHead(TITLE, crumbs=[Crumb("会商")])
    here = reverse("quota:board")
    years = sorted({one.year for one in runs}, reverse=True)
    return PageHead(
        TITLE,
        crumbs=[Crumb(run.area.name), Crumb("会商")],
        year=run.year,
        years=[YearChoice(year, f"{here}?year={year}") for year in years],
        chip=Chip(run_words(run)),
        note="试算，不改任何已下达的数",
    )


def run_words(run: BaselineRun) -> str:
    """Which run it is: its name or its moment, and whether it is the one that counts."""
    state = "已采用" if run.state == BaselineRun.State.ADOPTED else "未采用"
    return f"{run.name or '测算'} · {moment(run.made_at)} · {state}"


def _form(position: Position) -> dict[str, object]:
    case, asked = position.board.case, position.asked
    years = inputs_years(position.run)
    return {
        "board_url": reverse("quota:board"),
        "fixed": {"run": position.run.pk},
        "fixed_query": f"run={position.run.pk}",
        "sliders": parts.sliders(case, asked, years),
        "selects": parts.selects(case, asked),
        "more_caps": parts.more_caps(case, asked),
    }


def inputs_years(run: BaselineRun) -> Mapping[int, int]:
    """The wetness of years of P = 50, 75 and 95 % that the run was made with."""
    return {int(percent): share for percent, share in run.dry_years["factors"].items()}


def _found(position: Position) -> Outcome:
    return selectors.outcome_of(position.run, position.asked.settings)


def _moved(request: Any, position: Position, context: dict[str, object]) -> HttpResponse:
    """Only the answer; what could not be read says so and leaves the old figures where they are."""
    if position.asked.said:
        words = list(position.asked.said.values())
        said = {"complaint": [Message(one, "must_fix", "没有重算") for one in words]}
        response = render(request, "quota/board_said.html", said, status=NOT_READ)
        response["HX-Retarget"] = "#board-said"
        return response
    page = {**context, **_answer(request, position, _found(position))}
    response = render(request, "quota/board_live.html", page)
    response["HX-Replace-Url"] = f"{reverse('quota:board')}?{position.query}"
    return response


def _answer(request: Any, position: Position, found: Outcome | None) -> dict[str, object]:
    if found is None:
        message = Message("请改好左边标出的数再重算。", "look", "没有重算")
        return {"complaint": [message]}
    names = selectors.unit_names([one.key for one in (*found.losers, *found.gainers)])
    return {
        "result": {
            "stats": parts.stats(found),
            "main": [
                parts.change_panel("各区谁增谁减", "行政区域", found.regions, found.granted),
                parts.change_panel("各行业谁增谁减", "行业", found.sectors, found.granted),
            ],
            "aside": parts.binding_panel(found),
            "units": [
                parts.units_panel("减得最多的单位", found.losers, names, found.losing),
                parts.units_panel("增得最多的单位", found.gainers, names, found.gaining),
            ],
            "changes": what_changed(position.board.case, found.settings)
            or ["与现行测算相同，还没有改动。"],
        },
        "acts": _acts(request, position),
    }


def _acts(request: Any, position: Position) -> list[Part]:
    """另存为方案, for who computes baselines, once something has been changed."""
    may = request.actor.may(Permission.BASELINE_RUN, position.run.area.place)
    if not may or not asked_of(position.board.case, position.asked.settings):
        return []
    return [
        Action("另存为方案…", f"{reverse('quota:scenario_new')}?{position.query}", primary=True)
    ]


def _below(request: Any, run: BaselineRun, runs: list[BaselineRun]) -> list[Part]:
    kept = selectors.scenarios_of(run)
    here = reverse("quota:board")
    lines = [
        Row(
            [Link(run_words(one), f"{here}?run={one.pk}", note=one.made_by)],
            selected=one.pk == run.pk,
        )
        for one in runs
        if one.area_id == run.area_id and one.year == run.year
    ]
    past = Panel("历次测算", [Table([Column("测算")], lines[:MOST_RUNS], tight=True)])
    return [Scenarios(run.pk, reverse("quota:scenarios"), scenario_table(kept)), past]


@dataclass(frozen=True)
class Scenarios(Part):
    """The scenarios of a run, to be ticked and set side by side."""

    template = "quota/board_scenarios.html"
    run: int
    url: str
    table: Table


def scenario_table(kept: list[Scenario]) -> Table:
    rows = [
        Row(
            [
                Link(one.name, reverse("quota:scenario", args=[one.pk]), one.made_by.name),
                Chip("已形成测算", "grant") if one.adopted_id else Chip("方案"),
            ],
            pick=str(one.pk),
            picked=False,
        )
        for one in kept
    ]
    empty = Empty("还没有存过方案。", "移动滑块后点“另存为方案”。")
    return Table(
        [Column("方案"), Column("状态")],
        rows,
        "方案",
        tight=True,
        pick="scenario",
        pick_form="compare",
        empty=empty,
    )
