"""Files by their content: written whole or not at all, read only as they were written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.core.files.storage import default_storage

from shuiheng.core.digest import sm3
from shuiheng.core.refusal import Kind, Refusal


def keep(content: bytes, *, folder: str, ending: str) -> tuple[str, str]:
    """Keep `content`; returns its name in the storage and its SM3 digest.

    The name follows from the content, so keeping the same bytes again, or twice at once, changes nothing.
    """
    digest = sm3(content)
    name = f"{folder}/{digest[:2]}/{digest}{ending}"
    path = Path(default_storage.path(name))
    if path.exists() and sm3(path.read_bytes()) == digest:
        return name, digest
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
    return name, digest


def fetch(name: str, digest: str) -> bytes:
    """The bytes that were kept under this name; a lost or altered file is refused, never served."""
    path = Path(default_storage.path(name))
    content = path.read_bytes() if path.is_file() else b""
    if not content or sm3(content) != digest:
        raise Refusal(
            "papers.file_damaged",
            "存档的文件找不到，或者内容已被改动。",
            kind=Kind.MISSING,
            remedy="请系统管理员从备份恢复；在此之前不要使用手头的副本。",
            facts={"file": name},
        )
    return content
