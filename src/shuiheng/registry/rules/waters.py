"""Permits, intakes, the supply chain, activities. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Source, Term, UnitKind
from shuiheng.core.volume import Volume

ACTIVITIES_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitFacts:
    number: str
    source: Source
    volume: Volume
    valid_from: date
    valid_until: date


def check_permit(permit: PermitFacts) -> None:
    if permit.volume.m3 <= 0:
        raise Refusal("permit.volume", "许可水量要大于 0。", field="volume")
    if permit.valid_until < permit.valid_from:
        raise Refusal("permit.term", "止期早于起期，请核对。", field="valid_until")


class RecognitionKind(Term):
    """Why a unit without a permit may take water all the same (取水条例 Art. 4; USERS 15)."""

    EXEMPT = "exempt", "免办许可"
    PROVISIONAL = "provisional", "暂定水量"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionFacts:
    kind: RecognitionKind
    source: Source
    volume: Volume | None
    article: str
    reason: str
    since: date
    until: date | None


def check_recognition(facts: RecognitionFacts) -> None:
    """An exemption names its article; a provisional figure has a reason and an end."""
    if not facts.reason.strip():
        raise Refusal("recognition.no_reason", "认定要写明理由。", field="reason")
    if facts.until is not None and facts.until < facts.since:
        raise Refusal("recognition.term", "止期早于起期，请核对。", field="until")
    if facts.kind is RecognitionKind.EXEMPT:
        if not facts.article.strip():
            raise Refusal(
                "recognition.no_article",
                "免办取水许可要写明依据的条款。",
                field="article",
                remedy="例如 取水许可和水资源费征收管理条例第4条第1款第1项。",
            )
        return
    if facts.volume is None or facts.volume <= Volume():
        raise Refusal("recognition.volume", "暂定水量要大于 0。", field="volume")
    if facts.until is None:
        raise Refusal(
            "recognition.no_end",
            "暂定水量要写明到哪天为止。",
            field="until",
            remedy="到期前应当办好取水许可。",
        )


def check_intake(source: Source, permit_source: Source | None) -> None:
    """An intake stands under a permit of its own source."""
    if permit_source is not None and permit_source is not source:
        raise Refusal(
            "intake.permit_source",
            f"取水口的水源是{source.label}，所选许可证是{permit_source.label}。",
            field="permit",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """What is planted, made or served: 玉米 滴灌 1,560 亩."""

    item: str
    method: str = ""
    quantity: Decimal
    measure: str


def check_activities(rows: Sequence[ActivityRow]) -> None:
    if len(rows) > ACTIVITIES_MOST:
        raise Refusal("activity.too_many", f"一年最多填 {ACTIVITIES_MOST} 行。")
    names = [(row.item, row.method) for row in rows]
    for row in rows:
        label = f"{row.item}{row.method}"
        if not row.item or not row.measure:
            raise Refusal("activity.incomplete", "每一行都要有作物或产品，也要有计量单位。")
        if row.quantity < 0:
            raise Refusal("activity.negative", f"“{label}”的数量不能是负数。")
        if names.count((row.item, row.method)) > 1:
            raise Refusal(
                "activity.twice", f"“{label}”填了两行。", remedy="请合并成一行，数量相加。"
            )


def check_term(since: date, until: date | None) -> None:
    if until is not None and until < since:
        raise Refusal("intake.term", "停用日期早于启用日期，请核对。", field="until")


_SUPPLIES = {
    UnitKind.NETWORK_CUSTOMER: frozenset(
        {UnitKind.WATERWORKS, UnitKind.RECLAIMED_PLANT, UnitKind.TRANSFER_PROJECT}
    ),
    UnitKind.CANAL_CUSTOMER: frozenset({UnitKind.IRRIGATION_DISTRICT}),
}


def suppliers_of_kind(customer: UnitKind) -> frozenset[UnitKind]:
    """The kinds of supplier that a kind of customer drinks from; none for who takes his own."""
    return _SUPPLIES.get(customer, frozenset())


def check_supply(
    customer: UnitKind, supplier: UnitKind, *, linked_since: date | None, since: date
) -> None:
    """Who may supply whom, and from when (USERS 2)."""
    if supplier not in suppliers_of_kind(customer):
        raise Refusal(
            "supply.kinds",
            f"{supplier.label}不能给{customer.label}供水。",
            field="supplier",
            remedy="请先核对双方的类型。",
        )
    if linked_since is not None and since <= linked_since:
        raise Refusal(
            "supply.too_early",
            f"现在的供水关系从 {linked_since} 起，改接日期要在它之后。",
            field="since",
        )
