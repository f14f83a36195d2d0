"""Codes by which units claim their accounts; who may join, who may leave. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.rules import clear_letters, tidy

CLAIM_DAYS = 90
CLAIM_LETTERS = 10
CLAIM_UNITS_MOST = 500


def claim_code(random_bytes: bytes) -> str:
    """ABCDE-FGHJK: ten letters that can be read out, about 49 bits."""
    letters = clear_letters(random_bytes, CLAIM_LETTERS).upper()
    return f"{letters[:5]}-{letters[5:]}"


def expires_on(today: date) -> date:
    """The last whole day of a code that is made today."""
    return today + timedelta(days=CLAIM_DAYS - 1)


def tidy_claim_code(text: str) -> str:
    """What was typed, whatever the case, hyphens and blanks."""
    return "".join(letter for letter in tidy(text).upper() if letter.isalnum())


def check_claim(expires_at: datetime | None, used_at: datetime | None, now: datetime) -> None:
    """One sentence for a wrong code; `expires_at` None means that there is no such code."""
    if expires_at is None:
        raise Refusal(
            "claim.unknown",
            "没有这个领取码。",
            field="code",
            remedy="请对照领取单，一个字一个字再填一遍；I、L、O、0、1 不会出现。",
        )
    if used_at is not None:
        raise Refusal(
            "claim.used",
            "这个领取码已经用过了，每个码只能用一次。",
            kind=Kind.CONFLICT,
            field="code",
            remedy="请直接登录；还有别人要开账号，请向区县水务局再要一个码。",
        )
    if expires_at <= now:
        raise Refusal(
            "claim.expired",
            f"这个领取码已失效（有效 {CLAIM_DAYS} 天，换过新码的旧码也失效）。",
            field="code",
            remedy="请向区县水务局再要一个码。",
        )


def check_not_member(is_member: bool) -> None:
    if is_member:
        raise Refusal(
            "claim.member_already", "您已经是这个单位的经办人，不用再领取。", kind=Kind.CONFLICT
        )


def check_membership_open(until: date | None, today: date) -> None:
    if until is not None and until <= today:
        raise Refusal(
            "membership.ended", f"他已于 {until} 不再办理这个单位的事。", kind=Kind.CONFLICT
        )


def check_claim_count(units: int) -> None:
    if not 1 <= units <= CLAIM_UNITS_MOST:
        raise Refusal(
            "claim.count",
            f"一次选 1–{CLAIM_UNITS_MOST} 个单位，现在选了 {units} 个。",
            remedy="请分几次打印。",
        )


def masked(name: str) -> str:
    """兴牧****合作社: enough for its own person to know it, not enough for a finder of the paper."""
    if len(name) <= 4:
        return name[0] + "*" * (len(name) - 1)
    return name[:2] + "*" * (len(name) - 4) + name[-2:]
