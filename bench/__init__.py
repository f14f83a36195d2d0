"""Figures that are measured, one file per group; `make bench` writes them to var/bench.json."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuiheng.app.settings")
django.setup()
