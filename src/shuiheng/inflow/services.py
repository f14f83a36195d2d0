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

FIGURES: tuple[type[Forecast | Reading | AnnualRunoff], ...] = (Forecast, Reading, AnnualRunoff)


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
    new = [row for row in rows if not _stands_already(row)]
    if not new:
        raise Refusal(
            "inflow.nothing_new",
            f"这 {len(rows)} 行和已经录入的完全相同，没有新的内容。",
            kind=Kind.CONFLICT,
            remedy="要更正，请改数字、公报编号或发布日期后再录。",
        )
    for row in new:
        _write(row, act, actor)
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


def _stands_already(row: EntryRow) -> bool:
    """Whether the figure in force says the same by the same bulletin."""
    last: Forecast | Reading | AnnualRunoff | None
    match row.kind:
        case EntryKind.FORECAST:
            assert row.period is not None
            last = Forecast.objects.filter(
                site=row.place, year=row.year, span=row.period.span, number=row.period.number
            ).last()
        case EntryKind.RUNOFF:
            last = AnnualRunoff.objects.filter(area=row.place, year=row.year).last()
        case _:
            assert row.day is not None
            last = Reading.objects.filter(site=row.place, day=row.day).last()
    if last is None:
        return False
    same_bulletin = (last.bulletin, last.issued_on) == (row.bulletin, row.issued_on)
    depth = last.depth if isinstance(last, Reading) else None
    return same_bulletin and (last.volume, depth) == (row.volume, row.depth)


def _write(row: EntryRow, act: Act, actor: Actor) -> None:
    dated = {
        "bulletin": row.bulletin,
        "issued_on": row.issued_on,
        "confidence": row.confidence,
        "entered_by": actor.name,
        "entered_at": act.at,
        "act": act,
    }
    match row.kind:
        case EntryKind.FORECAST:
            assert row.period is not None
            assert row.volume is not None
            Forecast.objects.create(
                site_id=row.place,
                year=row.year,
                span=row.period.span,
                number=row.period.number,
                volume=row.volume,
                **dated,
            )
        case EntryKind.RUNOFF:
            assert row.volume is not None
            AnnualRunoff.objects.create(
                area_id=row.place, year=row.year, volume=row.volume, **dated
            )
        case _:
            assert row.day is not None
            Reading.objects.create(
                site_id=row.place, day=row.day, volume=row.volume, depth=row.depth, **dated
            )


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
