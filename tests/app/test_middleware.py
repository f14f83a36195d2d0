"""The pages that say no when nobody else has: lost, expired, broken; each a sentence and a way on."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from shuiheng.app import middleware
from shuiheng.office.models import Installation


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_where_to_go() -> None:
    response = Client().get("/nowhere")
    assert response.status_code == 404
    assert "没有这个页面，或者它不归您查看。请从首页重新进入。" in words(response.content)


@pytest.mark.django_db
def test_a_form_that_waited_too_long_loses_nothing_unsaid() -> None:
    response = Client(enforce_csrf_checks=True).post("/office/sign-in/", {"login": "a"})
    assert response.status_code == 403
    assert "验证已过期，内容没有提交" in words(response.content)


@pytest.mark.django_db
def test_a_permission_that_is_missing_is_named_so(rf: RequestFactory) -> None:
    response = middleware.permission_denied(rf.get("/"), Exception())
    assert response.status_code == 403
    assert "您没有办这件事的权限" in words(response.content)


@pytest.mark.django_db
def test_a_request_that_makes_no_sense_says_so(rf: RequestFactory) -> None:
    response = middleware.bad_request(rf.get("/"), Exception())
    assert response.status_code == 400
    assert "这个请求无法识别" in words(response.content)


@pytest.mark.django_db
def test_an_error_of_ours_has_a_number_that_stands_in_the_log(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    response = middleware.server_error(rf.get("/somewhere"))
    assert response.status_code == 500
    page = words(response.content)
    assert "系统出错了，这一次操作没有保存" in page
    number = re.search(r"事件编号 ([0-9A-F]{8})", page)
    assert number is not None
    assert number[1] in caplog.text


@pytest.mark.django_db
def test_the_date_of_a_page_is_the_business_date_of_a_demo(rf: RequestFactory) -> None:
    Installation.objects.update(business_date=date(2026, 12, 5))
    seen: list[HttpRequest] = []
    middleware.Now(lambda request: seen.append(request))(rf.get("/"))  # type: ignore[arg-type, func-returns-value]
    assert seen[0].today == date(2026, 12, 5)  # type: ignore[attr-defined]
    assert seen[0].now.isoformat() == "2026-12-05T04:00:00+00:00"  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_nothing_comes_from_elsewhere() -> None:
    headers = Client().get("/nowhere").headers
    assert headers["Content-Security-Policy"] == middleware.POLICY
    assert "unsafe" not in middleware.POLICY
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def words(content: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", content.decode()))
