"""Lists of a year, and what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from shuiheng.core.access import Actor, Permission
from shuiheng.core.clock import beijing_date
from shuiheng.core.duty import DutyFact
from shuiheng.core.vocabulary import Sector, UnitKind
from shuiheng.office.models import Area
from shuiheng.office.selectors import (
    deadlines,
    rest_days,
)
from shuiheng.registry.models import (
    Directory,
    Unit,
)
from shuiheng.registry.rules.directory import DirectoryState, listed_year
from shuiheng.registry.selectors.finding import regions_held
from shuiheng.registry.selectors.water import units_in


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    """A region's list of a year beside what the registry holds today."""

    area: Area
    directory: Directory | None
    units: int
    without_phone: int
    snapshot: int


def directory_lines(actor: Actor, year: int, today: date) -> list[DirectoryLine]:
    """The lists of every budget region that an actor may see."""
    areas = regions_held(actor)
    directories = {
        row.area_id: row
        for row in Directory.objects.filter(year=year, area__in=areas).annotate(
            entry_count=Count("entries")
        )
    }
    mine = Unit.objects.visible_to(actor).active_on(today).filter(region__in=areas).order_by()
    counts = {
        row["region"]: row
        for row in mine.values("region").annotate(
            units=Count("pk"), mute=Count("pk", filter=Q(phone=""))
        )
    }
    nothing = {"units": 0, "mute": 0}
    return [
        DirectoryLine(
            area,
            directories.get(area.pk),
            counts.get(area.pk, nothing)["units"],
            counts.get(area.pk, nothing)["mute"],
            getattr(directories.get(area.pk), "entry_count", 0),
        )
        for area in areas
    ]


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """How the registry differs today from the list as it was reported."""

    unit: Unit
    what: str


def directory_changes(directory: Directory, today: date) -> list[DirectoryChange]:
    """新增, 退出 and changed kind or sector since the list was reported."""
    listed = {row.unit_id: row for row in directory.entries.select_related("unit__region")}
    if not listed:
        return []
    present = {unit.pk: unit for unit in units_in(directory.area, today)}
    changes = [DirectoryChange(present[pk], "新增") for pk in present.keys() - listed.keys()]
    changes += [
        DirectoryChange(row.unit, "退出" if row.unit.closed_on else "迁出")
        for pk, row in listed.items()
        if pk not in present
    ]
    for pk in present.keys() & listed.keys():
        unit, row = present[pk], listed[pk]
        if unit.kind != row.kind:
            kinds = f"{UnitKind(row.kind).label} → {unit.kind_term.label}"
            changes.append(DirectoryChange(unit, f"类型：{kinds}"))
        if unit.sector != row.sector:
            sectors = f"{Sector(row.sector).label} → {unit.sector_term.label}"
            changes.append(DirectoryChange(unit, f"行业：{sectors}"))
    return sorted(changes, key=lambda change: (change.what, change.unit.pinyin))


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """A district reports its list by 31 January, the city then approves it."""
    today = beijing_date(now)
    rule = deadlines(today).get("directory")
    if rule is None or not (
        actor.may_somewhere(Permission.UNIT_EDIT)
        or actor.may_somewhere(Permission.DIRECTORY_APPROVE)
    ):
        return []
    year = listed_year(today)
    due = rule.falls_on(year, rest_days())
    found = (_duty(actor, line, year, due) for line in directory_lines(actor, year, today))
    return [duty for duty in found if duty is not None]


def _duty(actor: Actor, line: DirectoryLine, year: int, due: date) -> DutyFact | None:
    """What this person has to do with one list; a city reviewer reports no district's."""
    state = line.directory.state_term if line.directory else DirectoryState.PROVISIONAL
    approves = actor.may(Permission.DIRECTORY_APPROVE, line.area.place)
    what = {
        (DirectoryState.PROVISIONAL, False): ("上报", f"上报 {year} 年度名录"),
        (DirectoryState.REPORTED, True): ("审定", f"审定 {year} 年度名录"),
    }.get((state, approves))
    if what is None or not (approves or actor.may(Permission.UNIT_EDIT, line.area.place)):
        return None
    verb, sentence = what
    args = {"area_id": line.area.pk, "year": year}
    detail = f"{line.area.name}，{line.units} 户"
    return DutyFact(due, sentence, detail, verb, "registry:directory", args)
