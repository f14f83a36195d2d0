"""统一社会信用代码 and 取水许可证 numbers: what does not compute is said, never refused (DOMAIN 9.2, 9.3). Pure."""

from __future__ import annotations

import re

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Source

_CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_LENGTH = 18
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_NEW_PERMIT = re.compile(r"[A-D]\d{6}([A-Z])\d{4}-\d{4}")
_OLD_PERMIT = re.compile(r"取水[(（].+[)）]字[〔\[(（]\d{4}[〕\])）]第([AB])\d{8}号")
_PERMIT_SOURCE = {
    "G": Source.GROUND,
    "S": Source.SURFACE,
    "A": Source.SURFACE,
    "B": Source.GROUND,
}


def credit_code_is_valid(code: str) -> bool:
    """GB 32100-2015: 18 characters, check character by weights 3^i mod 31, and inside it the
    organisation code of GB 11714."""
    if len(code) != _CREDIT_LENGTH or any(letter not in _CREDIT_LETTERS for letter in code):
        return False
    values = [_CREDIT_LETTERS.index(letter) for letter in code]
    weighed = sum(value * pow(3, place, 31) for place, value in enumerate(values[:-1]))
    return (31 - weighed % 31) % 31 == values[-1] and _organisation_code_is_valid(code[8:17])


def _organisation_code_is_valid(code: str) -> bool:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weighed = sum(
        letters.index(letter) * weight for letter, weight in zip(code, _ORG_WEIGHTS, strict=False)
    )
    check = 11 - weighed % 11
    return code[-1] == {10: "X", 11: "0"}.get(check, str(check))


def check_code(code: str) -> list[Finding]:
    """A credit code that does not compute is said, not refused: some in real use fail."""
    if len(code) == _CREDIT_LENGTH and not credit_code_is_valid(code):
        return [
            Finding(
                "unit.credit_code",
                Severity.LOOK,
                f"统一社会信用代码 {code} 的校验位对不上，请对照营业执照再看一遍。",
                field="code",
            )
        ]
    return []


def check_permit_number(number: str, source: Source) -> list[Finding]:
    """电子证照 B640104G2023-0037, or the older 取水(…)字〔…〕第A12345678号; anything else is said."""
    for form in (_NEW_PERMIT, _OLD_PERMIT):
        match = form.fullmatch(number)
        if match:
            return _check_permit_letter(number, match[1], source)
    return [
        Finding(
            "permit.number",
            Severity.LOOK,
            f"许可证号 {number} 不像常见的写法（如 B640104G2023-0037），请对照证书。",
            field="number",
        )
    ]


def _check_permit_letter(number: str, letter: str, source: Source) -> list[Finding]:
    told = _PERMIT_SOURCE.get(letter)
    if told is None or told is source:
        return []
    return [
        Finding(
            "permit.source",
            Severity.LOOK,
            f"许可证号 {number} 里的 {letter} 通常指{told.label}，这里登记的是{source.label}。",
            field="source",
        )
    ]
