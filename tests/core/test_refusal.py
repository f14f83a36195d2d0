"""How the house says no."""

from __future__ import annotations

from shuiheng.app.middleware import STATUS
from shuiheng.core.refusal import SEVERITY_LABELS, Finding, Kind, Refusal, Severity, blocking


def test_a_refusal_reads_as_its_sentence_and_what_to_do() -> None:
    facts = {"left": 5}
    refusal = Refusal("some.code", "不够。", remedy="请减少。", field="volume", facts=facts)
    assert str(refusal) == "不够。请减少。"
    assert (refusal.code, refusal.field, refusal.kind) == ("some.code", "volume", Kind.INVALID)
    facts["left"] = 6
    assert refusal.facts == {"left": 5}, "the facts are those of the moment"


def test_every_kind_has_its_status() -> None:
    assert set(STATUS) == set(Kind)
    assert STATUS[Kind.FORBIDDEN] == 403
    assert STATUS[Kind.CONFLICT] == 409


def test_only_must_fix_blocks() -> None:
    assert set(SEVERITY_LABELS) == set(Severity)
    findings = [Finding("a", severity, "句。", row=3) for severity in Severity]
    assert [finding.severity for finding in blocking(findings)] == [Severity.MUST_FIX]
    assert blocking(findings)[0].label == "必改"
    assert blocking([]) == []
