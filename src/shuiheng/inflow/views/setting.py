"""What every page of inflow has in common: area and year, its head, its tabs, how figures are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence
from shuiheng.inflow import selectors
from shuiheng.inflow.rules import EntryKind
from shuiheng.office.models import Area
from shuiheng.ui.parts import Action, Chip, Choice, Choices, Crumb, PageHead, YearChoice

SURE = frozenset({Confidence.PLAN, Confidence.OFFICIAL})
YEARS = range(1950, 2101)
TABS = (
    ("board", "来水对照"),
    ("frequency", "径流频率"),
    ("entries", "录入记录"),
    ("sites", "来水测点"),
)


@dataclass(frozen=True)
class Setting:
    area: Area
    year: int
    years: Sequence[int]

    def url(self, page: str, *args: object, **query: object) -> str:
        """An address of this capability that stays in the year."""
        words = "".join(f"&{name}={value}" for name, value in query.items() if value != "")
        return f"{reverse(f'inflow:{page}', args=args)}?year={self.year}{words}"

    def head(
        self,
        title: str,
        *,
        page: str = "board",
        crumbs: Sequence[Crumb] = (),
        actions: Sequence[Action] = (),
        note: str = "",
    ) -> PageHead:
        return PageHead(
            title,
            crumbs=[Crumb(self.area.name), Crumb("来水", self.url("board")), *crumbs],
            year=self.year,
            years=[
                YearChoice(year, f"{reverse(f'inflow:{page}')}?year={year}") for year in self.years
            ],
            actions=actions,
            note=note,
        )

    def tabs(self, current: str) -> Choices:
        choices = [Choice(label, self.url(page), page == current) for page, label in TABS]
        return Choices(choices, tabs=True, label="来水")


def setting(request: Any) -> Setting:
    area = selectors.area_of(request.actor)
    text = request.GET.get("year", "")
    known = selectors.years(area, request.today)
    asked = int(text) if text.isdecimal() and len(text) == 4 else 0
    year = asked if asked in YEARS else request.today.year
    return Setting(area, year, sorted({*known, year}))


def entry_kind(word: str) -> EntryKind:
    if word not in [kind.value for kind in EntryKind]:
        raise Refusal(
            "inflow.no_kind", "没有这种来水数据。", kind=Kind.MISSING, remedy="请从“来水”页面进入。"
        )
    return EntryKind(word)


def confidence_chip(word: str) -> Chip:
    confidence = Confidence(word)
    return Chip(confidence.label, "grant" if confidence in SURE else "neutral")
