"""The tree as the house tests see it: its files, its columns, and who stands above whom.

Every rule of the house is a function `find_…(source, …) -> list[str]` of a text; a test shows it a bad
example first, and then the whole tree.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "shuiheng"
TESTS = ROOT / "tests"
KINDS = ("urls", "views", "forms", "commands", "jobs", "services", "selectors", "models", "rules")
"""The rows of a capability, from the top down."""

Find = Callable[[str], list[str]]


def python_files(folder: Path = PACKAGE) -> list[Path]:
    """Every module, migrations apart: they are what they once were."""
    return sorted(p for p in folder.rglob("*.py") if "migrations" not in p.parts)


def templates() -> list[Path]:
    return sorted(PACKAGE.rglob("templates/**/*.html"))


def words_of_the_house() -> list[Path]:
    """Every file with words of ours in it."""
    endings = {".py", ".html", ".typ", ".yaml", ".js", ".css"}
    return sorted(p for p in PACKAGE.rglob("*") if p.suffix in endings)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def complaints(find: Find, files: Iterable[Path]) -> list[str]:
    """What `find` says of each file, as file:line what."""
    return [f"{name_of(path)}:{found}" for path in files for found in find(path.read_text("utf-8"))]


def assert_none(found: list[str]) -> None:
    """No complaints; otherwise each on a line of its own."""
    assert not found, "\n" + "\n".join(found)


@cache
def columns() -> dict[str, int]:
    """The height of every capability, from the contract of the import linter; siblings share one."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "columns")
    return {name.strip(): -height for height, line in enumerate(layers) for name in line.split("|")}


def capabilities() -> list[str]:
    """Those with rows: neither the app nor what is pure throughout."""
    return [name for name in columns() if name not in ("app", "core", "engine", "hydrology")]


def may_name(user: str, named: str) -> bool:
    """Whether a column may name something of another, even in a string."""
    heights = columns()
    return user == named or heights[user] > heights[named]


def column_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every text constant that is no docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node


def called(node: ast.AST) -> str:
    """The last word of what a call calls; nothing for other nodes."""
    if not isinstance(node, ast.Call):
        return ""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
