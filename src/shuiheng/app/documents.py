"""Where the documents of the ledger are shown: a document is 'kind/id', its page a route name.

The ledger stands below those pages, so the table is given to it from here (app/urls.py).
"""

from __future__ import annotations

from collections.abc import Callable

from shuiheng.ledger.views.words import DocumentPage

Arguments = tuple[dict[str, str], str]


def _as(argument: str) -> Callable[[str], Arguments]:
    """'5': the document's own key."""
    return lambda number: ({argument: number}, "")


def _of_year(number: str) -> Arguments:
    """'2026' or '2-2026'."""
    return {}, f"?year={number.rpartition('-')[2]}"


def _of_month(number: str) -> Arguments:
    """'17-2026-08': a unit's month."""
    unit, year, month = number.split("-")
    return {"unit_id": unit}, f"?year={year}&month={int(month)}"


DOCUMENT_ROUTES: dict[str, DocumentPage] = {
    "use": DocumentPage("用水月报", "metering:report", _of_month),
    "supply": DocumentPage("供水月结", "metering:deliveries", _of_month),
    "interim": DocumentPage("预下达", "budget:issue", _of_year),
    "scheme": DocumentPage("下达方案", "budget:issue", _of_year),
    "adjustment": DocumentPage("调整批复", "budget:adjustment", _as("adjustment_id")),
    "change": DocumentPage("上级调整", "budget:change", _as("change_id")),
    "area-final": DocumentPage("年度决算", "budget:finals", _of_year),
}
