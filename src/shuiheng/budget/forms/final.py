"""The form of a step of a final account: a reason where the step asks for one."""

from __future__ import annotations

from django import forms

from shuiheng.ui.forms import ActForm


class FinalStepForm(ActForm):
    reason = forms.CharField(
        label="意见或理由", required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="提出异议、退回和答复时必填。",
    )  # fmt: skip
