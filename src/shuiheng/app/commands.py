"""`run`, `worker`, `manage`, `backup`, `restore`, `check`: what keeps the house standing."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.core.management import execute_from_command_line
from procrastinate.exceptions import ConnectorException

from shuiheng.app import compiled, deploy, installation, selfcheck
from shuiheng.app.backup import back_up, restore
from shuiheng.app.moment import stopwatch
from shuiheng.app.run import PORT, run
from shuiheng.app.worker import work
from shuiheng.core.refusal import Refusal, blocking

AS_OWNER = ("migrate", "makemigrations", "sqlmigrate", "dbshell")
WITHOUT_SERVER = ("check", "collectstatic", "help", "--help", "--version")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("run", help="启动：数据库、网页和后台任务，Ctrl-C 停止")
    parser.add_argument("--port", type=int, default=PORT, help=f"端口（默认 {PORT}，占用则顺延）")
    parser.set_defaults(run=_run, needs_database=False)

    parser = commands.add_parser("compile", help="编译分配引擎，让第一次测算不必等")
    parser.set_defaults(run=_compile, needs_database=False)

    parser = commands.add_parser("worker", help="只运行后台任务（正式部署用）")
    parser.set_defaults(run=_worker, needs_database=False)

    parser = commands.add_parser("backup", help="备份数据库和附件到一个文件")
    parser.add_argument("--to", type=Path, metavar="文件", help="默认写入 var/backups/")
    parser.set_defaults(run=_backup)

    parser = commands.add_parser("restore", help="从备份恢复（目标库须为空）")
    parser.add_argument("file", type=Path, metavar="文件")
    parser.add_argument("--replace", action="store_true", help="替换现有数据库，原库改名保留")
    parser.set_defaults(run=_restore, needs_database=False)

    parser = commands.add_parser("check", help="自查程序；--deploy 查正式部署还缺什么")
    parser.add_argument("--deploy", action="store_true", help="检查正式部署")
    parser.set_defaults(run=_check, needs_database=False)

    parser = commands.add_parser("manage", help="Django 管理命令", add_help=False)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parser.set_defaults(run=_manage, needs_database=False)


def _run(args: argparse.Namespace) -> int:
    return run(args.port, now=args.now, report=stopwatch())


def _compile(args: argparse.Namespace) -> int:
    return 0 if compiled.warm_up() else 1


def _worker(args: argparse.Namespace) -> int:
    installation.refuse_unsafe_server()
    try:
        work()
    except ConnectorException:
        raise Refusal("worker.database", "后台任务失去了数据库连接。") from None
    return 0


def _backup(args: argparse.Namespace) -> int:
    print(back_up(args.to, now=args.now, report=stopwatch()))
    return 0


def _restore(args: argparse.Namespace) -> int:
    report = stopwatch()
    with installation.opened(report):
        manifest = restore(args.file, replace=args.replace, now=args.now, report=report)
    rows = sum(int(count) for count, _ in manifest.tables.values())
    print(
        f"已恢复 {len(manifest.tables)} 张表 {rows} 行、{len(manifest.files)} 个附件，逐表核对一致。"
    )
    return 0


def _check(args: argparse.Namespace) -> int:
    if not args.deploy:
        complaints = selfcheck.complaints()
        print("\n".join(complaints) or "没有发现问题。")
        return 1 if complaints else 0
    with installation.opened(stopwatch()):
        found = deploy.findings(now=args.now)
    for finding in found:
        print(f"[{finding.label}] {finding.sentence}")
    if not found:
        print("正式部署所需都已具备。")
    return 1 if blocking(found) else 0


def _manage(args: argparse.Namespace) -> int:
    """Schema work runs as the owner, and new tables get their rights at once."""
    command = args.arguments[0] if args.arguments else "help"
    line = ["shuiheng manage", *args.arguments]
    if command in WITHOUT_SERVER:
        execute_from_command_line(line)
        return 0
    with installation.opened(stopwatch()):
        if command not in AS_OWNER:
            execute_from_command_line(line)
            return 0
        app_role = installation.current_role()
        with installation.as_owner():
            execute_from_command_line(line)
            if command == "migrate":
                installation.grant(app_role)
    return 0
