"""Which PostgreSQL, as whom, and with which limits. Settings read this file, so it imports no Django.

Two roles: the app role works, the owner role migrates. `DATABASE_URL` and `DATABASE_OWNER_URL` name
them on a server of your own; unset, both live on the local server that `app.postgres` runs under `var/`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from shuiheng.app import postgres
from shuiheng.core.refusal import Refusal

APPEND_ONLY = (
    "ledger_transfer",
    "ledger_seal",
    "office_act",
    "office_actoutcome",
    "inflow_forecast",
    "inflow_reading",
    "inflow_annualrunoff",
    "budget_intensitylimit",
    "budget_economicfigure",
)
"""Tables to which the app role may only add (DESIGN 6). A name that does not exist yet is passed over."""

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"  # jobs and commands
WEB_STATEMENT_TIMEOUT = "30s"
IDLE_IN_TRANSACTION_TIMEOUT = "60s"
CONNECTION_SECONDS = 300
"""How long a web thread keeps its connection; its health is checked at the start of each request."""

SECRET_BYTES = 48


class Kind(StrEnum):
    """What a database is for. The kind is a row in the database itself; this picks which to open."""

    DEMO = "demo"
    REAL = "real"
    PRACTICE = "practice"


KIND_LABELS = {Kind.DEMO: "演示库", Kind.REAL: "正式库", Kind.PRACTICE: "练习区"}


def secret(var: Path, name: str) -> str:
    """A secret that lasts as long as `var`: from SHUIHENG_SECRET_<NAME>, or made at first use.

    The file is 0600 in a 0700 folder. Whoever comes second while it is being made reads the first
    one's: a finished file is linked into place, never written in place.
    """
    given = os.environ.get(f"SHUIHENG_SECRET_{name.upper()}")
    if given:
        return given
    folder = var / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
        Path(fresh).unlink()
    return path.read_text()


def is_local() -> bool:
    """Whether the database lives on the server that we run ourselves."""
    return not os.environ.get("DATABASE_URL")


def chosen_kind() -> Kind:
    """The kind asked for with `--db`, which travels to child processes as SHUIHENG_DB."""
    word = os.environ.get("SHUIHENG_DB") or Kind.DEMO
    try:
        return Kind(word)
    except ValueError:
        raise Refusal(
            "database.kind",
            f"没有“{word}”这种数据库。",
            remedy="可选：demo（演示库）、real（正式库）、practice（练习区）。",
        ) from None


def asked_kind() -> Kind | None:
    """The kind that was asked for; None when only the database itself can tell."""
    return chosen_kind() if is_local() or os.environ.get("SHUIHENG_DB") else None


def name_of(kind: Kind) -> str:
    """The database of a kind on the local server: no two kinds ever share one."""
    return f"shuiheng_{kind}"


def django_settings(var: Path) -> dict[str, Any]:
    """What Django's DATABASES["default"] holds."""
    return connection_settings(var, owner=os.environ.get("SHUIHENG_AS_OWNER") == "1")


def connection_settings(var: Path, *, owner: bool) -> dict[str, Any]:
    """The connection of the owner role or of the app role, in Django's words."""
    given = _parameters(var, owner=owner)
    limits = _limits(owner=owner)
    options = {key: value for key, value in given.items() if key not in _DJANGO_NAMES}
    options["options"] = " ".join(filter(None, [str(given.get("options", "")), limits]))
    options.setdefault("application_name", "shuiheng")
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: str(given.get(libpq, "")) for libpq, django in _DJANGO_NAMES.items()},
        "CONN_MAX_AGE": CONNECTION_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


_DJANGO_NAMES = {
    "dbname": "NAME",
    "user": "USER",
    "password": "PASSWORD",
    "host": "HOST",
    "port": "PORT",
}


def _parameters(var: Path, *, owner: bool) -> dict[str, Any]:
    if is_local():
        return {
            "dbname": name_of(chosen_kind()),
            "user": postgres.OWNER if owner else postgres.APP,
            "host": str(postgres.Cluster(var / "postgres").socket),
        }
    app_url = os.environ["DATABASE_URL"]
    url = os.environ.get("DATABASE_OWNER_URL", app_url) if owner else app_url
    try:
        return conninfo_to_dict(url)
    except ProgrammingError:
        variable = "DATABASE_OWNER_URL" if owner else "DATABASE_URL"
        raise Refusal(
            "database.url",
            f"{variable} 不是有效的 PostgreSQL 地址。",
            remedy="格式：postgresql://用户:口令@主机:5432/库名。",
        ) from None


def _limits(*, owner: bool) -> str:
    """Nobody waits for ever: limits that the server keeps, so that a hung client cannot forget them."""
    statement = os.environ.get("SHUIHENG_STATEMENT_TIMEOUT") or (
        "0" if owner else STATEMENT_TIMEOUT
    )
    if not re.fullmatch(r"\d+(ms|s|min|h)?", statement):
        raise Refusal(
            "database.timeout",
            f"SHUIHENG_STATEMENT_TIMEOUT“{statement}”不是时长。",
            remedy="写成 30s、5min 或 0（不限）。",
        )
    return (
        f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={statement} "
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT}"
    )
