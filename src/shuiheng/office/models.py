"""Areas, people and their posts, acts, dated policy values, and what the installation is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.expressions import Combinable

from shuiheng.core.access import Place, Role
from shuiheng.core.vocabulary import AreaKind, Confidence
from shuiheng.core.volume import Volume


class VolumeField(models.BigIntegerField):  # type: ignore[type-arg]
    """Whole cubic metres as `core.Volume`, in Python, in filters and out of `Sum`."""

    _pyi_private_set_type: Volume | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Volume  # type: ignore[assignment]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Volume | None:
        return None if value is None else Volume(int(value))

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Volume):
            return value
        return Volume(int(value))

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.m3 if isinstance(value, Volume) else value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))


class Installation(models.Model):
    """One row: what this database is for. Demo and real data never share a database (USERS 39)."""

    class Kind(models.TextChoices):
        DEMO = "demo", "演示"
        REAL = "real", "正式"
        PRACTICE = "practice", "练习区"

    kind = models.CharField(max_length=10, choices=Kind)
    business_date = models.DateField(null=True)
    demo_loaded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="real_has_no_business_date",
                condition=~models.Q(kind="real") | models.Q(business_date__isnull=True),
            ),
            models.CheckConstraint(name="one_installation", condition=models.Q(pk=1)),
        ]


class Area(models.Model):
    """An administrative area or zone. `path` is where it stands this year; AreaYear keeps the past."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=AreaKind.choices())
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=80, unique=True)
    pinyin = models.CharField(max_length=200)
    rank = models.PositiveSmallIntegerField(default=0)
    has_own_budget = models.BooleanField(default=False)
    is_xpcc = models.BooleanField("兵团", default=False)
    code_is_local = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["rank", "code"]
        indexes: ClassVar = [
            models.Index(fields=["path"], name="area_path_prefix", opclasses=["text_pattern_ops"])
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        return Place(self.path)


class AreaYear(models.Model):
    """Where an area stood in a budget year, kept when that year was opened."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    has_own_budget = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "year"], name="area_once_a_year")
        ]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(login=username)


class User(AbstractBaseUser):
    """A person who signs in. What he may do follows from posts and memberships, never from here."""

    login = models.CharField("登录名", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机", max_length=20, blank=True, db_index=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """岗位: a role at an area for a time. 代岗 is a post of its own that says whose work it carries."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=20, choices=Role.choices())
    area = models.ForeignKey(Area, on_delete=models.PROTECT)
    department = models.CharField("部门", max_length=40, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    stands_in_for = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="post_ends_after_it_begins",
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
            )
        ]


class Act(models.Model):
    """Who did what, when. Its unique key makes a second click find the first one's outcome.

    Append-only: what became of it stands in ActOutcome.
    """

    key = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=60)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    user_name = models.CharField(max_length=40)
    standing_in_for = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(db_index=True)
    arguments_digest = models.CharField(max_length=64)

    done: bool = False


class ActOutcome(models.Model):
    """What an act was about (`kind/id`) and what it did in a sentence. Append-only, like the act."""

    act = models.OneToOneField(
        Act, primary_key=True, on_delete=models.PROTECT, related_name="outcome"
    )
    subject = models.CharField(max_length=60, db_index=True)
    note = models.TextField(blank=True)

    @property
    def subject_id(self) -> int:
        return int(self.subject.rpartition("/")[2])


class PolicyValue(models.Model):
    """A dated rule of policy with its source and how far it can be trusted. An edit is a new row."""

    key = models.CharField(max_length=60)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)
    effective_from = models.DateField()
    value = models.JSONField()
    unit = models.CharField(max_length=20, blank=True)
    label = models.CharField(max_length=120)
    source = models.CharField(max_length=200)
    confidence = models.CharField(max_length=12, choices=Confidence.choices())
    note = models.TextField(blank=True)
    entered_by = models.CharField(max_length=40)
    entered_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["key", "-effective_from", "-pk"]
        indexes: ClassVar = [models.Index(fields=["key", "-effective_from", "-id"])]


class SignInAttempt(models.Model):
    """A failed try, counted against the name and against the address (throttling, DESIGN 9)."""

    subject = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "at"])]


class OneTimeCode(models.Model):
    """A code sent to a person's telephone: hashed, short-lived, few tries."""

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)


class RowHistory(models.Model):
    """What a row of the registry or of the policy table was before it changed; kept by one trigger."""

    table = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    old = models.JSONField()
    act_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["table", "row_id", "at"])]
