"""Ten days, what may be entered, forecast against observed, and the step a deficit proposes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume, total
from shuiheng.inflow import rules
from shuiheng.inflow.rules import (
    SHEET_HEADS,
    DeficitStep,
    EntryKind,
    EntryRow,
    ForecastFacts,
    Period,
    PlaceFacts,
    SiteFacts,
    SiteKind,
    Span,
    Threshold,
)

TODAY = date(2026, 6, 15)
RIVER = PlaceFacts(1, "甲河", SiteKind.RIVER)
LAKE = PlaceFacts(2, "乙水库", SiteKind.RESERVOIR, Volume(5_000_000))
WELL = PlaceFacts(3, "丙井", SiteKind.WELL)
AREA = PlaceFacts(9, "某市", None)
UNKNOWN = (None,) * 36


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)))
def test_every_day_lies_in_its_ten_days(day: date) -> None:
    number = rules.ten_days_of(day)
    begins, ends = rules.ten_days_begin(day.year, number), rules.ten_days_end(day.year, number)
    assert begins <= day <= ends
    following = ends + timedelta(days=1)
    assert rules.ten_days_of(following) == number % 36 + 1
    over = rules.ten_days_over(day.year, day)
    assert over == (number if day == ends else number - 1)


def test_a_past_year_is_over_and_a_coming_one_is_not() -> None:
    assert (rules.ten_days_over(2025, TODAY), rules.ten_days_over(2027, TODAY)) == (36, 0)


@pytest.mark.parametrize(
    ("text", "span", "number"),
    [("全年", Span.YEAR, 1), ("５月", Span.MONTH, 5), ("12月份", Span.MONTH, 12),
     ("5月上旬", Span.TEN_DAYS, 13), (" 12月 下旬 ", Span.TEN_DAYS, 36)],
)  # fmt: skip
def test_a_period_is_read_as_people_write_it(text: str, span: Span, number: int) -> None:
    period = rules.read_period(text)
    assert period == Period(span, number)
    assert rules.read_period(period.words) == period


@pytest.mark.parametrize("text", ["", "13月", "0月上旬", "5月底", "第三旬", "上旬"])
def test_what_is_no_period_is_said(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules.read_period(text)
    assert caught.value.code == "inflow.period"


# -- what is entered ------------------------------------------------------------------------------


def observed(**changes: object) -> EntryRow:
    row = EntryRow(
        EntryKind.OBSERVED,
        1,
        2026,
        "旬报2026-16",
        date(2026, 6, 12),
        Confidence.OFFICIAL,
        day=date(2026, 6, 10),
        volume=Volume(70_000),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def code_of(row: EntryRow, place: PlaceFacts) -> str:
    try:
        rules.check_entry(row, place, TODAY)
    except Refusal as refusal:
        return refusal.code
    return ""


def test_what_may_be_entered_and_what_not() -> None:
    assert code_of(observed(), RIVER) == ""
    assert code_of(observed(), LAKE) == "inflow.wrong_site"
    assert code_of(observed(bulletin="  "), RIVER) == "inflow.no_source"
    assert code_of(observed(issued_on=date(2026, 6, 16)), RIVER) == "inflow.issued_later"
    assert code_of(observed(day=date(2026, 6, 20)), RIVER) == "inflow.future"
    assert code_of(observed(volume=Volume(-1)), RIVER) == "inflow.negative"
    stored = observed(kind=EntryKind.STORAGE, place=2, volume=LAKE.capacity)
    assert code_of(stored, LAKE) == ""
    assert code_of(replace(stored, volume=Volume(5_000_001)), LAKE) == "inflow.over_capacity"
    deep = observed(kind=EntryKind.LEVEL, volume=None, depth=Decimal("18.35"))
    assert code_of(deep, WELL) == ""
    assert code_of(replace(deep, depth=Decimal("-0.01")), WELL) == "inflow.depth"
    past = observed(kind=EntryKind.RUNOFF, year=2025, day=None)
    assert code_of(past, AREA) == ""
    assert code_of(replace(past, year=2026), AREA) == "inflow.future"
    assert code_of(replace(past, year=1066), AREA) == "inflow.year"


def test_a_forecast_is_about_the_future() -> None:
    row = observed(kind=EntryKind.FORECAST, day=None, period=Period(Span.MONTH, 9))
    assert code_of(row, RIVER) == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, ""), ({"mean_annual": None}, "inflow.no_mean"), ({"cv": Decimal("0.2")}, "inflow.half_curve"),
     ({"kind": SiteKind.RESERVOIR}, "inflow.no_capacity"), ({"kind": SiteKind.WELL}, "")],
)  # fmt: skip
def test_a_site_has_what_its_kind_needs(changes: dict[str, object], code: str) -> None:
    facts = SiteFacts(SiteKind.RIVER, "甲河", "", "年鉴", Confidence.OFFICIAL, Volume(1))
    facts = replace(facts, **changes)  # type: ignore[arg-type]
    if not code:
        rules.check_site(facts)
        return
    with pytest.raises(Refusal) as caught:
        rules.check_site(facts)
    assert caught.value.code == code


# -- a sheet --------------------------------------------------------------------------------------


def check(kind: EntryKind, *rows: list[str], heads: object = None) -> tuple[list[EntryRow], list]:
    top = list(heads or SHEET_HEADS[kind])
    return rules.check_sheet(
        kind,
        [["标题"], top, *rows],
        [RIVER, LAKE, WELL] if kind is not EntryKind.RUNOFF else [AREA],
        year=2026,
        confidence=Confidence.OFFICIAL,
        today=TODAY,
    )


def test_clean_sheets_of_every_kind() -> None:
    when = {
        EntryKind.FORECAST: ("甲河", "7月"),
        EntryKind.OBSERVED: ("甲河", "6月上旬"),
        EntryKind.STORAGE: ("乙水库", "2026/6/1"),
        EntryKind.LEVEL: ("丙井", "2026年6月1日"),
        EntryKind.RUNOFF: ("某市", "2019年"),
    }
    for kind, (name, period) in when.items():
        blank = [name, period, "", "", ""]
        rows, found = check(kind, [name, period, "12.5", "公报", "2026-06-10 00:00"], blank)
        assert found == []
        (row,) = rows
        figure = row.depth if kind is EntryKind.LEVEL else row.volume
        assert figure == (Decimal("12.5") if kind is EntryKind.LEVEL else Volume(125_000))
    assert check(EntryKind.OBSERVED, ["甲河", "2月下旬", "1", "公报", "20260301"])[0][0].day == date(2026, 2, 28)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "row", "code", "column"),
    [
        (EntryKind.OBSERVED, ["丁河", "6月上旬", "1", "公", "2026-06-10"], "inflow.stranger", "河流断面"),
        (EntryKind.OBSERVED, ["甲河", "6月", "1", "公", "2026-06-10"], "inflow.not_ten_days", "时段"),
        (EntryKind.OBSERVED, ["甲河", "7月上旬", "1", "公", "2026-06-10"], "inflow.future", "时段"),
        (EntryKind.OBSERVED, ["甲河", "6月上旬", "许多", "公", "2026-06-10"], "volume.not_a_number", "来水量（万m³）"),
        (EntryKind.OBSERVED, ["甲河", "6月上旬", "1", "", "2026-06-10"], "inflow.no_source", "公报编号或出处"),
        (EntryKind.OBSERVED, ["甲河", "6月上旬", "1", "公", "昨天"], "inflow.day", "发布日期"),
        (EntryKind.OBSERVED, ["甲河", "6月上旬", "1", "公", "2026-02-30"], "inflow.day", "发布日期"),
        (EntryKind.LEVEL, ["丙井", "2026-06-01", "深", "公", "2026-06-10"], "inflow.not_a_depth", "埋深（米）"),
        (EntryKind.LEVEL, ["丙井", "2026-06-01", "1.234", "公", "2026-06-10"], "inflow.not_a_depth", "埋深（米）"),
        (EntryKind.RUNOFF, ["某市", "去年", "1", "公", "2026-06-10"], "inflow.year", "年份"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named(kind: EntryKind, row: list[str], code: str, column: str) -> None:
    rows, found = check(kind, row)
    assert rows == []
    assert [(f.code, f.row, f.column) for f in found] == [(code, 3, column)]


def test_the_same_twice_no_heads_and_nothing_are_said() -> None:
    row = ["甲河", "6月上旬", "1", "公", "2026-06-10"]
    assert [(f.code, f.row) for f in check(EntryKind.OBSERVED, row, row)[1]] == [
        ("inflow.twice", 4)
    ]
    assert [f.code for f in check(EntryKind.OBSERVED, heads=["x"])[1]] == ["inflow.heads"]
    assert [f.code for f in check(EntryKind.OBSERVED)[1]] == ["inflow.empty"]
    assert [f.code for f in rules.check_sheet(EntryKind.OBSERVED, [], [], year=2026, confidence=Confidence.DEMO, today=TODAY)[1]] == ["inflow.heads"]  # fmt: skip


# -- forecast against observed --------------------------------------------------------------------


def facts(period: Period, m3: int, day: date) -> ForecastFacts:
    return ForecastFacts(period, Volume(m3), day)


MAY = Period(Span.MONTH, 5)


def test_a_month_is_spread_by_its_days_and_adds_up() -> None:
    plan = rules.forecast_by_ten_days([facts(MAY, 1001, date(2026, 1, 5))], 2026)
    assert [v.m3 if v else None for v in plan[12:15]] == [323, 323, 355]
    assert total(v for v in plan if v) == Volume(1001)
    assert plan[:12] == [None] * 12


def test_the_own_forecast_of_ten_days_goes_before_its_month() -> None:
    own = facts(Period(Span.TEN_DAYS, 14), 500, date(2026, 5, 8))
    plan = rules.forecast_by_ten_days([facts(MAY, 1001, date(2026, 1, 5)), own], 2026)
    assert (plan[12], plan[13]) == (Volume(323), Volume(500))


def test_a_year_alone_is_not_spread() -> None:
    whole = facts(Period(Span.YEAR), 10**6, date(2026, 1, 5))
    assert rules.forecast_by_ten_days([whole], 2026) == [None] * 36


def test_a_forecast_issued_afterwards_takes_no_deficit_away() -> None:
    first = facts(MAY, 900, date(2026, 1, 5))
    better = facts(MAY, 800, date(2026, 4, 28))
    late = facts(MAY, 10, date(2026, 5, 12))
    begins = date(2026, 5, 1)
    assert rules.in_force([first, better, late], begins) is better
    assert rules.in_force([late], begins) is late
    assert rules.in_force([], begins) is None
    corrected = facts(MAY, 801, date(2026, 4, 28))
    assert rules.in_force([first, better, corrected], begins) is corrected


def series(**known: int) -> list[Volume | None]:
    found: list[Volume | None] = [None] * 36
    for name, m3 in known.items():
        found[int(name[1:]) - 1] = Volume(m3)
    return found


def test_only_what_both_know_is_compared_and_gaps_stay_gaps() -> None:
    found = rules.compare(series(n1=100, n2=100, n3=100), series(n1=90, n3=60, n4=5))
    assert (found.forecast, found.observed, found.through) == (Volume(200), Volume(150), 3)
    assert found.difference[:4] == (Volume(-10), None, Volume(-50), None)
    assert found.deficit_per_10000 == 2500


def test_plenty_and_nothing_are_no_deficit() -> None:
    assert rules.compare(series(n1=100), series(n1=130)).deficit_per_10000 == 0
    assert rules.compare(UNKNOWN, UNKNOWN).deficit_per_10000 == 0
    assert rules.compare(series(n1=0), series(n1=0)).deficit_per_10000 == 0


def test_a_sum_of_rivers_is_known_where_every_river_is() -> None:
    whole = rules.sum_by_ten_days([series(n1=1, n2=2), series(n1=10)])
    assert whole[:2] == [Volume(11), None]
    assert rules.sum_by_ten_days([]) == [None] * 36


STEPS = [Threshold(1000, 0), Threshold(2000, 500), Threshold(3000, 1000)]


@pytest.mark.parametrize(
    ("deficit", "step", "cut"),
    [(0, DeficitStep.NONE, 0), (999, DeficitStep.NONE, 0), (1000, DeficitStep.WARN, 0),
     (1999, DeficitStep.WARN, 0), (2000, DeficitStep.CUT, 500), (9000, DeficitStep.CUT, 1000)],
)  # fmt: skip
def test_a_deficit_reaches_its_step(deficit: int, step: DeficitStep, cut: int) -> None:
    assert rules.plan_step(deficit, STEPS) == (step, cut)
    assert rules.plan_step(deficit, []) == (DeficitStep.NONE, 0)
