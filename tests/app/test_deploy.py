"""What a real installation still lacks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from shuiheng.app import deploy, installation, postgres
from shuiheng.app.database import APPEND_ONLY
from shuiheng.core.refusal import Finding, blocking
from shuiheng.office.models import Installation

NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)


def codes(found: list[Finding]) -> set[str]:
    return {finding.code.removeprefix("deploy.") for finding in found}


@pytest.mark.django_db
def test_a_trial_installation_hears_everything_it_lacks() -> None:
    found = deploy.findings(now=NOW)
    assert {"local_server", "hosts", "https", "kind", "worker", "backup"} <= codes(blocking(found))
    assert all("做法：" in finding.sentence for finding in found)
    assert not {"one_role", "may_alter", "secrets", "schema"} & codes(found)


@pytest.mark.django_db
def test_what_has_been_done_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Installation.objects.update(kind="real")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    name = connection.settings_dict["NAME"]
    record = tmp_path / f"last-backup-{name}.json"
    record.write_text(json.dumps({"at": (NOW - timedelta(hours=23)).isoformat()}))
    monkeypatch.setattr(settings, "VAR", tmp_path)
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["water.example.gov.cn"])
    monkeypatch.setattr(settings, "SESSION_COOKIE_SECURE", True)
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db.example/water")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://boss@db.example/water")
    assert blocking(deploy.findings(now=NOW)) == []
    assert codes(blocking(deploy.findings(now=NOW + timedelta(hours=2)))) == {"backup"}


@pytest.mark.django_db
def test_equal_roles_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(list(deploy._rights())) == set()
    monkeypatch.setattr(postgres, "OWNER", postgres.APP)
    assert codes(list(deploy._rights())) == {"one_role"}


def test_too_many_rights_are_found(throwaway_database: object) -> None:
    with installation.as_owner(), connection.cursor() as cursor:
        cursor.execute(f"GRANT TRUNCATE ON {APPEND_ONLY[0]} TO shuiheng_app")
    found = list(deploy._rights())
    assert codes(found) == {"may_alter"}
    assert APPEND_ONLY[0] in found[0].sentence


def test_readable_secrets_are_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "django").touch(0o600)
    assert list(deploy._secrets(tmp_path)) == []
    (tmp_path / "django").chmod(0o644)
    assert codes(list(deploy._secrets(tmp_path))) == {"secrets"}
