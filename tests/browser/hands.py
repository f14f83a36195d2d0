"""What a person does with a browser: sign in, open, read, fill in, press."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, Response, ViewportSize

from shuiheng.office.models import User

PASSWORD = "walk-the-year-2026"
DESK = ViewportSize(width=1366, height=768)
PHONE = ViewportSize(width=390, height=844)
PATIENCE = 15_000  # ms: two shared cores


def window(browser: Browser, site: str, user: User | None, viewport: ViewportSize = DESK) -> Page:
    """A browser window of a person's own, signed in if we know who it is."""
    context = browser.new_context(viewport=viewport, base_url=site, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("response", lambda response: _never_broken(response))
    if user is not None:
        sign_in(page, user)
    return page


def _never_broken(response: Response) -> None:
    assert response.status < 500, f"{response.status} {response.url}"


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    fill(page, "登录名", user.login)
    fill(page, "密码", PASSWORD)
    press(page, "登录")
    assert not page.url.endswith("sign-in/"), page.inner_text("main")


def go(page: Page, name: str, *args: object, **query: object) -> Response:
    """Open a page by the name of its address."""
    address = reverse(name, args=args) + (f"?{urlencode(query)}" if query else "")
    response = page.goto(address)
    assert response is not None
    return response


def button(page: Page, label: str) -> Locator:
    """The button whose words begin with `label`, or else the link."""
    words = re.compile(rf"^\s*{re.escape(label)}")
    for sort in ("button:visible:not(.off), a.button:visible", "main a:visible"):
        seen = page.locator(sort).filter(has_text=words)
        if seen.count():
            return seen.first
    raise AssertionError(f"no “{label}” on {page.url}\n{page.inner_text('main')}")


def press(page: Page, label: str, *, twice: bool = False) -> int:
    """Press it, perhaps with a nervous finger, and wait for the page that follows; its status."""
    target = button(page, label)
    with page.expect_navigation() as going:
        target.dblclick() if twice else target.click()
    return going.value.status if going.value else 0


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label(re.compile(rf"^{re.escape(label)}")).fill(text)


def fill_all(page: Page, fields: Mapping[str, str]) -> None:
    for label, text in fields.items():
        fill(page, label, text)


def reads(page: Page, *sentences: str) -> None:
    """The page says all of this."""
    text = page.inner_text("main")
    missing = [sentence for sentence in sentences if sentence not in text]
    assert not missing, f"{missing} not on {page.url}\n{text}"


def move_date(page: Page, day: str) -> None:
    """推进日期, by the button in the frame."""
    page.locator("details.clock summary").click()
    page.locator("details.clock input[name=day]").fill(day)
    with page.expect_navigation():
        page.get_by_role("button", name="推进日期").click()
