"""The autonomous region's allocation plan: entered, checked, never computed in the pilot."""

from __future__ import annotations

from collections.abc import Mapping

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Source
from shuiheng.core.vocabulary import WetnessIncluded as WetnessIncluded
from shuiheng.core.volume import Volume, total


def check_allocation(lines: Mapping[tuple[int, Source], Volume]) -> None:
    """A plan gives something, and nothing negative."""
    for volume in lines.values():
        if volume.m3 < 0:
            raise Refusal("allocation.negative", "分配水量不能是负数。", field="lines")
    if not total(lines.values()):
        raise Refusal(
            "allocation.empty",
            "水量分配计划里还没有填任何水量。",
            field="lines",
            remedy="请按自治区文件逐区逐水源填写。",
        )


def check_region_equals_plan(
    region: str, quota: Mapping[Source, Volume], plan: Mapping[Source, Volume]
) -> None:
    """In the pilot a region's quota is the allocation plan (方案 三(五)1; R02)."""
    for source in set(quota) | set(plan):
        given, planned = quota.get(source, Volume()), plan.get(source, Volume())
        if given != planned:
            raise Refusal(
                "allocation.differs",
                f"{region}{source.label}：基准额度 {given} 与年度水量分配计划 {planned} 不一致。",
                kind=Kind.CONFLICT,
                remedy="试点期间两者必须一致（实施方案 三(五)1）。请改为计划数。",
                facts={"quota": given, "plan": planned},
            )
