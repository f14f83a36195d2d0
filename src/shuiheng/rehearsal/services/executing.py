"""From the issue to the end of the year: use, adjustments, changes from above."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from django.db import transaction
from django.db.models import Q

from shuiheng.budget import services as budget
from shuiheng.budget.models import (
    Adjustment,
    BudgetLine,
)
from shuiheng.budget.rules import Direction, Ground
from shuiheng.core.access import Role
from shuiheng.core.clock import month_end
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.selectors import Breach, quotas, region_sheets
from shuiheng.metering import services as metering
from shuiheng.metering.rules import ReportRow
from shuiheng.metering.selectors import expected_lines
from shuiheng.office.models import Area
from shuiheng.registry.models import PastUse, Unit
from shuiheng.registry.selectors import units_in
from shuiheng.rehearsal.services.stage import Stage, budgets_of


def report_month(month: int) -> Callable[[Stage], None]:
    """The scene in which a month's use is reported, estimated where nobody did, and closed."""

    def scene(stage: Stage) -> None:
        for area in stage.cast.regions:
            _report_area(stage, area, month)
        _close_supply(stage, month)

    return scene


def _report_area(stage: Stage, area: Area, month: int) -> None:
    clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
    units = units_in(area, month_end(stage.year, month))
    figures = figures_of(stage, units, month)
    in_chain = {u.pk for u in units if u.kind_term.is_supplier or u.kind_term.is_customer}
    rows = [row for row in figures if row.unit in in_chain or stage.random.random() > 0.02]
    alone = next((row for row in reversed(rows) if row.unit not in in_chain), None)
    rows = [row for row in rows if row is not alone]
    if rows:
        metering.report_use(
            stage.year, month, rows, actor=clerk, now=stage.now, key=stage.key, attested=True
        )
        stage.did("填报用水")
    if alone is not None:
        _report_alone(stage, alone, month)
    if month <= stage.last_month_estimated:
        metering.estimate_missing(
            area, stage.year, month, actor=clerk, now=stage.now, key=stage.key
        )
        stage.did("暂估")


def _report_alone(stage: Stage, row: ReportRow, month: int) -> None:
    """One unit reports for itself and then corrects what it has reported."""
    actor = stage.cast.of(Unit.objects.get(pk=row.unit))
    metering.report_use(stage.year, month, [row], actor=actor, now=stage.now, key=stage.key)
    if stage.random.random() < 0.4:
        mended = ReportRow(
            row.unit, row.source, row.sector, Volume(row.volume.m3 * 104 // 100), row.basis
        )
        metering.report_use(stage.year, month, [mended], actor=actor, now=stage.now, key=stage.key)
        stage.did("更正用水")


def figures_of(stage: Stage, units: list[Unit], month: int) -> list[ReportRow]:
    """This year's month is last year's with its luck; a few units run far over. A supplier takes what
    its customers use and what it loses on the way."""
    last = {
        (row.unit_id, Source(row.source)): row.volume.m3
        for row in PastUse.objects.filter(unit__in=units, year=stage.year - 1, month=month)
    }
    suppliers = {unit.pk for unit in units if unit.kind_term.is_supplier}
    lines = expected_lines(units, month_end(stage.year, month))
    used = {
        (unit, source): _with_luck(stage, unit, last.get((unit, source), 0))
        for unit, source, _ in lines
        if unit not in suppliers or source is Source.NETWORK
    }
    grown = _growth(used, last)
    rows = []
    for unit, source, sector in lines:
        m3 = used.get((unit, source))
        if m3 is None:
            m3 = last.get((unit, source), 0) * grown // 100
        rows.append(ReportRow(unit, source, sector, Volume(m3)))
    return rows


def _with_luck(stage: Stage, unit: int, m3: int) -> int:
    luck = Random(f"{stage.year}-{unit}").choice((72, 80, 85, 88, 90, 92, 95, 118))
    return m3 * luck * stage.random.randint(92, 108) // 10_000


def _growth(used: dict[tuple[int, Source], int], last: dict[tuple[int, Source], int]) -> int:
    """How much more network water than last year, in percent, rounded up and a little over."""
    now = sum(m3 for (_, source), m3 in used.items() if source is Source.NETWORK)
    before = sum(last.get(key, 0) for key in used if key[1] is Source.NETWORK)
    return -(-now * 100 // before) + 2 if before else 100


def _close_supply(stage: Stage, month: int) -> None:
    for supplier in Unit.objects.suppliers().select_related("region"):
        clerk = stage.cast.at(Role.COUNTY_OFFICER, supplier.region)
        metering.close_supply_month(
            supplier.pk, stage.year, month, actor=clerk, now=stage.now, key=stage.key
        )
        stage.did("供水月结")
    for sheet in region_sheets(stage.areas, stage.year).values():
        unresolved = sheet.by_sector[Sector.SUPPLY].used
        if unresolved:
            found = Breach("供水加损失等于取水", f"区域 {sheet.area} {month}月", 0, unresolved.m3)
            stage.outcome.breaches.append(found)


def adjust(stage: Stage) -> None:
    """Increases from the reserve, decreases with a ground, and all that the rules forbid."""
    lines = adjustable(stage)
    for line in stage.random.sample(lines, min(len(lines), 6)):
        _try_increase(stage, line)
    for line in stage.random.sample(lines, min(len(lines), 6)):
        _try_decrease(stage, line)


def adjustable(stage: Stage) -> list[BudgetLine]:
    return list(
        BudgetLine.objects.filter(
            budget__in=budgets_of(stage), book=Book.ABSTRACTION, issued__gt=1000
        )
        .exclude(sector=Sector.SUPPLY)
        .select_related("budget__unit__region", "budget__region")
        .order_by("pk")
    )


def _try_increase(stage: Stage, line: BudgetLine) -> None:
    wanted = Volume(max(1, (line.issued or Volume()).m3 // 25))
    applied = _apply(stage, line, Direction.INCREASE, Ground.RESERVE, wanted)
    if applied is None:
        return
    stage.must_refuse(
        "adjustment.waiting",
        lambda: apply_for(stage, line, Direction.INCREASE, Ground.RESERVE, wanted),
    )
    reviewer = stage.cast.at(Role.COUNTY_REVIEWER, line.budget.region)
    try:
        budget.grant_adjustment(
            applied.pk,
            number=f"演示调〔{stage.year}〕{applied.pk}号",
            answer="同意",
            actor=reviewer,
            now=stage.now,
            key=stage.key,
        )
        stage.did("启用预留调增")
    except Refusal as refusal:
        _note(stage, refusal, {"adjustment.reserve_short"})
        budget.refuse_adjustment(
            applied.pk, answer="预留不足", actor=reviewer, now=stage.now, key=stage.key
        )
        stage.did("不批准调增")


def _try_decrease(stage: Stage, line: BudgetLine) -> None:
    stage.must_refuse(
        "adjustment.ground",
        lambda: apply_for(stage, line, Direction.INCREASE, Ground.CROPS, Volume(10)),
    )
    wanted = Volume(max(1, (line.issued or Volume()).m3 // 40))
    applied = _apply(stage, line, Direction.DECREASE, Ground.PRODUCTION, wanted)
    if applied is None:
        return
    if stage.random.random() < 0.2:
        actor = stage.cast.of(line.budget.unit)
        budget.withdraw_adjustment(applied.pk, actor=actor, now=stage.now, key=stage.key)
        stage.did("撤回申请")
        return
    reviewer = stage.cast.at(Role.COUNTY_REVIEWER, line.budget.region)
    number = f"演示调〔{stage.year}〕{applied.pk}号"
    budget.grant_adjustment(
        applied.pk, number=number, answer="同意", actor=reviewer, now=stage.now, key=stage.key
    )
    stage.did("调减")


def _apply(
    stage: Stage, line: BudgetLine, direction: Direction, ground: Ground, wanted: Volume
) -> Adjustment | None:
    """Apply; a unit at its permit, without balance or with one waiting is rightly refused."""
    try:
        return apply_for(stage, line, direction, ground, wanted)
    except Refusal as refusal:
        right = {"adjustment.over_permit", "adjustment.used_already", "adjustment.waiting"}
        _note(stage, refusal, right)
        return None


def apply_for(
    stage: Stage, line: BudgetLine, direction: Direction, ground: Ground, wanted: Volume
) -> Adjustment:
    return budget.apply_adjustment(
        line.pk,
        direction=direction,
        ground=ground,
        volume=wanted,
        reason="演示：生产安排变化",
        actor=stage.cast.of(line.budget.unit),
        now=stage.now,
        key=stage.key,
    )


def _note(stage: Stage, refusal: Refusal, right: set[str]) -> None:
    if refusal.code in right:
        counts = stage.outcome.refusals
        counts[refusal.code] = counts.get(refusal.code, 0) + 1
    else:
        stage.outcome.breaches.append(Breach("意外的拒绝", f"{refusal.code} {refusal}", 0, 1))


def raise_from_above(stage: Stage) -> None:
    area = stage.random.choice(stage.cast.regions)
    _change(stage, {(area.pk, Source.GROUND): Volume(180_000)}, "追加")


def cut_from_above(stage: Stage) -> None:
    """A cut beyond the reserve, so that units lose too; and one nobody could absorb."""
    area, source, room = _cuttable(stage)
    if room:
        reserve = _reserve(stage, area, source)
        cut = Volume(reserve.m3 + max(1, room // 4))
        _change(stage, {(area, source): -cut}, "压减")
    hopeless = {(area, source): Volume(-(10**11))}
    stage.must_refuse("change.cannot_absorb", lambda: _change(stage, hopeless, "过量压减"))


@transaction.atomic
def _change(stage: Stage, deltas: dict[tuple[int, Source], Volume], word: str) -> None:
    change = budget.enter_change(
        stage.cast.city,
        stage.year,
        deltas,
        number=f"演示{word}〔{stage.year}〕{len(stage.outcome.acts)}号",
        title=f"关于{word}水量的通知（演示）",
        effective_on=stage.cast.day,
        actor=stage.cast.at(Role.CITY_OFFICER),
        now=stage.now,
        key=stage.key,
    )
    reviewer = stage.cast.at(Role.CITY_REVIEWER)
    budget.apply_change(change.pk, actor=reviewer, now=stage.now, key=stage.key)
    stage.did(f"上级{word}")


def _cuttable(stage: Stage) -> tuple[int, Source, int]:
    """The region and source with most left to cut outside residents and ecology."""
    room: dict[tuple[int, Source], int] = {}
    for key, balance in quotas(stage.year, Q(book=Book.ABSTRACTION)).items():
        if key.sector in (Sector.AGRICULTURE, Sector.INDUSTRY, Sector.SERVICES):
            place = (key.area, key.source)
            room[place] = room.get(place, 0) + max(0, balance.available.m3)
    place = max(sorted(room), key=lambda p: room[p])
    return (*place, room[place])


def _reserve(stage: Stage, area: int, source: Source) -> Volume:
    return region_sheets([area], stage.year)[area].reserve.get(source, Volume())
