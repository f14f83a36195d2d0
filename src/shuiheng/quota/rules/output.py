"""单位产出效益: declared, confirmed, compared only inside one industry class (USERS 34). Pure.

实施方案 三(二)3 leans towards those with more output for a m³. A figure that nobody has confirmed leans to
nobody: its weight is exactly 1000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume
from shuiheng.quota.rules.norms import plain

EVEN = 1_000


class OutputKind(Term):
    """What a unit shows for its water; a farm and a chip plant are never compared."""

    PRODUCT = "product", "产品产量"
    VALUE_ADDED = "value_added", "工业增加值"
    CROP = "crop", "种植面积与作物"


class OutputState(Term):
    DECLARED = "declared", "待部门确认"
    CONFIRMED = "confirmed", "部门已确认"
    REJECTED = "rejected", "部门未认可"


class OutputStep(Term):
    CONFIRM = "confirm", "认可产出"
    REJECT = "reject", "不予认可"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a unit says it makes of its water in a year."""

    kind: OutputKind
    industry_code: str
    product: str
    amount: Decimal
    measure: str


def check_declared(declared: Declared, *, has_evidence: bool) -> None:
    """An output can be compared and looked up: class, measure, evidence."""
    code = declared.industry_code
    if not (code.isdecimal() and 2 <= len(code) <= 4):
        raise Refusal(
            "output.industry_code",
            f"“{code}”不是 GB/T 4754 的行业代码（2–4 位数字）。",
            field="industry_code",
            remedy="可以在营业执照或统计报表上查到。",
        )
    if declared.amount <= 0:
        raise Refusal("output.amount", "产出要大于 0。", field="amount")
    if not declared.measure.strip():
        raise Refusal("output.measure", "要写明产出的单位，例如 t 或 万元。", field="measure")
    if not has_evidence:
        raise Refusal(
            "output.no_evidence",
            "要附上证明材料（统计报表、发票汇总或种植台账）。",
            field="file",
            remedy="部门凭材料确认，没有确认的产出不参加比较。",
        )


def check_decision(state: OutputState, step: OutputStep, reason: str) -> None:
    if state is not OutputState.DECLARED:
        raise Refusal(
            "output.decided",
            f"这条产出已经是“{state.label}”。",
            kind=Kind.CONFLICT,
            remedy="单位重新申报后才能再确认。",
        )
    if step is OutputStep.REJECT and not reason.strip():
        raise Refusal("output.no_reason", "不予认可要写明理由，单位才知道怎么补。", field="reason")


def check_may_declare(state: OutputState | None) -> None:
    """What a department has confirmed is not declared again over its head."""
    if state is OutputState.CONFIRMED:
        raise Refusal(
            "output.confirmed",
            "这一年的产出部门已经确认，不能再改。",
            kind=Kind.CONFLICT,
            remedy="确有错误，请联系确认的部门。",
        )


def is_overdue(state: OutputState, declared_on: date, days: int, today: date) -> bool:
    """A department that lets the term pass is reminded; the unit gets no tilt from it."""
    return state is OutputState.DECLARED and (today - declared_on).days > days


# -- the tilt -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the tilt may go, per 1000, on either side of 1000."""

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Output:
    """An output beside the water it was made with."""

    unit: int
    industry_code: str
    measure: str
    amount: Decimal
    used: Volume
    state: OutputState

    @property
    def per_m3(self) -> Fraction | None:
        return Fraction(self.amount) / self.used.m3 if self.used.m3 > 0 else None


@dataclass(frozen=True, slots=True)
class Tilt:
    """A whole weight per 1000 and its reason; 1000 changes nothing."""

    weight: int
    words: str


def tilt(own: Output | None, peers: Sequence[Output], bounds: Bounds) -> Tilt:
    """Output per m³ against that of all confirmed units of the same class and measure, within bounds."""
    if own is None:
        return Tilt(EVEN, "没有申报产出，不倾斜")
    if own.state is not OutputState.CONFIRMED:
        return Tilt(EVEN, f"产出{own.state.label}，不倾斜")
    rate = own.per_m3
    if rate is None:
        return Tilt(EVEN, "没有用水，无从比较，不倾斜")
    alike = [peer for peer in peers if _is_like(own, peer)]
    others = [peer for peer in alike if peer.unit != own.unit]
    if not others:
        return Tilt(EVEN, f"行业 {own.industry_code} 里没有可比的已确认单位，不倾斜")
    whole = [*others, own]
    water = sum(peer.used.m3 for peer in whole)
    mean = sum((Fraction(peer.amount) for peer in whole), Fraction(0)) / water
    exact = EVEN * rate / mean
    weight = min(max(int(exact), bounds.lowest), bounds.highest)
    words = (
        f"每 m³ 产出 {_short(rate)} {own.measure}，行业 {own.industry_code} 平均 {_short(mean)}"
        f"（{len(whole)} 户）"
    )
    if not bounds.lowest <= exact <= bounds.highest:
        words += f"，限于 {bounds.lowest}–{bounds.highest}‰"
    return Tilt(weight, f"{words}，权重 {weight}‰")


def _is_like(own: Output, peer: Output) -> bool:
    return (
        peer.state is OutputState.CONFIRMED
        and peer.industry_code == own.industry_code
        and peer.measure == own.measure
        and peer.used.m3 > 0
    )


def _short(rate: Fraction) -> str:
    return plain(round(Decimal(rate.numerator) / Decimal(rate.denominator), 4))
