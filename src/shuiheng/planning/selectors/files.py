"""What leaves the system: the result as JSON, CSV and Excel. Every one begins with the title line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from shuiheng.core.volume import Volume
from shuiheng.planning.rules.figures import County, Industry, PlanSource, Published, fixed, signed
from shuiheng.planning.rules.findings import check_published
from shuiheng.planning.rules.printing import PrintedRow, printed_rows
from shuiheng.planning.rules.split import (
    TITLE,
    YEARS,
    Comparison,
    Split,
    SplitRule,
    compare_with_published,
    rule_words,
)
from shuiheng.planning.selectors.published import published_figures, split_of

CELL_HEAD = ("年度", "分摊规则", "县市代码", "县市", "水源", "产业（本规划口径）", "水量 m³")
COLUMN_WIDTH = 14
Value = str | int | Decimal


def report(years: Sequence[int]) -> dict[str, object]:
    """All that the method gives for `years`, as plain JSON; volumes in whole m³."""
    published = published_figures()
    return {
        "title": TITLE,
        "years": [_year_report(year, published) for year in years],
        "no_published_figure": [region.name for region in published.regions_without_figure],
        "findings": [
            {"code": found.code, "severity": found.severity, "sentence": found.sentence}
            | {"facts": dict(found.facts)}
            for found in check_published(published)
        ],
    }


def csv_text(years: Sequence[int]) -> str:
    """The cells of every rule as CSV: the title line, a head, then one line a cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([TITLE])
    writer.writerow(CELL_HEAD)
    for year in years:
        for rule in SplitRule:
            writer.writerows(_cell_rows(split_of(year, rule)))
    return out.getvalue()


def workbook(now: datetime) -> bytes:
    """Both years and both rules as an Excel file made at `now`: printed tables, cells in m³, findings
    and the published figures they rest on. Text is written as text."""
    published = published_figures()
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": TITLE, "created": now.replace(tzinfo=None)})
    for year in YEARS:
        _sheet(book, f"{year}年", _year_rows(year, published))
    cells = [
        row for year in YEARS for rule in SplitRule for row in _cell_rows(split_of(year, rule))
    ]
    _sheet(book, "逐格 m³", [CELL_HEAD, *cells])
    findings = [(found.label, found.code, found.sentence) for found in check_published(published)]
    _sheet(book, "核对发现", [("程度", "编号", "内容"), *findings])
    _sheet(book, "公布数字", _figure_rows(published))
    _sheet(book, "县市资源与径流频率", _resource_rows(published))
    book.close()
    return out.getvalue()


def _year_report(year: int, published: Published) -> dict[str, object]:
    splits = [split_of(year, rule) for rule in SplitRule]
    basis = splits[0].basis
    return {
        "year": year,
        "statements": dict(basis.statements),
        "total": basis.total.m3,
        "sources": {source.value: volume.m3 for source, volume in basis.sources.items()},
        "industry_percent": {key.value: fixed(share) for key, share in basis.shares.items()},
        "rules": [_rule_report(split, published) for split in splits],
    }


def _rule_report(split: Split, published: Published) -> dict[str, object]:
    return {
        "rule": split.rule.value,
        "words": rule_words(split.rule),
        "digest": split.digest,
        "counties": [_county_report(split, county) for county in split.counties],
        "compared": [
            {
                "county": one.county.name,
                "computed": one.computed.m3,
                "published": one.figure.volume.m3,
                "error": one.error.m3,
                "error_percent": fixed(one.error_percent, 1),
            }
            for one in compare_with_published(split, published)
        ],
    }


def _county_report(split: Split, county: County) -> dict[str, object]:
    return {
        "code": county.code,
        "name": county.name,
        "total": split.volume(county.code).m3,
        "sources": {s.value: split.volume(county.code, s).m3 for s in PlanSource},
        "industries": {i.value: split.volume(county.code, None, i).m3 for i in Industry},
        "cells": {
            s.value: {i.value: split.volume(county.code, s, i).m3 for i in Industry}
            for s in PlanSource
        },
    }


def _cell_rows(split: Split) -> Iterable[tuple[Value, ...]]:
    names = {county.code: county.name for county in split.counties}
    for cell in split.cells:
        yield (
            split.basis.year,
            split.rule.label,
            cell.county,
            names[cell.county],
            cell.source.label,
            cell.industry.label,
            cell.volume.m3,
        )


def _year_rows(year: int, published: Published) -> Iterable[Sequence[Value]]:
    basis = split_of(year, SplitRule.TOGETHER).basis
    yield (f"{year}年，单位亿m³，三次产业为本规划口径",)
    yield from basis.statements.items()
    for rule in SplitRule:
        split = split_of(year, rule)
        yield ()
        yield (f"{rule.label}。{rule_words(rule)}校验码 {split.digest[:8].upper()}",)
        yield ("县市", "合计", *(s.label for s in PlanSource), *(i.label for i in Industry))
        yield from (_printed_values(row) for row in printed_rows(split))
        yield from ((region.name, "无公布数") for region in published.regions_without_figure)
        yield from (_comparison_row(one) for one in compare_with_published(split, published))


def _comparison_row(one: Comparison) -> tuple[Value, ...]:
    error = signed(one.error_percent, 1)
    return (
        f"{one.county.name}对照公布数：测算",
        _in_yi(one.computed),
        "公布",
        _in_yi(one.figure.volume),
        "误差",
        _in_yi(one.error),
        f"{error}%",
        one.figure.document.title,
    )


def _printed_values(row: PrintedRow) -> tuple[Value, ...]:
    name = row.county.name if row.county else "全州"
    return (name, *map(_in_yi, (row.total, *row.sources, *row.industries)))


def _in_yi(volume: Volume, decimals: int = 2) -> Decimal:
    return Decimal(volume.yi(decimals).replace("−", "-"))


def _figure_rows(published: Published) -> Iterable[Sequence[Value]]:
    yield ("指标", "年份", "数值", "单位", "文件", "出处", "原文", "可信程度")
    for figure in published.figures.values():
        yield (
            figure.label,
            figure.year or "",
            f"{figure.sense.label}{figure.value}" if figure.sense.label else Decimal(figure.value),
            figure.unit,
            figure.document.title,
            figure.place,
            figure.quote,
            figure.document.confidence.label,
        )
    plan = published.documents[0]
    for shares in published.shares.values():
        cited = (plan.title, shares.place, shares.quote, plan.confidence.label)
        yield ("一二三产用水比例", shares.year, shares.printed, "%", *cited)


def _resource_rows(published: Published) -> Iterable[Sequence[Value]]:
    tables = published.county_tables
    yield (f"{tables['surface']}、{tables['ground']}",)
    yield ("县市代码", "县市", "面积 km²", "降水量 mm", "地表水资源量 亿m³", "地下水可开采量 亿m³")
    for county in published.counties:
        measured = (county.area_km2, county.precipitation_mm)
        yield (
            county.code,
            county.name + (f"（{county.includes}）" if county.includes else ""),
            *(Decimal(one.numerator) / one.denominator for one in measured),
            _in_yi(county.surface),
            _in_yi(county.ground, 4),
        )
    yield ()
    yield ("表1.1-2 不同保证率年径流量，亿m³",)
    yield ("年数", "均值", "Cv", "Cs/Cv", *(f"{p}%" for p in published.runoff[0].quantiles))
    for series in published.runoff:
        row = (series.mean, series.cv, series.cs_over_cv, *series.quantiles.values())
        yield (series.years, *map(Decimal, row))


def _sheet(book: xlsxwriter.Workbook, name: str, rows: Iterable[Sequence[Value]]) -> None:
    """A sheet whose first line is the title; text is never taken for a number, formula or address."""
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, TITLE, book.add_format({"bold": True}))
    sheet.set_column(0, 7, COLUMN_WIDTH)
    sheet.set_header(f"&C{TITLE}")
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, column, value)
            else:
                _, _, decimals = str(value).partition(".")
                shape = f"0.{'0' * len(decimals)}" if decimals else "0"
                sheet.write_number(line, column, value, book.add_format({"num_format": shape}))
