"""Entering 强度管控指标 and the departments' figures: a grid of areas and indicators, blank = no new figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from shuiheng.budget.rules import Indicator
from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import Area
from shuiheng.ui.forms import ActForm, DayField, FigureField

LARGEST = 10**12  # 万元: a hundred times what China produces in a year


@dataclass(frozen=True)
class MeasureRow:
    name: str
    fields: list[forms.BoundField]


class MeasureForm(ActForm):
    """Fields `f-{area}-{indicator}`; `known` are the figures in force, shown under each field."""

    head = ""
    decimals = 4

    def __init__(
        self,
        data: Any = None,
        *,
        places: Sequence[Area],
        known: Mapping[tuple[int, Indicator], Decimal],
        **rest: Any,
    ) -> None:
        super().__init__(data, **rest)
        self.places = list(places)
        for area in self.places:
            for indicator in Indicator:
                now = known.get((area.pk, indicator))
                field = FigureField(
                    unit=self.unit_of(indicator),
                    label=f"{area.name}{indicator.label}",
                    help_text=f"现行 {now.normalize():,f}" if now is not None else "",
                    required=False,
                    maximum=LARGEST,
                    decimals=self.decimals,
                )
                field.widget.attrs["aria-label"] = field.label
                self.fields[_name(area, indicator)] = field

    def unit_of(self, indicator: Indicator) -> str:
        return indicator.unit

    def head_of(self, indicator: Indicator) -> str:
        return indicator.label

    @property
    def heads(self) -> list[tuple[str, str]]:
        return [(self.head_of(one), self.unit_of(one)) for one in Indicator]

    @property
    def rows(self) -> list[MeasureRow]:
        return [
            MeasureRow(area.name, [self[_name(area, one)] for one in Indicator])
            for area in self.places
        ]

    @property
    def complaints(self) -> list[str]:
        """What is wrong in the grid, each with its place."""
        return [
            f"{self.fields[name].label}：{sentence}"
            for name, sentences in self.errors.items()
            if name.startswith("f-")
            for sentence in sentences
        ]

    @property
    def paper_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name != "key" and not name.startswith("f-")]

    def values(self) -> dict[tuple[int, Indicator], Decimal]:
        """What was filled in, once the form is valid."""
        return {
            (area.pk, one): value
            for area in self.places
            for one in Indicator
            if (value := self.cleaned_data[_name(area, one)]) is not None
        }


class LimitForm(MeasureForm):
    """强度管控指标, as issued with the totals."""

    number = forms.CharField(label="文号", max_length=60)
    issued_on = DayField(label="印发日期")


class EconomyForm(MeasureForm):
    """地区生产总值、工业增加值, as a department gives them."""

    department = forms.CharField(label="提供部门", max_length=40)
    source = forms.CharField(
        label="出处", max_length=120, help_text="文件、公报或来函的名称和日期。"
    )
    price_year = forms.IntegerField(
        label="价格基年", required=False, min_value=1978, max_value=2100,
        help_text="不变价填基年，例如 2020；现价留空。",
    )  # fmt: skip
    confidence = forms.ChoiceField(label="可信程度", choices=Confidence.choices())

    def unit_of(self, indicator: Indicator) -> str:
        return "" if indicator is Indicator.IRRIGATION else "万元"

    def head_of(self, indicator: Indicator) -> str:
        return indicator.figure


def _name(area: Area, indicator: Indicator) -> str:
    return f"f-{area.pk}-{indicator.value}"
