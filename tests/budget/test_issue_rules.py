"""plan_issue and plan_interim by themselves: what enters, what is swallowed, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.budget.rules import (
    InterimClaim,
    IssuedLine,
    IssueFacts,
    RegionGrant,
    issue_findings,
    issued_months,
    plan_interim,
    plan_issue,
)
from shuiheng.core.refusal import Refusal, Severity
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKind, Code, movements

DAY = date(2026, 2, 12)
CITY, AREA = 1, 10
volumes = st.integers(0, 10**7).map(Volume)


def line(
    unit: int, m3: int, source: Source = Source.GROUND, sector: Sector = Sector.INDUSTRY
) -> IssuedLine:
    return IssuedLine(Book.ABSTRACTION, AREA, source, sector, unit, Volume(m3))


def network(unit: int, supplier: int, m3: int, sector: Sector = Sector.SERVICES) -> IssuedLine:
    return IssuedLine(Book.NETWORK, AREA, Source.NETWORK, sector, unit, Volume(m3), supplier)


def issue(
    lines: list[IssuedLine],
    reserve: int = 0,
    interim: tuple[InterimClaim, ...] = (),
    allotted: int | None = None,
):  # type: ignore[no-untyped-def]
    taken = sum(x.volume.m3 for x in lines if x.book is Book.ABSTRACTION)
    whole = Volume(taken + reserve if allotted is None else allotted)
    return plan_issue(
        CITY,
        2026,
        grants=[RegionGrant(AREA, Source.GROUND, whole, Volume(reserve))],
        undistributed={},
        lines=lines,
        interim=interim,
        effective_on=DAY,
        document="scheme/1",
    )


@given(st.lists(volumes, min_size=1, max_size=8), volumes)
def test_everything_allotted_is_issued_or_in_reserve(shares: list[Volume], reserve: Volume) -> None:
    plan = issue([line(100 + n, share.m3) for n, share in enumerate(shares)], reserve.m3)
    moved = movements(plan.entries)
    left = {key.kind: m.moved_in - m.moved_out for key, m in moved.items()}
    assert left.get(AccountKind.POOL, 0) == 0
    assert left.get(AccountKind.CELL, 0) == 0
    assert left.get(AccountKind.RESERVE, 0) == reserve.m3
    assert plan.volume == total(shares)
    assert plan.reserve == reserve


@given(volumes, volumes)
def test_the_interim_is_swallowed_to_the_m3(issued: Volume, lent: Volume) -> None:
    own = line(100, issued.m3)
    claim = InterimClaim(own.account(2026), lent)
    before = plan_interim([claim], date(2026, 1, 1), "interim/2026")
    plan = issue([own], interim=(claim,))
    moved = movements([*before, *plan.entries])
    provision = [m for key, m in moved.items() if key.kind is AccountKind.PROVISION]
    assert sum(m.moved_in - m.moved_out for m in provision) == 0
    if issued or lent:
        quota = moved[own.account(2026)]
        assert quota.moved_in - quota.moved_out == issued.m3


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 10**5))
def test_customers_and_loss_make_the_suppliers_intake(parts: list[int], loss: int) -> None:
    intake = sum(parts) + loss
    lines = [line(7, intake, sector=Sector.SUPPLY), network(7, 7, loss, Sector.LOSS)]
    lines += [network(200 + n, 7, part) for n, part in enumerate(parts)]
    plan = issue(lines)
    into = total(e.amount for e in plan.entries if e.code is Code.SUPPLY)
    out = total(e.amount for e in plan.entries if e.code is Code.ISSUE and e.debit.supplier)
    assert into == out == Volume(intake)


def test_a_region_that_is_not_its_plan_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        issue([line(100, 500)], reserve=10, allotted=511)
    assert refused.value.code == "issue.sums"


def test_a_quota_without_allocation_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        issue([line(100, 500), line(101, 5, Source.SURFACE)], allotted=500)
    assert refused.value.code == "issue.no_allocation"


@given(st.lists(volumes, max_size=6))
def test_an_interim_lends_what_was_claimed_and_nothing_to_who_claims_nothing(
    claims: list[Volume],
) -> None:
    asked = [InterimClaim(line(100 + n, 0).account(2026), claim) for n, claim in enumerate(claims)]
    entries = plan_interim(asked, date(2026, 1, 1), "interim/2026")
    assert total(entry.amount for entry in entries) == total(claims)
    assert all(entry.amount.m3 > 0 for entry in entries)


@given(volumes, st.lists(st.integers(0, 10**6), min_size=12, max_size=12))
def test_the_issued_months_add_up_to_the_quota(quota: Volume, plan: list[int]) -> None:
    months = issued_months(quota, [Volume(m3) for m3 in plan])
    if any(plan):
        assert total(months) == quota
        assert all(m.m3 == 0 for m, p in zip(months, plan, strict=True) if not p)
    else:
        assert months == ()


def facts(**more: object) -> IssueFacts:
    plain: dict[str, object] = {
        "regions": 9, "differing": (), "unapproved": False, "uncompiled": 0, "shorted": 0,
        "gap": Volume(), "empty": 0, "interim_units": 0, "interim": Volume(), "wetness": "已含",
    }  # fmt: skip
    return IssueFacts(**{**plain, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"differing": ("米东区地下水",)}, "issue.sums"),
        ({"unapproved": True}, "issue.unapproved"),
        ({"uncompiled": 3}, "issue.uncompiled"),
    ],
)
def test_what_the_issue_would_refuse_is_must_fix(more: dict[str, object], code: str) -> None:
    found = {finding.code: finding.severity for finding in issue_findings(facts(**more))}
    assert found[code] is Severity.MUST_FIX


def test_a_clean_issue_has_nothing_to_mend_and_never_applies_wetness_twice() -> None:
    found = issue_findings(facts())
    assert all(finding.severity is not Severity.MUST_FIX for finding in found)
    assert any("不再另算" in finding.sentence for finding in found)
