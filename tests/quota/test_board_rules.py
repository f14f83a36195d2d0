"""方案会商: what is in force is the run itself; every sum adds up; what the sliders mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.engine.explain import allocate
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.rules import (
    Available,
    Claim,
    NetworkClaim,
    RunInputs,
    SharingRules,
    frame,
    plan_baseline,
    plan_network,
)
from shuiheng.quota.rules.board import (
    ALL,
    WHOLE,
    CapChange,
    Case,
    GuaranteeOrder,
    Outcome,
    Settings,
    agriculture_first,
    answer,
    caps_under,
    case_of,
    check_adoption,
    check_deletion,
    check_name,
    check_settings,
    lay_out,
    outcome,
    sharing_under,
    summary_of,
)
from shuiheng.quota.rules.board_asked import (
    asked_of,
    read_percent,
    read_settings,
    settings_json,
    settings_of,
    what_changed,
)
from shuiheng.quota.rules.dry_years import by_region_and_sector
from shuiheng.quota.rules.network import SECTORS, network_by_sector, network_table
from tests.quota.test_baseline_rules import TIERS

EAST, WEST = 1, 2
NAMES = {EAST: "东区", WEST: "西区"}
RULES = SharingRules(TIERS, reserve_per_10000=300)
WORKS = 90


def claims() -> list[Claim]:
    """Two regions; 1 and 5 hold two sources; WORKS supplies a network; ground is short in the east."""
    rows = [
        (1, EAST, Source.GROUND, Sector.AGRICULTURE, 40_000, 50_000),
        (1, EAST, Source.SURFACE, Sector.AGRICULTURE, 60_000, 70_000),
        (2, EAST, Source.GROUND, Sector.INDUSTRY, 50_000, 60_000),
        (3, EAST, Source.GROUND, Sector.RESIDENTS, 10_000, 10_000),
        (4, WEST, Source.SURFACE, Sector.INDUSTRY, 70_000, 80_000),
        (5, WEST, Source.SURFACE, Sector.ECOLOGY, 20_000, 20_000),
        (5, WEST, Source.GROUND, Sector.ECOLOGY, 5_000, 8_000),
        (6, WEST, Source.SURFACE, Sector.AGRICULTURE, 90_000, 95_000),
    ]
    made = [
        Claim(u, a, s, sector, UnitKind.SELF_SUPPLIED, False, Volume(d), Volume(p), Volume(d // 2))
        for u, a, s, sector, d, p in rows
    ]
    works = Claim(
        WORKS, EAST, Source.SURFACE, Sector.SUPPLY, UnitKind.WATERWORKS, False,
        Volume(30_000), Volume(30_000),
    )  # fmt: skip
    return [*made, works]


NETWORK = [
    NetworkClaim(WORKS, Sector.LOSS, Volume(3_000)),
    NetworkClaim(WORKS, Sector.RESIDENTS, Volume(12_000)),
    NetworkClaim(70, Sector.INDUSTRY, Volume(8_000)),
    NetworkClaim(71, Sector.SERVICES, Volume(7_000)),
]
AVAILABLE = [
    Available(EAST, Source.GROUND, Volume(90_000)),
    Available(EAST, Source.SURFACE, Volume(85_000)),
    Available(WEST, Source.GROUND, Volume(20_000)),
    Available(WEST, Source.SURFACE, Volume(150_000)),
]
INPUTS = RunInputs(
    AVAILABLE, claims(), {WORKS: NETWORK}, {WORKS: EAST}, {50: 9832, 75: 9064, 95: 8208}
)


def the_case(rules: SharingRules = RULES, inputs: RunInputs = INPUTS) -> Case:
    return case_of(inputs, rules, TIERS, NAMES)


def ask(case: Case, asked: Settings) -> Outcome:
    check_settings(case, asked)
    before = answer(case, lay_out(case, case.force.plan), case.force)
    return outcome(case, lay_out(case, asked.plan), asked, before)


@pytest.mark.parametrize("policy", list(SharingPolicy))
@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.parametrize("order", list(GuaranteeOrder))
def test_a_position_is_what_a_run_by_its_rules_gives_to_the_cubic_metre(
    policy: SharingPolicy, replaces: bool, order: GuaranteeOrder
) -> None:
    case = the_case()
    asked = replace(case.force, reserve=700, plan=replace(case.force.plan, policy=policy,
                    replaces=replaces, order=order))  # fmt: skip
    rules = sharing_under(RULES, TIERS, asked)
    run = plan_baseline(AVAILABLE, claims(), rules, names=NAMES)
    found = answer(case, lay_out(case, asked.plan), asked)
    by_unit: dict[int, int] = {}
    for granted in run.granted:
        by_unit[granted.claim.unit] = by_unit.get(granted.claim.unit, 0) + granted.quota.m3
    assert dict(zip(case.units.tolist(), found.units.tolist(), strict=True)) == by_unit
    assert found.available - found.granted == total(run.reserve.values()).m3
    for column, source in enumerate(NATURAL_SOURCES):
        given = total(g.quota for g in run.granted if g.claim.source is source)
        assert found.sources[column] == given.m3


def test_in_force_nothing_changes_and_the_sectors_are_those_of_use() -> None:
    case = the_case()
    found = ask(case, case.force)
    assert found.losing == found.gaining == 0
    assert {row.change for row in (*found.regions, *found.sectors, *found.sources)} == {Volume()}
    rules = sharing_under(RULES, TIERS, case.force)
    framed = frame(AVAILABLE, claims(), rules, names=NAMES)
    layout = lay_out(case, case.force.plan)
    answered = answer(case, layout, case.force)
    cells = by_region_and_sector(framed, allocate(framed.problem).by_source, {WORKS: NETWORK})
    for number, sector in enumerate(SECTORS):
        of_sector = total(m3 for (_, one), m3 in cells.items() if one is sector)
        assert answered.sectors[number] == of_sector.m3, sector


WISHES = st.lists(
    st.tuples(st.sampled_from([*PLAN_SECTORS, Sector.LOSS]), st.integers(0, 10**9)), max_size=12
)


@given(st.integers(0, 10**10), WISHES)
def test_a_network_by_columns_is_the_network_customer_by_customer(
    intake: int, wishes: list[tuple[Sector, int]]
) -> None:
    asked = [NetworkClaim(n, sector, Volume(d)) for n, (sector, d) in enumerate(wishes)]
    parts = plan_network(Volume(intake), asked)
    sums = network_by_sector(intake, network_table(asked))
    for number, sector in enumerate(SECTORS):
        exact = total(p for c, p in zip(asked, parts, strict=True) if c.sector is sector)
        assert sums[number] == exact.m3, sector


MOVES = st.builds(
    lambda ground, east, wet, reserve, policy, order, replaces: (
        tuple(
            CapChange(area, source, pm)
            for area, source, pm in ((ALL, "ground", ground), (EAST, "surface", east))
            if pm != WHOLE
        ),
        wet, reserve, policy, order, replaces,
    ),
    st.integers(0, 2000), st.integers(0, 2000), st.integers(1000, 20_000), st.integers(0, 3000),
    st.sampled_from(SharingPolicy), st.sampled_from(GuaranteeOrder), st.booleans(),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_units_regions_sources_and_sectors_add_up_and_with_the_reserve_give_what_there_is(
    move: tuple[tuple[CapChange, ...], int, int, SharingPolicy, GuaranteeOrder, bool],
) -> None:
    caps, wet, reserve, policy, order, replaces = move
    case = the_case()
    plan = replace(case.force.plan, policy=policy, order=order, replaces=replaces)
    asked = Settings(plan, wet, reserve, caps)
    found = ask(case, asked)
    now = answer(case, lay_out(case, plan), asked)
    whole = now.granted
    assert now.units.sum() == now.regions.sum() == now.sectors.sum() == whole
    assert found.granted.now.m3 + found.reserve.now.m3 == found.available.now.m3
    assert found.gained.m3 - found.lost.m3 == found.granted.change.m3
    bounds, kept = caps_under(case, asked)
    assert (now.sources <= (bounds[1:] - kept[1:]).sum(axis=0)).all()
    assert found.reserve.now.m3 >= kept.sum()


def test_more_surface_water_never_gives_less_in_all() -> None:
    case = the_case()
    before = answer(case, lay_out(case, case.force.plan), case.force)
    layout = lay_out(case, case.force.plan)
    granted = [
        outcome(case, layout, replace(case.force, wetness=wet), before).granted.now.m3
        for wet in range(2_000, 14_001, 1_000)
    ]
    assert granted == sorted(granted)
    assert granted[0] < granted[-1], "the year moves something"


def test_agriculture_before_industry_gets_a_tier_of_its_own_and_starves_industry() -> None:
    tiers = agriculture_first(TIERS)
    assert [sorted(tier.sectors) for tier in tiers] == [
        ["residents"], ["ecology"], ["agriculture"], ["industry", "services"],
    ]  # fmt: skip
    assert [tier.number for tier in tiers] == [1, 2, 3, 4]
    assert agriculture_first(tiers) == tiers
    case = the_case()
    dry = replace(case.force, wetness=6_000)
    strict = replace(dry, plan=replace(dry.plan, order=GuaranteeOrder.AGRICULTURE_FIRST))
    shared, before_it = ask(case, dry), ask(case, strict)
    farm, works = (
        [next(r.now for r in one.sectors if r.key == key) for one in (shared, before_it)]
        for key in ("agriculture", "industry")
    )
    assert farm[1] > farm[0]
    assert works[1] < works[0]


def test_a_run_made_with_agriculture_first_knows_it_and_can_go_back() -> None:
    rules = replace(RULES, tiers=agriculture_first(TIERS))
    case = the_case(rules)
    assert case.force.plan.order is GuaranteeOrder.AGRICULTURE_FIRST
    back = replace(case.force, plan=replace(case.force.plan, order=GuaranteeOrder.POLICY))
    assert sharing_under(rules, TIERS, back).tiers == TIERS
    assert the_case().force.plan.order is GuaranteeOrder.POLICY


def test_a_regions_own_change_goes_before_that_of_all() -> None:
    case = the_case()
    asked = replace(
        case.force, caps=(CapChange(ALL, "ground", 900), CapChange(WEST, "ground", 1100))
    )
    caps, _ = caps_under(case, asked)
    assert caps[1:, 1].tolist() == [81_000, 22_000]
    assert caps[1:, 0].tolist() == [85_000, 150_000]


def test_losers_come_first_and_the_cap_that_binds_is_named() -> None:
    case = the_case()
    found = ask(case, replace(case.force, caps=(CapChange(EAST, "ground", 500),)))
    assert found.losers
    assert [row.change for row in found.losers] == sorted(row.change for row in found.losers)
    assert all(row.change < Volume() for row in found.losers)
    assert found.lost == -total(row.change for row in found.losers)
    assert any("东区" in words and "地下水" in words for _, words in found.binding)
    counts = [users for users, _ in found.binding]
    assert counts == sorted(counts, reverse=True)
    kept = summary_of(found)
    assert sum(row[3] for row in kept["regions"]) == found.granted.now.m3


# -- what is asked, and what is refused -----------------------------------------------------------


def test_an_address_says_only_what_differs_and_reads_back() -> None:
    case = the_case()
    asked = Settings(
        replace(case.force.plan, order=GuaranteeOrder.AGRICULTURE_FIRST, replaces=False),
        9_064, 550, (CapChange(ALL, "surface", 905), CapChange(EAST, "ground", 1200)),
    )  # fmt: skip
    fields = asked_of(case, asked)
    assert fields == {
        "cap-surface": "90.5", "cap-ground-1": "120", "wet": "90.64", "reserve": "5.5",
        "order": "agriculture_first", "replaces": "no",
    }  # fmt: skip
    assert read_settings(case, fields).settings == asked
    assert settings_of(settings_json(asked), case.force) == asked
    assert asked_of(case, case.force) == {}
    assert what_changed(case, asked) == [
        "各区地表水上限 100% → 90.5%", "东区地下水上限 100% → 120%", "地表来水 100% → 90.64%",
        "预留比例 3% → 5.5%", "保障顺序 按政策参数的顺序 → 农业全部优先于工业",
        "水源替代 可由其他水源替代 → 各水源分开算",
    ]  # fmt: skip


def test_without_script_the_slider_or_the_field_that_was_moved_counts() -> None:
    case = the_case()
    sent = {"wet.was": "100", "wet.slide": "80", "wet": "100"}
    assert read_settings(case, sent).settings.wetness == 8_000
    assert read_settings(case, {**sent, "wet": "70"}).settings.wetness == 7_000
    assert read_settings(case, {**sent, "repair": "wet=90.64"}).settings.wetness == 9_064


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("wet", "很多", "不是百分数"),
        ("wet", "1e9999", "不是百分数"),
        ("wet", "NaN", "不是百分数"),
        ("wet", "5", "多年平均"),
        ("reserve", "40", "预留比例要在"),
        ("reserve", "3.125", "最多填两位小数"),
        ("cap-ground", "-5", "上限要在现行的"),
        ("cap-ground", "250", "上限要在现行的"),
        ("cap-transferred", "90", "没有上限可改"),
        ("cap-ground-77", "90", "没有上限可改"),
        ("cap-ground-x", "90", "没有上限可改"),
    ],
)
def test_nonsense_is_a_sentence_at_its_field_and_what_was_typed_stays(
    field: str, text: str, words: str
) -> None:
    asked = read_settings(the_case(), {field: text})
    assert words in "".join(asked.said.values())
    assert asked.typed[field] == text


def test_too_many_caps_are_refused() -> None:
    case = the_case()
    many = tuple(CapChange(EAST, "ground", n) for n in range(41))
    with pytest.raises(Refusal, match="一次最多改"):
        check_settings(case, replace(case.force, caps=many))


@pytest.mark.parametrize("wetness", [-1, 30_000])
def test_a_year_beyond_belief_is_refused(wetness: int) -> None:
    case = the_case()
    with pytest.raises(Refusal) as refused:
        check_settings(case, replace(case.force, wetness=wetness))
    assert refused.value.code == "board.wetness"


def test_a_percentage_is_read_as_people_type_it() -> None:
    assert read_percent("９８．３２％", 100) == 9832
    assert read_percent(" 95 % ", 10) == 950
    with pytest.raises(Refusal) as refused:
        read_percent("3.14159", 10)
    assert refused.value.code == "board.too_fine"
    with pytest.raises(Refusal) as refused:
        read_percent("", 10)
    assert refused.value.code == "board.not_a_percentage"


def test_what_is_given_from_above_is_consulted_on_but_not_adopted() -> None:
    case = the_case()
    check_adoption(case, replace(case.force, reserve=500))
    for asked in (
        replace(case.force, wetness=9_000, reserve=500),
        replace(case.force, caps=(CapChange(ALL, "ground", 900),)),
    ):
        with pytest.raises(Refusal) as refused:
            check_adoption(case, asked)
        assert refused.value.code == "board.given_from_above"
        assert "上级调整" in str(refused.value)
    with pytest.raises(Refusal) as refused:
        check_adoption(case, case.force)
    assert refused.value.code == "board.nothing_changed"


def test_a_scenario_has_a_name_of_its_own_and_is_taken_away_by_its_maker() -> None:
    check_name("预留 5%", {"甲"})
    for name, code in (
        (" ", "scenario.name"),
        ("长" * 41, "scenario.name"),
        ("甲", "scenario.name_taken"),
    ):
        with pytest.raises(Refusal) as refused:
            check_name(name, {"甲"})
        assert refused.value.code == code
    check_deletion(own=True, adopted=False)
    for own, adopted, code in ((True, True, "scenario.kept"), (False, False, "scenario.not_yours")):
        with pytest.raises(Refusal) as refused:
            check_deletion(own=own, adopted=adopted)
        assert refused.value.code == code
