"""Changji's pages: who may see them, what stands on them, the file they give."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import clear_url_caches
from django.utils.html import escape

from shuiheng.core.access import Actor, Holding, Place, Role
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.planning import views
from shuiheng.planning.rules.findings import check_published
from shuiheng.planning.rules.split import TITLE
from shuiheng.planning.selectors.published import published_figures

NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)
PLANNER = Actor(1, "规划", (Holding(Role.LEADER, Place("650000/650100")),))
CLERK = Actor(2, "经办", (Holding(Role.UNIT_CLERK, Place("650000/650100", 7)),))
PAGES = [
    views.changji,
    views.changji_cells,
    views.changji_findings,
    views.changji_figures,
    views.changji_workbook,
]


@pytest.fixture(autouse=True)
def planning_alone(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.planning.page_urls"
    engine = dict(settings.TEMPLATES[0])
    processors = ["django.template.context_processors.request"]
    engine["OPTIONS"] = {**engine["OPTIONS"], "context_processors": processors}
    settings.TEMPLATES = [engine]
    clear_url_caches()
    yield
    clear_url_caches()


def ask(view: Any, query: str = "", actor: Actor = PLANNER) -> HttpResponse:
    request: Any = RequestFactory().get(f"/planning/changji{query}")
    request.user = SimpleNamespace(is_authenticated=True)
    request.actor, request.now = actor, NOW
    response: HttpResponse = view(request)
    return response


def page(view: Any, query: str = "") -> str:
    response = ask(view, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_what_it_is_and_what_was_given() -> None:
    text = page(views.changji)
    assert text.count(TITLE) >= 3
    for words in ("25.02", "15.98", "8.51", "0.53", "86.18：6.06：7.76", "准东经开区", "无公布数"):
        assert words in text
    assert "无公布数</td>" in text


def test_the_page_sets_manas_against_its_published_figure() -> None:
    text = page(views.changji)
    for words in ("+1.28", "+25.4%", "+1.32", "+26.1%", "玛纳斯县2022年配置用水总量5.04亿方"):
        assert words in text


def test_2025_has_no_county_to_compare_and_shows_the_gap_of_its_total() -> None:
    text = page(views.changji, "?year=2025&rule=by_source")
    assert "24.23" in text
    assert "−0.03" in text
    assert "2025年没有公布任何县市的数" in text


def test_both_rules_and_years_can_be_chosen_and_the_choice_is_kept() -> None:
    text = page(views.changji, "?year=2025&rule=by_source")
    assert "/planning/changji?year=2022&amp;rule=by_source" in text
    assert "/planning/changji?year=2025&amp;rule=together" in text
    assert "/planning/changji/cells?year=2025&amp;rule=by_source" in text


def test_findings_that_touch_the_year_stand_on_the_page_with_both_figures() -> None:
    text = page(views.changji, "?year=2022")
    assert "25.22" in text
    assert "相差 0.31 亿m³" in text
    assert "相差 0.03 亿m³" not in text
    assert "相差 0.03 亿m³" in page(views.changji, "?year=2025")


def test_all_findings_stand_in_columns() -> None:
    text = page(views.changji_findings)
    found = check_published(published_figures())
    assert f"{len(found)} 处" in text
    for finding in found:
        for key in ("what", "first", "second", "so"):
            assert escape(str(finding.facts[key])) in text


def test_the_cells_page_holds_whole_cubic_metres() -> None:
    text = page(views.changji_cells, "?year=2022")
    assert "250,511,678" in text  # 昌吉市, surface water, 一产, rule A
    assert "2,502,000,000" in text


def test_the_figures_page_holds_places_words_and_the_runoff_table() -> None:
    text = page(views.changji_figures)
    for words in (
        "表1.1-2",
        "32.25",
        "皮尔逊Ⅲ型推算",
        "32.28",  # of the first series, by the printed Cv
        "表1.1-5",
        "1.4587",
        "正式文件",
        "一（二）（1）用水总量控制方案",
    ):
        assert words in text
    assert "最终确定昌吉州2025年用水总量指标是24.26亿m3" in text


def test_the_workbook_is_a_file_with_the_title_in_its_name() -> None:
    response = ask(views.changji_workbook)
    assert TITLE in unquote(response["Content-Disposition"])
    assert response["Content-Disposition"].startswith("attachment")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert book["2022年"]["A1"].value == TITLE


@pytest.mark.parametrize("view", PAGES, ids=lambda view: view.__name__)
def test_who_may_not_see_planning_is_refused(view: Any) -> None:
    with pytest.raises(Refusal) as refused:
        ask(view, actor=CLERK)
    assert refused.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize("view", PAGES[:4], ids=lambda view: view.__name__)
@pytest.mark.parametrize("query", ["?year=2023", "?year=", "?rule=by_area", "?year=2022%00"])
def test_a_year_or_rule_that_is_not_there_is_refused(view: Any, query: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(view, query)
    assert refused.value.kind is Kind.INVALID


def test_nothing_is_posted_here() -> None:
    request: Any = RequestFactory().post("/planning/changji")
    request.user, request.actor = SimpleNamespace(is_authenticated=True), PLANNER
    assert views.changji(request).status_code == 405
