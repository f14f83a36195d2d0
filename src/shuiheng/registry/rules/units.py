"""Cards of units; entering, changing, moving, leaving; holds; searching. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date

from shuiheng.core.digest import digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import PLAN_SECTORS, Sector, Term, UnitKind
from shuiheng.office.rules import tidy

REASON_LEAST = 2
SEARCH_LENGTH = 60
SEARCH_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCard:
    """What a clerk fills in about a unit. Its budget region is not on the card: it moves by an act."""

    code: str
    name: str
    kind: UnitKind
    sector: Sector
    address_area: int
    address: str = ""
    contact: str = ""
    phone: str = ""
    is_xpcc: bool = False
    guarantees_living: bool = False

    @property
    def seen(self) -> str:
        """What the page showed, as a short mark: an edit of something else is a stale page."""
        return digest_of({field.name: getattr(self, field.name) for field in fields(self)})[:16]


CARD_LABELS = {
    "code": "编码",
    "name": "名称",
    "kind": "类型",
    "sector": "行业",
    "address_area": "所在地",
    "address": "地址",
    "contact": "联系人",
    "phone": "电话",
    "is_xpcc": "兵团单位",
    "guarantees_living": "保障民生",
}


def check_card(card: UnitCard) -> None:
    """What a card must have whatever it is about."""
    if not card.name.strip():
        raise Refusal("unit.no_name", "请填单位名称。", field="name")
    if card.sector not in PLAN_SECTORS:
        raise Refusal(
            "unit.sector",
            f"“{card.sector.label}”不是方案的用水行业。",
            field="sector",
            remedy="供水单位请选它供得最多的行业。",
        )


def check_unchanged(seen: str, now: str) -> None:
    if seen != now:
        raise Refusal(
            "unit.changed_meanwhile",
            "您打开这一页以后，别人改过这个单位。",
            kind=Kind.CONFLICT,
            remedy="您填的内容还在；请另开一页看过最新情况，再决定是否照样保存。",
        )


def check_kind_change(old: UnitKind, new: UnitKind, *, customers: int, supplied: bool) -> None:
    """A kind follows from how the water comes; the supply chain is mended first."""
    if customers and not new.is_supplier:
        raise Refusal(
            "unit.has_customers",
            f"它还给 {customers} 户供水，不能改成{new.label}。",
            field="kind",
            remedy="请先把用户改接到别的供水单位。",
        )
    if supplied and not new.is_customer:
        raise Refusal(
            "unit.is_supplied",
            f"它现在由供水单位供水，不能改成{new.label}。",
            field="kind",
            remedy="请先解除供水关系。",
        )


def describe_card_change(old: UnitCard, new: UnitCard, areas: Mapping[int, str]) -> str:
    """联系人：马秀兰 → 古丽；电话：… in the order of the card; '' when nothing changed."""
    return "；".join(
        f"{CARD_LABELS[field.name]}：{_card_word(old, field.name, areas)} → "
        f"{_card_word(new, field.name, areas)}"
        for field in fields(UnitCard)
        if getattr(old, field.name) != getattr(new, field.name)
    )


def _card_word(card: UnitCard, name: str, areas: Mapping[int, str]) -> str:
    value = getattr(card, name)
    if name == "address_area":
        return areas.get(value, str(value))
    return word(value)


def word(value: object) -> str:
    """A plain value as people say it."""
    if isinstance(value, Term):
        return value.label
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value) if value not in (None, "") else "无"


def check_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LEAST:
        raise Refusal("unit.no_reason", "请写明原因，以后查得到。", field="reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFacts:
    """What still hangs on a unit that is to leave the list."""

    opened_on: date
    closed_on: date | None
    customers: int
    intakes: int
    permits: int
    supplied_by: str = ""


def check_holds(holds: Iterable[tuple[str, str]], act: str) -> None:
    """`holds` are (act, article) in force: what was placed from above stops an act below."""
    for held, article in holds:
        if held == act:
            raise Refusal(
                "unit.held",
                f"这件事已按《{article}》暂停办理。",
                kind=Kind.CONFLICT,
                remedy="请联系作出限制的经办人。",
            )


Consequence = tuple[str, str]
"""What it is about, and what happens to it."""


def plan_close(facts: ClosingFacts, on: date, today: date) -> list[Consequence]:
    """退出名录: what it means, line by line; refused while others drink from it."""
    if facts.closed_on is not None:
        raise Refusal(
            "unit.closed_already", f"它已于 {facts.closed_on} 退出名录。", kind=Kind.CONFLICT
        )
    if facts.customers:
        raise Refusal(
            "unit.has_customers",
            f"它还给 {facts.customers} 户供水，不能退出。",
            kind=Kind.CONFLICT,
            remedy="请先把用户改接到别的供水单位。",
        )
    if not facts.opened_on <= on <= today:
        raise Refusal(
            "unit.close_date",
            f"退出日期要在纳入日期 {facts.opened_on} 之后、不晚于今天。",
            field="on",
        )
    lines = [("名录", f"从 {on} 起不再列入，不再编制下一年度草案")]
    if facts.permits:
        lines.append(("许可证", f"{facts.permits} 本有效许可证要办理注销，这里只提示，不代办"))
    if facts.intakes:
        lines.append(("取水口", f"{facts.intakes} 个取水口同日停用"))
    if facts.supplied_by:
        lines.append(("供水", f"与{facts.supplied_by}的供水关系同日结束"))
    lines.append(("额度", "本年度没用完的由下达机关收回预留，已用的水照常决算"))
    lines.append(("人员", "还能登录查看旧账，办理决算"))
    return lines


def plan_move(old: str, new: str, opened_on: date, on: date, today: date) -> list[Consequence]:
    """迁移: the budget region changes, the address need not (USERS 23)."""
    if old == new:
        raise Refusal("unit.same_region", f"它现在就在{old}。", field="region")
    if not opened_on <= on <= today:
        raise Refusal("unit.move_date", f"迁移日期要在 {opened_on} 之后、不晚于今天。", field="on")
    return [
        ("预算", f"从 {on} 起归{new}，不再归{old}；地址不变"),
        ("原额度", f"在{old}按已用结清，余下的回到{old}预留"),
        ("新额度", f"只能从{new}的预留里核给，由市级办理"),
        ("其他", "许可证、取水口、人员和历史记录都跟着单位走"),
    ]


def check_region(has_own_budget: bool, name: str) -> None:
    """一级政府一级预算: a unit belongs to an area with a budget of its own."""
    if not has_own_budget:
        raise Refusal(
            "unit.region",
            f"{name}没有自己的水预算，单位不能归它。",
            field="region",
            remedy="请选九个预算区之一，例如功能区就选功能区本身。",
        )


def check_hold_open(until: date | None, today: date) -> None:
    if until is not None and until <= today:
        raise Refusal("hold.lifted_already", f"这项限制已于 {until} 解除。", kind=Kind.CONFLICT)


def next_number(region: str, taken: Iterable[str]) -> str:
    """The number after the highest of a region's own: 650109-0321."""
    numbers = [int(tail) for code in taken if (tail := code.rpartition("-")[2]).isdecimal()]
    return f"{region}-{max(numbers, default=0) + 1:04d}"


def search_words(text: str) -> list[str]:
    """The words of a search: at most four, each of a believable length."""
    return tidy(text)[:SEARCH_LENGTH].split()[:SEARCH_WORDS]


def check_all_found(wanted: Collection[int], found: Collection[int]) -> None:
    """Ids that are not among what one may see are simply not there."""
    if set(wanted) - set(found):
        raise Refusal(
            "unit.not_found",
            "选中的单位里有的不在您可以办理的范围里。",
            kind=Kind.MISSING,
            remedy="请从名录重新选择。",
        )
