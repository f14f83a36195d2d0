"""Declared outputs beside the water they were made with, and the tilt they give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from shuiheng.core.access import Actor, Permission
from shuiheng.core.clock import beijing_date
from shuiheng.core.duty import DutyFact
from shuiheng.core.volume import Volume
from shuiheng.office.selectors import policy
from shuiheng.quota.models import OutputDeclaration
from shuiheng.quota.rules.output import Bounds, Output, OutputState, Tilt, tilt
from shuiheng.quota.selectors.demand import histories
from shuiheng.registry.models import Unit


def tilts(unit_ids: Iterable[int], year: int, day: date) -> dict[int, Tilt]:
    """The weight of each unit for a year, by its output of the year before: exactly 1000 where nothing
    is confirmed. Peers are all units of the same industry class, wherever they lie."""
    ids = set(unit_ids)
    mine = {row.unit_id: row for row in _declared(year - 1).filter(unit__in=ids)}
    codes = {row.industry_code for row in mine.values()}
    peers = list(_declared(year - 1).filter(industry_code__in=codes, state=OutputState.CONFIRMED))
    by_unit = {row.unit_id: row for row in [*mine.values(), *peers]}
    used = _used([row.unit for row in by_unit.values()], year, day)
    outputs = {unit: _output(row, used.get(unit, Volume())) for unit, row in by_unit.items()}
    bounds = Bounds(**policy("quota.tilt_bounds", day).value)
    return {unit: tilt(outputs.get(unit), list(outputs.values()), bounds) for unit in ids}


def _declared(year: int) -> QuerySet[OutputDeclaration]:
    rows = OutputDeclaration.objects.filter(year=year)
    return rows.exclude(state=OutputState.REJECTED).select_related("unit__region")


def _used(units: list[Unit], year: int, day: date) -> dict[int, Volume]:
    known = histories(units, year, day) if units else {}
    return {
        unit: history.years[0].used
        for unit, history in known.items()
        if history.years and history.years[0].year == year - 1
    }


def _output(row: OutputDeclaration, used: Volume) -> Output:
    return Output(
        row.unit_id, row.industry_code, row.measure, row.amount, used, row.state_term
    )  # fmt: skip


def declarations(
    actor: Actor, year: int, state: str = "", permission: Permission = Permission.BUDGET_VIEW
) -> QuerySet[OutputDeclaration]:
    """What the units an actor may see have declared, the longest waiting first."""
    rows = OutputDeclaration.objects.visible_to(actor, permission).filter(year=year)
    if state:
        rows = rows.filter(state=state)
    return rows.select_related("unit__region").order_by("declared_on", "pk")


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """What a department has to confirm, due when its term ends."""
    if not actor.may_somewhere(Permission.BUDGET_OPINE):
        return []
    today = beijing_date(now)
    rows = OutputDeclaration.objects.visible_to(actor, Permission.BUDGET_OPINE)
    waiting = rows.filter(state=OutputState.DECLARED).values_list("year", "declared_on")
    days = timedelta(days=int(policy("quota.output_days", today).value))
    first: dict[int, list[date]] = {}
    for year, declared_on in waiting:
        first.setdefault(year, []).append(declared_on + days)
    return [
        DutyFact(
            min(dues),
            f"确认 {year} 年产出",
            f"{len(dues)} 户等确认",
            "去确认",
            "quota:outputs",
            query=f"?year={year}",
        )
        for year, dues in sorted(first.items())
    ]


def declaration_of(unit: Unit, year: int) -> OutputDeclaration | None:
    """The newest declaration of a unit's year."""
    rows = OutputDeclaration.objects.filter(unit=unit, year=year)
    return rows.select_related("unit__region").order_by("-pk").first()
