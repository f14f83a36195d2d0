"""枯水年损益: what each region and sector would get and lose at P = 50, 75 and 95 %, before a run is adopted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shuiheng.budget.selectors.baseline import SHEET_SECTORS
from shuiheng.core.vocabulary import Sector, WetnessIncluded
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.rules import PER_10000, PERCENTS, Losses
from shuiheng.quota.selectors import losses_of, wetness_asked
from shuiheng.ui.figures import WAN, adding_up, m3_per
from shuiheng.ui.parts import Empty, Message
from shuiheng.ui.tables import Column, Panel, Row, Table

DECIMALS = 2
NONE = Empty("这次测算没有枯水年损益。", "重新测算一次就有；没有损益表的测算不能采用。")
HELD = {
    WetnessIncluded.YES: "分配计划数已含丰增枯减",
    WetnessIncluded.NO: "分配计划数未含丰增枯减",
    WetnessIncluded.UNKNOWN: "分配计划没有写明是否已含丰增枯减",
}


def losses_panel(run: BaselineRun, regions: Sequence[Area]) -> Panel:
    """By region and by sector, each with its sum; and where the factors come from."""
    losses = losses_of(run)
    if not losses.years:
        return Panel("来水偏枯时的损益", [NONE])
    body = [by_region(losses, regions), by_sector(losses, regions), Message(_check(run))]
    return Panel(
        "来水偏枯时的损益",
        body,
        note="同样的申报、同样的办法，只换来水",
        aside=WAN,
        foot=_origin(run),
    )


def by_region(losses: Losses, regions: Sequence[Area]) -> Table:
    lines = [
        (area.name, [losses.at(percent, area=area.pk) for percent in (None, *PERCENTS)])
        for area in regions
    ]
    return _table("区域", lines)


def by_sector(losses: Losses, regions: Sequence[Area]) -> Table:
    lines = [
        (sector.label, [_of_sector(losses, regions, sector, p) for p in (None, *PERCENTS)])
        for sector in SHEET_SECTORS
    ]
    return _table("行业", [line for line in lines if any(line[1])])


def _of_sector(
    losses: Losses, regions: Sequence[Area], sector: Sector, percent: int | None
) -> Volume:
    own = (losses.at(percent, area=area.pk, sector=sector) for area in regions)
    return sum(own, Volume())


def _table(head: str, lines: list[tuple[str, list[Volume]]]) -> Table:
    columns = [Column(head), Column("本次额度", WAN, kind="figure", strong=True, unit_shown=False)]
    for percent in PERCENTS:
        columns += [
            Column(f"P={percent}% 得", WAN, kind="figure", unit_shown=False),
            Column("损益", WAN, kind="figure", signed=True, toned=True, unit_shown=False),
            Column("比例", "%", kind="figure", signed=True, unit_shown=False),
        ]
    printed = [_printed(column) for column in zip(*(line for _, line in lines), strict=True)]
    sums = [sum(column, Volume()) for column in printed]
    names = [name for name, _ in lines]
    rows = [Row([name, *_cells(row)]) for name, *row in zip(names, *printed, strict=True)]
    return Table(columns, rows, sums=["合计", *_cells(sums)] if lines else (), tight=True)


def _printed(column: Sequence[Volume]) -> list[Volume]:
    """As the column prints: so that what is lost is the printed difference in every row, and adds up too."""
    step = m3_per(WAN) // 10**DECIMALS
    return [Volume(steps * step) for steps in adding_up(column, WAN, DECIMALS)]


def _cells(figures: Sequence[Volume]) -> list[object]:
    now, *dry = figures
    cells: list[object] = [now]
    for got in dry:
        lost = got - now
        cells += [got, lost, Fraction(lost.m3, now.m3) if now else None]
    return cells


def _check(run: BaselineRun) -> str:
    inputs = wetness_asked(run)
    return (
        f"{HELD[inputs.wetness_included]}（{inputs.wetness_included.label}）。"
        "丰增枯减在这里只用来核对，不会再对下达数算第二次。"
    )


def _origin(run: BaselineRun) -> str:
    inputs = wetness_asked(run)
    factors = "、".join(f"P={p}% {_share(inputs.factors[p])}" for p in PERCENTS)
    base = "多年平均" if inputs.base == PER_10000 else f"多年平均的 {_share(inputs.base)}"
    words = f"地表水占多年平均：{factors}；计划数按{base}看，其他水源不变。"
    if inputs.factors_from:
        words += f"出处：{inputs.factors_from}（{inputs.factors_confidence.label}）。"
    return words


def _share(per_10000: int) -> str:
    return f"{per_10000 / 100:.2f}".rstrip("0").rstrip(".") + "%"
