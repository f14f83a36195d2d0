"""The smallest honest .xls: a compound file with one BIFF8 workbook stream, for tests of the reader."""

from __future__ import annotations

import struct

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Cells = dict[tuple[int, int], str | float]


def xls(*sheets: Cells) -> bytes:
    """A workbook whose sheets hold these cells, (row, column) counted from 0."""
    return _compound_file(_workbook(list(sheets)))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _sheet(cells: Cells) -> bytes:
    out = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for (row, column), value in sorted(cells.items()):
        if isinstance(value, str):
            text = value.encode("utf-16-le")
            place = struct.pack("<HHH", row, column, 0)
            out += _record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
        else:
            out += _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return out + _record(0x000A, b"")


def _workbook(sheets: list[Cells]) -> bytes:
    bodies = [_sheet(cells) for cells in sheets]
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    names = [f"Sheet{n}" for n in range(1, len(sheets) + 1)]
    place = len(head) + sum(4 + 8 + len(name) for name in names) + 4
    for name, body in zip(names, bodies, strict=True):
        head += _record(0x0085, struct.pack("<IHBB", place, 0, len(name), 0) + name.encode())
        place += len(body)
    return head + _record(0x000A, b"") + b"".join(bodies)


def _compound_file(stream: bytes) -> bytes:
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    fat = [FAT, END, *range(3, sectors + 2), END]
    assert len(fat) <= SECTOR // 4, "one FAT sector is enough for a test"
    fat += [FREE] * (SECTOR // 4 - len(fat))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", 0, *[FREE] * 108)
    directory = _entry("Root Entry", 5, child=1, start=END, size=0)
    directory += _entry("Workbook", 2, child=FREE, start=2, size=len(stream))
    return header + struct.pack("<128I", *fat) + directory.ljust(SECTOR, b"\0") + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    entry = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
    return entry + b"\0" * 36 + struct.pack("<IQ", start, size)
