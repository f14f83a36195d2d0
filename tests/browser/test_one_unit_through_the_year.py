"""One farm from its draft to its final account, every step by hand in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from shuiheng.budget.models import AreaBudget, Budget, FinalAccount, Step
from shuiheng.core.access import Role
from shuiheng.office.models import Area
from shuiheng.registry.models import Unit
from shuiheng.rehearsal.services.drafting import approve_directories
from shuiheng.rehearsal.services.stage import Stage
from tests.browser import behind
from tests.browser.conftest import YEAR
from tests.browser.hands import button, fill, go, move_date, press, reads, window

pytestmark = pytest.mark.browser

DISTRICT, ELSEWHERE = "650109", "650121"


@dataclass
class Tale:
    """The stage of the others, the farm, and a window for each person who has a hand in its year."""

    stage: Stage
    farm: Unit
    unit: Page
    officer: Page
    reviewer: Page
    city_officer: Page
    city_reviewer: Page
    keeper: Page

    @property
    def budget(self) -> Budget:
        return behind.budget_of(self.farm, YEAR)

    def area_budget(self, area: Area) -> AreaBudget:
        return AreaBudget.objects.get(area=area, year=YEAR)

    def on(self, day: date) -> None:
        """The keeper pushes the business date forward; the others live on the same day."""
        go(self.keeper, "desk:home")
        move_date(self.keeper, day.isoformat())
        self.stage.on(day)


@pytest.fixture
def tale(december: Stage, site: str, browser: Browser) -> Tale:
    cast = december.cast
    farm = behind.farm_of(DISTRICT)
    posts = {
        "officer": cast.officers[Role.COUNTY_OFFICER, DISTRICT],
        "reviewer": cast.officers[Role.COUNTY_REVIEWER, DISTRICT],
        "city_officer": cast.officers[Role.CITY_OFFICER, cast.city.code],
        "city_reviewer": cast.officers[Role.CITY_REVIEWER, cast.city.code],
        "keeper": cast.officers[Role.KEEPER, cast.city.code],
    }
    windows = {name: window(browser, site, user) for name, user in posts.items()}
    unit = window(browser, site, cast.clerks[farm.pk])
    return Tale(december, farm, unit, **windows)


def test_a_farm_goes_from_draft_to_final_account(tale: Tale) -> None:
    draft(tale)
    submit(tale)
    returned_and_mended(tale)
    accepted(tale)
    reported_by_the_district(tale)
    approved_by_the_city(tale)
    plan_from_above(tale)
    baseline_adopted(tale)
    city_draft_approved(tale)
    issued(tale)
    notice_and_account(tale)
    january_reported(tale)
    increased(tale)
    used_until_november(tale)
    final_account_confirmed(tale)
    year_closed(tale)


# -- 编制 and 审核 ----------------------------------------------------------------------------------


def draft(tale: Tale) -> None:
    """A figure in m³ typed into the field of 万m³ is asked about and mended by the button beside it."""
    page = tale.unit
    go(page, "budget:draft", YEAR, tale.farm.pk)
    fill(page, "地下水", "700000")
    press(page, "保存")
    reads(page, "是不是把 m³ 填成了万m³？")
    page.locator("#water").get_by_role("button", name="改成").click()
    assert page.get_by_label("地下水").input_value() == "70.00"
    press(page, "按比例补齐")
    reads(page, "十二个月合计 70.00，与全年相等", "没有要改的，可以提交。")


def submit(tale: Tale) -> None:
    """核对并提交, pressed twice as fast as a hand can: submitted once."""
    page = tale.unit
    press(page, "核对并提交")
    reads(page, "提交后由米东区水务局审核")
    press(page, "提交 70.00 万m³", twice=True)
    reads(page, "待审核")
    assert steps_of(tale.budget) == ["submit"]


def returned_and_mended(tale: Tale) -> None:
    """The reviewer has to say why; the unit reads it, mends the draft and submits again."""
    page, why = tale.reviewer, "请按今年的种植面积改到 68 万m³"
    go(page, "budget:review_case", tale.budget.pk)
    reads(page, tale.farm.name)
    press(page, "退回补正")
    fill(page, "理由", "")
    assert press(page, "退回补正") == 422
    reads(page, "要写明理由")
    fill(page, "理由", why)
    press(page, "退回补正")
    page = tale.unit
    go(page, "desk:home")
    reads(page, "退回")
    go(page, "budget:draft", YEAR, tale.farm.pk)
    reads(page, why)
    fill(page, "地下水", "68")
    press(page, "按比例补齐")
    press(page, "核对并提交")
    press(page, "提交 68.00 万m³")
    assert steps_of(tale.budget) == ["submit", "return", "submit"]


def accepted(tale: Tale) -> None:
    page = tale.reviewer
    go(page, "budget:review_case", tale.budget.pk)
    press(page, "按申报通过")
    reads(page, "已通过", tale.farm.name)
    go(tale.unit, "budget:draft", YEAR, tale.farm.pk)
    reads(tale.unit, "审核通过")


def reported_by_the_district(tale: Tale) -> None:
    """Once all others are accepted, the district's officer compiles and reports."""
    tale.on(date(YEAR, 1, 12))
    behind.others_file_and_are_accepted(tale.stage)
    page, own = tale.officer, tale.area_budget(tale.farm.region)
    go(page, "budget:area", own.pk)
    for step in ("汇编", "汇编", "上报", "上报"):  # its page, then its button
        press(page, step)
    reads(page, "已上报")


def approved_by_the_city(tale: Tale) -> None:
    behind.other_districts_report(tale.stage, besides=tale.farm.region)
    page, own = tale.city_reviewer, tale.area_budget(tale.farm.region)
    go(page, "budget:area", own.pk)
    press(page, "审定")
    press(page, "审定")
    reads(page, "已审定")


# -- 下达 ------------------------------------------------------------------------------------------


def plan_from_above(tale: Tale) -> None:
    """The autonomous region's plan, typed into the grid; a figure that is none comes back as it was typed."""
    tale.on(date(YEAR, 1, 20))
    page = tale.city_officer
    go(page, "budget:allocation", year=YEAR)
    press(page, "录入分配计划")
    grid = behind.plan_from_above(tale.stage)
    for label, figure in grid.items():
        fill(page, label, figure)
    fill(page, "文号", "演示水资源〔2026〕12号")
    fill(page, "印发日期", "2026-01-19")
    page.get_by_label("计划数是否已含丰增枯减").select_option(label="不清楚")
    cell, figure = next(iter(grid.items()))
    fill(page, cell, "约三百")
    assert press(page, "核对") == 422
    assert page.get_by_label(cell).input_value() == "约三百"
    fill(page, cell, figure)
    assert press(page, "核对") == 200
    press(page, "录入第 1 版")
    reads(page, "已录入 演示水资源〔2026〕12号")


def baseline_adopted(tale: Tale) -> None:
    page = tale.city_officer
    go(page, "budget:baseline", year=YEAR)
    press(page, "测算")
    reads(page, "已测算，还没有采用")
    press(page, "采用")
    press(page, "采用这次测算")
    reads(page, "已采用")


def city_draft_approved(tale: Tale) -> None:
    """The city's own draft; the level above has agreed, with the number of its reply."""
    own = tale.area_budget(tale.stage.cast.city)
    go(tale.city_officer, "budget:area", own.pk)
    for step in ("汇编", "汇编", "上报", "上报"):
        press(tale.city_officer, step)
    page = tale.city_reviewer
    go(page, "budget:area", own.pk)
    press(page, "审定")
    assert press(page, "审定") == 422
    fill(page, "自治区批复", "演示水函〔2026〕18号")
    press(page, "审定")
    reads(page, "已审定")


def issued(tale: Tale) -> None:
    approve_directories(tale.stage)
    tale.on(date(YEAR, 2, 12))
    page = tale.city_reviewer
    go(page, "budget:issue", year=YEAR)
    reads(page, "下达前核对", "预留")
    fill(page, "文号", "演示水发〔2026〕9号")
    fill(page, "签发人", "演示签发人")
    press(page, "下达这", twice=True)
    reads(page, "已下达 演示水发〔2026〕9号")


def notice_and_account(tale: Tale) -> None:
    """The worker sets the notices; the unit finds its own, signs for it, and sees its quota."""
    behind.print_notice(tale.stage, tale.farm)
    page = tale.unit
    go(page, "papers:list")
    press(page, "关于")
    press(page, "签收")
    reads(page, "已签收")
    with page.expect_download() as download:
        button(page, "下载 PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    go(page, "ledger:account", tale.farm.pk)
    reads(page, "下达年度基准额度", "下达方案 2026", "680,000 m³")


# -- 执行 and 调整 ----------------------------------------------------------------------------------


def january_reported(tale: Tale) -> None:
    page = tale.unit
    go(page, "metering:report", tale.farm.pk, year=YEAR, month=1)
    fill(page, "地下水用水", "一万二")
    assert press(page, "提交") == 422
    assert page.get_by_label("地下水用水").input_value() == "一万二"
    fill(page, "地下水用水", "4,321")
    page.get_by_label("承诺以上水量真实").check()
    press(page, "提交", twice=True)
    reads(page, "已填报", "4,321 m³，已记入水账")
    go(page, "ledger:account", tale.farm.pk)
    reads(page, "4,321")


def increased(tale: Tale) -> None:
    """More from the reserve: applied for with its consequence in sight, granted with a number."""
    tale.on(date(YEAR, 5, 20))
    page = tale.unit
    go(page, "budget:adjustments", year=YEAR)
    press(page, "申请调整")
    page.get_by_label("调增", exact=True).check()
    page.get_by_label("理由类别").select_option(label="启用预留")
    fill(page, "水量", "5,000")
    fill(page, "说明", "5 月底补灌一次")
    press(page, "先看影响")
    reads(page, "批准后")
    press(page, "提交")
    reads(page, "等待审批")
    where = page.url
    page = tale.reviewer
    page.goto(where)
    fill(page, "批复文号", "演示调〔2026〕1号")
    press(page, "批准", twice=True)
    reads(page, "已批准调增 5,000 m³")
    go(tale.unit, "ledger:account", tale.farm.pk)
    reads(tale.unit, "调增", "+5,000", "685,000 m³")


def used_until_november(tale: Tale) -> None:
    tale.on(date(YEAR, 12, 3))
    for month in range(2, 12):
        behind.unit_uses(tale.stage, tale.farm, month)


# -- 决算 ------------------------------------------------------------------------------------------


def final_account_confirmed(tale: Tale) -> None:
    tale.on(date(YEAR, 12, 4))
    go(tale.city_officer, "budget:finals", year=YEAR)
    press(tale.city_officer, "打开决算")
    reads(tale.city_officer, "已打开")
    page = tale.unit
    go(page, "budget:finals", year=YEAR)
    press(page, "确认决算", twice=True)
    reads(page, "已确认决算，等待审核")
    account = FinalAccount.objects.get(budget=tale.budget)
    page = tale.reviewer
    go(page, "budget:final", account.pk)
    press(page, "审核通过")
    reads(page, "已审核通过")


def year_closed(tale: Tale) -> None:
    """District completed, December in the books, the city closes in January; the account says 决算."""
    behind.others_confirm(tale.stage, besides=tale.farm)
    page = tale.reviewer
    go(page, "budget:finals_district", tale.farm.region_id, year=YEAR)
    press(page, "完成")
    reads(page, "决算已完成")
    tale.on(date(YEAR + 1, 1, 10))
    behind.unit_uses(tale.stage, tale.farm, 12)
    page = tale.city_reviewer
    go(page, "budget:finals", year=YEAR)
    press(page, "市级封账")
    press(page, "封账")
    reads(page, "已封账")
    go(tale.unit, "ledger:account", tale.farm.pk, year=YEAR)
    reads(tale.unit, "核销")
    go(tale.unit, "budget:finals", year=YEAR)
    reads(tale.unit, "已决算", "封账时")


# -- what goes wrong -------------------------------------------------------------------------------


def test_bad_input_gets_a_sentence_and_loses_nothing(
    december: Stage, site: str, browser: Browser
) -> None:
    farm = behind.farm_of(DISTRICT)
    page = window(browser, site, december.cast.clerks[farm.pk])
    a_wrong_number(page, farm)
    a_stale_page(page, farm)
    somebody_elses_unit(page, behind.farm_of(ELSEWHERE))
    a_step_out_of_order(page, farm)


def a_wrong_number(page: Page, farm: Unit) -> None:
    go(page, "budget:draft", YEAR, farm.pk)
    fill(page, "要说明的情况", "扩种番茄")
    fill(page, "地下水", "七十万")
    assert press(page, "保存") == 422
    assert page.get_by_label("地下水").input_value() == "七十万"
    assert page.get_by_label("要说明的情况").input_value() == "扩种番茄"
    reads(page, "“七十万”不是一个水量")


def a_stale_page(page: Page, farm: Unit) -> None:
    """Two windows on one draft: the later one is told, and keeps what was typed in it."""
    other = page.context.new_page()
    for each in (page, other):
        go(each, "budget:draft", YEAR, farm.pk)
    fill(page, "地下水", "66")
    press(page, "按比例补齐")
    fill(other, "地下水", "69")
    fill(other, "要说明的情况", "从另一个窗口填的")
    assert press(other, "保存") == 409
    assert other.get_by_label("地下水").input_value() == "69"
    assert other.get_by_label("要说明的情况").input_value() == "从另一个窗口填的"
    reads(other, "这份草案刚被另一个人（或另一个窗口）改过")
    go(other, "budget:draft", YEAR, farm.pk)
    reads(other, "已恢复您", "还没有提交")
    other.get_by_role("button", name="不要这些").click()
    assert other.get_by_label("地下水").input_value() == "66.00"
    other.close()


def somebody_elses_unit(page: Page, farm: Unit) -> None:
    """A sentence and a way out, for every page that names a unit."""
    for name, args in [
        ("budget:draft", (YEAR, farm.pk)),
        ("budget:draft_submit", (YEAR, farm.pk)),
        ("ledger:account", (farm.pk,)),
        ("metering:report", (farm.pk,)),
        ("registry:unit", (farm.pk,)),
    ]:
        assert go(page, name, *args).status in (403, 404), name
        assert farm.name not in page.inner_text("body"), name
        reads(page, "首页")


def a_step_out_of_order(page: Page, farm: Unit) -> None:
    """A preview left open while the draft was already submitted elsewhere."""
    other = page.context.new_page()
    for each in (page, other):
        go(each, "budget:draft_submit", YEAR, farm.pk)
    press(page, "提交")
    assert press(other, "提交") == 409
    reads(other, "待审核")
    assert steps_of(behind.budget_of(farm, YEAR)) == ["submit"]


# -- what the steps lean on -------------------------------------------------------------------------


def steps_of(budget: Budget) -> list[str]:
    """What has happened to it, oldest first."""
    rows = Step.objects.filter(document=f"budget/{budget.pk}").order_by("pk")
    return list(rows.values_list("name", flat=True))
