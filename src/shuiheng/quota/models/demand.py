"""What demand is reckoned with beside norms and use, and which method was chosen for a unit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Confidence
from shuiheng.office.models import Act, Area, VolumeField
from shuiheng.quota.rules.demand import DemandMethod, InputKind
from shuiheng.registry.models import Unit


class DemandInput(models.Model):
    """A coefficient or a design volume with its paper: of a unit, or of a district for all its units.

    A later row takes an earlier one's place; none is changed.
    """

    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=InputKind.choices())
    value = models.DecimalField(max_digits=16, decimal_places=4)
    since = models.DateField()
    source = models.CharField("依据", max_length=160)
    confidence = models.CharField(max_length=12, choices=Confidence.choices())
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="input_of_unit_or_area",
                condition=Q(unit=None, area__isnull=False) | Q(unit__isnull=False, area=None),
            ),
            models.CheckConstraint(name="input_positive", condition=Q(value__gt=0)),
        ]


class DemandChoice(models.Model):
    """By which method a unit's demand of a year is reckoned; the newest row counts."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=12, choices=DemandMethod.choices())
    volume = VolumeField(null=True)
    reason = models.CharField(max_length=160, blank=True)
    by = models.CharField(max_length=40)
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["unit", "year", "-id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "year", "act"], name="choice_once_an_act"),
            models.CheckConstraint(
                name="only_a_reviewer_gives_a_figure",
                condition=Q(method="reviewer", volume__gte=0)
                | Q(volume=None) & ~Q(method="reviewer"),
            ),
        ]
