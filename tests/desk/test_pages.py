"""The desk and the books as people open them: homes by role, figures that prove themselves, what is not theirs."""

from __future__ import annotations

import argparse
import html
import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.db.models import Q
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from shuiheng.app.documents import DOCUMENT_ROUTES
from shuiheng.budget.selectors.execution import executions, month_plans, unit_executions
from shuiheng.core.access import SYSTEM, Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import NATURAL_SOURCES, Book, UnitKind
from shuiheng.core.volume import total
from shuiheng.desk.selectors import area_of, overview
from shuiheng.ledger.commands import _verify
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import AccountKey, Balance, Code, sum_balances
from shuiheng.ledger.selectors import quotas, region_sheets, statement, supply_by_month
from shuiheng.ledger.views.words import entries
from shuiheng.office.models import Area, User
from shuiheng.office.selectors import budget_regions
from shuiheng.papers.models import Paper
from shuiheng.papers.sheets import read_sheet
from shuiheng.registry.models import Membership, Unit
from shuiheng.ui.figures import M3, WAN, in_unit
from tests.cast import YEAR, Town, town_on

DAY = date(2026, 12, 5)
BASE_QUERIES = 8  # who acts, the installation, the frame
PAGE_QUERIES = 12


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    with django_db_blocker.unblock(), town_on(DAY) as made:
        yield made


def ask(user: User, url: str) -> HttpResponse:
    client = Client()
    client.force_login(user)
    return client.get(url)


def words(response: HttpResponse) -> str:
    """The page as one reads it."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def page(user: User, url: str) -> str:
    response = ask(user, url)
    assert response.status_code == 200, url
    return words(response)


def unit_and_clerk(kind: UnitKind) -> tuple[Unit, User]:
    member = Membership.objects.filter(unit__kind=kind).select_related("unit__region", "user")[0]
    return member.unit, member.user


# -- homes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        (Role.CITY_OFFICER, ["水预算执行总览", "预留余额", "各区执行", "催办 2026 年度决算确认"]),
        (Role.CITY_REVIEWER, ["水预算执行总览", "完成 2026 年度市级决算"]),
        (Role.LEADER, ["水预算执行总览", "现在没有等您办的事"]),
        (Role.FINANCE_AUDIT, ["水预算执行总览"]),
        (Role.COOPERATING, ["水预算执行总览"]),
        (Role.REGION_READER, ["水预算执行总览"]),
        (Role.COUNTY_OFFICER, ["水预算", "先看这些单位", "催报 2027 年度草案"]),
        (Role.COUNTY_REVIEWER, ["先看这些单位", "按行业"]),
        (Role.UNIT_CLERK, ["12月还能用", "今年还能用", "确认 2026 年度决算", "水不够用"]),
        (Role.SUPPLIER_MANAGER, ["今年还能用", "供给各户的水"]),
        (Role.IRRIGATION_MANAGER, ["今年还能用", "供给各户的水"]),
        (Role.KEEPER, ["系统管理", "未核实的参数"]),
        (Role.METER_CONTRACTOR, ["还没有可以办的事"]),
    ],
)
def test_every_role_has_a_home_that_speaks_to_it(town: Town, role: Role, wanted: list[str]) -> None:
    text = page(town.people[role], "/")
    assert [word for word in wanted if word not in text] == []


def test_a_unit_reads_on_its_home_what_its_account_has_left(town: Town) -> None:
    for kind in (UnitKind.SELF_SUPPLIED, UnitKind.WATERWORKS, UnitKind.CANAL_CUSTOMER):
        unit, clerk = unit_and_clerk(kind)
        book = Book.NETWORK if kind.is_customer else Book.ABSTRACTION
        held = [b for k, b in own(unit).items() if k.book is book and k.kind == "quota"]
        left = in_unit(sum_balances(held).available, M3)
        assert f"今年还能用 {chip(page(clerk, '/'))} {left} m³" in page(clerk, "/")


def chip(text: str) -> str:
    return re.search(r"今年还能用 (正常|预警|超额)", text)[1]  # type: ignore[index]


def own(unit: Unit) -> dict[AccountKey, Balance]:
    return quotas(YEAR, Q(unit=unit.pk))


def test_the_home_of_the_city_shows_what_the_books_hold(town: Town) -> None:
    regions = budget_regions(YEAR, town.cast.city)
    sheets = region_sheets([region.pk for region in regions], YEAR).values()
    text = page(town.people[Role.LEADER], "/")
    for figure in (
        total(sheet.total_granted for sheet in sheets),
        total(sheet.total_used for sheet in sheets),
        total(sheet.total_reserve for sheet in sheets),
    ):
        assert in_unit(figure, WAN, 0) in text
    for region in regions:
        assert region.name in text


# -- the board -------------------------------------------------------------------------------------


def test_the_board_adds_up_to_the_books_by_source_and_by_sector(town: Town) -> None:
    regions = budget_regions(YEAR, town.cast.city)
    view = overview(regions, YEAR, DAY)
    sheets = region_sheets([region.pk for region in regions], YEAR)
    for region in regions:
        sheet = sheets[region.pk]
        assert view.used(region.pk) == total(view.used(region.pk, s) for s in NATURAL_SOURCES)
        by_sector = view.of_sector(region.pk)
        assert total(part.used for part in by_sector.values()) == sheet.total_used
        for sector, part in by_sector.items():
            assert part.used == sheet.by_sector[sector].used, (region, sector)
    text = page(town.people[Role.FINANCE_AUDIT], "/execution")
    assert in_unit(view.whole.used, WAN, 0) in text
    assert in_unit(view.whole.planned, WAN, 0) in text


def test_the_plan_in_sql_is_the_plan_account_by_account(town: Town) -> None:
    regions = [region.pk for region in budget_regions(YEAR, town.cast.city)]
    held = quotas(YEAR)
    plans = month_plans(held)
    for month in (0, 5, 11, 12):
        for (area, book, source, sector), part in executions(regions, YEAR, month).items():
            keys = [
                k
                for k in held
                if (k.area, k.book, k.source, k.sector) == (area, book, source, sector)
            ]
            assert part.planned == total(v for k in keys for v in plans[k][:month])
            assert part.quota == total(held[k].net for k in keys)


def test_a_region_lists_its_units_over_quota_first_and_filters(town: Town) -> None:
    area = town.targets[1].area
    officer = town.people[Role.COUNTY_OFFICER]
    units = unit_executions([area.path], YEAR, 11)
    assert {u.unit for u in units} == set(
        Unit.objects.filter(region=area).values_list("pk", flat=True)
    )
    over = [u for u in units if any(p.used > p.quota for _, p in u.parts)]
    text = page(officer, f"/execution/{area.pk}")
    assert f"超额 {len(over)}" in text
    only = page(officer, f"/execution/{area.pk}?state=over")
    assert f"共 {len(over)} 户" in only or not over
    assert "没有这样的单位" in page(officer, f"/execution/{area.pk}?q=不存在的名字")


# -- the books -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(UnitKind))
def test_a_statement_adds_up_to_its_balances(town: Town, kind: UnitKind) -> None:
    for unit in Unit.objects.filter(kind=kind)[:5]:
        book = Book.NETWORK if kind.is_customer else Book.ABSTRACTION
        held = sum_balances([b for k, b in own(unit).items() if k.book is book])
        lines = statement(unit.pk, YEAR, book)
        assert total(line.granted for line in lines) == held.net
        assert total(line.used for line in lines) == held.used
        printed = entries(lines)
        assert printed[-1].available == held.available
        assert sum(len(entry.lines) for entry in printed) == len(lines)


def test_a_statement_shows_an_issue_as_one_line_with_its_interim(town: Town) -> None:
    unit, clerk = unit_and_clerk(UnitKind.SELF_SUPPLIED)
    codes = {line.code for line in statement(unit.pk, YEAR)}
    assert {Code.ISSUE, Code.INTERIM, Code.INTERIM_BACK} <= codes
    text = page(clerk, f"/ledger/units/{unit.pk}")
    assert "扣预下达" in text
    assert "冲回预下达" not in text
    assert "扣预下达" not in page(clerk, f"/ledger/units/{unit.pk}?show=use")


def test_the_export_of_a_statement_ends_with_its_sums(town: Town) -> None:
    unit, clerk = unit_and_clerk(UnitKind.SELF_SUPPLIED)
    held = sum_balances(list(own(unit).values()))
    rows = read_sheet(ask(clerk, f"/ledger/units/{unit.pk}?export=xlsx").content).rows
    assert rows[1][0].startswith("演示数据")
    assert rows[-1][0] == "合计"
    assert [int(cell) for cell in rows[-1][4:]] == [held.net.m3, held.used.m3, held.available.m3]


def test_a_printed_statement_is_one_paper_however_often_it_is_asked_for(town: Town) -> None:
    unit, clerk = unit_and_clerk(UnitKind.SELF_SUPPLIED)
    client = Client()
    client.force_login(clerk)
    url = f"/ledger/units/{unit.pk}/print"
    first, second = (client.post(url, {"year": YEAR}) for _ in range(2))
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert Paper.objects.filter(kind="statement", unit_id=unit.pk).count() == 1


def test_a_supplier_reads_that_abstraction_is_deliveries_and_loss(town: Town) -> None:
    for kind in (UnitKind.WATERWORKS, UnitKind.IRRIGATION_DISTRICT, UnitKind.RECLAIMED_PLANT):
        unit, clerk = unit_and_clerk(kind)
        months = [month for month in supply_by_month(unit.pk, YEAR) if month.abstraction]
        assert months
        assert all(not month.open_difference for month in months)
        text = page(clerk, f"/ledger/units/{unit.pk}/supply")
        assert text.count("相符") == len(months)
        assert in_unit(total(month.loss for month in months), M3) in text
    unit, clerk = unit_and_clerk(UnitKind.SELF_SUPPLIED)
    response = ask(clerk, f"/ledger/units/{unit.pk}/supply")  # ledger.no_supplier
    assert (response.status_code, "不是供水单位" in words(response)) == (404, True)


def test_an_areas_books_prove_themselves_four_times(town: Town) -> None:
    for area in (town.cast.city, town.targets[1].area):
        text = page(town.people[Role.FINANCE_AUDIT], f"/ledger/areas/{area.pk}")
        proof = text[text.index("同一笔水") :]
        assert proof.count("相符") == 4
        assert "差 " not in proof


def test_a_correction_leads_to_what_it_corrects(town: Town) -> None:
    row = Transfer.objects.filter(corrects__isnull=False)[0]
    text = page(town.people[Role.FINANCE_AUDIT], f"/ledger/transfers/{row.pk}")
    assert f"流水 {row.corrects_id}" in text
    assert "更正" in text


def test_every_document_in_the_books_opens(town: Town) -> None:
    documents = Transfer.objects.order_by("document").values_list("document", flat=True).distinct()
    assert {document.partition("/")[0] for document in documents} <= set(DOCUMENT_ROUTES)
    for document in [d for d in documents if not d.startswith(("use/", "supply/"))]:
        assert "打开原件" in page(town.people[Role.CITY_OFFICER], f"/ledger/documents/{document}")


# -- what is not theirs ----------------------------------------------------------------------------


def test_anothers_books_are_missing_in_words(town: Town) -> None:
    """ledger.not_found, ledger.no_transfer"""
    clerk, stranger = town.people[Role.UNIT_CLERK], town.targets[5]
    assert stranger.unit is not None
    theirs = Transfer.objects.filter(debit__unit=stranger.unit, code__startswith="use")[0]
    for url in (
        f"/ledger/units/{stranger.unit.pk}",
        f"/ledger/areas/{stranger.area.pk}",
        f"/ledger/areas/{town.cast.city.pk}",
        f"/ledger/transfers/{theirs.pk}",
        f"/ledger/documents/{theirs.document}",
        f"/execution/{stranger.area.pk}",
        "/ledger/units/999999",
    ):
        response = ask(clerk, url)
        assert response.status_code == 404, url
        assert "不在您可以查看的范围里" in words(response), url


def test_a_unit_sees_its_own_side_of_a_document_and_no_totals_of_the_region(town: Town) -> None:
    clerk, target = town.people[Role.UNIT_CLERK], town.targets[3]
    assert target.unit is not None
    use = Transfer.objects.filter(debit__unit=target.unit, code__startswith="use")[0]
    text = page(clerk, f"/ledger/transfers/{use.pk}")
    assert target.unit.name in text
    assert re.search(r"转入 \S+ 已用 .{1,40} — — — —", text)
    scheme = Transfer.objects.filter(document__startswith="scheme/")[0].document
    own_lines = page(clerk, f"/ledger/documents/{scheme}")
    whole = page(town.people[Role.CITY_OFFICER], f"/ledger/documents/{scheme}")
    count = int(re.search(r"记账流水 ([\d,]+) 笔", own_lines)[1])  # type: ignore[index]
    assert count < 10 < int(re.search(r"记账流水 ([\d,]+) 笔", whole)[1])  # type: ignore[index]


def test_the_search_finds_what_one_may_see(town: Town) -> None:
    stranger = town.targets[5].unit
    assert stranger is not None
    found = page(town.people[Role.CITY_OFFICER], f"/search?q={stranger.name}")
    assert stranger.code in found
    assert stranger.code in page(town.people[Role.CITY_OFFICER], f"/search?q={stranger.pinyin[:8]}")
    hidden = page(town.people[Role.UNIT_CLERK], f"/search?q={stranger.name}")
    assert stranger.code not in hidden
    assert "没有找到" in hidden
    assert "请在上面的框里写" in page(town.people[Role.KEEPER], "/search?q=")


def test_whoever_sees_no_area_is_told_so(town: Town) -> None:
    """desk.no_area; the board leads units and keepers home instead."""
    with pytest.raises(Refusal, match="不看区域水账") as refused:
        area_of(SYSTEM)
    assert refused.value.code == "desk.no_area"
    assert ask(town.people[Role.UNIT_CLERK], "/execution").status_code == 302


# -- cost and proof --------------------------------------------------------------------------------


def test_pages_cost_a_fixed_number_of_queries(town: Town) -> None:
    unit, clerk = unit_and_clerk(UnitKind.WATERWORKS)
    area = town.targets[1].area
    officer = town.people[Role.CITY_OFFICER]
    asked = [
        (clerk, f"/ledger/units/{unit.pk}"),
        (clerk, f"/ledger/units/{unit.pk}/supply"),
        (officer, f"/ledger/areas/{town.cast.city.pk}"),
        (officer, "/execution"),
        (officer, f"/execution/{area.pk}"),
        (officer, "/search?q=水"),
        (officer, "/metering/?year=2026&month=12"),
        (clerk, f"/metering/units/{unit.pk}"),
        (clerk, f"/metering/units/{unit.pk}/deliveries"),
    ]
    for user, url in asked:
        client = Client()
        client.force_login(user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= BASE_QUERIES + PAGE_QUERIES, url


def test_the_books_are_verified_and_a_bent_balance_is_found(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    args = argparse.Namespace(year=YEAR)
    assert _verify(args) == 0
    assert "全部相符" in capsys.readouterr().out
    bent = Account.objects.filter(year=YEAR, kind="quota")[0]
    Account.objects.filter(pk=bent.pk).update(used=bent.used.m3 + 1)
    try:
        assert _verify(args) == 1
        assert bent.name in capsys.readouterr().out
    finally:
        Account.objects.filter(pk=bent.pk).update(used=bent.used.m3)


def test_an_area_without_books_is_no_error(town: Town) -> None:
    assert Area.objects.filter(code="652300").exists()
    assert page(town.people[Role.LEADER], "/?year=2031")
