"""Final accounts, the lock, facts that come late, and what the next year takes over."""

from __future__ import annotations

from django.db.models import Q

from shuiheng.budget import services as budget
from shuiheng.budget.models import (
    Budget,
    FinalAccount,
)
from shuiheng.budget.rules import Direction, Ground
from shuiheng.budget.selectors.facts import draft_facts
from shuiheng.core.access import Role
from shuiheng.core.clock import month_end
from shuiheng.core.vocabulary import Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import AccountKind, Code
from shuiheng.ledger.selectors import Breach, quotas
from shuiheng.metering import services as metering
from shuiheng.metering.rules import ReportRow
from shuiheng.office.models import Area
from shuiheng.registry.selectors import units_in
from shuiheng.rehearsal.services.executing import adjustable, apply_for, figures_of
from shuiheng.rehearsal.services.stage import Stage


def open_finals(stage: Stage) -> None:
    """December: the final accounts of this year and the drafts of the next stand open together."""
    officer = stage.cast.at(Role.CITY_OFFICER)
    budget.open_final_accounts(
        stage.cast.city, stage.year, actor=officer, now=stage.now, key=stage.key
    )
    stage.did("打开决算")


def open_next_year(stage: Stage) -> None:
    officer = stage.cast.at(Role.CITY_OFFICER)
    city, following = stage.cast.city, stage.year + 1
    budget.open_year(city, following, actor=officer, now=stage.now, key=stage.key)
    stage.did("开始下年度编制")


def confirm_finals(stage: Stage) -> None:
    """Units confirm, one disputes and is answered; districts review and complete."""
    for area in stage.cast.regions:
        accounts = FinalAccount.objects.filter(budget__region=area, budget__year=stage.year)
        if not accounts.exists():
            continue
        first = accounts.select_related("budget__unit").order_by("pk")[0]
        _dispute(stage, first, area)
        for unit_kind in (True, False):
            ids = _final_ids(stage, area, waterworks=unit_kind)
            if ids:
                _confirm(stage, area, ids)
        clerk = stage.cast.at(Role.COUNTY_REVIEWER, area)
        budget.complete_district(area, stage.year, actor=clerk, now=stage.now, key=stage.key)
        stage.did("区县决算完成")


def _dispute(stage: Stage, account: FinalAccount, area: Area) -> None:
    unit = stage.cast.of(account.budget.unit)
    budget.dispute_final(account.pk, reason="7月读数有误", actor=unit, now=stage.now, key=stage.key)
    reviewer = stage.cast.at(
        Role.CITY_REVIEWER
        if account.budget.unit.kind == UnitKind.WATERWORKS
        else Role.COUNTY_REVIEWER,
        None if account.budget.unit.kind == UnitKind.WATERWORKS else area,
    )
    budget.answer_dispute(
        account.pk, reason="已核对，读数无误", actor=reviewer, now=stage.now, key=stage.key
    )
    stage.did("答复异议")


def _final_ids(stage: Stage, area: Area, *, waterworks: bool) -> list[int]:
    accounts = FinalAccount.objects.filter(
        budget__region=area, budget__year=stage.year, state="open"
    )
    public = Q(budget__unit__kind=UnitKind.WATERWORKS)
    return list(accounts.filter(public if waterworks else ~public).values_list("pk", flat=True))


def _confirm(stage: Stage, area: Area, ids: list[int]) -> None:
    for account in FinalAccount.objects.filter(pk__in=ids[:3]).select_related("budget__unit"):
        actor = stage.cast.of(account.budget.unit)
        budget.confirm_final([account.pk], actor=actor, now=stage.now, key=stage.key)
    if ids[3:]:
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        budget.confirm_final_for(ids[3:], actor=clerk, now=stage.now, key=stage.key)
    public = FinalAccount.objects.filter(pk=ids[0], budget__unit__kind=UnitKind.WATERWORKS).exists()
    reviewer = (
        stage.cast.at(Role.CITY_REVIEWER) if public else stage.cast.at(Role.COUNTY_REVIEWER, area)
    )
    budget.review_final(ids, actor=reviewer, now=stage.now, key=stage.key)
    stage.did("审核决算")


def close_year(stage: Stage) -> None:
    """10 January: what nobody used lapses, the year is locked; a grant is refused, a fact is not."""
    reviewer = stage.cast.at(Role.CITY_REVIEWER)
    budget.close_year(stage.cast.city, stage.year, actor=reviewer, now=stage.now, key=stage.key)
    stage.did("市级决算封账")
    line = adjustable(stage)[0]
    stage.must_refuse(
        "adjustment.not_issued",
        lambda: apply_for(stage, line, Direction.DECREASE, Ground.PRODUCTION, Volume(1)),
    )


def late_facts(stage: Stage) -> None:
    """A correction that reaches the locked year is posted to it as USE_LATE and changes no statement."""
    area = stage.cast.regions[0]
    rows = figures_of(stage, units_in(area, month_end(stage.year, 11)), 11)
    row = next(row for row in rows if row.source is not Source.NETWORK and row.volume)
    clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
    more = ReportRow(row.unit, row.source, row.sector, Volume(row.volume.m3 + 777), row.basis)
    metering.report_use(stage.year, 11, [more], actor=clerk, now=stage.now, key=stage.key)
    stage.did("封账后补记")
    late = Transfer.objects.filter(year=stage.year, code=Code.USE_LATE).count()
    if late != 1:
        stage.outcome.breaches.append(Breach("封账后的用水记为补记", "USE_LATE", 1, late))


def check_reference(stage: Stage) -> None:
    """Next year's drafts show what the books of this year say was used (R08)."""
    day = stage.cast.day
    drafts = list(
        Budget.objects.filter(year=stage.year + 1).select_related("unit").prefetch_related("lines")
    )
    facts = draft_facts(drafts, day)
    shown = sum((line.last_used or Volume()).m3 for fact in facts.values() for line in fact.lines)
    held = [AccountKind.QUOTA.value, AccountKind.LOSS.value]
    known = quotas(stage.year, Q(unit__in=[draft.unit_id for draft in drafts], kind__in=held))
    booked = total(balance.used for balance in known.values()).m3
    if shown != booked:
        stage.outcome.breaches.append(Breach("下年度参考等于本年水账", "草案", booked, shown))
