"""What every page of the executed year has in common: its city and year, its head, its deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuiheng.budget.models import AreaBudget
from shuiheng.budget.selectors.cities import CityYears, city_years
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Area
from shuiheng.office.selectors import deadlines, rest_days
from shuiheng.ui.parts import Action, Chip, Crumb, Due, PageHead, YearChoice

MORE = "查看"


@dataclass(frozen=True)
class Setting:
    """The city of who looks, the budget of the year the page is about, and the years to choose from."""

    years: CityYears
    budget: AreaBudget

    @property
    def city(self) -> Area:
        return self.years.city

    @property
    def year(self) -> int:
        return self.budget.year

    def url(self, page: str, *args: object, **query: object) -> str:
        """An address of this capability that stays in the year."""
        words = "".join(f"&{name}={value}" for name, value in query.items() if value != "")
        return f"{reverse(f'budget:{page}', args=args)}?year={self.year}{words}"

    def head(
        self,
        title: str,
        page: str,
        *,
        crumbs: Sequence[Crumb] = (),
        chip: Chip | None = None,
        due: Due | None = None,
        note: str = "",
        aside: str = "",
        actions: Sequence[Action | None] = (),
    ) -> PageHead:
        """The head of a page; `page` is the list that the year badge switches."""
        return PageHead(
            title,
            crumbs=[Crumb(self.city.name), *crumbs],
            year=self.year,
            years=[
                YearChoice(
                    b.year, f"{reverse(f'budget:{page}')}?year={b.year}", b.stage != "closed"
                )
                for b in self.years.budgets
            ],
            chip=chip,
            due=due,
            note=note,
            aside=aside,
            actions=[action for action in actions if action is not None],
        )

    def due(self, request: Any, key: str, what: str) -> Due:
        """A deadline of the plan, with the working days that are left."""
        rest = rest_days()
        day = deadlines(request.today)[key].falls_on(self.year, rest)
        return Due.on(day, request.today, rest, what)


def preparing(request: Any) -> Setting:
    """The year asked for, or the one that is being prepared."""
    years = city_years(request.actor)
    return Setting(years, _asked(request, years) or _some(years.preparing, years))


def executing(request: Any) -> Setting:
    """The year asked for, or the one that units draw on."""
    years = city_years(request.actor)
    return Setting(years, _asked(request, years) or _some(years.executing, years))


def _asked(request: Any, years: CityYears) -> AreaBudget | None:
    text = request.GET.get("year", "")
    return years.of(int(text)) if text.isdecimal() and len(text) == 4 else None


def _some(budget: AreaBudget | None, years: CityYears) -> AreaBudget:
    if budget is None:
        raise Refusal(
            "budget.no_year",
            f"{years.city.name}还没有开始任何一个年度的编制。",
            kind=Kind.MISSING,
            remedy="每年 12 月由市级经办在“编制”里开始。",
        )
    return budget
