"""Reading published/changji.yaml into the frozen figures of `rules`, and the splits made from them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import parse_m3
from shuiheng.planning.rules.figures import (
    County,
    Document,
    Figure,
    Industry,
    IndustryScope,
    Published,
    Region,
    RunoffSeries,
    Sense,
    Shares,
)
from shuiheng.planning.rules.split import Split, SplitRule, plan_split

CHANGJI = Path(__file__).resolve().parent.parent / "published" / "changji.yaml"
YI = "亿m³"


@cache
def published_figures() -> Published:
    """What the Changji plan and the prefecture's reply print, each with its place."""
    raw: dict[str, Any] = yaml.safe_load(CHANGJI.read_text(encoding="utf-8"))
    documents = {
        key: Document(key, row["title"], row["issuer"], Confidence(row["confidence"]))
        for key, row in raw["documents"].items()
    }
    return Published(
        documents=tuple(documents.values()),
        figures=_figures(raw["passages"], documents),
        shares={row["key"]: _shares(row) for row in raw["shares"]},
        counties=tuple(sorted(map(_county, raw["counties"]), key=lambda county: county.code)),
        county_tables=raw["county_tables"],
        runoff=tuple(RunoffSeries(**row) for row in raw["runoff"]),
        industries=tuple(
            IndustryScope(Industry(row["key"]), row["scope"], row["place"], row["quote"])
            for row in raw["industries"]
        ),
        regions_without_figure=tuple(Region(**row) for row in raw["regions_without_figure"]),
    )


@cache
def split_of(year: int, rule: SplitRule) -> Split:
    """The year shared by the rule."""
    return plan_split(published_figures(), year, rule)


def _figures(
    passages: list[dict[str, Any]], documents: Mapping[str, Document]
) -> Mapping[str, Figure]:
    figures: dict[str, Figure] = {}
    for passage in passages:
        for row in passage["figures"]:
            assert row["key"] not in figures, f"{row['key']} stands twice in {CHANGJI.name}"
            figures[row["key"]] = Figure(
                key=row["key"],
                label=row["label"],
                value=row["value"],
                unit=row["unit"],
                place=passage["place"],
                quote=row["quote"],
                document=documents[passage["document"]],
                year=row.get("year"),
                sense=Sense(row.get("sense", "exactly")),
                county=row.get("county", ""),
            )
    return figures


def _shares(row: Mapping[str, Any]) -> Shares:
    return Shares(
        key=row["key"],
        year=row["year"],
        percent=tuple(Fraction(Decimal(share)) for share in row["shares"]),
        printed="：".join(row["shares"]),
        place=row["place"],
        quote=row["quote"],
    )


def _county(row: Mapping[str, Any]) -> County:
    return County(
        code=row["code"],
        name=row["name"],
        includes=row.get("includes", ""),
        area_km2=Fraction(row["area_km2"]),
        precipitation_mm=Fraction(row["precipitation_mm"]),
        surface=parse_m3(row["surface"], YI),
        ground=parse_m3(row["ground"], YI),
        quote=row["quote"],
    )
