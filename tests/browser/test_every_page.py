"""Every page that a person can reach by clicking links, looked at as a careful reader would look at it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, ViewportSize

from shuiheng.core.access import Role
from shuiheng.core.vocabulary import UnitKind
from shuiheng.office.models import User
from shuiheng.registry.models import Unit
from shuiheng.rehearsal.services import Cast
from tests.browser import behind
from tests.browser.conftest import stage_until
from tests.browser.hands import DESK, PHONE, window
from tests.conftest import Throwaway

pytestmark = pytest.mark.browser

MOST_PAGES = 60
MOST_OF_A_ROUTE = 3  # and never two with the same words in their query
DISTRICT = "650109"
FILES = {"papers:download", "papers:attachment", "planning:changji_workbook", "metering:template"}

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


def tour(reader: Reader, start: str) -> None:
    """From the home page outwards, the nearest pages first; of many alike only the first."""
    site = urlsplit(start).netloc
    waiting, kinds, routes = deque([start]), {("desk:home", frozenset[str]())}, Counter[str]()
    while waiting and len(reader.opened) < MOST_PAGES:
        for link in reader.read(waiting.popleft()):
            address = link.partition("#")[0]
            kind = _kind(address, site)
            if kind is None or kind in kinds or routes[kind[0]] == MOST_OF_A_ROUTE:
                continue
            kinds.add(kind)
            routes[kind[0]] += 1
            waiting.append(address)


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
    """The demo's season: the year executed to November, final accounts and next year's drafts open."""
    return stage_until(date(2026, 12, 5)).cast


def people(cast: Cast) -> Iterator[tuple[str, User, ViewportSize]]:
    farm = behind.farm_of(DISTRICT)
    works = Unit.objects.filter(kind=UnitKind.WATERWORKS).get()
    yield "单位（手机）", cast.clerks[farm.pk], PHONE
    yield "单位", cast.clerks[farm.pk], DESK
    yield "水厂（手机）", cast.clerks[works.pk], PHONE
    for role in (Role.COUNTY_OFFICER, Role.COUNTY_REVIEWER):
        yield role.label, cast.officers[role, DISTRICT], DESK
    for role in (Role.CITY_OFFICER, Role.CITY_REVIEWER, Role.KEEPER, Role.FINANCE_AUDIT):
        yield role.label, cast.officers[role, cast.city.code], DESK


def test_nothing_is_wrong_with_any_page(lived: Cast, site: str, browser: Browser) -> None:
    readers = []
    for who, user, viewport in people(lived):
        page = window(browser, site, user, viewport)
        reader = Reader(who, page)
        reader.listen()
        tour(reader, f"{site}/")
        page.context.close()
        readers.append(reader)
    wrong = [line for reader in readers for line in reader.wrong]
    opened = {reader.who: len(reader.opened) for reader in readers}
    assert min(opened.values()) > 20, opened
    assert not wrong, "\n".join([f"{len(wrong)} faults", *wrong])
