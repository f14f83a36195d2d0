"""文书: the list, one paper, its file, and what a person does with it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuiheng.core.access import Actor, Permission
from shuiheng.papers import rules, selectors, services
from shuiheng.papers.forms import DeliveryForm, NumberForm
from shuiheng.papers.models import Attachment, Delivery, Paper
from shuiheng.papers.rules import Channel, PaperKind, PaperState
from shuiheng.papers.selectors import PaperSearch, Want
from shuiheng.ui.forms import ActForm, Done, go, new_key, submit
from shuiheng.ui.parts import (
    Action,
    Chip,
    Crumb,
    Empty,
    Fact,
    Facts,
    Filter,
    Link,
    Message,
    Name,
    PageHead,
    Pages,
    Toolbar,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Row, Table

TONES = {
    PaperState.WAITING: "neutral",
    PaperState.QUEUED: "neutral",
    PaperState.READY: "normal",
    PaperState.FAILED: "warned",
}


@login_required
@require_safe
def paper_list(request: Any) -> HttpResponse:
    """文书: what has been printed, for whom, whether it has arrived."""
    search = _asked(request.GET)
    rows = selectors.papers(request.actor, search)
    pages = Pages(
        rows.count(), page_number(request.GET.get("page")), "份", query=request.GET.urlencode()
    )
    table = _list_table(list(rows[pages.start : pages.stop]))
    panel = Panel("全部文书", [table], toolbar=_toolbar(request.actor, search), pages=pages)
    return render(request, "papers/list.html", {"head": PageHead("文书"), "panel": panel})


@login_required
@require_safe
def show(request: Any, paper_id: int) -> HttpResponse:
    """One paper: what it is, where it stands, who has it."""
    paper = selectors.paper(paper_id, request.actor)
    deliveries = list(paper.deliveries.select_related("recorded_by"))
    context = {
        "head": _head(paper, request.actor, deliveries),
        "message": _message(paper),
        "facts": Panel("文书信息", [_facts(paper)], wide=False),
        "deliveries": Panel("送达", [_delivery_table(deliveries)]),
        "attachments": _attachments(selectors.attachments_of(f"paper/{paper.pk}")),
    }
    return render(request, "papers/show.html", context)


@login_required
@require_safe
def download(request: Any, paper_id: int) -> HttpResponse:
    """The kept bytes: a reprint is identical to the first."""
    paper, pdf = selectors.pdf_of(paper_id, request.actor)
    name = f"{paper.year}年度 {paper.kind_term.label} {paper.number or paper.holder}.pdf"
    return _file(pdf, "application/pdf", name)


@login_required
@require_safe
def attachment(request: Any, attachment_id: int) -> HttpResponse:
    kept, content = selectors.attachment_of(attachment_id, request.actor)
    return _file(content, kept.media_type, kept.name)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: Any, paper_id: int) -> HttpResponse:
    """编号: 文号, 签发人, 印发日期 as the bureau's document system gave them."""
    paper = selectors.paper(paper_id, request.actor)
    return submit(
        request,
        NumberForm(request.POST or None, initial={"issued_on": request.today}),
        lambda data: services.number_paper(paper_id, **data, actor=request.actor, now=request.now),
        template="papers/act.html",
        context=_act_context(paper, "填写文号", "填写文号并生成"),
        done=lambda numbered: _done(numbered, f"已编号 {numbered.number}，文书正在生成。"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deliver(request: Any, paper_id: int) -> HttpResponse:
    """送达登记: given by hand, posted, read out."""
    paper = selectors.paper(paper_id, request.actor)

    def record(data: dict[str, Any]) -> Delivery:
        channel = Channel(data.pop("channel"))
        by = {"actor": request.actor, "now": request.now}
        return services.record_delivery(paper_id, channel, **data, **by)

    return submit(
        request,
        DeliveryForm(request.POST or None, initial={"sent_on": request.today}),
        record,
        template="papers/act.html",
        context=_act_context(paper, "登记送达", "登记送达"),
        done=lambda delivery: _done(paper, f"已登记{delivery.channel_term.label}送达。"),
    )


@login_required
@require_POST
def acknowledge(request: Any, paper_id: int) -> HttpResponse:
    """站内签收, one button."""
    form = ActForm(request.POST)
    key = form.cleaned_data["key"] if form.is_valid() else new_key()
    delivery = services.acknowledge(paper_id, actor=request.actor, now=request.now, key=key)
    return go(request, Done(_url(paper_id), f"已签收，{delivery.recipient}。"))


@login_required
@require_POST
def render_again(request: Any, paper_id: int) -> HttpResponse:
    """再试一次, after a paper could not be typeset."""
    form = ActForm(request.POST)
    key = form.cleaned_data["key"] if form.is_valid() else new_key()
    services.render_again(paper_id, actor=request.actor, now=request.now, key=key)
    return go(request, Done(_url(paper_id), "文书正在重新生成。"))


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    """Always a download: nothing a user handed in is ever shown inside our pages."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _asked(words: Any) -> PaperSearch:
    """The address as a search; what makes no sense in it is passed over."""
    year, kind, want = (words.get(name, "") for name in ("year", "kind", "state"))
    return PaperSearch(
        year=int(year) if year.isdecimal() and len(year) == 4 else None,
        kind=PaperKind(kind) if kind in [k.value for k in PaperKind] else None,
        words=words.get("q", "").replace("\x00", "")[:80],
        want=Want(want) if want in [w.value for w in Want] else None,
    )


def _toolbar(actor: Actor, search: PaperSearch) -> Toolbar:
    years = [("", "全部年度"), *((str(y), f"{y} 年度") for y in selectors.years(actor))]
    return Toolbar(
        [
            Filter("year", "年度", years, str(search.year or "")),
            Filter("kind", "种类", [("", "全部种类"), *PaperKind.choices()], search.kind or ""),
            Filter("state", "状态", [("", "全部状态"), *Want.choices()], search.want or ""),
        ],
        search_label="标题、单位、文号或校验码",
        search=search.words,
    )


def _list_table(papers: list[Paper]) -> Table:
    columns = [Column("文书"), Column("文号"), Column("主送"), Column("印发日期")]
    columns += [Column("状态"), Column("送达"), Column("", kind="action")]
    return Table(
        columns,
        [Row(_cells(paper)) for paper in papers],
        caption="文书",
        empty=Empty("没有找到文书。", "下达、批复、申报和决算生成的文书会列在这里。"),
    )


def _cells(paper: Paper) -> list[object]:
    state = paper.state_term
    ready = state is PaperState.READY
    received = getattr(paper, "received", False)
    return [
        Name(paper.title, f"{paper.year} 年度 · {paper.kind_term.label}", _url(paper.pk)),
        Link(paper.number or "", whole=True),
        paper.holder,
        paper.issued_on.isoformat() if paper.issued_on else None,
        Chip(state.label, TONES[state]),
        "已签收" if received else "未签收" if paper.number and ready else None,
        Link("下载", reverse("papers:download", args=[paper.pk])) if ready else "",
    ]


def _head(paper: Paper, actor: Actor, deliveries: list[Delivery]) -> PageHead:
    state = paper.state_term
    return PageHead(
        paper.title,
        crumbs=[Crumb("文书", reverse("papers:list")), Crumb(paper.kind_term.label)],
        year=paper.year,
        chip=Chip(state.label, TONES[state]),
        actions=_actions(paper, actor, deliveries),
    )


def _actions(paper: Paper, actor: Actor, deliveries: list[Delivery]) -> list[Action]:
    """At most two plain buttons and one primary: what this person may do with it now."""
    handles = actor.may(Permission.PAPER_HANDLE, paper.place)
    match paper.state_term:
        case PaperState.WAITING:
            may = actor.may(rules.NUMBERED_BY[paper.kind_term], paper.place)
            return [_to(paper, "number", "填写文号", primary=True)] if may else []
        case PaperState.FAILED:
            return [_press(paper, "again", "再试一次")] if handles else []
        case PaperState.READY:
            actions = [_to(paper, "deliver", "登记送达")] if handles and paper.number else []
            signed = any(d.channel_term is Channel.ON_LINE for d in deliveries)
            if actor.may(Permission.PAPER_ACKNOWLEDGE, paper.place) and not signed:
                actions.append(_press(paper, "acknowledge", "签收"))
            return [*actions, _to(paper, "download", "下载 PDF", primary=True)]
    return []


def _to(paper: Paper, name: str, label: str, *, primary: bool = False) -> Action:
    return Action(label, reverse(f"papers:{name}", args=[paper.pk]), primary=primary)


def _press(paper: Paper, name: str, label: str) -> Action:
    """A button that acts at once; its key makes a second click find the first."""
    url = reverse(f"papers:{name}", args=[paper.pk])
    return Action(label, url, post=True, fields={"key": new_key()})


def _message(paper: Paper) -> Message | None:
    match paper.state_term:
        case PaperState.FAILED:
            return Message(paper.failure, "must_fix", lead="没有生成")
        case PaperState.QUEUED:
            return Message("文书正在排版，通常几秒钟就好。请稍后刷新这一页。")
        case PaperState.WAITING:
            return Message("填了文号、签发人和印发日期后生成正式文书。", "look", lead="待编文号")
    return None


def _facts(paper: Paper) -> Facts:
    maker = paper.created_by.name if paper.created_by else "系统"
    return Facts(
        [
            Fact("发文机关", paper.issuer),
            Fact("文号", paper.number or "无"),
            Fact("签发人", paper.signer or "无"),
            Fact("印发日期", paper.issued_on.isoformat() if paper.issued_on else "待定"),
            Fact("主送或户名", paper.holder),
            Fact("所属区域", paper.area.name),
            Fact("校验码", paper.check_code or "生成后显示"),
            Fact("制作", maker),
        ]
    )


def _delivery_table(deliveries: list[Delivery]) -> Table:
    columns = [Column("方式"), Column("收件人"), Column("发出"), Column("签收")]
    columns += [Column("状态"), Column("备注"), Column("登记人")]
    rows = [
        Row(
            [
                Chip(d.channel_term.label),
                Link(d.recipient, note=d.address),
                d.sent_at,
                d.received_at,
                d.state_term.label,
                d.note,
                d.recorded_by.name if d.recorded_by else "系统",
            ]
        )
        for d in deliveries
    ]
    return Table(
        columns, rows, empty=Empty("还没有送达记录。", "送达后在这里登记，单位也可以站内签收。")
    )


def _attachments(kept: list[Attachment]) -> Panel | None:
    if not kept:
        return None
    rows = [
        Row(
            [
                Link(a.name, reverse("papers:attachment", args=[a.pk])),
                f"{-(-a.size // 1024):,} kB",
                a.uploaded_at,
            ]
        )
        for a in kept
    ]
    return Panel("附件", [Table([Column("文件"), Column("大小"), Column("上传")], rows)])


def _act_context(paper: Paper, title: str, button: str) -> dict[str, object]:
    crumbs = [Crumb("文书", reverse("papers:list")), Crumb(paper.title, _url(paper.pk))]
    head = PageHead(title, crumbs=[*crumbs, Crumb(title)], year=paper.year)
    return {"head": head, "button": button, "back": _url(paper.pk)}


def _done(paper: Paper, sentence: str) -> Done:
    return Done(_url(paper.pk), sentence)


def _url(paper_id: int) -> str:
    return reverse("papers:show", args=[paper_id])
