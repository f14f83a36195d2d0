"""Who may do what, where: the table of grants, the relation between places, the one refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.access import (
    GRANTS,
    SYSTEM,
    Actor,
    Holding,
    Permission,
    Place,
    Role,
    require,
)
from shuiheng.core.refusal import Kind, Refusal

REGION, CITY, DISTRICT = "650000", "650000/650100", "650000/650100/650109"
SIBLING, ALIKE = "650000/650100/650102", "650000/6501001"

paths = st.lists(st.sampled_from(["65", "650", "6501", "a"]), min_size=1, max_size=4).map("/".join)
places = st.builds(Place, paths, st.none() | st.integers(1, 4))


@given(places)
def test_a_place_holds_itself(place: Place) -> None:
    assert place.holds(place)


@given(places, places, places)
def test_what_lies_in_a_part_lies_in_the_whole(a: Place, b: Place, c: Place) -> None:
    if b.unit is None and a.holds(b) and b.holds(c):
        assert a.holds(c)


@given(paths, paths)
def test_two_areas_that_hold_each_other_are_one(one: str, other: str) -> None:
    if Place(one).holds(Place(other)) and Place(other).holds(Place(one)):
        assert one == other


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        (Place(REGION), Place(DISTRICT), True),
        (Place(CITY), Place(DISTRICT), True),
        (Place(DISTRICT), Place(CITY), False),
        (Place(DISTRICT), Place(SIBLING), False),
        (Place(CITY), Place(ALIKE), False),  # a path is not a prefix of letters
        (Place(DISTRICT), Place(DISTRICT, 7), True),
        (Place(SIBLING), Place(DISTRICT, 7), False),
        (Place(DISTRICT, 7), Place(DISTRICT, 7), True),
        (Place(DISTRICT, 7), Place(SIBLING, 7), True),  # a unit stays itself where it moves to
        (Place(DISTRICT, 7), Place(DISTRICT, 8), False),
        (Place(DISTRICT, 7), Place(DISTRICT), False),
    ],
)
def test_holding_by_example(outer: Place, inner: Place, holds: bool) -> None:
    assert outer.holds(inner) is holds


def test_every_role_has_its_grants_and_every_permission_a_holder() -> None:
    assert set(GRANTS) == set(Role)
    assert all(GRANTS.values()), "a role that may do nothing is no role"
    assert frozenset().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize(
    "role", [Role.LEADER, Role.FINANCE_AUDIT, Role.REGION_READER, Role.COOPERATING]
)
def test_readers_only_read(role: Role) -> None:
    may_write = {p for p in GRANTS[role] if not p.value.endswith(".view")}
    assert may_write <= {Permission.BUDGET_OPINE}


def test_who_keeps_the_system_handles_no_water() -> None:
    water = ("budget.", "adjustment.", "final.", "use.", "allocation.", "baseline.", "change_above")
    assert not [p for p in GRANTS[Role.KEEPER] if p.value.startswith(water)]


@given(
    st.lists(st.builds(Holding, st.sampled_from(Role), places), max_size=4),
    st.sampled_from(Permission),
    places,
)
def test_may_require_and_places_say_the_same(
    holdings: list[Holding], permission: Permission, place: Place
) -> None:
    actor = Actor(1, "某", tuple(holdings))
    may = actor.may(permission, place)
    assert may == any(held.holds(place) for held in actor.places(permission))
    assert actor.may_somewhere(permission) == bool(actor.places(permission))
    if may:
        require(actor, permission, place)
        return
    with pytest.raises(Refusal):
        require(actor, permission, place)


def test_the_refusal_names_the_permission_and_says_what_to_do() -> None:
    clerk = Actor(1, "某", (Holding(Role.UNIT_CLERK, Place(DISTRICT, 7)),))
    with pytest.raises(Refusal) as refused:
        require(clerk, Permission.BUDGET_ISSUE, Place(DISTRICT))
    assert refused.value.code == "access.denied"
    assert refused.value.kind is Kind.FORBIDDEN
    assert str(refused.value) == (
        "您的岗位没有在这里“下达”的权限。如果这是您的工作，请联系系统管理员安排岗位。"
    )
    assert refused.value.facts == {"permission": "budget.issue"}


def test_the_system_may_all_and_its_likeness_nothing() -> None:
    require(SYSTEM, Permission.BUDGET_ISSUE, Place(REGION))
    with pytest.raises(Refusal):
        require(Actor(0, "系统"), Permission.BUDGET_ISSUE, Place(REGION))


def test_roles_are_recognised_wherever_they_are_held() -> None:
    actor = Actor(1, "某", (Holding(Role.COUNTY_OFFICER, Place(DISTRICT)),))
    assert actor.has_role(Role.LEADER, Role.COUNTY_OFFICER)
    assert not actor.has_role(Role.LEADER)
    assert not Actor(1, "某").has_role(*Role)
