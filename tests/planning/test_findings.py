"""Every contradiction shows both figures and the difference, and goes away only when the figures agree."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shuiheng.core.refusal import Severity
from shuiheng.planning.rules.figures import Published
from shuiheng.planning.rules.findings import check_published, touches
from shuiheng.planning.selectors.published import published_figures

PUBLISHED = published_figures()
FOUND = {finding.code.removeprefix("changji."): finding for finding in check_published(PUBLISHED)}

BOTH = (2022, 2025)
EXPECTED = [
    ("total_2025", (2025,), "24.26", "24.23", "0.03", "一（二）（1）"),
    ("total_2025_two_sources", (2025,), "24.26", "24.16", "0.10", "一（一）（3）"),
    ("surface_2025", (2025,), "16.52", "16.59", "0.07", "一（一）（3）"),
    ("total_2020", (2022,), "25.53", "25.22", "0.31", "一（一）（3）"),
    ("sources_2022", (2022,), "25.02", "24.796", "0.224", "答复函"),
    ("total_2022", (2022,), "25.02", "25.022", "0.002", "答复函"),
    ("surface_counties", BOTH, "29.25", "29.31", "0.06", "表1.1-3"),
    ("county_available", BOTH, "19.57", "29.31", "9.74", "一（一）（2）"),
    ("surface_divertible", (2025,), "16.06", "14.5", "1.56", "一（一）（3）"),
    ("shares_2020", (2022,), "86.9", "87.76", "0.86", "一（四）（5）2）"),
    ("agriculture_by_share", (2022,), "22.14", "22.36", "0.22", "一（一）（3）"),
    ("ecology", BOTH, "3.81", "0", "3.81", "一（三）（1）"),
    ("agriculture_verified", (2022,), "22.14", "22.324", "0.184", "一（四）（1）"),
    ("agriculture_2025", (2025,), "20.64", "20.62", "0.02", "一（一）（3）"),
    ("ground_over_2022", (2022,), "8.51", "5.6303", "2.8797", "一（一）（2）"),
    ("ground_over_2025", (2025,), "7.64", "5.6303", "2.0097", "一（二）（1）"),
    ("regions", BOTH, "10", "7", "3", "前言"),
    ("ground_over_2030", (), "6.07", "5.6303", "0.4397", "一（一）（3）"),
    ("ground_cut", (), "1.66", "1.45", "0.21", "七 14.5"),
    ("parks", (), "3", "2", "1", "一（四）（2）"),
    ("total_2030", (), "22.99", "22.98", "0.01", "一（一）（3）"),
    ("series_2019", (), "27.98", "25.53", "2.45", "一（三）（1）"),
    ("use_over_available", (), "25.48", "25.2", "0.28", "一（一）（3）"),
    ("precipitation", (), "188.9", "184.6", "4.3", "表1.1-3"),
    ("runoff_mean", (), "29.25", "29.30", "0.05", "表1.1-2"),
    ("irrigated_area_2020", (), "726", "625.4", "100.6", "一（二）（3）"),
    ("irrigation_quota_2020", (), "354", "305", "49", "一（一）（4）"),
    ("irrigated_area_2025", (), "598", "726", "128", "一（一）（3）"),
    ("high_standard", (), "338", "532", "194", "三 3.1"),
    ("efficient_share", (), "95", "92.5", "2.5", "一（三）（2）"),
    ("use_per_gdp", (), "25.48", "36.24", "10.76", "一（一）（3）"),
    ("leakage", (), "9", "8.26", "0.74", "表1.4-1"),
    ("park_area", (), "14", "15", "1", "五 12.2"),
    ("reclaimed_required", (), "20", "30", "10", "六 13.3"),
    ("targets_sense", (), "65", "65", "", "表10.1-1"),
    ("sewage", (), "76.36", "76.36", "", "表1.4-1"),
    (
        "industry_scope",
        BOTH,
        "居民生活（含建筑业、三产、城镇绿化、道路浇洒）、渔业",
        "渔业属 A 门类（一产），建筑业属 E 门类（二产）",
        "",
        "一（二）（2）",
    ),
]


@pytest.mark.parametrize(
    ("code", "years", "first", "second", "difference", "place"),
    EXPECTED,
    ids=[row[0] for row in EXPECTED],
)
def test_both_figures_the_difference_and_the_place_are_said(
    code: str, years: tuple[int, ...], first: str, second: str, difference: str, place: str
) -> None:
    finding = FOUND[code]
    for words in (first, second, place):
        assert words in finding.sentence
    assert number(finding.facts["first"]) == first
    assert number(finding.facts["second"]) == second
    assert number(finding.facts["difference"]) == difference
    if difference:
        assert f"相差 {difference} " in finding.sentence
    assert finding.facts["years"] == years
    assert finding.severity is (Severity.LOOK if years else Severity.NOTE)
    assert [year for year in BOTH if touches(finding, year)] == list(years)


def number(text: object) -> str:
    """The digits of a figure with sense and unit; words without digits as they are."""
    found = re.search(r"[\d.]+", str(text))
    return found.group() if found else str(text)


def test_nothing_else_is_found() -> None:
    assert set(FOUND) == {row[0] for row in EXPECTED}


def test_what_touches_the_computed_years_comes_first() -> None:
    severities = [finding.severity for finding in check_published(PUBLISHED)]
    assert severities == sorted(severities, key=lambda severity: severity is not Severity.LOOK)


def changed(key: str, value: str) -> Published:
    figure = replace(PUBLISHED.figures[key], value=value)
    return replace(PUBLISHED, figures={**PUBLISHED.figures, key: figure})


@pytest.mark.parametrize(
    ("code", "key", "value"),
    [
        ("total_2025", "total.2025", "24.23"),
        ("surface_counties", "table.surface", "29.31"),
        ("ground_over_2025", "ground.2025", "5.60"),
        ("ground_cut", "ground_cut_other.2025", "1.45"),
        ("parks", "parks_other", "3"),
        ("agriculture_2025", "agriculture.2025", "20.62"),  # 20.6197 is printed as 20.62
    ],
)
def test_a_finding_goes_away_when_the_figures_agree(code: str, key: str, value: str) -> None:
    codes = {finding.code for finding in check_published(changed(key, value))}
    assert f"changji.{code}" in {finding.code for finding in check_published(PUBLISHED)}
    assert f"changji.{code}" not in codes


def test_nothing_is_repaired() -> None:
    assert all(not finding.repair for finding in FOUND.values())
    assert PUBLISHED.text("total.2025") == "24.26"
