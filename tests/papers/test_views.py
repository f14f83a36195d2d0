"""The 文书 pages in a browser's terms: who sees what, what a button does, how a file leaves the house."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shuiheng.core.access import Actor, Permission
from shuiheng.papers import jobs, services
from shuiheng.papers.models import Delivery, Paper
from shuiheng.papers.rules import PaperState
from shuiheng.ui.forms import new_key
from tests.papers.conftest import NOW, MakePaper, Town
from tests.papers.samples import NOTICE, RARE_NAME

Visit = Callable[[Actor], Client]


def page(client: Client, name: str, *args: int, status: int = 200, **query: str) -> str:
    response = client.get(reverse(f"papers:{name}", args=args), query)
    assert response.status_code == status
    return response.content.decode()


def post(client: Client, name: str, paper: Paper, **words: str) -> Any:
    return client.post(reverse(f"papers:{name}", args=[paper.pk]), {"key": new_key(), **words})


@pytest.fixture
def ready(make_notice: MakePaper) -> Paper:
    paper = make_notice()
    jobs.render(paper.pk)
    return Paper.objects.get(pk=paper.pk)


def test_the_list_shows_papers_and_keeps_its_filters(
    ready: Paper, make_notice: MakePaper, town: Town, visit: Visit
) -> None:
    make_notice("", holder=RARE_NAME, key="second")
    county = visit(town.county)
    text = page(county, "list")
    assert "乌水预〔2026〕12号" in text
    assert RARE_NAME in text
    assert "待编文号" in text
    assert "未签收" in text
    text = page(county, "list", q="堃珺赟", year="2026", kind="issue_notice", state="waiting")
    assert "乌水预〔2026〕12号" not in text
    assert RARE_NAME in text
    assert 'value="堃珺赟"' in text
    assert "没有找到文书" in page(visit(town.elsewhere), "list")


@pytest.mark.parametrize(
    "query", [{"year": "x"}, {"year": "99999999"}, {"kind": "'"}, {"q": "\x00%_"}, {"page": "9e9"}]
)
def test_an_address_without_sense_still_gives_a_page(
    query: dict[str, str], ready: Paper, town: Town, visit: Visit
) -> None:
    page(visit(town.county), "list", **query)


def test_the_list_turns_pages(make_notice: MakePaper, town: Town, visit: Visit) -> None:
    for number in range(1, 53):
        make_notice(f"乌水预〔2026〕{number}号")
    county = visit(town.county)
    assert "第 1–50 份，共 52 份" in page(county, "list")
    assert "第 51–52 份，共 52 份" in page(county, "list", page="2")


def test_a_file_leaves_as_an_attachment(ready: Paper, town: Town, visit: Visit) -> None:
    response = visit(town.clerk).get(reverse("papers:download", args=[ready.pk]))
    assert response.content.startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''2026")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("who", ["other_clerk", "elsewhere"])
@pytest.mark.parametrize("name", ["show", "download", "number", "deliver"])
def test_somebody_elses_paper_is_not_found(
    name: str, who: str, ready: Paper, town: Town, visit: Visit
) -> None:
    page(visit(getattr(town, who)), name, ready.pk, status=404)


def test_nobody_sees_a_paper_unsigned_in(ready: Paper) -> None:
    for name in ("show", "download", "number", "deliver"):
        assert Client().get(reverse(f"papers:{name}", args=[ready.pk])).status_code == 302


def test_an_attachment_is_served_to_its_place_only(town: Town, visit: Visit) -> None:
    kept = services.attach(
        "申报表.pdf",
        b"%PDF-1.4 x",
        subject="budget/17",
        area=town.district,
        unit_id=town.unit_id,
        permission=Permission.BUDGET_DRAFT,
        actor=town.clerk,
        now=NOW,
    )
    address = reverse("papers:attachment", args=[kept.pk])
    assert visit(town.county).get(address).content == b"%PDF-1.4 x"
    assert visit(town.elsewhere).get(address).status_code == 404


def buttons(text: str) -> set[str]:
    head = text.partition('class="head-right"')[2].partition("</main>")[0]
    found = re.findall(r"<(?:a|button) class=\"button[^>]*>([^<]+)<", head.partition("<section")[0])
    return set(found)


def test_each_person_gets_his_own_buttons(
    ready: Paper, make_notice: MakePaper, town: Town, visit: Visit
) -> None:
    assert buttons(page(visit(town.clerk), "show", ready.pk)) == {"签收", "下载 PDF"}
    assert buttons(page(visit(town.county), "show", ready.pk)) == {"登记送达", "下载 PDF"}
    waiting = make_notice("")
    assert buttons(page(visit(town.county), "show", waiting.pk)) == set()
    assert buttons(page(visit(town.city_reviewer), "show", waiting.pk)) == {"填写文号"}
    services.give_up(make_notice("乌水预〔2026〕9号").pk)
    failed = Paper.objects.get(state=PaperState.FAILED)
    text = page(visit(town.county), "show", failed.pk)
    assert buttons(text) == {"再试一次"}
    assert "排版程序出错" in text


def test_a_number_is_filled_in_and_nothing_typed_is_lost(
    make_notice: MakePaper, town: Town, visit: Visit
) -> None:
    waiting = make_notice("")
    leader = visit(town.city_reviewer)
    assert 'value="2026-02-20"' in page(leader, "number", waiting.pk)
    wrong = {"number": "12号", "signer": "张三", "issued_on": "2026-02-13"}
    response = post(leader, "number", waiting, **wrong)
    assert response.status_code == 422
    text = response.content.decode()
    assert "不是规范的文号" in text
    assert 'value="12号"' in text
    assert 'value="张三"' in text
    response = post(leader, "number", waiting, **wrong | {"number": "乌水预〔2026〕12号"})
    assert (response.status_code, response.url) == (303, reverse("papers:show", args=[waiting.pk]))
    assert "已编号 乌水预〔2026〕12号" in page(leader, "show", waiting.pk)
    response = post(leader, "number", waiting, **wrong | {"number": "乌水预〔2026〕13号"})
    assert response.status_code == 409, "a stale page"
    assert "已经编号" in response.content.decode()


def test_a_delivery_is_recorded_and_a_wrong_one_comes_back(
    ready: Paper, town: Town, visit: Visit
) -> None:
    county = visit(town.county)
    words = {"channel": "post", "recipient": "李四", "sent_on": "2026-02-13", "note": "挂号"}
    response = post(county, "deliver", ready, **words, received_on="2026-02-12")
    assert response.status_code == 422
    assert "早于发出日期" in response.content.decode()
    assert 'value="挂号"' in response.content.decode()
    assert post(county, "deliver", ready, **words, received_on="2026-02-18").status_code == 303
    text = page(county, "show", ready.pk)
    assert "已登记邮寄送达" in text
    assert "已送达" in text
    assert "挂号" in text
    assert post(visit(town.clerk), "deliver", ready, **words).status_code == 403


def test_a_double_click_records_one_delivery(ready: Paper, town: Town, visit: Visit) -> None:
    county = visit(town.county)
    words = {
        "key": new_key(),
        "channel": "in_person",
        "recipient": "李四",
        "sent_on": "2026-02-13",
    }
    for _ in range(2):
        assert post(county, "deliver", ready, **words).status_code == 303
    assert Delivery.objects.count() == 1


def test_a_unit_signs_with_one_button(ready: Paper, town: Town, visit: Visit) -> None:
    clerk = visit(town.clerk)
    assert post(clerk, "acknowledge", ready).status_code == 303
    text = page(clerk, "show", ready.pk)
    assert "已签收" in text
    assert buttons(text) == {"下载 PDF"}
    assert clerk.get(reverse("papers:acknowledge", args=[ready.pk])).status_code == 405


def test_a_failed_paper_can_be_tried_again(
    make_notice: MakePaper, town: Town, visit: Visit
) -> None:
    facts = dataclasses.replace(NOTICE, addressee="𪛖家合作社")
    paper = make_notice(facts=facts)
    jobs.render(paper.pk)
    county = visit(town.county)
    assert "U+2A6D6" in page(county, "show", paper.pk)
    page(county, "download", paper.pk, status=409)
    assert post(county, "again", paper).status_code == 303
    assert "正在重新生成" in page(county, "show", paper.pk)
