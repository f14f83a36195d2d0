"""The pages as people use them: wrong figures come back as typed, right ones stand on the board at once."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from shuiheng.core.access import Role
from shuiheng.core.volume import Volume
from shuiheng.inflow.models import Forecast, Reading, Site
from shuiheng.inflow.rules import EntryKind
from shuiheng.office.models import User
from tests.inflow.conftest import Waters

People = dict[Role, User]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: HttpResponse) -> str:
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def form(**filled: str) -> dict[str, str]:
    return {"key": str(uuid4()), "confidence": "official", **filled}


def test_empty_pages_say_what_is_next(waters: Waters, people: People) -> None:
    Site.objects.all().delete()
    looker, officer = signed_in(people[Role.LEADER]), signed_in(people[Role.CITY_OFFICER])
    board = words(officer.get("/inflow/"))
    assert "还没有登记河流断面" in board
    assert "登记河流断面…" in board
    assert "登记河流断面…" not in words(looker.get("/inflow/"))
    assert "至少 5 年" in words(looker.get("/inflow/frequency"))
    assert "还没有录入" in words(looker.get("/inflow/entries?kind=level"))
    assert "还没有登记来水测点" in words(looker.get("/inflow/sites"))
    assert "还没有您可以录入的水库" in words(officer.get("/inflow/enter/storage"))


def test_who_sees_and_who_enters(waters: Waters, people: People) -> None:
    """inflow.no_kind | inflow.no_site | inflow.no_site_kind"""
    looker, clerk = signed_in(people[Role.LEADER]), signed_in(people[Role.COUNTY_OFFICER])
    assert looker.get("/inflow/enter/observed").status_code == 403
    assert looker.post("/inflow/enter/observed", form()).status_code == 403
    assert looker.get("/inflow/template/observed").status_code == 403
    keeper = signed_in(people[Role.KEEPER]).get("/inflow/")
    assert (keeper.status_code, "您的岗位不看来水" in words(keeper)) == (403, True)
    assert "甲河" in words(clerk.get("/inflow/"))
    assert "甲河" not in words(clerk.get("/inflow/enter/observed"))
    assert clerk.get(f"/inflow/sites/{waters.river.pk}/edit").status_code == 403
    assert looker.get("/inflow/sites/999999").status_code == 404
    assert looker.get("/inflow/entries?kind=rain").status_code == 404
    officer = signed_in(people[Role.CITY_OFFICER])
    assert officer.get("/inflow/sites/new?kind=pond").status_code == 404


def test_a_figure_by_hand_stands_on_the_board(waters: Waters, people: People) -> None:
    officer = signed_in(people[Role.CITY_OFFICER])
    river = str(waters.river.pk)
    known = {"place": river, "bulletin": "年报", "issued_on": "2026-01-05"}
    bad = officer.post("/inflow/enter/forecast?year=2026", form(**known, period="冬天", figure="9"))
    assert (bad.status_code, "不是时段" in words(bad), "冬天" in bad.content.decode()) == (422, True, True)  # fmt: skip
    good = officer.post("/inflow/enter/forecast?year=2026", form(**known, period="全年", figure="18000"))  # fmt: skip
    assert good.status_code == 303
    assert Forecast.objects.get().volume == Volume(180_000_000)
    known["issued_on"] = "2026-05-12"
    officer.post("/inflow/enter/observed?year=2026", form(**known, period="5月上旬", figure="900"))
    board = words(officer.get("/inflow/"))
    assert "系数 0.9000" in board
    assert "5月上旬" in board
    deep = form(place=str(waters.well.pk), when="2026-05-31", figure="18.35", bulletin="年报", issued_on="2026-06-01")  # fmt: skip
    assert officer.post("/inflow/enter/level", deep).status_code == 303
    past = form(place=str(waters.city.pk), when="2019", figure="20000", bulletin="年鉴", issued_on="2026-06-01")  # fmt: skip
    assert officer.post("/inflow/enter/runoff", past).status_code == 303
    late = form(place=river, period="6月中旬", figure="1", bulletin="旬报", issued_on="2026-06-15")
    assert officer.post("/inflow/enter/observed?year=2026", late).status_code == 422


@pytest.mark.parametrize("year", ["9999", "0000", "abcd", "", "２０２６"])
def test_a_year_that_makes_no_sense_is_passed_over(
    waters: Waters, people: People, year: str
) -> None:
    page = signed_in(people[Role.LEADER]).get(f"/inflow/?year={year}")
    assert (page.status_code, "2026 年来水" in words(page)) == (200, True)


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_has_its_pages(waters: Waters, people: People, kind: EntryKind) -> None:
    officer = signed_in(people[Role.CITY_OFFICER])
    for page in ("enter", "upload", "template"):
        assert officer.get(f"/inflow/{page}/{kind.value}?year=2026").status_code == 200
    assert officer.get(f"/inflow/entries?year=2026&kind={kind.value}").status_code == 200


def book_of(client: Client, kind: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(
        io.BytesIO(client.get(f"/inflow/template/{kind}?year=2026").content)
    )


def send(client: Client, kind: str, content: bytes) -> HttpResponse:
    file = SimpleUploadedFile("来水.xlsx", content)
    return client.post(f"/inflow/upload/{kind}?year=2026", {"file": file, "confidence": "official"})


def bytes_of(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_sheet_is_checked_previewed_and_then_entered(waters: Waters, people: People) -> None:
    officer = signed_in(people[Role.CITY_OFFICER])
    book = book_of(officer, "observed")
    sheet = book.active
    assert [sheet["A3"].value, sheet["A4"].value, sheet["B4"].value] == [
        "河流断面",
        "甲河",
        "1月上旬",
    ]
    assert sheet["B19"].value == "6月上旬"
    assert sheet["A20"].value is None
    sheet["C4"], sheet["D4"], sheet["E4"] = 120, "旬报1", date(2026, 1, 12)
    sheet["C5"], sheet["D5"], sheet["E5"] = "三百", "旬报2", "2026-01-22"
    bad = send(officer, "observed", bytes_of(book))
    assert (bad.status_code, "第 5 行" in words(bad)) == (422, True)
    sheet["C5"] = 300
    preview = send(officer, "observed", bytes_of(book))
    assert (preview.status_code, "录入这 2 行" in words(preview)) == (200, True)
    assert not Reading.objects.exists()
    fields = dict(re.findall(r'name="(key|checked)" value="([^"]+)"', preview.content.decode()))
    assert officer.post("/inflow/upload/observed?year=2026", fields).status_code == 303
    assert [r.volume.m3 for r in Reading.objects.order_by("day")] == [1_200_000, 3_000_000]


def test_what_was_checked_cannot_be_changed_on_the_way(waters: Waters, people: People) -> None:
    """inflow.stale"""
    officer = signed_in(people[Role.CITY_OFFICER])
    forged = officer.post("/inflow/upload/observed", form(checked="[]:forged"))
    assert (forged.status_code, "没有保存任何内容" in words(forged)) == (409, True)
    nothing = send(officer, "observed", b"no")
    assert (nothing.status_code, "不是 Excel 工作簿" in words(nothing)) == (422, True)


def test_many_rivers_come_in_pages(waters: Waters, people: People) -> None:
    Site.objects.bulk_create(
        Site(
            kind="river", name=f"河{n:03d}", pinyin=f"he{n:03d}", area=waters.city,
            mean_annual=Volume(5), source="年鉴", confidence="official",
        )
        for n in range(120)
    )  # fmt: skip
    looker = signed_in(people[Role.LEADER])
    first, third = words(looker.get("/inflow/")), words(looker.get("/inflow/?page=3"))
    assert "河000" in first
    assert "河119" not in first
    assert "河119" in third


def test_a_cut_leads_whoever_may_to_the_change_from_above(waters: Waters, people: People) -> None:
    waters.enter(waters.forecast(31_000_000, month=5))
    waters.enter(waters.came(5_000_000, date(2026, 5, 10)))
    officer = signed_in(people[Role.CITY_OFFICER]).get("/inflow/").content.decode()
    looker = signed_in(people[Role.LEADER]).get("/inflow/")
    assert "/budget/changes/new?year=2026" in officer
    assert "/budget/changes/new" not in looker.content.decode()
    assert "压减 10%" in words(looker)
    assert "第四十一条" in words(looker)


def test_a_site_is_registered_and_changed(waters: Waters, people: People) -> None:
    officer = signed_in(people[Role.CITY_OFFICER])
    city = str(waters.city.pk)
    half = form(name="己河", area=city, mean_annual="300", cv="0.2", source="年鉴")
    refused = officer.post("/inflow/sites/new?kind=river", half)
    assert (refused.status_code, "要么都填" in words(refused)) == (422, True)
    full = form(name="己河", area=city, mean_annual="300", cv="0.2", cs_over_cv="2", source="年鉴")
    assert officer.post("/inflow/sites/new?kind=river", full).status_code == 303
    site = Site.objects.get(name="己河")
    assert "0.2，2" in words(officer.get(f"/inflow/sites/{site.pk}"))
    changed = form(**{**full, "key": str(uuid4()), "mean_annual": "310"})
    assert officer.post(f"/inflow/sites/{site.pk}/edit", changed).status_code == 303
    site.refresh_from_db()
    assert site.mean_annual == Volume(3_100_000)
