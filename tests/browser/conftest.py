"""A small invented city behind a running server, and people who open it in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from shuiheng.core.clock import beijing_noon
from shuiheng.office.models import Installation
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import Cast, found_city
from shuiheng.rehearsal.services.stage import Stage
from shuiheng.rehearsal.services.year import play
from tests.browser.hands import PASSWORD
from tests.conftest import Throwaway

YEAR = 2026
SEED, SIZE = 1, 120
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module", autouse=True)
def one_thread_for_both() -> Iterator[None]:
    """Playwright's loop runs in the thread of the test, where Django would refuse to read the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def browser(one_thread_for_both: None, chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def stage_until(day: date) -> Stage:
    """The city founded and lived up to `day`, which is then its business date."""
    began = beijing_noon(date(YEAR - 1, 12, 1))
    cast = found_city(CityPlan(SEED, SIZE), year=YEAR, now=began, password=PASSWORD)
    stage = Stage(cast, YEAR, SEED, lambda _: None, check=False)
    play(stage, day)
    stage.on(day)
    Installation.objects.update(business_date=day)
    return stage


@pytest.fixture
def december(throwaway_database: Throwaway, browser: Browser) -> Stage:
    """The drafts of the year have just been opened; nobody has filed."""
    return stage_until(date(YEAR - 1, 12, 5))


@pytest.fixture
def cast(december: Stage) -> Cast:
    return december.cast
