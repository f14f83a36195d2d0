"""The scan of a document from above, kept with what was entered from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shuiheng.core.access import Actor, Permission
from shuiheng.office.models import Area
from shuiheng.papers.services import attach


@dataclass(frozen=True, slots=True)
class Scan:
    """An upload as it came: its name and its bytes."""

    name: str
    content: bytes


def keep_scan(
    scan: Scan | None,
    subject: str,
    area: Area,
    permission: Permission,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Attach it to `subject` ('allocation/3'); nothing when there is none yet."""
    if scan is not None:
        attach(
            scan.name,
            scan.content,
            subject=subject,
            area=area,
            unit_id=None,
            permission=permission,
            actor=actor,
            now=now,
        )
