"""The sign-ins of a demo or practice database: one per role, random per installation."""

from __future__ import annotations

import csv

from django.conf import settings

from shuiheng.core.access import Role
from shuiheng.office.models import Post
from shuiheng.registry.models import Membership, Unit

PASSWORD_FILE = "demo-password"
NAMES_FILE = "practice-names.csv"
Names = dict[tuple[str, str, str], list[str]]


def demo_password() -> str:
    """The one password of all invented people of this installation."""
    return str((settings.VAR / "secrets" / PASSWORD_FILE).read_text(encoding="utf-8").strip())


def sign_ins() -> list[tuple[str, str, str]]:
    """(who, login, password), one for each role and one for each sort of unit."""
    password = demo_password()
    found = []
    for role in Role:
        post = Post.objects.filter(role=role).select_related("user", "area").order_by("pk").first()
        if post is not None:
            found.append((f"{post.area.name} {role.label}", post.user.login, password))
    for kind in Unit.objects.order_by("kind").values_list("kind", flat=True).distinct():
        row = (
            Membership.objects.filter(unit__kind=kind)
            .select_related("user", "unit")
            .order_by("pk")
            .first()
        )
        if row is not None:
            found.append(
                (f"{row.unit.name}（{row.unit.kind_term.label}）", row.user.login, password)
            )
    return found


def unit_names() -> list[tuple[str, str, str, str]]:
    """(region, kind, sector, name) of every unit: what a practice database may borrow, no more."""
    rows = Unit.objects.order_by("region__code", "kind", "pinyin", "pk")
    return list(rows.values_list("region__code", "kind", "sector", "name"))


def borrowed_names() -> Names:
    """The names that `shuiheng names` has written for the practice database, if any."""
    path = settings.VAR / NAMES_FILE
    names: Names = {}
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for region, kind, sector, name in csv.reader(file):
                names.setdefault((region, kind, sector), []).append(name)
    return names
