"""Runs in a child process of its own: reads one untrusted workbook from stdin, writes its cells as JSON.

A 5 kB file can make a parser abort or eat all memory; here only this child dies of it. It imports nothing of
the house, touches no database, and is bounded by the limits that its parent sets before it opens the file.
The answer is `{"rows": [...], "notes": [[code, row, column], ...]}` or `{"refused": code, ...facts}`.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import iterparse
from zipfile import ZipFile

EXACT_DIGITS = 15  # Excel keeps no more of a number
MAX_NOTES = 200  # enough to see what is wrong
Note = tuple[str, int, int]


class Refused(Exception):  # noqa: N818  like core.refusal.Refusal, whose sentence the parent finds
    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.answer = {"refused": code, **facts}


def main() -> None:
    kind, max_rows, max_columns, max_letters, memory, seconds = sys.argv[1], *map(int, sys.argv[2:])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        grid = xlsx_cells(content) if kind == "xlsx" else xls_cells(content, max_rows)
        answer = bounded(grid, max_rows, max_columns, max_letters)
    except Refused as refused:
        answer = refused.answer
    except MemoryError:
        answer = {"refused": "too_heavy"}
    except Exception as error:  # whatever a parser raises on a hostile file is "cannot be read"
        answer = {"refused": "unreadable", "reason": f"{type(error).__name__}: {error}"[:200]}
    json.dump(answer, sys.stdout, ensure_ascii=False)


def xlsx_cells(content: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows of the first visible sheet: of a formula, the result that was saved with it."""
    from openpyxl import load_workbook
    from openpyxl.utils.cell import coordinate_to_tuple

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise Refused("no_sheet")
    visible[0].reset_dimensions()  # a workbook may lie about its own size
    bare = {coordinate_to_tuple(name) for name in formulas_without_result(content, visible[0])}
    if not bare:
        yield from visible[0].iter_rows(values_only=True)
        return
    for number, values in enumerate(visible[0].iter_rows(values_only=True), 1):
        yield tuple(
            FORMULA if (number, column) in bare else value for column, value in enumerate(values, 1)
        )


FORMULA = object()
"""A formula whose file holds no result: nothing here evaluates it."""


def formulas_without_result(content: bytes, sheet: Any) -> Iterator[str]:
    """The cells with a formula and no saved value, such as programs write them."""
    with ZipFile(io.BytesIO(content)) as archive:
        part = archive.read(sheet._worksheet_path)
    if not re.search(rb"<(?:\w+:)?f[ />]", part):
        return
    for _, element in iterparse(io.BytesIO(part)):
        if element.tag.endswith("}c"):
            inside = {child.tag.rpartition("}")[2]: child.text for child in element}
            empty_text = (
                "v" in inside and element.get("t") == "str"
            )  # the result of ="" is saved so
            if "f" in inside and not inside.get("v") and not empty_text and "r" in element.attrib:
                yield element.attrib["r"]
        elif element.tag.endswith("}row"):
            element.clear()


def xls_cells(content: bytes, max_rows: int) -> Iterator[tuple[Any, ...]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for about in book.sheets_metadata:
        if about.typ is SheetTypeEnum.WorkSheet and about.visible is SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_name(about.name)
            if sheet.end and sheet.end[0] >= max_rows:  # before the rectangle becomes objects
                raise Refused("too_many_rows", row=sheet.end[0] + 1)
            yield from (tuple(row) for row in sheet.to_python(skip_empty_area=False))
            return
    raise Refused("no_sheet")


def bounded(
    grid: Iterable[tuple[Any, ...]], max_rows: int, max_columns: int, max_letters: int
) -> dict[str, object]:
    """Rows of text without empty ends, or the first limit that they break."""
    rows: list[list[str]] = []
    notes: list[Note] = []
    letters = empty = 0
    for number, values in enumerate(grid, 1):
        row = [text_of(value, number, column, notes) for column, value in enumerate(values, 1)]
        while row and not row[-1]:
            row.pop()
        if not row:
            empty += 1
            continue
        if number > max_rows:
            raise Refused("too_many_rows", row=number)
        if len(row) > max_columns:
            raise Refused("too_many_columns", row=number, column=len(row))
        letters += sum(map(len, row))
        if letters > max_letters:
            raise Refused("too_heavy")
        rows.extend([] for _ in range(empty))
        empty = 0
        rows.append(row)
    return {"rows": rows, "notes": notes[:MAX_NOTES]}


def text_of(value: Any, row: int, column: int, notes: list[Note]) -> str:
    """A cell as a person reads it: no `.0`, no exponent, dates in ISO form."""
    match value:
        case None | "":
            return ""
        case str():
            if value in ERRORS:
                notes.append(("error_value", row, column))
            return value.strip()
        case bool():
            return "是" if value else "否"
        case int():
            return str(value)
        case float():
            if abs(value) >= 10**EXACT_DIGITS:
                notes.append(("long_number", row, column))
            return format(Decimal(f"{value:.{EXACT_DIGITS}g}"), "f")
        case datetime():
            return str(value.date()) if value.time() == time() else value.isoformat(" ", "minutes")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _ if value is FORMULA:
            notes.append(("formula_without_result", row, column))
            return ""
        case _:
            return str(value)


ERRORS = {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#N/A", "#SPILL!", "#CALC!"}

if __name__ == "__main__":
    main()
