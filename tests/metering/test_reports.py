"""Monthly use: posted as it is, corrected by its reverse pair, and a supplier's month that adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shuiheng.core.access import SYSTEM, Actor, Holding, Place, Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Sector, Source, UseBasis
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import Code
from shuiheng.metering import rules
from shuiheng.metering.models import SupplyMonth, UseReport
from shuiheng.metering.rules import ReportRow
from shuiheng.metering.selectors import missing
from shuiheng.metering.services import close_supply_month, estimate_missing, report_use
from shuiheng.office.models import Area
from shuiheng.registry.models import Intake, PastUse, SupplyLink, Unit

NOW = datetime(2026, 6, 5, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Town:
    """A district with a farm, a waterworks and its two customers."""

    def __init__(self) -> None:
        self.area = Area.objects.create(
            code="T1", name="试验区", kind="district", path="T1", pinyin="syq", has_own_budget=True
        )
        self.farm = self.unit("farm", "self_supplied", "agriculture")
        self.works = self.unit("works", "waterworks", "residents")
        self.shop = self.unit("shop", "network_customer", "services")
        self.mill = self.unit("mill", "network_customer", "industry")
        for unit, source in ((self.farm, "ground"), (self.works, "surface")):
            Intake.objects.create(unit=unit, name="1", source=source, since=date(2020, 1, 1))
        for customer in (self.shop, self.mill):
            SupplyLink.objects.create(
                supplier=self.works, customer=customer, since=date(2020, 1, 1)
            )
        self.keys = 0

    def unit(self, code: str, kind: str, sector: str) -> Unit:
        return Unit.objects.create(
            code=code, name=code, pinyin=code, kind=kind, sector=sector,
            region=self.area, address_area=self.area, opened_on=date(2020, 1, 1),
        )  # fmt: skip

    def key(self) -> str:
        self.keys += 1
        return f"town:{self.keys}"

    def report(
        self, unit: Unit, source: Source, sector: Sector, m3: int, actor: Actor = SYSTEM
    ) -> UseReport:
        row = ReportRow(unit.pk, source, sector, Volume(m3))
        (report,) = report_use(2026, 5, [row], actor=actor, now=NOW, key=self.key())
        return report

    def farm_uses(self, m3: int, actor: Actor = SYSTEM) -> UseReport:
        return self.report(self.farm, Source.GROUND, Sector.AGRICULTURE, m3, actor)

    def deliver(self, intake: int, residents: int, shop: int, mill: int) -> None:
        self.report(self.works, Source.SURFACE, Sector.SUPPLY, intake)
        self.report(self.works, Source.NETWORK, Sector.RESIDENTS, residents)
        self.report(self.shop, Source.NETWORK, Sector.SERVICES, shop)
        self.report(self.mill, Source.NETWORK, Sector.INDUSTRY, mill)

    def close(self) -> SupplyMonth:
        return close_supply_month(self.works.pk, 2026, 5, actor=SYSTEM, now=NOW, key=self.key())

    def used(self, unit: Unit) -> int:
        return sum(a.used.m3 for a in Account.objects.filter(unit=unit))


@pytest.fixture
def town() -> Town:
    return Town()


def test_use_without_any_budget_is_posted_all_the_same(town: Town) -> None:
    town.farm_uses(1200)
    (account,) = Account.objects.filter(unit=town.farm)
    assert account.balance.available == Volume(-1200)


def test_a_second_report_takes_the_first_back_and_points_at_it(town: Town) -> None:
    town.farm_uses(1200)
    first = Transfer.objects.latest("pk")
    mended = town.farm_uses(900)
    assert mended.revision == 2
    back, again = Transfer.objects.order_by("pk")[1:]
    assert back.corrects_id == first.pk
    assert (back.amount.m3, again.amount.m3) == (1200, 900)
    assert town.used(town.farm) == 900
    assert UseReport.objects.filter(is_current=True).count() == 1


def test_nil_is_a_report_without_a_transfer(town: Town) -> None:
    report = town.farm_uses(0)
    assert report.is_nil
    assert not Transfer.objects.exists()
    assert all(line[0] != town.farm.pk for line in missing(town.area, 2026, 5))


def test_a_double_click_reports_once(town: Town) -> None:
    row = ReportRow(town.farm.pk, Source.GROUND, Sector.AGRICULTURE, Volume(10))
    for _ in range(2):
        report_use(2026, 5, [row], actor=SYSTEM, now=NOW, key="same")
    assert town.used(town.farm) == 10


@pytest.mark.parametrize(
    ("m3", "month", "code"),
    [(-1, 5, "report.negative"), (5, 7, "report.future"), (5, 13, "report.month")],
)
def test_what_cannot_be_reported(town: Town, m3: int, month: int, code: str) -> None:
    row = ReportRow(town.farm.pk, Source.GROUND, Sector.AGRICULTURE, Volume(m3))
    with pytest.raises(Refusal) as refused:
        report_use(2026, month, [row], actor=SYSTEM, now=NOW, key=town.key())
    assert refused.value.code == code


def test_nothing_to_report_and_nobody_to_report_for(town: Town) -> None:
    with pytest.raises(Refusal) as refused:
        report_use(2026, 5, [], actor=SYSTEM, now=NOW, key=town.key())
    assert refused.value.code == "report.empty"
    ghost = ReportRow(10**9, Source.GROUND, Sector.AGRICULTURE, Volume(1))
    with pytest.raises(Refusal) as refused:
        report_use(2026, 5, [ghost], actor=SYSTEM, now=NOW, key=town.key())
    assert refused.value.code == "report.no_unit"


def test_network_water_needs_a_supplier(town: Town) -> None:
    SupplyLink.objects.filter(customer=town.shop).update(until=date(2026, 1, 1))
    with pytest.raises(Refusal) as refused:
        town.report(town.shop, Source.NETWORK, Sector.SERVICES, 5)
    assert refused.value.code == "report.no_supplier"


def test_deliveries_and_loss_make_the_abstraction(town: Town) -> None:
    town.deliver(1000, 500, 200, 210)
    closed = town.close()
    assert (closed.abstraction.m3, closed.deliveries.m3, closed.loss.m3) == (1000, 910, 90)
    losses = Transfer.objects.filter(code=Code.LOSS)
    assert [loss.amount.m3 for loss in losses] == [90]


def test_closing_again_after_a_correction_replaces_the_loss(town: Town) -> None:
    town.deliver(1000, 500, 200, 210)
    town.close()
    town.report(town.mill, Source.NETWORK, Sector.INDUSTRY, 250)
    assert town.close().loss.m3 == 50
    loss = Account.objects.get(kind="loss", unit=town.works)
    assert loss.used.m3 == 50


def test_more_delivered_than_taken_is_said_with_both_figures(town: Town) -> None:
    town.deliver(900, 500, 200, 210)
    with pytest.raises(Refusal, match=r"910 m³.*900 m³|900 m³.*910 m³|多 10 m³") as refused:
        town.close()
    assert refused.value.code == "supply.more_than_taken"


def test_a_month_is_not_closed_while_a_line_is_missing(town: Town) -> None:
    town.report(town.works, Source.SURFACE, Sector.SUPPLY, 1000)
    with pytest.raises(Refusal, match="还有 3 项") as refused:
        town.close()
    assert refused.value.code == "supply.incomplete"


def test_who_did_not_report_is_estimated_from_last_year(town: Town) -> None:
    PastUse.objects.create(
        unit=town.farm, year=2025, month=5, source="ground", volume=Volume(777), origin="t"
    )
    made = estimate_missing(town.area, 2026, 5, actor=SYSTEM, now=NOW, key=town.key())
    assert made == 5
    report = UseReport.objects.get(unit=town.farm)
    assert (report.volume.m3, report.basis) == (777, UseBasis.ESTIMATED)
    assert missing(town.area, 2026, 5) == []


def test_who_may_report_for_whom(town: Town) -> None:
    def person(role: Role, place: Place) -> Actor:
        return Actor(0, "某人", (Holding(role, place),))

    farmer = person(Role.UNIT_CLERK, town.farm.place)
    assert not town.farm_uses(5, farmer).on_behalf
    clerk = person(Role.COUNTY_OFFICER, town.area.place)
    assert town.farm_uses(6, clerk).on_behalf
    works = person(Role.SUPPLIER_MANAGER, town.works.place)
    town.report(town.shop, Source.NETWORK, Sector.SERVICES, 5, works)
    with pytest.raises(Refusal) as refused:
        town.farm_uses(7, works)
    assert refused.value.code == "access.denied"


@pytest.mark.parametrize(
    ("last_year", "before", "expected"), [(70, [1, 2], 70), (None, [10, 21], 15), (None, [], 0)]
)
def test_the_estimate(last_year: int | None, before: list[int], expected: int) -> None:
    last = None if last_year is None else Volume(last_year)
    assert rules.estimate(last, [Volume(m3) for m3 in before]) == Volume(expected)
