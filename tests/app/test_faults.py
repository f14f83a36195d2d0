"""What happens when the ground shakes: killed servers, full disks, restarts, half migrations.

Each test works on a server of its own. The crash test is run against a server that may forget, too: a
test that could not find a loss would prove nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, close_old_connections, connection, connections
from pytest_django import DjangoDbBlocker

from shuiheng.app import backup, installation, postgres
from shuiheng.app.database import Kind
from shuiheng.core.refusal import Refusal

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 60


def silently(_: str) -> None:
    """No report."""


def kept(cluster: postgres.Cluster) -> int:
    with cluster.connect() as reader:
        found = reader.execute("SELECT count(*) FROM kept").fetchone()
    assert found is not None
    return int(found[0])


class Writer(threading.Thread):
    """Writes one row after the other and counts those that the server has confirmed."""

    def __init__(self, cluster: postgres.Cluster, commit: str) -> None:
        super().__init__()
        self.connection = psycopg.connect(
            host=str(cluster.socket),
            user=postgres.SUPERUSER,
            dbname="postgres",
            autocommit=True,
            options=f"-c synchronous_commit={commit}",
        )
        self.confirmed = 0

    def run(self) -> None:
        try:
            while True:
                self.connection.execute("INSERT INTO kept VALUES (1)")
                self.confirmed += 1
        except psycopg.OperationalError:
            self.connection.close()


def rows_lost(folder: Path, commit: str) -> int:
    """Kill a writing server with everything that belongs to it; how much of the confirmed is gone."""
    server = postgres.start(folder, silently)
    with server.cluster.connect() as maker:
        maker.execute("DROP TABLE IF EXISTS kept")
        maker.execute("CREATE TABLE kept (n int)")
    writer = Writer(server.cluster, commit)
    writer.start()
    time.sleep(0.5)
    for pid in postgres._processes_in(server.cluster.data.resolve()):
        os.kill(pid, signal.SIGKILL)
    writer.join(SECONDS)
    server.stop()
    with postgres.running(folder, silently) as again:
        assert writer.confirmed > 0
        return writer.confirmed - kept(again.cluster)


def test_a_crash_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    assert rows_lost(tmp_path, "on") <= 0


def test_the_crash_test_can_fail(tmp_path: Path) -> None:
    assert any(rows_lost(tmp_path, "off") > 0 for _ in range(5))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MB with 40 MB of ballast on it, that can be thrown off."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=0700", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    (tmp_path / "ballast").write_bytes(b"\0" * 40_000_000)
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def fill(cluster: postgres.Cluster) -> None:
    """Write until the disk is full; the server says so, or goes down over its own log."""
    with cluster.connect() as writer:
        writer.execute("CREATE UNLOGGED TABLE filler (t text STORAGE EXTERNAL)")
        row = "INSERT INTO filler SELECT repeat('x', 10000) FROM generate_series(1, 1000)"
        with pytest.raises((psycopg.errors.DiskFull, psycopg.OperationalError)):  # noqa: PT012
            for _ in range(100):
                writer.execute(row)


def test_a_full_disk_loses_nothing_that_was_confirmed(small_disk: Path) -> None:
    server = postgres.start(small_disk / "pg", silently)
    with server.cluster.connect() as maker:
        maker.execute("CREATE TABLE kept (n int)")
        maker.execute("INSERT INTO kept VALUES (1)")
    fill(server.cluster)
    server.stop()
    (small_disk / "ballast").unlink()
    with postgres.running(small_disk / "pg", silently) as again:
        assert kept(again.cluster) == 1
        with again.cluster.connect() as writer:
            writer.execute("INSERT INTO kept VALUES (1)")
        assert kept(again.cluster) == 2


def test_a_backup_onto_a_full_disk_is_a_sentence(small_disk: Path, throwaway_database: Any) -> None:
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "rest").write_bytes(b"\0" * 160_000_000)
    with pytest.raises(Refusal, match=r"磁盘已满|没有成功"):
        backup.back_up(small_disk / "backup.tar", now=NOW, report=silently)
    assert not list(small_disk.glob("*backup*"))


def test_a_restart_under_load_is_survived(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """As a web thread does it: its connection is looked at before each request."""
    server = postgres.start(tmp_path, silently)
    with server.cluster.connect() as maker:
        maker.execute(f"CREATE TABLE kept (n int); GRANT ALL ON kept TO {postgres.APP}")
    confirmed: list[float] = []
    stop = threading.Event()

    def requests() -> None:
        while not stop.is_set():
            close_old_connections()
            try:
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO kept VALUES (1)")
                confirmed.append(time.monotonic())
            except DatabaseError:
                time.sleep(0.01)
        connections.close_all()

    place = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.settings_dict.update(HOST=str(server.cluster.socket), NAME="postgres")
        thread = threading.Thread(target=requests)
        try:
            thread.start()
            until_true(lambda: len(confirmed) > 100)
            server.stop()
            server = postgres.start(tmp_path, silently)
            restarted = time.monotonic()
            until_true(lambda: confirmed[-1] > restarted)
        finally:
            stop.set()
            thread.join(SECONDS)
            connection.settings_dict.update(place)
    assert kept(server.cluster) >= len(confirmed)
    server.stop()


def until_true(question: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not question():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_migration_killed_halfway_is_finished_by_the_next_start(
    throwaway_database: Any,
) -> None:
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.drop_database(server, throwaway_database.name)
        installation.create_database(server, throwaway_database.name)
    child = subprocess.Popen(
        [sys.executable, "-m", "shuiheng.app.cli", "manage", "migrate", "--verbosity", "0"],
        env=throwaway_database.env,
        stderr=subprocess.DEVNULL,
    )
    with installation.as_owner():
        until_true(lambda: len(installation.applied_migrations()) > 20)
        child.kill()
        child.wait()
        assert installation.unapplied_migrations(), "killed too late: it had finished"
    assert installation.prepare(Kind.DEMO, now=NOW, report=silently) is Kind.DEMO
    assert installation.unapplied_migrations() == []
