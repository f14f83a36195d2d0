"""The door for JSON: what is no problem comes back as a sentence, and the other lines go on."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shuiheng.app.cli import main
from shuiheng.core.refusal import Refusal
from shuiheng.engine import wire
from shuiheng.engine.problem import MAX_TOTAL
from shuiheng.engine.wire import answer_line, answer_of

GOOD: dict[str, Any] = {
    "policy": "proportional",
    "tiers": ["living", "rest"],
    "nodes": [
        {"id": "city", "parent": None, "cap": None, "source_caps": {}},
        {"id": "米东区", "parent": "city", "cap": None, "source_caps": {"ground": 100, "surface": 40}},
    ],
    "users": [
        {"id": "a", "node": "米东区", "tier": "living", "sources": ["ground"], "demand": 30,
         "floor": 0, "weight": 1},
        {"id": "b", "node": "米东区", "tier": "rest", "sources": ["surface", "ground"],
         "demand": 150, "floor": 10, "weight": 1},
    ],
}  # fmt: skip


def changed(*path: Any, to: Any) -> dict[str, Any]:
    problem = copy.deepcopy(GOOD)
    place: Any = problem
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return problem


def test_an_answer_has_the_shape_that_was_agreed() -> None:
    answer = answer_of(GOOD)
    assert list(answer)[:6] == ["digest", "policy", "users", "certificates", "findings", "reserve"]
    assert answer["verified"] is True
    assert answer["users"] == [
        {"id": "a", "granted": 30, "by_source": {"ground": 30}, "certificate": None},
        {"id": "b", "granted": 110, "by_source": {"ground": 70, "surface": 40}, "certificate": 0},
    ]
    (certificate,) = answer["certificates"]
    assert certificate["cuts"] == [
        {"node": "米东区", "source": "ground", "cap": 100},
        {"node": "米东区", "source": "surface", "cap": 40},
    ]
    assert certificate["users"] == 2
    assert "米东区地下水＋地表水 140 m³" in certificate["text"]


REFUSED = [
    ("allocate.policy", changed("policy", to="talmud")),
    ("allocate.tiers", changed("tiers", to=["living", "living"])),
    ("allocate.missing", changed("users", to=None)),
    ("allocate.nodes", changed("nodes", to=[])),
    ("allocate.root", changed("nodes", 1, "parent", to=None)),
    ("allocate.parent", changed("nodes", 1, "parent", to="米东区")),
    ("allocate.twice", changed("nodes", 1, "id", to="city")),
    ("allocate.twice", changed("users", 1, "id", to="a")),
    ("allocate.twice", changed("users", 1, "sources", to=["ground", "ground"])),
    ("allocate.unknown", changed("users", 0, "node", to="nowhere")),
    ("allocate.unknown", changed("users", 0, "tier", to="nobody")),
    ("allocate.sources", changed("users", 0, "sources", to="ground")),
    ("allocate.too_many_sources", changed("users", 0, "sources", to=list("123456789"))),
    ("allocate.not_whole", changed("users", 0, "demand", to="30")),
    ("allocate.not_whole", changed("users", 0, "demand", to=True)),
    ("allocate.out_of_range", changed("users", 0, "demand", to=-1)),
    ("allocate.out_of_range", changed("users", 0, "demand", to=MAX_TOTAL)),
    ("allocate.not_an_object", changed("users", 0, to=7)),
    ("allocate.not_an_object", changed("nodes", 0, "source_caps", to=[])),
    ("allocate.id", changed("users", 0, "id", to=None)),
    ("allocate.grain", {**GOOD, "grain": 0}),
    ("allocate.weight", {**changed("users", 0, "weight", to=0), "policy": "weighted"}),
]


@pytest.mark.parametrize(("code", "problem"), REFUSED)
def test_what_is_no_problem_is_refused_in_a_sentence(code: str, problem: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refusal:
        answer_of(problem)
    assert refusal.value.code == code
    answer, good = answer_line(json.dumps(problem))
    assert not good
    assert json.loads(answer)["error"]["code"] == code
    assert json.loads(answer)["error"]["text"].endswith("。")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("allocate.not_json", "{"),
        ("allocate.not_json", "[" * 100_000),
        ("allocate.not_a_problem", "[]"),
        ("allocate.not_whole", '{"grain": 1.5}'),
        ("allocate.not_whole", '{"grain": NaN}'),
    ],
)
def test_a_line_that_is_no_json_object_is_refused(code: str, line: str) -> None:
    assert json.loads(answer_line(line)[0])["error"]["code"] == code


def test_limits_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_LINE", 10)
    assert json.loads(answer_line(json.dumps(GOOD))[0])["error"]["code"] == "allocate.too_long"
    monkeypatch.setattr(wire, "MAX_USERS", 1)
    with pytest.raises(Refusal) as refusal:
        answer_of(GOOD)
    assert refusal.value.code == "allocate.too_many_users"


def test_the_command_answers_every_line_and_says_that_one_was_wrong(tmp_path: Path) -> None:
    given, made = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(f"{json.dumps(GOOD)}\n\n{{\n{json.dumps(GOOD)}\n", encoding="utf-8")
    assert main(["allocate", str(given), "--to", str(made)]) == 1
    first, second, third = map(json.loads, made.read_text(encoding="utf-8").splitlines())
    assert first == third
    assert first["verified"]
    assert second["error"]["code"] == "allocate.not_json"
    given.write_text(json.dumps(GOOD, indent=1), encoding="utf-8")  # one problem over many lines
    assert main(["allocate", str(given), "--to", str(made)]) == 0
    assert json.loads(made.read_text(encoding="utf-8")) == first


def test_files_that_cannot_be_read_or_written_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["allocate", str(tmp_path / "none")]) == 1
    assert "不能读" in capsys.readouterr().err  # allocate.not_read
    given = tmp_path / "in.jsonl"
    given.write_text(json.dumps(GOOD), encoding="utf-8")
    assert main(["allocate", str(given), "--to", str(tmp_path / "no" / "folder")]) == 1
    assert "不能写入" in capsys.readouterr().err  # allocate.not_written
