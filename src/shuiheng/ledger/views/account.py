"""A unit's account, like a bank statement: what came, what was used, what is left, and the paper behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shuiheng.core.clock import MONTHS
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger import services
from shuiheng.ledger.rules import AccountKey, Balance, Code, state_of, sum_balances
from shuiheng.ledger.selectors import (
    StatementLine,
    Yardstick,
    quotas_of_unit,
    statement,
    unit_seen,
    yardstick,
)
from shuiheng.ledger.views.words import (
    Documents,
    Entry,
    chip_of,
    composition,
    document_link,
    entries,
    parts_in_words,
    summary_of,
)
from shuiheng.papers.sheets import Column as SheetColumn
from shuiheng.papers.sheets import write_sheet
from shuiheng.registry.models import Unit
from shuiheng.ui.charts import MonthBars, month_bars
from shuiheng.ui.figures import M3, WAN, in_unit, percent
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Choice,
    Choices,
    Crumb,
    Link,
    Message,
    PageHead,
    Stat,
    State,
    StatStrip,
    YearChoice,
)
from shuiheng.ui.tables import Column, LedgerLine, Panel, Row, Table, ledger_table

Plans = Callable[[Mapping[AccountKey, Balance]], Mapping[AccountKey, Sequence[Volume]]]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = {"": "全部", "quota": "额度变动", "use": "用水", "corrections": "更正"}
LONG_STATEMENT = 200
SMALL_M3 = 1000  # months below this are drawn in m³: the axis has room for three digits


@dataclass(frozen=True, slots=True)
class Account:
    """All that the page says, read once: one unit, one year, one book."""

    unit: Unit
    year: int
    book: Book
    held: dict[AccountKey, Balance]
    lines: list[StatementLine]
    plan: Mapping[AccountKey, Sequence[Volume]]
    used: dict[tuple[Source, int], Volume]
    estimated: dict[int, Volume]
    stick: Yardstick

    @property
    def whole(self) -> Balance:
        return sum_balances(list(self.held.values()))

    def planned(self, keys: Sequence[AccountKey]) -> Volume:
        """What the plan had reached at the end of the last month in the books."""
        return total(v for key in keys for v in self.plan[key][: self.stick.month])

    def state(self, keys: Sequence[AccountKey]) -> State:
        part = sum_balances([self.held[key] for key in keys])
        return state_of(part.used, part.net, self.planned(keys), self.stick.warn_percent)

    @property
    def is_issued(self) -> bool:
        return any(line.code is Code.ISSUE for line in self.lines)


def own_book(unit: Unit) -> Book:
    """A customer's account is kept in its supplier's network; everybody else's counts abstraction."""
    return Book.NETWORK if unit.kind_term.is_customer else Book.ABSTRACTION


def read_account(request: Any, unit_id: int, plans: Plans) -> Account:
    unit = unit_seen(request.actor, unit_id)
    year = asked_year(request)
    book = own_book(unit)
    held = quotas_of_unit(unit.pk, year, book)
    lines = statement(unit.pk, year, book)
    used: dict[tuple[Source, int], Volume] = {}
    estimated: dict[int, Volume] = {}
    for line in lines:
        month = line.transfer.effective_on.month
        used[line.source, month] = used.get((line.source, month), Volume()) + line.used
        if line.code is Code.USE_ESTIMATED:
            estimated[month] = estimated.get(month, Volume()) + line.used
    stick = yardstick(year, request.today)
    return Account(unit, year, book, held, lines, plans(held), used, estimated, stick)


def asked_year(request: Any) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and len(text) == 4 else int(request.today.year)


@login_required
@require_safe
def account(request: Any, unit_id: int, plans: Plans, documents: Documents) -> HttpResponse:
    """水账 of a unit."""
    books = read_account(request, unit_id, plans)
    if request.GET.get("export") == "xlsx":
        return _workbook(request, books, documents)
    context = {
        "head": _head(request, books),
        "sides": _sides(books),
        "stats": _stats(books),
        "months": _months_panel(books),
        "sources": _sources_panel(books),
        "lines": _lines_panel(request, books, documents),
    }
    return render(request, "ledger/account.html", context)


@login_required
@require_POST
def print_statement(request: Any, unit_id: int, plans: Plans, documents: Documents) -> HttpResponse:
    """水账对账单 as a paper: what the books say today, kept and the same at every reprint."""
    unit = unit_seen(request.actor, unit_id)
    year = int(request.POST.get("year", "") or request.today.year)
    paper = services.print_statement(
        unit, year, own_book(unit), actor=request.actor, now=request.now
    )
    return redirect("papers:show", paper_id=paper.pk)


def year_choices(request: Any, year: int) -> list[YearChoice]:
    """This year, the one before and the next: an account can be opened for each."""
    now = request.today.year
    return [
        YearChoice(y, f"?year={y}") for y in sorted({now + 1, now, now - 1, year}, reverse=True)
    ]


def unit_crumbs(unit: Unit, here: str) -> list[Crumb]:
    return [Crumb(unit.region.name), Crumb(unit.name), Crumb(here)]


def unit_note(unit: Unit) -> str:
    return f"{unit.name} · {unit.address_area.name} · {unit.kind_term.label} · {unit.code}"


def _head(request: Any, books: Account) -> PageHead:
    query = f"?year={books.year}"
    return PageHead(
        f"{books.year} 年水账",
        crumbs=unit_crumbs(books.unit, "水账"),
        year=books.year,
        years=year_choices(request, books.year),
        note=unit_note(books.unit),
        actions=[
            Action(
                "打印对账单",
                reverse("ledger:print", args=[books.unit.pk]),
                post=True,
                fields={"year": str(books.year)},
            ),
            Action("导出 Excel", f"{query}&export=xlsx"),
        ],
    )


def _sides(books: Account) -> Choices | None:
    if not books.unit.kind_term.is_supplier:
        return None
    args, query = [books.unit.pk], f"?year={books.year}"
    return Choices(
        [
            Choice("取水账", reverse("ledger:account", args=args) + query, current=True),
            Choice("供水账", reverse("ledger:supply", args=args) + query),
        ],
        tabs=True,
        note="取水计入水源和行政区域的额度；供水账把它分到用户和损失，同一方水只计一次。",
    )


def _stats(books: Account) -> StatStrip:
    whole, keys = books.whole, list(books.held)
    planned = books.planned(keys)
    month = books.stick.month
    guessed = total(books.estimated.values())
    share = percent(whole.used.m3 / whole.net.m3) if whole.net else "—"
    ahead = whole.used - planned
    return StatStrip(
        [
            Stat("额度", whole.net, M3, line=parts_in_words(composition(books.lines))),
            Stat(
                f"已用（至{month}月底）" if month else "已用",
                whole.used,
                M3,
                line=f"占 {share}" + (f"，其中暂估 {in_unit(guessed, M3)}" if guessed else ""),
            ),
            Stat(
                "可用",
                whole.available,
                M3,
                line=f"额度 {in_unit(whole.net, M3)} − 已用 {in_unit(whole.used, M3)}",
                focus=True,
            ),
            Stat(
                "比计划进度",
                ahead,
                M3,
                signed=True,
                beside=percent(ahead.m3 / planned.m3, signed=True) if planned else "",
                chip=Chip.of(books.state(keys)) if keys else None,
                line=f"1–{month}月计划 {in_unit(planned, M3)}" if month else "",
            ),
        ]
    )


def bars(books: Account) -> MonthBars:
    """Twelve months: what was used, of it estimated, inside the plan."""
    known = max([books.stick.month, *(month for (_, month), v in books.used.items() if v)])
    actual = [
        total(v for (_, m), v in books.used.items() if m == month) if month <= known else None
        for month in MONTHS
    ]
    plan = [total(months[month - 1] for months in books.plan.values()) for month in MONTHS]
    return month_bars(
        actual,
        plan if any(plan) else (),
        estimated=[books.estimated.get(month) for month in MONTHS],
        unit=M3 if max(v.m3 for v in [*plan, *(a for a in actual if a)]) < SMALL_M3 else WAN,
        name="use",
    )


def _months_panel(books: Account) -> Panel:
    chart = bars(books)
    return Panel("每月用水与计划", [chart], aside=chart.unit, wide=False)


def _sources_panel(books: Account) -> Panel:
    rows = [
        _source_row(books, key)
        for key in sorted(books.held, key=lambda k: list(Source).index(k.source))
    ]
    whole = books.whole
    columns = [
        Column("水源"),
        Column("额度", M3, kind="figure"),
        Column("已用", M3, kind="figure"),
        Column("┃ 计划进度", kind="mark"),
        Column("可用", M3, kind="figure", strong=True),
    ]
    sums = ["合计", whole.net, whole.used, "", whole.available] if len(rows) > 1 else []
    body: list[Any] = [Table(columns, rows, sums=sums, tight=True)]
    return Panel("按水源", [*body, *_warnings(books)])


def _source_row(books: Account, key: AccountKey) -> Row:
    balance = books.held[key]
    gauge = Gauge(balance.used, balance.net, books.planned([key]), books.state([key]), M3)
    label = key.source.label if key.source is not Source.NETWORK else "管网水"
    if (
        key.sector is not None
        and key.sector is not books.unit.sector_term
        and key.sector is not Sector.SUPPLY
    ):
        label = f"{label}（{key.sector.label}）"
    return Row([label, balance.net, balance.used, gauge, balance.available])


def _warnings(books: Account) -> list[Message]:
    """The plain arithmetic behind a chip that is not green (按进度推算, no probability)."""
    found = []
    for key, balance in books.held.items():
        state = books.state([key])
        planned, month = books.planned([key]), books.stick.month
        if state is State.OVER:
            over = balance.used - balance.net
            sentence = (
                f"{key.source.label}已超额度 {in_unit(over, M3)} m³。请尽快申请调整，并核对填报。"
            )
            found.append(Message(sentence, "must_fix"))
        elif state is State.WARNED and planned:
            more = percent((balance.used.m3 - planned.m3) / planned.m3)
            left = in_unit(balance.available, M3)
            rest = (
                f"{month + 1}–12月还可用 {left} m³。" if month < 11 else f"年内还可用 {left} m³。"
            )
            found.append(Message(f"{key.source.label}比 1–{month}月计划多 {more}。{rest}", "look"))
    return found


def _lines_panel(request: Any, books: Account, documents: Documents) -> Panel:
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    chosen = [entry for entry in reversed(entries(books.lines)) if _belongs(entry, show)]
    rows = [ledger_line(books, entry, documents) for entry in chosen[:LONG_STATEMENT]]
    whole = books.whole
    table = ledger_table(rows, change=whole.net, use=whole.used, balance=whole.available)
    cut = "" if len(chosen) <= LONG_STATEMENT else f"，先列最近 {LONG_STATEMENT} 笔，全部见导出"
    return Panel(
        "明细",
        [table],
        note=f"{len(chosen)} 笔，按生效日期从新到旧{cut}",
        aside=Choices(
            [
                Choice(label, f"?year={books.year}&show={key}", current=key == show)
                for key, label in SHOWN.items()
            ]
        ),
        foot="合计行是全年全部明细之和。" if show else "",
    )


def _belongs(entry: Entry, show: str) -> bool:
    if show == "corrections":
        return entry.is_correction
    if show == "use":
        return bool(entry.used)
    return bool(entry.granted) if show == "quota" else True


def ledger_line(books: Account, entry: Entry, documents: Documents) -> LedgerLine:
    several = len({key.source for key in books.held}) > 1
    transfer = entry.first.transfer
    return LedgerLine(
        transfer.effective_on,
        chip_of(entry),
        summary_of(entry, with_source=several),
        document_link(transfer.document, documents, transfer.pk),
        entry.granted if entry.granted else None,
        entry.used if entry.used else None,
        entry.available,
        estimated=entry.first.code is Code.USE_ESTIMATED,
    )


def _workbook(request: Any, books: Account, documents: Documents) -> HttpResponse:
    columns = [
        SheetColumn("日期", 12),
        SheetColumn("类别", 12),
        SheetColumn("摘要", 36),
        SheetColumn("凭证", 22),
        SheetColumn("额度增减（m³）"),
        SheetColumn("用水（m³）"),
        SheetColumn("可用余额（m³）"),
    ]
    lines = [ledger_line(books, entry, documents) for entry in entries(books.lines)]
    rows = [
        [
            x.day,
            x.kind.label,
            x.summary,
            x.document.text if x.document else "",
            x.change,
            x.use,
            x.balance,
        ]
        for x in lines
    ]
    whole = books.whole
    rows.append(["合计", "", "", "", whole.net, whole.used, whole.available])
    title = f"{books.unit.name} {books.year} 年水账"
    return workbook_response(request, title, columns, rows)


def workbook_response(
    request: Any, title: str, columns: Sequence[SheetColumn], rows: Sequence[Sequence[Any]]
) -> HttpResponse:
    """An export, marked when the database is not a real one."""
    kind = getattr(request.installation, "kind", "")
    mark = {"demo": "演示数据", "practice": "练习区"}.get(kind, "")
    content = write_sheet(title, columns, rows, mark=mark, made_at=request.now)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx")
    return response


def unit_link(unit: Unit | None) -> Link | str:
    if unit is None:
        return ""
    return Link(unit.name, reverse("ledger:account", args=[unit.pk]))
