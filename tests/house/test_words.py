"""The words of USERS and of the standards: what is never said, how a range is written, no clock, no
note to self."""

from __future__ import annotations

import ast
import re

from tests.house.tree import (
    ROOT,
    TESTS,
    assert_none,
    complaints,
    name_of,
    python_files,
    words_of_the_house,
)

NEVER_SAID = {
    "结算": "决算",
    "透支": "超额，或超采",
    "水银行": "收储",
    "节水载体单位": "节水载体",
    "生态流量": "人工生态环境用水",
    "overdraft": "over_use, over_exploitation",
    "carrier": "water_saving_unit",
    "settlement": "final_account",
    "settle": "final_account for 决算, answer for 答复",
    "negotiation": "consultation (方案会商)",
    "water_bank": "storage",
    "consumption_report": "use_report",
}
"""What is not said, and what is said instead (USERS 38). Underscores and spaces are one."""

RANGE = re.compile(r"\d\s?—\s?\d")
STANDARD = re.compile(r"(GB|SL|DB|CJ|SZY)[/T \d.]*—\d{4}")  # numbers of standards are printed so
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
CLOCK_KEEPERS = ("app/middleware.py", "app/moment.py", "app/worker.py", "app/health.py")
"""Health sets the heartbeats that the database wrote against the database's own clock."""

NOTE_TO_SELF = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def find_words_never_said(source: str) -> list[str]:
    found = []
    for number, line in enumerate(source.splitlines(), start=1):
        plain = line.lower().replace("_", " ")
        for word, instead in NEVER_SAID.items():
            latin = word.isascii()
            pattern = rf"(?<![a-z]){word.replace('_', ' ')}(?![a-z])" if latin else word
            if re.search(pattern, plain):
                found.append(f"{number} says {word}: say {instead}")
    return found


def find_em_dash_ranges(source: str) -> list[str]:
    return [
        f"{number} writes a range with an em dash"
        for number, line in enumerate(source.splitlines(), start=1)
        if RANGE.search(STANDARD.sub("", line))
    ]


def find_clocks(source: str) -> list[str]:
    """Reading the time of day. `time.monotonic` measures and is no clock."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=verb)
            ) if (owner, verb) in CLOCKS:
                found.append(f"{node.lineno} reads a clock: {owner}.{verb}")
            case ast.Call(func=ast.Name(id="Now"), args=[]):
                found.append(f"{node.lineno} reads the database's clock")
            case ast.keyword(arg="auto_now" | "auto_now_add" as word):
                found.append(f"{node.lineno} reads a clock: {word}")
            case ast.Constant(value=str(text)) if (
                re.search(
                    r"\b(current_timestamp|current_date|clock_timestamp|now)\b *(\(\)|$)",
                    text,
                    re.IGNORECASE,
                )
                and "select" in text.lower()
            ):
                found.append(f"{node.lineno} reads the database's clock")
    return found


def find_notes_to_self(source: str) -> list[str]:
    return [
        f"{number} leaves a note to self"
        for number, line in enumerate(source.splitlines(), start=1)
        if NOTE_TO_SELF.search(line)
    ]


def test_words_never_said_are_seen() -> None:
    bad = "年终结算\nis_overdraft = True\nwater_bank\nsettle_dispute\nsettled, carriers\n"
    assert find_words_never_said(bad) == [
        "1 says 结算: say 决算",
        "2 says overdraft: say over_use, over_exploitation",
        "3 says water_bank: say storage",
        "4 says settle: say final_account for 决算, answer for 答复",
    ]


def test_words_never_said_are_not_said() -> None:
    assert_none(complaints(find_words_never_said, words_of_the_house()))


def test_em_dash_ranges_are_seen() -> None:
    bad = "3—5 天\n3–5 天\n编制—审核\nGB/T 9704—2012\n"
    assert find_em_dash_ranges(bad) == ["1 writes a range with an em dash"]


def test_ranges_are_written_with_an_en_dash() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert_none(complaints(find_em_dash_ranges, [*words_of_the_house(), *pages]))


BAD_CLOCKS = """
import datetime as dt
dt.datetime.now(UTC)
date.today()
timezone.now()
time.time()
time.monotonic()
models.DateTimeField(auto_now_add=True)
row.update(at=Now())
cursor.execute("SELECT now()")
"""


def test_clocks_are_seen() -> None:
    lines = sorted(int(found.split()[0]) for found in find_clocks(BAD_CLOCKS))
    assert lines == [3, 4, 5, 6, 8, 9, 10]


def test_clocks_are_read_at_the_door_only() -> None:
    files = [p for p in python_files() if not name_of(p).endswith(CLOCK_KEEPERS)]
    assert_none(complaints(find_clocks, files))


def test_notes_to_self_are_seen() -> None:
    assert find_notes_to_self("a = 1  # TO" + "DO later\n") == ["1 leaves a note to self"]


def test_nobody_leaves_notes_to_self() -> None:
    docs = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    files = [*words_of_the_house(), *docs, *python_files(TESTS)]
    here = ROOT / "tests" / "house" / "test_words.py"
    assert_none(complaints(find_notes_to_self, [p for p in files if p != here]))
