"""Sample pages in the invented figures of the look pictures (演示数据): for drawing and for looking at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from django import forms
from django.template import Context, Engine
from django.template.base import Template

from shuiheng.core.access import Actor
from shuiheng.core.calendar import RestDays
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume
from shuiheng.ui import figures, palette
from shuiheng.ui.charts import (
    Share,
    Standing,
    diverging_bars,
    month_bars,
    ranked,
    ranked_gauges,
    share_bar,
)
from shuiheng.ui.forms import ActForm, DayField, FigureField, MonthsField, PhotoInput, VolumeField
from shuiheng.ui.frame import Frame, Installation, NavItem, Tab
from shuiheng.ui.gauge import Answer, Gauge
from shuiheng.ui.map import Mark, district_map
from shuiheng.ui.parts import (
    Action,
    CaseHead,
    Chip,
    Choice,
    Choices,
    Crumb,
    Decision,
    DecisionList,
    Due,
    Duty,
    DutyList,
    Empty,
    Fact,
    Facts,
    Filter,
    FindingList,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Progress,
    Section,
    SectionList,
    StageTrack,
    Stat,
    State,
    StatStrip,
    Step,
    Toolbar,
    YearChoice,
)
from shuiheng.ui.tables import (
    Column,
    LedgerLine,
    Panel,
    Preview,
    Row,
    Table,
    ledger_table,
)
from shuiheng.ui.waterfall import End, Move, Neighbour, waterfall

TODAY = date(2026, 9, 18)
REST = RestDays()
WAN = 10_000


def wan(figure: str | int) -> Volume:
    return Volume(int(Fraction(figure) * WAN))


def engine() -> Engine:
    return Engine(
        app_dirs=True,
        libraries={"static": "django.templatetags.static"},
        builtins=[
            "django.templatetags.static",
            "django.template.defaulttags",
            "django.template.defaultfilters",
            "django.template.loader_tags",
            "shuiheng.ui.templatetags.ui",
        ],
    )


def render(source: str, context: Mapping[str, Any]) -> str:
    """A page from template text, with the frame of a demo installation unless another is given."""
    template: Template = engine().from_string(source)
    return template.render(
        Context({"frame": officer_frame("首页"), "csrf_token": "t" * 32} | dict(context))
    )


def officer_frame(current: str, **changes: Any) -> Frame:
    groups = [
        ("home", ["首页"]),
        ("cycle", ["编制", "审核", "下达", "执行", "调整", "决算"]),
        ("books", ["名录", "水账", "规划", "文书"]),
    ]
    given = {
        "installation": Installation("demo"),
        "office": "乌鲁木齐市水预算管理",
        "business_date": TODAY,
        "today": TODAY,
        "clock_movable": True,
        "clock_url": "/clock",
        "actor": Actor(7, "阿依古丽"),
        "person": "阿依古丽",
        "post_label": "市水务局 水资源处",
        "search_url": "/search",
        "nav": [
            NavItem(label, f"/{label}", label == current, group)
            for group, labels in groups
            for label in labels
        ],
    }
    return Frame(**(given | changes))


def unit_frame(current: str) -> Frame:
    tabs = [("水账", "account"), ("填报", "report"), ("文书", "paper"), ("我的", "person")]
    nav = [
        ("home", ["首页", "水账"]),
        ("cycle", ["编制", "调整", "决算"]),
        ("books", ["文书", "计量"]),
    ]
    return officer_frame(
        current,
        person="吐尔逊·买买提",
        post_label="丰源种植专业合作社",
        is_unit_person=True,
        nav=[
            NavItem(label, f"/{label}", label == current, group)
            for group, labels in nav
            for label in labels
        ],
        tabs=[Tab(label, f"/{label}", icon, label == current) for label, icon in tabs],
    )


# -- home -----------------------------------------------------------------------------------------

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


# -- the account of a unit ------------------------------------------------------------------------

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


def ledger() -> Panel:
    use = Chip("用水")
    given = [
        (8, 31, use, "8月计量 · 2 号井 8月19–24日暂估", "计量月报 2026-08", None, 149_380, 186_615),
        (
            8,
            9,
            Chip("更正", "warned"),
            "2 号井换表，补记 7月读数",
            "更正单 2026-008",
            None,
            1_350,
            335_995,
        ),
        (7, 31, use, "7月计量 · 2 口井、斗口 1 处", "计量月报 2026-07", None, 186_100, 337_345),
        (
            7,
            28,
            Chip("调增", "grant"),
            "启用预留：干热风补灌一次",
            "调整批复 2026-044",
            30_000,
            None,
            523_445,
        ),
        (6, 30, use, "6月计量 · 2 口井、斗口 1 处", "计量月报 2026-06", None, 158_920, 493_445),
        (
            6,
            22,
            Chip("调减", "grant"),
            "番茄改种苜蓿 90 亩，本单位申请",
            "调整批复 2026-031",
            -20_000,
            None,
            652_365,
        ),
        (5, 31, use, "5月计量 · 2 口井、斗口 1 处", "计量月报 2026-05", None, 121_640, 672_365),
        (4, 30, use, "4月计量 · 2 口井、斗口 1 处", "计量月报 2026-04", None, 58_310, 794_005),
        (3, 31, use, "3月计量 · 2 口井", "计量月报 2026-03", None, 9_360, 852_315),
        (2, 28, use, "2月计量 · 2 口井", "计量月报 2026-02", None, 1_085, 861_675),
        (
            2,
            13,
            Chip("下达", "grant"),
            "2026 年度基准额度 864,000，扣预下达",
            "米水发〔2026〕9号",
            691_200,
            None,
            862_760,
        ),
        (1, 31, use, "1月计量 · 2 口井", "计量月报 2026-01", None, 1_240, 171_560),
        (
            1,
            1,
            Chip("预下达", "grant"),
            "年度额度的 20%，先行使用",
            "米水发〔2026〕1号",
            172_800,
            None,
            172_800,
        ),
    ]
    lines = [
        LedgerLine(
            date(2026, m, d),
            kind,
            summary,
            Link(paper, "/paper", whole=True),
            None if change is None else Volume(change),
            None if used is None else Volume(used),
            Volume(balance),
        )
        for m, d, kind, summary, paper, change, used, balance in given
    ]
    table = ledger_table(
        lines, change=Volume(874_000), use=Volume(687_385), balance=Volume(186_615)
    )
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


# -- review: the look queue, and the ready queue with its preview -----------------------------------

REVIEW = """{% extends "ui/split.html" %}{% block above %}{% show tabs %}{% endblock %}
{% block list %}<section class="panel">{% show filters %}{% show table %}</section>{% endblock %}
{% block case %}<form class="panel" method="post">{% show case %}{% csrf_token %}<div class="body">{% show findings %}</div>{% show crops %}{% show chart %}<div class="body">{% field form.volume line=True %}</div><footer class="acts">{% show actions %}</footer></form>{% endblock %}"""

LOOKED_AT = [
    (
        "兴牧种植专业合作社",
        "长山子镇 · 灌区用户",
        "86.40",
        "61.20",
        "今年 86.40 是去年 61.20 的 1.41 倍，超过 ±20% 限",
    ),
    ("曙光养殖场", "三道坝镇 · 自备井", "9.60", "9.75", "地下水申报 9.60 大于许可 8.00 万m³"),
    (
        "恒达建材有限公司",
        "古牧地镇 · 自备井",
        "41200",
        "4.30",
        "疑似把 m³ 填成了万m³：41,200 m³ = 4.12 万m³，与去年相近",
    ),
    (
        "蓝天印染厂",
        "羊毛工镇 · 管网用户",
        "32.50",
        "30.10",
        "十二个月合计 31.90，与全年 32.50 差 0.60",
    ),
    (
        "宏远洗选煤厂",
        "铁厂沟镇 · 自备井",
        "48.00",
        "46.20",
        "取水许可证 2026年2月11日到期（34 天后）",
    ),
    (
        "玉希布早村灌溉组",
        "柏杨河乡 · 灌区用户",
        "118.30",
        "121.00",
        "申报 2,380 亩，农业农村局备案 2,164 亩",
    ),
    ("新农果蔬基地", "长山子镇 · 灌区用户", "22.80", "0", "首次申报，没有上年数，按定额测算 21.60"),
]


class CaseForm(ActForm):
    volume = VolumeField(label="建议核定", help_text="按测算；比申报 −5.04")


def review() -> str:
    rows = [
        Row(
            [
                Name(name, place, "?case=1"),
                wan(declared),
                wan(last),
                figures.change(wan(declared), wan(last)),
                why,
            ],
            selected=name.startswith("兴牧"),
        )
        for name, place, declared, last, why in LOOKED_AT
    ]
    columns = [
        Column("单位"),
        Column("申报", "万m³", kind="figure", strong=True),
        Column("上年", "万m³", kind="figure"),
        Column("变化", "%", kind="figure", signed=True),
        Column("为什么要看"),
    ]
    crops = Table(
        [
            Column("种植结构"),
            Column("面积 亩", kind="figure"),
            Column("定额 m³/亩", kind="figure"),
            Column("测算 万m³", "万m³", kind="figure", unit_shown=False),
            Column("申报 万m³", "万m³", kind="figure", unit_shown=False),
        ],
        [
            Row([Link("玉米", note="滴灌"), 1560, 360, wan("56.16"), wan("56.16")]),
            Row([Link("番茄", note="滴灌"), 540, 340, wan("18.36"), wan("23.40")]),
            Row([Link("苜蓿", note="沟灌"), 300, 228, wan("6.84"), wan("6.84")]),
        ],
        sums=["合计", 2400, "", wan("81.36"), wan("86.40")],
        tight=True,
    )
    findings = [
        Finding(
            "a", Severity.NOTE, "灌溉面积 2,400 亩，与农业农村局备案一致。许可 90.00 万m³，够用。"
        ),
        Finding(
            "b",
            Severity.LOOK,
            "申报 86.40 万m³，比去年 61.20 多 25.20（+41.2%）。其中 20.16 来自新增 560 亩玉米（360 m³/亩），其余 5.04 没有说明。",
        ),
    ]
    declared = ["1.2", "1", "2.2", "6.1", "12.3", "16.6", "18", "14.9", "7.5", "3.4", "1.2", "1"]
    before = ["1", "0.9", "2", "4.6", "8.5", "11.8", "12.7", "10.2", "5.2", "2.2", "1", "0.8"]
    head = PageHead(
        "米东区草案审核",
        [Crumb("米东区水务局", "/"), Crumb("审核", "/"), Crumb("2026 年度草案")],
        2026,
        [YearChoice(2026, "?y=2026")],
        due=Due(date(2026, 1, 15), 7, 5, "完成县级草案"),
        actions=[Action("催报未报 26 户", "/remind")],
    )
    kinds = [
        ("全部", 40),
        ("比上年 ±20%", 14),
        ("超许可", 7),
        ("单位疑误", 4),
        ("月份合计不符", 5),
        ("许可证将到期", 3),
    ]
    context = {
        "head": head,
        "frame": officer_frame("审核", person="马秀兰", post_label="米东区水务局"),
        "tabs": review_tabs("需查看"),
        "filters": Panel(
            "需查看", [], aside=Choices([Choice(w, "?", w == "全部", n) for w, n in kinds])
        ),
        "table": Table(columns, rows),
        "case": CaseHead(
            "兴牧种植专业合作社",
            "长山子镇 · 灌区用户 · 取水许可 D650109S2021-0347",
            "1 / 40",
            "办完自动到下一件",
        ),
        "crops": crops,
        "findings": FindingList(findings, labelled=False),
        "chart": month_bars(
            months(list(declared)),
            line=months(list(before)),
            actual_label="今年申报",
            name="case",
            size="case",
        ),
        "form": CaseForm(initial={"volume": wan("81.36")}),
        "actions": [
            Action("按测算核定", name="act", value="computed", key="Enter", primary=True),
            Action("按申报通过", name="act", value="declared", key="P"),
            Action("退回补正…", name="act", value="return", key="T"),
        ],
    }
    context["filters"] = Choices([Choice(w, "?", w == "全部", n) for w, n in kinds])
    source = REVIEW.replace("{% show filters %}", '<div class="toolbar">{% show filters %}</div>')
    return render(source, context)


def review_tabs(current: str) -> Choices:
    given = [("需查看", 40), ("可通过", 260), ("未报", 26), ("已退回", 0), ("已审", 0)]
    return Choices(
        [Choice(label, f"?tab={label}", label == current, count) for label, count in given],
        tabs=True,
        note="名录 326 个单位 = 已报 300 + 未报 26",
    )


READY = """{% extends "ui/split.html" %}{% block above %}{% show tabs %}{% endblock %}{% block list %}<section class="panel">{% show toolbar %}{% show table %}{% show pages %}</section>{% endblock %}{% block case %}{% show preview %}{% endblock %}"""


def ready_table() -> Table:
    given = [
        ("三道坝镇", "绿野家庭农场", "灌区用户", "24.60", "25.10", "30.00"),
        ("三道坝镇", "下沟村灌溉组", "灌区用户", "96.80", "98.20", "110.00"),
        ("羊毛工镇", "鼎盛食品有限公司", "管网用户", "6.20", "6.05", "8.00"),
        ("古牧地镇", "康居物业二区", "管网用户", "18.40", "18.90", None),
        ("铁厂沟镇", "神达机械厂", "自备井", "12.10", "11.80", "15.00"),
        ("柏杨河乡", "独山子村灌溉组", "灌区用户", "88.50", "90.30", "100.00"),
    ]
    return Table(
        [
            Column("乡镇街道"),
            Column("单位"),
            Column("类型"),
            Column("申报", "万m³", kind="figure", strong=True),
            Column("上年", "万m³", kind="figure"),
            Column("变化", "%", kind="figure", signed=True),
            Column("许可", "万m³", kind="figure"),
            Column("", kind="action"),
        ],
        [
            Row(
                [
                    town,
                    Name(name),
                    kind,
                    wan(declared),
                    wan(last),
                    Fraction(declared) / Fraction(last) - 1,
                    None if permit is None else wan(permit),
                    Link("打开", "/open"),
                ],
                pick=str(number),
            )
            for number, (town, name, kind, declared, last, permit) in enumerate(given)
        ],
        pick="unit",
        pick_form="preview",
        tight=True,
    )


def preview() -> Preview:
    cells = [
        ("农业 · 地表水", 6480, 7120, State.NORMAL),
        ("农业 · 地下水", 3260, 3600, State.NORMAL),
        ("工业 · 地下水", 1180, 1240, State.WARNED),
        ("工业 · 非常规水", 2140, 2300, State.NORMAL),
        ("服务业 · 外调水", 410, 520, State.NORMAL),
        ("生态 · 非常规水", 380, 450, State.NORMAL),
    ]
    effect = Table(
        [
            Column("行业 · 水源"),
            Column("本次", "万m³", kind="figure", decimals=0, strong=True),
            Column("额度", "万m³", kind="figure", decimals=0),
            Column("", kind="mark"),
            Column("剩余", "万m³", kind="figure", decimals=0),
        ],
        [
            Row([name, wan(now), wan(q), Gauge(wan(now), wan(q), None, state), wan(q - now)])
            for name, now, q, state in cells
        ],
        sums=["合计", wan(13850), wan(15230), "", wan(1380)],
        tight=True,
    )
    return Preview(
        "通过这 260 件",
        [
            Stat("将通过", 260, "户"),
            Stat("合计水量", wan(13850), "万m³", decimals=0),
            Stat("比上年", Fraction(-18, 1000), "%", signed=True),
        ],
        title="通过前核对",
        table=effect,
        findings=[
            Finding(
                "a",
                Severity.LOOK,
                "工业 · 地下水通过后只剩 60 万m³，“需查看”里还有 7 户同类申报，合计 112。",
            )
        ],
        undo="通过后进入汇编；您审核的草案由另一人复核。单件可在汇编前撤回，留痕。",
        form=ActForm(),
        others=[Action("打印清单", "/print")],
    )


def ready() -> str:
    head = PageHead(
        "米东区草案审核",
        [Crumb("米东区水务局", "/"), Crumb("审核", "/"), Crumb("2026 年度草案")],
        2026,
        [YearChoice(2026, "?y=2026")],
        due=Due(date(2026, 1, 15), 7, 3, "完成县级草案"),
        actions=[Action("催报未报 26 户", "/remind")],
    )
    towns = Filter("town", "乡镇", [("", "全部乡镇"), ("1", "三道坝镇")])
    kinds = Filter("kind", "类型", [("", "全部类型"), ("1", "灌区用户")])
    context = {
        "head": head,
        "frame": officer_frame("审核", person="马秀兰", post_label="米东区水务局"),
        "tabs": review_tabs("可通过"),
        "toolbar": Toolbar(
            [towns, kinds],
            note="材料齐全，且申报在上年 ±20%、定额、许可三条限内",
            picked=260,
            of=260,
        ),
        "table": ready_table(),
        "pages": Pages(260, 1, "户"),
        "preview": preview(),
    }
    return render(READY, context)


# -- why, draft -----------------------------------------------------------------------------------

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


class DraftForm(ActForm):
    surface = VolumeField(label="地表水 长山子支渠 3 斗")
    ground = VolumeField(label="地下水 1 号井、2 号井")
    area = FigureField(label="番茄面积", unit="亩", required=False, help_text="定额 340 m³/亩")
    day = DayField(label="许可到期日", required=False)
    way = forms.ChoiceField(label="灌溉方式", choices=[("drip", "滴灌"), ("furrow", "沟灌")])
    basis = forms.ChoiceField(
        label="水量来自",
        choices=[("meter", "计量"), ("power", "以电折水")],
        widget=forms.RadioSelect,
        initial="meter",
    )
    agree = forms.BooleanField(label="以上内容属实")
    scan = forms.FileField(label="盖章扫描件", widget=PhotoInput(), required=False)
    reason = forms.CharField(label="说明", widget=forms.Textarea, required=False)
    months = MonthsField(label="", total="surface")


def draft_form(posted: Mapping[str, str] | None = None) -> DraftForm:
    plan = ["0.13", "0.12", "1", "6", "12", "15.3", "17.2", "12.6", "6.3", "3.4", "0.76", "0.5"]
    if posted is not None:
        return DraftForm(posted)
    return DraftForm(
        initial={"surface": wan("49.31"), "ground": wan("26"), "months": [wan(f) for f in plan]}
    )


def draft_findings() -> list[Finding]:
    return [
        Finding(
            "a",
            Severity.MUST_FIX,
            "是不是把 m³ 填成了万m³？260,000 万m³ 是您许可的 8,667 倍；260,000 m³ 就是 26.00 万m³，和今年接近。",
            field="ground",
            repair="26.00",
            facts={"unit": "万m³"},
        ),
        Finding("b", Severity.LOOK, "苜蓿 390 亩，乡里备案 300 亩，先去备案可少跑一趟。"),
        Finding("c", Severity.MUST_FIX, "面积不是数字。", row=12, column="面积"),
    ]


def sections() -> SectionList:
    return SectionList(
        [
            Section("单位与许可", "已填", "#1", "done"),
            Section("种植与面积", "3 种作物", "#2", "now", current=True),
            Section("水源与取水口", "有 1 处要改", "#3", "wrong"),
            Section("每月计划", "已按上年分好", "#4", "done"),
            Section("附件与提交", "缺盖章扫描件", "#5"),
        ]
    )


DRAFT = """{% extends "ui/base.html" %}{% block content %}<form method="post" data-draft="draft">{% csrf_token %}<div class="cols three"><div>{% show sections %}</div><div>
<section class="panel"><header><h2>水源与取水口</h2><span class="aside">万m³</span></header><div class="body">{% form_head form %}<div class="fields">{% field form.surface "今年用 47.20　许可 60.00" %}{% field form.ground "今年用 27.10　许可 30.00" %}</div>{% show findings %}</div></section>
<section class="panel"><header><h2>每月计划</h2><span class="note">万m³，按今年各月比例分好，可以改</span></header><div class="body">{% field form.months %}</div></section>
<section class="panel"><header><h2>其他</h2></header><div class="body"><div class="fields">{% field form.area %}{% field form.day %}{% field form.way %}{% field form.basis %}{% field form.scan %}{% field form.reason %}{% field form.agree %}</div></div></section></div>
<div>{% show summary %}{% show before %}</div></div></form>{% endblock %}"""


def draft(posted: Mapping[str, str] | None = None) -> str:
    head = PageHead(
        "2027 年度水预算草案",
        [Crumb("丰源种植专业合作社", "/"), Crumb("编制")],
        2027,
        [YearChoice(2027, "?", True), YearChoice(2026, "?", True)],
        chip=Chip("草稿 · 10:24 已自动保存"),
        due=Due(date(2026, 12, 31), 13, 10, "报长山子镇"),
        actions=[Action("打印申报表", "/p"), Action("核对并提交…", "/s", primary=True)],
    )
    facts = Facts(
        [Fact("比今年额度", "−12.09　−13.8%"), Fact("比今年已用", "+1.01　+1.4%")], figures=True
    )
    total = Stat("合计", wan("75.31"), "万m³", line="= 753,100 m³")
    context = {
        "head": head,
        "frame": unit_frame("编制"),
        "form": draft_form(posted),
        "findings": FindingList(draft_findings()[:1], labelled=False),
        "sections": sections(),
        "summary": Panel("本次申报", [total, facts], wide=False),
        "before": Panel(
            "提交前",
            [FindingList(draft_findings(), linked=True)],
            aside="2 处必改，1 处请看",
            wide=False,
        ),
    }
    return render(DRAFT, context)


# -- phone ----------------------------------------------------------------------------------------

PHONE = """{% extends "ui/base.html" %}{% block head %}{% endblock %}{% block content %}{% show answers %}<section class="panel"><div class="body">{% show facts %}</div></section><section class="panel">{% for d in todo %}<div class="decision"><div>{{ d.title }}<p>{{ d.consequence }}</p></div><div class="act">{% show d.action %}</div></div>{% endfor %}</section>{% endblock %}"""


def answers() -> list[Answer]:
    month = Gauge(
        Volume(41_260),
        Volume(90_000),
        Volume(51_000),
        large=True,
        plan_label="",
        quota_label="9月计划",
    )
    year = Gauge(Volume(728_645), Volume(874_000), Volume(722_500), large=True, plan_label="")
    return [
        Answer(
            "9月还能用",
            Volume(48_740),
            meaning="约够 812 亩玉米浇一遍（60 m³/亩）",
            gauge=month,
            line="已用 41,260　今天应到 51,000（竖线），慢 9,740",
            chip=Chip.of(State.NORMAL),
        ),
        Answer(
            "今年还能用",
            Volume(145_355),
            gauge=year,
            line="已用 728,645　今天应到 722,500，快 6,145",
            year=2026,
        ),
    ]


def phone() -> str:
    todo = [
        Decision(
            "8月暂估 28,400 m³，请确认",
            "2 号井 8月19–24日没有读数　9月20日前",
            "",
            Action("确认", "/c", primary=True),
        ),
        Decision("水不够用？先申请调整", "启用预留，或买别人节余的指标", "", Action("申请", "/a")),
    ]
    facts = Facts(
        [
            Fact("地表水 长山子支渠", Volume(112_705), unit="m³", strong=True),
            Fact("地下水 1 号井、2 号井", Volume(32_650), unit="m³", strong=True),
        ],
        figures=True,
    )
    return render(
        PHONE, {"frame": unit_frame("水账"), "answers": answers(), "todo": todo, "facts": facts}
    )


PHONE_DRAFT = """{% extends "ui/base.html" %}{% block content %}<div class="question">{% show progress %}<h1>明年用哪里的水，各多少？</h1><p class="lead">已带入今年的水量，有变化的改一下。</p><form id="draft" method="post" data-draft="step">{% csrf_token %}{% form_head form %}{% field form.surface "今年 47.20" %}{% field form.ground "今年 27.10" %}{% show findings %}</form></div>{% endblock %}
{% block foot %}<div class="foot-bar"><div class="sum"><span>合计 <b>612,360 m³</b></span><span class="quiet">= 61.24 万m³　今年 87.40</span></div><button class="button primary" form="draft">下一步：每月计划</button></div>{% endblock %}"""


def phone_draft() -> str:
    head = PageHead("2027 年度水预算草案", year=2027, phone_title="2027 年草案", back="/")
    finding = Finding(
        "a",
        Severity.LOOK,
        "260,000 是不是 m³？260,000 m³ = 26.00 万m³，正好是今年的数。",
        field="ground",
        repair="26.00",
        facts={"unit": "万m³"},
    )
    context = {
        "head": head,
        "frame": unit_frame("填报"),
        "progress": Progress(2, 5, "第 2 步，共 5 步", saved="已保存 10:24"),
        "form": draft_form(),
        "findings": FindingList([finding], labelled=False),
    }
    return render(PHONE_DRAFT, context)


# -- the rest -------------------------------------------------------------------------------------

SIGN = """{% extends "ui/sign.html" %}{% block sign %}<form method="post">{% csrf_token %}{% fields form %}<button class="button primary">登录</button></form>{% endblock %}{% block below %}<p class="quiet">忘记密码？请联系区县水务局办理。</p>{% endblock %}"""


class SignForm(forms.Form):
    name = forms.CharField(label="手机号或用户名")
    password = forms.CharField(
        label="密码", widget=forms.PasswordInput({"autocomplete": "current-password"})
    )


def sign() -> str:
    return render(SIGN, {"form": SignForm()})


def refusal(status: int = 409, incident: str = "") -> str:
    return render('{% include "ui/refusal.html" %}', {"status": status, "incident": incident})


def over_gauges() -> Panel:
    small = Gauge(wan(3842), wan(3820), wan(2700), State.OVER, "万m³")
    large = Gauge(wan(4300), wan(3820), wan(2700), State.OVER, "万m³", large=True)
    return Panel("水尺：超额", [small, large], wide=False)


def gains() -> Table:
    rows = [
        ("达坂城区", 13870, -1080),
        ("米东区", 27960, -980),
        ("天山区", 6380, -135),
        ("甘泉堡经开区", 9480, 250),
    ]
    bars = diverging_bars([wan(change) for *_, change in rows], decimals=0)
    return Table(
        [
            Column("行政区域"),
            Column("2026 已下达", "万m³", kind="figure", decimals=0),
            Column("增减", "万m³", kind="figure", decimals=0, signed=True, toned=True),
            Column("减 ┃ 增", kind="mark"),
        ],
        [
            Row([name, wan(was), wan(change), bar])
            for (name, was, change), bar in zip(rows, bars, strict=True)
        ],
    )


def shares() -> Any:
    given = [
        (Source.SURFACE, 51200),
        (Source.GROUND, 29420),
        (Source.TRANSFERRED, 21150),
        (Source.UNCONVENTIONAL, 7830),
    ]
    return share_bar([Share(s.label, wan(v), palette.SOURCES[s]) for s, v in given], decimals=0)


def gallery() -> str:
    samples = [
        ("阶段", track()),
        ("数条", home_stats()),
        ("待办与期限", [decisions(), duties()]),
        (
            "水尺",
            [
                over_gauges(),
                Panel("水源占比", [shares()], wide=False),
                Panel("谁增谁减", [gains()]),
            ],
        ),
        ("各区", Panel("各区执行", [city_gauges()])),
        ("图", [use_chart(), Panel("地图", [area_map()])]),
        (
            "发现",
            [
                FindingList(draft_findings(), "提交前"),
                Message("已通过 260 件，13,850 万m³，14:02。", "done"),
            ],
        ),
        (
            "空",
            Panel(
                "9月用水",
                [Empty("9月用水还没有入账。", "10月5日后入账。", Action("填报用水", "/r"))],
            ),
        ),
        (
            "进度",
            [Progress(8, 9, "已报 8 / 9 区"), Progress(1612, 1684, "已确认 1,612 / 1,684 户")],
        ),
        ("核对", preview()),
    ]
    head = PageHead("构件", [Crumb("样张")], 2026, chip=Chip.of(State.OVER))
    posted = {"surface": "abc", "ground": "26", "key": "x"}
    return render(
        '{% extends "ui/gallery.html" %}',
        {"head": head, "samples": samples, "form": draft_form(posted)},
    )


DESKTOP = {
    "home": home,
    "review": review,
    "ready": ready,
    "account": account,
    "why": why,
    "draft": draft,
    "sign": sign,
    "refusal": refusal,
    "gallery": gallery,
}
PHONES = {
    "phone": phone,
    "phone-draft": phone_draft,
    "account": account,
    "draft": draft,
    "home": home,
    "review": review,
    "gallery": gallery,
    "sign": sign,
}
