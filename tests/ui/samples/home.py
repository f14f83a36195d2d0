"""The city officer's home page."""

from __future__ import annotations

from datetime import date
from typing import Any

from shuiheng.ui.charts import (
    Standing,
    ranked,
    ranked_gauges,
)
from shuiheng.ui.map import Mark, district_map
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Decision,
    DecisionList,
    Due,
    Duty,
    DutyList,
    Link,
    PageHead,
    StageTrack,
    Stat,
    State,
    StatStrip,
    Step,
    YearChoice,
)
from shuiheng.ui.tables import (
    Table,
)
from tests.ui.samples.frames import REST, TODAY, render, wan

AREAS = [
    ("6501L1", "甘泉堡经开区", 9480, 6955, 6323, State.WARNED),
    ("650107", "达坂城区", 13870, 11304, 10817, State.WARNED),
    ("650109", "米东区", 27960, 20875, 20406, State.NORMAL),
    ("650106", "经开区（头屯河区）", 9760, 6388, 6505, State.NORMAL),
    ("650103", "沙依巴克区", 8240, 5322, 5492, State.NORMAL),
    ("650102", "天山区", 6380, 4105, 4250, State.NORMAL),
    ("650104", "高新区（新市区）", 12350, 7914, 8227, State.NORMAL),
    ("650121", "乌鲁木齐县", 15240, 10962, 11431, State.NORMAL),
    ("650105", "水磨沟区", 6320, 4018, 4212, State.NORMAL),
]

HOME = """{% extends "ui/base.html" %}{% block content %}{% show track %}{% show stats %}
<div class="cols start"><div>{% show decisions %}{% show duties %}</div>
<section class="panel"><header><h2>各区执行：1–8月用水与计划</h2><span class="aside">{% show segments %}</span></header>
<div class="with-map">{% show map %}{% show table %}</div>
<footer>按“比计划”从高到低排列，编号与地图一致。预警：超计划进度 3%；超额：已用大于额度。 <a href="#">数据与口径</a></footer></section></div>{% endblock %}"""


def standings() -> list[Standing]:
    return [
        Standing(label, wan(used), wan(quota), wan(plan), state, f"/area/{code}")
        for code, label, quota, used, plan, state in AREAS
    ]


def area_map() -> Any:
    codes = {label: code for code, label, *_ in AREAS}
    return district_map(
        [
            Mark(codes[standing.label], standing.label, number, standing.state, standing.url)
            for number, standing in enumerate(ranked(standings()), start=1)
        ]
    )


def city_gauges() -> Table:
    whole = Standing("全市", wan(77843), wan(109600), wan(77665))
    return ranked_gauges(standings(), whole=whole)


def track() -> StageTrack:
    return StageTrack(
        [
            Step("编制", "1月31日 市级草案完成", "done", "/1"),
            Step("审核", "2月6日 汇编报送", "done", "/2"),
            Step("下达", "2月13日 九区 2,046 个单位", "done", "/3"),
            Step("执行", "第 9 个月 · 已入账至 8月", "now", "/4", current=True),
            Step("调整", "已办 14 件 · 待批 3 件", "now", "/5"),
            Step("决算", "12月15日起 · 还有 88 天", "coming", "/6"),
        ]
    )


def decisions() -> DecisionList:
    see = Action("看影响", "/1", primary=True)
    return DecisionList(
        [
            Decision(
                "上级调减 420 万m³",
                "自治区水利厅来文，10月1日起执行。拟全由预留承担，不动单位。",
                "今日 12:00 前",
                see,
            ),
            Decision(
                "启用预留 3 件，共 186 万m³",
                "米东 96、甘泉堡 60、乌县 30；批后余 2,262。",
                "9月21日 前",
                Action("去审批", "/2"),
            ),
            Decision(
                "达坂城区地下水已超额",
                "用 3,842 / 3,820（100.6%）；区里已报调整申请。",
                "9月22日 前",
                Action("看案卷", "/3"),
            ),
        ],
        more=Link("全部", "/decisions"),
    )


def duties() -> DutyList:
    def duty(month: int, day: int, what: str, detail: str, verb: str) -> Duty:
        return Duty(Due.on(date(2026, month, day), TODAY, REST), what, detail, Link(verb, "/duty"))

    return DutyList(
        [
            duty(11, 20, "发 2027 年度编制通知", "上年文号 乌水发〔2025〕118号", "起草"),
            duty(9, 15, "催报 7月漏报用水", "沙依巴克区 2 户、天山区 1 户", "催报"),
            duty(9, 20, "8月执行情况通报", "文稿已生成，待核 2 处", "核稿"),
            duty(9, 30, "三季度取用水量核定（交税务）", "已确认 1,612 / 1,684 户", "查看"),
        ],
        more=Link("年历", "/calendar"),
    )


def home_stats() -> StatStrip:
    return StatStrip(
        [
            Stat(
                "年度基准额度",
                wan(109600),
                "万m³",
                line="新水资源〔2026〕12号 · 第 2 版",
                decimals=0,
            ),
            Stat("1–8月用水", wan(77843), "万m³", line="占额度 71.0%　计划 77,665", decimals=0),
            Stat(
                "与计划进度比",
                wan(178),
                "万m³",
                line="2 区预警，1 个水源超额",
                beside="+0.2%",
                signed=True,
                decimals=0,
            ),
            Stat("可用", wan(31757), "万m³", line="按进度推算年末 109,820（+220）", decimals=0),
            Stat("预留余额", wan(2448), "万m³", line="年初 3,290　已启用 842", decimals=0),
        ]
    )


def home() -> str:
    head = PageHead(
        "水预算执行总览",
        [Crumb("市水务局", "/"), Crumb("首页")],
        2026,
        [YearChoice(2026, "?y=2026"), YearChoice(2025, "?y=2025")],
        aside="2026年9月18日 星期五 10:24　数据截至 9月17日 24:00",
        actions=[Action("导出", "/export", small=True)],
    )
    sources = ["总量", "地表水", "地下水", "外调水", "非常规水"]
    segments = Choices(
        [Choice(label, f"?s={label}", label == "总量") for label in sources], label="水源"
    )
    context = {
        "head": head,
        "track": track(),
        "stats": home_stats(),
        "decisions": decisions(),
        "duties": duties(),
        "segments": segments,
        "map": area_map(),
        "table": city_gauges(),
    }
    return render(HOME, context)
