"""名录库: units and their people, the supply chain, intakes, permits, activities, directory lists."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q

from shuiheng.core.access import Actor, Permission, Place, Role
from shuiheng.core.vocabulary import NATURAL_SOURCES, Sector, Source, UnitKind
from shuiheng.office.models import Act, Area, User, VolumeField
from shuiheng.office.selectors import scope
from shuiheng.registry.rules.directory import DirectoryState
from shuiheng.registry.rules.waters import RecognitionKind

NATURAL_CHOICES = [(source.value, source.label) for source in NATURAL_SOURCES]


class UnitQuerySet(models.QuerySet["Unit"]):
    def visible_to(
        self, actor: Actor, permission: Permission = Permission.UNIT_VIEW
    ) -> UnitQuerySet:
        return self.filter(scope(actor, permission, area="region", unit="pk"))

    def active_on(self, day: date) -> UnitQuerySet:
        return self.filter(Q(opened_on__lte=day), Q(closed_on__isnull=True) | Q(closed_on__gt=day))

    def suppliers(self) -> UnitQuerySet:
        return self.filter(kind__in=[kind for kind in UnitKind if kind.is_supplier])


class Unit(models.Model):
    """A unit that takes or uses water. Its budget region is apart from its address (USERS 23)."""

    code = models.CharField("编码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=80)
    pinyin = models.CharField(max_length=240)
    kind = models.CharField("类型", max_length=24, choices=UnitKind.choices())
    sector = models.CharField("行业", max_length=12, choices=Sector.choices())
    region = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="units")
    address_area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    address = models.CharField("地址", max_length=120, blank=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    is_xpcc = models.BooleanField("兵团单位", default=False)
    guarantees_living = models.BooleanField("保障民生（医院、学校、供热、消防）", default=False)
    opened_on = models.DateField("纳入日期")
    closed_on = models.DateField("退出日期", null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pinyin", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["region", "kind"]),
            models.Index(fields=["pinyin", "id"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        return Place(self.region.path, self.pk)

    @property
    def kind_term(self) -> UnitKind:
        return UnitKind(self.kind)

    @property
    def sector_term(self) -> Sector:
        return Sector(self.sector)


class Membership(models.Model):
    """A person who acts for a unit: one person may hold several units, one unit several people."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices(), default=Role.UNIT_CLERK)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "unit"], condition=Q(until=None), name="one_open_membership"
            )
        ]


class ClaimCode(models.Model):
    """A code with which a unit claims its account; printed or read out by the clerk (USERS 19)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)


class SupplyLine(models.Model):
    """A canal or main of a supplier, by which its customers are grouped."""

    supplier = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="lines")
    name = models.CharField(max_length=60)


class SupplyLink(models.Model):
    """Who supplies whom, and since when: the customer's budget is a sub-account of its supplier."""

    supplier = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="customer_links")
    customer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="supplier_links")
    line = models.ForeignKey(SupplyLine, null=True, on_delete=models.PROTECT)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(until=None), name="one_open_supplier"
            ),
            models.CheckConstraint(
                name="nobody_supplies_himself", condition=~Q(supplier=models.F("customer"))
            ),
        ]


class Permit(models.Model):
    """取水许可: the ceiling of a plan (取水条例 Art. 24)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="permits")
    number = models.CharField("许可证号", max_length=40, unique=True)
    source = models.CharField("水源", max_length=16, choices=NATURAL_CHOICES)
    volume = VolumeField("许可水量")
    valid_from = models.DateField("起")
    valid_until = models.DateField("止")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="permit_volume_positive", condition=Q(volume__gt=0)),
            models.CheckConstraint(
                name="permit_ends_after_it_begins",
                condition=Q(valid_until__gte=models.F("valid_from")),
            ),
        ]


class Recognition(models.Model):
    """取水认定: how a unit may take a source without a permit: exempt by law, or for a while by an
    officer's figure (USERS 15). A later row takes an earlier one's place; none is changed."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="recognitions")
    source = models.CharField("水源", max_length=16, choices=NATURAL_CHOICES)
    kind = models.CharField("认定", max_length=12, choices=RecognitionKind.choices())
    volume = VolumeField("水量", null=True)
    article = models.CharField("条款", max_length=60, blank=True)
    reason = models.CharField("理由", max_length=160)
    since = models.DateField("起")
    until = models.DateField("止", null=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="recognition_is_whole",
                condition=Q(kind="exempt") & ~Q(article="")
                | Q(kind="provisional", volume__gt=0, until__isnull=False),
            ),
            models.CheckConstraint(
                name="recognition_ends_after_it_begins",
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
            ),
        ]

    @property
    def kind_term(self) -> RecognitionKind:
        return RecognitionKind(self.kind)


class Intake(models.Model):
    """取水口 or 机井: where water is taken, from which source, under which permit."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="intakes")
    name = models.CharField(max_length=60)
    source = models.CharField(max_length=16, choices=NATURAL_CHOICES)
    permit = models.ForeignKey(Permit, null=True, on_delete=models.PROTECT)
    is_well = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True)


class Activity(models.Model):
    """What a unit plants, makes or serves in a year: the quantity a norm is multiplied with."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="activities")
    year = models.PositiveSmallIntegerField()
    item = models.CharField("作物或产品", max_length=40)
    method = models.CharField("方式", max_length=20, blank=True)
    quantity = models.DecimalField("数量", max_digits=14, decimal_places=2)
    measure = models.CharField("单位", max_length=12)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "year", "item", "method"], name="activity_once_a_year"
            ),
            models.CheckConstraint(name="activity_not_negative", condition=Q(quantity__gte=0)),
        ]


class PastUse(models.Model):
    """Monthly use of the years before this system kept the books, with where it came from."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="past_uses")
    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=16, choices=Source.choices())
    volume = VolumeField()
    origin = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "year", "source", "month"], name="past_use_once_a_month"
            )
        ]


class Directory(models.Model):
    """A district's list of units for a year: drafted, reported to the city, approved (方案 三(一))."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=DirectoryState.choices(), default="provisional")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="directory_once_a_year")
        ]

    @property
    def state_term(self) -> DirectoryState:
        return DirectoryState(self.state)


class DirectoryEntry(models.Model):
    """The snapshot: who stood on the list when it was reported, and as what."""

    directory = models.ForeignKey(Directory, on_delete=models.PROTECT, related_name="entries")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24)
    sector = models.CharField(max_length=12)


class Hold(models.Model):
    """What must stop an act below: placed and lifted from above, read by every `plan_*` as a fact."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="holds")
    act = models.CharField(max_length=40)
    article = models.CharField(max_length=120)
    since = models.DateField()
    until = models.DateField(null=True)
    placed_by = models.CharField(max_length=40)
