"""Back up, destroy, restore: what comes back is what was there."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from shuiheng.app import backup, database, installation, postgres
from shuiheng.core.refusal import Refusal
from shuiheng.office.models import Installation, PolicyValue

NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)


def silently(_: str) -> None:
    """No report."""


@pytest.fixture
def place(
    throwaway_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A database with an attachment beside it; what a restore keeps of it is dropped."""
    files = tmp_path / "files" / "here"
    (files / "papers").mkdir(parents=True)
    (files / "papers" / "通知.pdf").write_bytes(b"%PDF")
    monkeypatch.setattr(settings, "FILES", files)
    yield tmp_path / "backup.tar"
    with installation.owner_connection(installation.MAINTENANCE) as server:
        kept = server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s",
            [f"{throwaway_database.name}\\_before\\_%"],
        ).fetchall()
        for (name,) in kept:
            installation.drop_database(server, name)


def content() -> dict[str, list[str]]:
    with installation.owner_connection(connection.settings_dict["NAME"]) as reader:
        return backup._content(reader)


def destroy() -> None:
    with installation.as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE office_policyvalue CASCADE")
    for path in settings.FILES.rglob("*.pdf"):
        path.unlink()


def test_what_was_destroyed_comes_back(place: Path) -> None:
    before = content()
    assert int(before["office_policyvalue"][0]) > 0
    backup.back_up(place, now=NOW, report=silently)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    destroy()
    backup.restore(place, replace=True, now=NOW, report=silently)
    assert content() == before
    assert (settings.FILES / "papers" / "通知.pdf").read_bytes() == b"%PDF"
    with connection.cursor() as cursor:  # and its rights came back with it
        cursor.execute("SELECT current_user, has_table_privilege('office_act', 'DELETE')")
        assert cursor.fetchone() == ("shuiheng_app", False)


def test_the_digest_sees_one_changed_row(place: Path) -> None:
    before = content()
    row = PolicyValue.objects.order_by("pk")[0]
    PolicyValue.objects.filter(pk=row.pk).update(label=row.label + "。")
    after = content()
    assert before["office_policyvalue"][0] == after["office_policyvalue"][0]
    assert before["office_policyvalue"][1] != after["office_policyvalue"][1]


def test_a_full_database_is_not_overwritten_by_accident(place: Path) -> None:
    backup.back_up(place, now=NOW, report=silently)
    with pytest.raises(Refusal, match="不是空的"):
        backup.restore(place, replace=False, now=NOW, report=silently)


def test_a_demo_backup_never_enters_a_real_database(place: Path) -> None:
    backup.back_up(place, now=NOW, report=silently)
    Installation.objects.update(kind="real")
    with pytest.raises(Refusal, match="备份是演示库，目标是正式库"):
        backup.restore(place, replace=True, now=NOW, report=silently)


def test_an_empty_database_of_the_wrong_kind_refuses_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.back_up(place, now=NOW, report=silently)
    empty = f"{connection.settings_dict['NAME']}_empty"
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.create_database(server, empty)
    monkeypatch.setenv("SHUIHENG_DB", database.Kind.REAL)
    with (
        installation.pointed_at(empty),
        pytest.raises(Refusal, match="请加 --db demo") as refused,
    ):
        backup.restore(place, replace=True, now=NOW, report=silently)
    assert refused.value.code == "restore.kind"
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.drop_database(server, empty)


def test_a_running_program_is_not_pulled_from_under(place: Path, throwaway_database: Any) -> None:
    backup.back_up(place, now=NOW, report=silently)
    before = content()
    parameters = connection.get_connection_params()
    somebody = psycopg.connect(
        host=parameters["host"], user=parameters["user"], dbname=throwaway_database.name
    )
    with somebody, pytest.raises(Refusal, match="还有程序连着"):
        backup.restore(place, replace=True, now=NOW, report=silently)
    assert content() == before


def test_a_damaged_backup_is_refused_before_anything_is_touched(place: Path) -> None:
    backup.back_up(place, now=NOW, report=silently)
    whole = place.read_bytes()
    at = whole.index(b"%PDF")
    place.write_bytes(whole[:at] + b"%XYZ" + whole[at + 4 :])
    with pytest.raises(Refusal, match="不是完整的水衡备份"):
        backup.restore(place, replace=True, now=NOW, report=silently)
    place.write_bytes(whole[:5000])
    with pytest.raises(Refusal, match="不是完整的水衡备份"):
        backup.restore(place, replace=True, now=NOW, report=silently)


def test_a_restore_that_differs_from_its_manifest_changes_nothing(place: Path) -> None:
    backup.back_up(place, now=NOW, report=silently)
    before = content()
    rewrite(place, lambda facts: facts["tables"].update(office_act=["7", "7"]))
    with pytest.raises(Refusal, match="不一致，原来的数据库没有改动"):
        backup.restore(place, replace=True, now=NOW, report=silently)
    assert content() == before


def test_a_backup_of_a_newer_program_is_refused(place: Path) -> None:
    backup.back_up(place, now=NOW, report=silently)
    rewrite(place, lambda facts: facts["migrations"].append("office.9999_future"))
    with pytest.raises(Refusal, match="更新的程序"):
        backup.restore(place, replace=True, now=NOW, report=silently)


def test_a_backup_never_overwrites_a_file(place: Path) -> None:
    place.touch()
    with pytest.raises(Refusal, match="已经存在"):
        backup.back_up(place, now=NOW, report=silently)


def test_a_failing_program_is_a_sentence(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_program", lambda name: "/bin/false")
    with pytest.raises(Refusal, match="没有成功"):
        backup.back_up(place, now=NOW, report=silently)
    assert not place.exists()
    assert [path.name for path in place.parent.iterdir()] == ["files"]


def test_a_machine_without_pg_dump_is_told_what_to_install(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "major_version", lambda program: 9)
    with pytest.raises(Refusal, match="请安装 postgresql-client-") as told:
        backup.back_up(place, now=NOW, report=silently)
    assert told.value.code == "backup.program"


def rewrite(archive: Path, change: Any) -> None:
    """The same archive with a changed manifest."""
    with tarfile.open(archive) as old:
        members = [(m, (old.extractfile(m) or io.BytesIO()).read()) for m in old.getmembers()]
    with tarfile.open(archive, "w") as new:
        for member, data in members:
            if member.name == backup.MANIFEST:
                facts = json.loads(data)
                change(facts)
                data = json.dumps(facts).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))


@pytest.fixture(autouse=True)
def no_connection_left(place: Path) -> Iterator[None]:
    yield
    connections.close_all()
