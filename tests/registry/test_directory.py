"""The list of a year: opened, reported, returned, approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shuiheng.core.access import Actor, Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Sector
from shuiheng.office.models import ActOutcome, RowHistory
from shuiheng.registry import selectors
from shuiheng.registry.models import Directory
from shuiheng.registry.services import directory as lists
from tests.registry import town
from tests.registry.town import MIDONG, NOW, TIANSHAN, TODAY

pytestmark = pytest.mark.django_db
YEAR = 2027


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()


@pytest.fixture
def clerk() -> Actor:
    return town.officer(Role.COUNTY_OFFICER, MIDONG)


@pytest.fixture
def city() -> Actor:
    return town.officer(Role.CITY_REVIEWER, town.CITY)


def do(
    act: Callable[..., Directory], actor: Actor, key: str, at: str = MIDONG, **more: Any
) -> Directory:
    return act(town.area(at).pk, YEAR, actor=actor, now=NOW, key=key, **more)


def refused(act: Callable[..., Directory], actor: Actor, key: str = "r", **more: Any) -> str:
    with pytest.raises(Refusal) as caught:
        do(act, actor, key, **more)
    return caught.value.code


def test_from_provisional_to_approved_with_a_return(clerk: Actor, city: Actor) -> None:
    farm = town.unit()
    do(lists.open_directory, clerk, "open")
    assert do(lists.open_directory, clerk, "open again").state == "provisional"
    reported = do(lists.report_directory, clerk, "report")
    assert (reported.state, reported.entries.get().unit) == ("reported", farm)
    back = do(lists.return_directory, city, "return", reason="缺养殖场")
    assert back.state == "provisional"
    town.unit(name="曙光养殖场")
    do(lists.report_directory, clerk, "report again")
    approved = do(lists.approve_directory, city, "approve")
    assert (approved.state, approved.entries.count()) == ("approved", 2)
    notes = [o.note for o in ActOutcome.objects.filter(subject=f"directory/{approved.pk}")]
    assert "退回米东区 2027 年度名录，1 个单位：缺养殖场" in notes
    assert RowHistory.objects.filter(table="registry_directory").count() == 4


def test_a_second_click_reports_once(clerk: Actor) -> None:
    town.unit()
    do(lists.open_directory, clerk, "open")
    first = do(lists.report_directory, clerk, "same")
    assert do(lists.report_directory, clerk, "same").pk == first.pk
    assert refused(lists.report_directory, clerk, "other") == "directory.step"


def test_who_may(clerk: Actor, city: Actor) -> None:
    assert refused(lists.report_directory, clerk) == "directory.none"
    assert refused(lists.open_directory, clerk, at=TIANSHAN) == "access.denied"
    assert refused(lists.open_directory, city, at=town.CITY) == "unit.region"
    do(lists.open_directory, clerk, "open")
    assert refused(lists.report_directory, clerk) == "directory.empty"
    town.unit()
    do(lists.report_directory, clerk, "report")
    assert refused(lists.approve_directory, clerk) == "access.denied"
    officer = town.officer(Role.CITY_OFFICER, town.CITY)
    assert refused(lists.return_directory, officer, reason="缺两户") == "access.denied"
    assert refused(lists.return_directory, city, reason="") == "unit.no_reason"


def test_the_snapshot_stays_while_the_registry_goes_on(clerk: Actor, city: Actor) -> None:
    farm, mill, works = town.unit(), town.unit(name="面粉厂"), town.unit(name="恒达化工")
    do(lists.open_directory, clerk, "open")
    listed = do(lists.report_directory, clerk, "report")
    assert selectors.directory_changes(listed, TODAY) == []
    type(farm).objects.filter(pk=farm.pk).update(closed_on=TODAY)
    type(mill).objects.filter(pk=mill.pk).update(sector=Sector.INDUSTRY)
    type(works).objects.filter(pk=works.pk).update(region=town.area(town.GANQUANPU))
    town.unit(name="新来的场")
    changes = [(c.unit.name, c.what) for c in selectors.directory_changes(listed, TODAY)]
    assert sorted(changes) == [
        ("丰源种植专业合作社", "退出"),
        ("恒达化工", "迁出"),
        ("新来的场", "新增"),
        ("面粉厂", "行业：农业 → 工业"),
    ]
    assert listed.entries.count() == 3


def test_lines_of_the_regions(clerk: Actor, city: Actor) -> None:
    town.unit()
    town.unit(name="没有电话的场", phone="")
    town.unit(TIANSHAN, "蓝天宾馆")
    do(lists.open_directory, clerk, "open")
    do(lists.report_directory, clerk, "report")
    (mine,) = selectors.directory_lines(clerk, YEAR, TODAY)
    assert (mine.units, mine.without_phone, mine.snapshot) == (2, 1, 2)
    lines = {line.area.code: line for line in selectors.directory_lines(city, YEAR, TODAY)}
    assert len(lines) == 9
    assert (lines[TIANSHAN].units, lines[TIANSHAN].directory) == (1, None)
    assert selectors.directory_lines(town.member(town.unit()), YEAR, TODAY) == []


def test_who_has_to_do_what_by_31_january(clerk: Actor, city: Actor) -> None:
    town.unit()

    def told(actor: Actor) -> list[tuple[str, str]]:
        return [(d.what, d.detail) for d in selectors.duties(actor, NOW) if "米东" in d.detail]

    assert told(clerk) == [("上报 2027 年度名录", "米东区，1 户")]
    assert told(city) == []
    assert selectors.duties(clerk, NOW)[0].due.isoformat() == "2027-01-31"
    do(lists.open_directory, clerk, "open")
    do(lists.report_directory, clerk, "report")
    assert told(clerk) == []
    assert told(city) == [("审定 2027 年度名录", "米东区，1 户")]
    do(lists.approve_directory, city, "approve")
    assert told(city) == []
    leader = town.officer(Role.LEADER, town.CITY)
    assert selectors.duties(leader, NOW) == []
    assert selectors.duties(town.member(town.unit()), NOW) == []
