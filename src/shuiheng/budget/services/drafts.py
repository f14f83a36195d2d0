"""编制: opening a year, saving, submitting and withdrawing drafts, drafting for who never files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from shuiheng.budget import rules
from shuiheng.budget.models import AreaBudget, AreaFinal, Budget, BudgetLine
from shuiheng.budget.selectors.facts import Line, draft_facts, lines_for, year_of_use
from shuiheng.budget.services.steps import take_step
from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.core.clock import beijing_date, months_through
from shuiheng.core.refusal import Kind, Refusal, blocking
from shuiheng.core.vocabulary import Book
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import PeriodState
from shuiheng.ledger.services import set_period
from shuiheng.office.models import Act, Area
from shuiheng.office.selectors import budget_regions, policy
from shuiheng.office.services import begin_act, finish_act, keep_area_year
from shuiheng.papers.models import Attachment
from shuiheng.papers.rules import Channel
from shuiheng.papers.services import attach, send_message
from shuiheng.registry.models import Activity, Unit
from shuiheng.registry.rules.waters import ActivityRow
from shuiheng.registry.selectors import units_in
from shuiheng.registry.services.waters import declare_activities

NOT_FILED = (rules.UnitStage.DRAFT, rules.UnitStage.RETURNED)


@transaction.atomic
def open_year(city: Area, year: int, *, actor: Actor, now: datetime, key: str) -> AreaBudget:
    """Begin the 编制 of a year in December: books, area budgets, and a pre-filled draft per unit."""
    act = begin_act(key, "budget.open_year", actor=actor, now=now, args={"year": year})
    if act.done:
        return AreaBudget.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.BUDGET_COMPILE, city.place)
    keep_area_year(year)
    areas = [city, *budget_regions(year, city)]
    for area in areas:
        set_period(area, year, PeriodState.OPEN)
    AreaBudget.objects.bulk_create(
        [AreaBudget(area=area, year=year) for area in areas], ignore_conflicts=True
    )
    AreaFinal.objects.bulk_create(
        [AreaFinal(area=area, year=year) for area in areas], ignore_conflicts=True
    )
    opened = open_drafts(units_in(city, beijing_date(now)), year, now=now)
    budget = AreaBudget.objects.get(area=city, year=year)
    finish_act(act, f"area-budget/{budget.pk}", f"开始 {year} 年度编制，{opened} 个单位")
    return budget


def open_drafts(units: Sequence[Unit], year: int, *, now: datetime) -> int:
    """A draft for each unit that has none yet, with last year's figures as a start."""
    known = set(Budget.objects.filter(year=year).values_list("unit", flat=True))
    new = [unit for unit in units if unit.pk not in known]
    today = beijing_date(now)
    wanted = lines_for(new, today)
    used = year_of_use([unit.pk for unit in new], year - 1)
    plans = _plans([unit.pk for unit in new], year - 1)
    known_months = months_through(year - 1, today)
    budgets = Budget.objects.bulk_create(
        [Budget(unit=unit, region_id=unit.region_id, year=year, months=[0] * 12) for unit in new],
        batch_size=2000,
    )
    lines = []
    for budget in budgets:
        before = used.get(budget.unit_id, {})
        for book, source, sector in wanted[budget.unit_id]:
            months = rules.complete_year(
                before.get((book, source, sector), ()), plans.get(budget.unit_id, ()), known_months
            )
            lines.append(
                BudgetLine(
                    budget=budget, book=book, source=source, sector=sector, proposed=total(months)
                )
            )
            if book is Book.ABSTRACTION or budget.unit.kind_term.is_customer:
                for month, volume in enumerate(months):
                    budget.months[month] += volume.m3
        typed = [Volume(m3) for m3 in budget.months]
        budget.months = [m.m3 for m in rules.complete_months(total(typed), typed)]
    BudgetLine.objects.bulk_create(lines, batch_size=2000)
    Budget.objects.bulk_update(budgets, ["months"], batch_size=1000)
    return len(budgets)


def _plans(units: Sequence[int], year: int) -> dict[int, list[Volume]]:
    """The monthly plan of each unit's budget of a year."""
    rows = Budget.objects.filter(unit__in=units, year=year).values_list("unit", "months")
    return {unit: [Volume(m3) for m3 in months] for unit, months in rows}


@transaction.atomic
def save_draft(
    budget_id: int,
    *,
    proposed: Mapping[int, Volume],
    months: Sequence[Volume],
    note: str,
    activities: Sequence[ActivityRow] | None = None,
    version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Budget:
    """Keep what has been typed so far: `proposed` by line id, twelve `months`, what is planted or made
    (None: the page did not ask). Nothing is judged yet.

    `version` is the one the page was made from: a stale page is refused, so nobody overwrites.
    """
    args = {"budget": budget_id, "proposed": proposed, "months": months, "note": note}
    args["activities"] = activities
    act = begin_act(key, "budget.save_draft", actor=actor, now=now, args=args)
    if act.done:
        return Budget.objects.get(pk=budget_id)
    budget = _locked(budget_id)
    _require_drafter(actor, budget)
    _refuse_wrong_stage(budget)
    _refuse_stale(budget, version)
    lines = {line.pk: line for line in budget.lines.all()}
    for line_id, volume in proposed.items():
        lines[line_id].proposed = volume
    BudgetLine.objects.bulk_update(lines.values(), ["proposed"])
    if activities is not None:
        _declare(budget, activities, actor=actor, now=now, key=f"{key}:activities")
    budget.months = [month.m3 for month in months]
    budget.note = note
    budget.version += 1
    budget.saved_at = now
    budget.entered_by_id = actor.user_id or None
    budget.entered_for_unit = not actor.may(Permission.BUDGET_DRAFT, budget.place)
    budget.save(
        update_fields=["months", "note", "version", "saved_at", "entered_by", "entered_for_unit"]
    )
    finish_act(act, f"budget/{budget.pk}", "保存草案")
    return budget


def _declare(
    budget: Budget, activities: Sequence[ActivityRow], *, actor: Actor, now: datetime, key: str
) -> None:
    """Hand the activities to the registry, unless they are what it holds already."""
    held = Activity.objects.filter(unit=budget.unit_id, year=budget.year)
    known = {(row.item, row.method, row.quantity, row.measure) for row in held}
    if known != {(row.item, row.method, row.quantity, row.measure) for row in activities}:
        declare_activities(budget.unit_id, budget.year, activities, actor=actor, now=now, key=key)


@transaction.atomic
def attach_to_draft(
    budget_id: int, name: str, content: bytes, *, actor: Actor, now: datetime, key: str
) -> Attachment:
    """附件: the stamped form, a permit, a photo, by whoever may draft."""
    act = begin_act(
        key, "budget.attach", actor=actor, now=now, args={"budget": budget_id, "n": name}
    )
    budget = _locked(budget_id)
    subject = f"budget/{budget.pk}"
    _require_drafter(actor, budget)
    own = actor.may(Permission.BUDGET_DRAFT, budget.place)
    attachment = attach(
        name,
        content,
        subject=subject,
        area=budget.region,
        unit_id=budget.unit_id,
        permission=Permission.BUDGET_DRAFT if own else Permission.BUDGET_DRAFT_FOR,
        actor=actor,
        now=now,
    )
    if not act.done:
        finish_act(act, subject, f"附件：{attachment.name}")
    return attachment


@transaction.atomic
def submit_draft(budget_id: int, *, actor: Actor, now: datetime, key: str) -> Budget:
    """提交: refused while something must be mended; every such finding is shown beside its field."""
    act = begin_act(key, "budget.submit", actor=actor, now=now, args={"budget": budget_id})
    budget = _locked(budget_id)
    if act.done:
        return budget
    _require_drafter(actor, budget)
    findings = blocking(rules.check_draft(draft_facts([budget], beijing_date(now))[budget.pk]))
    if findings:
        raise Refusal(
            "draft.must_fix",
            findings[0].sentence if len(findings) == 1 else f"还有 {len(findings)} 处必改。",
            field=findings[0].field,
            facts={"findings": findings},
        )
    _submit([budget], act, actor)
    finish_act(act, f"budget/{budget.pk}", "提交草案")
    return budget


@transaction.atomic
def submit_drafts(
    budget_ids: Sequence[int], *, actor: Actor, now: datetime, key: str
) -> tuple[int, dict[int, list[str]]]:
    """Submit many drafts; those that must be mended stay, with their sentences, and do not hold up
    the others. Returns how many went, and the rest."""
    act = begin_act(key, "budget.submit_many", actor=actor, now=now, args={"ids": list(budget_ids)})
    if act.done:
        return 0, {}
    budgets = list(
        Budget.objects.locked()
        .filter(pk__in=budget_ids)
        .select_related("unit__region", "region")
        .prefetch_related("lines")
    )
    facts = draft_facts(budgets, beijing_date(now))
    stuck = {}
    clean = []
    for budget in budgets:
        _require_drafter(actor, budget)
        findings = blocking(rules.check_draft(facts[budget.pk]))
        if findings:
            stuck[budget.pk] = [finding.sentence for finding in findings]
        else:
            clean.append(budget)
    _submit(clean, act, actor)
    finish_act(act, f"budget/{budget_ids[0]}", f"提交 {len(clean)} 件，{len(stuck)} 件需改")
    return len(clean), stuck


@transaction.atomic
def withdraw_draft(budget_id: int, *, actor: Actor, now: datetime, key: str) -> Budget:
    """撤回: until the reviewer has decided; by the unit, or by an officer who may draft for it."""
    act = begin_act(key, "budget.withdraw", actor=actor, now=now, args={"budget": budget_id})
    budget = _locked(budget_id)
    if act.done:
        return budget
    _require_drafter(actor, budget)
    helped = not actor.may(Permission.BUDGET_DRAFT, budget.place)
    take_step([budget], "withdraw", act=act, actor=SYSTEM if helped else actor)
    finish_act(act, f"budget/{budget.pk}", "撤回草案")
    return budget


@transaction.atomic
def draft_by_default(area: Area, year: int, *, actor: Actor, now: datetime, key: str) -> int:
    """代拟: who never files gets a draft by the dated default rule, marked so (USERS 7)."""
    act = begin_act(key, "budget.default", actor=actor, now=now, args={"area": area.pk, "y": year})
    if act.done:
        return 0
    require(actor, Permission.BUDGET_DRAFT_FOR, area.place)
    share = policy("draft.default_share", beijing_date(now)).value
    waiting = list(
        Budget.objects.locked()
        .filter(region=area, year=year, stage__in=NOT_FILED)
        .select_related("unit__region", "region")
        .prefetch_related("lines")
    )
    facts = draft_facts(waiting, beijing_date(now))
    used = year_of_use([budget.unit_id for budget in waiting], year - 1)
    for budget in waiting:
        figures = rules.default_draft(facts[budget.pk].lines, share)
        lines = list(budget.lines.all())
        for line, figure in zip(lines, figures, strict=True):
            line.proposed = figure
        BudgetLine.objects.bulk_update(lines, ["proposed"])
        counted = [x for x in lines if x.book == Book.ABSTRACTION] or lines
        pattern = _pattern(used.get(budget.unit_id, {}))
        whole = total(line.proposed for line in counted)
        budget.months = [m.m3 for m in rules.complete_months(whole, pattern)]
        budget.drafted_by_default = True
        budget.version += 1
        budget.saved_at = now
    Budget.objects.bulk_update(waiting, ["months", "drafted_by_default", "version", "saved_at"])
    _submit(waiting, act, SYSTEM)
    finish_act(act, f"area/{area.pk}", f"代拟 {len(waiting)} 件草案")
    return len(waiting)


@transaction.atomic
def remind_units(
    area: Area, year: int, text: str, *, actor: Actor, now: datetime, key: str
) -> tuple[int, list[str]]:
    """催报: a text message to who has not filed, once a day each (USERS 7). Returns how many were
    sent, and the names of those without a telephone number: they are called or visited."""
    args = {"area": area.pk, "year": year, "text": text}
    act = begin_act(key, "budget.remind", actor=actor, now=now, args=args)
    require(actor, Permission.BUDGET_DRAFT_FOR, area.place)
    waiting = Budget.objects.filter(region=area, year=year, stage__in=NOT_FILED)
    mute, sent = [], 0
    for budget in waiting.select_related("unit", "region").order_by("unit__pinyin"):
        if not budget.unit.phone:
            mute.append(budget.unit.name)
            continue
        sent += 1
        if not act.done:
            send_message(
                text,
                channel=Channel.SMS,
                recipient=budget.unit.contact or budget.unit.name,
                address=budget.unit.phone,
                area=area,
                unit_id=budget.unit_id,
                actor=actor,
                now=now,
                key=f"remind:{year}:{budget.pk}:{beijing_date(now)}",
            )
    if not act.done:
        finish_act(act, f"area/{area.pk}", f"催报 {sent} 户，{len(mute)} 户没有电话")
    return sent, mute


def _pattern(used: Mapping[Line, tuple[Volume, ...]]) -> list[Volume]:
    months = [Volume()] * 12
    for volumes in used.values():
        months = [a + b for a, b in zip(months, volumes, strict=True)]
    return months


def _submit(budgets: Sequence[Budget], act: Act, actor: Actor) -> None:
    """An officer who drafts for a unit (代办) submits for it too; both names stand in the act."""
    helped = [
        b
        for b in budgets
        if actor is not SYSTEM and not actor.may(Permission.BUDGET_DRAFT, b.place)
    ]
    own = [b for b in budgets if b not in helped]
    take_step(own, "submit", act=act, actor=actor)
    for budget in helped:
        require(actor, Permission.BUDGET_DRAFT_FOR, budget.place)
    take_step(helped, "submit", act=act, actor=SYSTEM)
    untouched = Budget.objects.filter(pk__in=[budget.pk for budget in helped], entered_by=None)
    untouched.update(entered_by=actor.user_id or None, entered_for_unit=True)


def _locked(budget_id: int) -> Budget:
    return (
        Budget.objects.locked()
        .select_related("unit__region", "region")
        .prefetch_related("lines")
        .get(pk=budget_id)
    )


def _require_drafter(actor: Actor, budget: Budget) -> None:
    if actor is SYSTEM or actor.may(Permission.BUDGET_DRAFT, budget.place):
        return
    require(actor, Permission.BUDGET_DRAFT_FOR, budget.place)


def _refuse_wrong_stage(budget: Budget) -> None:
    if budget.stage_term not in NOT_FILED:
        raise Refusal(
            "draft.not_editable",
            f"草案现在是“{budget.stage_term.label}”，不能再改。",
            kind=Kind.CONFLICT,
            remedy="提交后要改，请先撤回；已审核的请联系审核人员退回。",
        )


def _refuse_stale(budget: Budget, version: int) -> None:
    if budget.version != version:
        raise Refusal(
            "draft.stale",
            "这份草案刚被另一个人（或另一个窗口）改过。",
            kind=Kind.CONFLICT,
            remedy="您填的内容还在这一页；请先打开最新的一份核对，再填入您的修改。",
            facts={"version": budget.version},
        )
