"""From the December before to the issue: drafts, review, compilation, allocation, baseline."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Sum

from shuiheng.budget import services as budget
from shuiheng.budget.models import (
    AreaBudget,
    Budget,
    BudgetLine,
)
from shuiheng.budget.rules import Indicator, UnitStage, WetnessIncluded, complete_months
from shuiheng.core.access import Role
from shuiheng.core.vocabulary import Book, Confidence, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.selectors import Breach, region_sheets
from shuiheng.office.models import Area
from shuiheng.quota.selectors import losses_digest
from shuiheng.registry.selectors import permitted
from shuiheng.registry.services import directory as registry
from shuiheng.rehearsal.services.stage import Stage, budgets_of


def open_books(stage: Stage) -> None:
    officer = stage.cast.at(Role.CITY_OFFICER)
    budget.open_year(stage.cast.city, stage.year, actor=officer, now=stage.now, key=stage.key)
    stage.did("开始编制")


def file_drafts(stage: Stage) -> None:
    """Units draft for themselves, a few are helped by the clerk (代办), some never file."""
    drafts = list(budgets_of(stage).select_related("unit__region").prefetch_related("lines"))
    by_clerk: dict[Area, list[int]] = {}
    for draft in drafts:
        fate = stage.random.random()
        if fate < 0.04:
            continue
        if fate < 0.3 and len(drafts) < 600:
            _draft_alone(stage, draft)
        else:
            by_clerk.setdefault(draft.region, []).append(draft.pk)
    for area, ids in by_clerk.items():
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        _, stuck = budget.submit_drafts(ids, actor=clerk, now=stage.now, key=stage.key)
        for draft_id in stuck:
            _mend_months(stage, Budget.objects.get(pk=draft_id))
        if stuck:
            budget.submit_drafts(list(stuck), actor=clerk, now=stage.now, key=stage.key)
        stage.did("代办提交")


def _draft_alone(stage: Stage, draft: Budget) -> None:
    """One unit at its own desk: types, errs now and then, mends, submits, sometimes withdraws."""
    actor = stage.cast.of(draft.unit)
    lines = list(draft.lines.all())
    factor = stage.random.randint(85, 120)
    proposed = {line.pk: Volume(line.proposed.m3 * factor // 100) for line in lines}
    permits = permitted([draft.unit_id], stage.cast.day)
    for line in lines:
        cap = permits.get((draft.unit_id, line.source_term))
        if cap is not None:
            proposed[line.pk] = min(proposed[line.pk], cap)
    saved = _save(stage, draft, proposed, draft.version, [Volume(0)] * 12)
    whole = _asked(draft.unit.kind_term, lines, proposed)
    if whole and stage.random.random() < 0.2:
        stage.must_refuse(
            "draft.must_fix",
            lambda: budget.submit_draft(draft.pk, actor=actor, now=stage.now, key=stage.key),
        )
    stage.must_refuse(
        "draft.stale", lambda: _save(stage, draft, proposed, saved.version - 1, [Volume(0)] * 12)
    )
    _mend_months(stage, saved)
    budget.submit_draft(draft.pk, actor=actor, now=stage.now, key=stage.key)
    if stage.random.random() < 0.1:
        budget.withdraw_draft(draft.pk, actor=actor, now=stage.now, key=stage.key)
        budget.submit_draft(draft.pk, actor=actor, now=stage.now, key=stage.key)
    stage.did("提交草案")


def _save(
    stage: Stage, draft: Budget, proposed: dict[int, Volume], version: int, months: list[Volume]
) -> Budget:
    return budget.save_draft(
        draft.pk,
        proposed=proposed,
        months=months,
        note="",
        version=version,
        actor=stage.cast.of(draft.unit),
        now=stage.now,
        key=stage.key,
    )


def _mend_months(stage: Stage, draft: Budget) -> None:
    lines = list(draft.lines.all())
    permits = permitted([draft.unit_id], stage.cast.day)
    proposed = {}
    for line in lines:
        cap = permits.get((draft.unit_id, line.source_term), line.proposed)
        proposed[line.pk] = min(line.proposed, cap)
    whole = _asked(draft.unit.kind_term, lines, proposed)
    months = list(complete_months(whole, [Volume(m) for m in draft.months]))
    _save(stage, draft, proposed, draft.version, months)


def _asked(kind: UnitKind, lines: list[BudgetLine], proposed: dict[int, Volume]) -> Volume:
    counted = [line for line in lines if line.book == Book.ABSTRACTION] or lines
    return total(proposed[line.pk] for line in counted)


def grant_interim(stage: Stage) -> None:
    reviewer = stage.cast.at(Role.CITY_REVIEWER)
    budget.grant_interim(stage.cast.city, stage.year, actor=reviewer, now=stage.now, key=stage.key)
    stage.did("预下达")


def review_drafts(stage: Stage) -> None:
    """Reviewers return a few, accept the rest; the city reviews public supply; who never filed is
    drafted for; nobody reviews what he filed himself."""
    for area in stage.cast.regions:
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        reviewer = stage.cast.at(Role.COUNTY_REVIEWER, area)
        budget.draft_by_default(area, stage.year, actor=clerk, now=stage.now, key=stage.key)
        waiting = budgets_of(stage).filter(region=area, stage=UnitStage.SUBMITTED)
        ids = list(waiting.exclude(unit__kind=UnitKind.WATERWORKS).values_list("pk", flat=True))
        for draft_id in stage.random.sample(ids, min(len(ids), 2)):
            _return_and_resubmit(stage, draft_id, area)
        budget.accept_drafts(ids, actor=reviewer, now=stage.now, key=stage.key)
        stage.did("审核")
        for works in waiting.filter(unit__kind=UnitKind.WATERWORKS):
            _review_public(stage, works, area)
        if ids:
            _return_too_late(stage, ids[0], area)


def _return_too_late(stage: Stage, draft_id: int, area: Area) -> None:
    reviewer = stage.cast.at(Role.COUNTY_REVIEWER, area)
    stage.must_refuse(
        "step.out_of_order",
        lambda: budget.return_draft(
            draft_id, reason="迟了", actor=reviewer, now=stage.now, key=stage.key
        ),
    )


def _return_and_resubmit(stage: Stage, draft_id: int, area: Area) -> None:
    reviewer = stage.cast.at(Role.COUNTY_REVIEWER, area)
    budget.return_draft(
        draft_id, reason="请附种植面积证明", actor=reviewer, now=stage.now, key=stage.key
    )
    unit = Budget.objects.select_related("unit").get(pk=draft_id).unit
    budget.submit_draft(draft_id, actor=stage.cast.of(unit), now=stage.now, key=stage.key)
    stage.did("退回补正")


def _review_public(stage: Stage, works: Budget, area: Area) -> None:
    county = stage.cast.at(Role.COUNTY_REVIEWER, area)
    stage.must_refuse(
        "access.denied",
        lambda: budget.accept_drafts([works.pk], actor=county, now=stage.now, key=stage.key),
    )
    city = stage.cast.at(Role.CITY_REVIEWER)
    budget.accept_drafts([works.pk], actor=city, now=stage.now, key=stage.key)
    stage.did("市级审核公共供水")


def compile_upward(stage: Stage) -> None:
    """Districts compile and report; the city returns one, approves all, compiles, is agreed to."""
    officer, reviewer = stage.cast.at(Role.CITY_OFFICER), stage.cast.at(Role.CITY_REVIEWER)
    for number, area in enumerate(stage.cast.regions):
        own = AreaBudget.objects.get(area=area, year=stage.year)
        _compile(stage, own, area)
        if number == 0:
            budget.return_area(
                own.pk, reason="合计与附表不符", actor=reviewer, now=stage.now, key=stage.key
            )
            stage.did("退回区县")
            _compile(stage, own, area)
        budget.approve_area(own.pk, actor=reviewer, now=stage.now, key=stage.key)
        stage.did("审定区县")
    city = AreaBudget.objects.get(area=stage.cast.city, year=stage.year)
    budget.compile_area(city.pk, actor=officer, now=stage.now, key=stage.key)
    budget.report_area(city.pk, actor=officer, now=stage.now, key=stage.key)
    budget.approve_area(city.pk, actor=reviewer, now=stage.now, key=stage.key)
    stage.did("市级汇编")


def _compile(stage: Stage, own: AreaBudget, area: Area) -> None:
    clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
    budget.compile_area(own.pk, actor=clerk, now=stage.now, key=stage.key)
    budget.report_area(own.pk, actor=clerk, now=stage.now, key=stage.key)
    stage.did("区县汇编上报")


def approve_directories(stage: Stage) -> None:
    """Districts report their lists of units by 31 January; the city returns one and approves all."""
    year, reviewer = stage.year, stage.cast.at(Role.CITY_REVIEWER)
    for number, area in enumerate(stage.cast.regions):
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        for act in (registry.open_directory, registry.report_directory):
            act(area.pk, year, actor=clerk, now=stage.now, key=stage.key)
        if number == 1:
            registry.return_directory(
                area.pk, year, reason="请补列漏报用户", actor=reviewer, now=stage.now, key=stage.key
            )
            registry.report_directory(area.pk, year, actor=clerk, now=stage.now, key=stage.key)
        registry.approve_directory(area.pk, year, actor=reviewer, now=stage.now, key=stage.key)
        stage.did("审定名录")


def enter_allocation(stage: Stage) -> None:
    """The autonomous region's plan: some regions get more than they asked for, some less."""
    lines: dict[tuple[int, Source], Volume] = {}
    asked = (
        BudgetLine.objects.filter(budget__in=budgets_of(stage), book=Book.ABSTRACTION)
        .values_list("budget__region", "source")
        .annotate(sum=Sum("reviewed"))
    )
    for area, source, wanted in asked:
        percent = stage.random.choice((93, 99, 102, 104, 106))
        m3 = wanted.m3 if isinstance(wanted, Volume) else int(wanted or 0)
        lines[area, Source(source)] = Volume(m3 * percent // 100 // 10_000 * 10_000 + 20_000)
    lines[stage.cast.city.pk, Source.TRANSFERRED] = Volume(1_500_000)
    budget.enter_allocation(
        stage.cast.city,
        stage.year,
        lines,
        number=f"演示水资源〔{stage.year}〕12号",
        title=f"关于下达乌鲁木齐市{stage.year}年度水量分配计划的通知（演示）",
        issued_on=stage.cast.day,
        wetness_included=WetnessIncluded.UNKNOWN,
        actor=stage.cast.at(Role.CITY_OFFICER),
        now=stage.now,
        key=stage.key,
    )
    stage.did("录入分配计划")
    enter_intensity(stage, lines)


def enter_intensity(stage: Stage, plan: Mapping[tuple[int, Source], Volume]) -> None:
    """Limits of intensity with the totals, and GDP by the departments: one region is over its limit, one has not
    given its figure. The value added of industry is still owed by all."""
    city, acting = stage.cast.city, stage.cast.at(Role.CITY_OFFICER)
    water = {
        area.pk: total(v for (place, _), v in plan.items() if area == city or place == area.pk)
        for area in (*stage.cast.regions, city)
    }
    limits = {(area, Indicator.GDP): Decimal(40) for area in water}
    over, silent = stage.cast.regions[1].pk, stage.cast.regions[-1].pk
    values = {
        (area, Indicator.GDP): Decimal(max(volume.m3 // (50 if area == over else 30), 1))
        for area, volume in water.items()
        if area != silent
    }
    number = f"演示水资源〔{stage.year}〕13号"
    budget.enter_intensity(
        city, stage.year, limits, number=number, issued_on=stage.cast.day,
        actor=acting, now=stage.now, key=stage.key,
    )  # fmt: skip
    budget.enter_economy(
        city, stage.year, values, price_year=2020, department="演示统计局", source="演示预测数",
        confidence=Confidence.DEMO, actor=acting, now=stage.now, key=stage.key,
    )  # fmt: skip
    stage.did("录入强度指标")


def issue(stage: Stage) -> None:
    """Compute and adopt the baseline, then issue all in one act; a second click changes nothing."""
    officer, reviewer = stage.cast.at(Role.CITY_OFFICER), stage.cast.at(Role.CITY_REVIEWER)
    city = AreaBudget.objects.get(area=stage.cast.city, year=stage.year)
    run = budget.compute_baseline(
        stage.cast.city, stage.year, actor=officer, now=stage.now, key=stage.key
    )
    shown = losses_digest(run)
    budget.adopt_baseline(run.pk, losses_shown=shown, actor=officer, now=stage.now, key=stage.key)
    stage.did("采用基准额度")
    paper = {
        "number": f"演示水发〔{stage.year}〕9号",
        "signer": "演示签发人",
        "issued_on": stage.cast.day,
        "actor": reviewer,
        "now": stage.now,
    }
    key = stage.key
    budget.issue_scheme(city.pk, **paper, key=key)  # type: ignore[arg-type]
    stage.did("下达")
    before = Transfer.objects.count()
    budget.issue_scheme(city.pk, **paper, key=key)  # type: ignore[arg-type]
    if Transfer.objects.count() != before:
        stage.outcome.breaches.append(Breach("重复点击", "下达", before, Transfer.objects.count()))
    _check_no_provision(stage)


def _check_no_provision(stage: Stage) -> None:
    """The issue has swallowed the interim to the m³, and each region has what the plan gave it."""
    for sheet in region_sheets(stage.areas, stage.year).values():
        if sheet.lent:
            stage.outcome.breaches.append(Breach("预下达应全部冲回", "垫付", 0, sheet.lent.m3))
        if any(sheet.pool.values()) and sheet.area != stage.cast.city.pk:
            left = total(sheet.pool.values()).m3
            stage.outcome.breaches.append(
                Breach("下达后待分配应为零", f"区域 {sheet.area}", 0, left)
            )
