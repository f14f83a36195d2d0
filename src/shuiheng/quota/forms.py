"""What the pages of norms, demand and output ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core import signing

from shuiheng.core.vocabulary import PLAN_SECTORS, Confidence, Sector
from shuiheng.office.rules import tidy
from shuiheng.quota.rules.demand import DemandMethod, InputKind
from shuiheng.quota.rules.norms import (
    UNITS_PER_M3,
    NormDomain,
    NormFacts,
    ValueType,
    tidy_measure,
)
from shuiheng.quota.rules.output import Declared, OutputKind, OutputStep
from shuiheng.ui.forms import ActForm, DayField, FigureField, PhotoInput, VolumeField

CHOOSE = {"required": "请选择。", "invalid_choice": "请从列出的里面选。"}
FILL_IN = {"required": "请填写。"}
UNSELECTED = ("", "请选择")
REASON = {"rows": 2}


def text(
    label: str, length: int, *, required: bool = False, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, required=required, help_text=help_text,
        error_messages=FILL_IN,
    )  # fmt: skip


def figure(
    label: str, *, unit: str = "", required: bool = False, help_text: str = ""
) -> FigureField:
    return FigureField(
        unit=unit, label=label, required=required, help_text=help_text, decimals=4, maximum=10**8
    )  # fmt: skip


# -- norms ----------------------------------------------------------------------------------------


class NormForm(ActForm):
    """录入定额, and 换用新定额: then what makes the series is given."""

    two_columns = True
    domain = forms.ChoiceField(
        label="领域", choices=[UNSELECTED, *NormDomain.choices()], error_messages=CHOOSE
    )
    sector = forms.ChoiceField(
        label="行业",
        choices=[UNSELECTED, *((s.value, s.label) for s in PLAN_SECTORS)],
        error_messages=CHOOSE,
    )
    item = text("品种或产品", 40, required=True)
    method = text("方式", 20, help_text="灌溉方式、工艺或档次；不分就留空。")
    zone = text("分区", 20, help_text="标准里的分区名；不分就留空。")
    guarantee = forms.TypedChoiceField(
        label="保证率", choices=[("0", "不分"), ("50", "50%"), ("75", "75%")], coerce=int
    )
    value_type = forms.ChoiceField(label="值别", choices=ValueType.choices(), error_messages=CHOOSE)
    value = figure("采用值", help_text="标准只给区间的留空，按参数取上限、中值或下限。")
    lower = figure("区间下限")
    upper = figure("区间上限")
    volume_unit = forms.ChoiceField(label="水量单位", choices=[(u, u) for u in UNITS_PER_M3])
    measure = text("计量单位", 12, required=True, help_text="例如 亩、t、床·日、人·日、头·日。")
    days = forms.IntegerField(
        label="全年天数",
        required=False,
        help_text="按日计的定额折成全年用；没有依据就留空。",
        error_messages={"invalid": "请填整数。"},
    )
    industry_code = text("行业代码", 4, help_text="GB/T 4754 的 2–4 位数字。")
    standard = text("标准号或文号", 160, required=True)
    clause = text("条款或表号", 60)
    standard_year = forms.IntegerField(
        label="标准年份", required=False, min_value=1980, max_value=2100,
        error_messages={"invalid": "请填四位年份。"},
    )  # fmt: skip
    confidence = forms.ChoiceField(
        label="可信程度", choices=Confidence.choices(), initial=Confidence.OFFICIAL
    )
    valid_from = DayField(label="从哪天起")
    valid_until = DayField(label="到哪天为止", required=False)
    note = text("说明", 200)

    def __init__(self, *args: Any, old: NormFacts | None = None, **more: Any) -> None:
        self.old = old
        super().__init__(*args, **more)
        if old is not None:
            for name in ("domain", "item", "method", "zone", "guarantee", "value_type"):
                del self.fields[name]

    def facts(self) -> NormFacts:
        data = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        data["sector"] = Sector(data["sector"])
        data["confidence"] = Confidence(data["confidence"])
        data["measure"] = tidy_measure(data["measure"])
        for name in ("item", "method", "zone", "standard", "clause", "industry_code", "note"):
            if name in data:
                data[name] = tidy(data[name])
        if self.old is not None:
            return replace(self.old, id=0, **data)
        data["domain"] = NormDomain(data["domain"])
        data["value_type"] = ValueType(data["value_type"])
        return NormFacts(**data)

    @staticmethod
    def initial_of(norm: NormFacts, today: date) -> dict[str, Any]:
        names = [name for name in NormForm.base_fields if hasattr(norm, name)]
        return {name: getattr(norm, name) for name in names} | {
            "valid_from": today,
            "valid_until": None,
        }


class SheetForm(forms.Form):
    """The first step of an import: a filled template."""

    file = forms.FileField(
        label="填好的定额表",
        help_text=".xlsx 或 .xls，20 MB 以内。先下载模板，或者导出现有定额再改。",
        error_messages={"required": "请选择要上传的文件。", "empty": "这个文件是空的。"},
    )


SALT = "quota.norms"


class ConfirmForm(ActForm):
    """The second step carries what was checked, signed: nothing is kept between the two."""

    checked = forms.CharField(widget=forms.HiddenInput)

    def clean_checked(self) -> list[list[str]]:
        try:
            rows: list[list[str]] = signing.loads(self.cleaned_data["checked"], salt=SALT)
        except signing.BadSignature:
            raise forms.ValidationError("这一页已经失效，请重新上传。", code="stale") from None
        return rows


def sealed(rows: Sequence[Sequence[str]]) -> str:
    return signing.dumps([list(row) for row in rows], salt=SALT, compress=True)


# -- demand ---------------------------------------------------------------------------------------


class MethodForm(ActForm):
    """选用测算方法 of one unit; a figure of one's own needs its reason."""

    method = forms.ChoiceField(label="方法", choices=DemandMethod.choices(), error_messages=CHOOSE)
    volume = VolumeField(label="审核人核定的水量", required=False, help_text="只在审核人核定时填。")
    reason = forms.CharField(
        label="理由",
        max_length=160,
        required=False,
        widget=forms.Textarea(attrs=REASON),
        help_text="审核人核定必须写。",
    )


class BulkForm(ActForm):
    """选用测算方法 of a read list; a reviewer's own figure is given one by one."""

    method = forms.ChoiceField(
        label="改用",
        choices=[(m.value, m.label) for m in DemandMethod if m is not DemandMethod.REVIEWER],
        error_messages=CHOOSE,
    )


class InputForm(ActForm):
    """登记测算参数."""

    kind = forms.ChoiceField(label="参数", choices=InputKind.choices(), error_messages=CHOOSE)
    value = FigureField(
        unit="", label="数值", decimals=4, help_text="系数填小数，例如 0.62；设计用水量填 m³。"
    )
    since = DayField(label="从哪天起")
    source = text("依据", 160, required=True, help_text="报告、批复或测试的名称和文号。")
    confidence = forms.ChoiceField(
        label="可信程度", choices=Confidence.choices(), initial=Confidence.OFFICIAL
    )

    def __init__(self, *args: Any, of_area: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        if of_area:
            only = InputKind.CONVEYANCE
            self.fields["kind"].choices = [(only.value, only.label)]  # type: ignore[attr-defined]


# -- output ---------------------------------------------------------------------------------------


class OutputForm(ActForm):
    """申报产出 of a year, with what proves it."""

    kind = forms.ChoiceField(
        label="申报什么", choices=[UNSELECTED, *OutputKind.choices()], error_messages=CHOOSE
    )
    industry_code = text(
        "行业代码", 4, required=True, help_text="GB/T 4754，2–4 位数字；只在同一行业内比较。"
    )
    product = text("产品或作物", 40)
    amount = FigureField(unit="", label="数量", maximum=10**12)
    measure = text("单位", 12, required=True, help_text="例如 t、万元、亩。")
    file = forms.FileField(
        label="证明材料",
        widget=PhotoInput(),
        help_text="统计报表、发票汇总或种植台账的照片或 PDF。",
        error_messages={
            "required": "要附上证明材料，部门凭它确认。",
            "empty": "这个文件是空的。",
        },
    )

    def __init__(self, *args: Any, has_evidence: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["file"].required = not has_evidence

    def declared(self) -> Declared:
        data = self.cleaned_data
        return Declared(
            kind=OutputKind(data["kind"]),
            industry_code=tidy(data["industry_code"]),
            product=tidy(data["product"]),
            amount=data["amount"],
            measure=tidy(data["measure"]),
        )


class DecideForm(ActForm):
    """认可 or 不予认可."""

    step = forms.ChoiceField(
        label="意见", choices=[UNSELECTED, *OutputStep.choices()], error_messages=CHOOSE
    )
    reason = forms.CharField(
        label="理由",
        max_length=160,
        required=False,
        widget=forms.Textarea(attrs=REASON),
        help_text="不予认可必须写，单位会看到。",
    )


class ScenarioForm(ActForm):
    """方案: the name under which a position of the board is kept."""

    name = forms.CharField(
        label="名称",
        max_length=40,
        help_text="例如“预留 5%”。同一次测算里不能重名。",
        error_messages={"required": "请给方案起一个名称。"},
    )
