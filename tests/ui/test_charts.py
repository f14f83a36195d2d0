from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.volume import Volume
from shuiheng.ui import palette
from shuiheng.ui.charts import (
    Share,
    Standing,
    diverging_bars,
    month_bars,
    nice_ticks,
    ranked,
    ranked_gauges,
    share_bar,
)
from shuiheng.ui.map import Mark, district_map, polygons, schematic_points, simplified
from shuiheng.ui.parts import State
from shuiheng.ui.waterfall import End, Move, Neighbour, waterfall

WAN = 10_000


def wan(figure: int) -> Volume:
    return Volume(figure * WAN)


@given(st.fractions(min_value=Fraction(1, 10_000), max_value=10**9), st.integers(3, 5))
def test_ticks_start_at_nothing_cover_all_and_are_few(largest, most):
    ticks = nice_ticks(largest, most)
    assert ticks[0] == 0
    assert ticks[-2] < largest <= ticks[-1]
    assert len(ticks) <= most + 1


def test_an_empty_chart_still_has_an_axis():
    chart = month_bars([None] * 12)
    assert [line.text for line in chart.axis] == ["0", "1"]
    assert (chart.actual, chart.plan, chart.step_line) == ([], [], "")
    assert len(chart.months) == 12


def test_a_year_has_twelve_months():
    with pytest.raises(AssertionError, match="all twelve"):
        month_bars([wan(1)] * 11)


def test_the_estimated_part_stands_on_top_of_the_measured_one():
    chart = month_bars([wan(10)] + [None] * 11, estimated=[wan(4)] + [None] * 11)
    (solid,), (hatched,) = chart.actual, chart.estimated
    assert float(hatched.y) + float(hatched.height) == pytest.approx(float(solid.y), abs=0.11)
    assert float(hatched.height) / float(solid.height) == pytest.approx(4 / 6, abs=0.01)


def test_bars_stand_on_the_base_and_the_stepped_line_breaks_at_gaps():
    line = [wan(1), wan(2), None, wan(3)] + [None] * 8
    chart = month_bars([wan(5)] * 12, line=line)
    assert all(
        float(b.y) + float(b.height) == pytest.approx(float(chart.base), abs=0.11)
        for b in chart.actual
    )
    assert chart.step_line.count("M") == 2


def test_the_table_of_a_chart_holds_its_figures():
    chart = month_bars([wan(2)] * 3 + [None] * 9, [wan(1)] * 12)
    texts = [[cell.text for cell in cells] for _, cells in chart.table.lines]
    assert texts[0] == ["1月", "2.00", "1.00"]
    assert texts[11] == ["12月", "—", "1.00"]
    assert [cell.text for cell in chart.table.sum_cells] == ["合计", "6.00", "12.00"]


def test_what_is_furthest_ahead_of_its_plan_stands_first():
    standings = [
        Standing("慢", wan(9), wan(20), wan(10)),
        Standing("快", wan(12), wan(20), wan(10), State.WARNED),
        Standing("无计划", wan(19), wan(20)),
    ]
    assert [s.label for s in ranked(standings)] == ["快", "慢", "无计划"]
    table = ranked_gauges(standings, whole=Standing("全市", wan(40), wan(60)))
    assert [row.number for row in table.rows] == [1, 2, 3]
    assert [cells[4].text for _, cells in table.lines] == ["+20.0%", "−10.0%", "—"]
    assert table.sum_cells[2].text == "40"


def test_shares_fill_the_bar_and_their_percentages_add_up():
    bar = share_bar([Share(name, Volume(1), palette.USED) for name in "甲乙丙"])
    assert [piece.percent for piece in bar.pieces] == ["33.4%", "33.3%", "33.3%"]
    assert bar.pieces[2].x == "66.66%"
    nothing = share_bar([Share("甲", Volume(0), palette.USED)])
    assert nothing.pieces[0].percent == "0.0%"


def test_gains_stand_right_of_the_middle_and_losses_left_on_one_scale():
    loss, gain, none = diverging_bars([wan(-100), wan(50), wan(0)])
    assert (loss.x, loss.width, loss.colour) == ("0.00%", "50.00%", palette.LOSS)
    assert (gain.x, gain.width, gain.colour) == ("50.00%", "25.00%", palette.GAIN)
    assert none.width == "0.00%"
    assert diverging_bars([]) == []


# -- waterfall ------------------------------------------------------------------------------------


def why():
    moves = [Move("来水", wan(-540)), Move("保底", wan(60)), Move("再生水", wan(210))]
    neighbour = Neighbour("邻区", wan(100), [wan(-10), wan(0), wan(5)], wan(95))
    return waterfall(
        "达坂城区", End("2025", wan(15120)), moves, End("2026", wan(14850)), neighbours=[neighbour]
    )


def test_a_waterfall_spells_out_its_sum():
    drawn = why()
    assert drawn.arithmetic == "15,120 − 540 + 60 + 210 = 14,850"
    assert (drawn.change, drawn.change_percent) == ("−270", "−1.8%")
    assert drawn.neighbour_changes == [("−5", "−5.0%")]
    assert [row.figure for row in drawn.rows] == ["15,120", "−540", "+60", "+210", "14,850"]
    assert drawn.rows[2].neighbours == [("0", "")]


def test_each_bar_begins_where_the_last_ended():
    drawn = why()
    assert all(
        before.goes_at == after.comes_at
        for before, after in zip(drawn.rows, drawn.rows[1:], strict=False)
    )


def test_an_axis_that_does_not_start_at_nothing_says_so():
    assert why().starts_at == "从 14,400 起"
    low = waterfall("区", End("a", wan(10)), [Move("b", wan(-9))], End("c", wan(1)))
    assert low.starts_at == ""
    assert low.ticks[0] == ("0.00%", "0")


def test_reasons_that_do_not_add_up_are_our_bug():
    with pytest.raises(AssertionError, match="add up"):
        waterfall("区", End("a", wan(10)), [Move("b", wan(-9))], End("c", wan(2)))


@given(st.lists(st.integers(-(10**7), 10**7), max_size=8), st.integers(10**8, 10**9))
def test_a_waterfall_adds_up_as_printed(changes, start):
    end = Volume(start + sum(changes))
    drawn = waterfall(
        "区", End("a", Volume(start)), [Move("", Volume(c)) for c in changes], End("b", end)
    )
    read = [
        int(row.figure.replace(",", "").replace("−", "-").replace("+", "")) for row in drawn.rows
    ]
    assert sum(read[:-1]) == read[-1]
    assert all(0 <= float(row.x.rstrip("%")) <= 100 for row in drawn.rows)


# -- map ------------------------------------------------------------------------------------------

URUMQI = ["650102", "650103", "650104", "650105", "650106", "650107", "650109", "650121"]


def urumqi(state=State.NORMAL):
    marks = [Mark(code, code, n, state) for n, code in enumerate(URUMQI, start=1)]
    return district_map([*marks, Mark("6501L1", "甘泉堡经开区", 9)])


def test_every_district_is_drawn_and_the_zone_without_boundary_is_a_dot():
    drawn = urumqi()
    assert sorted(shape.mark.code for shape in drawn.shapes) == URUMQI
    assert [dot.mark.code for dot in drawn.dots] == ["6501L1"]
    assert "甘泉堡经开区无国标区划界线" in drawn.note
    assert "GS(2024)0650" in drawn.note


def test_numbers_stand_inside_the_map_and_apart():
    drawn = urumqi()
    places = [(float(s.x), float(s.y)) for s in [*drawn.shapes, *drawn.dots]]
    assert all(0 < x < drawn.width and 0 < y < drawn.height for x, y in places)
    nearest = min(
        ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
        for i, (ax, ay) in enumerate(places)
        for bx, by in places[:i]
    )
    assert nearest > 12


def test_warned_areas_are_drawn_last_with_a_dark_edge():
    marks = [Mark("650107", "达坂城区", 1, State.WARNED), Mark("650109", "米东区", 2)]
    drawn = district_map(marks)
    assert [shape.mark.code for shape in drawn.shapes] == ["650109", "650107"]
    assert drawn.shapes[1].edge == palette.MAP_WARNED_EDGE
    assert drawn.shapes[1].title == "1 达坂城区：预警"


def test_a_place_nobody_knows_cannot_be_drawn():
    with pytest.raises(KeyError):
        district_map([Mark("650102", "天山区", 1), Mark("999999", "别处", 2)])


def test_all_sixteen_boundaries_and_both_zones_are_there():
    assert len(polygons()) == 16
    assert set(schematic_points()) == {"6501L1", "6523L1"}


def test_a_simplified_ring_keeps_its_ends_and_stays_near():
    ring = [(0.0, 0.0), (1.0, 0.01), (2.0, 0.0), (2.0, 2.0), (0.0, 0.0)]
    assert simplified(ring, 0.1) == [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 0.0)]
    assert simplified(ring, 0.001) == ring
