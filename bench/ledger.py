"""Posting one act in bulk, against a bare COPY of the same rows into a heap without keys."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import connection, transaction

from bench.figures import Figure, figure
from shuiheng.app import installation, moment, postgres
from shuiheng.core.access import SYSTEM
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, Entry
from shuiheng.ledger.services import post
from shuiheng.office.models import Area
from shuiheng.office.services import begin_act
from shuiheng.registry.models import Unit

ROWS = 10_000
ROUNDS = 5
YEAR = 2026
NOW = datetime(2026, 1, 1, 4, tzinfo=UTC)


def measure() -> list[Figure]:
    """`post` with keys, constraints, locks and balances as a multiple of the heap COPY."""
    with (
        postgres.running(settings.VAR / "postgres", _quiet),
        installation.throwaway("bench", now=moment.wall_clock(), report=_quiet),
    ):
        entries = _entries()
        pairs = [(_post(entries, round_), _copy()) for round_ in range(ROUNDS)]
    return [
        figure("ledger.post_over_heap_copy", statistics.median(a / b for a, b in pairs), "x"),
        figure(
            "ledger.posted_per_second", ROWS / statistics.median(a for a, _ in pairs), "transfers/s"
        ),
        figure(
            "ledger.heap_copy_per_second",
            ROWS / statistics.median(b for _, b in pairs),
            "transfers/s",
        ),
    ]


def _quiet(_: str) -> None:
    return None


def _post(entries: list[Entry], round_: int) -> float:
    begin = time.perf_counter()
    with transaction.atomic():
        post(entries, act=begin_act(f"bench:{round_}", "bench", actor=SYSTEM, now=NOW))
    return time.perf_counter() - begin


def _copy() -> float:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE heap (LIKE ledger_transfer) ON COMMIT DROP")
        begin = time.perf_counter()
        with cursor.copy(
            "COPY heap (id, amount, code, debit_id, credit_id, book, year, source, effective_on,"
            " recorded_at, document, key, act_id, note) FROM STDIN"
        ) as copy:
            for line in range(ROWS):
                copy.write_row(
                    (line, 10, "interim", 1, 2, "abstraction", YEAR, "ground", NOW.date(), NOW,
                     "bench/1", f"1:{line}", 1, "")
                )  # fmt: skip
        return time.perf_counter() - begin


def _entries() -> list[Entry]:
    area = Area.objects.create(code="B1", name="基准", kind="district", path="B1", pinyin="jz")
    units = Unit.objects.bulk_create(
        Unit(
            code=f"B{number}", name=f"B{number}", pinyin="b", kind="self_supplied",
            sector="industry", region=area, address_area=area, opened_on=date(2020, 1, 1),
        )
        for number in range(ROWS)
    )  # fmt: skip
    here = (Book.ABSTRACTION, YEAR, Source.GROUND)
    lender = AccountKey(*here, AccountKind.PROVISION, area.pk)
    return [
        Entry(
            Code.INTERIM,
            lender,
            AccountKey(*here, AccountKind.QUOTA, area.pk, Sector.INDUSTRY, unit.pk),
            Volume(10),
            NOW.date(),
            "bench/1",
        )
        for unit in units
    ]
