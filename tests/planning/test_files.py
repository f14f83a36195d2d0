"""What leaves the system says on every sheet and in every file that it issues nothing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest

from shuiheng.planning.rules.split import TITLE, YEARS, SplitRule
from shuiheng.planning.selectors.files import csv_text, report, workbook
from shuiheng.planning.selectors.published import published_figures, split_of

NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook(NOW)))


def values(book: Any, name: str) -> list[tuple[Any, ...]]:
    return list(book[name].iter_rows(values_only=True))


def test_every_sheet_begins_with_the_title(book: Any) -> None:
    assert book.sheetnames == [
        "2022年",
        "2025年",
        "逐格 m³",
        "核对发现",
        "公布数字",
        "县市资源与径流频率",
    ]
    assert {sheet["A1"].value for sheet in book} == {TITLE}
    assert {sheet.oddHeader.center.text for sheet in book} == {TITLE}


def test_codes_and_quotes_are_text_and_nothing_is_a_formula(book: Any) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert {type(row[2]) for row in values(book, "逐格 m³")[2:]} == {str}
    assert {type(row[6]) for row in values(book, "公布数字")[2:]} == {str}


def test_the_cells_of_the_workbook_add_up_to_the_prefecture(book: Any) -> None:
    rows = values(book, "逐格 m³")[2:]
    assert len(rows) == 63 * len(SplitRule) * len(YEARS)
    for year in YEARS:
        for rule in SplitRule:
            whole = sum(row[6] for row in rows if row[:2] == (year, rule.label))
            assert whole == split_of(year, rule).basis.total.m3


def test_a_year_sheet_holds_both_rules_and_the_comparison(book: Any) -> None:
    rows = values(book, "2022年")
    sums = [row for row in rows if row[0] == "全州"]
    assert [row[1:5] for row in sums] == [(25.02, 15.98, 8.51, 0.53)] * 2
    compared = [row for row in rows if row[0] and "对照公布数" in row[0]]
    assert [(row[1], row[3], row[5], row[6]) for row in compared] == [
        (6.32, 5.04, 1.28, "+25.4%"),
        (6.36, 5.04, 1.32, "+26.1%"),
    ]
    assert [row[1] for row in rows if row[0] == "准东经开区"] == ["无公布数"] * 2


def test_the_figures_sheet_holds_every_figure_with_its_place(book: Any) -> None:
    published = published_figures()
    rows = values(book, "公布数字")[2:]
    assert len(rows) == len(published.figures) + len(published.shares)
    assert all(row[5] and row[6] for row in rows)
    by_label = {(row[0], row[1]): row[2] for row in rows}
    assert by_label["用水总量指标", 2025] == 24.26
    assert by_label["城镇公共供水管网漏损率", 2025] == "≤ 9"


def test_the_csv_begins_with_the_title_and_adds_up() -> None:
    rows = list(csv.reader(io.StringIO(csv_text([2025]))))
    assert rows[0] == [TITLE]
    assert rows[1][-1] == "水量 m³"
    assert len(rows) == 2 + 63 * len(SplitRule)
    assert sum(int(row[-1]) for row in rows[2:]) == 2 * 2_423_000_000


def test_the_json_holds_title_years_rules_cells_and_findings() -> None:
    given: Any = report(YEARS)
    assert next(iter(given)) == "title"
    assert given["title"] == TITLE
    assert given["no_published_figure"] == ["准东经开区"]
    assert [year["total"] for year in given["years"]] == [2_502_000_000, 2_423_000_000]
    for year in given["years"]:
        for rule in year["rules"]:
            counties = rule["counties"]
            assert sum(county["total"] for county in counties) == year["total"]
            assert all(county["total"] == sum(county["sources"].values()) for county in counties)
    assert given["years"][0]["rules"][0]["compared"][0]["error_percent"] == "25.4"
    assert any(finding["facts"]["difference"] == "0.31 亿m³" for finding in given["findings"])
