"""`shuiheng run`: database, schema, first data, web server and job worker under one roof.

Everything is our child and dies with us; what dies alone is started again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections, transaction

from shuiheng.app import compiled, database, installation, postgres, process
from shuiheng.app.database import KIND_LABELS, Kind
from shuiheng.core.refusal import Kind as RefusalKind
from shuiheng.core.refusal import Refusal
from shuiheng.rehearsal.selectors import sign_ins
from shuiheng.rehearsal.services import ensure_demo

HOST = "127.0.0.1"
PORT = 8000
PORTS_TRIED = 50
WEB_PROCESSES = 2
WEB_THREADS = 4
REQUEST_SECONDS = 60
GRACE_SECONDS = 10  # for requests and jobs that are under way when we stop
READY_SECONDS = 60
LOOK_SECONDS = 0.5
RESTART_SECONDS = 3.0
GUEST_LOOK_SECONDS = 5.0

Report = Callable[[str], None]


@dataclass(slots=True)
class Service:
    """A program that shall be running as long as we are."""

    name: str
    command: Sequence[str]
    farewell: signal.Signals
    """What the kernel sends it if we are killed: the database goes at the same moment, so nothing gentle."""
    keep_open: tuple[int, ...] = ()
    child: subprocess.Popen[bytes] | None = None
    begun: float = 0.0

    def start(self) -> None:
        self.child = process.spawn(
            self.command, farewell=self.farewell, env=os.environ, keep_open=self.keep_open
        )
        self.begun = time.monotonic()

    def look(self, report: Report) -> None:
        """Start it again if it has died, but not more than once in a few seconds."""
        if self.child is None or self.child.poll() is None:
            return
        if time.monotonic() - self.begun >= RESTART_SECONDS:
            report(f"{self.name}意外停止（代码 {self.child.returncode}），重新启动")
            self.start()

    def stop(self) -> None:
        if self.child is not None:
            process.stop(self.child, signal.SIGTERM, GRACE_SECONDS + 5)


def run(port: int, *, now: datetime, report: Report) -> int:
    """Bring everything up, say where it is, and stay until told to stop."""
    with installation.opened(report) as server:
        kind = installation.prepare(database.asked_kind(), now=now, report=report)
        with only_one(kind) as note_address:
            os.environ["SHUIHENG_DB"] = kind
            report("准备分配引擎（程序更新后第一次约一分钟）")
            compiled.warm_up()
            load_demo(kind, now=now, report=report)
            collect_static(report)
            greeting = welcome(kind)
            connections.close_all()
            with listening(port) as listener, stop_signals() as told_to_stop:
                address = f"http://{HOST}:{listener.getsockname()[1]}/"
                services = [worker(), web(listener.fileno())]
                try:
                    for service in services:
                        service.start()
                    if wait_until_ready(services[1], address, told_to_stop):
                        note_address(address)
                        print(greeting.format(address=address), flush=True)
                    return stay(services, server, told_to_stop, report)
                finally:
                    report("正在停止")
                    for service in reversed(services):
                        service.stop()


def web(listener: int) -> Service:
    """Synchronous views under threads; never preloaded, so no connection is shared over a fork."""
    command = [sys.executable, "-m", "gunicorn", "shuiheng.app.wsgi:application"]
    command += ["--bind", f"fd://{listener}", "--worker-class", "gthread", "--no-control-socket"]
    command += ["--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)]
    command += ["--timeout", str(REQUEST_SECONDS), "--graceful-timeout", str(GRACE_SECONDS)]
    command += ["--log-level", "warning"]
    return Service("网页服务", command, signal.SIGQUIT, keep_open=(listener,))


def worker() -> Service:
    """A killed one's jobs are taken up again by `app.retry_stalled`."""
    command = [sys.executable, "-m", "shuiheng.app.cli", "worker"]
    return Service("后台任务", command, signal.SIGKILL)


def stay(
    services: Sequence[Service],
    server: postgres.Server | None,
    told_to_stop: StopSign,
    report: Report,
) -> int:
    """Look after everything until told to stop (0) or until our database has died (1)."""
    looked = time.monotonic()
    while not told_to_stop.wait(LOOK_SECONDS):
        for service in services:
            service.look(report)
        if server is None:
            continue
        if server.child is None:  # a guest asks more rarely: each question is a connection
            if time.monotonic() - looked > GUEST_LOOK_SECONDS:
                looked = time.monotonic()
                if not server.alive:
                    report("运行数据库的另一个命令已结束，由本命令接管")
                    server.take_over(report)
        elif not server.alive:
            report(f"数据库意外停止，日志在 {server.cluster.log}；请重新运行")
            return 1
    return 0


class StopSign:
    """Raised by a signal, seen by whoever waits. A pipe: a lock could be held where a signal strikes."""

    def __init__(self) -> None:
        self._seen, self._raised = os.pipe()

    def raise_it(self) -> None:
        os.write(self._raised, b"!")

    def wait(self, seconds: float) -> bool:
        """Whether it has been raised by the end of so many seconds."""
        return bool(select.select([self._seen], [], [], seconds)[0])

    def close(self) -> None:
        os.close(self._seen)
        os.close(self._raised)


@contextlib.contextmanager
def stop_signals() -> Iterator[StopSign]:
    """Ctrl-C, SIGTERM and a closed terminal all mean: stop in order."""
    told = StopSign()
    before = {
        number: signal.signal(number, lambda *_: told.raise_it())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()


@contextlib.contextmanager
def only_one(kind: Kind) -> Iterator[Callable[[str], None]]:
    """One `shuiheng run` per database. Yields how to note its address for whoever tries next."""
    path = settings.VAR / f"run-{settings.DATABASES['default']['NAME']}"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Refusal(
                "run.already",
                f"{KIND_LABELS[kind]}已经在运行：{file.read().strip() or '正在启动'}",
                kind=RefusalKind.CONFLICT,
            ) from None
        file.truncate(0)

        def note(address: str) -> None:
            file.write(address)
            file.flush()

        yield note


@contextlib.contextmanager
def listening(first: int) -> Iterator[socket.socket]:
    """A listening socket on the first free port; it outlives a web server that has to be restarted."""
    for port in range(first, first + PORTS_TRIED):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1024)
        except OSError:
            listener.close()
            continue
        with listener:
            yield listener
        return
    raise Refusal(
        "run.no_port",
        f"{first} 到 {first + PORTS_TRIED - 1} 端口都被占用。",
        remedy="请用 --port 指定别的端口。",
    )


def load_demo(kind: Kind, *, now: datetime, report: Report) -> None:
    """The invented city, once and whole; a real database is never offered to it."""
    if kind is not Kind.REAL:
        with transaction.atomic():  # interrupted, it leaves nothing
            ensure_demo(now=now, report=report)


def collect_static(report: Report) -> None:
    """Gather and compress what pages load, unless nothing has changed since the last time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))  # noqa: PTH116  thousands of them
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = settings.VAR / "static.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    report("整理网页文件")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest.hexdigest())


def wait_until_ready(service: Service, address: str, told_to_stop: StopSign) -> bool:
    """Whether the web server has answered; False when we were told to stop before."""
    deadline = time.monotonic() + READY_SECONDS
    while not told_to_stop.wait(0.1):
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address}health", timeout=READY_SECONDS)
            return True
        dead = service.child is None or service.child.poll() is not None
        if dead or time.monotonic() > deadline:
            raise Refusal("run.web", "网页服务没有启动成功。", remedy="原因见上面的输出。")
    return False


def welcome(kind: Kind) -> str:
    """What the terminal shows when all is ready; a demo or practice database tells how to sign in."""
    lines = ["", f"水衡·{KIND_LABELS[kind]}已就绪：{{address}}", ""]
    if kind is not Kind.REAL:
        lines += ["登录名和口令（口令为本机随机生成）："]
        lines += [f"  {login:<24} {password}  {who}" for who, login, password in sign_ins()]
        lines += [""]
    return "\n".join([*lines, "按 Ctrl-C 停止。", ""])
