"""How a figure is written: thousands comma, true minus, en dash, one place for every unit. Pure text.

Rounding is half up and exact: floats are taken at their binary value, Decimal and Fraction as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from shuiheng.core.clock import BEIJING, beijing_date
from shuiheng.core.volume import M3_PER_WAN, M3_PER_YI, Volume

M3 = "m³"
WAN = "万m³"
PRINTED_M3 = 100  # 0.01 万m³, the last place that tables print
YI = "亿m³"
NOT_APPLICABLE = "—"
NOT_YET_KNOWN = "暂无"
MINUS = "−"

Number = int | float | Decimal | Fraction

_PER = {M3: 1, WAN: M3_PER_WAN, YI: M3_PER_YI}
_DECIMALS = {M3: 0, WAN: 2, YI: 2}
_TIMES_FROM = 10
_WEEKDAYS = "一二三四五六日"


def number(value: Number, decimals: int = 0, *, signed: bool = False) -> str:
    """1234.5 → '1,234.5'; negative with U+2212; `signed` puts + before a rise, nothing before 0."""
    scale = 10**decimals
    units = abs(_half_up(Fraction(value) * scale))
    whole, rest = divmod(units, scale)
    text = f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")
    if not units:
        return text
    if value < 0:
        return MINUS + text
    return "+" + text if signed else text


def in_unit(volume: Volume, unit: str, decimals: int | None = None, *, signed: bool = False) -> str:
    """The volume in 'm³', '万m³' or '亿m³', without the unit: 0 decimals in m³, 2 in the others."""
    places = _DECIMALS[unit] if decimals is None else decimals
    return number(Fraction(volume.m3, _PER[unit]), places, signed=signed)


def adding_up(volumes: Sequence[Volume], unit: str, decimals: int | None = None) -> list[int]:
    """Whole printed steps (hundredths of 万m³, say) whose sum is the rounded sum of `volumes`.

    Largest remainder: each figure is within one step of its own rounding, so printed rows add up as printed.
    """
    places = _DECIMALS[unit] if decimals is None else decimals
    step = Fraction(_PER[unit], 10**places)
    exact = [Fraction(volume.m3) / step for volume in volumes]
    floors = [floor(share) for share in exact]
    missing = _half_up(sum(exact, Fraction(0))) - sum(floors)
    by_rest = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for position in by_rest[:missing]:
        floors[position] += 1
    return floors


def in_unit_adding_up(
    volumes: Sequence[Volume], unit: str, decimals: int | None = None, *, signed: bool = False
) -> list[str]:
    """As `in_unit` for each, rounded so that the printed figures add up to the printed sum."""
    places = _DECIMALS[unit] if decimals is None else decimals
    return [
        number(Fraction(steps, 10**places), places, signed=signed)
        for steps in adding_up(volumes, unit, places)
    ]


def m3_per(unit: str) -> int:
    """How many m³ one of the unit is."""
    return _PER[unit]


def exact_in(volume: Volume, unit: str) -> str:
    """As `in_unit`, with as many decimals as it takes to lose nothing: what a form field holds."""
    decimals = _DECIMALS[unit]
    while Fraction(volume.m3, _PER[unit]) * 10**decimals % 1:
        decimals += 1
    return in_unit(volume, unit, decimals)


def percent(ratio: Number, decimals: int = 1, *, signed: bool = False) -> str:
    """0.71 → '71.0%'."""
    return number(Fraction(ratio) * 100, decimals, signed=signed) + "%"


def change(now: Volume, before: Volume) -> str:
    """+41.2%, −2.0%; ×9,581 where a percentage says nothing any more; 新增 where there was nothing before."""
    if not before:
        return "新增" if now else "0"
    ratio = Fraction(now.m3, before.m3)
    if ratio >= _TIMES_FROM:
        return f"×{number(ratio)}"
    return percent(ratio - 1, signed=True)


def percent_of(part: int, whole: int) -> str:
    """A share of a length as SVG takes it, cut to hundredths of a percent: '73.36%'."""
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def day(moment: date) -> str:
    """9月18日, of a Beijing date or an aware instant."""
    on = _date(moment)
    return f"{on.month}月{on.day}日"


def day_full(moment: date) -> str:
    """2026年9月18日 星期五."""
    on = _date(moment)
    return f"{on.year}年{day(on)} 星期{_WEEKDAYS[on.weekday()]}"


def moment(instant: datetime) -> str:
    """9月18日 14:02, Beijing time."""
    return f"{day(instant)} {instant.astimezone(BEIJING):%H:%M}"


def written(
    value: object, unit: str = "", decimals: int | None = None, *, signed: bool = False
) -> str:
    """Any plain value as a page shows it: a Volume in its unit, a ratio with unit '%', a date, a text.

    None is —: not applicable. What is not yet known is written 暂无 by the caller.
    """
    if value is None:
        return NOT_APPLICABLE
    if isinstance(value, Volume):
        return in_unit(value, unit or M3, decimals, signed=signed)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str) or not isinstance(value, int | float | Decimal | Fraction):
        return str(value)
    if unit == "%":
        return percent(value, 1 if decimals is None else decimals, signed=signed)
    if decimals is None:
        decimals = 0 if isinstance(value, int) else 2
    return number(value, decimals, signed=signed)


def _half_up(exact: Fraction) -> int:
    """To the nearest whole, halves away from 0."""
    nearest = int(abs(exact) * 2 + 1) // 2
    return -nearest if exact < 0 else nearest


def _date(moment: date) -> date:
    return beijing_date(moment) if isinstance(moment, datetime) else moment
