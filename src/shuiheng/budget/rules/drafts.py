"""What a draft must hold, and the mistakes people really make, told as a colleague would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from shuiheng.core.apportion import apportion
from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import M3_PER_WAN, Volume, total

MUCH_MORE, MUCH_LESS = 3, Fraction(1, 3)
GRAIN, COARSE = 100, Volume(100_000)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A figure of the draft beside what is known: last year's use and quota, the permit."""

    book: Book
    source: Source
    sector: Sector
    proposed: Volume
    last_used: Volume | None = None
    last_quota: Volume | None = None
    permit: Volume | None = None

    @property
    def field(self) -> str:
        return f"line-{self.book}-{self.source}-{self.sector}"

    @property
    def label(self) -> str:
        if self.book is Book.ABSTRACTION or self.sector is Sector.SUPPLY:
            return self.source.label
        return self.sector.label if self.sector is Sector.LOSS else f"供{self.sector.label}"


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """A whole draft: its lines, its months, and the need computed by the unit's method, in words."""

    lines: tuple[DraftLine, ...]
    months: tuple[Volume, ...]
    computed_need: Volume | None = None
    need_method: str = "定额法"
    need_words: str = ""
    need_chosen: bool = False  # a reviewer has said by which method
    deliveries: Volume | None = None  # what a supplier's customers have asked for

    @property
    def proposed(self) -> Volume:
        """What the unit asks for: its intake, or for a customer what it wants delivered."""
        abstracted = [line for line in self.lines if line.book is Book.ABSTRACTION]
        return total(line.proposed for line in (abstracted or self.lines))


def check_draft(draft: DraftFacts) -> list[Finding]:
    """All complaints at once; 必改 blocks the submission, 请看 does not."""
    findings = [finding for line in draft.lines for finding in _check_line(line)]
    if not draft.proposed:
        findings.append(
            Finding(
                "draft.nil",
                Severity.LOOK,
                "这份草案申报水量为 0。明年确实不用水就直接提交；否则请填写水量。",
            )
        )
    findings += _check_months(draft)
    findings += _check_supply(draft)
    return findings


def _check_line(line: DraftLine) -> list[Finding]:
    if line.proposed.m3 < 0:
        return [Finding("draft.negative", Severity.MUST_FIX, "水量不能是负数。", field=line.field)]
    unit = _unit_slip(line)
    if unit is not None:
        return [unit]
    findings = []
    if line.permit is not None and line.proposed > line.permit:
        findings.append(
            Finding(
                "draft.over_permit",
                Severity.MUST_FIX,
                f"{line.label}申报 {line.proposed.wan()} 万m³，超过取水许可 {line.permit.wan()} 万m³。"
                "请减到许可以内，或先办理许可变更。",
                field=line.field,
                repair=str(line.permit.m3),
            )
        )
    findings += _compare_with_last_year(line)
    return findings


def _unit_slip(line: DraftLine) -> Finding | None:
    """m³ typed as 万m³: the figure is thousands of times too large and right when divided."""
    reference = line.last_used or line.last_quota or line.permit
    if not reference or line.proposed.m3 < 1000 * reference.m3:
        return None
    if line.permit is not None and line.proposed <= line.permit:
        return None  # a year in which hardly any of the permit was used proves no slip
    as_m3 = Volume(line.proposed.m3 // M3_PER_WAN)
    return Finding(
        "draft.unit_slip",
        Severity.MUST_FIX,
        f"是不是把 m³ 填成了万m³？{line.proposed.wan(0)} 万m³ 是"
        f"{'许可' if reference == line.permit else '上年'}的 "
        f"{line.proposed.m3 // reference.m3:,} 倍；{as_m3} 就是 {as_m3.wan()} 万m³。",
        field=line.field,
        repair=str(as_m3.m3),
    )


def _compare_with_last_year(line: DraftLine) -> list[Finding]:
    last = line.last_used
    if not last or not line.proposed:
        return []
    ratio = Fraction(line.proposed.m3, last.m3)
    if MUCH_LESS <= ratio <= MUCH_MORE:
        return []
    more = "多" if ratio > 1 else "少"
    return [
        Finding(
            "draft.far_from_last_year",
            Severity.LOOK,
            f"{line.label}申报 {line.proposed.wan()} 万m³，上年用了 {last.wan()} 万m³，差得很{more}。"
            "情况属实请在说明里写一句原因。",
            field=line.field,
        )
    ]


def _check_months(draft: DraftFacts) -> list[Finding]:
    planned = total(draft.months)
    if planned == draft.proposed:
        return []
    gap = draft.proposed - planned
    return [
        Finding(
            "draft.months",
            Severity.MUST_FIX,
            f"十二个月合计 {planned.wan()} 万m³，与全年 {draft.proposed.wan()} 万m³ 差 {gap.wan()} 万m³。"
            "可以按原来的比例补齐。",
            field="months",
            repair="complete",
        )
    ]


def _check_supply(draft: DraftFacts) -> list[Finding]:
    network = [line for line in draft.lines if line.book is Book.NETWORK]
    intake = [line for line in draft.lines if line.book is Book.ABSTRACTION]
    if not network or not intake:
        return []
    served = total(line.proposed for line in network) + (draft.deliveries or Volume())
    if served == draft.proposed:
        return []
    severity = Severity.LOOK
    return [
        Finding(
            "draft.supply_balance",
            severity,
            f"取水 {draft.proposed.wan()} 万m³，供水加损失 {served.wan()} 万m³，"
            f"相差 {(draft.proposed - served).wan()} 万m³。供水 + 损失应等于取水。",
            field="lines",
        )
    ]


def complete_months(amount: Volume, pattern: Sequence[Volume]) -> tuple[Volume, ...]:
    """Twelve months that add up to `amount`, in the proportion of `pattern` (evenly if it is empty).

    In hundredths of 万m³, as people write a plan; what is left goes to the largest month.
    """
    weights = [max(0, month.m3) for month in pattern]
    if len(weights) != 12 or not sum(weights):
        weights = [1] * 12
    months = apportion(amount, weights, grain=GRAIN if amount >= COARSE else 1)
    months[weights.index(max(weights))] += amount - total(months)
    return tuple(months)


def reviewed_by_need(draft: DraftFacts) -> tuple[Volume, ...] | None:
    """按测算核定: the computed need, shared over the lines as they were asked for; a line that does not
    count towards the whole stays as proposed. None when there is no computed need."""
    if draft.computed_need is None:
        return None
    natural = any(line.book is Book.ABSTRACTION for line in draft.lines)
    counted = [line.book is Book.ABSTRACTION or not natural for line in draft.lines]
    weights = [
        line.proposed.m3 if counts else 0 for line, counts in zip(draft.lines, counted, strict=True)
    ]
    if not any(weights):
        weights = [int(counts) for counts in counted]
    shares = apportion(draft.computed_need, weights)
    return tuple(
        share if counts else line.proposed
        for share, counts, line in zip(shares, counted, draft.lines, strict=True)
    )


def complete_year(
    used: Sequence[Volume], plan: Sequence[Volume], months_known: int
) -> tuple[Volume, ...]:
    """A year of use in which the last months are still to come: they are taken from the unit's plan,
    scaled by how this line ran against it so far. Without a plan the months stay empty."""
    planned = sum(month.m3 for month in plan[:months_known])
    if len(used) != 12 or months_known >= 12 or not planned:
        return tuple(used)
    so_far = sum(month.m3 for month in used[:months_known])
    to_come = (Volume(month.m3 * so_far // planned) for month in plan[months_known:])
    return (*used[:months_known], *to_come)


def default_draft(lines: Sequence[DraftLine], share_per_10000: int) -> tuple[Volume, ...]:
    """代拟: the figures for a unit that never files: a share of last year's use, within the permit."""
    figures = []
    for line in lines:
        last = (line.last_used or line.last_quota or Volume()).m3 * share_per_10000 // 10_000
        cap = line.permit.m3 if line.permit is not None else last
        figures.append(Volume(min(last, cap)))
    return tuple(figures)


def review_findings(
    draft: DraftFacts, *, look_percent: int, is_first: bool, permit_expires: str = ""
) -> list[Finding]:
    """Why a reviewer should look: each reason in words; none means ready (USERS 7)."""
    findings = check_draft(draft)
    last = total(line.last_used or Volume() for line in draft.lines if _counts(line))
    if is_first or not last:
        findings.append(
            Finding("review.first", Severity.LOOK, "首次申报，没有上年数，请对照定额测算。")
        )
    elif abs(draft.proposed.m3 - last.m3) * 100 > look_percent * last.m3:
        percent = Fraction(draft.proposed.m3 - last.m3, last.m3) * 100
        findings.append(
            Finding(
                "review.change",
                Severity.LOOK,
                f"申报 {draft.proposed.wan()} 万m³，上年用 {last.wan()} 万m³，"
                f"{'多' if percent > 0 else '少'} {abs(float(percent)):.1f}%，超过 ±{look_percent}% 限。",
            )
        )
    need = draft.computed_need
    if need and draft.proposed.m3 * 100 > need.m3 * (100 + look_percent):
        findings.append(
            Finding(
                "review.over_norm",
                Severity.LOOK,
                f"申报 {draft.proposed.wan()} 万m³，按{draft.need_method}测算只要 {need.wan()} 万m³。",
                repair=str(need.m3),
            )
        )
    if permit_expires:
        findings.append(
            Finding("review.permit_expires", Severity.LOOK, f"取水许可证 {permit_expires}到期。")
        )
    return findings


def _counts(line: DraftLine) -> bool:
    return line.book is Book.ABSTRACTION or line.sector not in (Sector.LOSS, Sector.SUPPLY)
