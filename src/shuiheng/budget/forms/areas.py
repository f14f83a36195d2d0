"""What a step of a district's or the city's budget asks for."""

from __future__ import annotations

from django import forms

from shuiheng.ui.forms import ActForm

REPLY_LENGTH = 120


class ReplyForm(ActForm):
    """The answer from above to the city's draft."""

    reply = forms.CharField(
        label="自治区批复",
        max_length=REPLY_LENGTH,
        help_text="批复的文号和日期，例如 新水函〔2027〕18号，2027年2月6日。",
        error_messages={"required": "请填自治区批复的文号；还没有批复就先不要审定。"},
    )
