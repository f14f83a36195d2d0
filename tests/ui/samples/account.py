"""The account of a unit."""

from __future__ import annotations

from datetime import date

from shuiheng.core.volume import Volume
from shuiheng.ui.charts import (
    month_bars,
)
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
from shuiheng.ui.tables import (
    Column,
    LedgerLine,
    Panel,
    Row,
    Table,
    ledger_table,
)
from tests.ui.samples.frames import render, unit_frame, wan

ACTUAL = ["0.12", "0.1", "1", "5.83", "12.16", "15.9", "18.7", "14.94", None, None, None, None]
PLAN = ["0.13", "0.12", "0.9", "6", "12", "15.3", "17.7", "14.5", "9", "8.1", "2.1", "1"]
ESTIMATED = [None] * 7 + ["2.84"] + [None] * 4

ACCOUNT = """{% extends "ui/base.html" %}{% block content %}{% show stats %}<div class="cols start"><div>{% show chart %}{% show sources %}</div>{% show ledger %}</div>{% endblock %}"""


def months(given: list[str | None]) -> list[Volume | None]:
    return [None if figure is None else wan(figure) for figure in given]


def use_chart() -> Panel:
    chart = month_bars(months(ACTUAL), months(PLAN), estimated=months(ESTIMATED))
    return Panel("每月用水与计划", [chart], aside="万m³")


def by_source() -> Panel:
    rows = [
        ("地表水", "长山子支渠", 574_000, 438_935, 450_000, State.NORMAL),
        ("地下水", "2 口井", 300_000, 248_450, 211_000, State.WARNED),
    ]
    table = Table(
        [
            Column("水源"),
            Column("额度", "m³", kind="figure"),
            Column("已用", "m³", kind="figure"),
            Column("", kind="mark"),
            Column("可用", "m³", kind="figure", strong=True),
        ],
        [
            Row(
                [
                    Link(name, note=place),
                    Volume(q),
                    Volume(u),
                    Gauge(Volume(u), Volume(q), Volume(p), s),
                    Volume(q - u),
                ]
            )
            for name, place, q, u, p, s in rows
        ],
        sums=["合计", Volume(874_000), Volume(687_385), "", Volume(186_615)],
    )
    note = Message("地下水比计划多 17.7%。9–12月还可用 51,550 m³，去年同期用了 58,200 m³。", "look")
    return Panel("按水源", [table, note])


LEDGER = """
08-31 | 用水 | 8月计量 · 2 号井 8月19–24日暂估 | 计量月报 2026-08 | | 149380 | 186615
08-09 | 更正 warned | 2 号井换表，补记 7月读数 | 更正单 2026-008 | | 1350 | 335995
07-31 | 用水 | 7月计量 · 2 口井、斗口 1 处 | 计量月报 2026-07 | | 186100 | 337345
07-28 | 调增 grant | 启用预留：干热风补灌一次 | 调整批复 2026-044 | 30000 | | 523445
06-30 | 用水 | 6月计量 · 2 口井、斗口 1 处 | 计量月报 2026-06 | | 158920 | 493445
06-22 | 调减 grant | 番茄改种苜蓿 90 亩，本单位申请 | 调整批复 2026-031 | -20000 | | 652365
05-31 | 用水 | 5月计量 · 2 口井、斗口 1 处 | 计量月报 2026-05 | | 121640 | 672365
04-30 | 用水 | 4月计量 · 2 口井、斗口 1 处 | 计量月报 2026-04 | | 58310 | 794005
03-31 | 用水 | 3月计量 · 2 口井 | 计量月报 2026-03 | | 9360 | 852315
02-28 | 用水 | 2月计量 · 2 口井 | 计量月报 2026-02 | | 1085 | 861675
02-13 | 下达 grant | 2026 年度基准额度 864,000，扣预下达 | 米水发〔2026〕9号 | 691200 | | 862760
01-31 | 用水 | 1月计量 · 2 口井 | 计量月报 2026-01 | | 1240 | 171560
01-01 | 预下达 grant | 年度额度的 20%，先行使用 | 米水发〔2026〕1号 | 172800 | | 172800
"""


def ledger_line(text: str) -> LedgerLine:
    day, kind, summary, paper, change, used, balance = (cell.strip() for cell in text.split("|"))
    return LedgerLine(
        date.fromisoformat(f"2026-{day}"),
        Chip(*kind.split()),
        summary,
        Link(paper, "/paper", whole=True),
        Volume(int(change)) if change else None,
        Volume(int(used)) if used else None,
        Volume(int(balance)),
    )


def ledger() -> Panel:
    lines = [ledger_line(text) for text in LEDGER.strip().splitlines()]
    sums = (Volume(874_000), Volume(687_385), Volume(186_615))
    table = ledger_table(lines, change=sums[0], use=sums[1], balance=sums[2])
    words = ["全部", "额度变动", "用水", "更正"]
    segments = Choices([Choice(word, f"?k={word}", word == "全部") for word in words])
    return Panel("明细", [table], "13 笔，按生效日期从新到旧", segments)


def account_stats() -> StatStrip:
    return StatStrip(
        [
            Stat(
                "基准额度", Volume(874_000), "m³", line="下达 864,000 − 调减 20,000 + 预留 30,000"
            ),
            Stat("已用（至 8月31日）", Volume(687_385), "m³", line="占 78.6%，其中暂估 28,400"),
            Stat("可用", Volume(186_615), "m³", line="额度 874,000 − 已用 687,385", focus=True),
            Stat(
                "比计划进度",
                Volume(15_885),
                "m³",
                signed=True,
                beside="+2.4%",
                chip=Chip.of(State.NORMAL),
                line="9–12月计划 202,500",
            ),
        ]
    )


def account() -> str:
    head = PageHead(
        "2026 年水账",
        [Crumb("丰源种植专业合作社", "/"), Crumb("水账")],
        2026,
        [YearChoice(2026, "?y=2026", True), YearChoice(2025, "?y=2025")],
        note="米东区长山子镇 · 灌区用户 · 取水许可 D650109S2021-0352",
        actions=[
            Action("打印对账单", "/print"),
            Action("导出 Excel", "/xlsx"),
            Action("申请调整", "/adjust", primary=True),
        ],
    )
    context = {
        "head": head,
        "frame": unit_frame("水账"),
        "stats": account_stats(),
        "chart": use_chart(),
        "sources": by_source(),
        "ledger": ledger(),
    }
    return render(ACCOUNT, context)
