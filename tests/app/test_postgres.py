"""The local server: ours, private, gone when we are gone, and none the worse for it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from shuiheng.app import postgres
from shuiheng.core.refusal import Refusal

SECONDS = 30

LAUNCHER = """
import sys, time, pathlib
from shuiheng.app import postgres
with postgres.running(pathlib.Path(sys.argv[1]), report=lambda _: None) as server:
    print("ours" if server.child else "guest", server.child and server.child.pid, flush=True)
    sys.stdin.readline()
"""


def silently(_: str) -> None:
    """No report."""


def launch(folder: Path) -> tuple[subprocess.Popen[str], str, int]:
    """A launcher in a process of its own: whose server it is, and the server's process number."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    whose, pid = launcher.stdout.readline().split()
    return launcher, whose, 0 if pid == "None" else int(pid)


def end(launcher: subprocess.Popen[str]) -> None:
    launcher.communicate("\n", timeout=SECONDS)
    assert launcher.returncode == 0


def kill(launcher: subprocess.Popen[str]) -> None:
    launcher.kill()
    launcher.communicate()


def gone(pid: int) -> bool:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cluster for the module: each test leaves it stopped."""
    return tmp_path_factory.mktemp("pg") / "cluster"


def kept(folder: Path) -> int:
    """How many rows a restarted server still knows."""
    with postgres.running(folder, silently) as server, server.cluster.connect() as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert found is not None
    return int(found[0])


def keep_one(cluster: postgres.Cluster) -> None:
    with cluster.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_it_is_private_safe_and_knows_hanzi(folder: Path) -> None:
    with postgres.running(folder, silently) as server:
        assert stat.S_IMODE(server.cluster.socket.stat().st_mode) == 0o700
        keep_one(server.cluster)
        with server.cluster.connect() as connection:
            settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
            connection.execute("CREATE EXTENSION pg_trgm")
            trigrams = connection.execute("SELECT show_trgm('水衡都尉')").fetchone()
            connection.execute("DROP EXTENSION pg_trgm")
    assert settings["listen_addresses"] == ""
    assert settings["fsync"] == settings["synchronous_commit"] == "on"
    assert settings["server_encoding"] == "UTF8"
    assert trigrams is not None
    assert len(trigrams[0]) > 3


def test_the_first_runs_it_and_the_second_uses_it(folder: Path) -> None:
    launcher, whose, pid = launch(folder)
    assert whose == "ours"
    guest, guest_whose, _ = launch(folder)
    assert guest_whose == "guest"
    end(guest)
    os.kill(pid, 0)  # still there
    end(launcher)
    assert gone(pid)


def test_a_killed_launcher_takes_it_along_and_nothing_is_lost(folder: Path) -> None:
    before = kept(folder)
    launcher, _, pid = launch(folder)
    keep_one(postgres.Cluster(folder))
    kill(launcher)
    assert gone(pid)
    assert kept(folder) == before + 1


def test_a_start_right_after_a_kill_waits_for_the_old_one(folder: Path) -> None:
    launcher, _, pid = launch(folder)
    kill(launcher)
    following, whose, fresh = launch(folder)
    assert whose == "ours"
    assert fresh != pid
    end(following)


def test_a_killed_server_recovers(folder: Path) -> None:
    before = kept(folder)
    launcher, _, pid = launch(folder)
    keep_one(postgres.Cluster(folder))
    os.kill(pid, signal.SIGKILL)
    end(launcher)
    assert kept(folder) == before + 1


def test_a_lock_file_whose_number_now_belongs_to_another_program(folder: Path) -> None:
    """After a restart of the machine the number may be anybody's: here it is our own."""
    stranger = f"{os.getpid()}\n{folder}/data\n1700000000\n5432\n{folder}/socket\n\n 1 2\nready\n"
    (folder / "data" / "postmaster.pid").write_text(stranger)
    (postgres.Cluster(folder).socket / ".s.PGSQL.5432.lock").write_text(stranger)
    assert kept(folder) >= 1


def test_a_guest_takes_over_when_the_host_has_gone(folder: Path) -> None:
    launcher, _, pid = launch(folder)
    with postgres.running(folder, silently) as guest:
        assert guest.child is None
        end(launcher)
        assert gone(pid)
        assert not guest.alive
        guest.take_over(silently)
        assert guest.alive
        guest.cluster.connect().close()
    with pytest.raises(psycopg.OperationalError):
        guest.cluster.connect()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "half").touch()
    with postgres.running(tmp_path, silently):
        pass
    assert (tmp_path / "data" / "PG_VERSION").exists()


def test_a_long_path_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    cluster = postgres.Cluster(tmp_path / ("深" * 40))
    assert len(os.fsencode(cluster.socket)) < postgres.SOCKET_PATH_BYTES
    assert cluster.socket != postgres.Cluster(tmp_path / ("浅" * 40)).socket


def test_a_socket_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    cluster = postgres.Cluster(tmp_path)
    with postgres.running(tmp_path, silently):
        pass
    cluster.socket.chmod(0o755)
    with pytest.raises(Refusal, match="只有本用户能进入"):
        postgres.start(tmp_path, silently)


def test_where_namespaces_are_forbidden_root_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres.os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    postgres._prefix.cache_clear()
    with pytest.raises(Refusal, match="DATABASE_URL"):
        postgres._prefix()
    postgres._prefix.cache_clear()


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with postgres.running(tmp_path, silently):
        pass
    (tmp_path / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Refusal, match="no_such_setting") as refused:
        postgres.start(tmp_path, silently)
    assert refused.value.code == "postgres.start"


def test_a_cluster_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SUPERUSER", "pg_not_allowed")
    with pytest.raises(Refusal, match=r"建立本地数据库服务器失败.*pg_not_allowed"):
        postgres.start(tmp_path, silently)


def test_a_machine_without_postgresql_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "major_version", lambda program: 15)
    postgres.binaries.cache_clear()
    with pytest.raises(Refusal, match="没有可用的 PostgreSQL 17"):
        postgres.binaries()
    postgres.binaries.cache_clear()
