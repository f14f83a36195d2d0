"""What demand is reckoned with is entered, and by which method; both as dated rows with their act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area
from shuiheng.office.services import begin_act, finish_act
from shuiheng.quota.models import DemandChoice, DemandInput
from shuiheng.quota.rules import demand as rules
from shuiheng.quota.rules.demand import DemandMethod, InputKind
from shuiheng.registry.models import Unit


def choice_permission(unit: Unit) -> Permission:
    """Who reviews a unit chooses its method: the city for public suppliers (实施方案 四(二))."""
    public = unit.kind_term is UnitKind.WATERWORKS
    return Permission.BUDGET_REVIEW_PUBLIC if public else Permission.BUDGET_REVIEW


@transaction.atomic
def choose_method(
    unit_ids: Sequence[int],
    year: int,
    method: DemandMethod,
    *,
    volume: Volume | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> list[DemandChoice]:
    """选用测算方法, for one unit or a read list of them; an earlier choice stays on record."""
    args = {"units": sorted(unit_ids), "year": year, "method": method, "volume": volume}
    act = begin_act(key, "demand.choose", actor=actor, now=now, args={**args, "reason": reason})
    if act.done:
        return list(DemandChoice.objects.filter(act=act))
    units = list(Unit.objects.filter(pk__in=unit_ids).select_related("region"))
    if not units:
        raise Refusal("demand.nobody", "还没有选中任何单位。", remedy="请先勾选要测算的单位。")
    for unit in units:
        require(actor, choice_permission(unit), unit.place)
    rules.check_choice(method, volume, reason)
    if method is DemandMethod.REVIEWER and len(units) > 1:
        raise Refusal(
            "demand.one_by_one", "审核人核定要逐个单位填水量。", remedy="请打开单位的测算页填写。"
        )
    own = volume if method is DemandMethod.REVIEWER else None
    rows = DemandChoice.objects.bulk_create(
        [
            DemandChoice(
                unit=unit, year=year, method=method, volume=own, reason=reason.strip(),
                by=actor.name, act=act,
            )
            for unit in units
        ]
    )  # fmt: skip
    words = f"{year} 年度 {len(units)} 个单位按{method.label}测算"
    finish_act(act, f"unit/{units[0].pk}", words)
    return rows


@transaction.atomic
def enter_input(
    kind: InputKind,
    value: Decimal,
    *,
    unit_id: int | None = None,
    area_id: int | None = None,
    since: date,
    source: str,
    confidence: Confidence,
    actor: Actor,
    now: datetime,
    key: str,
) -> DemandInput:
    """登记测算参数 of a unit, or of a district for all its units; a later row takes its place."""
    args = {"kind": kind, "value": value, "unit": unit_id, "area": area_id, "since": since}
    act = begin_act(key, "demand.input", actor=actor, now=now, args={**args, "source": source})
    if act.done:
        return DemandInput.objects.get(pk=act.outcome.subject_id)
    unit = Unit.objects.select_related("region").get(pk=unit_id) if unit_id else None
    area = Area.objects.get(pk=area_id) if area_id else None
    place = unit.place if unit else area.place if area else None
    if place is None or (unit and area):
        raise Refusal(
            "demand.whose", "测算参数要么属于一个单位，要么属于一个区。", kind=Kind.MISSING
        )
    require(actor, Permission.UNIT_EDIT, place)
    rules.check_input(kind, value, source, of_unit=unit is not None)
    row = DemandInput.objects.create(
        unit=unit, area=area, kind=kind, value=value, since=since, source=source.strip(),
        confidence=confidence, act=act,
    )  # fmt: skip
    whose = unit.name if unit else (area.name if area else "")
    finish_act(act, f"demand-input/{row.pk}", f"{whose}{kind.label} {value:f}（{source}）")
    return row
