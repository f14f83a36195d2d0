"""Entering figures and reading what is in force: versions, deficits, wetness, frequency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from shuiheng.core.access import Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book, Confidence, Sector, Source, UnitKind
from shuiheng.core.volume import Volume
from shuiheng.hydrology.pearson3 import Pearson3
from shuiheng.inflow import selectors, services
from shuiheng.inflow.models import AnnualRunoff, Forecast, Reading
from shuiheng.inflow.rules import DeficitStep, EntryKind, Period, SiteFacts, SiteKind, Span
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance
from shuiheng.office.models import RowHistory
from shuiheng.registry.models import Activity, Unit
from tests.conftest import Throwaway
from tests.inflow.conftest import DAY, MEAN, NOW, YEAR, Waters, actor, found_waters


def refused(act: object) -> str:
    with pytest.raises(Refusal) as caught:
        act()  # type: ignore[operator]
    return caught.value.code


def test_a_later_bulletin_is_a_row_of_its_own(waters: Waters) -> None:
    first = waters.forecast(180_000_000)
    later = waters.forecast(160_000_000, issued_on=date(2026, 5, 2), bulletin="公报2")
    assert (waters.enter(first), waters.enter(later)) == (1, 1)
    assert Forecast.objects.count() == 2
    early = selectors.wetness_of(waters.city, YEAR, date(2026, 4, 1))
    now = selectors.wetness_of(waters.city, YEAR, DAY)
    assert early is not None
    assert now is not None
    assert (early.factor_per_10000, early.bulletin) == (9000, "公报1")
    assert (now.factor_per_10000, now.forecast, now.mean) == (8000, Volume(160_000_000), MEAN)
    assert now.confidence is Confidence.DERIVED
    with pytest.raises(DatabaseError), transaction.atomic():
        Forecast.objects.update(volume=Volume(1))


def test_the_same_again_is_no_new_version(waters: Waters) -> None:
    row = waters.came(70_000, date(2026, 5, 10))
    assert waters.enter(row) == 1
    assert refused(lambda: waters.enter(row)) == "inflow.nothing_new"
    better = replace(row, volume=Volume(71_000))
    assert waters.enter(row, better) == 1
    found = selectors.readings_of([waters.river], YEAR, DAY)[waters.river.pk]
    assert found[date(2026, 5, 10)].volume == Volume(71_000)
    back = replace(row, bulletin="更正")
    assert waters.enter(back) == 1
    assert Reading.objects.count() == 3


def test_a_second_click_finds_the_first(waters: Waters) -> None:
    rows = [waters.came(1, date(2026, 5, 10)), waters.came(2, date(2026, 5, 20))]
    by = {"actor": waters.officer, "now": NOW, "key": str(uuid4())}
    assert services.enter(rows, **by) == 2  # type: ignore[arg-type]
    assert services.enter(rows, **by) == 2  # type: ignore[arg-type]
    assert Reading.objects.count() == 2


def test_nothing_nowhere_and_not_yours(waters: Waters) -> None:
    assert refused(waters.enter) == "inflow.nothing"
    row = waters.came(1, date(2026, 5, 10))
    assert refused(lambda: waters.enter(replace(row, place=10**9))) == "inflow.no_place"
    clerk = actor(Role.COUNTY_OFFICER, waters.district)
    by = {"actor": clerk, "now": NOW, "key": str(uuid4())}
    assert refused(lambda: services.enter([row], **by)) == "access.denied"  # type: ignore[arg-type]
    assert Reading.objects.count() == 0


def test_one_wrong_row_and_nothing_is_saved(waters: Waters) -> None:
    good, bad = waters.came(1, date(2026, 5, 10)), waters.came(1, date(2026, 6, 20))
    bad = replace(bad, issued_on=date(2026, 6, 1))
    assert refused(lambda: waters.enter(good, bad)) == "inflow.future"
    assert Reading.objects.count() == 0


def test_a_site_keeps_what_it_was(waters: Waters) -> None:
    def save(site: int | None, name: str) -> object:
        facts = SiteFacts(SiteKind.RIVER, name, "出山口", "新年鉴", Confidence.OFFICIAL, Volume(9))
        by = {"actor": waters.officer, "now": NOW, "key": str(uuid4())}
        return services.save_site(site, waters.city.pk, facts, **by)  # type: ignore[arg-type]

    assert refused(lambda: save(None, "甲河")) == "inflow.site_named_already"
    save(waters.river.pk, "甲河下游")
    waters.river.refresh_from_db()
    assert (waters.river.name, waters.river.mean_annual) == ("甲河下游", Volume(9))
    (before,) = RowHistory.objects.filter(table="inflow_site")
    assert before.old["name"] == "甲河"


# -- what it proposes -----------------------------------------------------------------------------


def test_a_deficit_proposes_its_step_in_words(waters: Waters) -> None:
    nothing = selectors.proposal(waters.city, YEAR, DAY)
    assert (nothing.step, nothing.through) == (DeficitStep.NONE, "")
    waters.enter(waters.forecast(31_000_000, month=5))
    waters.enter(waters.came(9_000_000, date(2026, 5, 10)))
    assert selectors.proposal(waters.city, YEAR, DAY).step is DeficitStep.WARN
    waters.enter(waters.came(5_000_000, date(2026, 5, 20)))
    cut = selectors.proposal(waters.city, YEAR, DAY)
    assert (cut.step, cut.percent, cut.through) == (DeficitStep.CUT, "10", "5月中旬")
    assert (cut.deficit, cut.deficit_per_10000) == (Volume(6_000_000), 3000)
    assert "累计欠水 30.0%" in cut.reason
    assert "第四十一条" in cut.legal_ground
    shown = selectors.board(waters.city, YEAR, DAY)
    assert shown.rivers[0].comparison.difference[13] == Volume(-6_000_000)
    assert shown.rivers[0].observed[14] is None


def test_a_cut_names_units_and_crops_and_spares_the_living(
    waters: Waters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An irrigation district is cut, a waterworks is not, though both are suppliers."""

    def holder(kind: UnitKind, sector: Sector, volume: int) -> tuple[AccountKey, Balance]:
        unit = Unit.objects.create(
            code=f"T{kind}{sector}"[:24], name=kind.label, pinyin="t", kind=kind, sector=sector,
            region=waters.district, address_area=waters.district, opened_on=date(2020, 1, 1),
        )  # fmt: skip
        place = (AccountKind.QUOTA, waters.district.pk, sector, unit.pk)
        key = AccountKey(Book.ABSTRACTION, YEAR, Source.SURFACE, *place)
        return key, Balance(Volume(volume))

    held = dict(
        [
            holder(UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE, 1_003),
            holder(UnitKind.IRRIGATION_DISTRICT, Sector.SUPPLY, 5_000),
            holder(UnitKind.WATERWORKS, Sector.SUPPLY, 9_000),
            holder(UnitKind.SELF_SUPPLIED, Sector.RESIDENTS, 700),
        ]
    )
    farm = Unit.objects.get(sector=Sector.AGRICULTURE)
    Activity.objects.create(unit=farm, year=YEAR, item="玉米", quantity=300, measure="亩")
    monkeypatch.setattr(selectors, "quotas", lambda year, conditions: held)
    waters.enter(waters.forecast(31_000_000, month=5))
    waters.enter(waters.came(5_000_000, date(2026, 5, 10)))
    found = selectors.proposal(waters.city, YEAR, DAY)
    assert [(hit.sector, hit.cut, hit.protected) for hit in found.hits] == [
        (Sector.AGRICULTURE, Volume(100), False),
        (Sector.RESIDENTS, Volume(0), True),
        (Sector.SUPPLY, Volume(500), False),
    ]
    assert found.cut == Volume(600)
    assert [(hit.unit.kind, hit.cut) for hit in found.units] == [
        (UnitKind.IRRIGATION_DISTRICT, Volume(500)),
        (UnitKind.SELF_SUPPLIED, Volume(100)),
    ]
    assert [(crop.item, crop.quantity, crop.units) for crop in found.crops] == [("玉米", 300, 1)]
    assert selectors.regional_cuts(waters.city, YEAR, 1_000) == {waters.district.pk: Volume(600)}


# -- frequency and wetness ------------------------------------------------------------------------


def test_no_forecast_no_wetness(waters: Waters) -> None:
    assert selectors.wetness_of(waters.city, YEAR, DAY) is None


def test_the_class_of_an_only_river_follows_its_printed_statistics(waters: Waters) -> None:
    waters.enter(waters.forecast(150_000_000))
    found = selectors.wetness_of(waters.district, YEAR, DAY)
    assert found is not None
    p = Pearson3(1, 0.2, 0.4).exceedance(0.75)
    assert found.p_per_10000 == round(10_000 * p)
    assert found.label == "枯"


def test_a_series_of_the_area_goes_before(waters: Waters) -> None:
    values = [190, 260, 150, 210, 170, 230, 120, 200, 180, 240]
    rows = [
        waters.row(EntryKind.RUNOFF, waters.city, year=2010 + n, volume=Volume(v * 10**6))
        for n, v in enumerate(values)
    ]
    assert waters.enter(*rows) == 10
    waters.enter(replace(rows[0], volume=Volume(195 * 10**6)))
    waters.enter(waters.forecast(150_000_000))
    found = selectors.frequency(waters.city)
    assert AnnualRunoff.objects.count() == 11
    assert [fit.label for fit in found.fits] == ["矩法", "线性矩法", "适线法"]
    assert found.series[0].volume == Volume(195 * 10**6)
    assert found.points[0].p_exceed == pytest.approx(1 / 11)
    for fit in found.fits:
        assert list(fit.quantiles) == sorted(fit.quantiles, reverse=True)
    wetness = selectors.wetness_of(waters.city, YEAR, DAY)
    assert wetness is not None
    assert found.chosen is not None
    assert wetness.p_per_10000 == round(1e4 * found.chosen.exceedance(found.chosen.mean * 0.75))
    assert wetness.label == "偏枯"


def test_a_short_series_says_why_there_is_no_curve(waters: Waters) -> None:
    waters.enter(waters.row(EntryKind.RUNOFF, waters.city, year=2019, volume=Volume(5)))
    found = selectors.frequency(waters.city)
    assert found.chosen is None
    assert "至少要 5 年" in found.refused
    assert len(found.points) == 1


def test_a_river_without_forecast_is_named(waters: Waters) -> None:
    facts = SiteFacts(SiteKind.RIVER, "戊河", "", "年鉴", Confidence.DEMO, Volume(100))
    by = {"actor": waters.officer, "now": NOW, "key": str(uuid4())}
    services.save_site(None, waters.city.pk, facts, **by)  # type: ignore[arg-type]
    waters.enter(waters.forecast(150_000_000))
    found = selectors.wetness_of(waters.city, YEAR, DAY)
    assert found is not None
    assert (found.missing, found.mean, found.p_per_10000) == (("戊河",), MEAN, None)


def test_levels_and_storage_are_read_by_day(waters: Waters) -> None:
    stored = waters.row(EntryKind.STORAGE, waters.lake, day=date(2026, 5, 31), volume=Volume(4))
    deep = waters.row(EntryKind.LEVEL, waters.well, day=date(2026, 5, 31), depth=Decimal("18.35"))
    waters.enter(stored, deep)
    shown = selectors.board(waters.city, YEAR, DAY)
    assert shown.storage[0][1][0].volume == Volume(4)
    assert shown.levels[0][1][0].depth == Decimal("18.35")
    assert selectors.board(waters.city, YEAR, date(2026, 5, 1)).storage[0][1] == ()


def test_two_people_enter_the_same_sheet_at_once(throwaway_database: Throwaway) -> None:
    waters = found_waters()
    rows = [waters.forecast(month * 10**6, month=month) for month in range(1, 13)]

    def enter(_: int) -> str:
        try:
            return str(waters.enter(*rows))
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(enter, range(2))) == ["12", "inflow.nothing_new"]
    assert Forecast.objects.count() == 12


def test_a_period_outside_its_year_is_stopped_by_the_database(waters: Waters) -> None:
    row = replace(waters.forecast(1), period=Period(Span.MONTH, 13))
    with pytest.raises(DatabaseError), transaction.atomic():
        waters.enter(row)
