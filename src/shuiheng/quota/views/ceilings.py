"""取水上限: by what each unit takes its water, and who takes it by nothing (USERS 15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission
from shuiheng.core.vocabulary import Source
from shuiheng.quota import selectors
from shuiheng.quota.rules.ceilings import Ceiling, CeilingStanding, m3_by_standing
from shuiheng.quota.views.parts import list_head, regions_of, tabs, unit_toolbar, wanted_units
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import units_found
from shuiheng.ui.figures import WAN
from shuiheng.ui.parts import (
    Chip,
    Empty,
    Filter,
    Link,
    Name,
    Pages,
    Stat,
    StatStrip,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TONES = {CeilingStanding.NONE: "warned", CeilingStanding.PERMITTED: "grant"}
ALL = "all"

Line = tuple[Unit, Source, Ceiling]


@login_required
@require_safe
def ceilings(request: Any) -> HttpResponse:
    """The list of who has no ground stands first; the other standings by filter."""
    regions = regions_of(request.actor, Permission.UNIT_VIEW)
    lines = _lines(request)
    standing = request.GET.get("standing", CeilingStanding.NONE)
    shown = [line for line in lines if standing in (ALL, line[2].standing)]
    query = request.GET.urlencode()
    pages = Pages(len(shown), page_number(request.GET.get("page")), "条", query=query)
    options = [(ALL, "全部情形"), *CeilingStanding.choices()]
    chosen = Filter("standing", "凭什么取水", options, standing)
    toolbar = unit_toolbar(wanted_units(request), regions, [chosen])
    table = _table(shown[pages.start : pages.stop], request.actor)
    panel = Panel("单位与水源", [table], toolbar=toolbar, pages=pages)
    note = "没有有效许可不等于不限量：没有依据的上限为 0"
    context = {"head": list_head("取水上限", note), "tabs": tabs(request.actor, "ceilings")}
    main = [_strip(lines), panel]
    return render(request, "quota/panels.html", {**context, "main": main})


def _lines(request: Any) -> list[Line]:
    units = {u.pk: u for u in units_found(request.actor, wanted_units(request), request.today)}
    found = selectors.ceilings(units, request.today)
    rank = {pk: number for number, pk in enumerate(units)}
    ordered = sorted(found.items(), key=lambda pair: (rank[pair[0][0]], pair[0][1]))
    return [(units[pk], source, one) for (pk, source), one in ordered]


def _strip(lines: Sequence[Line]) -> StatStrip:
    """How many units take by each, and how many m³ it allows them."""
    counts = Counter(one.standing for _, _, one in lines)
    given = [(one.standing, one.volume) for _, _, one in lines if one.volume is not None]
    sums = m3_by_standing(given)
    return StatStrip(
        [
            Stat(
                standing.label,
                counts[standing],
                "条",
                line=f"上限合计 {sums[standing].wan()} 万m³" if sums[standing] else "",
                focus=standing is CeilingStanding.NONE,
            )
            for standing in CeilingStanding
        ]
    )


def _table(shown: Sequence[Line], actor: Any) -> Table:
    columns = [
        Column("单位"),
        Column("水源"),
        Column("凭什么取水"),
        Column("上限", WAN, kind="figure", strong=True),
        Column("依据"),
        Column("", kind="action"),
    ]
    empty = Empty("没有这样的单位。", "每个在取水的单位都有依据，或者换一个情形再看。")
    return Table(columns, [_row(line, actor) for line in shown], "取水上限", empty=empty)


def _row(line: Line, actor: Any) -> Row:
    unit, source, one = line
    url = reverse("registry:recognition_new", args=[unit.pk])
    may = source is not Source.NETWORK and actor.may(Permission.UNIT_EDIT, unit.place)
    lacking = one.standing in (CeilingStanding.NONE, CeilingStanding.PROVISIONAL)
    return Row(
        [
            Name(
                unit.name,
                f"{unit.region.name} · {unit.kind_term.label}",
                reverse("registry:unit", args=[unit.pk]),
            ),
            source.label,
            Chip(one.standing.label, TONES.get(one.standing, "neutral")),
            "不在这里限定" if one.volume is None else one.volume,
            one.words,
            Link("认定…", url) if may and lacking else "",
        ]
    )
