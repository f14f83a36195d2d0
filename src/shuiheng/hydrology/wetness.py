"""Wet and dry years: the class of a year, and 丰增枯减, by which surface water follows the forecast.

A_i = Q_i · W_forecast / W_mean (黄河水量调度条例 第13条；水法 第46条; DOMAIN 5.1). The factor is a whole number of
ten-thousandths, so that nothing floating becomes water.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Source, WetnessIncluded
from shuiheng.core.volume import ZERO, Volume, floor_m3
from shuiheng.hydrology.pearson3 import Pearson3

WHOLE = 10_000
_DIGITS = 6  # of a ten-thousandth: below it a quantile is rounding of the machine


@dataclass(frozen=True, slots=True)
class WetnessClass:
    """`name` for years whose probability of exceedance is at most `up_to` ten-thousandths."""

    name: str
    up_to: int


def class_of(p_per_10000: int, classes: Sequence[WetnessClass]) -> str:
    """The first class, from wet to dry, that reaches a probability of exceedance; '' when none does."""
    return next((one.name for one in classes if p_per_10000 <= one.up_to), "")


def factor_of(forecast: Volume, mean: Volume) -> int:
    """⌊10,000 · forecast / mean⌋. Raises ValueError unless mean > 0 and forecast ≥ 0."""
    if mean <= ZERO or forecast < ZERO:
        raise ValueError(f"no wetness factor of {forecast} over {mean}")
    return forecast.m3 * WHOLE // mean.m3


def factor_for(p_exceed: float, curve: Pearson3) -> int:
    """⌊10,000 · Kp⌋ for a year of probability `p_exceed` (0.75 → P = 75 %), never below 0: what a run at
    P = 50, 75 or 95 % multiplies surface water with."""
    kp = curve.quantile(p_exceed) / curve.mean
    return max(0, floor(round(WHOLE * kp, _DIGITS)))


@dataclass(frozen=True, slots=True)
class YearFigure:
    """A year's volume of one source, and whether 丰增枯减 is contained in it already.

    What `scale_for_wetness` gives back says YES, so handing it in again changes nothing.
    """

    volume: Volume
    included: WetnessIncluded


@dataclass(frozen=True, slots=True)
class Scaled:
    """What a figure became: `figure.volume` = `domestic` (served first) + `others`; `findings` say what was
    done or why nothing was."""

    figure: YearFigure
    domestic: Volume
    others: Volume
    findings: tuple[Finding, ...]


def scale_for_wetness(
    source: Source,
    figure: YearFigure,
    factor_per_10000: int,
    *,
    domestic: Volume = ZERO,
    permit: Volume | None = None,
) -> Scaled:
    """丰增枯减 for one source of one region.

    Surface water is scaled by the factor; groundwater never (可开采量 and level control bind it, 地下水条例
    第16–20条), transferred and unconventional water follow their own delivery plans. A figure that contains
    it, or of which nobody knows, is left alone (USERS 1). The living demand `domestic` is served before the
    rest, and `permit` stays the ceiling of what is scaled up. Raises ValueError for a negative factor.
    """
    if factor_per_10000 < 0:
        raise ValueError("a wetness factor is not negative")
    volume = figure.volume
    if figure.included is not WetnessIncluded.NO:
        return _shared(figure, domestic, [_left_alone(figure.included)])
    if source is not Source.SURFACE:
        return _shared(
            YearFigure(volume, WetnessIncluded.YES), domestic, [_not_surface(source, volume)]
        )
    scaled = floor_m3(Fraction(volume.m3 * factor_per_10000, WHOLE))
    findings = [_was_scaled(volume, scaled, factor_per_10000)]
    if permit is not None and factor_per_10000 > WHOLE and scaled > permit:
        findings.append(_capped(scaled, permit))
        scaled = min(scaled, max(permit, ZERO))
    return _shared(YearFigure(scaled, WetnessIncluded.YES), domestic, findings)


def _shared(figure: YearFigure, domestic: Volume, findings: list[Finding]) -> Scaled:
    """Living water first, whatever is left to the others."""
    served = min(domestic, figure.volume)
    if served < domestic:
        findings.append(
            Finding(
                "wetness.domestic_short",
                Severity.MUST_FIX,
                f"城乡居民生活需水 {domestic}，这一水源只有 {figure.volume}，差 {domestic - served}。"
                "请用预留或其他水源保障生活用水。",
                facts={"demand": domestic, "served": served},
            )
        )
    return Scaled(figure, served, figure.volume - served, tuple(findings))


def _left_alone(included: WetnessIncluded) -> Finding:
    if included is WetnessIncluded.YES:
        return Finding("wetness.included", Severity.NOTE, "下达数已含丰增枯减，不再另算一次。")
    return Finding(
        "wetness.unknown",
        Severity.LOOK,
        "不清楚下达数是否已含丰增枯减，没有另算。请向下达机关核实后在水量分配计划里注明。",
    )


def _not_surface(source: Source, volume: Volume) -> Finding:
    why = {
        Source.GROUND: "地下水按可开采量和水位控制，不随来水丰枯增减",
        Source.TRANSFERRED: "外调水按工程供水计划",
        Source.UNCONVENTIONAL: "非常规水按工程能力",
    }.get(source, "不是天然水源，不随来水增减")
    return Finding("wetness.not_surface", Severity.NOTE, f"{why}，仍为 {volume}。")


def _was_scaled(before: Volume, after: Volume, factor: int) -> Finding:
    return Finding(
        "wetness.scaled",
        Severity.NOTE,
        f"地表水 {before} × {factor / WHOLE:.4f}（预报来水 ÷ 多年平均）= {after}。",
        facts={"before": before, "after": after, "factor": factor},
    )


def _capped(scaled: Volume, permit: Volume) -> Finding:
    return Finding(
        "wetness.permit",
        Severity.LOOK,
        f"按来水可增到 {scaled}，许可水量只有 {permit}，以许可为限。",
        facts={"scaled": scaled, "permit": permit},
    )
