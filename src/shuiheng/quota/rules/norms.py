"""用水定额: which norm is in force for an activity, and what it comes to in m³. Pure.

A norm carries standard, place and year of the standard, zone, value type, range and validity; it is never
changed, a later row of the same series takes its place (节约用水条例 Art. 11: 定额 are set and published).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shuiheng.core.refusal import Finding, Refusal, Severity
from shuiheng.core.vocabulary import Confidence, Sector, Term

L_PER_M3 = 1_000
UNITS_PER_M3 = {"m³": 1, "L": L_PER_M3}
PER_DAY, PER_YEAR = "·日", "·年"
GUARANTEES = (50, 75)
DAYS_MOST = 366
RATES = "50、75"
READ_IN_FULL = (Confidence.PLAN, Confidence.OFFICIAL)


class NormDomain(Term):
    IRRIGATION = "irrigation", "农田灌溉"
    INDUSTRY = "industry", "工业"
    SERVICES = "services", "服务业"
    RESIDENTS = "residents", "城乡居民生活"
    LIVESTOCK = "livestock", "畜牧渔业"


class ValueType(Term):
    """通用值 for who is there, 先进值 for who is new or enlarged, 领跑值 for the best of its kind."""

    GENERAL = "general", "通用值"
    ADVANCED = "advanced", "先进值"
    LEADING = "leading", "领跑值"


class RangeEnd(Term):
    """Which figure of a range is reckoned with, where the standard gives a range only."""

    LOWER = "lower", "取下限"
    MIDDLE = "middle", "取中值"
    UPPER = "upper", "取上限"


@dataclass(frozen=True, slots=True, kw_only=True)
class NormFacts:
    """One norm as a standard prints it: `value`, or `lower` to `upper`, in `volume_unit` per `measure`.

    `guarantee` 0 is no guarantee rate; '' is every zone, every method. `days` turns a norm per day into
    one per year; without it a norm per day is reckoned with day by day only.
    """

    domain: NormDomain
    item: str
    sector: Sector
    method: str = ""
    zone: str = ""
    guarantee: int = 0
    value_type: ValueType = ValueType.GENERAL
    value: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    volume_unit: str = "m³"
    measure: str
    days: int | None = None
    industry_code: str = ""
    standard: str
    clause: str = ""
    standard_year: int | None = None
    valid_from: date
    valid_until: date | None = None
    confidence: Confidence
    note: str = ""
    id: int = 0

    @property
    def series(self) -> tuple[str, str, str, str, int, str]:
        """What stays the same when a later row takes a norm's place."""
        return (
            self.domain, self.item, self.method, self.zone, self.guarantee, self.value_type,
        )  # fmt: skip

    @property
    def name(self) -> str:
        return f"{self.item} {self.method}".strip()

    @property
    def unit(self) -> str:
        """L/(人·日): how the standard prints it."""
        many = "·" in self.measure
        return f"{self.volume_unit}/{f'({self.measure})' if many else self.measure}"

    @property
    def printed(self) -> str:
        """75–125, or 360."""
        if self.value is not None:
            return plain(self.value)
        return f"{plain(self.lower)}–{plain(self.upper)}"

    @property
    def counted_in(self) -> str:
        """The measure in which an activity is declared for a whole year: 亩 of 亩·年, 人 of 人·日."""
        if self.days:
            return self.measure.removesuffix(PER_DAY)
        return self.measure.removesuffix(PER_YEAR)

    @property
    def scope(self) -> str:
        """天山北坡，P=75%，通用值: where and for whom it holds."""
        words = [self.zone] if self.zone else []
        words += [f"P={self.guarantee}%"] if self.guarantee else []
        return "，".join([*words, self.value_type.label])


def plain(figure: Decimal | None) -> str:
    """1420.00 as 1,420: no more decimals than it has."""
    text = "" if figure is None else f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tidy_measure(text: str) -> str:
    """人·d, 人.日 and 人/日 are 人·日."""
    flat = text.strip().replace("/", "·").replace(".", "·").strip("()（）").replace(" ", "")
    for short, long in (("·d", PER_DAY), ("·天", PER_DAY), ("·a", PER_YEAR)):
        if flat.endswith(short):
            return flat.removesuffix(short) + long
    return flat


def figure_used(norm: NormFacts, end: RangeEnd) -> Fraction:
    """The figure that is reckoned with: the one the standard gives, or the chosen end of its range."""
    if norm.value is not None:
        return Fraction(norm.value)
    assert norm.lower is not None
    assert norm.upper is not None
    low, high = Fraction(norm.lower), Fraction(norm.upper)
    return {RangeEnd.LOWER: low, RangeEnd.MIDDLE: (low + high) / 2, RangeEnd.UPPER: high}[end]


def m3_per(norm: NormFacts, measure: str, end: RangeEnd) -> Fraction | None:
    """m³ a year for one `measure`, exactly; None where the norm counts something else."""
    base = figure_used(norm, end) / UNITS_PER_M3[norm.volume_unit]
    if measure == norm.measure:
        return base
    if norm.days and norm.measure == measure + PER_DAY:
        return base * norm.days
    return base if norm.measure == measure + PER_YEAR else None


# -- choosing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NormChoice:
    """What policy says: which zone, guarantee rate, value type and end of a range hold here."""

    zone: str
    guarantee: int
    value_type: ValueType
    range_end: RangeEnd


@dataclass(frozen=True, slots=True)
class NormInForce:
    """A norm as activities are multiplied with it: exact m³ of a year for one `measure`."""

    facts: NormFacts
    measure: str
    exact: Fraction
    why: str

    @property
    def item(self) -> str:
        return self.facts.item

    @property
    def method(self) -> str:
        return self.facts.method

    @property
    def sector(self) -> Sector:
        return self.facts.sector

    @property
    def standard(self) -> str:
        return self.facts.standard

    @property
    def m3_per_measure(self) -> Decimal:
        return Decimal(self.exact.numerator) / Decimal(self.exact.denominator)


def in_force(norms: Iterable[NormFacts], day: date) -> list[NormFacts]:
    """Of every series the row that began last; where that one has ended, none: an older row never
    comes back to life."""
    newest: dict[tuple[str, ...], NormFacts] = {}
    for norm in sorted(norms, key=lambda norm: (norm.valid_from, norm.id)):
        if norm.valid_from <= day:
            newest[tuple(map(str, norm.series))] = norm
    return [n for n in newest.values() if n.valid_until is None or n.valid_until >= day]


def choose_norm(
    norms: Sequence[NormFacts], choice: NormChoice, item: str, method: str, measure: str
) -> NormInForce | Finding:
    """The most specific norm in force for an activity, with the reason in words; none is a finding,
    never a guess. Method before zone, zone before guarantee rate, that before value type."""
    of_item = [norm for norm in norms if norm.item == item]
    of_method = [norm for norm in of_item if norm.method in (method, "")]
    here = [norm for norm in of_method if _holds_here(norm, choice)]
    counted = [norm for norm in here if m3_per(norm, measure, choice.range_end) is not None]
    if not counted:
        return _no_norm(item, method, measure, of_item, of_method, here)
    best = max(counted, key=lambda norm: (_fit(norm, choice, method), norm.valid_from, norm.id))
    exact = m3_per(best, measure, choice.range_end)
    assert exact is not None
    return NormInForce(best, measure, exact, _why(best, choice))


@dataclass(frozen=True, slots=True)
class NormTable:
    """The norms in force on a day, and which of them hold in a place."""

    norms: tuple[NormFacts, ...]
    choice: NormChoice

    def choose(self, item: str, method: str, measure: str) -> NormInForce | Finding:
        return choose_norm(self.norms, self.choice, item, method, tidy_measure(measure))

    def offered(self, domain: NormDomain) -> list[NormInForce]:
        """What may be planted, made or served by name: the norm of each item and method."""
        found: dict[tuple[str, str], NormInForce] = {}
        for norm in self.norms:
            chosen = self.choose(norm.item, norm.method, norm.counted_in)
            if norm.domain is domain and isinstance(chosen, NormInForce):
                found[norm.item, norm.method] = chosen
        return list(found.values())


def _holds_here(norm: NormFacts, choice: NormChoice) -> bool:
    return (
        norm.zone in (choice.zone, "")
        and norm.guarantee in (choice.guarantee, 0)
        and norm.value_type in (choice.value_type, ValueType.GENERAL)
    )


def _fit(norm: NormFacts, choice: NormChoice, method: str) -> tuple[bool, bool, bool, bool]:
    return (
        norm.method == method and bool(method),
        norm.zone == choice.zone and bool(choice.zone),
        norm.guarantee == choice.guarantee and bool(choice.guarantee),
        norm.value_type is choice.value_type,
    )


def _why(norm: NormFacts, choice: NormChoice) -> str:
    words = [f"{norm.standard}：{norm.printed} {norm.unit}，{norm.scope}"]
    if norm.value_type is not choice.value_type:
        words.append(f"没有{choice.value_type.label}，用{norm.value_type.label}")
    if norm.value is None:
        words.append(f"区间{choice.range_end.label}")
    if norm.days:
        words.append(f"一年按 {norm.days} 天")
    if norm.confidence not in READ_IN_FULL:
        words.append(norm.confidence.label)
    return "，".join(words)


def _no_norm(
    item: str,
    method: str,
    measure: str,
    of_item: Sequence[NormFacts],
    of_method: Sequence[NormFacts],
    here: Sequence[NormFacts],
) -> Finding:
    name = f"{item} {method}".strip()
    if not of_item:
        code, why = "norm.none", f"“{name}”没有现行定额。"
    elif not of_method:
        said = "、".join(sorted({norm.method for norm in of_item}))
        code, why = "norm.method", f"“{name}”没有这种方式的定额，现有：{said}。"
    elif not here:
        said = "、".join(sorted({norm.scope for norm in of_method}))
        code, why = "norm.zone", f"“{name}”没有适用本地的定额，现有：{said}。"
    else:
        said = "、".join(sorted({norm.measure for norm in here}))
        code, why = "norm.measure", f"“{name}”的定额按 {said} 计，申报用的是“{measure}”。"
    return Finding(code, Severity.LOOK, why, facts={"item": item, "method": method})


# -- entering -------------------------------------------------------------------------------------


def check_norm(norm: NormFacts) -> None:
    """A norm that nobody can look up, or that says nothing, is not entered."""
    if not norm.item or not norm.measure:
        raise Refusal("norm.incomplete", "定额要写明品种或产品和计量单位。", field="item")
    if not norm.standard.strip():
        raise Refusal(
            "norm.no_source",
            "定额要写明依据的标准或文件。",
            field="standard",
            remedy="没有出处的数不能作定额；请填标准号或文号。",
        )
    if norm.volume_unit not in UNITS_PER_M3:
        raise Refusal(
            "norm.volume_unit", f"水量单位只能是 m³ 或 L，不能是“{norm.volume_unit}”。",
            field="volume_unit",
        )  # fmt: skip
    _check_figures(norm)
    _check_scope(norm)
    if norm.valid_until is not None and norm.valid_until < norm.valid_from:
        raise Refusal("norm.term", "失效日期早于生效日期，请核对。", field="valid_until")


def _check_figures(norm: NormFacts) -> None:
    if norm.value is None and (norm.lower is None or norm.upper is None):
        raise Refusal(
            "norm.no_value",
            "定额要有数值：一个值，或者区间的下限和上限。",
            field="value",
        )
    given = [f for f in (norm.value, norm.lower, norm.upper) if f is not None]
    if any(figure <= 0 for figure in given):
        raise Refusal("norm.not_positive", "定额要大于 0。", field="value")
    if norm.lower is not None and norm.upper is not None and norm.lower > norm.upper:
        raise Refusal("norm.range", "下限大于上限，请核对。", field="lower")
    low, high = norm.lower or min(given), norm.upper or max(given)
    if norm.value is not None and not low <= norm.value <= high:
        raise Refusal(
            "norm.outside_range",
            f"采用值 {plain(norm.value)} 不在 {plain(norm.lower)}–{plain(norm.upper)} 之间。",
            field="value",
        )


def _check_scope(norm: NormFacts) -> None:
    if norm.guarantee and norm.guarantee not in GUARANTEES:
        raise Refusal(
            "norm.guarantee", f"保证率只有 {RATES}，不分就留空。", field="guarantee"
        )  # fmt: skip
    if norm.days is not None and not (
        0 < norm.days <= DAYS_MOST and norm.measure.endswith(PER_DAY)
    ):
        raise Refusal(
            "norm.days",
            "全年天数要在 1–366 之间，并且只用于按日计的定额（如 人·日）。",
            field="days",
        )
    code = norm.industry_code
    if code and not (code.isdecimal() and len(code) <= 4):
        raise Refusal(
            "norm.industry_code",
            f"“{code}”不是 GB/T 4754 的行业代码（2–4 位数字）。",
            field="industry_code",
        )


def check_successor(old: NormFacts, new: NormFacts) -> None:
    """A later row of the same series: what was reckoned with the old one stays as it was."""
    if old.series != new.series:
        raise Refusal(
            "norm.other_series",
            "品种、方式、分区、保证率和值别要与原来一致，不同的请另外录入。",
            field="item",
        )
    if new.valid_from <= old.valid_from:
        raise Refusal(
            "norm.not_later",
            f"新的生效日期要晚于现行的 {old.valid_from}。",
            field="valid_from",
            remedy="按原定额算过的数不变，只能从以后的日期起改。",
        )


# -- a sheet of norms -----------------------------------------------------------------------------

SHEET_HEADS = (
    "领域", "品种或产品", "方式", "分区", "保证率%", "值别", "下限", "上限", "采用值",
    "水量单位", "计量单位", "全年天数", "行业", "行业代码", "标准号", "条款", "标准年份",
    "生效日期", "失效日期", "可信程度", "说明",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """What an upload would do: rows that are new, rows that stand there already word for word."""

    new: tuple[NormFacts, ...]
    replacing: int
    same: int
    findings: tuple[Finding, ...]


def read_norm_sheet(rows: Sequence[Sequence[str]], known: Sequence[NormFacts]) -> SheetPlan:
    """Every bad row with its number and column; the same file twice changes nothing."""
    start = next((n for n, row in enumerate(rows) if tuple(row[:2]) == SHEET_HEADS[:2]), None)
    if start is None:
        heads = "、".join(SHEET_HEADS[:3])
        sentence = f"没有找到表头（{heads}……）。请用下载的模板填写。"
        return SheetPlan((), 0, 0, (Finding("norm_sheet.head", Severity.MUST_FIX, sentence),))
    findings: list[Finding] = []
    read: dict[tuple[str, ...], NormFacts] = {}
    for number, row in enumerate(rows[start + 1 :], start + 2):
        if not any(cell.strip() for cell in row):
            continue
        norm = _read_row(row, number, findings)
        if norm is not None:
            _keep(norm, number, read, findings)
    return _planned(list(read.values()), known, findings)


def _keep(
    norm: NormFacts, number: int, read: dict[tuple[str, ...], NormFacts], found: list[Finding]
) -> None:
    key = (*map(str, norm.series), str(norm.valid_from))
    if key in read:
        sentence = f"“{norm.name}”（{norm.scope}，{norm.valid_from} 起）在表里写了两行。"
        found.append(Finding("norm_sheet.twice", Severity.MUST_FIX, sentence, row=number))
    read[key] = norm


def _planned(
    read: Sequence[NormFacts], known: Sequence[NormFacts], findings: list[Finding]
) -> SheetPlan:
    there = {(norm.series, norm.valid_from): norm for norm in known}
    series = {norm.series for norm in known}
    new: list[NormFacts] = []
    same = 0
    for norm in read:
        old = there.get((norm.series, norm.valid_from))
        if old is None:
            new.append(norm)
        elif _says_the_same(old, norm):
            same += 1
        else:
            sentence = (
                f"“{norm.name}”（{norm.scope}）从 {norm.valid_from} 起已有 {old.printed} {old.unit}，"
                "不能就地改。请换一个以后的生效日期。"
            )
            findings.append(Finding("norm_sheet.in_place", Severity.MUST_FIX, sentence))
    replacing = sum(norm.series in series for norm in new)
    return SheetPlan(tuple(new), replacing, same, tuple(findings))


def _says_the_same(old: NormFacts, new: NormFacts) -> bool:
    names = [name for name in NormFacts.__dataclass_fields__ if name != "id"]
    return all(getattr(old, name) == getattr(new, name) for name in names)


def _read_row(row: Sequence[str], number: int, found: list[Finding]) -> NormFacts | None:
    cells = dict(zip(SHEET_HEADS, [*row, *[""] * len(SHEET_HEADS)], strict=False))
    before = len(found)

    def complain(head: str, why: str) -> None:
        said = cells[head].strip()
        sentence = f"“{said}”{why}" if said else f"空着，{why}"
        found.append(
            Finding("norm_sheet.cell", Severity.MUST_FIX, sentence, row=number, column=head)
        )

    values: dict[str, Any] = {
        "item": cells["品种或产品"].strip(),
        "method": cells["方式"].strip(),
        "zone": cells["分区"].strip(),
        "volume_unit": cells["水量单位"].strip().replace("m3", "m³") or "m³",
        "measure": tidy_measure(cells["计量单位"]),
        "industry_code": cells["行业代码"].strip(),
        "standard": cells["标准号"].strip(),
        "clause": cells["条款"].strip(),
        "note": cells["说明"].strip(),
    }
    for name, head, kind, empty in (
        ("domain", "领域", NormDomain, None),
        ("value_type", "值别", ValueType, ValueType.GENERAL),
        ("sector", "行业", Sector, None),
        ("confidence", "可信程度", Confidence, None),
    ):
        values[name] = _term(cells[head], kind, empty, head, complain)
    for name, head in (("value", "采用值"), ("lower", "下限"), ("upper", "上限")):
        values[name] = _decimal(cells[head], head, complain)
    for name, head in (
        ("guarantee", "保证率%"),
        ("days", "全年天数"),
        ("standard_year", "标准年份"),
    ):
        values[name] = _whole(cells[head], head, complain)
    values["guarantee"] = values["guarantee"] or 0
    values["valid_from"] = _day(cells["生效日期"], "生效日期", complain, required=True)
    values["valid_until"] = _day(cells["失效日期"], "失效日期", complain)
    if len(found) > before:
        return None
    norm = NormFacts(**values)
    try:
        check_norm(norm)
    except Refusal as refusal:
        sentence = str(refusal)
        head = FIELD_HEADS.get(refusal.field, "")
        found.append(Finding(refusal.code, Severity.MUST_FIX, sentence, row=number, column=head))
        return None
    return norm


FIELD_HEADS = {
    "item": "品种或产品",
    "standard": "标准号",
    "volume_unit": "水量单位",
    "value": "采用值",
    "lower": "下限",
    "guarantee": "保证率%",
    "days": "全年天数",
    "industry_code": "行业代码",
    "valid_until": "失效日期",
}


def _term(text: str, kind: type[Term], empty: Term | None, head: str, complain: Any) -> Any:
    by_label = {member.label: member for member in kind}
    found = by_label.get(text.strip()) or (empty if not text.strip() else None)
    if found is None:
        complain(head, f"要填：{'、'.join(list(by_label)[:6])}。")
    return found


def _decimal(text: str, head: str, complain: Any) -> Decimal | None:
    flat = text.strip().replace(",", "")
    if not flat:
        return None
    if not flat.replace(".", "", 1).isdecimal() or len(flat) > 12:
        complain(head, "不是数字。")
        return None
    figure = Decimal(flat)
    if figure != round(figure, 4):
        complain(head, "最多四位小数。")
    return figure


def _whole(text: str, head: str, complain: Any) -> int | None:
    flat = text.strip().removesuffix("%")
    if not flat:
        return None
    if not flat.isdecimal() or len(flat) > 4:
        complain(head, "不是整数。")
        return None
    return int(flat)


def _day(text: str, head: str, complain: Any, *, required: bool = False) -> date | None:
    flat = text.strip()[:10].replace("/", "-").replace(".", "-")
    if not flat and not required:
        return None
    try:
        year, month, day = flat.split("-")
        return date(int(year), int(month), int(day))
    except ValueError:
        complain(head, "要写成 2026-01-01 这样的日期。")
        return None
