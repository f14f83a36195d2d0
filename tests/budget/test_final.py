"""决算 as people use it: confirming, disputing, reviewing, districts, the end of the year, late use."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from shuiheng.budget import services
from shuiheng.budget.models import AreaFinal, FinalAccount, FinalLine
from shuiheng.budget.rules import Direction, Ground
from shuiheng.budget.selectors.final import final_accounts, stated_lines
from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_noon
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.selectors import breaches
from shuiheng.metering import services as metering
from shuiheng.metering.models import UseReport
from shuiheng.metering.rules import ReportRow
from shuiheng.office.models import Area
from shuiheng.papers.models import Paper
from shuiheng.papers.services import typeset_paper
from shuiheng.registry.models import Unit
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 12, 5)
NEW_YEAR = beijing_noon(date(YEAR + 1, 1, 10))
pytestmark = pytest.mark.django_db
KEY = "5b2e3d60-31d1-4a87-9a31-00000000000"


def who(lived: Lived, role: Role, area: Area | None = None) -> Visitor:
    return Visitor(lived.cast.at(role, area), lived.now)


def unit_of(lived: Lived, account: FinalAccount) -> Visitor:
    return Visitor(lived.cast.of(account.budget.unit), lived.now)


def page(account: FinalAccount) -> str:
    return reverse("budget:final", args=[account.pk])


LIST = "/budget/finals"


@pytest.fixture
def account(lived: Lived) -> FinalAccount:
    """A self-supplied unit's account."""
    rows = FinalAccount.objects.select_related("budget__unit__region", "budget__region")
    return rows.filter(budget__unit__kind=UnitKind.SELF_SUPPLIED).order_by("pk")[4]


def reviewer(lived: Lived, account: FinalAccount) -> Visitor:
    return who(lived, Role.COUNTY_REVIEWER, account.budget.region)


# -- the unit ---------------------------------------------------------------------------------------


def test_a_unit_comes_straight_to_its_own_account(lived: Lived, account: FinalAccount) -> None:
    visitor = unit_of(lived, account)
    response = visitor.get(LIST)
    assert response.status_code == 302
    assert page(account) in response["Location"]
    text = words(visitor.get(page(account)))
    for row in stated_lines(account):
        assert f"{row.line.quota.m3:,}" in text
        assert f"{row.stated.m3:,}" in text
        assert row.line.december_estimate.m3 >= 0
    assert "还有 7 个工作日" in text
    assert "确认决算" in text


def test_confirming_twice_is_confirming_once(lived: Lived, account: FinalAccount) -> None:
    visitor = unit_of(lived, account)
    for _ in range(2):
        assert visitor.post(page(account), act="confirm", key=KEY + "1").status_code == 303
    account.refresh_from_db()
    assert account.state == "confirmed"
    response = visitor.post(page(account), act="confirm")
    assert response.status_code == 409
    assert "不能“确认决算”" in words(response)


def test_use_that_came_in_meanwhile_is_in_what_is_confirmed(
    lived: Lived, account: FinalAccount
) -> None:
    line = account.lines.order_by("pk")[0]
    FinalLine.objects.filter(pk=line.pk).update(used=Volume(1))
    unit_of(lived, account).post(page(account), act="confirm")
    line.refresh_from_db()
    assert line.used > Volume(1)


def test_a_dispute_needs_words_and_is_answered(lived: Lived, account: FinalAccount) -> None:
    visitor = unit_of(lived, account)
    response = visitor.post(page(account), act="dispute", reason=" ")
    assert response.status_code == 422
    assert "要写明理由" in words(response)
    assert visitor.post(page(account), act="dispute", reason="7月多记 300 m³").status_code == 303
    officer = reviewer(lived, account)
    text = words(officer.get(page(account)))
    assert "7月多记 300 m³" in text
    assert "答复异议" in text
    assert "确认决算" not in text
    assert officer.post(page(account), act="answer", reason="已核对").status_code == 303
    account.refresh_from_db()
    assert account.state == "open"


def test_someone_elses_account_is_missing(lived: Lived, account: FinalAccount) -> None:
    stranger = Unit.objects.exclude(pk=account.budget.unit_id).order_by("pk").last()
    assert stranger is not None
    visitor = Visitor(lived.cast.of(stranger), lived.now)
    assert visitor.get(page(account)).status_code == 404
    assert visitor.post(page(account), act="confirm").status_code == 404
    assert visitor.post(reverse("budget:final_print", args=[account.pk])).status_code == 404
    other = next(a for a in lived.cast.regions if a.pk != account.budget.region_id)
    response = who(lived, Role.COUNTY_REVIEWER, other).get(page(account))
    assert response.status_code == 404
    assert "没有这份决算" in words(response)


def test_the_printed_sheet_adds_up_and_is_the_same_when_nothing_changed(
    lived: Lived, account: FinalAccount
) -> None:
    visitor, url = unit_of(lived, account), reverse("budget:final_print", args=[account.pk])
    first, again = visitor.post(url), visitor.post(url)
    assert first.status_code == again.status_code == 303
    paper = Paper.objects.get(subject=f"final/{account.pk}")
    stated = total(row.stated for row in stated_lines(account))
    assert sum(paper.data["months"]) == stated.m3
    assert typeset_paper(paper.pk).state == "ready"
    suppliers = FinalAccount.objects.filter(budget__unit__kind=UnitKind.WATERWORKS)
    works = suppliers.select_related("budget__unit__region")[0]
    officer = who(lived, Role.CITY_REVIEWER)
    officer.post(reverse("budget:final_print", args=[works.pk]))
    sheet = Paper.objects.get(subject=f"final/{works.pk}")
    assert all(line["source"] != "管网水" for line in sheet.data["lines"])


# -- the officer ------------------------------------------------------------------------------------


def confirm_all(lived: Lived, area: Area) -> list[int]:
    rows = FinalAccount.objects.filter(budget__region=area, state="open")
    ids = list(rows.values_list("pk", flat=True))
    clerk = lived.cast.at(Role.COUNTY_OFFICER, area)
    services.confirm_final_for(ids, actor=clerk, now=lived.now, key=f"test:{area.pk}")
    return ids


def listed(response: Any) -> dict[str, Any]:
    found = re.search(r'name="accounts" value="([\d,]*)"', response.content.decode())
    assert found is not None
    return {"accounts": found[1]}


def test_a_read_list_is_reviewed_at_once_but_for_the_emptied_boxes(
    lived: Lived, account: FinalAccount
) -> None:
    area = account.budget.region
    ids = confirm_all(lived, area)
    officer = reviewer(lived, account)
    response = officer.get(LIST)
    text = words(response)
    assert f"审核通过这 {len(ids)} 件" in text
    assert "还没有保存任何内容" in text
    assert account.budget.unit.name in text or len(ids) > 50
    posted = listed(response) | {
        "account_shown": [str(pk) for pk in ids[:3]],
        "account": [str(pk) for pk in ids[1:3]],
    }
    for _ in range(2):
        assert officer.post(LIST, key=KEY + "2", **posted).status_code == 303
    states = dict(FinalAccount.objects.filter(pk__in=ids).values_list("pk", "state"))
    assert states.pop(ids[0]) == "confirmed"
    assert set(states.values()) == {"reviewed"}


def test_nothing_chosen_is_a_sentence(lived: Lived, account: FinalAccount) -> None:
    ids = confirm_all(lived, account.budget.region)
    officer = reviewer(lived, account)
    posted = listed(officer.get(LIST)) | {"account_shown": [str(pk) for pk in ids]}
    response = officer.post(LIST, **posted)
    assert response.status_code == 422
    assert "还没有选单位" in words(response)


def test_a_list_is_not_reviewed_in_another_district(lived: Lived, account: FinalAccount) -> None:
    ids = confirm_all(lived, account.budget.region)
    other = next(a for a in lived.cast.regions if a.pk != account.budget.region_id)
    officer = who(lived, Role.COUNTY_REVIEWER, other)
    response = officer.post(LIST, accounts=",".join(map(str, ids)))
    assert response.status_code == 403
    assert not FinalAccount.objects.filter(state="reviewed").exists()


def test_who_confirmed_does_not_review(lived: Lived, account: FinalAccount) -> None:
    officer = reviewer(lived, account)
    assert officer.post(page(account), act="confirm_for").status_code == 303
    clerk = who(lived, Role.COUNTY_OFFICER, account.budget.region)
    assert clerk.post(page(account), act="review").status_code == 403
    assert officer.post(page(account), act="review").status_code == 403
    account.refresh_from_db()
    assert account.state == "confirmed"


def test_a_returned_account_is_confirmed_again(lived: Lived, account: FinalAccount) -> None:
    unit_of(lived, account).post(page(account), act="confirm")
    officer = reviewer(lived, account)
    text = words(officer.get(page(account)))
    assert "退回重报" in text
    assert "审核通过" in text
    officer.post(page(account), act="return", reason="请核 5 月")
    account.refresh_from_db()
    assert account.state == "open"


def test_states_are_tabs_and_names_are_searched(lived: Lived, account: FinalAccount) -> None:
    officer = reviewer(lived, account)
    count = FinalAccount.objects.filter(budget__region=account.budget.region).count()
    text = words(officer.get(f"{LIST}?state=open&q={account.budget.unit.name}"))
    assert account.budget.unit.name in text
    assert f"待单位确认 {count}" in text
    assert "这里没有决算" in words(officer.get(f"{LIST}?state=disputed"))


def test_a_list_counts_each_unit_in_its_own_book(lived: Lived) -> None:
    rows = final_accounts(lived.cast.at(Role.CITY_REVIEWER), YEAR, None)
    works = rows.get(budget__unit__kind=UnitKind.WATERWORKS)
    intake = FinalLine.objects.filter(account=works.pk, book="abstraction")
    assert works.quota == total(line.quota for line in intake)
    customer = rows.filter(budget__unit__kind=UnitKind.NETWORK_CUSTOMER)[0]
    assert customer.quota == FinalLine.objects.get(account=customer.pk).quota


# -- opening, districts, the end --------------------------------------------------------------------


def test_opening_again_opens_nothing_new(lived: Lived) -> None:
    officer = who(lived, Role.CITY_OFFICER)
    before = FinalAccount.objects.count()
    assert officer.post(reverse("budget:finals_open") + f"?year={YEAR}").status_code == 303
    assert FinalAccount.objects.count() == before


def test_before_the_cut_off_nothing_is_opened(lived: Lived) -> None:
    early = Visitor(lived.cast.at(Role.CITY_OFFICER), beijing_noon(date(YEAR, 11, 30)))
    response = early.post(reverse("budget:finals_open") + f"?year={YEAR}")
    assert response.status_code == 409
    assert "截止日" in words(response)
    assert early.said == "final.before_cut_off"


def test_a_district_is_completed_once_all_are_reviewed(lived: Lived, account: FinalAccount) -> None:
    area = account.budget.region
    officer = reviewer(lived, account)
    url = reverse("budget:finals_district", args=[area.pk])
    assert "户没有审核通过" in words(officer.get(url))
    response = officer.post(url)
    assert response.status_code == 409
    assert "没有审核通过" in words(response)
    other = next(a for a in lived.cast.regions if a.pk != area.pk)
    stranger = who(lived, Role.COUNTY_REVIEWER, other)
    assert stranger.get(url).status_code == 404
    assert stranger.said == "final.no_district"


def settle_all(lived: Lived) -> None:
    for area in lived.cast.regions:
        ids = confirm_all(lived, area)
        chief = lived.cast.at(Role.CITY_REVIEWER)
        services.review_final(ids, actor=chief, now=lived.now, key=f"test:review:{area.pk}")
        services.complete_district(
            area, YEAR, actor=chief, now=lived.now, key=f"test:complete:{area.pk}"
        )


CLOSE = f"/budget/finals/close?year={YEAR}"


def test_closing_too_early_or_before_the_districts_is_refused(lived: Lived) -> None:
    chief = who(lived, Role.CITY_REVIEWER)
    text = words(chief.get(CLOSE))
    assert "还没有完成决算" in text
    assert chief.post(CLOSE).status_code == 409
    assert chief.said == "final.districts_open"
    settle_all(lived)
    response = chief.post(CLOSE)
    assert response.status_code == 409
    assert "还没有结束" in words(response)
    assert who(lived, Role.CITY_OFFICER).get(CLOSE).status_code == 403


def test_the_end_of_the_year(lived: Lived, account: FinalAccount) -> None:
    settle_all(lived)
    chief = Visitor(lived.cast.at(Role.CITY_REVIEWER), NEW_YEAR)
    text = words(chief.get(CLOSE))
    planned = services.preview_close(lived.cast.city, YEAR)
    lapsing = total(e.amount for e in planned if e.debit.source is not Source.NETWORK)
    assert f"封账（核销 {lapsing.wan()} 万m³）" in text
    assert "永久锁定" in text
    for _ in range(2):
        assert chief.post(CLOSE, key=KEY + "4").status_code == 303
    lapsed = Transfer.objects.filter(code="lapse", book="abstraction")
    assert total(t.amount for t in lapsed) == lapsing
    assert chief.post(CLOSE).status_code == 409
    areas = [lived.cast.city.pk, *(a.pk for a in lived.cast.regions)]
    assert breaches(areas, YEAR) == []
    assert AreaFinal.objects.get(area=lived.cast.city, year=YEAR).state == "completed"
    text = words(chief.get(page(account) + f"?year={YEAR}"))
    assert "封账时" in text
    assert "已决算" in text
    _grants_are_refused(lived, account)
    _late_use_is_a_memo(lived, account, chief)


def _grants_are_refused(lived: Lived, account: FinalAccount) -> None:
    line = account.budget.lines.order_by("pk")[0]
    with pytest.raises(Refusal) as refused:
        services.apply_adjustment(
            line.pk,
            direction=Direction.DECREASE,
            ground=Ground.PRODUCTION,
            volume=Volume(1),
            reason="迟了",
            actor=lived.cast.of(account.budget.unit),
            now=NEW_YEAR,
            key="test:late",
        )
    assert refused.value.code == "adjustment.not_issued"


def _late_use_is_a_memo(lived: Lived, account: FinalAccount, chief: Visitor) -> None:
    report = UseReport.objects.filter(
        unit=account.budget.unit, year=YEAR, month=11, is_current=True
    ).order_by("pk")[0]
    before = FinalLine.objects.get(
        account=account, source=report.source, sector=report.sector
    ).closed_used
    more = ReportRow(
        report.unit_id, Source(report.source), Sector(report.sector),
        report.volume + Volume(777), report.basis,
    )  # fmt: skip
    clerk = lived.cast.at(Role.COUNTY_OFFICER, account.budget.region)
    metering.report_use(YEAR, 11, [more], actor=clerk, now=NEW_YEAR, key="test:more")
    assert Transfer.objects.filter(year=YEAR, code="use_late").exists()
    after = FinalLine.objects.get(account=account, source=report.source, sector=report.sector)
    assert after.closed_used == before
    assert "+777" in words(chief.get(page(account) + f"?year={YEAR}"))
    memo = words(chief.get(f"{LIST}?year={YEAR}"))
    assert "以前年度调整" in memo
    assert "+777" in memo
    opened = Account.objects.filter(unit=account.budget.unit, year=YEAR + 1, kind="quota")
    assert not any(row.used for row in opened)


@pytest.mark.parametrize("name", ["open", "confirmed", "final", "close"])
def test_pages_ask_little_of_the_database(
    lived: Lived, account: FinalAccount, name: str, django_assert_max_num_queries: Any
) -> None:
    confirm_all(lived, next(a for a in lived.cast.regions if a.pk != account.budget.region_id))
    chief = who(lived, Role.CITY_REVIEWER)
    urls = {"final": page(account), "close": CLOSE}
    with django_assert_max_num_queries(12):
        response = chief.get(urls.get(name, f"{LIST}?state={name}"))
    assert response.status_code == 200
