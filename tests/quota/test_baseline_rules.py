"""基准额度 by tiers: every m³ of every region and source ends with a unit or in the reserve."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.quota.rules import (
    Available,
    Baseline,
    Claim,
    NetworkClaim,
    SharingRules,
    Tier,
    plan_baseline,
    plan_network,
)

TIERS = (
    Tier(1, "居民", frozenset({Sector.RESIDENTS}), True),
    Tier(2, "生态", frozenset({Sector.ECOLOGY}), False),
    Tier(3, "生产", frozenset({Sector.AGRICULTURE, Sector.INDUSTRY, Sector.SERVICES}), False),
)
AREA = 1


def claim(
    unit: int,
    sector: Sector,
    demand: int,
    permit: int | None = 10**9,
    kind: UnitKind = UnitKind.SELF_SUPPLIED,
    *,
    living: bool = False,
) -> Claim:
    cap = None if permit is None else Volume(permit)
    return Claim(unit, AREA, Source.GROUND, sector, kind, living, Volume(demand), cap)


def share(volume: int, *claims: Claim, reserve: int = 0) -> Baseline:
    available = [Available(AREA, Source.GROUND, Volume(volume))]
    return plan_baseline(available, claims, SharingRules(TIERS, reserve_per_10000=reserve))


def quotas(baseline: Baseline) -> dict[int, int]:
    return {granted.claim.unit: granted.quota.m3 for granted in baseline.granted}


def test_residents_first_then_ecology_then_production_shares_what_is_left() -> None:
    answer = share(
        1000,
        claim(1, Sector.AGRICULTURE, 600),
        claim(2, Sector.INDUSTRY, 300),
        claim(3, Sector.RESIDENTS, 400),
        claim(4, Sector.ECOLOGY, 150),
    )
    assert quotas(answer) == {1: 300, 2: 150, 3: 400, 4: 150}
    assert [finding.code for finding in answer.findings] == ["baseline.short"]
    assert "2 个单位" in answer.findings[0].sentence


def test_hospitals_and_public_supply_stand_with_the_residents() -> None:
    answer = share(
        500,
        claim(1, Sector.SERVICES, 300, living=True),
        claim(2, Sector.SUPPLY, 200, kind=UnitKind.WATERWORKS),
        claim(3, Sector.INDUSTRY, 100),
    )
    assert quotas(answer) == {1: 300, 2: 200, 3: 0}


def test_what_nobody_claims_goes_to_the_reserve_itemised() -> None:
    answer = share(1000, claim(1, Sector.INDUSTRY, 300), reserve=300)
    assert quotas(answer) == {1: 300}
    assert answer.reserve == {(AREA, Source.GROUND): Volume(30 + 670)}


@pytest.mark.parametrize(("permit", "quota"), [(250, 250), (None, 0), (0, 0)])
def test_never_above_the_permit_and_no_permit_is_not_no_cap(permit: int | None, quota: int) -> None:
    assert quotas(share(1000, claim(1, Sector.INDUSTRY, 300, permit))) == {1: quota}


def test_a_claim_without_allocation_is_said_and_gets_nothing() -> None:
    answer = plan_baseline([], [claim(1, Sector.INDUSTRY, 5)], SharingRules(TIERS))
    assert quotas(answer) == {1: 0}
    assert [finding.code for finding in answer.findings] == ["baseline.no_allocation"]


@given(
    st.integers(0, 10**6),
    st.lists(
        st.tuples(
            st.sampled_from(list(Sector)[:5]),
            st.integers(0, 10**5),
            st.one_of(st.none(), st.integers(0, 10**5)),
        ),
        max_size=12,
    ),
    st.integers(0, 2000),
)
def test_every_cubic_metre_has_a_place(
    volume: int, wishes: list[tuple[Sector, int, int | None]], reserve: int
) -> None:
    claims = [claim(n, s, d, p) for n, (s, d, p) in enumerate(wishes)]
    answer = share(volume, *claims, reserve=reserve)
    assert total(g.quota for g in answer.granted) + answer.reserve[AREA, Source.GROUND] == Volume(
        volume
    )
    for granted in answer.granted:
        cap = granted.claim.permit or Volume()
        assert Volume() <= granted.quota <= min(cap, granted.claim.demand)
    order = share(volume, *reversed(claims), reserve=reserve)
    assert quotas(order) == quotas(answer), "the order of the list decides nothing"


@given(
    st.integers(0, 10**6),
    st.lists(
        st.tuples(
            st.sampled_from([Sector.RESIDENTS, Sector.LOSS, Sector.INDUSTRY, Sector.SERVICES]),
            st.integers(0, 10**5),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_a_network_hands_out_exactly_what_it_takes_in(
    intake: int, wishes: list[tuple[Sector, int]]
) -> None:
    claims = [NetworkClaim(n, sector, Volume(d)) for n, (sector, d) in enumerate(wishes)]
    parts = plan_network(Volume(intake), claims)
    assert total(parts) == Volume(intake)
    assert all(part.m3 >= 0 for part in parts)


def test_a_short_network_loses_in_proportion_and_serves_residents_first() -> None:
    claims = [
        NetworkClaim(1, Sector.LOSS, Volume(100)),
        NetworkClaim(1, Sector.RESIDENTS, Volume(500)),
        NetworkClaim(2, Sector.INDUSTRY, Volume(300)),
        NetworkClaim(3, Sector.SERVICES, Volume(100)),
    ]
    parts = [part.m3 for part in plan_network(Volume(800), claims)]
    assert parts[0] == int(Fraction(800 * 100, 1000))
    assert parts == [80, 500, 165, 55]
