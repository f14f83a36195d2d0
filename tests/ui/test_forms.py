from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django import forms
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory, override_settings

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.volume import Volume
from shuiheng.ui.forms import (
    ActForm,
    DayField,
    Done,
    FigureField,
    MonthsField,
    OnceKeyField,
    VolumeField,
    submit,
)

PAGE = "{% form_head form %}{% for bound in form.visible_fields %}{% field bound %}{% endfor %}"


class AskForm(ActForm):
    volume = VolumeField(label="申请增加", unit="万m³", help_text="许可 90.00")
    reason = forms.CharField(label="理由")


class ChildForm(forms.Form):
    note = forms.CharField(label="说明")


@pytest.fixture(autouse=True)
def _templates():
    loader = ("django.template.loaders.locmem.Loader", {"page.html": PAGE})
    options = {
        "loaders": [loader, "django.template.loaders.app_directories.Loader"],
        "builtins": ["shuiheng.ui.templatetags.ui"],
    }
    backend = "django.template.backends.django.DjangoTemplates"
    with override_settings(TEMPLATES=[{"BACKEND": backend, "OPTIONS": options}]):
        yield


def post(data, **headers):
    request = RequestFactory().post("/", data, headers=headers)
    request._messages = CookieStorage(request)
    return request


def typed(**changes):
    return {"volume": "12.5", "reason": "干热风", "key": str(uuid4())} | changes


def ask(request, act, also=()):
    return submit(
        request,
        AskForm(request.POST or None),
        act,
        template="page.html",
        done=lambda outcome: Done(f"/done/{outcome}", "已提交。"),
        also=also,
    )


def never(data):
    raise AssertionError("the service must not be called")


def test_the_form_is_shown_with_a_key_and_nothing_is_done():
    shown = ask(RequestFactory().get("/"), never)
    assert shown.status_code == 200
    assert 'name="key"' in shown.content.decode()


def test_two_forms_have_two_keys():
    assert ActForm()["key"].value() != ActForm()["key"].value()


def test_what_was_cleaned_reaches_the_service_and_the_page_goes_on():
    got = {}
    request = post(typed())
    answer = ask(request, lambda data: got.update(data) or 7)
    assert (answer.status_code, answer.url) == (303, "/done/7")
    assert got["volume"] == Volume(125_000)
    assert [(str(m), "saved" in m.tags) for m in request._messages] == [("已提交。", True)]


def test_a_fragment_request_is_told_to_leave_the_page():
    answer = ask(post(typed(), HX_Request="true"), lambda data: 7)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/done/7")


def test_what_cannot_be_read_comes_back_as_typed():
    answer = ask(post(typed(volume="很多")), never)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="很多"' in page
    assert 'value="干热风"' in page
    assert 'aria-describedby="id_volume_helptext id_volume_error"' in page


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.INVALID, 422), (Kind.CONFLICT, 409), (Kind.THROTTLED, 429)]
)
def test_a_refusal_stands_under_its_field_and_nothing_typed_is_lost(kind, status):
    def refuse(data):
        raise Refusal("x", "预留只剩 3 万m³。", kind=kind, field="volume", remedy="请少申请一些。")

    answer = ask(post(typed()), refuse)
    page = answer.content.decode()
    assert answer.status_code == status
    assert page.index('id="id_volume_error"') < page.index("预留只剩 3 万m³。请少申请一些。")
    assert 'value="12.5"' in page


def test_a_refusal_about_no_field_stands_above_the_form():
    def refuse(data):
        raise Refusal("x", "步骤已经往前走了。", kind=Kind.CONFLICT, field="unknown")

    page = ask(post(typed()), refuse).content.decode()
    assert page.index("步骤已经往前走了。") < page.index("申请增加")


@pytest.mark.parametrize("kind", [Kind.FORBIDDEN, Kind.MISSING])
def test_what_is_forbidden_or_missing_is_not_the_forms_business(kind):
    def refuse(data):
        raise Refusal("x", "不行。", kind=kind)

    with pytest.raises(Refusal):
        ask(post(typed()), refuse)


def test_every_form_of_a_page_must_be_valid():
    request = post(typed())
    assert ask(request, never, also=[ChildForm({"note": ""})]).status_code == 422


def test_a_repair_button_fills_its_field_and_saves_nothing():
    answer = ask(post(typed(volume="260000", repair="volume=26.00")), never)
    assert answer.status_code == 200
    assert 'value="26.00"' in answer.content.decode()


def test_a_repair_of_an_unknown_field_changes_nothing():
    answer = ask(post(typed(repair="other=1")), never)
    assert 'value="12.5"' in answer.content.decode()


@pytest.mark.parametrize("key", ["", "abc", "x" * 36, "1" * 60])
def test_a_page_without_its_key_says_to_open_it_again(key):
    form = AskForm(typed(key=key))
    assert form.errors["key"] == ["这一页不完整，请重新打开后再提交。"]


def test_a_key_is_handed_over_as_it_was_made():
    key = str(uuid4())
    assert OnceKeyField().clean(key) == key


# -- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "m3"),
    [("12.5", 125_000), ("125,000 m³", 125_000), ("１２．５", 125_000), ("0", 0), (" 3 ", 30_000)],
)
def test_a_volume_may_be_typed_in_either_unit(text, m3):
    assert VolumeField(unit="万m³").clean(text) == Volume(m3)


@pytest.mark.parametrize("text", ["abc", "-1", "0.00001", "99999999999999", "12 公顷"])
def test_what_is_no_volume_is_refused_in_words(text):
    with pytest.raises(forms.ValidationError) as caught:
        VolumeField(unit="万m³").clean(text)
    assert caught.value.messages[0].endswith("。")


def test_a_change_downwards_may_be_negative_where_it_is_asked_for():
    assert VolumeField(unit="m³", negative=True).clean("−20000") == Volume(-20_000)


def test_nothing_is_not_zero():
    assert VolumeField(required=False).clean("") is None
    with pytest.raises(forms.ValidationError, match="没有就填 0"):
        VolumeField().clean("")


def test_the_other_unit_stands_below_the_field():
    assert VolumeField(unit="万m³").echo(Volume(493_100)) == "= 493,100 m³"
    assert VolumeField(unit="m³").echo("753100") == "= 75.31 万m³"
    assert VolumeField().echo("x") == ""


def test_a_stored_volume_comes_back_in_full():
    field = VolumeField(unit="万m³")
    assert field.prepare_value(Volume(864_123)) == "86.4123"
    assert not field.has_changed(Volume(864_000), "86.40")
    assert field.has_changed(Volume(864_000), "86.41")


def test_figures_take_commas_and_wide_digits():
    area = FigureField(unit="亩")
    assert area.clean("1,420.5") == Decimal("1420.5")
    assert area.clean("１４２０") == Decimal(1420)
    assert [area.prepare_value(n) for n in (Decimal("1420.50"), 1000, "x")] == [
        "1,420.5",
        "1,000",
        "x",
    ]
    with pytest.raises(forms.ValidationError):
        area.clean("-1")


@pytest.mark.parametrize("text", ["2026-09-18", "2026年9月18日", "20260918", "2026/9/18"])
def test_a_day_can_be_typed_as_people_type_it(text):
    assert DayField().clean(text) == date(2026, 9, 18)


def test_twelve_months_are_twelve_volumes():
    field = MonthsField(unit="万m³")
    assert field.clean(["1"] * 12) == (Volume(10_000),) * 12
    assert field.echo(["1"] * 12) == "十二个月合计 12.00 万m³"
    assert field.echo([""] * 12) == ""


def test_blank_and_unreadable_months_are_named():
    with pytest.raises(forms.ValidationError) as caught:
        MonthsField().clean(["1", "", "x", *["2"] * 8, ""])
    first, second = caught.value.messages
    assert first.startswith("3月：")
    assert second == "2、12月没有填；不用水请填 0。"


def test_months_keep_what_was_typed_and_show_what_was_stored():
    class PlanForm(forms.Form):
        months = MonthsField(total="volume")

    shown = str(PlanForm(initial={"months": [Volume(1_300)] * 12})["months"])
    assert shown.count('value="0.13"') == 12
    assert 'data-total="volume"' in shown
    posted = {f"months_{month}": "x" if month == 1 else "2" for month in range(1, 13)}
    assert 'value="x"' in str(PlanForm(posted)["months"])
