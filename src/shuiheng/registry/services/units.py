"""Units enter the registry, change, move to another budget region, leave; holds are placed and lifted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Area
from shuiheng.office.rules import pinyin_key, tidy
from shuiheng.office.services import begin_act, finish_act
from shuiheng.registry import selectors
from shuiheng.registry.models import Hold, Unit
from shuiheng.registry.rules import units as rules
from shuiheng.registry.rules.units import UnitCard


@transaction.atomic
def add_unit(
    card: UnitCard, region_id: int, *, opened_on: date, actor: Actor, now: datetime, key: str
) -> Unit:
    """纳入名录. Without a code of its own a unit gets the next number of its region."""
    args = {"card": card, "region": region_id, "opened_on": opened_on}
    act = begin_act(key, "unit.add", actor=actor, now=now, args=args)
    if act.done:
        return Unit.objects.get(pk=act.outcome.subject_id)
    region = Area.objects.select_for_update(no_key=True).get(pk=region_id)
    require(actor, Permission.UNIT_EDIT, region.place)
    rules.check_card(card)
    rules.check_region(region.has_own_budget, region.name)
    unit = Unit(region=region, opened_on=opened_on)
    _fill(unit, card)
    unit.code = unit.code or _next_number(region)
    _save(unit)
    finish_act(act, f"unit/{unit.pk}", f"纳入名录：{unit.name}，{region.name}，{unit.code}")
    return unit


@transaction.atomic
def edit_unit(
    unit_id: int, card: UnitCard, *, seen: str, actor: Actor, now: datetime, key: str
) -> Unit:
    """Change what stands on the card. `seen` is the mark of the card that the page had shown."""
    act = begin_act(key, "unit.edit", actor=actor, now=now, args={"unit": unit_id, "card": card})
    unit = locked_unit(unit_id)
    if act.done:
        return unit
    require(actor, Permission.UNIT_EDIT, unit.place)
    old, today = selectors.card_of(unit), beijing_date(now)
    rules.check_card(card)
    rules.check_unchanged(seen, old.seen)
    if card.kind is not old.kind:
        customers = len(selectors.customers_of(unit, today))
        supplied = unit.pk in selectors.suppliers_of([unit.pk], today)
        rules.check_kind_change(old.kind, card.kind, customers=customers, supplied=supplied)
    _fill(unit, card)
    unit.code = unit.code or old.code
    _save(unit)
    areas = Area.objects.in_bulk([old.address_area, card.address_area])
    names = {pk: area.name for pk, area in areas.items()}
    changes = rules.describe_card_change(old, selectors.card_of(unit), names)
    finish_act(act, f"unit/{unit.pk}", changes or "保存，没有改动")
    return unit


@transaction.atomic
def close_unit(
    unit_id: int, *, on: date, reason: str, actor: Actor, now: datetime, key: str
) -> Unit:
    """退出名录 (关停、破产、注销): intakes and supply end with it, people keep their access."""
    args = {"unit": unit_id, "on": on, "reason": reason}
    act = begin_act(key, "unit.close", actor=actor, now=now, args=args)
    unit = locked_unit(unit_id)
    if act.done:
        return unit
    require(actor, Permission.UNIT_EDIT, unit.place)
    today = beijing_date(now)
    rules.check_reason(reason)
    rules.check_holds(_holds(unit, today), "unit.close")
    rules.plan_close(selectors.closing_facts(unit, today), on, today)
    unit.closed_on = on
    unit.save(update_fields=["closed_on"])
    unit.intakes.filter(until=None).update(until=on)
    unit.supplier_links.filter(until=None).update(until=on)
    finish_act(act, f"unit/{unit.pk}", f"{on} 退出名录：{reason.strip()}")
    return unit


@transaction.atomic
def move_unit(
    unit_id: int,
    region_id: int,
    *,
    on: date,
    reason: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Unit:
    """迁移 to another budget region; whoever moves it must hold both (方案 三(一), USERS 23)."""
    args = {"unit": unit_id, "region": region_id, "on": on, "reason": reason}
    act = begin_act(key, "unit.move", actor=actor, now=now, args=args)
    unit = locked_unit(unit_id)
    if act.done:
        return unit
    region = Area.objects.get(pk=region_id)
    require(actor, Permission.UNIT_EDIT, unit.place)
    require(actor, Permission.UNIT_EDIT, region.place)
    today = beijing_date(now)
    rules.check_reason(reason)
    rules.check_region(region.has_own_budget, region.name)
    rules.check_holds(_holds(unit, today), "unit.move")
    rules.plan_move(unit.region.name, region.name, unit.opened_on, on, today)
    note = f"{on} 起预算归{region.name}（原{unit.region.name}）：{reason.strip()}"
    unit.region = region
    unit.save(update_fields=["region"])
    finish_act(act, f"unit/{unit.pk}", note)
    return unit


@transaction.atomic
def place_hold(
    unit_id: int,
    stops: str,
    article: str,
    *,
    since: date,
    until: date | None = None,
    actor: Actor,
    now: datetime,
    key: str,
) -> Hold:
    """Stop an act (`unit.close`, `permit.add`, `budget.increase` …) below, with its article."""
    args = {"unit": unit_id, "stops": stops, "article": article, "since": since, "until": until}
    act = begin_act(key, "hold.place", actor=actor, now=now, args=args)
    if act.done:
        return Hold.objects.get(pk=act.outcome.subject_id)
    unit = locked_unit(unit_id)
    require(actor, Permission.UNIT_EDIT, unit.place)
    hold = Hold.objects.create(
        unit=unit, act=stops, article=article, since=since, until=until, placed_by=actor.name
    )
    finish_act(act, f"hold/{hold.pk}", f"依据《{article}》限制办理")
    return hold


@transaction.atomic
def lift_hold(hold_id: int, *, actor: Actor, now: datetime, key: str) -> Hold:
    """Whatever was stopped may be done again from today."""
    act = begin_act(key, "hold.lift", actor=actor, now=now, args={"hold": hold_id})
    hold = (
        Hold.objects.select_for_update(of=["self"]).select_related("unit__region").get(pk=hold_id)
    )
    if act.done:
        return hold
    require(actor, Permission.UNIT_EDIT, hold.unit.place)
    today = beijing_date(now)
    rules.check_hold_open(hold.until, today)
    hold.until = today
    hold.save(update_fields=["until"])
    finish_act(act, f"hold/{hold.pk}", f"解除依据《{hold.article}》的限制")
    return hold


def locked_unit(unit_id: int) -> Unit:
    rows = Unit.objects.select_for_update(of=["self"], no_key=True)
    return rows.select_related("region", "address_area").get(pk=unit_id)


def check_not_held(unit: Unit, act: str, today: date) -> None:
    rules.check_holds(_holds(unit, today), act)


def _holds(unit: Unit, today: date) -> Iterable[tuple[str, str]]:
    return [(hold.act, hold.article) for hold in selectors.holds_on(unit.pk, today)]


def _fill(unit: Unit, card: UnitCard) -> None:
    unit.code = tidy(card.code).upper()
    unit.name = card.name.strip()
    unit.pinyin = pinyin_key(unit.name)
    unit.kind = card.kind.value
    unit.sector = card.sector.value
    unit.address_area_id = card.address_area
    unit.address = card.address.strip()
    unit.contact = card.contact.strip()
    unit.phone = card.phone.strip()
    unit.is_xpcc = card.is_xpcc
    unit.guarantees_living = card.guarantees_living


def _next_number(region: Area) -> str:
    """650109-0321: the region's row is locked, so two clerks never get the same."""
    taken = Unit.objects.filter(code__startswith=f"{region.code}-").values_list("code", flat=True)
    return rules.next_number(region.code, taken)


def _save(unit: Unit) -> None:
    try:
        with transaction.atomic():
            unit.save()
    except IntegrityError:
        raise Refusal(
            "unit.code_taken",
            f"编码 {unit.code} 已经登记给别的单位。",
            kind=Kind.CONFLICT,
            field="code",
            remedy="请先在名录里查这个编码，避免一户登两次。",
        ) from None
