"""Why a district got less than last year."""

from __future__ import annotations

from typing import Any

from shuiheng.ui.parts import (
    Action,
    Crumb,
    PageHead,
    YearChoice,
)
from shuiheng.ui.waterfall import End, Move, Neighbour, waterfall
from tests.ui.samples.frames import officer_frame, render, wan

WHY = """{% extends "ui/base.html" %}{% block content %}<section class="panel">{% show waterfall %}<footer>每个数都可点开到文件、许可证或面积备案。</footer></section>{% endblock %}"""


def why_waterfall() -> Any:
    given = [
        (
            "上级总量变化",
            -320,
            "自治区下达全市总量 112,200 → 109,600 万m³（含来水因素），按上年占比分到各区。",
            -180,
            -260,
        ),
        (
            "来水丰枯",
            -540,
            "2026 年按 P=75% 偏枯安排，白杨河来水少一成。已含在自治区分配计划内，只列出，不重复扣。",
            -410,
            -350,
        ),
        ("优先序与保底", 60, "居民生活增加 0.31 万人，先保。", 35, 180),
        (
            "面积、产量与定额",
            -365,
            "灌溉面积 8.45 → 8.25 万亩；综合定额 793 → 768 m³/亩。",
            -120,
            120,
        ),
        ("地下水许可上限", -170, "许可合计 3,990，可开采量 3,820，压到可开采量。", -90, -240),
        ("非常规水新增", 210, "新建再生水厂一期投运，能用 210。", 140, 480),
        ("缺水分担办法", -125, "保底以上按比例分担，居民和基本生态不参加。", -65, -120),
    ]
    return waterfall(
        "达坂城区",
        End("2025 年基准额度", wan(15120), "新水资源〔2025〕9号"),
        [Move(label, wan(change), note) for label, change, note, *_ in given],
        End("2026 年基准额度", wan(13870), "新水资源〔2026〕12号 · 第 2 版"),
        neighbours=[
            Neighbour("乌鲁木齐县", wan(15930), [wan(row[3]) for row in given], wan(15240)),
            Neighbour("米东区", wan(28150), [wan(row[4]) for row in given], wan(27960)),
        ],
    )


def why() -> str:
    head = PageHead(
        "达坂城区为什么比去年少 1,250 万m³",
        [Crumb("市水务局", "/"), Crumb("执行", "/"), Crumb("为什么")],
        2026,
        [YearChoice(2026, "?", True), YearChoice(2027, "?", True)],
        actions=[Action("换邻区", "/n"), Action("打印一页", "/p", primary=True)],
    )
    return render(WHY, {"head": head, "waterfall": why_waterfall(), "frame": officer_frame("执行")})
