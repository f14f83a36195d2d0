"""The list of units of a year: opened, reported, approved or returned (方案 三(一)). Pure."""

from __future__ import annotations

from datetime import date

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.registry.rules.units import check_reason


class DirectoryState(Term):
    """A year's list: 2026 drafts run on a provisional one (DOMAIN C0.1)."""

    PROVISIONAL = "provisional", "暂用"
    REPORTED = "reported", "已报市级"
    APPROVED = "approved", "已审定"


class DirectoryStep(Term):
    REPORT = "report", "上报"
    APPROVE = "approve", "审定"
    RETURN = "return", "退回"


_NEXT = {
    (DirectoryState.PROVISIONAL, DirectoryStep.REPORT): DirectoryState.REPORTED,
    (DirectoryState.REPORTED, DirectoryStep.APPROVE): DirectoryState.APPROVED,
    (DirectoryState.REPORTED, DirectoryStep.RETURN): DirectoryState.PROVISIONAL,
}


def plan_directory_step(
    state: DirectoryState, step: DirectoryStep, *, units: int, reason: str = ""
) -> DirectoryState:
    """名录 31 January: the county lists and reports, the city approves or returns (方案 三(一))."""
    after = _NEXT.get((state, step))
    if after is None:
        raise Refusal(
            "directory.step",
            f"名录现在是“{state.label}”，不能{step.label}。",
            kind=Kind.CONFLICT,
            remedy="请刷新后查看最新情况。",
        )
    if step is DirectoryStep.REPORT and not units:
        raise Refusal(
            "directory.empty", "名录里一个单位也没有，不能上报。", remedy="请先登记单位。"
        )
    if step is DirectoryStep.RETURN:
        check_reason(reason)
    return after


def no_directory(year: int) -> Refusal:
    return Refusal(
        "directory.none",
        f"{year} 年度名录还没有建立。",
        kind=Kind.CONFLICT,
        remedy="请区县先建立名录。",
    )


def may_step(state: DirectoryState, step: DirectoryStep) -> bool:
    return (state, step) in _NEXT


LATE_IN_THE_YEAR = 11  # from November on people work on next year's list


def listed_year(today: date) -> int:
    """The budget year whose list is made now."""
    return today.year + (today.month >= LATE_IN_THE_YEAR)
