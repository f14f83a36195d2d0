"""What the entries of inflow mean: ten-day periods, what may be entered, forecast against observed, and which
step a deficit proposes. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from shuiheng.core.apportion import apportion
from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Confidence, Term
from shuiheng.core.volume import ZERO, Volume, parse_m3, total
from shuiheng.hydrology.wetness import WHOLE

WAN = "万m³"
TEN_DAYS = tuple(range(1, 37))
PARTS = ("上旬", "中旬", "下旬")
DEEPEST_M = 1000
EARLIEST_YEAR = 1900
LEGAL_GROUND = "《取水许可和水资源费征收管理条例》第四十一条、第四十二条"
"""On which a year's abstraction may be limited, and how its plan is changed (USERS 21)."""


class SiteKind(Term):
    """Where water is measured; each is a dated entry by hand or Excel now, a station later."""

    RIVER = "river", "河流断面"
    RESERVOIR = "reservoir", "水库"
    WELL = "well", "水位监测井"


class EntryKind(Term):
    FORECAST = "forecast", "预报来水"
    OBSERVED = "observed", "实测来水"
    STORAGE = "storage", "水库蓄水"
    LEVEL = "level", "地下水埋深"
    RUNOFF = "runoff", "历年径流"


SITE_OF = {
    EntryKind.FORECAST: SiteKind.RIVER,
    EntryKind.OBSERVED: SiteKind.RIVER,
    EntryKind.STORAGE: SiteKind.RESERVOIR,
    EntryKind.LEVEL: SiteKind.WELL,
}
"""At which kind of site a kind is entered; the yearly runoff belongs to an area."""


class Span(Term):
    YEAR = "year", "全年"
    MONTH = "month", "逐月"
    TEN_DAYS = "ten_days", "旬"


class DeficitStep(Term):
    """What a cumulative deficit proposes (USERS 21)."""

    NONE = "none", "不采取措施"
    WARN = "warn", "来水预警"
    CUT = "cut", "来水压减"


# -- ten days -------------------------------------------------------------------------------------


def ten_days_of(day: date) -> int:
    """The 旬 of the year in which a day lies: 1 to 36."""
    return (day.month - 1) * 3 + min((day.day - 1) // 10, 2) + 1


def ten_days_begin(year: int, number: int) -> date:
    month, part = divmod(number - 1, 3)
    return date(year, month + 1, part * 10 + 1)


def ten_days_end(year: int, number: int) -> date:
    month, part = divmod(number - 1, 3)
    return month_end(year, month + 1) if part == 2 else date(year, month + 1, part * 10 + 10)


def ten_days_words(number: int) -> str:
    """14 → 5月中旬."""
    month, part = divmod(number - 1, 3)
    return f"{month + 1}月{PARTS[part]}"


def ten_days_over(year: int, today: date) -> int:
    """How many 旬 of a year have ended on `today`: 0 to 36."""
    if today.year != year:
        return 36 if today.year > year else 0
    number = ten_days_of(today)
    return number if today == ten_days_end(year, number) else number - 1


@dataclass(frozen=True, slots=True)
class Period:
    """The whole year, a month (1–12) or a 旬 (1–36) of it."""

    span: Span
    number: int = 1

    @property
    def words(self) -> str:
        if self.span is Span.YEAR:
            return "全年"
        return f"{self.number}月" if self.span is Span.MONTH else ten_days_words(self.number)


_PERIOD = re.compile(r"(\d{1,2})月份?(?:([上中下])旬)?")


def read_period(text: str) -> Period:
    """What a person wrote: 全年, 5月, 5月上旬."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if plain in ("全年", "年"):
        return Period(Span.YEAR)
    match = _PERIOD.fullmatch(plain)
    if match is None or not 1 <= int(match[1]) <= 12:
        raise Refusal(
            "inflow.period",
            f"“{text.strip()}”不是时段。",
            field="period",
            remedy="请写成 全年、5月 或 5月上旬。",
        )
    month = int(match[1])
    if match[2] is None:
        return Period(Span.MONTH, month)
    return Period(Span.TEN_DAYS, (month - 1) * 3 + "上中下".index(match[2]) + 1)


# -- what is entered ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One figure as it is entered. `place` is a site, or the area of a yearly runoff. A forecast has a `period`
    of its `year`; a reading has its `day` (the last one of a 旬 for observed inflow); a level has `depth` in
    metres below ground instead of a volume."""

    kind: EntryKind
    place: int
    year: int
    bulletin: str
    issued_on: date
    confidence: Confidence
    period: Period | None = None
    day: date | None = None
    volume: Volume | None = None
    depth: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Where a figure is entered: a site with its kind (None for an area), and what a reservoir can hold."""

    place: int
    name: str
    kind: SiteKind | None
    capacity: Volume | None = None


def check_entry(row: EntryRow, place: PlaceFacts, today: date) -> None:
    """A figure fits its place, is possible, and is not from the future."""
    assert (row.volume is None) == (row.kind is EntryKind.LEVEL) == (row.depth is not None)
    if row.kind is EntryKind.OBSERVED:
        assert row.day == ten_days_end(row.year, ten_days_of(row.day or date.min)), "whole 旬 only"
    if SITE_OF.get(row.kind) is not place.kind:
        raise Refusal("inflow.wrong_site", f"{place.name}不能录入{row.kind.label}。", field="place")
    if not row.bulletin.strip():
        raise Refusal(
            "inflow.no_source", "请写明公报编号或出处，例如 水情旬报2026-13。", field="bulletin"
        )
    if row.issued_on > today:
        raise Refusal(
            "inflow.issued_later", f"发布日期 {row.issued_on} 还没到。", field="issued_on"
        )
    if row.kind is not EntryKind.FORECAST:
        _check_past(row, today)
    if row.volume is not None and row.volume < ZERO:
        raise Refusal("inflow.negative", f"{place.name}的水量不能是负数。", field="figure")
    if row.volume is not None and place.capacity is not None and row.volume > place.capacity:
        raise Refusal(
            "inflow.over_capacity",
            f"{place.name}蓄水 {row.volume.wan()} 万m³，超过总库容 {place.capacity.wan()} 万m³。",
            field="figure",
            remedy="请核对数字和单位；库容有变请先修改水库资料。",
        )
    if row.depth is not None and not 0 <= row.depth <= DEEPEST_M:
        raise Refusal(
            "inflow.depth", f"埋深 {row.depth} 米不在 0–{DEEPEST_M} 米之间。", field="figure"
        )


def _check_past(row: EntryRow, today: date) -> None:
    """What was observed is over."""
    over = row.day <= today if row.day is not None else row.year < today.year
    when = f"{row.day}" if row.day is not None else f"{row.year}年"
    if not over:
        raise Refusal(
            "inflow.future",
            f"{when}还没有过完，不能录入{row.kind.label}。",
            field="when",
            remedy="实测数要等这一时段过完再录。",
        )
    if row.year < EARLIEST_YEAR:
        raise Refusal("inflow.year", f"{row.year}年不像一个年份。", field="when")


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as it is registered; Cv and Cs/Cv are statistics of somebody's series, with their source."""

    kind: SiteKind
    name: str
    section: str
    source: str
    confidence: Confidence
    mean_annual: Volume | None = None
    cv: Decimal | None = None
    cs_over_cv: Decimal | None = None
    capacity: Volume | None = None


def check_site(facts: SiteFacts) -> None:
    """A river has a mean (and both of Cv and Cs/Cv, or neither), a reservoir what it can hold."""
    if facts.kind is SiteKind.RIVER and (facts.mean_annual is None or facts.mean_annual <= ZERO):
        raise Refusal(
            "inflow.no_mean",
            "河流断面要填多年平均径流量，丰增枯减要用它。",
            field="mean_annual",
            remedy="没有正式成果时填估计值，并把可信程度写成“未核实，可改”。",
        )
    if (facts.cv is None) != (facts.cs_over_cv is None):
        raise Refusal("inflow.half_curve", "Cv 和 Cs/Cv 要么都填，要么都不填。", field="cv")
    if facts.kind is SiteKind.RESERVOIR and (facts.capacity is None or facts.capacity <= ZERO):
        raise Refusal("inflow.no_capacity", "水库要填总库容。", field="capacity")


# -- a sheet --------------------------------------------------------------------------------------

BULLETIN, ISSUED = "公报编号或出处", "发布日期"
SHEET_HEADS: dict[EntryKind, tuple[str, str, str, str, str]] = {
    EntryKind.FORECAST: ("河流断面", "时段", "来水量（万m³）", BULLETIN, ISSUED),
    EntryKind.OBSERVED: ("河流断面", "时段", "来水量（万m³）", BULLETIN, ISSUED),
    EntryKind.STORAGE: ("水库", "日期", "蓄水量（万m³）", BULLETIN, ISSUED),
    EntryKind.LEVEL: ("水位监测井", "日期", "埋深（米）", BULLETIN, ISSUED),
    EntryKind.RUNOFF: ("地区", "年份", "年径流量（万m³）", BULLETIN, ISSUED),
}
"""Where, when, how much, by which bulletin, of which day."""


def check_sheet(
    kind: EntryKind,
    rows: Sequence[Sequence[str]],
    places: Sequence[PlaceFacts],
    *,
    year: int,
    confidence: Confidence,
    today: date,
) -> tuple[list[EntryRow], list[Finding]]:
    """Every row of an uploaded sheet: entries, and every complaint with its row. Rows without a figure are
    left out."""
    heads = SHEET_HEADS[kind]
    start = next((n for n, row in enumerate(rows[:10], 1) if heads[0] in map(str.strip, row)), 0)
    columns = {cell.strip(): at for at, cell in enumerate(rows[start - 1])} if start else {}
    missing = [head for head in heads if head not in columns]
    if missing:
        sentence = f"没有找到“{'、'.join(missing)}”这一列。请用下载的模板填写，不要改表头。"
        return [], [Finding("inflow.heads", Severity.MUST_FIX, sentence, row=start or 1)]
    named = {place.name: place for place in places}
    entries: list[EntryRow] = []
    found: list[Finding] = []
    taken: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(rows[start:], start + 1):
        cells = [row[columns[head]].strip() if columns[head] < len(row) else "" for head in heads]
        if not cells[2]:
            continue
        try:
            entry = _read_row(kind, cells, named, year, confidence)
            check_entry(entry, named[cells[0]], today)
        except Refusal as refusal:
            column = _column(heads, refusal.field)
            found.append(_must_fix(refusal.code, str(refusal), number, column))
            continue
        what = (entry.place, entry.period, entry.day, entry.year)
        if what in taken:
            sentence = f"{cells[0]}的{cells[1]}在第 {taken[what]} 行已经填过。请只留一行。"
            found.append(_must_fix("inflow.twice", sentence, number, heads[1]))
        taken.setdefault(what, number)
        entries.append(entry)
    if not entries and not found:
        found.append(_must_fix("inflow.empty", "表里没有一行填了数。", start + 1, heads[2]))
    return entries, found


def _column(heads: Sequence[str], field: str) -> str:
    fields = ("place", "when", "figure", "bulletin", "issued_on")
    return heads[1] if field == "period" else heads[fields.index(field) if field in fields else 2]


def _must_fix(code: str, sentence: str, row: int, column: str) -> Finding:
    return Finding(code, Severity.MUST_FIX, sentence, row=row, column=column)


def _read_row(
    kind: EntryKind,
    cells: Sequence[str],
    named: Mapping[str, PlaceFacts],
    year: int,
    confidence: Confidence,
) -> EntryRow:
    name, when, figure, bulletin, issued = cells
    if name not in named:
        raise Refusal(
            "inflow.stranger", f"没有“{name}”，或者它不归您录入。", field="place",
            remedy="请核对名称，或先登记来水测点。",
        )  # fmt: skip
    period, day, of_year = read_when(kind, when, year)
    level = kind is EntryKind.LEVEL
    return EntryRow(
        kind,
        named[name].place,
        of_year,
        bulletin,
        read_day(issued, "issued_on"),
        confidence,
        period,
        day,
        None if level else parse_m3(figure, WAN),
        read_depth(figure) if level else None,
    )


def read_when(kind: EntryKind, text: str, year: int) -> tuple[Period | None, date | None, int]:
    """The period, the day and the year that a row is about."""
    if kind is EntryKind.FORECAST:
        return read_period(text), None, year
    if kind is EntryKind.OBSERVED:
        period = read_period(text)
        if period.span is not Span.TEN_DAYS:
            raise Refusal(
                "inflow.not_ten_days", f"实测来水按旬录入，“{text}”不是旬。", field="period",
                remedy="请写成 5月上旬。",
            )  # fmt: skip
        return None, ten_days_end(year, period.number), year
    if kind is EntryKind.RUNOFF:
        digits = unicodedata.normalize("NFKC", text).strip().removesuffix("年")
        if not digits.isdecimal() or len(digits) != 4:
            raise Refusal("inflow.year", f"“{text}”不是年份，请写成 2019。", field="when")
        return None, None, int(digits)
    day = read_day(text, "when")
    return None, day, day.year


_DAY = re.compile(r"(\d{4})[-年/.]?(\d{1,2})[-月/.]?(\d{1,2})日?(?:[ T].*)?")


def read_day(text: str, field: str) -> date:
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise Refusal("inflow.day", f"“{text}”不是日期，请写成 2026-05-10。", field=field)


def read_depth(text: str) -> Decimal:
    """Metres below ground, to the centimetre."""
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("米").removesuffix("m")
    try:
        depth = Decimal(plain)
    except InvalidOperation:
        depth = Decimal("NaN")
    if not depth.is_finite() or depth != round(depth, 2):
        raise Refusal(
            "inflow.not_a_depth", f"“{text}”不是埋深，请填米数，例如 18.35。", field="figure"
        )
    return round(depth, 2)


# -- forecast against observed --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    period: Period
    volume: Volume
    issued_on: date


def in_force(forecasts: Sequence[ForecastFacts], begins: date) -> ForecastFacts | None:
    """The forecast that stood when a period began: the last one issued by then, else the first one after. A
    figure issued afterwards never takes a deficit away. `forecasts` stand in the order of entry."""
    before = [f for f in forecasts if f.issued_on <= begins]
    if before:
        return max(reversed(before), key=lambda f: f.issued_on)
    return min(reversed(forecasts), key=lambda f: f.issued_on, default=None)


def forecast_by_ten_days(forecasts: Sequence[ForecastFacts], year: int) -> list[Volume | None]:
    """36 volumes: a 旬's own forecast, else its share by days of its month's; None where there is neither.
    A forecast of the year alone is not spread: nobody knows its course."""
    by_period: dict[Period, list[ForecastFacts]] = {}
    for forecast in forecasts:
        by_period.setdefault(forecast.period, []).append(forecast)
    found: list[Volume | None] = []
    for number in TEN_DAYS:
        begins = ten_days_begin(year, number)
        own = in_force(by_period.get(Period(Span.TEN_DAYS, number), ()), begins)
        month = in_force(by_period.get(Period(Span.MONTH, begins.month), ()), begins)
        if own is not None:
            found.append(own.volume)
        else:
            found.append(None if month is None else _share(month.volume, year, number))
    return found


def _share(month: Volume, year: int, number: int) -> Volume:
    first = (number - 1) // 3 * 3 + 1
    days = [
        (ten_days_end(year, n) - ten_days_begin(year, n)).days + 1 for n in range(first, first + 3)
    ]
    return apportion(month, days)[number - first]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Forecast against observed over the 旬 that have both. `difference` = observed − forecast, cumulative
    after each 旬, None where either is missing."""

    forecast: Volume
    observed: Volume
    through: int
    difference: tuple[Volume | None, ...]

    @property
    def deficit_per_10000(self) -> int:
        """How much less came than forecast, 0 when as much or more."""
        if self.forecast <= ZERO or self.observed >= self.forecast:
            return 0
        return (self.forecast - self.observed).m3 * WHOLE // self.forecast.m3


def compare(forecast: Sequence[Volume | None], observed: Sequence[Volume | None]) -> Comparison:
    """Set 36 forecast and 36 observed volumes side by side."""
    difference: list[Volume | None] = []
    planned, came, through = ZERO, ZERO, 0
    for number, (plan, fact) in enumerate(zip(forecast, observed, strict=True), 1):
        if plan is None or fact is None:
            difference.append(None)
            continue
        planned, came, through = planned + plan, came + fact, number
        difference.append(came - planned)
    return Comparison(planned, came, through, tuple(difference))


def sum_by_ten_days(series: Sequence[Sequence[Volume | None]]) -> list[Volume | None]:
    """Σ over rivers, known only where every river is."""
    return [
        None if not each or None in each else total(v for v in each if v is not None)
        for each in (zip(*series, strict=True) if series else [()] * len(TEN_DAYS))
    ]


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which cumulative deficit on, in ten-thousandths, which cut is proposed; a cut of 0 warns."""

    deficit: int
    cut: int


def plan_step(deficit_per_10000: int, thresholds: Sequence[Threshold]) -> tuple[DeficitStep, int]:
    """The step that a deficit has reached, and its cut in ten-thousandths."""
    reached = [one for one in thresholds if deficit_per_10000 >= one.deficit]
    if not reached:
        return DeficitStep.NONE, 0
    cut = max(one.cut for one in reached)
    return (DeficitStep.CUT, cut) if cut else (DeficitStep.WARN, 0)
