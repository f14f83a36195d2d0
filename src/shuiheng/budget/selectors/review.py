"""审核: the queue of an area, split into what must be looked at and what is ready, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, QuerySet

from shuiheng.budget.models import Budget
from shuiheng.budget.rules import DraftLine, UnitStage, review_findings
from shuiheng.budget.selectors.drafts import Beside, asked_by, beside
from shuiheng.core.access import Actor
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy

EXPIRY_DAYS = 90
DECIDED = (UnitStage.ACCEPTED, UnitStage.COMPILED, UnitStage.ISSUED, UnitStage.CLOSED)
SAYS_THE_SAME = {"review.change": "draft.far_from_last_year"}


@dataclass(frozen=True, slots=True)
class Queued:
    """A draft that waits: what it asks for, what was used, and why it should be looked at."""

    budget: Budget
    proposed: Volume
    last_used: Volume
    permit: Volume | None
    findings: tuple[Finding, ...]

    @property
    def is_ready(self) -> bool:
        return not self.findings

    @property
    def reason(self) -> str:
        return self.findings[0].sentence if self.findings else "材料齐全，在各项限内"


@dataclass(frozen=True, slots=True)
class Queue:
    """All that wait in an area's year, those to look at first, and what is known beside them."""

    queued: tuple[Queued, ...]
    known: Beside
    look_percent: int

    @property
    def look(self) -> list[Queued]:
        return [each for each in self.queued if not each.is_ready]

    @property
    def ready(self) -> list[Queued]:
        return [each for each in self.queued if each.is_ready]


def in_area(actor: Actor, area: Area, year: int) -> QuerySet[Budget]:
    """The drafts an area reviews: a district its units but public suppliers, the city those (方案 四(二))."""
    rows = Budget.objects.visible_to(actor).filter(year=year)
    if area.has_own_budget:
        rows = rows.filter(region=area).exclude(unit__kind=UnitKind.WATERWORKS)
    else:
        rows = rows.filter(region__path__startswith=area.path + "/", unit__kind=UnitKind.WATERWORKS)
    related = rows.select_related("unit__region", "unit__address_area", "region", "entered_by")
    return related.order_by("unit__address_area__rank", "unit__pinyin", "pk")


def counts(actor: Actor, area: Area, year: int) -> dict[UnitStage, int]:
    rows = in_area(actor, area, year).order_by().values_list("stage").annotate(n=Count("pk"))
    return {UnitStage(stage): number for stage, number in rows}


def of_stages(actor: Actor, area: Area, year: int, stages: Sequence[UnitStage]) -> list[Budget]:
    """The drafts of an area at some stages, with their lines."""
    return list(in_area(actor, area, year).filter(stage__in=stages).prefetch_related("lines"))


def queue(actor: Actor, area: Area, year: int, day: date, also: int = 0) -> Queue:
    """Everything submitted and not yet decided. `also` is the number of a further draft wanted beside
    them (one that has been decided since): its facts are read with the others."""
    waiting = of_stages(actor, area, year, [UnitStage.SUBMITTED])
    here = not also or also in {budget.pk for budget in waiting}
    more = [] if here else list(_also(actor, also))
    known = beside([*waiting, *more], day)
    look_percent = int(policy("review.look_percent", day).value)
    queued = [_queued(budget, known, look_percent, day) for budget in waiting]
    ordered = sorted(queued, key=lambda each: (each.is_ready, -_weight(each)))
    return Queue(tuple(ordered), known, look_percent)


def _also(actor: Actor, budget_id: int) -> QuerySet[Budget]:
    rows = Budget.objects.visible_to(actor).filter(pk=budget_id)
    related = rows.select_related("unit__region", "unit__address_area", "region", "entered_by")
    return related.prefetch_related("lines")


def _weight(each: Queued) -> int:
    """What must be mended stands first, then the rest as they came."""
    return sum(finding.severity is Severity.MUST_FIX for finding in each.findings)


def _queued(budget: Budget, known: Beside, look_percent: int, day: date) -> Queued:
    facts = known.facts[budget.pk]
    counted = [line for line in facts.lines if line.book is Book.ABSTRACTION] or facts.lines
    permits = [line.permit for line in counted if line.permit is not None]
    return Queued(
        budget,
        facts.proposed,
        total(line.last_used or Volume() for line in counted),
        total(permits) if permits else None,
        findings_of(budget, known, look_percent, day),
    )


def findings_of(budget: Budget, known: Beside, look_percent: int, day: date) -> tuple[Finding, ...]:
    """Why a reviewer should look, what blocks first; two reasons that say the same are one."""
    found = review_findings(
        known.facts[budget.pk],
        look_percent=look_percent,
        is_first=False,
        permit_expires=_expires(budget, known, day),
    )
    codes = {finding.code for finding in found}
    doubled = {SAYS_THE_SAME[code] for code in codes if code in SAYS_THE_SAME}
    kept = [finding for finding in found if finding.code not in doubled]
    return tuple(sorted(kept, key=lambda finding: finding.severity is not Severity.MUST_FIX))


def _expires(budget: Budget, known: Beside, day: date) -> str:
    soon = day + timedelta(days=EXPIRY_DAYS)
    ends = [p.valid_until for p in known.permits.get(budget.unit_id, ()) if p.valid_until <= soon]
    if not ends:
        return ""
    end = min(ends)
    return f"{end.year}年{end.month}月{end.day}日（{(end - day).days} 天后）"


# -- the effect of accepting a list -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """A sector's water of one source in a list that is to be accepted, beside the year before."""

    sector: Sector
    source: Source
    proposed: Volume
    last_quota: Volume
    last_used: Volume


def effects(chosen: Sequence[Queued], known: Beside) -> list[Effect]:
    """Σ by sector and source, largest first; a customer's water stands under 管网水."""
    cells: dict[tuple[Sector, Source], list[DraftLine]] = {}
    for each in chosen:
        facts = known.facts[each.budget.pk]
        counted = [line for line in facts.lines if line.book is Book.ABSTRACTION] or facts.lines
        for line in counted:
            cells.setdefault((line.sector, line.source), []).append(line)
    found = [
        Effect(
            sector,
            source,
            total(line.proposed for line in lines),
            total(line.last_quota or Volume() for line in lines),
            total(line.last_used or Volume() for line in lines),
        )
        for (sector, source), lines in cells.items()
    ]
    return sorted(found, key=lambda effect: -effect.proposed.m3)


def reviewed_total(budget: Budget) -> Volume | None:
    return asked_by(budget.lines.all()).reviewed


def by_reason(queued: Sequence[Queued]) -> Mapping[str, int]:
    """How many have each reason."""
    found: dict[str, int] = {}
    for each in queued:
        for code in {finding.code for finding in each.findings}:
            found[code] = found.get(code, 0) + 1
    return found
