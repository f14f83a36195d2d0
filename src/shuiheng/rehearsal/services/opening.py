"""What lies on the desks on the demo's opening day: drafts to review, applications, final accounts,
a month not all have reported. A newcomer finds something to do in every role."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from shuiheng.budget import services as budget
from shuiheng.budget.models import Budget, FinalAccount
from shuiheng.budget.rules import Direction, Ground, complete_months
from shuiheng.core.access import Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.quota import services as quota
from shuiheng.quota.models import OutputDeclaration
from shuiheng.quota.rules.output import Declared, OutputKind, OutputStep
from shuiheng.quota.selectors import ceilings
from shuiheng.registry import services as registry
from shuiheng.registry.models import Unit
from shuiheng.registry.rules.waters import RecognitionFacts, RecognitionKind
from shuiheng.rehearsal.services.executing import adjustable, apply_for
from shuiheng.rehearsal.services.stage import Stage

SUBMITTED_PERCENT = 40
CONFIRMED_PERCENT = 30
APPLICATIONS = 5
GROWN_PERCENT = 135
OUTPUTS = 2
PROVISIONAL_M3 = 20_000


def fill_desks(stage: Stage) -> None:
    """Bring every district into the middle of its December."""
    for area in stage.cast.regions:
        _hand_in_drafts(stage, area)
        _confirm_accounts(stage, area)
        _declare_outputs(stage, area)
        _recognise_one(stage, area)
    _confirm_an_output(stage)
    _apply_for_more(stage)


def _hand_in_drafts(stage: Stage, area: Area) -> None:
    drafts = Budget.objects.filter(year=stage.year + 1, region=area).order_by("pk")
    if not drafts.exists():
        return
    ids = _some(stage, drafts, SUBMITTED_PERCENT)
    for draft_id in ids[::8]:
        _ask_for_more(stage, draft_id)
    clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
    budget.submit_drafts(ids, actor=clerk, now=stage.now, key=stage.key)


def _declare_outputs(stage: Stage, area: Area) -> None:
    """A few works show what they make of their water; every figure is invented, and so is the proof."""
    works = Unit.objects.filter(region=area, sector="industry", closed_on=None).order_by("pk")
    for unit in works[:OUTPUTS]:
        amount = Decimal(stage.random.randint(200, 900))
        quota.declare_output(
            unit.pk,
            stage.year,
            Declared(
                kind=OutputKind.VALUE_ADDED,
                industry_code="2611",
                product="演示产品",
                amount=amount,
                measure="万元",
            ),
            name="演示报表.pdf",
            content=f"%PDF-1.7 demo {unit.pk}".encode(),
            actor=stage.cast.of(unit),
            now=stage.now,
            key=stage.key,
        )


def _confirm_an_output(stage: Stage) -> None:
    row = OutputDeclaration.objects.filter(state="declared").order_by("pk").first()
    if row is not None:
        quota.decide_output(
            row.pk,
            OutputStep.CONFIRM,
            actor=stage.cast.at(Role.COOPERATING),
            now=stage.now,
            key=stage.key,
        )


def _recognise_one(stage: Stage, area: Area) -> None:
    """One of those who take water without a permit gets a provisional figure; the others stand on the list."""
    units = list(Unit.objects.filter(region=area, closed_on=None).values_list("pk", flat=True))
    limits = ceilings(units, stage.cast.day)
    bare = [pair for pair, one in sorted(limits.items()) if one.standing == "none"]
    natural = [(unit, source) for unit, source in bare if source is not Source.NETWORK]
    for unit, source in natural[:1]:
        registry.recognise(
            unit,
            RecognitionFacts(
                kind=RecognitionKind.PROVISIONAL,
                source=source,
                volume=Volume(PROVISIONAL_M3),
                article="",
                reason="演示：许可到期，正在补办",
                since=stage.cast.day,
                until=date(stage.year + 1, 6, 30),
            ),
            actor=stage.cast.at(Role.COUNTY_OFFICER, area),
            now=stage.now,
            key=stage.key,
        )


def _ask_for_more(stage: Stage, draft_id: int) -> None:
    """A draft well above last year, which the reviewer will want to look at."""
    draft = Budget.objects.select_related("unit").prefetch_related("lines").get(pk=draft_id)
    if draft.unit.kind_term is not UnitKind.SELF_SUPPLIED:
        return
    more = {line.pk: Volume(line.proposed.m3 * GROWN_PERCENT // 100) for line in draft.lines.all()}
    whole = Volume(sum(volume.m3 for volume in more.values()))
    budget.save_draft(
        draft.pk,
        proposed=more,
        months=complete_months(whole, [Volume(month) for month in draft.months]),
        note="扩大生产，用水增加",
        version=draft.version,
        actor=stage.cast.of(draft.unit),
        now=stage.now,
        key=stage.key,
    )


def _confirm_accounts(stage: Stage, area: Area) -> None:
    accounts = FinalAccount.objects.filter(budget__year=stage.year, budget__region=area)
    ids = _some(stage, accounts.exclude(budget__unit__kind=UnitKind.WATERWORKS), CONFIRMED_PERCENT)
    if ids:
        clerk = stage.cast.at(Role.COUNTY_OFFICER, area)
        budget.confirm_final_for(ids, actor=clerk, now=stage.now, key=stage.key)


def _apply_for_more(stage: Stage) -> None:
    lines = adjustable(stage)
    waiting = 0
    for line in stage.random.sample(lines, min(len(lines), APPLICATIONS * 4)):
        wanted = Volume(max(1, (line.issued or Volume()).m3 // 50))
        try:
            apply_for(stage, line, Direction.INCREASE, Ground.RESERVE, wanted)
        except Refusal:
            continue  # at its permit: the counter has said so
        waiting += 1
        if waiting == APPLICATIONS:
            return


def _some(stage: Stage, rows: QuerySet[Budget] | QuerySet[FinalAccount], percent: int) -> list[int]:
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sorted(stage.random.sample(ids, len(ids) * percent // 100))
