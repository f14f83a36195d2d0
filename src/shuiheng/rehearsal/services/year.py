"""A whole budget year through the services that people use, with every invariant checked after each
act. The seed decides who over-uses, who errs, who asks for more; the rules decide what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from shuiheng.budget.models import Budget
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.selectors import breaches, quotas
from shuiheng.rehearsal.services import closing, drafting, executing, observing
from shuiheng.rehearsal.services.founding import Cast
from shuiheng.rehearsal.services.stage import Report, Stage, YearReport


def live_year(
    cast: Cast, year: int, seed: int, *, report: Report, until: date, check: bool = True
) -> YearReport:
    """Play the year from the December before up to `until`, or to its very end."""
    return play(Stage(cast, year, seed, report, check=check), until)


def play(stage: Stage, until: date) -> YearReport:
    """Play the scenes of a stage that begin up to `until`, and sum up."""
    year, report = stage.year, stage.report
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
    if not stage.check:
        stage.outcome.breaches += breaches(stage.areas, year)
    return stage.outcome


SCENES: tuple[tuple[tuple[int, int, int], str, Callable[[Stage], None]], ...] = (
    ((-1, 12, 5), "开始编制", drafting.open_books),
    ((-1, 12, 20), "单位填报草案", drafting.file_drafts),
    ((0, 1, 1), "预下达", drafting.grant_interim),
    ((0, 1, 8), "审核草案", drafting.review_drafts),
    ((0, 1, 10), "全年来水预报", observing.forecast_year),
    ((0, 1, 14), "区县汇编上报、市级审定", drafting.compile_upward),
    ((0, 1, 20), "自治区分配计划", drafting.enter_allocation),
    ((0, 1, 28), "名录上报审定", drafting.approve_directories),
    ((0, 2, 2), "1月来水", observing.observe_month(1)),
    ((0, 2, 5), "1月用水", executing.report_month(1)),
    ((0, 2, 12), "核算基准额度并下达", drafting.issue),
    ((0, 3, 2), "2月来水", observing.observe_month(2)),
    ((0, 3, 5), "2月用水", executing.report_month(2)),
    ((0, 4, 2), "3月来水", observing.observe_month(3)),
    ((0, 4, 5), "3月用水", executing.report_month(3)),
    ((0, 5, 2), "4月来水", observing.observe_month(4)),
    ((0, 5, 5), "4月用水", executing.report_month(4)),
    ((0, 5, 20), "预算调整", executing.adjust),
    ((0, 6, 2), "5月来水", observing.observe_month(5)),
    ((0, 6, 5), "5月用水", executing.report_month(5)),
    ((0, 6, 20), "上级追加", executing.raise_from_above),
    ((0, 7, 2), "6月来水", observing.observe_month(6)),
    ((0, 7, 5), "6月用水", executing.report_month(6)),
    ((0, 8, 2), "7月来水", observing.observe_month(7)),
    ((0, 8, 5), "7月用水", executing.report_month(7)),
    ((0, 8, 10), "上级压减", executing.cut_from_above),
    ((0, 9, 2), "8月来水", observing.observe_month(8)),
    ((0, 9, 5), "8月用水", executing.report_month(8)),
    ((0, 9, 20), "预算调整", executing.adjust),
    ((0, 10, 2), "9月来水", observing.observe_month(9)),
    ((0, 10, 5), "9月用水", executing.report_month(9)),
    ((0, 11, 2), "10月来水", observing.observe_month(10)),
    ((0, 11, 5), "10月用水", executing.report_month(10)),
    ((0, 12, 2), "11月来水", observing.observe_month(11)),
    ((0, 12, 3), "11月用水", executing.report_month(11)),
    ((0, 12, 4), "打开决算", closing.open_finals),
    ((0, 12, 5), "开始下年度编制", closing.open_next_year),
    ((0, 12, 14), "单位确认、区县审核决算", closing.confirm_finals),
    ((1, 1, 2), "12月来水", observing.observe_month(12)),
    ((1, 1, 5), "12月用水", executing.report_month(12)),
    ((1, 1, 10), "市级决算封账", closing.close_year),
    ((1, 2, 20), "封账后补记", closing.late_facts),
    ((1, 2, 21), "下年度参考", closing.check_reference),
)
