"""The forms of 下达: the allocation plan as a grid, and the paper's number."""

from __future__ import annotations

from typing import Any

from django import forms

from shuiheng.budget.forms.grid import GridForm
from shuiheng.budget.rules import WetnessIncluded
from shuiheng.budget.services import Scan
from shuiheng.office.models import Area
from shuiheng.ui.forms import ActForm, DayField, PhotoInput


class ScanField(forms.FileField):
    """The scanned document from above: PDF or photo."""

    def __init__(self) -> None:
        super().__init__(
            label="文件扫描件",
            required=False,
            widget=PhotoInput(),
            help_text="PDF 或照片，不超过 20 MB。",
        )


def scan_of(form: forms.Form) -> Scan | None:
    """The upload of a valid form, read into memory: its size has a limit in papers."""
    upload = form.cleaned_data.get("file")
    return Scan(upload.name, upload.read()) if upload else None


class AllocationForm(GridForm):
    """年度水量分配计划: nine regions and the city's own line, by source."""

    number = forms.CharField(label="文号", max_length=60)
    title = forms.CharField(label="标题", max_length=120)
    issued_on = DayField(label="印发日期")
    wetness_included = forms.ChoiceField(
        label="计划数是否已含丰增枯减",
        choices=[("", "请选择"), *WetnessIncluded.choices()],
        help_text="只作说明：丰增枯减不会再算第二次。",
        error_messages={"required": "请选一项；文件没有写明就选“不清楚”。"},
    )
    file = ScanField()

    def __init__(self, data: Any = None, files: Any = None, *, city: Area, **rest: Any) -> None:
        self.city = city
        super().__init__(data, files, **rest)

    def row_name(self, area: Area) -> str:
        return "市级留存" if area.pk == self.city.pk else area.name

    def row_note(self, area: Area) -> str:
        return "未分配到区" if area.pk == self.city.pk else ""

    @property
    def paper_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("number", "title", "issued_on", "wetness_included", "file")]


class AdoptForm(ActForm):
    """采用: it carries the digest of the losses that stand on its page."""

    losses = forms.CharField(required=False, widget=forms.HiddenInput)


class IssueForm(ActForm):
    """下达: what makes the document one that is in force (USERS 8)."""

    number = forms.CharField(
        label="文号", max_length=40, help_text="按办公系统里的文号填写，例如 乌水发〔2026〕9号。"
    )
    signer = forms.CharField(label="签发人", max_length=40)
    issued_on = DayField(label="印发日期", help_text="额度从这一天起生效。")
