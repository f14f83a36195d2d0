"""Where the year is played: its people, its date, its keys, and the check after each act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from django.db.models import QuerySet

from shuiheng.budget.models import (
    Budget,
)
from shuiheng.core.clock import beijing_noon
from shuiheng.core.refusal import Refusal
from shuiheng.ledger.selectors import Breach, breaches
from shuiheng.rehearsal.services.founding import Cast

Report = Callable[[str], None]


@dataclass(slots=True)
class YearReport:
    """What happened: acts by name, refusals that were rightly met, and breaches, if any."""

    acts: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    transfers: int = 0
    units: int = 0
    over_used: int = 0


class Stage:
    """Where the year is played: its people, its date, its keys, and the check after each act."""

    def __init__(self, cast: Cast, year: int, seed: int, report: Report, *, check: bool) -> None:
        self.cast = cast
        self.year = year
        self.random = Random(f"year-{seed}")
        self.report = report
        self.check = check
        self.last_month_estimated = 12
        self.outcome = YearReport()
        self._key = 0
        self.on(cast.day)

    def on(self, day: date) -> None:
        """Move to a day; the calendar never runs backwards."""
        self.cast.day = day
        self.now = beijing_noon(day)

    @property
    def key(self) -> str:
        self._key += 1
        return f"year:{self.year}:{self._key}"

    @property
    def areas(self) -> list[int]:
        return [self.cast.city.pk, *(area.pk for area in self.cast.regions)]

    def did(self, name: str) -> None:
        """Count an act and look whether the books still hold."""
        self.outcome.acts[name] = self.outcome.acts.get(name, 0) + 1
        if self.check:
            found = breaches(self.areas, self.year)
            self.outcome.breaches += found
            for breach in found[:3]:
                self.report(f"  ✗ {name}：{breach}")

    def must_refuse(self, code: str, act: Callable[[], object]) -> None:
        """Try what must not be: anything but this refusal is a breach."""
        try:
            act()
        except Refusal as refusal:
            if refusal.code == code:
                self.outcome.refusals[code] = self.outcome.refusals.get(code, 0) + 1
                return
            self.outcome.breaches.append(Breach(f"应拒绝 {code}", str(refusal), 0, 1))
            return
        self.outcome.breaches.append(Breach(f"应拒绝 {code}", "却通过了", 0, 1))


def budgets_of(stage: Stage) -> QuerySet[Budget]:
    return Budget.objects.filter(year=stage.year, region__in=stage.cast.regions)
