"""Tables as data: columns say unit and kind, cells are Volumes, ratios, dates, texts or parts.

Text left, figures right, the unit in the head's second line, one bold column, a sum row on a dark line. On a
phone each row becomes lines: the name, then label left and figure right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from shuiheng.core.refusal import Finding
from shuiheng.core.volume import Volume, total
from shuiheng.ui import figures
from shuiheng.ui.parts import Action, Chip, Empty, Link, Pages, Part, Stat, Toolbar

NOTHING_YET = Empty("还没有内容。")


@dataclass(frozen=True)
class Column:
    """`kind`: text, whole (never broken: dates, ids), figure (right-aligned), mark (gauge or bar), action (one
    word at the right edge).

    `unit` is printed in the head and writes the Volumes below it ('%' writes ratios); `signed` puts + and −;
    `toned` colours gain and loss; `strong` is for the one column the page is about.
    """

    head: str
    unit: str = ""
    kind: str = "text"
    decimals: int | None = None
    signed: bool = False
    toned: bool = False
    strong: bool = False
    soft: bool = False  # soft ground: the chosen column of several alternatives
    unit_shown: bool = True
    sort_url: str = ""
    sorted: str = ""  # 'ascending', 'descending' or ''

    @property
    def classes(self) -> str:
        words = [
            "fig" if self.kind == "figure" else self.kind if self.kind != "text" else "",
            "strong" if self.strong else "",
            "soft" if self.soft else "",
        ]
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Cell:
    """A cell in its column: either a part to draw or a text."""

    column: Column
    value: object
    rounded: str = ""  # as printed in a column whose rows add up to their sum

    @property
    def part(self) -> Part | None:
        return self.value if isinstance(self.value, Part) else None

    @property
    def text(self) -> str:
        column = self.column
        return self.rounded or figures.written(
            self.value, column.unit, column.decimals, signed=column.signed
        )

    @property
    def classes(self) -> str:
        if not self.column.toned or self.value is None:
            return self.column.classes
        text = self.text
        tone = "loss" if text.startswith(figures.MINUS) else "gain" if text.startswith("+") else ""
        return f"{self.column.classes} {tone}".strip()


@dataclass(frozen=True)
class Row:
    """`cells` in the order of the columns. `selected` is the case shown beside the list; `pick` the value of
    its bulk box; `number` a number in front, as on the map; `url` makes the first cell a link."""

    cells: Sequence[object]
    url: str = ""
    selected: bool = False
    pick: str = ""
    picked: bool = True
    number: int | None = None
    tone: str = ""  # 'sum' for a subtotal inside the table, 'quiet' for what is not in force


@dataclass(frozen=True)
class Table(Part):
    """`sums`: the cells of the last row, the first of them its label.

    `pick` names the bulk boxes, `pick_form` the id of the form they belong to when it stands elsewhere ('preview').
    Boxes out of sight count as picked: besides the picked ones, the form posts those shown, as `<pick>_shown`.
    """

    template: ClassVar[str] = "ui/table.html"
    columns: Sequence[Column]
    rows: Sequence[Row]
    caption: str = ""
    sums: Sequence[object] = ()
    tight: bool = False
    pick: str = ""
    pick_form: str = ""
    empty: Empty = NOTHING_YET

    def __post_init__(self) -> None:
        rows = [row.cells for row in self.rows] + ([self.sums] if self.sums else [])
        assert all(len(cells) == len(self.columns) for cells in rows), (
            "a row has as many cells as the table has columns"
        )

    @property
    def numbered(self) -> bool:
        return any(row.number is not None for row in self.rows)

    @property
    def width(self) -> int:
        return len(self.columns) + self.numbered + bool(self.pick)

    @property
    def lines(self) -> list[tuple[Row, list[Cell]]]:
        rounded = [self._rounded(place) for place in range(len(self.columns))]
        return [
            (row, self._cells(row.cells, [texts[line] if texts else "" for texts in rounded]))
            for line, row in enumerate(self.rows)
        ]

    @property
    def sum_cells(self) -> list[Cell]:
        """Columns of a sum row that have no sum stay blank: hand over '' for them."""
        return self._cells(self.sums, [""] * len(self.columns))

    def _cells(self, values: Sequence[object], rounded: Sequence[str]) -> list[Cell]:
        return [
            Cell(column, value, text)
            for column, value, text in zip(self.columns, values, rounded, strict=True)
        ]

    def _rounded(self, place: int) -> list[str]:
        """The printed figures of a column whose Volumes add up to its sum; nothing when they do not."""
        column = self.columns[place]
        whole = self.sums[place] if self.sums else None
        values = [row.cells[place] for row in self.rows]
        volumes = [value for value in values if isinstance(value, Volume)]
        if not isinstance(whole, Volume) or total(volumes) != whole:
            return []
        texts = iter(
            figures.in_unit_adding_up(
                volumes, column.unit or figures.M3, column.decimals, signed=column.signed
            )
        )
        return [next(texts) if isinstance(value, Volume) else "" for value in values]


@dataclass(frozen=True)
class Panel(Part):
    """A white panel: head (title, note, unit or switch at the right), what stands in it, a foot line."""

    template: ClassVar[str] = "ui/panel.html"
    title: str
    body: Sequence[Part]
    note: str = ""
    aside: Part | str = ""
    toolbar: Toolbar | None = None
    foot: str = ""
    foot_link: Link | None = None
    pages: Pages | None = None
    wide: bool = True  # False gives what stands in it a margin; tables and lists bring their own


@dataclass(frozen=True)
class Preview(Part):
    """通过前核对 (a form with the id 'preview'): nothing is saved yet. Counts, effect on each cell and what is left, warnings, the undo rule, and
    a button that repeats the number. `form` brings the once-only key and whatever has to be filled in."""

    template: ClassVar[str] = "ui/preview.html"
    button: str
    stats: Sequence[Stat]
    title: str = "核对"
    table: Table | None = None
    findings: Sequence[Finding] = ()
    undo: str = ""
    form: object = None
    url: str = ""
    fields: Sequence[tuple[str, str]] = field(default_factory=tuple)
    others: Sequence[Action] = ()
    unsaved: str = "还没有保存任何内容"
    blocked: str = ""  # why the button is not there


# -- the account of a unit ------------------------------------------------------------------------


@dataclass(frozen=True)
class LedgerLine:
    """One line of an account: a movement of the quota (`change`) or a use, and what is left after it."""

    day: date
    kind: Chip
    summary: str
    document: Link | None
    change: Volume | None
    use: Volume | None
    balance: Volume
    estimated: bool = False


def ledger_table(
    lines: Sequence[LedgerLine],
    *,
    unit: str = figures.M3,
    change: Volume,
    use: Volume,
    balance: Volume,
    caption: str = "",
) -> Table:
    """明细: `lines` newest first as given; the sums are those of the whole account, not of the lines shown."""
    columns = [
        Column("日期", kind="whole"),
        Column("类别"),
        Column("摘要"),
        Column("凭证", kind="whole"),
        Column("额度增减", unit, kind="figure", signed=True),
        Column("用水", unit, kind="figure"),
        Column("可用余额", unit, kind="figure", strong=True),
    ]
    rows = [
        Row(
            [
                f"{line.day:%m-%d}",
                line.kind,
                Link(line.summary, note="暂估" if line.estimated else ""),
                line.document or "",
                "" if line.change is None else line.change,
                "" if line.use is None else line.use,
                line.balance,
            ]
        )
        for line in lines
    ]
    sums = ["合计", "", "", "", change, use, balance]
    empty = Empty("还没有一笔明细。", "额度下达或用水入账后，会列在这里。")
    return Table(columns, rows, caption=caption, sums=sums, tight=True, empty=empty)
