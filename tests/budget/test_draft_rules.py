"""What a draft must hold, and the sentences that name the mistakes people really make."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.budget import rules
from shuiheng.budget.rules import (
    DraftFacts,
    DraftLine,
    check_draft,
    complete_months,
    default_draft,
    review_findings,
)
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total

WELL = DraftLine(
    Book.ABSTRACTION,
    Source.GROUND,
    Sector.AGRICULTURE,
    Volume(270_000),
    last_used=Volume(271_000),
    last_quota=Volume(280_000),
    permit=Volume(300_000),
)
SERVED = DraftLine(Book.NETWORK, Source.NETWORK, Sector.RESIDENTS, Volume(900))
LOSS = DraftLine(Book.NETWORK, Source.NETWORK, Sector.LOSS, Volume(100))
INTAKE = DraftLine(Book.ABSTRACTION, Source.SURFACE, Sector.SUPPLY, Volume(1000))


def draft(
    *lines: DraftLine, months: tuple[Volume, ...] | None = None, **more: object
) -> DraftFacts:
    facts = DraftFacts(lines, ())
    whole = complete_months(facts.proposed, ()) if months is None else months
    return replace(facts, months=whole, **more)  # type: ignore[arg-type]


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_draft_in_order_has_no_findings() -> None:
    assert check_draft(draft(WELL)) == []


def test_m3_typed_as_wan_is_named_and_repaired() -> None:
    (found,) = check_draft(draft(replace(WELL, proposed=Volume(2_600_000_000))))
    assert found.code == "draft.unit_slip"
    assert found.severity is Severity.MUST_FIX
    assert found.field == "line-abstraction-ground-agriculture"
    assert "是不是把 m³ 填成了万m³？260,000 万m³" in found.sentence
    assert "260,000 m³ 就是 26.00 万m³" in found.sentence
    assert found.repair == "260000"


@pytest.mark.parametrize(("proposed", "severity"), [(300_000, None), (300_001, Severity.MUST_FIX)])
def test_the_permit_is_the_ceiling(proposed: int, severity: Severity | None) -> None:
    found = check_draft(draft(replace(WELL, proposed=Volume(proposed))))
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_far_from_last_year_asks_but_does_not_block() -> None:
    line = replace(WELL, permit=None)
    for proposed, word in ((900_000, "多"), (80_000, "少")):
        (found,) = check_draft(draft(replace(line, proposed=Volume(proposed))))
        assert found.code == "draft.far_from_last_year"
        assert found.severity is Severity.LOOK
        assert f"差得很{word}" in found.sentence


def test_months_that_miss_the_year_say_by_how_much() -> None:
    months = (Volume(20_000),) * 12
    (found,) = check_draft(draft(WELL, months=months))
    assert found.code == "draft.months"
    assert found.severity is Severity.MUST_FIX
    assert "十二个月合计 24.00 万m³，与全年 27.00 万m³ 差 3.00 万m³" in found.sentence


def test_nothing_asked_for_is_asked_about() -> None:
    assert codes(check_draft(draft(replace(WELL, proposed=Volume())))) == ["draft.nil"]


def test_intake_is_deliveries_and_loss() -> None:
    assert check_draft(draft(INTAKE, SERVED, LOSS)) == []
    assert codes(check_draft(draft(INTAKE, SERVED, LOSS, deliveries=Volume(5)))) == [
        "draft.supply_balance"
    ]


def test_a_draft_within_limits_is_ready() -> None:
    facts = draft(WELL, computed_need=Volume(270_000))
    assert review_findings(facts, look_percent=20, is_first=False) == []


@pytest.mark.parametrize(
    ("proposed", "percent", "reason"),
    [
        (200_000, 20, "少 26.2%"),
        (325_200, 20, ""),
        (325_201, 20, "多 20.0%"),
        (290_000, 5, "多 7.0%"),
    ],
)
def test_a_change_beyond_the_limit_is_a_reason_to_look(
    proposed: int, percent: int, reason: str
) -> None:
    facts = draft(replace(WELL, permit=None, proposed=Volume(proposed)))
    found = review_findings(facts, look_percent=percent, is_first=False)
    assert [reason in finding.sentence for finding in found] == ([True] if reason else [])


def test_reasons_of_a_reviewer() -> None:
    facts = draft(WELL, computed_need=Volume(200_000))
    found = review_findings(facts, look_percent=20, is_first=True, permit_expires="2027年2月11日")
    assert codes(found) == ["review.first", "review.over_norm", "review.permit_expires"]
    assert "2027年2月11日到期" in found[-1].sentence


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(-5, 10**6), min_size=12, max_size=12),
)
def test_completed_months_add_up_to_the_m3(amount: int, pattern: list[int]) -> None:
    months = complete_months(Volume(amount), [Volume(m) for m in pattern])
    assert len(months) == 12
    assert total(months) == Volume(amount)
    assert all(month.m3 >= 0 for month in months)


def test_completed_months_keep_the_proportion() -> None:
    pattern = [Volume(m) for m in (0, 0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 0)]
    assert [m.m3 for m in complete_months(Volume(200), pattern)] == [
        0, 0, 10, 20, 30, 40, 40, 30, 20, 10, 0, 0,
    ]  # fmt: skip
    assert complete_months(Volume(24), ()) == (Volume(2),) * 12


def test_the_default_draft_is_last_year_within_the_permit() -> None:
    new = replace(WELL, last_used=None, last_quota=None, permit=None)
    over = replace(WELL, last_used=Volume(400_000))
    assert default_draft([WELL, over, new], 9_000) == (Volume(243_900), Volume(300_000), Volume(0))


def test_the_months_still_to_come_follow_the_plan_as_the_year_ran() -> None:
    plan = [Volume(100)] * 11 + [Volume(50)]
    used = [Volume(80)] * 11 + [Volume(0)]
    assert rules.complete_year(used, plan, 11) == (*used[:11], Volume(40))
    assert rules.complete_year(used, plan, 12) == tuple(used), "a year that is over is as it was"
    assert rules.complete_year(used, (), 11) == tuple(used)
    assert rules.complete_year((), plan, 11) == ()
