"""编制 on paper and on screen: the form of each kind of unit, what it keeps, what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuiheng.budget.models import Budget, Step
from shuiheng.budget.views.drafts import asked_year
from shuiheng.core.access import Role
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Sector, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Act, Area
from shuiheng.papers.models import Delivery
from shuiheng.registry.models import Activity
from tests.budget.conftest import YEAR, Lived, Visitor, words

UNTIL = date(YEAR, 1, 7)
BEFORE_THE_BOOKS = 3  # reads that only the first year needs: use from before this system
OF_DEMAND = 3  # which norms hold here, which method was chosen, which coefficients

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rolled_back(lived: Lived) -> Iterator[None]:
    """Each test starts from the same city."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def a_draft(
    lived: Lived, kind: UnitKind, sector: Sector | None = None, crops: bool = False
) -> Budget:
    """A submitted or unfiled draft of a kind, made editable again."""
    rows = Budget.objects.filter(year=YEAR, unit__kind=kind).select_related(
        "unit__region", "region"
    )
    if sector is not None:
        rows = rows.filter(unit__sector=sector)
    budget = rows.order_by("pk")[0]
    Budget.objects.filter(pk=budget.pk).update(stage="draft", drafted_by_default=False)
    budget.refresh_from_db()
    return budget


def clerk_of(lived: Lived, budget: Budget) -> Visitor:
    return Visitor(lived.cast.of(budget.unit), lived.now)


def officer(lived: Lived, role: Role, area: Area | None = None) -> Visitor:
    return Visitor(lived.cast.at(role, area), lived.now)


def url_of(budget: Budget, route: str = "draft") -> str:
    return reverse(f"budget:{route}", args=[budget.year, budget.unit_id])


def fields_of(response: HttpResponse) -> dict[str, str]:
    """What a browser would send: every field of the draft form with its value."""
    page = response.content.decode()
    form = page[page.index('id="draft"') : page.index("</form>", page.index('id="draft"'))]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    note = re.search(r'<textarea name="note"[^>]*>(.*?)</textarea>', form, re.S)
    found["note"] = note[1].strip() if note else ""
    return found


def line_names(fields: dict[str, str]) -> list[str]:
    return [name for name in fields if name.startswith("line-")]


# -- the form of each kind ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sector", "section"),
    [
        (UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE, "种植与面积"),
        (UnitKind.SELF_SUPPLIED, Sector.INDUSTRY, "产品与规模"),
        (UnitKind.WATERWORKS, None, "供水与损失"),
        (UnitKind.IRRIGATION_DISTRICT, None, "供水与损失"),
        (UnitKind.NETWORK_CUSTOMER, None, "产品与规模"),
        (UnitKind.CANAL_CUSTOMER, None, "种植与面积"),
    ],
)
def test_every_kind_of_unit_has_its_form(
    lived: Lived, kind: UnitKind, sector: Sector | None, section: str
) -> None:
    budget = a_draft(lived, kind, sector)
    visitor = clerk_of(lived, budget)
    response = visitor.get(url_of(budget))
    assert response.status_code == 200
    text = words(response)
    for part in (
        "单位与许可",
        section,
        "水源与水量",
        "每月计划",
        "说明",
        "核对并提交…",
        "本次申报",
    ):
        assert part in text
    fields = fields_of(response)
    assert len(line_names(fields)) == budget.lines.count()
    saved = visitor.post(url_of(budget), **fields)
    assert saved.status_code == 303, words(saved)
    before = {line.pk: line.proposed for line in budget.lines.all()}
    budget.refresh_from_db()
    assert {line.pk: line.proposed for line in budget.lines.all()} == before
    assert budget.version == 1 + int(fields["version"])


def test_the_form_says_what_is_known_beside_each_figure(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    text = words(clerk_of(lived, budget).get(url_of(budget)))
    permit = budget.unit.permits.order_by("valid_until").first()
    assert permit is not None
    assert permit.number in text
    assert f"许可 {permit.volume.wan()}" in text
    assert "上年用" in text
    crop = Activity.objects.filter(unit=budget.unit_id, year=YEAR).first()
    assert crop is not None
    assert f"{crop.item} {crop.method}" in text
    assert "测算 = 面积 × 定额" in text


def test_without_script_a_farm_is_saved_checked_and_submitted(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    names = line_names(fields)
    for name in names:
        fields[name] = "1"
    completed = visitor.post(url_of(budget), **fields, act="complete")
    assert completed.status_code == 303
    budget.refresh_from_db()
    assert sum(budget.months) == 10_000 * len(names)
    fields = fields_of(visitor.get(url_of(budget)))
    checked = visitor.post(url_of(budget), **fields, act="check")
    assert checked["Location"] == url_of(budget, "draft_submit")
    page = visitor.get(checked["Location"])
    assert f"提交 {len(names)}.00 万m³" in words(page)
    sent = visitor.post(checked["Location"])
    assert sent.status_code == 303
    budget.refresh_from_db()
    assert budget.stage == "submitted"
    assert budget.entered_by_id == visitor.actor.user_id
    shown = words(visitor.get(url_of(budget)))
    assert "待审核" in shown
    assert "撤回" in shown
    back = visitor.post(url_of(budget, "draft_withdraw"))
    assert back.status_code == 303
    budget.refresh_from_db()
    assert budget.stage == "draft"


def test_crops_are_added_changed_and_removed(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    Activity.objects.filter(unit=budget.unit_id, year=YEAR).delete()
    visitor = clerk_of(lived, budget)
    page = visitor.get(url_of(budget))
    assert "已带入上年的" in words(page)
    fields = fields_of(page)
    rows = int(fields["crop-TOTAL_FORMS"])
    more = visitor.post(url_of(budget), **fields, act="add")
    assert more.status_code == 200
    fields = fields_of(more)
    assert int(fields["crop-TOTAL_FORMS"]) == rows + 1
    unused = {"玉米", "小麦", "番茄", "葵花"} - {
        value.partition("|")[0] for name, value in fields.items() if name.endswith("-what")
    }
    crop = sorted(unused)[0]
    fields[f"crop-{rows}-what"] = f"{crop}|滴灌|亩"
    fields[f"crop-{rows}-quantity"] = "1，200"
    assert visitor.post(url_of(budget), **fields).status_code == 303
    kept = Activity.objects.get(unit=budget.unit_id, year=YEAR, item=crop)
    assert kept.quantity == 1200
    fields = fields_of(visitor.get(url_of(budget)))
    gone = next(n for n, v in fields.items() if v == f"{crop}|滴灌|亩").split("-")[1]
    assert visitor.post(url_of(budget), **fields, act=f"remove:{gone}").status_code == 303
    assert not Activity.objects.filter(unit=budget.unit_id, year=YEAR, item=crop).exists()


def test_intake_is_balanced_with_supply_and_loss(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.WATERWORKS)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    fields["line-network-network-loss"] = "321.0987"
    assert visitor.post(url_of(budget), **fields, act="balance").status_code == 303
    text = words(visitor.get(url_of(budget)))
    assert "输配水损失 321.10" in text
    assert "，两边相等。" in text


def test_a_phone_sees_one_question_a_step(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    second = words(visitor.get(url_of(budget) + "?step=2"))
    assert "第 2 步，共 5 步" in second
    assert "今年种什么，各种多少亩？" in second
    assert "下一步：水源与水量" in second
    fields = fields_of(visitor.get(url_of(budget)))
    assert visitor.post(url_of(budget), **fields, act="next:3")["Location"].endswith("?step=3")
    for odd in ("0", "99", "x", ""):
        assert visitor.get(url_of(budget) + f"?step={odd}").status_code == 200


# -- nothing typed is lost --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("十二万", "“十二万”"),
        ("-5", "水量不能是负数"),
        ("1.2.3", "不是一个水量"),
        ("1e30", "大得不像一个水量"),
        ("0.00001", "比 1 m³ 还细"),
        ("", "请填水量；没有就填 0。"),
    ],
)
def test_a_wrong_figure_comes_back_as_typed(lived: Lived, typed: str, sentence: str) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    name = line_names(fields)[0]
    fields |= {name: typed, "note": "改了品种，写了半天的说明"}
    response = visitor.post(url_of(budget), **fields)
    assert response.status_code == 422
    assert sentence in words(response)
    again = fields_of(response)
    assert again[name] == typed
    assert again["note"] == "改了品种，写了半天的说明"
    budget.refresh_from_db()
    assert budget.note == ""


def test_m3_in_the_field_of_wan_is_kept_named_and_stopped(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    name = line_names(fields)[0]
    line = budget.lines.order_by("pk")[0]
    fields[name] = str(line.proposed.m3)
    assert visitor.post(url_of(budget), **fields).status_code == 303
    page = visitor.get(url_of(budget))
    assert "是不是把 m³ 填成了万m³？" in words(page)
    button = re.search(rf'name="repair" value="{name}=([^"]+)"', page.content.decode())
    assert button is not None
    assert f"改成 {button[1]} 万m³" in words(page)
    stuck = visitor.post(url_of(budget, "draft_submit"))
    assert stuck.status_code == 422
    assert "必改" in words(stuck)
    budget.refresh_from_db()
    assert budget.stage == "draft"
    mended = visitor.post(url_of(budget), **fields_of(page), repair=f"{name}={button[1]}")
    assert fields_of(mended)[name] == button[1]


def test_a_stale_page_is_told_so_and_keeps_what_was_typed(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    first = fields_of(visitor.get(url_of(budget)))
    assert visitor.post(url_of(budget), **first).status_code == 303
    late = first | {"key": str(uuid4()), "note": "另一个窗口里写的"}
    response = visitor.post(url_of(budget), **late)
    assert response.status_code == 409
    assert "刚被另一个人（或另一个窗口）改过" in words(response)
    assert fields_of(response)["note"] == "另一个窗口里写的"


def test_a_double_click_saves_and_submits_once(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    assert {visitor.post(url_of(budget), **fields).status_code for _ in range(2)} == {303}
    budget.refresh_from_db()
    assert budget.version == int(fields["version"]) + 1
    key = str(uuid4())
    sent = [visitor.post(url_of(budget, "draft_submit"), key=key).status_code for _ in range(2)]
    assert sent == [303, 303]
    assert Step.objects.filter(document=f"budget/{budget.pk}", act__key=key).count() == 1


def test_autosave_returns_everything_but_the_fields(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    name = line_names(fields)[0]
    saved = visitor.post(url_of(budget), **(fields | {name: "3.5", "act": "auto"}))
    assert saved.status_code == 200
    page = saved.content.decode()
    version = re.search(r'name="version" id="id_version" value="(\d+)"', page)
    key = re.search(r'name="key" id="id_key" value="([^"]+)"', page)
    assert version is not None
    assert key is not None
    assert key[1] != fields["key"]
    assert int(version[1]) == int(fields["version"]) + 1
    assert f'name="{name}"' not in page
    for place in (
        "draft-saved",
        "draft-summary",
        "draft-sections",
        "draft-months",
        f"found-{name}",
    ):
        assert f'id="{place}"' in page
    again = fields | {"version": version[1], "key": key[1], name: "三点五", "act": "auto"}
    refused = visitor.post(url_of(budget), **again)
    assert refused.status_code == 422
    assert "还没有保存" in words(refused)
    assert "“三点五”" in words(refused)
    assert 'name="version"' not in refused.content.decode()


def test_a_submitted_draft_cannot_be_changed(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    Budget.objects.filter(pk=budget.pk).update(stage="accepted")
    assert 'id="draft"' not in visitor.post(url_of(budget), **fields).content.decode()
    refused = visitor.post(url_of(budget, "draft_submit"))
    assert refused.status_code == 409
    assert "这一件现在是“审核通过”，不能“提交”" in words(refused)
    assert visitor.post(url_of(budget, "draft_withdraw")).status_code == 409


# -- whose draft it is ------------------------------------------------------------------------------


def test_somebody_elses_draft_is_not_there(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    foreign = (
        Budget.objects.filter(year=YEAR)
        .exclude(region=budget.region)
        .select_related("unit", "region")[0]
    )
    stranger = clerk_of(lived, foreign)
    other = officer(lived, Role.COUNTY_OFFICER, foreign.region)
    for visitor in (stranger, other):
        for route in ("draft", "draft_submit", "draft_attach"):
            refused = visitor.get(url_of(budget, route))
            assert refused.status_code == 404
            assert "没有这份草案，或者它不归您查看。" in words(refused)
        assert visitor.post(url_of(budget)).status_code == 404
        assert visitor.post(url_of(budget, "draft_withdraw")).status_code == 404
    assert stranger.get(reverse("budget:draft", args=[2031, foreign.unit_id])).status_code == 404


def test_an_officer_files_for_a_unit_and_both_names_are_kept(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    helper = officer(lived, Role.COUNTY_OFFICER, budget.region)
    page = helper.get(url_of(budget))
    assert f"您在代 {budget.unit.name} 填报" in words(page)
    fields = fields_of(page)
    for name in line_names(fields):
        fields[name] = "1"
    assert helper.post(url_of(budget), **fields, act="complete").status_code == 303
    assert helper.post(url_of(budget, "draft_submit")).status_code == 303
    budget.refresh_from_db()
    assert budget.entered_for_unit
    assert budget.entered_by_id == helper.actor.user_id
    shown = words(helper.get(url_of(budget)))
    assert f"{helper.actor.name}代办填报。" in shown
    assert helper.post(url_of(budget, "draft_withdraw")).status_code == 303


def test_a_reader_sees_a_draft_but_cannot_touch_it(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    reader = officer(lived, Role.FINANCE_AUDIT)
    page = reader.get(url_of(budget))
    assert page.status_code == 200
    assert 'id="draft"' not in page.content.decode()
    assert reader.post(url_of(budget, "draft_submit")).status_code == 403


# -- the list ---------------------------------------------------------------------------------------


def test_a_persons_own_list_shows_stage_deadline_and_verb(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    text = words(clerk_of(lived, budget).get(reverse("budget:drafts")))
    assert budget.unit.name in text
    assert "填报" in text
    assert "12月31日前报草案" in text
    assert "编制中" in text
    others = Budget.objects.filter(year=YEAR).exclude(pk=budget.pk)[:20]
    assert not [other for other in others if other.unit.name in text]


def test_the_office_list_counts_filters_and_finds(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = officer(lived, Role.CITY_OFFICER)
    url = reverse("budget:drafts")
    whole = Budget.objects.filter(year=YEAR).count()
    assert f"名录 {whole} 个单位" in words(visitor.get(url))
    found = words(visitor.get(f"{url}?q={budget.unit.name}"))
    assert budget.unit.name in found
    assert "第 1–1 户" in found
    waiting = words(visitor.get(f"{url}?stage=not_filed&q={budget.unit.pinyin[:4]}"))
    assert budget.unit.name in waiting
    assert budget.unit.phone in waiting
    assert "没有符合条件的草案" in words(visitor.get(f"{url}?q=没有这一家"))
    for odd in ("?year=1", "?stage=x", "?page=-3", "?kind='", "?region=%00", "?q=%00%25"):
        assert visitor.get(url + odd).status_code == 200
    county = officer(lived, Role.COUNTY_OFFICER, budget.region)
    own = Budget.objects.filter(year=YEAR, region=budget.region).count()
    assert f"名录 {own} 个单位" in words(county.get(url))


def test_reminding_sends_once_a_day_and_names_those_without_a_telephone(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    mute = Budget.objects.filter(year=YEAR, region=budget.region).exclude(pk=budget.pk)[0]
    Budget.objects.filter(pk=mute.pk).update(stage="returned")
    type(mute.unit).objects.filter(pk=mute.unit_id).update(phone="")
    visitor = officer(lived, Role.COUNTY_OFFICER, budget.region)
    url = f"{reverse('budget:remind')}?year={YEAR}&area={budget.region.code}"
    page = words(visitor.get(url))
    assert "还没有发出" in page
    number = Budget.objects.filter(
        year=YEAR, region=budget.region, stage__in=["draft", "returned"]
    ).count()
    assert f"发给这 {number - 1} 户" in page
    for _ in range(2):
        assert visitor.post(url, text="请尽快填报。").status_code == 303
    sent = Delivery.objects.filter(key__startswith="remind:")
    assert sent.count() == number - 1
    assert sent.filter(unit_id=budget.unit_id, text="请尽快填报。").count() == 1
    listed = words(visitor.get(f"{reverse('budget:drafts')}?stage=not_filed"))
    assert "1月7日" in listed
    stranger = clerk_of(lived, budget)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, text="x").status_code == 404


def test_drafting_by_default_shows_its_rule_first(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = officer(lived, Role.COUNTY_OFFICER, budget.region)
    url = f"{reverse('budget:draft_by_default')}?year={YEAR}&area={budget.region.code}"
    waiting = Budget.objects.filter(
        year=YEAR, region=budget.region, stage__in=["draft", "returned"]
    )
    page = words(visitor.get(url))
    assert f"代拟这 {waiting.count()} 户" in page
    assert "逾期未报时代拟草案占上年用水的比例" in page
    assert "演示默认值，方案未规定" in page
    assert "100%" in page
    key = str(uuid4())
    assert visitor.post(url, key=key).status_code == 303
    assert not waiting.exists()
    budget.refresh_from_db()
    assert budget.drafted_by_default
    assert sum(budget.months) == total(line.proposed for line in budget.lines.all()).m3
    assert visitor.post(url, key=key).status_code == 303
    assert Act.objects.filter(key=key).count() == 1


def test_default_figures_stay_with_their_lines(lived: Lived) -> None:
    """The rows of a draft have no order of their own: two readings of them must not be mixed."""
    budget = a_draft(lived, UnitKind.WATERWORKS)
    first = budget.lines.order_by("pk")[0]
    type(first).objects.filter(pk=first.pk).update(proposed=Volume(1))  # moves the row in its table
    visitor = officer(lived, Role.COUNTY_OFFICER, budget.region)
    url = f"{reverse('budget:draft_by_default')}?year={YEAR}&area={budget.region.code}"
    assert visitor.post(url).status_code == 303
    for line in budget.lines.all():
        past = budget.unit.past_uses.filter(year=YEAR - 1, source=line.source)
        if line.book == "abstraction":
            assert line.proposed == total(row.volume for row in past)


def test_an_attachment_is_kept_with_the_draft(lived: Lived) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    scan = SimpleUploadedFile("申报表.pdf", b"%PDF-1.7\n1 0 obj\n")
    assert visitor.post(url_of(budget, "draft_attach"), file=scan).status_code == 303
    assert "申报表.pdf" in words(visitor.get(url_of(budget)))
    page = SimpleUploadedFile("申报表.html", b"<script>alert(1)</script>")
    refused = visitor.post(url_of(budget, "draft_attach"), file=page)
    assert refused.status_code == 422
    assert "不能上传" in words(refused)


def test_pages_ask_the_database_a_fixed_number_of_times(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    works = a_draft(lived, UnitKind.WATERWORKS)
    city, clerk = officer(lived, Role.CITY_OFFICER), clerk_of(lived, budget)
    for visitor, url, most in (
        (city, reverse("budget:drafts"), 12 + BEFORE_THE_BOOKS),
        (clerk, reverse("budget:drafts"), 12),
        (clerk, url_of(budget), 12 + OF_DEMAND + BEFORE_THE_BOOKS),
        (
            clerk_of(lived, works),
            url_of(works),
            13 + OF_DEMAND + BEFORE_THE_BOOKS,
        ),  # with what its customers asked for
    ):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert visitor.get(url).status_code == 200
        assert len(asked) <= most, [q["sql"][:90] for q in asked.captured_queries]


def test_a_year_that_was_never_opened_is_said(lived: Lived) -> None:
    with pytest.raises(Refusal) as refused:
        asked_year(RequestFactory().get("/"), [])
    assert "还没有开始任何年度的编制" in refused.value.sentence


def test_a_step_that_holds_the_complaint_is_the_one_shown(lived: Lived) -> None:
    budget = a_draft(lived, UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE)
    visitor = clerk_of(lived, budget)
    fields = fields_of(visitor.get(url_of(budget)))
    for name, step in (("months_3", 4), (line_names(fields)[0], 3), ("crop-0-quantity", 2)):
        back = visitor.post(url_of(budget) + "?step=5", **(fields | {name: "x"}), act="check")
        assert back.status_code == 422
        assert f"第 {step} 步，共 5 步" in words(back)
