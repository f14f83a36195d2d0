"""Excel in and out. Reading trusts nothing: limits first, then a child process with its own; writing keeps
text as text, so that a name beginning with “=” stays a name.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile, ZipFile

import xlsxwriter

from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.volume import Volume

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ZIP_MEMBERS = 200
MAX_UNCOMPRESSED_BYTES = 200 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_LETTERS = 50_000_000
READER_MEMORY_BYTES = 1024 * 1024 * 1024
READER_SECONDS = 60

READER = Path(__file__).with_name("sheet_reader.py")
ZIP_START, OLE_START = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
ZIP_MEMBER = b"PK\x01\x02"
AS_XLSX = "请用 Excel 或 WPS 打开它，另存为 .xlsx 后重新上传。"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a workbook's first visible sheet as text (row 1 of the file is `rows[0]`), and what in it
    cannot be trusted as it stands."""

    rows: tuple[tuple[str, ...], ...]
    findings: tuple[Finding, ...]


def read_sheet(content: bytes) -> Sheet:
    """Read an uploaded .xlsx or .xls; what it is called does not matter, what it is does.

    18-digit codes in text cells survive; a number reads as a person sees it, without “.0”; a formula gives
    the result saved with it. Raises Refusal for everything that cannot be read within the limits.
    """
    kind = _check_file(content)
    answer = _read_in_child(kind, content)
    if "refused" in answer:
        _refuse(str(answer["refused"]), answer)
    rows = tuple(tuple(row) for row in answer["rows"])
    return Sheet(rows, tuple(_finding(*note) for note in answer["notes"]))


def column_letters(column: int) -> str:
    """1 → A, 27 → AA, as Excel names its columns."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_file(content: bytes) -> str:
    """'xlsx' or 'xls' by content, within the limits that can be checked without opening it."""
    if not content:
        _refuse("empty", {})
    if len(content) > MAX_FILE_BYTES:
        _refuse("too_big", {})
    if content.startswith(OLE_START):
        if "EncryptedPackage".encode("utf-16-le") in content:
            _refuse("encrypted", {})
        return "xls"
    if not content.startswith(ZIP_START):
        _refuse("web_page" if content.lstrip()[:1] == b"<" else "not_excel", {})
    _check_zip(content)
    return "xlsx"


def _check_zip(content: bytes) -> None:
    """Members and their declared sizes; a member cannot give more than it declares (zipfile stops there).

    The members are counted before the directory is opened: each begins with the same four bytes.
    """
    if content.count(ZIP_MEMBER) > MAX_ZIP_MEMBERS:
        _refuse("zip_bomb", {})
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (BadZipFile, NotImplementedError, ValueError, OSError):
        _refuse("unreadable", {})
    if sum(member.file_size for member in members) > MAX_UNCOMPRESSED_BYTES:
        _refuse("zip_bomb", {})
    if "xl/workbook.xml" not in {member.filename for member in members}:
        _refuse("not_excel", {})


def _read_in_child(kind: str, content: bytes) -> dict[str, Any]:
    limits = (MAX_ROWS, MAX_COLUMNS, MAX_LETTERS, READER_MEMORY_BYTES, READER_SECONDS)
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(READER), kind, *map(str, limits)],
            input=content,
            capture_output=True,
            timeout=READER_SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "too_heavy"}
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError:
        return {"refused": "too_heavy" if child.returncode < 0 else "unreadable"}
    return answer


_SENTENCES = {
    "empty": ("这个文件是空的。", "请核对后重新上传。"),
    "too_big": (
        f"文件超过 {MAX_FILE_BYTES // 1024**2} MB。",
        "请删去图片和用不着的工作表，或分成几个文件上传。",
    ),
    "encrypted": ("文件设了打开密码，读不出来。", "请去掉密码后重新上传。"),
    "web_page": ("这个文件其实是一个网页，只是名字像 Excel。", AS_XLSX),
    "not_excel": ("这个文件不是 Excel 工作簿。", AS_XLSX),
    "unreadable": ("文件已损坏，或者不是完整的 Excel 工作簿。", AS_XLSX),
    "zip_bomb": (
        "文件解开后太大或部件太多，没有打开。",
        "请新建一个工作簿，只把数据粘贴过去再上传。",
    ),
    "too_heavy": (
        "读这个文件用的内存或时间超过了限度。",
        "请新建一个工作簿，只把数据粘贴过去再上传。",
    ),
    "no_sheet": ("工作簿里没有可见的工作表。", "请取消隐藏后重新上传。"),
    "too_many_rows": (
        f"第 {{row}} 行还有内容，一次最多 {MAX_ROWS:,} 行。",
        "请删去多余的行（包括表格下面很远的零星内容），或分成几个文件上传。",
    ),
    "too_many_columns": (
        f"第 {{row}} 行一直填到 {{letters}} 列，最多 {MAX_COLUMNS} 列。",
        "请删去表格右边多余的内容。",
    ),
}
_NOTES = {
    "long_number": "{cell} 是数字格式，Excel 只保留 15 位，后面的数字已经丢了。请把这一列设成文本，重新填写。",
    "error_value": "{cell} 是公式错误。请在 Excel 里改正后重新上传。",
    "formula_without_result": "{cell} 是公式，文件里没有它的结果。请用 Excel 或 WPS 打开，保存一次后重新上传。",
}


def _refuse(code: str, facts: dict[str, Any]) -> NoReturn:
    sentence, remedy = _SENTENCES[code]
    known: dict[str, object] = {k: facts[k] for k in ("row", "column") if k in facts}
    words = sentence.format(**known, letters=column_letters(facts.get("column", 0)))
    raise Refusal(f"sheet.{code}", words, field="file", remedy=remedy, facts=known)


def _finding(code: str, row: int, column: int) -> Finding:
    letters = column_letters(column)
    return Finding(
        f"sheet.{code}",
        Severity.MUST_FIX,
        _NOTES[code].format(cell=f"{letters}{row}"),
        row=row,
        column=letters,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its head, its width in characters; volumes are written in m³."""

    head: str
    width: int = 14


Cell = str | int | Volume | date | None


def write_sheet(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    mark: str = "",
    made_at: datetime,
    sheet_name: str = "Sheet1",
) -> bytes:
    """An .xlsx with a title line, the mark of a demo database where there is one, heads and rows.

    Text stays text whatever it begins with, a date is written in ISO form. The same arguments give the
    same bytes; `made_at` is the only clock.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
    sheet = book.add_worksheet(sheet_name)
    bold = book.add_format({"bold": True, "font_size": 14})
    marked = book.add_format({"font_color": "#8A5300"})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    text = book.add_format({"num_format": "@"})
    number = book.add_format({"num_format": "#,##0"})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    top = [(title, bold)] + ([(f"{mark}，不作为管理依据", marked)] if mark else [])
    for line, (words, style) in enumerate(top):
        sheet.write_string(line, 0, words, style)
    for place, column in enumerate(columns):
        sheet.write_string(len(top), place, column.head, head)
    sheet.freeze_panes(len(top) + 1, 0)
    for line, row in enumerate(rows, len(top) + 1):
        for place, cell in enumerate(row):
            match cell:
                case None | "":
                    continue
                case Volume():
                    sheet.write_number(line, place, cell.m3, number)
                case bool() | str() | date():
                    sheet.write_string(line, place, str(cell), text)
                case int():
                    sheet.write_number(line, place, cell, number)
    book.close()
    return out.getvalue()
