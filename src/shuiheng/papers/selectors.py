"""Reading papers: the 文书 list, one paper with its deliveries, what a document has attached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from shuiheng.core.access import Actor, Permission, require
from shuiheng.core.clock import beijing_date
from shuiheng.core.duty import DutyFact
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term
from shuiheng.papers import store
from shuiheng.papers.models import Attachment, Delivery, Paper
from shuiheng.papers.rules import NUMBERED_BY, DeliveryState, PaperKind, PaperState

MOST_DUTIES = 20


class Want(Term):
    """What somebody still has to do something about."""

    WAITING = "waiting", "待编文号"
    FAILED = "failed", "生成失败"
    UNRECEIVED = "unreceived", "未签收"


@dataclass(frozen=True, slots=True)
class PaperSearch:
    """The words of the list's address."""

    year: int | None = None
    kind: PaperKind | None = None
    words: str = ""
    want: Want | None = None


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
    match search.want:
        case Want.WAITING | Want.FAILED:
            rows = rows.filter(state=search.want.value)
        case Want.UNRECEIVED:
            rows = rows.filter(received=False, number__isnull=False, state=PaperState.READY)
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


def not_received(
    actor: Actor, year: int | None = None, *, permission: Permission = Permission.BUDGET_VIEW
) -> QuerySet[Paper]:
    """Numbered and ready papers that nobody has signed for yet, oldest first (USERS 8)."""
    received = Delivery.objects.filter(paper=OuterRef("pk"), state=DeliveryState.RECEIVED)
    rows = Paper.objects.visible_to(actor, permission).select_related("area")
    rows = rows.filter(~Exists(received), number__isnull=False, state=PaperState.READY)
    return (rows if year is None else rows.filter(year=year)).order_by("issued_on", "pk")


def duties(actor: Actor, now: datetime) -> list[DutyFact]:
    """What papers ask of a person today: a number, a second try, a delivery, a signature."""
    today = beijing_date(now)

    def duty(what: str, count: int, detail: str, verb: str, query: str) -> list[DutyFact]:
        if not count:
            return []
        return [DutyFact(today, what, f"{count:,} 份{detail}", verb, "papers:list", {}, query)]

    failed = Paper.objects.visible_to(actor, Permission.PAPER_HANDLE)
    away = not_received(actor, permission=Permission.PAPER_HANDLE)
    return [
        *duty("填写文号", _to_number(actor), "文书待编文号", "去编号", "?state=waiting"),
        *duty(
            "重新生成文书",
            failed.filter(state=PaperState.FAILED).count(),
            "没有生成",
            "去查看",
            "?state=failed",
        ),
        *duty("登记文书送达", away.count(), "还没有人签收", "去登记", "?state=unreceived"),
        *(
            DutyFact(today, "签收文书", row.title, "去签收", "papers:show", {"paper_id": row.pk})
            for row in not_received(actor, permission=Permission.PAPER_ACKNOWLEDGE)[:MOST_DUTIES]
        ),
    ]


def _to_number(actor: Actor) -> int:
    """How many papers wait for a number that this person may give."""
    kinds: dict[Permission, list[PaperKind]] = {}
    for kind, permission in NUMBERED_BY.items():
        kinds.setdefault(permission, []).append(kind)
    return sum(
        Paper.objects.visible_to(actor, permission)
        .filter(state=PaperState.WAITING, kind__in=allowed)
        .count()
        for permission, allowed in kinds.items()
    )


def _not_found(what: str) -> Refusal:
    return Refusal(
        "papers.not_found",
        f"没有这份{what}，或者它不在您可以查看的范围里。",
        kind=Kind.MISSING,
        remedy="请从文书列表重新进入。",
    )
