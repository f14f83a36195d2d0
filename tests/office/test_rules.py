"""The office's rules without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.office import rules
from shuiheng.office.services import POLICY_FILE

TODAY = date(2026, 12, 5)
SHIPPED = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))


def refused(act: Callable[..., object], *args: Any, **named: Any) -> str:
    with pytest.raises(Refusal) as caught:
        act(*args, **named)
    assert caught.value.sentence
    return caught.value.code


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("米东区", "mi dong qu mdq"),
        ("乌鲁木齐县", "wu lu mu qi xian wlmqx"),
        ("丰源 2号井", "feng yuan 2 hao jing fy2hj"),
    ],
)
def test_pinyin(name: str, key: str) -> None:
    assert rules.pinyin_key(name) == key


@given(st.text(max_size=80))
def test_a_pinyin_key_always_fits(name: str) -> None:
    assert len(rules.pinyin_key(name)) <= rules.PINYIN_LENGTH


def test_logins() -> None:
    assert rules.tidy_login(" ＭＡ.xiulan ") == "ma.xiulan"
    for good in ("ma", "马秀兰", "a-b_c.d@e"):
        rules.check_login(good)
    assert refused(rules.check_login, "x") == "user.login_length"
    assert refused(rules.check_login, "x" * 41) == "user.login_length"
    for bad in ("ma xiu", "a/b", "<b>", "a\u200bb"):
        assert refused(rules.check_login, bad) == "user.login_letters"


@pytest.mark.parametrize("text", ["13899001122", "+86 138-9900-1122", "１３８99001122"])
def test_mobiles(text: str) -> None:
    assert rules.tidy_phone(text) == "13899001122"
    rules.check_mobile(rules.tidy_phone(text))


@pytest.mark.parametrize("text", ["", "0991-3300000", "1389900112", "23899001122"])
def test_what_is_no_mobile(text: str) -> None:
    assert refused(rules.check_mobile, rules.tidy_phone(text)) == "user.phone"


def test_letters_that_can_be_read_out() -> None:
    password = rules.temporary_password(b"\xff" * 32)
    assert len(password) == rules.TEMPORARY_PASSWORD_LENGTH
    assert not set("ilo01") & set(rules.CLEAR_LETTERS)
    assert rules.clear_letters(b"\x00" * 8, 5) == "aaaaa"


def test_passwords() -> None:
    weak = rules.weak_password(["password_too_short", "password_too_common"])
    assert (weak.code, weak.field) == ("password.weak", "new")
    assert weak.sentence == "密码至少 10 位；这个密码太常见，一猜就中。"
    assert refused(rules.check_another_password, True) == "password.same"
    rules.check_another_password(False)


@pytest.mark.parametrize("sort", list(rules.TRIES_BEFORE_WAIT))
def test_tries(sort: str) -> None:
    most = rules.TRIES_BEFORE_WAIT[sort]
    rules.check_tries(sort, most - 1)
    with pytest.raises(Refusal) as caught:
        rules.check_tries(sort, most)
    assert (caught.value.code, caught.value.kind) == ("sign_in.throttled", Kind.THROTTLED)


# -- posts ----------------------------------------------------------------------------------------


def test_posts() -> None:
    assert refused(rules.check_colleague, False, "deputy") == "post.not_colleague"
    assert refused(rules.check_in_force, True, None, TODAY) == "post.only_lent"
    assert refused(rules.check_in_force, False, TODAY, TODAY) == "post.ended"
    rules.check_in_force(False, None, TODAY)
    assert refused(rules.check_hand_over, 1, 1) == "post.same_successor"
    assert refused(rules.check_new_post, True) == "post.already"


def test_stand_ins() -> None:
    stand_in = rules.check_stand_in
    stand_in(1, 1, 2, TODAY, TODAY)
    stand_in(1, 1, 2, TODAY, date(2027, 6, 3))
    assert refused(stand_in, 3, 1, 2, TODAY, TODAY) == "post.not_yours"
    assert refused(stand_in, 1, 1, 1, TODAY, TODAY) == "post.self_deputy"
    for until in (date(2026, 12, 4), date(2027, 6, 4)):
        assert refused(stand_in, 1, 1, 2, TODAY, until) == "post.stand_in_term"


# -- policy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", SHIPPED, ids=[row["key"] for row in SHIPPED])
def test_every_shipped_value_reads_as_words_and_may_stay_as_it_is(row: dict[str, Any]) -> None:
    unit = row.get("unit", "")
    words = rules.policy_words(row["value"], unit)
    assert words
    assert "{" not in words
    rules.check_policy_edit(row["value"], row["value"], unit, row["source"])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("deadline.unit_draft", "上一年12月31日，遇休息日不顺延"),
        ("issue.start", "自市级审定之日起 15 个日历日"),
        ("reserve.share", "3%"),
        ("review.look_percent", "20%"),
        ("report.day", "5 日"),
        ("interim.rule", "上年同期用水，不超过许可，用 2 个月"),
        ("quota.sharing", "按需求等比例分担"),
        ("quota.norm_choice", "天山北坡，保证率 75%，通用值，区间取上限"),
        ("quota.level", "1"),
        ("quota.tilt_bounds", "950–1050‰"),
        ("quota.floors", "农业 50%，工业 50%，服务业 50%，人工生态环境 0%，城乡居民生活 0%"),
        ("quota.source_order", "非常规水、外调水、地表水、地下水；不足时互相补足"),
        ("quota.wet_years", "P=50% 98.32%，P=75% 90.64%，P=95% 82.08%"),
        ("quota.grain", "1 m³"),
        ("wetness.classes", "丰 ≤12.5%，偏丰 ≤37.5%，平 ≤62.5%，偏枯 ≤87.5%，枯 ≤100%"),
        ("inflow.deficit_steps", "欠水 10% 预警，欠水 20% 压减 5%，欠水 30% 压减 10%"),
        ("rest_days.2026", "放假 19 天，周末上班 6 天（只列工作日里的放假）"),
    ],
)
def test_policy_in_words(key: str, words: str) -> None:
    (row,) = (row for row in SHIPPED if row["key"] == key)
    assert rules.policy_words(row["value"], row.get("unit", "")) == words


def test_tiers_in_words() -> None:
    (row,) = (row for row in SHIPPED if row["key"] == "quota.tiers")
    words = rules.policy_words(row["value"], "")
    assert words.startswith("1 城乡居民生活及医院学校供热消防（城乡居民生活）；2 基本生态")


ORDER, WET_YEARS, FLOORS = (
    next(row["value"] for row in SHIPPED if row["key"] == f"quota.{name}")
    for name in ("source_order", "wet_years", "floors")
)
BOUNDS = {"lowest": 950, "highest": 1050}
NORMS = {"zone": "天山北坡", "guarantee": 75, "value_type": "general", "range_end": "upper"}
DEADLINE = {"month": 1, "day": 15, "year_offset": 0, "shift": "none"}
REST = {"holidays": ["2027-01-01"], "worked_weekends": []}
TIERS = [
    {"tier": 1, "name": "居民", "sectors": ["residents", "ecology"], "living": True},
    {
        "tier": 2,
        "name": "生产",
        "sectors": ["agriculture", "industry", "services"],
        "living": False,
    },
]
CLASSES = [{"name": "丰", "up_to": 5000}, {"name": "枯", "up_to": 10_000}]
STEPS = [{"deficit": 1000, "cut": 0}, {"deficit": 2000, "cut": 500}]


@pytest.mark.parametrize(
    ("old", "new", "unit", "code"),
    [
        (CLASSES, [CLASSES[0], {"name": "枯", "up_to": 9999}], "", "policy.classes"),
        (CLASSES, [CLASSES[1], CLASSES[1]], "", "policy.classes"),
        (CLASSES, [CLASSES[0], {"name": "丰", "up_to": 10_000}], "", "policy.classes"),
        (CLASSES, [{"name": " ", "up_to": 5000}, CLASSES[1]], "", "policy.classes"),
        (CLASSES, [{"name": "丰", "up_to": "5000"}, CLASSES[1]], "", "policy.shape"),
        (STEPS, STEPS[::-1], "", "policy.deficit_steps"),
        (STEPS, [STEPS[0], {"deficit": 2000, "cut": 10_001}], "", "policy.deficit_steps"),
        (STEPS, [{"deficit": 0, "cut": 0}], "", "policy.deficit_steps"),
        (STEPS, [{"deficit": 900, "cut": 600}, STEPS[1]], "", "policy.deficit_steps"),
        (DEADLINE, {**DEADLINE, "month": 2, "day": 30}, "", "policy.no_such_day"),
        (DEADLINE, {**DEADLINE, "month": 13}, "", "policy.no_such_day"),
        (DEADLINE, {"month": 1}, "", "policy.shape"),
        (DEADLINE, {**DEADLINE, "day": "15"}, "", "policy.shape"),
        (300, "300", "万分之一", "policy.shape"),
        (300, True, "万分之一", "policy.shape"),
        (300, 10_001, "万分之一", "policy.range"),
        (20, -1, "%", "policy.range"),
        (BOUNDS, {"lowest": 1001, "highest": 1050}, "", "policy.bounds"),
        (BOUNDS, {"lowest": 950, "highest": 999}, "", "policy.bounds"),
        (NORMS, {**NORMS, "guarantee": 60}, "", "policy.guarantee"),
        (ORDER, {**ORDER, "first": "ground"}, "", "policy.source_order"),
        (WET_YEARS, {**WET_YEARS, "p75": 9900}, "", "policy.wet_years"),
        (WET_YEARS, {**WET_YEARS, "p95": 0}, "", "policy.wet_years"),
        (FLOORS, [*FLOORS[1:], FLOORS[1]], "", "policy.protected"),
        (FLOORS, [{**FLOORS[0], "protected": 10_001}, *FLOORS[1:]], "", "policy.protected_range"),
        (5, 0, "日", "policy.range"),
        (REST, {**REST, "holidays": ["2027-02-29"]}, "", "policy.not_a_day"),
        (REST, {**REST, "worked_weekends": ["2027-01-01"]}, "", "policy.day_twice"),
        (TIERS, TIERS[:1], "", "policy.tiers"),
        (TIERS, [], "", "policy.shape"),
        (TIERS, [{**TIERS[0], "sectors": ["residents", "ecology", "industry"]}, TIERS[1]], "",
         "policy.tiers"),
    ],
)  # fmt: skip
def test_what_is_no_policy_value(old: Any, new: Any, unit: str, code: str) -> None:
    assert refused(rules.check_policy_edit, old, new, unit, "会议纪要〔2026〕3号") == code


def test_an_edit_names_its_source_and_looks_forward() -> None:
    assert refused(rules.check_policy_edit, 300, 200, "万分之一", " ") == "policy.no_source"
    rules.check_policy_edit(DEADLINE, {**DEADLINE, "month": 2, "day": 29}, "", "文号")
    assert refused(rules.check_policy_date, date(2026, 12, 4), TODAY) == "policy.backdated"
    rules.check_policy_date(TODAY, TODAY)


def test_choices() -> None:
    assert set(rules.choices_of("shift", "none")) == {"none", "next"}
    assert set(rules.choices_of("basis", "calendar")) == {"calendar", "working"}
    assert list(rules.choices_of("basis", "last_year_same_months")) == ["last_year_same_months"]
    assert rules.choices_of("month", 1) == {}


# -- the business date ----------------------------------------------------------------------------


def test_the_business_date_goes_forward_only() -> None:
    assert rules.plan_business_date("demo", TODAY, date(2026, 12, 6)) == date(2026, 12, 6)
    for day in (TODAY, date(2026, 12, 4)):
        assert refused(rules.plan_business_date, "practice", TODAY, day) == "clock.backwards"
    assert refused(rules.plan_business_date, "real", TODAY, date(2027, 1, 1)) == "clock.real"
