"""Columns pasted and sheets uploaded: every bad row is named, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Severity
from shuiheng.core.vocabulary import Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.metering.rules import SHEET_HEADS, SheetLine, check_sheet, read_column

KEYS = [("丰源医院", "A1"), ("绿野商场", "A2"), ("吉祥宾馆", "A3")]
FARM = SheetLine(7, "F7", "兴牧合作社", Source.GROUND, Sector.AGRICULTURE, Volume(1000))
MILL = SheetLine(8, "M8", "恒达化工", Source.SURFACE, Sector.INDUSTRY)
TITLE = ["2026年11月用水量填报表"]


def test_one_column_goes_by_order() -> None:
    assert read_column("10\n\n20\n30\n40", KEYS) == (["10", "20", "30"], ["40"])


def test_two_columns_go_by_name_or_code_in_any_order() -> None:
    found, unread = read_column("吉祥宾馆\t30\r\nA1\t10\n没有这户\t5", KEYS)
    assert found == ["10", "", "30"]
    assert unread == ["没有这户\t5"]


@given(st.text(max_size=200))
def test_whatever_is_pasted_gives_a_figure_for_each_or_none(text: str) -> None:
    found, _ = read_column(text, KEYS)
    assert len(found) == len(KEYS)


def sheet(*rows: list[str]) -> list[list[str]]:
    return [TITLE, [], list(SHEET_HEADS), *rows]


def test_a_clean_sheet_gives_its_rows_and_leaves_blank_ones_out() -> None:
    rows = sheet(
        ["F7", "兴牧合作社", "地下水", "1000", "1,200"], ["M8", "恒达化工", "地表水", "", ""]
    )
    reports, found = check_sheet(rows, [FARM, MILL])
    assert found == []
    assert [(r.unit, r.source, r.volume) for r in reports] == [(7, Source.GROUND, Volume(1200))]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["X9", "", "地下水", "", "5"], "没有编码为“X9”的单位"),
        (["F7", "", "外调水", "", "5"], "没有登记“外调水”"),
        (["F7", "", "地下水", "", "1.2.3"], "不是一个水量"),
        (["F7", "", "地下水", "", "-5"], "负数"),
        (["F7", "", "地下水", "", "1.5"], "比 1 m³ 还细"),
    ],
)
def test_a_bad_row_is_named_with_its_number(row: list[str], words: str) -> None:
    reports, found = check_sheet(sheet(["M8", "", "地表水", "", "9"], row), [FARM, MILL])
    assert len(reports) == 1
    (finding,) = found
    assert (finding.row, finding.severity) == (5, Severity.MUST_FIX)
    assert words in finding.sentence


def test_the_same_line_twice_is_refused() -> None:
    _, found = check_sheet(
        sheet(["F7", "", "地下水", "", "1"], ["F7", "", "地下水", "", "2"]), [FARM]
    )
    assert [(f.code, f.row) for f in found] == [("sheet.twice", 5)]


def test_far_more_than_last_year_asks_for_a_look_and_does_not_block() -> None:
    reports, found = check_sheet(sheet(["F7", "", "地下水", "", "9000"]), [FARM])
    assert len(reports) == 1
    assert [(f.severity, f.row) for f in found] == [(Severity.LOOK, 4)]


def test_a_sheet_without_the_heads_or_without_figures_says_so() -> None:
    assert (
        "没有找到“编码、水源、用水量（m³）”"
        in check_sheet([["名称", "水量"]], [FARM])[1][0].sentence
    )
    assert (
        "没有一行填了用水量"
        in check_sheet(sheet(["F7", "", "地下水", "", ""]), [FARM])[1][0].sentence
    )
