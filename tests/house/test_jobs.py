"""A job is deferred by its name: every name is registered, and what it is given is what it takes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping

from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from tests.house.tree import assert_none, called, name_of, python_files


def find_unknown_jobs(source: str, known: Mapping[str, set[str]]) -> list[str]:
    """`known` maps a job's name to its arguments."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if called(node) != "later":
            continue
        assert isinstance(node, ast.Call)
        match node.args:
            case [ast.Constant(value=str(name))]:
                given = {keyword.arg for keyword in node.keywords}
                if name not in known:
                    found.append(f"{node.lineno} defers {name}, which nobody has registered")
                elif given != known[name]:
                    found.append(f"{node.lineno} gives {name} {sorted(map(str, given))}")
            case _:
                found.append(f"{node.lineno} defers a job whose name is not written out")
    return found


def arguments_of(task: Task) -> set[str]:  # type: ignore[type-arg]
    names = list(inspect.signature(task.func).parameters)
    return set(names[1:] if task.pass_context else names)


def test_unknown_jobs_are_seen() -> None:
    bad = 'later("a.b", x=1)\nlater("a.c", x=1)\nlater("a.b", y=1)\nlater(name)\n'
    assert find_unknown_jobs(bad, {"a.b": {"x"}}) == [
        "2 defers a.c, which nobody has registered",
        "3 gives a.b ['y']",
        "4 defers a job whose name is not written out",
    ]


def test_every_deferred_job_is_registered() -> None:
    known = {name: arguments_of(task) for name, task in app.tasks.items()}
    assert "budget.render_notices" in known
    assert_none(
        [
            f"{name_of(path)}:{found}"
            for path in python_files()
            for found in find_unknown_jobs(path.read_text("utf-8"), known)
        ]
    )


def test_a_job_is_named_after_its_capability() -> None:
    ours = [(name, task) for name, task in app.tasks.items() if "procrastinate" not in name]
    assert ours
    for name, task in ours:
        assert task.func.__module__ == f"shuiheng.{name.partition('.')[0]}.jobs", name
