"""What happens to papers and messages after the transaction that asked for it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from shuiheng.office.models import Installation
from shuiheng.office.selectors import installation
from shuiheng.papers import sending, services
from shuiheng.papers.models import Delivery
from shuiheng.papers.rules import DeliveryState

log = logging.getLogger("shuiheng.papers")


@app.task(
    name="papers.render",
    retry=RetryStrategy(
        max_attempts=5, exponential_wait=5, retry_exceptions=[OSError, OperationalError]
    ),
)
def render(paper_id: int) -> None:
    """Typeset one paper. Safe to run twice: a paper that is ready stays as it is."""
    try:
        services.typeset_paper(paper_id)
    except AssertionError:
        services.give_up(paper_id)
        raise


@app.task(name="papers.send", pass_context=True)
def send(context: JobContext, delivery_id: int) -> None:
    """Hand one message to the sender, once: what was interrupted is not sent a second time."""
    now: Any = context.additional_context["now"]
    deliver(delivery_id, now=now())


def deliver(delivery_id: int, *, now: datetime) -> None:
    """The steps of `send`: take it, commit that it was taken, hand it over, record what came of it."""
    taken = _take(delivery_id)
    if taken is None:
        return
    sender = sending.sender_for(taken.channel_term)
    demo = Installation.Kind(installation().kind) is not Installation.Kind.REAL
    if demo:
        _record(taken, DeliveryState.SENT, now, "演示：只作记录，没有真的发出")
    elif sender is None:
        _record(taken, DeliveryState.FAILED, None, f"没有配置{taken.channel_term.label}通道")
    else:
        try:
            sender(taken.address, taken.text, taken.key)
        except Exception as error:
            log.exception("delivery %s", delivery_id)
            _record(taken, DeliveryState.FAILED, None, f"通道拒绝：{error}"[:200])
        else:
            _record(taken, DeliveryState.SENT, now, "")


def _take(delivery_id: int) -> Delivery | None:
    with transaction.atomic():
        delivery = Delivery.objects.locked().get(pk=delivery_id)
        match delivery.state_term:
            case DeliveryState.QUEUED:
                delivery.state = DeliveryState.SENDING
                delivery.save(update_fields=["state"])
                return delivery
            case DeliveryState.SENDING:
                note = "发送中断，不能确定是否发出，请电话核实"
                _record(delivery, DeliveryState.FAILED, None, note)
        return None


def _record(delivery: Delivery, state: DeliveryState, at: datetime | None, note: str) -> None:
    delivery.state, delivery.sent_at, delivery.note = state, at, note
    delivery.save(update_fields=["state", "sent_at", "note"])
