"""Bringing a demo or practice database to its opening day. A real database refuses."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import date, datetime

from django.conf import settings

from shuiheng.core.clock import beijing_noon
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Installation
from shuiheng.office.rules import temporary_password
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.selectors import PASSWORD_FILE, borrowed_names, demo_password
from shuiheng.rehearsal.services.founding import found_city
from shuiheng.rehearsal.services.opening import fill_desks
from shuiheng.rehearsal.services.stage import Stage
from shuiheng.rehearsal.services.year import play

SEED = 2026
YEAR = 2026
SIZE = {Installation.Kind.DEMO: 2000, Installation.Kind.PRACTICE: 300}
OPENS_ON = {
    Installation.Kind.DEMO: date(2026, 12, 5),
    Installation.Kind.PRACTICE: date(2025, 12, 28),
}


def ensure_demo(*, now: datetime, report: Callable[[str], None]) -> bool:
    """Load the invented city once and let it live up to its opening day. True if it was new."""
    row = Installation.objects.get(pk=1)
    if row.kind == Installation.Kind.REAL:
        raise Refusal(
            "demo.real",
            "这是正式库，不能装入演示数据。",
            kind=Kind.FORBIDDEN,
            remedy="演示请用 make run，练习请用 make run DB=practice。",
        )
    if row.demo_loaded_at is not None:
        return False
    kind = Installation.Kind(row.kind)
    opens_on = OPENS_ON[kind]
    _make_password()
    begin = date(YEAR - 1, 12, 1)
    report(f"生成 {SIZE[kind]:,} 个单位")
    names = borrowed_names() if kind is Installation.Kind.PRACTICE else None
    plan = CityPlan(SEED, SIZE[kind], names)
    cast = found_city(plan, year=YEAR, now=beijing_noon(begin), password=demo_password())
    stage = Stage(cast, YEAR, SEED, report, check=False)
    stage.last_month_estimated = opens_on.month - 2  # last month is still being reported
    play(stage, opens_on)
    report("摆好各岗位的待办")
    fill_desks(stage)
    row.business_date = opens_on
    row.demo_loaded_at = now
    row.save(update_fields=["business_date", "demo_loaded_at"])
    return True


def _make_password() -> None:
    """Random per installation, readable, kept where only this installation's owner reads."""
    folder = settings.VAR / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / PASSWORD_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(temporary_password(secrets.token_bytes(8)))
