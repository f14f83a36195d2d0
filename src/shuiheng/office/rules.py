"""Sign-in limits, names and passwords, stand-ins, hand-overs, policy edits, the demo's date. Pure."""

from __future__ import annotations

import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from pypinyin import Style, lazy_pinyin

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, PLAN_SECTORS, Sector, Source, Term

THROTTLE_MINUTES = 15
TRIES_BEFORE_WAIT = {"name": 8, "address": 60, "phone": 3, "claim": 20}
"""How many tries of each sort fit into `THROTTLE_MINUTES`; an office shares one address."""

CODE_MINUTES = 5
CODE_TRIES = 5
STAND_IN_DAYS_MAX = 180
CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper or by telephone
TEMPORARY_PASSWORD_LENGTH = 10
LOGIN_LENGTHS = range(2, 41)
LOGIN_MARKS = "._-@"
PER_10000 = "万分之一"
WHOLE = 10_000
PINYIN_LENGTH = 200
EVEN = 1_000
GUARANTEE_RATES = (0, 50, 75)


# -- names ----------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """What was typed without accidents of the keyboard: full-width letters, blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()


def pinyin_key(name: str) -> str:
    """What a name is sorted and searched by: `mi dong qu mdq`, lower case, at most 200 letters."""
    whole = " ".join(part.strip() for part in lazy_pinyin(name) if part.strip())
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).replace(" ", "")
    room = PINYIN_LENGTH - len(initials) - 1
    return f"{whole[: max(room, 0)].rstrip()} {initials}".lower()[:PINYIN_LENGTH]


def tidy_login(text: str) -> str:
    """Logins differ by more than upper and lower case."""
    return tidy(text).lower()


def check_login(login: str) -> None:
    """A login can be read out by telephone: letters, digits, hanzi and . _ - @ only."""
    if len(login) not in LOGIN_LENGTHS:
        raise Refusal(
            "user.login_length",
            f"登录名要 {LOGIN_LENGTHS[0]}–{LOGIN_LENGTHS[-1]} 个字符，现在是 {len(login)} 个。",
            field="login",
        )
    odd = [letter for letter in login if not (letter.isalnum() or letter in LOGIN_MARKS)]
    if odd:
        raise Refusal(
            "user.login_letters",
            f"登录名里不能有“{odd[0]}”。",
            field="login",
            remedy="请只用字母、数字、汉字和 . _ - @。",
        )


def tidy_phone(text: str) -> str:
    """A telephone number as digits: blanks, hyphens and +86 are habits of writing."""
    digits = "".join(letter for letter in tidy(text) if letter.isdigit() or letter == "+")
    return digits.removeprefix("+86")


def check_mobile(phone: str) -> None:
    if len(phone) != 11 or not phone.isdecimal() or not phone.startswith("1"):
        raise Refusal(
            "user.phone",
            f"“{phone}”不像手机号。",
            field="phone",
            remedy="请填 1 开头的 11 位手机号。",
        )


# -- sign-in --------------------------------------------------------------------------------------


def check_tries(sort: str, tries: int) -> None:
    """Refuse when there were too many tries of a sort ('name', 'address', 'phone', 'claim') lately."""
    if tries >= TRIES_BEFORE_WAIT[sort]:
        raise Refusal(
            "sign_in.throttled",
            f"{THROTTLE_MINUTES} 分钟内已经试了 {tries} 次，先歇一会儿。",
            kind=Kind.THROTTLED,
            remedy=f"请过 {THROTTLE_MINUTES} 分钟再试；急用请找区县水务局经办人。",
        )


def clear_letters(random_bytes: bytes, length: int) -> str:
    """`length` letters that a clerk can read out over the telephone."""
    number = int.from_bytes(random_bytes)
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(CLEAR_LETTERS))
        letters.append(CLEAR_LETTERS[rest])
    return "".join(letters)


def temporary_password(random_bytes: bytes) -> str:
    return clear_letters(random_bytes, TEMPORARY_PASSWORD_LENGTH)


_WEAK = {
    "password_too_short": "密码至少 10 位",
    "password_too_common": "这个密码太常见，一猜就中",
    "password_entirely_numeric": "密码不能全是数字",
}


def weak_password(complaints: Sequence[str]) -> Refusal:
    """What is wrong with a new password, from the codes of Django's validators."""
    return Refusal(
        "password.weak",
        "；".join(_WEAK.get(code, "密码不合要求") for code in complaints) + "。",
        field="new",
        remedy="可以用一句自己记得住的话。",
    )


def check_another_password(same: bool) -> None:
    if same:
        raise Refusal(
            "password.same",
            "新密码和现在的一样。",
            field="new",
            remedy="临时密码只用一次，请换一个自己记得住的。",
        )


# -- posts ----------------------------------------------------------------------------------------


def check_colleague(has_post: bool, field: str) -> None:
    """Only who already holds a post takes over another's work: a unit's person never does."""
    if not has_post:
        raise Refusal(
            "post.not_colleague",
            "接手的人在本系统还没有岗位。",
            field=field,
            remedy="请先由系统管理员给他安排岗位。",
        )


def check_in_force(stands_in: bool, until: date | None, today: date) -> None:
    """A post carried for somebody else, or one that has ended, is not passed on."""
    if stands_in:
        raise Refusal(
            "post.only_lent",
            "这是代岗，不能再交给别人。",
            kind=Kind.CONFLICT,
            remedy="请岗位本人办理。",
        )
    if until is not None and until <= today:
        raise Refusal(
            "post.ended",
            f"这个岗位已于 {until} 结束。",
            kind=Kind.CONFLICT,
            remedy="请刷新后查看现任是谁。",
        )


def check_stand_in(actor: int, holder: int, deputy: int, today: date, until: date) -> None:
    """Only the holder lets somebody stand in, somebody else, for a limited time."""
    if actor != holder:
        raise Refusal(
            "post.not_yours",
            "这个岗位不是您的，不能替别人安排代岗。",
            kind=Kind.FORBIDDEN,
            remedy="请岗位本人或系统管理员办理。",
        )
    if deputy == holder:
        raise Refusal("post.self_deputy", "不能由自己代自己的岗。", field="deputy")
    if not today <= until or (until - today).days > STAND_IN_DAYS_MAX:
        raise Refusal(
            "post.stand_in_term",
            f"代岗截止日期要在今天之后、{STAND_IN_DAYS_MAX} 天之内。",
            field="until",
            remedy="长期离岗请办理交接。",
        )


def check_hand_over(holder: int, successor: int) -> None:
    """A post is handed to somebody else."""
    if successor == holder:
        raise Refusal("post.same_successor", "接任人就是现任，不用交接。", field="successor")


def check_new_post(holds_it_already: bool) -> None:
    if holds_it_already:
        raise Refusal(
            "post.already",
            "这个人现在就在这个岗位上。",
            kind=Kind.CONFLICT,
            field="role",
        )


# -- policy ---------------------------------------------------------------------------------------


class PolicyGroup(Term):
    """How the policy page groups its rows, by the first word of the key."""

    DEADLINE = "deadline", "期限"
    YEAR = "year", "年度办理"
    QUOTA = "quota", "核算与预留"
    REVIEW = "review", "审核与执行"
    INFLOW = "inflow", "来水"
    REST_DAYS = "rest_days", "放假与调休"


_GROUP_OF = {
    "deadline": PolicyGroup.DEADLINE,
    "rest_days": PolicyGroup.REST_DAYS,
    "quota": PolicyGroup.QUOTA,
    "reserve": PolicyGroup.QUOTA,
    "carry_over": PolicyGroup.QUOTA,
    "review": PolicyGroup.REVIEW,
    "draft": PolicyGroup.REVIEW,
    "execution": PolicyGroup.REVIEW,
    "wetness": PolicyGroup.INFLOW,
    "inflow": PolicyGroup.INFLOW,
}
FIELD_LABELS = {
    "year_offset": "哪一年",
    "month": "月",
    "day": "日",
    "shift": "遇休息日",
    "event": "起算事项",
    "days": "天数",
    "basis": "口径",
    "months": "月数",
    "tier": "顺序",
    "name": "名称",
    "sectors": "行业",
    "living": "保障民生",
    "up_to": "频率上限（万分之一）",
    "deficit": "累计欠水（万分之一）",
    "cut": "建议压减（万分之一，0 为只预警）",
    "holidays": "放假日（每行一天）",
    "worked_weekends": "调休上班的周末（每行一天）",
    "zone": "分区",
    "guarantee": "保证率（%）",
    "value_type": "值别",
    "range_end": "区间",
    "sector": "行业",
    "protected": "先予保障（占审核需求，万分之一）",
    "first": "先用",
    "second": "其次",
    "third": "再次",
    "fourth": "最后",
    "items": "品种（每行一种）",
    "replaces": "不足时可用本单位的其他水源补足",
    "p50": "P=50%（万分之一）",
    "p75": "P=75%（万分之一）",
    "p95": "P=95%（万分之一）",
    "lowest": "下限（‰）",
    "highest": "上限（‰）",
}
VALUE_LABELS: dict[str, dict[object, str]] = {
    "year_offset": {-1: "上一年", 0: "当年", 1: "下一年"},
    "shift": {"none": "不顺延", "next": "顺延到下一个工作日"},
    "event": {"city_approval": "市级审定之日"},
    "basis": {
        "calendar": "日历日",
        "working": "工作日",
        "last_year_same_months": "上年同期用水，不超过许可",
    },
    "sectors": {sector.value: sector.label for sector in PLAN_SECTORS},
    "value_type": {"general": "通用值", "advanced": "先进值", "leading": "领跑值"},
    "range_end": {"lower": "取下限", "middle": "取中值", "upper": "取上限"},
    "sector": {sector.value: sector.label for sector in PLAN_SECTORS},
    **{
        place: {source.value: source.label for source in NATURAL_SOURCES}
        for place in ("first", "second", "third", "fourth")
    },
    "value": {
        "proportional": "按需求等比例分担",
        "equal_awards": "等量保障（先满足小户）",
        "weighted": "按单位产出效益倾斜",
    },
}
"""The words a field may hold, where it may not hold just anything. 'value' is a row that is one word."""


def policy_group(key: str) -> PolicyGroup:
    return _GROUP_OF.get(key.partition(".")[0], PolicyGroup.YEAR)


def choices_of(name: str, value: object) -> dict[object, str]:
    """The words among which `value` is one; nothing when the field is free."""
    labels = VALUE_LABELS.get(name, {})
    if value not in labels:
        return {}
    if name == "basis" and value in ("calendar", "working"):
        return {word: labels[word] for word in ("calendar", "working")}
    if name == "basis":
        return {value: labels[value]}
    return labels


def policy_words(value: Any, unit: str) -> str:
    """A policy value as a sentence a colleague would say: 当年1月31日，遇休息日不顺延."""
    match value:
        case {"month": month, "day": day, "year_offset": offset, "shift": shift}:
            year, rest = VALUE_LABELS["year_offset"][offset], VALUE_LABELS["shift"][shift]
            return f"{year}{month}月{day}日，遇休息日{rest}"
        case {"event": event, "days": days, "basis": basis}:
            return f"自{VALUE_LABELS['event'][event]}起 {days} 个{VALUE_LABELS['basis'][basis]}"
        case {"basis": basis, "months": months}:
            return f"{VALUE_LABELS['basis'][basis]}，用 {months} 个月"
        case {"holidays": holidays, "worked_weekends": worked}:
            return f"放假 {len(holidays)} 天，周末上班 {len(worked)} 天（只列工作日里的放假）"
        case {"zone": zone, "guarantee": rate, "value_type": kind, "range_end": end}:
            kinds, ends = VALUE_LABELS["value_type"], VALUE_LABELS["range_end"]
            return f"{zone}，保证率 {rate}%，{kinds[kind]}，区间{ends[end]}"
        case {"lowest": lowest, "highest": highest}:
            return f"{lowest}–{highest}‰"
        case {"first": _, "fourth": _, "replaces": replaces}:
            order = [Source(value[place]).label for place in ("first", "second", "third", "fourth")]
            return f"{'、'.join(order)}；{'不足时互相补足' if replaces else '各水源分开核定'}"
        case {"p50": middle, "p75": dry, "p95": driest}:
            return f"P=50% {middle / 100:g}%，P=75% {dry / 100:g}%，P=95% {driest / 100:g}%"
        case {"items": items}:
            return "、".join(items)
        case [{"protected": _}, *_]:
            return "，".join(
                f"{Sector(row['sector']).label} {row['protected'] / 100:g}%" for row in value
            )
        case [{"tier": _}, *_]:
            return "；".join(_tier_words(row) for row in value)
        case [{"up_to": _}, *_]:
            return "，".join(f"{row['name']} ≤{row['up_to'] / 100:g}%" for row in value)
        case [{"deficit": _}, *_]:
            return "，".join(_deficit_words(row) for row in value)
        case str():
            return VALUE_LABELS["value"].get(value, value)
        case int() if unit == PER_10000:
            return f"{value / 100:g}%"
        case int() if unit == "%":
            return f"{value}%"
        case int() if unit == "‰":
            return f"{value / 1000:g}"
        case _:
            return f"{value} {unit}".strip()


def _tier_words(row: Mapping[str, Any]) -> str:
    sectors = "、".join(Sector(sector).label for sector in row["sectors"])
    return f"{row['tier']} {row['name']}（{sectors}）"


def _deficit_words(row: Mapping[str, Any]) -> str:
    step = f"压减 {row['cut'] / 100:g}%" if row["cut"] else "预警"
    return f"欠水 {row['deficit'] / 100:g}% {step}"


def check_policy_edit(old: object, new: Any, unit: str, source: str) -> None:
    """A policy value keeps its shape, means something, and names its source."""
    if not source.strip():
        raise Refusal("policy.no_source", "参数要写明依据（文号或会议纪要）。", field="source")
    if not _same_shape(old, new):
        raise Refusal("policy.shape", f"新值要与原值同样的结构：{old}。", field="value")
    match new:
        case {"month": month, "day": day, "year_offset": _}:
            _check_day_of_year(month, day)
        case {"holidays": holidays, "worked_weekends": worked}:
            _check_rest_days(holidays, worked)
        case [{"sectors": _}, *_]:
            _check_tiers(new)
        case {"lowest": lowest, "highest": highest}:
            _check_bounds(lowest, highest)
        case {"guarantee": rate}:
            _check_guarantee(rate)
        case {"first": _, "fourth": _}:
            _check_order([new[place] for place in ("first", "second", "third", "fourth")])
        case {"p50": middle, "p75": dry, "p95": driest}:
            _check_wet_years([middle, dry, driest])
        case [{"protected": _}, *_]:
            _check_protected(new)
        case [{"up_to": _}, *_]:
            _check_classes(new)
        case [{"deficit": _}, *_]:
            _check_deficit_steps(new)
        case int():
            _check_number(new, unit)


def check_policy_date(effective_from: date, today: date) -> None:
    """What has been decided under the old value stays as it was."""
    if effective_from < today:
        raise Refusal(
            "policy.backdated",
            f"生效日期 {effective_from} 已经过去，按原值办过的事不能改。",
            field="effective_from",
            remedy="请从今天或以后的日期起改。",
        )


def _same_shape(old: object, new: object) -> bool:
    match old, new:
        case dict(), dict():
            return set(old) == set(new) and all(_same_shape(old[k], new[k]) for k in old)
        case [dict() as first, *_], list():
            return bool(new) and all(_same_shape(first, row) for row in new)
        case list(), list():
            return all(isinstance(one, str) for one in new)
        case _:
            return type(old) is type(new)


def _check_day_of_year(month: int, day: int) -> None:
    leap = 2024
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(leap, month)[1]:
        raise Refusal("policy.no_such_day", f"没有{month}月{day}日这一天。", field="value")


def _check_rest_days(holidays: Sequence[str], worked: Sequence[str]) -> None:
    days = []
    for text in (*holidays, *worked):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            raise Refusal(
                "policy.not_a_day", f"“{text}”不是日期，请写成 2027-01-01。", field="value"
            ) from None
    twice = sorted({day for day in days if days.count(day) > 1})
    if twice:
        raise Refusal("policy.day_twice", f"{twice[0]} 写了两次。", field="value")


def _check_tiers(rows: Sequence[Mapping[str, Any]]) -> None:
    named = [sector for row in rows for sector in row["sectors"]]
    missing = [sector.label for sector in PLAN_SECTORS if named.count(sector.value) != 1]
    if missing:
        raise Refusal(
            "policy.tiers",
            f"每个行业要正好排在一个顺序里，请看{'、'.join(missing)}。",
            field="value",
        )


def _check_bounds(lowest: int, highest: int) -> None:
    """A weight is per 1000; the bounds stand on either side of it."""
    if not 0 < lowest <= EVEN <= highest < 2 * EVEN:
        raise Refusal(
            "policy.bounds",
            f"下限要在 1–{EVEN}、上限要在 {EVEN}–{2 * EVEN - 1} 之间（{EVEN} 为不倾斜）。",
            field="value",
        )


def _check_guarantee(rate: int) -> None:
    if rate not in GUARANTEE_RATES:
        raise Refusal("policy.guarantee", "保证率只有 50 和 75；不分保证率填 0。", field="value")


def _check_order(sources: Sequence[str]) -> None:
    if set(sources) != set(NATURAL_SOURCES):
        raise Refusal("policy.source_order", "四种水源各排一次，不能重复。", field="value")


def _check_wet_years(shares: Sequence[int]) -> None:
    falling = all(wetter >= drier for wetter, drier in pairwise(shares))
    if not falling or not 0 < shares[-1] <= shares[0] <= 2 * WHOLE:
        raise Refusal(
            "policy.wet_years",
            "频率越大来水越少：P=50%、75%、95% 的比例要一个不大于一个，都在 1–20000 之间。",
            field="value",
        )


def _check_protected(rows: Sequence[Mapping[str, Any]]) -> None:
    named = [row["sector"] for row in rows]
    if sorted(named) != sorted(PLAN_SECTORS):
        raise Refusal("policy.protected", "每个行业各列一行。", field="value")
    if not all(0 <= row["protected"] <= WHOLE for row in rows):
        raise Refusal(
            "policy.protected_range", "先予保障的比例在 0–10000（100%）之间。", field="value"
        )


def _check_classes(rows: Sequence[Mapping[str, Any]]) -> None:
    """From wet to dry, each up to a higher frequency, the last up to all years."""
    limits = [row["up_to"] for row in rows]
    names = [row["name"].strip() for row in rows]
    rising = all(low < high for low, high in zip([0, *limits], limits, strict=False))
    if not rising or limits[-1] != WHOLE or len(set(names)) < len(names) or not all(names):
        raise Refusal(
            "policy.classes",
            "丰平枯各级的频率上限要一级比一级大，最后一级是 10000（100%），名称不能重复。",
            field="value",
        )


def _check_deficit_steps(rows: Sequence[Mapping[str, Any]]) -> None:
    """The larger the deficit, the larger the cut, neither beyond the whole."""
    pairs = [(row["deficit"], row["cut"]) for row in rows]
    rising = all(low[0] < high[0] and low[1] <= high[1] for low, high in pairwise(pairs))
    if not rising or not all(0 < lack <= WHOLE and 0 <= cut <= WHOLE for lack, cut in pairs):
        raise Refusal(
            "policy.deficit_steps",
            "欠水要一级比一级大，压减不能一级比一级小，都在 0–10000（100%）之间。",
            field="value",
        )


def _check_number(value: int, unit: str) -> None:
    most = {PER_10000: 10_000, "%": 1_000, "‰": 2_000, "日": 31, "月": 12}.get(unit, 10**9)
    least = 1 if unit in ("日", "月") else 0
    if not least <= value <= most:
        raise Refusal(
            "policy.range", f"{value} {unit}不在 {least:,}–{most:,} 之间。", field="value"
        )


# -- the business date ----------------------------------------------------------------------------


def plan_business_date(kind: str, old: date, new: date) -> date:
    """The new business date: never on a real database, never backwards."""
    if kind == "real":
        raise Refusal(
            "clock.real",
            "正式库按真实日期办事，不能推进业务日期。",
            kind=Kind.FORBIDDEN,
            remedy="演练请用练习区。",
        )
    if new <= old:
        raise Refusal(
            "clock.backwards",
            f"业务日期只能往后推：现在是 {old}。",
            kind=Kind.CONFLICT,
            field="day",
            remedy="要回到从前，请重建演示库。",
        )
    return new


def is_xpcc(code: str) -> bool:
    """兵团 places carry a 5 at the seventh of nine digits in the statistical list (DOMAIN 9.1)."""
    return len(code) == 9 and code[6] == "5"
