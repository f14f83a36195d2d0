"""Just enough of a PDF reader for the papers that typst writes: what stands where on each page."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import groupby, pairwise

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)
_RUN = re.compile(
    rb"q ([-\d. ]+) cm(?:(?!\nQ).)*?BT [^/]*/(f\d+) ([\d.]+) Tf [-\d. ]+ Tm(.*?)T[jJ]\nET", re.S
)
_LITERAL = rb"(?:\\.|[^\\()])*"  # parentheses inside a string are escaped or balanced
_STRING = rb"\(" + _LITERAL + rb"(?:\(" + _LITERAL + rb"\)" + _LITERAL + rb")*\)"
_TOKEN = re.compile(rb"(" + _STRING + rb"|<[0-9A-Fa-f]*>)|(-?[\d.]+)", re.S)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Run:
    """A piece of text on one line: its left and right edge, its baseline, in points from the lower left."""

    left: float
    right: float
    y: float
    text: str


@dataclass(frozen=True)
class Font:
    letters: dict[int, str]
    widths: dict[int, float]


@dataclass(frozen=True)
class Page:
    width: float
    height: float
    runs: tuple[Run, ...]

    @property
    def lines(self) -> list[str]:
        """The text from top to bottom; runs at one height from left to right, gaps as a bar."""
        rows = groupby(sorted(self.runs, key=lambda r: (-round(r.y), r.left)), lambda r: round(r.y))
        return [_joined(list(row)) for _, row in rows]


def pages(pdf: bytes) -> list[Page]:
    objects = {int(m[1]): m[2] for m in _OBJECT.finditer(pdf)}
    return [_page(objects, one) for one in objects.values() if b"/Type/Page/" in one]


def text(pdf: bytes) -> str:
    """All pages as lines, separated by a form feed as pdftotext does."""
    return "\n\f\n".join("\n".join(page.lines) for page in pages(pdf)) + "\n"


def _joined(row: list[Run]) -> str:
    out = row[0].text
    for before, run in pairwise(row):
        out += ("" if run.left - before.right < 3 else " | ") + run.text
    return out


def _page(objects: dict[int, bytes], page: bytes) -> Page:
    box = re.search(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", page)
    assert box is not None
    resources = objects[_reference(page, b"Resources")]
    fonts = {
        name.decode(): _font(objects, objects[int(number)])
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources)
    }
    content = _stream(objects[_reference(page, b"Contents")])
    runs = tuple(run for match in _RUN.finditer(content) if (run := _run(match, fonts)))
    return Page(float(box[1]), float(box[2]), runs)


def _run(match: re.Match[bytes], fonts: dict[str, Font]) -> Run | None:
    a, b, _, _, x, y = map(float, match[1].split())
    if b:  # turned: the mark behind the text
        return None
    font, size = fonts[match[2].decode()], float(match[3])
    width, letters = 0.0, ""
    for string, number in _TOKEN.findall(match[4]):
        if number:
            width -= float(number) * size / 1000
            continue
        codes = _unescaped(string)
        for code in (int.from_bytes(codes[i : i + 2]) for i in range(0, len(codes), 2)):
            letters += font.letters.get(code, "\N{REPLACEMENT CHARACTER}")
            width += font.widths.get(code, 0.0) * size / 1000
    return Run(x, x + a * width, y, letters)


def _font(objects: dict[int, bytes], font: bytes) -> Font:
    cmap = _stream(objects[_reference(font, b"ToUnicode")])
    pairs = re.findall(rb"^<([0-9A-F]{4})> <([0-9A-F]+)>$", cmap, re.M)
    letters = {int(c, 16): bytes.fromhex(u.decode()).decode("utf-16-be") for c, u in pairs}
    descendant = objects[int(re.search(rb"/DescendantFonts\[(\d+) 0 R\]", font)[1])]  # type: ignore[index]
    numbers = re.search(rb"/W\[([^\]]*)\]", descendant)
    assert numbers is not None
    triples = list(map(float, numbers[1].split()))
    widths = {
        code: width
        for first, last, width in zip(triples[::3], triples[1::3], triples[2::3], strict=True)
        for code in range(int(first), int(last) + 1)
    }
    return Font(letters, widths)


def _unescaped(string: bytes) -> bytes:
    if string.startswith(b"<"):
        return bytes.fromhex(string[1:-1].decode())

    def one(match: re.Match[bytes]) -> bytes:
        escape = match[1]
        return bytes([int(escape, 8)]) if escape.isdigit() else _ESCAPED.get(escape, escape)

    return re.sub(rb"\\([0-7]{3}|.)", one, string[1:-1], flags=re.S)


def _stream(one: bytes) -> bytes:
    head, _, body = one.partition(b"stream\n")
    assert b"/FlateDecode" in head
    return zlib.decompress(body[: body.rindex(b"\nendstream")])


def _reference(one: bytes, name: bytes) -> int:
    match = re.search(rb"/" + name + rb" (\d+) 0 R", one)
    assert match is not None
    return int(match[1])
