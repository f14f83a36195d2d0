"""How the house says no. Refusal: the rules forbid it. Finding: one of many complaints at once.

An AssertionError is neither: it is our own bug, and the user sees an incident number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of no it is; the screen maps it to a status code."""

    INVALID = "invalid"  # what was typed cannot be: 422
    CONFLICT = "conflict"  # somebody was faster, or a step is out of order: 409
    FORBIDDEN = "forbidden"  # not this person, not this place: 403
    MISSING = "missing"  # no such thing, or none you may see: 404
    THROTTLED = "throttled"  # too many tries: 429


class Refusal(Exception):  # noqa: N818  a refusal is no error of ours
    """The rules say no: a stable code, a Chinese sentence with its facts, and what to do instead.

    `field` names the form field it belongs to, `remedy` the next step in words, `facts` the figures
    that the sentence quotes.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        kind: Kind = Kind.INVALID,
        field: str = "",
        remedy: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.kind = kind
        self.field = field
        self.remedy = remedy
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return f"{self.sentence}{self.remedy}"


class Severity(StrEnum):
    """必改 blocks, 请看 does not, 说明 informs."""

    MUST_FIX = "must_fix"
    LOOK = "look"
    NOTE = "note"


SEVERITY_LABELS = {Severity.MUST_FIX: "必改", Severity.LOOK: "请看", Severity.NOTE: "说明"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint among many, with where it stands (`row`, `column` for files, `field` for forms)
    and, if a button can repair it, the value to put there."""

    code: str
    severity: Severity
    sentence: str
    field: str = ""
    row: int | None = None
    column: str = ""
    repair: str = ""
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        return SEVERITY_LABELS[self.severity]


def blocking(findings: list[Finding]) -> list[Finding]:
    """Those that must be mended before anything is saved."""
    return [finding for finding in findings if finding.severity is Severity.MUST_FIX]
