"""Who may open what: every route × every role × {own, child, parent, sibling area, foreign unit}.

The answers are an approved file. After a wanted change: `SHUIHENG_APPROVE=1 pytest tests/house/test_routes.py`,
then read the difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from shuiheng.budget.models import Adjustment, AreaBudget, Budget, ChangeAbove, FinalAccount
from shuiheng.core.access import Role
from shuiheng.inflow.models import Site
from shuiheng.ledger.models import Transfer
from shuiheng.office.models import PolicyValue, Post, User
from shuiheng.papers.models import Attachment, Paper
from shuiheng.quota.models import BaselineRun, Norm, OutputDeclaration, Scenario
from shuiheng.registry.models import Intake, Membership, Permit
from tests.cast import YEAR, Target, Town, town_on

DAY = date(2026, 12, 16)  # final accounts are open, and so are the drafts of the next year
SNAPSHOT = Path(__file__).parent / "routes.snapshot.txt"
ANONYMOUS = "anonymous"
DOORS = {"health", "office:sign_in", "registry:claim", "registry:sign_in_code"}

Look = Callable[[Target], int | str | None]


@dataclass(frozen=True)
class Route:
    name: str
    arguments: tuple[str, ...]


def routes() -> list[Route]:
    """Every named page of the product."""
    return sorted(set(_walk(get_resolver().url_patterns, "")), key=lambda route: route.name)


def _walk(patterns: list[URLPattern | URLResolver], space: str) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern.url_patterns, space + inner)
        else:
            assert pattern.name, f"a page without a name: {pattern.pattern}"
            yield Route(space + pattern.name, tuple(pattern.pattern.converters))


def first(rows: object) -> int | None:
    return rows.order_by("pk").values_list("pk", flat=True).first()  # type: ignore[attr-defined]


def of_city(model: type) -> Look:
    def look(target: Target) -> int | None:
        return first(model.objects.filter(area=target.area)) if target.name == "city" else None  # type: ignore[attr-defined]

    return look


def unit_of(target: Target) -> int | None:
    return target.unit and target.unit.pk


def area_of(target: Target) -> int | None:
    return None if target.unit else target.area.pk


def paper_of(target: Target) -> int | None:
    return first(
        Paper.objects.filter(area=target.area, unit_id=target.unit.pk if target.unit else None)
    )


def attachment_of(target: Target) -> int | None:
    return target.unit and first(Attachment.objects.filter(unit_id=target.unit.pk))


def transfer_of(target: Target) -> int | None:
    side = (
        Q(credit__unit=target.unit)
        if target.unit
        else Q(credit__area=target.area, credit__kind="pool", credit__book="abstraction")
    )
    return first(Transfer.objects.filter(side, year=YEAR))


def document_of(target: Target) -> tuple[str, str] | None:
    """The `kind/number` that a target's transfers name."""
    found = Transfer.objects.filter(pk=transfer_of(target)).values_list("document", flat=True)
    kind, _, number = found[0].partition("/") if found else ("", "", "")
    return (kind, number) if number else None


def post_of(target: Target) -> int | None:
    return None if target.unit else first(Post.objects.filter(area=target.area))


IDENTIFIERS: dict[str, Look] = {
    "year": lambda target: YEAR,
    "unit_id": unit_of,
    "area_id": area_of,
    "budget_id": lambda t: t.unit and first(Budget.objects.filter(unit=t.unit, year=YEAR)),
    "area_budget_id": lambda t: (
        None if t.unit else first(AreaBudget.objects.filter(area=t.area, year=YEAR))
    ),
    "adjustment_id": lambda t: t.unit and first(Adjustment.objects.filter(budget__unit=t.unit)),
    "account_id": lambda t: t.unit and first(FinalAccount.objects.filter(budget__unit=t.unit)),
    "change_id": of_city(ChangeAbove),
    "run_id": of_city(BaselineRun),
    "scenario_id": lambda t: first(Scenario.objects.all()) if t.name == "city" else None,
    "policy_id": lambda t: first(PolicyValue.objects.all()) if t.name == "city" else None,
    "post_id": post_of,
    "paper_id": paper_of,
    "attachment_id": attachment_of,
    "transfer_id": transfer_of,
    "kind": lambda t: (document_of(t) or (None, None))[0],
    "number": lambda t: (document_of(t) or (None, None))[1],
    "entry": lambda t: "observed" if t.name == "city" else None,
    "site_id": of_city(Site),
    "permit_id": lambda t: t.unit and first(Permit.objects.filter(unit=t.unit)),
    "intake_id": lambda t: t.unit and first(Intake.objects.filter(unit=t.unit)),
    "membership_id": lambda t: t.unit and first(Membership.objects.filter(unit=t.unit)),
    "user_id": lambda t: t.unit and first(User.objects.filter(memberships__unit=t.unit)),
    "step": lambda target: "report",
    "norm_id": lambda t: first(Norm.objects.all()) if t.name == "city" else None,
    "declaration_id": lambda t: (
        t.unit and first(OutputDeclaration.objects.filter(unit=t.unit, year=YEAR))
    ),
}
"""What an address asks for, answered for a target; None where a target has no such thing."""


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    with django_db_blocker.unblock(), town_on(DAY) as made:
        yield made


def addresses(route: Route, town: Town) -> dict[str, str]:
    """The addresses of a route by target; one, without a target, where it takes no identifier."""
    if not route.arguments:
        return {"": reverse(route.name)}
    found = {}
    for target in town.targets:
        asked = {name: IDENTIFIERS[name](target) for name in route.arguments}
        if all(value is not None for value in asked.values()):
            found[target.name] = reverse(route.name, kwargs=asked)
    return found


def visitors(town: Town) -> dict[str, Client]:
    """A browser for each role, signed in, and one of nobody."""
    clients = {ANONYMOUS: Client(raise_request_exception=False)}
    for role in Role:
        clients[role.value] = Client(raise_request_exception=False)
        clients[role.value].force_login(town.people[role])
    return clients


def line_of(name: str, target: str, answers: dict[str, int]) -> str:
    """`budget:draft unit | 200 unit_clerk county_officer | 302 anonymous | 404 keeper`"""
    by_status: dict[int, list[str]] = {}
    for who, status in answers.items():
        by_status.setdefault(status, []).append(who)
    groups = [f"{status} {' '.join(who)}" for status, who in sorted(by_status.items())]
    return " | ".join([f"{name} {target}".strip(), *groups])


def test_an_address_with_an_unknown_identifier_is_taught_here_first() -> None:
    unknown = {name for route in routes() for name in route.arguments} - set(IDENTIFIERS)
    assert not unknown, f"teach IDENTIFIERS what {unknown} is"


def test_every_role_sees_what_it_saw(town: Town) -> None:
    asked = {route.name: addresses(route, town) for route in routes()}
    empty = [name for name, by_target in asked.items() if not by_target]
    assert not empty, "the city has nothing to show there"
    clients = visitors(town)
    lines = []
    for name, by_target in asked.items():
        for target, url in by_target.items():
            answers = {who: client.get(url).status_code for who, client in clients.items()}
            lines.append(line_of(name, target, answers))
    if os.environ.get("SHUIHENG_APPROVE"):
        SNAPSHOT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == SNAPSHOT.read_text(encoding="utf-8").splitlines()


def test_nobody_meets_an_error_of_ours() -> None:
    lines = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 60
    assert not [line for line in lines if "| 5" in line]


def test_nothing_but_the_doors_is_open_to_the_street() -> None:
    open_pages = [
        line.split(" ")[0]
        for line in SNAPSHOT.read_text(encoding="utf-8").splitlines()
        if "anonymous" in next((part for part in line.split(" | ") if part.startswith("200")), "")
    ]
    assert set(open_pages) <= DOORS, open_pages
