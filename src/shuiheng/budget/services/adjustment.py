"""调整: units' applications, and changes from above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from shuiheng.budget import rules
from shuiheng.budget.models import (
    Adjustment,
    Budget,
    BudgetLine,
    ChangeAbove,
    ChangeAboveLine,
    Scheme,
)
from shuiheng.budget.rules import (
    AdjustmentState,
    ChangeState,
    CutShare,
    Direction,
    Ground,
    HoldFacts,
    QuotaFacts,
    RegionChange,
    SupplierNetwork,
)
from shuiheng.budget.rules.adjustment import network_pool, reserve_of
from shuiheng.budget.selectors.papers import adjustment_facts, decider_bureau
from shuiheng.budget.services.scans import Scan, keep_scan
from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Entry
from shuiheng.ledger.selectors import quotas, unit_quotas
from shuiheng.ledger.services import lock_accounts, post
from shuiheng.office.models import Area
from shuiheng.office.services import begin_act, finish_act
from shuiheng.papers.rules import PaperKind
from shuiheng.papers.services import create_paper
from shuiheng.registry.models import Unit
from shuiheng.registry.selectors import holds_on, permitted

Books = Callable[[Iterable[AccountKey]], dict[AccountKey, Balance]]


@transaction.atomic
def apply_adjustment(
    line_id: int,
    *,
    direction: Direction,
    ground: Ground,
    volume: Volume,
    reason: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Adjustment:
    """申请调整: checked at the counter, decided by an officer."""
    args = {"line": line_id, "direction": direction, "ground": ground, "volume": volume}
    act = begin_act(key, "adjustment.apply", actor=actor, now=now, args=args)
    if act.done:
        return Adjustment.objects.get(pk=act.outcome.subject_id)
    line = (  # locked: of two applications at once the second finds the first waiting
        BudgetLine.objects.select_for_update(of=["self"])
        .select_related("budget__unit__region", "budget__region")
        .get(pk=line_id)
    )
    require(actor, Permission.ADJUSTMENT_APPLY, line.budget.place)
    _refuse_unissued(line.budget)
    _refuse_second(line)
    quota = _quota_facts(line, beijing_date(now))
    rules.check_application(direction, ground, volume, reason, quota)
    adjustment = Adjustment.objects.create(
        budget=line.budget,
        direction=direction,
        ground=ground,
        book=line.book,
        source=line.source,
        sector=line.sector,
        volume=volume,
        reason=reason,
        applied_on=beijing_date(now),
        applied_by_id=actor.user_id or None,
    )
    finish_act(act, f"adjustment/{adjustment.pk}", f"申请{direction.label} {volume}")
    return adjustment


@transaction.atomic
def grant_adjustment(
    adjustment_id: int,
    *,
    number: str,
    answer: str,
    signer: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> Adjustment:
    """批准: post it from the reserve (up) or to the reserve (down), by the paper's number.

    `signer` signs the 批复; whoever decides does, unless another is named.
    """
    args = {"adjustment": adjustment_id, "number": number}
    act = begin_act(key, "adjustment.grant", actor=actor, now=now, args=args)
    adjustment = _locked(adjustment_id)
    if act.done:
        return adjustment
    _require_decider(actor, adjustment)
    if not number.strip():
        raise Refusal("adjustment.no_number", "批复要有文号。", field="number")
    before = account_balance(adjustment).net
    entries = plan_adjustment(adjustment, on=beijing_date(now))
    post(entries, act=act)
    _decide(adjustment, AdjustmentState.GRANTED, number, answer, now)
    _make_paper(adjustment, before, number, signer or actor.name, actor=actor, now=now)
    finish_act(
        act, f"adjustment/{adjustment.pk}", f"批准{adjustment.get_direction_display()} {number}"
    )
    return adjustment


@transaction.atomic
def refuse_adjustment(
    adjustment_id: int, *, answer: str, actor: Actor, now: datetime, key: str
) -> Adjustment:
    """不批准, with the reason."""
    args = {"adjustment": adjustment_id, "answer": answer}
    act = begin_act(key, "adjustment.refuse", actor=actor, now=now, args=args)
    adjustment = _locked(adjustment_id)
    if act.done:
        return adjustment
    _require_decider(actor, adjustment)
    if not answer.strip():
        raise Refusal("adjustment.no_answer", "不批准要写明原因。", field="answer")
    _decide(adjustment, AdjustmentState.REFUSED, "", answer, now)
    _make_paper(adjustment, None, "", "", actor=actor, now=now)
    finish_act(act, f"adjustment/{adjustment.pk}", f"未批准：{answer}")
    return adjustment


@transaction.atomic
def withdraw_adjustment(adjustment_id: int, *, actor: Actor, now: datetime, key: str) -> Adjustment:
    """撤回 an application that nobody has decided yet."""
    act = begin_act(key, "adjustment.withdraw", actor=actor, now=now, args={"id": adjustment_id})
    adjustment = _locked(adjustment_id)
    if not act.done:
        require(actor, Permission.ADJUSTMENT_APPLY, adjustment.place)
        _decide(adjustment, AdjustmentState.WITHDRAWN, "", "", now)
        finish_act(act, f"adjustment/{adjustment.pk}", "撤回申请")
    return adjustment


def plan_adjustment(
    adjustment: Adjustment, *, on: date, books_of: Books = lock_accounts
) -> tuple[Entry, ...]:
    """What granting it would post, on the books as they are now: the act locks them, a preview
    (`books_of=standing`) only reads."""
    account = account_of(adjustment)
    origin = reserve_of(account)
    pool = network_pool(account)
    is_supplier = _takes_for_others(adjustment.budget.unit, account)
    books = books_of([account, origin, *([pool] if is_supplier else [])])
    permit = permitted([account.unit], on).get((account.unit, account.source))
    quota = QuotaFacts(account, books[account], permit, is_supplier)
    document = f"adjustment/{adjustment.pk}"
    ground = Ground(adjustment.ground)
    if Direction(adjustment.direction) is Direction.INCREASE:
        holds = [HoldFacts(hold.act, hold.article) for hold in holds_on(account.unit, on)]
        return rules.plan_increase(
            quota, books[origin], ground, adjustment.volume, holds,
            effective_on=on, document=document,
        )  # fmt: skip
    left = books[pool].net if is_supplier else Volume()
    return rules.plan_decrease(
        quota, left, ground, adjustment.volume, effective_on=on, document=document
    )


@transaction.atomic
def enter_change(
    city: Area,
    year: int,
    deltas: Mapping[tuple[int, Source], Volume],
    *,
    number: str,
    title: str,
    effective_on: date,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
    key: str,
) -> ChangeAbove:
    """上级调整: enter the notice; nothing moves before it has been previewed and confirmed."""
    args = {"deltas": {f"{a}/{s}": v for (a, s), v in deltas.items()}, "number": number}
    act = begin_act(key, "change_above.enter", actor=actor, now=now, args=args)
    if act.done:
        return ChangeAbove.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.CHANGE_ABOVE_ENTER, city.place)
    _refuse_before_issue(city, year)
    if not any(deltas.values()):
        raise Refusal("change.empty", "还没有填任何调整水量。", field="lines")
    if not number.strip():
        raise Refusal("change.no_number", "上级调整要有来文文号。", field="number")
    if ChangeAbove.objects.filter(area=city, year=year, number=number).exists():
        raise Refusal(
            "change.number_taken",
            f"文号 {number} 已经录入过。",
            kind=Kind.CONFLICT,
            field="number",
            remedy="请在上级调整清单里查看那一份。",
        )
    change = ChangeAbove.objects.create(
        area=city, year=year, number=number, title=title, effective_on=effective_on, act=act
    )
    ChangeAboveLine.objects.bulk_create(
        [
            ChangeAboveLine(change=change, area_id=area, source=source, delta=delta)
            for (area, source), delta in deltas.items()
            if delta
        ]
    )
    subject = f"change/{change.pk}"
    keep_scan(scan, subject, city, Permission.CHANGE_ABOVE_ENTER, actor=actor, now=now)
    finish_act(act, subject, f"录入上级调整 {number}")
    return change


@transaction.atomic
def apply_change(
    change_id: int, *, actor: Actor, now: datetime, key: str
) -> tuple[ChangeAbove, tuple[CutShare, ...]]:
    """Carry a change from above out: region, source and units in one act (USERS 4)."""
    act = begin_act(key, "change_above.apply", actor=actor, now=now, args={"change": change_id})
    change = (
        ChangeAbove.objects.select_for_update(of=["self"]).select_related("area").get(pk=change_id)
    )
    if act.done:
        return change, ()
    require(actor, Permission.BUDGET_ISSUE, change.area.place)
    if change.state != ChangeState.ENTERED:
        raise Refusal(
            "change.applied",
            f"{change.number} 已经执行过。",
            kind=Kind.CONFLICT,
            remedy="请刷新查看执行结果。",
        )
    entries, shares = plan_change(change)
    post(entries, act=act)
    change.state = ChangeState.APPLIED
    change.save(update_fields=["state"])
    finish_act(
        act, f"change/{change.pk}", f"执行上级调整 {change.number}，涉及 {len(shares)} 个账户"
    )
    return change, shares


def plan_change(
    change: ChangeAbove, *, books_of: Books = lock_accounts
) -> tuple[tuple[Entry, ...], tuple[CutShare, ...]]:
    """Who loses and who gains by a change from above: the act locks the books, a preview reads them."""
    lines = sorted(change.lines.all(), key=lambda line: line.pk)
    areas = {line.area_id for line in lines}
    inside = Q(area__in=areas)
    held = quotas(change.year, inside)
    reserves = {
        line.pk: AccountKey(
            Book.ABSTRACTION, change.year, Source(line.source), AccountKind.RESERVE, line.area_id
        )
        for line in lines
    }
    books = books_of([*held, *reserves.values()])
    intakes = [key for key in held if key.sector is Sector.SUPPLY]
    suppliers = _networks(intakes, change.year, books_of)
    return rules.plan_change_above(
        change.area_id,
        change.year,
        [
            RegionChange(line.area_id, Source(line.source), line.delta, books[reserves[line.pk]])
            for line in lines
        ],
        [QuotaFacts(key, books[key]) for key in sorted(held) if key.book is Book.ABSTRACTION],
        suppliers,
        effective_on=change.effective_on,
        document=f"change/{change.pk}",
    )


def _networks(
    supplier_accounts: Sequence[AccountKey], year: int, books_of: Books
) -> dict[int, SupplierNetwork]:
    """Each supplier's network; a waterworks that serves residents keeps theirs untouched."""
    networks = {}
    by_supplier: dict[int, list[QuotaFacts]] = {}
    wanted = Q(supplier__in=[account.unit for account in supplier_accounts])
    for key, balance in sorted(quotas(year, wanted).items()):
        by_supplier.setdefault(key.supplier, []).append(QuotaFacts(key, balance))
    pools = {account: network_pool(account) for account in supplier_accounts}
    books = books_of(pools.values()) if pools else {}
    for account, pool in pools.items():
        customers = by_supplier.get(account.unit, ())
        networks[account.unit] = SupplierNetwork(books[pool], tuple(customers))
    return networks


def account_of(line: BudgetLine | Adjustment) -> AccountKey:
    """The quota account of a budget's line, as the issue made it."""
    return _account_row(line)[0]


def account_balance(line: BudgetLine | Adjustment) -> Balance:
    """What the books say of that account now."""
    return _account_row(line)[1]


def _account_row(line: BudgetLine | Adjustment) -> tuple[AccountKey, Balance]:
    held = unit_quotas([line.budget.unit_id], line.budget.year)[line.budget.unit_id]
    for key, balance in held.items():
        if (key.book, key.source, key.sector) == (line.book, line.source, line.sector):
            return key, balance
    raise Refusal(
        "adjustment.no_quota",
        "这一水源今年没有下达过额度，不能调整。",
        kind=Kind.CONFLICT,
        remedy="新增水源请先办理名录和许可。",
    )


def _takes_for_others(unit: Unit, account: AccountKey) -> bool:
    return UnitKind(unit.kind).is_supplier and account.book is Book.ABSTRACTION


def _quota_facts(line: BudgetLine, on: date) -> QuotaFacts:
    account, balance = _account_row(line)
    permit = permitted([account.unit], on).get((account.unit, account.source))
    return QuotaFacts(account, balance, permit, _takes_for_others(line.budget.unit, account))


def _make_paper(
    adjustment: Adjustment,
    before: Volume | None,
    number: str,
    signer: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """调整批复; a refusal waits for its number, which the bureau's document system gives later."""
    budget = adjustment.budget
    create_paper(
        PaperKind.ADJUSTMENT,
        adjustment_facts(adjustment, before, actor.user_id),
        title=f"关于{budget.unit.name}{budget.year}年度水预算调整申请的批复",
        issuer=decider_bureau(budget),
        holder=budget.unit.name,
        area=budget.region,
        unit_id=budget.unit_id,
        year=budget.year,
        subject=f"adjustment/{adjustment.pk}",
        number=number,
        signer=signer,
        issued_on=beijing_date(now),
        actor=actor,
        now=now,
        key=f"adjustment/{adjustment.pk}",
    )


def _refuse_before_issue(city: Area, year: int) -> None:
    if not Scheme.objects.filter(area=city, year=year).exists():
        raise Refusal(
            "change.not_issued",
            f"{year} 年度水预算还没有下达，总量变化不用走上级调整。",
            kind=Kind.CONFLICT,
            remedy="请在年度水量分配计划里录入新的版本。",
        )


def _locked(adjustment_id: int) -> Adjustment:
    return (
        Adjustment.objects.select_for_update(of=["self"])
        .select_related("budget__unit", "budget__region")
        .get(pk=adjustment_id)
    )


def _require_decider(actor: Actor, adjustment: Adjustment) -> None:
    kind = adjustment.budget.unit.kind_term
    permission = Permission.ADJUSTMENT_DECIDE
    place = adjustment.place
    if kind is UnitKind.WATERWORKS:
        require(actor, Permission.BUDGET_REVIEW_PUBLIC, place)
    require(actor, permission, place)
    if actor.user_id and actor.user_id == adjustment.applied_by_id:
        raise Refusal(
            "adjustment.four_eyes",
            "这份申请是您自己提交的，不能再由您审批。",
            kind=Kind.FORBIDDEN,
            remedy="请另一位同事办理。",
        )


def _decide(
    adjustment: Adjustment, state: AdjustmentState, number: str, answer: str, now: datetime
) -> None:
    if adjustment.state != AdjustmentState.APPLIED:
        raise Refusal(
            "adjustment.decided",
            f"这份申请已经是“{adjustment.get_state_display()}”。",
            kind=Kind.CONFLICT,
            remedy="请刷新查看结果。",
        )
    adjustment.state = state
    adjustment.number = number
    adjustment.answer = answer
    adjustment.decided_on = beijing_date(now)
    adjustment.save(update_fields=["state", "number", "answer", "decided_on"])


def _refuse_unissued(budget: Budget) -> None:
    if budget.stage_term is not rules.UnitStage.ISSUED:
        raise Refusal(
            "adjustment.not_issued",
            f"预算现在是“{budget.stage_term.label}”，下达后、决算前才能申请调整。",
            kind=Kind.CONFLICT,
            remedy="编制阶段请直接修改草案。",
        )


def _refuse_second(line: BudgetLine) -> None:
    waiting = Adjustment.objects.filter(
        budget=line.budget, source=line.source, sector=line.sector, state=AdjustmentState.APPLIED
    )
    if waiting.exists():
        raise Refusal(
            "adjustment.waiting",
            "这一水源已有一份申请在等审批。",
            kind=Kind.CONFLICT,
            remedy="请等批复，或先撤回那一份。",
        )
