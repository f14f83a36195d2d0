"""催报: what the message says."""

from __future__ import annotations

from django import forms

from shuiheng.office.models import Area
from shuiheng.papers.rules import MAX_MESSAGE_LETTERS
from shuiheng.ui import figures
from shuiheng.ui.forms import ActForm
from shuiheng.ui.parts import Due


class RemindForm(ActForm):
    text = forms.CharField(
        label="短信内容",
        max_length=MAX_MESSAGE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="发给每一户的内容相同，不要写别家的名字和数字。",
    )


def reminder(area: Area, year: int, due: Due) -> str:
    """What is usually said."""
    return (
        f"【{area.name}水务局】您单位 {year} 年度水预算草案还没有提交，请在{figures.day(due.day)}前登录填报。"
        "不会填或登录不了，请打电话给我们，我们可以代办。"
    )
