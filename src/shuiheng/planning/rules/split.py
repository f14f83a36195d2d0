"""The method: a year's published totals shared among counties, sources and industries in whole m³.

It shows how figures of this kind come about. It issues nothing: the counties' limits were never
published, and every page and file says so (`TITLE`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from shuiheng.core.apportion import apportion
from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume, floor_m3, total
from shuiheng.planning.rules.figures import (
    County,
    Figure,
    Industry,
    PlanSource,
    Published,
    fixed,
)

TITLE = "方法演示，非下达指标"
YEARS = (2022, 2025)
_BASE, _TARGET = 2020, 2025


class SplitRule(Term):
    """How a prefecture's source total is shared among its counties; `rule_words` says each in full."""

    TOGETHER = "together", "规则A · 两水合计"
    BY_SOURCE = "by_source", "规则B · 分水源"


_RULE_WORDS = {
    SplitRule.TOGETHER: (
        "按地表水与地下水合计：每种水源都按“地表水资源量＋地下水可开采量”占七县市合计的比例分。"
    ),
    SplitRule.BY_SOURCE: (
        "分水源：地表水、其他水源按地表水资源量占比分，地下水按地下水可开采量占比分。"
    ),
}


def rule_words(rule: SplitRule) -> str:
    return _RULE_WORDS[rule]


@dataclass(frozen=True, slots=True)
class Basis:
    """What the prefecture's year is taken to be before it is shared. `statements` say how total, sources
    and industries were obtained."""

    year: int
    sources: Mapping[PlanSource, Volume]
    shares: Mapping[Industry, Fraction]
    statements: Mapping[str, str]

    @property
    def total(self) -> Volume:
        return total(self.sources.values())


@dataclass(frozen=True, slots=True)
class Cell:
    county: str
    source: PlanSource
    industry: Industry
    volume: Volume


@dataclass(frozen=True, slots=True)
class Split:
    """The year shared by one rule, in cells of county (GB/T 2260 code) × source × industry."""

    rule: SplitRule
    basis: Basis
    counties: tuple[County, ...]
    cells: tuple[Cell, ...]

    def volume(
        self,
        county: str | None = None,
        source: PlanSource | None = None,
        industry: Industry | None = None,
    ) -> Volume:
        """Σ of the cells that match; with nothing named, the prefecture."""
        return total(
            cell.volume
            for cell in self.cells
            if county in (None, cell.county)
            and source in (None, cell.source)
            and industry in (None, cell.industry)
        )

    @property
    def digest(self) -> str:
        """The same year, rule and figures give the same digest on every machine; words do not enter."""
        return digest_of((self.basis.year, self.rule, self.cells))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A computed county total against the one that was published."""

    county: County
    computed: Volume
    figure: Figure

    @property
    def error(self) -> Volume:
        return self.computed - self.figure.volume

    @property
    def error_percent(self) -> Fraction:
        return Fraction(self.error.m3 * 100, self.figure.volume.m3)


def require_year(text: str) -> int:
    """The year asked for, if it is one of `YEARS`."""
    if text in {str(year) for year in YEARS}:
        return int(text)
    raise Refusal(
        "planning.no_such_year",
        f"没有 {text} 年的测算。",
        field="year",
        remedy=f"公布的数字够算的年份是 {'、'.join(map(str, YEARS))}。",
        facts={"year": text},
    )


def require_rule(text: str) -> SplitRule:
    """The rule asked for by its value."""
    try:
        return SplitRule(text)
    except ValueError:
        raise Refusal(
            "planning.no_such_rule",
            f"没有名为“{text}”的分摊规则。",
            field="rule",
            remedy=f"可选的是{'、'.join(rule.label for rule in SplitRule)}。",
            facts={"rule": text},
        ) from None


def plan_basis(published: Published, year: int) -> Basis:
    """The prefecture's totals by source and shares by industry for `year`, and how they were obtained."""
    return {2022: _basis_2022, 2025: _basis_2025}[year](published)


def plan_split(published: Published, year: int, rule: SplitRule) -> Split:
    """Share the year: prefecture → source → county → industry, each step by `apportion` at 1 m³, so that
    prefecture = Σ counties = Σ sources = Σ industries exactly. Counties are taken by code: the order
    of the input changes nothing."""
    basis = plan_basis(published, year)
    counties = tuple(sorted(published.counties, key=lambda county: county.code))
    cells = tuple(
        Cell(county.code, source, industry, volume)
        for source, amount in basis.sources.items()
        for county, part in zip(
            counties, apportion(amount, weights(rule, source, counties)), strict=True
        )
        for industry, volume in zip(
            Industry, apportion(part, list(basis.shares.values())), strict=True
        )
    )
    return Split(rule, basis, counties, cells)


def weights(rule: SplitRule, source: PlanSource, counties: tuple[County, ...]) -> list[int]:
    """What each county counts for `source` under `rule`, in m³ (`rule_words` in figures)."""
    if rule is SplitRule.TOGETHER:
        return [county.surface.m3 + county.ground.m3 for county in counties]
    if source is PlanSource.GROUND:
        return [county.ground.m3 for county in counties]
    return [county.surface.m3 for county in counties]


def compare_with_published(split: Split, published: Published) -> tuple[Comparison, ...]:
    """Each county total of the year that was published, set against the computed one."""
    by_code = {county.code: county for county in split.counties}
    return tuple(
        Comparison(by_code[figure.county], split.volume(county=figure.county), figure)
        for figure in published.figures.values()
        if figure.county and figure.year == split.basis.year
    )


def on_the_line(published: Published, indicator: str, year: int) -> Fraction:
    """m³ of `indicator` on the straight line from its 2020 to its 2025 figure (规划 一（一）（3）)."""
    base = published.volume(f"{indicator}.{_BASE}").m3
    target = published.volume(f"{indicator}.{_TARGET}").m3
    return base + (target - base) * _way(year)


def shares_on_the_line(published: Published, base_key: str, year: int) -> list[Fraction]:
    """Percent by industry on the straight line from `base_key` (2020) to the plan's 2025 shares."""
    base, target = published.shares[base_key].percent, published.shares["shares.2025"].percent
    return [b + (t - b) * _way(year) for b, t in zip(base, target, strict=True)]


def _way(year: int) -> Fraction:
    return Fraction(year - _BASE, _TARGET - _BASE)


def _basis_2025(published: Published) -> Basis:
    """The three printed sources as they stand; their sum is the total, whatever the printed total."""
    sources = {source: published.volume(f"{source.value}.2025") for source in PlanSource}
    parts = "＋".join(published.figures[f"{source.value}.2025"].value for source in PlanSource)
    shares = published.shares["shares.2025"]
    whole, place = total(sources.values()).yi(), published.figures["surface.2025"].place
    statements = _statements(
        f"取三种水源指标之和：{parts}＝{whole} 亿m³（{place}）。"
        f"同处所印总量 {published.figures['total.2025'].value} 亿m³ 不采用，差额列入核对发现。",
        "照所印的数，不作任何调整。",
        f"按 {shares.printed}（{shares.place}），各县市同一比例：没有公布县级比例。",
    )
    return Basis(2025, sources, dict(zip(Industry, shares.percent, strict=True)), statements)


def _basis_2022(published: Published) -> Basis:
    """The published total; groundwater on its line; the rest to 地表水 and 其他水源 as in 2025."""
    whole = published.volume("total.2022")
    ground = floor_m3(on_the_line(published, "ground", 2022))
    surface, other = apportion(
        whole - ground, [published.volume("surface.2025").m3, published.volume("other.2025").m3]
    )
    sources = {
        PlanSource.SURFACE: surface,
        PlanSource.GROUND: ground,
        PlanSource.OTHER: other,
    }
    percent = shares_on_the_line(published, "shares.2020", 2022)
    words = "：".join(fixed(share) for share in percent)
    statements = _statements(
        f"取公布的 {published.figures['total.2022'].value} 亿m³"
        f"（{published.figures['total.2022'].document.title}）。"
        f"2020–2025年直线内插为 {Volume(int(on_the_line(published, 'total', 2022))).yi(3)} 亿m³。",
        f"2022年的没有公布。地下水取 {published.figures['ground.2020'].value} 到 "
        f"{published.figures['ground.2025'].value} 的直线内插 {ground.yi()}；"
        f"其余 {(whole - ground).yi()} 归地表水和其他水源，两者按2025年的 "
        f"{published.figures['surface.2025'].value}：{published.figures['other.2025'].value} 分。",
        f"由2020年 {published.shares['shares.2020'].printed} 与2025年 "
        f"{published.shares['shares.2025'].printed} 直线内插，为 {words}；"
        "各县市同一比例：没有公布县级比例。",
    )
    return Basis(2022, sources, dict(zip(Industry, percent, strict=True)), statements)


def _statements(whole: str, sources: str, industries: str) -> Mapping[str, str]:
    return {"全州总量": whole, "分水源": sources, "三次产业": industries}
