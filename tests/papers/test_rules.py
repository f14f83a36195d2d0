"""Numbers, deliveries, attachments: what the rules of papers accept, and the sentence when they do not."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from datetime import date

import pytest

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import Volume
from shuiheng.papers import rules
from shuiheng.papers.rules import Channel, PaperKind, PaperState
from tests.papers.samples import FINAL_ACCOUNT, NOTICE, SAMPLES, heading


@pytest.mark.parametrize(
    "number", ["乌水预〔2026〕12号", "乌水预〔2026〕1号-1999", "米水〔2026〕105号"]
)
def test_a_proper_number_is_accepted(number: str) -> None:
    rules.check_number(number, "张三", date(2026, 2, 13), 2026)


@pytest.mark.parametrize(
    ("number", "signer", "issued_on", "code", "field"),
    [
        ("12号", "张三", date(2026, 2, 13), "papers.number_form", "number"),
        ("乌水预[2026]12号", "张三", date(2026, 2, 13), "papers.number_form", "number"),
        ("乌水预〔2026〕012号", "张三", date(2026, 2, 13), "papers.number_form", "number"),
        ("乌水预〔2026〕12号 ", "张三", date(2026, 2, 13), "papers.number_form", "number"),
        ("乌水预〔2025〕12号", "张三", date(2026, 2, 13), "papers.number_year", "number"),
        ("乌水预〔2025〕12号", "张三", date(2025, 11, 30), "papers.issued_too_early", "issued_on"),
        ("乌水预〔2026〕12号", " ", date(2026, 2, 13), "papers.no_signer", "signer"),
    ],
)
def test_an_improper_number_is_refused(
    number: str, signer: str, issued_on: date, code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check_number(number, signer, issued_on, 2026)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_only_a_waiting_paper_is_numbered_and_only_a_failed_one_tried_again() -> None:
    rules.check_can_number(PaperState.WAITING, "")
    rules.check_can_retry(PaperState.FAILED)
    for state in set(PaperState) - {PaperState.WAITING}:
        with pytest.raises(Refusal, match="乌水预"):
            rules.check_can_number(state, "乌水预〔2026〕1号")
    for state in set(PaperState) - {PaperState.FAILED}:
        with pytest.raises(Refusal, match="不用重新生成"):
            rules.check_can_retry(state)


TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("state", "channel", "sent_on", "received_on", "code"),
    [
        (PaperState.QUEUED, Channel.POST, TODAY, None, "papers.not_ready"),
        (PaperState.READY, Channel.SMS, TODAY, None, "papers.channel"),
        (PaperState.READY, Channel.POST, date(2026, 3, 3), None, "papers.delivered_in_future"),
        (PaperState.READY, Channel.POST, TODAY, date(2026, 3, 3), "papers.delivered_in_future"),
        (PaperState.READY, Channel.POST, TODAY, date(2026, 3, 1), "papers.received_before_sent"),
    ],
)
def test_a_delivery_that_cannot_be_is_refused(
    state: PaperState, channel: Channel, sent_on: date, received_on: date | None, code: str
) -> None:
    rules.check_delivery(PaperState.READY, Channel.POST, date(2026, 2, 20), TODAY, TODAY)
    with pytest.raises(Refusal) as refused:
        rules.check_delivery(state, channel, sent_on, received_on, TODAY)
    assert refused.value.code == code


def test_the_check_code_covers_heading_and_body() -> None:
    _, head, facts = SAMPLES["issue_notice"]
    body = rules.plain(facts)
    code = rules.check_code(rules.printed(head, body) | {"check": None})
    assert code != rules.printed(head, body)["check"], "the code is not taken over itself"
    codes = {
        rules.printed(head, body)["check"],
        rules.printed(dataclasses.replace(head, number="乌水预〔2026〕13号"), body)["check"],
        rules.printed(head, {**body, "phone": "0991-1111111"})["check"],
    }
    assert len(codes) == 3
    assert all(len(str(c)) == 11 and str(c)[5] == "-" for c in codes)


def test_facts_that_do_not_add_up_are_our_own_bug() -> None:
    with pytest.raises(AssertionError):
        dataclasses.replace(NOTICE, months=(Volume(1), *NOTICE.months[1:]))
    with pytest.raises(AssertionError):
        dataclasses.replace(FINAL_ACCOUNT, by_basis=(("计量", Volume(1)),))
    with pytest.raises(AssertionError):
        rules.Annex(
            title="",
            row_label="",
            columns=("甲", "乙"),
            rows=(rules.AnnexRow(name="x", figures=(Volume(1),)),),
        )


def test_the_rules_of_a_notice_name_its_year_and_its_deadline() -> None:
    words = "".join(rules.notice_rules(2026, date(2026, 12, 15)))
    assert "2026年度" in words
    assert "2026年12月15日" in words
    assert "启用预留水预算指标或者通过用水权交易" in words, "the two cases of 四(五), no third"


def test_official_papers_are_those_that_somebody_numbers() -> None:
    assert {kind for kind in PaperKind if kind.needs_number} == set(rules.NUMBERED_BY)
    assert set(rules.FACTS_OF) == set(PaperKind)
    assert heading("x").number == ""


# -- attachments ----------------------------------------------------------------------------------


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
GOOD = {
    "回执.PDF": b"%PDF-1.7 x",
    "现场.jpeg": b"\xff\xd8\xff\xe0x",
    "图.png": b"\x89PNG\r\n\x1a\nx",
    "表.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "函.docx": zipped("[Content_Types].xml", "word/document.xml"),
    "证照.ofd": zipped("OFD.xml", "Doc_0/Document.xml"),
    "旧表.xls": OLE + "Workbook".encode("utf-16-le"),
    "旧函.doc": OLE + "WordDocument".encode("utf-16-le"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_offices_send_is_accepted(name: str) -> None:
    assert rules.check_attachment(name, GOOD[name]) in rules.MEDIA_TYPES


BAD = {
    "空.pdf": (b"", "attachment.empty"),
    "大.pdf": (b"%PDF-" + bytes(rules.MAX_ATTACHMENT_BYTES), "attachment.too_big"),
    "图.svg": (b'<svg onload="x">', "attachment.web_page"),
    "图.png": (b"\xef\xbb\xbf \n<svg>", "attachment.web_page"),
    "页.html": (b"%PDF-1.7", "attachment.web_page"),
    "程序.exe": (b"MZ\x90", "attachment.type"),
    "包.zip": (zipped("a.txt"), "attachment.type"),
    "动图.gif": (b"GIF89a", "attachment.type"),
    "宏.xlsx": (zipped("xl/workbook.xml", "xl/vbaProject.bin"), "attachment.macros"),
    "旧宏.xls": (
        GOOD["旧表.xls"] + "_VBA_PROJECT".encode("utf-16-le"),
        "attachment.macros",
    ),
    "照片.pdf": (b"\xff\xd8\xff\xe0", "attachment.ending"),
    "没有后缀": (b"%PDF-1.7", "attachment.ending"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_could_do_harm_is_refused_in_words(name: str) -> None:
    content, code = BAD[name]
    with pytest.raises(Refusal) as refused:
        rules.check_attachment(name, content)
    assert refused.value.code == code
    assert name in refused.value.sentence
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        (r"C:\Users\张三\回执 1.pdf", "回执 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("...", "附件"),
        ("长" * 200 + ".pdf", "长" * 116 + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * 10),
    ],
)
def test_names_lose_what_is_no_name(name: str, tidy: str) -> None:
    assert rules.tidy_name(name) == tidy
    assert len(rules.tidy_name(name)) <= rules.MAX_NAME_LETTERS


def test_messages_have_a_recipient_and_an_end() -> None:
    rules.check_message(Channel.SMS, "13900000000", "x" * rules.MAX_MESSAGE_LETTERS)
    with pytest.raises(Refusal, match="没有登记手机号"):
        rules.check_message(Channel.SMS, " ", "x")
    with pytest.raises(Refusal, match="最多 500 个字"):
        rules.check_message(Channel.SMS, "1", "x" * 501)
    with pytest.raises(AssertionError):
        rules.check_message(Channel.POST, "1", "x")


@pytest.mark.parametrize(("number", "words"), [("水发〔2026〕9号", "已经编号"), ("", "不编文号")])
def test_a_paper_is_numbered_once(number: str, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        rules.check_can_number(rules.PaperState.READY, number)
    assert refused.value.code == "papers.numbered_already"
    rules.check_can_number(rules.PaperState.WAITING, number)


def test_a_message_too_long_says_both_lengths() -> None:
    with pytest.raises(Refusal, match="消息有 501 个字，最多 500 个字") as refused:
        rules.check_message(Channel.SMS, "13900000000", "x" * 501)
    assert refused.value.code == "message.too_long"
