"""Units and their waters through the services, in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from shuiheng.core.access import Actor, Role
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Act, ActOutcome, RowHistory
from shuiheng.registry import selectors
from shuiheng.registry.models import Unit
from shuiheng.registry.rules.waters import ActivityRow, PermitFacts
from shuiheng.registry.services import units, waters
from tests.registry import town
from tests.registry.town import MIDONG, NOW, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()


@pytest.fixture
def clerk() -> Actor:
    return town.officer(Role.COUNTY_OFFICER, MIDONG)


def refused(act: Callable[..., object], *args: Any, **named: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*args, **named)
    return caught.value


def add(clerk: Actor, key: str = "k", at: str = MIDONG, **card: Any) -> Unit:
    return units.add_unit(
        town.card(**card), town.area(at).pk, opened_on=TODAY, actor=clerk, now=NOW, key=key
    )


def test_a_unit_without_a_code_gets_the_next_of_its_region(clerk: Actor) -> None:
    first, second = add(clerk, "a"), add(clerk, "b", name="曙光养殖场")
    assert (first.code, second.code) == ("650109-0001", "650109-0002")
    assert first.pinyin.startswith("xing mu yang zhi chang")
    assert ActOutcome.objects.get(subject=f"unit/{first.pk}").note.startswith("纳入名录：兴牧")


def test_a_second_click_gets_the_first_unit(clerk: Actor) -> None:
    assert add(clerk, "same").pk == add(clerk, "same").pk
    assert Unit.objects.count() == 1
    other = refused(add, clerk, "same", name="别的单位")
    assert (other.code, other.kind) == ("act.key_reused", Kind.CONFLICT)


def test_a_clerk_adds_only_in_her_district(clerk: Actor) -> None:
    assert refused(add, clerk, at=TIANSHAN).code == "access.denied"
    assert refused(add, town.officer(Role.TOWNSHIP_OFFICER, MIDONG)).code == "access.denied"
    township = town.township(MIDONG)
    denied = refused(add, clerk, at=township.code)
    assert denied.code == "unit.region"


def test_one_code_one_unit(clerk: Actor) -> None:
    add(clerk, "a", code="91350200776049653a")
    taken = refused(add, clerk, "b", code="９１350200776049653A")
    assert (taken.code, taken.field) == ("unit.code_taken", "code")
    assert Unit.objects.count() == 1


def edit(unit: Unit, actor: Actor, key: str = "e", seen: str = "", **changes: Any) -> Unit:
    card = town.card(
        **{"code": unit.code, "name": unit.name, "address_area": unit.address_area_id} | changes
    )
    seen = seen or selectors.card_of(unit).seen
    return units.edit_unit(unit.pk, card, seen=seen, actor=actor, now=NOW, key=key)


def test_an_edit_is_kept_with_who_and_what(clerk: Actor) -> None:
    unit = add(clerk)
    edit(unit, clerk, contact="古丽", code="")
    unit.refresh_from_db()
    assert (unit.contact, unit.code) == ("古丽", "650109-0001")
    note = ActOutcome.objects.get(act__key="e").note
    assert note == "联系人：无 → 古丽"
    kept = RowHistory.objects.get(table="registry_unit", row_id=unit.pk)
    assert (kept.old["contact"], kept.act_id) == ("", Act.objects.get(key="e").pk)


def test_a_stale_page_changes_nothing(clerk: Actor) -> None:
    unit = add(clerk)
    seen = selectors.card_of(unit).seen
    edit(unit, clerk, "first", contact="古丽")
    stale = refused(edit, unit, clerk, "second", seen=seen, contact="马秀兰")
    assert (stale.code, stale.kind) == ("unit.changed_meanwhile", Kind.CONFLICT)
    unit.refresh_from_db()
    assert unit.contact == "古丽"


def test_a_supplier_with_customers_stays_a_supplier(clerk: Actor) -> None:
    works = town.unit(kind=UnitKind.WATERWORKS, name="自来水公司")
    customer = town.unit(kind=UnitKind.NETWORK_CUSTOMER, name="蓝天宾馆")
    town.supply(works, customer)
    kind = UnitKind.SELF_SUPPLIED
    assert refused(edit, works, clerk, kind=kind).code == "unit.has_customers"
    assert refused(edit, customer, clerk, kind=kind).code == "unit.is_supplied"
    assert refused(close, works, clerk).code == "unit.has_customers"


def close(
    unit: Unit, actor: Actor, key: str = "c", on: date = TODAY, reason: str = "企业注销"
) -> Unit:
    return units.close_unit(unit.pk, on=on, reason=reason, actor=actor, now=NOW, key=key)


def test_closing_ends_intakes_and_supply(clerk: Actor) -> None:
    canal = town.unit(kind=UnitKind.IRRIGATION_DISTRICT, name="灌区管理所")
    farm = town.unit(kind=UnitKind.CANAL_CUSTOMER)
    link = town.supply(canal, farm)
    intake = farm.intakes.create(name="1 号井", source=Source.GROUND, since=town.LONG_AGO)
    close(farm, clerk)
    for row in (farm, link, intake):
        row.refresh_from_db()
    assert (farm.closed_on, link.until, intake.until) == (TODAY, TODAY, TODAY)
    assert not Unit.objects.active_on(TODAY).filter(pk=farm.pk).exists()
    assert close(farm, clerk).pk == farm.pk
    assert refused(close, farm, clerk, "again").code == "unit.closed_already"
    assert refused(close, canal, clerk, "x", reason="").code == "unit.no_reason"


def move(unit: Unit, to: str, actor: Actor, key: str = "m") -> Unit:
    return units.move_unit(
        unit.pk, town.area(to).pk, on=TODAY, reason="厂区划归甘泉堡", actor=actor, now=NOW, key=key
    )


def test_moving_changes_the_region_and_not_the_address(clerk: Actor) -> None:
    works = town.unit(name="恒达化工", sector=Sector.INDUSTRY)
    assert refused(move, works, town.GANQUANPU, clerk).code == "access.denied"
    city = town.officer(Role.CITY_OFFICER, town.CITY)
    moved = move(works, town.GANQUANPU, city)
    assert moved.region.code == town.GANQUANPU
    assert moved.address_area.path.startswith(town.area(MIDONG).path)
    assert selectors.lies_outside(moved)
    assert works not in Unit.objects.visible_to(clerk)
    (event, *_) = selectors.history_of(moved)
    assert event.what == ("2026-12-05 起预算归甘泉堡经济技术开发区（原米东区）：厂区划归甘泉堡",)
    assert refused(move, moved, town.GANQUANPU, city, "again").code == "unit.same_region"


def facts(number: str = "D650109G2021-0347", m3: int = 300_000) -> PermitFacts:
    return PermitFacts(
        number=number,
        source=Source.GROUND,
        volume=Volume(m3),
        valid_from=date(2021, 1, 1),
        valid_until=date(2026, 12, 31),
    )


def test_permits(clerk: Actor) -> None:
    unit, other = town.unit(), town.unit(name="曙光养殖场")
    row = waters.add_permit(unit.pk, facts(), actor=clerk, now=NOW, key="p")
    assert waters.add_permit(unit.pk, facts(), actor=clerk, now=NOW, key="p").pk == row.pk
    assert selectors.permit_totals([unit, other], TODAY) == {unit.pk: Volume(300_000)}
    assert selectors.permit_totals([unit], date(2027, 1, 1)) == {}
    taken = refused(waters.add_permit, other.pk, facts(), actor=clerk, now=NOW, key="q")
    assert taken.code == "permit.number_taken"
    longer = PermitFacts(
        number="D650109G2021-0347",
        source=Source.GROUND,
        volume=Volume(250_000),
        valid_from=date(2021, 1, 1),
        valid_until=date(2031, 12, 31),
    )
    waters.edit_permit(row.pk, longer, actor=clerk, now=NOW, key="r")
    assert selectors.permit_totals([unit], date(2027, 1, 1)) == {unit.pk: Volume(250_000)}
    assert "250,000 m³" in ActOutcome.objects.get(act__key="r").note
    elsewhere = town.officer(Role.COUNTY_OFFICER, TIANSHAN)
    denied = refused(waters.edit_permit, row.pk, longer, actor=elsewhere, now=NOW, key="s")
    assert denied.code == "access.denied"


def test_intakes_stand_under_a_permit_of_their_own_unit(clerk: Actor) -> None:
    unit, other = town.unit(), town.unit(name="曙光养殖场")
    own, foreign = town.permit(unit), town.permit(other)
    common: dict[str, Any] = {"is_well": True, "since": TODAY, "actor": clerk, "now": NOW}
    ground = Source.GROUND
    intake = waters.add_intake(unit.pk, "1 号井", ground, permit_id=own.pk, key="i", **common)
    assert intake.permit == own
    wrong = refused(
        waters.add_intake, unit.pk, "2 号井", ground, permit_id=foreign.pk, key="j", **common
    )
    assert wrong.code == "intake.other_permit"
    surface = refused(
        waters.add_intake, unit.pk, "渠", Source.SURFACE, permit_id=own.pk, key="l", **common
    )
    assert surface.code == "intake.permit_source"
    ended = waters.edit_intake(
        intake.pk, "1 号井", ground, permit_id=None, until=TODAY, key="m", **common
    )
    assert (ended.until, ended.permit) == (TODAY, None)


def test_a_customer_changes_its_supplier(clerk: Actor) -> None:
    canal = town.unit(kind=UnitKind.IRRIGATION_DISTRICT, name="灌区管理所")
    farm = town.unit(kind=UnitKind.CANAL_CUSTOMER)
    old = town.supply(canal, farm)
    link = waters.set_supplier(
        farm.pk, canal.pk, line="东支渠", since=TODAY, actor=clerk, now=NOW, key="s"
    )
    old.refresh_from_db()
    assert (old.until, link.line and link.line.name) == (TODAY, "东支渠")
    assert selectors.suppliers_of([farm.pk], TODAY)[farm.pk] == link
    assert [row.customer for row in selectors.customers_of(canal, TODAY)] == [farm]
    works = town.unit(kind=UnitKind.WATERWORKS, name="自来水公司")
    wrong = refused(
        waters.set_supplier, farm.pk, works.pk, since=TODAY, actor=clerk, now=NOW, key="t"
    )
    assert wrong.code == "supply.kinds"


def corn(quantity: int) -> list[ActivityRow]:
    return [ActivityRow(item="玉米", method="滴灌", quantity=Decimal(quantity), measure="亩")]


def test_the_set_of_a_year_is_replaced(clerk: Actor) -> None:
    unit = town.unit()
    own = town.member(unit)
    waters.declare_activities(unit.pk, 2027, corn(100), actor=own, now=NOW, key="a")
    waters.declare_activities(unit.pk, 2026, corn(90), actor=clerk, now=NOW, key="b")
    waters.declare_activities(unit.pk, 2027, corn(120), actor=own, now=NOW, key="c")
    years = selectors.activities_by_year(unit)
    assert {year: [row.quantity for row in rows] for year, rows in years.items()} == {
        2027: [120],
        2026: [90],
    }
    kept = RowHistory.objects.get(table="registry_activity")
    assert kept.old["quantity"] == 100
    stranger = town.member(town.unit(name="曙光养殖场"))
    denied = refused(
        waters.declare_activities, unit.pk, 2027, corn(1), actor=stranger, now=NOW, key="d"
    )
    assert denied.code == "access.denied"


def test_a_hold_stops_an_act_until_it_is_lifted(clerk: Actor) -> None:
    unit = town.unit()
    hold = units.place_hold(
        unit.pk, "permit.add", "取水条例 第44条", since=TODAY, actor=clerk, now=NOW, key="h"
    )
    held = refused(waters.add_permit, unit.pk, facts(), actor=clerk, now=NOW, key="p")
    assert held.code == "unit.held"
    assert "取水条例 第44条" in held.sentence
    units.lift_hold(hold.pk, actor=clerk, now=NOW, key="l")
    waters.add_permit(unit.pk, facts(), actor=clerk, now=NOW, key="p2")
    twice = refused(units.lift_hold, hold.pk, actor=clerk, now=NOW, key="l2")
    assert twice.code == "hold.lifted_already"


def test_history_tells_acts_and_what_nobody_signed(clerk: Actor) -> None:
    unit = add(clerk)
    waters.add_permit(unit.pk, facts(), actor=clerk, now=NOW, key="p")
    permit = unit.permits.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('shuiheng.act', '', true)")
        cursor.execute("UPDATE registry_permit SET volume = 1 WHERE id = %s", [permit.pk])
        cursor.execute("UPDATE registry_unit SET phone = '1' WHERE id = %s", [unit.pk])
    unit.refresh_from_db()
    events = selectors.history_of(unit)
    unsigned = [event.what for event in events if event.who == selectors.NOBODY]
    assert ("许可证：", "许可水量：300,000 m³ → 1 m³") in unsigned
    assert ("单位：", "电话：0991-3300000 → 1") in unsigned
    signed = [event.what[0] for event in events if event.who == clerk.name]
    assert [words[:5] for words in signed] == ["登记许可证", "纳入名录："]


def test_history_tells_changes_made_under_another_act(clerk: Actor) -> None:
    unit = add(clerk)
    with connection.cursor() as cursor:
        act = Act.objects.create(
            key="z", name="merge", user_name="李强", at=NOW, arguments_digest="0"
        )
        cursor.execute("SELECT set_config('shuiheng.act', %s, true)", [str(act.pk)])
        cursor.execute(
            "UPDATE registry_unit SET region_id = %s WHERE id = %s",
            [town.area(TIANSHAN).pk, unit.pk],
        )
    unit.refresh_from_db()
    told = [event for event in selectors.history_of(unit) if event.who == "李强"]
    assert [event.what for event in told] == [("单位：", "预算区：米东区 → 天山区")]
