"""Reading the registry: who acts for which unit, what a unit may take, who supplies whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Replace

from shuiheng.core.access import Actor, Holding, Permission, Place, Role
from shuiheng.core.refusal import Finding
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Act, Area, Post, RowHistory, User
from shuiheng.office.selectors import acts_about, held_on, holding, posts_of, scope
from shuiheng.registry.models import (
    Activity,
    Directory,
    Hold,
    Intake,
    Membership,
    PastUse,
    Permit,
    SupplyLink,
    Unit,
)
from shuiheng.registry.rules.checks import UnitFacts, check_unit
from shuiheng.registry.rules.history import ROW_LABELS, describe_row_change
from shuiheng.registry.rules.units import ClosingFacts, UnitCard, search_words
from shuiheng.registry.rules.waters import PermitFacts, suppliers_of_kind

# -- people ---------------------------------------------------------------------------------------


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


def open_on(day: date) -> Q:
    """Rows of `since` and `until` in force on `day`; the day of the end no longer counts."""
    return Q(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)


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


# -- what a unit may take, who supplies whom --------------------------------------------------------


def permitted(units: list[int], on: date) -> dict[tuple[int, Source], Volume]:
    """Σ valid permits of each unit and source; a pair without any permit is absent."""
    rows = (
        Permit.objects.filter(unit__in=units, valid_from__lte=on, valid_until__gte=on)
        .values_list("unit", "source")
        .annotate(sum=Sum("volume"))
    )
    return {(unit, Source(source)): Volume(int(_m3(volume))) for unit, source, volume in rows}


def suppliers_of(customers: list[int], on: date) -> dict[int, SupplyLink]:
    """The link to its supplier of each customer on a day."""
    links = SupplyLink.objects.select_related("supplier", "line").filter(
        open_on(on), customer__in=customers
    )
    return {link.customer_id: link for link in links}


def customers_of(supplier: Unit, on: date) -> list[SupplyLink]:
    """The customers of a supplier on a day, by line and name."""
    return list(
        supplier.customer_links.select_related("customer__region", "line")
        .filter(open_on(on))
        .order_by("line_id", "customer__pinyin")
    )


def past_use(units: list[int], year: int) -> dict[tuple[int, Source], tuple[Volume, ...]]:
    """Twelve months of use of a year before this system kept the books."""
    months: dict[tuple[int, Source], list[Volume]] = {}
    for row in PastUse.objects.filter(unit__in=units, year=year):
        twelve = months.setdefault((row.unit_id, Source(row.source)), [Volume()] * 12)
        twelve[row.month - 1] = row.volume
    return {key: tuple(twelve) for key, twelve in months.items()}


def holds_on(unit: int, on: date) -> list[Hold]:
    """Holds in force on a day; every `plan_*` that gives something receives them as facts."""
    return list(Hold.objects.filter(open_on(on), unit=unit))


def units_in(area: Area, on: date) -> list[Unit]:
    """The active units whose budget region is `area` or lies below it."""
    inside = Q(region=area) | Q(region__path__startswith=area.path + "/")
    return list(Unit.objects.active_on(on).filter(inside).select_related("region"))


def place_of(unit: Unit) -> Place:
    return Place(unit.region.path, unit.pk)


def _m3(volume: object) -> int:
    return volume.m3 if isinstance(volume, Volume) else int(str(volume))


# -- finding --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What the list is asked for; '' is everything. `region` is an area's code."""

    words: str = ""
    region: str = ""
    kind: str = ""
    sector: str = ""
    state: str = "open"


def units_found(actor: Actor, wanted: UnitFilter, today: date) -> QuerySet[Unit]:
    """The units of the list, in the order of their pinyin."""
    units = Unit.objects.visible_to(actor).select_related("region", "address_area")
    if wanted.region:
        units = units.filter(region__code=wanted.region)
    if wanted.kind:
        units = units.filter(kind=wanted.kind)
    if wanted.sector:
        units = units.filter(sector=wanted.sector)
    if wanted.state == "open":
        units = units.active_on(today)
    elif wanted.state == "closed":
        units = units.filter(closed_on__lte=today)
    return matching(units, wanted.words)


def matching(units: QuerySet[Unit], words: str) -> QuerySet[Unit]:
    """Units whose name, pinyin, code, telephone, permit, well or township holds every word."""
    for one in search_words(words):
        places = Area.objects.filter(name__contains=one).values("pk")
        found = (
            Q(name__icontains=one)
            | Q(code__icontains=one)
            | Q(address__contains=one)
            | Q(address_area__in=places)
            | Q(region__in=places)
            | Q(pk__in=Permit.objects.filter(number__icontains=one).values("unit"))
            | Q(pk__in=Intake.objects.filter(name__icontains=one).values("unit"))
        )
        if one.isascii():
            units = units.alias(letters=Replace(F("pinyin"), Value(" "), Value("")))
            found |= Q(letters__contains=one.lower()) | Q(phone__contains=one)
        units = units.filter(found)
    return units


def permit_totals(units: Sequence[Unit], on: date) -> dict[int, Volume]:
    """Σ valid permits of each unit over all sources; a unit without any is absent."""
    totals: dict[int, Volume] = {}
    for (unit, _), volume in permitted([unit.pk for unit in units], on).items():
        totals[unit] = totals.get(unit, Volume()) + volume
    return totals


def regions_held(actor: Actor) -> list[Area]:
    """The budget regions that lie in an officer's places."""
    held = scope(actor, Permission.UNIT_VIEW, area="")
    return list(Area.objects.filter(held, has_own_budget=True))


def regions_open_to(actor: Actor) -> list[Area]:
    """The budget regions whose units an actor may keep."""
    held = scope(actor, Permission.UNIT_EDIT, area="")
    return list(Area.objects.filter(held, has_own_budget=True))


def places_around(regions: Sequence[Area]) -> list[Area]:
    """Where a unit of these regions may have its address: anywhere in their cities, 甘泉堡's in 米东."""
    cities = {region.path.rpartition("/")[0] for region in regions}
    inside = Q(pk__in=[])
    for city in cities:
        inside |= Q(path__startswith=city + "/")
    return list(Area.objects.filter(inside))


def suppliers_for(kind: UnitKind, today: date) -> list[Unit]:
    """Who may supply a customer of this kind; a supplier's name is no secret."""
    kinds = [supplier.value for supplier in suppliers_of_kind(kind)]
    units = Unit.objects.active_on(today).filter(kind__in=kinds)
    return list(units.select_related("region"))


# -- a unit as rules see it -------------------------------------------------------------------------


def card_of(unit: Unit) -> UnitCard:
    return UnitCard(
        code=unit.code,
        name=unit.name,
        kind=UnitKind(unit.kind),
        sector=Sector(unit.sector),
        address_area=unit.address_area_id,
        address=unit.address,
        contact=unit.contact,
        phone=unit.phone,
        is_xpcc=unit.is_xpcc,
        guarantees_living=unit.guarantees_living,
    )


def permit_facts(permit: Permit) -> PermitFacts:
    return PermitFacts(
        number=permit.number,
        source=Source(permit.source),
        volume=permit.volume,
        valid_from=permit.valid_from,
        valid_until=permit.valid_until,
    )


def lies_outside(unit: Unit) -> bool:
    """Whether the address lies outside the budget region (USERS 23)."""
    region, address = unit.region.path, unit.address_area.path
    return not Place(region).holds(Place(address)) and not Place(address).holds(Place(region))


def unit_findings(unit: Unit, permits: Iterable[Permit], people: int, today: date) -> list[Finding]:
    """What a clerk should look at, computed from what stands there."""
    facts = UnitFacts(
        card=card_of(unit),
        permits=[permit_facts(permit) for permit in permits],
        supplied=unit.pk in suppliers_of([unit.pk], today),
        outside_region=lies_outside(unit),
        people=people,
        closed=unit.closed_on is not None and unit.closed_on <= today,
    )
    return check_unit(facts, today)


def closing_facts(unit: Unit, today: date) -> ClosingFacts:
    link = suppliers_of([unit.pk], today).get(unit.pk)
    return ClosingFacts(
        opened_on=unit.opened_on,
        closed_on=unit.closed_on,
        customers=len(customers_of(unit, today)) if unit.kind_term.is_supplier else 0,
        intakes=unit.intakes.filter(until=None).count(),
        permits=unit.permits.filter(valid_until__gte=today).count(),
        supplied_by=link.supplier.name if link else "",
    )


def activities_by_year(unit: Unit) -> dict[int, list[Activity]]:
    """What a unit declared, the newest year first."""
    years: dict[int, list[Activity]] = {}
    for row in unit.activities.order_by("-year", "item", "method"):
        years.setdefault(row.year, []).append(row)
    return years


# -- lists of a year --------------------------------------------------------------------------------


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


# -- history --------------------------------------------------------------------------------------


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
