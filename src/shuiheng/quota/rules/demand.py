"""需水测算: what a unit needs, by the methods actually seen, each with its arithmetic in words. Pure.

By norm; three-year mean; history × level (k × (1 + mean growth) × mean); last year × a share; permit; the
reviewer's own figure. A district without norms and with one year of data completes January as well, each
figure labelled with its method. None goes above what the unit may take (取水条例 Art. 24), and none is cut
because the unit saved (郑州市节约用水条例 Art. 13, taken over as a dated policy row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from shuiheng.core.refusal import Finding, Refusal
from shuiheng.core.vocabulary import Confidence, Term
from shuiheng.core.volume import Volume, floor_m3, format_number, total
from shuiheng.quota.rules.norms import NormDomain, NormInForce, plain

PER_1000, PER_10000, PERCENT = 1_000, 10_000, 100
YEARS = 3
TERMS_WRITTEN = 4
MONTHS = 12
SAVING_ARTICLE = "郑州市节约用水条例第13条"


class DemandMethod(Term):
    NORM = "norm", "定额法"
    MEAN = "mean", "三年平均法"
    LEVEL = "level", "历史水平法"
    LAST_YEAR = "last_year", "上年用水法"
    PERMIT = "permit", "许可水量法"
    REVIEWER = "reviewer", "审核人核定"


class InputKind(Term):
    """What methods need beside use and norms: dated, cited rows of a unit or of a district."""

    CONVEYANCE = "conveyance", "渠系水利用系数"
    LEVEL = "level", "合理用水水平系数"
    DESIGN = "design", "设计用水量"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a method gives, and how; without `volume` the words say why it cannot be computed."""

    method: DemandMethod
    volume: Volume | None
    words: str
    notes: tuple[str, ...] = ()
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A figure with the paper it comes from."""

    value: Decimal
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Part:
    """What is planted, made or served, with its norm or the finding why there is none."""

    name: str
    quantity: Decimal
    measure: str
    norm: NormInForce | Finding

    @property
    def exact(self) -> Fraction:
        norm = self._norm
        return Fraction(self.quantity) * norm.exact if norm is not None else Fraction(0)

    @property
    def is_irrigation(self) -> bool:
        norm = self._norm
        return norm is not None and norm.facts.domain is NormDomain.IRRIGATION

    @property
    def words(self) -> str:
        norm = self._norm
        assert norm is not None
        rate = f"{plain(norm.m3_per_measure)} m³/{self.measure}"
        return f"{self.name} {plain(self.quantity)} {self.measure} × {rate}"

    @property
    def _norm(self) -> NormInForce | None:
        return self.norm if isinstance(self.norm, NormInForce) else None


def norm_demand(parts: Sequence[Part], conveyance: Coefficient | None) -> Figure:
    """Σ activity × norm; what irrigates is divided by the conveyance coefficient (DOMAIN 6.5). A missing
    coefficient is said, not taken for 1 in silence; what has no norm is left out and named."""
    known = [part for part in parts if isinstance(part.norm, NormInForce)]
    missing = tuple(
        f"{part.norm.sentence}未计入。" for part in parts if isinstance(part.norm, Finding)
    )
    if not known:
        why = missing or ("没有申报种植、产品或服务，不能按定额测算。",)
        return Figure(DemandMethod.NORM, None, why[0], why[1:])
    net = sum((part.exact for part in known if part.is_irrigation), Fraction(0))
    other = sum((part.exact for part in known if not part.is_irrigation), Fraction(0))
    words = _terms([part.words for part in known])
    notes = list(missing)
    if net and conveyance is not None:
        net /= Fraction(conveyance.value)
        which = "灌溉部分" if other else ""
        words += f"，{which}÷ 渠系水利用系数 {plain(conveyance.value)}（{conveyance.source}）"
    elif net:
        notes.append("没有登记渠系水利用系数，灌溉按田间净用水计，未折算到取水口。")
    volume = floor_m3(net + other)
    return Figure(DemandMethod.NORM, volume, f"{words} = {volume}", tuple(notes))


def _terms(words: Sequence[str]) -> str:
    shown = " + ".join(words[:TERMS_WRITTEN])
    return shown if len(words) <= TERMS_WRITTEN else f"{shown} + …（共 {len(words)} 项）"


# -- history --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UseYear:
    """A year of use as the history methods take it, with the quota it was held against, if any."""

    year: int
    used: Volume
    quota: Volume | None = None
    note: str = ""


def complete_use(
    year: int,
    months: Sequence[Volume],
    known: int,
    before: Sequence[Volume] | None,
    quota: Volume | None = None,
) -> UseYear:
    """A year of which `known` months are over: the others are taken from the same months a year before,
    and said so; without such a year only what is known counts."""
    so_far = total(months[:known])
    if known >= MONTHS:
        return UseYear(year, so_far, quota)
    span = f"{known + 1}–{MONTHS}月" if known < MONTHS - 1 else f"{MONTHS}月"
    if before is None:
        return UseYear(year, so_far, None, f"{year} 年只有前 {known} 个月的用水，未补足全年。")
    note = f"{year} 年{span}还没有用水，按 {year - 1} 年同月补足。"
    return UseYear(year, so_far + total(before[known:MONTHS]), quota, note)


def counted_use(use: UseYear, saving_percent: int) -> Volume:
    """What a year counts for: use below the quota was saved, and so much of the saving is kept."""
    if use.quota is None or use.used >= use.quota:
        return use.used
    saved = use.quota - use.used
    return use.used + floor_m3(Fraction(saved.m3 * saving_percent, PERCENT))


@dataclass(frozen=True, slots=True)
class History:
    """What the history methods know of a unit: its years, the newest first, and what policy says."""

    years: tuple[UseYear, ...]
    saving_percent: int
    design: Coefficient | None = None

    @property
    def counted(self) -> list[Volume]:
        return [counted_use(use, self.saving_percent) for use in self.years[:YEARS]]

    @property
    def notes(self) -> tuple[str, ...]:
        said = [use.note for use in self.years[:YEARS] if use.note]
        for use, counts in zip(self.years[:YEARS], self.counted, strict=False):
            if counts > use.used and use.quota is not None:
                said.append(
                    f"{use.year} 年用水 {use.used}，低于额度 {use.quota}：节约的部分按 "
                    f"{self.saving_percent}% 计入，按 {counts} 算，不因节水调减（参照{SAVING_ARTICLE}）。"
                )
        return tuple(said)


def three_year_mean(history: History) -> Figure:
    """The mean of the three years before; of two or one where there are no more; a new unit its design
    volume (杭州的做法)."""
    method = DemandMethod.MEAN
    counted = history.counted
    if not counted:
        return _by_design(method, history.design)
    volume = _mean(counted)
    words = _mean_words(history, counted, volume)
    return Figure(method, volume, words, _few(counted) + history.notes)


def history_level(history: History, level: Coefficient) -> Figure:
    """k × (1 + mean growth) × mean of the years; one year has no growth; none: the design volume."""
    method = DemandMethod.LEVEL
    counted = history.counted
    if not counted:
        return _by_design(method, history.design)
    growth = _growth(counted)
    mean = Fraction(sum(volume.m3 for volume in counted), len(counted))
    volume = floor_m3(max(Fraction(level.value) * (1 + growth) * mean, Fraction(0)))
    words = f"系数 {plain(level.value)}（{level.source}）"
    if len(counted) > 1:
        words += f" ×（1 {_signed_percent(growth)}）"
    words += f" × {len(counted)} 年平均 {floor_m3(mean)} = {volume}"
    return Figure(method, volume, words, _few(counted) + history.notes)


def last_year(history: History, share_per_10000: int, year: int) -> Figure:
    """Last year × the share that policy gives; only the very year before counts."""
    method = DemandMethod.LAST_YEAR
    if not history.years or history.years[0].year != year - 1:
        return Figure(method, None, f"没有 {year - 1} 年的用水。")
    one = replace(history, years=history.years[:1])
    (counted,) = one.counted
    volume = floor_m3(Fraction(counted.m3 * share_per_10000, PER_10000))
    share = Fraction(share_per_10000, PERCENT)
    words = f"{year - 1} 年 {counted} × {float(share):g}% = {volume}"
    return Figure(method, volume, words, one.notes)


def by_permit(permit: Volume | None) -> Figure:
    method = DemandMethod.PERMIT
    if permit is None:
        return Figure(method, None, "没有有效取水许可。")
    return Figure(method, permit, f"有效许可水量合计 {permit}")


def by_reviewer(volume: Volume | None, reason: str, by: str) -> Figure:
    method = DemandMethod.REVIEWER
    if volume is None:
        return Figure(method, None, "审核人还没有给出水量。")
    return Figure(method, volume, f"{by}核定 {volume}：{reason}")


def capped(figure: Figure, ceiling: Volume | None) -> Figure:
    """Never above what the unit may take; without a ceiling (a supplier's customer) as it is."""
    if figure.volume is None or ceiling is None or figure.volume <= ceiling:
        return figure
    note = f"算得 {figure.volume}，超过可取上限，按上限 {ceiling}。"
    return replace(figure, volume=ceiling, notes=(*figure.notes, note))


def _by_design(method: DemandMethod, design: Coefficient | None) -> Figure:
    if design is None:
        return Figure(method, None, "没有以前年度的用水，也没有登记设计用水量。")
    volume = floor_m3(design.value)
    return Figure(method, volume, f"新增单位，按设计用水量 {volume}（{design.source}）")


def _mean(volumes: Sequence[Volume]) -> Volume:
    return floor_m3(Fraction(sum(volume.m3 for volume in volumes), len(volumes)))


def _mean_words(history: History, counted: Sequence[Volume], volume: Volume) -> str:
    terms = [
        f"{use.year} 年 {format_number(m3.m3)}"
        for use, m3 in zip(history.years[:YEARS], counted, strict=False)
    ]
    if len(terms) == 1:
        return f"{terms[0]} m³"
    return f"（{' + '.join(terms)}）÷ {len(terms)} = {volume}"


def _growth(counted: Sequence[Volume]) -> Fraction:
    """The mean of the yearly rates; a year that grew from nothing has none."""
    rates = [
        Fraction(now.m3 - before.m3, before.m3) for now, before in pairwise(counted) if before.m3
    ]
    return sum(rates, Fraction(0)) / len(rates) if rates else Fraction(0)


def _few(counted: Sequence[Volume]) -> tuple[str, ...]:
    if len(counted) >= YEARS:
        return ()
    return (f"只有 {len(counted)} 年用水，按 {len(counted)} 年算。",)


def _signed_percent(rate: Fraction) -> str:
    tenths = round(abs(rate) * PER_1000)
    return f"{'+' if rate >= 0 else '−'} 年均增长 {tenths // 10}.{tenths % 10}%"


# -- what is entered ------------------------------------------------------------------------------


def check_input(kind: InputKind, value: Decimal, source: str, *, of_unit: bool) -> None:
    """A coefficient or a design volume means something and names its paper."""
    if not source.strip():
        raise Refusal(
            "demand.no_source", "要写明这个数的依据（报告、批复或测试）。", field="source"
        )
    if kind is InputKind.CONVEYANCE and not 0 < value <= 1:
        raise Refusal(
            "demand.conveyance", "渠系水利用系数要大于 0、不超过 1，例如 0.62。", field="value"
        )
    if kind is InputKind.LEVEL and not 0 < value <= 2:
        raise Refusal(
            "demand.level", "合理用水水平系数要大于 0、不超过 2，例如 0.95。", field="value"
        )
    if kind is InputKind.DESIGN and (value <= 0 or value != int(value)):
        raise Refusal("demand.design", "设计用水量要是大于 0 的整立方米。", field="value")
    if kind is not InputKind.CONVEYANCE and not of_unit:
        raise Refusal("demand.not_of_area", f"{kind.label}按单位登记，不按区登记。", field="kind")


def check_choice(method: DemandMethod, volume: Volume | None, reason: str) -> None:
    """The reviewer's figure is one with a reason; the other methods bring their own."""
    if method is not DemandMethod.REVIEWER:
        return
    if volume is None or volume < Volume():
        raise Refusal("demand.no_figure", "审核人核定要填水量；没有就填 0。", field="volume")
    if not reason.strip():
        raise Refusal(
            "demand.no_reason",
            "审核人核定要写明理由。",
            field="reason",
            remedy="例如：只有 7 个月的抄表记录，按同类企业核定。",
        )
