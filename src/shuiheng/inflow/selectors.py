"""Reading inflow: sites, forecast against observed by ten days, what a deficit proposes, frequency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet, Sum

from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import PLAN_SECTORS, AreaKind, Confidence, Sector, Source, UnitKind
from shuiheng.core.volume import ZERO, Volume, floor_m3, total
from shuiheng.hydrology.pearson3 import (
    Pearson3,
    fit_curve,
    fit_l_moments,
    fit_moments,
    quantiles,
)
from shuiheng.hydrology.plotting import PlottedPoint, empirical
from shuiheng.hydrology.wetness import WHOLE, WetnessClass, class_of, factor_for, factor_of
from shuiheng.inflow import rules
from shuiheng.inflow.models import AnnualRunoff, Dated, Forecast, Reading, Site
from shuiheng.inflow.rules import (
    Comparison,
    DeficitStep,
    EntryKind,
    ForecastFacts,
    PlaceFacts,
    SiteKind,
    Span,
    Threshold,
)
from shuiheng.ledger.selectors import quotas
from shuiheng.office.models import Area, PolicyValue
from shuiheng.office.selectors import budget_regions, policy, scope
from shuiheng.registry.models import Activity, Unit

PERCENTS = (20, 50, 75, 95)
"""The probabilities at which the plans of the region print their runoff (DOMAIN B2)."""

DRY_WEIGHT = 2.0


# -- whose water, and who may enter it ------------------------------------------------------------


def area_of(actor: Actor) -> Area:
    """The area whose inflow a person sees: his city, or what is above it. A river knows no district."""
    places = [p.path for p in actor.places(Permission.PLANNING_VIEW) if p.unit is None]
    if not places:
        raise Refusal(
            "access.denied",
            "您的岗位不看来水。",
            kind=Kind.FORBIDDEN,
            remedy="如果这是您的工作，请联系系统管理员安排岗位。",
        )
    widest = min(places, key=lambda path: path.count("/"))
    steps = widest.split("/")
    above = ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]
    cities = Area.objects.filter(path__in=above, kind__in=[AreaKind.REGION, AreaKind.CITY])
    found = cities.order_by("-path").first()
    if widest.count("/") == 0:
        return _city_below(found)
    return found or Area.objects.get(path=widest)


def _city_below(region: Area | None) -> Area:
    """Whoever reads for the whole autonomous region sees the city that has sites, else the region."""
    assert region is not None, "the autonomous region is the root of all paths"
    cities = Area.objects.filter(path__startswith=region.path + "/", kind=AreaKind.CITY)
    return cities.filter(has_own_budget=False, children__has_own_budget=True).first() or region


def may_enter(actor: Actor) -> bool:
    return actor.may_somewhere(Permission.INFLOW_ENTER)


def areas_to_enter(actor: Actor) -> QuerySet[Area]:
    """Where a person may register a site or enter a yearly runoff: his areas, townships left out."""
    inside = Area.objects.filter(scope(actor, Permission.INFLOW_ENTER, area=""))
    return inside.exclude(kind=AreaKind.TOWNSHIP).order_by("path")


def sites_within(area: Area, kind: SiteKind | None = None) -> list[Site]:
    """The sites of an area and of all below it, by kind and pinyin."""
    rows = Site.objects.filter(Q(area=area) | Q(area__path__startswith=area.path + "/"))
    rows = rows if kind is None else rows.filter(kind=kind)
    return list(rows.select_related("area"))


def places_to_enter(actor: Actor, kind: EntryKind) -> list[PlaceFacts]:
    """Where a person may enter figures of a kind."""
    if kind is EntryKind.RUNOFF:
        return [PlaceFacts(area.pk, area.name, None) for area in areas_to_enter(actor)]
    rows = Site.objects.filter(scope(actor, Permission.INFLOW_ENTER, area="area"))
    return [site.place_facts for site in rows.filter(kind=rules.SITE_OF[kind])]


def rivers_of(area: Area) -> list[Site]:
    """The rivers an area drinks from: those registered in it, else those of the area above."""
    here: Area | None = area
    while here is not None:
        found = sites_within(here, SiteKind.RIVER)
        if found:
            return found
        here = here.parent
    return []


# -- figures in force -----------------------------------------------------------------------------


def forecasts_of(sites: Iterable[Site], year: int, day: date) -> dict[int, list[Forecast]]:
    """All forecasts of a year issued up to `day`, in the order of entry, by site."""
    found: dict[int, list[Forecast]] = {site.pk: [] for site in sites}
    rows = Forecast.objects.filter(site__in=list(found), year=year, issued_on__lte=day)
    for row in rows.order_by("pk"):
        found[row.site_id].append(row)
    return found


def annual_forecast(forecasts: Sequence[Forecast]) -> Forecast | None:
    """The forecast of the whole year that was issued last."""
    whole = [row for row in forecasts if row.span == Span.YEAR]
    return max(reversed(whole), key=lambda row: row.issued_on, default=None)


def readings_of(sites: Iterable[Site], year: int, day: date) -> dict[int, dict[date, Reading]]:
    """The readings in force of a year, up to `day`, by site and day."""
    found: dict[int, dict[date, Reading]] = {site.pk: {} for site in sites}
    rows = Reading.objects.filter(site__in=list(found), day__year=year, day__lte=day)
    for row in rows.order_by("day", "pk"):
        found[row.site_id][row.day] = row
    return found


def runoff_of(area: Area) -> dict[int, AnnualRunoff]:
    """The yearly runoff in force of an area, by year."""
    return {row.year: row for row in AnnualRunoff.objects.filter(area=area).order_by("year", "pk")}


# -- the board ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RiverYear:
    """A river's year: its forecast in force, and 36 volumes forecast and observed (None: not known)."""

    site: Site
    annual: Forecast | None
    versions: int
    forecast: tuple[Volume | None, ...]
    observed: tuple[Volume | None, ...]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Board:
    """An area's inflow of a year as known on a day. `whole` is Σ rivers, known where all are."""

    area: Area
    year: int
    day: date
    rivers: tuple[RiverYear, ...]
    whole: Comparison
    storage: tuple[tuple[Site, tuple[Reading, ...]], ...]
    levels: tuple[tuple[Site, tuple[Reading, ...]], ...]


def board(area: Area, year: int, day: date) -> Board:
    sites = sites_within(area)
    readings = readings_of(sites, year, day)
    rivers = _river_years(rivers_of(area), year, day)

    def of_kind(kind: SiteKind) -> tuple[tuple[Site, tuple[Reading, ...]], ...]:
        chosen = [site for site in sites if site.kind_term is kind]
        return tuple((site, tuple(readings[site.pk].values())) for site in chosen)

    return Board(
        area,
        year,
        day,
        tuple(rivers),
        _whole(rivers),
        of_kind(SiteKind.RESERVOIR),
        of_kind(SiteKind.WELL),
    )


def _river_years(sites: Sequence[Site], year: int, day: date) -> list[RiverYear]:
    forecasts = forecasts_of(sites, year, day)
    readings = readings_of(sites, year, day)
    rivers = []
    for site in sites:
        rows = forecasts[site.pk]
        facts = [ForecastFacts(row.period, row.volume, row.issued_on) for row in rows]
        plan = rules.forecast_by_ten_days(facts, year)
        came = _by_ten_days(readings[site.pk])
        whole_years = sum(row.span == Span.YEAR for row in rows)
        rivers.append(
            RiverYear(
                site,
                annual_forecast(rows),
                whole_years,
                tuple(plan),
                tuple(came),
                rules.compare(plan, came),
            )
        )
    return rivers


def _by_ten_days(readings: dict[date, Reading]) -> list[Volume | None]:
    found: list[Volume | None] = [None] * len(rules.TEN_DAYS)
    for day, reading in readings.items():
        found[rules.ten_days_of(day) - 1] = reading.volume
    return found


def _whole(rivers: Sequence[RiverYear]) -> Comparison:
    plan = rules.sum_by_ten_days([river.forecast for river in rivers])
    return rules.compare(plan, rules.sum_by_ten_days([river.observed for river in rivers]))


# -- what it proposes -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """A sector's surface quota of the year, what is used of it, and what the proposed cut would take."""

    sector: Sector
    quota: Volume
    used: Volume
    cut: Volume
    protected: bool


@dataclass(frozen=True, slots=True)
class UnitHit:
    """A unit's surface quota of the year, what is used of it, and what the proposed cut would take."""

    unit: Unit
    area: int
    sector: Sector
    quota: Volume
    used: Volume
    cut: Volume
    protected: bool


@dataclass(frozen=True, slots=True)
class CropHit:
    """What units that would be cut have declared to plant or keep: how much of it, by how many."""

    item: str
    measure: str
    quantity: Decimal
    units: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The step that the cumulative deficit of an area proposes. Nothing follows by itself: it is taken by a
    change from above. `percent` is the proposed cut of surface quotas."""

    area: Area
    year: int
    step: DeficitStep
    cut_per_10000: int
    deficit_per_10000: int
    deficit: Volume
    through: str
    reason: str
    legal_ground: str
    threshold: PolicyValue
    source: Source
    hits: tuple[Hit, ...]
    units: tuple[UnitHit, ...]
    crops: tuple[CropHit, ...]

    @property
    def percent(self) -> str:
        return f"{self.cut_per_10000 / 100:g}"

    @property
    def cut(self) -> Volume:
        return total(hit.cut for hit in self.hits)


def proposal(area: Area, year: int, day: date) -> Proposal:
    """What the inflow of an area proposes on a day, in words, with whom it hits by sector."""
    whole = _whole(_river_years(rivers_of(area), year, day))
    row = policy("inflow.deficit_steps", day, area)
    thresholds = [Threshold(one["deficit"], one["cut"]) for one in row.value]
    deficit = whole.deficit_per_10000
    step, cut = rules.plan_step(deficit, thresholds)
    through = rules.ten_days_words(whole.through) if whole.through else ""
    holders = surface_holders(area, year, cut)
    return Proposal(
        area,
        year,
        step,
        cut,
        deficit,
        whole.forecast - whole.observed if deficit else ZERO,
        through,
        _reason(whole, step, cut, through),
        rules.LEGAL_GROUND if step is DeficitStep.CUT else "",
        row,
        Source.SURFACE,
        _by_sector(holders),
        tuple(hit for hit in holders if hit.cut),
        _crops(holders, year),
    )


def _reason(whole: Comparison, step: DeficitStep, cut: int, through: str) -> str:
    if not through:
        return "还没有可以对照的旬：预报和实测都录入后，这里给出建议。"
    sums = f"截至{through}，预报 {whole.forecast.wan(0)} 万m³，实测 {whole.observed.wan(0)} 万m³"
    if not whole.deficit_per_10000:
        return f"{sums}，不欠水。"
    short = f"{sums}，累计欠水 {whole.deficit_per_10000 / 100:.1f}%"
    if step is DeficitStep.NONE:
        return f"{short}，没有到预警线。"
    if step is DeficitStep.WARN:
        return f"{short}，达到预警线：建议发布来水预警，暂不调减额度。"
    return f"{short}：建议地表水额度压减 {cut / 100:g}%，居民生活和公共供水不减。"


def surface_holders(area: Area, year: int, cut: int) -> list[UnitHit]:
    """Who holds a surface quota of the year, and what a cut (per 10,000) would take: nothing from residents,
    waterworks and units that keep people supplied (水法 第21条). The most hit first."""
    regions = [area] if area.has_own_budget else budget_regions(year, area)
    held = quotas(year, Q(area__in=[r.pk for r in regions], source=Source.SURFACE))
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in={key.unit for key in held})}
    found = []
    for key, balance in held.items():
        unit = units[key.unit]
        protected = (
            key.sector is Sector.RESIDENTS
            or unit.kind_term is UnitKind.WATERWORKS
            or unit.guarantees_living
        )
        less = ZERO if protected else floor_m3(max(balance.net.m3, 0) * cut // WHOLE)
        sector = key.sector or unit.sector_term
        found.append(UnitHit(unit, key.area, sector, balance.net, balance.used, less, protected))
    return sorted(found, key=lambda hit: (-hit.cut.m3, hit.unit.pk))


def regional_cuts(area: Area, year: int, cut: int) -> dict[int, Volume]:
    """What the cut takes from each region: the figures a change from above is entered with."""
    found: dict[int, Volume] = {}
    for hit in surface_holders(area, year, cut):
        found[hit.area] = found.get(hit.area, ZERO) + hit.cut
    return {place: volume for place, volume in found.items() if volume}


def _by_sector(holders: Sequence[UnitHit]) -> tuple[Hit, ...]:
    """Surface quotas by sector, in the order of the plan."""
    hits = []
    for sector in (*PLAN_SECTORS, Sector.SUPPLY):
        rows = [hit for hit in holders if hit.sector is sector]
        if rows:
            hits.append(
                Hit(
                    sector,
                    total(hit.quota for hit in rows),
                    total(hit.used for hit in rows),
                    total(hit.cut for hit in rows),
                    all(hit.protected for hit in rows),
                )
            )
    return tuple(hits)


def _crops(holders: Sequence[UnitHit], year: int) -> tuple[CropHit, ...]:
    """What the units that would be cut have declared to plant this year, the largest area first."""
    units = [hit.unit.pk for hit in holders if hit.cut and hit.sector is Sector.AGRICULTURE]
    rows = Activity.objects.filter(unit__in=units, year=year).values_list("item", "measure")
    sums = rows.annotate(whole=Sum("quantity"), count=Count("unit", distinct=True))
    return tuple(CropHit(*row) for row in sums.order_by("-whole", "item"))


# -- frequency and wetness ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted curve, or why there is none."""

    label: str
    curve: Pearson3 | None
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Frequency:
    """An area's yearly runoff with its plotted points (m³) and the three fits; the last is the one in use."""

    area: Area
    series: tuple[AnnualRunoff, ...]
    points: tuple[PlottedPoint, ...]
    fits: tuple[Fit, ...]
    refused: str = ""

    @property
    def chosen(self) -> Pearson3 | None:
        return self.fits[-1].curve if self.fits else None

    @property
    def is_demo(self) -> bool:
        return any(row.confidence == Confidence.DEMO for row in self.series)


FITS = (
    ("矩法", fit_moments),
    ("线性矩法", fit_l_moments),
    ("适线法", lambda series: fit_curve(series, dry_weight=DRY_WEIGHT)),
)


def frequency(area: Area) -> Frequency:
    series = tuple(runoff_of(area).values())
    points = empirical({row.year: float(row.volume.m3) for row in series}) if series else []
    values = [float(row.volume.m3) for row in series]
    try:
        curves = [(label, fit(values)) for label, fit in FITS] if series else []
    except Refusal as refusal:
        return Frequency(area, series, tuple(points), (), str(refusal))
    fits = [Fit(label, curve, tuple(quantiles(curve, PERCENTS))) for label, curve in curves]
    return Frequency(area, series, tuple(points), tuple(fits))


def areas_with_runoff(area: Area) -> list[Area]:
    """The areas at or below one that have a series, the one itself first."""
    inside = Q(pk=area.pk) | Q(path__startswith=area.path + "/")
    with_series = AnnualRunoff.objects.values("area")
    found = Area.objects.filter(inside, pk__in=with_series).order_by("path")
    return [area, *(one for one in found if one.pk != area.pk)]


def wetness_classes(day: date, area: Area | None = None) -> list[WetnessClass]:
    """From wet to dry, as they are in force on a day."""
    rows = policy("wetness.classes", day, area).value
    return [WetnessClass(row["name"], row["up_to"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Wetness:
    """How wet a year is forecast: Σ forecast and Σ mean of the rivers that have a forecast (`missing` names the
    others), the factor ⌊10,000 · forecast / mean⌋, and its class ('' without a frequency curve)."""

    forecast: Volume
    mean: Volume
    factor_per_10000: int
    p_per_10000: int | None
    label: str
    bulletins: tuple[str, ...]
    issued_on: date
    missing: tuple[str, ...]
    confidence: Confidence

    @property
    def bulletin(self) -> str:
        return "、".join(self.bulletins)


def wetness_of(area: Area, year: int, day: date) -> Wetness | None:
    """The forecast of a year for an area as known on a day, or None when there is none.

    The class is that of forecast/mean on the area's fitted curve (its series, or that of the nearest area
    above), or on the printed Cv and Cs of its only river.
    """
    rivers = rivers_of(area)
    forecasts = forecasts_of(rivers, year, day)
    known = [(site, row) for site in rivers if (row := annual_forecast(forecasts[site.pk]))]
    if not known:
        return None
    forecast = total(row.volume for _, row in known)
    mean = total(site.mean_annual for site, _ in known)
    curve = _curve_of(area, rivers)
    p = None
    if curve is not None:
        p = round(WHOLE * curve.exceedance(curve.mean * (forecast.m3 / mean.m3)))
    demo = any(Confidence.DEMO in (row.confidence, site.confidence) for site, row in known)
    return Wetness(
        forecast,
        mean,
        factor_of(forecast, mean),
        p,
        "" if p is None else class_of(p, wetness_classes(day, area)),
        tuple(dict.fromkeys(row.bulletin for _, row in known)),
        max(row.issued_on for _, row in known),
        tuple(site.name for site in rivers if site not in [one for one, _ in known]),
        Confidence.DEMO if demo else Confidence.DERIVED,
    )


def factors_of(area: Area, percents: Iterable[int]) -> dict[int, int] | None:
    """The surface water of years of these probabilities of exceedance (percent), per 10,000 of the mean, by
    the area's frequency curve; None without one."""
    curve = _curve_of(area, rivers_of(area))
    if curve is None:
        return None
    return {percent: factor_for(percent / 100, curve) for percent in percents}


def _curve_of(area: Area, rivers: Sequence[Site]) -> Pearson3 | None:
    here: Area | None = area
    while here is not None:
        chosen = frequency(here).chosen
        if chosen is not None:
            return chosen
        here = here.parent
    if len(rivers) == 1 and rivers[0].cv is not None and rivers[0].cs_over_cv is not None:
        cv = float(rivers[0].cv)
        return Pearson3(1.0, cv, float(rivers[0].cs_over_cv) * cv)
    return None


# -- what was entered -----------------------------------------------------------------------------


def entries(area: Area, kind: EntryKind, year: int) -> QuerySet[Dated]:
    """Every row that was entered, versions included, the newest first."""
    inside = Q(site__area=area) | Q(site__area__path__startswith=area.path + "/")
    rows: QuerySet[Dated]
    if kind is EntryKind.RUNOFF:
        own = Q(area=area) | Q(area__path__startswith=area.path + "/")
        rows = AnnualRunoff.objects.filter(own).select_related("area")
    elif kind is EntryKind.FORECAST:
        rows = Forecast.objects.filter(inside, year=year).select_related("site")
    else:
        chosen = Reading.objects.filter(inside, day__year=year, site__kind=rules.SITE_OF[kind])
        rows = chosen.select_related("site")
    return rows.order_by("-pk")


def years(area: Area, today: date) -> list[int]:
    """The years with any figure, and this one."""
    sites = [site.pk for site in sites_within(area)]
    found = set(Forecast.objects.filter(site__in=sites).values_list("year", flat=True))
    last = Reading.objects.filter(site__in=sites).aggregate(last=Max("day"))["last"]
    return sorted(found | {today.year} | ({last.year} if last else set()))


def site_seen(actor: Actor, site_id: int) -> Site:
    """A site that the person sees; nobody learns of another."""
    area = area_of(actor)
    inside = Q(area=area) | Q(area__path__startswith=area.path + "/")
    site = Site.objects.filter(inside, pk=site_id).select_related("area").first()
    if site is None:
        raise Refusal(
            "inflow.no_site",
            "没有这个来水测点，或者它不在您能看的范围里。",
            kind=Kind.MISSING,
            remedy="请从“来水”页面进入。",
        )
    return site
