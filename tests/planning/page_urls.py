"""The addresses of planning alone: its pages are tested without the rest of the house."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("planning/", include("shuiheng.planning.urls"))]
