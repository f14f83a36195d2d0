"""A draft as parts of a page: what the form, the read-only page and the reviewer's case have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from django.urls import reverse

from shuiheng.budget.models import Budget, Step
from shuiheng.budget.rules import UnitStage
from shuiheng.budget.rules.stages import UNIT_STEPS, StepRule
from shuiheng.budget.selectors.drafts import DraftCase, asked_by
from shuiheng.core.access import Actor, Permission
from shuiheng.core.calendar import RestDays
from shuiheng.core.refusal import Finding
from shuiheng.core.vocabulary import Book, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.selectors import deadlines, rest_days
from shuiheng.ui import figures
from shuiheng.ui.charts import MonthBars, month_bars
from shuiheng.ui.figures import M3, WAN
from shuiheng.ui.parts import Chip, Due, Empty, Fact, Facts, Link, StageTrack
from shuiheng.ui.parts import Step as TrackStep
from shuiheng.ui.tables import Column, Panel, Row, Table

TONES = {
    UnitStage.DRAFT: "neutral",
    UnitStage.SUBMITTED: "neutral",
    UnitStage.RETURNED: "warned",
    UnitStage.ACCEPTED: "normal",
    UnitStage.COMPILED: "grant",
    UnitStage.ISSUED: "grant",
    UnitStage.CLOSED: "neutral",
}
STEP_LABELS = {rule.name: rule.label for rule in UNIT_STEPS}


def stage_chip(budget: Budget) -> Chip:
    stage = budget.stage_term
    label = "代拟" if budget.drafted_by_default and stage is UnitStage.SUBMITTED else stage.label
    return Chip(label, TONES[stage])


def draft_url(budget: Budget) -> str:
    return reverse("budget:draft", args=[budget.year, budget.unit_id])


def due_of(key: str, year: int, today: date, what: str = "") -> tuple[Due, RestDays]:
    """The deadline of a step of the year, with the rest days it was counted by."""
    rest = rest_days()
    return Due.on(deadlines(today)[key].falls_on(year, rest), today, rest, what), rest


def year_before(budget_year: int, today: date) -> str:
    """What people call the year before the budget: 今年 while it still runs."""
    return "今年" if today.year < budget_year else "上年"


def coming_year(budget_year: int, today: date) -> str:
    """What people call the year of the budget: 明年 while the one before still runs."""
    return "明年" if today.year < budget_year else "今年"


def shown(finding: Finding) -> Finding:
    """A finding as the form repairs it: the rules speak whole m³, the fields 万m³."""
    if finding.repair.isdecimal():
        repair = figures.exact_in(Volume(int(finding.repair)), WAN)
        return replace(finding, repair=repair, facts={**finding.facts, "unit": WAN})
    return replace(finding, repair="")


def track(budget: Budget, url: str = "") -> StageTrack:
    """The six steps of a unit's year, and where it stands."""
    stage = budget.stage_term
    drafting = stage in (UnitStage.DRAFT, UnitStage.RETURNED)
    reached = {
        "编制": "now" if drafting else "done",
        "审核": "now" if stage is UnitStage.SUBMITTED else "coming" if drafting else "done",
        "下达": _state(stage, [UnitStage.ACCEPTED, UnitStage.COMPILED], UnitStage.ISSUED),
        "执行": _state(stage, [UnitStage.ISSUED], UnitStage.CLOSED),
        "调整": _state(stage, [], UnitStage.CLOSED),
        "决算": _state(stage, [], UnitStage.CLOSED),
    }
    lines = {"now": stage.label, "done": "已完成", "coming": "未开始"}
    return StageTrack(
        [
            TrackStep(
                label, lines[state], state, url if label == "编制" else "", current=state == "now"
            )
            for label, state in reached.items()
        ]
    )


def _state(stage: UnitStage, now: Sequence[UnitStage], done: UnitStage) -> str:
    order = list(UnitStage)
    if stage in now:
        return "now"
    return "done" if order.index(stage) >= order.index(done) else "coming"


# -- who, with what permit ------------------------------------------------------------------------


def unit_facts(case: DraftCase) -> Facts:
    unit = case.budget.unit
    facts = [
        Fact("单位", unit.name, note=unit.code),
        Fact("类型", f"{unit.kind_term.label} · {unit.sector_term.label}"),
        Fact("预算归属", case.budget.region.name),
        Fact("地址", unit.address or unit.address_area.name),
        Fact("联系人", f"{unit.contact} {unit.phone}".strip() or figures.NOT_YET_KNOWN),
    ]
    if case.supply is not None:
        line = f" · {case.supply.line.name}" if case.supply.line else ""
        facts.append(Fact("由谁供水", f"{case.supply.supplier.name}{line}"))
    return Facts(facts)


def permit_table(case: DraftCase) -> Table:
    columns = [
        Column("取水许可"),
        Column("水源"),
        Column("许可水量", WAN, kind="figure", strong=True),
    ]
    columns.append(Column("有效期至"))
    rows = [
        Row(
            [
                Link(permit.number, whole=True),
                Source(permit.source).label,
                permit.volume,
                f"{permit.valid_until:%Y-%m-%d}",
            ]
        )
        for permit in case.permits
    ]
    customer = case.budget.unit.kind_term.is_customer
    why = "由供水单位供水，不需要取水许可。" if customer else "没有有效的取水许可。"
    then = "" if customer else "没有许可的取水核算时要单独认定，请先联系区县水务局。"
    return Table(columns, rows, tight=True, empty=Empty(why, then))


# -- what is asked for ----------------------------------------------------------------------------


def planted_table(case: DraftCase, before: str) -> Table:
    columns = [
        Column("种植、产品或服务"),
        Column("数量", kind="figure"),
        Column("定额", kind="figure"),
        Column("测算", WAN, kind="figure", strong=True),
        Column(f"{before}数量", kind="figure"),
    ]
    rows = [
        Row(
            [
                each.name,
                f"{each.quantity_text} {each.measure}",
                f"{each.norm_text} m³/{each.measure}" if each.norm else "暂无定额",
                each.need,
                each.before_text if each.before is not None else "新增",
            ]
        )
        for each in case.planted
    ]
    known = [each.need for each in case.planted if each.need is not None]
    sums = ["合计", "", "", total(known), ""] if known and len(rows) > 1 else []
    empty = Empty("没有填种植或产品。", "没有它就没有按定额的测算，只能和上年比。")
    return Table(columns, rows, sums=sums, tight=True, empty=empty)


def lines_table(case: DraftCase, before: str) -> Table:
    """What is asked for, line by line, beside last year and the permit; reviewed figures where given."""
    reviewed = any(row.reviewed is not None for row, _ in case.lines)
    columns = [Column("水源"), Column("申报", WAN, kind="figure", strong=not reviewed)]
    if reviewed:
        columns.append(Column("核定", WAN, kind="figure", strong=True))
    columns += [
        Column(f"{before}用水", WAN, kind="figure"),
        Column(f"{before}额度", WAN, kind="figure"),
        Column("许可", WAN, kind="figure"),
    ]
    rows = []
    for row, line in case.lines:
        cells: list[object] = [line.label, line.proposed]
        cells += [row.reviewed] if reviewed else []
        rows.append(Row([*cells, line.last_used, line.last_quota, line.permit]))
    return Table(columns, rows, tight=True)


def months_chart(case: DraftCase, before: str) -> MonthBars:
    return month_bars(
        case.facts.months,
        line=case.last_months,
        actual_label="本次申报",
        line_label=f"{before}实际",
        name="months",
    )


def supply_sentence(case: DraftCase) -> str:
    """取水 = 供水 + 损失 as arithmetic; '' for who supplies nobody."""
    network = [line for _, line in case.lines if line.book is Book.NETWORK]
    if not case.budget.unit.kind_term.is_supplier or not network:
        return ""
    wanted = case.facts.deliveries or Volume()
    parts = [f"用户申报 {wanted.wan()}"]
    parts += [f"{line.label} {line.proposed.wan()}" for line in network]
    served = wanted + total(line.proposed for line in network)
    gap = case.facts.proposed - served
    end = "，两边相等" if not gap else f"，相差 {figures.in_unit(gap, WAN, signed=True)}"
    return (
        f"{' + '.join(parts)} = {served.wan()} 万m³；取水 {case.facts.proposed.wan()} 万m³{end}。"
    )


# -- the summary ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure as a bar beside the others: `tone` is asked, known or ceiling."""

    label: str
    volume: Volume
    width: str
    tone: str


@dataclass(frozen=True, slots=True)
class Change:
    """How much more or less than something known."""

    label: str
    volume: Volume
    ratio: Fraction | None


@dataclass(frozen=True, slots=True)
class Summary:
    """本次申报, against quota, use and permit."""

    proposed: Volume
    bars: tuple[Bar, ...]
    changes: tuple[Change, ...]


def summary(case: DraftCase, before: str) -> Summary:
    proposed = case.facts.proposed
    known = [
        (f"{before}额度", case.last_quota, "known"),
        (f"{before}已用", case.last_used, "known"),
    ]
    if case.permitted is not None:
        known.append(("许可", case.permitted, "ceiling"))
    if case.facts.computed_need is not None:
        label = f"按{case.facts.need_method}测算"
        known.append((label, case.facts.computed_need, "known"))
    known = [each for each in known if each[1]]
    every = [("本次申报", proposed, "asked"), *known]
    most = max(volume.m3 for _, volume, _ in every) or 1
    bars = [Bar(n, v, figures.percent_of(max(v.m3, 0), most), tone) for n, v, tone in every]
    changes = [
        Change(f"比{name}", proposed - volume, Fraction(proposed.m3, volume.m3) - 1)
        for name, volume, tone in known
        if volume and tone == "known"
    ]
    return Summary(proposed, tuple(bars), tuple(changes))


def baseline_panel(case: DraftCase, actor: Actor) -> Panel | None:
    """基准额度 as adopted, each line with its reason; the unit's own people read it once it is issued."""
    budget = case.budget
    told = budget.stage_term in (UnitStage.ISSUED, UnitStage.CLOSED)
    decided = [(row, line) for row, line in case.lines if row.issued is not None]
    if not decided or not (told or actor.may(Permission.BUDGET_VIEW, budget.region.place)):
        return None
    columns = [
        Column("项目"),
        Column("审核", M3, kind="figure"),
        Column("基准额度", M3, kind="figure", strong=True),
        Column("原因"),
    ]
    rows = [Row([line.label, row.reviewed, row.issued, row.reason]) for row, line in decided]
    why = reverse("budget:why_unit", args=[budget.unit_id]) + f"?year={budget.year}"
    note = "已下达" if told else "采用的测算，还没有下达"
    link = Link("为什么比去年多或少", why)
    return Panel("基准额度", [Table(columns, rows, tight=True)], note=note, foot_link=link)


# -- what happened --------------------------------------------------------------------------------


def history_panel(steps: Sequence[Step], title: str = "办理记录") -> Panel:
    columns = [Column("时间"), Column("办理"), Column("谁"), Column("说明")]
    rows = [
        Row(
            [
                figures.moment(step.act.at),
                STEP_LABELS.get(step.name, step.name),
                step.act.user_name,
                step.reason or "",
            ]
        )
        for step in steps
    ]
    empty = Empty("还没有办理记录。", "提交、退回和审核会逐条记在这里。")
    return Panel(title, [Table(columns, rows, tight=True, empty=empty)])


def buttons(table: Sequence[StepRule], stage: UnitStage) -> list[StepRule]:
    return [rule for rule in table if rule.stage == stage]


def demand_url(budget: Budget) -> str:
    """The page with all methods of the unit's year side by side."""
    return f"{reverse('quota:demand', args=[budget.unit_id])}?year={budget.year}"


def output_url(budget: Budget) -> str:
    """Where the unit shows what it made of its water in the year before."""
    return f"{reverse('quota:output', args=[budget.unit_id])}?year={budget.year - 1}"


def attachment_rows(case: DraftCase) -> list[tuple[str, str, str]]:
    """Name, address and size of what was handed in."""
    return [
        (
            each.name,
            reverse("papers:attachment", args=[each.pk]),
            f"{-(-each.size // 1024):,} kB",
        )
        for each in case.attachments
    ]


def asked(budget: Budget) -> Volume:
    return asked_by(budget.lines.all()).proposed
