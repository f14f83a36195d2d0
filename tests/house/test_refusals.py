"""Every no of the house is said in some test: a refusal that nobody has seen may be a wrong one.

A test says it by its code, or asks for words of its sentence: `pytest.raises(Refusal, match="…")` beside the
rule, `assert "…" in words(page)` on the page.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from tests.house.tree import TESTS, assert_none, called, name_of, python_files

CODE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
HANZI = re.compile(r"[一-鿿]+")
TELLING = 4
QUOTED = 5
"""So many hanzi in a row tell one sentence from another: in a pattern for a refusal, and in any text
that a test quotes, all of which must then stand in the sentence."""


@dataclass(frozen=True)
class Raised:
    """A refusal in the code. A code put together from parts is given by its head: "sheet."."""

    line: int
    code: str
    words: str


def text_of(node: ast.expr | None) -> str:
    """What is written out of a text; what is filled in later is a gap."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) or "\0" for part in parts)
        case ast.BinOp(left=left, right=right):
            return text_of(left) + text_of(right)
        case _:
            return ""


def find_refusals(source: str) -> list[Raised]:
    """Every refusal that a module can raise."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if called(node) == "Refusal" and isinstance(node, ast.Call) and node.args:
            code = text_of(node.args[0]).partition("\0")[0]
            remedy = next((k.value for k in node.keywords if k.arg == "remedy"), None)
            found.append(Raised(node.lineno, code, text_of(node.args[1]) + text_of(remedy)))
    return sorted(found, key=lambda raised: raised.line)


@dataclass(frozen=True)
class Said:
    """What tests say: codes, patterns that they match refusals with, texts that they quote."""

    codes: set[str]
    patterns: set[str]
    quoted: set[str]


def find_untried(refusals: list[Raised], said: Said) -> list[str]:
    return [
        f"{raised.line} {raised.code or 'a code that is not written out'}"
        for raised in refusals
        if not is_said(raised.code, said.codes)
        and not any(fits(raised.words, pattern) for pattern in said.patterns)
        and not any(is_quoted(raised.words, text) for text in said.quoted)
    ]


def is_said(code: str, codes: set[str]) -> bool:
    if code.endswith("."):
        return any(one.startswith(code) for one in codes)
    return code in codes


def fits(words: str, pattern: str) -> bool:
    """Whether enough hanzi of a pattern stand in a sentence in a row."""
    return any(
        run[start : start + TELLING] in words
        for run in HANZI.findall(pattern)
        for start in range(len(run) - TELLING + 1)
    )


def is_quoted(words: str, text: str) -> bool:
    """Whether a whole text stands in a sentence, and is long enough to mean this one."""
    runs = HANZI.findall(text)
    return max(map(len, runs), default=0) >= QUOTED and all(run in words for run in runs)


def sources_of_tests() -> list[str]:
    here = TESTS / "house" / "test_refusals.py"
    files = [p for p in TESTS.rglob("*") if p.suffix in {".py", ".yaml", ".txt"} and p != here]
    return [path.read_text("utf-8") for path in files]


def what_is_said(sources: list[str]) -> Said:
    """Stories and snapshots say codes; tests say all three."""
    code = re.compile(r"[\"'`|\s](" + CODE.pattern + r")[\"'`|\s:]")
    match = re.compile(r"raises\(\s*Refusal,\s*match=r?f?[\"']([^\"'\n]*)[\"']")
    text = re.compile(r"\"([^\"\n]+)\"")
    return Said(
        codes={found[0] for source in sources for found in code.findall(source)},
        patterns={found for source in sources for found in match.findall(source)},
        quoted={found for source in sources for found in text.findall(source)},
    )


BAD = """
raise Refusal("a.known", "句。")
raise Refusal(f"sheet.{code}", "句。")
raise refusal.Refusal("a.untried", f"水{what}不够用了。")
raise Refusal(code, "句。")
"""


def test_untried_refusals_are_seen() -> None:
    raised = find_refusals(BAD)
    codes = {"a.known", "sheet.too_wide"}
    untried = ["4 a.untried", "5 a code that is not written out"]
    assert find_untried(raised, Said(codes, set(), set())) == untried
    assert find_untried(raised, Said(codes, {"水库不够用了"}, set())) == untried[1:]
    assert find_untried(raised, Said(codes, set(), {"真的不够用了"})) == untried
    assert find_untried(raised, Said(codes, {"不够用"}, {"不够用了"})) == untried
    assert find_untried(raised, Said({"a.known", "a.untried"}, set(), set()))[0] == "3 sheet."


def test_what_is_quoted_must_stand_in_the_sentence() -> None:
    assert is_quoted("可用余额只有\0，不能转出\0。", "可用余额只有 5 m³")
    assert not is_quoted("可用余额只有\0。", "可用余额只有 5 m³，请减少")
    assert not is_quoted("可用余额只有\0。", "余额只有")


def test_what_tests_say_is_seen() -> None:
    source = 'pytest.raises(Refusal, match="不够用了")\nassert code == "a.b"  # c.d'
    assert what_is_said([source]) == Said({"a.b"}, {"不够用了"}, {"不够用了", "a.b"})


def test_codes_have_one_form() -> None:
    for path in python_files():
        for raised in find_refusals(path.read_text("utf-8")):
            form = raised.code + "x" if raised.code.endswith(".") else raised.code
            assert CODE.fullmatch(form), f"{name_of(path)}:{raised.line} {raised.code}"


def test_every_refusal_is_said_in_some_test() -> None:
    said = what_is_said(sources_of_tests())
    assert "access.denied" in said.codes
    assert_none(
        [
            f"{name_of(path)}:{found}"
            for path in python_files()
            for found in find_untried(find_refusals(path.read_text("utf-8")), said)
        ]
    )


def test_a_code_names_who_says_no() -> None:
    """No code is used by two capabilities, but for core's own."""
    owners: dict[str, set[str]] = {}
    for path in python_files():
        for raised in find_refusals(path.read_text("utf-8")):
            owners.setdefault(raised.code, set()).add(name_of(path).split("/")[2])
    shared = {code: who for code, who in owners.items() if len(who) > 1 and "core" not in who}
    assert_none([f"{code}: {sorted(who)}" for code, who in sorted(shared.items())])
