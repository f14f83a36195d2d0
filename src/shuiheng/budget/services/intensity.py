"""Entering what intensity is held against: limits from above, figures of the departments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from shuiheng.budget import rules
from shuiheng.budget.models import EconomicFigure, IntensityLimit
from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import Area
from shuiheng.office.services import begin_act, finish_act

Values = Mapping[tuple[int, rules.Indicator], Decimal]


@transaction.atomic
def enter_intensity(
    city: Area,
    year: int,
    limits: Values,
    *,
    number: str,
    issued_on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """录入强度管控指标: a new version beside the old ones. Returns how many."""
    args = {"year": year, "limits": _plain(limits), "no": number}
    act = begin_act(key, "intensity.enter", actor=actor, now=now, args=args)
    if act.done:
        return len(limits)
    require(actor, Permission.ALLOCATION_ENTER, city.place)
    rules.check_intensity(limits)
    IntensityLimit.objects.bulk_create(
        IntensityLimit(
            area_id=area, year=year, indicator=indicator, limit=limit,
            number=number, issued_on=issued_on, act=act,
        )
        for (area, indicator), limit in limits.items()
    )  # fmt: skip
    finish_act(act, f"intensity/{city.pk}-{year}", f"{number}：强度指标 {len(limits)} 项")
    return len(limits)


@transaction.atomic
def enter_economy(
    city: Area,
    year: int,
    values: Values,
    *,
    price_year: int | None,
    department: str,
    source: str,
    confidence: Confidence,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """录入经济社会指标 as a department gives them: a new version beside the old ones. Returns how many."""
    args = {"year": year, "values": _plain(values), "by": department, "source": source}
    act = begin_act(key, "economy.enter", actor=actor, now=now, args=args)
    if act.done:
        return len(values)
    require(actor, Permission.ALLOCATION_ENTER, city.place)
    rules.check_intensity(values)
    EconomicFigure.objects.bulk_create(
        EconomicFigure(
            area_id=area, year=year, indicator=indicator, value=value, price_year=price_year,
            department=department, source=source, confidence=confidence, act=act,
        )
        for (area, indicator), value in values.items()
    )  # fmt: skip
    finish_act(act, f"economy/{city.pk}-{year}", f"{department}：{len(values)} 项")
    return len(values)


def _plain(values: Values) -> dict[str, Decimal]:
    return {f"{area}/{indicator.value}": value for (area, indicator), value in values.items()}
