"""Forms about a unit's waters: permits, intakes, its supplier, its activities."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from shuiheng.core.access import Permission
from shuiheng.core.vocabulary import Source
from shuiheng.registry import selectors
from shuiheng.registry.forms import (
    ActivityRows,
    IntakeForm,
    PermitForm,
    RecognitionForm,
    SupplierForm,
)
from shuiheng.registry.models import Activity, Intake, Permit, Recognition, SupplyLink, Unit
from shuiheng.registry.rules.codes import check_permit_number
from shuiheng.registry.services import waters as services
from shuiheng.registry.views.parts import get_or_post, unit_head, unit_url
from shuiheng.registry.views.units import editable
from shuiheng.ui.forms import ActForm, Done, ask, submit
from shuiheng.ui.parts import Message

# -- permits --------------------------------------------------------------------------------------


@login_required
@get_or_post
def permit_new(request: Any, unit_id: int) -> HttpResponse:
    """登记许可证."""
    unit = editable(request, unit_id)
    form = PermitForm(request.POST or None)
    act = partial(_add_permit, request, form, unit)
    head = unit_head(unit, "登记取水许可")
    return ask(request, form, act, _permit_saved, head=head, button="登记", draft="permit")


def _add_permit(request: Any, form: PermitForm, unit: Unit, data: dict[str, Any]) -> Permit:
    return services.add_permit(
        unit.pk, form.facts(), actor=request.actor, now=request.now, key=data["key"]
    )


@login_required
@get_or_post
def permit_edit(request: Any, unit_id: int, permit_id: int) -> HttpResponse:
    """修改许可证: an extension, a change of volume."""
    unit = editable(request, unit_id)
    permit = get_object_or_404(unit.permits, pk=permit_id)
    form = PermitForm(request.POST or None, initial=PermitForm.initial_of(permit))
    act = partial(_edit_permit, request, form, permit)
    head = unit_head(unit, "修改取水许可")
    return ask(request, form, act, _permit_saved, head=head, button="保存", draft="permit")


def _edit_permit(request: Any, form: PermitForm, permit: Permit, data: dict[str, Any]) -> Permit:
    return services.edit_permit(
        permit.pk, form.facts(), actor=request.actor, now=request.now, key=data["key"]
    )


def _permit_saved(permit: Permit) -> Done:
    odd = check_permit_number(permit.number, selectors.permit_facts(permit).source)
    said = "".join(finding.sentence for finding in odd)
    return Done(unit_url(permit.unit), f"许可证 {permit.number} 已保存。{said}")


@login_required
@get_or_post
def recognition_new(request: Any, unit_id: int) -> HttpResponse:
    """取水认定 for who has no permit: exempt, or a provisional figure."""
    unit = editable(request, unit_id)
    form = RecognitionForm(request.POST or None, initial={"since": request.today})
    act = partial(_recognise, request, form, unit)
    head = unit_head(unit, "登记取水认定")
    return ask(request, form, act, _recognised, head=head, button="登记", draft="recognition")


def _recognise(
    request: Any, form: RecognitionForm, unit: Unit, data: dict[str, Any]
) -> Recognition:
    return services.recognise(
        unit.pk, form.facts(), actor=request.actor, now=request.now, key=data["key"]
    )


def _recognised(row: Recognition) -> Done:
    said = f"{row.unit.name}的{Source(row.source).label}认定为{row.kind_term.label}。"
    return Done(unit_url(row.unit), said)


# -- intakes --------------------------------------------------------------------------------------


@login_required
@get_or_post
def intake_new(request: Any, unit_id: int) -> HttpResponse:
    """登记取水口."""
    unit = editable(request, unit_id)
    initial = {"since": request.today}
    form = IntakeForm(request.POST or None, initial=initial, permits=_permits(unit))
    del form.fields["until"]
    act = partial(_add_intake, request, unit)
    head = unit_head(unit, "登记取水口")
    return ask(request, form, act, _intake_saved, head=head, button="登记", draft="intake")


def _permits(unit: Unit) -> list[Permit]:
    return list(unit.permits.order_by("number"))


def _add_intake(request: Any, unit: Unit, data: dict[str, Any]) -> Intake:
    return services.add_intake(
        unit.pk,
        data["name"],
        data["source"],
        is_well=data["is_well"],
        permit_id=data["permit"],
        since=data["since"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


@login_required
@get_or_post
def intake_edit(request: Any, unit_id: int, intake_id: int) -> HttpResponse:
    """修改取水口, or close it."""
    unit = editable(request, unit_id)
    intake = get_object_or_404(unit.intakes, pk=intake_id)
    initial = IntakeForm.initial_of(intake)
    form = IntakeForm(request.POST or None, initial=initial, permits=_permits(unit))
    act = partial(_edit_intake, request, intake)
    head = unit_head(unit, "修改取水口")
    return ask(request, form, act, _intake_saved, head=head, button="保存", draft="intake")


def _edit_intake(request: Any, intake: Intake, data: dict[str, Any]) -> Intake:
    return services.edit_intake(
        intake.pk,
        data["name"],
        data["source"],
        is_well=data["is_well"],
        permit_id=data["permit"],
        since=data["since"],
        until=data["until"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _intake_saved(intake: Intake) -> Done:
    return Done(unit_url(intake.unit), f"取水口 {intake.name} 已保存。")


# -- supply ---------------------------------------------------------------------------------------


@login_required
@get_or_post
def supplier(request: Any, unit_id: int) -> HttpResponse:
    """由谁供水."""
    unit = editable(request, unit_id)
    found = selectors.suppliers_for(unit.kind_term, request.today)
    form = SupplierForm(request.POST or None, suppliers=found, today=request.today)
    above = [] if found else [Message("还没有登记能给它供水的单位，请先登记供水单位。", "must_fix")]
    act = partial(_set_supplier, request, unit)
    head = unit_head(unit, "由谁供水")
    return ask(request, form, act, _supplied, head=head, button="保存", above=above)


def _set_supplier(request: Any, unit: Unit, data: dict[str, Any]) -> SupplyLink:
    return services.set_supplier(
        unit.pk,
        int(data["supplier"]),
        line=data["line"],
        since=data["since"],
        actor=request.actor,
        now=request.now,
        key=data["key"],
    )


def _supplied(link: SupplyLink) -> Done:
    return Done(unit_url(link.customer), f"从 {link.since} 起由{link.supplier.name}供水。")


# -- activities -----------------------------------------------------------------------------------


@login_required
@get_or_post
def activities(request: Any, unit_id: int, year: int) -> HttpResponse:
    """种植、产品与服务 of a year: the whole set at once."""
    units = Unit.objects.visible_to(request.actor, Permission.BUDGET_DRAFT_FOR)
    unit = get_object_or_404(units.select_related("region", "address_area"), pk=unit_id)
    rows = ActivityRows(request.POST or None, initial=_declared(unit, year), prefix="row")
    head = unit_head(unit, f"{year} 年度种植、产品与服务")
    return submit(
        request,
        ActForm(request.POST or None),
        partial(_declare, request, unit, year, rows),
        template="registry/activities.html",
        done=lambda made: Done(unit_url(unit), f"{year} 年度已填 {len(made)} 项。"),
        context={"head": head, "rows": rows},
        also=[rows],
    )


def _declared(unit: Unit, year: int) -> list[dict[str, Any]]:
    rows = unit.activities.filter(year=year).order_by("item", "method")
    names = ("item", "method", "quantity", "measure")
    return [{name: getattr(row, name) for name in names} for row in rows]


def _declare(
    request: Any, unit: Unit, year: int, rows: Any, data: dict[str, Any]
) -> list[Activity]:
    filled = [row for form in rows if (row := form.row()) is not None]
    return services.declare_activities(
        unit.pk, year, filled, actor=request.actor, now=request.now, key=data["key"]
    )
