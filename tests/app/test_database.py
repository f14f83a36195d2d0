"""Which PostgreSQL, as whom, with which limits."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shuiheng.app import database, postgres
from shuiheng.app.database import Kind
from shuiheng.core.refusal import Refusal


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "SHUIHENG_DB",
        "SHUIHENG_AS_OWNER",
        "SHUIHENG_STATEMENT_TIMEOUT",
    ):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_secret_is_made_once_and_kept_private(bare: object, tmp_path: Path) -> None:
    first = database.secret(tmp_path, "django")
    assert database.secret(tmp_path, "django") == first
    assert database.secret(tmp_path, "other") != first
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "django").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["django", "other"]


def test_many_at_once_get_the_same_secret(bare: object, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = set(threads.map(lambda _: database.secret(tmp_path, "django"), range(64)))
    assert len(found) == 1


def test_a_secret_may_come_from_the_environment(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("SHUIHENG_SECRET_DJANGO", "given")
    assert database.secret(tmp_path, "django") == "given"
    assert not (tmp_path / "secrets").exists()


def test_kinds_never_share_a_database(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = set()
    for kind in Kind:
        bare.setenv("SHUIHENG_DB", kind)
        names.add(database.django_settings(tmp_path)["NAME"])
    assert len(names) == len(Kind)


def test_an_unknown_kind_is_refused(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("SHUIHENG_DB", "produktion")
    with pytest.raises(Refusal, match="没有“produktion”这种数据库"):
        database.django_settings(tmp_path)


def test_locally_the_app_role_works_and_the_owner_migrates(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert database.django_settings(tmp_path)["USER"] == postgres.APP
    bare.setenv("SHUIHENG_AS_OWNER", "1")
    assert database.django_settings(tmp_path)["USER"] == postgres.OWNER


def test_urls_name_another_server(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("DATABASE_URL", "postgresql://app:p%40ss@db.example:5433/water?sslmode=require")
    bare.setenv("DATABASE_OWNER_URL", "postgresql://boss:w@db.example/water")
    app = database.connection_settings(tmp_path, owner=False)
    assert (app["USER"], app["PASSWORD"], app["HOST"], app["PORT"], app["NAME"]) == (
        "app",
        "p@ss",
        "db.example",
        "5433",
        "water",
    )
    assert app["OPTIONS"]["sslmode"] == "require"
    assert database.connection_settings(tmp_path, owner=True)["USER"] == "boss"
    assert database.asked_kind() is None


def test_a_url_that_is_none_is_refused(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("DATABASE_URL", "postgresql://[broken")
    with pytest.raises(Refusal, match="DATABASE_URL 不是有效的 PostgreSQL 地址"):
        database.django_settings(tmp_path)


def test_nobody_waits_for_ever(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("SHUIHENG_STATEMENT_TIMEOUT", database.WEB_STATEMENT_TIMEOUT)
    limits = database.django_settings(tmp_path)["OPTIONS"]["options"]
    assert "lock_timeout=5s" in limits
    assert "statement_timeout=30s" in limits
    assert "idle_in_transaction_session_timeout=60s" in limits


def test_a_timeout_that_is_none_is_refused(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("SHUIHENG_STATEMENT_TIMEOUT", "30s -c fsync=off")
    with pytest.raises(Refusal, match="不是时长"):
        database.django_settings(tmp_path)
