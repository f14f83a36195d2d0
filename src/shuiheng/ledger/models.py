"""Two nouns: accounts and transfers. One transfer debits one account and credits one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat

from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.rules import (
    CANNOT_HOLD_USE,
    EXEMPT_FROM_LIMIT,
    AccountKey,
    AccountKind,
    Balance,
    Code,
    PeriodState,
)
from shuiheng.office.models import Act, Area, VolumeField
from shuiheng.registry.models import Unit


def _text(number: str) -> Cast:
    return Cast(Coalesce(number, 0), models.CharField())


class Account(models.Model):
    """An account and, beside it, the projection of its transfers: three counters.

    `name` is the natural key in one word, the same as `AccountKey.name`; the database computes it.
    """

    book = models.CharField(max_length=12, choices=Book.choices())
    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=16, choices=Source.choices())
    kind = models.CharField(max_length=10, choices=AccountKind.choices())
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)
    sector = models.CharField(max_length=12, blank=True, choices=Sector.choices())
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="accounts")
    supplier = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    document = models.CharField(max_length=60, blank=True)
    name = models.GeneratedField(
        expression=Concat(
            "book",
            Value("/"),
            _text("year"),
            Value("/"),
            "source",
            Value("/"),
            "kind",
            Value("/"),
            _text("area_id"),
            Value("/"),
            "sector",
            Value("/"),
            _text("unit_id"),
            Value("/"),
            _text("supplier_id"),
            Value("/"),
            "document",
        ),
        output_field=models.CharField(max_length=160),
        db_persist=True,
        unique=True,
    )
    moved_in = VolumeField(default=Volume)
    moved_out = VolumeField(default=Volume)
    used = VolumeField(default=Volume)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="account_side_key", fields=["id", "book", "year", "source"]
            ),
            models.CheckConstraint(
                name="granted_before_given",
                condition=Q(kind__in=[k.value for k in EXEMPT_FROM_LIMIT])
                | Q(moved_out__lte=F("moved_in")),
            ),
            models.CheckConstraint(
                name="only_holders_use",
                condition=~Q(kind__in=[k.value for k in CANNOT_HOLD_USE]) | Q(used=0),
            ),
            models.CheckConstraint(
                name="network_water_in_network_book",
                condition=Q(book="network", source="network", supplier__isnull=False)
                | (Q(book="abstraction", supplier__isnull=True) & ~Q(source="network")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "year", "kind"]),
            models.Index(fields=["unit", "year"]),
            models.Index(fields=["supplier", "year", "kind"]),
        ]

    @property
    def key(self) -> AccountKey:
        return AccountKey(
            book=Book(self.book),
            year=self.year,
            source=Source(self.source),
            kind=AccountKind(self.kind),
            area=self.area_id or 0,
            sector=Sector(self.sector) if self.sector else None,
            unit=self.unit_id or 0,
            supplier=self.supplier_id or 0,
            document=self.document,
        )

    @property
    def balance(self) -> Balance:
        return Balance(self.moved_in, self.moved_out, self.used)


class Transfer(models.Model):
    """Append-only. `effective_on` is the business date, `recorded_at` the moment it was written."""

    amount = VolumeField()
    code = models.CharField(max_length=14, choices=Code.choices())
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    book = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=16)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    document = models.CharField(max_length=60, db_index=True)
    key = models.CharField(max_length=140, unique=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="transfers")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="transfer_moves_water", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_has_two_sides", condition=~Q(debit=F("credit"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["debit", "effective_on"]),
            models.Index(fields=["credit", "effective_on"]),
            models.Index(fields=["recorded_at"]),
        ]


class Period(models.Model):
    """A year of an area's books: open, closing, locked. Set by budget."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=PeriodState.choices(), default="open")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="period_once_a_year")
        ]

    @property
    def state_term(self) -> PeriodState:
        return PeriodState(self.state)
