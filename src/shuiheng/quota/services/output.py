"""A unit declares its output with evidence; the department confirms it or says why not (USERS 34)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.office.models import User
from shuiheng.office.selectors import posts_of
from shuiheng.office.services import begin_act, finish_act
from shuiheng.papers.selectors import attachments_of
from shuiheng.papers.services import attach
from shuiheng.quota.models import OutputDeclaration
from shuiheng.quota.rules import output as rules
from shuiheng.quota.rules.output import Declared, OutputState, OutputStep
from shuiheng.registry.models import Unit

STATES = {OutputStep.CONFIRM: OutputState.CONFIRMED, OutputStep.REJECT: OutputState.REJECTED}


@transaction.atomic
def declare_output(
    unit_id: int,
    year: int,
    declared: Declared,
    *,
    name: str = "",
    content: bytes = b"",
    actor: Actor,
    now: datetime,
    key: str,
) -> OutputDeclaration:
    """申报产出 of a year with its evidence; declared again until a department has confirmed it.

    What was handed in before stays with the declaration: a correction needs no second file.
    """
    args = {"unit": unit_id, "year": year, "declared": declared, "name": name}
    act = begin_act(key, "output.declare", actor=actor, now=now, args=args)
    if act.done:
        return OutputDeclaration.objects.get(pk=act.outcome.subject_id)
    unit = Unit.objects.select_for_update(of=["self"], no_key=True).select_related("region")
    one = unit.get(pk=unit_id)
    permission = _declaring(actor, one)
    require(actor, permission, one.place)
    rows = OutputDeclaration.objects.filter(unit=one, year=year).exclude(state="rejected")
    row = rows.first() or OutputDeclaration(unit=one, year=year)
    rules.check_may_declare(row.state_term if row.pk else None)
    kept = bool(row.pk and attachments_of(row.subject))
    rules.check_declared(declared, has_evidence=bool(content) or kept)
    row.kind, row.industry_code = declared.kind.value, declared.industry_code
    row.product, row.amount, row.measure = declared.product, declared.amount, declared.measure
    row.declared_on, row.act = beijing_date(now), act
    row.save()
    if content:
        attach(
            name, content, subject=row.subject, area=one.region, unit_id=one.pk,
            permission=permission, actor=actor, now=now,
        )  # fmt: skip
    finish_act(
        act, row.subject, f"{year} 年{declared.kind.label} {declared.amount:f} {declared.measure}"
    )
    return row


def _declaring(actor: Actor, unit: Unit) -> Permission:
    own = actor.may(Permission.BUDGET_DRAFT, unit.place)
    return Permission.BUDGET_DRAFT if own else Permission.BUDGET_DRAFT_FOR


@transaction.atomic
def decide_output(
    declaration_id: int,
    step: OutputStep,
    *,
    reason: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> OutputDeclaration:
    """认可 or 不予认可 by the department in charge: 工信, for area and crop 农业农村."""
    args = {"id": declaration_id, "step": step, "reason": reason}
    act = begin_act(key, "output.decide", actor=actor, now=now, args=args)
    rows = OutputDeclaration.objects.select_for_update(of=["self"]).select_related("unit__region")
    row = rows.get(pk=declaration_id)
    if act.done:
        return row
    require(actor, Permission.BUDGET_OPINE, row.place)
    rules.check_decision(row.state_term, step, reason)
    row.state = STATES[step].value
    row.decided_by, row.decided_on = _who(actor, now), beijing_date(now)
    row.reason = reason.strip()
    row.save(update_fields=["state", "decided_by", "decided_on", "reason"])
    finish_act(act, row.subject, f"{step.label}{'：' + row.reason if row.reason else ''}")
    return row


def _who(actor: Actor, now: datetime) -> str:
    """The department and its person, as it stands on the page."""
    user = User.objects.filter(pk=actor.user_id).first()
    posts = posts_of(user, beijing_date(now)) if user else []
    department = next((post.department for post in posts if post.department), "")
    return f"{department} {actor.name}".strip()[:40]
