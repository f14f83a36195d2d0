"""Excel in and out: what people send, what attackers send, and what leaves as it was written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from shuiheng.core.refusal import Refusal, Severity
from shuiheng.core.volume import Volume
from shuiheng.papers import sheets
from shuiheng.papers.sheets import Column, column_letters, read_sheet, write_sheet
from tests.papers.xls_file import xls

MADE_AT = datetime(2026, 1, 5, 4, tzinfo=UTC)
CODE = "650109199001010018"


def xlsx(fill: Callable[[Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    assert isinstance(book.active, Worksheet)
    fill(book.active)
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(**values: Any) -> bytes:
    def fill(sheet: Worksheet) -> None:
        for name, value in values.items():
            sheet[name] = value

    return xlsx(fill)


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def with_sheet_xml(change: Callable[[bytes], bytes], **values: Any) -> bytes:
    """A workbook whose sheet part was edited by hand, as hostile or odd programs write it."""
    with zipfile.ZipFile(io.BytesIO(cells(**values))) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    return zipped((n, change(c) if n == "xl/worksheets/sheet1.xml" else c) for n, c in parts)


# -- reading what people send ---------------------------------------------------------------------


def test_cells_read_as_a_person_sees_them() -> None:
    sheet = read_sheet(
        cells(
            A1="  单位　",
            B1=CODE,
            C1=12.0,
            D1=0.1 + 0.2,
            E1=12,
            F1=date(2026, 1, 5),
            G1=datetime(2026, 1, 5, 8, 30),  # noqa: DTZ001  Excel knows no zones
            H1=True,
            I1=1e-7,
            J1=123456789012345678,
        )
    )
    row = ("单位", CODE, "12", "0.3", "12", "2026-01-05", "2026-01-05 08:30", "是", "0.0000001")
    assert sheet.rows[0][:9] == row
    assert [(f.code, f.row, f.column) for f in sheet.findings] == [("sheet.long_number", 1, "J")]


def test_rows_keep_their_numbers_and_lose_their_empty_ends() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["C4"] = "甲", "丙"
        sheet["Z90"].font = Font(bold=True)  # styled, but empty
        sheet["B4"] = "   "

    assert read_sheet(xlsx(fill)).rows == (("甲",), (), (), ("", "", "丙"))


def test_a_formula_gives_its_saved_result() -> None:
    xml = b'<c r="A1" t="str"><f>B1</f><v></v></c><c r="B1"><f>1+1</f><v>2</v></c>'
    content = with_sheet_xml(lambda x: x.replace(b'<c r="A1" t="n"><v>7</v></c>', xml), A1=7)
    sheet = read_sheet(content)
    assert sheet.rows == (("", "2"),)
    assert sheet.findings == ()


def test_a_formula_without_result_and_an_error_are_findings() -> None:
    sheet = read_sheet(cells(A1="x", B2="=SUM(A1:A9)", C2="#REF!"))
    found = {(f.code, f"{f.column}{f.row}", f.severity) for f in sheet.findings}
    assert found == {
        ("sheet.formula_without_result", "B2", Severity.MUST_FIX),
        ("sheet.error_value", "C2", Severity.MUST_FIX),
    }
    assert all(f.sentence.startswith(("B2 ", "C2 ")) for f in sheet.findings)


def test_the_first_visible_sheet_is_read() -> None:
    book = openpyxl.Workbook()
    assert isinstance(book.active, Worksheet)
    book.active["A1"] = "隐藏"
    book.create_sheet("二")["A1"] = "看得见"
    book.active.sheet_state = "hidden"
    assert read_sheet(_saved(book)).rows == (("看得见",),)


def test_an_old_xls_is_read() -> None:
    sheet = read_sheet(xls({(0, 0): "单位", (2, 1): 12.0, (2, 2): CODE, (3, 3): 1.2345e17}))
    assert sheet.rows == (
        ("单位",),
        (),
        ("", "12", CODE),
        ("", "", "", "123450000000000000"),
    )
    assert [(f.code, f.row, f.column) for f in sheet.findings] == [("sheet.long_number", 4, "D")]


def test_column_letters() -> None:
    assert [column_letters(n) for n in (1, 26, 27, 702, 703, 16_384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]


# -- reading what must not be read ----------------------------------------------------------------


def refused(content: bytes) -> Refusal:
    with pytest.raises(Refusal) as no:
        read_sheet(content)
    assert no.value.remedy
    assert no.value.field == "file"
    return no.value


BOOK = cells(A1="x")
WORKBOOK_PART = ("xl/workbook.xml", b"<workbook/>")
ENTITIES = b'<!DOCTYPE l [<!ENTITY e0 "aaaaaaaaaa">%s]>' % b"".join(
    b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10)
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "sheet.empty"),
    "pdf named .xlsx": (b"%PDF-1.7 ...", "sheet.not_excel"),
    "web page named .xls": (b"\r\n<html><table>", "sheet.web_page"),
    "word document": (zipped([("word/document.xml", b"<w/>")]), "sheet.not_excel"),
    "cut short": (BOOK[: len(BOOK) // 2], "sheet.unreadable"),
    "end cut off": (BOOK[:-20], "sheet.unreadable"),
    "not a workbook inside": (zipped([WORKBOOK_PART]), "sheet.unreadable"),
    "broken xml": (with_sheet_xml(lambda x: x[:-30], A1="x"), "sheet.unreadable"),
    "an entity bomb": (
        with_sheet_xml(lambda x: ENTITIES + x.replace(b"<v>7</v>", b"<v>&e9;</v>"), A1=7),
        "sheet.unreadable",
    ),
    "zip bomb": (
        zipped([WORKBOOK_PART, ("xl/media/a", bytes(sheets.MAX_UNCOMPRESSED_BYTES + 1))]),
        "sheet.zip_bomb",
    ),
    "300 members": (zipped((f"xl/{n}", b"") for n in range(300)), "sheet.zip_bomb"),
    "corner cell": (cells(A1="a", XFD1048576="x"), "sheet.too_many_rows"),
    "far right": (cells(A1="a", XFD5="x"), "sheet.too_many_columns"),
    "xls corner": (xls({(0, 0): "a", (65_535, 3): 1.0}), "sheet.too_many_rows"),
    "xls far right": (xls({(3, 255): 1.0}), "sheet.too_many_columns"),
    "xls that aborts its reader": (
        xls(*[{(0, 0): "a", (65_535, 255): 1.0}] * 10),
        "sheet.too_heavy",
    ),
    "ole without a workbook": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(5_000),
        "sheet.unreadable",
    ),
    "with a password": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512) + "EncryptedPackage".encode("utf-16-le"),
        "sheet.encrypted",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(name: str) -> None:
    content, code = HOSTILE[name]
    assert refused(content).code == code


def test_the_refusal_says_where() -> None:
    assert "第 1048576 行" in refused(HOSTILE["corner cell"][0]).sentence
    assert "第 5 行一直填到 XFD 列" in refused(HOSTILE["far right"][0]).sentence


def test_a_file_may_lie_about_its_size() -> None:
    lie = b'<dimension ref="A1:XFD1048576"/>'
    content = with_sheet_xml(
        lambda x: x.replace(b'<dimension ref="A1:A2"/>', lie), A1="甲", A2="乙"
    )
    assert read_sheet(content).rows == (("甲",), ("乙",))


def test_limits_hold_at_their_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    monkeypatch.setattr(sheets, "MAX_COLUMNS", 2)
    assert read_sheet(cells(A3="x", B1="y")).rows[2] == ("x",)
    assert refused(cells(A4="x")).code == "sheet.too_many_rows"
    assert refused(cells(C1="x")).code == "sheet.too_many_columns"
    monkeypatch.setattr(sheets, "MAX_LETTERS", 5)
    assert refused(cells(A1="六个字的内容")).code == "sheet.too_heavy"
    monkeypatch.setattr(sheets, "MAX_FILE_BYTES", 100)
    assert refused(BOOK).code == "sheet.too_big"


def test_a_reader_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "READER_SECONDS", 0)
    assert refused(BOOK).code == "sheet.too_heavy"


def test_no_visible_sheet() -> None:
    content = xlsx(lambda sheet: None)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    hidden = zipped((n, c.replace(b'state="visible"', b'state="hidden"')) for n, c in parts)
    assert refused(hidden).code == "sheet.no_sheet"


# -- writing --------------------------------------------------------------------------------------

COLUMNS = [Column("编号", 20), Column("名称", 30), Column("水量（m³）"), Column("日期")]
ROWS = [
    (CODE, '=HYPERLINK("http://x","点我")', Volume(123_456), date(2026, 1, 5)),
    ("+86", "@SUM(1)", -3, None),
    ("-1", "\t=1+1", Volume(-7), ""),
]


def test_what_is_written_reads_back_the_same() -> None:
    sheet = read_sheet(write_sheet("=1+1 名录", COLUMNS, ROWS, mark="演示数据", made_at=MADE_AT))
    assert sheet.findings == ()
    assert sheet.rows == (
        ("=1+1 名录",),
        ("演示数据，不作为管理依据",),
        ("编号", "名称", "水量（m³）", "日期"),
        (CODE, '=HYPERLINK("http://x","点我")', "123456", "2026-01-05"),
        ("+86", "@SUM(1)", "-3"),
        ("-1", "=1+1", "-7"),
    )


def test_text_is_written_as_text() -> None:
    content = write_sheet("名录", COLUMNS, ROWS, made_at=MADE_AT)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert isinstance(book.active, Worksheet)
    assert {cell.data_type for cell in book.active["B"]} <= {"s", "n"}
    assert book.active["A3"].number_format == "@"
    assert book.active["C3"].value == 123_456
    assert book.active.column_dimensions["B"].width > book.active.column_dimensions["A"].width > 15


def test_the_same_table_gives_the_same_bytes_and_a_real_one_has_no_mark() -> None:
    content = write_sheet("名录", COLUMNS, ROWS, made_at=MADE_AT)
    assert write_sheet("名录", COLUMNS, ROWS, made_at=MADE_AT) == content
    assert read_sheet(content).rows[1][0] == "编号"
