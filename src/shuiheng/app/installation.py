"""Bringing a database up: schema as the owner, rights of the app role, its kind, its first policy values
and norms.

Everything here may be repeated; a second start finds it done.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from shuiheng.app import database, postgres
from shuiheng.app.database import KIND_LABELS, Kind
from shuiheng.core.refusal import Kind as RefusalKind
from shuiheng.core.refusal import Refusal
from shuiheng.office import services
from shuiheng.office.models import Installation
from shuiheng.quota.services import load_norms

MIGRATION_LOCK = 5_160_001
MAINTENANCE = "postgres"  # the database from which others are made and dropped
THROWAWAY = "shuiheng_throwaway"

Report = Callable[[str], None]


@contextlib.contextmanager
def opened(report: Report) -> Iterator[postgres.Server | None]:
    """The server is up and holds the database, empty or not; None when it is not ours to start."""
    if not database.is_local():
        yield None
        return
    with postgres.running(settings.VAR / "postgres", report) as server:
        postgres.ensure_database(server.cluster, settings.DATABASES["default"]["NAME"])
        yield server


def prepare(kind: Kind | None, *, now: datetime, report: Report) -> Kind:
    """Migrate, grant, name the kind, load the first policy values. Returns the database's kind.

    `kind` is what was asked for; None takes what the database says of itself.
    """
    refuse_unsafe_server()
    app_role = current_role()
    with as_owner(), _alone(report):
        refuse_newer_schema()
        waiting = unapplied_migrations()
        if waiting:
            report(f"建立数据库结构（{len(waiting)} 步）")
            call_command("migrate", verbosity=0, interactive=False)
        grant(app_role)
    found = name_kind(kind)
    services.load_policy(now=now)
    load_norms(now=now)
    return found


def refuse_unsafe_server() -> None:
    """A server that may lose what it confirmed, or cannot hold Chinese, keeps nobody's water."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN "
            "('fsync', 'synchronous_commit', 'full_page_writes', 'server_version_num', "
            "'server_encoding')"
        )
        found = dict(cursor.fetchall())
    if int(found["server_version_num"]) // 10_000 < postgres.OLDEST_MAJOR:
        raise Refusal(
            "database.version",
            f"数据库版本过旧（{found['server_version_num']}）。",
            remedy=f"请使用 PostgreSQL {postgres.OLDEST_MAJOR} 以上。",
        )
    if found["server_encoding"] != "UTF8":
        raise Refusal(
            "database.encoding", "数据库编码不是 UTF8。", remedy="请重建为 UTF8 编码的库。"
        )
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if found[name] == "off":
            raise Refusal(
                "database.unsafe",
                f"数据库的 {name} 为 off：断电会丢失已确认的账目。",
                remedy=f"请把 {name} 改为 on 后再启动。",
            )


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """Django's connection as the owner role, on the database it points at now."""
    if connection.in_atomic_block:
        raise AssertionError("the role cannot change inside a transaction")
    owner = database.connection_settings(settings.VAR, owner=True)
    kept = dict(connection.settings_dict)
    connection.close()
    owner.pop("NAME")
    connection.settings_dict.update(owner)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


def unapplied_migrations() -> list[str]:
    """Names of the steps that this program knows and this database has not had."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def applied_migrations() -> list[str]:
    """Names of the steps that this database has had; none when it is empty."""
    return sorted(
        f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
    )


def refuse_newer_schema(applied: Iterable[str] | None = None) -> None:
    """Steps that we do not know (of the database, or those given) come from a newer program."""
    loader = MigrationExecutor(connection).loader
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    if applied is None:
        applied = applied_migrations()
    unknown = sorted(set(applied) - known)
    if unknown:
        raise Refusal(
            "database.newer",
            f"数据库由更新的程序建立（本程序不认识 {unknown[0]} 等 {len(unknown)} 步）。",
            remedy="请改用新版程序。",
        )


def grant(app_role: str) -> None:
    """What the app role may do; to append-only tables it may add, no more (DESIGN 6)."""
    if app_role == current_role():
        return  # one role for everything: `check --deploy` says so
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) "
            "AND relkind IN ('r', 'p', 'v', 'm', 'S')"
        )
        for name, relkind in cursor.fetchall():
            rights, noun = _rights(name, relkind)
            cursor.execute(
                sql.SQL("REVOKE ALL ON {0} FROM {1}; GRANT {2} ON {0} TO {1}").format(
                    sql.SQL(noun) + sql.Identifier(name), sql.Identifier(app_role), sql.SQL(rights)
                )
            )


def _rights(name: str, relkind: str) -> tuple[str, str]:
    if relkind == "S":
        return "USAGE, SELECT", "SEQUENCE "
    if name == "django_migrations":
        return "SELECT", ""
    if name in database.APPEND_ONLY:
        return "SELECT, INSERT", ""
    return "SELECT, INSERT, UPDATE, DELETE", ""


def name_kind(asked: Kind | None) -> Kind:
    """The kind in the database's one row, written at first; what was asked for must agree with it."""
    row = Installation.objects.filter(pk=1).first()
    if row is None:
        if asked is None:
            raise Refusal(
                "database.kind_unknown",
                "这个数据库还没有登记用途。",
                remedy="请加上 --db real（正式库）、--db demo（演示库）或 --db practice（练习区）。",
            )
        Installation.objects.create(pk=1, kind=asked)
        return asked
    found = Kind(row.kind)
    if asked is not None and asked != found:
        raise Refusal(
            "database.other_kind",
            f"打开的是{KIND_LABELS[found]}，不是{KIND_LABELS[asked]}：两者从不混用。",
            kind=RefusalKind.CONFLICT,
            remedy=f"请用 --db {found}，或换一个数据库。",
        )
    return found


@contextlib.contextmanager
def throwaway(label: str, *, now: datetime, report: Report, keep: bool = False) -> Iterator[str]:
    """A fresh demo database for the time of a block; with `keep` it stays, under the name yielded."""
    with owner_connection(MAINTENANCE) as server:
        if database.is_local():
            _drop_what_killed_runs_left(server)
        stem = f"shuiheng_{label}" if keep else f"{THROWAWAY}_{os.getpid()}"
        name = f"{stem}_{secrets.token_hex(4)}"
        create_database(server, name)
    try:
        with pointed_at(name):
            prepare(Kind.DEMO, now=now, report=report)
            yield name
    finally:
        if not keep:
            with owner_connection(MAINTENANCE) as server:
                drop_database(server, name)


@contextlib.contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Django's connections, in every thread opened from now on, on another database of the server."""
    kept = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = kept


@contextlib.contextmanager
def owner_connection(database_name: str) -> Iterator[psycopg.Connection]:
    """A plain connection of the owner role to any database of the server."""
    parameters = owner_parameters() | {"dbname": database_name}
    with psycopg.connect(**parameters, autocommit=True) as server:
        yield server


def owner_parameters() -> dict[str, Any]:
    """The owner role's connection to the present database, in libpq's words."""
    with as_owner():
        parameters: dict[str, Any] = connection.get_connection_params()
    return {k: v for k, v in parameters.items() if k not in ("context", "cursor_factory")}


def create_database(server: psycopg.Connection, name: str, template: str = "template1") -> None:
    try:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    except psycopg.errors.InsufficientPrivilege:
        raise Refusal(
            "database.createdb",
            "所有者角色没有建库权限。",
            remedy="请由数据库管理员执行 ALTER ROLE … CREATEDB。",
        ) from None


def drop_database(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_what_killed_runs_left(server: psycopg.Connection) -> None:
    rows = server.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{THROWAWAY}_%"]
    )
    for (name,) in rows.fetchall():
        pid = int(name.removeprefix(f"{THROWAWAY}_").split("_")[0])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            drop_database(server, name)
        except PermissionError:
            continue


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role: str = cursor.fetchone()[0]
        return role


@contextlib.contextmanager
def _alone(report: Report) -> Iterator[None]:
    """Two processes never migrate at once; the second waits and then finds it done."""
    with connection.cursor() as cursor:
        told = False
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])
            if cursor.fetchone()[0]:
                break
            if not told:
                report("另一个进程正在升级数据库，等待它完成")
                told = True
            time.sleep(0.2)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
