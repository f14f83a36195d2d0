"""One PostgreSQL for the run, one migrated template, a copy of it for every worker.

Tests connect as the app role, so what that role may not do fails here too. Append-only tables forbid
TRUNCATE: nothing here flushes; a test that must commit asks for `throwaway_database`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from shuiheng.app import compiled, installation, postgres
from shuiheng.app.database import Kind

TEMPLATE = "test_template"
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium on this machine"

_server: postgres.Server | None = None


def cluster() -> postgres.Cluster:
    return postgres.Cluster(settings.VAR / "postgres")


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """The process that is there from first to last starts the server; workers find it running."""
    global _server
    if is_worker(config) or config.option.collectonly:
        return
    assert compiled.warm_up()  # once for all workers
    _server = postgres.start(cluster().folder, report=lambda _: None)
    with cluster().connect() as superuser:
        # After a rolled-back test autovacuum would write down that its tables are empty, and the next
        # test's thousands of rows would be planned for as none.
        superuser.execute("ALTER SYSTEM SET autovacuum = off")
        superuser.execute("SELECT pg_reload_conf()")
        rows = superuser.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")
        for (name,) in rows.fetchall():
            drop(superuser, name)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.stop()


def drop(superuser: psycopg.Connection, name: str) -> None:
    marked = "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate"
    if superuser.execute(marked, [name]).fetchone():
        superuser.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE false')
    installation.drop_database(superuser, name)


@contextmanager
def copied(name: str) -> Iterator[str]:
    """A copy of the template, with Django pointed at it, dropped afterwards."""
    with cluster().connect() as superuser:
        superuser.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {postgres.OWNER}')
    try:
        with installation.pointed_at(name):
            yield name
    finally:
        connections.close_all()
        with cluster().connect() as superuser:
            drop(superuser, name)


def build_template() -> None:
    """Migrated, granted and loaded once per run, by whichever worker needs it first."""
    with (settings.VAR / "template.lock").open("ab") as lock, cluster().connect() as superuser:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate"
        if superuser.execute(there, [TEMPLATE]).fetchone():
            return
        installation.drop_database(superuser, TEMPLATE)
        postgres.ensure_database(cluster(), TEMPLATE)
        with installation.pointed_at(TEMPLATE):
            installation.prepare(Kind.DEMO, now=MADE_AT, report=lambda _: None)
        superuser.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


@pytest.fixture(scope="session")
def template(django_db_blocker: DjangoDbBlocker) -> str:
    with django_db_blocker.unblock():
        build_template()
    return TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, template: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), copied(f"test_{worker}"):
        yield


@dataclass(frozen=True, slots=True)
class Throwaway:
    """A database of one test's own, committed to by anybody: threads, child processes, a server."""

    name: str

    @property
    def env(self) -> dict[str, str]:
        """The environment of a child process that works on it, with the product's own settings."""
        where = f"postgresql:///{self.name}?host={cluster().socket}&user="
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "shuiheng.app.settings",
            "DATABASE_URL": where + postgres.APP,
            "DATABASE_OWNER_URL": where + postgres.OWNER,
        }


@pytest.fixture
def throwaway_database(
    request: pytest.FixtureRequest, template: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Throwaway]:
    """For race and kill tests: a copy of the template that the test may commit to."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_throwaway"
    with django_db_blocker.unblock(), copied(name):
        yield Throwaway(name)


@pytest.fixture
def site(throwaway_database: Throwaway) -> Iterator[str]:
    """The address of a running server on a throw-away database, for the browser."""
    server = LiveServer("127.0.0.1")
    yield server.url
    server.stop()


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Path:
    found = find_chromium()
    assert found is not None, NO_BROWSER
    return Path(found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    required = os.environ.get("REQUIRE_BROWSER") == "1"
    without_browser = pytest.mark.skip(reason=NO_BROWSER)
    for item in items:
        asks = item.get_closest_marker("django_db")
        if asks is not None and asks.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: flushes; use throwaway_database instead")
        if item.get_closest_marker("browser") and not required and find_chromium() is None:
            item.add_marker(without_browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if NO_BROWSER in r.longreprtext]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} browser tests were skipped: no Chromium on this machine "
            "(apt-get install chromium fonts-noto-cjk)."
        )
