"""What is asked of a board, as fields of an address; and the way back into fields, words and JSON. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from shuiheng.core.refusal import Refusal
from shuiheng.engine.problem import SharingPolicy
from shuiheng.quota.rules.board import (
    ALL,
    WHOLE,
    CapChange,
    Case,
    GuaranteeOrder,
    Plan,
    Settings,
    cap_field,
    check_settings,
)

TENTHS, HUNDREDTHS = 10, 100  # so many of a unit are one percent
MOST_DIGITS = 12
MOST_PERCENT = 10**6
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Asked:
    """The settings that could be read; `said` is what is wrong, by field, `typed` what stands in the fields."""

    settings: Settings
    typed: Mapping[str, str]
    said: Mapping[str, str] = field(default_factory=dict)


def read_settings(case: Case, asked: Mapping[str, str]) -> Asked:
    """Read an address, or a form with or without script: a field that is not there is as in force."""
    typed = {name: _typed(asked, name) for name in _names(case, asked)}
    given = {name: text for name, text in typed.items() if text.strip()}
    said: dict[str, str] = {}
    force = case.force

    def figure(name: str, per: int, in_force: int) -> int:
        try:
            return read_percent(given[name], per) if name in given else in_force
        except Refusal as refusal:
            said[name] = str(refusal)
            return in_force

    caps = [
        CapChange(area, source, figure(name, TENTHS, WHOLE))
        for name, area, source in _cap_names(typed)
    ]
    settings = Settings(
        _plan(given, force.plan),
        figure("wet", HUNDREDTHS, force.wetness),
        figure("reserve", HUNDREDTHS, force.reserve),
        _what_differs(caps),
    )
    try:
        check_settings(case, settings)
    except Refusal as refusal:
        said.setdefault(refusal.field, str(refusal))
    return Asked(settings, typed, said)


def _names(case: Case, asked: Mapping[str, str]) -> list[str]:
    more = asked.get("add", "")
    named = [name for name in asked if name.startswith("cap-") and "." not in name]
    everywhere = [cap_field(ALL, source.key) for source in case.sources]
    added = [f"cap-{more}"] if more else []
    return list(dict.fromkeys([*everywhere, *named, *added, "wet", "reserve", *_PLAN]))


_PLAN = ("policy", "order", "replaces")


def _typed(asked: Mapping[str, str], name: str) -> str:
    """Of a slider and its number field the one that has been moved; without script both are sent."""
    repaired, _, value = asked.get("repair", "").partition("=")
    if repaired == name:
        return value
    number, was = asked.get(name, ""), asked.get(f"{name}.was", "")
    slide = asked.get(f"{name}.slide", was)
    return slide if number == was and slide != was else number


def _cap_names(typed: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    for name in typed:
        parts = name.split("-")
        if parts[0] == "cap" and len(parts) in (2, 3):
            area = parts[2] if len(parts) == 3 else str(ALL)
            yield name, int(area) if area.isdecimal() and len(area) < MOST_DIGITS else -1, parts[1]


def _what_differs(caps: list[CapChange]) -> tuple[CapChange, ...]:
    everywhere = {cap.source: cap.per_mille for cap in caps if cap.area == ALL}
    return tuple(
        sorted(
            cap
            for cap in caps
            if cap.per_mille != (WHOLE if cap.area == ALL else everywhere.get(cap.source, WHOLE))
        )
    )


def _plan(given: Mapping[str, str], force: Plan) -> Plan:
    """A choice that is none of those offered is as in force."""
    policy, order = given.get("policy", ""), given.get("order", "")
    replaces = given.get("replaces", "")
    return Plan(
        SharingPolicy(policy) if policy in set(SharingPolicy) else force.policy,
        GuaranteeOrder(order) if order in set(GuaranteeOrder) else force.order,
        {YES: True, NO: False}.get(replaces, force.replaces),
    )


def read_percent(text: str, per: int) -> int:
    """98.32 → 9832 where `per` is 100: a percentage in whole parts."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace("−", "-").strip("% ")
    try:
        exact = Decimal(plain) if len(plain) <= MOST_DIGITS else Decimal("NaN")
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or abs(exact) >= MOST_PERCENT:
        raise Refusal(
            "board.not_a_percentage",
            f"“{text.strip()}”不是百分数。",
            remedy="请只填数字，例如 95。",
        )
    parts = exact * per
    if parts != int(parts):
        places = "一" if per == TENTHS else "两"
        raise Refusal(
            "board.too_fine",
            f"“{text.strip()}”填得太细。",
            remedy=f"这里最多填{places}位小数。",
        )
    return int(parts)


def percent_text(parts: int, per: int) -> str:
    """9832 → 98.32, as a field holds it."""
    text = f"{Decimal(parts) / per:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def asked_of(case: Case, settings: Settings) -> dict[str, str]:
    """The fields of an address: only what differs from what is in force."""
    fields = {
        cap_field(cap.area, cap.source): percent_text(cap.per_mille, TENTHS)
        for cap in settings.caps
    }
    force = case.force
    if settings.wetness != force.wetness:
        fields["wet"] = percent_text(settings.wetness, HUNDREDTHS)
    if settings.reserve != force.reserve:
        fields["reserve"] = percent_text(settings.reserve, HUNDREDTHS)
    now, was = plan_fields(settings.plan), plan_fields(force.plan)
    return fields | {name: now[name] for name in _PLAN if now[name] != was[name]}


def plan_fields(plan: Plan) -> dict[str, str]:
    return {
        "policy": plan.policy.value,
        "order": plan.order.value,
        "replaces": YES if plan.replaces else NO,
    }


def settings_json(settings: Settings) -> dict[str, Any]:
    """Settings as a scenario keeps them; `settings_of` reads them back."""
    return {
        **plan_fields(settings.plan),
        "wetness": settings.wetness,
        "reserve": settings.reserve,
        "caps": [[cap.area, cap.source, cap.per_mille] for cap in settings.caps],
    }


def settings_of(kept: Mapping[str, Any], force: Settings) -> Settings:
    return replace(
        force,
        plan=_plan(kept, force.plan),
        wetness=kept["wetness"],
        reserve=kept["reserve"],
        caps=tuple(CapChange(*cap) for cap in kept["caps"]),
    )


def replaces_words(replaces: bool) -> str:
    return "可由其他水源替代" if replaces else "各水源分开算"


def what_changed(case: Case, settings: Settings) -> list[str]:
    """What differs from what is in force, each with both figures: 预留比例 3% → 5%."""
    force = case.force
    names = {source.key: source.name for source in case.sources}
    places = {area: one.name for area, one in zip(case.areas, case.regions, strict=True)}
    words = [
        f"{places.get(cap.area, '各区')}{names[cap.source]}上限 100% → {percent_text(cap.per_mille, TENTHS)}%"
        for cap in settings.caps
    ]
    pairs = (
        ("地表来水", _percent(force.wetness), _percent(settings.wetness)),
        ("预留比例", _percent(force.reserve), _percent(settings.reserve)),
        ("分担办法", force.plan.policy.label, settings.plan.policy.label),
        ("保障顺序", force.plan.order.label, settings.plan.order.label),
        ("水源替代", replaces_words(force.plan.replaces), replaces_words(settings.plan.replaces)),
    )
    return words + [f"{name} {was} → {now}" for name, was, now in pairs if was != now]


def _percent(parts: int) -> str:
    return percent_text(parts, HUNDREDTHS) + "%"
