"""What the base layout reads: `frame` in every template's context. app/context.py fills it, plain data.

Every address is given from above, because ui stands below the pages it links to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shuiheng.core.access import Actor


@dataclass(frozen=True, slots=True)
class Installation:
    """`kind` is demo, practice or real; the mark on the page (演示数据, 练习区) follows from it."""

    kind: str = "real"
    label: str = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the top bar. Entries of the group 'cycle' are drawn with › between them: the process
    is the navigation; a line stands between groups."""

    label: str
    url: str
    current: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the four of the phone bar; `icon` is a name of icons.ICONS."""

    label: str
    url: str
    icon: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    installation: Installation = field(default_factory=Installation)
    office: str = "水预算管理"
    business_date: date | None = None
    today: date | None = None
    clock_movable: bool = False
    clock_url: str = ""
    actor: Actor | None = None
    person: str = ""
    post_label: str = ""
    person_url: str = ""
    is_unit_person: bool = False
    home_url: str = "/"
    search_url: str = ""
    nav: Sequence[NavItem] = ()
    tabs: Sequence[Tab] = ()
