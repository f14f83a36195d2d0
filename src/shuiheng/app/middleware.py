"""Once per request: what time it is, who acts, how a refusal is shown, what a page may load."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from shuiheng.app.moment import wall_clock
from shuiheng.core.clock import beijing_date, beijing_noon
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office.models import Installation
from shuiheng.registry.selectors import actor_for
from shuiheng.ui.refusals import STATUS

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("shuiheng")

HEALTH = "/health"
POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]
)


class ContentSecurityPolicy:
    """Nothing from elsewhere, nothing inline."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response


class Now:
    """`request.now` and `request.today`: the clock, or the business date of a demo or practice database.

    `request.clock` is the true time in any case: throttles and codes must not stand still.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        asks = request.path != HEALTH  # which answers when the database cannot
        request.installation = Installation.objects.filter(pk=1).first() if asks else None
        business_date = request.installation and request.installation.business_date
        request.clock = wall_clock()
        request.now = beijing_noon(business_date) if business_date else request.clock
        request.today = beijing_date(request.now)
        return self.get_response(request)


class WhoActs:
    """`request.actor`: the person with his posts and memberships of today, or None."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        user = request.user
        request.actor = None
        if user.is_authenticated:
            request.actor = actor_for(user, request.today)
            change = reverse("office:password")
            exits = (change, reverse("office:sign_out"), settings.STATIC_URL)
            if user.must_change_password and not request.path.startswith(exits):
                return redirect(change)
        return self.get_response(request)


class Refusals:
    """A refusal that no form has caught becomes a page: what, why, what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refuse(request, exception)
        return None


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page, or for a fragment the message, of a refusal."""
    template = "ui/refusal_fragment.html" if getattr(request, "htmx", False) else "ui/refusal.html"
    return render(request, template, {"refusal": refusal}, status=STATUS[refusal.kind])


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    refusal = Refusal("http.bad_request", "这个请求无法识别。", remedy="请返回上一页重试。")
    return render(request, "ui/refusal.html", {"refusal": refusal}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    refusal = Refusal(
        "http.forbidden",
        "您没有办这件事的权限。",
        kind=Kind.FORBIDDEN,
        remedy="如果这是您的工作，请联系系统管理员安排岗位。",
    )
    return refuse(request, refusal)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The token of a form no longer fits: signed in again elsewhere, or a page of yesterday."""
    refusal = Refusal(
        "http.form_expired",
        "页面停留太久，验证已过期，内容没有提交。",
        kind=Kind.FORBIDDEN,
        remedy="请返回上一页刷新后再提交，填过的内容会自动恢复。",
    )
    return refuse(request, refusal)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    refusal = Refusal(
        "http.not_found",
        "没有这个页面，或者它不归您查看。",
        kind=Kind.MISSING,
        remedy="请从首页重新进入。",
    )
    return refuse(request, refusal)


def server_error(request: HttpRequest) -> HttpResponse:
    incident = secrets.token_hex(4).upper()
    log.error("incident %s on %s", incident, request.path)
    refusal = Refusal(
        "http.incident",
        "系统出错了，这一次操作没有保存。",
        remedy=f"请再试一次；如果还不行，请把事件编号 {incident} 告诉系统管理员。",
    )
    return render(
        request, "ui/refusal.html", {"refusal": refusal, "incident": incident}, status=500
    )
