"""Forms: fields that speak the trade's units, and `submit`, the one way a page hands a form to a service.

Nothing typed is ever lost: whatever the rules say, the form comes back as it was filled in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from shuiheng.core.clock import MONTHS
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.volume import Volume, parse_m3, total
from shuiheng.ui import figures
from shuiheng.ui.parts import PageHead, Part
from shuiheng.ui.refusals import STATUS

Outcome = TypeVar("Outcome")

SEE_OTHER = 303
NOT_SAVED = 422
_COMES_BACK = frozenset({Kind.INVALID, Kind.CONFLICT, Kind.THROTTLED})


# -- submit ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """Where an act leads, and the sentence that says what was done: 已通过 260 件，13,850 万m³，14:02."""

    url: str
    sentence: str = ""


def submit(
    request: HttpRequest,
    form: forms.BaseForm,
    act: Callable[[dict[str, Any]], Outcome],
    *,
    template: str,
    done: Callable[[Outcome], Done | HttpResponse],
    context: Mapping[str, object] | None = None,
    also: Sequence[forms.BaseForm | forms.BaseFormSet[Any]] = (),
) -> HttpResponse:
    """Show the form on GET; on POST validate it, call `act` with its cleaned data and go where `done` says.

    `act` calls one service, naming every argument. A Refusal becomes a complaint under its field, or above the
    form, and the bound form comes back: 422, or 409 and 429 after their kind. What is forbidden or
    missing is left to the middleware. `also` are further forms of the page that must be valid too. What may be
    shown only once (a temporary password) is no address: `done` then gives the page itself.
    """
    page = {**(context or {}), "form": form}
    if request.method != "POST":
        return render(request, template, page)
    if "repair" in request.POST:
        _repair(form, request.POST)
        return render(request, template, page)
    if not all([form.is_valid(), *(other.is_valid() for other in also)]):
        return render(request, template, page, status=NOT_SAVED)
    try:
        outcome = act(form.cleaned_data)
    except Refusal as refusal:
        if refusal.kind not in _COMES_BACK:
            raise
        complain(form, refusal)
        return render(request, template, page, status=STATUS[refusal.kind])
    after = done(outcome)
    return after if isinstance(after, HttpResponse) else go(request, after)


def ask(
    request: HttpRequest,
    form: forms.BaseForm,
    act: Callable[[dict[str, Any]], Outcome],
    done: Callable[[Outcome], Done | HttpResponse],
    *,
    head: PageHead,
    button: str,
    above: Sequence[Part] = (),
    draft: str = "",
) -> HttpResponse:
    """A page with one form on it: `above` is what one should know before filling it in, `draft` keeps what is
    typed on this machine."""
    context = {"head": head, "button": button, "above": above, "draft": draft}
    return submit(request, form, act, template="ui/ask.html", done=done, context=context)


def complain(form: forms.BaseForm, refusal: Refusal) -> None:
    """Put what the rules said under the field it is about, or above the form."""
    where = refusal.field if refusal.field in form.fields else None
    form.add_error(where, ValidationError(str(refusal), code=refusal.code))


def go(request: HttpRequest, done: Done) -> HttpResponse:
    """On to the next page with its sentence; a fragment request is told to leave the page as a whole."""
    if done.sentence:
        messages.success(request, done.sentence, extra_tags="saved")  # drafts sent are let go
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": done.url})
    return HttpResponseRedirect(done.url, status=SEE_OTHER)


def _repair(form: forms.BaseForm, posted: QueryDict) -> None:
    """A repair button without script: put its value into the field; nothing is saved."""
    name, _, value = str(posted["repair"]).partition("=")
    if name.removeprefix(f"{form.prefix}-" if form.prefix else "") in form.fields:
        data = posted.copy()
        data[name] = value
        form.data = data


# -- the once-only key ----------------------------------------------------------------------------


def new_key() -> str:
    return str(uuid4())


class OnceKeyField(forms.CharField):
    """The once-only key of an act, made when the form is first shown: a second click sends the same one."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        stale = "这一页不完整，请重新打开后再提交。"
        super().__init__(
            initial=new_key, max_length=36, error_messages={"required": stale, "max_length": stale}
        )
        self.stale = stale

    def clean(self, value: Any) -> str:
        try:
            return str(UUID(super().clean(value)))
        except ValueError:
            raise ValidationError(self.stale, code="stale") from None


class ActForm(forms.Form):
    """A form that leads to an act: it carries the once-only key as `key`.

    What is missing is said by us, under its field, not by the browser in words of its own.
    """

    use_required_attribute = False
    key = OnceKeyField()


# -- figures --------------------------------------------------------------------------------------


class UnitInput(forms.TextInput):
    """A figure with its unit inside the field, right-aligned, with the numeric keyboard on a phone."""

    def __init__(self, unit: str, attrs: Mapping[str, str] | None = None) -> None:
        self.unit = unit
        keyboard = {"inputmode": "decimal", "autocomplete": "off", "class": "figure"}
        if unit in (figures.M3, figures.WAN):
            keyboard["data-volume"] = unit
        super().__init__({**keyboard, **(attrs or {})})


class VolumeField(forms.Field):
    """A volume typed in `unit` ('m³' or '万m³'; a unit in the text wins): cleaned to a Volume, whole m³."""

    widget: forms.Widget

    def __init__(
        self,
        *,
        unit: str = figures.WAN,
        label: str = "",
        help_text: str = "",
        required: bool = True,
        initial: Volume | None = None,
        negative: bool = False,
    ) -> None:
        self.unit = unit
        self.negative = negative
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            initial=initial,
            widget=UnitInput(unit),
            error_messages={"required": "请填水量；没有就填 0。"},
        )

    def prepare_value(self, value: Any) -> Any:
        return figures.exact_in(value, self.unit) if isinstance(value, Volume) else value

    def to_python(self, value: Any) -> Volume | None:
        if isinstance(value, Volume):
            return value
        if value is None or not str(value).strip():
            return None
        return read_volume(str(value), self.unit, negative=self.negative)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != self.to_python(initial))
        except ValidationError:
            return True

    def echo(self, value: Any) -> str:
        """= 493,100 m³ under a field in 万m³, and the other way round; '' when it is no volume yet."""
        try:
            volume = self.to_python(value)
        except ValidationError:
            return ""
        if volume is None:
            return ""
        other = figures.M3 if self.unit != figures.M3 else figures.WAN
        return f"= {figures.exact_in(volume, other)} {other}"


def read_volume(text: str, unit: str, *, negative: bool = False) -> Volume:
    """What was typed as a Volume; what cannot be is a ValidationError with the sentence of the rule."""
    try:
        volume = parse_m3(text, unit)
    except Refusal as refusal:
        raise ValidationError(str(refusal), code=refusal.code) from None
    if volume < Volume(0) and not negative:
        raise ValidationError("水量不能是负数。", code="volume.negative")
    return volume


class FigureField(forms.DecimalField):
    """Any other figure with its unit: 亩, 人, 元, %. Takes commas and full-width digits."""

    def __init__(
        self,
        *,
        unit: str,
        label: str = "",
        help_text: str = "",
        required: bool = True,
        initial: object = None,
        minimum: int | None = 0,
        maximum: int | None = None,
        decimals: int = 2,
    ) -> None:
        self.unit = unit
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            initial=initial,
            min_value=minimum,
            max_value=maximum,
            decimal_places=decimals,
            max_digits=18,
            widget=UnitInput(unit),
            error_messages={
                "required": "请填数字；没有就填 0。",
                "invalid": "请只填数字，例如 1,420。",
            },
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal | int):
            shown = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
            return shown.rstrip("0").rstrip(".") if "." in shown else shown
        return value

    def clean(self, value: Any) -> Any:
        if isinstance(value, str):
            plain = unicodedata.normalize("NFKC", value).replace(figures.MINUS, "-")
            value = re.sub(r"[,\s]", "", plain)
        return super().clean(value)


class DayField(forms.DateField):
    """A date that can be typed (2026-09-18, 2026年9月18日, 20260918) or picked."""

    def __init__(
        self,
        *,
        label: str = "",
        help_text: str = "",
        required: bool = True,
        initial: object = None,
    ) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            initial=initial,
            input_formats=["%Y-%m-%d", "%Y年%m月%d日", "%Y%m%d", "%Y.%m.%d", "%Y/%m/%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={
                "required": "请填日期。",
                "invalid": "日期请写成 2026-09-18 这样。",
            },
        )


class PhotoInput(forms.FileInput):
    """A photo or a scan: photos are shrunk in the browser before they are sent."""

    def __init__(self, *, accept: str = "image/jpeg,image/png,application/pdf") -> None:
        super().__init__({"accept": accept, "data-shrink": ""})


# -- twelve months --------------------------------------------------------------------------------


class MonthsInput(forms.MultiWidget):
    """Twelve fields side by side; their sum stands below them."""

    template_name = "ui/months.html"

    def __init__(self, unit: str, total: str) -> None:
        self.unit = unit
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "figure"}
        super().__init__(
            {str(m): forms.TextInput({**attrs, "aria-label": f"{m}月"}) for m in MONTHS}
        )
        self.attrs = {"data-total": total} if total else {}

    def decompress(self, value: Any) -> list[str]:
        return [
            figures.exact_in(month, self.unit) if isinstance(month, Volume) else str(month or "")
            for month in value or [""] * len(MONTHS)
        ]


class MonthsField(forms.MultiValueField):
    """Twelve volumes, January first, in one unit: cleaned to a tuple of Volumes. A blank month is no zero.

    `total` names the field of the same form that holds the year: the sum is set against it as one types.
    """

    def __init__(
        self,
        *,
        unit: str = figures.WAN,
        label: str = "每月计划",
        help_text: str = "",
        total: str = "",
    ) -> None:
        self.unit = unit
        self.total = total
        super().__init__(
            fields=[VolumeField(unit=unit, required=False) for _ in MONTHS],
            label=label,
            help_text=help_text,
            require_all_fields=False,
            required=False,
            widget=MonthsInput(unit, total),
        )

    def prepare_value(self, value: Any) -> Any:
        return self.widget.decompress(value) if isinstance(value, list | tuple) else value

    def echo(self, value: Any) -> str:
        """十二个月合计 75.31 万m³, once all twelve can be read."""
        try:
            months = self.clean(value)
        except ValidationError:
            return ""
        return f"十二个月合计 {figures.exact_in(total(months), self.unit)} {self.unit}"

    def clean(self, value: Any) -> tuple[Volume, ...]:
        months, blank, complaints = [], [], []
        for month, text in zip(MONTHS, value or [""] * len(MONTHS), strict=True):
            try:
                volume = self.fields[month - 1].clean(text)
            except ValidationError as error:
                complaints.append(f"{month}月：{error.messages[0]}")
                continue
            if volume is None:
                blank.append(str(month))
            months.append(volume)
        if blank:
            complaints.append(f"{'、'.join(blank)}月没有填；不用水请填 0。")
        if complaints:
            raise ValidationError(complaints)
        return tuple(months)
