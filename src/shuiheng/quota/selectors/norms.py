"""Which norms are in force, and where each of them stands among its like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.core.vocabulary import AreaKind
from shuiheng.office.models import Area, PolicyValue
from shuiheng.office.rules import tidy
from shuiheng.office.selectors import scope
from shuiheng.quota.models import Norm
from shuiheng.quota.rules.norms import (
    NormChoice,
    NormFacts,
    NormTable,
    RangeEnd,
    ValueType,
    in_force,
)

CHOICE = "quota.norm_choice"


def all_norms() -> list[NormFacts]:
    """Every row of every series, as the rules see it."""
    return [norm.facts() for norm in Norm.objects.all()]


@dataclass(frozen=True, slots=True)
class NormTables:
    """The norms of a day with the choice of policy for each area that has one of its own."""

    norms: tuple[NormFacts, ...]
    general: NormChoice
    own: Mapping[int, NormChoice]

    def of(self, area: int | None) -> NormTable:
        choice = self.own.get(area, self.general) if area is not None else self.general
        return NormTable(self.norms, choice)


def norm_tables(day: date) -> NormTables:
    """What multiplies activities on a day, for any area."""
    choices: dict[int | None, NormChoice] = {}
    rows = PolicyValue.objects.filter(key=CHOICE, effective_from__lte=day)
    for row in rows:  # newest first within a key
        choices.setdefault(row.area_id, _choice(row.value))
    own = {area: choice for area, choice in choices.items() if area is not None}
    return NormTables(tuple(in_force(all_norms(), day)), choices[None], own)


def _choice(value: Mapping[str, Any]) -> NormChoice:
    return NormChoice(
        value["zone"],
        int(value["guarantee"]),
        ValueType(value["value_type"]),
        RangeEnd(value["range_end"]),
    )


# -- the list -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NormFilter:
    """What the list is asked for; '' is everything."""

    words: str = ""
    domain: str = ""
    value_type: str = ""
    confidence: str = ""
    state: str = "now"


def norms_found(wanted: NormFilter, day: date) -> QuerySet[Norm]:
    """The norms of the list: those in force, the coming ones, the past ones, or every row."""
    rows = Norm.objects.all()
    for name in ("domain", "value_type", "confidence"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    for word in tidy(wanted.words).split()[:4]:
        rows = rows.filter(
            Q(item__icontains=word)
            | Q(method__icontains=word)
            | Q(zone__icontains=word)
            | Q(standard__icontains=word)
            | Q(industry_code__startswith=word)
        )
    if not wanted.state:
        return rows
    current = [norm.id for norm in in_force(all_norms(), day)]
    if wanted.state == "now":
        return rows.filter(pk__in=current)
    if wanted.state == "coming":
        return rows.filter(valid_from__gt=day)
    return rows.filter(valid_from__lte=day).exclude(pk__in=current)


def norm_history(norm: NormFacts) -> list[Norm]:
    """All rows of a norm's series, the newest first."""
    domain, item, method, zone, guarantee, value_type = norm.series
    rows = Norm.objects.filter(
        domain=domain, item=item, method=method, zone=zone, guarantee=guarantee,
        value_type=value_type,
    )  # fmt: skip
    return list(rows.order_by("-valid_from", "-pk"))


def is_in_force(rows: Sequence[Norm], day: date) -> int:
    """Which row of a series holds on a day; 0 when none does."""
    return next((norm.id for norm in in_force([row.facts() for row in rows], day)), 0)


def norm_seat(actor: Actor) -> Place:
    """Where an edit of the norm table asks its permission: it holds for the whole installation, so
    whoever keeps one of its cities keeps it."""
    kept = scope(actor, Permission.NORM_EDIT, area="")
    cities = Area.objects.filter(kept, kind__in=[AreaKind.REGION, AreaKind.CITY])
    seat = cities.order_by("path").first() or Area.objects.get(parent=None)
    return seat.place
