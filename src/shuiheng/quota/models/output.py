"""What units declare to make of their water, and what the department says to it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.office.models import Act
from shuiheng.office.selectors import scope
from shuiheng.quota.rules.output import OutputKind, OutputState
from shuiheng.registry.models import Unit


class OutputQuerySet(models.QuerySet["OutputDeclaration"]):
    def visible_to(
        self, actor: Actor, permission: Permission = Permission.BUDGET_VIEW
    ) -> OutputQuerySet:
        return self.filter(scope(actor, permission, area="unit__region", unit="unit"))


class OutputDeclaration(models.Model):
    """产出: output or value added of a unit's year, with evidence; confirmed before it tilts anything."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=OutputKind.choices())
    industry_code = models.CharField("行业代码", max_length=4)
    product = models.CharField("产品或作物", max_length=40, blank=True)
    amount = models.DecimalField("数量", max_digits=16, decimal_places=2)
    measure = models.CharField("单位", max_length=12)
    state = models.CharField(max_length=10, choices=OutputState.choices(), default="declared")
    declared_on = models.DateField()
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=40, blank=True)
    decided_on = models.DateField(null=True)
    reason = models.CharField(max_length=160, blank=True)

    objects = OutputQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "year"],
                condition=~Q(state="rejected"),
                name="one_output_a_year",
            ),
            models.CheckConstraint(name="output_positive", condition=Q(amount__gt=0)),
        ]
        indexes: ClassVar = [models.Index(fields=["year", "industry_code"])]

    @property
    def state_term(self) -> OutputState:
        return OutputState(self.state)

    @property
    def subject(self) -> str:
        return f"output/{self.pk}"

    @property
    def place(self) -> Place:
        return self.unit.place
