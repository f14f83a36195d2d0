"""方案: kept under a name, set side by side, made into a run, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission, require
from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import Volume
from shuiheng.quota import services
from shuiheng.quota.forms import ScenarioForm
from shuiheng.quota.models import BaselineRun, Scenario
from shuiheng.quota.rules.board import Settings, check_adoption, summary_of
from shuiheng.quota.rules.board_asked import asked_of, settings_of, what_changed
from shuiheng.quota.selectors import board as selectors
from shuiheng.quota.views.board import TITLE, position_of, run_words, scenario_table
from shuiheng.quota.views.parts import get_or_post
from shuiheng.ui.figures import WAN, change, moment
from shuiheng.ui.forms import ActForm, Done, ask, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Fact,
    Facts,
    Message,
    PageHead,
    Part,
    Stat,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table

MADE = "已形成测算“{}”，还没有采用。请在“下达”的基准额度页面核对并采用。"
AMOUNTS = (("whole", "合计"), ("regions", "行政区域"), ("sectors", "行业"), ("sources", "水源"))


@login_required
@get_or_post
def scenario_new(request: Any) -> HttpResponse:
    """另存为方案: the position in the address, under a name."""
    run = selectors.run_read(_number(request.GET.get("run", "")), request.actor)
    require(request.actor, Permission.BASELINE_RUN, run.area.place)
    position = position_of(request, run)
    settings = position.asked.settings
    words = what_changed(position.board.case, settings) or ["与现行测算相同。"]
    return ask(
        request,
        ScenarioForm(request.POST or None),
        lambda data: services.save_scenario(
            run.pk, data["name"], settings, actor=request.actor, now=request.now, key=data["key"]
        ),
        lambda kept: Done(
            f"{reverse('quota:board')}?{position.query}", f"已存为方案“{kept.name}”。"
        ),
        head=_head("另存为方案", run),
        button="另存为方案",
        above=[Message(one) for one in words],
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _head(title: str, run: BaselineRun, actions: Sequence[Action] = ()) -> PageHead:
    back = f"{reverse('quota:board')}?run={run.pk}"
    crumbs = [Crumb(run.area.name), Crumb("会商"), Crumb(TITLE, back)]
    return PageHead(title, crumbs, run.year, chip=Chip(run_words(run)), actions=actions)


@login_required
@require_safe
def scenarios(request: Any) -> HttpResponse:
    """并排比较: two or three scenarios with what is in force; without a choice, the list."""
    numbers = request.GET.getlist("scenario")
    run_id = _number(request.GET.get("run", ""))
    if not run_id:
        runs = selectors.runs_read(request.actor)
        run_id = runs[0].pk if runs else 0
    run = selectors.run_read(run_id, request.actor)
    head = _head("并排比较", run)
    if not numbers:
        kept = selectors.scenarios_of(run)
        main: list[Part] = [Panel("方案", [scenario_table(kept)])]
        return render(request, "quota/panels.html", {"head": head, "main": main})
    main = _side_by_side(run, selectors.scenarios_compared(run, numbers))
    return render(request, "quota/panels.html", {"head": head, "main": main})


def _side_by_side(run: BaselineRun, chosen: list[Scenario]) -> list[Part]:
    """What each changes, then regions, sectors and sources: in force, each scenario, its difference."""
    case = selectors.board_of(run).case
    changed = [what_changed(case, settings_of(one.settings, case.force)) for one in chosen]
    rows = [
        Row([one.name, "；".join(words) or "与现行相同", one.made_by.name, moment(one.made_at)])
        for one, words in zip(chosen, changed, strict=True)
    ]
    heads = [Column("方案"), Column("改了什么"), Column("存的人"), Column("时间", kind="whole")]
    panels: list[Part] = [Panel("方案", [Table(heads, rows, tight=True)])]
    for key, head in AMOUNTS:
        title = f"按{head}" if key != "whole" else "合计"
        panels.append(Panel(title, [_amounts(head, key, chosen)], aside=WAN))
    binding = [
        Row([one.name, "；".join(words for _, words in one.summary["binding"][:3]) or "没有"])
        for one in chosen
    ]
    panels.append(
        Panel(
            "卡住的上限", [Table([Column("方案"), Column("用户最多的三处")], binding, tight=True)]
        )
    )
    return panels


def _amounts(head: str, key: str, chosen: Sequence[Scenario]) -> Table:
    columns = [Column(head), Column("现行", WAN, "figure", 0, unit_shown=False)]
    for one in chosen:
        columns.append(Column(one.name, WAN, "figure", 0, strong=True, unit_shown=False))
        columns.append(Column("比现行", WAN, "figure", 0, True, True, unit_shown=False))
    found = [{row[0] or row[1]: row for row in one.summary[key]} for one in chosen]
    names: dict[str, tuple[str, int]] = {}
    for rows in found:
        names |= {place: (row[1], row[2]) for place, row in rows.items()}
    lines = []
    for place, (name, before) in names.items():
        cells: list[object] = [name, Volume(before)]
        for rows in found:
            now = rows[place][3] if place in rows else 0
            cells += [Volume(now), Volume(now - before)]
        lines.append(Row(cells))
    return Table(columns, lines, tight=True)


@login_required
@require_safe
def scenario(request: Any, scenario_id: int) -> HttpResponse:
    """One scenario: what it changes, what came of it, and what may be done with it."""
    kept = selectors.scenario_read(scenario_id, request.actor)
    case = selectors.board_of(kept.run).case
    settings = settings_of(kept.settings, case.force)
    main: list[Part] = [_facts(kept, what_changed(case, settings))]
    for key, what in AMOUNTS:
        title = f"按{what}" if key != "whole" else "合计"
        main.append(Panel(title, [_amounts(what, key, [kept])], aside=WAN))
    head = _head(f"方案 {kept.name}", kept.run, _actions(request, kept, settings))
    return render(request, "quota/panels.html", {"head": head, "main": main})


def _facts(kept: Scenario, changed: list[str]) -> Panel:
    facts = [
        Fact("改了什么", "；".join(changed) or "与现行相同"),
        Fact("存的人", kept.made_by.name),
        Fact("时间", moment(kept.made_at)),
        Fact("减少", f"{kept.summary['losing']:,} 个单位，合计 {Volume(kept.summary['lost'])}"),
        Fact("增加", f"{kept.summary['gaining']:,} 个单位，合计 {Volume(kept.summary['gained'])}"),
        Fact("摘要", kept.digest[:16], note="同样的测算和设定，同样的结果"),
    ]
    if kept.adopted is not None:
        facts.append(Fact("已形成测算", run_words(kept.adopted)))
    return Panel("方案", [Facts(facts)], wide=False)


def _actions(request: Any, kept: Scenario, settings: Settings) -> list[Action]:
    case = selectors.board_of(kept.run).case
    words = urlencode({"run": kept.run.pk, **asked_of(case, settings)})
    actions = [Action("在会商里打开", f"{reverse('quota:board')}?{words}")]
    if not request.actor.may(Permission.BASELINE_RUN, kept.run.area.place):
        return actions
    if kept.made_by_id == request.actor.user_id and kept.adopted_id is None:
        actions.append(Action("删除…", reverse("quota:scenario_delete", args=[kept.pk])))
    if kept.adopted_id is None:
        url = reverse("quota:scenario_adopt", args=[kept.pk])
        actions.append(Action("形成测算…", url, primary=True))
    return actions


@login_required
@get_or_post
def scenario_adopt(request: Any, scenario_id: int) -> HttpResponse:
    """形成测算: what the new run would be made by, then make it; it is reviewed and adopted as any other."""
    kept = selectors.scenario_read(scenario_id, request.actor)
    require(request.actor, Permission.BASELINE_RUN, kept.run.area.place)
    form = ActForm(request.POST or None)
    return submit(
        request,
        form,
        lambda data: services.adopt_scenario(
            kept.pk, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="quota/scenario_adopt.html",
        context={"head": _head("形成测算", kept.run), "preview": _preview(kept, form)},
        done=lambda made: Done(f"{reverse('quota:board')}?run={made.pk}", MADE.format(made.name)),
    )


def _preview(kept: Scenario, form: ActForm) -> Preview:
    case = selectors.board_of(kept.run).case
    settings = settings_of(kept.settings, case.force)
    found = summary_of(selectors.outcome_of(kept.run, settings))
    stats = [Stat(row[1], Volume(row[3]), WAN, decimals=0) for row in found["whole"]]
    rows = [
        Row([row[1], Volume(row[2]), Volume(row[3]), change(Volume(row[3]), Volume(row[2]))])
        for row in found["regions"]
    ]
    columns = [
        Column("行政区域"),
        Column("现行", WAN, "figure"),
        Column("新测算", WAN, "figure", strong=True),
        Column("幅度", kind="figure"),
    ]
    return Preview(
        f"按“{kept.name}”形成测算",
        stats,
        title="；".join(what_changed(case, settings)) or "与现行相同",
        table=Table(columns, rows, tight=True),
        undo="只多出一次测算，不改已采用的额度；采用前还要在基准额度页面核对。",
        form=form,
        others=[Action("返回方案", reverse("quota:scenario", args=[kept.pk]))],
        blocked=_why_not(kept, case, settings),
    )


def _why_not(kept: Scenario, case: Any, settings: Settings) -> str:
    """Why the scenario cannot be made into a run, said before anybody presses."""
    if kept.adopted_id is not None:
        return "这个方案已经形成测算。"
    try:
        check_adoption(case, settings)
    except Refusal as refusal:
        return str(refusal)
    return ""


@login_required
@get_or_post
def scenario_delete(request: Any, scenario_id: int) -> HttpResponse:
    """删除: only its maker, only while no run was made from it."""
    kept = selectors.scenario_read(scenario_id, request.actor)
    require(request.actor, Permission.BASELINE_RUN, kept.run.area.place)
    return ask(
        request,
        ActForm(request.POST or None),
        lambda data: services.delete_scenario(
            kept.pk, actor=request.actor, now=request.now, key=data["key"]
        ),
        lambda _: Done(f"{reverse('quota:board')}?run={kept.run.pk}", f"已删除方案“{kept.name}”。"),
        head=_head(f"删除方案 {kept.name}", kept.run),
        button="删除这个方案",
        above=[Message("删除后不能找回；办理记录里会留下是谁、什么时候删的。", "look")],
    )
