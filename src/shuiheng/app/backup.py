"""Backup and restore: one file with the database, the files beside it, and a manifest that proves both.

A restore builds a second database, compares every table with the manifest, and only then takes the
place of the first, which is kept under another name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from shuiheng.app import database, installation, postgres
from shuiheng.app.database import KIND_LABELS, Kind
from shuiheng.core.clock import BEIJING
from shuiheng.core.refusal import Kind as RefusalKind
from shuiheng.core.refusal import Refusal
from shuiheng.office.models import Installation

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file holds. A table's content is its row count and the sum of its rows' digests."""

    format: int
    program: str
    kind: str
    database: str
    made_at: str
    migrations: list[str]
    tables: dict[str, list[str]]
    files: dict[str, str]
    dump: str


def back_up(target: Path | None, *, now: datetime, report: Report) -> Path:
    """Write a backup of the present database and its files; returns where."""
    stamp = now.astimezone(BEIJING).strftime("%Y%m%dT%H%M%S")
    name = connection.settings_dict["NAME"]
    target = target or settings.VAR / "backups" / f"{name}-{stamp}.tar"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        raise Refusal("backup.exists", f"{target} 已经存在。", remedy="请换一个文件名。")
    with (
        _room_for(target),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder,
    ):
        dump = Path(folder) / DUMP
        report("导出数据库")
        tables = _dump(dump)
        report("收集附件")
        whole = Path(folder) / "whole.tar"
        with whole.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(dump, DUMP)
                manifest = Manifest(
                    format=FORMAT,
                    program=version("shuiheng"),
                    kind=Installation.objects.get(pk=1).kind,
                    database=name,
                    made_at=now.isoformat(),
                    migrations=installation.applied_migrations(),
                    tables=tables,
                    files=_pack_files(archive),
                    dump=_digest(dump),
                )
                facts = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
                _pack(archive, MANIFEST, facts.encode())
            file.flush()
            os.fsync(file.fileno())
        whole.chmod(0o600)
        whole.rename(target)  # a backup is whole or not there
    (settings.VAR / f"last-backup-{name}.json").write_text(
        json.dumps({"at": now.isoformat(), "file": str(target.absolute())})
    )
    return target


def restore(source: Path, *, replace: bool, now: datetime, report: Report) -> Manifest:
    """Put a backup in the place of the present database, which must be empty unless `replace`."""
    name = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(dir=settings.VAR, prefix=".restore-") as folder:
        report("核对备份文件")
        manifest = _unpack(source, Path(folder))
        occupied = _refuse_wrong_place(manifest, replace=replace)
        installation.refuse_newer_schema(manifest.migrations)
        fresh = f"{name}_restoring"
        report("恢复到新数据库")
        with _built(fresh, Path(folder) / DUMP, manifest):
            with installation.pointed_at(fresh):
                installation.prepare(Kind(manifest.kind), now=now, report=report)
            report("替换")
            before = f"{name}_before_{now.astimezone(BEIJING):%Y%m%dT%H%M%S}"
            _swap_databases(name, fresh, before if occupied else None)
            _swap_files(Path(folder) / "files", before)
    if occupied:
        report(f"原来的数据库保留为 {before}，确认无误后可由管理员删除")
    return manifest


@contextlib.contextmanager
def _room_for(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise Refusal(
            "backup.full",
            f"{target.parent} 所在的磁盘已满，备份没有写成。",
            remedy="请腾出空间，或用 --to 写到别处。",
        ) from None


def _dump(target: Path) -> dict[str, list[str]]:
    """pg_dump and our own count of every table, both of the same snapshot."""
    program = _program("pg_dump")
    name = connection.settings_dict["NAME"]
    with installation.owner_connection(name) as reader:
        reader.execute("SET idle_in_transaction_session_timeout = 0")
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = reader.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        _call(
            [program, "--format=custom", "--no-owner", "--no-privileges"],
            [f"--snapshot={snapshot}", f"--file={target}"],
            name,
        )
        return _content(reader)


def _content(reader: psycopg.Connection) -> dict[str, list[str]]:
    """Per table its row count and the sum of its rows' digests: order does not matter."""
    reader.execute("SET TIME ZONE 'UTC'")
    names = reader.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname"
    ).fetchall()
    found = {}
    for (name,) in names:
        query = sql.SQL(
            "SELECT count(*)::text, "
            "coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text "
            "FROM {} t"
        ).format(sql.Identifier(name))
        found[name] = list(reader.execute(query).fetchone() or ())
    return found


@contextlib.contextmanager
def _built(name: str, dump: Path, manifest: Manifest) -> Iterator[None]:
    """A new database with the dump in it, proved equal; dropped if anything goes wrong."""
    program = _program("pg_restore")
    with installation.owner_connection(installation.MAINTENANCE) as server:
        installation.drop_database(server, name)
        installation.create_database(server, name)
        try:
            _call(
                [
                    program,
                    "--exit-on-error",
                    "--no-owner",
                    "--no-privileges",
                    "--single-transaction",
                ],
                [f"--dbname={name}", str(dump)],
                name,
            )
            with installation.owner_connection(name) as reader:
                if _content(reader) != manifest.tables:
                    raise Refusal(
                        "restore.differs",
                        "恢复出来的数据与备份清单不一致，原来的数据库没有改动。",
                        remedy="请换一份备份再试。",
                    )
            yield
        finally:
            installation.drop_database(server, name)


def _refuse_wrong_place(manifest: Manifest, *, replace: bool) -> bool:
    """Whether the present database holds anything; a backup of another kind is never let in."""
    with installation.as_owner():
        tables = connection.introspection.table_names()
        there = Installation.objects.filter(pk=1).first() if tables else None
    kind = Kind(there.kind) if there else database.asked_kind()
    if kind is not None and kind != manifest.kind:
        raise Refusal(
            "restore.kind",
            f"备份是{KIND_LABELS[Kind(manifest.kind)]}，目标是{KIND_LABELS[kind]}：两者从不混用。",
            kind=RefusalKind.CONFLICT,
            remedy=f"请加 --db {manifest.kind}，或换一个数据库。",
        )
    if tables and not replace:
        raise Refusal(
            "restore.occupied",
            "目标数据库不是空的。",
            kind=RefusalKind.CONFLICT,
            remedy="确认要替换时加 --replace；原来的数据库会改名保留。",
        )
    return bool(tables)


def _swap_databases(name: str, fresh: str, before: str | None) -> None:
    connection.close()
    rename = "ALTER DATABASE {} RENAME TO {}"
    with installation.owner_connection(installation.MAINTENANCE) as server:
        try:
            if before is None:
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            else:
                server.execute(sql.SQL(rename).format(sql.Identifier(name), sql.Identifier(before)))
        except psycopg.errors.ObjectInUse:
            raise Refusal(
                "restore.in_use",
                "还有程序连着这个数据库。",
                kind=RefusalKind.CONFLICT,
                remedy="请先停止水衡，再恢复。",
            ) from None
        server.execute(sql.SQL(rename).format(sql.Identifier(fresh), sql.Identifier(name)))


def _swap_files(fresh: Path, before: str) -> None:
    if settings.FILES.exists():
        settings.FILES.rename(settings.FILES.with_name(before))
    settings.FILES.parent.mkdir(parents=True, exist_ok=True)
    fresh.mkdir(exist_ok=True)
    shutil.move(fresh, settings.FILES)


def _pack_files(archive: tarfile.TarFile) -> dict[str, str]:
    """Each attachment is read once, so that its digest is of what was packed.

    They are gathered after the snapshot: what the database knew by then is whole by now, and what is
    being written at this moment is only more than was asked for.
    """
    digests = {}
    for path in sorted(path for path in settings.FILES.rglob("*") if path.is_file()):
        name = str(path.relative_to(settings.FILES))
        data = path.read_bytes()
        digests[name] = hashlib.sha256(data).hexdigest()
        _pack(archive, f"files/{name}", data)
    return digests


def _pack(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(data))


def _unpack(source: Path, folder: Path) -> Manifest:
    """Every member is compared with the manifest before anything is touched."""
    damaged = Refusal(
        "restore.damaged", f"{source} 不是完整的水衡备份。", remedy="请换一份备份再试。"
    )
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        facts: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        manifest = Manifest(**facts)
        wanted = {f"files/{path}": digest for path, digest in manifest.files.items()}
        wanted[DUMP] = manifest.dump
        whole = all(_digest(folder / path) == digest for path, digest in wanted.items())
    except (OSError, tarfile.TarError, ValueError, TypeError):
        raise damaged from None
    if not whole or manifest.format != FORMAT:
        raise damaged
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _program(name: str) -> str:
    """pg_dump or pg_restore, not older than the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (server,) = cursor.fetchone()
    folders = [
        postgres.binaries(),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    ]
    on_path = shutil.which(name)
    if on_path:
        folders.append(Path(on_path).parent)
    for folder in folders:
        if postgres.major_version(folder / name) >= server:
            return str(folder / name)
    raise Refusal(
        "backup.program",
        f"找不到能用于 PostgreSQL {server} 的 {name}。",
        remedy=f"请安装 postgresql-client-{server} 以上版本。",
    )


def _call(program: list[str], arguments: list[str], database_name: str) -> None:
    """Run a PostgreSQL program as the owner; the password travels in the environment."""
    parameters = installation.owner_parameters() | {"dbname": database_name}
    special = {"dbname": "PGDATABASE", "application_name": "PGAPPNAME"}
    env = dict(os.environ)
    for key, value in parameters.items():
        if value not in (None, ""):
            env[special.get(key, f"PG{key.upper()}")] = str(value)
    done = subprocess.run([*program, *arguments], env=env, capture_output=True, check=False)
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip()[-500:]
        raise Refusal(
            "backup.failed",
            f"{Path(program[0]).name} 没有成功：{told}",
            remedy="请检查磁盘空间和数据库后再试。",
        )
