"""Where a unit's water comes from and what it is for: permits, intakes, suppliers, activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Source
from shuiheng.office.rules import tidy
from shuiheng.office.services import begin_act, finish_act
from shuiheng.registry import selectors
from shuiheng.registry.models import (
    Activity,
    Intake,
    Permit,
    Recognition,
    SupplyLine,
    SupplyLink,
    Unit,
)
from shuiheng.registry.rules import waters as rules
from shuiheng.registry.rules.waters import ActivityRow, PermitFacts, RecognitionFacts
from shuiheng.registry.services.units import check_not_held, locked_unit


@transaction.atomic
def add_permit(
    unit_id: int, permit: PermitFacts, *, actor: Actor, now: datetime, key: str
) -> Permit:
    """登记取水许可. An odd number is said on the page, not refused (DOMAIN 9.3)."""
    act = begin_act(
        key, "permit.add", actor=actor, now=now, args={"unit": unit_id, "permit": permit}
    )
    if act.done:
        return Permit.objects.get(pk=act.outcome.subject_id)
    unit = locked_unit(unit_id)
    require(actor, Permission.UNIT_EDIT, unit.place)
    rules.check_permit(permit)
    check_not_held(unit, "permit.add", beijing_date(now))
    row = Permit(unit=unit)
    _fill_permit(row, permit)
    finish_act(act, f"permit/{row.pk}", f"登记许可证 {_permit_words(permit)}")
    return row


@transaction.atomic
def edit_permit(
    permit_id: int, permit: PermitFacts, *, actor: Actor, now: datetime, key: str
) -> Permit:
    """Change a permit: an extension keeps its number and gets a later end."""
    args = {"id": permit_id, "permit": permit}
    act = begin_act(key, "permit.edit", actor=actor, now=now, args=args)
    rows = Permit.objects.select_for_update(of=["self"]).select_related("unit__region")
    row = rows.get(pk=permit_id)
    if act.done:
        return row
    require(actor, Permission.UNIT_EDIT, row.unit.place)
    rules.check_permit(permit)
    check_not_held(row.unit, "permit.edit", beijing_date(now))
    old = selectors.permit_facts(row)
    _fill_permit(row, permit)
    finish_act(act, f"permit/{row.pk}", f"许可证 {_permit_words(old)} 改为 {_permit_words(permit)}")
    return row


def _fill_permit(row: Permit, permit: PermitFacts) -> None:
    row.number = tidy(permit.number)
    row.source = permit.source.value
    row.volume = permit.volume
    row.valid_from = permit.valid_from
    row.valid_until = permit.valid_until
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Refusal(
            "permit.number_taken",
            f"许可证 {row.number} 已经登记过。",
            kind=Kind.CONFLICT,
            field="number",
            remedy="请用上面的搜索查这个证号；换发的证请改原来那一条。",
        ) from None


def _permit_words(permit: PermitFacts) -> str:
    term = f"{permit.valid_from} 至 {permit.valid_until}"
    return f"{permit.number}（{permit.source.label} {permit.volume}，{term}）"


@transaction.atomic
def recognise(
    unit_id: int, facts: RecognitionFacts, *, actor: Actor, now: datetime, key: str
) -> Recognition:
    """取水认定: exempt from a permit, or a provisional figure with its end (USERS 15)."""
    args = {"unit": unit_id, "facts": facts}
    act = begin_act(key, "recognition.add", actor=actor, now=now, args=args)
    if act.done:
        return Recognition.objects.get(pk=act.outcome.subject_id)
    unit = locked_unit(unit_id)
    require(actor, Permission.UNIT_EDIT, unit.place)
    rules.check_recognition(facts)
    check_not_held(unit, "recognition.add", beijing_date(now))
    row = Recognition.objects.create(
        unit=unit,
        kind=facts.kind,
        source=facts.source,
        volume=facts.volume,
        article=tidy(facts.article),
        reason=tidy(facts.reason),
        since=facts.since,
        until=facts.until,
        act=act,
    )
    figure = f"，{facts.volume}" if facts.volume is not None else ""
    term = f"{facts.since} 至 {facts.until}" if facts.until else f"{facts.since} 起"
    words = f"{facts.source.label}{facts.kind.label}{figure}（{term}）：{row.reason}"
    finish_act(act, f"recognition/{row.pk}", words)
    return row


@transaction.atomic
def add_intake(
    unit_id: int,
    name: str,
    source: Source,
    *,
    is_well: bool,
    permit_id: int | None,
    since: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Intake:
    """登记取水口或机井."""
    args = {"unit": unit_id, "name": name, "source": source, "permit": permit_id, "since": since}
    act = begin_act(key, "intake.add", actor=actor, now=now, args=args)
    if act.done:
        return Intake.objects.get(pk=act.outcome.subject_id)
    unit = locked_unit(unit_id)
    require(actor, Permission.UNIT_EDIT, unit.place)
    check_not_held(unit, "intake.add", beijing_date(now))
    permit = _own_permit(unit, permit_id)
    rules.check_intake(source, Source(permit.source) if permit else None)
    intake = Intake.objects.create(
        unit=unit, name=name.strip(), source=source, permit=permit, is_well=is_well, since=since
    )
    finish_act(act, f"intake/{intake.pk}", f"登记取水口 {intake.name}，{source.label}")
    return intake


@transaction.atomic
def edit_intake(
    intake_id: int,
    name: str,
    source: Source,
    *,
    is_well: bool,
    permit_id: int | None,
    since: date,
    until: date | None,
    actor: Actor,
    now: datetime,
    key: str,
) -> Intake:
    """Change an intake, or close it with a last day."""
    args = {"id": intake_id, "name": name, "source": source, "permit": permit_id, "until": until}
    act = begin_act(key, "intake.edit", actor=actor, now=now, args={**args, "since": since})
    rows = Intake.objects.select_for_update(of=["self"]).select_related("unit__region")
    intake = rows.get(pk=intake_id)
    if act.done:
        return intake
    require(actor, Permission.UNIT_EDIT, intake.unit.place)
    permit = _own_permit(intake.unit, permit_id)
    rules.check_intake(source, Source(permit.source) if permit else None)
    rules.check_term(since, until)
    intake.name, intake.source, intake.permit = name.strip(), source.value, permit
    intake.is_well, intake.since, intake.until = is_well, since, until
    intake.save()
    ended = f"，{until} 停用" if until else ""
    finish_act(act, f"intake/{intake.pk}", f"取水口 {intake.name}，{source.label}{ended}")
    return intake


def _own_permit(unit: Unit, permit_id: int | None) -> Permit | None:
    """The permit of this very unit; another unit's is not there."""
    if permit_id is None:
        return None
    permit = unit.permits.filter(pk=permit_id).first()
    if permit is None:
        raise Refusal(
            "intake.other_permit",
            "所选许可证不是这个单位的。",
            field="permit",
            remedy="请重新选择。",
        )
    return permit


@transaction.atomic
def set_supplier(
    customer_id: int,
    supplier_id: int,
    *,
    line: str = "",
    since: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> SupplyLink:
    """由谁供水: ends the link before and opens this one; `line` is the canal or main by name."""
    args = {"customer": customer_id, "supplier": supplier_id, "line": line, "since": since}
    act = begin_act(key, "supply.set", actor=actor, now=now, args=args)
    if act.done:
        return SupplyLink.objects.get(pk=act.outcome.subject_id)
    customer = locked_unit(customer_id)
    require(actor, Permission.UNIT_EDIT, customer.place)
    supplier = Unit.objects.get(pk=supplier_id)
    old = customer.supplier_links.filter(until=None).first()
    rules.check_supply(
        customer.kind_term,
        supplier.kind_term,
        linked_since=old.since if old else None,
        since=since,
    )
    if old is not None:
        old.until = since
        old.save(update_fields=["until"])
    link = SupplyLink.objects.create(
        supplier=supplier, customer=customer, line=_line(supplier, line), since=since
    )
    finish_act(act, f"supply/{link.pk}", f"{since} 起由{supplier.name}供水{line and '，'}{line}")
    return link


def _line(supplier: Unit, name: str) -> SupplyLine | None:
    if not name.strip():
        return None
    line, _ = SupplyLine.objects.get_or_create(supplier=supplier, name=name.strip())
    return line


@transaction.atomic
def declare_activities(
    unit_id: int,
    year: int,
    rows: Sequence[ActivityRow],
    *,
    actor: Actor,
    now: datetime,
    key: str,
) -> list[Activity]:
    """种植、产品与服务: the whole set of a year is replaced; what stood before is kept as history."""
    args = {"unit": unit_id, "year": year, "rows": list(rows)}
    act = begin_act(key, "activity.declare", actor=actor, now=now, args=args)
    unit = locked_unit(unit_id)
    if act.done:
        return list(unit.activities.filter(year=year))
    if not actor.may(Permission.BUDGET_DRAFT, unit.place):
        require(actor, Permission.BUDGET_DRAFT_FOR, unit.place)
    rules.check_activities(rows)
    unit.activities.filter(year=year).delete()
    made = Activity.objects.bulk_create(
        [
            Activity(
                unit=unit,
                year=year,
                item=row.item,
                method=row.method,
                quantity=row.quantity,
                measure=row.measure,
            )
            for row in rows
        ]
    )
    words = "、".join(f"{r.item}{r.method} {r.quantity:,} {r.measure}" for r in rows) or "没有"
    finish_act(act, f"unit/{unit.pk}", f"{year} 年度活动：{words}")
    return made
