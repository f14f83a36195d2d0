"""What the papers of the year say, gathered from the documents and the books: 下达, 调整批复, 决算."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shuiheng.budget import rules
from shuiheng.budget.models import (
    Adjustment,
    AllocationPlan,
    Budget,
    BudgetLine,
    FinalAccount,
    FinalLine,
    Scheme,
)
from shuiheng.budget.selectors.baseline import SHEET_SECTORS, BaselineSheet, baseline_sheet
from shuiheng.core.vocabulary import NATURAL_SOURCES, Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.selectors import monthly_use
from shuiheng.office.models import Area, User
from shuiheng.office.selectors import budget_regions, deadlines, rest_days
from shuiheng.papers import rules as papers
from shuiheng.quota.selectors import adopted
from shuiheng.registry.models import Permit
from shuiheng.registry.selectors import suppliers_of

NO_PERMIT = "（无有效取水许可）"


def water_bureau(area: Area) -> str:
    """The authority that issues at a place."""
    return f"{area.name}水务局"


def decider_bureau(budget: Budget) -> str:
    """Who answers a unit: public supply stands under the city, all others under their district."""
    city = budget.region.parent
    if budget.unit.kind_term is UnitKind.WATERWORKS and city is not None:
        return water_bureau(city)
    return water_bureau(budget.region)


@dataclass(frozen=True)
class NoticeBasis:
    """What all notices of one scheme share, read once for two thousand of them."""

    permits: dict[tuple[int, str], str]
    suppliers: dict[int, str]
    final_due: date
    contact: str
    phone: str


def notice_basis(scheme: Scheme, units: Iterable[int]) -> NoticeBasis:
    """Permit numbers, suppliers' names and the day of the final account."""
    ids, on = list(units), scheme.issued_on
    numbers: dict[tuple[int, str], list[str]] = {}
    permits = Permit.objects.filter(unit__in=ids, valid_from__lte=on, valid_until__gte=on)
    for unit, source, number in permits.order_by("pk").values_list("unit", "source", "number"):
        numbers.setdefault((unit, source), []).append(number)
    user = scheme.act.user
    return NoticeBasis(
        permits={key: "、".join(several) for key, several in numbers.items()},
        suppliers={unit: link.supplier.name for unit, link in suppliers_of(ids, on).items()},
        final_due=deadlines(on)["unit_final"].falls_on(scheme.year, rest_days()),
        contact=scheme.act.user_name,
        phone=user.phone if user is not None else "",
    )


def notice_facts(scheme: Scheme, budget: Budget, basis: NoticeBasis) -> papers.NoticeFacts:
    """A unit's 下达通知: its own lines only; a supplier's network lines are a rule of their own."""
    lines = [line for line in budget.lines.all() if line.issued is not None]
    own = [line for line in lines if line.book == Book.ABSTRACTION] or lines
    inside = [line for line in lines if line not in own]
    quota = total(line.issued or Volume() for line in own)
    return papers.NoticeFacts(
        addressee=budget.unit.name,
        unit_number=budget.unit.code,
        area=budget.region.name,
        year=scheme.year,
        basis=f"《{scheme.area.name}{scheme.year}年度水预算方案》（{scheme.number}）",
        lines=tuple(
            papers.QuotaLine(
                source=line.source_term.label,
                sector=line.sector_term.label,
                through=_through(line, budget, basis),
                quota=line.issued or Volume(),
            )
            for line in own
        ),
        months=rules.issued_months(quota, [Volume(m3) for m3 in budget.months]),
        rules=(*papers.notice_rules(scheme.year, basis.final_due), *_network_rule(inside)),
        contact=basis.contact,
        phone=basis.phone,
    )


def _through(line: BudgetLine, budget: Budget, basis: NoticeBasis) -> str:
    if line.book == Book.NETWORK:
        return basis.suppliers.get(budget.unit_id, budget.unit.name)
    return basis.permits.get((budget.unit_id, line.source), NO_PERMIT)


def _network_rule(inside: list[BudgetLine]) -> tuple[str, ...]:
    if not inside:
        return ()
    parts = "，".join(
        f"{line.sector_term.label}{line.issued or Volume()}".replace(" m³", "立方米")
        for line in inside
    )
    return (f"取水额度中，{parts}；其余分配给所供用户，用户加损失等于取水。",)


def scheme_facts(scheme: Scheme) -> papers.SchemeFacts:
    """全市水预算方案 with its annexes: regions by source and by sector, then every unit."""
    city, year = scheme.area, scheme.year
    regions = budget_regions(year, city)
    run = adopted(city, year)
    plan = AllocationPlan.objects.get(area=city, year=year, is_current=True)
    assert run is not None, "an issue has an adopted baseline"
    sheet = baseline_sheet(run, regions)
    user = scheme.act.user
    return papers.SchemeFacts(
        addressee="各区（县）水行政主管部门、各水预算单位",
        paragraphs=(
            f"根据{plan.number}下达的{year}年度水量分配计划，现将《{city.name}{year}年度水预算方案》"
            "下达给你们，请遵照执行。",
            f"本次下达{scheme.units}个单位{scheme.volume.m3:,}立方米，另提取预留"
            f"{sheet.whole_reserve.m3:,}立方米。分区、分水源、分行业和各单位额度见附件。",
            "各单位要严格控制用水总量和强度。需要调增的，只限启用预留水预算指标或者通过用水权交易取得用水指标"
            "两种情形。",
        ),
        annexes=(*_region_annexes(regions, sheet), *_unit_annexes(city, year)),
        contact=scheme.act.user_name,
        phone=user.phone if user is not None else "",
    )


def _region_annexes(regions: list[Area], sheet: BaselineSheet) -> tuple[papers.Annex, ...]:
    def with_reserve(area: Area, source: Source) -> Volume:
        return sheet.of_source(area.pk, source).quota + sheet.reserve.get(
            (area.pk, source), Volume()
        )

    by_source = papers.Annex(
        title="分区分水源额度（含预留）",
        row_label="区域",
        columns=tuple(source.label for source in NATURAL_SOURCES),
        rows=tuple(
            papers.AnnexRow(
                name=area.name,
                figures=tuple(with_reserve(area, source) for source in NATURAL_SOURCES),
            )
            for area in regions
        ),
    )
    by_sector = papers.Annex(
        title="分区分行业额度",
        row_label="区域",
        columns=(*(sector.label for sector in SHEET_SECTORS), "预留"),
        rows=tuple(
            papers.AnnexRow(
                name=area.name,
                figures=(
                    *(sheet.of_sector(area.pk, sector).quota for sector in SHEET_SECTORS),
                    sheet.reserve_of(area.pk),
                ),
            )
            for area in regions
        ),
    )
    return by_source, by_sector


def _unit_annexes(city: Area, year: int) -> tuple[papers.Annex, ...]:
    lines = (
        BudgetLine.objects.filter(
            budget__year=year, budget__region__path__startswith=city.path + "/"
        )
        .filter(budget__stage=rules.UnitStage.ISSUED)
        .select_related("budget__unit", "budget__region")
        .order_by("budget__region__rank", "budget__unit__pinyin", "budget__unit")
    )
    takers: dict[tuple[str, str], dict[str, Volume]] = {}
    customers: list[papers.AnnexRow] = []
    for line in lines:
        unit = line.budget.unit
        name = f"{unit.name}（{line.budget.region.name}）"
        if line.book == Book.ABSTRACTION:
            takers.setdefault((unit.code, name), {})[line.source] = line.issued or Volume()
        elif unit.kind_term.is_customer:
            figure = (line.issued or Volume(),)
            customers.append(papers.AnnexRow(name=name, figures=figure, number=unit.code))
    taking = tuple(
        papers.AnnexRow(
            name=name,
            figures=tuple(sources.get(source, Volume()) for source in NATURAL_SOURCES),
            number=code,
        )
        for (code, name), sources in takers.items()
    )
    labels = tuple(source.label for source in NATURAL_SOURCES)
    annexes = [papers.Annex(title="取水单位额度", row_label="单位", columns=labels, rows=taking)]
    if customers:
        rows = tuple(customers)
        annexes.append(
            papers.Annex(
                title="供水单位的用户额度（含在供水单位取水额度内）",
                row_label="用户", columns=("额度",), rows=rows,
            )
        )  # fmt: skip
    return tuple(annexes)


def adjustment_facts(
    adjustment: Adjustment, before: Volume | None, handled_by: int
) -> papers.AdjustmentFacts:
    """调整批复; `before` is the quota before the grant, None when it is refused."""
    direction = rules.Direction(adjustment.direction)
    name, phone = contact_of(handled_by)
    change = adjustment.volume if direction is rules.Direction.INCREASE else -adjustment.volume
    line = papers.AdjustmentLine(
        source=Source(adjustment.source).label,
        sector=Sector(adjustment.sector).label,
        before=before or Volume(),
        change=change,
    )
    return papers.AdjustmentFacts(
        addressee=adjustment.budget.unit.name,
        year=adjustment.budget.year,
        applied_on=adjustment.applied_on,
        case=rules.Ground(adjustment.ground).label,
        reason=adjustment.answer,
        lines=() if before is None else (line,),
        effective_on=adjustment.decided_on or adjustment.applied_on,
        contact=name,
        phone=phone,
    )


def final_facts(account: FinalAccount, known_on: date, filled_by: str) -> papers.FinalAccountFacts:
    """决算表 from the books as known on a day; December is an estimate until the year is locked."""
    budget = account.budget
    stated = list(account.lines.all())
    own = [line for line in stated if line.book == Book.ABSTRACTION] or stated
    closed = all(line.closed_used is not None for line in own)
    used = _use_by_line(account, 12 if closed else account.cut_off.month)
    issued = {_line_key(line): line.issued or Volume() for line in budget.lines.all()}
    months = [Volume()] * 12
    estimated = Volume()
    lines = []
    for line in own:
        twelve, guessed = used.get(_line_key(line), ([Volume()] * 12, Volume()))
        if not closed:
            twelve = [*twelve[:11], twelve[11] + line.december_estimate]
            guessed += line.december_estimate
        months = [before + more for before, more in zip(months, twelve, strict=True)]
        estimated += guessed
        given = issued.get(_line_key(line), line.quota)
        lines.append(
            papers.FinalLine(
                source=Source(line.source).label,
                sector=Sector(line.sector).label,
                issued=given,
                adjusted=line.quota - given,
                used=total(twelve),
            )
        )
    whole = total(line.used for line in lines)
    return papers.FinalAccountFacts(
        holder=budget.unit.name,
        holder_number=budget.unit.code,
        area=budget.region.name,
        year=budget.year,
        known_on=known_on,
        lines=tuple(lines),
        months=tuple(months),
        by_basis=(
            ("计量、折算和自报", whole - estimated),
            ("暂估" if closed else "暂估（含12月）", estimated),
        ),
        remarks=account.remark,
        filled_by=filled_by,
        phone=budget.unit.phone,
    )


def _line_key(line: BudgetLine | FinalLine) -> tuple[str, str, str]:
    return line.book, line.source, line.sector


def _use_by_line(
    account: FinalAccount, last: int
) -> dict[tuple[str, str, str], tuple[list[Volume], Volume]]:
    """Twelve months of each line, nothing after month `last`, and how much of it is estimated."""
    found: dict[tuple[str, str, str], tuple[list[Volume], Volume]] = {}
    for row in monthly_use(account.budget.year, units=[account.budget.unit_id]):
        if row.month <= last:
            key = (row.book.value, row.source.value, row.sector.value)
            months, estimated = found.get(key, ([Volume()] * 12, Volume()))
            months[row.month - 1] += row.used
            found[key] = (months, estimated + row.estimated)
    return found


def contact_of(user_id: int) -> tuple[str, str]:
    """The name and telephone of who handles a matter, for the foot of its paper."""
    row = User.objects.filter(pk=user_id).values_list("name", "phone").first()
    return row or ("", "")
