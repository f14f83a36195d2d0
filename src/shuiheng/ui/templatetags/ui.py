"""Built-in tags and filters: `{% show part %}`, `{% may %}`, `{% field %}`, `{% fields %}`, `{% icon %}` and the figures.

Filters that take a form as argument read it as in `{{ volume|wan:"+0" }}`: a sign, then the decimals.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django import template
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.base import Template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from shuiheng.core.access import Actor, Permission, Place
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume
from shuiheng.ui import figures, refusals
from shuiheng.ui.forms import MonthsField, VolumeField
from shuiheng.ui.icons import ICONS
from shuiheng.ui.parts import Part

register = template.Library()


# -- drawing --------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def show(context: Context, part: object) -> SafeString:
    """Draw a part, or several in a row; a plain text is escaped; None draws nothing."""
    if part is None:
        return mark_safe("")
    if isinstance(part, list | tuple):
        return mark_safe("".join(show(context, one) for one in part))
    if not isinstance(part, Part):
        return conditional_escape(str(part))
    return _drawn(context, part.template, it=part)


@register.simple_tag(takes_context=True)
def field(context: Context, bound: BoundField, note: str = "", line: bool = False) -> SafeString:
    """One form field: label above, unit inside, hint and finding below. `note` stands beside the figure in
    the other unit; `line` puts label, field and hint on one line, as at the foot of a case."""
    return _drawn(context, "ui/field.html", field=bound, note=note, line=line)


@register.simple_tag(takes_context=True)
def fields(context: Context, form: BaseForm | None) -> SafeString:
    """A whole form: complaints about all of it, hidden fields, then every visible field in order."""
    return mark_safe("") if form is None else _drawn(context, "ui/fields.html", form=form)


@register.simple_tag(takes_context=True)
def form_head(context: Context, form: BaseForm) -> SafeString:
    """Complaints about the form as a whole, and its hidden fields: for forms that place fields themselves."""
    return _drawn(context, "ui/form_head.html", form=form)


@register.simple_tag
def field_echo(bound: BoundField) -> str | None:
    """What stands under a field of volumes: the figure in the other unit; None for other fields."""
    field = bound.field
    return field.echo(bound.value()) if isinstance(field, VolumeField | MonthsField) else None


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        '<path d="{1}"/></svg>',
        size,
        ICONS[name],
    )


@register.simple_tag
def refusal_words(status: int | str) -> refusals.Words:
    """What a refused page says when there is no Refusal to say it."""
    return refusals.words(status)


def _drawn(context: Context, name: str, **values: object) -> SafeString:
    drawn = context.template
    assert isinstance(drawn, Template)
    with context.push(**values):
        return drawn.engine.get_template(name).render(context)


# -- who may --------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str, place: Place) -> bool:
    """`{% may "budget.issue" place as ok %}`: whether who is looking holds the permission there."""
    actor = _actor(context)
    return actor is not None and actor.may(Permission(permission), place)


def _actor(context: Context) -> Actor | None:
    frame = context.get("frame")
    actor = getattr(frame, "actor", None)
    if actor is None and isinstance(frame, dict):
        actor = frame.get("actor")
    if actor is None:
        actor = getattr(context.get("request"), "actor", None)
    return actor if isinstance(actor, Actor) else None


# -- figures --------------------------------------------------------------------------------------


@register.filter
def m3(volume: Volume | int | None) -> str:
    """123,456"""
    return _in(volume, figures.M3, "")


@register.filter
def wan(volume: Volume | int | None, shape: str | int = "") -> str:
    """In 万m³ with two decimals; `wan:0` with none, `wan:"+"` signed, `wan:"+0"` both."""
    return _in(volume, figures.WAN, shape)


@register.filter
def yi(volume: Volume | int | None, shape: str | int = "") -> str:
    """In 亿m³ with two decimals: for one headline in the portal only."""
    return _in(volume, figures.YI, shape)


@register.filter
def number(count: int | Decimal | Fraction | float | None) -> str:
    """1,998: a count, or any bare number; None is —."""
    return figures.written(count)


@register.filter
def signed(value: Volume | int | Decimal | Fraction | float | None) -> str:
    """+1,234, −1,234, 0: a Volume in m³, or a number."""
    return figures.written(value, signed=True)


@register.filter
def percent(ratio: int | float | Decimal | Fraction | None, shape: str | int = "") -> str:
    """71.0% of a ratio 0.71; `percent:"+"` for a change; None is —."""
    sign, decimals = _shape(shape)
    return figures.written(ratio, "%", decimals, signed=sign)


@register.filter
def day(moment: date | None) -> str:
    """9月18日"""
    return figures.NOT_APPLICABLE if moment is None else figures.day(moment)


@register.filter
def day_full(moment: date | None) -> str:
    """2026年9月18日 星期五"""
    return figures.NOT_APPLICABLE if moment is None else figures.day_full(moment)


@register.filter
def moment(instant: datetime | None) -> str:
    """9月18日 14:02"""
    return figures.NOT_APPLICABLE if instant is None else figures.moment(instant)


@register.filter
def dash(value: object) -> object:
    """None or an empty text as —: not applicable."""
    return figures.NOT_APPLICABLE if value is None or value == "" else value


@register.filter
def label(value: object) -> str:
    """The Chinese label of a Term; anything else as it is written."""
    return value.label if isinstance(value, Term) else figures.written(value)


def _in(volume: Volume | int | None, unit: str, shape: str | int) -> str:
    if volume is None:
        return figures.NOT_APPLICABLE
    sign, decimals = _shape(shape)
    exact = volume if isinstance(volume, Volume) else Volume(volume)
    return figures.in_unit(exact, unit, decimals, signed=sign)


def _shape(shape: str | int) -> tuple[bool, int | None]:
    text = str(shape)
    digits = text.removeprefix("+")
    return text.startswith("+"), int(digits) if digits else None
