"""用水定额: the figure of a standard turned exactly into m³, the most specific one chosen, none guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from shuiheng.core.refusal import Finding, Refusal
from shuiheng.core.vocabulary import Confidence, Sector
from shuiheng.quota.rules.norms import (
    SHEET_HEADS,
    NormChoice,
    NormDomain,
    NormFacts,
    NormInForce,
    RangeEnd,
    ValueType,
    check_norm,
    check_successor,
    choose_norm,
    in_force,
    m3_per,
    read_norm_sheet,
    tidy_measure,
)

CORN = NormFacts(
    domain=NormDomain.IRRIGATION,
    item="玉米",
    method="滴灌",
    sector=Sector.AGRICULTURE,
    value=Decimal(360),
    measure="亩",
    standard="DB65/X",
    valid_from=date(2020, 1, 1),
    confidence=Confidence.DEMO,
)
PERSON = replace(
    CORN,
    domain=NormDomain.RESIDENTS,
    item="居民生活",
    method="",
    sector=Sector.RESIDENTS,
    value=None,
    lower=Decimal(75),
    upper=Decimal(125),
    volume_unit="L",
    measure="人·日",
    days=365,
)
HERE = NormChoice("天山北坡", 75, ValueType.GENERAL, RangeEnd.UPPER)
TODAY = date(2026, 12, 5)


def chosen(
    norms: list[NormFacts], item: str = "玉米", method: str = "滴灌", measure: str = "亩"
) -> NormInForce:
    found = choose_norm(norms, HERE, item, method, measure)
    assert isinstance(found, NormInForce), found
    return found


def code_of(norms: list[NormFacts], item: str, method: str, measure: str) -> str:
    found = choose_norm(norms, HERE, item, method, measure)
    assert isinstance(found, Finding)
    return found.code


def test_litres_a_head_and_day_become_m3_a_year_exactly() -> None:
    assert m3_per(PERSON, "人", RangeEnd.UPPER) == Fraction(125 * 365, 1000)
    assert m3_per(PERSON, "人", RangeEnd.MIDDLE) == Fraction(365, 10)
    assert m3_per(PERSON, "人·日", RangeEnd.LOWER) == Fraction(75, 1000)
    assert m3_per(PERSON, "户", RangeEnd.UPPER) is None
    assert chosen([PERSON], "居民生活", "", "人").m3_per_measure == Decimal("45.625")


def test_without_days_a_norm_per_day_is_not_stretched_over_a_year() -> None:
    bed = replace(PERSON, item="宾馆", measure="床·日", days=None)
    assert m3_per(bed, "床", RangeEnd.UPPER) is None
    assert code_of([bed], "宾馆", "", "床") == "norm.measure"


def test_what_is_typed_about_a_day_is_one_measure() -> None:
    assert [tidy_measure(t) for t in ("人·d", "人/日", "(人·天)", "亩·a", "亩")] == [
        "人·日", "人·日", "人·日", "亩·年", "亩",
    ]  # fmt: skip


def test_the_most_specific_norm_is_chosen_and_says_why() -> None:
    anywhere = replace(CORN, method="", value=Decimal(420), id=1)
    here = replace(CORN, zone="天山北坡", value=Decimal(350), id=2)
    dry = replace(here, guarantee=75, value=Decimal(380), id=3)
    elsewhere = replace(CORN, zone="南疆", value=Decimal(500), id=4)
    every = [anywhere, CORN, here, dry, elsewhere]
    assert chosen(every).exact == 380
    assert chosen([anywhere, CORN, here, elsewhere]).exact == 350
    assert chosen([anywhere, CORN, elsewhere]).exact == 360
    assert chosen([anywhere, elsewhere]).exact == 420
    assert chosen(every).why == "DB65/X：380 m³/亩，天山北坡，P=75%，通用值，演示值"


def test_a_value_type_that_is_missing_falls_back_and_is_said() -> None:
    advanced = replace(HERE, value_type=ValueType.ADVANCED)
    found = choose_norm([CORN], advanced, "玉米", "滴灌", "亩")
    assert isinstance(found, NormInForce)
    assert "没有先进值，用通用值" in found.why
    better = replace(CORN, value_type=ValueType.ADVANCED, value=Decimal(300))
    found = choose_norm([CORN, better], advanced, "玉米", "滴灌", "亩")
    assert isinstance(found, NormInForce)
    assert found.exact == 300


def test_no_norm_is_a_finding_never_a_guess() -> None:
    south = replace(CORN, item="棉花", zone="南疆")
    assert code_of([CORN], "小麦", "滴灌", "亩") == "norm.none"
    assert code_of([CORN], "玉米", "漫灌", "亩") == "norm.method"
    assert code_of([south], "棉花", "滴灌", "亩") == "norm.zone"
    assert code_of([CORN], "玉米", "滴灌", "公顷") == "norm.measure"


def test_the_row_that_began_last_holds_and_an_older_one_never_comes_back() -> None:
    newer = replace(CORN, value=Decimal(300), valid_from=date(2025, 1, 1))
    assert in_force([CORN, newer], date(2024, 12, 31)) == [CORN]
    assert in_force([newer, CORN], TODAY) == [newer]
    ended = replace(newer, valid_until=date(2025, 12, 31))
    assert in_force([CORN, ended], date(2025, 12, 31)) == [ended]
    assert in_force([CORN, ended], TODAY) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"standard": " "}, "norm.no_source"),
        ({"item": ""}, "norm.incomplete"),
        ({"volume_unit": "升"}, "norm.volume_unit"),
        ({"value": None}, "norm.no_value"),
        ({"value": Decimal(0)}, "norm.not_positive"),
        ({"value": None, "lower": Decimal(9), "upper": Decimal(8)}, "norm.range"),
        ({"lower": Decimal(1), "upper": Decimal(2)}, "norm.outside_range"),
        ({"guarantee": 60}, "norm.guarantee"),
        ({"days": 365}, "norm.days"),
        ({"industry_code": "C26"}, "norm.industry_code"),
        ({"valid_until": date(2019, 1, 1)}, "norm.term"),
    ],
)
def test_what_nobody_could_look_up_is_not_entered(changes: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as no:
        check_norm(replace(CORN, **changes))
    assert no.value.code == code


def test_a_successor_is_of_the_same_series_and_later() -> None:
    later = replace(CORN, value=Decimal(340), valid_from=date(2027, 1, 1))
    check_successor(CORN, later)
    with pytest.raises(Refusal) as no:
        check_successor(CORN, replace(later, zone="南疆"))
    assert no.value.code == "norm.other_series"
    with pytest.raises(Refusal) as no:
        check_successor(CORN, replace(later, valid_from=CORN.valid_from))
    assert no.value.code == "norm.not_later"


# -- the sheet ------------------------------------------------------------------------------------

GOOD = {
    "领域": "农田灌溉", "品种或产品": "玉米", "方式": "滴灌", "采用值": "360", "计量单位": "亩",
    "行业": "农业", "标准号": "DB65/X", "生效日期": "2020-01-01", "可信程度": "演示值",
}  # fmt: skip


def line(**changes: str) -> tuple[str, ...]:
    cells = GOOD | changes
    return tuple(cells.get(head, "") for head in SHEET_HEADS)


def test_the_same_sheet_twice_changes_nothing() -> None:
    plan = read_norm_sheet([("定额",), SHEET_HEADS, line()], [])
    assert (len(plan.new), plan.same, plan.findings) == (1, 0, ())
    again = read_norm_sheet([("定额",), SHEET_HEADS, line()], [replace(plan.new[0], id=7)])
    assert (again.new, again.same, again.findings) == ((), 1, ())


def test_a_row_that_would_change_one_in_place_is_refused_a_later_one_replaces() -> None:
    plan = read_norm_sheet([SHEET_HEADS, line(采用值="350")], [CORN])
    assert [f.code for f in plan.findings] == ["norm_sheet.in_place"]
    plan = read_norm_sheet([SHEET_HEADS, line(采用值="350", 生效日期="2027-01-01")], [CORN])
    assert (len(plan.new), plan.replacing, plan.findings) == (1, 1, ())


def test_every_bad_cell_is_named_by_row_and_column() -> None:
    rows = [
        SHEET_HEADS,
        line(领域="灌溉", 采用值="多"),
        line(生效日期="明年"),
        line(标准号=""),
        (),
        line(),
        line(),
    ]
    found = read_norm_sheet(rows, []).findings
    assert [(f.row, f.column) for f in found] == [
        (2, "领域"), (2, "采用值"), (3, "生效日期"), (4, "标准号"), (7, ""),
    ]  # fmt: skip
    assert [f.code for f in read_norm_sheet([("没有",)], []).findings] == ["norm_sheet.head"]
