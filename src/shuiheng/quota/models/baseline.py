"""Baseline runs: who was computed what, from which inputs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Book, Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.office.models import Area, VolumeField
from shuiheng.quota.rules.ceilings import CeilingStanding
from shuiheng.registry.models import Unit


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
    name = models.CharField("名称", max_length=40, blank=True)
    engine_digest = models.CharField("引擎输入摘要", max_length=64, blank=True)
    available = models.JSONField("可分水量", default=list)
    certificates = models.JSONField("缘由", default=list)
    dry_years = models.JSONField("枯水年测算", default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["area", "year"], condition=Q(state="adopted"), name="one_adopted_baseline"
            )
        ]


class BaselineLine(models.Model):
    """What a run gives one claim, and what it saw of it: demand, permit, floor, weight; so a run can be
    asked again with other caps or another policy.

    A line without unit is the reserve of its region and source. `certificate` points into the run's.
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
    kind = models.CharField(max_length=24, blank=True, choices=UnitKind.choices())
    living = models.BooleanField(default=False)
    permit = VolumeField(null=True)
    standing = models.CharField(max_length=12, blank=True, choices=CeilingStanding.choices())
    floor = VolumeField(default=Volume)
    weight = models.PositiveSmallIntegerField(default=1_000)
    tier = models.PositiveSmallIntegerField(default=0)
    certificate = models.PositiveIntegerField(null=True)
