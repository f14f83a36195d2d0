"""Changji's boards: 21 users, laid out once for each year, rule and plan of sharing."""

from __future__ import annotations

from functools import cache

from shuiheng.planning.rules.board import case_of_split, wet_years
from shuiheng.planning.rules.split import SplitRule
from shuiheng.planning.selectors.published import published_figures, split_of
from shuiheng.quota.rules.board import (
    Answered,
    Case,
    Layout,
    Outcome,
    Plan,
    Settings,
    answer,
    lay_out,
    outcome,
)


@cache
def case_of(year: int, rule: SplitRule) -> Case:
    return case_of_split(split_of(year, rule))


@cache
def layout_of(year: int, rule: SplitRule, plan: Plan) -> Layout:
    return lay_out(case_of(year, rule), plan)


@cache
def in_force(year: int, rule: SplitRule) -> Answered:
    """The split's own figures."""
    case = case_of(year, rule)
    return answer(case, layout_of(year, rule, case.force.plan), case.force)


def outcome_of(year: int, rule: SplitRule, settings: Settings) -> Outcome:
    layout = layout_of(year, rule, settings.plan)
    return outcome(case_of(year, rule), layout, settings, in_force(year, rule))


def years_printed() -> dict[int, int]:
    """P = 50, 75 and 95 % from the longest printed series (表1.1-2)."""
    return wet_years(max(published_figures().runoff, key=lambda series: series.years))
