"""用水定额: dated, cited rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.vocabulary import Confidence, Sector


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
