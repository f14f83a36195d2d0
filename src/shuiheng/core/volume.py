"""Volume: a whole number of cubic metres, typed so that it cannot be mistaken for a bare number.

万m³ and 亿m³ exist only at the text edges: `parse_m3` takes them in, `Volume.wan` and `Volume.yi` print them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import total_ordering

from shuiheng.core.refusal import Refusal

M3_PER_WAN = 10_000
M3_PER_YI = 100_000_000
MAX_VOLUME_M3 = (
    10**15
)  # ten thousand times what Xinjiang uses in a year: beyond it a figure is a typing error


@total_ordering
@dataclass(frozen=True, slots=True)
class Volume:
    """`m3` whole cubic metres, negative for a change downwards.

    Adds, subtracts, negates and compares with its like. There is no `*` and no `/`: sharing is
    `core.apportion`, scaling is a named rule that ends in `floor_m3`.
    """

    m3: int = 0

    def __post_init__(self) -> None:
        if type(self.m3) is not int:
            raise TypeError(f"Volume takes whole m³ as int, not {type(self.m3).__name__}")

    def __add__(self, other: Volume) -> Volume:
        if not isinstance(other, Volume):
            return NotImplemented
        return Volume(self.m3 + other.m3)

    def __sub__(self, other: Volume) -> Volume:
        if not isinstance(other, Volume):
            return NotImplemented
        return Volume(self.m3 - other.m3)

    def __neg__(self) -> Volume:
        return Volume(-self.m3)

    def __lt__(self, other: Volume) -> bool:
        if not isinstance(other, Volume):
            return NotImplemented
        return self.m3 < other.m3

    def __bool__(self) -> bool:
        return self.m3 != 0

    def __str__(self) -> str:
        return f"{format_number(self.m3)} m³"

    def wan(self, decimals: int = 2) -> str:
        """The figure in 万m³, rounded half up to `decimals`, without its unit."""
        return _scaled(self.m3, M3_PER_WAN, decimals)

    def yi(self, decimals: int = 2) -> str:
        """The figure in 亿m³, rounded half up to `decimals`, without its unit."""
        return _scaled(self.m3, M3_PER_YI, decimals)


ZERO = Volume(0)


def total(volumes: Iterable[Volume]) -> Volume:
    """Σ volumes, ZERO of none."""
    return Volume(sum(volume.m3 for volume in volumes))


def floor_m3(exact: Fraction | Decimal | int) -> Volume:
    """The one place where an exact figure becomes whole cubic metres: rounded towards zero."""
    return Volume(int(exact))


def format_number(number: int) -> str:
    """Thousands with a comma and a true minus (U+2212)."""
    return f"{number:,}".replace("-", "−")


def _scaled(m3: int, per: int, decimals: int) -> str:
    scale = 10**decimals
    units = (abs(m3) * scale * 2 + per) // (2 * per)
    whole, rest = divmod(units, scale)
    sign = "−" if m3 < 0 and units else ""
    return f"{sign}{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


_UNITS = {"": 1, "m3": 1, "m³": 1, "立方米": 1, "方": 1, "万": M3_PER_WAN, "亿": M3_PER_YI}
_WIDE = str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.IGNORECASE)
LONGEST_NUMBER = 40


def parse_m3(text: str, unit: str = "m³") -> Volume:
    """Read what a person typed, in `unit` ('m³', '万m³', '亿m³') unless the text names its own.

    Raises Refusal: not a number, finer than 1 m³, or beyond any believable volume.
    """
    cleaned = text.strip().translate(_WIDE).replace(",", "").replace(" ", "").replace("−", "-")
    number, named = _split_unit(cleaned)
    if len(number) > LONGEST_NUMBER or not _NUMBER.fullmatch(number):
        raise Refusal(
            "volume.not_a_number", f"“{text.strip()}”不是一个水量。请只填数字，例如 12.5。"
        )
    exact = Fraction(number) * _unit_factor(named or unit)
    if abs(exact) > MAX_VOLUME_M3:
        raise Refusal(
            "volume.too_large", f"“{text.strip()}”大得不像一个水量。请核对数字和单位（{unit}）。"
        )
    if exact.denominator != 1:
        raise Refusal(
            "volume.too_fine", f"“{text.strip()}”比 1 m³ 还细。水量记到整立方米，请少填几位小数。"
        )
    return Volume(int(exact))


def _split_unit(text: str) -> tuple[str, str]:
    for position, letter in enumerate(text):
        if letter not in "+-.0123456789eE":
            return text[:position], text[position:]
    return text, ""


def _unit_factor(unit: str) -> int:
    for ending in ("m³", "m3", "立方米", "方"):
        if unit.endswith(ending) and unit != ending:
            unit = unit.removesuffix(ending)
            break
    if unit not in _UNITS:
        raise Refusal("volume.unknown_unit", f"不认识单位“{unit}”。请用 m³、万m³ 或亿m³。")
    return _UNITS[unit]
