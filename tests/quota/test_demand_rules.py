"""需水测算: six methods, each with its arithmetic; ceilings by standing; the tilt within its bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.quota.rules import (
    Bounds,
    Ceiling,
    CeilingStanding,
    DemandMethod,
    Output,
    m3_by_standing,
)
from shuiheng.quota.rules.ceilings import Grounds, ceiling_of, whole_ceiling
from shuiheng.quota.rules.demand import (
    Coefficient,
    History,
    InputKind,
    Part,
    UseYear,
    by_permit,
    by_reviewer,
    capped,
    check_choice,
    check_input,
    complete_use,
    history_level,
    last_year,
    norm_demand,
    three_year_mean,
)
from shuiheng.quota.rules.norms import NormChoice, NormInForce, RangeEnd, ValueType, choose_norm
from shuiheng.quota.rules.output import (
    Declared,
    OutputKind,
    OutputState,
    OutputStep,
    check_decision,
    check_declared,
    check_may_declare,
    is_overdue,
    tilt,
)
from tests.quota.test_norm_rules import CORN, PERSON

V = Volume
CHOICE = NormChoice("", 0, ValueType.GENERAL, RangeEnd.UPPER)


def coefficient(value: str) -> Coefficient:
    return Coefficient(Decimal(value), "水平衡测试报告", Confidence.OFFICIAL)


def part(quantity: int, item: str = "玉米", measure: str = "亩") -> Part:
    method = "滴灌" if item == "玉米" else ""
    norm = choose_norm([CORN, PERSON], CHOICE, item, method, measure)
    return Part(item, Decimal(quantity), measure, norm)


def history(*used: int, quota: int | None = None, saving: int = 100) -> History:
    years = [UseYear(2026 - n, V(m3)) for n, m3 in enumerate(used)]
    if quota is not None:
        years[0] = replace(years[0], quota=V(quota))
    return History(tuple(years), saving)


# -- by norm --------------------------------------------------------------------------------------


def test_irrigation_is_divided_by_the_conveyance_coefficient_and_floored_once() -> None:
    figure = norm_demand([part(100), part(3, "居民生活", "人")], coefficient("0.7"))
    assert figure.volume == V(51_565), "36,000 ÷ 0.7 + 3 × 45.625, floored at the end"
    assert "玉米 100 亩 × 360 m³/亩 + 居民生活 3 人 × 45.625 m³/人" in figure.words
    assert "灌溉部分÷ 渠系水利用系数 0.7" in figure.words


def test_a_missing_coefficient_is_said_and_missing_norms_are_named() -> None:
    figure = norm_demand([part(100), part(5, "小麦")], None)
    assert figure.volume == V(36_000)
    assert any("没有登记渠系水利用系数" in note for note in figure.notes)
    assert any("“小麦”没有现行定额" in note for note in figure.notes)
    residents = norm_demand([part(3, "居民生活", "人")], None)
    assert residents.notes == (), "nobody irrigates residents"
    assert norm_demand([part(5, "小麦")], None).volume is None
    assert norm_demand([], None).volume is None


# -- history --------------------------------------------------------------------------------------


def test_the_mean_takes_as_many_years_as_there_are() -> None:
    assert three_year_mean(history(30_000, 28_000, 29_001)).volume == V(29_000)
    two = three_year_mean(history(30_000, 28_000))
    assert two.volume == V(29_000)
    assert "只有 2 年用水" in two.notes[0]
    assert three_year_mean(history()).volume is None
    new = replace(history(), design=coefficient("12000"))
    assert three_year_mean(new).volume == V(12_000)


def test_history_times_level_with_growth() -> None:
    figure = history_level(history(121, 110, 100), coefficient("0.9"))
    assert figure.volume == V(109), "0.9 × 1.1 × 331/3, floored once"
    assert "+ 年均增长 10.0%" in figure.words
    assert history_level(history(1000), coefficient("0.9")).volume == V(900)
    assert history_level(history(90, 100), coefficient("1")).volume == V(85), "0.9 × 95"
    assert history_level(history(50, 0), coefficient("1")).volume == V(25), "no rate from nothing"
    assert history_level(history(), coefficient("1")).volume is None


def test_a_unit_is_not_cut_for_having_saved() -> None:
    saved = history(20_000, 30_000, 30_000, quota=30_000)
    figure = three_year_mean(saved)
    assert figure.volume == V(30_000)
    assert "郑州市节约用水条例第13条" in figure.notes[0]
    half = three_year_mean(history(20_000, 30_000, 30_000, quota=30_000, saving=50))
    assert half.volume == V(28_333)
    none = three_year_mean(history(20_000, 30_000, 30_000, quota=30_000, saving=0))
    assert (none.volume, none.notes) == (V(26_666), ())
    over = three_year_mean(history(31_000, 29_000, 30_000, quota=30_000))
    assert over.volume == V(30_000), "use above the quota counts as it is"


def test_last_year_counts_only_if_it_is_the_year_before() -> None:
    assert last_year(history(20_000, 30_000), 9_500, 2027).volume == V(19_000)
    assert last_year(history(20_000), 10_000, 2028).volume is None
    assert last_year(history(20_000, quota=25_000), 10_000, 2027).volume == V(25_000)


def test_months_to_come_are_taken_from_the_year_before_and_said() -> None:
    months = [V(10)] * 11 + [V()]
    use = complete_use(2026, months, 11, [V(7)] * 12, V(200))
    assert use.used == V(117)
    assert "12月还没有用水，按 2025 年同月补足" in use.note
    alone = complete_use(2026, months, 11, None, V(200))
    assert alone.used == V(110)
    assert alone.quota is None, "part of a year saves nothing"
    assert complete_use(2025, [V(1)] * 12, 12, None).note == ""


# -- the others, and the cap ----------------------------------------------------------------------


def test_permit_and_reviewer() -> None:
    assert by_permit(V(5)).volume == V(5)
    assert by_permit(None).volume is None
    assert by_reviewer(V(9), "按同类核定", "马秀兰").words == "马秀兰核定 9 m³：按同类核定"
    assert by_reviewer(None, "", "").volume is None


def test_no_figure_goes_above_what_may_be_taken() -> None:
    figure = three_year_mean(history(30_000))
    assert capped(figure, V(20_000)).volume == V(20_000)
    assert "超过可取上限" in capped(figure, V(20_000)).notes[-1]
    assert capped(figure, V(30_000)) == figure
    assert capped(figure, None) == figure
    assert capped(three_year_mean(history()), V(1)).volume is None


@pytest.mark.parametrize(
    ("kind", "value", "source", "of_unit", "code"),
    [
        (InputKind.CONVEYANCE, "1.2", "报告", True, "demand.conveyance"),
        (InputKind.LEVEL, "0", "报告", True, "demand.level"),
        (InputKind.DESIGN, "10.5", "报告", True, "demand.design"),
        (InputKind.DESIGN, "10", "报告", False, "demand.not_of_area"),
        (InputKind.CONVEYANCE, "0.6", " ", True, "demand.no_source"),
    ],
)
def test_a_coefficient_means_something_and_names_its_paper(
    kind: InputKind, value: str, source: str, of_unit: bool, code: str
) -> None:
    with pytest.raises(Refusal) as no:
        check_input(kind, Decimal(value), source, of_unit=of_unit)
    assert no.value.code == code


def test_a_reviewers_figure_has_a_figure_and_a_reason() -> None:
    check_choice(DemandMethod.MEAN, None, "")
    check_choice(DemandMethod.REVIEWER, V(), "停产")
    for volume, reason, code in ((None, "有", "demand.no_figure"), (V(1), " ", "demand.no_reason")):
        with pytest.raises(Refusal) as no:
            check_choice(DemandMethod.REVIEWER, volume, reason)
        assert no.value.code == code


# -- ceilings -------------------------------------------------------------------------------------


def test_no_permit_is_not_no_cap() -> None:
    assert ceiling_of(Grounds(permit=V(9), provisional=V(5))) == Ceiling(
        CeilingStanding.PERMITTED, V(9), "许可水量 9 m³"
    )
    assert ceiling_of(Grounds(exempt=True)).volume is None
    assert ceiling_of(Grounds(exempt=True)).standing is CeilingStanding.EXEMPT
    assert ceiling_of(Grounds(supplier="甲")).standing is CeilingStanding.CUSTOMER
    assert ceiling_of(Grounds(provisional=V(5))).volume == V(5)
    nothing = ceiling_of(Grounds())
    assert (nothing.standing, nothing.volume) == (CeilingStanding.NONE, V())


def test_the_whole_ceiling_binds_only_if_every_source_has_a_figure() -> None:
    permit, nothing = ceiling_of(Grounds(permit=V(9))), ceiling_of(Grounds())
    assert whole_ceiling([permit, nothing]) == V(9)
    assert whole_ceiling([permit, ceiling_of(Grounds(exempt=True))]) is None
    assert whole_ceiling([]) is None


def test_a_run_names_how_many_m3_went_to_each_standing() -> None:
    given = [(CeilingStanding.PERMITTED, V(5)), (CeilingStanding.EXEMPT, V(2))]
    sums = m3_by_standing([*given, (CeilingStanding.PERMITTED, V(1))])
    assert [sums[s].m3 for s in CeilingStanding] == [6, 2, 0, 0, 0]


# -- output ---------------------------------------------------------------------------------------

MILL = Output(1, "1711", "t", Decimal(300), V(1_000), OutputState.CONFIRMED)
OTHER = Output(2, "1711", "t", Decimal(100), V(1_000), OutputState.CONFIRMED)
BOUNDS = Bounds(950, 1050)


def test_the_tilt_is_bounded_and_says_so() -> None:
    assert tilt(MILL, [MILL, OTHER], BOUNDS).weight == 1050
    assert "限于 950–1050‰" in tilt(MILL, [OTHER], BOUNDS).words
    assert tilt(OTHER, [MILL], BOUNDS).weight == 950
    assert tilt(MILL, [OTHER], Bounds(1, 1999)).weight == 1500, "0.3 against 0.2"


def test_nothing_unconfirmed_tilts_anything() -> None:
    unread = replace(MILL, state=OutputState.DECLARED)
    assert tilt(unread, [OTHER], BOUNDS).weight == 1000
    assert "待部门确认" in tilt(unread, [OTHER], BOUNDS).words
    assert tilt(None, [OTHER], BOUNDS).weight == 1000
    assert tilt(MILL, [replace(OTHER, state=OutputState.DECLARED)], BOUNDS).weight == 1000
    assert tilt(MILL, [replace(OTHER, industry_code="3979")], BOUNDS).weight == 1000
    assert tilt(MILL, [replace(OTHER, measure="万元")], BOUNDS).weight == 1000
    assert tilt(replace(MILL, used=V()), [OTHER], BOUNDS).weight == 1000
    assert tilt(MILL, [MILL], BOUNDS).weight == 1000, "alone in its class"


def test_what_is_declared_can_be_compared_and_looked_up() -> None:
    good = Declared(
        kind=OutputKind.PRODUCT, industry_code="1711", product="纱", amount=Decimal(3), measure="t"
    )
    check_declared(good, has_evidence=True)
    for changes, evidence, code in (
        ({"industry_code": "C17"}, True, "output.industry_code"),
        ({"amount": Decimal(0)}, True, "output.amount"),
        ({"measure": " "}, True, "output.measure"),
        ({}, False, "output.no_evidence"),
    ):
        with pytest.raises(Refusal) as no:
            check_declared(replace(good, **changes), has_evidence=evidence)
        assert no.value.code == code


def test_a_department_decides_once_and_says_why_not() -> None:
    check_decision(OutputState.DECLARED, OutputStep.CONFIRM, "")
    for state, step, code in (
        (OutputState.CONFIRMED, OutputStep.CONFIRM, "output.decided"),
        (OutputState.DECLARED, OutputStep.REJECT, "output.no_reason"),
    ):
        with pytest.raises(Refusal) as no:
            check_decision(state, step, " ")
        assert no.value.code == code
    check_may_declare(OutputState.DECLARED)
    with pytest.raises(Refusal) as no:
        check_may_declare(OutputState.CONFIRMED)
    assert no.value.code == "output.confirmed"


def test_the_term_of_a_department_ends() -> None:
    on = date(2026, 12, 1)
    assert not is_overdue(OutputState.DECLARED, on, 15, date(2026, 12, 16))
    assert is_overdue(OutputState.DECLARED, on, 15, date(2026, 12, 17))
    assert not is_overdue(OutputState.CONFIRMED, on, 15, date(2027, 12, 17))


def test_a_finding_is_not_a_norm() -> None:
    nothing = Finding("norm.none", Severity.LOOK, "“X”没有现行定额。")
    assert not isinstance(Part("X", Decimal(1), "亩", nothing).norm, NormInForce)
