"""Making and adopting baseline runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area
from shuiheng.office.services import begin_act, finish_act
from shuiheng.quota import rules, selectors
from shuiheng.quota.models import BaselineLine, BaselineRun


@transaction.atomic
def run_baseline(
    area: Area,
    year: int,
    inputs: rules.RunInputs,
    sharing: rules.SharingRules,
    *,
    name: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> BaselineRun:
    """Compute and keep a run: natural sources first, then what each supplier has for its network.

    It keeps its inputs, policy, certificates, and what each region and sector would get in drier years.
    """
    args = {"area": area.pk, "year": year, "name": name}
    act = begin_act(key, "quota.run", actor=actor, now=now, args=args)
    if act.done:
        return BaselineRun.objects.get(pk=act.outcome.subject_id)
    require(actor, Permission.BASELINE_RUN, area.place)
    names = selectors.area_names(inputs.available, inputs.claims)
    baseline = rules.plan_baseline(inputs.available, inputs.claims, sharing, names=names)
    framed = rules.frame(inputs.available, inputs.claims, sharing, names=names)
    years = rules.dry_years(framed, inputs.factors, inputs.base, inputs.networks)
    run = BaselineRun.objects.create(
        area=area,
        year=year,
        made_at=now,
        made_by=actor.name,
        name=name,
        input_digest=digest_of({"inputs": inputs, "sharing": sharing}),
        engine_digest=baseline.digest,
        policy=selectors.policy_json(sharing),
        available=[[one.area, one.source.value, one.volume.m3] for one in inputs.available],
        certificates=list(baseline.certificates),
        dry_years={
            "factors": {str(percent): factor for percent, factor in inputs.factors.items()},
            "base": inputs.base,
            "from": inputs.factors_from,
            "confidence": inputs.factors_confidence.value,
            "included": inputs.wetness_included.value,
            "year_factor": inputs.year_factor,
            "cells": {
                str(percent): [[a, sector.value, m3.m3] for (a, sector), m3 in cells.items()]
                for percent, cells in years.items()
            },
        },
        findings=[
            {"code": f.code, "sentence": f.sentence, "area": f.facts.get("area")}
            for f in baseline.findings
        ],
    )
    BaselineLine.objects.bulk_create(
        [
            *_abstraction_lines(run, baseline),
            *_network_lines(run, baseline, inputs.networks, inputs.network_areas),
        ],
        batch_size=2000,
    )
    finish_act(act, f"baseline/{run.pk}", f"{area.name} {year} 年度基准额度测算")
    return run


@transaction.atomic
def adopt(run_id: int, *, losses_shown: str, actor: Actor, now: datetime, key: str) -> BaselineRun:
    """Make a run the one whose figures the budget takes; an earlier adoption steps back.

    `losses_shown` is the digest of the losses that the page has shown (USERS 3).
    """
    args = {"run": run_id, "losses": losses_shown}
    act = begin_act(key, "quota.adopt", actor=actor, now=now, args=args)
    run = BaselineRun.objects.select_for_update(of=["self"]).select_related("area").get(pk=run_id)
    if act.done:
        return run
    require(actor, Permission.BASELINE_RUN, run.area.place)
    newest = BaselineRun.objects.filter(area=run.area, year=run.year).latest("pk")
    if newest.pk != run.pk:
        raise Refusal(
            "baseline.not_newest",
            "在这次测算之后又做过测算，不能采用旧的。",
            kind=Kind.CONFLICT,
            remedy="请查看最新一次测算。",
        )
    rules.check_losses_shown(losses_shown, selectors.losses_digest(run))
    BaselineRun.objects.filter(area=run.area, year=run.year, state="adopted").update(state="made")
    run.state = BaselineRun.State.ADOPTED
    run.save(update_fields=["state"])
    finish_act(act, f"baseline/{run.pk}", f"采用 {run.area.name} {run.year} 年度测算")
    return run


def _abstraction_lines(run: BaselineRun, baseline: rules.Baseline) -> list[BaselineLine]:
    lines = [
        BaselineLine(
            run=run,
            book=Book.ABSTRACTION,
            area_id=granted.claim.area,
            source=granted.claim.source,
            sector=granted.claim.sector,
            unit_id=granted.claim.unit,
            demand=granted.claim.demand,
            quota=granted.quota,
            reason=granted.reason,
            kind=granted.claim.kind,
            living=granted.claim.living,
            permit=granted.claim.permit,
            standing=granted.claim.standing,
            floor=granted.claim.floor,
            weight=granted.claim.weight,
            tier=granted.tier,
            certificate=granted.certificate,
        )
        for granted in baseline.granted
    ]
    lines += [
        BaselineLine(
            run=run,
            book=Book.ABSTRACTION,
            area_id=area,
            source=source,
            demand=Volume(),
            quota=volume,
            reason="预留：按比例提取，加取整和未申领的余数",
        )
        for (area, source), volume in baseline.reserve.items()
    ]
    return lines


def _network_lines(
    run: BaselineRun,
    baseline: rules.Baseline,
    networks: Mapping[int, Sequence[rules.NetworkClaim]],
    areas: Mapping[int, int],
) -> list[BaselineLine]:
    intake: dict[int, list[Volume]] = {}
    for granted in baseline.granted:
        if granted.claim.kind.is_supplier:
            intake.setdefault(granted.claim.unit, []).append(granted.quota)
    lines = []
    for supplier, claims in networks.items():
        parts = rules.plan_network(total(intake.get(supplier, [])), claims)
        for claim, part in zip(claims, parts, strict=True):
            lines.append(
                BaselineLine(
                    run=run,
                    book=Book.NETWORK,
                    area_id=areas[supplier],
                    source=Source.NETWORK,
                    sector=claim.sector,
                    unit_id=claim.unit,
                    supplier_id=supplier,
                    demand=claim.demand,
                    quota=part,
                    reason=_network_reason(claim, part),
                )
            )
    return lines


def _network_reason(claim: rules.NetworkClaim, part: Volume) -> str:
    if claim.sector is Sector.LOSS:
        return "供水单位输配水损失"
    return "按供水单位可供水量足额" if part >= claim.demand else "供水单位水量不足，等比例分担"
