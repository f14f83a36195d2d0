"""The six steps of a year in words, and the pace."""

from __future__ import annotations

from datetime import date

import pytest

from shuiheng.core.vocabulary import Stage
from shuiheng.core.volume import Volume
from shuiheng.desk.rules import YearFacts, current, track, year_end_by_pace


def facts(today: date, **known: object) -> YearFacts:
    empty = {
        "booked_month": 0, "units": {}, "areas": {}, "finals": {}, "adjustments": {},
        "issued_on": None, "final_due": date(2026, 12, 15),
    }  # fmt: skip
    return YearFacts(year=2026, today=today, **{**empty, **known})  # type: ignore[arg-type]


def states(year: YearFacts) -> str:
    return " ".join(step.state for step in track(year))


def test_a_year_that_has_not_begun() -> None:
    year = facts(date(2025, 11, 1))
    assert states(year) == "coming coming coming coming coming coming"


def test_drafts_are_filed_while_some_are_reviewed() -> None:
    year = facts(date(2026, 1, 8), units={"draft": 3, "submitted": 4, "accepted": 5})
    assert states(year).startswith("now now coming")
    assert track(year)[0].line == "已交 9 / 12 户"
    assert track(year)[1].line == "通过 5 · 待审 4"


def test_execution_is_where_an_issued_year_stands() -> None:
    year = facts(
        date(2026, 9, 18), booked_month=8, units={"issued": 2046}, areas={"issued": 9},
        adjustments={"granted": 14, "applied": 3}, issued_on=date(2026, 2, 13),
    )  # fmt: skip
    steps = track(year)
    assert current(steps) is Stage.EXECUTION
    assert steps[2].line == "2月13日 2,046 个单位"
    assert steps[3].line == "第 9 个月 · 已入账至 8月"
    assert steps[4].line == "已办 14 件 · 待批 3 件"
    assert steps[5].line == "12月15日前 · 还有 88 天"


def test_a_closed_year_is_done_from_end_to_end() -> None:
    year = facts(
        date(2027, 1, 20), booked_month=12, units={"closed": 5}, finals={"closed": 5},
        issued_on=date(2026, 2, 13),
    )  # fmt: skip
    assert states(year) == "done done done done done done"


@pytest.mark.parametrize(
    ("used", "planned", "quota", "end"), [(50, 40, 100, 125), (0, 40, 100, 0), (7, 3, 10, 23)]
)
def test_the_pace_is_plain_arithmetic(used: int, planned: int, quota: int, end: int) -> None:
    assert year_end_by_pace(Volume(used), Volume(planned), Volume(quota)) == Volume(end)


def test_there_is_no_pace_without_a_plan() -> None:
    assert year_end_by_pace(Volume(1), Volume(), Volume(9)) is None
