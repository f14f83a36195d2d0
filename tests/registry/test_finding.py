"""Finding units: who sees what, and by which words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuiheng.core.access import GRANTS, SYSTEM, Actor, Holding, Permission, Place, Role
from shuiheng.core.vocabulary import Source, UnitKind
from shuiheng.office.models import Area
from shuiheng.office.selectors import scope
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import UnitFilter, matching, regions_held, units_found
from tests.registry import town
from tests.registry.town import GANQUANPU, MANAS, MIDONG, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()


def names(units: object) -> list[str]:
    return [unit.name for unit in units]  # type: ignore[attr-defined]


def test_everybody_sees_his_own_places() -> None:
    farm, factory = town.unit(), town.unit(GANQUANPU, "恒达化工")
    hotel, far = town.unit(TIANSHAN, "蓝天宾馆"), town.unit(MANAS, "玛纳斯农场")
    seen = Unit.objects.visible_to
    assert set(seen(town.member(farm))) == {farm}
    assert set(seen(town.officer(Role.COUNTY_OFFICER, MIDONG))) == {farm}
    assert set(seen(town.officer(Role.TOWNSHIP_OFFICER, GANQUANPU))) == {factory}
    assert set(seen(town.officer(Role.CITY_OFFICER, town.CITY))) == {farm, factory, hotel}
    assert set(seen(town.officer(Role.REGION_READER, "650000"))) == {farm, factory, hotel, far}
    assert set(seen(Actor(0, "谁也不是"))) == set()
    assert set(seen(SYSTEM)) == {farm, factory, hotel, far}
    keeper = town.officer(Role.KEEPER, town.CITY)
    assert set(seen(keeper, Permission.UNIT_EDIT)) == set()


def test_one_person_may_hold_several_units_and_a_post() -> None:
    farm, hotel = town.unit(), town.unit(TIANSHAN, "蓝天宾馆")
    user = town.person()
    town.member(farm, user)
    both = town.member(hotel, user)
    assert set(Unit.objects.visible_to(both)) == {farm, hotel}
    town.unit(GANQUANPU, "恒达化工")
    more = town.officer(Role.LEADER, GANQUANPU, user)
    assert Unit.objects.visible_to(more).count() == 3


@pytest.fixture
def spread() -> None:
    """Units at every height, and one in an area whose path begins like another's."""
    for at in (MIDONG, TIANSHAN, GANQUANPU, MANAS, town.CITY):
        town.unit(at, f"{at} 的单位")
    path = town.area(MIDONG).path + "0"
    decoy = Area.objects.create(code="650109?", name="名字相近", kind="zone", path=path, pinyin="")
    town.unit(MIDONG, "路径相近", region=decoy)


CODES = ["650000", town.CITY, MIDONG, TIANSHAN, GANQUANPU, town.CHANGJI, MANAS, "650109?"]


@st.composite
def holdings(draw: st.DrawFn) -> list[tuple[Role, str, int | None]]:
    role = st.sampled_from(Role)
    unit = st.one_of(st.none(), st.integers(0, 4))
    return draw(st.lists(st.tuples(role, st.sampled_from(CODES), unit), max_size=4))


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(held=holdings(), permission=st.sampled_from(Permission))
def test_the_scope_in_sql_is_the_relation_of_places(
    spread: None, held: list[tuple[Role, str, int | None]], permission: Permission
) -> None:
    units = list(Unit.objects.select_related("region").order_by("pk"))
    paths = dict(Area.objects.values_list("code", "path"))
    actor = Actor(
        1,
        "任意",
        tuple(
            Holding(role, Place(paths[code], None if n is None else units[n].pk))
            for role, code, n in held
        ),
    )
    in_sql = set(Unit.objects.filter(scope(actor, permission, area="region", unit="pk")))
    by_rule = {unit for unit in units if actor.may(permission, unit.place)}
    assert in_sql == by_rule
    areas = set(Area.objects.filter(scope(actor, permission, area="")))
    assert areas == {area for area in Area.objects.all() if actor.may(permission, area.place)}


def test_every_role_can_be_held() -> None:
    assert set(GRANTS) == set(Role)


@pytest.fixture
def leader() -> Actor:
    return town.officer(Role.LEADER, town.CITY)


def test_words_find_units_by_whatever_people_know(leader: Actor) -> None:
    farm = town.unit(name="丰源种植专业合作社", code="91350200776049653A", phone="13899001122")
    farm.intakes.create(name="长山子 7 号井", source=Source.GROUND, since=town.LONG_AGO)
    permit = town.permit(farm)
    town.unit(TIANSHAN, "蓝天宾馆")
    town.unit(MANAS, "丰源农场")
    township = farm.address_area.name
    for words in (
        "丰源",
        "丰源 合作社",
        "fengyuan",
        "FYZZ",
        "91350200",
        permit.number[-6:],
        "7 号井",
        "138990",
        township,
        "米东 丰源",
    ):
        found = matching(Unit.objects.visible_to(leader), words)
        assert names(found) == ["丰源种植专业合作社"], words
    for words in ("丰源 天山", "%", "_", "玛纳斯", "不存在"):
        assert names(matching(Unit.objects.visible_to(leader), words)) == []


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=90))
def test_no_search_breaks_or_shows_what_is_not_ours(words: str) -> None:
    if not Unit.objects.exists():
        town.unit(MANAS, "玛纳斯农场")
    nobody = Actor(1, "米东", (Holding(Role.LEADER, Place(town.area(MIDONG).path)),))
    assert names(matching(Unit.objects.visible_to(nobody), words)) == []


def test_filters(leader: Actor) -> None:
    town.unit()
    works = town.unit(TIANSHAN, "自来水公司", UnitKind.WATERWORKS)
    closed = town.unit(name="关停的厂", closed_on=TODAY)

    def found(**wanted: str) -> list[str]:
        return names(units_found(leader, UnitFilter(**wanted), TODAY))

    assert found(region=TIANSHAN) == [works.name]
    assert found(kind="waterworks") == [works.name]
    assert found(sector="industry") == []
    assert found(state="closed") == [closed.name]
    assert len(found(state="")) == 3
    assert found() == ["丰源种植专业合作社", "自来水公司"]


def test_regions_of_an_officer(leader: Actor) -> None:
    assert len(regions_held(leader)) == 9
    assert [area.code for area in regions_held(town.officer(Role.LEADER, MIDONG))] == [MIDONG]
    assert regions_held(town.member(town.unit())) == []
