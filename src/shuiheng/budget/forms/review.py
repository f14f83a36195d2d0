"""What a reviewer fills in: the volumes he accepts, or the reason why it goes back."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from shuiheng.budget.models import BudgetLine
from shuiheng.budget.rules import reviewed_by_need
from shuiheng.budget.selectors.drafts import DraftCase
from shuiheng.core.volume import Volume
from shuiheng.ui.forms import ActForm, VolumeField

REASON_LENGTH = 300


class AcceptForm(ActForm):
    """One volume for each line, filled with what is suggested: by the norms, or as asked for."""

    def __init__(self, data: QueryDict | None, case: DraftCase, *, computed: bool) -> None:
        self.case = case
        super().__init__(data, auto_id="id_review_%s")
        shares = reviewed_by_need(case.facts) if computed else None
        for place, (row, drawn) in enumerate(case.lines):
            initial = shares[place] if shares else drawn.proposed
            label = f"核定{drawn.label}"
            self.fields[name_of(row)] = VolumeField(label=label, initial=initial)

    def reviewed(self) -> dict[int, Volume]:
        return {row.pk: self.cleaned_data[name_of(row)] for row, _ in self.case.lines}

    def volumes(self) -> list[forms.BoundField]:
        return [self[name_of(row)] for row, _ in self.case.lines]


def name_of(row: BudgetLine) -> str:
    return f"line-{row.pk}"


class ReasonForm(ActForm):
    reason = forms.CharField(
        label="理由",
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="单位会看到这句话：写清哪里不对、怎么改、要补什么材料。",
        error_messages={"required": "要写明理由，对方才知道怎么改。"},
    )


class PickForm(ActForm):
    """The list that is accepted as a whole; `seen` is how many the button said."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def picked(data: QueryDict) -> list[int]:
    """The numbers of the drafts that are ticked; anything else in their place is passed over."""
    texts: Sequence[object] = data.getlist("budget")
    return [int(str(t)) for t in texts if str(t).isdecimal() and len(str(t)) < 16]
