"""Which norm is in force, and what activities need by it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from shuiheng.core.volume import Volume
from shuiheng.quota import rules
from shuiheng.quota.models import Norm
from shuiheng.registry.models import Activity


def norms_on(day: date) -> dict[tuple[str, str], Norm]:
    """The norm of each item and method in force on a day."""
    rows = Norm.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), valid_from__lte=day
    ).order_by("valid_from")
    return {(norm.item, norm.method): norm for norm in rows}


def needs(units: Iterable[int], year: int, day: date) -> dict[int, Volume]:
    """Σ activity × norm of each unit for a year; a unit without activities is absent."""
    norms = norms_on(day)
    pairs: dict[int, list[tuple[object, object]]] = {}
    for activity in Activity.objects.filter(unit__in=list(units), year=year):
        norm = norms.get((activity.item, activity.method))
        if norm is not None:
            pair = (activity.quantity, norm.m3_per_measure)
            pairs.setdefault(activity.unit_id, []).append(pair)
    return {
        unit: rules.computed_need(rows)  # type: ignore[arg-type]
        for unit, rows in pairs.items()
    }
