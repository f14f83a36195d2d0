"""One unit: its card, permits, intakes, supply, activities, people and history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Permission, Role
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import total
from shuiheng.registry import selectors
from shuiheng.registry.models import (
    Activity,
    Hold,
    Intake,
    Membership,
    Permit,
    Recognition,
    SupplyLink,
    Unit,
)
from shuiheng.registry.rules.directory import listed_year
from shuiheng.registry.views.parts import state_chip, unit_url
from shuiheng.ui.figures import WAN, moment
from shuiheng.ui.parts import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    FindingList,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Part,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

YEARS_SHOWN = 3
EVENTS_SHOWN = 20


@login_required
@require_safe
def unit(request: Any, unit_id: int) -> HttpResponse:
    """Everything the registry knows of a unit."""
    units = Unit.objects.visible_to(request.actor).select_related("region", "address_area")
    seen = _seen(request, get_object_or_404(units, pk=unit_id))
    number = page_number(request.GET.get("page"))
    context = {
        "head": _head(seen),
        "main": [
            *_waters(seen),
            *_supply(seen, number),
            *_activities(seen),
            _history_panel(seen.unit),
        ],
        "aside": [*_findings(seen), _facts_panel(seen), _people_panel(seen), *_holds(seen)],
    }
    return render(request, "registry/panels.html", context)


@dataclass(frozen=True)
class Seen:
    """A unit as this person sees it today, with what several panels need."""

    unit: Unit
    today: date
    may_edit: bool
    may_mend: bool
    leads: list[tuple[str, str]]
    permits: list[Permit]
    recognitions: list[Recognition]
    intakes: list[Intake]
    members: list[Membership]

    def url(self, page: str, **more: int) -> str:
        return reverse(f"registry:{page}", kwargs={"unit_id": self.unit.pk, **more})

    def link(self, label: str, page: str, **more: int) -> Link | str:
        """A word that leads on, for who may keep the unit."""
        return Link(label, self.url(page, **more)) if self.may_edit else ""


def _seen(request: Any, unit: Unit) -> Seen:
    return Seen(
        unit=unit,
        today=request.today,
        may_edit=request.actor.may(Permission.UNIT_EDIT, unit.place),
        may_mend=request.actor.may(Permission.ACCOUNT_MEND, unit.place),
        leads=[
            (route, label)
            for route, label, permission in settings.UNIT_PAGES
            if request.actor.may(Permission(permission), unit.place)
        ],
        permits=list(unit.permits.order_by("-valid_until", "number")),
        recognitions=list(unit.recognitions.order_by("-since", "-pk")),
        intakes=list(unit.intakes.select_related("permit").order_by("name", "pk")),
        members=selectors.members_of(unit, request.today),
    )


def _head(seen: Seen) -> PageHead:
    unit = seen.unit
    closed = unit.closed_on is not None and unit.closed_on <= seen.today
    leads = [Action(label, reverse(route, args=[unit.pk])) for route, label in seen.leads]
    edit = Action("修改…", seen.url("unit_edit"), primary=True)
    return PageHead(
        unit.name,
        crumbs=[Crumb("名录", reverse("registry:units")), Crumb(unit.name)],
        chip=state_chip(unit, seen.today),
        note=f"{unit.region.name} · {unit.kind_term.label} · {unit.code}",
        actions=[*leads, *([edit] if seen.may_edit and not closed else [])],
    )


# -- aside ----------------------------------------------------------------------------------------


def _findings(seen: Seen) -> list[Part]:
    if not seen.may_edit:
        return []
    found = selectors.unit_findings(seen.unit, seen.permits, len(seen.members), seen.today)
    return [Panel("请看", [FindingList(found)], wide=False)] if found else []


def _facts_panel(seen: Seen) -> Panel:
    body: list[Part] = [Facts(_facts(seen.unit))]
    if seen.may_edit and not seen.unit.closed_on:
        body += _leaving(seen)
    return Panel("基本情况", body, wide=False)


def _facts(unit: Unit) -> list[Fact]:
    facts = [
        Fact("预算区", unit.region.name),
        Fact("所在地", unit.address_area.name),
        Fact("地址", unit.address or "未登记"),
        Fact("行业", unit.sector_term.label),
        Fact("联系人", unit.contact or "未登记"),
        Fact("电话", unit.phone or "未登记"),
        Fact("纳入日期", f"{unit.opened_on}"),
    ]
    some = {
        "退出日期": f"{unit.closed_on}" if unit.closed_on else "",
        "兵团": "是" if unit.is_xpcc else "",
        "保障民生": "是" if unit.guarantees_living else "",
    }
    return facts + [Fact(label, said) for label, said in some.items() if said]


def _leaving(seen: Seen) -> list[Part]:
    return [
        Action("迁移…", seen.url("unit_move"), small=True),
        Action("退出名录…", seen.url("unit_close"), small=True),
    ]


def _people_panel(seen: Seen) -> Panel:
    columns = [Column("姓名"), Column("手机"), Column("", kind="action")]
    rows = [_member_row(seen, member) for member in seen.members]
    empty = Empty("还没有人领取账号。")
    table = Table(columns, rows, "人员", tight=True, empty=empty)
    codes = Link("发领取码", f"{reverse('registry:claim_codes')}?unit={seen.unit.pk}")
    return Panel("人员", [table], aside=codes if seen.may_mend else "")


def _member_row(seen: Seen, member: Membership) -> Row:
    leave = reverse("registry:leave", args=[member.pk])
    return Row(
        [
            Name(member.user.name, Role(member.role).label),
            member.user.phone or "未登记",
            Link("移除", leave) if seen.may_mend else "",
        ]
    )


def _holds(seen: Seen) -> list[Part]:
    return [
        Panel("限制办理", [_hold_message(hold) for hold in holds], wide=False)
        for holds in [selectors.holds_on(seen.unit.pk, seen.today)]
        if holds
    ]


def _hold_message(hold: Hold) -> Message:
    until = f"至 {hold.until}" if hold.until else ""
    return Message(f"依据《{hold.article}》，从 {hold.since} 起{until}，{hold.placed_by}。", "look")


# -- waters ---------------------------------------------------------------------------------------


def _waters(seen: Seen) -> list[Part]:
    if seen.unit.kind_term.is_customer and not seen.permits and not seen.intakes:
        return []
    recognised = [_recognitions_panel(seen)] if seen.recognitions else []
    return [_permits_panel(seen), *recognised, _intakes_panel(seen)]


def _permits_panel(seen: Seen) -> Panel:
    columns = [
        Column("许可证号"),
        Column("水源"),
        Column("许可水量", WAN, kind="figure", strong=True),
        Column("有效期"),
        Column("", kind="action"),
    ]
    valid = [p for p in seen.permits if p.valid_from <= seen.today <= p.valid_until]
    rows = [_permit_row(seen, permit, permit in valid) for permit in seen.permits]
    sums = ["有效合计", "", total(p.volume for p in valid), "", ""] if valid else []
    empty = Empty("还没有登记取水许可。", "没有有效许可的单位，核算时要单独认定。")
    table = Table(columns, rows, "许可证", sums=sums, empty=empty)
    foot = seen.link("没有许可的，登记取水认定…", "recognition_new")
    return Panel(
        "取水许可",
        [table],
        aside=seen.link("登记许可证…", "permit_new"),
        foot_link=foot if isinstance(foot, Link) and not valid else None,
    )


def _recognitions_panel(seen: Seen) -> Panel:
    """How the unit may take water without a permit (取水条例 Art. 4; USERS 15)."""
    columns = [
        Column("取水认定"),
        Column("水源"),
        Column("水量", WAN, kind="figure", strong=True),
        Column("期限"),
        Column("理由"),
    ]
    rows = [
        Row(
            [
                Name(row.kind_term.label, row.article),
                Source(row.source).label,
                row.volume,
                f"{row.since} 至 {row.until}" if row.until else f"{row.since} 起",
                row.reason,
            ],
            tone="quiet" if row.until and row.until < seen.today else "",
        )
        for row in seen.recognitions
    ]
    aside = seen.link("登记取水认定…", "recognition_new")
    return Panel("取水认定", [Table(columns, rows, "取水认定")], aside=aside)


def _permit_row(seen: Seen, permit: Permit, valid: bool) -> Row:
    edit = seen.link("修改", "permit_edit", permit_id=permit.pk)
    term = f"{permit.valid_from} 至 {permit.valid_until}"
    return Row(
        [
            Link(permit.number, whole=True),
            Source(permit.source).label,
            permit.volume,
            term if valid else f"{term}（{_out_of_term(permit, seen.today)}）",
            edit,
        ],
        tone="" if valid else "quiet",
    )


def _out_of_term(permit: Permit, today: date) -> str:
    return "已到期" if permit.valid_until < today else "未生效"


def _intakes_panel(seen: Seen) -> Panel:
    columns = [
        Column("取水口"),
        Column("水源"),
        Column("许可证"),
        Column("启用"),
        Column("停用"),
        Column("", kind="action"),
    ]
    rows = [_intake_row(seen, intake) for intake in seen.intakes]
    empty = Empty("还没有登记取水口。")
    table = Table(columns, rows, "取水口", empty=empty)
    return Panel("取水口与机井", [table], aside=seen.link("登记取水口…", "intake_new"))


def _intake_row(seen: Seen, intake: Intake) -> Row:
    ended = intake.until is not None and intake.until <= seen.today
    return Row(
        [
            Name(intake.name, "机井" if intake.is_well else ""),
            Source(intake.source).label,
            Link(intake.permit.number, whole=True) if intake.permit else "没有",
            f"{intake.since}",
            f"{intake.until or ''}",
            seen.link("修改", "intake_edit", intake_id=intake.pk),
        ],
        tone="quiet" if ended else "",
    )


# -- supply ---------------------------------------------------------------------------------------


def _supply(seen: Seen, number: int) -> list[Part]:
    if seen.unit.kind_term.is_customer:
        return [_supplier_panel(seen)]
    if seen.unit.kind_term.is_supplier:
        return [_customers_panel(seen, number)]
    return []


def _supplier_panel(seen: Seen) -> Panel:
    link = selectors.suppliers_of([seen.unit.pk], seen.today).get(seen.unit.pk)
    facts = [Fact("供水单位", "还没有登记")]
    if link is not None:
        facts = [Fact("供水单位", link.supplier.name), Fact("从哪天起", f"{link.since}")]
    if link is not None and link.line:
        facts.append(Fact("渠道或干管", link.line.name))
    aside = seen.link("改接…" if link else "登记…", "supplier")
    return Panel("由谁供水", [Facts(facts)], aside=aside, wide=False)


def _customers_panel(seen: Seen, number: int) -> Panel:
    """Customers by canal, each canal once with its count."""
    links = selectors.customers_of(seen.unit, seen.today)
    pages = Pages(len(links), number, "户")
    counts = Counter(_line_name(link) for link in links)
    note = "，".join(f"{line} {count} 户" for line, count in counts.items() if line)
    columns = [Column("用户"), Column("渠道或干管"), Column("行业"), Column("电话")]
    rows = [_customer_row(link) for link in links[pages.start : pages.stop]]
    empty = Empty("还没有登记用户。", "在用户的页面上登记由谁供水。")
    table = Table(columns, rows, "用户", tight=True, empty=empty)
    paged = pages if len(links) > pages.size else None
    return Panel(f"用户 {len(links)} 户", [table], note=note, pages=paged)


def _line_name(link: SupplyLink) -> str:
    return link.line.name if link.line else ""


def _customer_row(link: SupplyLink) -> Row:
    customer = link.customer
    return Row(
        [
            Name(customer.name, customer.region.name, unit_url(customer)),
            _line_name(link) or "未分",
            customer.sector_term.label,
            customer.phone or "未登记",
        ]
    )


# -- activities and history -----------------------------------------------------------------------


def _activities(seen: Seen) -> list[Part]:
    """What is planted, made or served, the years side by side."""
    declared = selectors.activities_by_year(seen.unit)
    years = list(declared)[:YEARS_SHOWN]
    columns = [
        Column("作物或产品"),
        Column("方式"),
        *(Column(f"{year} 年", kind="figure", strong=year == years[0]) for year in years),
        Column("单位"),
    ]
    rows = [
        Row([item, method, *(plain(line.get(year)) for year in years), measure])
        for (item, method, measure), line in _by_item(declared, years).items()
    ]
    empty = Empty("还没有申报种植、产品或服务。", "随年度草案一起填，定额按它测算。")
    table = Table(columns, rows, "种植、产品与服务", tight=True, empty=empty)
    fill = seen.link("填报…", "activities", year=listed_year(seen.today))
    return [Panel("种植、产品与服务", [table], aside=fill)]


def _by_item(
    declared: Mapping[int, list[Activity]], years: list[int]
) -> dict[tuple[str, str, str], dict[int, Decimal]]:
    lines: dict[tuple[str, str, str], dict[int, Decimal]] = {}
    for year in years:
        for row in declared[year]:
            lines.setdefault((row.item, row.method, row.measure), {})[year] = row.quantity
    return lines


def plain(quantity: Decimal | None) -> Decimal | int | None:
    """161.00 亩 is 161."""
    if quantity is None or quantity % 1:
        return quantity
    return int(quantity)


def _history_panel(unit: Unit) -> Panel:
    events = selectors.history_of(unit)
    columns = [Column("时间"), Column("谁"), Column("做了什么")]
    rows = [
        Row([moment(event.at), Name(event.who, _standing_in(event)), "　".join(event.what)])
        for event in events[:EVENTS_SHOWN]
    ]
    empty = Empty("装载以后还没有改动。")
    note = f"共 {len(events)} 条，列最近 {EVENTS_SHOWN} 条" if len(events) > EVENTS_SHOWN else ""
    return Panel("历史记录", [Table(columns, rows, "历史记录", tight=True, empty=empty)], note=note)


def _standing_in(event: selectors.Event) -> str:
    return f"代{event.standing_in_for}" if event.standing_in_for else ""
