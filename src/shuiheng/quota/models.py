"""Norms, and baseline runs: who was computed what, from which inputs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Book, Confidence, Sector, Source
from shuiheng.office.models import Area, VolumeField
from shuiheng.registry.models import Unit


class Norm(models.Model):
    """用水定额: a dated, cited row. Nothing without a source is shipped as authoritative."""

    item = models.CharField("作物或产品", max_length=40)
    method = models.CharField("方式", max_length=20, blank=True)
    measure = models.CharField("计量单位", max_length=12)
    m3_per_measure = models.DecimalField("定额", max_digits=12, decimal_places=4)
    sector = models.CharField(max_length=12, choices=Sector.choices())
    standard = models.CharField("依据", max_length=160)
    confidence = models.CharField(max_length=12, choices=Confidence.choices())
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["sector", "item", "method"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "method", "valid_from"], name="norm_once_a_date"
            ),
            models.CheckConstraint(name="norm_positive", condition=Q(m3_per_measure__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.item}{self.method}"

    @property
    def unit_label(self) -> str:
        return f"m³/{self.measure}"


class BaselineRun(models.Model):
    """水预算基准额度核算: one run for a city's year, kept with its inputs and policy."""

    class State(models.TextChoices):
        MADE = "made", "测算"
        ADOPTED = "adopted", "已采用"

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    input_digest = models.CharField(max_length=64)
    policy = models.JSONField()
    findings = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State, default=State.MADE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["area", "year"], condition=Q(state="adopted"), name="one_adopted_baseline"
            )
        ]


class BaselineLine(models.Model):
    """What a run gives one claim: the demand it saw, the quota, and the reason in a sentence.

    A line without unit is the reserve of its region and source.
    """

    run = models.ForeignKey(BaselineRun, on_delete=models.CASCADE, related_name="lines")
    book = models.CharField(max_length=12, choices=Book.choices())
    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    source = models.CharField(max_length=16, choices=Source.choices())
    sector = models.CharField(max_length=12, blank=True, choices=Sector.choices())
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)
    supplier = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    demand = VolumeField()
    quota = VolumeField()
    reason = models.CharField(max_length=160, blank=True)
