"""A small invented city that has lived its year up to a day, made once per module and rolled back.

`visit` asks a page as a person, through the address book and without the frame around it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import clear_url_caches, resolve
from pytest_django import DjangoDbBlocker

from shuiheng.app.middleware import refuse
from shuiheng.core.access import Actor
from shuiheng.core.clock import beijing_date, beijing_noon
from shuiheng.core.refusal import Refusal
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.services import Cast, found_city, live_year
from shuiheng.ui import forms
from shuiheng.ui.forms import complain

YEAR = 2026
SEED = 7
SIZE = 130


@dataclass(frozen=True)
class Lived:
    """The cast, and the moment its year has come to."""

    cast: Cast
    now: datetime

    @property
    def day(self) -> date:
        return self.cast.day


def live_until(day: date) -> Lived:
    cast = found_city(
        CityPlan(SEED, SIZE), year=YEAR, now=beijing_noon(date(YEAR - 1, 12, 1)), password="-"
    )
    live_year(cast, YEAR, SEED, report=lambda _: None, until=day, check=False)
    cast.day = day
    return Lived(cast, beijing_noon(day))


@pytest.fixture(scope="module")
def lived(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Lived]:
    """The city on the day that the module names as UNTIL."""
    with django_db_blocker.unblock():
        frame = transaction.atomic()
        frame.__enter__()
        try:
            yield live_until(request.module.UNTIL)
        finally:
            transaction.set_rollback(True)
            frame.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def pages_alone(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.budget.page_urls"
    engine = dict(settings.TEMPLATES[0])
    processors = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
    ]
    engine["OPTIONS"] = {**engine["OPTIONS"], "context_processors": processors}
    settings.TEMPLATES = [engine]
    clear_url_caches()
    yield
    clear_url_caches()


@dataclass
class Visitor:
    """Somebody at the pages of the city, at its moment; `said` is the code of the last no."""

    actor: Actor
    now: datetime
    said: str = ""

    def get(self, url: str) -> HttpResponse:
        return self._ask(RequestFactory().get(url))

    def post(self, url: str, **data: object) -> HttpResponse:
        """Post a form; the once-only key is made when none is given."""
        filled = {"key": str(uuid4())} | data
        return self._ask(RequestFactory().post(url, filled))

    def _ask(self, request: Any) -> HttpResponse:
        request.user = SimpleNamespace(is_authenticated=True)
        request.actor, request.now, request.today = self.actor, self.now, beijing_date(self.now)
        request._messages = CookieStorage(request)
        view, args, kwargs = resolve(request.path)
        self.said = ""
        try:
            with patch.object(forms, "complain", self._complain):
                response: HttpResponse = view(request, *args, **kwargs)
        except Refusal as refusal:
            self.said = refusal.code
            response = refuse(request, refusal)
        return response

    def _complain(self, form: BaseForm, refusal: Refusal) -> None:
        self.said = refusal.code
        complain(form, refusal)


def words(response: HttpResponse) -> str:
    """The page as one reads it, tags left out."""
    text = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))
