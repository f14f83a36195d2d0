"""A document's transfers, and one transfer: what any figure opens down to (USERS 17)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import AccountKind, Code
from shuiheng.ledger.selectors import sums_by_code, transfers_seen
from shuiheng.ledger.views.account import Plans
from shuiheng.ledger.views.words import Documents, document_link, document_url, document_words
from shuiheng.ui.figures import M3, day_full, moment
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Fact,
    Facts,
    Link,
    PageHead,
    Pages,
    Stat,
    StatStrip,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

COLUMNS = [
    Column("编号"),
    Column("生效日期"),
    Column("类别"),
    Column("转出"),
    Column("转入"),
    Column("水量", M3, kind="figure", strong=True),
]


@login_required
@require_safe
def document(
    request: Any, kind: str, number: str, plans: Plans, documents: Documents
) -> HttpResponse:
    """凭证: every transfer that a document has posted and that this person may see."""
    name = f"{kind}/{number}"
    transfers = transfers_seen(request.actor).filter(document=name).order_by("pk")
    sums = sums_by_code(transfers)
    if not sums:
        raise _missing("这份凭证还没有记过账，或者不在您可以查看的范围里。")
    context = {
        "head": _document_head(name, documents),
        "stats": StatStrip(
            [Stat(Code(code).label, volume, M3, f"{count} 笔") for code, volume, count in sums[:5]]
        ),
        "panel": _transfers_panel(request, transfers, sum(count for _, _, count in sums)),
    }
    return render(request, "ledger/document.html", context)


def _document_head(name: str, documents: Documents) -> PageHead:
    url = document_url(name, documents)
    return PageHead(
        document_words(name, documents),
        crumbs=[Crumb("水账"), Crumb("凭证")],
        actions=[Action("打开原件", url, primary=True)] if url else [],
    )


def _transfers_panel(request: Any, transfers: QuerySet[Transfer], count: int) -> Panel:
    pages = Pages(count, page_number(request.GET.get("page")), "笔", query=request.GET.urlencode())
    rows = [_row(request.actor, transfer) for transfer in transfers[pages.start : pages.stop]]
    return Panel("记账流水", [Table(COLUMNS, rows)], note=f"{count} 笔", pages=pages)


@login_required
@require_safe
def transfer(request: Any, transfer_id: int, plans: Plans, documents: Documents) -> HttpResponse:
    """One transfer, with what it corrects and what has corrected it."""
    row = transfers_seen(request.actor).filter(pk=transfer_id).first()
    if row is None:
        raise _missing("没有这笔流水，或者它不在您可以查看的范围里。")
    head = PageHead(
        f"流水 {row.pk}",
        crumbs=[Crumb("水账"), Crumb("流水")],
        chip=Chip(
            "更正" if row.corrects_id else Code(row.code).label,
            "warned" if row.corrects_id else "grant",
        ),
    )
    context = {
        "head": head,
        "what": Panel("这笔流水", [Facts(_facts(row, documents))], wide=False),
        "accounts": Panel("两边的账户", [_accounts_table(request.actor, row)]),
    }
    return render(request, "ledger/transfer.html", context)


def _missing(sentence: str) -> Refusal:
    return Refusal(
        "ledger.no_transfer", sentence, kind=Kind.MISSING, remedy="请从水账明细重新进入。"
    )


def _row(actor: Actor, row: Transfer) -> Row:
    label = Code(row.code).label if row.corrects_id is None else f"冲回{Code(row.code).label}"
    return Row(
        [
            Link(str(row.pk), reverse("ledger:transfer", args=[row.pk])),
            row.effective_on,
            Chip(label),
            account_name(actor, row.debit),
            account_name(actor, row.credit),
            row.amount,
        ]
    )


def may_see(actor: Actor, account: Account) -> bool:
    """A unit sees that its water was counted somewhere, not what else is counted there."""
    if account.area is None:
        return False
    place = Place(account.area.path, account.unit_id)
    return actor.may(Permission.LEDGER_VIEW, place)


def account_name(actor: Actor, account: Account) -> Link:
    """额度 · 地下水 · 农业, and whose: an account that the person may see opens."""
    key = account.key
    words = [key.kind.label, key.source.label, key.sector.label if key.sector else ""]
    text = " · ".join(word for word in words if word)
    owner = account.unit or account.area
    if owner is None:
        return Link(text)
    if not may_see(actor, account):
        return Link(owner.name, note=text)
    route = "ledger:account" if account.unit is not None else "ledger:area"
    return Link(owner.name, reverse(route, args=[owner.pk]) + f"?year={account.year}", note=text)


def _facts(row: Transfer, documents: Documents) -> list[Fact]:
    by = row.act.user_name + (
        f"（代 {row.act.standing_in_for}）" if row.act.standing_in_for else ""
    )
    facts = [
        Fact("水量", row.amount, unit=M3, strong=True),
        Fact("类别", Code(row.code).label),
        Fact("生效日期", day_full(row.effective_on)),
        Fact("记账时间", moment(row.recorded_at), note=by),
        Fact("年度", f"{row.year} 年度"),
        Fact("凭证", document_link(row.document, documents, row.pk)),
        Fact("唯一编号", row.key, note="同一编号只能记一次"),
    ]
    if row.note:
        facts.append(Fact("说明", row.note))
    if row.corrects_id:
        facts.append(Fact("更正的流水", _to(row.corrects_id)))
    corrections = Transfer.objects.filter(corrects=row).values_list("pk", flat=True)
    facts += [Fact("已被更正", _to(pk)) for pk in corrections]
    return facts


def _to(transfer_id: int) -> Link:
    return Link(f"流水 {transfer_id}", reverse("ledger:transfer", args=[transfer_id]))


def _accounts_table(actor: Actor, row: Transfer) -> Table:
    columns = [
        Column("方向"),
        Column("账户"),
        Column("累计转入", M3, kind="figure"),
        Column("累计转出", M3, kind="figure"),
        Column("累计用水", M3, kind="figure"),
        Column("现在余额", M3, kind="figure", strong=True),
    ]
    rows = [_side(actor, "转出", row.debit), _side(actor, "转入", row.credit)]
    return Table(columns, rows)


def _side(actor: Actor, label: str, account: Account) -> Row:
    name = account_name(actor, account)
    if account.kind == AccountKind.WORLD or not may_see(actor, account):
        return Row([label, name, None, None, None, None])
    balance = account.balance
    figures = (balance.moved_in, balance.moved_out, balance.used, balance.available)
    return Row([label, name, *figures])
