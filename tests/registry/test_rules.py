"""The registry's rules without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Refusal, Severity
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.registry.rules import checks, claims, codes, directory, units, waters
from shuiheng.registry.rules.directory import DirectoryState, DirectoryStep
from shuiheng.registry.rules.history import describe_row_change
from shuiheng.registry.rules.units import UnitCard

TODAY = date(2026, 12, 5)
NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)
TRUE_CODES = [
    "91350200776049653A",
    "91350500798359476R",
    "91350503MA31DKY80A",
    "91440101MA5CJQ4N59",
    "123502001549897397",
    "11150300011555140G",
    "11640103010093749A",
]
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def card(**changes: Any) -> UnitCard:
    values: dict[str, Any] = {
        "code": "650109-0001",
        "name": "兴牧养殖场",
        "kind": UnitKind.SELF_SUPPLIED,
        "sector": Sector.AGRICULTURE,
        "address_area": 1,
        "phone": "0991-3300000",
    }
    return UnitCard(**(values | changes))


def refused(act: Callable[..., object], *args: Any, **named: Any) -> str:
    with pytest.raises(Refusal) as caught:
        act(*args, **named)
    assert caught.value.sentence
    return caught.value.code


@pytest.mark.parametrize("code", TRUE_CODES)
def test_real_credit_codes_compute(code: str) -> None:
    assert codes.credit_code_is_valid(code)
    assert codes.check_code(code) == []


def test_a_real_code_that_fails_is_only_said() -> None:
    (finding,) = codes.check_code("91350203M0001QAY9B")
    assert (finding.code, finding.severity) == ("unit.credit_code", Severity.LOOK)
    assert "91350203M0001QAY9B" in finding.sentence


@pytest.mark.parametrize("code", ["", "650109-0321", "PDY330000123456", "9135020077604965"])
def test_villages_and_persons_need_no_credit_code(code: str) -> None:
    assert codes.check_code(code) == []


@given(
    code=st.sampled_from(TRUE_CODES),
    place=st.integers(0, 17),
    letter=st.sampled_from(LETTERS),
)
def test_one_wrong_letter_is_always_noticed(code: str, place: int, letter: str) -> None:
    changed = code[:place] + letter + code[place + 1 :]
    assert codes.credit_code_is_valid(changed) is (changed == code)


@given(st.text(max_size=20))
def test_no_text_breaks_the_code_checks(text: str) -> None:
    codes.check_code(text)
    codes.check_permit_number(text, Source.GROUND)


@pytest.mark.parametrize(
    ("number", "source", "said"),
    [
        ("B640104G2023-0037", Source.GROUND, None),
        ("D650109S2021-0347", Source.SURFACE, None),
        ("取水（乌米东）字〔2015〕第B65010012号", Source.GROUND, None),
        ("B640104G2023-0037", Source.SURFACE, "permit.source"),
        ("取水(乌)字[2007]第A00000012号", Source.GROUND, "permit.source"),
        ("D650109Y2021-0001", Source.TRANSFERRED, None),
        ("C15030362021-0093", Source.GROUND, "permit.number"),
        ("新水许字1号", Source.GROUND, "permit.number"),
    ],
)
def test_permit_numbers(number: str, source: Source, said: str | None) -> None:
    found = codes.check_permit_number(number, source)
    assert [finding.code for finding in found] == ([said] if said else [])


def permit(until: date = date(2029, 12, 31)) -> waters.PermitFacts:
    return waters.PermitFacts(
        number="D650109G2021-0347",
        source=Source.GROUND,
        volume=Volume(300_000),
        valid_from=date(2021, 1, 1),
        valid_until=until,
    )


def said_of(**facts: Any) -> set[str]:
    return {f.code for f in checks.check_unit(checks.UnitFacts(card=card(), **facts), TODAY)}


def test_what_a_clerk_should_look_at() -> None:
    assert said_of(permits=[permit()], people=1) == set()
    assert said_of(people=1) == {"unit.no_permit"}
    assert said_of(permits=[permit(date(2026, 12, 1))], people=1) == {
        "permit.expired",
        "unit.no_permit",
    }
    assert said_of(permits=[permit()], outside_region=True) == {"unit.outside", "unit.no_people"}
    customer = checks.UnitFacts(card=card(kind=UnitKind.CANAL_CUSTOMER, phone=""), people=1)
    assert {f.code for f in checks.check_unit(customer, TODAY)} == {
        "unit.no_supplier",
        "unit.no_phone",
    }


@pytest.mark.parametrize(("until", "told"), [(date(2027, 1, 19), True), (date(2027, 1, 20), False)])
def test_an_extension_is_due_45_days_before_the_end(until: date, told: bool) -> None:
    assert ("permit.expiring" in said_of(permits=[permit(until)], people=1)) is told


def test_a_closed_unit_is_left_in_peace() -> None:
    assert said_of(closed=True) == set()


def test_cards() -> None:
    units.check_card(card())
    assert refused(units.check_card, card(name=" ")) == "unit.no_name"
    assert refused(units.check_card, card(sector=Sector.LOSS)) == "unit.sector"
    assert refused(units.check_unchanged, "a", "b") == "unit.changed_meanwhile"
    assert card().seen == card().seen != card(phone="1").seen


def test_a_kind_follows_the_supply_chain() -> None:
    change = units.check_kind_change
    works, own, customer = (
        UnitKind.WATERWORKS,
        UnitKind.SELF_SUPPLIED,
        UnitKind.NETWORK_CUSTOMER,
    )
    change(works, UnitKind.RECLAIMED_PLANT, customers=3, supplied=False)
    assert refused(change, works, own, customers=3, supplied=False) == "unit.has_customers"
    assert refused(change, customer, own, customers=0, supplied=True) == "unit.is_supplied"


def test_an_edit_is_told_in_words() -> None:
    new = card(contact="古丽", kind=UnitKind.CANAL_CUSTOMER, address_area=2, is_xpcc=True)
    assert units.describe_card_change(card(), new, {1: "长山子镇", 2: "三道坝镇"}) == (
        "类型：自备水源用户 → 灌区用户；所在地：长山子镇 → 三道坝镇；联系人：无 → 古丽；兵团单位：否 → 是"
    )
    assert units.describe_card_change(card(), card(), {}) == ""


def closing(**changes: Any) -> units.ClosingFacts:
    values: dict[str, Any] = {
        "opened_on": date(2020, 1, 1),
        "closed_on": None,
        "customers": 0,
        "intakes": 2,
        "permits": 1,
        "supplied_by": "灌区管理所",
    }
    return units.ClosingFacts(**(values | changes))


def said(lines: list[units.Consequence]) -> str:
    return "".join("：".join(line) for line in lines)


def test_closing_says_what_it_means() -> None:
    lines = said(units.plan_close(closing(), TODAY, TODAY))
    for words in ("2026-12-05", "1 本有效许可证", "2 个取水口", "灌区管理所", "收回预留"):
        assert words in lines
    bare = said(units.plan_close(closing(permits=0, intakes=0, supplied_by=""), TODAY, TODAY))
    assert not any(words in bare for words in ("许可证", "取水口", "供水关系"))


def test_closing_is_refused() -> None:
    plan = units.plan_close
    assert refused(plan, closing(customers=5), TODAY, TODAY) == "unit.has_customers"
    assert refused(plan, closing(closed_on=TODAY), TODAY, TODAY) == "unit.closed_already"
    for day in (date(2019, 12, 31), date(2026, 12, 6)):
        assert refused(plan, closing(), day, TODAY) == "unit.close_date"


def test_moving() -> None:
    plan = said(units.plan_move("米东区", "甘泉堡", date(2020, 1, 1), TODAY, TODAY))
    assert "只能从甘泉堡的预留里核给" in plan
    move = units.plan_move
    assert refused(move, "米东区", "米东区", TODAY, TODAY, TODAY) == "unit.same_region"
    late = date(2026, 12, 6)
    assert refused(move, "米东区", "甘泉堡", TODAY, late, TODAY) == "unit.move_date"
    assert refused(units.check_region, False, "长山子镇") == "unit.region"
    units.check_region(True, "米东区")


def test_reasons_and_holds() -> None:
    assert refused(units.check_reason, " 关 ") == "unit.no_reason"
    units.check_reason("企业注销")
    holds = [("permit.add", "取水条例 第44条")]
    units.check_holds(holds, "unit.close")
    assert refused(units.check_holds, holds, "permit.add") == "unit.held"
    assert refused(units.check_hold_open, TODAY, TODAY) == "hold.lifted_already"
    units.check_hold_open(None, TODAY)


def test_numbers_of_a_region_go_on_from_the_highest() -> None:
    assert units.next_number("650109", []) == "650109-0001"
    assert units.next_number("650109", ["650109-0009", "650109-0321", "650109-X"]) == "650109-0322"


def test_permits_and_intakes() -> None:
    waters.check_permit(permit())
    early = permit(date(2020, 1, 1))
    assert refused(waters.check_permit, early) == "permit.term"
    nothing = waters.PermitFacts(
        number="x",
        source=Source.GROUND,
        volume=Volume(0),
        valid_from=TODAY,
        valid_until=TODAY,
    )
    assert refused(waters.check_permit, nothing) == "permit.volume"
    waters.check_intake(Source.GROUND, None)
    waters.check_intake(Source.GROUND, Source.GROUND)
    assert refused(waters.check_intake, Source.GROUND, Source.SURFACE) == "intake.permit_source"
    assert refused(waters.check_term, TODAY, date(2026, 12, 4)) == "intake.term"


def row(item: str, quantity: str = "10", method: str = "") -> waters.ActivityRow:
    return waters.ActivityRow(item=item, method=method, quantity=Decimal(quantity), measure="亩")


def test_activities() -> None:
    check = waters.check_activities
    check([row("玉米", method="滴灌"), row("玉米", method="沟灌")])
    assert refused(check, [row("玉米"), row("玉米")]) == "activity.twice"
    assert refused(check, [row("玉米", "-1")]) == "activity.negative"
    assert refused(check, [row("")]) == "activity.incomplete"
    assert refused(check, [row(f"作物{n}") for n in range(201)]) == "activity.too_many"


@pytest.mark.parametrize(
    ("customer", "supplier", "allowed"),
    [
        (UnitKind.NETWORK_CUSTOMER, UnitKind.WATERWORKS, True),
        (UnitKind.NETWORK_CUSTOMER, UnitKind.RECLAIMED_PLANT, True),
        (UnitKind.NETWORK_CUSTOMER, UnitKind.IRRIGATION_DISTRICT, False),
        (UnitKind.CANAL_CUSTOMER, UnitKind.IRRIGATION_DISTRICT, True),
        (UnitKind.CANAL_CUSTOMER, UnitKind.WATERWORKS, False),
        (UnitKind.SELF_SUPPLIED, UnitKind.WATERWORKS, False),
        (UnitKind.WATERWORKS, UnitKind.TRANSFER_PROJECT, False),
    ],
)
def test_who_may_supply_whom(customer: UnitKind, supplier: UnitKind, allowed: bool) -> None:
    dates: dict[str, Any] = {"linked_since": None, "since": TODAY}
    if allowed:
        waters.check_supply(customer, supplier, **dates)
    else:
        assert refused(waters.check_supply, customer, supplier, **dates) == "supply.kinds"


def test_a_new_supplier_comes_after_the_old_one() -> None:
    kinds = (UnitKind.CANAL_CUSTOMER, UnitKind.IRRIGATION_DISTRICT)
    code = refused(waters.check_supply, *kinds, linked_since=TODAY, since=TODAY)
    assert code == "supply.too_early"


ALLOWED = {
    (DirectoryState.PROVISIONAL, DirectoryStep.REPORT),
    (DirectoryState.REPORTED, DirectoryStep.APPROVE),
    (DirectoryState.REPORTED, DirectoryStep.RETURN),
}


@pytest.mark.parametrize("state", DirectoryState)
@pytest.mark.parametrize("step", DirectoryStep)
def test_every_step_of_a_list_not_listed_is_refused(
    state: DirectoryState, step: DirectoryStep
) -> None:
    plan = partial(directory.plan_directory_step, state, step, units=3, reason="缺两户")
    assert directory.may_step(state, step) is ((state, step) in ALLOWED)
    if (state, step) in ALLOWED:
        assert plan() is not state
    else:
        assert refused(plan) == "directory.step"


def test_lists_need_units_and_returns_a_reason() -> None:
    plan = directory.plan_directory_step
    provisional, reported = DirectoryState.PROVISIONAL, DirectoryState.REPORTED
    assert refused(plan, provisional, DirectoryStep.REPORT, units=0) == "directory.empty"
    assert refused(plan, reported, DirectoryStep.RETURN, units=3) == "unit.no_reason"
    assert directory.no_directory(2027).code == "directory.none"


def test_claim_codes_can_be_read_out() -> None:
    code = claims.claim_code(bytes(range(32)))
    assert [len(half) for half in code.split("-")] == [5, 5]
    assert claims.tidy_claim_code(f" {code.lower()} ".replace("-", "－")) == code.replace("-", "")


def test_claims() -> None:
    soon, ago = NOW.replace(year=2027), NOW.replace(year=2025)
    claims.check_claim(soon, None, NOW)
    assert refused(claims.check_claim, None, None, NOW) == "claim.unknown"
    assert refused(claims.check_claim, soon, ago, NOW) == "claim.used"
    assert refused(claims.check_claim, NOW, None, NOW) == "claim.expired"
    assert refused(claims.check_not_member, True) == "claim.member_already"
    assert refused(claims.check_claim_count, 0) == "claim.count"
    assert refused(claims.check_claim_count, 501) == "claim.count"
    assert refused(claims.check_membership_open, TODAY, TODAY) == "membership.ended"


@given(st.text("水衡种植专业合作社有限公司", min_size=1, max_size=20))
def test_a_masked_name_keeps_its_length_and_hides_its_middle(name: str) -> None:
    hidden = claims.masked(name)
    assert len(hidden) == len(name)
    assert len(name) == 1 or "*" in hidden


def test_search_words_are_few() -> None:
    assert units.search_words("　长山子　 1 号井 ") == ["长山子", "1", "号井"]
    assert units.search_words("a b c d e f") == ["a", "b", "c", "d"]
    assert units.search_words("x" * 500) == ["x" * 60]
    assert refused(units.check_all_found, [1, 2], [1]) == "unit.not_found"
    units.check_all_found([1], [1])


def test_kept_rows_are_told_in_words() -> None:
    old = {
        "id": 7,
        "volume": 300_000,
        "source": "ground",
        "valid_until": "2026-12-31",
        "unit_id": 3,
    }
    new = old | {"volume": 360_000, "source": "surface", "unit_id": 4}
    assert describe_row_change(old, new, {}) == [
        "许可水量：300,000 m³ → 360,000 m³",
        "水源：地下水 → 地表水",
    ]
    moved = describe_row_change({"region_id": 1}, {"region_id": 2}, {"region_id": {1: "米东区"}})
    assert moved == ["预算区：米东区 → 编号 2"]
    assert describe_row_change({"is_xpcc": False}, {"is_xpcc": True}, {}) == ["兵团单位：否 → 是"]
