"""Writing inflow: sites, and figures by the row, by hand and by sheet alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.inflow import rules
from shuiheng.inflow.models import AnnualRunoff, Forecast, Reading, Site
from shuiheng.inflow.rules import EntryKind, EntryRow, PlaceFacts, SiteFacts
from shuiheng.office.models import Act, Area
from shuiheng.office.rules import pinyin_key
from shuiheng.office.services import begin_act, finish_act

Figure = Forecast | Reading | AnnualRunoff
FIGURES: tuple[type[Figure], ...] = (Forecast, Reading, AnnualRunoff)
BATCH = 2000


@transaction.atomic
def enter(rows: Sequence[EntryRow], *, actor: Actor, now: datetime, key: str) -> int:
    """Enter figures; one that differs from the figure in force becomes its next version, one that says the same
    by the same bulletin is passed over. Returns how many were new.
    """
    act = begin_act(key, "inflow.enter", actor=actor, now=now, args={"rows": rows})
    if act.done:
        return sum(table.objects.filter(act=act).count() for table in FIGURES)
    if not rows:
        raise Refusal("inflow.nothing", "没有要录入的数。", remedy="请至少填写一行。")
    sites, areas = _lock_places(rows)
    for area in {site.area_id: site.area for site in sites.values()} | areas:
        place = areas[area] if area in areas else Area.objects.get(pk=area)
        require(actor, Permission.INFLOW_ENTER, place.place)
    today = beijing_date(now)
    for row in rows:
        rules.check_entry(row, _facts(row, sites, areas), today)
    new = _news(rows)
    if not new:
        raise Refusal(
            "inflow.nothing_new",
            f"这 {len(rows)} 行和已经录入的完全相同，没有新的内容。",
            kind=Kind.CONFLICT,
            remedy="要更正，请改数字、公报编号或发布日期后再录。",
        )
    _write(new, act, actor)
    places = "、".join(dict.fromkeys(_facts(r, sites, areas).name for r in new))
    finish_act(act, f"inflow/{new[0].place}", f"{len(new)} 行{new[0].kind.label}：{places}"[:500])
    return len(new)


def _lock_places(rows: Sequence[EntryRow]) -> tuple[dict[int, Site], dict[int, Area]]:
    """The sites locked in order, so that two people entering the same sheet write it once."""
    site_ids = {row.place for row in rows if row.kind is not EntryKind.RUNOFF}
    area_ids = {row.place for row in rows if row.kind is EntryKind.RUNOFF}
    locked = Site.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    sites = {site.pk: site for site in locked.select_related("area").filter(pk__in=site_ids)}
    chosen = Area.objects.select_for_update(no_key=True).order_by("pk")
    areas = {area.pk: area for area in chosen.filter(pk__in=area_ids)}
    if len(sites) < len(site_ids) or len(areas) < len(area_ids):
        raise Refusal("inflow.no_place", "录入的测点或地区不存在。", kind=Kind.MISSING)
    return sites, areas


def _facts(row: EntryRow, sites: Mapping[int, Site], areas: Mapping[int, Area]) -> PlaceFacts:
    if row.kind is EntryKind.RUNOFF:
        return PlaceFacts(row.place, areas[row.place].name, None)
    return sites[row.place].place_facts


Key = tuple[int, object, object]
Said = tuple[object, ...]


def _news(rows: Sequence[EntryRow]) -> list[EntryRow]:
    """The rows that do not say what the figure in force says by the same bulletin."""
    in_force = _in_force(rows)
    new = []
    for row in rows:
        said = (row.volume, row.depth, row.bulletin, row.issued_on)
        if in_force.get(_key(row)) != said:
            in_force[_key(row)] = said
            new.append(row)
    return new


def _key(row: EntryRow) -> Key:
    if row.kind is EntryKind.FORECAST:
        return row.place, row.year, row.period
    return row.place, row.day or row.year, None


def _in_force(rows: Sequence[EntryRow]) -> dict[Key, Said]:
    """What stands for the places and years of `rows`: later rows of a table take the place of earlier ones."""
    found: dict[Key, Said] = {}
    places = {row.place for row in rows}
    years = {row.year for row in rows}
    kinds = {row.kind for row in rows}
    if EntryKind.FORECAST in kinds:
        for f in Forecast.objects.filter(site__in=places, year__in=years).order_by("pk"):
            found[f.site_id, f.year, f.period] = (f.volume, None, f.bulletin, f.issued_on)
    if EntryKind.RUNOFF in kinds:
        for a in AnnualRunoff.objects.filter(area__in=places, year__in=years).order_by("pk"):
            found[a.area_id, a.year, None] = (a.volume, None, a.bulletin, a.issued_on)
    if kinds - {EntryKind.FORECAST, EntryKind.RUNOFF}:
        days = {row.day for row in rows if row.day is not None}
        for r in Reading.objects.filter(site__in=places, day__in=days).order_by("pk"):
            found[r.site_id, r.day, None] = (r.volume, r.depth, r.bulletin, r.issued_on)
    return found


def _write(rows: Sequence[EntryRow], act: Act, actor: Actor) -> None:
    made = [_figure(row, act, actor) for row in rows]
    Forecast.objects.bulk_create([m for m in made if isinstance(m, Forecast)], BATCH)
    Reading.objects.bulk_create([m for m in made if isinstance(m, Reading)], BATCH)
    AnnualRunoff.objects.bulk_create([m for m in made if isinstance(m, AnnualRunoff)], BATCH)


def _figure(row: EntryRow, act: Act, actor: Actor) -> Figure:
    dated = {
        "bulletin": row.bulletin,
        "issued_on": row.issued_on,
        "confidence": row.confidence,
        "entered_by": actor.name,
        "entered_at": act.at,
        "act": act,
        "volume": row.volume,
    }
    if row.kind is EntryKind.FORECAST:
        assert row.period is not None
        span, number = row.period.span, row.period.number
        return Forecast(site_id=row.place, year=row.year, span=span, number=number, **dated)
    if row.kind is EntryKind.RUNOFF:
        return AnnualRunoff(area_id=row.place, year=row.year, **dated)
    assert row.day is not None
    return Reading(site_id=row.place, day=row.day, depth=row.depth, **dated)


@transaction.atomic
def save_site(
    site_id: int | None, area_id: int, facts: SiteFacts, *, actor: Actor, now: datetime, key: str
) -> Site:
    """Register a site, or change what is known of it; what it was stays in the row's history."""
    args = {"site": site_id, "area": area_id, "facts": facts}
    act = begin_act(key, "inflow.save_site", actor=actor, now=now, args=args)
    if act.done:
        return Site.objects.select_related("area").get(pk=act.outcome.subject_id)
    rules.check_site(facts)
    area = Area.objects.get(pk=area_id)
    require(actor, Permission.INFLOW_ENTER, area.place)
    site = Site(kind=facts.kind)
    if site_id is not None:
        site = Site.objects.select_for_update(of=["self"]).select_related("area").get(pk=site_id)
        require(actor, Permission.INFLOW_ENTER, site.area.place)
    site.area, site.name, site.pinyin = area, facts.name, pinyin_key(facts.name)
    site.section, site.source, site.confidence = facts.section, facts.source, facts.confidence
    site.mean_annual, site.cv = facts.mean_annual, facts.cv
    site.cs_over_cv, site.capacity = facts.cs_over_cv, facts.capacity
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError:
        raise Refusal(
            "inflow.site_named_already",
            f"已经有叫“{facts.name}”的{facts.kind.label}。",
            kind=Kind.CONFLICT,
            field="name",
            remedy="同一河流有几个断面时，请把断面写进名称。",
        ) from None
    finish_act(act, f"site/{site.pk}", f"{facts.kind.label}{facts.name}")
    return site
