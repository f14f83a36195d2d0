"""Every figure stands in the document it names, with the words and the digits it quotes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume, total
from shuiheng.planning.rules.figures import Figure, Industry, Sense
from shuiheng.planning.selectors.published import CHANGJI, published_figures

HERE = Path(__file__).parent
PUBLISHED = published_figures()


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


EXCERPTS = {
    "plan": squeezed((HERE / "seed_excerpt.txt").read_text(encoding="utf-8")),
    "reply": squeezed((HERE / "reply_excerpt.txt").read_text(encoding="utf-8")),
}
IN_WORDS = {"7": "七"}


@pytest.mark.parametrize("figure", PUBLISHED.figures.values(), ids=lambda figure: figure.key)
def test_a_figure_is_quoted_from_its_document(figure: Figure) -> None:
    assert squeezed(figure.quote) in EXCERPTS[figure.document.key]
    digits = re.findall(r"\d+(?:\.\d+)?", figure.quote)
    assert figure.value in digits or IN_WORDS.get(figure.value, "没有") in figure.quote


@pytest.mark.parametrize("figure", PUBLISHED.figures.values(), ids=lambda figure: figure.key)
def test_a_figure_names_unit_year_and_place(figure: Figure) -> None:
    assert figure.place
    assert figure.unit or "系数" in figure.label
    assert figure.document.confidence is Confidence.OFFICIAL
    if re.search(r"\.20\d\d$", figure.key):
        assert str(figure.year) == figure.key[-4:]


def test_rows_of_tables_are_quoted() -> None:
    tables = PUBLISHED.county_tables
    quotes = [row.quote for row in (*PUBLISHED.counties, *PUBLISHED.runoff, *PUBLISHED.industries)]
    quotes += [shares.quote for shares in PUBLISHED.shares.values()]
    quotes += [tables["ground_quote"], tables["ground_order_quote"]]
    assert [quote for quote in quotes if squeezed(quote) not in EXCERPTS["plan"]] == []


def test_a_county_row_holds_the_figures_of_its_two_tables() -> None:
    names = PUBLISHED.county_tables["ground_order_quote"].split()[1:-1]
    yields = PUBLISHED.county_tables["ground_quote"].split()[1:-1]
    by_name = dict(zip(names, yields, strict=True))
    for county in PUBLISHED.counties:
        _, area, precipitation, surface = county.quote.split()
        assert (float(county.area_km2), float(county.precipitation_mm)) == (
            float(area),
            float(precipitation),
        )
        assert county.surface.yi() == surface
        assert county.ground.yi(4) == by_name[county.name]


def test_a_runoff_row_holds_the_figures_of_its_line() -> None:
    for series in PUBLISHED.runoff:
        cells = [str(series.years), series.mean, series.cv, series.cs_over_cv]
        assert [*cells, *series.quantiles.values()] == series.quote.split()


def test_printed_sums_that_hold() -> None:
    assert PUBLISHED.ground == PUBLISHED.volume("table.ground")
    assert sum(county.area_km2 for county in PUBLISHED.counties) == PUBLISHED.exact("table.area")
    parts = ("resource.surface", "resource.not_doubled")
    assert total(map(PUBLISHED.volume, parts)) == PUBLISHED.volume("resource.total")


def test_seven_counties_and_one_region_without_figure() -> None:
    assert [county.code for county in PUBLISHED.counties] == sorted(
        ["652301", "652302", "652323", "652324", "652325", "652327", "652328"]
    )
    assert [region.name for region in PUBLISHED.regions_without_figure] == ["准东经开区"]
    assert PUBLISHED.counties[0].includes == "含农业园区、高新区"


def test_shares_are_of_the_whole() -> None:
    for shares in PUBLISHED.shares.values():
        assert len(shares.percent) == len(Industry)
        assert sum(shares.percent) == 100
        assert shares.printed in shares.quote


def test_a_figure_knows_its_volume_and_its_meaning() -> None:
    assert PUBLISHED.volume("use_ecology.2019") == Volume(99_890_000)
    assert PUBLISHED.figures["leakage.2025"].sense is Sense.AT_MOST
    assert PUBLISHED.figures["leakage.2025"].printed == "≤ 9%"
    assert PUBLISHED.figures["total.2025"].printed == "24.26 亿m³"


def test_numbers_are_written_as_text_in_the_file() -> None:
    raw = yaml.safe_load(CHANGJI.read_text(encoding="utf-8"))
    values = [figure["value"] for passage in raw["passages"] for figure in passage["figures"]]
    values += [
        county[key] for county in raw["counties"] for key in ("surface", "ground", "area_km2")
    ]
    assert {type(value) for value in values} == {str}
