"""Duties and decisions as they are drawn, and the year a page is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from shuiheng.core.calendar import RestDays
from shuiheng.core.duty import DutyFact
from shuiheng.ui.parts import Action, Decision, DecisionList, Due, Duty, DutyList, Link, YearChoice


def asked_year(request: Any) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and len(text) == 4 else int(request.today.year)


def year_choices(request: Any, year: int) -> list[YearChoice]:
    """The years whose books may move: last year until it is locked, this one, and the next in December."""
    now = request.today.year
    return [
        YearChoice(y, f"?year={y}") for y in sorted({now + 1, now, now - 1, year}, reverse=True)
    ]


def address(fact: DutyFact) -> str:
    return reverse(fact.route, kwargs=dict(fact.args) or None) + fact.query


def duty_list(facts: Sequence[DutyFact], today: date, rest: RestDays) -> DutyList:
    return DutyList(
        [
            Duty(
                Due.on(fact.due, today, rest),
                fact.what,
                fact.detail,
                Link(fact.verb, address(fact)),
            )
            for fact in facts
            if not fact.decides
        ]
    )


def decision_list(facts: Sequence[DutyFact]) -> DecisionList | None:
    """需要您决定; the first button is the primary one of the page."""
    waiting = [fact for fact in facts if fact.decides]
    if not waiting:
        return None
    return DecisionList(
        [
            Decision(
                fact.what,
                fact.detail,
                "",
                Action(fact.verb, address(fact), primary=place == 0),
            )
            for place, fact in enumerate(waiting)
        ]
    )
