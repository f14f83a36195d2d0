"""Norms are loaded, entered, replaced by later rows, imported; none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence, Sector
from shuiheng.office.services import begin_act, finish_act
from shuiheng.quota.models import Norm
from shuiheng.quota.rules import norms as rules
from shuiheng.quota.rules.norms import NormFacts
from shuiheng.quota.selectors.norms import all_norms, norm_seat

NORM_FILE = Path(__file__).parents[1] / "norms.yaml"
FIGURES = ("value", "lower", "upper")


def load_norms(*, now: datetime) -> int:
    """Load the shipped norms once; what has been entered since is never touched.

    Returns how many rows were new.
    """
    shipped = yaml.safe_load(NORM_FILE.read_text(encoding="utf-8"))
    rows = [_read(shipped["defaults"] | row) for row in shipped["norms"]]
    known = {(norm.series, norm.valid_from) for norm in all_norms()}
    new = [norm for norm in rows if (norm.series, norm.valid_from) not in known]
    Norm.objects.bulk_create([_row(norm, "首次装载", now) for norm in new])
    return len(new)


def _read(row: dict[str, Any]) -> NormFacts:
    row = row | {name: Decimal(row[name]) for name in FIGURES if name in row}
    row["domain"] = rules.NormDomain(row["domain"])
    row["sector"] = Sector(row["sector"])
    row["confidence"] = Confidence(row["confidence"])
    norm = NormFacts(**row)
    rules.check_norm(norm)
    return norm


def _row(norm: NormFacts, by: str, now: datetime) -> Norm:
    values = asdict(norm)
    del values["id"]
    return Norm(**values, entered_by=by, entered_at=now)


@transaction.atomic
def enter_norm(norm: NormFacts, *, actor: Actor, now: datetime, key: str) -> Norm:
    """录入定额: a series that is not there yet, or a row of an older day of one that is."""
    act = begin_act(key, "norm.enter", actor=actor, now=now, args={"norm": norm})
    if act.done:
        return Norm.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.NORM_EDIT, norm_seat(actor))
    rules.check_norm(norm)
    _refuse_taken([norm])
    row = _row(norm, actor.name, now)
    row.save()
    finish_act(act, f"norm/{row.pk}", _words(norm))
    return row


@transaction.atomic
def replace_norm(norm_id: int, norm: NormFacts, *, actor: Actor, now: datetime, key: str) -> Norm:
    """换用新定额: a later row of the same series; the old one stays as it was."""
    args = {"old": norm_id, "norm": norm}
    act = begin_act(key, "norm.replace", actor=actor, now=now, args=args)
    if act.done:
        return Norm.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.NORM_EDIT, norm_seat(actor))
    old = Norm.objects.select_for_update().get(pk=norm_id).facts()
    rules.check_norm(norm)
    rules.check_successor(old, norm)
    _refuse_taken([norm])
    row = _row(norm, actor.name, now)
    row.save()
    finish_act(act, f"norm/{row.pk}", f"{_words(norm)}，原 {old.printed} {old.unit}")
    return row


@transaction.atomic
def import_norms(
    norms: Sequence[NormFacts], *, actor: Actor, now: datetime, key: str
) -> list[Norm]:
    """导入定额: the rows of a checked sheet, all or none."""
    act = begin_act(key, "norm.import", actor=actor, now=now, args={"norms": list(norms)})
    if act.done:
        return list(Norm.objects.filter(entered_at=act.at, entered_by=actor.name))
    require(actor, Permission.NORM_EDIT, norm_seat(actor))
    if not norms:
        raise Refusal(
            "norm.nothing_new", "表里没有新的定额。", remedy="与现有的完全一样，不用导入。"
        )
    for norm in norms:
        rules.check_norm(norm)
    _refuse_taken(norms)
    rows = Norm.objects.bulk_create([_row(norm, actor.name, now) for norm in norms])
    finish_act(act, f"norm/{rows[0].pk}", f"导入定额 {len(rows)} 条")
    return rows


def _refuse_taken(norms: Sequence[NormFacts]) -> None:
    """Somebody else may have entered the same row since the page was shown."""
    there = {(norm.series, norm.valid_from): norm for norm in all_norms()}
    for norm in norms:
        old = there.get((norm.series, norm.valid_from))
        if old is not None:
            raise Refusal(
                "norm.taken",
                f"“{norm.name}”（{norm.scope}）从 {norm.valid_from} 起已有定额 {old.printed} {old.unit}。",
                kind=Kind.CONFLICT,
                field="valid_from",
                remedy="不能就地改，请换一个以后的生效日期。",
            )


def _words(norm: NormFacts) -> str:
    return f"{norm.name} {norm.printed} {norm.unit}（{norm.scope}），{norm.valid_from} 起，{norm.standard}"
