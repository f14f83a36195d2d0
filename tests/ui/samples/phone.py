"""The two pages a farmer sees on a phone."""

from __future__ import annotations

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.volume import Volume
from shuiheng.ui.gauge import Answer, Gauge
from shuiheng.ui.parts import (
    Action,
    Chip,
    Decision,
    Fact,
    Facts,
    FindingList,
    PageHead,
    Progress,
    State,
)
from tests.ui.samples.draft import draft_form
from tests.ui.samples.frames import render, unit_frame

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
