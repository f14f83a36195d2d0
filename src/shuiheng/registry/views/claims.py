"""领取码: made by the clerk, shown once, claimed by the unit's person."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from shuiheng.core.access import Permission
from shuiheng.papers.rules import ClaimCard, ClaimCodesFacts
from shuiheng.papers.services import claim_code_sheet
from shuiheng.registry import selectors
from shuiheng.registry.forms import AccountForm, CodeForm, JoinForm
from shuiheng.registry.models import Membership, Unit
from shuiheng.registry.rules.claims import CLAIM_DAYS, expires_on, masked
from shuiheng.registry.services import people as services
from shuiheng.registry.views.parts import get_or_post, list_head, tabs, unit_name
from shuiheng.ui.forms import ActForm, Done, submit
from shuiheng.ui.parts import Choice, Choices, Empty, PageHead, Pages, Toolbar, page_number
from shuiheng.ui.tables import Column, Panel, Row, Table

BACKEND = "django.contrib.auth.backends.ModelBackend"
NEEDS_PEOPLE, EVERYONE = "", "all"
TITLE = "账号领取码"


# -- made by the clerk ----------------------------------------------------------------------------


@never_cache
@login_required
@get_or_post
def claim_codes(request: Any) -> HttpResponse:
    """Choose units, those without people first; the answer is the sheet, once."""
    return submit(
        request,
        ActForm(request.POST or None),
        partial(_make, request),
        template="registry/claim_codes.html",
        done=partial(_sheet, request),
        context={
            "head": list_head("发领取码", f"凭码在网上开账号，{CLAIM_DAYS} 天内有效，用一次即失效"),
            "tabs": tabs(request.actor, "claim_codes"),
            "panel": _choice_panel(request),
        },
    )


def _choice_panel(request: Any) -> Panel:
    """Units to choose from; one alone when the unit's own page sent us here."""
    everyone, words = request.GET.get("who", "") == EVERYONE, request.GET.get("q", "")
    units = _candidates(request, everyone)
    found = selectors.matching(units.select_related("address_area"), words)
    one = request.GET.get("unit", "")
    if one.isdecimal() and len(one) < 18:
        found = found.filter(pk=int(one))
    query = request.GET.urlencode()
    pages = Pages(found.count(), page_number(request.GET.get("page")), "户", query=query)
    table = _choice_table(list(found[pages.start : pages.stop]), picked=not everyone)
    kept = {"who": EVERYONE} if everyone else {}
    toolbar = Toolbar(search_label="名称、编码、乡镇", search=words, kept=kept)
    return Panel("选单位", [table], aside=_who(everyone), toolbar=toolbar, pages=pages)


def _candidates(request: Any, everyone: bool) -> Any:
    if everyone or request.GET.get("unit"):
        units = Unit.objects.visible_to(request.actor, Permission.ACCOUNT_MEND)
        return units.active_on(request.today).select_related("region")
    return selectors.units_without_people(request.actor, request.today)


def _who(everyone: bool) -> Choices:
    here = reverse("registry:claim_codes")
    return Choices(
        [
            Choice("还没有人领取的", here, not everyone),
            Choice("全部单位", f"{here}?who={EVERYONE}", everyone),
        ]
    )


def _choice_table(units: list[Unit], *, picked: bool) -> Table:
    columns = [Column("单位"), Column("预算区"), Column("类型"), Column("联系人"), Column("电话")]
    rows = [
        Row(
            [
                unit_name(unit),
                unit.region.name,
                unit.kind_term.label,
                unit.contact or "未登记",
                unit.phone or "未登记",
            ],
            pick=str(unit.pk),
            picked=picked,
        )
        for unit in units
    ]
    empty = Empty("没有要发码的单位。", "每个单位都已经有人领取账号；再加人请看“全部单位”。")
    return Table(columns, rows, "单位", pick="unit", pick_form="codes", empty=empty)


def _make(request: Any, data: dict[str, Any]) -> tuple[str, list[tuple[Unit, str]]]:
    chosen = [int(text) for text in request.POST.getlist("unit") if text.isdecimal()]
    codes = services.make_claim_codes(chosen, actor=request.actor, now=request.now, key=data["key"])
    return data["key"], codes


def _sheet(request: Any, made: tuple[str, list[tuple[Unit, str]]]) -> HttpResponse:
    """The codes, on this one answer only; printing asks for the same act again."""
    key, codes = made
    columns = [Column("单位"), Column("领取码", strong=True), Column("电话")]
    rows = [Row([unit_name(u), code, " ".join([u.contact, u.phone])]) for u, code in codes]
    until = expires_on(request.today)
    panel = Panel(TITLE, [Table(columns, rows, TITLE)], note=f"有效到 {until}")
    context = {
        "head": PageHead(f"{len(codes)} 个领取码", note="只显示这一次，请现在打印或读给对方"),
        "panel": panel,
        "key": key,
        "units": [unit.pk for unit, _ in codes],
    }
    return render(request, "registry/claim_sheet.html", context)


@never_cache
@login_required
@require_POST
def claim_sheet(request: Any) -> HttpResponse:
    """The same codes as cards to cut out, for the printer; nothing of it is kept."""
    form = ActForm(request.POST)
    if not form.is_valid():
        return redirect("registry:claim_codes")
    _, codes = _make(request, form.cleaned_data)
    areas = {unit.region.name for unit, _ in codes}
    facts = ClaimCodesFacts(
        area="、".join(sorted(areas)),
        address=request.build_absolute_uri(reverse("registry:claim")),
        phone=request.user.phone or "区县水务局",
        cards=tuple(_card(unit, code, request) for unit, code in codes),
    )
    pdf = claim_code_sheet(facts, title=TITLE, issuer=facts.area, now=request.now)
    response = HttpResponse(pdf, content_type="application/pdf")
    disposition = content_disposition_header(False, f"{TITLE}.pdf")
    response["Content-Disposition"] = disposition or "inline"
    return response


def _card(unit: Unit, code: str, request: Any) -> ClaimCard:
    return ClaimCard(
        unit=unit.name, unit_number=unit.code, code=code, expires_on=expires_on(request.today)
    )


# -- claimed by the unit's person -----------------------------------------------------------------


@never_cache
@sensitive_post_parameters("code")
@get_or_post
def claim(request: Any) -> HttpResponse:
    """领取账号, first step: the code, which opens one unit."""
    form = CodeForm(request.POST or None)
    return submit(
        request,
        form,
        partial(_open, request),
        template="registry/claim.html",
        done=partial(_opened, request, form),
    )


def _open(request: Any, data: dict[str, Any]) -> Unit:
    return services.open_claim(
        data["code"], address=request.META["REMOTE_ADDR"], now=request.now, clock=request.clock
    )


def _opened(request: Any, code: CodeForm, unit: Unit) -> HttpResponse:
    """Second step: whose account it is, half hidden, and what the person chooses."""
    start = {"code": code.cleaned_data["code"], "unit_name": masked(unit.name)}
    form = JoinForm(initial=start) if request.actor else AccountForm(initial=start)
    return render(
        request, "registry/claim_account.html", {"form": form, "unit_name": start["unit_name"]}
    )


@never_cache
@sensitive_post_parameters("code", "new")
@get_or_post
def claim_account(request: Any) -> HttpResponse:
    """Third step: the account, or one more unit for who has one."""
    if request.method != "POST":
        return redirect("registry:claim")
    form = JoinForm(request.POST) if request.actor else AccountForm(request.POST)
    return submit(
        request,
        form,
        partial(_join if request.actor else _claim, request),
        template="registry/claim_account.html",
        done=partial(_claimed, request),
        context={"unit_name": request.POST.get("unit_name", "")},
    )


def _claim(request: Any, data: dict[str, Any]) -> Membership:
    membership = services.claim_account(
        data["code"],
        name=data["name"],
        login=data["login"],
        phone=data["phone"],
        password=data["new"],
        address=request.META["REMOTE_ADDR"],
        now=request.now,
        clock=request.clock,
        key=data["key"],
    )
    if membership.user.check_password(data["new"]):
        login(request, membership.user, backend=BACKEND)
    return membership


def _join(request: Any, data: dict[str, Any]) -> Membership:
    return services.claim_more(
        data["code"],
        actor=request.actor,
        address=request.META["REMOTE_ADDR"],
        now=request.now,
        clock=request.clock,
        key=data["key"],
    )


def _claimed(request: Any, membership: Membership) -> Done:
    words = f"{membership.user.name}，您现在可以办理{membership.unit.name}的事了。"
    return Done(resolve_url(settings.LOGIN_REDIRECT_URL), words)
