"""GLOSSARY.md is complete and true: every label has its row, one word ↔ one identifier."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache

import shuiheng
from shuiheng.core.vocabulary import Term
from tests.house.tree import ROOT, assert_none, words_of_the_house

GLOSSARY = ROOT / "GLOSSARY.md"
ROW = re.compile(
    r"\| (?P<word>[^|]+) \| (?P<names>[^|]+) \| (?P<meaning>[^|]+) \| (?P<source>.+) \|"
)
NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Entry:
    line: int
    word: str
    names: tuple[str, ...]

    @property
    def stems(self) -> set[str]:
        """The last word of each name, without the ending of the past: ISSUE of BUDGET_ISSUE, LAPSE
        of LAPSED."""
        last = {name.split(".")[-1].split("_")[-1].upper() for name in self.names}
        return {word.removesuffix("D") if word[:-1] in last else word for word in last}


def read_glossary(text: str) -> list[Entry]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = ROW.fullmatch(line)
        if match and match["word"] != "Chinese" and not match["word"].startswith("--"):
            rows.append(Entry(number, match["word"].strip(), tuple(NAME.findall(match["names"]))))
    return rows


def find_what_is_wrong(
    entries: list[Entry], labels: dict[str, str], words_in_code: set[str]
) -> list[str]:
    """`labels` maps Class.MEMBER to its Chinese label."""
    found = []
    by_word: dict[str, Entry] = {}
    named: dict[str, Entry] = {}
    for entry in entries:
        if entry.word in by_word:
            found.append(f"{entry.line} {entry.word} has a row already, {by_word[entry.word].line}")
        by_word[entry.word] = entry
        if len(entry.stems) != 1:
            found.append(f"{entry.line} {entry.word} has {len(entry.stems)} identifiers")
        for name in entry.names:
            if name in named:
                found.append(f"{entry.line} {name} has a row already, {named[name].line}")
            named[name] = entry
            if "." in name and name not in labels:
                found.append(f"{entry.line} {name} is no term")
            if "." not in name and name not in words_in_code:
                found.append(f"{entry.line} {name} stands nowhere in the code")
    for name, label in labels.items():
        if name not in named:
            found.append(f"no row for {label} = {name}")
        elif named[name].word != label:
            found.append(f"{named[name].line} {name} is called {label} in the code")
    return found


@cache
def terms() -> dict[str, str]:
    """Every labelled word of the code, wherever a Term is declared."""
    for module in pkgutil.walk_packages(shuiheng.__path__, "shuiheng."):
        parts = set(module.name.split("."))
        if parts & {"core", "rules", "parts"} and "migrations" not in parts:
            importlib.import_module(module.name)
    return {
        f"{kind.__name__}.{member.name}": member.label.strip()
        for kind in Term.__subclasses__()
        if kind.__module__.startswith("shuiheng.")
        for member in kind
        if member.label.strip()
    }


def words_in_code() -> set[str]:
    word = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
    return {w for path in words_of_the_house() for w in word.findall(path.read_text("utf-8"))}


BAD = """| Chinese | identifier | meaning | source |
|---|---|---|---|
| 下达 | `Code.ISSUE` `Permission.BUDGET_ISSUE` | issue | 四(三) |
| 核销 | `Kind.LAPSED` `Code.LAPSE` | lapse | 本系统 |
| 预留 | `Kind.RESERVE` `Code.RELEASE` | two things | 四(五) |
| 下达 | `hand_down` | again | 四(三) |
| 水账 | `ledger` | books | 三(六) |
| 旧词 | `Code.GONE` | gone | 本系统 |
"""
LABELS = {
    "Code.ISSUE": "下达",
    "Permission.BUDGET_ISSUE": "下达",
    "Kind.LAPSED": "核销",
    "Code.LAPSE": "年末核销",
    "Kind.RESERVE": "预留",
    "Code.RELEASE": "预留",
    "Code.ALLOT": "分配",
}


def test_a_wrong_glossary_is_seen() -> None:
    assert find_what_is_wrong(read_glossary(BAD), LABELS, {"ledger"}) == [
        "5 预留 has 2 identifiers",
        "6 下达 has a row already, 3",
        "6 hand_down stands nowhere in the code",
        "8 Code.GONE is no term",
        "4 Code.LAPSE is called 年末核销 in the code",
        "no row for 分配 = Code.ALLOT",
    ]


def test_the_glossary_is_complete_and_true() -> None:
    entries = read_glossary(GLOSSARY.read_text("utf-8"))
    assert len(entries) > 200
    found = find_what_is_wrong(entries, terms(), words_in_code())
    assert_none([f"GLOSSARY.md: {one}" for one in found])


def test_two_classes_of_terms_never_share_a_name() -> None:
    names = [kind.__name__ for kind in Term.__subclasses__() if terms()]
    assert sorted(names) == sorted(set(names))
