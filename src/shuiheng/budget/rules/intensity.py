"""强度管控 beside 总量管控 (实施方案 三(二)2, USERS 33): what a figure of water means per 万元, against its limit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume


class Indicator(Term):
    """强度指标, issued with the totals; the last one is a share, and the higher the better."""

    GDP = "gdp", "万元GDP用水量"
    INDUSTRY = "industry", "万元工业增加值用水量"
    IRRIGATION = "irrigation", "灌溉水有效利用系数"

    @property
    def unit(self) -> str:
        return "" if self is Indicator.IRRIGATION else "m³/万元"

    @property
    def figure(self) -> str:
        """What a department has to give."""
        return FIGURES[self][0]

    @property
    def department(self) -> str:
        """Who owes it."""
        return FIGURES[self][1]


FIGURES = {
    Indicator.GDP: ("地区生产总值", "统计部门"),
    Indicator.INDUSTRY: ("工业增加值", "工信、统计部门"),
    Indicator.IRRIGATION: ("实测灌溉水有效利用系数", "农业农村、水利部门"),
}


class Verdict(Term):
    MET = "met", "达标"
    EXCEEDED = "exceeded", "超出"
    UNKNOWN = "unknown", "暂无"


@dataclass(frozen=True, slots=True)
class Judged:
    """An indicator of an area: limit, what a volume of water makes of it, and who owes what is missing."""

    indicator: Indicator
    limit: Decimal | None
    implied: Fraction | None
    verdict: Verdict
    owes: str = ""


def judge(
    indicator: Indicator, limit: Decimal | None, figure: Decimal | None, water: Volume
) -> Judged:
    """`figure` in 万元, or the measured coefficient itself; what is not known is never guessed."""
    owes = []
    if limit is None:
        owes.append("限值随总量下达后由市水务局录入")
    if not figure:
        owes.append(f"{indicator.figure}由{indicator.department}提供")
    implied = _implied(indicator, figure, water) if figure else None
    if limit is None or implied is None:
        return Judged(indicator, limit, implied, Verdict.UNKNOWN, "；".join(owes))
    bound = Fraction(limit)
    held = implied >= bound if indicator is Indicator.IRRIGATION else implied <= bound
    return Judged(indicator, limit, implied, Verdict.MET if held else Verdict.EXCEEDED)


def _implied(indicator: Indicator, figure: Decimal, water: Volume) -> Fraction:
    if indicator is Indicator.IRRIGATION:
        return Fraction(figure)
    return Fraction(water.m3) / Fraction(figure)


def check_intensity(values: Mapping[tuple[int, Indicator], Decimal]) -> None:
    """Something is entered, all of it positive, and a coefficient is a share."""
    if not values:
        raise Refusal(
            "intensity.empty",
            "还没有填任何一个数。",
            remedy="请照文件填；没有的留空，页面会写明缺谁的数。",
        )
    for (_, indicator), value in values.items():
        if value <= 0:
            raise Refusal(
                "intensity.not_positive",
                f"{indicator.label}要大于 0。",
                remedy="没有这个数就留空，不要填 0。",
            )
        if indicator is Indicator.IRRIGATION and value > 1:
            raise Refusal(
                "intensity.coefficient_above_one",
                f"灌溉水有效利用系数 {value} 大于 1。",
                remedy="系数是 0 到 1 之间的数，例如 0.572；不要填百分数。",
            )
