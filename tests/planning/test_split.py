"""The method: sums at every tier, the same figures whatever the order, an outside account of them."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import Volume, total
from shuiheng.planning.rules.figures import Industry, PlanSource
from shuiheng.planning.rules.printing import PRINTED_GRAIN_M3, printed_column, printed_rows
from shuiheng.planning.rules.split import (
    YEARS,
    Split,
    SplitRule,
    compare_with_published,
    plan_split,
    require_rule,
    require_year,
    rule_words,
)
from shuiheng.planning.selectors.published import published_figures, split_of

PUBLISHED = published_figures()
ALL = [(year, rule) for year in YEARS for rule in SplitRule]
every_split = pytest.mark.parametrize(("year", "rule"), ALL)
ROUNDINGS_M3 = 6  # one grain for each source, one for each source's industry

# What the outside account knows: the printed digits, typed again, and fractions.
SURFACE = {"玛纳斯县": "7.37", "呼图壁县": "4.02", "昌吉市": "5.27", "阜康市": "2.45"}
SURFACE |= {"吉木萨尔县": "3.27", "奇台县": "5.07", "木垒县": "1.86"}
GROUND = {"玛纳斯县": "1.4587", "呼图壁县": "0.8282", "昌吉市": "1.0848", "阜康市": "0.4816"}
GROUND |= {"吉木萨尔县": "0.4059", "奇台县": "0.9423", "木垒县": "0.4288"}
YI = 10**8


def outside_sources(year: int) -> dict[str, Fraction]:
    """m³ by source, reckoned apart from the code under test."""
    if year == 2025:
        return {"surface": Fraction(1606), "ground": Fraction(764), "other": Fraction(53)}
    ground = Fraction(909) - Fraction(909 - 764, 5) * 2
    rest = 2502 - ground
    return {
        "surface": rest * 1606 / (1606 + 53),
        "ground": ground,
        "other": rest * 53 / (1606 + 53),
    }


def outside_share(rule: SplitRule, source: str, county: str) -> Fraction:
    surface = {name: Fraction(value) for name, value in SURFACE.items()}
    ground = {name: Fraction(value) for name, value in GROUND.items()}
    if rule is SplitRule.TOGETHER:
        return (surface[county] + ground[county]) / (sum(surface.values()) + sum(ground.values()))
    chosen = ground if source == "ground" else surface
    return chosen[county] / sum(chosen.values())


def outside_industry(year: int) -> list[Fraction]:
    base, target = ["86.9", "5.1", "8"], ["85.1", "7.5", "7.4"]
    way = Fraction(year - 2020, 5)
    return [
        (Fraction(b) * (1 - way) + Fraction(t) * way) / 100
        for b, t in zip(base, target, strict=True)
    ]


@every_split
def test_the_prefecture_is_the_sum_at_every_tier(year: int, rule: SplitRule) -> None:
    split = split_of(year, rule)
    whole = split.volume()
    assert whole == split.basis.total
    assert total(split.volume(county.code) for county in split.counties) == whole
    assert total(split.volume(None, source) for source in PlanSource) == whole
    assert total(split.volume(None, None, industry) for industry in Industry) == whole
    for source in PlanSource:
        assert split.volume(None, source) == split.basis.sources[source]
        counties = total(split.volume(county.code, source) for county in split.counties)
        assert counties == split.basis.sources[source]
    assert len(split.cells) == 7 * 3 * 3


@every_split
def test_every_figure_agrees_with_an_outside_account(year: int, rule: SplitRule) -> None:
    split = split_of(year, rule)
    shares = outside_industry(year)
    for source, amount in outside_sources(year).items():
        for county in split.counties:
            exact = amount * YI / 100 * outside_share(rule, source, county.name)
            assert abs(split.volume(county.code, PlanSource(source)).m3 - exact) < 2
            for industry, share in zip(Industry, shares, strict=True):
                cell = split.volume(county.code, PlanSource(source), industry)
                assert abs(cell.m3 - exact * share) < 3


def test_the_total_of_2022_is_the_published_one() -> None:
    assert split_of(2022, SplitRule.TOGETHER).volume() == Volume(2_502_000_000)
    line = Fraction("25.53") - (Fraction("25.53") - Fraction("24.26")) * 2 / 5
    assert abs(line - Fraction("25.02")) == Fraction("0.002")


def test_2025_runs_under_the_sum_of_its_sources() -> None:
    basis = split_of(2025, SplitRule.BY_SOURCE).basis
    assert basis.total == Volume(2_423_000_000)
    assert [volume.yi() for volume in basis.sources.values()] == ["16.06", "7.64", "0.53"]


@pytest.mark.parametrize(
    ("rule", "printed", "percent"),
    [(SplitRule.TOGETHER, "1.28", "25.4"), (SplitRule.BY_SOURCE, "1.32", "26.1")],
)
def test_manas_against_its_published_figure(rule: SplitRule, printed: str, percent: str) -> None:
    exact = sum(
        amount / 100 * outside_share(rule, source, "玛纳斯县")
        for source, amount in outside_sources(2022).items()
    ) - Fraction("5.04")
    (compared,) = compare_with_published(split_of(2022, rule), PUBLISHED)
    assert compared.county.name == "玛纳斯县"
    assert compared.figure.volume == Volume(504_000_000)
    assert abs(compared.error.m3 - exact * YI) < ROUNDINGS_M3
    assert abs(compared.error_percent - exact / Fraction("5.04") * 100) < Fraction(1, 10**4)
    assert compared.error.yi() == printed
    assert str(round(float(compared.error_percent), 1)) == percent


def test_no_county_figure_is_published_for_2025() -> None:
    assert compare_with_published(split_of(2025, SplitRule.TOGETHER), PUBLISHED) == ()


@every_split
def test_the_order_of_the_counties_changes_nothing(year: int, rule: SplitRule) -> None:
    counties = list(PUBLISHED.counties)
    for seed in range(5):
        random.Random(seed).shuffle(counties)
        again = plan_split(replace(PUBLISHED, counties=tuple(counties)), year, rule)
        assert again.cells == split_of(year, rule).cells
        assert again.digest == split_of(year, rule).digest


def test_the_order_matters_to_nobody_even_between_equal_counties() -> None:
    """Two counties alike in every figure: the odd cubic metre goes by code, not by position."""
    twin = replace(PUBLISHED.counties[0], code="652399", name="同")
    pair = (PUBLISHED.counties[0], twin)
    splits = [
        plan_split(replace(PUBLISHED, counties=order), 2025, SplitRule.TOGETHER)
        for order in (pair, pair[::-1])
    ]
    assert splits[0].cells == splits[1].cells


def test_digests_tell_the_splits_apart_and_stay() -> None:
    digests = {(year, rule.value): split_of(year, rule).digest[:8] for year, rule in ALL}
    assert digests == {
        (2022, "together"): "6ce8a571",
        (2022, "by_source"): "57acaa0d",
        (2025, "together"): "071318d9",
        (2025, "by_source"): "94fcb30d",
    }


@every_split
def test_what_is_printed_adds_up_and_is_near_the_exact_figure(year: int, rule: SplitRule) -> None:
    split = split_of(year, rule)
    *rows, last = printed_rows(split)
    assert last.total == split.volume()
    assert last.total == total(row.total for row in rows)
    for row in (*rows, last):
        assert row.total == total(row.sources) == total(row.industries)
    for column in range(3):
        assert last.sources[column] == total(row.sources[column] for row in rows)
        assert last.industries[column] == total(row.industries[column] for row in rows)
    for row in rows:
        assert row.county is not None
        assert near(row.total, split.volume(row.county.code))
        for source, volume in zip(PlanSource, row.sources, strict=True):
            assert near(volume, split.volume(row.county.code, source))


def near(printed: Volume, exact: Volume) -> bool:
    return abs(printed.m3 - exact.m3) < PRINTED_GRAIN_M3 and printed.m3 % PRINTED_GRAIN_M3 == 0


def test_the_printed_sources_of_2025_are_those_of_the_plan() -> None:
    last = printed_rows(split_of(2025, SplitRule.TOGETHER))[-1]
    assert [volume.yi() for volume in last.sources] == ["16.06", "7.64", "0.53"]
    assert last.total.yi() == "24.23"


def test_a_printed_column_adds_up() -> None:
    *parts, whole = printed_column([county.ground for county in PUBLISHED.counties])
    assert total(parts) == whole == Volume(563_000_000)


def test_the_rules_differ_where_their_weights_differ() -> None:
    together, by_source = (split_of(2022, rule) for rule in SplitRule)
    jimsar = "652327"  # little allowable groundwater beside much surface water
    assert by_source.volume(jimsar, PlanSource.GROUND) < together.volume(jimsar, PlanSource.GROUND)
    assert by_source.volume(jimsar, PlanSource.SURFACE) > together.volume(
        jimsar, PlanSource.SURFACE
    )


def test_every_rule_says_what_it_does() -> None:
    assert all(rule_words(rule).endswith("。") for rule in SplitRule)
    for year, rule in ALL:
        statements = split_of(year, rule).basis.statements
        assert list(statements) == ["全州总量", "分水源", "三次产业"]
    statements = split_of(2022, SplitRule.TOGETHER).basis.statements
    assert "25.02" in statements["全州总量"]
    assert "8.51" in statements["分水源"]
    assert "86.18：6.06：7.76" in statements["三次产业"]


def test_a_year_or_a_rule_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        require_year("2023")
    assert refused.value.code == "planning.no_such_year"
    assert "2022" in str(refused.value)
    with pytest.raises(Refusal) as refused:
        require_rule("by_area")
    assert refused.value.code == "planning.no_such_rule"
    assert require_year("2025") == 2025
    assert require_rule("by_source") is SplitRule.BY_SOURCE


def test_a_change_of_one_figure_changes_the_digest() -> None:
    first = PUBLISHED.counties[0]
    moved = replace(first, surface=first.surface + Volume(1_000_000))
    changed: Split = plan_split(
        replace(PUBLISHED, counties=(moved, *PUBLISHED.counties[1:])), 2025, SplitRule.TOGETHER
    )
    assert changed.digest != split_of(2025, SplitRule.TOGETHER).digest
