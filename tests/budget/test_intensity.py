"""双控: intensity is judged from a limit and a department's figure, and is never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.urls import reverse

from shuiheng.budget.models import EconomicFigure, IntensityLimit
from shuiheng.budget.rules import Indicator, Verdict, judge
from shuiheng.budget.selectors.intensity import judged_areas, measures
from shuiheng.core.access import Role
from shuiheng.core.vocabulary import Sector
from shuiheng.core.volume import Volume
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 2, 20)
WATER = Volume(3_000_000)


@pytest.mark.parametrize(
    ("indicator", "limit", "figure", "verdict"),
    [
        (Indicator.GDP, "30", "100000", Verdict.MET),
        (Indicator.GDP, "29.9999", "100000", Verdict.EXCEEDED),
        (Indicator.INDUSTRY, "31", "100000", Verdict.MET),
        (Indicator.IRRIGATION, "0.57", "0.57", Verdict.MET),
        (Indicator.IRRIGATION, "0.571", "0.57", Verdict.EXCEEDED),
    ],
)
def test_a_limit_is_held_to_the_last_digit(
    indicator: Indicator, limit: str, figure: str, verdict: Verdict
) -> None:
    assert judge(indicator, Decimal(limit), Decimal(figure), WATER).verdict is verdict


def test_what_is_missing_is_said_with_who_owes_it() -> None:
    nothing = judge(Indicator.GDP, None, None, WATER)
    assert nothing.verdict is Verdict.UNKNOWN
    assert nothing.owes == "限值随总量下达后由市水务局录入；地区生产总值由统计部门提供"
    no_limit = judge(Indicator.GDP, None, Decimal(100_000), WATER)
    assert no_limit.implied == Fraction(30)
    assert no_limit.verdict is Verdict.UNKNOWN
    assert "统计部门" not in no_limit.owes


@pytest.fixture
def officer(lived: Lived) -> Visitor:
    return Visitor(lived.cast.at(Role.CITY_OFFICER), lived.now)


def fill(officer: Visitor, lived: Lived, page: str, values: dict[str, str], **paper: str) -> int:
    area = lived.cast.regions[0].pk
    cells = {f"f-{area}-{name}": value for name, value in values.items()}
    url = reverse(f"budget:{page}") + f"?year={YEAR}"
    return officer.post(url, **paper, **cells).status_code


LIMIT_PAPER = {"number": "演示水资源〔2026〕31号", "issued_on": "2026-01-20"}
FIGURE_PAPER = {
    "department": "演示统计局",
    "source": "演示公报",
    "price_year": "2020",
    "confidence": "demo",
}


@pytest.mark.django_db
def test_limits_and_figures_are_entered_and_stand_beside_the_run(
    officer: Visitor, lived: Lived
) -> None:
    run_page = reverse("budget:baseline") + f"?year={YEAR}"
    assert (
        fill(officer, lived, "intensity_limits", {"gdp": "40", "industry": "12"}, **LIMIT_PAPER)
        == 303
    )
    assert fill(officer, lived, "intensity_economy", {"gdp": "50000"}, **FIGURE_PAPER) == 303
    text = words(officer.get(run_page))
    assert "万元工业增加值用水量：工业增加值由工信、统计部门提供（1 处）" in text
    assert "达标" in text
    page = words(officer.get(reverse("budget:intensity") + f"?year={YEAR}"))
    for said in ("演示水资源〔2026〕31号", "2020 年价", "演示统计局", "演示值"):
        assert said in page


@pytest.mark.django_db
def test_a_later_row_is_in_force_and_the_old_one_stays(officer: Visitor, lived: Lived) -> None:
    before = IntensityLimit.objects.count()
    fill(officer, lived, "intensity_limits", {"gdp": "40"}, **LIMIT_PAPER)
    fill(officer, lived, "intensity_limits", {"gdp": "38.5"}, **LIMIT_PAPER)
    area = lived.cast.regions[0]
    assert measures([area], YEAR).limits[area.pk, Indicator.GDP].limit == Decimal("38.5")
    assert IntensityLimit.objects.count() == before + 2


@pytest.mark.django_db
def test_the_city_is_judged_by_the_sum_of_its_regions(lived: Lived, officer: Visitor) -> None:
    fill(officer, lived, "intensity_limits", {"gdp": "40"}, **LIMIT_PAPER)
    city, regions = lived.cast.city, lived.cast.regions
    url = reverse("budget:intensity_economy") + f"?year={YEAR}"
    officer.post(url, **FIGURE_PAPER, **{f"f-{city.pk}-{one}": "10" for one in ("gdp", "industry")})
    water = {
        (regions[0].pk, Sector.INDUSTRY): Volume(30),
        (regions[1].pk, Sector.SERVICES): Volume(70),
    }
    known = measures([*regions, city], YEAR)
    found = judged_areas(known, water, city=city, regions=regions, places=[city])
    assert [one.implied for one in found[city.pk]] == [Fraction(10), Fraction(3), None]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "intensity.empty"),
        ({"gdp": "0"}, "intensity.not_positive"),
        ({"irrigation": "57.2"}, "intensity.coefficient_above_one"),
    ],
)
def test_what_cannot_be_is_refused(
    officer: Visitor, lived: Lived, values: dict[str, str], code: str
) -> None:
    before = EconomicFigure.objects.count()
    assert fill(officer, lived, "intensity_limits", values, **LIMIT_PAPER) == 422
    assert officer.said == code
    assert fill(officer, lived, "intensity_economy", values, **FIGURE_PAPER) == 422
    assert officer.said == code
    assert EconomicFigure.objects.count() == before


@pytest.mark.django_db
def test_only_who_enters_the_plan_enters_limits(lived: Lived) -> None:
    leader = Visitor(lived.cast.at(Role.LEADER), lived.now)
    assert fill(leader, lived, "intensity_limits", {"gdp": "1"}, **LIMIT_PAPER) == 403
    text = words(leader.get(reverse("budget:intensity") + f"?year={YEAR}"))
    assert "录入限值" not in text
