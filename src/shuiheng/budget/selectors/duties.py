"""What the budget year asks of a person, with the plan's dates: computed from the documents as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, Q, QuerySet, Sum

from shuiheng.budget.models import (
    Adjustment,
    AllocationPlan,
    AreaBudget,
    AreaFinal,
    Budget,
    ChangeAbove,
    FinalAccount,
    Scheme,
)
from shuiheng.budget.rules import AdjustmentState, AreaStage, ChangeState, FinalState, UnitStage
from shuiheng.core.access import Actor, Permission
from shuiheng.core.calendar import Deadline, RestDays
from shuiheng.core.clock import beijing_date
from shuiheng.core.duty import DutyFact
from shuiheng.core.vocabulary import UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.selectors import deadlines, rest_days, scope

P = Permission
FILING = (UnitStage.DRAFT, UnitStage.RETURNED)


@dataclass(frozen=True, slots=True)
class Dates:
    """When each step of a budget year falls due (实施方案 四, as dated rows)."""

    rules: dict[str, Deadline]
    rest: RestDays

    def of(self, key: str, year: int) -> date:
        return self.rules[key].falls_on(year, self.rest)


def dates(today: date) -> Dates:
    return Dates(deadlines(today), rest_days())


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """A unit's own papers, a district's queue, the city's decisions: whatever this person can do now."""
    when = dates(beijing_date(now))
    found: list[DutyFact] = []
    if any(place.unit is not None for place in actor.places(P.BUDGET_DRAFT)):
        found += [*_unit_drafts(actor, when), *_unit_finals(actor, when)]
    if actor.may_somewhere(P.BUDGET_COMPILE):
        found += [*_drafts(actor, when), *_areas(actor, when), *_finals(actor, when)]
        found += [*_adjustments(actor, now), *_changes(actor)]
    return found


# -- a unit ----------------------------------------------------------------------------------------


def _unit_drafts(actor: Actor, when: Dates) -> list[DutyFact]:
    mine = Budget.objects.visible_to(actor, P.BUDGET_DRAFT).filter(stage__in=FILING)
    return [
        DutyFact(
            when.of("unit_draft", budget.year),
            f"补正 {budget.year} 年度草案"
            if budget.stage == UnitStage.RETURNED
            else f"提交 {budget.year} 年度水预算草案",
            budget.unit.name,
            "去填报",
            "budget:draft",
            {"year": budget.year, "unit_id": budget.unit_id},
        )
        for budget in mine.select_related("unit").order_by("year", "pk")
    ]


def _unit_finals(actor: Actor, when: Dates) -> list[DutyFact]:
    mine = FinalAccount.objects.filter(
        scope(actor, P.FINAL_CONFIRM, area="budget__region", unit="budget__unit"),
        state=FinalState.OPEN,
    )
    return [
        DutyFact(
            when.of("unit_final", account.budget.year),
            f"确认 {account.budget.year} 年度决算",
            f"{account.budget.unit.name}，截止 {account.cut_off.month}月{account.cut_off.day}日",
            "去确认",
            "budget:final",
            {"account_id": account.pk},
        )
        for account in mine.select_related("budget__unit").order_by("pk")
    ]


# -- a district, the city --------------------------------------------------------------------------


def _drafts(actor: Actor, when: Dates) -> list[DutyFact]:
    """Who has not filed; what waits for review: public suppliers are the city's (方案 四(二))."""
    public = Q(unit__kind=UnitKind.WATERWORKS)
    rows = (
        Budget.objects.visible_to(actor, P.BUDGET_COMPILE)
        .filter(stage__in=[*FILING, UnitStage.SUBMITTED])
        .values_list("year")
        .annotate(
            filing=Count("pk", filter=Q(stage__in=FILING)),
            waiting=Count("pk", filter=Q(stage=UnitStage.SUBMITTED) & ~public),
            public=Count("pk", filter=Q(stage=UnitStage.SUBMITTED) & public),
        )
        .order_by("year")
    )
    reviews_public = actor.may_somewhere(P.BUDGET_REVIEW_PUBLIC)
    found = []
    for year, filing, waiting, publics in rows:
        query = f"?year={year}"
        if filing:
            what = f"催报 {year} 年度草案"
            due = when.of("unit_draft", year)
            found.append(
                DutyFact(due, what, f"{filing:,} 户未提交", "看清单", "budget:drafts", {}, query)
            )
        count = publics if reviews_public else waiting
        if count and actor.may_somewhere(P.BUDGET_REVIEW):
            what = f"审核 {year} 年度草案"
            words = f"{count:,} 件待审" + ("（公共供水单位）" if reviews_public else "")
            due = when.of("county_draft", year)
            found.append(DutyFact(due, what, words, "去审核", "budget:review", {}, query))
    return found


def _areas(actor: Actor, when: Dates) -> list[DutyFact]:
    """汇编上报 in a district; 审定, 分配计划 and 下达 in the city."""
    rows = AreaBudget.objects.select_related("area").exclude(
        stage__in=[AreaStage.ISSUED, AreaStage.CLOSED]
    )
    areas = list(
        rows.filter(scope(actor, P.BUDGET_COMPILE, area="area")).order_by("year", "area__rank")
    )
    cities = [area for area in areas if not area.area.has_own_budget]
    found = []
    if not cities:
        found += [
            _area_duty(area, when)
            for area in areas
            if area.stage_term in (AreaStage.OPEN, AreaStage.COMPILED, AreaStage.RETURNED)
        ]
    for city in cities:
        below = [area for area in areas if area.year == city.year and area.area.has_own_budget]
        found += _city_duties(actor, city, below, when)
    return found


def _area_duty(area: AreaBudget, when: Dates) -> DutyFact:
    verb = {AreaStage.COMPILED: "上报", AreaStage.RETURNED: "补正"}.get(area.stage_term, "汇编")
    return DutyFact(
        when.of("county_draft", area.year),
        f"{'上报' if verb == '上报' else '汇编上报'} {area.year} 年度水预算",
        f"{area.area.name}，{area.stage_term.label}",
        verb,
        "budget:areas",
        {},
        f"?year={area.year}",
    )


def _city_duties(
    actor: Actor, city: AreaBudget, below: Sequence[AreaBudget], when: Dates
) -> list[DutyFact]:
    year, query, found = city.year, f"?year={city.year}", []
    reported = [area for area in below if area.stage_term is AreaStage.REPORTED]
    late = [area for area in below if area.stage_term in (AreaStage.OPEN, AreaStage.RETURNED)]
    if reported and actor.may_somewhere(P.BUDGET_APPROVE):
        names = "、".join(area.area.name for area in reported[:3])
        due = when.of("city_draft", year)
        what = f"审定区县草案 {len(reported)} 件"
        found.append(DutyFact(due, what, names, "去审定", "budget:areas", {}, query, decides=True))
    if late:
        due = when.of("county_draft", year)
        words = f"{len(below) - len(late)} / {len(below)} 区已汇编"
        found.append(
            DutyFact(due, f"{year} 年度区县汇编", words, "查看", "budget:areas", {}, query)
        )
    if actor.may_somewhere(P.ALLOCATION_ENTER) and not _has_plan(city):
        due = when.of("city_draft", year)
        what = f"录入 {year} 年度水量分配计划"
        words = "自治区下达后录入，区域额度以它为准"
        found.append(DutyFact(due, what, words, "录入", "budget:allocation", {}, query))
    if city.stage_term is AreaStage.APPROVED and actor.may_somewhere(P.BUDGET_ISSUE):
        due = when.of("issue", year)
        words = "测算、预览、填文号后下达"
        what = f"下达 {year} 年度水预算方案"
        found.append(DutyFact(due, what, words, "去下达", "budget:issue", {}, query))
    return found


def _has_plan(city: AreaBudget) -> bool:
    return AllocationPlan.objects.filter(area=city.area, year=city.year, is_current=True).exists()


def _finals(actor: Actor, when: Dates) -> list[DutyFact]:
    states = (
        FinalAccount.objects.filter(
            scope(actor, P.BUDGET_COMPILE, area="budget__region", unit="budget__unit")
        )
        .exclude(state__in=[FinalState.REVIEWED, FinalState.CLOSED])
        .values_list("budget__year", "state")
        .annotate(count=Count("pk"))
    )
    counts: dict[int, dict[str, int]] = {}
    for year, state, count in states:
        counts.setdefault(year, {})[state] = count
    found = []
    for year, by_state in sorted(counts.items()):
        query = f"?year={year}"
        waiting = by_state.get(FinalState.OPEN, 0)
        confirmed = by_state.get(FinalState.CONFIRMED, 0)
        disputed = by_state.get(FinalState.DISPUTED, 0)
        if waiting:
            due = when.of("unit_final", year)
            what, words = f"催办 {year} 年度决算确认", f"{waiting:,} 户未确认"
            found.append(DutyFact(due, what, words, "看清单", "budget:finals", {}, query))
        if (confirmed or disputed) and actor.may_somewhere(P.FINAL_REVIEW):
            due = when.of("county_final", year)
            words = f"{confirmed:,} 件待审" + (f"，{disputed} 件有异议" if disputed else "")
            what = f"审核 {year} 年度决算"
            found.append(DutyFact(due, what, words, "去审核", "budget:finals", {}, query))
    return [*found, *_area_finals(actor, when, set(counts))]


def _area_finals(actor: Actor, when: Dates, years: set[int]) -> list[DutyFact]:
    """The city's own closing, once its accounts have been opened."""
    if not actor.may_somewhere(P.FINAL_CLOSE):
        return []
    mine = scope(actor, P.FINAL_CLOSE, area="area")
    rows = AreaFinal.objects.filter(mine, state="open", area__has_own_budget=False, year__in=years)
    return [
        DutyFact(
            when.of("city_final", final.year),
            f"完成 {final.year} 年度市级决算",
            "各区完成后封账",
            "查看",
            "budget:finals",
            {},
            f"?year={final.year}",
        )
        for final in rows.select_related("area")
    ]


def waiting_adjustments(actor: Actor) -> QuerySet[Adjustment]:
    """Applications that this person decides: the district's, or of public suppliers the city's."""
    public = Q(budget__unit__kind=UnitKind.WATERWORKS)
    mine = scope(actor, P.ADJUSTMENT_DECIDE, area="budget__region", unit="budget__unit")
    rows = Adjustment.objects.filter(mine, state=AdjustmentState.APPLIED)
    if actor.may_somewhere(P.BUDGET_REVIEW_PUBLIC):
        return rows
    return rows.exclude(public)


def _adjustments(actor: Actor, now: datetime) -> list[DutyFact]:
    if not actor.may_somewhere(P.ADJUSTMENT_DECIDE):
        return []
    rows = waiting_adjustments(actor).values_list("direction")
    sums = rows.annotate(count=Count("pk"), volume=Sum("volume"), first=Min("applied_on"))
    found = []
    for direction, count, volume, first in sums:
        up = direction == "increase"
        words = "全部由预留解决，批后预留相应减少" if up else "批后退回预留"
        amount = volume if isinstance(volume, Volume) else Volume(int(volume))
        what = f"{'启用预留' if up else '调减申请'} {count} 件，共 {amount.wan()} 万m³"
        detail = f"{words}；最早 {first.month}月{first.day}日申请。"
        found.append(DutyFact(first, what, detail, "去审批", "budget:adjustments", decides=True))
    return found


def _changes(actor: Actor) -> list[DutyFact]:
    """上级调整 that has been entered and not carried out."""
    if not actor.may_somewhere(P.BUDGET_ISSUE):
        return []
    mine = scope(actor, P.BUDGET_ISSUE, area="area")
    rows = ChangeAbove.objects.filter(mine, state=ChangeState.ENTERED).annotate(
        delta=Sum("lines__delta")
    )
    return [
        DutyFact(
            change.effective_on,
            f"{_change_words(change.delta)}（{change.number}）",
            f"{change.title}，{change.effective_on.month}月{change.effective_on.day}日起执行。先看影响，再执行。",
            "看影响",
            "budget:changes",
            decides=True,
        )
        for change in rows
    ]


def _change_words(delta: Volume | int | None) -> str:
    volume = delta if isinstance(delta, Volume) else Volume(int(delta or 0))
    word = "上级调减" if volume.m3 < 0 else "上级调增"
    return f"{word} {Volume(abs(volume.m3)).wan(0)} 万m³"


# -- the year's stages -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageCounts:
    """How far a year has come in some areas: units by stage, areas by stage, accounts by state."""

    units: dict[str, int]
    areas: dict[str, int]
    finals: dict[str, int]
    issued_on: date | None
    adjustments: dict[str, int]


def stage_counts(areas: Iterable[int], year: int) -> StageCounts:
    """Six steps in numbers, for the stage track."""
    wanted = list(areas)
    inside = Budget.objects.filter(region__in=wanted, year=year)
    rows = inside.values_list("stage", "final_account__state").annotate(n=Count("pk"))
    units: dict[str, int] = {}
    finals: dict[str, int] = {}
    for stage, final, count in rows:
        units[stage] = units.get(stage, 0) + count
        if final is not None:
            finals[final] = finals.get(final, 0) + count
    budgets = AreaBudget.objects.filter(area__in=wanted, year=year)
    stages = budgets.values_list("stage").annotate(n=Count("pk"))
    asked = Adjustment.objects.filter(budget__region__in=wanted, budget__year=year)
    decided = asked.values_list("state").annotate(n=Count("pk"))
    return StageCounts(
        units,
        dict(stages),
        finals,
        _issued_on(year),
        dict(decided),
    )


def _issued_on(year: int) -> date | None:
    return Scheme.objects.filter(year=year).values_list("issued_on", flat=True).first()
