"""基准额度: from reviewed demands to quotas by region, source, sector and unit. Pure.

Order (实施方案 三(二)3): floors first, then tier after tier; inside a tier all rise to their demand, or to one
level where a cap binds them, by the named policy. The engine answers for all regions, sources and units at once;
what nobody can use goes to the reserve.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume, total
from shuiheng.engine.answer import Answer
from shuiheng.engine.explain import allocate
from shuiheng.engine.problem import SharingPolicy
from shuiheng.engine.verify import verify
from shuiheng.quota.rules.bridge import Framed, frame
from shuiheng.quota.rules.claims import Available, Claim, SharingRules, Tier, tier_of

RULE_VERSION = "engine-1"
LONGEST_REASON = 160


@dataclass(frozen=True, slots=True)
class Granted:
    """What a claim gets, from which tier, why in a sentence, and which certificate holds it down (None: none)."""

    claim: Claim
    quota: Volume
    reason: str
    tier: int = 0
    certificate: int | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The answer: Σ granted + reserve = available, for every region and source."""

    granted: tuple[Granted, ...]
    reserve: Mapping[tuple[int, Source], Volume]
    findings: tuple[Finding, ...]
    certificates: tuple[str, ...] = ()
    digest: str = ""


def plan_baseline(
    available: Sequence[Available],
    claims: Sequence[Claim],
    rules: SharingRules,
    *,
    names: Mapping[int, str] | None = None,
) -> Baseline:
    """Share every region's water among its claims, to the m³; AssertionError when the proof fails."""
    framed = frame(available, claims, rules, names=names or {})
    answer = allocate(framed.problem)
    wrong = verify(answer)
    assert not wrong, f"the answer does not hold: {wrong[0]}"
    return read_answer(framed, answer, available, rules)


def read_answer(
    framed: Framed, answer: Answer, available: Sequence[Available], rules: SharingRules
) -> Baseline:
    """The engine's answer in the words of the budget."""
    planned = {(one.area, one.source) for one in available}
    granted = []
    given: dict[tuple[int, Source], int] = {}
    for claim, user, column in framed.claims:
        quota = Volume(int(answer.by_source[user, column]))
        short = int(answer.certificate[user])
        number = short if short >= 0 else None
        tier = tier_of(claim, rules.tiers)
        reason = _reason(claim, quota, tier, rules.policy, _why(answer, number))
        if (claim.area, claim.source) not in planned:
            reason = "该区没有这一水源的分配水量"
        granted.append(Granted(claim, quota, reason, tier.number, number))
        place = (claim.area, claim.source)
        given[place] = given.get(place, 0) + quota.m3
    reserve = {
        (one.area, one.source): one.volume - Volume(given.get((one.area, one.source), 0))
        for one in available
    }
    findings = [
        *_engine_findings(answer),
        *_shortages([one for one in granted if (one.claim.area, one.claim.source) in planned]),
        *_no_allocation(granted, planned),
    ]
    return Baseline(
        tuple(granted),
        reserve,
        tuple(findings),
        tuple(certificate.text for certificate in answer.certificates),
        answer.problem.digest(),
    )


def _why(answer: Answer, number: int | None) -> str:
    return "" if number is None else answer.certificates[number].text


def _reason(claim: Claim, quota: Volume, tier: Tier, policy: SharingPolicy, why: str) -> str:
    place = f"第{tier.number}顺序（{tier.name}）"
    if claim.permit is None and claim.demand:
        return "没有有效取水许可，不核定额度"
    if quota > claim.wanted:
        return f"{place}其他水源不足，改用{claim.source.label}"
    if quota < claim.wanted and not why:
        return f"{place}{claim.source.label}不足，由其他水源补足"
    if quota < claim.wanted:
        words = f"{place}水量不足，{policy.label}：{why}"
        return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"
    if claim.wanted < claim.demand:
        return "按取水许可封顶"
    return f"{place}按审核需求足额核定"


def _engine_findings(answer: Answer) -> list[Finding]:
    """What the engine found that an officer must know; shortages and zeros are said per region below."""
    told = ("infeasible_floors", "crossing_caps", "parent_below_children", "reserve_above_cap")
    return [finding for finding in answer.findings if finding.code in told]


def _shortages(granted: Sequence[Granted]) -> list[Finding]:
    places: dict[tuple[int, Source], list[Granted]] = {}
    for one in granted:
        if one.quota < one.claim.wanted:
            places.setdefault((one.claim.area, one.claim.source), []).append(one)
    found = []
    for (area, source), short in sorted(places.items()):
        missing = total(one.claim.wanted - one.quota for one in short)
        found.append(
            Finding(
                "baseline.short",
                Severity.LOOK,
                f"{source.label}不够分：{len(short)} 个单位合计少 {missing.wan()} 万m³。",
                facts={"area": area, "source": source, "units": len(short)},
            )
        )
    return found


def _no_allocation(
    granted: Sequence[Granted], planned: Collection[tuple[int, Source]]
) -> list[Finding]:
    return [
        Finding(
            "baseline.no_allocation",
            Severity.LOOK,
            f"有单位申报{one.claim.source.label} {one.claim.demand.wan()} 万m³，但分配计划没有给该区这一水源。",
            facts={"area": one.claim.area, "source": one.claim.source, "unit": one.claim.unit},
        )
        for one in granted
        if one.claim.demand and (one.claim.area, one.claim.source) not in planned
    ]
