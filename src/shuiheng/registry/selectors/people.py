"""Who acts for which unit, and whom an officer looks after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from shuiheng.core.access import Actor, Holding, Permission, Role
from shuiheng.office.models import Post, User
from shuiheng.office.selectors import held_on, holding, posts_of, scope
from shuiheng.registry.models import (
    Membership,
    Unit,
)
from shuiheng.registry.rules.units import search_words
from shuiheng.registry.selectors.water import open_on


def actor_for(user: User, day: date) -> Actor:
    """The person with all he holds on `day`: posts at areas, memberships of units."""
    posts = posts_of(user, day)
    holdings = [holding(post) for post in posts]
    holdings += [
        Holding(Role(membership.role), membership.unit.place)
        for membership in memberships_of(user, day)
    ]
    standing_in = [p.stands_in_for.user.name for p in posts if p.stands_in_for is not None]
    return Actor(user.pk, user.name, tuple(holdings), "、".join(standing_in))


def memberships_of(user: User, day: date) -> list[Membership]:
    """The units a person acts for on `day`, in the order he got them."""
    rows = user.memberships.select_related("unit__region").filter(open_on(day))
    return list(rows.order_by("pk"))


def members_of(unit: Unit, day: date) -> list[Membership]:
    """Who acts for a unit on `day`."""
    return list(unit.memberships.select_related("user").filter(open_on(day)).order_by("pk"))


def memberships_within(actor: Actor, day: date) -> QuerySet[Membership]:
    """The memberships that an actor may look after on `day`."""
    mine = scope(actor, Permission.ACCOUNT_MEND, area="unit__region", unit="unit")
    rows = Membership.objects.filter(mine, open_on(day), user__is_active=True)
    return rows.select_related("user", "unit__region").order_by("unit__pinyin", "user__name", "pk")


def people_mendable(actor: Actor, day: date) -> QuerySet[User]:
    """Whose lost access an actor may mend: people of units in his place who hold no post; people
    with posts are mended by whoever may give those posts."""
    posts = Post.objects.filter(held_on(day), user=OuterRef("pk"))
    beyond = posts.exclude(scope(actor, Permission.POST_ASSIGN, area="area"))
    mine = memberships_within(actor, day).filter(user=OuterRef("pk"))
    people = User.objects.filter(is_active=True)
    return people.filter(
        Q(~Exists(posts), Exists(mine.order_by())) | Q(Exists(posts), ~Exists(beyond))
    )


def people_with_phone(phone: str) -> list[User]:
    """Whom a telephone belongs to: usually one, in a family business sometimes two."""
    return list(User.objects.filter(phone=phone, is_active=True).order_by("pk")[:3])


def units_without_people(actor: Actor, day: date) -> QuerySet[Unit]:
    """Active units in an actor's place for which nobody signs in yet."""
    members = Membership.objects.filter(open_on(day), unit=OuterRef("pk"))
    units = Unit.objects.visible_to(actor, Permission.ACCOUNT_MEND).active_on(day)
    return units.filter(~Exists(members)).select_related("region")


def people_matching(actor: Actor, words: str, day: date) -> QuerySet[User]:
    """Among those an actor may mend: by name, login, telephone or unit."""
    found = people_mendable(actor, day)
    for one in search_words(words):
        units = Unit.objects.filter(Q(name__icontains=one) | Q(code__icontains=one))
        members = Membership.objects.filter(open_on(day), unit__in=units).values("user")
        found = found.filter(
            Q(name__icontains=one)
            | Q(login__icontains=one)
            | Q(phone__contains=one)
            | Q(pk__in=members)
        )
    return found.order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class Standing:
    """A person and what he stands for, in words."""

    user: User
    words: tuple[str, ...]


def standings(users: Iterable[User], day: date) -> list[Standing]:
    """The posts and units of several people, in two queries."""
    people = list(users)
    words: dict[int, list[str]] = {user.pk: [] for user in people}
    posts = Post.objects.filter(held_on(day), user__in=people).select_related("area")
    for post in posts.order_by("pk"):
        words[post.user_id].append(f"{post.area.name}{Role(post.role).label}")
    members = Membership.objects.filter(open_on(day), user__in=people).select_related("unit")
    for member in members.order_by("pk"):
        words[member.user_id].append(member.unit.name)
    return [Standing(user, tuple(words[user.pk])) for user in people]


def memberships_ending(actor: Actor, user: User, day: date) -> QuerySet[Membership]:
    """The memberships that a person may end: his own, and those he looks after."""
    own = Membership.objects.filter(open_on(day), user=user)
    mine = memberships_within(actor, day).order_by()
    rows = Membership.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=mine.values("pk")))
    return rows.select_related("user", "unit__region")
