"""The strict policy of what a page may load, read from the templates themselves. (That they compile is
asked by `shuiheng check` and its test.)"""

from __future__ import annotations

import re

from tests.house.tree import assert_none, complaints, templates

FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script\b(?![^>]*\b(?:src=|type=.application/json))", re.IGNORECASE
    ),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:[\"'(]|=)\s*(?:https?:)?//[a-z0-9]", re.IGNORECASE),
    "unescaped text": re.compile(r"\|\s*safe\b(?!\w)|autoescape\s+off"),
}


def find_what_the_policy_forbids(source: str) -> list[str]:
    return [
        f"{number} has {what}"
        for number, line in enumerate(source.splitlines(), start=1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]


BAD = """<p style="color:red">
<style>p {}</style>
<a onclick="go()">
<script>go()</script>
<a href="javascript:go()">
<img src="https://cdn.example/x.png">
<link href=//cdn.example/x.css>
{{ words|safe }}
"""
GOOD = """<script src="{% static 'ui/shuiheng.js' %}" defer></script>
<script type="application/json">{}</script>
<p class="style">once = 1</p> <a href="{% url 'x:y' %}">//</a>
"""


def test_what_the_policy_forbids_is_seen() -> None:
    assert find_what_the_policy_forbids(BAD) == [
        "1 has an inline style",
        "2 has a style element",
        "3 has an inline handler",
        "4 has an inline script",
        "5 has a script address",
        "6 has something from elsewhere",
        "7 has something from elsewhere",
        "8 has unescaped text",
    ]
    assert find_what_the_policy_forbids(GOOD) == []


def test_templates_keep_the_policy() -> None:
    assert_none(complaints(find_what_the_policy_forbids, templates()))
