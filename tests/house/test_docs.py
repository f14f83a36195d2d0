"""What is written down is true: names exist, paths exist, code parses, commands are commands."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from django.urls import get_resolver

from shuiheng.app import cli
from tests.house.test_routes import routes
from tests.house.tree import KINDS, PACKAGE, ROOT, assert_none, columns, name_of

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *PACKAGE.rglob("*.md")])
TICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w./-]+/|[\w./-]+\.(?:py|md|html|typ|yaml|csv|css|js|toml|txt|in|lock|sql)")
NAME = re.compile(rf"(?:({'|'.join(columns())})\.)?({'|'.join(KINDS)})\.([A-Za-z_]\w*)(\(.*)?")
ROUTE = re.compile(r"[a-z]+:[a-z_]+")
LOCKS = ("requirements.lock", "requirements-dev.lock")
ELSEWHERE = ("var", ".venv", "django_htmx")
"""What a run makes, and what a dependency brings."""

ADDRESS = re.compile(r"https?://|file:|(?<![\w])/(?:home|root|work|tmp|Users|opt|srv)/|[A-Z]:\\")

Exists = Callable[[str], bool]


def prose(text: str) -> str:
    return FENCE.sub("", text)


def find_false_names(text: str, exists: Exists) -> list[str]:
    """Ticked words that name a path, a function of a row or a page, and are none."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for word in TICKED.findall(line):
            named = PATH.fullmatch(word.partition("::")[0]) or NAME.fullmatch(word)
            if (named or ROUTE.fullmatch(word)) and not exists(word):
                found.append(f"{number} names {word}, which does not exist")
    return found


def find_broken_code(text: str, is_command: Exists) -> list[str]:
    """Fenced python that does not parse, fenced console lines that no command understands."""
    found = []
    for language, code in FENCE.findall(text):
        if language == "python":
            try:
                ast.parse(code.replace("…", "..."))
            except SyntaxError as error:
                found.append(f"python does not parse: {error.msg}")
        if language == "console":
            lines = [line[2:] for line in code.splitlines() if line.startswith("$ ")]
            found += [f"no command: {line}" for line in lines if not is_command(line)]
    return found


@cache
def names_in(column: str, row: str) -> frozenset[str]:
    """Every name that a row of a capability has, at its door or in one of its parts."""
    try:
        module = importlib.import_module(f"shuiheng.{column}.{row}")
    except ModuleNotFoundError:
        return frozenset()
    names = set(dir(module))
    for part in pkgutil.iter_modules(getattr(module, "__path__", [])):
        names |= {part.name, *dir(importlib.import_module(f"{module.__name__}.{part.name}"))}
    return frozenset(names)


def exists_in(column: str) -> Exists:
    """Whether a ticked word of a page of this column (or of none) names something."""

    def exists(word: str) -> bool:
        if ROUTE.fullmatch(word):
            return word in {route.name for route in routes()}
        path, _, inside = word.partition("::")
        if (match := NAME.fullmatch(word)) and not PATH.fullmatch(path):
            return match[3] in names_in(match[1] or column, match[2])
        here = find_path(path, column)
        if here is None:
            return path.split("/")[0] in ELSEWHERE
        return not inside or is_defined(inside, here)

    return exists


def find_path(path: str, column: str) -> Path | None:
    """Where a path of a page leads: from its own folder, from the package, or from the root. A name
    alone may be of any folder; a row that has become a folder is still called by its file."""
    row = path.removesuffix(".py")
    forms = [path, row] if row.rpartition("/")[2] in KINDS else [path]
    for base in (PACKAGE / column, PACKAGE / column / "templates", PACKAGE, ROOT):
        for form in forms:
            if (base / form).exists():
                return base / form
    alone = path.rstrip("/")
    return None if "/" in alone else next(PACKAGE.rglob(alone), None)


def is_defined(name: str, here: Path) -> bool:
    """Whether a file, or a file of a folder, defines a function, a class or a constant."""
    files = sorted(here.glob("*.py")) if here.is_dir() else [here]
    defined = re.compile(rf"^\s*(?:async def|def|class) {name}\b|^{name}\b.*=", re.MULTILINE)
    return any(defined.search(file.read_text("utf-8")) for file in files)


def is_command(line: str) -> bool:
    """`make target VAR=x`, `shuiheng …` as its own parser reads it, git and cd for the first steps."""
    first, *words = line.split()
    if first == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return all("=" in word or word in targets for word in words)
    if first.endswith("shuiheng"):
        try:
            cli.parse([word for word in words if word != "--help"])
        except SystemExit:
            return False
        return True
    return first in ("git", "cd", "SHUIHENG_APPROVE=1") or first.startswith(".venv/bin/")


def test_false_names_are_seen() -> None:
    text = "`services.nothing` `rules.x` `desk:gone` `no/such.py` `a thing` `rules` `x.y`"
    assert find_false_names(text, lambda word: word == "rules.x") == [
        "1 names services.nothing, which does not exist",
        "1 names desk:gone, which does not exist",
        "1 names no/such.py, which does not exist",
    ]


@pytest.mark.parametrize(
    ("word", "there"),
    [
        ("rules.plan_issue", True),
        ("rules.plan_nothing", False),
        ("budget/rules/issue.py::plan_issue", True),
        ("budget/rules/issue.py::plan_nothing", False),
        ("core/access.py::GRANTS", True),
        ("budget/rules.py::plan_issue", True),
        ("ledger.services.post", True),
        ("ledger.services.posted", False),
        ("tests/house/", True),
        ("src/shuiheng/nowhere/", False),
        ("var/bench.json", True),
        ("desk:home", True),
        ("desk:nowhere", False),
    ],
)
def test_what_exists_is_told_from_what_does_not(word: str, there: bool) -> None:
    assert get_resolver().url_patterns
    assert exists_in("budget")(word) is there


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_name_what_exists(page: Path) -> None:
    inside = page.relative_to(PACKAGE).parts[0] if PACKAGE in page.parents else ""
    assert_none(find_false_names(prose(page.read_text("utf-8")), exists_in(inside)))


def test_broken_code_is_seen() -> None:
    text = "```python\ndef (\n```\n```console\n$ make tea\nmade\n$ shuiheng year\n```\n"
    assert find_broken_code(text, lambda line: line.startswith("shuiheng")) == [
        "python does not parse: invalid syntax",
        "no command: make tea",
    ]


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("make year SEED=3", True),
        ("make tea", False),
        ("shuiheng year --seed 3", True),
        ("shuiheng --db real run", True),
        ("shuiheng year --sead 3", False),
        ("shuiheng dance", False),
        ("rm everything", False),
    ],
)
def test_commands_are_told_from_others(
    line: str, good: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_settings(monkeypatch)
    assert is_command(line) is good


def keep_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser writes its choice into the environment; it is put back after the test."""
    monkeypatch.setenv("SHUIHENG_DB", "demo")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_on_pages_is_code(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_settings(monkeypatch)
    assert_none(find_broken_code(page.read_text("utf-8"), is_command))


def test_every_capability_says_what_it_is() -> None:
    missing = [name for name in columns() if not (PACKAGE / name / "README.md").exists()]
    assert_none(missing)


@pytest.mark.parametrize("column", sorted(columns()))
def test_a_readme_names_functions(column: str) -> None:
    text = (PACKAGE / column / "README.md").read_text("utf-8")
    named = [word for word in TICKED.findall(text) if re.search(r"[a-z]+[._:][a-z]+", word)]
    assert len(named) >= 3


def find_addresses(source: str) -> list[str]:
    return [
        f"{number} has an address or a path of a machine"
        for number, line in enumerate(source.splitlines(), start=1)
        if ADDRESS.search(line)
    ]


def find_unhashed(source: str) -> list[str]:
    """A pinned requirement is followed by its hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", source)
    return [
        entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry
    ]


def test_addresses_and_missing_hashes_are_seen() -> None:
    bad = "a==1 \\\n    --hash=sha256:0\nb==2\n--index-url https://x.example\n-e /home/me/c\n"
    assert find_addresses(bad) == [
        "4 has an address or a path of a machine",
        "5 has an address or a path of a machine",
    ]
    assert find_unhashed(bad) == ["b==2"]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_carry_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert_none([*find_addresses(text), *find_unhashed(text)])


@pytest.mark.parametrize("file", ["requirements.in", "requirements-dev.in"])
def test_every_dependency_has_earned_its_paragraph(file: str) -> None:
    text = (ROOT / "docs" / "decisions" / "dependencies.md").read_text("utf-8")
    wanted = [
        re.split(r"[\[<>=]", line)[0]
        for line in (ROOT / file).read_text("utf-8").splitlines()
        if line and not line.startswith("-")
    ]
    assert_none([name for name in wanted if f"**{name}**" not in text])


def test_decisions_say_context_choice_and_price() -> None:
    numbered = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in numbered] == list(range(1, len(numbered) + 1))
    for page in numbered:
        heads = re.findall(r"^## (\w+)", page.read_text("utf-8"), re.MULTILINE)
        assert heads[:3] == ["Context", "Choice", "Price"], page.name
