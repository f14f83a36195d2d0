"""A practice database may borrow a district's own names, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuiheng.rehearsal import selectors
from shuiheng.rehearsal.city import CityPlan


def test_borrowed_names_stand_where_their_like_stand() -> None:
    sort = ("650109", "self_supplied", "agriculture")
    plan = CityPlan(1, 130, {sort: ["三道坝镇第一合作社", "长山子农场"]})
    farms = [u.name for u in plan.units if (u.region, u.kind, u.sector) == sort]
    assert farms[:2] == ["三道坝镇第一合作社", "长山子农场"]
    assert len(farms) > 2, "the rest is invented"
    assert len(plan.units) == len(CityPlan(1, 130).units)


@pytest.mark.django_db
def test_what_is_written_is_read_back(settings: object, tmp_path: Path) -> None:
    settings.VAR = tmp_path  # type: ignore[attr-defined]
    assert selectors.borrowed_names() == {}
    line = "650109,self_supplied,agriculture,长山子农场\n"
    (tmp_path / selectors.NAMES_FILE).write_text(line, encoding="utf-8-sig")
    assert selectors.borrowed_names() == {
        ("650109", "self_supplied", "agriculture"): ["长山子农场"]
    }
