"""用水定额: dated, cited rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Confidence, Sector
from shuiheng.quota.rules.norms import (
    UNITS_PER_M3,
    NormDomain,
    NormFacts,
    ValueType,
)


class Norm(models.Model):
    """用水定额: a dated, cited row. Nothing without a source is shipped as authoritative.

    A row is never changed: a later one of the same series takes its place (`rules.norms.in_force`).
    `guarantee` 0 is no guarantee rate.
    """

    domain = models.CharField("领域", max_length=12, choices=NormDomain.choices())
    item = models.CharField("品种或产品", max_length=40)
    method = models.CharField("方式", max_length=20, blank=True)
    zone = models.CharField("分区", max_length=20, blank=True)
    guarantee = models.PositiveSmallIntegerField("保证率", default=0)
    value_type = models.CharField(
        "值别", max_length=8, choices=ValueType.choices(), default="general"
    )
    value = models.DecimalField("采用值", null=True, max_digits=12, decimal_places=4)
    lower = models.DecimalField("下限", null=True, max_digits=12, decimal_places=4)
    upper = models.DecimalField("上限", null=True, max_digits=12, decimal_places=4)
    volume_unit = models.CharField(
        "水量单位", max_length=2, choices=[(u, u) for u in UNITS_PER_M3], default="m³"
    )
    measure = models.CharField("计量单位", max_length=12)
    days = models.PositiveSmallIntegerField("全年天数", null=True)
    sector = models.CharField("行业", max_length=12, choices=Sector.choices())
    industry_code = models.CharField("行业代码", max_length=4, blank=True)
    standard = models.CharField("标准号", max_length=160)
    clause = models.CharField("条款", max_length=60, blank=True)
    standard_year = models.PositiveSmallIntegerField("标准年份", null=True)
    confidence = models.CharField("可信程度", max_length=12, choices=Confidence.choices())
    note = models.CharField("说明", max_length=200, blank=True)
    valid_from = models.DateField("生效日期")
    valid_until = models.DateField("失效日期", null=True)
    entered_by = models.CharField("谁录入", max_length=40, blank=True)
    entered_at = models.DateTimeField("何时录入", null=True)

    class Meta:
        ordering: ClassVar = ["domain", "item", "method", "zone", "guarantee", "-valid_from", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    "domain", "item", "method", "zone", "guarantee", "value_type", "valid_from",
                ],
                name="norm_once_a_date",
            ),
            models.CheckConstraint(
                name="norm_has_a_figure",
                condition=Q(value__gt=0) | Q(value=None, lower__gt=0, upper__gte=models.F("lower")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item}{self.method}"

    def facts(self) -> NormFacts:
        return NormFacts(
            domain=NormDomain(self.domain),
            item=self.item,
            method=self.method,
            zone=self.zone,
            guarantee=self.guarantee,
            value_type=ValueType(self.value_type),
            value=self.value,
            lower=self.lower,
            upper=self.upper,
            volume_unit=self.volume_unit,
            measure=self.measure,
            days=self.days,
            sector=Sector(self.sector),
            industry_code=self.industry_code,
            standard=self.standard,
            clause=self.clause,
            standard_year=self.standard_year,
            confidence=Confidence(self.confidence),
            note=self.note,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            id=self.pk,
        )
