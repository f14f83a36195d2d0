"""A grid of volumes, region × source in 万m³, with the sums of its rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from shuiheng.core.vocabulary import NATURAL_SOURCES, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.ui import figures
from shuiheng.ui.forms import ActForm, VolumeField

Cells = Mapping[tuple[int, Source], Volume]


@dataclass(frozen=True)
class GridRow:
    """A region with its fields and what they add up to ('' while one of them cannot be read)."""

    name: str
    below: str
    fields: list[BoundField]
    sum: str


class CellField(VolumeField):
    """A cell: `short` is what stands beside it on a phone, where the row's name stands above."""

    short = ""


class GridForm(ActForm):
    """Fields `v-{area}-{source}`; a blank one is 0. `signed` takes changes, up and down."""

    signed = False

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        places: Sequence[Area],
        cells: Cells,
        **rest: Any,
    ) -> None:
        super().__init__(data, files, **rest)
        self.places = list(places)
        for area in self.places:
            for source in NATURAL_SOURCES:
                field = CellField(
                    label=f"{area.name}{source.label}",
                    required=False,
                    initial=cells.get((area.pk, source)),
                    negative=self.signed,
                )
                field.short = source.label
                field.widget.attrs["aria-label"] = field.label
                self.fields[_name(area, source)] = field

    @property
    def sources(self) -> list[str]:
        return [source.label for source in NATURAL_SOURCES]

    @property
    def rows(self) -> list[GridRow]:
        return [
            GridRow(
                self.row_name(area),
                self.row_note(area),
                [self[_name(area, source)] for source in NATURAL_SOURCES],
                self._written([self._typed(area, source) for source in NATURAL_SOURCES]),
            )
            for area in self.places
        ]

    def row_name(self, area: Area) -> str:
        return area.name

    def row_note(self, area: Area) -> str:
        return ""

    @property
    def column_sums(self) -> list[tuple[str, str]]:
        return [
            (s.label, self._written([self._typed(area, s) for area in self.places]))
            for s in NATURAL_SOURCES
        ]

    @property
    def whole(self) -> str:
        cells = [self._typed(area, s) for area in self.places for s in NATURAL_SOURCES]
        return self._written(cells)

    @property
    def grid_complaints(self) -> list[str]:
        """What is wrong in the grid, each with its place: the cells are too narrow for sentences."""
        return [
            f"{self.fields[name].label}：{sentence}"
            for name, sentences in self.errors.items()
            if name.startswith("v-")
            for sentence in sentences
        ]

    def lines(self) -> dict[tuple[int, Source], Volume]:
        """The figures, once the form is valid."""
        return {
            (area.pk, source): self.cleaned_data[_name(area, source)] or Volume()
            for area in self.places
            for source in NATURAL_SOURCES
        }

    def sum_of(self) -> Volume:
        return total(self.lines().values())

    def _typed(self, area: Area, source: Source) -> Volume | None:
        """What stands in a cell now, whether the form has been sent or not; None if unreadable."""
        name = _name(area, source)
        if not self.is_bound:
            return self.fields[name].initial or Volume()
        if name in self.errors:
            return None
        return self.cleaned_data.get(name) or Volume()

    def _written(self, cells: Sequence[Volume | None]) -> str:
        known = [cell for cell in cells if cell is not None]
        if len(known) < len(cells):
            return ""
        return figures.in_unit(total(known), figures.WAN, signed=self.signed)


def _name(area: Area, source: Source) -> str:
    return f"v-{area.pk}-{source.value}"
