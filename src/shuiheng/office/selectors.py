"""Reading the office: who holds what, what a permission lets one see, what policy says on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Q

from shuiheng.core.access import SYSTEM, Actor, Holding, Permission, Place, Role
from shuiheng.core.calendar import Deadline, RestDays
from shuiheng.office.models import Area, AreaYear, Installation, PolicyValue, Post, User


def scope(actor: Actor, permission: Permission, *, area: str, unit: str = "") -> Q:
    """The rows whose place the actor holds: the same relation as `Place.holds`, in SQL.

    `area` and `unit` are the field paths to the row's budget region and unit.
    """
    if actor is SYSTEM:
        return Q()
    allowed = Q(pk__in=[])
    for place in actor.places(permission):
        if place.unit is None:
            allowed |= Q(**{f"{area}__path": place.path})
            allowed |= Q(**{f"{area}__path__startswith": place.path + "/"})
        elif unit:
            allowed |= Q(**{unit: place.unit})
    return allowed


def posts_of(user: User, day: date) -> list[Post]:
    """The posts a person holds on `day`, own ones first."""
    posts = user.posts.select_related("area", "stands_in_for__user").filter(
        Q(until__isnull=True) | Q(until__gte=day), since__lte=day
    )
    return sorted(posts, key=lambda post: (post.stands_in_for_id is not None, post.pk))


def holding(post: Post) -> Holding:
    return Holding(Role(post.role), Place(post.area.path))


def installation() -> Installation:
    """The one row that says what this database is."""
    return Installation.objects.get(pk=1)


def policy(key: str, on: date, area: Area | None = None) -> PolicyValue:
    """The value in force on a day: the area's own before the general one, the newest row first.

    Raises LookupError: a key without any row is our bug, not the user's.
    """
    rows = PolicyValue.objects.filter(key=key, effective_from__lte=on)
    if area is not None:
        own = rows.filter(area=area).first()
        if own is not None:
            return own
    general = rows.filter(area=None).first()
    if general is None:
        raise LookupError(f"no policy value {key} on {on}")
    return general


def rest_days() -> RestDays:
    """National and regional holidays as loaded so far."""
    rows = PolicyValue.objects.filter(key__startswith="rest_days.")
    values: list[Mapping[str, Any]] = [row.value for row in rows]
    return RestDays(
        holidays=frozenset(date.fromisoformat(d) for v in values for d in v["holidays"]),
        worked_weekends=frozenset(
            date.fromisoformat(d) for v in values for d in v["worked_weekends"]
        ),
    )


def deadlines(on: date) -> dict[str, Deadline]:
    """The deadline rules in force on a day, by key (实施方案 四)."""
    rules: dict[str, Deadline] = {}
    rows = PolicyValue.objects.filter(
        key__startswith="deadline.", effective_from__lte=on, area=None
    )
    for row in rows:  # newest first within a key
        key = row.key.removeprefix("deadline.")
        value = row.value
        rules.setdefault(
            key,
            Deadline(
                key=key,
                label=row.label,
                month=value["month"],
                day=value["day"],
                year_offset=value["year_offset"],
                shift=value["shift"],
                article=row.source,
            ),
        )
    return rules


def budget_regions(year: int, under: Area | None = None) -> list[Area]:
    """The areas with a budget of their own below `under` (the nine regions of a city)."""
    rows = AreaYear.objects.filter(year=year, has_own_budget=True).select_related("area")
    if under is not None:
        rows = rows.filter(path__startswith=under.path + "/")
    return sorted((row.area for row in rows), key=lambda area: (area.rank, area.code))
