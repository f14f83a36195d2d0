"""What happened to a unit, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Model, Q

from shuiheng.core.volume import Volume
from shuiheng.office.models import Act, Area, RowHistory, User
from shuiheng.office.selectors import acts_about
from shuiheng.registry.models import (
    Hold,
    Intake,
    Membership,
    Permit,
    SupplyLink,
    Unit,
)
from shuiheng.registry.rules.history import ROW_LABELS, describe_row_change


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a unit: who did it, when, and what it was in words."""

    at: datetime
    who: str
    what: tuple[str, ...]
    standing_in_for: str = ""


def history_of(unit: Unit) -> list[Event]:
    """Everything done to a unit and to what belongs to it, newest first.

    Acts say what they did. A row that changed under another act, or under none at all (somebody
    worked in the database itself), is told from the rows that the trigger kept.
    """
    tables = _rows_of(unit)
    subjects = [f"{_SUBJECTS[model]}/{row.pk}" for model, rows in tables.items() for row in rows]
    acts = acts_about(subjects)
    events = [Event(o.act.at, o.act.user_name, (o.note,), o.act.standing_in_for) for o in acts]
    told = {outcome.act_id for outcome in acts}
    events += _silent_changes(tables, told)
    return sorted(events, key=lambda event: event.at, reverse=True)


_SUBJECTS: dict[type[Model], str] = {
    Unit: "unit",
    Permit: "permit",
    Intake: "intake",
    SupplyLink: "supply",
    Membership: "membership",
    Hold: "hold",
}


def _rows_of(unit: Unit) -> dict[type[Model], list[Model]]:
    return {
        Unit: [unit],
        Permit: list(unit.permits.all()),
        Intake: list(unit.intakes.all()),
        SupplyLink: list(unit.supplier_links.select_related("supplier")),
        Membership: list(unit.memberships.select_related("user")),
        Hold: list(unit.holds.all()),
    }


def _silent_changes(
    tables: Mapping[type[Model], list[Model]], told: Collection[int]
) -> list[Event]:
    wanted = Q(pk__in=[])
    for model, rows in tables.items():
        wanted |= Q(table=model._meta.db_table, row_id__in=[row.pk for row in rows])
    kept = list(RowHistory.objects.filter(wanted).order_by("-pk"))
    acts = Act.objects.in_bulk({row.act_id for row in kept if row.act_id is not None})
    after = {
        (model._meta.db_table, row.pk): _as_kept(row)
        for model, rows in tables.items()
        for row in rows
    }
    names, events = _names(tables, kept), []
    for row in kept:  # newest first: each row's successor is known when it comes up
        lines = describe_row_change(row.old, after[row.table, row.row_id], names)
        after[row.table, row.row_id] = row.old
        if lines and row.act_id not in told:
            act = acts.get(row.act_id or 0)
            said = (f"{ROW_LABELS[row.table]}：", *lines)
            events.append(
                Event(act.at, act.user_name, said, act.standing_in_for)
                if act
                else Event(row.at, NOBODY, said)
            )
    return events


NOBODY = "没有署名（直接改了数据库）"


def _as_kept(row: Model) -> dict[str, object]:
    """A row as the trigger would write it."""
    return {
        field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields
    }


def _plain(value: object) -> object:
    if isinstance(value, Volume):
        return value.m3
    return value.isoformat() if isinstance(value, date) else value


def _names(
    tables: Mapping[type[Model], list[Model]], kept: Sequence[RowHistory]
) -> dict[str, dict[int, str]]:
    """What the foreign keys in old and new rows are called."""
    seen = [row.old for row in kept] + [_as_kept(r) for rows in tables.values() for r in rows]

    def ids(*fields: str) -> set[int]:
        return {row[f] for row in seen for f in fields if isinstance(row.get(f), int)}

    areas = dict(
        Area.objects.filter(pk__in=ids("region_id", "address_area_id")).values_list("pk", "name")
    )
    permits = Permit.objects.filter(pk__in=ids("permit_id")).values_list("pk", "number")
    units = Unit.objects.filter(pk__in=ids("supplier_id")).values_list("pk", "name")
    users = User.objects.filter(pk__in=ids("user_id")).values_list("pk", "name")
    return {
        "region_id": areas,
        "address_area_id": areas,
        "permit_id": dict(permits),
        "supplier_id": dict(units),
        "user_id": dict(users),
    }
