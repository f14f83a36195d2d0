"""The draft form of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django import forms

from shuiheng.core.refusal import Finding, Severity
from shuiheng.ui.forms import ActForm, DayField, FigureField, MonthsField, PhotoInput, VolumeField
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Due,
    Fact,
    Facts,
    FindingList,
    PageHead,
    Section,
    SectionList,
    Stat,
    YearChoice,
)
from shuiheng.ui.tables import (
    Panel,
)
from tests.ui.samples.frames import render, unit_frame, wan


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
