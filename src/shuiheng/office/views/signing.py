"""Signing in and out, one's own password, the business date of a demo."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shuiheng.office import selectors, services
from shuiheng.office.forms import ClockForm, NewPasswordForm, SignInForm
from shuiheng.office.models import User
from shuiheng.ui.forms import Done, new_key, submit

BACKEND = "django.contrib.auth.backends.ModelBackend"

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@sensitive_post_parameters("password")
@get_or_post
def sign_in(request: Any) -> HttpResponse:
    """By name and password; where to go next is an address of this house or home."""
    if request.user.is_authenticated:
        return redirect(_goal(request))
    return submit(
        request,
        SignInForm(request.POST or None),
        partial(_enter, request),
        template="office/sign_in.html",
        done=lambda _: Done(_goal(request)),
        context={"links": settings.SIGN_IN_LINKS, "next": _asked(request)},
    )


def _enter(request: Any, data: dict[str, Any]) -> None:
    address = request.META["REMOTE_ADDR"]
    user = services.sign_in(data["login"], data["password"], address=address, clock=request.clock)
    login(request, user, backend=BACKEND)


def _asked(request: Any) -> str:
    return str(request.POST.get("next") or request.GET.get("next") or "")


def _goal(request: Any) -> str:
    asked = _asked(request)
    if asked and _is_ours(request, asked):
        return asked
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _is_ours(request: Any, address: str) -> bool:
    return url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )


@require_POST
def sign_out(request: Any) -> HttpResponse:
    logout(request)
    return redirect("office:sign_in")


@never_cache
@sensitive_post_parameters("old", "new", "again")
@login_required
@get_or_post
def password(request: Any) -> HttpResponse:
    """One's own; after a temporary one nothing else can be done first."""
    forced = request.user.must_change_password
    return submit(
        request,
        NewPasswordForm(request.POST or None, ask_old=not forced),
        partial(_change_password, request),
        template="office/password.html",
        done=partial(_password_changed, request),
        context={"forced": forced},
    )


def _change_password(request: Any, data: dict[str, Any]) -> User:
    return services.change_password(
        data.get("old", ""),
        data["new"],
        actor=request.actor,
        now=request.now,
        clock=request.clock,
        key=data["key"],
    )


def _password_changed(request: Any, user: User) -> Done:
    update_session_auth_hash(request, user)
    home = resolve_url(settings.LOGIN_REDIRECT_URL)
    return Done(home, "密码已修改，其他地方的登录都已退出。")


@login_required
@require_POST
def clock(request: Any) -> HttpResponse:
    """推进日期, to a day or to the next key date; demo and practice databases only."""
    form = ClockForm(request.POST)
    to = request.today
    if form.is_valid():
        to = form.cleaned_data["day"] or selectors.next_key_dates(request.today)[0][0]
    services.move_business_date(to, actor=request.actor, now=request.now, key=new_key())
    came_from = request.META.get("HTTP_REFERER", "")
    home = resolve_url(settings.LOGIN_REDIRECT_URL)
    return redirect(came_from if _is_ours(request, came_from) else home)
