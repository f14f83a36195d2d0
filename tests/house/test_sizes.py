"""A function fits on a screen, a file in a head, a view on a postcard; no module is a drawer."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tree import PACKAGE, TESTS, assert_none, complaints, name_of, python_files

FUNCTION_LINES = 70
FILE_LINES = 600
VIEW_LINES = 20
DRAWERS = {"utils", "helpers", "common", "managers", "misc"}


def functions(source: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the last line, a docstring not counted."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function):
        doc = function.body[0]
        assert doc.end_lineno is not None
        lines -= doc.end_lineno - doc.lineno + 1
    return lines


def find_long_functions(source: str) -> list[str]:
    return [
        f"{function.lineno} {function.name} has {lines_of(function)} lines"
        for function in functions(source)
        if lines_of(function) > FUNCTION_LINES
    ]


def find_long_views(source: str) -> list[str]:
    """A view is a public function of a request; what it calls to draw its parts begins with _."""
    return [
        f"{function.lineno} view {function.name} has {lines_of(function)} lines"
        for function in functions(source)
        if function.args.args
        and function.args.args[0].arg == "request"
        and not function.name.startswith("_")
        and lines_of(function) > VIEW_LINES
    ]


def find_long_files(source: str) -> list[str]:
    lines = len(source.splitlines())
    return [f"{lines} lines"] if lines > FILE_LINES else []


def find_drawers(names: str) -> list[str]:
    """`names` is one dotted or slashed path per line."""
    return [
        line
        for line in names.splitlines()
        if DRAWERS & set(line.replace(".", "/").removesuffix("/py").split("/"))
    ]


def is_view(path: Path) -> bool:
    return path.stem == "views" or path.parent.name == "views"


def a_function(lines: int, first: str = "thing") -> str:
    return f'def long({first}):\n    """Words."""\n' + "    pass\n" * (lines - 1)


def test_long_functions_are_seen() -> None:
    assert find_long_functions(a_function(71)) == ["1 long has 71 lines"]
    assert find_long_functions(a_function(70)) == []


def test_functions_are_short() -> None:
    assert_none(complaints(find_long_functions, [*python_files(), *python_files(TESTS)]))


def test_long_files_are_seen() -> None:
    assert find_long_files("pass\n" * 601) == ["601 lines"]
    assert find_long_files("pass\n" * 600) == []


def test_files_are_short() -> None:
    assert_none(complaints(find_long_files, [*python_files(), *python_files(TESTS)]))


def test_long_views_are_seen() -> None:
    assert find_long_views(a_function(21, "request")) == ["1 view long has 21 lines"]
    assert find_long_views(a_function(21)) == []
    assert find_long_views(a_function(21, "request").replace("long", "_long")) == []


def test_views_are_short() -> None:
    assert_none(complaints(find_long_views, [p for p in python_files() if is_view(p)]))


def test_drawers_are_seen() -> None:
    assert find_drawers("budget/utils.py\nbudget/services.py\nui/common/x.py") == [
        "budget/utils.py",
        "ui/common/x.py",
    ]


def test_no_module_is_a_drawer() -> None:
    files = [p for folder in (PACKAGE, TESTS) for p in folder.rglob("*.py")]
    assert find_drawers("\n".join(name_of(path) for path in files)) == []
