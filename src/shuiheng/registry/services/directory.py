"""名录 of a year: opened, reported by the county, approved or returned by the city (方案 三(一))."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.office.models import Act, Area
from shuiheng.office.services import begin_act, finish_act
from shuiheng.registry.models import Directory, DirectoryEntry, Unit
from shuiheng.registry.rules import directory as rules
from shuiheng.registry.rules.directory import DirectoryStep
from shuiheng.registry.rules.units import check_region
from shuiheng.registry.selectors import units_in


@transaction.atomic
def open_directory(area_id: int, year: int, *, actor: Actor, now: datetime, key: str) -> Directory:
    """建立 the provisional list on which the year's drafts run; opening it twice is no harm."""
    act = begin_act(key, "directory.open", actor=actor, now=now, args=_args(area_id, year))
    if act.done:
        return Directory.objects.get(pk=act.outcome.subject_id)
    area = Area.objects.get(pk=area_id)
    require(actor, Permission.UNIT_EDIT, area.place)
    check_region(area.has_own_budget, area.name)
    directory, _ = Directory.objects.get_or_create(area=area, year=year)
    finish_act(act, f"directory/{directory.pk}", f"建立{area.name} {year} 年度名录（暂用）")
    return directory


@transaction.atomic
def report_directory(
    area_id: int, year: int, *, actor: Actor, now: datetime, key: str
) -> Directory:
    """上报市级: keeps a snapshot of who stands on the list; the registry itself goes on changing."""
    act = begin_act(key, "directory.report", actor=actor, now=now, args=_args(area_id, year))
    directory = _locked(area_id, year)
    if act.done:
        return directory
    require(actor, Permission.UNIT_EDIT, directory.area.place)
    units = units_in(directory.area, beijing_date(now))
    _step(directory, DirectoryStep.REPORT, act, units=len(units))
    directory.entries.all().delete()
    DirectoryEntry.objects.bulk_create([_entry(directory, unit) for unit in units], batch_size=1000)
    return directory


@transaction.atomic
def approve_directory(
    area_id: int, year: int, *, actor: Actor, now: datetime, key: str
) -> Directory:
    """市级审定."""
    act = begin_act(key, "directory.approve", actor=actor, now=now, args=_args(area_id, year))
    directory = _locked(area_id, year)
    if act.done:
        return directory
    require(actor, Permission.DIRECTORY_APPROVE, directory.area.place)
    _step(directory, DirectoryStep.APPROVE, act, units=directory.entries.count())
    return directory


@transaction.atomic
def return_directory(
    area_id: int, year: int, *, reason: str, actor: Actor, now: datetime, key: str
) -> Directory:
    """退回 with a reason that the district reads."""
    args = {**_args(area_id, year), "reason": reason}
    act = begin_act(key, "directory.return", actor=actor, now=now, args=args)
    directory = _locked(area_id, year)
    if act.done:
        return directory
    require(actor, Permission.DIRECTORY_APPROVE, directory.area.place)
    units = directory.entries.count()
    _step(directory, DirectoryStep.RETURN, act, units=units, reason=reason)
    return directory


def _args(area_id: int, year: int) -> dict[str, object]:
    return {"area": area_id, "year": year}


def _locked(area_id: int, year: int) -> Directory:
    rows = Directory.objects.select_for_update(of=["self"]).select_related("area")
    directory = rows.filter(area=area_id, year=year).first()
    if directory is None:
        raise rules.no_directory(year)
    return directory


def _step(
    directory: Directory, step: DirectoryStep, act: Act, *, units: int, reason: str = ""
) -> None:
    directory.state = rules.plan_directory_step(
        directory.state_term, step, units=units, reason=reason
    )
    directory.save(update_fields=["state"])
    words = f"{step.label}{directory.area.name} {directory.year} 年度名录，{units} 个单位"
    finish_act(act, f"directory/{directory.pk}", f"{words}{reason and '：'}{reason.strip()}")


def _entry(directory: Directory, unit: Unit) -> DirectoryEntry:
    return DirectoryEntry(
        directory=directory, unit=unit, name=unit.name, kind=unit.kind, sector=unit.sector
    )
