"""方案会商 on Changji's published figures: the method shown. Nothing is kept and nothing becomes a budget."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.planning.rules.board import user_names
from shuiheng.planning.rules.split import TITLE, Split
from shuiheng.planning.selectors.board import case_of, outcome_of, years_printed
from shuiheng.planning.views.split import asked_split, split_frame
from shuiheng.quota.rules.board import Case, Outcome
from shuiheng.quota.rules.board_asked import Asked, read_settings, what_changed
from shuiheng.quota.selectors import board_parts as parts
from shuiheng.ui.parts import Message, Part

NOT_READ = 422
WARNING = Message(
    "县市的指标没有公布。这里用公布的全州指标分摊出来的数作需求和上限，只演示会商的方法："
    "不能另存方案，也不形成任何预算。三产含居民生活（本规划口径），所以排在最前。",
    tone="look",
    lead=TITLE,
)


@login_required
@require_safe
def changji_board(request: Any) -> HttpResponse:
    """The page, or with HX-Request only what a moved slider changes."""
    split = asked_split(request)
    case = case_of(split.basis.year, split.rule)
    asked = read_settings(case, request.GET.dict())
    context = {**split_frame("changji_board", split), **_form(split, case, asked)}
    fragment = bool(request.headers.get("HX-Request"))
    if asked.said:
        return _not_read(request, asked, context, fragment=fragment)
    found = outcome_of(split.basis.year, split.rule, asked.settings)
    page = {**context, "result": _result(split, case, found)}
    template = "quota/board_live.html" if fragment else "quota/board.html"
    response = render(request, template, page)
    if fragment:
        query = parts.query(case, asked, _fixed(split))
        response["HX-Replace-Url"] = f"{reverse('planning:changji_board')}?{query}"
    return response


def _not_read(
    request: Any, asked: Asked, context: dict[str, object], *, fragment: bool
) -> HttpResponse:
    """The sentence, with what was typed still there; a fragment leaves the old figures where they are."""
    said = [Message(words, "must_fix", "没有重算") for words in asked.said.values()]
    if fragment:
        page: dict[str, object] = {"complaint": [WARNING, *said]}
        response = render(request, "quota/board_said.html", page, status=NOT_READ)
        response["HX-Retarget"] = "#board-said"
        return response
    return render(request, "quota/board.html", {**context, "complaint": said}, status=NOT_READ)


def _fixed(split: Split) -> dict[str, object]:
    return {"year": split.basis.year, "rule": split.rule.value}


def _form(split: Split, case: Case, asked: Asked) -> dict[str, object]:
    return {
        "warning": WARNING,
        "board_url": reverse("planning:changji_board"),
        "fixed": _fixed(split),
        "fixed_query": urlencode(_fixed(split)),
        "sliders": parts.sliders(case, asked, years_printed()),
        "selects": parts.selects(case, asked, industries=True),
        "more_caps": parts.more_caps(case, asked),
    }


def _result(split: Split, case: Case, found: Outcome) -> dict[str, object]:
    names = user_names(split)
    units: list[Part] = [
        parts.units_panel("减得最多的用户", found.losers, names, found.losing),
        parts.units_panel("增得最多的用户", found.gainers, names, found.gaining),
    ]
    return {
        "stats": parts.stats(found),
        "main": [
            parts.change_panel("各县市谁增谁减", "县市", found.regions, found.granted),
            parts.change_panel("各产业谁增谁减", "产业", found.sectors, found.granted),
        ],
        "aside": parts.binding_panel(found),
        "units": units,
        "changes": what_changed(case, found.settings),
    }
