"""One figure by hand, many by sheet, and a site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing

from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Confidence
from shuiheng.core.volume import Volume
from shuiheng.inflow import rules
from shuiheng.inflow.models import Site
from shuiheng.inflow.rules import EntryKind, EntryRow, Period, PlaceFacts, SiteFacts, SiteKind, Span
from shuiheng.office.models import Area
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm, DayField, FigureField, VolumeField, complain

SALT = "inflow.sheet"
CHOOSE = {"required": "请选择。", "invalid_choice": "请从列出的里面选。"}
FIGURES = {
    EntryKind.FORECAST: "预报来水量",
    EntryKind.OBSERVED: "实测来水量",
    EntryKind.STORAGE: "蓄水量",
    EntryKind.RUNOFF: "年径流量",
}


def _must(what: str) -> dict[str, str]:
    return {"required": f"请填写{what}。"}


def confidence_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="可信程度", choices=Confidence.choices(), initial=Confidence.OFFICIAL
    )


class EntryForm(ActForm):
    """Where, when, how much, and by which bulletin: cleaned to `row`."""

    def __init__(
        self,
        kind: EntryKind,
        places: Sequence[PlaceFacts],
        year: int,
        today: date,
        data: Any = None,
    ) -> None:
        self.kind, self.year, self.today = kind, year, today
        super().__init__(data)
        site = rules.SITE_OF.get(kind)
        choices = [("", "请选择"), *((str(place.place), place.name) for place in places)]
        self.fields["place"] = forms.ChoiceField(
            label=site.label if site else "地区", choices=choices, error_messages=CHOOSE
        )
        self.fields |= self._when()
        self.fields["figure"] = (
            FigureField(unit="米", label="埋深", help_text="地面到水面，精确到厘米。")
            if kind is EntryKind.LEVEL
            else VolumeField(unit=WAN, label=FIGURES[kind])
        )
        self.fields["bulletin"] = forms.CharField(
            label="公报编号或出处",
            max_length=120,
            help_text="例如 水情旬报2026-13。",
            error_messages=_must("公报编号或出处"),
        )
        self.fields["issued_on"] = DayField(label="发布日期", initial=today)
        self.fields["confidence"] = confidence_field()

    def _when(self) -> dict[str, forms.Field]:
        match self.kind:
            case EntryKind.FORECAST:
                words = "全年、5月 或 5月上旬"
                return {
                    "period": forms.CharField(
                        label=f"{self.year}年时段", help_text=words, error_messages=_must("时段")
                    )
                }
            case EntryKind.OBSERVED:
                over = rules.ten_days_over(self.year, self.today)
                past = [rules.ten_days_words(n) for n in range(over, 0, -1)]
                return {
                    "period": forms.ChoiceField(
                        label=f"{self.year}年哪一旬",
                        choices=[(words, words) for words in past],
                        error_messages=CHOOSE,
                    )
                }
            case EntryKind.RUNOFF:
                return {
                    "when": forms.CharField(
                        label="年份", max_length=5, error_messages=_must("年份")
                    )
                }
            case _:
                return {"when": DayField(label="日期", initial=self.today)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        try:
            data["row"] = self._row(data)
        except Refusal as refusal:
            complain(self, refusal)
        return data

    def _row(self, data: dict[str, Any]) -> EntryRow:
        when = str(data.get("period") or data["when"])
        period, day, year = rules.read_when(self.kind, when, self.year)
        level = self.kind is EntryKind.LEVEL
        return EntryRow(
            self.kind,
            int(data["place"]),
            year,
            data["bulletin"],
            data["issued_on"],
            Confidence(data["confidence"]),
            period,
            day,
            None if level else data["figure"],
            rules.read_depth(str(data["figure"])) if level else None,
        )


class SheetForm(forms.Form):
    """The first step of many figures at once: a filled template."""

    file = forms.FileField(
        label="填好的表格",
        help_text=".xlsx 或 .xls，20 MB 以内。先下载模板，不要改表头。",
        error_messages={"required": "请选择要上传的文件。", "empty": "这个文件是空的。"},
    )
    confidence = confidence_field()


class ConfirmForm(ActForm):
    """The second step carries what was checked, signed: nothing is kept between the two."""

    checked = forms.CharField(widget=forms.HiddenInput)

    def clean_checked(self) -> list[EntryRow]:
        try:
            return [_opened(*row) for row in signing.loads(self.cleaned_data["checked"], salt=SALT)]
        except signing.BadSignature:
            raise forms.ValidationError("这一页已经失效，请重新上传表格。", code="stale") from None


def sealed(rows: Sequence[EntryRow]) -> str:
    plain = [
        [
            row.kind.value,
            row.place,
            row.year,
            row.bulletin,
            row.issued_on.isoformat(),
            row.confidence.value,
            [row.period.span.value, row.period.number] if row.period else None,
            row.day.isoformat() if row.day else None,
            row.volume.m3 if row.volume is not None else None,
            str(row.depth) if row.depth is not None else None,
        ]
        for row in rows
    ]
    return signing.dumps(plain, salt=SALT, compress=True)


def _opened(
    kind: str, place: int, year: int, bulletin: str, issued: str, confidence: str,
    period: list[Any] | None, day: str | None, m3: int | None, depth: str | None,
) -> EntryRow:  # fmt: skip
    return EntryRow(
        EntryKind(kind),
        place,
        year,
        bulletin,
        date.fromisoformat(issued),
        Confidence(confidence),
        Period(Span(period[0]), period[1]) if period else None,
        date.fromisoformat(day) if day else None,
        None if m3 is None else Volume(m3),
        None if depth is None else Decimal(depth),
    )


class SiteForm(ActForm):
    """A site: what is asked follows from its kind."""

    def __init__(
        self, kind: SiteKind, areas: Sequence[Area], site: Site | None, data: Any = None
    ) -> None:
        self.kind = kind
        super().__init__(data)
        choices = [("", "请选择"), *((str(area.pk), area.name) for area in areas)]
        self.fields["name"] = forms.CharField(
            label="名称", max_length=60, error_messages=_must("名称")
        )
        self.fields["section"] = forms.CharField(
            label="测站或位置", max_length=80, required=False, help_text="例如 出山口水文站。"
        )
        self.fields["area"] = forms.ChoiceField(
            label="所属地区", choices=choices, error_messages=CHOOSE
        )
        if kind is SiteKind.RIVER:
            self.fields["mean_annual"] = VolumeField(label="多年平均径流量")
            self.fields["cv"] = _ratio("Cv", "与 Cs/Cv 一起填。", 4)
            self.fields["cs_over_cv"] = _ratio("Cs/Cv", "", 3)
        if kind is SiteKind.RESERVOIR:
            self.fields["capacity"] = VolumeField(label="总库容")
        self.fields["source"] = forms.CharField(
            label="依据",
            max_length=200,
            help_text="成果报告、公报或统计资料的名称。",
            error_messages=_must("依据"),
        )
        self.fields["confidence"] = confidence_field()
        if site is not None:
            self.initial = {
                name: getattr(site, name, None) for name in self.fields if name != "key"
            }
            self.initial["area"] = str(site.area_id)

    @property
    def facts(self) -> SiteFacts:
        data = self.cleaned_data
        return SiteFacts(
            self.kind,
            data["name"].strip(),
            data["section"].strip(),
            data["source"].strip(),
            Confidence(data["confidence"]),
            data.get("mean_annual"),
            data.get("cv"),
            data.get("cs_over_cv"),
            data.get("capacity"),
        )


def _ratio(label: str, hint: str, decimals: int) -> FigureField:
    return FigureField(
        unit="", label=label, help_text=hint, required=False, decimals=decimals, maximum=20
    )
