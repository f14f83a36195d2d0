"""Pearson-III (P-III 型), the frequency curve of annual runoff in Chinese practice, and three ways to fit it.

Quantiles come from the incomplete gamma function (α = 4/Cs²; Kp = 1 + Cv·Φ, DOMAIN 5.2): no table is
interpolated. Floating point ends here; what becomes water is an integer factor (`hydrology.wetness`).
Probabilities are those of exceedance: P = 75 % is a dry year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.special import beta, gammainc, gammaincc, gammainccinv, gammaincinv, ndtr, ndtri

from shuiheng.core.refusal import Refusal
from shuiheng.hydrology.plotting import ranked

Floats = NDArray[np.float64]

NEARLY_NORMAL = 1e-4
"""Below this skew α exceeds 4·10⁸ and the gamma function loses digits; the first term of the expansion around
the normal distribution is then exact to 10⁻⁸."""

FEWEST_YEARS = 5
LARGEST_CV, LARGEST_CS = 5.0, 20.0


@dataclass(frozen=True, slots=True)
class Pearson3:
    """`mean` in any unit, `cv` ≥ 0 and `cs` without unit. Cs < 2·Cv puts the lower end below 0: a property
    of the curve, shown as it is. Raises ValueError when a parameter is no number or `mean` ≤ 0."""

    mean: float
    cv: float
    cs: float

    def __post_init__(self) -> None:
        if not np.isfinite((self.mean, self.cv, self.cs)).all() or self.mean <= 0 or self.cv < 0:
            raise ValueError(f"no Pearson-III: mean {self.mean}, Cv {self.cv}, Cs {self.cs}")

    @overload
    def quantile(self, p_exceed: float) -> float: ...
    @overload
    def quantile(self, p_exceed: Floats) -> Floats: ...
    def quantile(self, p_exceed: float | Floats) -> float | Floats:
        """The value exceeded with probability `p_exceed` (0 < p < 1, a number or an array of any shape), in
        the unit of the mean. Raises ValueError for a probability outside."""
        x = self.mean * (1 + self.cv * _deviate(_checked(p_exceed), self.cs))
        return float(x) if np.ndim(x) == 0 else x

    @overload
    def exceedance(self, x: float) -> float: ...
    @overload
    def exceedance(self, x: Floats) -> Floats: ...
    def exceedance(self, x: float | Floats) -> float | Floats:
        """The probability, 0 to 1, that a year brings more than `x` (a number or an array, the mean's unit)."""
        values = np.asarray(x, dtype=float)
        if self.cv == 0:
            p = (values < self.mean).astype(float)
        else:
            p = _exceedance((values / self.mean - 1) / self.cv, self.cs)
        return float(p) if np.ndim(p) == 0 else p

    @property
    def ratio(self) -> float:
        """Cs/Cv as tables print it; 0 for a constant."""
        return self.cs / self.cv if self.cv else 0.0


def _checked(p_exceed: float | Floats) -> Floats:
    p = np.asarray(p_exceed, dtype=float)
    if not ((p > 0) & (p < 1)).all():
        raise ValueError("a probability of exceedance lies between 0 and 1")
    return p


def _deviate(p: Floats, cs: float) -> Floats:
    """Φ, the standardised deviate (mean 0, variance 1) exceeded with probability `p`."""
    if abs(cs) < NEARLY_NORMAL:
        z = -ndtri(p)
        return np.asarray(z + (z**2 - 1) * cs / 6)
    alpha = 4 / cs**2
    tail = gammainccinv(alpha, p) if cs > 0 else gammaincinv(alpha, p)
    return np.asarray(cs / 2 * tail - 2 / cs)


def _exceedance(t: Floats, cs: float) -> Floats:
    if abs(cs) < NEARLY_NORMAL:
        return np.asarray(ndtr(-(t - (t**2 - 1) * cs / 6)))
    alpha = 4 / cs**2
    y = np.maximum(alpha + 2 * t / cs, 0)
    return np.asarray(gammaincc(alpha, y) if cs > 0 else gammainc(alpha, y))


# -- fits -----------------------------------------------------------------------------------------


def fit_moments(series: ArrayLike) -> Pearson3:
    """矩法: mean, s/x̄ with n − 1, and the skew with n/((n−1)(n−2)). `series`: n ≥ 5 yearly values ≥ 0, in any
    order, not all alike. Raises Refusal `fit.too_short`, `fit.negative`, `fit.constant`."""
    x = _usable(series)
    n, mean = len(x), float(x.mean())
    away = x - mean
    deviation = sqrt(float(away @ away) / (n - 1))
    skew = n / ((n - 1) * (n - 2)) * float((away**3).sum()) / deviation**3
    return Pearson3(mean, deviation / mean, skew)


def l_moments(many: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """λ1, λ2 and τ3 of each row of an (m, n) array, n ≥ 3: three arrays (m,). Unbiased, by the probability
    weighted moments b0, b1, b2 (Hosking & Wallis 1997, 2.59–2.66)."""
    x = np.sort(np.asarray(many, dtype=float), axis=-1)
    n = x.shape[-1]
    j = np.arange(n)
    b0 = x.mean(axis=-1)
    b1 = x @ (j / (n - 1)) / n
    b2 = x @ (j * (j - 1) / ((n - 1) * (n - 2))) / n
    l2 = 2 * b1 - b0
    with np.errstate(divide="ignore", invalid="ignore"):
        t3 = (6 * b2 - 6 * b1 + b0) / l2
    return b0, l2, t3


def fit_l_moments_many(many: ArrayLike) -> Floats:
    """线性矩法 for each row of an (m, n) array, in closed form: an (m, 3) array of mean, Cv, Cs. A constant row
    gives Cv 0 and Cs 0. α from τ3 by Hosking's rational approximation (Hosking & Wallis 1997, A.95–A.97),
    relative error below 5·10⁻⁵. Rows are not checked: `fit_l_moments` does."""
    l1, l2, t3 = l_moments(many)
    level = ~(l2 > 1e-12 * np.abs(l1))
    skewed = np.clip(np.where(level, 0.0, np.abs(np.nan_to_num(t3))), 1e-6, 1 - 1e-9)
    z = np.where(skewed < 1 / 3, 3 * np.pi * skewed**2, 1 - skewed)
    near = (1 + 0.2906 * z) / (z + 0.1882 * z**2 + 0.0442 * z**3)
    far = z * (0.36067 + z * (-0.59567 + z * 0.25361))
    far /= 1 + z * (-2.78861 + z * (2.56096 - z * 0.77045))
    alpha = np.where(skewed < 1 / 3, near, far)
    deviation = l2 * np.sqrt(alpha) * beta(alpha, 0.5)
    cv = np.where(level, 0.0, deviation / l1)
    cs = np.where(level, 0.0, np.sign(t3) * 2 / np.sqrt(alpha))
    return np.stack([l1, cv, cs], axis=-1)


def fit_l_moments(series: ArrayLike) -> Pearson3:
    """线性矩法 for one series, under the conditions and refusals of `fit_moments`."""
    mean, cv, cs = fit_l_moments_many(_usable(series)[np.newaxis])[0]
    return Pearson3(float(mean), float(cv), float(cs))


def fit_curve(
    series: ArrayLike, *, ratio: float | None = None, dry_weight: float = 1.0
) -> Pearson3:
    """适线法: the curve with the least weighted squares Σ w(P)·(x − x_P)² over the plotted points
    P = m/(n+1), started from the moments.

    Mean, Cv and Cs are free; with `ratio` (倍比) Cs = ratio·Cv. A point weighs 1 up to P = 50 %, rising to
    `dry_weight` at P = 100 %: for yearly runoff the dry end matters more (DOMAIN 5.2). Conditions and refusals
    of `fit_moments`; ValueError when `dry_weight` ≤ 0.
    """
    if dry_weight <= 0:
        raise ValueError("a weight is above 0")
    x, p = ranked(_usable(series))
    heavy = np.sqrt(1 + (dry_weight - 1) * np.clip(2 * p - 1, 0, 1))
    start = fit_moments(x)
    scale = start.mean

    def misses(guess: Floats) -> Floats:
        cs = guess[2] if ratio is None else ratio * guess[1]
        curve = guess[0] * (1 + guess[1] * _deviate(p, float(cs)))
        return np.asarray(heavy * (x / scale - curve))

    first = [1.0, min(max(start.cv, 1e-3), LARGEST_CV / 2)]
    low, high = [1e-3, 1e-6], [10.0, LARGEST_CV]
    if ratio is None:
        first.append(float(np.clip(start.cs, -LARGEST_CS / 2, LARGEST_CS / 2)))
        low.append(-LARGEST_CS)
        high.append(LARGEST_CS)
    found = least_squares(misses, first, bounds=(low, high), xtol=1e-10, ftol=1e-10).x
    cs = found[2] if ratio is None else ratio * found[1]
    return Pearson3(float(found[0]) * scale, float(found[1]), float(cs))


def _usable(series: ArrayLike) -> Floats:
    x = np.asarray(series, dtype=float)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError("a series is one row of numbers; leave missing years out")
    if len(x) < FEWEST_YEARS:
        raise Refusal(
            "fit.too_short",
            f"只有 {len(x)} 年径流，至少要 {FEWEST_YEARS} 年才能配线。",
            remedy="请补录历年径流；系列越长，频率越可靠。",
        )
    if (x < 0).any():
        raise Refusal("fit.negative", "径流系列里有负数，不能配线。", remedy="请核对录入的水量。")
    if np.ptp(x) == 0:
        raise Refusal(
            "fit.constant", "各年径流完全相同，配不出频率曲线。", remedy="请核对录入的水量。"
        )
    return x


def quantiles(curve: Pearson3, percents: Sequence[float]) -> list[float]:
    """The values at the given percentages of exceedance, such as 20, 50, 75, 95."""
    return [curve.quantile(percent / 100) for percent in percents]
