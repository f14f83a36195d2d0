"""Reporting use as people do it: wrong figures come back as typed, right ones are in the books at once."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoDbBlocker

from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.vocabulary import UnitKind
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Transfer
from shuiheng.ledger.selectors import unit_quotas
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.metering.selectors import duties, expected_lines, owing
from shuiheng.office.models import Installation, User
from shuiheng.registry.models import Membership, SupplyLink, Unit
from shuiheng.registry.selectors import actor_for
from tests.cast import YEAR, Town, town_on

DAY = date(2026, 12, 5)
MONTH = f"?year={YEAR}&month=12"


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    with django_db_blocker.unblock(), town_on(DAY) as made:
        yield made


@pytest.fixture
def town(lived: Town) -> Iterator[Town]:
    """What a test reports is taken back after it."""
    with transaction.atomic():
        yield lived
        transaction.set_rollback(True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: HttpResponse) -> str:
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def farm() -> tuple[Unit, User]:
    """A unit with one source of its own, and its clerk."""
    members = Membership.objects.filter(unit__kind=UnitKind.SELF_SUPPLIED).select_related(
        "unit", "user"
    )
    return next(
        (m.unit, m.user) for m in members if len(expected_lines([m.unit], date(YEAR, 12, 31))) == 1
    )


def field_of(unit: Unit) -> str:
    ((_, source, _),) = expected_lines([unit], date(YEAR, 12, 31))
    return f"use-{source.value}"


def form(**filled: str) -> dict[str, str]:
    return {"key": str(uuid4()), "attested": "on", **filled}


def left(unit: Unit) -> Volume:
    (balance,) = unit_quotas([unit.pk], YEAR)[unit.pk].values()
    return balance.available


def december(unit: Unit) -> list[UseReport]:
    return list(UseReport.objects.filter(unit=unit, year=YEAR, month=12).order_by("revision"))


# -- a unit's month --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("很多", "不是一个水量"),
        ("-5", "水量不能是负数"),
        ("1.5", "比 1 m³ 还细"),
        ("", "请填水量；没有就填 0"),
    ],
)
def test_a_wrong_figure_comes_back_as_typed(town: Town, typed: str, said: str) -> None:
    unit, clerk = farm()
    url = f"/metering/units/{unit.pk}{MONTH}"
    response = signed_in(clerk).post(url, form(**{field_of(unit): typed}))
    assert response.status_code == 422
    assert said in words(response)
    assert f'value="{typed}"' in response.content.decode() or not typed
    assert december(unit) == []


def test_a_figure_far_off_is_shown_once_and_then_taken(town: Town) -> None:
    unit, clerk = farm()
    url = f"/metering/units/{unit.pk}{MONTH}"
    filled = form(**{field_of(unit): "99,000,000"})
    first = signed_in(clerk).post(url, filled)
    assert first.status_code == 422
    assert "是不是填成了水表读数" in words(first)
    assert 'name="seen" value="1"' in first.content.decode()
    before = left(unit)
    second = signed_in(clerk).post(url, {**filled, "seen": "1"})
    assert second.status_code == 303
    assert left(unit) == before - Volume(99_000_000)


def test_a_report_without_the_promise_is_not_taken(town: Town) -> None:
    unit, clerk = farm()
    filled = form(**{field_of(unit): "10"})
    del filled["attested"]
    response = signed_in(clerk).post(f"/metering/units/{unit.pk}{MONTH}", filled)
    assert (response.status_code, "请勾选承诺" in words(response)) == (422, True)


def test_no_water_used_is_one_button(town: Town) -> None:
    unit, clerk = farm()
    response = signed_in(clerk).post(f"/metering/units/{unit.pk}{MONTH}", form(nil="1"))
    assert response.status_code == 303
    (report,) = december(unit)
    assert (report.is_nil, report.attested, report.on_behalf) == (True, True, False)


def test_a_double_click_reports_once_and_a_correction_is_two_lines(town: Town) -> None:
    unit, clerk = farm()
    client, url = signed_in(clerk), f"/metering/units/{unit.pk}{MONTH}"
    before, filled = left(unit), form(**{field_of(unit): "100"}, seen="1")
    assert [client.post(url, filled).status_code for _ in range(2)] == [303, 303]
    assert (len(december(unit)), left(unit)) == (1, before - Volume(100))
    shown = words(client.get(url))
    assert "会先冲回原来那一笔" in shown
    assert client.post(url, form(**{field_of(unit): "80"}, seen="1")).status_code == 303
    assert [r.revision for r in december(unit) if r.is_current] == [2]
    assert left(unit) == before - Volume(80)
    assert "更正" in words(client.get(f"/ledger/units/{unit.pk}?show=corrections"))


def test_a_month_that_has_not_begun_and_one_that_is_none_are_refused(town: Town) -> None:
    """report.month, report.future"""
    unit, clerk = farm()
    client = signed_in(clerk)
    assert "还没到" in words(client.get(f"/metering/units/{unit.pk}?year=2027&month=1"))
    late = client.post(
        f"/metering/units/{unit.pk}?year=2027&month=1", form(**{field_of(unit): "1"})
    )
    assert (late.status_code, "还没到，不能填报" in words(late)) == (409, True)
    for bad in ("?year=2026&month=13", "?year=26&month=1", "?month=5"):
        assert client.get(f"/metering/units/{unit.pk}{bad}").status_code == 404


def test_whose_unit_it_is_not_cannot_report_it(town: Town) -> None:
    unit, clerk = farm()
    url = f"/metering/units/{unit.pk}{MONTH}"
    other = Membership.objects.exclude(user=clerk).filter(unit__kind=UnitKind.SELF_SUPPLIED)[0].user
    assert signed_in(other).get(url).status_code == 404
    auditor = signed_in(town.people[Role.FINANCE_AUDIT])
    assert "您可以查看，但不能填报" in words(auditor.get(url))
    refused = auditor.post(url, form(**{field_of(unit): "5"}, note="电话", seen="1"))
    assert refused.status_code == 403
    assert december(unit) == []


def test_an_officer_reports_on_behalf_and_says_on_what_ground(town: Town) -> None:
    unit, _ = farm()
    client, url = signed_in(town.people[Role.CITY_OFFICER]), f"/metering/units/{unit.pk}{MONTH}"
    without = client.post(url, form(**{field_of(unit): "5"}))
    assert (without.status_code, "代报要写明依据" in words(without)) == (422, True)
    assert client.post(url, form(**{field_of(unit): "5"}, note="12月5日电话")).status_code == 303
    (report,) = december(unit)
    assert (report.on_behalf, report.note) == (True, "12月5日电话")


# -- a supplier's month ----------------------------------------------------------------------------


def works() -> tuple[Unit, User, list[Unit]]:
    member = Membership.objects.filter(unit__kind=UnitKind.WATERWORKS).select_related(
        "unit", "user"
    )[0]
    links = SupplyLink.objects.filter(supplier=member.unit).select_related("customer")
    customers = sorted((link.customer for link in links), key=lambda unit: unit.pinyin)
    return member.unit, member.user, customers


def test_a_pasted_column_is_filled_in_and_saved_only_when_sent(town: Town) -> None:
    unit, clerk, customers = works()
    client, url = signed_in(clerk), f"/metering/units/{unit.pk}/deliveries{MONTH}"
    column = "\n".join(f"{customer.name}\t{100 + n}" for n, customer in enumerate(customers))
    filled = client.post(url, form(paste=column + "\n没有这户\t7", fill="1"))
    assert filled.status_code == 200
    assert "还没有保存任何内容" in words(filled)
    assert "有 1 行没有认出是哪一户" in words(filled)
    assert 'value="100"' in filled.content.decode()
    assert not UseReport.objects.filter(unit__in=customers, month=12, year=YEAR).exists()
    sent = client.post(url, form(**{f"use-{c.pk}": str(100 + n) for n, c in enumerate(customers)}))
    assert sent.status_code == 303
    assert UseReport.objects.filter(unit__in=customers, month=12, year=YEAR).count() == len(
        customers
    )
    again = client.post(url, form(**{f"use-{c.pk}": str(100 + n) for n, c in enumerate(customers)}))
    assert (again.status_code, "没有要提交的新水量" in words(again)) == (422, True)


def test_a_month_is_closed_when_everything_is_in_and_not_twice(town: Town) -> None:
    unit, clerk, customers = works()
    client = signed_in(clerk)
    close = f"/metering/units/{unit.pk}/close{MONTH}"
    assert "填齐或由水务局暂估后才能月结" in words(client.get(close))
    assert client.post(close, form()).status_code == 409  # supply.incomplete
    client.post(
        f"/metering/units/{unit.pk}/deliveries{MONTH}",
        form(**{f"use-{c.pk}": "10" for c in customers}),
    )
    own = {f"use-{source.value}": "500000" for _, source, _ in expected_lines([unit], DAY)}
    assert (
        client.post(f"/metering/units/{unit.pk}{MONTH}", form(**own, seen="1")).status_code == 303
    )
    done = client.post(close, form())
    assert done.status_code == 303, words(done)
    month = SupplyMonth.objects.get(supplier=unit, year=YEAR, month=12, is_current=True)
    assert month.abstraction == month.deliveries + month.loss
    assert "此后数字没有变" in words(client.get(close))


def test_only_a_supplier_has_deliveries(town: Town) -> None:
    """supply.no_supplier"""
    unit, clerk = farm()
    response = signed_in(clerk).get(f"/metering/units/{unit.pk}/deliveries")
    assert (response.status_code, "不是供水单位" in words(response)) == (404, True)


# -- officers --------------------------------------------------------------------------------------


def test_the_list_of_who_has_not_reported_gives_telephones(town: Town) -> None:
    unit, clerk = farm()
    officer = signed_in(town.people[Role.CITY_OFFICER])
    text = words(officer.get(f"/metering/{MONTH}&q={unit.name}"))
    assert unit.phone in text
    assert "代报" in text
    signed_in(clerk).post(f"/metering/units/{unit.pk}{MONTH}", form(nil="1"))
    assert unit.phone not in words(officer.get(f"/metering/{MONTH}&q={unit.name}"))
    looking = words(signed_in(town.people[Role.LEADER]).get(f"/metering/{MONTH}"))
    assert "代报" not in looking
    assert signed_in(clerk).get("/metering/").status_code == 302


def test_an_estimate_waits_for_the_end_of_the_month(town: Town) -> None:
    """estimate.early"""
    officer = signed_in(town.people[Role.COUNTY_OFFICER])
    assert "12月还没有过完" in words(officer.get(f"/metering/estimate{MONTH}"))
    early = officer.post(f"/metering/estimate{MONTH}", form())
    assert (early.status_code, "不能暂估" in words(early)) == (409, True)
    Installation.objects.update(business_date=date(2027, 1, 6))
    preview = words(officer.get(f"/metering/estimate{MONTH}"))
    assert "还没有保存任何内容" in preview
    assert officer.post(f"/metering/estimate{MONTH}", form()).status_code == 303
    area = town.targets[1].area
    assert owing(list(Unit.objects.filter(region=area)), YEAR, 12) == []


def test_a_sheet_is_checked_row_by_row_previewed_and_then_reported(town: Town) -> None:
    officer = signed_in(town.people[Role.COUNTY_OFFICER])
    blank = officer.get(f"/metering/template{MONTH}").content
    book = openpyxl.load_workbook(io.BytesIO(blank))
    sheet = book.active
    assert sheet["A3"].value == "编码"
    sheet["E4"], sheet["E5"] = 120, "三百"
    bad = upload(officer, book)
    assert bad.status_code == 422
    assert "第 5 行" in words(bad)
    assert not UseReport.objects.filter(year=YEAR, month=12).exists()
    sheet["E5"] = 300
    preview = upload(officer, book)
    assert preview.status_code == 200
    assert "提交这 2 行" in words(preview)
    fields = dict(re.findall(r'name="(key|checked)" value="([^"]+)"', preview.content.decode()))
    assert not UseReport.objects.filter(year=YEAR, month=12).exists()
    done = officer.post(f"/metering/upload{MONTH}", fields)
    assert done.status_code == 303
    reports = UseReport.objects.filter(year=YEAR, month=12)
    assert sorted(report.volume.m3 for report in reports) == [120, 300]
    assert Transfer.objects.filter(key__in=[report.key for report in reports]).count() == 2


def upload(client: Client, book: openpyxl.Workbook) -> HttpResponse:
    out = io.BytesIO()
    book.save(out)
    file = SimpleUploadedFile("用水.xlsx", out.getvalue())
    return client.post(f"/metering/upload{MONTH}", {"file": file})


def test_what_was_checked_cannot_be_changed_on_the_way(town: Town) -> None:
    """sheet.stale"""
    officer = signed_in(town.people[Role.COUNTY_OFFICER])
    response = officer.post(f"/metering/upload{MONTH}", form(checked="[2026,12,[]]:forged"))
    assert (response.status_code, "没有保存任何内容" in words(response)) == (409, True)
    nothing = officer.post(
        f"/metering/upload{MONTH}", {"file": SimpleUploadedFile("a.xlsx", b"no")}
    )
    assert (nothing.status_code, "不是 Excel 工作簿" in words(nothing)) == (422, True)
    assert signed_in(town.people[Role.LEADER]).get(f"/metering/upload{MONTH}").status_code == 403


def test_duties_are_what_is_not_reported_yet(town: Town) -> None:
    unit, clerk = farm()
    january = date(2027, 1, 4)
    now = beijing_noon(january)
    (duty,) = duties(actor_for(clerk, january), now)
    assert (duty.what, duty.due) == ("填报12月用水", date(2027, 1, 5))
    officer = actor_for(town.people[Role.COUNTY_OFFICER], january)
    assert "催报 12月漏报用水" in [fact.what for fact in duties(officer, now)]
    signed_in(clerk).post(f"/metering/units/{unit.pk}{MONTH}", form(nil="1"))
    assert duties(actor_for(clerk, january), now) == []
