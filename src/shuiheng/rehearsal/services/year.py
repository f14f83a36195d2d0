"""A whole budget year through the services that people use, with every invariant checked after each
act. The seed decides who over-uses, who errs, who asks for more; the rules decide what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from django.db.models import Q, QuerySet, Sum

from shuiheng.budget import services as budget
from shuiheng.budget.models import (
    Adjustment,
    AreaBudget,
    Budget,
    BudgetLine,
    FinalAccount,
)
from shuiheng.budget.rules import Direction, Ground, UnitStage, WetnessIncluded
from shuiheng.budget.selectors.facts import draft_facts
from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_noon, month_end
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.rules import AccountKind, Code
from shuiheng.ledger.selectors import Breach, breaches, quotas, region_sheets
from shuiheng.metering import services as metering
from shuiheng.metering.rules import ReportRow
from shuiheng.metering.selectors import expected_lines
from shuiheng.office.models import Area
from shuiheng.registry.models import PastUse, Unit
from shuiheng.registry.selectors import permitted, units_in
from shuiheng.rehearsal.services.founding import Cast

Report = Callable[[str], None]


@dataclass(slots=True)
class YearReport:
    """What happened: acts by name, refusals that were rightly met, and breaches, if any."""

    acts: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    transfers: int = 0
    units: int = 0
    over_used: int = 0


class Stage:
    """Where the year is played: its people, its date, its keys, and the check after each act."""

    def __init__(self, cast: Cast, year: int, seed: int, report: Report, *, check: bool) -> None:
        self.cast = cast
        self.year = year
        self.random = Random(f"year-{seed}")
        self.report = report
        self.check = check
        self.outcome = YearReport()
        self._key = 0
        self.on(cast.day)

    def on(self, day: date) -> None:
        """Move to a day; the calendar never runs backwards."""
        self.cast.day = day
        self.now = beijing_noon(day)

    @property
    def key(self) -> str:
        self._key += 1
        return f"year:{self.year}:{self._key}"

    @property
    def areas(self) -> list[int]:
        return [self.cast.city.pk, *(area.pk for area in self.cast.regions)]

    def did(self, name: str) -> None:
        """Count an act and look whether the books still hold."""
        self.outcome.acts[name] = self.outcome.acts.get(name, 0) + 1
        if self.check:
            found = breaches(self.areas, self.year)
            self.outcome.breaches += found
            for breach in found[:3]:
                self.report(f"  ✗ {name}：{breach}")

    def must_refuse(self, code: str, act: Callable[[], object]) -> None:
        """Try what must not be: anything but this refusal is a breach."""
        try:
            act()
        except Refusal as refusal:
            if refusal.code == code:
                self.outcome.refusals[code] = self.outcome.refusals.get(code, 0) + 1
                return
            self.outcome.breaches.append(Breach(f"应拒绝 {code}", str(refusal), 0, 1))
            return
        self.outcome.breaches.append(Breach(f"应拒绝 {code}", "却通过了", 0, 1))


def live_year(
    cast: Cast, year: int, seed: int, *, report: Report, until: date, check: bool = True
) -> YearReport:
    """Play the year from the December before up to `until`, or to its very end."""
    stage = Stage(cast, year, seed, report, check=check)
    for begins, name, scene in SCENES:
        day = date(year + begins[0], begins[1], begins[2])
        if day > until:
            break
        report(f"{day} {name}")
        stage.on(day)
        scene(stage)
    stage.outcome.transfers = Transfer.objects.filter(year=year).count()
    stage.outcome.units = Budget.objects.filter(year=year).count()
    stage.outcome.over_used = sum(balance.available.m3 < 0 for balance in quotas(year).values())
    if not check:
        stage.outcome.breaches += breaches(stage.areas, year)
    return stage.outcome


def open_books(stage: Stage) -> None:
    officer = stage.cast.at(Role.CITY_OFFICER)
    budget.open_year(stage.cast.city, stage.year, actor=officer, now=stage.now, key=stage.key)
    stage.did("开始编制")


def file_drafts(stage: Stage) -> None:
    """Units draft for themselves, a few are helped by the clerk (代办), some never file."""
    drafts = list(_budgets(stage).select_related("unit__region").prefetch_related("lines"))
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
    from shuiheng.budget.rules import complete_months

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
        waiting = _budgets(stage).filter(region=area, stage=UnitStage.SUBMITTED)
        ids = list(waiting.exclude(unit__kind=UnitKind.WATERWORKS).values_list("pk", flat=True))
        for draft_id in stage.random.sample(ids, min(len(ids), 2)):
            _return_and_resubmit(stage, draft_id, area)
        budget.accept_drafts(ids, actor=reviewer, now=stage.now, key=stage.key)
        stage.did("审核")
        for works in waiting.filter(unit__kind=UnitKind.WATERWORKS):
            _review_public(stage, works, area)
        if ids:
            stage.must_refuse(
                "step.out_of_order",
                lambda: budget.return_draft(
                    ids[0], reason="迟了", actor=reviewer, now=stage.now, key=stage.key
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


def enter_allocation(stage: Stage) -> None:
    """The autonomous region's plan: some regions get more than they asked for, some less."""
    lines: dict[tuple[int, Source], Volume] = {}
    asked = (
        BudgetLine.objects.filter(budget__in=_budgets(stage), book=Book.ABSTRACTION)
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


def issue(stage: Stage) -> None:
    """Compute and adopt the baseline, then issue all in one act; a second click changes nothing."""
    officer, reviewer = stage.cast.at(Role.CITY_OFFICER), stage.cast.at(Role.CITY_REVIEWER)
    city = AreaBudget.objects.get(area=stage.cast.city, year=stage.year)
    run = budget.compute_baseline(
        stage.cast.city, stage.year, actor=officer, now=stage.now, key=stage.key
    )
    budget.adopt_baseline(run.pk, actor=officer, now=stage.now, key=stage.key)
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
    figures = _figures(stage, units, month)
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
    metering.estimate_missing(area, stage.year, month, actor=clerk, now=stage.now, key=stage.key)
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


def _figures(stage: Stage, units: list[Unit], month: int) -> list[ReportRow]:
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
    lines = _adjustable(stage)
    for line in stage.random.sample(lines, min(len(lines), 6)):
        _try_increase(stage, line)
    for line in stage.random.sample(lines, min(len(lines), 6)):
        _try_decrease(stage, line)


def _adjustable(stage: Stage) -> list[BudgetLine]:
    return list(
        BudgetLine.objects.filter(
            budget__in=_budgets(stage), book=Book.ABSTRACTION, issued__gt=1000
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
        lambda: _apply_raw(stage, line, Direction.INCREASE, Ground.RESERVE, wanted),
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
        lambda: _apply_raw(stage, line, Direction.INCREASE, Ground.CROPS, Volume(10)),
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
        return _apply_raw(stage, line, direction, ground, wanted)
    except Refusal as refusal:
        right = {"adjustment.over_permit", "adjustment.used_already", "adjustment.waiting"}
        _note(stage, refusal, right)
        return None


def _apply_raw(
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
    budget.settle_dispute(
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
    line = _adjustable(stage)[0]
    stage.must_refuse(
        "adjustment.not_issued",
        lambda: _apply_raw(stage, line, Direction.DECREASE, Ground.PRODUCTION, Volume(1)),
    )


def late_facts(stage: Stage) -> None:
    """A correction that reaches the locked year is posted to it as USE_LATE and changes no statement."""
    area = stage.cast.regions[0]
    rows = _figures(stage, units_in(area, month_end(stage.year, 11)), 11)
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


def _budgets(stage: Stage) -> QuerySet[Budget]:
    return Budget.objects.filter(year=stage.year, region__in=stage.cast.regions)


SCENES: tuple[tuple[tuple[int, int, int], str, Callable[[Stage], None]], ...] = (
    ((-1, 12, 5), "开始编制", open_books),
    ((-1, 12, 20), "单位填报草案", file_drafts),
    ((0, 1, 1), "预下达", grant_interim),
    ((0, 1, 8), "审核草案", review_drafts),
    ((0, 1, 14), "区县汇编上报、市级审定", compile_upward),
    ((0, 1, 20), "自治区分配计划", enter_allocation),
    ((0, 2, 5), "1月用水", report_month(1)),
    ((0, 2, 12), "核算基准额度并下达", issue),
    ((0, 3, 5), "2月用水", report_month(2)),
    ((0, 4, 5), "3月用水", report_month(3)),
    ((0, 5, 5), "4月用水", report_month(4)),
    ((0, 5, 20), "预算调整", adjust),
    ((0, 6, 5), "5月用水", report_month(5)),
    ((0, 6, 20), "上级追加", raise_from_above),
    ((0, 7, 5), "6月用水", report_month(6)),
    ((0, 8, 5), "7月用水", report_month(7)),
    ((0, 8, 10), "上级压减", cut_from_above),
    ((0, 9, 5), "8月用水", report_month(8)),
    ((0, 9, 20), "预算调整", adjust),
    ((0, 10, 5), "9月用水", report_month(9)),
    ((0, 11, 5), "10月用水", report_month(10)),
    ((0, 12, 3), "11月用水", report_month(11)),
    ((0, 12, 4), "打开决算", open_finals),
    ((0, 12, 5), "开始下年度编制", open_next_year),
    ((0, 12, 14), "单位确认、区县审核决算", confirm_finals),
    ((1, 1, 5), "12月用水", report_month(12)),
    ((1, 1, 10), "市级决算封账", close_year),
    ((1, 2, 20), "封账后补记", late_facts),
    ((1, 2, 21), "下年度参考", check_reference),
)
