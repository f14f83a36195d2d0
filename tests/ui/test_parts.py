from datetime import date
from fractions import Fraction

import pytest

from shuiheng.core.calendar import RestDays
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.volume import Volume
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Chip,
    Due,
    Duty,
    DutyList,
    Fact,
    FindingList,
    Link,
    PageHead,
    Pages,
    Progress,
    Stat,
    State,
    YearChoice,
    page_number,
)
from shuiheng.ui.tables import Column, LedgerLine, Row, Table, ledger_table

FRIDAY = date(2026, 9, 18)
REST = RestDays()


def test_a_deadline_says_what_is_left_in_working_days():
    wednesday = Due.on(date(2026, 9, 23), FRIDAY, REST)
    assert (wednesday.left, wednesday.left_working) == ("还有 5 天", "还有 3 个工作日")
    assert wednesday.tone == "soon"
    assert Due.on(date(2026, 9, 24), FRIDAY, REST).tone == ""


def test_a_deadline_that_has_passed_is_late():
    tuesday = Due.on(date(2026, 9, 15), FRIDAY, REST)
    assert (tuesday.tone, tuesday.left) == ("late", "逾期 3 天")
    assert tuesday.left_working == "逾期 3 个工作日"


def test_a_deadline_today_and_one_behind_a_weekend():
    assert Due.on(FRIDAY, FRIDAY, REST).left_working == "今天到期"
    sunday = Due.on(date(2026, 9, 20), FRIDAY, REST)
    assert (sunday.left_working, sunday.tone) == ("还有 2 天，都是休息日", "soon")


def test_duties_are_sorted_by_date():
    duties = [
        Duty(Due.on(date(2026, 9, day), FRIDAY, REST), str(day), "", Link("办", "/"))
        for day in (30, 15, 20)
    ]
    assert [duty.what for duty in DutyList(duties).ordered] == ["15", "20", "30"]


def test_years_look_different_only_while_two_are_open():
    both = [YearChoice(2026, "?", True), YearChoice(2027, "?", True)]
    one = [YearChoice(2026, "?", True), YearChoice(2025, "?")]
    assert PageHead("账", year=2026, years=both).badge == "year even"
    assert PageHead("账", year=2027, years=both).badge == "year odd"
    assert PageHead("账", year=2026, years=one).badge == "year"


def test_the_window_title_names_the_year_once():
    assert PageHead("水账", year=2026).window_title == "水账 – 2026 年度"
    assert PageHead("2026 年水账", year=2026).window_title == "2026 年水账"


def test_pages_cut_the_rows_and_keep_the_rest_of_the_address():
    second = Pages(130, 2, "户", query="town=3&page=2&q=%E5%86%9C")
    assert (second.start, second.stop) == (50, 100)
    assert second.previous_url == "?town=3&q=%E5%86%9C&page=1"
    assert second.next_url == "?town=3&q=%E5%86%9C&page=3"
    last = Pages(130, 9)
    assert (last.start, last.stop, last.next_url) == (100, 130, "")
    assert (Pages(0).start, Pages(0).stop) == (0, 0)


@pytest.mark.parametrize(
    ("asked", "number"),
    [(None, 1), ("", 1), ("0", 1), ("-3", 1), ("x", 1), ("²", 1), ("7", 7), ("9" * 30, 1)],
)
def test_a_page_number_from_an_address_is_never_an_error(asked, number):
    assert page_number(asked) == number


def test_findings_put_what_blocks_first_and_count_themselves():
    findings = [
        Finding("n", Severity.NOTE, "说明"),
        Finding("l", Severity.LOOK, "请看"),
        Finding("m", Severity.MUST_FIX, "必改", field="a", repair="26.00", facts={"unit": "万m³"}),
        Finding("m", Severity.MUST_FIX, "行", row=12, column="面积"),
    ]
    drawn = FindingList(findings)
    assert [found.finding.code for found in drawn.ordered] == ["m", "m", "l", "n"]
    assert drawn.counts == "2 处必改，1 处请看，1 处说明"
    assert drawn.ordered[0].repair_label == "改成 26.00 万m³"
    assert drawn.ordered[1].place == "第 12 行 “面积”列"


def test_a_stat_and_a_fact_write_their_volume_in_their_unit():
    assert Stat("可用", Volume(186_615), "m³").text == "186,615"
    assert Stat("比计划", Volume(1_780_000), "万m³", signed=True, decimals=0).text == "+178"
    assert Fact("许可", Volume(900_000), unit="万m³").text == "90.00"


def test_progress_is_drawn_in_blocks_while_they_can_be_counted():
    assert Progress(2, 5, "").blocks == [True, True, False, False, False]
    many = Progress(1612, 1684, "")
    assert (many.blocks, many.width) == ([], "95.72%")
    assert Progress(0, 0, "").width == "0.00%"


# -- gauge ----------------------------------------------------------------------------------------


def test_a_gauge_fills_its_track_by_the_share_used():
    gauge = Gauge(Volume(250), Volume(1000), Volume(500))
    assert (gauge.track_width, gauge.fill_width, gauge.plan_at) == ("100.00%", "25.00%", "50.00%")
    assert gauge.beyond_width == ""


def test_above_the_quota_the_track_shrinks_and_the_rest_is_deeper_red():
    gauge = Gauge(Volume(1250), Volume(1000), state=State.WARNED)
    assert (gauge.track_width, gauge.fill_width, gauge.beyond_width) == (
        "80.00%",
        "80.00%",
        "20.00%",
    )
    assert gauge.fill == "#B3261E"


def test_a_gauge_without_quota_or_below_nothing_can_be_drawn():
    assert Gauge(Volume(0), Volume(0)).fill_width == "0.00%"
    assert Gauge(Volume(-5), Volume(10)).fill_width == "0.00%"
    assert Gauge(Volume(5), Volume(0)).beyond_width == "100.00%"


def test_the_text_of_a_gauge_carries_its_three_figures():
    gauge = Gauge(Volume(69_550_000), Volume(94_800_000), Volume(63_230_000), unit="万m³")
    assert gauge.alternative == "已用 6,955.00，按计划应到 6,323.00，额度 9,480.00 万m³，占 73.4%"


# -- tables ---------------------------------------------------------------------------------------


def test_a_column_whose_rows_make_up_its_sum_adds_up_as_printed():
    column = Column("水量", "万m³", kind="figure", decimals=1)
    rows = [Row([name, Volume(3_333)]) for name in "甲乙丙"]
    table = Table([Column("单位"), column], rows, sums=["合计", Volume(9_999)])
    assert [cells[1].text for _, cells in table.lines] == ["0.4", "0.3", "0.3"]
    assert table.sum_cells[1].text == "1.0"


def test_rows_of_one_page_of_many_are_rounded_each_for_itself():
    column = Column("水量", "万m³", kind="figure", decimals=1)
    rows = [Row([name, Volume(3_333)]) for name in "甲乙"]
    table = Table([Column("单位"), column], rows, sums=["合计", Volume(90_000)])
    assert [cells[1].text for _, cells in table.lines] == ["0.3", "0.3"]


def test_a_row_with_a_cell_too_few_is_our_bug():
    with pytest.raises(AssertionError, match="as many cells"):
        Table([Column("甲"), Column("乙")], [Row(["只有一格"])])


def test_gain_and_loss_are_toned_and_nothing_is_not():
    column = Column("增减", "万m³", kind="figure", signed=True, toned=True)
    table = Table([column], [Row([Volume(n)]) for n in (20_000, -20_000, 0)] + [Row([None])])
    assert [cells[0].classes for _, cells in table.lines] == ["fig gain", "fig loss", "fig", "fig"]


def test_ratios_and_missing_figures_in_cells():
    table = Table(
        [Column("变化", "%", kind="figure", signed=True)], [Row([Fraction(1, 4)]), Row([None])]
    )
    assert [cells[0].text for _, cells in table.lines] == ["+25.0%", "—"]


def test_an_account_shows_movement_use_and_balance():
    lines = [
        LedgerLine(
            date(2026, 8, 31),
            Chip("用水"),
            "8月计量",
            Link("月报", "/"),
            None,
            Volume(149_380),
            Volume(186_615),
            True,
        ),
        LedgerLine(
            date(2026, 6, 22),
            Chip("调减", "grant"),
            "改种",
            None,
            Volume(-20_000),
            None,
            Volume(335_995),
        ),
    ]
    table = ledger_table(
        lines, change=Volume(874_000), use=Volume(687_385), balance=Volume(186_615)
    )
    first, second = ([cell.text for cell in cells if cell.part is None] for _, cells in table.lines)
    assert first == ["08-31", "", "149,380", "186,615"]
    assert second == ["06-22", "", "−20,000", "", "335,995"]
    assert [cell.text for cell in table.sum_cells][-3:] == ["+874,000", "687,385", "186,615"]
