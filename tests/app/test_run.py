"""`shuiheng run` from outside: it comes up, heals itself, refuses a second, and leaves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from shuiheng.app import run
from shuiheng.app.database import Kind
from shuiheng.core.refusal import Refusal

SECONDS = 90


class Running:
    """A launcher in a process of its own, on its own `var`."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.began = time.monotonic()
        self.said = var / f"said-{self.began}"
        env = os.environ | {"SHUIHENG_VAR": str(var), "DATABASE_URL": ""}
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shuiheng.app.cli", "run", "--db", "real"],
                env=env,
                stdout=output,
                stderr=output,
            )

    def address(self) -> str:
        until_true(lambda: "Ctrl-C" in self.said.read_text() or self.process.poll() is not None)
        found = re.search(r"已就绪：(http://\S+)", self.said.read_text())
        assert found, self.said.read_text()
        return found[1]

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(SECONDS)


def until_true(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not question():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def ours(var: Path) -> dict[int, str]:
    """The processes that work on this `var`, by number, with what they are."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                env = (entry / "environ").read_bytes()
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if f"SHUIHENG_VAR={var}\0".encode() in env and "Z" not in state(entry):
                    found[int(entry.name)] = words
            except OSError:
                continue
    return found


def state(entry: Path) -> str:
    return (entry / "stat").read_text().rpartition(")")[2].split()[0]


def ask(address: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"{address}health", timeout=10) as answer:
            told: dict[str, object] = json.load(answer)
            return told
    except (urllib.error.URLError, OSError):
        return {}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("run")
    yield folder
    for pid in ours(folder):
        os.kill(pid, signal.SIGKILL)


def test_it_comes_up_heals_and_leaves_nothing(var: Path) -> None:
    running = Running(var)
    address = running.address()
    until_true(lambda: ask(address) == {"version": "0.1.0", "database": True, "worker": True})
    second = Running(var)
    assert second.process.wait(SECONDS) == 1
    assert f"正式库已经在运行：{address}" in second.said.read_text()
    time.sleep(run.RESTART_SECONDS)
    for part in ("gunicorn", "cli worker"):
        victim = min(pid for pid, words in ours(var).items() if part in words)
        os.kill(victim, signal.SIGKILL)
        until_true(
            lambda victim=victim, part=part: any(  # type: ignore[misc]
                part in words for pid, words in ours(var).items() if pid > victim
            )
        )
        until_true(lambda: bool(ask(address)))
    assert running.end(signal.SIGTERM) == 0
    assert ours(var) == {}


@pytest.mark.slow
def test_killed_it_takes_everything_along_and_starts_again(var: Path) -> None:
    running = Running(var)
    running.address()
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    until_true(lambda: ours(var) == {})
    again = Running(var)
    assert ask(again.address())["database"] is True
    assert again.end(signal.SIGINT) == 0
    assert ours(var) == {}


@pytest.mark.slow
def test_without_its_database_it_stops_and_says_so(var: Path) -> None:
    running = Running(var)
    running.address()
    pid = int((var / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert running.process.wait(SECONDS) == 1
    assert "数据库意外停止" in running.said.read_text()
    until_true(lambda: ours(var) == {})


def test_a_second_one_on_the_same_database_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "VAR", tmp_path)
    with run.only_one(Kind.DEMO) as note_address:
        note_address("http://127.0.0.1:8000/")
        with pytest.raises(Refusal, match="演示库已经在运行：http://") as refused:
            run.only_one(Kind.DEMO).__enter__()
    assert refused.value.code == "run.already"
    with run.only_one(Kind.DEMO):
        """The first has gone."""


def test_a_web_server_that_does_not_come_up_is_said() -> None:
    service = run.Service("网页服务", [sys.executable, "-c", "raise SystemExit(3)"], signal.SIGQUIT)
    service.start()
    with (
        run.stop_signals() as told,
        pytest.raises(Refusal, match="网页服务没有启动成功"),
    ):
        run.wait_until_ready(service, "http://127.0.0.1:9/", told)


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind((run.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with run.listening(port) as listener:
            assert listener.getsockname()[1] > port


def test_without_a_free_port_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind((run.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match="端口都被占用"), run.listening(port):
            raise AssertionError("no port was free")


def test_a_stop_sign_raised_while_waiting_is_seen() -> None:
    with run.stop_signals() as told:
        assert not told.wait(0)
        strike = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGTERM])
        strike.start()
        assert told.wait(SECONDS)
        assert told.wait(0)  # once raised it stays up
        strike.join()
