"""What a published plan says: each figure with its unit, year, place and the very words it was read in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shuiheng.core.vocabulary import Confidence, Term
from shuiheng.core.volume import Volume, parse_m3, total


class PlanSource(Term):
    """The three sources of the control indicators (规划 七 14.1). 其他水源 is the plan's own word: it says
    nowhere whether 再生水 alone is meant, so it is not the 非常规水 of the water budget."""

    SURFACE = "surface", "地表水"
    GROUND = "ground", "地下水"
    OTHER = "other", "其他水源"


class Industry(Term):
    """三次产业 in the plan's own definition (规划 一（二）（2）), not that of GB/T 4754."""

    PRIMARY = "primary", "一产"
    SECONDARY = "secondary", "二产"
    TERTIARY = "tertiary", "三产"


class Sense(Term):
    """How a printed figure is meant; the label stands before it."""

    EXACTLY = "exactly", ""
    ABOUT = "about", "约 "
    AT_LEAST = "at_least", "≥ "
    AT_MOST = "at_most", "≤ "
    MORE_THAN = "more_than", "＞ "


@dataclass(frozen=True, slots=True)
class Document:
    key: str
    title: str
    issuer: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed figure. `value` keeps the printed digits, `quote` the words around them; `county` is
    set where it belongs to one county."""

    key: str
    label: str
    value: str
    unit: str
    place: str
    quote: str
    document: Document
    year: int | None = None
    sense: Sense = Sense.EXACTLY
    county: str = ""

    @property
    def exact(self) -> Fraction:
        """The figure in its printed unit."""
        return Fraction(Decimal(self.value))

    @property
    def volume(self) -> Volume:
        """The figure in m³; its unit must be one of volume."""
        return parse_m3(self.value, self.unit)

    @property
    def printed(self) -> str:
        """The figure as a person writes it: ≥ 95%, 24.26 亿m³."""
        space = "" if self.unit in ("", "%") else " "
        return f"{self.sense.label}{self.value}{space}{self.unit}"


@dataclass(frozen=True, slots=True)
class Shares:
    """一二三产用水比例 in percent, in the order of `Industry`."""

    key: str
    year: int
    percent: tuple[Fraction, ...]
    printed: str
    place: str
    quote: str


@dataclass(frozen=True, slots=True)
class County:
    """A row of 表1.1-3 with its column of 表1.1-5. `surface` is the resource, not what may be taken of
    it; `ground` is the allowable yield (可开采量)."""

    code: str
    name: str
    includes: str
    area_km2: Fraction
    precipitation_mm: Fraction
    surface: Volume
    ground: Volume
    quote: str


@dataclass(frozen=True, slots=True)
class RunoffSeries:
    """A row of 表1.1-2: annual runoff in 亿m³ by probability of exceedance in percent."""

    years: int
    mean: str
    cv: str
    cs_over_cv: str
    quantiles: Mapping[int, str]
    quote: str


@dataclass(frozen=True, slots=True)
class IndustryScope:
    industry: Industry
    scope: str
    place: str
    quote: str


@dataclass(frozen=True, slots=True)
class Region:
    """An 行政区 of the plan for which no resource and no limit is published."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Published:
    """All that was read. `counties` stand in the order of their codes."""

    documents: tuple[Document, ...]
    figures: Mapping[str, Figure]
    shares: Mapping[str, Shares]
    counties: tuple[County, ...]
    county_tables: Mapping[str, str]
    runoff: tuple[RunoffSeries, ...]
    industries: tuple[IndustryScope, ...]
    regions_without_figure: tuple[Region, ...]

    def text(self, key: str) -> str:
        """The digits as printed."""
        return self.figures[key].value

    def exact(self, key: str) -> Fraction:
        return self.figures[key].exact

    def volume(self, key: str) -> Volume:
        return self.figures[key].volume

    @property
    def surface(self) -> Volume:
        """Σ of the counties' surface water as their rows print it."""
        return total(county.surface for county in self.counties)

    @property
    def ground(self) -> Volume:
        """Σ of the counties' allowable groundwater."""
        return total(county.ground for county in self.counties)


def fixed(number: Fraction, decimals: int = 2) -> str:
    """A fraction in fixed decimals, rounded half up, with a true minus (U+2212)."""
    scale = 10**decimals
    units = (abs(number.numerator) * scale * 2 + number.denominator) // (2 * number.denominator)
    whole, rest = divmod(units, scale)
    sign = "−" if number < 0 and units else ""
    return f"{sign}{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


def signed(number: Fraction, decimals: int = 2) -> str:
    """As `fixed`, with + before what is above zero: a change always shows its sign."""
    text = fixed(number, decimals)
    return f"+{text}" if number > 0 and text.strip("0.,") else text
