"""A paper's life: frozen, numbered, typeset once, served as it is, delivered; files and messages beside it."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Installation
from shuiheng.papers import jobs, selectors, services, store, typeset
from shuiheng.papers.models import Attachment, Delivery, Paper
from shuiheng.papers.rules import Channel, DeliveryState, PaperKind, PaperState
from shuiheng.papers.selectors import PaperSearch, Want
from tests.papers import pdf_text
from tests.papers.conftest import NOW, MakePaper, Town
from tests.papers.samples import CLAIM_CODES, DRAFT, ISSUER, NOTICE, RARE_NAME

Jobs = list[tuple[str, dict[str, Any]]]
ISSUED_ON = date(2026, 2, 13)


def number(
    paper: Paper, actor: Actor, number: str = "乌水预〔2026〕13号", key: str = "n1"
) -> Paper:
    return services.number_paper(
        paper.pk, number=number, signer="张三", issued_on=ISSUED_ON, actor=actor, now=NOW, key=key
    )


# -- making and numbering -------------------------------------------------------------------------


def test_a_numbered_paper_is_queued_and_typeset(make_notice: MakePaper, deferred: Jobs) -> None:
    paper = make_notice()
    assert paper.state == PaperState.QUEUED
    assert deferred == [("papers.render", {"paper_id": paper.pk})]
    jobs.render(paper.pk)
    paper.refresh_from_db()
    assert paper.state == PaperState.READY
    text = pdf_text.text(store.fetch(paper.file, paper.digest))
    assert "乌水预〔2026〕12号" in text
    assert f"校验码 {paper.check_code}" in text
    assert "演示数据，不作为管理依据" in text, "the test database is a demo one"


def test_the_same_key_gives_the_same_paper(make_notice: MakePaper, deferred: Jobs) -> None:
    assert make_notice().pk == make_notice().pk
    assert len(deferred) == 1


def test_an_official_paper_waits_for_its_number(
    make_notice: MakePaper, town: Town, deferred: Jobs
) -> None:
    paper = make_notice("")
    assert (paper.state, paper.issued_on, deferred) == (PaperState.WAITING, None, [])
    jobs.render(paper.pk)
    paper.refresh_from_db()
    assert paper.state == PaperState.WAITING, "nothing is printed without a number"
    numbered = number(paper, town.city_reviewer)
    assert (numbered.number, numbered.issued_on) == ("乌水预〔2026〕13号", ISSUED_ON)
    assert deferred == [("papers.render", {"paper_id": paper.pk})]
    assert number(paper, town.city_reviewer).pk == paper.pk, "a second click finds the first"
    with pytest.raises(Refusal, match="已经编号"):
        number(paper, town.city_reviewer, "乌水预〔2026〕14号", key="n2")


@pytest.mark.parametrize("who", ["clerk", "county", "county_reviewer", "elsewhere"])
def test_only_who_issues_may_number_a_notice(make_notice: MakePaper, town: Town, who: str) -> None:
    paper = make_notice("")
    with pytest.raises(Refusal) as refused:
        number(paper, getattr(town, who))
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_number_is_used_once_by_an_issuer(make_notice: MakePaper, town: Town) -> None:
    make_notice("乌水预〔2026〕12号")
    with pytest.raises(Refusal) as refused:
        make_notice("乌水预〔2026〕12号", key="another")
    assert (refused.value.code, refused.value.field) == ("papers.number_taken", "number")
    make_notice("乌水预〔2026〕12号", key="third", issuer="米东区水务局")
    waiting = make_notice("")
    with pytest.raises(Refusal, match="已经用在"):
        number(waiting, town.city_reviewer, "乌水预〔2026〕12号")
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.filter(pk=waiting.pk).update(number="乌水预〔2026〕12号")


def test_a_form_needs_no_number(town: Town, deferred: Jobs) -> None:
    paper = services.create_paper(
        PaperKind.DRAFT,
        DRAFT,
        title="2027年度水预算申报表",
        issuer=RARE_NAME,
        holder=RARE_NAME,
        area=town.district,
        unit_id=town.unit_id,
        year=2027,
        subject="budget/18",
        actor=town.clerk,
        now=NOW,
        key="draft:18:1",
    )
    assert (paper.state, paper.issued_on) == (PaperState.QUEUED, date(2026, 2, 20))


def test_data_and_kind_go_together(make_notice: MakePaper) -> None:
    with pytest.raises(AssertionError):
        make_notice(facts=DRAFT)


# -- typesetting ----------------------------------------------------------------------------------


def test_typesetting_twice_changes_nothing(
    make_notice: MakePaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = make_notice()
    jobs.render(paper.pk)
    first = Paper.objects.get(pk=paper.pk)

    def never(*_: object) -> bytes:
        raise AssertionError("typeset a second time")

    monkeypatch.setattr(typeset, "render", never)
    jobs.render(paper.pk)
    again = Paper.objects.get(pk=paper.pk)
    assert (again.digest, again.file, again.state) == (first.digest, first.file, PaperState.READY)


def test_a_character_without_glyph_leaves_its_sentence(make_notice: MakePaper, town: Town) -> None:
    paper = make_notice(facts=dataclasses.replace(NOTICE, addressee="𪛖家合作社"))
    jobs.render(paper.pk)
    paper.refresh_from_db()
    assert paper.state == PaperState.FAILED
    assert "“𪛖”（U+2A6D6）" in paper.failure
    with pytest.raises(Refusal) as refused:
        selectors.pdf_of(paper.pk, town.county)
    assert paper.failure == refused.value.remedy


def test_a_failed_paper_is_tried_again_by_who_handles_it(
    make_notice: MakePaper, town: Town, deferred: Jobs
) -> None:
    paper = make_notice()
    services.give_up(paper.pk)
    with pytest.raises(Refusal):
        services.render_again(paper.pk, actor=town.clerk, now=NOW, key="r0")
    services.render_again(paper.pk, actor=town.county, now=NOW, key="r1")
    assert [name for name, _ in deferred] == ["papers.render"] * 2
    jobs.render(paper.pk)
    with pytest.raises(Refusal, match="不用重新生成"):
        services.render_again(paper.pk, actor=town.county, now=NOW, key="r2")


def test_a_bug_of_ours_is_said_on_the_paper(
    make_notice: MakePaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = make_notice()

    def broken(*_: object) -> bytes:
        raise AssertionError("typst: unknown variable")

    monkeypatch.setattr(typeset, "render", broken)
    with pytest.raises(AssertionError):
        jobs.render(paper.pk)
    paper.refresh_from_db()
    assert (paper.state, "排版程序出错" in paper.failure) == (PaperState.FAILED, True)


# -- serving --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("clerk", True),
        ("county", True),
        ("city_reviewer", True),
        ("other_clerk", False),
        ("elsewhere", False),
    ],
)
def test_a_paper_is_seen_where_it_belongs(
    make_notice: MakePaper, town: Town, who: str, sees: bool
) -> None:
    paper = make_notice()
    jobs.render(paper.pk)
    actor = getattr(town, who)
    assert selectors.papers(actor, PaperSearch()).exists() is sees
    if sees:
        assert selectors.pdf_of(paper.pk, actor)[1].startswith(b"%PDF-")
    else:
        with pytest.raises(Refusal) as refused:
            selectors.pdf_of(paper.pk, actor)
        assert refused.value.kind is Kind.MISSING


def test_an_altered_or_lost_file_is_never_served(
    make_notice: MakePaper, town: Town, files: Path
) -> None:
    paper = make_notice()
    jobs.render(paper.pk)
    [kept] = [path for path in files.rglob("*.pdf") if path.is_file()]
    good = kept.read_bytes()
    kept.write_bytes(good + b" ")
    with pytest.raises(Refusal, match="已被改动"):
        selectors.pdf_of(paper.pk, town.county)
    store.keep(good, folder="papers/2026", ending=".pdf")
    assert selectors.pdf_of(paper.pk, town.county)[1] == good, "keeping it again repairs it"
    kept.unlink()
    with pytest.raises(Refusal, match="找不到"):
        selectors.pdf_of(paper.pk, town.county)


def test_the_list_searches_and_filters(make_notice: MakePaper, town: Town) -> None:
    first = make_notice("乌水预〔2026〕12号")
    second = make_notice("", holder=RARE_NAME, key="second")
    jobs.render(first.pk)
    first.refresh_from_db()

    def found(**search: Any) -> set[int]:
        return {p.pk for p in selectors.papers(town.county, PaperSearch(**search))}

    assert found() == {first.pk, second.pk}
    assert found(year=2025) == set()
    assert found(kind=PaperKind.ISSUE_NOTICE, year=2026) == {first.pk, second.pk}
    assert found(kind=PaperKind.DRAFT) == set()
    assert found(words="堃珺赟") == {second.pk}
    assert found(words="12号 石化") == {first.pk}
    assert found(words=first.check_code.lower()) == {first.pk}
    assert found(want=Want.WAITING) == {second.pk}
    assert found(want=Want.FAILED) == set()
    assert found(want=Want.UNRECEIVED) == {first.pk}
    services.acknowledge(first.pk, actor=town.clerk, now=NOW, key="a1")
    assert found(want=Want.UNRECEIVED) == set()
    assert [p.received for p in selectors.papers(town.county, PaperSearch(words="12号"))] == [True]
    assert list(selectors.not_received(town.county, 2026)) == []
    assert selectors.years(town.county) == [2026]


def test_duties_follow_what_papers_still_need(make_notice: MakePaper, town: Town) -> None:
    def asked(actor: Actor) -> list[tuple[str, str]]:
        return [(duty.what, duty.detail) for duty in selectors.duties(actor, NOW)]

    paper = make_notice("")
    assert asked(town.city_reviewer) == [("填写文号", "1 份文书待编文号")]
    assert asked(town.county) == asked(town.clerk) == []
    number(paper, town.city_reviewer)
    jobs.render(paper.pk)
    failed = make_notice("乌水预〔2026〕9号")
    services.give_up(failed.pk)
    assert asked(town.county) == [
        ("重新生成文书", "1 份没有生成"),
        ("登记文书送达", "1 份还没有人签收"),
    ]
    assert asked(town.clerk) == [("签收文书", paper.title)]
    assert asked(town.elsewhere) == asked(town.other_clerk) == []
    services.acknowledge(paper.pk, actor=town.clerk, now=NOW, key="a1")
    assert asked(town.clerk) == []
    assert asked(town.county) == [("重新生成文书", "1 份没有生成")]


# -- delivery -------------------------------------------------------------------------------------


def deliver(paper: Paper, actor: Actor, channel: Channel, key: str, **more: Any) -> Delivery:
    words = {"recipient": "李四", "sent_on": ISSUED_ON, "received_on": None} | more
    return services.record_delivery(paper.pk, channel, **words, actor=actor, now=NOW, key=key)


def test_a_delivery_is_recorded_once(make_notice: MakePaper, town: Town) -> None:
    paper = make_notice()
    with pytest.raises(Refusal, match="还不能送达"):
        deliver(paper, town.county, Channel.POST, "d0")
    jobs.render(paper.pk)
    posted = deliver(paper, town.county, Channel.POST, "d1")
    assert (posted.state, posted.received_at) == (DeliveryState.SENT, None)
    assert deliver(paper, town.county, Channel.POST, "d1").pk == posted.pk
    handed = deliver(paper, town.county, Channel.IN_PERSON, "d2")
    assert handed.state == DeliveryState.RECEIVED, "by hand it is received at once"
    assert paper.deliveries.count() == 2
    with pytest.raises(Refusal) as refused:
        deliver(paper, town.clerk, Channel.POST, "d3")
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_unit_signs_for_its_own_paper_once(make_notice: MakePaper, town: Town) -> None:
    paper = make_notice()
    with pytest.raises(Refusal, match="还没有生成"):
        services.acknowledge(paper.pk, actor=town.clerk, now=NOW, key="a0")
    jobs.render(paper.pk)
    first = services.acknowledge(paper.pk, actor=town.clerk, now=NOW, key="a1")
    second = services.acknowledge(paper.pk, actor=town.clerk, now=NOW, key="a2")
    assert first.pk == second.pk
    assert (first.channel, first.state, first.received_at) == (
        Channel.ON_LINE,
        DeliveryState.RECEIVED,
        NOW,
    )
    for stranger in (town.other_clerk, town.county):
        with pytest.raises(Refusal):
            services.acknowledge(paper.pk, actor=stranger, now=NOW, key=f"a{stranger.name}")


# -- attachments ----------------------------------------------------------------------------------


def attach(town: Town, name: str, content: bytes, actor: Actor | None = None) -> Attachment:
    return services.attach(
        name,
        content,
        subject="budget/17",
        area=town.district,
        unit_id=town.unit_id,
        permission=Permission.BUDGET_DRAFT,
        actor=actor or town.clerk,
        now=NOW,
    )


def test_an_attachment_is_kept_once_and_served_as_it_was(town: Town) -> None:
    scan = b"%PDF-1.4 stamped"
    kept = attach(town, r"C:\扫描\申报表.pdf", scan)
    assert (kept.name, kept.size, kept.media_type) == ("申报表.pdf", 16, "application/pdf")
    assert attach(town, "申报表.pdf", scan).pk == kept.pk
    assert attach(town, "申报表2.pdf", scan).file == kept.file, "the same bytes are stored once"
    assert len(selectors.attachments_of("budget/17")) == 2
    assert selectors.attachment_of(kept.pk, town.county)[1] == scan
    for stranger in (town.other_clerk, town.elsewhere):
        with pytest.raises(Refusal) as refused:
            selectors.attachment_of(kept.pk, stranger)
        assert refused.value.kind is Kind.MISSING


def test_nothing_is_kept_of_what_is_refused(town: Town, files: Path) -> None:
    with pytest.raises(Refusal, match="网页或 SVG"):
        attach(town, "图.svg", b"<svg/>")
    with pytest.raises(Refusal) as refused:
        attach(town, "a.pdf", b"%PDF-", actor=town.other_clerk)
    assert refused.value.kind is Kind.FORBIDDEN
    assert not list(files.rglob("*.*"))
    assert not Attachment.objects.exists()


# -- messages -------------------------------------------------------------------------------------


def message(town: Town, key: str = "remind:17") -> Delivery:
    return services.send_message(
        "请在12月15日前报送决算。",
        channel=Channel.SMS,
        recipient="李四",
        address="13900000000",
        area=town.district,
        unit_id=town.unit_id,
        now=NOW,
        key=key,
    )


def as_real() -> None:
    Installation.objects.update(kind=Installation.Kind.REAL, business_date=None)


def test_a_demo_database_only_notes_the_message(town: Town, deferred: Jobs) -> None:
    delivery = message(town)
    assert message(town).pk == delivery.pk
    assert deferred == [("papers.send", {"delivery_id": delivery.pk})]
    jobs.deliver(delivery.pk, now=NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at) == (DeliveryState.SENT, NOW)
    assert "没有真的发出" in delivery.note


sent: list[tuple[str, str, str]] = []


def good_sender(address: str, text: str, key: str) -> None:
    sent.append((address, text, key))


def bad_sender(address: str, text: str, key: str) -> None:
    raise ConnectionError("余额不足")


@pytest.mark.parametrize(
    ("backend", "state", "note"),
    [
        ("", DeliveryState.FAILED, "没有配置短信通道"),
        ("good_sender", DeliveryState.SENT, ""),
        ("bad_sender", DeliveryState.FAILED, "通道拒绝：余额不足"),
    ],
)
def test_a_real_database_uses_the_sender_it_was_given(
    town: Town,
    deferred: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    state: DeliveryState,
    note: str,
) -> None:
    as_real()
    sent.clear()
    monkeypatch.setenv("SHUIHENG_SMS_BACKEND", f"{__name__}.{backend}" if backend else "")
    delivery = message(town)
    jobs.deliver(delivery.pk, now=NOW)
    jobs.deliver(delivery.pk, now=NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.note) == (state, note)
    told = [("13900000000", delivery.text, "remind:17")]
    assert sent == (told if backend == "good_sender" else []), "once, though the job ran twice"


def test_an_interrupted_message_is_never_sent_again(
    town: Town, deferred: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_real()
    sent.clear()
    monkeypatch.setenv("SHUIHENG_SMS_BACKEND", f"{__name__}.good_sender")
    delivery = message(town)
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.SENDING)
    jobs.deliver(delivery.pk, now=NOW)
    delivery.refresh_from_db()
    assert (delivery.state, sent) == (DeliveryState.FAILED, [])
    assert "电话核实" in delivery.note


def test_claim_codes_are_printed_and_kept_nowhere(town: Town, files: Path) -> None:
    pdf = services.claim_code_sheet(CLAIM_CODES, title="账号领取码", issuer=ISSUER, now=NOW)
    assert "k7pm-3xq2" in pdf_text.text(pdf)
    assert not Paper.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]
