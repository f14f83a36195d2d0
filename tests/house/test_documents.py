"""Every kind of document that the ledger may carry leads to a page that exists."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch

from shuiheng.app.documents import DOCUMENT_ROUTES
from shuiheng.ledger.views.words import DocumentPage, document_url, document_words

SAMPLES = {
    "use": "17-2026-08", "supply": "17-2026-08", "interim": "2026", "scheme": "2-2026",
    "adjustment": "5", "change": "5", "area-final": "2026",
}  # fmt: skip


@pytest.mark.parametrize("kind", DOCUMENT_ROUTES)
def test_every_document_has_its_page(kind: str) -> None:
    document = f"{kind}/{SAMPLES[kind]}"
    assert document_url(document, DOCUMENT_ROUTES).startswith("/")
    assert DOCUMENT_ROUTES[kind].label in document_words(document, DOCUMENT_ROUTES)


def test_a_document_without_a_page_is_seen() -> None:
    bad = {"use": DocumentPage("用水月报", "metering:no_such_page", lambda number: ({}, ""))}
    with pytest.raises(NoReverseMatch):
        document_url("use/17-2026-08", bad)
