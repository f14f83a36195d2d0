"""Every no of the house is said in some test: a refusal that nobody has seen may be a wrong one.

A test says it by its code, or asks for words of its sentence: `pytest.raises(Refusal, match="…")`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from tests.house.tree import TESTS, assert_none, called, name_of, python_files

CODE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
HANZI = re.compile(r"[一-鿿]+")
TELLING = 4
"""So many hanzi in a row tell one sentence from another."""


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


def find_untried(refusals: list[Raised], codes: set[str], asked: set[str]) -> list[str]:
    """`codes` stand in tests, `asked` are the patterns that tests match sentences with."""
    return [
        f"{raised.line} {raised.code or 'a code that is not written out'}"
        for raised in refusals
        if not is_said(raised.code, codes) and not any(fits(raised.words, one) for one in asked)
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


def sources_of_tests() -> list[str]:
    here = TESTS / "house" / "test_refusals.py"
    files = [p for p in TESTS.rglob("*") if p.suffix in {".py", ".yaml", ".txt"} and p != here]
    return [path.read_text("utf-8") for path in files]


def codes_in(sources: list[str]) -> set[str]:
    quoted = re.compile(r"[\"'`|\s](" + CODE.pattern + r")[\"'`|\s:]")
    return {found[0] for source in sources for found in quoted.findall(source)}


def patterns_in(sources: list[str]) -> set[str]:
    """The `match=` of every `pytest.raises(Refusal, …)`."""
    calls = re.compile(r"raises\(\s*Refusal,\s*match=(r?f?)(\"[^\"\n]*\"|'[^'\n]*')")
    return {text for source in sources for _, text in calls.findall(source)}


BAD = """
raise Refusal("a.known", "句。")
raise Refusal(f"sheet.{code}", "句。")
raise refusal.Refusal("a.untried", f"水{what}不够用了。")
raise Refusal(code, "句。")
"""


def test_untried_refusals_are_seen() -> None:
    raised = find_refusals(BAD)
    codes = {"a.known", "sheet.too_wide"}
    assert find_untried(raised, codes, set()) == ["4 a.untried", "5 a code that is not written out"]
    assert find_untried(raised, codes, {'"水库不够用了"'}) == ["5 a code that is not written out"]
    assert len(find_untried(raised, codes, {'"不够用"', '"水不够用"'})) == 2
    assert find_untried(raised, {"a.known", "a.untried"}, set())[0] == "3 sheet."


def test_what_tests_say_is_seen() -> None:
    said = 'pytest.raises(Refusal, match="不够用了")\nassert code == "a.b"  # c.d'
    assert patterns_in([said]) == {'"不够用了"'}
    assert codes_in([said]) == {"a.b"}


def test_codes_have_one_form() -> None:
    for path in python_files():
        for raised in find_refusals(path.read_text("utf-8")):
            form = raised.code + "x" if raised.code.endswith(".") else raised.code
            assert CODE.fullmatch(form), f"{name_of(path)}:{raised.line} {raised.code}"


def test_every_refusal_is_said_in_some_test() -> None:
    sources = sources_of_tests()
    codes, asked = codes_in(sources), patterns_in(sources)
    assert "access.denied" in codes
    assert_none(
        [
            f"{name_of(path)}:{found}"
            for path in python_files()
            for found in find_untried(find_refusals(path.read_text("utf-8")), codes, asked)
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
