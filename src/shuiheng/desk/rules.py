"""What a year looks like from the desk: its six steps in words, and what a pace leads to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shuiheng.core.vocabulary import Stage, Term
from shuiheng.core.volume import Volume


@dataclass(frozen=True, slots=True)
class YearFacts:
    """How far a year has come: units and final accounts by stage, dates and counts for the track."""

    year: int
    today: date
    booked_month: int
    units: Mapping[str, int]
    areas: Mapping[str, int]
    finals: Mapping[str, int]
    adjustments: Mapping[str, int]
    issued_on: date | None
    final_due: date

    @property
    def total(self) -> int:
        return sum(self.units.values())

    def count(self, which: Mapping[str, int], *stages: str) -> int:
        return sum(which.get(stage, 0) for stage in stages)


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One of the six: what is said below its name, and whether it is done, in force or to come."""

    stage: Stage
    line: str
    state: str


DONE, NOW, COMING = "done", "now", "coming"
PAST_REVIEW = ("accepted", "compiled", "issued", "closed")


def track(facts: YearFacts) -> list[StepFacts]:
    """编制 › 审核 › 下达 › 执行 › 调整 › 决算 of a year, each with its date or count."""
    issued = facts.count(facts.units, "issued", "closed") > 0
    return [
        _drafting(facts, issued=issued),
        _reviewing(facts, issued=issued),
        _issuing(facts, issued=issued),
        _executing(facts, issued=issued),
        _adjusting(facts, issued=issued),
        _closing(facts),
    ]


def current(steps: list[StepFacts]) -> Stage:
    """The step the year stands in: execution while it lasts, else the first that is under way."""
    under_way = [step.stage for step in steps if step.state == NOW]
    if Stage.EXECUTION in under_way:
        return Stage.EXECUTION
    return under_way[0] if under_way else Stage.FINAL_ACCOUNT


def _drafting(facts: YearFacts, *, issued: bool) -> StepFacts:
    filed = facts.total - facts.count(facts.units, "draft", "returned")
    if issued:
        return StepFacts(Stage.DRAFT, f"{facts.total:,} 个单位", DONE)
    if not facts.total:
        return StepFacts(Stage.DRAFT, "每年12月开始", COMING)
    state = DONE if filed == facts.total else NOW
    return StepFacts(Stage.DRAFT, f"已交 {filed:,} / {facts.total:,} 户", state)


def _reviewing(facts: YearFacts, *, issued: bool) -> StepFacts:
    passed = facts.count(facts.units, *PAST_REVIEW)
    if issued:
        approved = facts.count(facts.areas, "issued", "closed", "approved")
        words = f"{approved} 区审定" if approved > 1 else "市级已审定"
        return StepFacts(Stage.REVIEW, words, DONE)
    waiting = facts.count(facts.units, "submitted")
    if not passed and not waiting:
        return StepFacts(Stage.REVIEW, "1月15日前县级完成", COMING)
    state = DONE if passed == facts.total else NOW
    return StepFacts(Stage.REVIEW, f"通过 {passed:,} · 待审 {waiting:,}", state)


def _issuing(facts: YearFacts, *, issued: bool) -> StepFacts:
    if issued and facts.issued_on is not None:
        units = facts.count(facts.units, "issued", "closed")
        return StepFacts(Stage.ISSUE, f"{_day(facts.issued_on)} {units:,} 个单位", DONE)
    approved = facts.count(facts.areas, "approved")
    state = NOW if approved and approved == sum(facts.areas.values()) else COMING
    return StepFacts(Stage.ISSUE, "市级草案审定后 15 日内", state)


def _executing(facts: YearFacts, *, issued: bool) -> StepFacts:
    if facts.today.year > facts.year:
        return StepFacts(Stage.EXECUTION, "全年 12 个月已入账", DONE)
    if facts.today.year < facts.year:
        return StepFacts(Stage.EXECUTION, f"{facts.year}年1月1日起", COMING)
    booked = f"已入账至 {facts.booked_month}月" if facts.booked_month else "1月用水次月入账"
    lent = "" if issued else "预下达 · "
    return StepFacts(Stage.EXECUTION, f"{lent}第 {facts.today.month} 个月 · {booked}", NOW)


def _adjusting(facts: YearFacts, *, issued: bool) -> StepFacts:
    decided = facts.count(facts.adjustments, "granted", "refused")
    waiting = facts.count(facts.adjustments, "applied")
    if not issued:
        return StepFacts(Stage.ADJUSTMENT, "下达后可以申请", COMING)
    closed = not facts.count(facts.units, "issued")
    state = DONE if closed else NOW
    return StepFacts(Stage.ADJUSTMENT, f"已办 {decided} 件 · 待批 {waiting} 件", state)


def _closing(facts: YearFacts) -> StepFacts:
    opened = sum(facts.finals.values())
    if not opened:
        left = (facts.final_due - facts.today).days
        words = f"{_day(facts.final_due)}前" + (f" · 还有 {left} 天" if left > 0 else "")
        return StepFacts(Stage.FINAL_ACCOUNT, words, COMING)
    closed = facts.count(facts.finals, "closed")
    if closed == opened:
        return StepFacts(Stage.FINAL_ACCOUNT, f"{closed:,} 户已决算", DONE)
    confirmed = opened - facts.count(facts.finals, "open", "disputed")
    return StepFacts(Stage.FINAL_ACCOUNT, f"已确认 {confirmed:,} / {opened:,} 户", NOW)


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def year_end_by_pace(used: Volume, planned: Volume, quota: Volume) -> Volume | None:
    """按进度推算: ⌊used × quota / planned⌋, plain arithmetic and no probability (USERS 37)."""
    if not planned:
        return None
    return Volume(used.m3 * quota.m3 // planned.m3)


class HomeKind(Term):
    """Whose home it is: by the widest place a person holds."""

    UNIT = "unit", "单位"
    DISTRICT = "district", "区县"
    CITY = "city", "市"
    KEEPER = "keeper", "系统管理"
    NOBODY = "nobody", "没有岗位"
