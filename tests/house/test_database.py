"""The second lock on the door: tables that promise to be append-only or to keep their history have the
triggers that keep the promise. (That the app role may not even try is tests/app/test_installation.)"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

from shuiheng.app import installation
from shuiheng.app.database import APPEND_ONLY
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.inflow.models import AnnualRunoff, Forecast, Reading, Site
from shuiheng.office.models import Area

PROMISE = "Append-only"
BUSINESS_TABLES = ("registry", "quota", "inflow")
KEPT_IN_THE_OFFICE = {"office_policyvalue", "office_post", "office_area"}
WITHOUT_HISTORY = {
    "registry_claimcode": "used up, then worthless",
    "registry_supplyline": "written once",
    "registry_pastuse": "written once, with its origin",
    "registry_directoryentry": "a snapshot, written once",
    "quota_baselinerun": "a run is kept whole, its stage apart",
    "quota_baselineline": "written once, with its run",
    "inflow_forecast": "append-only",
    "inflow_reading": "append-only",
    "inflow_annualrunoff": "append-only",
}


def find_broken_promises(promised: dict[str, str], triggers: set[tuple[str, str]]) -> list[str]:
    """`promised` maps table to the triggers it needs, by name; `triggers` are (table, trigger)."""
    return [
        f"{table} lacks the trigger {name}"
        for table, names in sorted(promised.items())
        for name in names.split()
        if (table, name) not in triggers
    ]


def promised_append_only() -> set[str]:
    """Whoever says so in the docstring of the model."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if PROMISE in (model.__doc__ or "") and model.__module__.startswith("shuiheng.")
    }


def promised_history() -> set[str]:
    tables = {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label in BUSINESS_TABLES
    }
    return (tables | KEPT_IN_THE_OFFICE) - set(WITHOUT_HISTORY)


def test_a_missing_trigger_is_seen() -> None:
    found = find_broken_promises({"a": "history", "b": "history"}, {("b", "history"), ("a", "x")})
    assert found == ["a lacks the trigger history"]


@pytest.mark.django_db
def test_promises_are_kept_by_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
        triggers = set(cursor.fetchall())
    promised = dict.fromkeys(promised_append_only(), "append_only append_only_truncate")
    promised |= dict.fromkeys(promised_history(), "history")
    assert len(promised) > 10
    found = find_broken_promises(promised, triggers)
    assert not found, "\n".join(found)


def test_what_models_promise_is_what_the_app_role_is_denied() -> None:
    there = {model._meta.db_table for model in apps.get_models()}
    assert promised_append_only() == set(APPEND_ONLY) & there


@pytest.mark.parametrize("table", sorted(set(APPEND_ONLY) - {"ledger_seal"}))
@pytest.mark.parametrize("statement", ["TRUNCATE {} CASCADE", "DELETE FROM {}"])
def test_even_the_owner_is_stopped(throwaway_database: object, table: str, statement: str) -> None:
    with installation.as_owner():
        if statement.startswith("DELETE"):
            a_row_in(table)
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table))


def _free_of_its_area(cursor: CursorWrapper, table: str) -> None:
    """The throw-away database has no area to point to."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f' "
        "AND confrelid = 'office_area'::regclass",
        [table],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def a_row_in(table: str) -> None:
    """A row trigger fires for a row; foreign keys are not what is tried here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO office_act (key, name, user_name, standing_in_for, at, arguments_digest) "
            "VALUES ('house', 'house', '', '', '2026-01-01', '') RETURNING id"
        )
        act = cursor.fetchone()[0]
        if table == "office_actoutcome":
            cursor.execute(
                "INSERT INTO office_actoutcome (act_id, subject, note) VALUES (%s, '', '')", [act]
            )
        if table == "budget_intensitylimit":
            _free_of_its_area(cursor, table)
            cursor.execute(
                'INSERT INTO budget_intensitylimit (area_id, year, indicator, "limit", number, '
                "issued_on, act_id) VALUES (1, 2026, 'gdp', 1, '', '2026-01-01', %s)",
                [act],
            )
        if table == "budget_economicfigure":
            _free_of_its_area(cursor, table)
            cursor.execute(
                "INSERT INTO budget_economicfigure (area_id, year, indicator, value, department, "
                "source, confidence, act_id) VALUES (1, 2026, 'gdp', 1, '', '', 'demo', %s)",
                [act],
            )
        if table == "ledger_transfer":
            cursor.execute(
                "INSERT INTO ledger_account (book, year, source, kind, sector, document, "
                "moved_in, moved_out, used) VALUES "
                "('abstraction', 2026, 'ground', 'world', '', '', 0, 0, 0), "
                "('abstraction', 2026, 'ground', 'pool', '', '', 0, 0, 0) RETURNING id"
            )
            (debit,), (credit,) = cursor.fetchall()
            cursor.execute(
                "INSERT INTO ledger_transfer (amount, code, debit_id, credit_id, book, year, "
                "source, effective_on, recorded_at, document, key, act_id, note) VALUES (1, "
                "'allot', %s, %s, 'abstraction', 2026, 'ground', '2026-01-01', '2026-01-01', '', "
                "'house', %s, '')",
                [debit, credit, act],
            )
    if table.startswith("inflow_"):
        a_figure_in(table)


def a_figure_in(table: str) -> None:
    dated = {
        "bulletin": "house",
        "issued_on": date(2026, 1, 1),
        "confidence": Confidence.DEMO,
        "entered_by": "house",
        "entered_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    area = Area.objects.create(code="house", name="house", kind="city", path="house")
    if table == "inflow_annualrunoff":
        AnnualRunoff.objects.create(area=area, year=2020, volume=Volume(1), **dated)
        return
    site = Site.objects.create(kind="well", name="house", area=area)
    if table == "inflow_forecast":
        year = {"year": 2026, "span": "year", "number": 1}
        Forecast.objects.create(site=site, volume=Volume(1), **year, **dated)
    if table == "inflow_reading":
        Reading.objects.create(site=site, day=date(2026, 1, 1), volume=Volume(1), **dated)
