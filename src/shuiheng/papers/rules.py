"""What stands on each paper, its check code and when it may be numbered. Pure.

The facts of a paper are frozen as plain JSON (volumes in m³) when it is made; the templates in `typst/` only
lay them out and add them up, so a printed sum cannot differ from its printed rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shuiheng.core.access import Permission
from shuiheng.core.digest import canonical_json, digest_of
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import ZERO, Volume, total

CHECK_CODE_DIGITS = 10
NUMBER = re.compile(r"[^\s〔〕\d]{1,12}〔(?P<year>\d{4})〕[1-9]\d{0,5}号(?:-[1-9]\d{0,5})?")


class PaperKind(Term):
    """The papers of a budget year (USERS 8); the value is the template's name."""

    ISSUE_NOTICE = "issue_notice", "下达通知"
    ISSUE_SCHEME = "issue_scheme", "水预算方案"
    ADJUSTMENT = "adjustment", "调整批复"
    FINAL_ACCOUNT = "final_account", "决算表"
    DRAFT = "draft", "申报表"
    STATEMENT = "statement", "水账对账单"

    @property
    def needs_number(self) -> bool:
        """Official papers are in force only with 文号, 签发人 and 印发日期 (USERS 8)."""
        return self in NUMBERED_BY


NUMBERED_BY: dict[PaperKind, Permission] = {
    PaperKind.ISSUE_NOTICE: Permission.BUDGET_ISSUE,
    PaperKind.ISSUE_SCHEME: Permission.BUDGET_ISSUE,
    PaperKind.ADJUSTMENT: Permission.ADJUSTMENT_DECIDE,
}
"""Who may put a number on it: whoever decides the matter."""


class PaperState(Term):
    WAITING = "waiting", "待编文号"
    QUEUED = "queued", "待生成"
    READY = "ready", "已生成"
    FAILED = "failed", "生成失败"


class Channel(Term):
    IN_PERSON = "in_person", "当面"
    POST = "post", "邮寄"
    PHONE = "phone", "电话"
    SMS = "sms", "短信"
    MAIL = "mail", "邮件"
    ON_LINE = "on_line", "站内"


MESSAGE_CHANNELS = (Channel.SMS, Channel.MAIL)
HAND_CHANNELS = (Channel.IN_PERSON, Channel.POST, Channel.PHONE)


class DeliveryState(Term):
    QUEUED = "queued", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发出"
    RECEIVED = "received", "已送达"
    FAILED = "failed", "未送达"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What every paper carries: who issues it, its number and date, and the mark of a demo database.

    `seal` is the digest of the day in the ledger that the paper speaks of, when it speaks of one.
    """

    issuer: str
    title: str
    dated: date
    number: str = ""
    signer: str = ""
    mark: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """One source and sector of a unit; `through` is its permit number, or the supplier of a customer."""

    source: str
    sector: str
    through: str
    quota: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """下达文件 for one unit (实施方案 四(三)); it is the 年度取水计划 as well (USERS 13).

    `months` are twelve volumes, or none where the year is not split.
    """

    addressee: str
    unit_number: str
    area: str
    year: int
    basis: str
    lines: tuple[QuotaLine, ...]
    months: tuple[Volume, ...]
    rules: tuple[str, ...]
    contact: str
    phone: str
    copied_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        quota = total(line.quota for line in self.lines)
        assert not self.months or (len(self.months) == 12 and total(self.months) == quota), (
            "twelve months add up to the quota"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexRow:
    """A region, sector or unit with its figure in each column of the annex."""

    name: str
    figures: tuple[Volume, ...]
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """A table whose rows and columns are both added up, on every page and at its end."""

    title: str
    row_label: str
    columns: tuple[str, ...]
    rows: tuple[AnnexRow, ...]

    def __post_init__(self) -> None:
        assert all(len(row.figures) == len(self.columns) for row in self.rows), (
            "one figure a column"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeFacts:
    """全市 or 区县 水预算方案下达通知 with its annexes."""

    addressee: str
    paragraphs: tuple[str, ...]
    annexes: tuple[Annex, ...]
    contact: str
    phone: str
    copied_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentLine:
    source: str
    sector: str
    before: Volume
    change: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentFacts:
    """调整批复 (实施方案 四(五)); without lines the application is refused, for `reason`."""

    addressee: str
    year: int
    applied_on: date
    case: str
    reason: str
    lines: tuple[AdjustmentLine, ...]
    effective_on: date
    contact: str
    phone: str
    copied_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalLine:
    """A source and sector in the final account: issued, adjusted since, used."""

    source: str
    sector: str
    issued: Volume
    adjusted: Volume
    used: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAccountFacts:
    """决算表 of a unit or an area (实施方案 四(六)), as known on a day."""

    holder: str
    holder_number: str
    area: str
    year: int
    known_on: date
    lines: tuple[FinalLine, ...]
    months: tuple[Volume, ...]
    by_basis: tuple[tuple[str, Volume], ...]
    remarks: str
    filled_by: str
    phone: str

    def __post_init__(self) -> None:
        used = total(line.used for line in self.lines)
        assert len(self.months) == 12, "twelve months of use"
        assert total(self.months) == used, "the months add up to the use"
        assert total(volume for _, volume in self.by_basis) == used, "so do the bases"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityLine:
    """What the demand is derived from: crop area or output, times its norm, as arithmetic in words."""

    name: str
    scale: str
    norm: str
    demand: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandLine:
    source: str
    sector: str
    through: str
    last_use: Volume
    demand: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """申报表, the unit's own form, stamped by it (实施方案 四(一)). `filed_as` says 自行填报, 代办 or 代拟."""

    unit: str
    unit_number: str
    credit_code: str
    unit_kind: str
    area: str
    address: str
    year: int
    activities: tuple[ActivityLine, ...]
    lines: tuple[DemandLine, ...]
    months: tuple[Volume, ...]
    explanation: str
    filed_as: str
    filled_by: str
    phone: str

    def __post_init__(self) -> None:
        demand = total(line.demand for line in self.lines)
        assert not self.months or (len(self.months) == 12 and total(self.months) == demand), (
            "twelve months add up to the demand"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """A line of the ledger: `grant` changes the quota (signed), `used` the use (signed)."""

    on: date
    kind: str
    summary: str
    document: str
    grant: Volume = ZERO
    used: Volume = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """水账对账单: one account between two days; balances follow from the opening figures."""

    holder: str
    holder_number: str
    area: str
    account: str
    year: int
    since: date
    until: date
    known_on: date
    opening_quota: Volume
    opening_used: Volume
    entries: tuple[StatementEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCard:
    """The code with which a unit's person claims its account (USERS 19): printed, never stored."""

    unit: str
    unit_number: str
    code: str
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCodesFacts:
    area: str
    address: str
    phone: str
    cards: tuple[ClaimCard, ...]


Facts = (
    NoticeFacts
    | SchemeFacts
    | AdjustmentFacts
    | FinalAccountFacts
    | DraftFacts
    | StatementFacts
    | ClaimCodesFacts
)

FACTS_OF: dict[PaperKind, type] = {
    PaperKind.ISSUE_NOTICE: NoticeFacts,
    PaperKind.ISSUE_SCHEME: SchemeFacts,
    PaperKind.ADJUSTMENT: AdjustmentFacts,
    PaperKind.FINAL_ACCOUNT: FinalAccountFacts,
    PaperKind.DRAFT: DraftFacts,
    PaperKind.STATEMENT: StatementFacts,
}


def notice_rules(year: int, final_due: date) -> tuple[str, ...]:
    """What a unit has to keep to once its quota is issued (实施方案 三(三)、四(四)–(六))."""
    return (
        f"本额度是你单位{year}年度取用水的控制指标，也是年度取水计划，请严格控制用水总量和强度。",
        "需要调增的，只限启用预留水预算指标或者通过用水权交易取得用水指标两种情形；"
        "生产计划、种植结构、经营计划等有调整的，可以申请调减。申请向下达本额度的水行政主管部门提出。",
        "取用水突破额度、又没有提出适当理由申请调整的，将依法采取相应限制措施。",
        f"请于{final_due.year}年{final_due.month}月{final_due.day}日前报送年度水预算决算，"
        "执行情况作为核算下一年度水预算基准额度的参考。",
    )


def plain(facts: object) -> Any:
    """Facts as the JSON that is stored and printed."""
    return json.loads(canonical_json(facts))


def printed(heading: Heading, body: Mapping[str, object]) -> dict[str, object]:
    """All that a template sees: the heading, the body, and the check code over both."""
    content = {"heading": plain(heading), "body": dict(body)}
    return {**content, "check": check_code(content)}


def check_code(content: object) -> str:
    """The first digits of the SM3 digest in two groups, short enough to be read over the telephone."""
    code = digest_of(content)[:CHECK_CODE_DIGITS].upper()
    half = CHECK_CODE_DIGITS // 2
    return f"{code[:half]}-{code[half:]}"


def check_number(number: str, signer: str, issued_on: date, year: int) -> None:
    """A 文号 has the form 机关代字〔年份〕序号 and the year of its issue; a signer is named (USERS 8).

    A notice for `year` may be issued in the December before it or later, never earlier.
    """
    form = NUMBER.fullmatch(number)
    if form is None:
        raise Refusal(
            "papers.number_form",
            f"“{number}”不是规范的文号。",
            field="number",
            remedy="请按“机关代字〔年份〕序号”填写，例如 乌水预〔2026〕12号。",
        )
    if int(form["year"]) != issued_on.year:
        raise Refusal(
            "papers.number_year",
            f"文号里的年份是 {form['year']}，印发日期却在 {issued_on.year} 年。",
            field="number",
            remedy="请核对文号和印发日期。",
            facts={"number": number, "issued_on": issued_on},
        )
    if issued_on < date(year - 1, 12, 1):
        raise Refusal(
            "papers.issued_too_early",
            f"{year} 年度的文书不会在 {issued_on} 印发。",
            field="issued_on",
            remedy="请核对印发日期。",
        )
    if not signer.strip():
        raise Refusal(
            "papers.no_signer", "还没有填签发人。", field="signer", remedy="请填写后再下达。"
        )


def check_can_number(state: PaperState, number: str) -> None:
    """A paper is numbered once; what is printed and sent keeps its number."""
    if state is not PaperState.WAITING:
        raise Refusal(
            "papers.numbered_already",
            f"这份文书已经编号（{number}）。" if number else "这类文书不编文号。",
            kind=Kind.CONFLICT,
            remedy="需要更正请另发一份更正文书。",
        )


def check_can_retry(state: PaperState) -> None:
    if state is not PaperState.FAILED:
        raise Refusal(
            "papers.not_failed",
            f"这份文书{state.label}，不用重新生成。",
            kind=Kind.CONFLICT,
            remedy="请刷新页面查看。",
        )


def check_delivery(
    state: PaperState, channel: Channel, sent_on: date, received_on: date | None, today: date
) -> None:
    """What is delivered exists; it goes out before it arrives, and neither is in the future."""
    if state is not PaperState.READY:
        raise Refusal(
            "papers.not_ready",
            f"这份文书{state.label}，还不能送达。",
            kind=Kind.CONFLICT,
            remedy="请等文书生成后再登记。",
        )
    if channel not in HAND_CHANNELS:
        raise Refusal(
            "papers.channel", f"{channel.label}送达由系统记录，不用登记。", field="channel"
        )
    if sent_on > today or (received_on or sent_on) > today:
        raise Refusal(
            "papers.delivered_in_future",
            f"送达日期不能晚于今天（{today}）。",
            field="received_on" if sent_on <= today else "sent_on",
        )
    if received_on is not None and received_on < sent_on:
        raise Refusal(
            "papers.received_before_sent",
            f"签收日期 {received_on} 早于发出日期 {sent_on}。",
            field="received_on",
            remedy="请核对两个日期。",
        )


# -- attachments -----------------------------------------------------------------------------------

MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
MAX_NAME_LETTERS = 120

MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.ms-excel": (".xls", ".et"),
    "application/msword": (".doc", ".wps"),
    "application/ofd": (".ofd",),
}
"""What may be attached, by what it is, and the endings its name may have. OFD is the e-seal's format."""

_ZIP_PARTS = (
    (b"xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (
        b"word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (b"OFD.xml", "application/ofd"),
)
_OLE_PARTS = (("Workbook", "application/vnd.ms-excel"), ("WordDocument", "application/msword"))
_MACROS = (b"vbaProject.bin", "_VBA_PROJECT".encode("utf-16-le"))


def media_type(content: bytes) -> str:
    """What the bytes are, whatever they are called; '' for anything that may not be attached."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"PK\x03\x04"):
        return next((kind for part, kind in _ZIP_PARTS if part in content), "")
    if content.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return next((k for part, k in _OLE_PARTS if part.encode("utf-16-le") in content), "")
    return ""


def check_attachment(name: str, content: bytes) -> str:
    """The media type of an upload that may be kept; otherwise a Refusal that says why not."""
    ending = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if not content:
        raise Refusal(
            "attachment.empty", f"“{name}”是空文件。", field="file", remedy="请重新选择。"
        )
    if len(content) > MAX_ATTACHMENT_BYTES:
        raise Refusal(
            "attachment.too_big",
            f"“{name}”超过 {MAX_ATTACHMENT_BYTES // 1024**2} MB。",
            field="file",
            remedy="请压缩扫描件的分辨率，或分成几个文件上传。",
        )
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<" or ending in {".svg", ".htm", ".html", ".xml"}:
        raise Refusal(
            "attachment.web_page",
            f"“{name}”是网页或 SVG 图形，里面可以藏程序，不能上传。",
            field="file",
            remedy="请另存为 PDF，或截图存成 PNG 后上传。",
        )
    kind = media_type(content)
    if not kind:
        raise Refusal(
            "attachment.type",
            f"不能上传“{name}”这类文件。",
            field="file",
            remedy="可以上传 PDF、JPG、PNG、Word、Excel 和 OFD 文件。",
        )
    if any(mark in content for mark in _MACROS):
        raise Refusal(
            "attachment.macros",
            f"“{name}”带有宏程序，不能上传。",
            field="file",
            remedy="请另存为不带宏的 .docx 或 .xlsx，或存成 PDF。",
        )
    if ending not in MEDIA_TYPES[kind]:
        raise Refusal(
            "attachment.ending",
            f"“{name}”的内容其实是 {MEDIA_TYPES[kind][0]} 文件。",
            field="file",
            remedy="请把文件名改成对应的后缀，或另存为正确的格式。",
        )
    return kind


def tidy_name(name: str) -> str:
    """The original name without folders and control characters, at most 120 letters, ending kept."""
    last = re.split(r"[\\/]", name)[-1]
    clean = "".join(c for c in last if c.isprintable()).strip(" .") or "附件"
    stem, dot, ending = clean.rpartition(".")
    if not dot:
        return clean[:MAX_NAME_LETTERS]
    ending = ending[:10]
    return f"{stem[: MAX_NAME_LETTERS - len(ending) - 1]}.{ending}"


# -- messages --------------------------------------------------------------------------------------

MAX_MESSAGE_LETTERS = 500


def check_message(channel: Channel, recipient: str, text: str) -> None:
    if channel not in MESSAGE_CHANNELS:
        raise AssertionError(f"{channel} carries no message")
    if not recipient.strip():
        raise Refusal(
            "message.no_recipient",
            "没有登记手机号或邮箱，消息发不出去。",
            remedy="请先补登联系方式，或者打电话。",
        )
    if len(text) > MAX_MESSAGE_LETTERS:
        raise Refusal(
            "message.too_long",
            f"消息有 {len(text)} 个字，最多 {MAX_MESSAGE_LETTERS} 个字。",
            field="text",
        )
