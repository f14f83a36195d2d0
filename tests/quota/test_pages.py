"""The pages of 定额 through the whole stack: found, entered, imported, chosen, confirmed, refused in words."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuiheng.core.access import Actor, Role
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume
from shuiheng.office.models import Installation, User
from shuiheng.papers.sheets import Column, write_sheet
from shuiheng.quota.models import DemandChoice, Norm, OutputDeclaration
from shuiheng.quota.rules.norms import SHEET_HEADS
from shuiheng.registry.models import PastUse, Recognition, Unit
from tests.quota.test_norm_rules import line
from tests.registry import town
from tests.registry.town import CITY, LONG_AGO, MIDONG, NOW, TODAY

pytestmark = pytest.mark.django_db
YEAR = 2027


@pytest.fixture(autouse=True)
def founded(db: None) -> None:
    town.found()
    Installation.objects.filter(pk=1).update(business_date=TODAY)


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def city() -> Client:
    return browser(town.officer(Role.CITY_OFFICER, CITY))


@pytest.fixture
def reviewer() -> Client:
    return browser(town.officer(Role.COUNTY_REVIEWER, MIDONG))


def words(response: Any) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def page(client: Client, name: str, *args: object, status: int = 200, **query: str) -> str:
    response = client.get(reverse(f"quota:{name}", args=args), query)
    assert response.status_code == status, words(response)[:2000]
    return words(response)


def post(client: Client, name: str, /, *args: object, query: str = "", **data: Any) -> Any:
    url = reverse(f"quota:{name}", args=args) + query
    return client.post(url, {"key": str(uuid4()), **data})


# -- norms ----------------------------------------------------------------------------------------

NEW = {
    "domain": "industry", "sector": "industry", "item": "啤酒", "guarantee": "0",
    "value_type": "advanced", "value": "3.5", "volume_unit": "m³", "measure": "t",
    "industry_code": "1513", "standard": "演示标准", "confidence": "demo", "valid_from": "2026-01-01",
}  # fmt: skip


def test_norms_are_found_by_word_and_filter_with_their_confidence(city: Client) -> None:
    said = page(city, "norms", q="宾馆")
    assert "400–450" in said
    assert "L/(床·日)" in said
    assert "转引，待核" in said
    assert "商场超市" not in said
    assert "居民生活" in page(city, "norms", domain="residents")
    assert "没有符合条件的定额" in page(city, "norms", state="coming")


def test_a_norm_is_entered_and_replaced_and_its_older_row_stays(city: Client) -> None:
    made = post(city, "norm_new", **NEW)
    assert made.status_code == 303, words(made)
    row = Norm.objects.get(item="啤酒")
    assert (row.industry_code, row.value) == ("1513", Decimal("3.5"))
    assert "现行" in page(city, "norm", row.pk)
    kept = {
        k: v
        for k, v in NEW.items()
        if k in ("sector", "volume_unit", "measure", "standard", "confidence")
    }
    early = post(city, "norm_replace", row.pk, **kept, value="3", valid_from="2026-01-01")
    assert early.status_code == 422
    assert "新的生效日期要晚于现行的" in words(early)
    later = post(city, "norm_replace", row.pk, **kept, value="3", valid_from="2027-01-01")
    assert later.status_code == 303
    said = page(city, "norm", row.pk)
    assert "未生效" in said
    assert "3.5" in said


def test_who_may_not_keep_norms_reads_them_only(reviewer: Client) -> None:
    assert "录入定额" not in page(reviewer, "norms")
    page(reviewer, "norm_new", status=403)
    page(reviewer, "norm_import", status=403)


def sheet(*rows: tuple[str, ...]) -> SimpleUploadedFile:
    columns = [Column(head) for head in SHEET_HEADS]
    return SimpleUploadedFile("定额.xlsx", write_sheet("用水定额", columns, rows, made_at=NOW))


def test_a_sheet_is_checked_previewed_confirmed_and_twice_is_once(city: Client) -> None:
    bad = post(city, "norm_import", file=sheet(line(), line(采用值="多", 品种或产品="小麦")))
    assert bad.status_code == 422
    assert "第 4 行" in words(bad)
    assert "“采用值”列" in words(bad)
    good = post(city, "norm_import", file=sheet(line(), line(品种或产品="小麦")))
    assert good.status_code == 200
    assert "导入这 2 条" in words(good)
    assert not Norm.objects.filter(item="小麦").exists()
    fields = dict(re.findall(r'name="(key|checked)" value="([^"]+)"', good.content.decode()))
    for _ in range(2):
        assert city.post(reverse("quota:norm_import"), fields).status_code == 303
    assert Norm.objects.filter(item__in=["小麦", "玉米"]).count() == 2
    again = post(city, "norm_import", file=sheet(line(), line(品种或产品="小麦")))
    assert "与现有的完全一样" in words(again)
    stale = city.post(reverse("quota:norm_import"), fields | {"checked": "x"})
    assert stale.status_code == 409
    assert "请重新上传定额表" in words(stale)


def test_what_is_exported_can_be_imported_and_changes_nothing(city: Client) -> None:
    out = city.get(reverse("quota:norm_export"))
    file = SimpleUploadedFile("定额.xlsx", out.content)
    back = post(city, "norm_import", file=file)
    assert "与现有的完全一样" in words(back), words(back)
    assert city.get(reverse("quota:norm_template")).status_code == 200


# -- demand ---------------------------------------------------------------------------------------


def a_unit(name: str = "丰源合作社", monthly: int = 10_000) -> Unit:
    unit = town.unit(name=name)
    unit.intakes.create(name="1 号井", source=Source.GROUND, since=LONG_AGO)
    town.permit(unit, 300_000)
    for month in range(1, 13):
        PastUse.objects.create(
            unit=unit,
            year=2025,
            month=month,
            source="ground",
            volume=Volume(monthly),
            origin="台账",
        )
    return unit


def test_a_units_methods_stand_side_by_side_and_one_is_chosen(reviewer: Client) -> None:
    unit = a_unit()
    said = page(reviewer, "demand", unit.pk, year="2026")
    for label in ("定额法", "三年平均法", "历史水平法", "上年用水法", "许可水量法", "审核人核定"):
        assert label in said
    assert "只有 1 年用水" in said
    assert "许可水量 300,000 m³" in said
    bare = post(reviewer, "demand", unit.pk, query="?year=2026", method="reviewer", volume="3")
    assert bare.status_code == 422
    assert "审核人核定要写明理由" in words(bare)
    done = post(reviewer, "demand", unit.pk, query="?year=2026", method="mean")
    assert done.status_code == 303
    assert DemandChoice.objects.get(unit=unit).year == 2026


def test_a_method_is_chosen_for_a_whole_filter_but_those_unticked(reviewer: Client) -> None:
    first, second, hidden = (a_unit(name) for name in ("甲社", "乙社", "丙社"))
    assert "没有选过的按定额法" in page(reviewer, "demands")
    data = {"method": "last_year", "unit_shown": [first.pk, second.pk], "unit": [first.pk]}
    assert post(reviewer, "demands", query=f"?year={YEAR}", **data).status_code == 303
    chosen = set(DemandChoice.objects.values_list("unit", flat=True))
    assert chosen == {first.pk, hidden.pk}
    said = page(reviewer, "demands", year=str(YEAR), method="default")
    assert "乙社" in said
    assert "甲社" not in said


def test_a_coefficient_is_entered_for_a_unit_and_for_a_district() -> None:
    clerk, unit = browser(town.officer(Role.COUNTY_OFFICER, MIDONG)), a_unit()
    values = {
        "kind": "conveyance", "value": "0.62", "since": "2026-12-01", "source": "测试报告",
        "confidence": "official",
    }  # fmt: skip
    assert post(clerk, "input_new", unit.pk, **values).status_code == 303
    assert post(clerk, "area_input_new", unit.region_id, **values).status_code == 303
    said = page(clerk, "demand", unit.pk)
    assert "渠系水利用系数（全区）" in said
    wrong = post(clerk, "input_new", unit.pk, **values | {"value": "62"})
    assert "渠系水利用系数要大于 0、不超过 1" in words(wrong)


def test_a_unit_sees_its_own_demand_and_nobody_elses() -> None:
    unit, other = a_unit(), a_unit("别家")
    own = browser(town.member(unit))
    assert "选用方法" not in page(own, "demand", unit.pk)
    page(own, "demand", other.pk, status=404)
    assert "没有可看的区县" in page(own, "demands", status=404)


# -- ceilings -------------------------------------------------------------------------------------


def test_who_takes_water_by_nothing_stands_on_a_list_until_recognised() -> None:
    clerk = browser(town.officer(Role.COUNTY_OFFICER, MIDONG))
    unit = town.unit(name="老井农户")
    unit.intakes.create(name="老井", source=Source.GROUND, since=LONG_AGO)
    assert "老井农户" in page(clerk, "ceilings")
    url = reverse("registry:recognition_new", args=[unit.pk])
    form = {
        "key": str(uuid4()), "kind": "provisional", "source": "ground", "volume": "0.5",
        "since": "2026-12-05", "reason": "正在补办许可",
    }  # fmt: skip
    missing = clerk.post(url, form)
    assert missing.status_code == 422
    assert "到期前应当办好取水许可" in words(missing)
    assert clerk.post(url, form | {"until": "2027-06-30"}).status_code == 303
    assert Recognition.objects.get().volume == Volume(5_000)
    assert "没有这样的单位" in page(clerk, "ceilings")
    assert "暂定 5,000 m³" in page(clerk, "ceilings", standing="provisional")
    assert "取水认定" in words(clerk.get(reverse("registry:unit", args=[unit.pk])))


# -- output ---------------------------------------------------------------------------------------


def test_an_output_is_declared_by_the_unit_and_confirmed_by_the_department() -> None:
    unit = a_unit("棉纺厂")
    own = browser(town.member(unit))
    department = browser(town.officer(Role.COOPERATING, CITY))
    values = {"kind": "product", "industry_code": "1711", "amount": "300", "measure": "t"}
    bare = post(own, "output", unit.pk, **values)
    assert bare.status_code == 422
    assert "要附上证明材料" in words(bare)
    proof = SimpleUploadedFile("报表.pdf", b"%PDF-1.7\n1 0 obj\n")
    assert post(own, "output", unit.pk, **values, file=proof).status_code == 303
    row = OutputDeclaration.objects.get()
    assert "待部门确认" in page(own, "output", unit.pk)
    assert "棉纺厂" in page(department, "outputs")
    assert "报表.pdf" in page(department, "output_decide", row.pk)
    silent = post(department, "output_decide", row.pk, step="reject")
    assert "不予认可要写明理由" in words(silent)
    assert post(department, "output_decide", row.pk, step="confirm").status_code == 303
    assert "部门已确认" in page(own, "output", unit.pk)
    page(own, "output_decide", row.pk, status=404)
