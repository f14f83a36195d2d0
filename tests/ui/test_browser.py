"""The sample pages in Chromium, under the strict policy: what they load, how they fit, what the script adds."""

from __future__ import annotations

import mimetypes
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, sync_playwright

from shuiheng.app.middleware import POLICY
from tests.ui import gallery
from tests.ui.samples.frames import render, unit_frame

pytestmark = pytest.mark.browser

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SAVED = '{% extends "ui/base.html" %}{% block content %}<div class="finding done" data-saved>已保存。</div>{% endblock %}'


class Site:
    """Sample pages at /name, static files, and everything posted."""

    def __init__(self) -> None:
        self.pages = {name: page() for name, page in (gallery.DESKTOP | gallery.PHONES).items()}
        self.pages["saved"] = render(SAVED, {"frame": unit_frame("填报")})
        self.posted: list[dict[str, list[str]]] = []
        self.address = ""

    def answer(self, path: str) -> tuple[bytes, str] | None:
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            return (Path(found).read_bytes(), kind) if isinstance(found, str) else None
        page = self.pages.get(path.strip("/"))
        return None if page is None else (page.encode(), "text/html; charset=utf-8")


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = site.answer(self.path.partition("?")[0])
            self.send_response(200 if found else 404)
            body, kind = found or (b"", "text/plain")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            site.posted.append(parse_qs(body, keep_blank_values=True))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(site))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser: Browser, site: Site) -> Iterator[Page]:
    """One tab for all tests: opening one costs more than most of them."""
    context = browser.new_context(viewport=DESKTOP, base_url=site.address, locale="zh-CN")
    tab = context.new_page()
    tab.goto("/saved")
    yield tab
    context.close()


@pytest.fixture
def page(tab: Page, site: Site) -> Page:
    tab.evaluate("localStorage.clear()")
    tab.set_viewport_size(DESKTOP)
    site.posted.clear()
    return tab


def until(page: Page, truth: str) -> None:
    """Wait for `truth`; the policy forbids the browser's own waiting by eval."""
    for _ in range(100):
        if page.evaluate(truth):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true: {truth}")


def sent(page: Page, site: Site) -> list[dict[str, list[str]]]:
    """What was posted once the page has come to rest."""
    page.wait_for_timeout(150)
    return site.posted


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Whatever the browser says while the page is used: errors and refused loads."""
    said: list[str] = []
    listeners = {
        "console": lambda m: said.append(m.text) if m.type in ("error", "warning") else None,
        "pageerror": lambda error: said.append(str(error)),
        "response": lambda r: said.append(r.url) if r.status >= 400 else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield said
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


WIDTH = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("name", gallery.DESKTOP)
def test_a_desk_page_fits_1366_and_breaks_no_policy(page, complaints, name):
    page.goto(f"/{name}")
    assert complaints == []
    assert page.evaluate(WIDTH) <= DESKTOP["width"]


@pytest.mark.parametrize("name", gallery.PHONES)
def test_a_phone_page_fits_390_in_both_directions(page, name):
    page.set_viewport_size(PHONE)
    page.goto(f"/{name}")
    assert page.evaluate(WIDTH) <= PHONE["width"]
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate(WIDTH) <= PHONE["width"]


SMALL_TARGETS = """() => [...document.querySelectorAll('.button, .phone-bar a, .segments a, .tabs a, select,'
  + ' input[type=text], input[type=date]')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 42)
  .map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("name", ["phone", "phone-draft", "account", "draft", "sign"])
def test_a_thumb_finds_every_button(page, name):
    page.set_viewport_size(PHONE)
    page.goto(f"/{name}")
    assert page.evaluate(SMALL_TARGETS) == []


TINY_WORDS = """() => { const seen = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) { const e = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && !e.closest('svg, kbd, .off, script') && parseFloat(getComputedStyle(e).fontSize) < 12)
      seen.push(e.outerHTML.slice(0, 90)); } return seen }"""


@pytest.mark.parametrize("name", gallery.DESKTOP)
def test_no_word_is_smaller_than_12(page, name):
    page.goto(f"/{name}")
    assert page.evaluate(TINY_WORDS) == []


def test_a_printed_page_keeps_its_mark_and_drops_its_buttons(page):
    page.goto("/account")
    page.emulate_media(media="print")
    assert page.locator("h1 ~ .truth").is_visible()
    assert page.locator("tfoot").last.is_visible()
    assert not page.locator(".top").is_visible()
    assert not page.get_by_text("申请调整").is_visible()
    page.emulate_media(media="screen")


# -- what the script adds -------------------------------------------------------------------------


def test_the_figure_in_the_other_unit_follows_what_is_typed(page):
    page.goto("/draft")
    page.fill("#id_surface", "1,420.5")
    echo = page.locator("#field-surface [data-echo]")
    assert echo.inner_text() == "= 14,205,000 m³"
    page.fill("#id_surface", "１２")
    assert echo.inner_text() == "= 120,000 m³"
    page.fill("#id_surface", "约12")
    assert echo.inner_text() == ""


def test_twelve_months_are_set_against_the_year(page):
    page.goto("/draft")
    echo = page.locator("#field-months [data-echo]")
    page.fill("#id_surface", "75.31")
    assert echo.inner_text() == "十二个月合计 75.31，与全年相等"
    page.fill("[name=months_5]", "13")
    assert echo.inner_text() == "十二个月合计 76.31，与全年差 −1"
    page.fill("[name=months_5]", "")
    assert echo.inner_text() == ""


def kept(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).filter(k => k.includes('draft')).length"))


def type_reason(page: Page, text: str, name: str = "draft") -> None:
    page.fill("#id_reason", text)
    until(page, f"Object.keys(localStorage).some(k => k.endsWith(':{name}'))")


def test_what_was_typed_survives_a_dropped_line_and_can_be_given_up(page):
    page.goto("/draft")
    type_reason(page, "干热风，补灌一次")
    page.goto("/draft")
    assert page.input_value("#id_reason") == "干热风，补灌一次"
    note = page.locator(".draft-note")
    assert "还没有提交" in note.inner_text()
    note.get_by_role("button").click()
    assert page.input_value("#id_reason") == ""
    page.reload()
    assert page.locator(".draft-note").count() == 0


def test_a_draft_stays_until_a_page_says_that_it_was_saved(page):
    page.goto("/draft")
    type_reason(page, "补灌")
    page.goto("/saved")
    assert kept(page) == 1, "somebody else's success is not this draft's"
    page.goto("/draft")
    page.evaluate("document.querySelector('form[data-draft]').requestSubmit()")
    until(page, "Object.values(localStorage).some(v => v.includes('\"sent\":true'))")
    page.goto("/phone")
    assert kept(page) == 1
    page.goto("/saved")
    assert kept(page) == 0


def test_another_person_at_the_same_desk_sees_nothing_of_it(page, site):
    page.goto("/draft")
    type_reason(page, "我的理由")
    site.pages["other"] = site.pages["draft"].replace('data-person="7"', 'data-person="8"')
    page.route(
        "**/draft", lambda route: route.fulfill(body=site.pages["other"], content_type="text/html")
    )
    page.goto("/draft")
    assert page.input_value("#id_reason") == ""


def test_a_second_click_sends_nothing_and_the_button_stays_alive(page, site):
    page.goto("/review")
    button = page.get_by_role("button", name="按申报通过")
    button.click()
    button.click()
    assert len(sent(page, site)) == 1
    assert button.is_enabled()


def test_the_key_printed_on_a_button_presses_it_but_not_while_typing(page, site):
    page.goto("/review")
    page.click("#id_volume")
    page.keyboard.press("p")
    assert sent(page, site) == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    assert [posted["act"] for posted in sent(page, site)] == [["declared"]]


def test_enter_is_the_suggested_act(page, site):
    page.goto("/review")
    page.keyboard.press("Enter")
    assert [posted["act"] for posted in sent(page, site)] == [["computed"]]


def test_a_slash_goes_to_the_search(page):
    page.goto("/home")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    assert page.evaluate("document.activeElement.value") == ""


def test_bulk_boxes_count_against_all_pages_and_post_with_the_preview(page, site):
    page.goto("/ready")
    count = page.locator("[data-picked]")
    page.locator("tbody [name=unit]").first.uncheck()
    assert count.inner_text() == "已选 259 / 260"
    assert not page.locator("[data-all]").is_checked()
    page.get_by_role("button", name="通过这 260 件").click()
    (posted,) = sent(page, site)
    assert set(posted["unit_shown"]) - set(posted["unit"]) == {"0"}
    page.locator("[data-all]").check()
    assert count.inner_text() == "已选 260 / 260"


def test_a_repair_button_puts_its_value_into_the_field(page):
    page.goto("/draft")
    page.fill("#id_ground", "260000")
    page.get_by_role("button", name="改成 26.00 万m³").click()
    assert page.input_value("#id_ground") == "26.00"
    assert page.locator("#field-ground [data-echo]").inner_text() == "= 260,000 m³"


def test_without_script_the_repair_button_asks_the_server(browser, site):
    context = browser.new_context(java_script_enabled=False, base_url=site.address)
    page = context.new_page()
    site.posted.clear()
    page.goto("/draft")
    page.get_by_role("button", name="改成 26.00 万m³").click()
    assert sent(page, site)[0]["repair"] == ["ground=26.00"]
    context.close()


def photo(width: int, height: int) -> bytes:
    """A PNG with a pattern that does not compress to nothing."""
    row = b"\0" + bytes((x * 37 + x * x) % 251 for x in range(width * 3))

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * height, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


SIZE = """async () => { const file = document.querySelector('#id_scan').files[0], p = await createImageBitmap(file);
  return [file.type, file.name, p.width, p.height] }"""


def test_a_photo_is_shrunk_before_it_is_sent(page):
    page.goto("/draft")
    picture = {"name": "井口.png", "mimeType": "image/png", "buffer": photo(1760, 880)}
    page.set_input_files("#id_scan", picture)
    until(page, "document.querySelector('#id_scan').files[0].type === 'image/jpeg'")
    assert page.evaluate(SIZE) == ["image/jpeg", "井口.jpg", 1600, 800]


def test_a_scan_goes_as_it_is(page):
    page.goto("/draft")
    scan = {"name": "申报表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " * 50}
    page.set_input_files("#id_scan", scan)
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('#id_scan').files[0].name") == "申报表.pdf"


AUTOSAVED = """<form method="post" action="/kept" data-draft="auto" hx-post="/kept" hx-trigger="input delay:500ms" hx-swap="none">
<div class="field"><input type="text" name="reason" id="id_reason"></div></form>"""


def test_what_the_server_has_kept_by_itself_is_let_go_here(page, site):
    source = '{% extends "ui/base.html" %}{% block content %}' + AUTOSAVED + "{% endblock %}"
    site.pages["auto"] = render(source, {})
    page.goto("/auto")
    type_reason(page, "补灌", name="auto")
    until(page, "!Object.keys(localStorage).some(k => k.endsWith(':auto'))")
    assert site.posted == [{"reason": ["补灌"]}]
