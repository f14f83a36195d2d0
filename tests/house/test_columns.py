"""What the import linter does not see: other capabilities' screens, and names that stand in strings."""

from __future__ import annotations

import ast
import re
from functools import partial

from tests.house.tree import (
    KINDS,
    assert_none,
    called,
    capabilities,
    column_of,
    columns,
    complaints,
    may_name,
    python_files,
    strings,
    templates,
)

PRIVATE_ROWS = {"views", "forms", "urls", "jobs", "commands"}
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}
ROUTE = re.compile(r"([a-z]+):[a-z][a-z0-9_]*")
TEMPLATE = re.compile(r"([a-z]+)/[a-z0-9_/]+\.(html|typ)")
TAG = re.compile(r"{%\s*(?:url|include|extends)\s+[\"']([^\"']+)[\"']")
JOB = re.compile(r"([a-z]+)\.[a-z_]+")


def find_foreign_screens(source: str, *, of: str) -> list[str]:
    """Imports of another capability's views, forms, urls, jobs or commands."""
    found = []
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            if parts[0] != "shuiheng" or len(parts) < 3 or parts[1] in (of, "app", "ui", "core"):
                continue
            if parts[2] in PRIVATE_ROWS:
                found.append(f"{node.lineno} {of} imports {module}")
    return found


def named_in(source: str) -> list[tuple[int, str, str]]:
    """(line, column, what) of every route, template, relation and job that a module names in a string."""
    tree = ast.parse(source)
    named = []
    for text in strings(tree):
        match = ROUTE.fullmatch(text.value) or TEMPLATE.fullmatch(text.value)
        if match:
            named.append((text.lineno, match[1], text.value))
    for node in ast.walk(tree):
        first = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            continue
        if called(node) == "later" and (job := JOB.fullmatch(first.value)):
            named.append((first.lineno, job[1], first.value))
        if called(node) in RELATIONS and first.value != "self":
            named.append((first.lineno, first.value.partition(".")[0].lower(), first.value))
    return sorted(named)


def find_upward_names(source: str, *, of: str) -> list[str]:
    return [
        f"{line} {of} names {what}"
        for line, column, what in named_in(source)
        if column in columns() and not may_name(of, column)
    ]


def find_upward_tags(source: str, *, of: str) -> list[str]:
    found = []
    for number, line in enumerate(source.splitlines(), start=1):
        for name in TAG.findall(line):
            column = re.split(r"[:/]", name)[0]
            if column in columns() and not may_name(of, column):
                found.append(f"{number} {of} names {name}")
    return found


def test_foreign_screens_are_seen() -> None:
    bad = "from shuiheng.budget.views import draft\nimport shuiheng.papers.jobs\n"
    good = "from shuiheng.budget import services\nfrom shuiheng.desk.views import home\n"
    assert find_foreign_screens(bad, of="desk") == [
        "1 desk imports shuiheng.budget.views.draft",
        "2 desk imports shuiheng.papers.jobs",
    ]
    assert find_foreign_screens(good, of="desk") == []
    assert find_foreign_screens("from shuiheng.budget import forms", of="desk") == [
        "1 desk imports shuiheng.budget.forms"
    ]


def test_no_capability_imports_anothers_screens() -> None:
    found = [
        complaint
        for path in python_files()
        if column_of(path) not in ("app", "__init__.py")
        for complaint in complaints(partial(find_foreign_screens, of=column_of(path)), [path])
    ]
    assert_none(found)


BAD_NAMES = """
reverse("budget:draft", args=[1])
render(request, "desk/home.html", {})
models.ForeignKey("budget.Budget", on_delete=models.PROTECT)
later("metering.scan", day=1)
"""


def test_upward_names_are_seen() -> None:
    assert find_upward_names(BAD_NAMES, of="ledger") == [
        "2 ledger names budget:draft",
        "3 ledger names desk/home.html",
        "4 ledger names budget.Budget",
        "5 ledger names metering.scan",
    ]
    assert len(find_upward_names(BAD_NAMES, of="metering")) == 3, "budget is its sibling"
    assert find_upward_names(BAD_NAMES, of="desk") == []


def test_upward_tags_are_seen() -> None:
    bad = "<a href=\"{% url 'desk:home' %}\">\n{% include 'ui/link.html' %}{% extends \"desk/x.html\" %}"
    assert find_upward_tags(bad, of="papers") == [
        "1 papers names desk:home",
        "2 papers names desk/x.html",
    ]


def test_names_in_strings_obey_the_columns() -> None:
    found = []
    for path in python_files():
        if path.parent.name != "shuiheng":
            check = partial(find_upward_names, of=column_of(path))
            found += complaints(check, [path])
    for path in templates():
        found += complaints(partial(find_upward_tags, of=column_of(path)), [path])
    assert_none(found)


def test_every_capability_has_known_rows_only() -> None:
    """A module of a capability is a row, or a named part of one row's work; never a second home."""
    rows = set(KINDS)
    missing = [
        name
        for name in capabilities()
        if name not in ("ui", "rehearsal", "desk")
        and not rows & {p.stem for p in python_files() if column_of(p) == name}
    ]
    assert missing == []
