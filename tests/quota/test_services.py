"""Norms are loaded once and never changed; choices and inputs are dated rows; ceilings by standing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import yaml

from shuiheng.core.access import Actor, Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Confidence, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import PolicyValue
from shuiheng.quota import selectors, services
from shuiheng.quota.models import DemandChoice, Norm, OutputDeclaration
from shuiheng.quota.rules.ceilings import CeilingStanding
from shuiheng.quota.rules.demand import DemandMethod, InputKind
from shuiheng.quota.rules.output import Declared, OutputKind, OutputState, OutputStep
from shuiheng.quota.services.norms import NORM_FILE
from shuiheng.registry.models import Activity, PastUse, Unit
from shuiheng.registry.rules.waters import RecognitionFacts, RecognitionKind
from shuiheng.registry.services import recognise
from tests.quota.test_norm_rules import CORN
from tests.registry import town
from tests.registry.town import CITY, LONG_AGO, MIDONG, NOW, TODAY

pytestmark = pytest.mark.django_db
YEAR = 2027
ARTICLE = "取水许可和水资源费征收管理条例第4条"
_keys = count(1)


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()


def acting(actor: Actor) -> dict[str, Any]:
    return {"actor": actor, "now": NOW, "key": f"quota-{next(_keys)}"}


def code_of(act: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refusal) as no:
        act(*args, **more)
    return no.value.code


def used(unit: Unit, year: int, m3_a_month: int, source: Source = Source.GROUND) -> None:
    for month in range(1, 13):
        PastUse.objects.create(
            unit=unit,
            year=year,
            month=month,
            source=source,
            volume=Volume(m3_a_month),
            origin="台账",
        )


# -- norms ----------------------------------------------------------------------------------------


def test_the_shipped_norms_are_those_that_were_read_each_with_its_source() -> None:
    shipped = yaml.safe_load(NORM_FILE.read_text("utf-8"))["norms"]
    assert services.load_norms(now=NOW) == 0, "prepared with the database already"
    rows = Norm.objects.all()
    assert rows.count() == len(shipped)
    assert {row.confidence for row in rows} == {Confidence.SECOND_HAND}
    assert all(row.standard and row.standard_year for row in rows)
    by_name = {(row.item, row.method, row.zone): row.facts() for row in rows}
    assert by_name["居民生活", "", ""].printed == "75–125"
    assert by_name["宾馆", "四–五星", ""].printed == "400–450"
    assert by_name["城市绿化", "微喷", "天山北坡"].printed == "400–500"
    assert "可能转录时少了一位" in by_name["医院", "住院", ""].note


def test_a_norm_is_replaced_by_a_later_row_never_changed() -> None:
    officer = town.officer(Role.CITY_OFFICER, CITY)
    row = services.enter_norm(CORN, **acting(officer))
    again = replace(CORN, value=Decimal(350))
    assert code_of(services.enter_norm, again, **acting(officer)) == "norm.taken"
    later = replace(again, valid_from=date(2027, 1, 1))
    services.replace_norm(row.pk, later, **acting(officer))
    tables = {day: selectors.norm_tables(day) for day in (TODAY, date(2027, 1, 1))}
    found = [t.of(None).choose("玉米", "滴灌", "亩") for t in tables.values()]
    assert [one.exact for one in found] == [360, 350]
    row.refresh_from_db()
    assert row.value == 360


def test_only_who_keeps_the_norms_enters_them() -> None:
    clerk = town.officer(Role.COUNTY_REVIEWER, MIDONG)
    assert code_of(services.enter_norm, CORN, **acting(clerk)) == "access.denied"
    keeper = town.officer(Role.KEEPER, CITY)
    assert services.enter_norm(CORN, **acting(keeper)).entered_by == keeper.name


def test_an_import_is_whole_or_nothing() -> None:
    officer = town.officer(Role.CITY_OFFICER, CITY)
    assert code_of(services.import_norms, [], **acting(officer)) == "norm.nothing_new"
    twice = acting(officer)
    assert len(services.import_norms([CORN], **twice)) == 1
    assert len(services.import_norms([CORN], **twice)) == 1, "a second click"
    wheat = replace(CORN, item="小麦")
    assert code_of(services.import_norms, [wheat, CORN], **acting(officer)) == "norm.taken"
    assert not Norm.objects.filter(item="小麦").exists()


# -- demand ---------------------------------------------------------------------------------------


def farm() -> Unit:
    unit = town.unit()
    town.permit(unit, 300_000)
    Norm.objects.create(
        domain="irrigation", item="玉米", method="滴灌", sector="agriculture", value=Decimal(360),
        measure="亩", standard="演示", confidence="demo", valid_from=LONG_AGO,
    )  # fmt: skip
    Activity.objects.create(
        unit=unit, year=YEAR, item="玉米", method="滴灌", quantity=Decimal(500), measure="亩"
    )
    return unit


def test_without_a_choice_a_unit_needs_what_its_norm_gives() -> None:
    unit = farm()
    assert selectors.needs([unit.pk], YEAR, TODAY) == {unit.pk: Volume(180_000)}
    assert selectors.needs([town.unit(name="别的").pk], YEAR, TODAY) == {}


def test_a_districts_coefficient_gives_way_to_a_units_own() -> None:
    unit, clerk = farm(), town.officer(Role.COUNTY_OFFICER, MIDONG)
    more = {"since": TODAY, "source": "灌区测试报告", "confidence": Confidence.OFFICIAL}
    services.enter_input(
        InputKind.CONVEYANCE, Decimal("0.6"), area_id=unit.region_id, **more, **acting(clerk)
    )
    assert selectors.needs([unit.pk], YEAR, TODAY)[unit.pk] == Volume(300_000)
    services.enter_input(
        InputKind.CONVEYANCE, Decimal("0.9"), unit_id=unit.pk, **more, **acting(clerk)
    )
    assert selectors.needs([unit.pk], YEAR, TODAY)[unit.pk] == Volume(200_000)
    assert (
        code_of(services.enter_input, InputKind.LEVEL, Decimal(1), **more, **acting(clerk))
        == "demand.whose"
    )


def test_the_chosen_method_is_what_the_reviewer_sees() -> None:
    unit, reviewer = farm(), town.officer(Role.COUNTY_REVIEWER, MIDONG)
    used(unit, 2025, 10_000)
    used(unit, 2024, 8_000)
    chosen = services.choose_method([unit.pk], YEAR, DemandMethod.MEAN, **acting(reviewer))
    assert chosen[0].by == reviewer.name
    figure = selectors.needed([unit.pk], YEAR, TODAY)[unit.pk]
    assert (figure.method, figure.volume) == (DemandMethod.MEAN, Volume(108_000))
    services.choose_method(
        [unit.pk], YEAR, DemandMethod.REVIEWER, volume=Volume(7), reason="停产", **acting(reviewer)
    )
    assert selectors.needs([unit.pk], YEAR, TODAY)[unit.pk] == Volume(7)
    assert DemandChoice.objects.filter(unit=unit).count() == 2


def test_a_district_without_norm_and_with_one_year_completes_january() -> None:
    unit = town.unit()
    town.permit(unit, 90_000)
    used(unit, 2025, 10_000)
    one = selectors.demands([unit], 2026, date(2026, 1, 10))[unit.pk]
    volumes = {method.value: figure.volume for method, figure in one.figures.items()}
    assert volumes == {
        "norm": None,
        "mean": Volume(90_000),
        "level": Volume(90_000),
        "last_year": Volume(90_000),
        "permit": Volume(90_000),
        "reviewer": None,
    }, "120,000 used, capped by the permit"


def test_who_reviews_chooses_and_one_figure_is_for_one_unit() -> None:
    unit, other = farm(), town.unit(name="另一家")
    clerk = town.officer(Role.COUNTY_OFFICER, MIDONG)
    reviewer = town.officer(Role.COUNTY_REVIEWER, MIDONG)
    mean = DemandMethod.MEAN
    assert (
        code_of(services.choose_method, [unit.pk], YEAR, mean, **acting(clerk)) == "access.denied"
    )
    assert code_of(services.choose_method, [], YEAR, mean, **acting(reviewer)) == "demand.nobody"
    works = town.unit(name="水厂", kind=UnitKind.WATERWORKS)
    assert (
        code_of(services.choose_method, [works.pk], YEAR, mean, **acting(reviewer))
        == "access.denied"
    )
    both = {"volume": Volume(1), "reason": "同"}
    asked = ([unit.pk, other.pk], YEAR, DemandMethod.REVIEWER)
    assert (
        code_of(services.choose_method, *asked, **both, **acting(reviewer)) == "demand.one_by_one"
    )


def test_an_area_may_have_norms_of_its_own_zone() -> None:
    general = PolicyValue.objects.get(key="quota.norm_choice")
    PolicyValue.objects.create(
        key=general.key, area=town.area(MIDONG), effective_from=TODAY, label=general.label,
        value={**general.value, "zone": "东疆", "range_end": "middle"}, source="演示",
        confidence="demo", entered_by="-", entered_at=NOW,
    )  # fmt: skip
    tables = selectors.norm_tables(TODAY)
    found = [
        tables.of(town.area(code).pk).choose("城市绿化", "微喷", "亩") for code in (MIDONG, CITY)
    ]
    assert [one.exact for one in found] == [650, 500]


# -- ceilings -------------------------------------------------------------------------------------


def facts(kind: RecognitionKind, **more: Any) -> RecognitionFacts:
    values: dict[str, Any] = {
        "kind": kind, "source": Source.GROUND, "volume": None, "article": "", "reason": "村集体自有水塘",
        "since": TODAY, "until": None,
    }  # fmt: skip
    return RecognitionFacts(**(values | more))


def ceiling(
    unit: Unit, source: Source = Source.GROUND, day: date = TODAY
) -> tuple[str, int | None]:
    one = selectors.ceilings([unit.pk], day)[unit.pk, source]
    return one.standing, one.volume.m3 if one.volume is not None else None


def test_each_standing_and_its_ceiling() -> None:
    clerk = town.officer(Role.COUNTY_OFFICER, MIDONG)
    licensed = town.unit(name="有证")
    town.permit(licensed, 300_000)
    assert ceiling(licensed) == (CeilingStanding.PERMITTED, 300_000)

    bare = town.unit(name="无证")
    bare.intakes.create(name="1 号井", source=Source.GROUND, since=LONG_AGO)
    assert ceiling(bare) == (CeilingStanding.NONE, 0)

    provisional = facts(
        RecognitionKind.PROVISIONAL,
        volume=Volume(5_000),
        until=date(2027, 6, 30),
        reason="正在补办",
    )
    recognise(bare.pk, provisional, **acting(clerk))
    assert ceiling(bare) == (CeilingStanding.PROVISIONAL, 5_000)
    assert ceiling(bare, day=date(2027, 7, 1)) == (CeilingStanding.NONE, 0)

    recognise(bare.pk, facts(RecognitionKind.EXEMPT, article=ARTICLE), **acting(clerk))
    assert ceiling(bare) == (CeilingStanding.EXEMPT, None)

    works = town.unit(name="水厂", kind=UnitKind.WATERWORKS)
    customer = town.unit(name="用户", kind=UnitKind.NETWORK_CUSTOMER)
    assert ceiling(customer, Source.NETWORK) == (CeilingStanding.NONE, 0)
    town.supply(works, customer)
    assert ceiling(customer, Source.NETWORK) == (CeilingStanding.CUSTOMER, None)


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (RecognitionKind.EXEMPT, {}, "recognition.no_article"),
        (RecognitionKind.EXEMPT, {"reason": " "}, "recognition.no_reason"),
        (RecognitionKind.PROVISIONAL, {"until": TODAY}, "recognition.volume"),
        (RecognitionKind.PROVISIONAL, {"volume": Volume(5)}, "recognition.no_end"),
        (RecognitionKind.EXEMPT, {"until": date(2020, 1, 1)}, "recognition.term"),
    ],
)
def test_a_recognition_is_whole(kind: RecognitionKind, changes: dict[str, Any], code: str) -> None:
    clerk, unit = town.officer(Role.COUNTY_OFFICER, MIDONG), town.unit()
    assert code_of(recognise, unit.pk, facts(kind, **changes), **acting(clerk)) == code


# -- output ---------------------------------------------------------------------------------------

COTTON = Declared(
    kind=OutputKind.PRODUCT, industry_code="1711", product="纱", amount=Decimal(300), measure="t"
)
PROOF = {"name": "统计报表.pdf", "content": b"%PDF-1.7 proof"}


def declare(unit: Unit, declared: Declared = COTTON, **proof: Any) -> OutputDeclaration:
    return services.declare_output(
        unit.pk, 2026, declared, **(proof or PROOF), **acting(town.member(unit))
    )


def test_what_a_department_has_confirmed_tilts_within_bounds_and_nothing_else_does() -> None:
    department = town.officer(Role.COOPERATING, CITY)
    mill, other = town.unit(name="一厂"), town.unit(name="二厂")
    for unit in (mill, other):
        used(unit, 2026, 1_000)
    row = declare(mill)
    second = declare(other, replace(COTTON, amount=Decimal(100)))
    assert selectors.tilts([mill.pk], YEAR, TODAY)[mill.pk].weight == 1000
    (duty,) = selectors.duties(department, NOW)
    assert (duty.detail, duty.due) == ("2 户等确认", date(2026, 12, 20))
    services.decide_output(second.pk, OutputStep.CONFIRM, **acting(department))
    assert selectors.tilts([mill.pk], YEAR, TODAY)[mill.pk].weight == 1000
    done = services.decide_output(row.pk, OutputStep.CONFIRM, **acting(department))
    assert done.decided_by.endswith(department.name)
    weights = selectors.tilts([mill.pk, other.pk], YEAR, TODAY)
    assert (weights[mill.pk].weight, weights[other.pk].weight) == (1050, 950)
    assert (
        code_of(services.decide_output, row.pk, OutputStep.CONFIRM, **acting(department))
        == "output.decided"
    )
    assert code_of(declare, mill) == "output.confirmed"


def test_evidence_is_asked_for_once_and_a_rejected_output_is_declared_anew() -> None:
    unit, department = town.unit(), town.officer(Role.COOPERATING, CITY)
    assert code_of(declare, unit, COTTON, name="", content=b"") == "output.no_evidence"
    row = declare(unit)
    mended = declare(unit, replace(COTTON, amount=Decimal(200)), name="", content=b"")
    assert (mended.pk, mended.amount) == (row.pk, 200)
    reviewer = town.officer(Role.COUNTY_REVIEWER, MIDONG)
    assert (
        code_of(services.decide_output, row.pk, OutputStep.CONFIRM, **acting(reviewer))
        == "access.denied"
    )
    services.decide_output(row.pk, OutputStep.REJECT, reason="报表不符", **acting(department))
    anew = declare(unit)
    assert anew.pk != row.pk
    assert anew.state_term is OutputState.DECLARED
