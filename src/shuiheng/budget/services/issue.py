"""下达: the allocation plan, the baseline, the interim quota, and the one act that issues all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from shuiheng.budget import rules
from shuiheng.budget.models import (
    AllocationLine,
    AllocationPlan,
    AreaBudget,
    Budget,
    BudgetLine,
    Scheme,
)
from shuiheng.budget.rules import InterimClaim, IssuedLine, IssuePlan, RegionGrant
from shuiheng.budget.selectors.demands import baseline_inputs
from shuiheng.budget.selectors.facts import year_of_use
from shuiheng.budget.selectors.issue import uncompiled_on
from shuiheng.budget.selectors.papers import (
    NoticeBasis,
    notice_basis,
    notice_facts,
    scheme_facts,
    water_bureau,
)
from shuiheng.budget.services.scans import Scan, keep_scan
from shuiheng.budget.services.steps import take_step
from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import Entry
from shuiheng.ledger.selectors import quotas
from shuiheng.ledger.services import post
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions, policy
from shuiheng.office.services import begin_act, finish_act, later
from shuiheng.papers.models import Paper
from shuiheng.papers.rules import PaperKind, check_number
from shuiheng.papers.services import create_paper
from shuiheng.quota import selectors as quota_selectors
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.rules import Available
from shuiheng.quota.services import adopt, run_baseline
from shuiheng.registry.selectors import permitted, suppliers_of

NOTIFIED = (rules.UnitStage.ISSUED, rules.UnitStage.CLOSED)


@transaction.atomic
def enter_allocation(
    city: Area,
    year: int,
    lines: Mapping[tuple[int, Source], Volume],
    *,
    number: str,
    title: str,
    issued_on: date,
    wetness_included: rules.WetnessIncluded,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
    key: str,
) -> AllocationPlan:
    """Enter the autonomous region's plan; a further one is a new version, the old stays readable."""
    args = {"year": year, "lines": {f"{a}/{s}": v for (a, s), v in lines.items()}, "no": number}
    act = begin_act(key, "allocation.enter", actor=actor, now=now, args=args)
    if act.done:
        return AllocationPlan.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.ALLOCATION_ENTER, city.place)
    rules.check_allocation(lines)
    if Scheme.objects.filter(area=city, year=year).exists():
        raise Refusal(
            "allocation.issued",
            f"{year} 年度水预算已经下达。",
            kind=Kind.CONFLICT,
            remedy="下达后总量变化，请用“上级调整”办理。",
        )
    old = AllocationPlan.objects.filter(area=city, year=year).order_by("-version").first()
    AllocationPlan.objects.filter(area=city, year=year, is_current=True).update(is_current=False)
    plan = AllocationPlan.objects.create(
        area=city,
        year=year,
        version=old.version + 1 if old else 1,
        number=number,
        title=title,
        issued_on=issued_on,
        wetness_included=wetness_included,
        act=act,
    )
    AllocationLine.objects.bulk_create(
        [
            AllocationLine(plan=plan, area_id=area, source=source, volume=volume)
            for (area, source), volume in lines.items()
            if volume
        ]
    )
    subject = f"allocation/{plan.pk}"
    keep_scan(scan, subject, city, Permission.ALLOCATION_ENTER, actor=actor, now=now)
    finish_act(act, subject, f"{number} 第 {plan.version} 版")
    return plan


def compute_baseline(
    city: Area, year: int, *, actor: Actor, now: datetime, key: str
) -> BaselineRun:
    """Collect the reviewed demands and run the baseline on them (adoption is a step of its own)."""
    today = beijing_date(now)
    regions = budget_regions(year, city)
    given = _allocation(city, year)
    budgets = list(
        Budget.objects.filter(region__in=regions, year=year, lines__reviewed__isnull=False)
        .filter(_still_counts(regions, year))
        .distinct()
        .select_related("unit")
        .prefetch_related("lines")
    )
    if not budgets:
        raise Refusal(
            "baseline.no_demand",
            "还没有审核通过的草案，没有需求可核算。",
            kind=Kind.CONFLICT,
            remedy="请先完成审核。",
        )
    available = [
        Available(area, source, volume)
        for (area, source), volume in sorted(given.items())
        if area != city.pk
    ]
    inputs = baseline_inputs(city, year, budgets, available, today)
    sharing = quota_selectors.sharing_rules(today)
    return run_baseline(city, year, inputs, sharing, actor=actor, now=now, key=key)


def _still_counts(regions: Sequence[Area], year: int) -> Q:
    """Whose demand is in a run: the compiled, and the accepted of districts that compile yet. Who came
    after his district's compilation waits for the reserve."""
    not_yet = (rules.AreaStage.OPEN, rules.AreaStage.RETURNED)
    open_areas = AreaBudget.objects.filter(area__in=regions, year=year, stage__in=not_yet)
    return Q(stage=rules.UnitStage.COMPILED) | Q(region__in=open_areas.values("area"))


@transaction.atomic
def adopt_baseline(
    run_id: int, *, losses_shown: str, actor: Actor, now: datetime, key: str
) -> BaselineRun:
    """Take a run's figures into the budgets: what the issue will give, with its reason."""
    run = adopt(run_id, losses_shown=losses_shown, actor=actor, now=now, key=key)
    lines = {
        (line.unit_id, line.source, line.sector): line
        for line in BaselineLine.objects.filter(run=run, unit__isnull=False)
    }
    own = list(BudgetLine.objects.filter(budget__year=run.year).select_related("budget"))
    for line in own:
        answer = lines.get((line.budget.unit_id, line.source, line.sector))
        line.issued = answer.quota if answer else Volume()
        line.reason = answer.reason if answer else ""
    BudgetLine.objects.bulk_update(own, ["issued", "reason"], batch_size=1000)
    return run


@transaction.atomic
def grant_interim(city: Area, year: int, *, actor: Actor, now: datetime, key: str) -> int:
    """预下达: from 1 January to the issue a unit draws on an interim quota (USERS 22)."""
    act = begin_act(key, "budget.interim", actor=actor, now=now, args={"year": year})
    if act.done:
        return 0
    require(actor, Permission.BUDGET_ISSUE, city.place)
    today = beijing_date(now)
    _refuse_issued(city, year)
    entries = _plan_interim(city, year, today)
    post(entries, act=act)
    units = len({entry.credit.unit for entry in entries})
    finish_act(act, f"interim/{year}", f"预下达 {units} 个单位")
    return units


def preview_interim(city: Area, year: int, *, today: date) -> tuple[Entry, ...]:
    """What the 预下达 would post as things stand. Saves nothing."""
    _refuse_issued(city, year)
    return _plan_interim(city, year, today)


def _plan_interim(city: Area, year: int, today: date) -> tuple[Entry, ...]:
    lent = {claim.account for claim in _interim_in_force(city, year)}
    claims = [claim for claim in _interim_claims(city, year, today) if claim.account not in lent]
    entries = rules.plan_interim(claims, date(year, 1, 1), f"interim/{year}")
    if not entries:
        raise Refusal(
            "interim.nothing_left",
            f"{year} 年度的预下达已经办理，没有还要预下达的单位。",
            kind=Kind.CONFLICT,
            remedy="请刷新查看；正式下达时会全部并入下达额度。",
        )
    return entries


def preview_issue(city: Area, year: int, *, issued_on: date) -> IssuePlan:
    """The same plan that the issue will post, from what is known now. Saves nothing."""
    return _plan_issue(city, year, issued_on, "scheme/preview")


@transaction.atomic
def issue_scheme(
    area_budget_id: int,
    *,
    number: str,
    signer: str,
    issued_on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Scheme:
    """下达全市水预算方案 to every region and unit, in one act (方案 四(三)). Waits for 文号 and 签发人."""
    args = {"id": area_budget_id, "number": number, "on": issued_on}
    act = begin_act(key, "budget.issue", actor=actor, now=now, args=args)
    if act.done:
        return Scheme.objects.get(pk=act.outcome.subject_id)
    city_budget = (
        AreaBudget.objects.select_for_update(of=["self"], no_key=True)
        .select_related("area")
        .get(pk=area_budget_id)
    )
    city, year = city_budget.area, city_budget.year
    _refuse_incomplete_paper(number, signer)
    check_number(number, signer, issued_on, year)
    regions = budget_regions(year, city)
    areas = list(
        AreaBudget.objects.select_for_update(no_key=True, of=["self"])
        .filter(area__in=regions, year=year)
        .select_related("area")
        .order_by("pk")
    )
    budgets = list(
        Budget.objects.locked()
        .filter(region__in=regions, year=year, stage=rules.UnitStage.COMPILED)
        .select_related("unit", "region")
    )  # a unit that came after the compilation waits: its first quota comes from the reserve
    take_step([city_budget, *areas], "issue", act=act, actor=actor)
    scheme = Scheme(
        area=city, year=year, number=number, signer=signer, issued_on=issued_on, act=act
    )
    plan = _plan_issue(city, year, issued_on, f"scheme/{city.pk}-{year}")
    scheme.units, scheme.volume = plan.units, plan.volume
    scheme.save()
    post(plan.entries, act=act)
    take_step(budgets, "issue", act=act, actor=actor)
    _make_scheme_paper(scheme, actor=actor, now=now)
    later("budget.render_notices", scheme_id=scheme.pk)
    finish_act(
        act, f"scheme/{scheme.pk}", f"{number}：{plan.units} 个单位，{plan.volume.wan()} 万m³"
    )
    return scheme


def make_notices(scheme_id: int, *, now: datetime) -> int:
    """Every unit's 下达通知, numbered after its scheme. Each commits by itself and is made once: a run
    that was broken off goes on where it stopped. Returns how many there are."""
    scheme = Scheme.objects.select_related("area", "act__user").get(pk=scheme_id)
    regions = budget_regions(scheme.year, scheme.area)
    budgets = list(
        Budget.objects.filter(region__in=regions, year=scheme.year, stage__in=NOTIFIED)
        .select_related("unit", "region")
        .prefetch_related("lines")
        .order_by("pk")
    )
    basis = notice_basis(scheme, [budget.unit_id for budget in budgets])
    made = set(
        Paper.objects.filter(key__startswith=f"scheme/{scheme.pk}/").values_list("key", flat=True)
    )
    for rank, budget in enumerate(budgets, start=1):
        if f"scheme/{scheme.pk}/budget/{budget.pk}" not in made:
            with transaction.atomic():
                _make_notice(scheme, budget, rank, basis, now=now)
    return len(budgets)


def _make_notice(
    scheme: Scheme, budget: Budget, rank: int, basis: NoticeBasis, *, now: datetime
) -> Paper:
    city = scheme.area
    return create_paper(
        PaperKind.ISSUE_NOTICE,
        notice_facts(scheme, budget, basis),
        title=f"关于下达{scheme.year}年度水预算基准额度的通知",
        issuer=water_bureau(city),
        holder=budget.unit.name,
        area=budget.region,
        unit_id=budget.unit_id,
        year=scheme.year,
        subject=f"budget/{budget.pk}",
        number=f"{scheme.number}-{rank}",
        signer=scheme.signer,
        issued_on=scheme.issued_on,
        actor=SYSTEM,
        now=now,
        key=f"scheme/{scheme.pk}/budget/{budget.pk}",
    )


def _make_scheme_paper(scheme: Scheme, *, actor: Actor, now: datetime) -> None:
    create_paper(
        PaperKind.ISSUE_SCHEME,
        scheme_facts(scheme),
        title=f"关于下达{scheme.area.name}{scheme.year}年度水预算方案的通知",
        issuer=water_bureau(scheme.area),
        holder="各区（县）水行政主管部门、各水预算单位",
        area=scheme.area,
        unit_id=None,
        year=scheme.year,
        subject=f"scheme/{scheme.pk}",
        number=scheme.number,
        signer=scheme.signer,
        issued_on=scheme.issued_on,
        actor=actor,
        now=now,
        key=f"scheme/{scheme.pk}",
    )


def _plan_issue(city: Area, year: int, issued_on: date, document: str) -> IssuePlan:
    run = quota_selectors.adopted(city, year)
    if run is None:
        raise Refusal(
            "issue.no_baseline",
            "还没有采用基准额度测算，不能下达。",
            kind=Kind.CONFLICT,
            remedy="请先测算并采用一次。",
        )
    given = _allocation(city, year)
    _refuse_uncompiled(run)
    lines = list(BaselineLine.objects.filter(run=run))
    reserve = {(x.area_id, Source(x.source)): x.quota for x in lines if x.unit_id is None}
    return rules.plan_issue(
        city.pk,
        year,
        grants=[
            RegionGrant(area, source, volume, reserve.get((area, source), Volume()))
            for (area, source), volume in sorted(given.items())
            if area != city.pk
        ],
        undistributed={s: v for (area, s), v in given.items() if area == city.pk},
        lines=[_issued(line) for line in lines if line.unit_id is not None],
        interim=_interim_in_force(city, year),
        effective_on=issued_on,
        document=document,
    )


def _issued(line: BaselineLine) -> IssuedLine:
    assert line.unit_id is not None
    return IssuedLine(
        book=Book(line.book),
        area=line.area_id,
        source=Source(line.source),
        sector=Sector(line.sector),
        unit=line.unit_id,
        volume=line.quota,
        supplier=line.supplier_id or 0,
    )


def _interim_in_force(city: Area, year: int) -> list[InterimClaim]:
    inside = Q(area__path__startswith=city.path + "/")
    return [
        InterimClaim(account, balance.net)
        for account, balance in sorted(quotas(year, inside).items())
        if balance.net
    ]


def _interim_claims(city: Area, year: int, today: date) -> list[InterimClaim]:
    """Last year's use of the same months, within the permit."""
    months = policy("interim.rule", today).value["months"]
    budgets = list(
        Budget.objects.filter(region__in=budget_regions(year, city), year=year)
        .select_related("unit")
        .prefetch_related("lines")
    )
    units = [budget.unit_id for budget in budgets]
    used = year_of_use(units, year - 1)
    permits = permitted(units, today)
    links = suppliers_of(units, today)
    claims = []
    for budget in budgets:
        for line in budget.lines.all():
            key = (Book(line.book), Source(line.source), Sector(line.sector))
            volume = total(used.get(budget.unit_id, {}).get(key, ())[:months])
            cap = permits.get((budget.unit_id, key[1]), volume)
            if key[0] is Book.ABSTRACTION and (budget.unit_id, key[1]) not in permits:
                cap = Volume()
            link = links.get(budget.unit_id)
            own = budget.unit_id if budget.unit.kind_term.is_supplier else 0
            supplier = 0 if key[0] is Book.ABSTRACTION else (link.supplier_id if link else own)
            if key[0] is Book.NETWORK and not supplier:
                continue
            area = link.supplier.region_id if link and supplier else budget.region_id
            issued = IssuedLine(*_args(key, area, budget.unit_id, min(volume, cap), supplier))
            claims.append(InterimClaim(issued.account(year), issued.volume))
    return claims


def _args(
    key: tuple[Book, Source, Sector], area: int, unit: int, volume: Volume, supplier: int
) -> tuple[Book, int, Source, Sector, int, Volume, int]:
    return key[0], area, key[1], key[2], unit, volume, supplier


def _allocation(city: Area, year: int) -> dict[tuple[int, Source], Volume]:
    plan = AllocationPlan.objects.filter(area=city, year=year, is_current=True).first()
    if plan is None:
        raise Refusal(
            "allocation.missing",
            f"还没有录入 {year} 年度水量分配计划。",
            kind=Kind.CONFLICT,
            remedy="请先录入自治区下达的分配计划（文号、分区、分水源）。",
        )
    return {(line.area_id, Source(line.source)): line.volume for line in plan.lines.all()}


def _refuse_uncompiled(run: BaselineRun) -> None:
    waiting = uncompiled_on(run)
    if waiting:
        raise Refusal(
            "issue.uncompiled",
            f"测算里有 {waiting} 个单位的草案还没有汇编，不能下达。",
            kind=Kind.CONFLICT,
            remedy="请先汇编，或重新测算：汇编以后才来的单位从预留取得首次额度。",
        )


def _refuse_issued(city: Area, year: int) -> None:
    if Scheme.objects.filter(area=city, year=year).exists():
        raise Refusal(
            "interim.issued",
            f"{year} 年度已经下达，不再预下达。",
            kind=Kind.CONFLICT,
            remedy="各单位按下达额度用水即可。",
        )


def _refuse_incomplete_paper(number: str, signer: str) -> None:
    for field, value, label in (("number", number, "文号"), ("signer", signer, "签发人")):
        if not value.strip():
            raise Refusal(
                "issue.paper_incomplete",
                f"下达要有{label}：没有{label}的文件不能生效。",
                field=field,
                remedy=f"请按办公系统里的{label}填写。",
            )
