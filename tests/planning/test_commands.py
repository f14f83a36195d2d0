"""`shuiheng changji` on a terminal."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from shuiheng.core.refusal import Refusal
from shuiheng.planning.commands import add_commands, aligned, width
from shuiheng.planning.rules.split import TITLE


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    options = parser.parse_args(["changji", *words])
    assert options.needs_database is False
    return int(options.run(options))


def test_it_prints_both_years_both_rules_the_check_and_the_findings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[-1] == f"【{TITLE}】"
    text = "\n".join(lines)
    for words in ("2022年", "2025年", "规则A", "规则B", "无公布数", "25.02", "24.23"):
        assert words in text
    assert "玛纳斯县测算 6.32，公布 5.04，误差 +1.28 亿m³（+25.4%）" in text
    assert "玛纳斯县测算 6.36，公布 5.04，误差 +1.32 亿m³（+26.1%）" in text
    assert "相差 0.31 亿m³" in text


def test_one_year_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--year", "2025") == 0
    text = capsys.readouterr().out
    assert "\n2025年  单位" in text
    assert "\n2022年  单位" not in text
    assert "没有公布任何县市的数" in text


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--year", "2022") == 0
    assert json.loads(capsys.readouterr().out)["title"] == TITLE


def test_the_csv_file_opens_as_utf8_and_begins_with_the_title(tmp_path: Path) -> None:
    file = tmp_path / "昌吉.csv"
    assert run("--csv", str(file)) == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf" + TITLE.encode())


def test_a_file_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        run("--csv", str(tmp_path / "没有" / "a.csv"))
    assert refused.value.code == "planning.file_not_written"


def test_columns_stand_under_each_other_whatever_their_letters() -> None:
    lines = aligned([["县市", "合计"], ["昌吉市", "4.55"], ["准东经开区", "无公布数"]])
    assert {width(line) for line in lines} == {width("准东经开区  无公布数")}
    assert width("亿m³") == 4
