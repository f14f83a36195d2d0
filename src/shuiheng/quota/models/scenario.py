"""方案: a position of the consultation board that somebody has kept under a name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from shuiheng.office.models import Act, User
from shuiheng.quota.models.baseline import BaselineRun


class Scenario(models.Model):
    """Settings and what came of them against the run. `adopted` is the run that was made from it."""

    run = models.ForeignKey(BaselineRun, on_delete=models.PROTECT, related_name="scenarios")
    name = models.CharField("名称", max_length=40)
    settings = models.JSONField("设定")
    summary = models.JSONField("结果")
    digest = models.CharField("摘要", max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT)
    made_at = models.DateTimeField()
    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    adopted = models.OneToOneField(
        BaselineRun, null=True, on_delete=models.PROTECT, related_name="scenario"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "name"], name="scenario_name_once")
        ]
