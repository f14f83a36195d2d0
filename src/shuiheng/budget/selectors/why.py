"""What 为什么 is answered from: a run, the year before it, and where last year's figures come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from shuiheng.budget.models import AllocationLine, AreaBudget, Budget, Scheme
from shuiheng.budget.rules import AreaStage
from shuiheng.budget.selectors.facts import year_of_use
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import ZERO, Volume, total
from shuiheng.ledger.selectors import quotas
from shuiheng.office.models import Area
from shuiheng.office.selectors import budget_regions
from shuiheng.quota import selectors as quota_selectors
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.rules import Available
from shuiheng.quota.rules.why import (
    Asked,
    Cause,
    Explanation,
    Held,
    Path,
    Selection,
    as_used,
    path,
)
from shuiheng.registry.models import Unit

ISSUED = (AreaStage.ISSUED, AreaStage.CLOSED)


@dataclass(frozen=True, slots=True)
class Why:
    """A run against the year before it: the path between them, and in words what last year stands on."""

    run: BaselineRun
    path: Path
    last: Asked
    this: Asked
    start_label: str
    start_note: str
    end_note: str
    basis_note: str
    above_note: str = ""

    def note(self, cause: Cause, words: Mapping[Cause, str]) -> str:
        if cause is Cause.BASIS:
            return self.basis_note
        return words[cause] + (self.above_note if cause is Cause.ABOVE else "")

    def explain(self, selection: Selection) -> Explanation:
        """The parts of a figure; refused for a unit that stands in neither year."""
        if selection.unit is not None and not any(
            selection.takes(held) for held in (*self.path.start, *self.path.end)
        ):
            raise _no_run(self.run.year)
        return self.path.explain(selection)


def why(run: BaselineRun) -> Why:
    """The path from last year's adopted run; else from last year's quota in the books; else from its use."""
    this = Asked(quota_selectors.inputs_of(run), quota_selectors.rules_of(run))
    end, before = lines_of(run), run.year - 1
    scheme = Scheme.objects.filter(area=run.area, year=run.year).first()
    adopted = run.state == BaselineRun.State.ADOPTED
    end_note = f"{scheme.number}下达" if scheme and adopted else "测算，尚未下达"
    old = quota_selectors.adopted(run.area, before)
    if old is not None:
        last = Asked(quota_selectors.inputs_of(old), quota_selectors.rules_of(old))
        issued = Scheme.objects.filter(area=run.area, year=before).first()
        note = f"{issued.number}下达，不含年中调整" if issued else "采用的测算，不含年中调整"
        basis = (
            "去年的测算按今年的程序重算的差"
            if old.policy["version"] != run.policy["version"]
            else ""
        )
        start = lines_of(old)
        return Why(
            run, path(last, this, start, end), last, this, f"{before} 年基准额度", note, end_note,
            basis or "去年的测算重算一遍，与下达数一致时为 0",
        )  # fmt: skip
    start = _booked(run.area, before)
    label, note = f"{before} 年水账额度", "水账上的年末额度；去年没有测算"
    if not start:
        start = _used(run)
        label, note = f"{before} 年用水", "去年没有水预算额度，从去年用水说起"
    plan = _plan_of(run.area, before)
    last = as_used(this, start, plan)
    basis = "去年没有测算；今年测算里没有的单位列在这里"
    above = "" if plan else "（去年没有分配计划，按去年的数看）"
    return Why(
        run, path(last, this, start, end), last, this, label, note, end_note, basis, above
    )  # fmt: skip


def newest_run(city: Area, year: int) -> BaselineRun | None:
    """The adopted run of a year, else the newest."""
    made = BaselineRun.objects.filter(area=city, year=year).select_related("area")
    adopted = made.filter(state=BaselineRun.State.ADOPTED).first()
    return adopted or made.order_by("-pk").first()


def run_shown(city: Area, year: int, asked: str, *, officer: bool) -> BaselineRun:
    """The run that a page explains: the one asked for, the adopted, or the newest; for a unit's own people
    only what has been issued."""
    run = newest_run(city, year)
    if not officer:
        stage = AreaBudget.objects.filter(area=city, year=year, stage__in=ISSUED)
        run = run if stage.exists() else None
    elif asked:
        made = BaselineRun.objects.filter(area=city, year=year).select_related("area")
        run = made.filter(pk=int(asked)).first() if asked.isdecimal() else None
    if run is None:
        raise _no_run(year)
    return run


def unit_asked(actor: Actor, unit_id: int, year: int) -> Unit:
    """A unit whose budget the person may see; another's is missing, not forbidden."""
    seen = Budget.objects.visible_to(actor, Permission.BUDGET_VIEW)
    found = seen.filter(unit=unit_id, year__in=(year, year - 1)).select_related("unit__region")
    budget = found.first()
    if budget is None:
        raise _missing("单位")
    return budget.unit


def area_asked(actor: Actor, city: Area, year: int, area_id: int) -> Area:
    """The city or one of its regions, if the person may see its budget."""
    for area in (city, *budget_regions(year, city)):
        if area.pk == area_id and actor.may(Permission.BUDGET_VIEW, area.place):
            return area
    raise _missing("区域")


def lines_of(run: BaselineRun) -> dict[Held, Volume]:
    """What a run gives, as it was kept."""
    cells: dict[Held, Volume] = {}
    rows = BaselineLine.objects.filter(run=run, unit__isnull=False)
    for book, area, unit, source, sector, quota in rows.values_list(
        "book", "area", "unit", "source", "sector", "quota"
    ):
        held = Held(Book(book), area, unit, Source(source), Sector(sector))
        cells[held] = cells.get(held, ZERO) + quota
    return cells


def unit_lines(run: BaselineRun, unit: int, *, customer: bool) -> list[BaselineLine]:
    """A unit's lines in its own book: what it takes, or what its supplier hands to it."""
    book = Book.NETWORK if customer else Book.ABSTRACTION
    return list(BaselineLine.objects.filter(run=run, unit=unit, book=book).order_by("pk"))


def _no_run(year: int) -> Refusal:
    return Refusal(
        "why.no_run",
        f"{year} 年度还没有可以说明的基准额度。",
        kind=Kind.MISSING,
        remedy="测算以后（单位在下达以后）可以查看为什么比去年多或少。",
    )


def _missing(what: str) -> Refusal:
    return Refusal(
        "why.not_found",
        f"没有这个{what}的额度，或者它不在您可以查看的范围里。",
        kind=Kind.MISSING,
        remedy="请从基准额度页面或单位的预算进入。",
    )


def _booked(city: Area, year: int) -> dict[Held, Volume]:
    """Quotas of a year in the books."""
    cells: dict[Held, Volume] = {}
    inside = Q(area__path__startswith=city.path + "/")
    for key, balance in quotas(year, inside).items():
        if balance.net and key.sector is not None:
            held = Held(key.book, key.area, key.unit, key.source, key.sector)
            cells[held] = cells.get(held, ZERO) + balance.net
    return cells


def _used(run: BaselineRun) -> dict[Held, Volume]:
    """Use of the year before, of the units that the run is about."""
    lines = BaselineLine.objects.filter(run=run, unit__isnull=False)
    area_of = dict(lines.values_list("unit", "area"))
    used = year_of_use(list(area_of), run.year - 1)
    return {
        Held(book, area_of[unit], unit, source, sector): total(months)
        for unit, by_line in used.items()
        for (book, source, sector), months in by_line.items()
    }


def _plan_of(city: Area, year: int) -> list[Available]:
    """The allocation plan of a year, region by region; empty where none was entered."""
    lines = AllocationLine.objects.filter(
        plan__area=city, plan__year=year, plan__is_current=True
    ).exclude(area=city)
    return [
        Available(area, Source(source), volume)
        for area, source, volume in lines.order_by("pk").values_list("area", "source", "volume")
    ]
