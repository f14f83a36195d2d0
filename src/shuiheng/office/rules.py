"""Sign-in limits, stand-ins, hand-overs, policy edits, the demo's date. Pure."""

from __future__ import annotations

from datetime import date

from shuiheng.core.refusal import Kind, Refusal

THROTTLE_MINUTES = 15
TRIES_BEFORE_WAIT = 8
CODE_MINUTES = 5
CODE_TRIES = 5
STAND_IN_DAYS_MAX = 180
CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper or by telephone


def check_tries(tries: int) -> None:
    """Refuse when there were too many failed tries lately."""
    if tries >= TRIES_BEFORE_WAIT:
        raise Refusal(
            "sign_in.throttled",
            f"{THROTTLE_MINUTES} 分钟内输错了 {tries} 次，先歇一会儿。",
            kind=Kind.THROTTLED,
            remedy=f"请 {THROTTLE_MINUTES} 分钟后再试；忘了密码请找水务经办人重置。",
        )


def check_stand_in(actor: int, holder: int, deputy: int, today: date, until: date) -> None:
    """Only the holder lets somebody stand in, somebody else, for a limited time."""
    if actor != holder:
        raise Refusal(
            "post.not_yours",
            "这个岗位不是您的，不能替别人安排代岗。",
            kind=Kind.FORBIDDEN,
            remedy="请岗位本人或系统管理员办理。",
        )
    if deputy == holder:
        raise Refusal("post.self_deputy", "不能由自己代自己的岗。", field="deputy")
    if not today <= until or (until - today).days > STAND_IN_DAYS_MAX:
        raise Refusal(
            "post.stand_in_term",
            f"代岗截止日期要在今天之后、{STAND_IN_DAYS_MAX} 天之内。",
            field="until",
            remedy="长期离岗请办理交接。",
        )


def check_hand_over(actor: int, holder: int, successor: int, until: date | None) -> None:
    """A post is handed to somebody else, once."""
    if successor == holder:
        raise Refusal("post.same_successor", "接任人就是现任，不用交接。", field="successor")
    if until is not None:
        raise Refusal(
            "post.ended",
            f"这个岗位已于 {until} 结束。",
            kind=Kind.CONFLICT,
            remedy="请刷新后查看现任是谁。",
        )


def check_policy_edit(old: object, new: object, source: str) -> None:
    """A policy value keeps its shape and names its source."""
    if not source.strip():
        raise Refusal("policy.no_source", "参数要写明依据（文号或会议纪要）。", field="source")
    if isinstance(old, dict) != isinstance(new, dict) or (
        isinstance(old, dict) and isinstance(new, dict) and set(old) != set(new)
    ):
        raise Refusal(
            "policy.shape",
            f"新值要与原值同样的结构：{old}。",
            field="value",
        )


def plan_business_date(kind: str, old: date | None, new: date) -> date:
    """The new business date: never on a real database, never backwards."""
    if kind == "real" or old is None:
        raise Refusal(
            "clock.real",
            "正式库按真实日期办事，不能推进业务日期。",
            kind=Kind.FORBIDDEN,
            remedy="演练请用练习区。",
        )
    if new <= old:
        raise Refusal(
            "clock.backwards",
            f"业务日期只能往后推：现在是 {old}。",
            field="to",
            remedy="要回到从前，请重建演示库。",
        )
    return new


def temporary_password(random_bytes: bytes) -> str:
    """Ten letters a clerk can read out over the telephone."""
    number = int.from_bytes(random_bytes)
    letters = []
    for _ in range(10):
        number, rest = divmod(number, len(CLEAR_LETTERS))
        letters.append(CLEAR_LETTERS[rest])
    return "".join(letters)
