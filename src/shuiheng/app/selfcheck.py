"""`shuiheng check`: the program looks at itself, no database needed."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.template import TemplateSyntaxError
from django.template.loader import get_template
from django.utils import translation

PACKAGE = Path(__file__).parent.parent


def complaints() -> list[str]:
    """What is wrong: tables without a migration, templates that do not compile. Empty is good."""
    call_command("check")
    return [*_missing_migrations(), *_broken_templates()]


def _missing_migrations() -> list[str]:
    with translation.override(None):  # Django's own tables are named in English in its migrations
        loader = MigrationLoader(None)
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
    return [f"{app}：模型有变，缺少迁移（shuiheng manage makemigrations {app}）" for app in changes]


def _broken_templates() -> list[str]:
    broken = []
    for app in apps.get_app_configs():
        folder = Path(app.path) / "templates"
        if PACKAGE not in folder.parents:
            continue
        for path in sorted(folder.rglob("*.*")):
            try:
                get_template(str(path.relative_to(folder)))
            except TemplateSyntaxError as error:
                broken.append(f"{path.relative_to(PACKAGE)}：{error}")
    return broken
