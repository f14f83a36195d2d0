"""Two runs beside each other: what each region, source, sector and unit gets, and what was asked differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from shuiheng.core.vocabulary import SUPPLIER_KINDS, Book
from shuiheng.core.volume import ZERO, Volume, total
from shuiheng.office.models import Area
from shuiheng.quota.models import BaselineLine, BaselineRun
from shuiheng.quota.selectors import inputs_of
from shuiheng.registry.models import Unit

MOST_UNITS = 20


@dataclass(frozen=True, slots=True)
class UnitChange:
    unit: Unit
    before: Volume
    after: Volume

    @property
    def change(self) -> Volume:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """The units that change most, how many change in all, and Σ of the others' changes."""

    most: tuple[UnitChange, ...]
    count: int
    rest: Volume


def unit_changes(one: BaselineRun, other: BaselineRun, areas: Sequence[Area]) -> UnitChanges:
    """By unit and book: a supplier by what it takes, a customer by what it is handed."""
    lines = BaselineLine.objects.filter(
        run__in=(one, other), area__in=areas, unit__isnull=False
    ).exclude(book=Book.NETWORK, unit__kind__in=SUPPLIER_KINDS)
    sums: dict[int, dict[int, Volume]] = {}
    for unit, run, quota in lines.values_list("unit", "run").annotate(Sum("quota")).order_by():
        sums.setdefault(unit, {})[run] = quota
    changed = sorted(
        (
            (unit, by_run.get(one.pk, ZERO), by_run.get(other.pk, ZERO))
            for unit, by_run in sums.items()
            if by_run.get(one.pk, ZERO) != by_run.get(other.pk, ZERO)
        ),
        key=lambda row: (-abs((row[2] - row[1]).m3), row[0]),
    )
    units = Unit.objects.select_related("region").in_bulk(
        [unit for unit, _, _ in changed[:MOST_UNITS]]
    )
    most = tuple(UnitChange(units[unit], old, new) for unit, old, new in changed[:MOST_UNITS])
    rest = total(new - old for _, old, new in changed[MOST_UNITS:])
    return UnitChanges(most, len(changed), rest)


def input_changes(one: BaselineRun, other: BaselineRun) -> list[str]:
    """What the two were asked differently, each in a sentence; empty = the same question."""
    if one.input_digest == other.input_digest:
        return []
    old, new = inputs_of(one), inputs_of(other)
    found = []
    given = [total(x.volume for x in inputs.available) for inputs in (old, new)]
    if old.available != new.available:
        found.append(f"分配计划 {given[0].wan()} → {given[1].wan()} 万m³")
    claims = [
        {(c.unit, c.area, c.source, c.sector): c for c in inputs.claims} for inputs in (old, new)
    ]
    came, gone = set(claims[1]) - set(claims[0]), set(claims[0]) - set(claims[1])
    if came or gone:
        found.append(f"需求增加 {len(came)} 项，减少 {len(gone)} 项")
    both = [(claims[0][key], claims[1][key]) for key in set(claims[0]) & set(claims[1])]
    for name, label in (
        ("demand", "审核需求"), ("permit", "许可等上限"), ("floor", "保底"), ("weight", "倾斜权重"),
        ("living", "保障民生的认定"),
    ):  # fmt: skip
        count = sum(getattr(a, name) != getattr(b, name) for a, b in both)
        if count:
            found.append(f"{label}不同的有 {count} 项")
    if old.networks != new.networks:
        found.append("供水单位的用户需求不同")
    if (old.factors, old.base) != (new.factors, new.base):
        found.append("来水系数不同")
    return found
