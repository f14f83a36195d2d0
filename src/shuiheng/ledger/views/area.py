"""An area's books: by source, by sector, the reserve, and the sums that prove that they are the same water."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import RegionSheet, area_seen, region_sheets
from shuiheng.ledger.views.account import Plans, asked_year, workbook_response, year_choices
from shuiheng.ledger.views.words import Documents
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions
from shuiheng.papers.sheets import Column as SheetColumn
from shuiheng.ui.figures import WAN, in_unit, in_unit_adding_up, percent
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Fact,
    Facts,
    Link,
    PageHead,
    Stat,
    StatStrip,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

SECTOR_LINES = (*PLAN_SECTORS, Sector.LOSS, Sector.SUPPLY)


@login_required
@require_safe
def area(request: Any, area_id: int, plans: Plans, documents: Documents) -> HttpResponse:
    """水账 of a region, or of the city over its regions."""
    place = area_seen(request.actor, area_id)
    year = asked_year(request)
    regions = [place] if place.has_own_budget else budget_regions(year, place)
    sheets = region_sheets([region.pk for region in regions], year)
    if request.GET.get("export") == "xlsx":
        return _workbook(request, place, year, regions, sheets)
    books = list(sheets.values())
    context = {
        "head": _head(request, place, year),
        "stats": _stats(books),
        "regions": _regions_panel(regions, sheets, year) if len(regions) > 1 else None,
        "sources": _sources_panel(books),
        "sectors": _sectors_panel(books),
        "proof": _proof_panel(books),
    }
    return render(request, "ledger/area.html", context)


def _head(request: Any, place: Area, year: int) -> PageHead:
    above = place.parent
    crumbs = [Crumb(above.name)] if above is not None else []
    return PageHead(
        f"{place.name}水账",
        crumbs=[*crumbs, Crumb(place.name), Crumb("水账")],
        year=year,
        years=year_choices(request, year),
        actions=[Action("导出 Excel", f"?year={year}&export=xlsx")],
    )


def _granted(books: Sequence[RegionSheet]) -> Volume:
    return total(sheet.total_granted for sheet in books)


def _used(books: Sequence[RegionSheet]) -> Volume:
    return total(sheet.total_used for sheet in books)


def _stats(books: Sequence[RegionSheet]) -> StatStrip:
    granted, used = _granted(books), _used(books)
    reserve = total(sheet.total_reserve for sheet in books)
    suspense = total(sheet.suspense for sheet in books)
    share = percent(used.m3 / granted.m3) if granted else "—"
    sources = total(sheet.granted.get(s, Volume()) for sheet in books for s in NATURAL_SOURCES)
    return StatStrip(
        [
            Stat("年度额度", granted, WAN, line=f"四类水源合计 {in_unit(sources, WAN)}"),
            Stat("已用", used, WAN, line=f"占额度 {share}"
                 + (f"，其中待认领 {in_unit(suspense, WAN)}" if suspense else "")),
            Stat("可用", granted - used, WAN, focus=True,
                 line=f"额度 {in_unit(granted, WAN)} − 已用 {in_unit(used, WAN)}"),
            Stat("预留余额", reserve, WAN, line="在额度之内，只用于调增"),
        ]
    )  # fmt: skip


def _regions_panel(regions: Sequence[Area], sheets: dict[int, RegionSheet], year: int) -> Panel:
    columns = [
        Column("行政区域"),
        *(Column(source.label, WAN, kind="figure") for source in NATURAL_SOURCES),
        Column("额度", WAN, kind="figure"),
        Column("已用", WAN, kind="figure", strong=True),
        Column("", kind="mark"),
        Column("预留余额", WAN, kind="figure"),
    ]
    rows = []
    for region in regions:
        sheet = sheets[region.pk]
        url = reverse("ledger:area", args=[region.pk]) + f"?year={year}"
        rows.append(Row([Link(region.name, url), *_figures([sheet])]))
    sums = ["合计", *_figures(list(sheets.values()))]
    return Panel("各区额度与用水", [Table(columns, rows, sums=sums)])


def _figures(books: Sequence[RegionSheet]) -> list[object]:
    granted, used = _granted(books), _used(books)
    return [
        *(total(s.granted.get(source, Volume()) for s in books) for source in NATURAL_SOURCES),
        granted,
        used,
        Gauge(used, granted, unit=WAN),
        total(sheet.total_reserve for sheet in books),
    ]


def _sources_panel(books: Sequence[RegionSheet]) -> Panel:
    columns = [
        Column("水源"),
        Column("额度", WAN, kind="figure"),
        Column("已用", WAN, kind="figure", strong=True),
        Column("", kind="mark"),
        Column("可用", WAN, kind="figure"),
        Column("其中预留", WAN, kind="figure"),
    ]
    rows = []
    for source in NATURAL_SOURCES:
        granted = total(sheet.granted.get(source, Volume()) for sheet in books)
        used = total(sheet.used.get(source, Volume()) for sheet in books)
        reserve = total(sheet.reserve.get(source, Volume()) for sheet in books)
        gauge = Gauge(used, granted, unit=WAN)
        rows.append(Row([source.label, granted, used, gauge, granted - used, reserve]))
    granted, used = _granted(books), _used(books)
    reserve = total(sheet.total_reserve for sheet in books)
    sums = ["合计", granted, used, "", granted - used, reserve]
    return Panel("按水源", [Table(columns, rows, sums=sums)])


def _sectors_panel(books: Sequence[RegionSheet]) -> Panel:
    columns = [
        Column("行业"),
        Column("额度", WAN, kind="figure"),
        Column("已用", WAN, kind="figure", strong=True),
        Column("", kind="mark"),
        Column("可用", WAN, kind="figure"),
    ]
    rows = []
    for sector in SECTOR_LINES:
        net, used = _sector(books, sector)
        if net or used or sector in PLAN_SECTORS:
            label = "供水单位未分到用户" if sector is Sector.SUPPLY else sector.label
            gauge: object = Gauge(used, net, unit=WAN) if net.m3 > 0 else ""
            rows.append(Row([label, net, used, gauge, net - used]))
    parts = [_sector(books, sector) for sector in SECTOR_LINES]
    net, used = total(n for n, _ in parts), total(u for _, u in parts)
    sums = ["各行业合计", net, used, "", net - used]
    foot = "公共供水按用户的行业计入，损失单列一行，同一方水只计一次。"
    return Panel("按行业", [Table(columns, rows, sums=sums)], foot=foot)


def _sector(books: Sequence[RegionSheet], sector: Sector) -> tuple[Volume, Volume]:
    parts = [sheet.by_sector[sector] for sheet in books]
    return total(p.net for p in parts), total(p.used for p in parts)


def _proof_panel(books: Sequence[RegionSheet]) -> Panel:
    """region = Σ sources = Σ sectors + reserve (+ what waits), and the same for use: as arithmetic."""
    by_sector = [(sector.label, *_sector(books, sector)) for sector in SECTOR_LINES]
    by_sector = [(label, net, used) for label, net, used in by_sector if net or used]
    rest = [
        ("预留", total(sheet.total_reserve for sheet in books)),
        ("待分配", total(v for sheet in books for v in sheet.pool.values())),
        ("预下达垫付", total(sheet.lent for sheet in books)),
    ]
    held = [(label, net) for label, net, _ in by_sector] + [(n, v) for n, v in rest if v]
    suspense = total(sheet.suspense for sheet in books)
    used = [(label, u) for label, _, u in by_sector] + ([("待认领", suspense)] if suspense else [])
    lines = [
        _sum_fact("额度按水源", _granted(books), _by_source(books, "granted")),
        _sum_fact("额度按行业", _granted(books), held),
        _sum_fact("用水按水源", _used(books), _by_source(books, "used")),
        _sum_fact("用水按行业", _used(books), used),
    ]
    return Panel("核对：同一笔水，四种加法", [Facts(lines)], aside=WAN, wide=False)


def _by_source(books: Sequence[RegionSheet], which: str) -> list[tuple[str, Volume]]:
    sums: dict[Source, Volume] = {}
    for sheet in books:
        for source, volume in getattr(sheet, which).items():
            sums[source] = sums.get(source, Volume()) + volume
    return [(source.label, sums[source]) for source in NATURAL_SOURCES if sums.get(source)]


def _sum_fact(label: str, whole: Volume, parts: Sequence[tuple[str, Volume]]) -> Fact:
    difference = whole - total(volume for _, volume in parts)
    texts = in_unit_adding_up([volume for _, volume in parts], WAN)
    words = " + ".join(f"{name} {text}" for (name, _), text in zip(parts, texts, strict=True))
    if difference:
        return Fact(label, Chip(f"差 {in_unit(difference, WAN, 4)}", "over"), note=words)
    return Fact(label, f"{in_unit(whole, WAN)} = {words or 0}", note="相符")


def _workbook(
    request: Any, place: Area, year: int, regions: Sequence[Area], sheets: dict[int, RegionSheet]
) -> HttpResponse:
    columns = [
        SheetColumn("行政区域", 18),
        SheetColumn("分项", 10),
        SheetColumn("水源或行业", 16),
        SheetColumn("额度（m³）"),
        SheetColumn("已用（m³）"),
        SheetColumn("预留（m³）"),
    ]
    rows: list[list[object]] = []
    for region in regions:
        sheet = sheets[region.pk]
        for source in NATURAL_SOURCES:
            figures = (sheet.granted, sheet.used, sheet.reserve)
            rows.append(
                [region.name, "水源", source.label, *(f.get(source, Volume()) for f in figures)]
            )
        for sector in SECTOR_LINES:
            part = sheet.by_sector[sector]
            rows.append([region.name, "行业", sector.label, part.net, part.used, None])
    return workbook_response(request, f"{place.name}{year}年水账", columns, rows)
