"""What the office's pages ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from shuiheng.core.access import Role
from shuiheng.core.vocabulary import Confidence, Sector
from shuiheng.office.models import Area, PolicyValue, User
from shuiheng.office.rules import FIELD_LABELS, choices_of
from shuiheng.ui.forms import ActForm, DayField

PASSWORD_LENGTH = 128
CHOOSE = {"required": "请选择。", "invalid_choice": "请从列出的里面选。"}


class NameField(forms.CharField):
    """A name as people write it."""

    def __init__(self, label: str, *, length: int = 40, help_text: str = "", **more: Any) -> None:
        super().__init__(label=label, max_length=length, help_text=help_text, **more)


class PasswordField(forms.CharField):
    """`fill` tells the browser whether this is the password in force or a new one."""

    def __init__(
        self, label: str, fill: str, *, help_text: str = "", required: bool = True
    ) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            max_length=PASSWORD_LENGTH,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": fill}),
            error_messages={"required": "请填密码。"},
        )


class LoginField(forms.CharField):
    def __init__(self, *, fill: str = "username", help_text: str = "") -> None:
        plain = {"autocomplete": fill, "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(
            label="登录名",
            help_text=help_text,
            max_length=60,
            widget=forms.TextInput(attrs=plain),
            error_messages={"required": "请填登录名。"},
        )


class SignInForm(forms.Form):
    login = LoginField()
    password = PasswordField("密码", "current-password")


class NewPasswordForm(ActForm):
    """`old` is not asked of somebody who has just signed in with a temporary password."""

    old = PasswordField("现在的密码", "current-password")
    new = PasswordField("新密码", "new-password", help_text="至少 10 位，不能全是数字。")
    again = PasswordField("新密码再填一次", "new-password")

    def __init__(self, *args: Any, ask_old: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not ask_old:
            del self.fields["old"]

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new"):
            raise ValidationError("两次填的不一样。")
        return again


class ClockForm(forms.Form):
    """推进到: a day, or the next key date."""

    day = DayField(required=False)
    next_key_date = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("day") and not data.get("next_key_date"):
            raise ValidationError("请选要推进到哪一天。")
        return data


class OfficerForm(ActForm):
    """新建人员."""

    name = NameField("姓名")
    login = LoginField(fill="off", help_text="2–40 个字母、数字或汉字，以后不能改。")
    phone = forms.CharField(label="手机", max_length=20, required=False)


class PostForm(ActForm):
    """安排岗位: who, as what, where, from when."""

    login = LoginField(fill="off", help_text="还没有账号的，先新建人员。")
    role = forms.ChoiceField(label="岗位", error_messages=CHOOSE)
    area = forms.ChoiceField(label="地区", error_messages=CHOOSE)
    department = NameField("部门", required=False)
    since = DayField(label="从哪天起")

    def __init__(
        self, *args: Any, areas: Sequence[Area], roles: Sequence[Role], today: date, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        named = [("", "请选择"), *((role.value, role.label) for role in roles)]
        self.fields["role"].choices = named  # type: ignore[attr-defined]
        choices = [("", "请选择"), *area_choices(areas)]
        self.fields["area"].choices = choices  # type: ignore[attr-defined]
        self.fields["since"].initial = today


def area_choices(areas: Sequence[Area]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Areas in groups under the one above them."""
    names = {area.pk: area.name for area in areas}
    groups: dict[str, list[tuple[str, str]]] = {}
    for area in areas:
        above = names.get(area.parent_id or 0, "全部")
        groups.setdefault(above, []).append((str(area.pk), area.name))
    return list(groups.items())


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """One person of a list; two people may share a name, never a login."""

    def __init__(self, label: str) -> None:
        super().__init__(User.objects.none(), label=label, empty_label="请选择")

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name}（{obj.login}）"


class StandInForm(ActForm):
    """代岗."""

    deputy = PersonField("由谁代岗")
    until = DayField(label="代到哪天（含）", help_text="到期自动收回，最长 180 天。")

    def __init__(self, *args: Any, colleagues: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["deputy"].queryset = colleagues  # type: ignore[attr-defined]


class HandOverForm(ActForm):
    """交接."""

    successor = forms.ModelChoiceField(User.objects.none(), label="由谁接任", empty_label="请选择")

    def __init__(self, *args: Any, colleagues: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["successor"].queryset = colleagues  # type: ignore[attr-defined]


# -- policy ---------------------------------------------------------------------------------------


class PolicyForm(ActForm):
    """A new dated row for a policy value: fields follow from the shape of the value in force."""

    source = NameField("依据", length=200, help_text="文号或会议纪要，例如 乌水发〔2026〕12号。")
    confidence = forms.ChoiceField(label="可信程度", choices=Confidence.choices())
    effective_from = DayField(label="从哪天起生效", help_text="已经按原值办过的事不变。")
    note = forms.CharField(label="说明", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, row: PolicyValue, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.row = row
        shaped = dict(_fields("value", "新值", row.value, row.unit))
        self.fields = {"key": self.fields["key"], **shaped, **self.fields}
        self.shaped = list(shaped)
        self.fields["confidence"].initial = Confidence.OFFICIAL
        self.fields["effective_from"].initial = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(name in self.errors for name in self.shaped):
            data["value"] = _rebuilt("value", self.row.value, data)
        return data


def _fields(path: str, label: str, value: Any, unit: str = "") -> Iterator[tuple[str, forms.Field]]:
    """One field for each plain value inside a policy value, named by its path."""
    name = path.rpartition("-")[2]
    if isinstance(value, dict):
        for key in sorted(value, key=_place):
            inner = value[key]
            said = str(FIELD_LABELS.get(key, key))
            yield from _fields(f"{path}-{key}", _joined(label, said), inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, inner in enumerate(value):
            yield from _fields(f"{path}-{number}", f"第 {number + 1} 项", inner)
    else:
        yield path, _field(name, label, value, unit)


def _place(key: str) -> int:
    """In the order in which people say it; the database keeps no order of its own."""
    said = list(FIELD_LABELS)
    return said.index(key) if key in said else len(said)


def _joined(label: str, said: str) -> str:
    return said if label == "新值" else f"{label} {said}"


def _field(name: str, label: str, value: Any, unit: str) -> forms.Field:
    words = choices_of(name, value) if not isinstance(value, list) else {}
    if isinstance(value, bool):
        return forms.BooleanField(label=label, initial=value, required=False)
    if words:
        choices: Any = [(str(word), said) for word, said in words.items()]
        return forms.ChoiceField(label=label, choices=choices, initial=str(value))
    if isinstance(value, int):
        said = f"{label}（{unit}）" if unit else label
        return forms.IntegerField(label=said, initial=value)
    if name == "sectors":
        sectors = Sector.choices()[:5]
        picks = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(
            label=label, choices=sectors, initial=value, widget=picks, required=False
        )
    if isinstance(value, list):
        lines = forms.Textarea(attrs={"rows": min(12, len(value) + 2)})
        initial = "\n".join(value)
        return forms.CharField(label=label, initial=initial, widget=lines, required=False)
    return forms.CharField(label=label, initial=value, max_length=120)


def _rebuilt(path: str, old: Any, data: dict[str, Any]) -> Any:
    """The new value in the shape of the old one."""
    if isinstance(old, dict):
        return {key: _rebuilt(f"{path}-{key}", inner, data) for key, inner in old.items()}
    if isinstance(old, list) and old and isinstance(old[0], dict):
        return [_rebuilt(f"{path}-{number}", inner, data) for number, inner in enumerate(old)]
    new = data[path]
    if isinstance(old, list) and isinstance(new, str):
        return new.split()
    return type(old)(new)
