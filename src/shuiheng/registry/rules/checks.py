"""What a clerk should look at in a unit, none of it in the way of work. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shuiheng.core.refusal import Finding, Severity
from shuiheng.registry.rules.codes import check_code, check_permit_number
from shuiheng.registry.rules.units import UnitCard
from shuiheng.registry.rules.waters import PermitFacts

EXPIRY_NOTICE_DAYS = 45  # 取水条例 Art. 25: an extension is applied for 45 days before the end


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A unit as the checks see it."""

    card: UnitCard
    permits: Sequence[PermitFacts] = ()
    supplied: bool = False
    outside_region: bool = False
    people: int = 0
    closed: bool = False


def check_unit(facts: UnitFacts, today: date) -> list[Finding]:
    """Everything odd about a unit, none of it in the way of work."""
    findings = check_code(facts.card.code)
    for permit in facts.permits:
        findings += check_permit_number(permit.number, permit.source)
        findings += _check_permit_term(permit, today)
    if facts.closed:
        return findings
    if facts.card.kind.is_customer and not facts.supplied:
        findings.append(_look("unit.no_supplier", "还没有登记由谁供水，用水没有账可入。"))
    valid = [p for p in facts.permits if p.valid_from <= today <= p.valid_until]
    if not facts.card.kind.is_customer and not valid:
        findings.append(_look("unit.no_permit", "没有有效的取水许可，核算时要单独认定。"))
    if facts.outside_region:
        findings.append(
            Finding("unit.outside", Severity.NOTE, "地址不在预算区里，额度仍归预算区。")
        )
    if not facts.card.phone:
        findings.append(_look("unit.no_phone", "没有联系电话，催报找不到人。"))
    if not facts.people:
        findings.append(
            Finding("unit.no_people", Severity.NOTE, "还没有人领取账号，可以发领取码。")
        )
    return findings


def _check_permit_term(permit: PermitFacts, today: date) -> list[Finding]:
    left = (permit.valid_until - today).days
    if left < 0:
        return [_look("permit.expired", f"许可证 {permit.number} 已于 {permit.valid_until} 到期。")]
    if left <= EXPIRY_NOTICE_DAYS:
        sentence = (
            f"许可证 {permit.number} 还有 {left} 天到期（{permit.valid_until}），"
            f"延续要在到期 {EXPIRY_NOTICE_DAYS} 日前申请。"
        )
        return [_look("permit.expiring", sentence)]
    return []


def _look(code: str, sentence: str) -> Finding:
    return Finding(code, Severity.LOOK, sentence)
