"""两次测算对比: regions by source or sector, the units that change most, policy and inputs in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shuiheng.budget.selectors.baseline import SHEET_SECTORS, BaselineSheet, baseline_sheet, runs
from shuiheng.budget.selectors.cities import regions_seen
from shuiheng.budget.selectors.compare import input_changes, unit_changes
from shuiheng.budget.views.setting import Setting, preparing
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES
from shuiheng.core.volume import Volume, total
from shuiheng.engine.circulation import round_both_ways
from shuiheng.office.models import Area
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.rules.why import order_changes, policy_changes
from shuiheng.quota.selectors import rules_of
from shuiheng.ui.figures import M3, PRINTED_M3, WAN, moment
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Name,
    Toolbar,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TITLE = "两次测算对比"


@login_required
@require_safe
def compare(request: Any) -> HttpResponse:
    """`a` and `b` of the address; without them the newest and the one before it."""
    page = preparing(request)
    regions = regions_seen(request.actor, page.city, page.year)
    made = runs(page.city, page.year)
    one, other = _chosen(request, made)
    by_sector = request.GET.get("by") == "sector"
    context = {
        "head": page.head(
            TITLE, "baseline_compare", crumbs=[Crumb("下达"), Crumb("水预算基准额度")],
            actions=[Action("基准额度", page.url("baseline"))],
        ),
        "main": [
            _sheets(page, made, one, other, regions, by_sector=by_sector),
            _units(page, one, other, regions),
        ],
        "aside": [_differences(one, other)],
    }  # fmt: skip
    return render(request, "budget/panels.html", context)


def _chosen(request: Any, made: list[BaselineRun]) -> tuple[BaselineRun, BaselineRun]:
    if len(made) < 2:
        raise Refusal(
            "baseline.nothing_to_compare",
            "这一年还没有两次测算，没有可对比的。",
            kind=Kind.MISSING,
            remedy="请先在基准额度页面再测算一次。",
        )
    by_key = {str(run.pk): run for run in made}
    one = by_key.get(request.GET.get("a", ""), made[1])
    return one, by_key.get(request.GET.get("b", ""), made[0])


def called(run: BaselineRun) -> str:
    """How a run is named in a list: its name if it has one, when it was made, whether it counts."""
    words = [run.name or "测算", moment(run.made_at)]
    if run.state == BaselineRun.State.ADOPTED:
        words.append("已采用")
    return " · ".join(words)


def _sheets(
    page: Setting,
    made: Sequence[BaselineRun],
    one: BaselineRun,
    other: BaselineRun,
    regions: list[Area],
    *,
    by_sector: bool,
) -> Panel:
    options = [(str(run.pk), called(run)) for run in made]
    choices = Choices(
        [
            Choice("按水源", page.url("baseline_compare", a=one.pk, b=other.pk), not by_sector),
            Choice(
                "按行业", page.url("baseline_compare", a=one.pk, b=other.pk, by="sector"), by_sector
            ),
        ]
    )
    kept = {"year": str(page.year), **({"by": "sector"} if by_sector else {})}
    toolbar = Toolbar(
        [Filter("a", "前", options, str(one.pk)), Filter("b", "后", options, str(other.pk))],
        kept=kept,
    )
    table = _table(
        baseline_sheet(one, regions), baseline_sheet(other, regions), regions, by_sector=by_sector
    )
    note = "各列是后一次减前一次"
    return Panel("分区额度（万m³）", [table], note=note, aside=choices, toolbar=toolbar)


def _table(
    one: BaselineSheet, other: BaselineSheet, regions: list[Area], *, by_sector: bool
) -> Table:
    exact: list[list[Volume]] = []
    for area in regions:
        if by_sector:
            parts = [
                other.of_sector(area.pk, s).quota - one.of_sector(area.pk, s).quota
                for s in SHEET_SECTORS
            ]
        else:
            parts = [
                other.of_source(area.pk, s).quota - one.of_source(area.pk, s).quota
                for s in NATURAL_SOURCES
            ]
        exact.append([one.of_region(area.pk).quota, *parts])
    lines: list[list[Volume]] = []
    table = round_both_ways([[volume.m3 for volume in line] for line in exact], PRINTED_M3)
    for area, printed in zip(regions, table, strict=True):
        old, *changes = (Volume(m3) for m3 in printed)
        kept = other.reserve_of(area.pk) - one.reserve_of(area.pk)
        lines.append([old, *changes, total(changes), old + total(changes), kept])
    heads = [part.label for part in (SHEET_SECTORS if by_sector else NATURAL_SOURCES)]
    columns = [Column("区域"), _column("前一次")]
    columns += [_column(head, changed=True) for head in [*heads, "合计变化"]]
    columns += [_column("后一次", strong=True), _column("预留变化", changed=True)]
    sums = [total(column) for column in zip(*lines, strict=True)]
    rows = [Row([area.name, *line]) for area, line in zip(regions, lines, strict=True)]
    return Table(columns, rows, sums=["合计", *sums], tight=True)


def _column(head: str, *, changed: bool = False, strong: bool = False) -> Column:
    return Column(
        head, WAN, kind="figure", signed=changed, toned=changed, strong=strong, unit_shown=False
    )


def _units(page: Setting, one: BaselineRun, other: BaselineRun, regions: list[Area]) -> Panel:
    found = unit_changes(one, other, regions)
    columns = [
        Column("单位", kind="whole"),
        Column("前一次", M3, kind="figure"),
        Column("后一次", M3, kind="figure", strong=True),
        Column("变化", M3, kind="figure", signed=True, toned=True),
    ]
    rows = [
        Row(
            [
                Name(
                    each.unit.name,
                    each.unit.region.name,
                    page.url("why_unit", each.unit.pk, run=other.pk),
                ),
                each.before,
                each.after,
                each.change,
            ]
        )
        for each in found.most
    ]
    more = found.count - len(found.most)
    foot = f"还有 {more} 个单位，变化合计 {found.rest.wan()} 万m³。" if more else ""
    table = Table(columns, rows, tight=True, empty=Empty("没有单位的额度不同。"))
    return Panel("变化最大的单位", [table], note=f"{found.count} 个单位不同", foot=foot)


def _differences(one: BaselineRun, other: BaselineRun) -> Panel:
    old, new = rules_of(one), rules_of(other)
    shared = [*order_changes(old, new), *policy_changes(old, new)]
    asked = input_changes(one, other)
    facts = [
        Fact("办法", "；".join(shared) or "相同"),
        Fact("输入", "；".join(asked) or "相同"),
        Fact("引擎", "相同" if one.policy["version"] == other.policy["version"] else
             f"{one.policy['version']} → {other.policy['version']}"),
        Fact("前一次摘要", one.input_digest[:16]),
        Fact("后一次摘要", other.input_digest[:16]),
    ]  # fmt: skip
    return Panel("问的有什么不同", [Facts(facts)], wide=False)
