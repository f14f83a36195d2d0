"""How a transfer reads on a page: its chip, its sentence, the paper behind it, sums in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse

from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import USE_CODES, Code
from shuiheng.ledger.selectors import StatementLine
from shuiheng.ui.figures import M3, MINUS, in_unit
from shuiheng.ui.parts import Chip, Link


class DocumentPage(NamedTuple):
    """Where the documents of a kind are shown: its word, a route, and the arguments an id gives."""

    label: str
    route: str
    arguments: Callable[[str], tuple[dict[str, str], str]]


Documents = Mapping[str, DocumentPage]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as the statement prints it: the transfers of one matter, and what was left after them."""

    lines: tuple[StatementLine, ...]
    available: Volume

    @property
    def first(self) -> StatementLine:
        return self.lines[0]

    @property
    def granted(self) -> Volume:
        return total(line.granted for line in self.lines)

    @property
    def used(self) -> Volume:
        return total(line.used for line in self.lines)

    @property
    def is_correction(self) -> bool:
        return self.first.is_correction


def entries(lines: Sequence[StatementLine]) -> list[Entry]:
    """The statement's lines, oldest first: an issue and the interim quota it takes back are one
    (下达 864,000，扣预下达 172,800); every other transfer is a line of its own."""
    matters: dict[object, list[StatementLine]] = {}
    for line in lines:
        together = line.code in (Code.ISSUE, Code.INTERIM_BACK)
        key = (line.transfer.act_id, line.source, line.sector) if together else line.transfer.pk
        matters.setdefault(key, []).append(line)
    found, left = [], Volume()
    for matter in matters.values():
        issue_first = tuple(sorted(matter, key=lambda line: line.code is Code.INTERIM_BACK))
        left += total(line.granted - line.used for line in matter)
        found.append(Entry(issue_first, left))
    return found


BASIS = {
    Code.USE_MEASURED: "计量",
    Code.USE_CONVERTED: "以电折水",
    Code.USE_REPORTED: "自报",
    Code.USE_LATE: "补记",
}
GRANT_WORDS = {
    Code.ISSUE: "下达年度基准额度",
    Code.INTERIM: "预下达，先行使用",
    Code.INTERIM_BACK: "冲回预下达，改按下达额度",
    Code.INCREASE: "调增，启用预留",
    Code.DECREASE: "调减，退回预留",
    Code.CUT_ABOVE: "上级调减",
    Code.RAISE_ABOVE: "上级调增",
    Code.LAPSE: "年末核销，不结转",
}
# How the parts of a quota are named in its sum, in this order.
PARTS: tuple[tuple[str, tuple[Code, ...]], ...] = (
    ("下达", (Code.ISSUE, Code.INTERIM, Code.INTERIM_BACK)),
    ("调增", (Code.INCREASE,)),
    ("调减", (Code.DECREASE, Code.RETURN)),
    ("上级调整", (Code.CUT_ABOVE, Code.RAISE_ABOVE)),
    ("交易", (Code.TRADE, Code.OFFER, Code.WITHDRAW, Code.RECOVER)),
    ("年末核销", (Code.LAPSE,)),
)


def chip_of(entry: Entry) -> Chip:
    line = entry.first
    if line.is_correction:
        return Chip("更正", "warned")
    if line.code in USE_CODES:
        return Chip("用水")
    return Chip("损失") if line.code is Code.LOSS else Chip(line.code.label, "grant")


def summary_of(entry: Entry, *, with_source: bool) -> str:
    """3月用水 · 地下水 · 自报, or what a grant was for."""
    line = entry.first
    source = line.source.label if with_source and line.source is not Source.NETWORK else ""
    if line.code in USE_CODES or line.code is Code.LOSS:
        what = "损失" if line.code is Code.LOSS else "用水"
        words = [f"{line.transfer.effective_on.month}月{what}", source, BASIS.get(line.code, "")]
        if line.is_correction:
            words = [f"冲回{words[0]}", source, line.transfer.note]
    else:
        words = [GRANT_WORDS.get(line.code) or line.code.label, source, _parts_of_issue(entry)]
    return " · ".join(word for word in words if word)


def _parts_of_issue(entry: Entry) -> str:
    """864,000，扣预下达 172,800 when a line nets two transfers; else what the transfer notes."""
    if len(entry.lines) < 2:
        return "" if entry.first.code in GRANT_WORDS else entry.first.transfer.note
    issued, back = entry.first.granted, total(line.granted for line in entry.lines[1:])
    return f"{in_unit(issued, M3)}，扣预下达 {in_unit(-back, M3)}"


def document_words(document: str, documents: Documents) -> str:
    """用水月报 2026-08: the word of its kind, and what tells it from the others."""
    kind, _, number = document.partition("/")
    page = documents.get(kind)
    if page is None:
        return document
    owner, dash, rest = number.partition("-")
    return f"{page.label} {rest if dash and owner.isdecimal() else number}"


def document_link(document: str, documents: Documents, transfer: int) -> Link:
    """To the document; its page in the ledger shows the transfers and leads on."""
    kind, _, number = document.partition("/")
    if kind not in documents:
        return Link(document or "流水", reverse("ledger:transfer", args=[transfer]))
    url = reverse("ledger:document", args=[kind, number])
    return Link(document_words(document, documents), url, whole=True)


def document_url(document: str, documents: Documents) -> str:
    """The document's own page, where it has one."""
    kind, _, number = document.partition("/")
    page = documents.get(kind)
    if page is None:
        return ""
    arguments, query = page.arguments(number)
    return reverse(page.route, kwargs=arguments) + query


def composition(lines: Sequence[StatementLine]) -> list[tuple[str, Volume]]:
    """What the quota is made of, part by part; the parts add up to what is held."""
    named = {code for _, codes in PARTS for code in codes}
    parts = [(label, _sum(lines, set(codes))) for label, codes in PARTS]
    rest = {line.code for line in lines if line.granted} - named
    parts.append(("其他", _sum(lines, rest)))
    return [(label, volume) for label, volume in parts if volume]


def _sum(lines: Sequence[StatementLine], codes: set[Code]) -> Volume:
    return Volume(sum(line.granted.m3 for line in lines if line.code in codes))


def parts_in_words(parts: Sequence[tuple[str, Volume]], unit: str = M3) -> str:
    """下达 864,000 − 调减 20,000 + 调增 30,000."""
    words = []
    for place, (label, volume) in enumerate(parts):
        sign = MINUS if volume.m3 < 0 else "+"
        figure = in_unit(Volume(abs(volume.m3)), unit)
        lead = "" if place == 0 and volume.m3 >= 0 else f"{sign} "
        words.append(f"{lead}{label} {figure}")
    return " ".join(words) or "还没有下达额度"
