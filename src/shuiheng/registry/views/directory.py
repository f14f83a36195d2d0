"""年度名录: every region's list, and one of them with its report, its approval, its changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.office.models import Area
from shuiheng.office.selectors import acts_about, deadlines, rest_days
from shuiheng.registry import selectors
from shuiheng.registry.forms import ReturnForm
from shuiheng.registry.models import Directory
from shuiheng.registry.rules.directory import DirectoryState, DirectoryStep, listed_year, may_step
from shuiheng.registry.selectors import DirectoryLine
from shuiheng.registry.services import directory as services
from shuiheng.registry.views.parts import get_or_post, tabs
from shuiheng.ui.figures import moment
from shuiheng.ui.forms import ActForm, Done, ask
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Due,
    Empty,
    Fact,
    Facts,
    Message,
    Name,
    PageHead,
    Part,
    Stat,
    StatStrip,
    YearChoice,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TITLE = "年度名录"
CHIPS = {
    DirectoryState.PROVISIONAL: Chip("暂用"),
    DirectoryState.REPORTED: Chip("已报市级", "grant"),
    DirectoryState.APPROVED: Chip("已审定", "normal"),
}


def _year_of(request: Any) -> int:
    asked = request.GET.get("year", "")
    if asked.isdecimal() and len(asked) == 4:
        return int(asked)
    return listed_year(request.today)


@login_required
@require_safe
def directories(request: Any) -> HttpResponse:
    """Each region's list of the year, and how far it has come; a district is led to its own."""
    year = _year_of(request)
    lines = selectors.directory_lines(request.actor, year, request.today)
    if len(lines) == 1:
        return redirect(_address(lines[0].area, year))
    note = "单位数是今天在册的，快照是上报时的"
    panel = Panel("各区名录", [_lines_table(lines, year)], note=note)
    head = _lists_head(lines, year, request.today)
    context = {"head": head, "tabs": tabs(request.actor, "directories"), "main": [panel]}
    return render(request, "registry/panels.html", context)


def _lists_head(lines: list[DirectoryLine], year: int, today: date) -> PageHead:
    approved = sum(_state(line) is DirectoryState.APPROVED for line in lines)
    return PageHead(
        TITLE,
        crumbs=[Crumb("名录", reverse("registry:units")), Crumb(TITLE)],
        year=year,
        years=_years(today),
        due=_due(year, today),
        aside=f"已审定 {approved} / {len(lines)} 区",
    )


def _state(line: DirectoryLine) -> DirectoryState | None:
    return line.directory.state_term if line.directory else None


def _years(today: date) -> list[YearChoice]:
    address = reverse("registry:directories")
    return [
        YearChoice(year, f"{address}?year={year}", open=year >= today.year)
        for year in range(today.year + 1, today.year - 2, -1)
    ]


def _due(year: int, today: date) -> Due | None:
    rule = deadlines(today).get("directory")
    if rule is None:
        return None
    rest = rest_days()
    return Due.on(rule.falls_on(year, rest), today, rest, "完成县级名录并报市级")


def _lines_table(lines: list[DirectoryLine], year: int) -> Table:
    columns = [
        Column("预算区"),
        Column("状态"),
        Column("在册", "户", kind="figure", strong=True),
        Column("没有电话", "户", kind="figure"),
        Column("快照", "户", kind="figure"),
    ]
    rows = [_line_row(line, year) for line in lines]
    sums = ["合计", "", sum(x.units for x in lines), sum(x.without_phone for x in lines), ""]
    empty = Empty("这里没有归您查看的区县。")
    return Table(columns, rows, TITLE, sums=sums if rows else (), empty=empty)


def _line_row(line: DirectoryLine, year: int) -> Row:
    return Row(
        [
            Name(line.area.name, "", _address(line.area, year)),
            CHIPS[line.directory.state_term] if line.directory else "未建立",
            line.units,
            line.without_phone,
            line.snapshot or None,
        ]
    )


def _address(area: Area, year: int, page: str = "directory") -> str:
    return reverse(f"registry:{page}", args=[area.pk, year])


# -- one list -------------------------------------------------------------------------------------


def _line(request: Any, area_id: int, year: int) -> DirectoryLine:
    lines = selectors.directory_lines(request.actor, year, request.today)
    for line in lines:
        if line.area.pk == area_id:
            return line
    raise Http404


@login_required
@require_safe
def directory(request: Any, area_id: int, year: int) -> HttpResponse:
    """One region's list: counts, what can be done now, what changed since, who did what."""
    line = _line(request, area_id, year)
    main: list[Part] = [_stats(line)]
    if line.directory is not None:
        main += [_changes_panel(line.directory, request.today), _acts_panel(line.directory)]
    else:
        said = f"{year} 年度名录还没有建立，建立以后草案可以先按暂用名录编制。"
        main.append(Message(said))
    head = _list_head(request, line, year)
    context = {"head": head, "tabs": tabs(request.actor, "directories"), "main": main}
    return render(request, "registry/panels.html", context)


def _list_head(request: Any, line: DirectoryLine, year: int) -> PageHead:
    above = f"{reverse('registry:directories')}?year={year}"
    state = _state(line)
    return PageHead(
        f"{line.area.name}{TITLE}",
        crumbs=[Crumb(TITLE, above), Crumb(line.area.name)],
        year=year,
        years=_years(request.today),
        chip=CHIPS[state] if state else Chip("未建立"),
        due=_due(year, request.today),
        actions=_actions(request, line, year),
    )


def _stats(line: DirectoryLine) -> StatStrip:
    snapshot = Stat("上报快照", line.snapshot, "户", line="上报时的名单，之后的变动不改它")
    return StatStrip(
        [
            Stat("在册单位", line.units, "户", line="今天", focus=True),
            Stat("没有电话", line.without_phone, "户", line="催报前请补上"),
            snapshot,
        ]
    )


def _actions(request: Any, line: DirectoryLine, year: int) -> list[Action]:
    """What this person may do with the list as it stands."""
    place, state = line.area.place, _state(line)
    may_edit = request.actor.may(Permission.UNIT_EDIT, place)
    may_approve = request.actor.may(Permission.DIRECTORY_APPROVE, place)
    if state is None:
        opens = Action("建立暂用名录", _address(line.area, year, "directory_open"), primary=True)
        return [opens] if may_edit else []
    found = []
    if may_step(state, DirectoryStep.RETURN) and may_approve:
        found.append(Action("退回…", _address(line.area, year, "directory_return")))
        found.append(Action("审定…", _address(line.area, year, "directory_approve"), primary=True))
    if may_step(state, DirectoryStep.REPORT) and may_edit:
        found.append(
            Action("上报市级…", _address(line.area, year, "directory_report"), primary=True)
        )
    return found


def _changes_panel(directory: Directory, today: date) -> Panel:
    changes = selectors.directory_changes(directory, today)
    columns = [Column("单位"), Column("上报以后")]
    rows = [
        Row([Name(c.unit.name, c.unit.code, reverse("registry:unit", args=[c.unit.pk])), c.what])
        for c in changes
    ]
    empty = Empty("上报以后名录没有变动。" if directory.state != "provisional" else "还没有上报。")
    return Panel(
        f"上报以后的变动 {len(changes)} 户", [Table(columns, rows, "变动", tight=True, empty=empty)]
    )


def _acts_panel(directory: Directory) -> Panel:
    acts = acts_about([f"directory/{directory.pk}"])
    columns = [Column("时间"), Column("谁"), Column("做了什么")]
    rows = [Row([moment(o.act.at), o.act.user_name, o.note]) for o in acts]
    return Panel("经过", [Table(columns, rows, "经过", tight=True, empty=Empty("还没有记录。"))])


# -- steps ----------------------------------------------------------------------------------------

Step = Callable[..., Directory]


def _step(request: Any, area_id: int, year: int, act: Step, title: str, said: str) -> HttpResponse:
    """A page that says what a step means and asks for it once more."""
    line = _line(request, area_id, year)
    form = ActForm(request.POST or None)
    facts = Facts([Fact("预算区", line.area.name), Fact("在册单位", f"{line.units} 户")])
    head = _step_head(line, year, title)
    button = f"{title} {line.units} 户"
    done = Done(_address(line.area, year), f"已{title} {line.area.name} {year} 年度名录。")
    above = [facts, Message(said)]
    do = partial(_do, request, act, area_id, year)
    return ask(request, form, do, lambda _: done, head=head, button=button, above=above)


def _do(request: Any, act: Step, area_id: int, year: int, data: dict[str, Any]) -> Directory:
    return act(area_id, year, actor=request.actor, now=request.now, key=data["key"])


def _step_head(line: DirectoryLine, year: int, title: str) -> PageHead:
    crumbs = [Crumb(f"{line.area.name}{TITLE}", _address(line.area, year)), Crumb(title)]
    return PageHead(f"{title}：{line.area.name}", crumbs=crumbs, year=year)


@login_required
@get_or_post
def directory_open(request: Any, area_id: int, year: int) -> HttpResponse:
    said = "建立以后状态是“暂用”：草案可以开始编制，名录还可以随时增减。"
    return _step(request, area_id, year, services.open_directory, "建立", said)


@login_required
@get_or_post
def directory_report(request: Any, area_id: int, year: int) -> HttpResponse:
    said = "上报时留下一份名单快照交市级审定；之后的新增、退出、迁移照常登记，列为变动。"
    return _step(request, area_id, year, services.report_directory, "上报", said)


@login_required
@get_or_post
def directory_approve(request: Any, area_id: int, year: int) -> HttpResponse:
    said = "审定的是上报时的快照；审定以后名单不再改，变动逐户列在下面。"
    return _step(request, area_id, year, services.approve_directory, "审定", said)


@login_required
@get_or_post
def directory_return(request: Any, area_id: int, year: int) -> HttpResponse:
    """退回 with a reason."""
    line = _line(request, area_id, year)
    done = Done(_address(line.area, year), f"已退回 {line.area.name}。")
    form, head = ReturnForm(request.POST or None), _step_head(line, year, "退回")
    act = partial(_return, request, area_id, year)
    return ask(request, form, act, lambda _: done, head=head, button="退回区县")


def _return(request: Any, area_id: int, year: int, data: dict[str, Any]) -> Directory:
    return services.return_directory(
        area_id,
        year,
        reason=data["reason"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )
