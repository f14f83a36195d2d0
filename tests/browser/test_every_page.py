"""Every page that a person can reach by clicking links, looked at as a careful reader would look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, ViewportSize

from shuiheng.core.access import Role
from shuiheng.core.vocabulary import UnitKind
from shuiheng.office.models import User
from shuiheng.registry.models import Unit
from shuiheng.rehearsal.services import Cast
from shuiheng.rehearsal.services.opening import fill_desks
from tests.browser import behind
from tests.browser.conftest import YEAR, stage_until
from tests.browser.hands import DESK, PHONE, window
from tests.conftest import Throwaway

pytestmark = pytest.mark.browser

FEW, SOME, MANY = 20, 35, 52  # pages: who reads or reviews mostly sees what another has seen
DISTRICT = "650109"
FILES = {
    "papers:download",
    "papers:attachment",
    "planning:changji_workbook",
    "metering:template",
    "inflow:template",
    "quota:norm_template",
    "quota:norm_export",
}

LOOK = """() => {
  const shown = e => e.checkVisibility({visibilityProperty: true}), all = s => [...document.querySelectorAll(s)];
  const words = document.querySelector('main').innerText, seen = [], say = (bad, what) => { if (bad) seen.push(what); };
  const root = document.documentElement;
  say(root.scrollWidth > root.clientWidth, `scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
  const heads = all('h1').filter(shown);
  say(heads.length !== 1, `${heads.length} h1`);
  say(!document.title.replace('水衡', '').replace('–', '').trim(), 'no title');
  say(!all('.truth, .truth-mark').some(shown) && !/演示数据/.test(document.body.innerText), 'no mark 演示数据');
  for (const word of ['None', 'undefined', '{{', '{%', 'NaN']) say(words.includes(word), `says ${word}`);
  const primary = all('.page-head .button.primary').filter(shown);
  say(primary.length > 1, `${primary.length} primary buttons in the head`);
  const named = e => e.closest('[aria-hidden=true]') || e.getAttribute('aria-label') || e.getAttribute('alt') !== null
    || e.querySelector('title, desc, text') || e.getAttribute('aria-labelledby') || e.closest('a, button, summary, figure');
  all('img, svg').filter(shown).filter(e => !named(e)).forEach(e => seen.push('nameless ' + e.outerHTML.slice(0, 80)));
  return seen }"""

FOCUS = """() => { const e = document.activeElement, style = getComputedStyle(e);
  return e !== document.body && (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none') }"""

LINKS = """() => [...document.querySelectorAll('a[href]')].map(a => new URL(a.getAttribute('href'), location.href).href)"""


@dataclass
class Reader:
    """One person's tour: what was opened, what was wrong with it."""

    who: str
    page: Page
    opened: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.heard.append(f"script: {error}"))
        self.page.on("response", self._receive)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.heard.append(f"console: {message.text}")

    def _receive(self, response: Response) -> None:
        if response.status >= 400:
            self.heard.append(f"{response.status} {urlsplit(response.url).path}")

    def read(self, address: str) -> list[str]:
        """Open a page and say what is wrong with it; the links that lead on."""
        self.heard.clear()
        self.opened.append(address)
        response = self.page.goto(address)
        found = list(self.heard)
        if response is None or response.status != 200:
            found.append("not 200")
        else:
            found += self.page.evaluate(LOOK)
            found += self._focus()
        self.wrong += [f"{self.who} {address}: {what}" for what in found]
        return list(self.page.evaluate(LINKS))

    def _focus(self) -> list[str]:
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Tab")
        return [] if self.page.evaluate(FOCUS) else ["focus cannot be seen"]


def tour(reader: Reader, starts: list[str], most: int) -> None:
    """From the home page outwards, the pages of routes that were opened least before all others. Of two
    with the same route and the same words in their query only one is opened."""
    site = urlsplit(starts[0]).netloc
    waiting = {address: kind for address in starts if (kind := _kind(address, site))}
    known, opened = set(waiting.values()), Counter[str]()
    while waiting and len(reader.opened) < most:
        address = min(waiting, key=lambda each: opened[waiting[each][0]])
        route, _ = waiting.pop(address)
        opened[route] += 1
        for link in reader.read(address):
            kind = _kind(link, site)
            if kind is not None and kind not in known:
                known.add(kind)
                waiting[link.partition("#")[0]] = kind


def _kind(address: str, site: str) -> tuple[str, frozenset[str]] | None:
    """An address by its route and the words of its query; None for what is elsewhere or a file."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    if parts.netloc != site or "export" in query:
        return None
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return address, frozenset()  # a dead link is opened, and reported
    if name in FILES:
        return None
    return name, frozenset(query)


@pytest.fixture
def lived(throwaway_database: Throwaway, browser: Browser) -> Cast:
    """The demo's season: the year executed to November, final accounts and next year's drafts open, work on
    every desk."""
    stage = stage_until(date(YEAR, 12, 5))
    behind.print_notice(stage, behind.farm_of(DISTRICT))
    fill_desks(stage)
    return stage.cast


@dataclass(frozen=True)
class Tourist:
    """Who goes round, on which screen, and where from: beside the home page, pages behind a form's button."""

    who: str
    user: User | None
    viewport: ViewportSize
    most: int
    starts: tuple[str, ...]


def tourists(cast: Cast) -> Iterator[Tourist]:
    farm, works = behind.farm_of(DISTRICT), Unit.objects.get(kind=UnitKind.WATERWORKS)
    for unit, name, viewport in (
        (farm, "单位（手机）", PHONE),
        (farm, "单位", DESK),
        (works, "水厂（手机）", PHONE),
    ):
        check = reverse("budget:draft_submit", args=[YEAR + 1, unit.pk])
        yield Tourist(name, cast.clerks[unit.pk], viewport, SOME, ("/", check))
    found = f"{reverse('desk:search')}?q=%E5%9C%BA"
    for role, code, most in (
        (Role.COUNTY_OFFICER, DISTRICT, MANY),
        (Role.COUNTY_REVIEWER, DISTRICT, SOME),
        (Role.CITY_OFFICER, cast.city.code, MANY),
        (Role.CITY_REVIEWER, cast.city.code, SOME),
        (Role.KEEPER, cast.city.code, SOME),
        (Role.FINANCE_AUDIT, cast.city.code, FEW),
    ):
        yield Tourist(role.label, cast.officers[role, code], DESK, most, ("/", found))
    yield Tourist("还没有登录（手机）", None, PHONE, FEW, ("/",))


def test_nothing_is_wrong_with_any_page(lived: Cast, site: str, browser: Browser) -> None:
    readers = []
    for tourist in tourists(lived):
        page = window(browser, site, tourist.user, tourist.viewport)
        reader = Reader(tourist.who, page)
        reader.listen()
        tour(reader, [f"{site}{address}" for address in tourist.starts], tourist.most)
        page.context.close()
        readers.append(reader)
    wrong = [line for reader in readers for line in reader.wrong]
    opened = {reader.who: len(reader.opened) for reader in readers}
    assert not wrong, "\n".join([f"{len(wrong)} faults on {opened}", *wrong])
    assert sum(opened.values()) > 200, opened
