"""The documents of the year: allocation plan, drafts, compiled budgets, scheme, adjustments, accounts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shuiheng.budget import rules
from shuiheng.core.access import Actor, Permission, Place
from shuiheng.core.vocabulary import Book, Confidence, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.office.models import Act, Area, User, VolumeField
from shuiheng.office.selectors import scope
from shuiheng.registry.models import NATURAL_CHOICES, Unit


class AllocationPlan(models.Model):
    """年度水量分配计划, as the autonomous region issued it: entered, never computed (方案 三(二)1)."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    number = models.CharField("文号", max_length=60)
    title = models.CharField("标题", max_length=120)
    issued_on = models.DateField("印发日期")
    wetness_included = models.CharField(
        "是否已含丰增枯减", max_length=8, choices=rules.WetnessIncluded.choices()
    )
    is_current = models.BooleanField(default=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["area", "year"], condition=Q(is_current=True), name="one_current_plan"
            ),
        ]

    @property
    def place(self) -> Place:
        return self.area.place


class AllocationLine(models.Model):
    """A region's volume of one source; a line of the city itself is what it leaves undistributed."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.PROTECT, related_name="lines")
    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    source = models.CharField(max_length=16, choices=NATURAL_CHOICES)
    volume = VolumeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "area", "source"], name="plan_line_once"),
            models.CheckConstraint(name="plan_line_not_negative", condition=Q(volume__gte=0)),
        ]


class IntensityLimit(models.Model):
    """强度管控指标 of an area, issued with the totals (USERS 33). Append-only: a later row is in force."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    indicator = models.CharField(max_length=12, choices=rules.Indicator.choices())
    limit = models.DecimalField("限值", max_digits=12, decimal_places=4)
    number = models.CharField("文号", max_length=60)
    issued_on = models.DateField("印发日期")
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="intensity_limit_positive", condition=Q(limit__gt=0))
        ]


class EconomicFigure(models.Model):
    """What a department gives to measure intensity by: 地区生产总值 or 工业增加值 in 万元, or the measured
    coefficient. Append-only: a later row is in force."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    indicator = models.CharField(max_length=12, choices=rules.Indicator.choices())
    value = models.DecimalField("数值", max_digits=18, decimal_places=4)
    price_year = models.PositiveSmallIntegerField("价格基年", null=True)
    department = models.CharField("提供部门", max_length=40)
    source = models.CharField("出处", max_length=120)
    confidence = models.CharField("可信程度", max_length=12, choices=Confidence.choices())
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="economic_figure_positive", condition=Q(value__gt=0))
        ]


class AreaBudget(models.Model):
    """A district's or the city's budget of a year: drafts compiled, reported, approved, issued."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="budgets")
    year = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=12, choices=rules.AreaStage.choices(), default="open")
    compiled_at = models.DateTimeField(null=True)
    approved_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="area_budget_once_a_year")
        ]

    @property
    def place(self) -> Place:
        return self.area.place

    @property
    def stage_term(self) -> rules.AreaStage:
        return rules.AreaStage(self.stage)


class BudgetQuerySet(models.QuerySet["Budget"]):
    def visible_to(
        self, actor: Actor, permission: Permission = Permission.BUDGET_VIEW
    ) -> BudgetQuerySet:
        return self.filter(scope(actor, permission, area="region", unit="unit"))

    def locked(self) -> BudgetQuerySet:
        return self.order_by("pk").select_for_update(of=["self"], no_key=True)


class Budget(models.Model):
    """单位水预算: one unit's budget of one year, from its draft to its final account.

    `region` is the budget region it was opened in. `stage` is a cache of the last Step.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="budgets")
    region = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=12, choices=rules.UnitStage.choices(), default="draft")
    months = ArrayField(models.BigIntegerField(), size=12, default=list)
    note = models.TextField("说明", blank=True)
    saved_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)
    drafted_by_default = models.BooleanField("代拟", default=False)
    entered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    entered_for_unit = models.BooleanField("代办", default=False)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "year"], name="budget_once_a_year")
        ]
        indexes: ClassVar = [models.Index(fields=["region", "year", "stage"])]

    @property
    def place(self) -> Place:
        return Place(self.region.path, self.unit_id)

    @property
    def stage_term(self) -> rules.UnitStage:
        return rules.UnitStage(self.stage)


class BudgetLine(models.Model):
    """A figure of a budget: what was proposed, what the reviewer accepted, what was issued.

    Natural sources stand in the abstraction book. In the network book a customer has one line, a
    supplier one per sector it serves without a unit of its own (residents) and one for its loss.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="lines")
    book = models.CharField(max_length=12, choices=Book.choices())
    source = models.CharField(max_length=16, choices=Source.choices())
    sector = models.CharField(max_length=12, choices=Sector.choices())
    proposed = VolumeField(default=Volume)
    reviewed = VolumeField(null=True)
    issued = VolumeField(null=True)
    reason = models.CharField(max_length=160, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["budget", "book", "source", "sector"], name="budget_line_once"
            ),
            models.CheckConstraint(name="proposal_not_negative", condition=Q(proposed__gte=0)),
        ]

    @property
    def source_term(self) -> Source:
        return Source(self.source)

    @property
    def sector_term(self) -> Sector:
        return Sector(self.sector)


class Step(models.Model):
    """The history of a document: one row for each step it took, by which act."""

    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    document = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=20)
    from_stage = models.CharField(max_length=12)
    to_stage = models.CharField(max_length=12)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]


class Scheme(models.Model):
    """全市水预算方案: the act of issue with its 文号, signer and date."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    number = models.CharField("文号", max_length=60)
    signer = models.CharField("签发人", max_length=40)
    issued_on = models.DateField("印发日期")
    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    units = models.PositiveIntegerField()
    volume = VolumeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="scheme_once_a_year")
        ]


class Adjustment(models.Model):
    """预算调整申请: up only from the reserve or a trade, down for the listed grounds (方案 四(五))."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="adjustments")
    direction = models.CharField(max_length=8, choices=rules.Direction.choices())
    ground = models.CharField("理由类别", max_length=16, choices=rules.Ground.choices())
    book = models.CharField(max_length=12, choices=Book.choices())
    source = models.CharField(max_length=16, choices=Source.choices())
    sector = models.CharField(max_length=12, choices=Sector.choices())
    volume = VolumeField("水量")
    reason = models.TextField("说明")
    state = models.CharField(
        max_length=10, choices=rules.AdjustmentState.choices(), default="applied"
    )
    applied_on = models.DateField()
    applied_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    decided_on = models.DateField(null=True)
    number = models.CharField("批复文号", max_length=60, blank=True)
    answer = models.TextField("批复意见", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="adjustment_moves_water", condition=Q(volume__gt=0))
        ]

    @property
    def place(self) -> Place:
        return self.budget.place


class ChangeAbove(models.Model):
    """上级调整: the total changed in mid-year, by a notice with its 文号 (USERS 4)."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    number = models.CharField("文号", max_length=60)
    title = models.CharField("标题", max_length=120)
    effective_on = models.DateField("起算日期")
    state = models.CharField(max_length=8, choices=rules.ChangeState.choices(), default="entered")
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year", "number"], name="change_number_once")
        ]

    @property
    def place(self) -> Place:
        return self.area.place


class ChangeAboveLine(models.Model):
    """A region's change of one source: positive raises, negative cuts."""

    change = models.ForeignKey(ChangeAbove, on_delete=models.CASCADE, related_name="lines")
    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    source = models.CharField(max_length=16, choices=NATURAL_CHOICES)
    delta = VolumeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["change", "area", "source"], name="change_line_once")
        ]


class FinalAccount(models.Model):
    """单位决算: the ledger's lines, confirmed or disputed; figures are entered only as use."""

    budget = models.OneToOneField(Budget, on_delete=models.PROTECT, related_name="final_account")
    state = models.CharField(max_length=10, choices=rules.FinalState.choices(), default="open")
    cut_off = models.DateField("截止日期")
    remark = models.TextField("单位意见", blank=True)

    @property
    def place(self) -> Place:
        return self.budget.place

    @property
    def state_term(self) -> rules.FinalState:
        return rules.FinalState(self.state)


class FinalLine(models.Model):
    """What the books said at the cut-off, with December as an estimate; `closed` is what they said
    when the year was locked."""

    account = models.ForeignKey(FinalAccount, on_delete=models.CASCADE, related_name="lines")
    book = models.CharField(max_length=12, choices=Book.choices())
    source = models.CharField(max_length=16, choices=Source.choices())
    sector = models.CharField(max_length=12, choices=Sector.choices())
    quota = VolumeField()
    used = VolumeField()
    december_estimate = VolumeField(default=Volume)
    closed_used = VolumeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "book", "source", "sector"], name="final_line_once"
            )
        ]


class AreaFinal(models.Model):
    """区县和市级决算: completed by 20 December, and by 10 January (方案 四(六))."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=rules.AreaFinalState.choices(), default="open")
    completed_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="area_final_once_a_year")
        ]

    @property
    def place(self) -> Place:
        return self.area.place
