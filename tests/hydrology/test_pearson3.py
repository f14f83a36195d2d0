"""Pearson-III against printed tables, scipy's own distribution, an integrated density, and definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from shuiheng.core.refusal import Refusal
from shuiheng.hydrology.pearson3 import (
    Pearson3,
    fit_curve,
    fit_l_moments,
    fit_l_moments_many,
    fit_moments,
    l_moments,
    quantiles,
)
from shuiheng.planning.selectors.published import published_figures

PERCENTS = (0.1, 0.2, 0.33, 0.5, 1, 2, 5, 10, 20, 50, 75, 90, 95, 99)
PRINTED_KP = {
    2: (1.96, 1.87, 1.81, 1.77, 1.67, 1.58, 1.45, 1.33, 1.20, 0.98, 0.82, 0.70, 0.63, 0.52),
    3: (2.05, 1.95, 1.88, 1.82, 1.72, 1.61, 1.46, 1.34, 1.20, 0.97, 0.82, 0.71, 0.65, 0.56),
}
"""Kp of Cv 0.25 by Cs/Cv (DOMAIN 5.2)."""

SERIES = (31.2, 24.8, 28.9, 35.6, 27.1, 22.4, 30.3, 29.7, 26.5, 41.0, 25.2, 28.0)


def test_all_sixteen_quantiles_of_the_runoff_table_within_three_per_mille() -> None:
    """With the printed, rounded Cv: 表1.1-2 of the Changji plan."""
    seen = 0
    for row in published_figures().runoff:
        cv = float(row.cv)
        curve = Pearson3(float(row.mean), cv, float(row.cs_over_cv) * cv)
        for percent, printed in row.quantiles.items():
            assert curve.quantile(int(percent) / 100) == pytest.approx(float(printed), rel=0.003)
            seen += 1
    assert seen == 16


@pytest.mark.parametrize("ratio", [2, 3])
def test_the_printed_kp_tables(ratio: int) -> None:
    found = quantiles(Pearson3(1, 0.25, ratio * 0.25), PERCENTS)
    assert found == pytest.approx(PRINTED_KP[ratio], abs=0.0101)


@pytest.mark.parametrize("cs", [-2.5, -0.3, -2e-5, 0.0, 2e-5, 2e-4, 0.26, 0.78, 1.0, 2.0, 3.0])
def test_scipy_says_the_same(cs: float) -> None:
    p = np.array([0.001, 0.05, 0.2, 0.5, 0.75, 0.95, 0.999])
    curve = Pearson3(29.3, 0.13, cs)
    other = stats.pearson3(cs, loc=29.3, scale=29.3 * 0.13)
    assert curve.quantile(p) == pytest.approx(other.isf(p), rel=1e-7)
    assert curve.exceedance(other.isf(p)) == pytest.approx(p, abs=1e-7)


@pytest.mark.parametrize("cs", [0.4, 1.0, 1.8])
def test_an_integrated_density_says_the_same(cs: float) -> None:
    """The density written out: β^α/Γ(α)·(x−a)^(α−1)·e^(−β(x−a))."""
    mean, cv = 10.0, 0.3
    alpha, rate, low = 4 / cs**2, 2 / (mean * cv * cs), mean * (1 - 2 * cv / cs)

    def density(x: float) -> float:
        return float(stats.gamma.pdf(x - low, alpha, scale=1 / rate))

    curve = Pearson3(mean, cv, cs)
    for p in (0.05, 0.5, 0.75, 0.95):
        below, _ = integrate.quad(density, low, curve.quantile(p), epsabs=1e-11)
        assert 1 - below == pytest.approx(p, abs=1e-8)


@given(
    st.floats(1e-3, 0.999),
    st.floats(0.02, 2),
    st.floats(-4, 4),
    st.floats(0.01, 1e4),
)
def test_scale_and_shift(p: float, cv: float, cs: float, times: float) -> None:
    """k times the mean is k times the quantile; a shift by c keeps the deviation from the mean."""
    one = Pearson3(7.0, cv, cs)
    assert Pearson3(7.0 * times, cv, cs).quantile(p) == pytest.approx(one.quantile(p) * times)
    shifted = Pearson3(10.0, cv * 7 / 10, cs)
    assert shifted.quantile(p) - 10 == pytest.approx(one.quantile(p) - 7, rel=1e-6, abs=1e-9)


@given(st.floats(0.02, 2), st.floats(-4, 4))
def test_the_rarer_the_wetter(cv: float, cs: float) -> None:
    found = Pearson3(1, cv, cs).quantile(np.linspace(0.01, 0.99, 25))
    assert (np.diff(found) <= 1e-12).all()


def test_below_the_lowest_value_every_year_is_wetter_and_above_the_highest_none() -> None:
    assert Pearson3(10, 0.3, 1.2).exceedance(0.0) == 1
    assert Pearson3(10, 0.3, -1.2).exceedance(1000.0) == 0
    assert Pearson3(10, 0, 0).exceedance(9.0) == 1


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.5, float("nan")])
def test_no_probability(p: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Pearson3(1, 0.2, 0.4).quantile(p)


@pytest.mark.parametrize("wrong", [(0, 0.1, 0.1), (1, -0.1, 0), (1, 0.1, float("nan"))])
def test_no_curve(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="no Pearson-III"):
        Pearson3(*wrong)


# -- fits -----------------------------------------------------------------------------------------


def test_moments_by_their_definitions() -> None:
    curve = fit_moments(SERIES)
    assert curve.mean == pytest.approx(np.mean(SERIES))
    assert curve.cv == pytest.approx(np.std(SERIES, ddof=1) / np.mean(SERIES))
    assert curve.cs == pytest.approx(stats.skew(SERIES, bias=False))


@given(st.lists(st.floats(0, 100), min_size=4, max_size=9))
def test_l_moments_over_all_subsets(values: list[float]) -> None:
    """By definition: means over all pairs and triples of the sample."""
    l1, l2, t3 = l_moments(values)
    pairs = [max(pair) - min(pair) for pair in combinations(values, 2)]
    triples = [
        high - 2 * middle + low for low, middle, high in map(sorted, combinations(values, 3))
    ]
    assert float(l1) == pytest.approx(np.mean(values))
    assert float(l2) == pytest.approx(np.mean(pairs) / 2, abs=1e-9)
    if np.mean(pairs) > 1e-6:
        assert float(t3 * l2) == pytest.approx(np.mean(triples) / 3, abs=1e-8)


@pytest.mark.parametrize("cs", [-0.8, 0.01, 0.5, 1.5, 3.0])
def test_the_l_moments_of_a_curve_lead_back_to_it(cs: float) -> None:
    """From the theoretical L-moments, by integration: a dense even sample of the curve has them."""
    curve = Pearson3(20, 0.12, cs)
    n = 40_000
    dense = curve.quantile((np.arange(n) + 0.5) / n)
    found = fit_l_moments(dense)
    assert (found.mean, found.cv) == pytest.approx((20, 0.12), rel=2e-3)
    assert found.cs == pytest.approx(cs, abs=0.01)


def test_many_series_at_once_are_each_fitted_as_if_alone() -> None:
    rng = np.random.default_rng(7)
    many = rng.gamma(9, 3, size=(50, 40))
    together = fit_l_moments_many(many)
    assert together.shape == (50, 3)
    for row, series in zip(together, many, strict=True):
        alone = fit_l_moments(series)
        assert row == pytest.approx((alone.mean, alone.cv, alone.cs))
    assert fit_l_moments_many([[4.0] * 6])[0] == pytest.approx([4, 0, 0])


@pytest.mark.parametrize("cs", [0.26, 0.6, 1.4])
def test_a_curve_is_found_again_from_its_own_points(cs: float) -> None:
    true = Pearson3(29.3, 0.3, cs)
    points = true.quantile(np.arange(1, 46) / 46)
    found = fit_curve(points)
    assert (found.mean, found.cv, found.cs) == pytest.approx((29.3, 0.3, cs), rel=1e-4)
    bound = fit_curve(points, ratio=cs / 0.3)
    assert (bound.cv, bound.ratio) == pytest.approx((0.3, cs / 0.3), rel=1e-4)


@pytest.mark.parametrize("fit", [fit_moments, fit_l_moments, fit_curve])
def test_long_series_lead_all_three_to_the_curve_they_came_from(fit: object) -> None:
    rng = np.random.default_rng(11)
    series = stats.pearson3(0.9, loc=30, scale=9).rvs(4000, random_state=rng)
    found = fit(np.abs(series))  # type: ignore[operator]
    assert (found.mean, found.cv) == pytest.approx((30, 0.3), rel=0.03)
    assert found.cs == pytest.approx(0.9, abs=0.12)


@pytest.mark.parametrize("fit", [fit_moments, fit_l_moments, fit_curve])
def test_order_does_not_matter_and_units_do_not_either(fit: object) -> None:
    one = fit(SERIES)  # type: ignore[operator]
    other = fit([x * 1e8 for x in reversed(SERIES)])  # type: ignore[operator]
    assert (other.mean / 1e8, other.cv, other.cs) == pytest.approx(
        (one.mean, one.cv, one.cs), rel=1e-5
    )


def test_a_heavier_dry_end_brings_the_curve_nearer_to_the_dry_points() -> None:
    even, heavy = fit_curve(SERIES, ratio=2), fit_curve(SERIES, ratio=2, dry_weight=20)
    driest, at = min(SERIES), len(SERIES) / (len(SERIES) + 1)
    assert abs(heavy.quantile(at) - driest) < abs(even.quantile(at) - driest)
    with pytest.raises(ValueError, match="weight"):
        fit_curve(SERIES, dry_weight=0)


@pytest.mark.parametrize("fit", [fit_moments, fit_l_moments, fit_curve])
@pytest.mark.parametrize(
    ("series", "code"),
    [([1, 2, 3], "fit.too_short"), ([3] * 8, "fit.constant"), ([1, 2, 3, 4, -1], "fit.negative")],
)
def test_what_cannot_be_fitted_is_said(fit: object, series: list[float], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        fit(series)  # type: ignore[operator]
    assert caught.value.code == code


def test_dry_years_of_nothing_are_values() -> None:
    assert fit_curve([0, 0, 5, 9, 3, 7, 1, 12]).mean > 0


def test_a_missing_year_is_no_value() -> None:
    with pytest.raises(ValueError, match="missing years"):
        fit_moments([1, 2, float("nan"), 4, 5, 6])
