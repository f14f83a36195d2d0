"""Forms of the monthly report: one field a source, a column of deliveries, a sheet for many units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core import signing

from shuiheng.core.refusal import Finding
from shuiheng.core.vocabulary import Sector, Source, UseBasis
from shuiheng.core.volume import Volume
from shuiheng.metering.rules import ReportRow, check_report, read_column
from shuiheng.metering.selectors import ReportLine
from shuiheng.ui.figures import M3, in_unit
from shuiheng.ui.forms import ActForm, VolumeField

SEEN = "1"
NO_WORD = "请勾选承诺：所填水量要真实。"


class ReportForm(ActForm):
    """A unit's month. Findings that only ask for a look are shown once; the second press sends it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, lines: Sequence[ReportLine], data: Any = None, *, on_behalf: bool = False
    ) -> None:
        self.lines = lines
        self.found: list[Finding] = []
        self.on_behalf = on_behalf
        super().__init__(self._with_zeros(data, lines) if data and "nil" in data else data)
        for line in lines:
            self.fields[name_of(line)] = VolumeField(
                unit=M3,
                label=label_of(line),
                help_text=beside(line),
                initial=line.before.volume if line.before else None,
            )
        if on_behalf:
            self.fields["note"] = forms.CharField(
                label="代报依据",
                max_length=120,
                help_text="例如：12月3日电话核实，联系人王军；或上门抄表。",
                error_messages={"required": "代报要写明依据，例如电话核实、上门抄表。"},
            )
        self.fields["attested"] = forms.BooleanField(
            label="以上水量真实" if on_behalf else "承诺以上水量真实，愿意接受核查",
            error_messages={"required": NO_WORD},
        )

    @staticmethod
    def _with_zeros(data: Any, lines: Sequence[ReportLine]) -> Any:
        """本月没有用水: a button, not twelve zeros to be typed."""
        filled = data.copy()
        for line in lines:
            filled[name_of(line)] = "0"
        return filled

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        data["rows"] = [
            ReportRow(line.unit, line.source, line.sector, data[name_of(line)])
            for line in self.lines
        ]
        for row, line in zip(data["rows"], self.lines, strict=True):
            self.found += check_report(row, line.last_year, line.plan)
        if self.found and data.get("seen") != SEEN:
            shown = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            shown["seen"] = SEEN
            self.data = shown
            self.add_error(None, "请先看下面的提示。核对无误，再按一次“提交”。")
        return data


def name_of(line: ReportLine) -> str:
    return f"use-{line.source.value}"


def label_of(line: ReportLine) -> str:
    if line.source is Source.NETWORK:
        return "供给居民的水" if line.sector is Sector.RESIDENTS else "管网用水"
    return (
        f"{line.source.label}取水" if line.sector is Sector.SUPPLY else f"{line.source.label}用水"
    )


def beside(line: ReportLine) -> str:
    """去年同月 12,300　本月计划 14,000　今年还可用 51,550, as far as known."""
    known = [
        ("去年同月", line.last_year),
        ("本月计划", line.plan),
        ("今年还可用", line.available),
    ]
    return "　".join(f"{label} {in_unit(v, M3)}" for label, v in known if v is not None)


class DeliveriesForm(ActForm):
    """供水 to each customer; a column can be pasted from Excel, by row or with names beside it."""

    paste = forms.CharField(
        label="从 Excel 粘贴",
        required=False,
        widget=forms.Textarea(attrs={"rows": "4"}),
        help_text="可以只粘贴一列水量（顺序与下表相同），也可以粘贴两列：户名或编码、水量。按“填入下表”后核对再提交。",
    )
    attested = forms.BooleanField(
        label="承诺以上供水量真实，愿意接受核查", error_messages={"required": NO_WORD}
    )

    def __init__(
        self, lines: Sequence[ReportLine], names: Mapping[int, tuple[str, str]], data: Any = None
    ) -> None:
        self.lines, self.names = lines, names
        self.unread: list[str] = []
        super().__init__(self._filled(data) if data and "fill" in data else data)
        for line in lines:
            self.fields[f"use-{line.unit}"] = VolumeField(
                unit=M3, required=False, initial=line.before.volume if line.before else None
            )

    def _filled(self, data: Any) -> Any:
        """The pasted column in the fields; nothing is saved by it."""
        filled = data.copy()
        keys = [self.names[line.unit] for line in self.lines]
        values, self.unread = read_column(data.get("paste", ""), keys)
        for line, value in zip(self.lines, values, strict=True):
            if value:
                filled[f"use-{line.unit}"] = value
        filled["paste"] = "\n".join(self.unread)
        return filled

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        rows = [
            ReportRow(line.unit, line.source, line.sector, data[f"use-{line.unit}"])
            for line in self.lines
            if data.get(f"use-{line.unit}") is not None and not self._unchanged(line, data)
        ]
        if not self.errors and not rows:
            self.add_error(None, "没有要提交的新水量：所填与已报的相同，或者都空着。")
        data["rows"] = rows
        return data

    def _unchanged(self, line: ReportLine, data: dict[str, Any]) -> bool:
        return line.before is not None and line.before.volume == data[f"use-{line.unit}"]

    @property
    def table(self) -> list[tuple[str, str, forms.BoundField, str]]:
        """Name, code, field and what stands beside it, for each customer."""
        return [
            (*self.names[line.unit], self[f"use-{line.unit}"], beside(line)) for line in self.lines
        ]


class SheetForm(forms.Form):
    """The first step of many units at once: a filled template."""

    file = forms.FileField(
        label="填好的表格",
        help_text=".xlsx 或 .xls，20 MB 以内。先下载模板，只填“用水量”一列。",
        error_messages={"required": "请选择要上传的文件。", "empty": "这个文件是空的。"},
    )


SALT = "metering.sheet"


class ConfirmForm(ActForm):
    """The second step carries what was checked, signed: nothing is kept between the two."""

    checked = forms.CharField(widget=forms.HiddenInput)

    def clean_checked(self) -> tuple[int, int, list[ReportRow]]:
        stale = "这一页已经失效，请重新上传表格。"
        try:
            year, month, rows = signing.loads(self.cleaned_data["checked"], salt=SALT)
        except signing.BadSignature:
            raise forms.ValidationError(stale, code="stale") from None
        return (
            year,
            month,
            [
                ReportRow(unit, Source(source), Sector(sector), Volume(m3), UseBasis(basis))
                for unit, source, sector, m3, basis in rows
            ],
        )


def sealed(year: int, month: int, rows: Sequence[ReportRow]) -> str:
    plain = [[r.unit, r.source.value, r.sector.value, r.volume.m3, r.basis.value] for r in rows]
    return signing.dumps([year, month, plain], salt=SALT, compress=True)
