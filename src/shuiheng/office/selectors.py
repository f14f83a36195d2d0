"""Reading the office: who holds what, what a permission lets one see, what policy says on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from shuiheng.core.access import SYSTEM, Actor, Holding, Permission, Place, Role
from shuiheng.core.calendar import Deadline, RestDays
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import AreaKind
from shuiheng.office.models import (
    ActOutcome,
    Area,
    AreaYear,
    Installation,
    PolicyValue,
    Post,
    User,
)
from shuiheng.office.rules import PolicyGroup, policy_group, tidy_login


def scope(actor: Actor, permission: Permission, *, area: str, unit: str = "") -> Q:
    """The rows whose place the actor holds: the same relation as `Place.holds`, in SQL.

    `area` and `unit` are the field paths to the row's budget region and unit; `area` is '' for areas
    themselves.
    """
    if actor is SYSTEM:
        return Q()
    path = f"{area}__path" if area else "path"
    allowed = Q(pk__in=[])
    for place in actor.places(permission):
        if place.unit is None:
            allowed |= Q(**{path: place.path})
            allowed |= Q(**{f"{path}__startswith": place.path + "/"})
        elif unit:
            allowed |= Q(**{unit: place.unit})
    return allowed


def held_on(day: date) -> Q:
    """Posts that are held on `day`; the last day counts."""
    return Q(Q(until__isnull=True) | Q(until__gte=day), since__lte=day)


def posts_of(user: User, day: date) -> list[Post]:
    """The posts a person holds on `day`, own ones first."""
    posts = user.posts.select_related("area", "stands_in_for__user").filter(held_on(day))
    return sorted(posts, key=lambda post: (post.stands_in_for_id is not None, post.pk))


def holding(post: Post) -> Holding:
    return Holding(Role(post.role), Place(post.area.path))


def posts_within(actor: Actor, day: date) -> QuerySet[Post]:
    """The posts that an actor may give and end, held on `day` or later."""
    inside = scope(actor, Permission.POST_ASSIGN, area="area")
    rows = Post.objects.filter(inside, Q(until__isnull=True) | Q(until__gte=day))
    related = rows.select_related("user", "area", "stands_in_for__user")
    return related.order_by("area__path", "role", "pk")


def person_called(login: str) -> User:
    """The person with this login; nobody is a refusal for the form."""
    user = User.objects.filter(login=tidy_login(login), is_active=True).first()
    if user is None:
        raise Refusal(
            "user.unknown",
            f"没有登录名“{login}”。",
            field="login",
            remedy="请核对，或者先新建人员。",
        )
    return user


def colleagues(post: Post, day: date) -> QuerySet[User]:
    """Who could take a post over: people with a post in its area, in one above it or below it."""
    steps = post.area.path.split("/")
    above = ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]
    near = Q(area__path__in=above) | Q(area__path__startswith=post.area.path + "/")
    holders = Post.objects.filter(held_on(day), near).values("user")
    people = User.objects.filter(pk__in=holders, is_active=True)
    return people.exclude(pk=post.user_id).order_by("name", "pk")


def acts_about(subjects: Iterable[str]) -> list[ActOutcome]:
    """What was done to these things (`kind/id`), newest first."""
    rows = ActOutcome.objects.filter(subject__in=list(subjects)).select_related("act")
    return list(rows.order_by("-act__at", "-act_id"))


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


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A row of the policy page: the value in force, and the one that comes next, if decided."""

    current: PolicyValue
    coming: PolicyValue | None
    edits: int

    @property
    def group(self) -> PolicyGroup:
        return policy_group(self.current.key)


def policy_lines(on: date) -> list[PolicyLine]:
    """Every policy value in force on a day, in the order of the groups."""
    series: dict[tuple[str, int | None], list[PolicyValue]] = {}
    for row in PolicyValue.objects.select_related("area"):  # newest first within a key
        series.setdefault((row.key, row.area_id), []).append(row)
    lines = []
    for rows in series.values():
        now = [row for row in rows if row.effective_from <= on]
        coming = [row for row in rows if row.effective_from > on]
        if now:
            lines.append(PolicyLine(now[0], coming[-1] if coming else None, len(rows) - 1))
    groups = list(PolicyGroup)
    return sorted(lines, key=lambda line: (groups.index(line.group), line.current.pk))


def policy_seat(row: PolicyValue, actor: Actor) -> Place:
    """Where an edit of a row asks its permission. A general row holds for the whole installation:
    whoever keeps one of its cities keeps it, a district's keeper does not."""
    if row.area is not None:
        return row.area.place
    kept = scope(actor, Permission.POLICY_EDIT, area="")
    cities = Area.objects.filter(kept, kind__in=[AreaKind.REGION, AreaKind.CITY])
    seat = cities.order_by("path").first() or Area.objects.get(parent=None)
    return seat.place


def policy_history(row: PolicyValue) -> list[PolicyValue]:
    """All rows of the same key and area, the newest effective date first."""
    return list(PolicyValue.objects.filter(key=row.key, area=row.area))


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


def next_key_dates(today: date) -> list[tuple[date, str]]:
    """The deadlines after `today`, nearest first: where the demo's business date may jump to."""
    rest = rest_days()
    dates = {
        (deadline.falls_on(year, rest), deadline.label)
        for deadline in deadlines(today).values()
        for year in range(today.year - 1, today.year + 3)
    }
    return sorted((day, label) for day, label in dates if day > today)


def budget_regions(year: int, under: Area | None = None) -> list[Area]:
    """The areas with a budget of their own below `under` (the nine regions of a city)."""
    rows = AreaYear.objects.filter(year=year, has_own_budget=True).select_related("area")
    if under is not None:
        rows = rows.filter(path__startswith=under.path + "/")
    return sorted((row.area for row in rows), key=lambda area: (area.rank, area.code))
