"""为什么: the parts add up to the m³ whatever is asked, and each story moves its own reason alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.rules import (
    Available,
    CeilingStanding,
    Claim,
    NetworkClaim,
    RunInputs,
    SharingRules,
    Tier,
    plan_baseline,
)
from shuiheng.quota.rules.why import (
    Asked,
    Cause,
    Cells,
    Explanation,
    Path,
    Selection,
    answer,
    notes,
    path,
    summary,
)

LIVING = Tier(1, "居民", frozenset({Sector.RESIDENTS}), True)
WORK = Tier(
    2,
    "生产",
    frozenset({Sector.AGRICULTURE, Sector.INDUSTRY, Sector.SERVICES, Sector.ECOLOGY}),
    False,
)
RULES = SharingRules((LIVING, WORK), replaces=False)
NORTH, SOUTH = 1, 2


def claim(
    unit: int,
    demand: int,
    *,
    area: int = NORTH,
    source: Source = Source.SURFACE,
    sector: Sector = Sector.INDUSTRY,
    permit: int | None = 10**6,
    floor: int = 0,
    weight: int = 1000,
    kind: UnitKind = UnitKind.SELF_SUPPLIED,
) -> Claim:
    cap = None if permit is None else Volume(permit)
    standing = CeilingStanding.NONE if permit is None else CeilingStanding.PERMITTED
    return Claim(
        unit, area, source, sector, kind, False, Volume(demand), cap, Volume(floor), weight, standing
    )  # fmt: skip


def asked(
    *claims: Claim,
    surface: int = 1000,
    ground: int = 1000,
    rules: SharingRules = RULES,
    networks: Mapping[int, list[NetworkClaim]] | None = None,
    factor: int | None = None,
) -> Asked:
    available = [
        Available(area, source, Volume(volume))
        for area in (NORTH, SOUTH)
        for source, volume in ((Source.SURFACE, surface), (Source.GROUND, ground))
    ]
    networks = networks or {}
    areas = dict.fromkeys(networks, NORTH)
    return Asked(RunInputs(available, claims, networks, areas, {}, year_factor=factor), rules)


def between(last: Asked, this: Asked) -> Path:
    return path(last, this, answer(last), answer(this))


def moved(explanation: Explanation) -> dict[Cause, int]:
    return {cause: part.m3 for cause, part in explanation.parts.items() if part}


def of_all(last: Asked, this: Asked) -> dict[Cause, int]:
    return moved(between(last, this).explain(Selection()))


# -- each story its own reason ----------------------------------------------------------------------

BOTH = (claim(1, 600), claim(2, 600))


def test_a_cut_from_above_is_only_that() -> None:
    assert of_all(asked(*BOTH), asked(*BOTH, surface=800)) == {Cause.ABOVE: -200}


def test_what_the_years_wetness_explains_of_a_cut_is_not_from_above() -> None:
    last, this = asked(*BOTH, factor=10_000), asked(*BOTH, surface=700, factor=8_000)
    assert of_all(last, this) == {Cause.ABOVE: -125, Cause.WETNESS: -175}
    assert "来水由多年平均的 100% 到 80%" in notes(last, this, Selection())[Cause.WETNESS]


def test_without_both_factors_nothing_is_put_on_the_weather() -> None:
    last, this = asked(*BOTH), asked(*BOTH, surface=700, factor=8_000)
    assert of_all(last, this) == {Cause.ABOVE: -300}
    assert "看不出" in notes(last, this, Selection())[Cause.WETNESS]


def test_a_new_permit_is_only_that() -> None:
    last = asked(claim(1, 300, permit=None))
    this = asked(claim(1, 300, permit=500, floor=150))
    assert of_all(last, this) == {Cause.PERMIT: 300}


def test_a_larger_field_is_only_demand_though_its_floor_grows_with_it() -> None:
    last = asked(claim(1, 400, floor=200), claim(2, 400, floor=200))
    this = asked(claim(1, 500, floor=250), claim(2, 400, floor=200))
    assert of_all(last, this) == {Cause.DEMAND: 100}


def test_a_new_and_a_gone_unit_change_with_the_demands() -> None:
    parts = between(asked(claim(1, 300)), asked(claim(2, 200, floor=100)))
    assert moved(parts.explain(Selection(unit=1))) == {Cause.DEMAND: -300}
    assert moved(parts.explain(Selection(unit=2))) == {Cause.DEMAND: 200}
    assert moved(parts.explain(Selection())) == {Cause.DEMAND: -100}


def test_a_floor_gives_to_one_what_it_takes_from_the_other() -> None:
    last = asked(claim(1, 1000), claim(2, 1000))
    this = asked(claim(1, 1000, floor=900), claim(2, 1000))
    parts = between(last, this)
    assert moved(parts.explain(Selection(unit=1))) == {Cause.ORDER: 400}
    assert moved(parts.explain(Selection(unit=2))) == {Cause.ORDER: -400}


def test_another_policy_and_reserve_are_only_that() -> None:
    equal = replace(RULES, policy=SharingPolicy.EQUAL_AWARDS, reserve_per_10000=1000)
    last = asked(claim(1, 300), claim(2, 1700))
    parts = between(last, replace(last, sharing=equal))
    assert moved(parts.explain(Selection(unit=1))) == {Cause.POLICY: 150}
    assert moved(parts.explain(Selection())) == {Cause.POLICY: -100}
    words = notes(last, replace(last, sharing=equal), Selection())[Cause.POLICY]
    assert words == "分担办法由 等比例压减 改为 等量保障；预留比例由 0% 改为 10%"


def test_another_basis_is_a_line_of_its_own() -> None:
    last = asked(claim(1, 300))
    start = {held: volume + Volume(7) for held, volume in answer(last).items()}
    found = path(last, last, start, answer(last)).explain(Selection())
    assert moved(found) == {Cause.BASIS: -7}


def test_a_region_is_not_moved_by_its_neighbour() -> None:
    last = asked(claim(1, 900), claim(2, 900, area=SOUTH))
    this = asked(claim(1, 700), claim(2, 900, area=SOUTH))
    parts = between(last, this)
    assert moved(parts.explain(Selection(area=NORTH))) == {Cause.DEMAND: -200}
    assert moved(parts.explain(Selection(area=SOUTH))) == {}


def test_a_sector_counts_where_its_water_is_used_and_no_m3_twice() -> None:
    works = claim(1, 800, sector=Sector.SUPPLY, kind=UnitKind.WATERWORKS)
    homes = {
        1: [
            NetworkClaim(1, Sector.RESIDENTS, Volume(500)),
            NetworkClaim(9, Sector.INDUSTRY, Volume(300)),
        ]
    }
    last = asked(works, claim(2, 100), networks=homes)
    parts = between(last, asked(works, claim(2, 100), networks=homes, surface=600))
    by_sector = {sector: parts.explain(Selection(sector=sector)) for sector in Sector}
    assert by_sector[Sector.SUPPLY].start == Volume()
    assert by_sector[Sector.INDUSTRY].start == Volume(400)
    whole = parts.explain(Selection())
    for cause in Cause:
        assert total(one.parts[cause] for one in by_sector.values()) == whole.parts[cause]
    assert parts.explain(Selection(unit=9, customer=True)).start == Volume(300)
    assert parts.explain(Selection(source=Source.SURFACE, sector=Sector.SUPPLY)).start == Volume(
        800
    )


def test_the_last_answer_is_that_of_the_run() -> None:
    this = asked(claim(1, 900, floor=100), claim(2, 700), surface=1111)
    found = plan_baseline(this.inputs.available, this.inputs.claims, this.sharing)
    by_run = {one.claim.unit: one.quota for one in found.granted}
    cells = between(asked(claim(1, 5)), this).answers[-1][1]
    assert {held.unit: volume for held, volume in cells.items()} == by_run


# -- words ------------------------------------------------------------------------------------------


def test_the_sentence_names_the_largest_first_and_what_pulled_the_other_way_last() -> None:
    parts = {Cause.ABOVE: Volume(-300), Cause.DEMAND: Volume(-900), Cause.PERMIT: Volume(150)}
    printed = {Cause.ABOVE: "−300", Cause.DEMAND: "−900", Cause.PERMIT: "+150"}
    found = Explanation(Volume(2000), parts, Volume(950))
    assert summary(found, printed, "1,050 m³") == (
        "少的 1,050 m³ 里，900 来自面积、产量与定额，300 来自上级总量变化；补回 150 来自许可与水源上限。"
    )


def test_nothing_moved_is_said_too() -> None:
    found = Explanation(Volume(5), {Cause.ABOVE: Volume()}, Volume(5))
    assert summary(found, {Cause.ABOVE: "0"}, "0 m³") == "和去年一样，各项原因都没有变化。"


# -- whatever is asked, it adds up ------------------------------------------------------------------

SECTORS = (Sector.RESIDENTS, Sector.INDUSTRY, Sector.AGRICULTURE, Sector.SUPPLY)


@st.composite
def years(draw: st.DrawFn) -> Asked:
    keys = draw(
        st.lists(
            st.tuples(
                st.integers(1, 5), st.sampled_from((NORTH, SOUTH)),
                st.sampled_from((Source.SURFACE, Source.GROUND)), st.sampled_from(SECTORS),
            ),
            unique_by=lambda key: (key[0], key[2], key[3]), max_size=8,
        )
    )  # fmt: skip
    claims = []
    for unit, area, source, sector in keys:
        demand = draw(st.integers(0, 2000))
        claims.append(
            claim(
                unit, demand, area=area, source=source, sector=sector,
                permit=draw(st.none() | st.integers(0, 2000)), floor=draw(st.integers(0, demand)),
                weight=draw(st.integers(900, 1100)),
                kind=UnitKind.WATERWORKS if unit == 1 else UnitKind.SELF_SUPPLIED,
            )
        )  # fmt: skip
    rules = SharingRules(
        (LIVING, WORK)
        if draw(st.booleans())
        else (replace(WORK, number=1), replace(LIVING, number=2)),
        draw(st.sampled_from(SharingPolicy)),
        draw(st.integers(0, 2000)),
        draw(st.sampled_from((1, 10))),
        replaces=draw(st.booleans()),
    )
    wanted = st.lists(st.tuples(st.sampled_from(SECTORS[:3]), st.integers(0, 500)), max_size=3)
    network = [NetworkClaim(6 + n, s, Volume(m3)) for n, (s, m3) in enumerate(draw(wanted))]
    return asked(
        *claims,
        surface=draw(st.integers(0, 3000)),
        ground=draw(st.integers(0, 3000)),
        rules=rules,
        networks={1: network} if network else None,
        factor=draw(st.none() | st.integers(5000, 12_000)),
    )


@given(years(), years(), st.integers(-50, 50))
@settings(max_examples=40, deadline=None)
def test_the_parts_of_any_selection_add_up_exactly(last: Asked, this: Asked, off: int) -> None:
    start: Cells = {held: volume + Volume(off) for held, volume in answer(last).items()}
    parts = path(last, this, start, answer(this))
    for selection in (
        Selection(),
        Selection(area=NORTH),
        Selection(sector=Sector.INDUSTRY),
        Selection(sector=Sector.SUPPLY, area=NORTH),
        Selection(source=Source.GROUND, area=SOUTH),
        Selection(unit=2),
        Selection(unit=6, customer=True),
    ):
        found = parts.explain(selection)
        assert found.start + total(found.parts.values()) == found.end
        assert found.end == selection.of(answer(this))
    regions = [parts.explain(Selection(area=area)) for area in (NORTH, SOUTH)]
    whole = parts.explain(Selection())
    for cause in Cause:
        assert total(one.parts[cause] for one in regions) == whole.parts[cause]


@given(years())
@settings(max_examples=20, deadline=None)
def test_a_year_asked_again_is_itself(year: Asked) -> None:
    assert of_all(year, year) == {}
