"""Use as reported by month: self-report, nil, estimate. Telemetry comes beside it later."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Sector, Source, UseBasis
from shuiheng.office.models import Act, VolumeField
from shuiheng.registry.models import Unit


class UseReport(models.Model):
    """One month of one unit's use of one source. A correction is a new revision, never an edit."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="use_reports")
    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=16, choices=Source.choices())
    sector = models.CharField(max_length=12, choices=Sector.choices())
    revision = models.PositiveSmallIntegerField(default=1)
    volume = VolumeField()
    basis = models.CharField(max_length=12, choices=UseBasis.choices())
    reported_by = models.CharField(max_length=40)
    on_behalf = models.BooleanField("代报", default=False)
    attested = models.BooleanField("已承诺真实", default=False)
    reported_at = models.DateTimeField()
    note = models.CharField(max_length=120, blank=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "source", "sector", "year", "month", "revision"],
                name="report_revision_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "source", "sector", "year", "month"],
                condition=Q(is_current=True),
                name="one_current_report",
            ),
            models.CheckConstraint(name="report_not_negative", condition=Q(volume__gte=0)),
            models.CheckConstraint(
                name="report_in_a_month", condition=Q(month__gte=1, month__lte=12)
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["year", "month", "unit"])]

    @property
    def is_nil(self) -> bool:
        return not self.volume

    @property
    def key(self) -> str:
        """The natural key of its transfer in the ledger."""
        month = f"{self.year}-{self.month:02d}"
        return f"use:{self.unit_id}:{self.source}:{self.sector}:{month}:{self.revision}"


class SupplyMonth(models.Model):
    """供水月结: deliveries + loss = abstraction, closed per supplier and month."""

    supplier = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="supply_months")
    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField(default=1)
    abstraction = VolumeField()
    deliveries = VolumeField()
    loss = VolumeField()
    closed_by = models.CharField(max_length=40)
    closed_at = models.DateTimeField()
    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["supplier", "year", "month", "revision"], name="supply_month_revision_once"
            ),
            models.UniqueConstraint(
                fields=["supplier", "year", "month"],
                condition=Q(is_current=True),
                name="one_current_supply_month",
            ),
            models.CheckConstraint(
                name="deliveries_and_loss_make_abstraction",
                condition=Q(abstraction=models.F("deliveries") + models.F("loss")),
            ),
            models.CheckConstraint(name="loss_not_negative", condition=Q(loss__gte=0)),
        ]
