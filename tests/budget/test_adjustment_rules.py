"""plan_increase, plan_decrease, plan_change_above by themselves: never below use, never from residents or
basic ecology, Σ cut = wanted or refused, a supplier's network stays equal to its intake."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.budget.rules import (
    Direction,
    Ground,
    HoldFacts,
    QuotaFacts,
    RegionChange,
    SupplierNetwork,
    check_application,
    is_over_by_cut,
    plan_change_above,
    plan_decrease,
    plan_increase,
)
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Code, check_entry, movements

DAY = date(2026, 6, 1)
CITY, AREA, SUPPLIER = 1, 10, 7
SECTORS = (Sector.AGRICULTURE, Sector.INDUSTRY, Sector.RESIDENTS, Sector.ECOLOGY)
m3s = st.integers(0, 10**6)


def account(unit: int, sector: Sector = Sector.INDUSTRY) -> AccountKey:
    return AccountKey(Book.ABSTRACTION, 2026, Source.GROUND, AccountKind.QUOTA, AREA, sector, unit)


def held(granted: int, used: int = 0) -> Balance:
    return Balance(Volume(granted), Volume(), Volume(used))


def raised(quota: QuotaFacts, reserve: int, m3: int, ground: Ground = Ground.RESERVE, holds=()):  # type: ignore[no-untyped-def]
    return plan_increase(
        quota, held(reserve), ground, Volume(m3), holds, effective_on=DAY, document="adjustment/1"
    )


def lowered(quota: QuotaFacts, m3: int, left: int = 0):  # type: ignore[no-untyped-def]
    return plan_decrease(
        quota, Volume(left), Ground.CROPS, Volume(m3), effective_on=DAY, document="adjustment/1"
    )


# -- increase and decrease --------------------------------------------------------------------------


@given(m3s, m3s, st.integers(1, 10**6))
def test_an_increase_comes_whole_from_the_reserve_or_not_at_all(
    quota: int, reserve: int, wanted: int
) -> None:
    facts = QuotaFacts(account(5), held(quota))
    if wanted > reserve:
        with pytest.raises(Refusal) as refused:
            raised(facts, reserve, wanted)
        assert refused.value.code == "adjustment.reserve_short"
        return
    (entry,) = raised(facts, reserve, wanted)
    assert (entry.debit.kind, entry.credit) == (AccountKind.RESERVE, account(5))
    assert entry.amount == Volume(wanted)
    check_entry(entry)


@given(m3s, m3s, st.integers(1, 10**6))
def test_an_increase_stays_within_the_permit(quota: int, permit: int, wanted: int) -> None:
    facts = QuotaFacts(account(5), held(quota), Volume(permit))
    if quota + wanted <= permit:
        assert raised(facts, 10**9, wanted)
        return
    with pytest.raises(Refusal) as refused:
        raised(facts, 10**9, wanted)
    assert refused.value.code == "adjustment.over_permit"


def test_a_trade_is_no_ground_by_itself_and_a_hold_stops_all() -> None:
    facts = QuotaFacts(account(5), held(100))
    with pytest.raises(Refusal) as refused:
        raised(facts, 1000, 10, Ground.TRADE)
    assert refused.value.code == "adjustment.no_trade"
    with pytest.raises(Refusal) as refused:
        raised(facts, 1000, 10, holds=[HoldFacts("budget.increase", "条例第 1 条")])
    assert refused.value.code == "adjustment.held"


@given(m3s, m3s, st.integers(1, 10**6))
def test_a_decrease_never_goes_below_use(quota: int, used: int, wanted: int) -> None:
    facts = QuotaFacts(account(5), held(quota, used))
    if wanted <= quota - used:
        (entry,) = lowered(facts, wanted)
        assert entry.credit.kind is AccountKind.RESERVE
        return
    with pytest.raises(Refusal) as refused:
        lowered(facts, wanted)
    assert refused.value.code == "adjustment.used_already"


def test_a_supplier_gives_up_only_what_its_customers_do_not_hold() -> None:
    facts = QuotaFacts(account(SUPPLIER, Sector.SUPPLY), held(1000), is_supplier=True)
    assert [entry.code for entry in lowered(facts, 100, left=100)] == [
        Code.DECREASE,
        Code.SUPPLY_BACK,
    ]
    with pytest.raises(Refusal) as refused:
        lowered(facts, 101, left=100)
    assert refused.value.code == "adjustment.customers_hold"


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("ground", list(Ground))
def test_each_direction_has_its_own_grounds(direction: Direction, ground: Ground) -> None:
    up = (Ground.RESERVE, Ground.TRADE)
    facts = QuotaFacts(account(5), held(1000))
    if (ground in up) == (direction is Direction.INCREASE):
        check_application(direction, ground, Volume(1), "原因", facts)
        return
    with pytest.raises(Refusal) as refused:
        check_application(direction, ground, Volume(1), "原因", facts)
    assert refused.value.code == "adjustment.ground"


# -- change from above ------------------------------------------------------------------------------


def change(delta: int, reserve: int) -> RegionChange:
    return RegionChange(AREA, Source.GROUND, Volume(delta), held(reserve))


def cut(wanted: int, reserve: int, quotas: list[QuotaFacts], networks=None):  # type: ignore[no-untyped-def]
    return plan_change_above(
        CITY, 2026, [change(-wanted, reserve)], quotas, networks or {},
        effective_on=DAY, document="change/1",
    )  # fmt: skip


holders = st.lists(
    st.tuples(m3s, st.integers(0, 10**6), st.sampled_from(SECTORS)), min_size=1, max_size=7
)


@given(holders, m3s, st.integers(1, 2 * 10**6))
def test_a_cut_is_whole_or_refused_and_spares_what_it_must(
    rows: list[tuple[int, int, Sector]], reserve: int, wanted: int
) -> None:
    quotas = [
        QuotaFacts(account(100 + n, sector), held(granted, used))
        for n, (granted, used, sector) in enumerate(rows)
    ]
    spared = (Sector.RESIDENTS, Sector.ECOLOGY)
    room = sum(max(g - u, 0) for g, u, sector in rows if sector not in spared)
    if wanted > reserve + room:
        with pytest.raises(Refusal) as refused:
            cut(wanted, reserve, quotas)
        assert refused.value.code == "change.cannot_absorb"
        return
    entries, shares = cut(wanted, reserve, quotas)
    assert total(share.cut for share in shares) == Volume(wanted)
    for entry in entries:
        check_entry(entry)
    by_account = {share.account: share.cut.m3 for share in shares}
    own = next((s.cut.m3 for s in shares if s.account.kind is AccountKind.RESERVE), 0)
    assert own == min(reserve, wanted)
    for facts in quotas:
        lost = by_account.get(facts.account, 0)
        assert 0 <= lost <= max(facts.balance.available.m3, 0)
        if facts.account.sector in spared:
            assert lost == 0
    moved = movements(entries)
    pools = [m.moved_in - m.moved_out for key, m in moved.items() if key.kind is AccountKind.POOL]
    assert sum(pools) == 0


@given(
    st.lists(st.tuples(m3s, m3s, st.sampled_from((*SECTORS, Sector.LOSS))), min_size=1, max_size=6),
    m3s,
    m3s,
    st.data(),
)
def test_a_suppliers_network_loses_what_its_intake_loses(
    rows: list[tuple[int, int, Sector]], pool: int, used: int, data: st.DataObject
) -> None:
    customers = tuple(
        QuotaFacts(
            AccountKey(
                Book.NETWORK, 2026, Source.NETWORK,
                AccountKind.LOSS if sector is Sector.LOSS else AccountKind.QUOTA,
                AREA, sector, 200 + n, SUPPLIER,
            ),
            held(granted, consumed),
        )
        for n, (granted, consumed, sector) in enumerate(rows)
    )  # fmt: skip
    intake = sum(granted for granted, _, _ in rows) + pool
    facts = QuotaFacts(account(SUPPLIER, Sector.SUPPLY), held(intake, min(used, intake)))
    networks = {SUPPLIER: SupplierNetwork(held(pool), customers)}
    spared = (Sector.RESIDENTS, Sector.ECOLOGY)
    inside = sum(max(g - u, 0) for g, u, sector in rows if sector not in spared) + pool
    available = facts.balance.available.m3
    if not available:
        return
    wanted = data.draw(st.integers(1, available))
    if wanted > inside:
        with pytest.raises(Refusal) as refused:
            cut(wanted, 0, [facts], networks)
        assert refused.value.code == "change.cannot_absorb"
        return
    entries, _ = cut(wanted, 0, [facts], networks)
    moved = movements(entries)
    network = [
        m.moved_in - m.moved_out
        for key, m in moved.items()
        if key.book is Book.NETWORK and key.kind is not AccountKind.WORLD
    ]
    taken = moved[facts.account]
    assert sum(network) == taken.moved_in - taken.moved_out == -wanted
    for customer in customers:
        lost = moved.get(customer.account)
        if lost is not None:
            assert customer.account.sector not in spared
            assert lost.moved_out <= max(customer.balance.available.m3, 0)


@given(st.integers(1, 10**6))
def test_a_rise_enters_the_reserve_and_no_unit(delta: int) -> None:
    facts = QuotaFacts(account(5), held(100))
    entries, shares = plan_change_above(
        CITY, 2026, [change(delta, 0)], [facts], {}, effective_on=DAY, document="change/1"
    )
    assert shares == ()
    moved = movements(entries)
    assert facts.account not in moved
    gained = {key.kind: m.moved_in - m.moved_out for key, m in moved.items()}
    assert gained[AccountKind.RESERVE] == delta
    assert gained[AccountKind.POOL] == 0


@pytest.mark.parametrize(
    ("granted", "used", "lost", "marked"),
    [(80, 90, 20, True), (80, 90, 10, True), (80, 90, 9, False), (80, 80, 20, False)],
)
def test_only_who_is_over_because_of_the_cut_is_marked(
    granted: int, used: int, lost: int, marked: bool
) -> None:
    assert is_over_by_cut(held(granted, used), Volume(lost)) is marked
