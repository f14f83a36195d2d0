"""方案会商 through the whole stack, on a city that has just issued its year: moved, saved, compared, adopted."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book
from shuiheng.office.models import Installation
from shuiheng.planning.rules.split import TITLE, SplitRule
from shuiheng.planning.selectors import board as changji
from shuiheng.planning.selectors.published import split_of
from shuiheng.quota import selectors, services
from shuiheng.quota.models import BaselineLine, BaselineRun, Scenario
from shuiheng.quota.rules.board import CapChange, Settings
from shuiheng.quota.rules.board_asked import read_settings
from shuiheng.quota.rules.claims import RunInputs
from shuiheng.quota.selectors import board
from shuiheng.quota.selectors.board import scenarios_compared
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import Cast, found_city, live_year

YEAR = 2026
DAY = date(YEAR, 2, 20)
NOW = beijing_noon(DAY)


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = found_city(
            CityPlan(3, 120), year=YEAR, now=beijing_noon(date(YEAR - 1, 12, 1)), password="-"
        )
        live_year(made, YEAR, 3, report=lambda _: None, until=DAY, check=False)
        made.day = DAY
        Installation.objects.update(business_date=DAY)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def run(db: None, cast: Cast) -> BaselineRun:
    return BaselineRun.objects.latest("pk")


def browser(cast: Cast, role: Role, area: Any = None) -> Client:
    client = Client()
    client.force_login(cast.officers[role, (area or cast.city).code])
    return client


@pytest.fixture
def officer(cast: Cast) -> Client:
    return browser(cast, Role.CITY_OFFICER)


def words(response: Any) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def get(client: Client, name: str, *args: object, status: int = 200, **query: Any) -> Any:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == status, words(response)[:1500]
    return response


def fragment(client: Client, name: str = "quota:board", **query: Any) -> Any:
    return client.get(reverse(name), query, headers={"HX-Request": "true"})


def moved(run: BaselineRun, **changes: Any) -> Settings:
    return replace(board.board_of(run).case.force, **changes)


def save(
    cast: Cast, run: BaselineRun, name: str, role: Role = Role.CITY_OFFICER, **changes: Any
) -> Scenario:
    return services.save_scenario(
        run.pk, name, moved(run, **changes), actor=cast.at(role), now=NOW, key=str(uuid4())
    )


# -- figures --------------------------------------------------------------------------------------


def test_in_force_the_board_gives_the_runs_own_figures(run: BaselineRun) -> None:
    kept = board.board_of(run)
    lines = BaselineLine.objects.filter(run=run, book=Book.ABSTRACTION)
    quotas: dict[int, int] = {}
    for unit, quota in lines.filter(unit__isnull=False).values_list("unit", "quota"):
        quotas[unit] = quotas.get(unit, 0) + quota.m3
    assert dict(zip(kept.case.units.tolist(), kept.before.units.tolist(), strict=True)) == quotas
    reserve = sum(quota.m3 for quota in lines.filter(unit=None).values_list("quota", flat=True))
    assert kept.before.available - kept.before.granted == reserve
    assert board.board_of(run) is kept, "laid out once"


# -- the page -------------------------------------------------------------------------------------


def test_the_page_shows_what_is_in_force_and_marks_nothing(
    officer: Client, run: BaselineRun
) -> None:
    said = words(get(officer, "quota:board"))
    for expected in (
        "方案会商",
        "各区谁增谁减",
        "各行业谁增谁减",
        "卡住结果的上限",
        "P=95%",
        "预留比例",
    ):
        assert expected in said
    assert "已改" not in said
    assert "另存为方案…" not in said, "nothing has been changed yet"


def test_a_move_brings_the_answer_and_the_marks_only(officer: Client, run: BaselineRun) -> None:
    response = fragment(officer, run=run.pk, wet="82.08", reserve="5")
    assert response.status_code == 200
    text = response.content.decode()
    assert text.lstrip().startswith('<div id="board-result">')
    assert "<html" not in text
    said = words(response)
    assert said.count("已改") == 2
    assert "地表来水 100% → 82.08%" in said
    assert "另存为方案…" in said
    assert response["HX-Replace-Url"] == f"/quota/board/?run={run.pk}&wet=82.08&reserve=5"


def test_without_script_the_whole_page_comes_back_with_the_slider_where_it_was_put(
    officer: Client, run: BaselineRun
) -> None:
    sent = {"run": run.pk, "wet.was": "100", "wet": "100", "wet.slide": "90.64"}
    response = get(officer, "quota:board", **sent)
    assert 'name="wet" id="id_wet" value="90.64"' in response.content.decode()
    assert words(response).count("已改") == 1


def test_what_cannot_be_read_says_so_and_stays(officer: Client, run: BaselineRun) -> None:
    response = get(officer, "quota:board", status=422, run=run.pk, reserve="一点点")
    assert "“一点点”不是百分数" in words(response)
    assert 'value="一点点"' in response.content.decode()
    response = fragment(officer, run=run.pk, reserve="90")
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#board-said"
    assert "预留比例要在 0 到 30% 之间" in words(response)
    assert "board-result" not in response.content.decode(), "the old figures stay"


def test_a_region_gets_a_slider_of_its_own(officer: Client, run: BaselineRun) -> None:
    case = board.board_of(run).case
    area = case.areas[0]
    response = get(officer, "quota:board", run=run.pk, add=f"ground-{area}")
    assert f'name="cap-ground-{area}"' in response.content.decode()


def test_a_district_and_a_unit_have_no_board_of_the_city(cast: Cast, run: BaselineRun) -> None:
    officers = [key for key in cast.officers if key[0] is Role.COUNTY_OFFICER]
    district = Client()
    district.force_login(cast.officers[officers[0]])
    assert "还没有可会商的测算" in words(get(district, "quota:board"))
    get(district, "quota:board", status=404, run=run.pk)
    get(district, "quota:scenarios", status=404, run=run.pk)


# -- scenarios ------------------------------------------------------------------------------------


def test_saved_once_under_a_name_compared_and_deleted_by_its_maker(
    cast: Cast, officer: Client, run: BaselineRun
) -> None:
    address = reverse("quota:scenario_new") + f"?run={run.pk}&reserve=6"
    assert "预留比例" in words(officer.get(address))
    sent = {"name": "预留6%", "key": str(uuid4())}
    assert officer.post(address, sent).status_code == 303
    assert officer.post(address, sent).status_code == 303, "a second click is the first"
    assert Scenario.objects.filter(run=run).count() == 1
    twice = officer.post(address, {"name": "预留6%", "key": str(uuid4())})
    assert twice.status_code == 409
    assert "已经有叫“预留6%”的方案" in words(twice)
    nameless = officer.post(address, {"name": "", "key": str(uuid4())})
    assert "请给方案起一个名称" in words(nameless)
    dry = save(cast, run, "枯水", wetness=8_208)
    wet = Scenario.objects.get(name="预留6%")
    said = words(get(officer, "quota:scenarios", run=run.pk, scenario=[dry.pk, wet.pk]))
    for expected in ("现行", "枯水", "预留6%", "比现行", "地表来水 100% → 82.08%"):
        assert expected in said
    alone = get(officer, "quota:scenarios", status=422, run=run.pk, scenario=[dry.pk])
    assert "要选 2 到 3 个方案" in words(alone)
    with pytest.raises(Refusal) as refused:
        scenarios_compared(run, [str(dry.pk)])
    assert refused.value.code == "board.compare"
    other = browser(cast, Role.CITY_REVIEWER)
    refused = other.post(reverse("quota:scenario_delete", args=[dry.pk]), {"key": str(uuid4())})
    assert refused.status_code == 409
    assert "只有存它的人可以删除" in words(refused)
    assert "删除…" not in words(get(other, "quota:scenario", dry.pk))
    mine = {"key": str(uuid4())}
    for _ in range(2):
        gone = officer.post(reverse("quota:scenario_delete", args=[dry.pk]), mine)
        assert gone.status_code in (303, 404)
    assert not Scenario.objects.filter(pk=dry.pk).exists()
    get(officer, "quota:scenario", dry.pk, status=404)


def test_who_only_reads_saves_and_adopts_nothing(cast: Cast, run: BaselineRun) -> None:
    kept = save(cast, run, "甲", reserve=500)
    reader = browser(cast, Role.LEADER)
    said = words(fragment(reader, run=run.pk, reserve="5"))
    assert "另存为方案" not in said
    assert "形成测算" not in words(get(reader, "quota:scenario", kept.pk))
    for page in ("quota:scenario_adopt", "quota:scenario_delete"):
        get(reader, page, kept.pk, status=403)
    get(reader, "quota:scenario_new", status=403, run=run.pk)
    for act in (
        lambda: save(cast, run, "乙", Role.LEADER, reserve=500),
        lambda: services.adopt_scenario(kept.pk, actor=cast.at(Role.LEADER), now=NOW, key="k1"),
        lambda: services.delete_scenario(kept.pk, actor=cast.at(Role.LEADER), now=NOW, key="k2"),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == "access.denied"


def test_what_the_city_decides_becomes_a_run_with_the_same_inputs(
    cast: Cast, officer: Client, run: BaselineRun
) -> None:
    kept = save(cast, run, "预留8%", reserve=800)
    assert "还没有保存任何内容" in words(get(officer, "quota:scenario_adopt", kept.pk))
    key = {"key": str(uuid4())}
    url = reverse("quota:scenario_adopt", args=[kept.pk])
    for _ in range(2):
        assert officer.post(url, key).status_code == 303
    kept.refresh_from_db()
    made = kept.adopted
    assert made is not None
    assert BaselineRun.objects.filter(pk__gt=run.pk).count() == 1
    assert (made.name, made.state) == ("预留8%", BaselineRun.State.MADE)
    assert selectors.rules_of(made).reserve_per_10000 == 800
    assert _asked(made) == _asked(run)
    total = kept.summary["whole"][1][3]
    lines = BaselineLine.objects.filter(run=made, book=Book.ABSTRACTION, unit__isnull=False)
    assert sum(quota.m3 for quota in lines.values_list("quota", flat=True)) == total
    again = officer.post(url, {"key": str(uuid4())})
    assert again.status_code == 409
    assert "已经形成测算" in words(again)
    with pytest.raises(Refusal) as refused:
        services.delete_scenario(kept.pk, actor=cast.at(Role.CITY_OFFICER), now=NOW, key="d")
    assert refused.value.code == "scenario.kept"


def _asked(run: BaselineRun) -> RunInputs:
    inputs = selectors.inputs_of(run)
    claims = sorted(inputs.claims, key=lambda c: (c.unit, c.source, c.sector))
    return RunInputs(
        inputs.available, claims, inputs.networks, inputs.network_areas, inputs.factors
    )


def test_caps_and_the_year_are_given_from_above_and_not_adopted(
    cast: Cast, officer: Client, run: BaselineRun
) -> None:
    for name, changes in (
        ("枯水年", {"wetness": 8_208}),
        ("压地下水", {"caps": (CapChange(0, "ground", 900),)}),
    ):
        kept = save(cast, run, name, **changes)
        url = reverse("quota:scenario_adopt", args=[kept.pk])
        assert "请在“上级调整”里录入新的分配文件" in words(officer.get(url))
        with pytest.raises(Refusal) as refused:
            services.adopt_scenario(
                kept.pk, actor=cast.at(Role.CITY_OFFICER), now=NOW, key=str(uuid4())
            )
        assert refused.value.code == "board.given_from_above"
    assert not BaselineRun.objects.filter(pk__gt=run.pk).exists()


def test_a_scenario_of_inputs_that_have_passed_is_not_adopted(cast: Cast, run: BaselineRun) -> None:
    kept = save(cast, run, "旧的", reserve=900)
    services.run_baseline(
        run.area, run.year, selectors.inputs_of(run), selectors.rules_of(run),
        actor=cast.at(Role.CITY_OFFICER), now=NOW, key=str(uuid4()),
    )  # fmt: skip
    with pytest.raises(Refusal) as refused:
        services.adopt_scenario(
            kept.pk, actor=cast.at(Role.CITY_OFFICER), now=NOW, key=str(uuid4())
        )
    assert refused.value.code == "scenario.stale"


# -- Changji --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", list(SplitRule))
@pytest.mark.parametrize("year", [2022, 2025])
def test_changjis_board_begins_with_the_split_itself(rule: SplitRule, year: int) -> None:
    split = split_of(year, rule)
    case, before = changji.case_of(year, rule), changji.in_force(year, rule)
    assert before.granted == split.basis.total.m3
    for number, county in enumerate(split.counties):
        assert before.regions[number] == split.volume(county=county.code).m3
    for replaces in (True, False):
        plan = replace(case.force.plan, replaces=replaces)
        found = changji.outcome_of(year, rule, replace(case.force, plan=plan))
        assert found.losing == found.gaining == 0


def test_changji_in_a_dry_year_shares_or_spares_agriculture(officer: Client) -> None:
    shared = changji.outcome_of(2025, SplitRule.TOGETHER, _dry())
    strict = changji.outcome_of(2025, SplitRule.TOGETHER, _dry("agriculture_first"))
    lost = [{row.key: row.change.m3 for row in one.sectors} for one in (shared, strict)]
    assert lost[0]["primary"] < 0
    assert lost[0]["tertiary"] == lost[1]["tertiary"] == 0
    assert lost[1]["primary"] > lost[0]["primary"]
    assert lost[1]["secondary"] < lost[0]["secondary"] < 0


def _dry(order: str = "policy") -> Settings:
    case = changji.case_of(2025, SplitRule.TOGETHER)
    wet = str(changji.years_printed()[75] / 100)
    return read_settings(case, {"wet": wet, "order": order}).settings


def test_changjis_board_always_says_what_it_is_and_keeps_nothing(officer: Client) -> None:
    page = get(officer, "planning:changji_board", year=2025, rule="by_source")
    part = fragment(officer, "planning:changji_board", year=2025, rule="by_source", wet="82.08")
    wrong = fragment(officer, "planning:changji_board", year=2025, rule="by_source", wet="x")
    for response in (page, part, wrong):
        assert TITLE in words(response)
        assert "另存为方案" not in words(response)
        assert "形成测算" not in words(response)
    assert "rule=by_source" in part["HX-Replace-Url"]
    assert "P=75%" in words(page)
    assert wrong.status_code == 422
    get(officer, "planning:changji_board", status=422, year=2025, rule="by_source", wet="x")
