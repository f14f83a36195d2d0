"""Whose budget year a page is about: the city of the person who looks, its years, its regions."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from shuiheng.budget.models import AreaBudget
from shuiheng.budget.rules import AreaStage
from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import AreaKind
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions

UNDER_WAY = (AreaStage.ISSUED, AreaStage.CLOSED)


@dataclass(frozen=True)
class CityYears:
    """A city with its budget years, the newest first."""

    city: Area
    budgets: tuple[AreaBudget, ...]

    def of(self, year: int) -> AreaBudget:
        for budget in self.budgets:
            if budget.year == year:
                return budget
        raise Refusal(
            "budget.year_unknown",
            f"{self.city.name}还没有 {year} 年度的水预算。",
            kind=Kind.MISSING,
            remedy="请从页面左上的年度里选一个。",
        )

    @property
    def preparing(self) -> AreaBudget | None:
        """The year that is not issued yet; the newest one when all are."""
        waiting = [b for b in self.budgets if b.stage_term not in UNDER_WAY]
        return waiting[-1] if waiting else next(iter(self.budgets), None)

    @property
    def executing(self) -> AreaBudget | None:
        """The year that units draw on: issued and not closed; else what comes next to it."""
        issued = [b for b in self.budgets if b.stage_term is AreaStage.ISSUED]
        closed = [b for b in self.budgets if b.stage_term is AreaStage.CLOSED]
        return next(iter([*issued, *closed, *self.budgets]), None)


def city_years(actor: Actor) -> CityYears:
    """The city that an actor's posts or units belong to, and its budget years."""
    cities = Area.objects.filter(kind=AreaKind.CITY).annotate(
        has_budgets=Exists(AreaBudget.objects.filter(area=OuterRef("pk")))
    )
    near = [city for city in cities if _belongs(actor, city)]
    if not near:
        raise Refusal(
            "budget.no_city",
            "您的岗位不在任何一个市的水预算里。",
            kind=Kind.MISSING,
            remedy="请联系系统管理员安排岗位。",
        )
    city = next((city for city in near if city.has_budgets), near[0])
    budgets = AreaBudget.objects.filter(area=city).select_related("area").order_by("-year")
    return CityYears(city, tuple(budgets))


def _belongs(actor: Actor, city: Area) -> bool:
    paths = {holding.place.path for holding in actor.holdings}
    return any(
        path == city.path or path.startswith(city.path + "/") or city.path.startswith(path + "/")
        for path in paths
    )


def regions_seen(actor: Actor, city: Area, year: int) -> list[Area]:
    """The regions of a city whose budget the person may see; whoever may see none is refused."""
    regions = budget_regions(year, city)
    seen = [area for area in regions if actor.may(Permission.BUDGET_VIEW, area.place)]
    if not seen:
        require(actor, Permission.BUDGET_VIEW, city.place)
    return seen
