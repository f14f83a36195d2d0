"""Numbering a paper and recording how it was delivered."""

from __future__ import annotations

from django import forms

from shuiheng.papers.rules import HAND_CHANNELS
from shuiheng.ui.forms import ActForm, DayField


class NumberForm(ActForm):
    number = forms.CharField(
        label="文号", max_length=40, help_text="按办公系统给的编号填写，例如 乌水预〔2026〕12号"
    )
    signer = forms.CharField(label="签发人", max_length=40)
    issued_on = DayField(label="印发日期")


class DeliveryForm(ActForm):
    channel = forms.ChoiceField(label="方式", choices=[(c.value, c.label) for c in HAND_CHANNELS])
    recipient = forms.CharField(label="签收人", max_length=80)
    sent_on = DayField(label="送出日期")
    received_on = DayField(
        label="签收日期",
        required=False,
        help_text="邮寄未见回执时先不填；当面和电话即为当天",
    )
    note = forms.CharField(label="备注", max_length=200, required=False)
