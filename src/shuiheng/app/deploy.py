"""`shuiheng check --deploy`: what a real installation still lacks, each with what to do."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from shuiheng.app import database, installation
from shuiheng.app.database import KIND_LABELS, Kind
from shuiheng.app.health import worker_lives
from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import Installation, PolicyValue
from shuiheng.papers.sending import VARIABLES, sender_for

BACKUP_HOURS = 24
OUR_OWN_HOSTS = {"127.0.0.1", "localhost", "[::1]", "testserver"}


def findings(*, now: datetime) -> list[Finding]:
    """Everything that must or should be done before real water is kept here."""
    found = [*_server(), *_web(), *_secrets(settings.VAR / "secrets")]
    if installation.unapplied_migrations():
        return [
            *found,
            _must("schema", "数据库结构不是最新。做法：停机后运行 shuiheng manage migrate。"),
        ]
    return [*found, *_rights(), *_contents(), *_running(now)]


def _server() -> Iterator[Finding]:
    if database.is_local():
        yield _must(
            "local_server",
            "用的是随附的本地数据库服务器，只供试用和开发。"
            "做法：安装 PostgreSQL，设置 DATABASE_URL（应用角色）和 DATABASE_OWNER_URL（迁移角色）。",
        )
    try:
        installation.refuse_unsafe_server()
    except Refusal as refusal:
        yield _must("unsafe_server", str(refusal))


def _rights() -> Iterator[Finding]:
    app_role = installation.current_role()
    if app_role == database.connection_settings(settings.VAR, owner=True)["USER"]:
        yield _must(
            "one_role",
            f"应用和迁移用的是同一个数据库角色（{app_role}），账目的只增不改得不到保证。"
            "做法：另建一个角色，分别写进 DATABASE_URL 和 DATABASE_OWNER_URL。",
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) "
            "AND relnamespace = 'public'::regnamespace "
            "AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY relname",
            [list(database.APPEND_ONLY)],
        )
        open_tables = [name for (name,) in cursor.fetchall()]
    if open_tables:
        yield _must(
            "may_alter",
            f"应用角色可以改动只增的表：{'、'.join(open_tables)}。"
            "做法：以所有者角色运行 shuiheng manage migrate，它会重设权限。",
        )


def _web() -> Iterator[Finding]:
    if set(settings.ALLOWED_HOSTS) <= OUR_OWN_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield _must(
            "hosts", "没有登记对外的域名。做法：设置 SHUIHENG_HOSTS，例如 water.example.gov.cn。"
        )
    if not settings.SESSION_COOKIE_SECURE:
        yield _must(
            "https",
            "没有启用 HTTPS，登录信息会明文传输。"
            "做法：在前面放一台终止 HTTPS 的反向代理，设置 SHUIHENG_HTTPS=1 和 SHUIHENG_ORIGINS。",
        )
    for channel, variable in VARIABLES.items():
        if sender_for(channel) is None:
            yield _look(
                "sender", f"没有配置{channel.label}通道，通知只留在系统内。做法：设置 {variable}。"
            )
    if os.geteuid() == 0:
        yield _look("root", "正以 root 身份运行。做法：为水衡建一个普通用户。")


def _secrets(folder: Path) -> Iterator[Finding]:
    paths = [folder, *folder.iterdir()] if folder.exists() else []
    loose = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        yield _must(
            "secrets", f"{loose[0]} 别人也能读。做法：chmod -R go= {folder}，并更换其中的密钥。"
        )


def _contents() -> Iterator[Finding]:
    row = Installation.objects.filter(pk=1).first()
    if row is None or row.kind != Kind.REAL:
        label = KIND_LABELS[Kind(row.kind)] if row else "空库"
        yield _must("kind", f"打开的是{label}。做法：用 --db real 建立正式库。")
    unverified = PolicyValue.objects.filter(confidence=Confidence.UNVERIFIED).count()
    if unverified:
        yield _look(
            "policy",
            f"{unverified} 项政策参数标为“{Confidence.UNVERIFIED.label}”。做法：核实后登记新值。",
        )


def _running(now: datetime) -> Iterator[Finding]:
    if not worker_lives():
        yield _must("worker", "后台任务没有运行。做法：启动 shuiheng worker。")
    record = settings.VAR / f"last-backup-{connection.settings_dict['NAME']}.json"
    last = datetime.fromisoformat(json.loads(record.read_text())["at"]) if record.exists() else None
    if last is None or now - last > timedelta(hours=BACKUP_HOURS):
        when = f"上一次是 {last:%Y-%m-%d %H:%M}" if last else "从未备份"
        yield _must(
            "backup",
            f"最近 {BACKUP_HOURS} 小时没有备份（{when}）。做法：每天运行 shuiheng backup，并把文件存到别处。",
        )


def _must(code: str, sentence: str) -> Finding:
    return Finding(f"deploy.{code}", Severity.MUST_FIX, sentence)


def _look(code: str, sentence: str) -> Finding:
    return Finding(f"deploy.{code}", Severity.LOOK, sentence)
