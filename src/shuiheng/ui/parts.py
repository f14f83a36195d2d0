"""What pages are made of, as plain data. A view builds parts, a template draws each with `{% show part %}`.

No part holds HTML. A figure may be handed over as a Volume, a ratio, a date or a finished text: the part
writes it in its unit. README.md shows every part in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from shuiheng.core.calendar import RestDays, working_days_left
from shuiheng.core.refusal import SEVERITY_LABELS, Finding, Severity
from shuiheng.core.vocabulary import State as State
from shuiheng.ui import figures

SOON_WORKING_DAYS = 3
PAGE_SIZE = 50
MOST_STEPS_DRAWN = 12


class Part:
    """Something `{% show %}` can draw: `template` gets it as `it`."""

    template: ClassVar[str] = ""


@dataclass(frozen=True)
class Link(Part):
    """A text that leads somewhere; `note` follows it in grey. Without `url` it is text."""

    template: ClassVar[str] = "ui/link.html"
    text: str
    url: str = ""
    note: str = ""
    whole: bool = False  # ids and document numbers are never broken across lines


@dataclass(frozen=True)
class Name(Part):
    """The first cell of a row on two lines: the name, and below it place · kind."""

    template: ClassVar[str] = "ui/name.html"
    text: str
    below: str = ""
    url: str = ""


@dataclass(frozen=True)
class Action(Part):
    """A button. With `url` it leads there, or posts there when `post` (`fields` become hidden inputs);
    without `url` it submits the form it stands in as `name=value`. `key` is printed on it and presses it."""

    template: ClassVar[str] = "ui/action.html"
    label: str
    url: str = ""
    primary: bool = False
    post: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    value: str = ""
    key: str = ""
    small: bool = False
    new_window: bool = False


@dataclass(frozen=True)
class Chip(Part):
    """A state or a kind, never clickable. Tones: neutral (用水 通报), grant (下达 调增), normal, warned, over;
    the last three carry a round dot, a triangle, a square."""

    template: ClassVar[str] = "ui/chip.html"
    label: str
    tone: str = "neutral"

    @classmethod
    def of(cls, state: State) -> Chip:
        return cls(state.label, state.value)


@dataclass(frozen=True)
class Message(Part):
    """A sentence that stays. Tones: note (说明), look (请看), must_fix (必改), done (已办)."""

    template: ClassVar[str] = "ui/message.html"
    sentence: str
    tone: str = "note"
    lead: str = ""
    action: Link | None = None


@dataclass(frozen=True)
class Empty(Part):
    """The panel stays: one line why, one line what next."""

    template: ClassVar[str] = "ui/empty.html"
    why: str
    next: str = ""
    action: Action | None = None


# -- page head ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str = ""


@dataclass(frozen=True)
class YearChoice:
    """A budget year one may switch to; `open` while its books can still change."""

    year: int
    url: str
    open: bool = False


@dataclass(frozen=True)
class Due(Part):
    """A deadline: always the date and what is left of it."""

    template: ClassVar[str] = "ui/due.html"
    day: date
    days: int
    working_days: int
    what: str = ""

    @classmethod
    def on(cls, day: date, today: date, rest: RestDays, what: str = "") -> Due:
        return cls(day, (day - today).days, working_days_left(today, day, rest), what)

    @property
    def tone(self) -> str:
        if self.days < 0:
            return "late"
        return "soon" if self.working_days <= SOON_WORKING_DAYS else ""

    @property
    def left(self) -> str:
        """In calendar days: 还有 2 天, 今天到期, 逾期 3 天."""
        return _left(self.days, "天")

    @property
    def left_working(self) -> str:
        if self.days == 0:
            return "今天到期"
        if self.days > 0 and self.working_days == 0:
            return f"还有 {self.days} 天，都是休息日"
        return _left(self.working_days or self.days, "个工作日" if self.working_days else "天")


def _left(days: int, unit: str) -> str:
    if days == 0:
        return "今天到期"
    return f"还有 {days} {unit}" if days > 0 else f"逾期 {-days} {unit}"


@dataclass(frozen=True)
class PageHead:
    """Breadcrumbs (who › module › thing), year badge, title as a noun or the question itself, demo mark,
    state chip; right: deadline or a remark, at most two plain buttons and one primary.

    `phone_title` and `back` replace the whole head on a phone, for one-question pages.
    """

    title: str
    crumbs: Sequence[Crumb] = ()
    year: int | None = None
    years: Sequence[YearChoice] = ()
    chip: Chip | None = None
    note: str = ""
    due: Due | None = None
    aside: str = ""
    actions: Sequence[Action] = ()
    phone_title: str = ""
    back: str = ""

    @property
    def window_title(self) -> str:
        """The year is part of every title: tabs of two years must not be mistaken."""
        if self.year is None or str(self.year) in self.title:
            return self.title
        return f"{self.title} – {self.year} 年度"

    @property
    def badge(self) -> str:
        """The class of the year badge: with two years open at once, even and odd look different."""
        if sum(choice.open for choice in self.years) < 2 or self.year is None:
            return "year"
        return "year even" if self.year % 2 == 0 else "year odd"


# -- home pages -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Duty:
    """date · what · for whom · one verb."""

    due: Due
    what: str
    detail: str
    action: Link


NO_DUTIES = Empty("现在没有等您办的事。")


@dataclass(frozen=True)
class DutyList(Part):
    """待办与期限, sorted here by date."""

    template: ClassVar[str] = "ui/duties.html"
    duties: Sequence[Duty]
    title: str = "待办与期限"
    more: Link | None = None
    empty: Empty = NO_DUTIES

    @property
    def ordered(self) -> list[Duty]:
        return sorted(self.duties, key=lambda duty: duty.due.day)


@dataclass(frozen=True)
class Decision:
    """需要您决定: what, its consequence, until when, one button."""

    title: str
    consequence: str
    until: str
    action: Action


@dataclass(frozen=True)
class DecisionList(Part):
    template: ClassVar[str] = "ui/decisions.html"
    decisions: Sequence[Decision]
    title: str = "需要您决定"
    more: Link | None = None


@dataclass(frozen=True)
class Stat(Part):
    """label, figure + unit, one line that proves or places it. `focus`: the cell people came for."""

    template: ClassVar[str] = "ui/stat.html"
    label: str
    figure: object
    unit: str = ""
    line: str = ""
    beside: str = ""
    chip: Chip | None = None
    focus: bool = False
    signed: bool = False
    decimals: int | None = None
    url: str = ""

    @property
    def text(self) -> str:
        return figures.written(self.figure, self.unit, self.decimals, signed=self.signed)


@dataclass(frozen=True)
class StatStrip(Part):
    """3–5 cells at the top of a board or account."""

    template: ClassVar[str] = "ui/stats.html"
    stats: Sequence[Stat]


@dataclass(frozen=True)
class Step:
    """One of the six steps of a year. `state`: done ✓, now (in force), coming; `current` has the soft ground."""

    label: str
    line: str
    state: str = "coming"
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class StageTrack(Part):
    template: ClassVar[str] = "ui/track.html"
    steps: Sequence[Step]


# -- findings and facts ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A finding as it is drawn: where it stands, and the button that repairs it."""

    finding: Finding

    @property
    def place(self) -> str:
        row = f"第 {self.finding.row} 行" if self.finding.row is not None else ""
        column = f"“{self.finding.column}”列" if self.finding.column else ""
        return " ".join(part for part in (row, column) if part)

    @property
    def repair_label(self) -> str:
        """改成 26.00 万m³: the unit is the fact `unit` of the finding."""
        unit = self.finding.facts.get("unit", "")
        return f"改成 {self.finding.repair}{f' {unit}' if unit else ''}"


@dataclass(frozen=True)
class FindingList(Part):
    """必改 blocks, 请看 does not, 说明 informs; must-fix first. `linked`: the list stands away from the fields
    (提交前), so each finding leads to its field instead of offering the repair."""

    template: ClassVar[str] = "ui/findings.html"
    findings: Sequence[Finding]
    title: str = ""
    linked: bool = False
    labelled: bool = True
    empty: str = ""

    @property
    def ordered(self) -> list[Found]:
        rank = list(Severity)
        ordered = sorted(self.findings, key=lambda finding: rank.index(finding.severity))
        return [Found(finding) for finding in ordered]

    @property
    def counts(self) -> str:
        """1 处必改，1 处请看."""
        found = [finding.severity for finding in self.findings]
        return "，".join(
            f"{found.count(severity)} 处{SEVERITY_LABELS[severity]}"
            for severity in Severity
            if severity in found
        )


@dataclass(frozen=True)
class Fact:
    label: str
    value: object
    note: str = ""
    unit: str = ""
    signed: bool = False
    strong: bool = False

    @property
    def text(self) -> str:
        return figures.written(self.value, self.unit, signed=self.signed)

    @property
    def part(self) -> Part | None:
        return self.value if isinstance(self.value, Part) else None


@dataclass(frozen=True)
class Facts(Part):
    """Label and value, a line each: labels left, values behind them, or at the right edge when `figures`."""

    template: ClassVar[str] = "ui/facts.html"
    facts: Sequence[Fact]
    figures: bool = False


# -- choosing, finding, paging --------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Choices(Part):
    """A row of addresses of which one is current: tabs under a page head, or segments in a panel head."""

    template: ClassVar[str] = "ui/choices.html"
    choices: Sequence[Choice]
    tabs: bool = False
    note: str = ""
    label: str = "显示"


@dataclass(frozen=True)
class Filter:
    """A drop-down of a toolbar; `options` are (value, label) with the widest first, such as ('', 全部乡镇)."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    value: str = ""


@dataclass(frozen=True)
class Toolbar(Part):
    """Search and filters of a table. They live in the address; `kept` are the other words of it.

    已选 `picked` / `of` says whether all pages are meant, not only the boxes in sight.
    """

    template: ClassVar[str] = "ui/toolbar.html"
    filters: Sequence[Filter] = ()
    search_label: str = ""
    search: str = ""
    search_name: str = "q"
    note: str = ""
    picked: int | None = None
    of: int | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pages(Part):
    """第 1–50 户，共 260 户, and the way to the others. `start:stop` cuts the rows of this page."""

    template: ClassVar[str] = "ui/pages.html"
    total: int
    number: int = 1
    noun: str = "条"
    size: int = PAGE_SIZE
    query: str = ""  # the rest of the address, as `request.GET.urlencode()` gives it
    sums: str = ""

    @property
    def last_number(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def start(self) -> int:
        return (min(max(self.number, 1), self.last_number) - 1) * self.size

    @property
    def stop(self) -> int:
        return min(self.start + self.size, self.total)

    def _address(self, number: int) -> str:
        kept = [word for word in self.query.split("&") if word and not word.startswith("page=")]
        return "?" + "&".join([*kept, f"page={number}"])

    @property
    def previous_url(self) -> str:
        number = self.start // self.size + 1
        return self._address(number - 1) if number > 1 else ""

    @property
    def next_url(self) -> str:
        number = self.start // self.size + 1
        return self._address(number + 1) if number < self.last_number else ""


def page_number(text: str | None) -> int:
    """The page asked for in an address: 1 when it makes no sense."""
    return int(text) if text and text.isdecimal() and len(text) < 8 and int(text) > 0 else 1


@dataclass(frozen=True)
class Progress(Part):
    """第 2 步，共 5 步, or 已报 8 / 9 区: blocks while they can be counted, one bar beyond."""

    template: ClassVar[str] = "ui/progress.html"
    done: int
    total: int
    label: str
    saved: str = ""

    @property
    def blocks(self) -> list[bool]:
        if self.total > MOST_STEPS_DRAWN:
            return []
        return [number < self.done for number in range(self.total)]

    @property
    def width(self) -> str:
        return figures.percent_of(min(self.done, self.total), max(self.total, 1))


@dataclass(frozen=True)
class Section:
    """A section of a long form: `state` is done, now, wrong or open; `line` says it in words."""

    label: str
    line: str
    url: str
    state: str = "open"
    current: bool = False


@dataclass(frozen=True)
class SectionList(Part):
    template: ClassVar[str] = "ui/sections.html"
    sections: Sequence[Section]


@dataclass(frozen=True)
class CaseHead(Part):
    """The head of a case beside its list: who, where and what kind, and the place in the queue."""

    template: ClassVar[str] = "ui/case_head.html"
    title: str
    note: str = ""
    place: str = ""
    after: str = ""
