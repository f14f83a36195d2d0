"""The draft form: a volume for each line, what is planted or made, twelve months, a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from shuiheng.budget.rules import complete_months
from shuiheng.budget.selectors.drafts import DraftCase, Planted
from shuiheng.core.apportion import apportion
from shuiheng.core.clock import MONTHS
from shuiheng.core.vocabulary import Book
from shuiheng.core.volume import Volume, total
from shuiheng.quota.rules import NormInForce
from shuiheng.quota.rules.norms import NormDomain
from shuiheng.registry.rules.waters import ActivityRow
from shuiheng.ui.figures import WAN, exact_in
from shuiheng.ui.forms import ActForm, FigureField, MonthsField, VolumeField

NOTE_LENGTH = 500
MOST_ROWS = 60
CROPS = "crop"
_APART = "|"


class DraftForm(ActForm):
    """One field for each line of the budget, named as the rules name it in their findings."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    months = MonthsField(label="")
    note = forms.CharField(
        label="要说明的情况",
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="和上年差得多、种植有变化、停产复产，写一句原因，审核人员就不用再打电话问。",
    )

    def __init__(self, data: QueryDict | None, case: DraftCase) -> None:
        self.case = case
        budget = case.budget
        super().__init__(
            data,
            initial={
                "version": budget.version,
                "note": budget.note,
                "months": [Volume(m3) for m3 in budget.months],
                **{drawn.field: row.proposed for row, drawn in case.lines},
            },
        )
        for _, drawn in case.lines:
            self.fields[drawn.field] = VolumeField(label=drawn.label)
        counted = case.counted
        if len(counted) == 1:  # the page sets the sum of the months against it as one types
            self.fields["months"] = MonthsField(label="", total=counted[0].field)

    def proposed(self) -> dict[int, Volume]:
        """The volumes by line id, once the form is valid."""
        return {row.pk: self.cleaned_data[drawn.field] for row, drawn in self.case.lines}

    def line_fields(self) -> list[forms.BoundField]:
        return [self[drawn.field] for _, drawn in self.case.lines]


class ActivityForm(forms.Form):
    """A row of crops by the norm table, or of products by their name and measure."""

    what = forms.CharField(required=False, max_length=64)
    measure = forms.CharField(required=False, max_length=12)
    quantity = FigureField(unit="", required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].label = "作物与灌溉方式" if choices else "产品或服务"
        self.fields["quantity"].label = "面积" if choices else "数量"
        self.fields["measure"].label = "计量单位"
        if choices:
            del self.fields["measure"]
            self.fields["what"].widget = forms.Select(choices=[("", "请选择"), *choices])
            self.fields["quantity"].widget.unit = "亩"
            self.fields["quantity"].unit = "亩"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        what, quantity = data.get("what"), data.get("quantity")
        if what and quantity is None and "quantity" not in self.errors:
            self.add_error("quantity", "请填数量；明年没有就把这一行删掉。")
        if quantity is not None and not what:
            self.add_error("what", "请选作物或填产品。")
        if what and "measure" in self.fields and not data.get("measure"):
            self.add_error("measure", "请填计量单位，例如 吨。")
        return data


class ActivityRows(forms.BaseFormSet):  # type: ignore[type-arg]  # Django's is not generic at run time
    """All rows of a draft; a row left blank is no row."""

    def rows(self) -> list[ActivityRow]:
        """What the registry is to hold, once the forms are valid."""
        found = []
        for form in self.forms:
            data = form.cleaned_data
            if data.get("what"):
                item, _, rest = data["what"].partition(_APART)
                method, _, measure = rest.partition(_APART)
                found.append(
                    ActivityRow(
                        item=item.strip(),
                        method=method,
                        quantity=data["quantity"],
                        measure=data.get("measure") or measure or "亩",
                    )
                )
        return found

    def clean(self) -> None:
        names = [form.cleaned_data.get("what") for form in self.forms if form.is_valid()]
        twice = {name for name in names if name and names.count(name) > 1}
        if twice:
            label = next(iter(twice)).replace(_APART, " ").removesuffix(" 亩")
            raise ValidationError(f"“{label}”填了两行，请合并成一行。")


ActivityFormSet = forms.formset_factory(
    ActivityForm, formset=ActivityRows, extra=0, max_num=MOST_ROWS, validate_max=True
)


def activity_rows(data: QueryDict | None, case: DraftCase) -> ActivityRows:
    """The rows of a draft: what is declared, or last year's as a start."""
    choices = norm_choices(case)
    initial = [
        {
            "what": crop_key(each) if choices else each.item,
            "quantity": each.quantity,
            "measure": each.measure,
        }
        for each in case.planted
    ]
    rows = ActivityFormSet(
        data,
        prefix=CROPS,
        initial=initial if data is None else None,
        form_kwargs={"choices": choices},
    )
    assert isinstance(rows, ActivityRows)
    return rows


def norm_choices(case: DraftCase) -> list[tuple[str, str]]:
    """What may be planted by the norm table, for who plants; nothing where there is no norm."""
    sector = case.budget.unit.sector
    known = [n for n in case.norms.offered(NormDomain.IRRIGATION) if n.sector == sector]
    if not known:
        return []
    offered = {_norm_key(norm): f"{norm.item} {norm.method}".strip() for norm in known}
    for each in case.planted:
        offered.setdefault(crop_key(each), each.name)
    return sorted(offered.items(), key=lambda pair: pair[1])


def crop_key(each: Planted) -> str:
    """How the drop-down names what is planted."""
    return _APART.join([each.item, each.method, each.measure])


def _norm_key(norm: NormInForce) -> str:
    return _APART.join([norm.item, norm.method, norm.measure])


# -- buttons inside the form ----------------------------------------------------------------------


def edited(posted: QueryDict, case: DraftCase) -> QueryDict:
    """What was posted, changed as the button asked: a row more, a row less, months completed."""
    data = posted.copy()
    act, _, number = str(posted.get("act", "")).partition(":")
    if act == "add":
        data[f"{CROPS}-TOTAL_FORMS"] = str(_rows_of(posted) + 1)
    elif act == "remove" and number.isdecimal():
        for name in ("what", "quantity", "measure"):
            data[f"{CROPS}-{number}-{name}"] = ""
    elif act == "complete":
        _complete(data, case)
    elif act == "balance":
        _balance(data, case)
    return data


def _rows_of(posted: QueryDict) -> int:
    text = str(posted.get(f"{CROPS}-TOTAL_FORMS", "0"))
    return min(int(text), MOST_ROWS - 1) if text.isdecimal() and len(text) < 6 else 0


def _complete(data: QueryDict, case: DraftCase) -> None:
    """按比例补齐: by the months as typed, else by last year's use; left alone if the year is not one."""
    form = DraftForm(data, case)
    form.is_valid()
    year = [form.cleaned_data.get(line.field) for line in case.counted]
    if any(volume is None for volume in year):
        return
    typed = [_read(data.get(f"months_{month}")) for month in MONTHS]
    pattern: Sequence[Volume] = typed if any(typed) else case.last_months
    whole = total(volume for volume in year if volume is not None)
    for month, volume in zip(MONTHS, complete_months(whole, pattern), strict=True):
        data[f"months_{month}"] = exact_in(volume, WAN)


def _balance(data: QueryDict, case: DraftCase) -> None:
    """按供水补齐取水: intake = deliveries + loss, shared over the sources as typed, else as last year."""
    served = [line for _, line in case.lines if line.book is Book.NETWORK]
    intake = case.counted
    wanted = total(_read(data.get(line.field)) for line in served)
    wanted += case.facts.deliveries or Volume()
    typed = [_read(data.get(line.field)) for line in intake]
    last = [line.last_used or Volume() for line in intake]
    weights = [volume.m3 for volume in (typed if any(typed) else last)]
    shares = apportion(wanted, weights if any(weights) else [1] * len(intake))
    for line, share in zip(intake, shares, strict=True):
        data[line.field] = exact_in(share, WAN)


def _read(text: object) -> Volume:
    try:
        return VolumeField(required=False).clean(str(text or "")) or Volume()
    except ValidationError:
        return Volume()
