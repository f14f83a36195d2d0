"""The templates draw, obey the strict policy, and the static files keep their limits."""

from __future__ import annotations

import gzip
import hashlib
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context

from shuiheng import ui
from shuiheng.core.access import Actor, Holding, Place, Role
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume
from shuiheng.ui import palette
from shuiheng.ui.frame import Frame, Installation
from shuiheng.ui.parts import Action, Chip, Due, Link, PageHead
from tests.ui import gallery
from tests.ui.samples.frames import engine, officer_frame, render

FOLDER = Path(ui.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
STATIC = FOLDER / "static" / "ui"
CSS = (STATIC / "shuiheng.css").read_text(encoding="utf-8")


def draw(source, **context):
    return engine().from_string(source).render(Context(context))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_breaks_the_strict_policy(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:|//[a-z]+\.[a-z]", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("name", [*gallery.DESKTOP, "phone", "phone-draft"])
def test_every_sample_page_is_drawn_whole(name):
    page = (gallery.DESKTOP | gallery.PHONES)[name]()
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    for tag in ("table", "section", "form", "svg", "div", "ul", "details"):
        assert len(re.findall(rf"<{tag}\b", page)) == page.count(f"</{tag}>"), tag
    assert not re.search(r"\sstyle=|None<|object at 0x", page)
    assert "演示数据" in page


def test_what_a_person_typed_is_never_markup():
    nasty = "<script>alert(1)</script>"
    page = draw("{% show parts %}", parts=[Link(nasty, nasty), Chip(nasty), Action(nasty, nasty)])
    assert "<script" not in page
    assert "<script" not in draw("{% show text %}", text=nasty)
    assert draw("{% show nothing %}", nothing=None) == ""


@pytest.mark.parametrize(
    ("kind", "mark"), [("demo", "演示数据"), ("practice", "练习区"), ("real", "")]
)
def test_the_mark_of_the_database_stands_on_every_page(kind, mark):
    frame = Frame(installation=Installation(kind))
    page = render('{% extends "ui/base.html" %}', {"frame": frame, "head": PageHead("水账")})
    assert ('class="truth"' in page) == bool(mark)
    assert mark in page
    assert f'<body class="{kind}' in page


def test_the_date_can_be_moved_only_where_it_may_be():
    movable = render('{% extends "ui/base.html" %}', {})
    assert "推进日期" in movable
    fixed = officer_frame("首页", clock_movable=False)
    assert "推进日期" not in render('{% extends "ui/base.html" %}', {"frame": fixed})


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500])
def test_a_refused_page_says_what_why_and_what_to_do(status):
    page = engine().get_template(f"{status}.html").render(Context({}))
    paragraphs = re.findall(r"<p>([^<]+)</p>", page)
    assert len(re.findall(r"<h1>[^<]+</h1>", page)) == 1
    assert len(paragraphs) == 2
    assert all(text.endswith("。") for text in paragraphs)


def test_our_own_bug_gives_a_number_to_name():
    page = draw('{% include "ui/refusal.html" %}', status=500, incident="7F3A91C2")
    assert '事件编号 <b class="incident">7F3A91C2</b>' in page


def test_may_asks_what_the_viewer_holds():
    here, there = Place("650000/650100/650109"), Place("650000/650100/650107")
    officer = Actor(1, "马秀兰", (Holding(Role.COUNTY_REVIEWER, here),))
    source = '{% may "budget.review" place as ok %}{{ ok }}'
    assert draw(source, frame=SimpleNamespace(actor=officer), place=here) == "True"
    assert draw(source, frame={"actor": officer}, place=there) == "False"
    assert draw(source, request=SimpleNamespace(actor=officer), place=here) == "True"
    assert draw(source, place=here) == "False"
    with pytest.raises(ValueError, match=r"budget\.revise"):
        draw('{% may "budget.revise" place as ok %}', frame={"actor": officer}, place=here)


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("{{ v|m3 }}", Volume(123_456), "123,456"),
        ("{{ v|m3 }}", None, "—"),
        ("{{ v|wan }}", Volume(123_456), "12.35"),
        ("{{ v|wan:0 }}", Volume(123_456), "12"),
        ('{{ v|wan:"+" }}', Volume(-123_456), "−12.35"),
        ('{{ v|wan:"+0" }}', Volume(123_456), "+12"),
        ("{{ v|yi }}", Volume(778_430_000), "7.78"),
        ("{{ v|signed }}", Volume(1234), "+1,234"),
        ("{{ v|signed }}", -1234, "−1,234"),
        ("{{ v|percent }}", Fraction(1, 8), "12.5%"),
        ('{{ v|percent:"+" }}', Decimal("-0.018"), "−1.8%"),
        ("{{ v|percent }}", None, "—"),
        ("{{ v|day }}", date(2026, 9, 18), "9月18日"),
        ("{{ v|day_full }}", date(2026, 9, 18), "2026年9月18日 星期五"),
        ("{{ v|moment }}", datetime(2026, 9, 18, 6, 2, tzinfo=UTC), "9月18日 14:02"),
        ("{{ v|dash }}", "", "—"),
        ("{{ v|dash }}", 0, "0"),
        ("{{ v|label }}", Source.GROUND, "地下水"),
    ],
)
def test_filters_write_figures_as_the_house_does(source, value, text):
    assert draw(source, v=value) == text


def test_a_deadline_shows_its_date_and_what_is_left():
    page = draw("{% show due %}", due=Due(date(2026, 1, 15), 7, 5, "完成县级草案"))
    assert "1月15日前完成县级草案" in page
    assert "还有 5 个工作日" in page


# -- static files ---------------------------------------------------------------------------------


def test_the_stylesheet_and_the_script_keep_their_limits():
    raw = (STATIC / "shuiheng.css").read_bytes()
    assert len(raw) < 40_000
    assert len(gzip.compress(raw)) < 10_000
    assert len((STATIC / "shuiheng.js").read_bytes()) < 8_000


def test_the_stylesheet_works_in_an_old_browser_and_from_right_to_left():
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    assert not re.search(r":has\(|@layer|color-mix|&|@container", rules)
    physical = r"[{;\s](margin|padding|border)-(left|right|top|bottom)|text-align: (left|right)|[{;\s](left|right):"
    assert not re.search(physical, re.sub(r"\[dir=rtl\][^}]*\}", "", rules))
    assert "!important" not in re.sub(r"@media print \{.*", "", rules, flags=re.DOTALL)


def test_the_palette_stands_in_both_places_alike():
    known = set(re.findall(r"#[0-9A-F]{6}", CSS))
    once = {palette.MAP_NORMAL, palette.MAP_WARNED}  # fills of the map, drawn only in SVG
    shared = {
        value for name, value in vars(palette).items() if name.isupper() and isinstance(value, str)
    }
    assert shared - once <= known


def test_colours_in_templates_come_from_the_palette():
    allowed = {
        value for name, value in vars(palette).items() if name.isupper() and isinstance(value, str)
    }
    for path in TEMPLATES:
        used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text(encoding="utf-8")))
        assert used <= allowed, path.name


def test_every_class_a_template_uses_is_styled_or_a_hook():
    styled = set(re.findall(r"\.([a-z][a-z_-]*)", CSS))
    for path in TEMPLATES:
        text = re.sub(r"\{[%{].*?[%}]\}", " ", path.read_text(encoding="utf-8"))
        for classes in re.findall(r'class="([^"]*)"', text):
            unknown = {word for word in classes.split() if not word.endswith("-")} - styled
            assert not unknown, (path.name, unknown)


def test_vendored_fonts_are_what_the_manifest_says():
    manifest = (STATIC / "fonts" / "MANIFEST").read_text(encoding="utf-8")
    sums = dict(re.findall(r"^sha256   ([0-9a-f]{64})  (\S+)$", manifest, flags=re.MULTILINE))
    files = {path.name for path in (STATIC / "fonts").iterdir()} - {"MANIFEST"}
    assert set(sums.values()) == files
    for digest, name in sums.items():
        assert hashlib.sha256((STATIC / "fonts" / name).read_bytes()).hexdigest() == digest
