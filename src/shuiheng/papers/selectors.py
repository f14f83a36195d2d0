"""Reading papers: the 文书 list, one paper with its deliveries, what a document has attached."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.papers import store
from shuiheng.papers.models import Attachment, Delivery, Paper
from shuiheng.papers.rules import DeliveryState, PaperKind, PaperState


@dataclass(frozen=True, slots=True)
class PaperSearch:
    """The words of the list's address. `waiting`: only what somebody still has to do something about."""

    year: int | None = None
    kind: PaperKind | None = None
    words: str = ""
    waiting: bool = False


def papers(actor: Actor, search: PaperSearch) -> QuerySet[Paper]:
    """The papers a person may see, newest first, each with `received`: whether it has been signed for."""
    received = Delivery.objects.filter(paper=OuterRef("pk"), state=DeliveryState.RECEIVED)
    rows = (
        Paper.objects.visible_to(actor).select_related("area").annotate(received=Exists(received))
    )
    if search.year is not None:
        rows = rows.filter(year=search.year)
    if search.kind is not None:
        rows = rows.filter(kind=search.kind)
    for word in search.words.split():
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(holder__icontains=word)
            | Q(number__icontains=word)
            | Q(check_code__istartswith=word)
        )
    if search.waiting:
        rows = rows.filter(
            Q(state__in=[PaperState.WAITING, PaperState.FAILED])
            | Q(received=False, number__isnull=False)
        )
    return rows.order_by("-issued_on", "-pk")


def years(actor: Actor) -> list[int]:
    """The budget years of which the person may see papers, latest first."""
    found = Paper.objects.visible_to(actor).order_by("-year").values_list("year", flat=True)
    return list(found.distinct())


def paper(paper_id: int, actor: Actor) -> Paper:
    """One paper the person may see; anything else is missing, not forbidden."""
    rows = Paper.objects.visible_to(actor).select_related("area", "created_by")
    row = rows.filter(pk=paper_id).first()
    if row is None:
        raise _not_found("文书")
    return row


def pdf_of(paper_id: int, actor: Actor) -> tuple[Paper, bytes]:
    """A paper with its kept bytes: a reprint is identical to the first."""
    row = paper(paper_id, actor)
    require(actor, Permission.BUDGET_VIEW, row.place)
    if row.state_term is not PaperState.READY:
        raise Refusal(
            "papers.not_ready",
            f"这份文书{row.state_term.label}，还没有可以下载的文件。",
            kind=Kind.CONFLICT,
            remedy=row.failure or "请稍等片刻再试。",
        )
    return row, store.fetch(row.file, row.digest)


def attachment_of(attachment_id: int, actor: Actor) -> tuple[Attachment, bytes]:
    """An attachment with its kept bytes, for somebody who may see its document."""
    rows = Attachment.objects.visible_to(actor).select_related("area")
    row = rows.filter(pk=attachment_id).first()
    if row is None:
        raise _not_found("附件")
    require(actor, Permission.BUDGET_VIEW, row.place)
    return row, store.fetch(row.file, row.digest)


def papers_about(subject: str) -> list[Paper]:
    """The papers of one document ('budget/17'), oldest first."""
    return list(Paper.objects.filter(subject=subject).select_related("area").order_by("pk"))


def attachments_of(subject: str) -> list[Attachment]:
    return list(Attachment.objects.filter(subject=subject).order_by("pk"))


def not_received(actor: Actor, year: int) -> QuerySet[Paper]:
    """Numbered papers that nobody has signed for yet (USERS 8)."""
    received = Delivery.objects.filter(paper=OuterRef("pk"), state=DeliveryState.RECEIVED)
    rows = Paper.objects.visible_to(actor).select_related("area")
    return rows.filter(~Exists(received), year=year, number__isnull=False).order_by("issued_on")


def _not_found(what: str) -> Refusal:
    return Refusal(
        "papers.not_found",
        f"没有这份{what}，或者它不在您可以查看的范围里。",
        kind=Kind.MISSING,
        remedy="请从文书列表重新进入。",
    )
