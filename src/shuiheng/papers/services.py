"""Making papers, numbering them, attaching files, recording what reached whom.

`create_paper`, `attach` and `send_message` run inside the caller's transaction and act: whoever decides the
matter has asked its permission. What a person does to a paper itself is an act of its own here.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from shuiheng.core.access import SYSTEM, Actor, Permission, require
from shuiheng.core.clock import beijing_date, beijing_noon
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Area, Installation
from shuiheng.office.selectors import installation
from shuiheng.office.services import begin_act, finish_act, later
from shuiheng.papers import rules, store, typeset
from shuiheng.papers.models import Attachment, Delivery, Paper
from shuiheng.papers.rules import Channel, DeliveryState, PaperKind, PaperState

MARKS = {Installation.Kind.DEMO: "演示数据", Installation.Kind.PRACTICE: "练习数据"}


def create_paper(
    kind: PaperKind,
    facts: rules.Facts,
    *,
    title: str,
    issuer: str,
    holder: str,
    area: Area,
    unit_id: int | None,
    year: int,
    subject: str,
    number: str = "",
    signer: str = "",
    seal: str = "",
    issued_on: date | None = None,
    actor: Actor,
    now: datetime,
    key: str,
) -> Paper:
    """Freeze what a paper says; it is typeset by a job. The same key gives the same paper again.

    `subject` is the document it speaks of ('budget/17'). An official paper without a number waits for
    `number_paper`; any other is dated `issued_on`, or today.
    """
    assert isinstance(facts, rules.FACTS_OF[kind]), f"{kind} prints {rules.FACTS_OF[kind].__name__}"
    waiting = kind.needs_number and not number
    dated = None if waiting else issued_on or beijing_date(now)
    if number and dated is not None:
        rules.check_number(number, signer, dated, year)
        _check_number_is_free(issuer, number, key)
    paper, made = Paper.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "state": PaperState.WAITING if waiting else PaperState.QUEUED,
            "year": year,
            "issuer": issuer,
            "number": number or None,
            "title": title,
            "holder": holder,
            "signer": signer,
            "issued_on": dated,
            "mark": _mark(),
            "seal": seal,
            "area": area,
            "unit_id": unit_id,
            "subject": subject,
            "data": rules.plain(facts),
            "created_at": now,
            "created_by_id": actor.user_id or None,
        },
    )
    if made and not waiting:
        _queue(paper)
    return paper


@transaction.atomic
def number_paper(
    paper_id: int,
    *,
    number: str,
    signer: str,
    issued_on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Paper:
    """编号: the 文号, 签发人 and 印发日期 that the bureau's own document system gave (USERS 8)."""
    args = {"paper": paper_id, "number": number, "signer": signer, "issued_on": issued_on}
    act = begin_act(key, "papers.number", actor=actor, now=now, args=args)
    paper = Paper.objects.locked().select_related("area").get(pk=paper_id)
    if act.done:
        return paper
    rules.check_can_number(paper.state_term, paper.number or "")
    require(actor, rules.NUMBERED_BY[paper.kind_term], paper.place)
    rules.check_number(number, signer, issued_on, paper.year)
    _check_number_is_free(paper.issuer, number, paper.key)
    paper.number, paper.signer, paper.issued_on = number, signer, issued_on
    paper.state = PaperState.QUEUED
    paper.save(update_fields=["number", "signer", "issued_on", "state"])
    _queue(paper)
    finish_act(act, f"paper/{paper.pk}", f"{paper.title}：{number}，签发人{signer}")
    return paper


@transaction.atomic
def render_again(paper_id: int, *, actor: Actor, now: datetime, key: str) -> Paper:
    """再试一次, after a paper could not be typeset; one that was is never made again."""
    act = begin_act(key, "papers.render_again", actor=actor, now=now, args={"paper": paper_id})
    paper = Paper.objects.locked().select_related("area").get(pk=paper_id)
    if act.done:
        return paper
    require(actor, Permission.PAPER_HANDLE, paper.place)
    rules.check_can_retry(paper.state_term)
    paper.state, paper.failure = PaperState.QUEUED, ""
    paper.save(update_fields=["state", "failure"])
    _queue(paper)
    finish_act(act, f"paper/{paper.pk}", "重新生成")
    return paper


@transaction.atomic
def typeset_paper(paper_id: int) -> Paper:
    """Typeset a queued paper and keep its bytes; what is ready already stays as it is.

    A character without a glyph leaves the paper failed, with the sentence that says what to do.
    """
    paper = Paper.objects.locked().get(pk=paper_id)
    if paper.state_term is not PaperState.QUEUED:
        return paper
    content = rules.printed(paper.heading(), paper.data)
    try:
        pdf = typeset.render(paper.kind, content)
    except Refusal as refusal:
        paper.state, paper.failure = PaperState.FAILED, str(refusal)
        paper.save(update_fields=["state", "failure"])
        return paper
    paper.check_code = str(content["check"])
    paper.file, paper.digest = store.keep(pdf, folder=f"papers/{paper.year}", ending=".pdf")
    paper.state = PaperState.READY
    paper.save(update_fields=["check_code", "file", "digest", "state"])
    return paper


def claim_code_sheet(
    facts: rules.ClaimCodesFacts, *, title: str, issuer: str, now: datetime
) -> bytes:
    """Cards with claim codes, for the printer only: neither the codes nor the sheet are kept."""
    heading = rules.Heading(issuer=issuer, title=title, dated=beijing_date(now), mark=_mark())
    content = {**rules.printed(heading, rules.plain(facts)), "check": ""}
    return typeset.render("claim_codes", content)


def attach(
    name: str,
    content: bytes,
    *,
    subject: str,
    area: Area,
    unit_id: int | None,
    permission: Permission,
    actor: Actor,
    now: datetime,
) -> Attachment:
    """Keep an upload with its document; the same file attached twice is one attachment.

    `permission` is the one by which the person may work on that document.
    """
    tidy = rules.tidy_name(name)
    kind = rules.check_attachment(tidy, content)
    attachment = Attachment(area=area, unit_id=unit_id, subject=subject, name=tidy)
    require(actor, permission, attachment.place)
    file, digest = store.keep(content, folder="attachments", ending=rules.MEDIA_TYPES[kind][0])
    kept, _ = Attachment.objects.get_or_create(
        subject=subject,
        digest=digest,
        name=tidy,
        defaults={
            "area": area,
            "unit_id": unit_id,
            "size": len(content),
            "media_type": kind,
            "file": file,
            "uploaded_by_id": actor.user_id or None,
            "uploaded_at": now,
        },
    )
    return kept


@transaction.atomic
def record_delivery(
    paper_id: int,
    channel: Channel,
    *,
    recipient: str,
    sent_on: date,
    received_on: date | None,
    note: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> Delivery:
    """送达登记: given by hand, posted or read out, with the day it was signed for (USERS 8)."""
    args = {"paper": paper_id, "channel": channel, "recipient": recipient, "sent_on": sent_on}
    act = begin_act(key, "papers.deliver", actor=actor, now=now, args={**args, "on": received_on})
    if act.done:
        return Delivery.objects.get(pk=act.outcome.subject_id)
    paper = Paper.objects.locked().select_related("area").get(pk=paper_id)
    require(actor, Permission.PAPER_HANDLE, paper.place)
    rules.check_delivery(paper.state_term, channel, sent_on, received_on, beijing_date(now))
    received = received_on if channel is Channel.POST else received_on or sent_on
    delivery = Delivery.objects.create(
        paper=paper,
        area=paper.area,
        unit_id=paper.unit_id,
        channel=channel,
        recipient=recipient,
        state=DeliveryState.RECEIVED if received else DeliveryState.SENT,
        sent_at=beijing_noon(sent_on),
        received_at=beijing_noon(received) if received else None,
        note=note,
        key=f"act:{act.pk}",
        recorded_by_id=actor.user_id or None,
        recorded_at=now,
    )
    finish_act(act, f"delivery/{delivery.pk}", f"{paper.title}：{channel.label}送达{recipient}")
    return delivery


@transaction.atomic
def acknowledge(paper_id: int, *, actor: Actor, now: datetime, key: str) -> Delivery:
    """站内签收: the unit's own person confirms that the paper has reached it."""
    act = begin_act(key, "papers.acknowledge", actor=actor, now=now, args={"paper": paper_id})
    if act.done:
        return Delivery.objects.get(pk=act.outcome.subject_id)
    paper = Paper.objects.locked().select_related("area").get(pk=paper_id)
    require(actor, Permission.PAPER_ACKNOWLEDGE, paper.place)
    if paper.state_term is not PaperState.READY:
        raise Refusal(
            "papers.not_ready",
            "文书还没有生成，不能签收。",
            kind=Kind.CONFLICT,
            remedy="请稍后再试。",
        )
    delivery, _ = Delivery.objects.get_or_create(
        key=f"paper:{paper.pk}:on_line",
        defaults={
            "paper": paper,
            "area": paper.area,
            "unit_id": paper.unit_id,
            "channel": Channel.ON_LINE,
            "recipient": actor.name,
            "state": DeliveryState.RECEIVED,
            "sent_at": now,
            "received_at": now,
            "recorded_by_id": actor.user_id or None,
            "recorded_at": now,
        },
    )
    finish_act(act, f"delivery/{delivery.pk}", f"{actor.name}签收{paper.title}")
    return delivery


def send_message(
    text: str,
    *,
    channel: Channel,
    recipient: str,
    address: str,
    area: Area,
    unit_id: int | None = None,
    paper: Paper | None = None,
    actor: Actor = SYSTEM,
    now: datetime,
    key: str,
) -> Delivery:
    """Send a text once: the same key never sends again. A job hands it to the installation's sender."""
    rules.check_message(channel, address, text)
    delivery, made = Delivery.objects.get_or_create(
        key=key,
        defaults={
            "paper": paper,
            "area": area,
            "unit_id": unit_id,
            "channel": channel,
            "recipient": recipient,
            "address": address,
            "text": text,
            "state": DeliveryState.QUEUED,
            "recorded_by_id": actor.user_id or None,
            "recorded_at": now,
        },
    )
    if made:
        later("papers.send", delivery_id=delivery.pk)
    return delivery


def _queue(paper: Paper) -> None:
    later("papers.render", paper_id=paper.pk)


def _mark() -> str:
    return MARKS.get(Installation.Kind(installation().kind), "")


def _check_number_is_free(issuer: str, number: str, key: str) -> None:
    taken = Paper.objects.filter(issuer=issuer, number=number).exclude(key=key).first()
    if taken is not None:
        raise Refusal(
            "papers.number_taken",
            f"{issuer}的 {number} 已经用在《{taken.title}》上。",
            kind=Kind.CONFLICT,
            field="number",
            remedy="请核对文号，或换下一个号。",
            facts={"number": number},
        )


def give_up(paper_id: int) -> None:
    """Our own template failed: say so on the paper instead of letting it wait for ever."""
    Paper.objects.filter(pk=paper_id, state=PaperState.QUEUED).update(
        state=PaperState.FAILED,
        failure="排版程序出错，已经记录。请系统管理员查看任务日志，修好后再试一次。",
    )
