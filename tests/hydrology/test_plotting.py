"""Empirical frequencies: ties, gaps, zeros, and where they stand on the paper."""

from __future__ import annotations

import pytest

from shuiheng.hydrology.plotting import empirical, hazen_axis


def test_m_over_n_plus_one_from_wet_to_dry() -> None:
    points = empirical({2001: 5.0, 2002: 9.0, 2003: 1.0})
    assert [(p.year, p.p_exceed) for p in points] == [(2002, 0.25), (2001, 0.5), (2003, 0.75)]


def test_equal_years_share_their_rank() -> None:
    points = empirical({2001: 4.0, 2002: 8.0, 2003: 4.0, 2004: 1.0})
    assert [p.year for p in points] == [2002, 2001, 2003, 2004]
    assert [p.p_exceed for p in points] == pytest.approx([0.2, 0.5, 0.5, 0.8])


def test_a_missing_year_takes_no_rank_and_zero_does() -> None:
    points = empirical({2001: 3.0, 2002: None, 2003: 0.0, 2004: 6.0})
    assert [(p.year, p.p_exceed) for p in points] == [(2004, 0.25), (2001, 0.5), (2003, 0.75)]


def test_nothing_known_plots_nothing() -> None:
    assert empirical({2001: None}) == []


def test_the_paper_is_even_around_the_median() -> None:
    assert hazen_axis(0.5) == pytest.approx(0)
    assert hazen_axis(0.01) == pytest.approx(-2.3263, abs=1e-4)
    assert hazen_axis(0.99) == pytest.approx(-hazen_axis(0.01))
