"""The sign-ins of a demo or practice database: one per role, random per installation."""

from __future__ import annotations

from django.conf import settings

from shuiheng.core.access import Role
from shuiheng.office.models import Post
from shuiheng.registry.models import Membership, Unit

PASSWORD_FILE = "demo-password"


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
