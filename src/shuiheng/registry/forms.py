"""What the registry's pages ask for, and the cards and facts that services take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from shuiheng.core.vocabulary import PLAN_SECTORS, Sector, Source, UnitKind
from shuiheng.office.models import Area
from shuiheng.office.rules import tidy
from shuiheng.registry.models import NATURAL_CHOICES, Intake, Permit, Unit
from shuiheng.registry.rules.units import UnitCard
from shuiheng.registry.rules.waters import (
    ActivityRow,
    PermitFacts,
    RecognitionFacts,
    RecognitionKind,
)
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm, DayField, FigureField, VolumeField

EXTRA_ROWS = 3
REASON = forms.Textarea(attrs={"rows": 2})

FILL_IN = {"required": "请填写。"}
CHOOSE = {"required": "请选择。", "invalid_choice": "请从列出的里面选。"}

Grouped = list[tuple[str, list[tuple[str, str]]]]


def text(
    label: str, length: int, *, required: bool = False, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, help_text=help_text)


def grouped(areas: Sequence[Area]) -> Grouped:
    """Places in groups under the area above them, in the order of the map."""
    names = {area.pk: area.name for area in areas}
    groups: dict[str, list[tuple[str, str]]] = {}
    for area in sorted(areas, key=lambda area: (area.path.rpartition("/")[0], area.rank)):
        above = names.get(area.parent_id or 0, "区县")
        groups.setdefault(above, []).append((str(area.pk), area.name))
    return list(groups.items())


# -- units ----------------------------------------------------------------------------------------


class UnitForm(ActForm):
    """登记单位 and 修改: the card of a unit."""

    two_columns = True
    name = text("名称", 80, required=True)
    code = text("编码", 24, help_text="统一社会信用代码；个人、村组没有的留空，由系统编号。")
    kind = forms.ChoiceField(
        label="类型", choices=[("", "请选择"), *UnitKind.choices()], error_messages=CHOOSE
    )
    sector = forms.ChoiceField(
        label="行业",
        choices=[("", "请选择"), *((sector.value, sector.label) for sector in PLAN_SECTORS)],
        help_text="供水单位选它供得最多的行业。",
        error_messages=CHOOSE,
    )
    address_area = forms.ChoiceField(label="所在乡镇街道", error_messages=CHOOSE)
    address = text("地址", 120)
    contact = text("联系人", 40)
    phone = text("电话", 20)
    is_xpcc = forms.BooleanField(label="兵团单位", required=False)
    guarantees_living = forms.BooleanField(
        label="保障民生（医院、学校、供热、消防）", required=False
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, places: Sequence[Area], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", "请选择"), *grouped(places)]
        self.fields["address_area"].choices = choices  # type: ignore[attr-defined]

    def card(self) -> UnitCard:
        data = self.cleaned_data
        return UnitCard(
            code=data["code"],
            name=data["name"],
            kind=UnitKind(data["kind"]),
            sector=Sector(data["sector"]),
            address_area=int(data["address_area"]),
            address=data["address"],
            contact=data["contact"],
            phone=tidy(data["phone"]),
            is_xpcc=data["is_xpcc"],
            guarantees_living=data["guarantees_living"],
        )


class NewUnitForm(UnitForm):
    """登记单位: with its budget region, which later only moves by an act of its own."""

    region = forms.ChoiceField(
        label="预算区", help_text="归哪个区的水预算；可以和地址不在一处，例如甘泉堡。"
    )
    opened_on = DayField(label="纳入日期")

    def __init__(self, *args: Any, regions: Sequence[Area], today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [(str(area.pk), area.name) for area in regions]
        self.fields["region"].choices = choices  # type: ignore[attr-defined]
        self.fields["opened_on"].initial = today
        self.order_fields(["name", "code", "kind", "sector", "region", "address_area"])


class CloseForm(ActForm):
    """退出名录."""

    on = DayField(label="从哪天起退出")
    reason = forms.CharField(
        label="原因", widget=REASON, help_text="例如 破产清算、注销、停产拆除。"
    )


class MoveForm(ActForm):
    """迁移."""

    region = forms.ChoiceField(label="迁到哪个预算区", error_messages=CHOOSE)
    on = DayField(label="从哪天起")
    reason = forms.CharField(label="原因", widget=REASON, error_messages=FILL_IN)

    def __init__(self, *args: Any, regions: Sequence[Area], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [(str(area.pk), area.name) for area in regions]
        self.fields["region"].choices = choices  # type: ignore[attr-defined]


# -- waters ---------------------------------------------------------------------------------------


class PermitForm(ActForm):
    number = text("许可证号", 40, required=True, help_text="例如 D650109G2021-0347，照证书抄。")
    source = forms.ChoiceField(label="水源", choices=NATURAL_CHOICES)
    volume = VolumeField(label="许可年取水量", unit=WAN)
    valid_from = DayField(label="有效期起")
    valid_until = DayField(label="有效期止")

    @staticmethod
    def initial_of(permit: Permit) -> dict[str, Any]:
        return {
            "number": permit.number,
            "source": permit.source,
            "volume": permit.volume,
            "valid_from": permit.valid_from,
            "valid_until": permit.valid_until,
        }

    def facts(self) -> PermitFacts:
        data = self.cleaned_data
        return PermitFacts(
            number=data["number"],
            source=Source(data["source"]),
            volume=data["volume"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )


class IntakeForm(ActForm):
    name = text("名称", 60, required=True, help_text="例如 2 号井、东支渠 3 号斗。")
    source = forms.ChoiceField(label="水源", choices=NATURAL_CHOICES)
    is_well = forms.BooleanField(label="机井", required=False)
    permit = forms.ChoiceField(label="所属许可证", required=False)
    since = DayField(label="启用日期")
    until = DayField(label="停用日期", required=False)

    def __init__(self, *args: Any, permits: Sequence[Permit], **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [("", "没有"), *((str(p.pk), p.number) for p in permits)]
        self.fields["permit"].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(intake: Intake) -> dict[str, Any]:
        return {
            "name": intake.name,
            "source": intake.source,
            "is_well": intake.is_well,
            "permit": intake.permit_id or "",
            "since": intake.since,
            "until": intake.until,
        }

    def clean_permit(self) -> int | None:
        chosen: str = self.cleaned_data["permit"]
        return int(chosen) if chosen else None

    def clean_source(self) -> Source:
        return Source(self.cleaned_data["source"])


class RecognitionForm(ActForm):
    """取水认定: exempt, or a provisional figure with its end."""

    two_columns = True
    kind = forms.ChoiceField(
        label="认定为",
        choices=[("", "请选择"), *RecognitionKind.choices()],
        help_text="免办：家庭生活、零星畜禽饮用等少量取水，集体经济组织自有水塘取水等。",
        error_messages=CHOOSE,
    )
    source = forms.ChoiceField(
        label="水源", choices=[("", "请选择"), *NATURAL_CHOICES], error_messages=CHOOSE
    )
    volume = VolumeField(label="水量", required=False, help_text="暂定水量必填；免办可以不填。")
    article = text("条款", 60, help_text="免办必填，例如 取水许可和水资源费征收管理条例第4条。")
    since = DayField(label="从哪天起")
    until = DayField(label="到哪天为止", required=False, help_text="暂定水量必填。")
    reason = forms.CharField(label="理由", max_length=160, widget=REASON, error_messages=FILL_IN)

    def facts(self) -> RecognitionFacts:
        data = self.cleaned_data
        return RecognitionFacts(
            kind=RecognitionKind(data["kind"]),
            source=Source(data["source"]),
            volume=data["volume"],
            article=data["article"],
            reason=data["reason"],
            since=data["since"],
            until=data["until"],
        )


class SupplierForm(ActForm):
    """由谁供水."""

    supplier = forms.ChoiceField(label="供水单位", error_messages=CHOOSE)
    line = text("渠道或干管", 60, help_text="例如 东支渠；没有分支的留空。")
    since = DayField(label="从哪天起")

    def __init__(self, *args: Any, suppliers: Sequence[Unit], today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [(str(s.pk), f"{s.name}（{s.region.name}）") for s in suppliers]
        self.fields["supplier"].choices = choices  # type: ignore[attr-defined]
        self.fields["since"].initial = today


class ActivityForm(forms.Form):
    """One row: 玉米 滴灌 1,560 亩."""

    item = text("作物或产品", 40)
    method = text("方式", 20)
    quantity = FigureField(unit="", label="数量", required=False)
    measure = text("单位", 12)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("item") and data.get("quantity") is None and "quantity" not in self.errors:
            self.add_error("quantity", ValidationError("请填数量。"))
        return data

    def row(self) -> ActivityRow | None:
        """The row, or None when its line was left empty."""
        data = self.cleaned_data
        if not data.get("item"):
            return None
        return ActivityRow(
            item=tidy(data["item"]),
            method=tidy(data["method"]),
            quantity=data["quantity"],
            measure=tidy(data["measure"]),
        )


ActivityRows = forms.formset_factory(ActivityForm, extra=EXTRA_ROWS)


# -- lists and people -----------------------------------------------------------------------------


class ReturnForm(ActForm):
    """退回."""

    reason = forms.CharField(
        label="退回理由", widget=REASON, help_text="区县会看到这句话。", error_messages=FILL_IN
    )


class CodeForm(forms.Form):
    """领取码."""

    code = forms.CharField(
        label="领取码",
        max_length=40,
        help_text="区县水务局给的十个字母和数字，大小写都行。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "请填领取码。"},
    )


class AccountForm(ActForm):
    """开账号: what the person chooses."""

    code = forms.CharField(widget=forms.HiddenInput, max_length=40)
    unit_name = forms.CharField(widget=forms.HiddenInput, max_length=80, required=False)
    name = forms.CharField(
        label="您的姓名", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label="手机",
        max_length=20,
        help_text="收通知，也可以用它收验证码登录。",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    login = forms.CharField(
        label="登录名",
        max_length=60,
        help_text="字母、数字或汉字，例如姓名加单位简称。",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    new = forms.CharField(
        label="密码",
        max_length=128,
        strip=False,
        help_text="至少 10 位，不能全是数字。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class JoinForm(ActForm):
    """再领一个单位: the account is there already."""

    code = forms.CharField(widget=forms.HiddenInput, max_length=40)
    unit_name = forms.CharField(widget=forms.HiddenInput, max_length=80, required=False)


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )


class PhoneCodeForm(forms.Form):
    phone = forms.CharField(widget=forms.HiddenInput, max_length=20)
    code = forms.CharField(
        label="验证码",
        max_length=12,
        help_text="短信里的六位数字，5 分钟内有效。",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
