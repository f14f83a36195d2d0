"""The program looks at itself, and sees."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from shuiheng.app import selfcheck


def test_nothing_is_wrong_here() -> None:
    assert selfcheck.complaints() == []


def test_a_broken_template_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = tmp_path / "office"
    (here / "templates").mkdir(parents=True)
    (here / "templates" / "broken.html").write_text("{% if %}")
    monkeypatch.setattr(selfcheck, "PACKAGE", tmp_path)
    monkeypatch.setattr(apps, "get_app_configs", lambda: [SimpleNamespace(path=here)])

    def compile_it(name: str) -> None:
        from django.template import Engine

        Engine().from_string((here / "templates" / name).read_text())

    monkeypatch.setattr(selfcheck, "get_template", compile_it)
    (complaint,) = selfcheck._broken_templates()
    assert "broken.html" in complaint


def test_a_table_without_its_migration_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with isolate_apps("shuiheng.office") as alone:

        class Unheard(models.Model):
            class Meta:
                app_label = "office"

        monkeypatch.setattr(selfcheck, "apps", alone)
        assert any(line.startswith("office：") for line in selfcheck._missing_migrations())
