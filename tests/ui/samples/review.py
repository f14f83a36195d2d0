"""The review queues: what has to be looked at, and what can be accepted at once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from shuiheng.core.refusal import Finding, Severity
from shuiheng.ui import figures
from shuiheng.ui.charts import (
    month_bars,
)
from shuiheng.ui.forms import ActForm, VolumeField
from shuiheng.ui.gauge import Gauge
from shuiheng.ui.parts import (
    Action,
    CaseHead,
    Choice,
    Choices,
    Crumb,
    Due,
    Filter,
    FindingList,
    Link,
    Name,
    PageHead,
    Pages,
    Stat,
    State,
    Toolbar,
    YearChoice,
)
from shuiheng.ui.tables import (
    Column,
    Preview,
    Row,
    Table,
)
from tests.ui.samples.account import months
from tests.ui.samples.frames import officer_frame, render, wan

REVIEW = """{% extends "ui/split.html" %}{% block above %}{% show tabs %}{% endblock %}
{% block list %}<section class="panel"><div class="toolbar">{% show filters %}</div>{% show table %}</section>{% endblock %}
{% block case %}<form class="panel" method="post">{% show case %}{% csrf_token %}<div class="body">{% show findings %}</div>{% show crops %}{% show chart %}<div class="body">{% field form.volume line=True %}</div><footer class="acts">{% show actions %}</footer></form>{% endblock %}"""

LOOKED_AT = """
兴牧种植专业合作社 | 长山子镇 · 灌区用户 | 86.40 | 61.20 | 今年 86.40 是去年 61.20 的 1.41 倍，超过 ±20% 限
曙光养殖场 | 三道坝镇 · 自备井 | 9.60 | 9.75 | 地下水申报 9.60 大于许可 8.00 万m³
恒达建材有限公司 | 古牧地镇 · 自备井 | 41200 | 4.30 | 疑似把 m³ 填成了万m³：41,200 m³ = 4.12 万m³，与去年相近
蓝天印染厂 | 羊毛工镇 · 管网用户 | 32.50 | 30.10 | 十二个月合计 31.90，与全年 32.50 差 0.60
宏远洗选煤厂 | 铁厂沟镇 · 自备井 | 48.00 | 46.20 | 取水许可证 2026年2月11日到期（34 天后）
玉希布早村灌溉组 | 柏杨河乡 · 灌区用户 | 118.30 | 121.00 | 申报 2,380 亩，农业农村局备案 2,164 亩
新农果蔬基地 | 长山子镇 · 灌区用户 | 22.80 | 0 | 首次申报，没有上年数，按定额测算 21.60
"""
DECLARED = "1.2 1 2.2 6.1 12.3 16.6 18 14.9 7.5 3.4 1.2 1"
BEFORE = "1 0.9 2 4.6 8.5 11.8 12.7 10.2 5.2 2.2 1 0.8"


class CaseForm(ActForm):
    volume = VolumeField(label="建议核定", help_text="按测算；比申报 −5.04")


def look_queue() -> Table:
    columns = [
        Column("单位"),
        Column("申报", "万m³", kind="figure", strong=True),
        Column("上年", "万m³", kind="figure"),
        Column("变化", "%", kind="figure", signed=True),
        Column("为什么要看"),
    ]
    rows = []
    for text in LOOKED_AT.strip().splitlines():
        name, place, declared, last, why = (cell.strip() for cell in text.split("|"))
        now, before = wan(declared), wan(last)
        cells = [Name(name, place, "?case=1"), now, before, figures.change(now, before), why]
        rows.append(Row(cells, selected=name.startswith("兴牧")))
    return Table(columns, rows)


def crops() -> Table:
    return Table(
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


def case_findings() -> FindingList:
    same = "灌溉面积 2,400 亩，与农业农村局备案一致。许可 90.00 万m³，够用。"
    more = "申报 86.40 万m³，比去年 61.20 多 25.20（+41.2%）。其中 20.16 来自新增 560 亩玉米（360 m³/亩），其余 5.04 没有说明。"
    findings = [Finding("a", Severity.NOTE, same), Finding("b", Severity.LOOK, more)]
    return FindingList(findings, labelled=False)


def review_head(working_days: int) -> PageHead:
    return PageHead(
        "米东区草案审核",
        [Crumb("米东区水务局", "/"), Crumb("审核", "/"), Crumb("2026 年度草案")],
        2026,
        [YearChoice(2026, "?y=2026")],
        due=Due(date(2026, 1, 15), 7, working_days, "完成县级草案"),
        actions=[Action("催报未报 26 户", "/remind")],
    )


def review() -> str:
    kinds = {
        "全部": 40,
        "比上年 ±20%": 14,
        "超许可": 7,
        "单位疑误": 4,
        "月份合计不符": 5,
        "许可证将到期": 3,
    }
    permit = "长山子镇 · 灌区用户 · 取水许可 D650109S2021-0347"
    declared, before = months(DECLARED.split()), months(BEFORE.split())
    context = {
        "head": review_head(5),
        "frame": officer_frame("审核", person="马秀兰", post_label="米东区水务局"),
        "tabs": review_tabs("需查看"),
        "filters": Choices([Choice(word, "?", word == "全部", n) for word, n in kinds.items()]),
        "table": look_queue(),
        "case": CaseHead("兴牧种植专业合作社", permit, "1 / 40", "办完自动到下一件"),
        "crops": crops(),
        "findings": case_findings(),
        "chart": month_bars(
            declared, line=before, actual_label="今年申报", name="case", size="case"
        ),
        "form": CaseForm(initial={"volume": wan("81.36")}),
        "actions": [
            Action("按测算核定", name="act", value="computed", key="Enter", primary=True),
            Action("按申报通过", name="act", value="declared", key="P"),
            Action("退回补正…", name="act", value="return", key="T"),
        ],
    }
    return render(REVIEW, context)


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
    towns = Filter("town", "乡镇", [("", "全部乡镇"), ("1", "三道坝镇")])
    kinds = Filter("kind", "类型", [("", "全部类型"), ("1", "灌区用户")])
    context = {
        "head": review_head(3),
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
