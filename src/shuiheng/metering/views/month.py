"""Which month a page is about: asked in the address, else the last that is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.http import QueryDict
from django.urls import reverse

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.registry.models import Unit
from shuiheng.ui.parts import Choice, Choices


class Month(NamedTuple):
    year: int
    month: int

    @property
    def query(self) -> str:
        return f"?year={self.year}&month={self.month}"

    @property
    def words(self) -> str:
        return f"{self.year}年{self.month}月"


def asked_month(request: Any) -> Month:
    """Raises Refusal when the address names no month at all."""
    words: QueryDict = request.GET
    last = request.today.replace(day=1) - timedelta(days=1)
    year, month = words.get("year", ""), words.get("month", "")
    if not year and not month:
        return Month(last.year, last.month)
    if not (year.isdecimal() and len(year) == 4):
        raise _no_month()
    if not month:
        return Month(int(year), last.month if int(year) == last.year else 12)
    if not (month.isdecimal() and len(month) < 3 and 1 <= int(month) <= 12):
        raise _no_month()
    return Month(int(year), int(month))


def _no_month() -> Refusal:
    return Refusal(
        "report.month",
        "地址里的年月不对。",
        kind=Kind.MISSING,
        remedy="请从首页或月份列表重新进入。",
    )


def due_day(when: Month, report_day: int) -> date:
    """Until when a month is reported: `report_day` of the month after it."""
    return date(when.year + when.month // 12, when.month % 12 + 1, report_day)


def supplier_tabs(supplier: Unit, when: Month, here: str) -> Choices:
    """A supplier's month in three steps."""
    steps = (("report", "1 取水量"), ("deliveries", "2 供水量"), ("close", "3 月结"))
    return Choices(
        [
            Choice(
                label, reverse(f"metering:{name}", args=[supplier.pk]) + when.query, name == here
            )
            for name, label in steps
        ],
        tabs=True,
        note="取水 = 供水 + 损失",
    )
