"""来水测点, and dated figures about them. A figure is never overwritten: a later row for the same thing is in force."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Confidence
from shuiheng.inflow.rules import Period, PlaceFacts, SiteFacts, SiteKind, Span
from shuiheng.office.models import Act, Area, VolumeField


class Site(models.Model):
    """A river's measuring section, a reservoir or a level well, with its statistics and where they stand."""

    kind = models.CharField("类别", max_length=10, choices=SiteKind.choices())
    name = models.CharField("名称", max_length=60)
    pinyin = models.CharField(max_length=200)
    section = models.CharField("测站或位置", max_length=80, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    mean_annual = VolumeField("多年平均径流量", null=True)
    cv = models.DecimalField("Cv", max_digits=6, decimal_places=4, null=True)
    cs_over_cv = models.DecimalField("Cs/Cv", max_digits=6, decimal_places=3, null=True)
    capacity = VolumeField("总库容", null=True)
    source = models.CharField("依据", max_length=200)
    confidence = models.CharField(max_length=12, choices=Confidence.choices())

    class Meta:
        ordering: ClassVar = ["kind", "pinyin", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="site_named_once"),
            models.CheckConstraint(
                name="river_has_a_mean", condition=~Q(kind="river") | Q(mean_annual__gt=0)
            ),
            models.CheckConstraint(
                name="reservoir_has_a_capacity", condition=~Q(kind="reservoir") | Q(capacity__gt=0)
            ),
            models.CheckConstraint(
                name="cv_with_its_skew",
                condition=Q(cv__isnull=True, cs_over_cv__isnull=True)
                | Q(cv__gt=0, cs_over_cv__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_term(self) -> SiteKind:
        return SiteKind(self.kind)

    @property
    def facts(self) -> SiteFacts:
        return SiteFacts(
            self.kind_term,
            self.name,
            self.section,
            self.source,
            Confidence(self.confidence),
            self.mean_annual,
            self.cv,
            self.cs_over_cv,
            self.capacity,
        )

    @property
    def place_facts(self) -> PlaceFacts:
        return PlaceFacts(self.pk, self.name, self.kind_term, self.capacity)


class Dated(models.Model):
    """What every figure carries: by which bulletin, of which day, entered by whom and by which act."""

    bulletin = models.CharField("公报编号或出处", max_length=120)
    issued_on = models.DateField("发布日期")
    confidence = models.CharField(max_length=12, choices=Confidence.choices())
    entered_by = models.CharField(max_length=40)
    entered_at = models.DateTimeField()
    act = models.ForeignKey(Act, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Forecast(Dated):
    """A forecast volume of a year, a month or a 旬. Append-only: a later bulletin is a row of its own."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="forecasts")
    year = models.PositiveSmallIntegerField()
    span = models.CharField(max_length=8, choices=Span.choices())
    number = models.PositiveSmallIntegerField()
    volume = VolumeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="forecast_not_negative", condition=Q(volume__gte=0)),
            models.CheckConstraint(
                name="forecast_in_its_year",
                condition=Q(span="year", number=1)
                | Q(span="month", number__gte=1, number__lte=12)
                | Q(span="ten_days", number__gte=1, number__lte=36),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["year", "site", "span", "number"])]

    @property
    def period(self) -> Period:
        return Period(Span(self.span), self.number)


class Reading(Dated):
    """What was observed: a river's inflow in the 旬 that ends on `day`, a reservoir's storage or a well's depth
    on `day`. Append-only: the last row of a site and day is in force."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="readings")
    day = models.DateField()
    volume = VolumeField(null=True)
    depth = models.DecimalField("埋深（米）", max_digits=7, decimal_places=2, null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reading_of_one_thing",
                condition=Q(volume__gte=0, depth__isnull=True)
                | Q(volume__isnull=True, depth__gte=0),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["site", "day", "-id"])]


class AnnualRunoff(Dated):
    """An area's runoff of one past year, for its frequency curve. Append-only: the last row of a year is in
    force."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    volume = VolumeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="runoff_not_negative", condition=Q(volume__gte=0))
        ]
        indexes: ClassVar = [models.Index(fields=["area", "year", "-id"])]
