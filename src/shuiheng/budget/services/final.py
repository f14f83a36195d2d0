"""决算: open the accounts, confirm, review, complete districts and city, lapse and lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from shuiheng.budget import rules
from shuiheng.budget.models import (
    AreaBudget,
    AreaFinal,
    Budget,
    FinalAccount,
    FinalLine,
)
from shuiheng.budget.rules import AreaFinalState, FinalState
from shuiheng.budget.selectors.papers import final_facts
from shuiheng.budget.services.steps import take_step
from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Entry, PeriodState
from shuiheng.ledger.selectors import balances, monthly_use, unit_quotas
from shuiheng.ledger.services import post, set_period
from shuiheng.office.models import Act, Area
from shuiheng.office.selectors import budget_regions, policy
from shuiheng.office.services import begin_act, finish_act
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperKind, plain
from shuiheng.papers.services import create_paper


@transaction.atomic
def open_final_accounts(city: Area, year: int, *, actor: Actor, now: datetime, key: str) -> int:
    """December: a final account per issued budget, filled from the books, with December estimated."""
    act = begin_act(key, "final.open", actor=actor, now=now, args={"year": year})
    if act.done:
        return 0
    require(actor, Permission.BUDGET_COMPILE, city.place)
    month = policy("final.cut_off", beijing_date(now)).value
    cut_off = rules.cut_off_date(year, month)
    _refuse_before(cut_off, year, beijing_date(now))
    budgets = list(
        Budget.objects.filter(
            region__in=budget_regions(year, city), year=year, stage="issued", final_account=None
        )
    )
    accounts = FinalAccount.objects.bulk_create(
        [FinalAccount(budget=budget, cut_off=cut_off) for budget in budgets], batch_size=2000
    )
    FinalLine.objects.bulk_create(_lines(accounts, year, month), batch_size=2000)
    for area in [city, *budget_regions(year, city)]:
        set_period(area, year, PeriodState.CLOSING)
    finish_act(act, f"final-year/{year}", f"{year} 年度决算开始，{len(accounts)} 个单位")
    return len(accounts)


@transaction.atomic
def confirm_final(account_ids: Sequence[int], *, actor: Actor, now: datetime, key: str) -> int:
    """确认决算: the unit agrees with the books (its late reports have been posted before)."""
    _refuse_none(account_ids)
    args = {"ids": list(account_ids)}
    act = begin_act(key, "final.confirm", actor=actor, now=now, args=args)
    accounts = _locked(account_ids)
    if act.done:
        return len(accounts)
    _refresh([account for account in accounts if account.state == FinalState.OPEN])
    take_step(accounts, "confirm", act=act, actor=actor)
    finish_act(act, f"final/{account_ids[0]}", f"确认 {len(accounts)} 件决算")
    return len(accounts)


@transaction.atomic
def confirm_final_for(account_ids: Sequence[int], *, actor: Actor, now: datetime, key: str) -> int:
    """代办: an officer confirms with the units' stamped papers at hand; his name stands in the act."""
    _refuse_none(account_ids)
    args = {"ids": list(account_ids)}
    act = begin_act(key, "final.confirm_for", actor=actor, now=now, args=args)
    accounts = _locked(account_ids)
    if act.done:
        return len(accounts)
    for account in accounts:
        require(actor, Permission.BUDGET_DRAFT_FOR, account.place)
    _refresh([account for account in accounts if account.state == FinalState.OPEN])
    take_step(accounts, "confirm", act=act, actor=SYSTEM)
    finish_act(act, f"final/{account_ids[0]}", f"代办确认 {len(accounts)} 件决算")
    return len(accounts)


@transaction.atomic
def dispute_final(
    account_id: int, *, reason: str, actor: Actor, now: datetime, key: str
) -> FinalAccount:
    """提出异议, in words; an officer answers and the account is confirmed again."""
    return _final_step(account_id, "dispute", reason, actor=actor, now=now, key=key)


@transaction.atomic
def answer_dispute(
    account_id: int, *, reason: str, actor: Actor, now: datetime, key: str
) -> FinalAccount:
    """答复异议: what was found; corrections of use are reports of their own."""
    return _final_step(account_id, "answer", reason, actor=actor, now=now, key=key)


@transaction.atomic
def return_final(
    account_id: int, *, reason: str, actor: Actor, now: datetime, key: str
) -> FinalAccount:
    """退回重报."""
    return _final_step(account_id, "return", reason, actor=actor, now=now, key=key)


@transaction.atomic
def review_final(account_ids: Sequence[int], *, actor: Actor, now: datetime, key: str) -> int:
    """审核通过 by the authority that reviewed the draft."""
    _refuse_none(account_ids)
    args = {"ids": list(account_ids)}
    act = begin_act(key, "final.review", actor=actor, now=now, args=args)
    accounts = _locked(account_ids)
    if act.done:
        return len(accounts)
    take_step(accounts, "review", act=act, actor=actor)
    finish_act(act, f"final/{account_ids[0]}", f"审核 {len(accounts)} 件决算")
    return len(accounts)


@transaction.atomic
def complete_district(area: Area, year: int, *, actor: Actor, now: datetime, key: str) -> AreaFinal:
    """县级决算完成: every unit's account has been reviewed (by 20 December)."""
    act = begin_act(key, "final.complete", actor=actor, now=now, args={"area": area.pk, "y": year})
    final = AreaFinal.objects.select_for_update().get(area=area, year=year)
    if act.done:
        return final
    require(actor, Permission.FINAL_REVIEW, area.place)
    waiting = FinalAccount.objects.filter(budget__region=area, budget__year=year).exclude(
        state__in=[FinalState.REVIEWED, FinalState.CLOSED]
    )
    if waiting.exists():
        raise Refusal(
            "final.waiting",
            f"还有 {waiting.count()} 个单位的决算没有审核通过。",
            kind=Kind.CONFLICT,
            remedy="请先催办确认，并完成审核。",
        )
    final.state = AreaFinalState.COMPLETED
    final.completed_on = beijing_date(now)
    final.save(update_fields=["state", "completed_on"])
    finish_act(act, f"area-final/{final.pk}", f"{area.name} {year} 年度决算完成")
    return final


@transaction.atomic
def close_year(city: Area, year: int, *, actor: Actor, now: datetime, key: str) -> AreaFinal:
    """市级决算完成 (by 10 January): what nobody used lapses, the year is locked. There is no way back."""
    act = begin_act(key, "final.close_year", actor=actor, now=now, args={"year": year})
    final = AreaFinal.objects.select_for_update().get(area=city, year=year)
    if act.done:
        return final
    require(actor, Permission.FINAL_CLOSE, city.place)
    regions = budget_regions(year, city)
    _refuse_open_districts(regions, year)
    _refuse_early(year, beijing_date(now))
    accounts = _locked(
        list(
            FinalAccount.objects.filter(budget__region__in=regions, budget__year=year).values_list(
                "pk", flat=True
            )
        )
    )
    _record_closing_use(accounts, year)
    take_step(accounts, "close", act=act, actor=actor)
    budgets = list(
        Budget.objects.locked()
        .filter(region__in=regions, year=year, stage="issued")
        .select_related("unit", "region")
    )
    take_step(budgets, "close", act=act, actor=actor)
    areas = AreaBudget.objects.select_related("area").filter(area__in=[city, *regions], year=year)
    take_step(list(areas), "close", act=act, actor=actor)
    _lapse([city, *regions], year, act)
    for area in [city, *regions]:
        set_period(area, year, PeriodState.LOCKED)
    final.state = AreaFinalState.COMPLETED
    final.completed_on = beijing_date(now)
    final.save(update_fields=["state", "completed_on"])
    finish_act(act, f"area-final/{final.pk}", f"{city.name} {year} 年度决算完成并封账")
    return final


@transaction.atomic
def print_final(account_id: int, *, actor: Actor, now: datetime) -> Paper:
    """决算表 as known today: the same figures are the same paper, new figures a new one."""
    account = (
        FinalAccount.objects.select_related("budget__unit", "budget__region")
        .prefetch_related("lines", "budget__lines")
        .get(pk=account_id)
    )
    require(actor, Permission.BUDGET_VIEW, account.place)
    budget = account.budget
    facts = final_facts(account, beijing_date(now), budget.unit.contact)
    return create_paper(
        PaperKind.FINAL_ACCOUNT,
        facts,
        title=f"{budget.year}年度水预算决算表",
        issuer=budget.unit.name,
        holder=budget.unit.name,
        area=budget.region,
        unit_id=budget.unit_id,
        year=budget.year,
        subject=f"final/{account.pk}",
        actor=actor,
        now=now,
        key=f"final/{account.pk}/{digest_of(plain(facts))}",
    )


def preview_close(city: Area, year: int) -> tuple[Entry, ...]:
    """What would lapse if the year were closed now. Saves nothing."""
    return _plan_lapse([city, *budget_regions(year, city)], year)


def _final_step(
    account_id: int, name: str, reason: str, *, actor: Actor, now: datetime, key: str
) -> FinalAccount:
    args = {"account": account_id, "reason": reason}
    act = begin_act(key, f"final.{name}", actor=actor, now=now, args=args)
    (account,) = _locked([account_id])
    if act.done:
        return account
    take_step([account], name, act=act, actor=actor, reason=reason)
    if name == "dispute":
        account.remark = reason
        account.save(update_fields=["remark"])
    finish_act(act, f"final/{account.pk}", reason)
    return account


def _lines(accounts: Sequence[FinalAccount], year: int, months_known: int) -> list[FinalLine]:
    units = [account.budget.unit_id for account in accounts]
    held = unit_quotas(units, year)
    used = {
        (row.unit, row.book, row.source, row.sector, row.month): row.used
        for row in monthly_use(year, units=units)
    }
    plans = {b.unit_id: [Volume(m) for m in b.months] for b in (a.budget for a in accounts)}
    lines = []
    for account in accounts:
        unit = account.budget.unit_id
        for key, balance in held[unit].items():
            assert key.sector is not None
            line = (unit, key.book, key.source, key.sector)
            known = [used.get((*line, month), Volume()) for month in range(1, 13)]
            lines.append(
                FinalLine(
                    account=account,
                    book=key.book,
                    source=key.source,
                    sector=key.sector,
                    quota=balance.net,
                    used=Volume(sum(month.m3 for month in known[:months_known])),
                    december_estimate=_december(known, plans[unit], held[unit], key, months_known),
                )
            )
    return lines


def _december(
    known: list[Volume],
    plan: list[Volume],
    held: dict[AccountKey, Balance],
    key: AccountKey,
    months_known: int,
) -> Volume:
    """The unit's monthly plan is for all its sources together; a source's part is its share of quota."""
    same_book = [b.net.m3 for k, b in held.items() if k.book is key.book]
    whole = sum(same_book) or 1
    share = max(held[key].net.m3, 0)
    own_plan = [Volume(max(month.m3, 0) * share // whole) for month in plan]
    return rules.december_estimate(known, own_plan, months_known)


def _refresh(accounts: Sequence[FinalAccount]) -> None:
    """Use that came in after the account was opened is in the account that is confirmed."""
    if not accounts:
        return
    year = accounts[0].budget.year
    fresh = {
        (line.account_id, line.book, line.source, line.sector): line
        for line in _lines(accounts, year, accounts[0].cut_off.month)
    }
    lines = list(FinalLine.objects.filter(account__in=accounts))
    for line in lines:
        new = fresh.get((line.account_id, line.book, line.source, line.sector))
        if new is not None:
            line.quota, line.used = new.quota, new.used
            line.december_estimate = new.december_estimate
    FinalLine.objects.bulk_update(lines, ["quota", "used", "december_estimate"], batch_size=2000)


def _record_closing_use(accounts: Sequence[FinalAccount], year: int) -> None:
    """What the books said when the year was locked: December's true use beside its estimate."""
    held = unit_quotas([account.budget.unit_id for account in accounts], year)
    units = {account.pk: account.budget.unit_id for account in accounts}
    lines = list(FinalLine.objects.filter(account__in=accounts))
    for line in lines:
        wanted = (Book(line.book), Source(line.source), Sector(line.sector))
        line.closed_used = next(
            (
                balance.used
                for key, balance in held[units[line.account_id]].items()
                if (key.book, key.source, key.sector) == wanted
            ),
            Volume(),
        )
    FinalLine.objects.bulk_update(lines, ["closed_used"], batch_size=2000)


def _lapse(areas: Sequence[Area], year: int, act: Act) -> None:
    post(_plan_lapse(areas, year), act=act)


def _plan_lapse(areas: Sequence[Area], year: int) -> tuple[Entry, ...]:
    kinds = [AccountKind.QUOTA, AccountKind.LOSS, AccountKind.CELL, AccountKind.RESERVE]
    inside = Q(area__in=areas) & (
        Q(kind__in=[kind.value for kind in kinds]) | Q(kind="pool", book="network")
    )
    return rules.plan_lapse(
        sorted(balances(year, inside).items(), key=lambda row: row[0]),
        effective_on=date(year, 12, 31),
        document=f"area-final/{year}",
    )


def _refuse_open_districts(regions: Sequence[Area], year: int) -> None:
    open_ones = AreaFinal.objects.filter(area__in=regions, year=year, state=AreaFinalState.OPEN)
    names = [final.area.name for final in open_ones.select_related("area")]
    if names:
        raise Refusal(
            "final.districts_open",
            f"还有 {len(names)} 个区县没有完成决算：{'、'.join(names)}。",
            kind=Kind.CONFLICT,
            remedy="请先催办区县决算。",
        )


def _refuse_before(cut_off: date, year: int, today: date) -> None:
    if today <= cut_off:
        raise Refusal(
            "final.before_cut_off",
            f"{year} 年度决算的截止日是 {cut_off:%m月%d日}，现在打开还看不全用水。",
            kind=Kind.CONFLICT,
            remedy="请在截止日以后打开。",
        )


def _refuse_none(account_ids: Sequence[int]) -> None:
    if not account_ids:
        raise Refusal("final.none_chosen", "还没有选单位。", remedy="请在清单里勾选要办的单位。")


def _refuse_early(year: int, today: date) -> None:
    if today <= date(year, 12, 31):
        raise Refusal(
            "final.too_early",
            f"{year} 年还没有结束，不能封账。",
            kind=Kind.CONFLICT,
            remedy="请在次年 1 月办理市级决算。",
        )


def _locked(account_ids: Sequence[int]) -> list[FinalAccount]:
    return list(
        FinalAccount.objects.select_for_update(of=["self"], no_key=True)
        .filter(pk__in=account_ids)
        .select_related("budget__unit", "budget__region")
        .order_by("pk")
    )
