"""Papers with their frozen data and their bytes, what was attached, and how things were delivered."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.office.models import Area, User
from shuiheng.office.selectors import scope
from shuiheng.papers import rules
from shuiheng.papers.rules import Channel, DeliveryState, PaperKind, PaperState

M = TypeVar("M", bound="Placed")


class PlacedQuerySet(models.QuerySet[M]):
    def visible_to(self, actor: Actor, permission: Permission = Permission.BUDGET_VIEW) -> Self:
        return self.filter(scope(actor, permission, area="area", unit="unit_id"))

    def locked(self) -> Self:
        return self.order_by("pk").select_for_update(of=["self"], no_key=True)


class Placed(models.Model):
    """Where a document belongs. The unit is a bare id: the registry stands above this capability."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    unit_id = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        abstract = True

    @property
    def place(self) -> Place:
        return Place(self.area.path, self.unit_id)


class PaperQuerySet(PlacedQuerySet["Paper"]):
    pass


class Paper(Placed):
    """文书. What it says is frozen in `data` when it is made; its bytes are kept and served again as they are.

    An official paper waits for its 文号; until then it has no date and no check code.
    """

    kind = models.CharField(max_length=16, choices=PaperKind.choices())
    state = models.CharField(max_length=10, choices=PaperState.choices())
    year = models.PositiveSmallIntegerField("预算年度")
    issuer = models.CharField("发文机关", max_length=80)
    number = models.CharField("文号", max_length=40, null=True)
    title = models.CharField("标题", max_length=200)
    holder = models.CharField("主送或户名", max_length=120, blank=True)
    signer = models.CharField("签发人", max_length=40, blank=True)
    issued_on = models.DateField("印发日期", null=True)
    mark = models.CharField(max_length=10, blank=True)
    seal = models.CharField("账簿封签", max_length=80, blank=True)
    subject = models.CharField(max_length=60, db_index=True)
    data = models.JSONField()
    check_code = models.CharField("校验码", max_length=16, blank=True, db_index=True)
    file = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    failure = models.TextField(blank=True)
    key = models.CharField(max_length=140, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "number"], name="number_once_an_issuer"),
            models.CheckConstraint(
                name="ready_paper_has_its_bytes",
                condition=~Q(state="ready") | (~Q(file="") & ~Q(digest="") & ~Q(check_code="")),
            ),
            models.CheckConstraint(
                name="dated_unless_waiting",
                condition=Q(state="waiting") | Q(issued_on__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "year", "kind"], name="paper_by_area_year_kind")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def kind_term(self) -> PaperKind:
        return PaperKind(self.kind)

    @property
    def state_term(self) -> PaperState:
        return PaperState(self.state)

    def heading(self) -> rules.Heading:
        """What the templates print around the data."""
        assert self.issued_on is not None, "a paper is printed once it has its date"
        return rules.Heading(
            issuer=self.issuer,
            title=self.title,
            dated=self.issued_on,
            number=self.number or "",
            signer=self.signer,
            mark=self.mark,
            seal=self.seal,
        )


class AttachmentQuerySet(PlacedQuerySet["Attachment"]):
    pass


class Attachment(Placed):
    """A file that somebody handed in with a document: a stamped form, a certificate, a photo."""

    subject = models.CharField(max_length=60, db_index=True)
    name = models.CharField("文件名", max_length=rules.MAX_NAME_LETTERS)
    size = models.PositiveIntegerField()
    media_type = models.CharField(max_length=80)
    file = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "digest", "name"], name="attached_once")
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryQuerySet(PlacedQuerySet["Delivery"]):
    pass


class Delivery(Placed):
    """送达 of a paper, or a message that went out. The unique key lets each be sent once only."""

    paper = models.ForeignKey(Paper, null=True, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField("方式", max_length=10, choices=Channel.choices())
    recipient = models.CharField("收件人", max_length=80)
    address = models.CharField("手机、邮箱或地址", max_length=120, blank=True)
    text = models.TextField("内容", blank=True)
    state = models.CharField(max_length=10, choices=DeliveryState.choices())
    sent_at = models.DateTimeField("发出", null=True)
    received_at = models.DateTimeField("签收", null=True)
    note = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=140, unique=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="received_has_its_moment",
                condition=~Q(state="received") | Q(received_at__isnull=False),
            )
        ]

    @property
    def channel_term(self) -> Channel:
        return Channel(self.channel)

    @property
    def state_term(self) -> DeliveryState:
        return DeliveryState(self.state)
