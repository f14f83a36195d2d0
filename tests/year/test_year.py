"""Whole budget years, by seed: `shuiheng year` in a test. The slow ones are twenty more."""

from __future__ import annotations

from datetime import date

import pytest

from shuiheng.core.clock import beijing_noon
from shuiheng.ledger.models import Account
from shuiheng.ledger.selectors import breaches
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import YearReport, found_city, live_year

YEAR = 2026
SIZE = 130
EXPECTED_ACTS = {
    "开始编制", "提交草案", "代办提交", "预下达", "审核", "市级审核公共供水", "退回补正", "退回区县",
    "区县汇编上报", "审定区县", "审定名录", "市级汇编", "录入分配计划", "采用基准额度", "下达", "填报用水", "更正用水",
    "暂估", "供水月结", "启用预留调增", "调减", "上级追加", "上级压减", "打开决算", "开始下年度编制",
    "答复异议", "审核决算", "区县决算完成", "市级决算封账", "封账后补记",
}  # fmt: skip


def live(seed: int, *, until: date = date(YEAR + 1, 12, 31)) -> YearReport:
    begin = beijing_noon(date(YEAR - 1, 12, 1))
    cast = found_city(CityPlan(seed, SIZE), year=YEAR, now=begin, password="rehearsal-only")
    said: list[str] = []
    outcome = live_year(cast, YEAR, seed, report=said.append, until=until)
    assert outcome.breaches == [], "\n".join(said[-20:])
    return outcome


@pytest.mark.usefixtures("throwaway_database")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_keeps_every_invariant(seed: int) -> None:
    outcome = live(seed)
    assert set(outcome.acts) >= EXPECTED_ACTS - {"撤回申请"}
    assert outcome.over_used > 0, "a year without over-use proves nothing about it"
    assert outcome.refusals["change.cannot_absorb"] == 1
    assert outcome.refusals["access.denied"] == 1


@pytest.mark.slow
@pytest.mark.usefixtures("throwaway_database")
@pytest.mark.parametrize("seed", range(101, 121))
def test_twenty_more_years(seed: int) -> None:
    live(seed)


def test_the_same_seed_gives_the_same_city() -> None:
    one, two = CityPlan(7, SIZE), CityPlan(7, SIZE)
    assert one.units == two.units
    assert one.units != CityPlan(8, SIZE).units


@pytest.mark.usefixtures("throwaway_database")
def test_a_broken_book_is_noticed() -> None:
    """The check can fail: one cubic metre moved by hand after the issue is a breach."""
    live(4, until=date(YEAR, 2, 12))
    held = Account.objects.filter(kind="quota", book="abstraction", year=YEAR, moved_in__gt=0)
    account = held.exclude(sector="supply")[0]
    account.moved_in += type(account.moved_in)(1)
    account.save(update_fields=["moved_in"])
    areas = list(
        Account.objects.filter(area__isnull=False).values_list("area", flat=True).distinct()
    )
    rules = {breach.rule for breach in breaches(areas, YEAR)}
    assert "余额等于流水之和" in rules
    assert "区域额度等于各行业加预留" in rules
