"""A telephone in the field: a slow line, a line that drops, no script, WeChat's browser, a big photo."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from statistics import median
from urllib.request import urlopen

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from shuiheng.office.models import Installation, User
from shuiheng.papers.models import Attachment
from shuiheng.registry.models import Unit
from shuiheng.rehearsal.services.stage import Stage
from tests.browser import behind
from tests.browser.conftest import YEAR
from tests.browser.hands import PASSWORD, PHONE, fill, go, press, reads, sign_in, window
from tests.conftest import Throwaway

pytestmark = pytest.mark.browser

SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}
PAINTS_WITHIN_MS = 2000
WECHAT = (
    "Mozilla/5.0 (Linux; Android 12; V2166A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/107.0.5304.141 Mobile Safari/537.36 MMWEBID/2512 MicroMessenger/8.0.38.2400(0x28002651) "
    "WeChat/arm64 Weixin NetType/3gnet Language/zh_CN ABI/arm64"
)
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)"
PHOTO = """async ([width, height]) => {
  const canvas = document.createElement('canvas'); canvas.width = width; canvas.height = height;
  const pen = canvas.getContext('2d'), dot = 20; let seed = 7;
  for (let x = 0; x < width; x += dot) for (let y = 0; y < height; y += dot) {
    seed = seed * 16807 % 2147483647; pen.fillStyle = '#' + (seed % 0xffffff).toString(16).padStart(6, '0');
    pen.fillRect(x, y, dot, dot); }
  const blob = await new Promise(done => canvas.toBlob(done, 'image/jpeg', 0.9)), moved = new DataTransfer();
  moved.items.add(new File([blob], '井口.jpg', {type: 'image/jpeg'}));
  const input = document.querySelector('input[type=file]');
  input.files = moved.files; input.dispatchEvent(new Event('change', {bubbles: true})); return blob.size }"""
CHOSEN = "document.querySelector('input[type=file]').files[0].size"


@pytest.fixture
def farm(december: Stage) -> Unit:
    return behind.farm_of("650109")


@pytest.fixture
def farmer(december: Stage, farm: Unit) -> User:
    return december.cast.clerks[farm.pk]


# -- a slow line ----------------------------------------------------------------------------------


@pytest.fixture
def as_installed(throwaway_database: Throwaway) -> Iterator[str]:
    """The server as it is installed: its own settings, files compressed, no test around it."""
    env = throwaway_database.env
    collect = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, env=env, check=True, timeout=60)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serve = [sys.executable, "-m", "gunicorn", "shuiheng.app.wsgi:application"]
        serve += ["--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread"]
        serve += ["--threads", "4", "--log-level", "warning", "--no-control-socket"]
        child = subprocess.Popen(serve, env=env, pass_fds=[listener.fileno()])
        with urlopen(f"{address}/health", timeout=30):
            yield address
        child.terminate()
        child.wait(timeout=20)


def test_the_home_page_paints_within_two_seconds_on_slow_3g(
    december: Stage, farmer: User, as_installed: str, browser: Browser
) -> None:
    """USERS 36. The one figure of time that a test may ask for, because a requirement states it."""
    client = Client()
    client.force_login(farmer)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": as_installed}
    context = browser.new_context(viewport=PHONE, base_url=as_installed, locale="zh-CN")
    context.add_cookies([session])  # type: ignore[list-item]
    paints = sorted(first_paint(context) for _ in range(3))
    context.close()
    print(f"first contentful paint on slow 3G: {[round(ms) for ms in paints]} ms")  # noqa: T201  the figure itself
    assert median(paints) < PAINTS_WITHIN_MS


def first_paint(context: BrowserContext) -> float:
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto("/")
    reads(page, "草案")
    (painted,) = page.evaluate(PAINTED)
    page.close()
    return float(painted)


# -- a line that drops ----------------------------------------------------------------------------


def test_what_was_typed_survives_a_dropped_line_and_a_new_sign_in(
    december: Stage, farm: Unit, farmer: User, site: str, browser: Browser
) -> None:
    page = window(browser, site, farmer)
    go(page, "budget:draft", YEAR, farm.pk)
    page.context.set_offline(True)
    fill(page, "地下水", "61.5")
    fill(page, "要说明的情况", "信号不好，先写在这里")
    page.wait_for_timeout(3200)  # longer than the page waits before it tries to save
    page.context.set_offline(False)
    page.context.clear_cookies()
    go(page, "budget:draft", YEAR, farm.pk)
    assert "sign-in" in page.url
    fill(page, "登录名", farmer.login)
    fill(page, "密码", PASSWORD)
    press(page, "登录")
    assert page.get_by_label("地下水").input_value() == "61.5"
    assert page.get_by_label("要说明的情况").input_value() == "信号不好，先写在这里"
    reads(page, "已恢复您", "还没有提交")
    press(page, "按比例补齐")
    assert behind.budget_of(farm, YEAR).note == "信号不好，先写在这里"


# -- no script ------------------------------------------------------------------------------------


def test_a_draft_is_filed_and_a_month_reported_without_script(
    december: Stage, farm: Unit, farmer: User, site: str, browser: Browser
) -> None:
    context = browser.new_context(
        viewport=PHONE, base_url=site, locale="zh-CN", java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page, farmer)
    a_draft_step_by_step(page, farm)
    Installation.objects.update(business_date=date(YEAR, 2, 5))
    a_month_by_form(page, farm)
    context.close()


def a_draft_step_by_step(page: Page, farm: Unit) -> None:
    """One question a step; a figure in the wrong unit is mended by a button that asks the server."""
    go(page, "budget:draft", YEAR, farm.pk)
    press(page, "下一步：种植与面积")
    press(page, "下一步：水源与水量")
    fill(page, "地下水", "600000")
    press(page, "下一步：每月计划")
    page.go_back()
    page.reload()
    reads(page, "是不是把 m³ 填成了万m³？")
    press(page, "改成 60.00 万m³")
    assert page.get_by_label("地下水").input_value() == "60.00"
    press(page, "下一步：每月计划")
    press(page, "按比例补齐")
    reads(page, "十二个月合计 60.00，与全年相等")
    press(page, "下一步：说明与附件")
    press(page, "核对并提交")
    press(page, "提交 60.00 万m³")
    reads(page, "待审核")


def a_month_by_form(page: Page, farm: Unit) -> None:
    go(page, "metering:report", farm.pk, year=YEAR, month=1)
    fill(page, "地下水用水", "1,234")
    assert press(page, "提交") == 422
    reads(page, "请勾选承诺")
    assert page.get_by_label("地下水用水").input_value() == "1,234"
    page.get_by_label("承诺以上水量真实").check()
    press(page, "提交")
    reads(page, "已填报", "1,234 m³，已记入水账")


# -- WeChat and photos ----------------------------------------------------------------------------


def test_wechats_browser_shows_the_home_page(
    december: Stage, farmer: User, site: str, browser: Browser
) -> None:
    context = browser.new_context(
        viewport=PHONE, base_url=site, user_agent=WECHAT, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    sign_in(page, farmer)
    reads(page, "草案")
    tabs = page.locator(".phone-bar a")
    for place in range(tabs.count()):
        with page.expect_navigation() as going:
            tabs.nth(place).tap()
        assert going.value.ok
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_a_photo_of_a_well_is_shrunk_before_it_is_sent(
    december: Stage, farm: Unit, farmer: User, site: str, browser: Browser
) -> None:
    page = window(browser, site, farmer)
    go(page, "budget:draft_attach", YEAR, farm.pk)
    taken = page.evaluate(PHOTO, [4000, 3000])
    for _ in range(100):
        if page.evaluate(CHOSEN) < taken:
            break
        page.wait_for_timeout(100)
    press(page, "上传")
    reads(page, "已上传“井口.jpg”")
    kept = Attachment.objects.get()
    assert kept.size < taken / 2, f"{kept.size} of {taken}"
