"""Changji's pages: the method with both rules side by side, its cells, the figures it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.core.refusal import Finding, Kind, Refusal, Severity
from shuiheng.core.volume import Volume
from shuiheng.hydrology.pearson3 import Pearson3
from shuiheng.planning.rules.figures import (
    County,
    Document,
    Figure,
    Industry,
    PlanSource,
    Published,
    fixed,
    signed,
)
from shuiheng.planning.rules.findings import check_published, touches
from shuiheng.planning.rules.printing import PrintedRow, printed_column, printed_rows
from shuiheng.planning.rules.split import (
    TITLE,
    YEARS,
    Split,
    SplitRule,
    compare_with_published,
    require_rule,
    require_year,
    rule_words,
)
from shuiheng.planning.selectors.files import workbook
from shuiheng.planning.selectors.published import published_figures, split_of
from shuiheng.ui.figures import M3, NOT_APPLICABLE, YI
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Empty,
    Fact,
    Facts,
    FindingList,
    Link,
    Message,
    Name,
    PageHead,
    Stat,
    StatStrip,
    YearChoice,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_NAME = f"昌吉州指标分摊测算（{TITLE}）.xlsx"
UNKNOWN = "无公布数"


@login_required
@require_safe
def changji(request: Any) -> HttpResponse:
    """What was given, the result of the chosen rule, both rules side by side, the check, the findings."""
    split = asked_split(request)
    published = published_figures()
    context = {
        **split_frame("changji", split),
        "warning": _warning(),
        "stats": _stats(split, published),
        "basis": _basis_panel(split),
        "result": _result_panel(split, published),
        "side_by_side": _side_by_side_panel(split.basis.year),
        "ground": _ground_panel(split.basis.year),
        "check": _check_panel(split.basis.year, published),
        "findings": _findings_panel(split, published),
    }
    return render(request, "planning/changji.html", context)


@login_required
@require_safe
def changji_cells(request: Any) -> HttpResponse:
    """County × source × industry in whole m³, nothing rounded."""
    split = asked_split(request)
    panel = _cells_panel(split)
    context = {**split_frame("changji_cells", split), "warning": _warning(), "panels": [panel]}
    return render(request, "planning/changji_panels.html", context)


@login_required
@require_safe
def changji_findings(request: Any) -> HttpResponse:
    """Every contradiction with both figures in columns, those that touch a computed year first."""
    split = asked_split(request)
    panel = _contradictions_panel(check_published(published_figures()))
    context = {**split_frame("changji_findings", split), "panels": [panel]}
    return render(request, "planning/changji_panels.html", context)


@login_required
@require_safe
def changji_figures(request: Any) -> HttpResponse:
    """Every published figure that is held, with its place and its words."""
    split = asked_split(request)
    published = published_figures()
    panels = [_county_panel(published), _runoff_panel(published), _figures_panel(published)]
    context = {**split_frame("changji_figures", split), "panels": panels}
    return render(request, "planning/changji_panels.html", context)


@login_required
@require_safe
def changji_workbook(request: Any) -> HttpResponse:
    """Both years, both rules, cells, findings and figures as one Excel file."""
    _require_planner(request)
    response = HttpResponse(workbook(request.now), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, FILE_NAME)
    return response


def _require_planner(request: Any) -> None:
    """The prefecture is no place of this city's tree: whoever may see planning anywhere may see this."""
    if not request.actor.may_somewhere(Permission.PLANNING_VIEW):
        raise Refusal(
            "access.denied",
            f"您的岗位没有“{Permission.PLANNING_VIEW.label}”的权限。",
            kind=Kind.FORBIDDEN,
            remedy="如果这是您的工作，请联系系统管理员安排岗位。",
            facts={"permission": Permission.PLANNING_VIEW.value},
        )


def asked_split(request: Any) -> Split:
    """The split of the year and rule in the address, for someone who may see it."""
    _require_planner(request)
    year = require_year(request.GET.get("year", str(YEARS[0])))
    return split_of(year, require_rule(request.GET.get("rule", SplitRule.TOGETHER.value)))


def _address(page: str, year: int, rule: SplitRule) -> str:
    return f"{reverse(f'planning:{page}')}?{urlencode({'year': year, 'rule': rule.value})}"


def split_frame(page: str, split: Split) -> dict[str, object]:
    """Page head and tabs; the tabs keep year and rule."""
    year, rule = split.basis.year, split.rule
    tabs = {
        "changji": "测算",
        "changji_cells": "逐格",
        "changji_findings": "核对发现",
        "changji_figures": "公布数字",
        "changji_board": "方案会商",
    }
    head = PageHead(
        "昌吉州用水指标分摊测算",
        crumbs=[Crumb("规划"), Crumb("昌吉州")],
        year=year,
        years=[YearChoice(other, _address(page, other, rule)) for other in YEARS],
        actions=[Action("导出 Excel", reverse("planning:changji_workbook"))],
        chip=Chip(TITLE, "warned"),
    )
    choices = [
        Choice(label, _address(name, year, rule), name == page) for name, label in tabs.items()
    ]
    return {"head": head, "tabs": Choices(choices, tabs=True, label="这一测算的各页")}


def _warning() -> Message:
    return Message(
        "县市的指标没有公布。下面是按公布的全州指标和各县市水资源量、用两条规则算出来的，"
        "只用来看方法和规则之间的差别，不能当作任何县市的指标。",
        tone="look",
        lead=TITLE,
    )


def _year_choices(split: Split) -> Choices:
    choices = [
        Choice(f"{year} 年", _address("changji", year, split.rule), year == split.basis.year)
        for year in YEARS
    ]
    return Choices(choices, label="年度")


def _rule_choices(page: str, split: Split) -> Choices:
    choices = [
        Choice(rule.label, _address(page, split.basis.year, rule), rule is split.rule)
        for rule in SplitRule
    ]
    return Choices(choices, label="分摊规则")


def _stats(split: Split, published: Published) -> StatStrip:
    last = printed_rows(split)[-1]
    whole = Stat("全州总量", last.total, YI, f"{split.basis.year}年，三种水源之和", focus=True)
    sources = [
        Stat(source.label, volume, YI, f"占 {_percent(volume, last.total)}")
        for source, volume in zip(PlanSource, last.sources, strict=True)
    ]
    return StatStrip([whole, *sources, _check_stat(split, published)])


def _check_stat(split: Split, published: Published) -> Stat:
    for one in compare_with_published(split, published):
        line = f"测算 {one.computed.yi()}，公布 {one.figure.value}"
        beside = f"{signed(one.error_percent, 1)}%"
        label = f"{one.county.name}与公布数之差"
        return Stat(label, one.error, YI, line, beside=beside, signed=True)
    printed = published.figures[f"total.{split.basis.year}"]
    line = f"所印 {printed.value}，分水源之和 {split.basis.total.yi()}"
    gap = split.basis.total - printed.volume
    return Stat("与所印总量之差", gap, YI, line, signed=True)


def _percent(part: Volume, whole: Volume) -> str:
    return f"{fixed(Fraction(100 * part.m3, whole.m3), 1)}%"


def _basis_panel(split: Split) -> Panel:
    words = {**split.basis.statements, "分到县市": rule_words(split.rule)}
    facts = [Fact(label, text) for label, text in words.items()]
    aside = _year_choices(split)
    return Panel("给定的数和取法", [Facts(facts)], aside=aside, wide=False)


def _result_panel(split: Split, published: Published) -> Panel:
    columns = [
        Column("县市"),
        Column("合计", YI, "figure", strong=True),
        *(Column(source.label, YI, "figure") for source in PlanSource),
        *(Column(industry.label, YI, "figure") for industry in Industry),
    ]
    *rows, last = printed_rows(split)
    lines = [Row([_county_name(row), *_volumes(row)]) for row in rows]
    blanks = [NOT_APPLICABLE] * (len(PlanSource) + len(Industry))
    lines += [
        Row([Name(region.name), UNKNOWN, *blanks], tone="quiet")
        for region in published.regions_without_figure
    ]
    table = Table(columns, lines, "分到县市的水量", sums=["全州", *_volumes(last)], tight=True)
    foot = (
        "合计＝三种水源之和＝三次产业之和；印出的数逐行逐列都加得起来。"
        f"三次产业为本规划口径。校验码 {split.digest[:8].upper()}"
    )
    aside = _rule_choices("changji", split)
    return Panel(f"{split.rule.label}：分到县市", [table], note=TITLE, aside=aside, foot=foot)


def _side_by_side_panel(year: int) -> Panel:
    columns = [
        Column("县市"),
        *(Column(rule.label, YI, "figure") for rule in SplitRule),
        Column("B−A", YI, "figure", signed=True, toned=True, strong=True),
    ]
    first, second = (printed_rows(split_of(year, rule)) for rule in SplitRule)
    cells = [
        [_county_name(a), a.total, b.total, b.total - a.total]
        for a, b in zip(first, second, strict=True)
    ]
    table = Table(columns, [Row(row) for row in cells[:-1]], "两条规则", sums=cells[-1], tight=True)
    return Panel("两条规则并排", [table], note=TITLE)


def _ground_panel(year: int) -> Panel:
    columns = [
        Column("县市"),
        Column("可开采量", YI, "figure"),
        *(
            column
            for letter in "AB"
            for column in (
                Column(f"{letter} 地下水", YI, "figure"),
                Column(f"{letter} 超出", YI, "figure", signed=True, strong=True),
            )
        ),
    ]
    both = [printed_rows(split_of(year, rule)) for rule in SplitRule]
    ground = list(PlanSource).index(PlanSource.GROUND)
    allowable = printed_column([row.county.ground for row in both[0] if row.county])
    cells = [
        [
            _county_name(a),
            limit,
            *(volume for row in (a, b) for volume in _against(row.sources[ground], limit)),
        ]
        for a, b, limit in zip(*both, allowable, strict=True)
    ]
    table = Table(columns, [Row(row) for row in cells[:-1]], "地下水", sums=cells[-1], tight=True)
    foot = (
        "取水条例第七条：批准取用地下水的总水量不得超过可开采量。超出的部分没有压下去，只列出来。"
    )
    return Panel("地下水与可开采量", [table], note=TITLE, foot=foot)


def _against(volume: Volume, limit: Volume) -> tuple[Volume, Volume]:
    return volume, volume - limit


def _check_panel(year: int, published: Published) -> Panel:
    columns = [
        Column("分摊规则"),
        Column("县市"),
        Column("测算", YI, "figure"),
        Column("公布", YI, "figure"),
        Column("误差", YI, "figure", signed=True, strong=True),
        Column("误差比例", "%", "figure", signed=True, strong=True),
    ]
    compared = [
        (rule, one)
        for rule in SplitRule
        for one in compare_with_published(split_of(year, rule), published)
    ]
    rows = [
        Row(
            [
                rule.label,
                one.county.name,
                one.computed,
                one.figure.volume,
                one.error,
                one.error_percent / 100,
            ]
        )
        for rule, one in compared
    ]
    empty = Empty(f"{year}年没有公布任何县市的数，不能对照。", "唯一公布的县市数在2022年。")
    table = Table(columns, rows, "与公布数对照", empty=empty, tight=True)
    cited = [one.figure for _, one in compared[:1]]
    return Panel("与公布的县市数对照", [table], note=TITLE, foot="".join(map(_citation, cited)))


def _citation(figure: Figure) -> str:
    return f"公布数：“{figure.quote}”，{figure.document.title}，{figure.document.issuer}。"


def _findings_panel(split: Split, published: Published) -> Panel:
    year = split.basis.year
    findings = check_published(published)
    touching = [finding for finding in findings if touches(finding, year)]
    note = f"{len(touching)} 处影响{year}年；两边的数都列出，不改任何一个"
    link = Link(f"全部 {len(findings)} 处", _address("changji_findings", year, split.rule))
    return Panel("核对发现", [FindingList(touching)], note=note, aside=link, wide=False)


def _contradictions_panel(findings: Sequence[Finding]) -> Panel:
    columns = [
        Column("事项"),
        Column("一处"),
        Column("另一处"),
        Column("相差", kind="figure", strong=True),
        Column("测算怎么处理"),
    ]
    rows = [Row(_contradiction(finding.facts)) for finding in findings]
    touching = sum(finding.severity is Severity.LOOK for finding in findings)
    note = f"{len(findings)} 处，其中 {touching} 处影响测算；两边的数都列出，不改任何一个"
    return Panel("核对发现", [Table(columns, rows, "核对发现", tight=True)], note=note)


def _contradiction(facts: Mapping[str, Any]) -> list[object]:
    years = "、".join(map(str, facts["years"]))
    return [
        Name(facts["what"], f"影响{years}年" if years else "不影响测算"),
        Name(facts["first"], facts["first_at"].removesuffix("＝")),
        Name(facts["second"], facts["second_at"].removesuffix("＝")),
        facts["difference"] or NOT_APPLICABLE,
        facts["so"],
    ]


def _cells_panel(split: Split) -> Panel:
    columns = [
        Column("县市"),
        Column("水源"),
        *(Column(industry.label, M3, "figure") for industry in Industry),
        Column("合计", M3, "figure", strong=True),
    ]
    lines = [
        Row([county.name, source.label, *_parts(split, county, source)])
        for county in split.counties
        for source in PlanSource
    ]
    sums = ["全州", "", *_parts(split, None, None)]
    table = Table(columns, lines, "逐格水量", sums=sums, tight=True)
    title = f"{split.rule.label}：县市 × 水源 × 产业"
    aside = _rule_choices("changji_cells", split)
    return Panel(title, [table], note=f"{TITLE}；整 m³，没有舍入", aside=aside)


def _parts(split: Split, county: County | None, source: PlanSource | None) -> list[Volume]:
    code = county.code if county else None
    industries = [split.volume(code, source, industry) for industry in Industry]
    return [*industries, split.volume(code, source)]


def _county_panel(published: Published) -> Panel:
    columns = [
        Column("县市"),
        Column("面积", "km²", "figure"),
        Column("降水量", "mm", "figure", decimals=1),
        Column("地表水资源量", YI, "figure"),
        Column("地下水可开采量", YI, "figure", decimals=4),
    ]
    rows = [
        Row(
            [
                Name(county.name, county.includes),
                int(county.area_km2),
                county.precipitation_mm,
                county.surface,
                county.ground,
            ]
        )
        for county in published.counties
    ]
    sums = [
        "所印合计",
        int(published.exact("table.area")),
        published.exact("table.precipitation"),
        published.volume("table.surface"),
        published.volume("table.ground"),
    ]
    tables = published.county_tables
    note = f"{tables['surface']}、{tables['ground']}，不含兵团"
    return Panel(
        "县市水资源", [Table(columns, rows, "县市水资源", sums=sums, tight=True)], note=note
    )


def _runoff_panel(published: Published) -> Panel:
    percents = list(published.runoff[0].quantiles)
    columns = [
        Column("系列"),
        *(Column(head, kind="figure") for head in ("均值", "Cv", "Cs/Cv")),
        *(Column(f"P={percent}%", kind="figure") for percent in percents),
    ]
    rows = []
    for series in published.runoff:
        printed = [series.quantiles[percent] for percent in percents]
        rows.append(
            Row([f"{series.years} 年", series.mean, series.cv, series.cs_over_cv, *printed])
        )
        cv = float(series.cv)
        curve = Pearson3(float(series.mean), cv, float(series.cs_over_cv) * cv)
        computed = [f"{curve.quantile(int(percent) / 100):.2f}" for percent in percents]
        rows.append(Row(["皮尔逊Ⅲ型推算", "", "", "", *computed], tone="quiet"))
    foot = "按原表照录，不参与分摊；推算用印出的 Cv 和 Cs/Cv，供核对。这是统计成果，不是逐年系列。"
    table = Table(columns, rows, "径流频率", tight=True)
    return Panel("不同保证率年径流量", [table], note="表1.1-2，亿m³", foot=foot)


def _figures_panel(published: Published) -> Panel:
    columns = [
        Column("指标"),
        Column("年份"),
        Column("数值", kind="figure", strong=True),
        Column("出处"),
        Column("原文"),
    ]
    shares = [
        Row(["一二三产用水比例", str(one.year), f"{one.printed}%", one.place, one.quote])
        for one in published.shares.values()
    ]
    rows = [
        Row(
            [
                figure.label,
                str(figure.year or NOT_APPLICABLE),
                figure.printed,
                Name(figure.place, _document_line(figure.document)),
                figure.quote,
            ]
        )
        for figure in published.figures.values()
    ]
    note = f"{len(rows) + len(shares)} 个，逐个注明出处和原文"
    return Panel("公布数字", [Table(columns, [*rows, *shares], "公布数字", tight=True)], note=note)


def _document_line(document: Document) -> str:
    return f"{document.title} · {document.confidence.label}"


def _county_name(row: PrintedRow) -> object:
    return Name(row.county.name, row.county.includes) if row.county else "全州"


def _volumes(row: PrintedRow) -> list[Volume]:
    return [row.total, *row.sources, *row.industries]
