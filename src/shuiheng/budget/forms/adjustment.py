"""The forms of 调整: an application, its decision, a notice from above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from shuiheng.budget.forms.grid import GridForm
from shuiheng.budget.forms.issue import ScanField
from shuiheng.budget.rules import Direction
from shuiheng.budget.rules.adjustment import GROUNDS
from shuiheng.budget.selectors.adjustment import Adjustable
from shuiheng.ui.forms import ActForm, DayField, VolumeField

GROUND_CHOICES = [
    (direction.label, [(ground.value, ground.label) for ground in grounds])
    for direction, grounds in GROUNDS.items()
]


class ApplicationForm(ActForm):
    """申请调整: which line, up or down, on which ground, how much, and why."""

    line = forms.TypedChoiceField(label="调整哪一项", coerce=int)
    direction = forms.ChoiceField(
        label="调增还是调减", choices=Direction.choices(), widget=forms.RadioSelect
    )
    ground = forms.ChoiceField(label="理由类别", choices=[("", "请选择"), *GROUND_CHOICES])
    volume = VolumeField(label="水量", unit="m³")
    reason = forms.CharField(
        label="说明", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="用一两句话写明原因和起止时间。",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, lines: Sequence[Adjustable], **rest: Any) -> None:
        super().__init__(data, **rest)
        by_unit = {row.line.budget.unit_id for row in lines}
        line = self.fields["line"]
        assert isinstance(line, forms.ChoiceField)
        line.choices = [
            (
                row.line.pk,
                row.label if len(by_unit) < 2 else f"{row.line.budget.unit} · {row.label}",
            )
            for row in lines
        ]


class DecisionForm(ActForm):
    """批准 or 不批准: the paper's number for a grant, the reason for a refusal."""

    number = forms.CharField(
        label="批复文号", max_length=40, help_text="例如 米水预调〔2026〕17号；不批准的批复以后编号。",
        error_messages={"required": "批复要有文号。"},
    )  # fmt: skip
    signer = forms.CharField(
        label="签发人", max_length=40, error_messages={"required": "批复要有签发人。"}
    )
    answer = forms.CharField(
        label="批复意见", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不批准时必填，单位会看到。",
    )  # fmt: skip
    use_required_attribute = False

    def __init__(self, data: Any = None, **rest: Any) -> None:
        super().__init__(data, **rest)
        if data is not None and data.get("act") != "grant":
            self.fields["number"].required = self.fields["signer"].required = False


class ChangeForm(GridForm):
    """上级调整: changes by region and source, up with +, down with −."""

    signed = True
    number = forms.CharField(label="来文文号", max_length=60)
    title = forms.CharField(label="标题", max_length=120)
    effective_on = DayField(label="起算日期", help_text="来文写明的执行日期。")
    file = ScanField()

    @property
    def paper_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("number", "title", "effective_on", "file")]
