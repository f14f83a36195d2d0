"""The command: refusals are sentences, `--db` is read first, `manage` works as the right role."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException

from shuiheng.app import cli, commands
from shuiheng.core.refusal import Refusal


def call(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shuiheng.app.cli", *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_refusal_is_a_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(argv: list[str]) -> argparse.Namespace:
        raise Refusal("test", "今天不行。", remedy="明天再来。")

    monkeypatch.setattr(cli, "parse", refuse)
    assert cli.main([]) == 1
    assert capsys.readouterr().err == "今天不行。明天再来。\n"


def test_an_unexpected_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(argv: list[str]) -> argparse.Namespace:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "parse", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main([])


def test_the_kind_is_read_before_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUIHENG_DB", "")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", os.environ["DJANGO_SETTINGS_MODULE"])
    args = cli.parse(["run", "--db", "practice", "--port", "9000"])
    assert os.environ["SHUIHENG_DB"] == "practice"
    assert (args.port, args.needs_database) == (9000, False)


def test_an_unknown_kind_is_refused_by_the_real_command() -> None:
    done = call(os.environ | {"SHUIHENG_DB": ""}, "run", "--db", "nonsense")
    assert done.returncode == 1
    assert done.stderr.startswith("没有“nonsense”这种数据库")


def test_a_command_of_the_wrong_kind_is_refused(throwaway_database: Any) -> None:
    done = call(throwaway_database.env, "backup", "--db", "real")
    assert done.returncode == 1
    assert "打开的是演示库，不是正式库" in done.stderr


def test_manage_works_as_the_app_role_and_migrates_as_the_owner(throwaway_database: Any) -> None:
    who = "from django.db import connection as c; print(c.cursor().execute('SELECT current_user').fetchone()[0])"
    assert "shuiheng_app" in call(throwaway_database.env, "manage", "shell", "-c", who).stdout
    done = call(throwaway_database.env, "manage", "migrate", "--verbosity", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "migrate" in commands.AS_OWNER


def test_a_worker_that_loses_its_database_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lose_it() -> None:
        raise ConnectorException

    monkeypatch.setattr(commands.installation, "refuse_unsafe_server", lambda: None)
    monkeypatch.setattr(commands, "work", lose_it)
    with pytest.raises(Refusal, match="失去了数据库连接"):
        commands._worker(argparse.Namespace())
