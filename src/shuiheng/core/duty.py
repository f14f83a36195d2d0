"""What somebody has to do by when, as plain facts: computed from what is, never stored (DESIGN 3).

Every capability says its own by `selectors.duties(actor, now)`; the desk sorts and draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class DutyFact:
    """`route` with `args` and `query` is where `verb` leads; `decides` puts it under 需要您决定."""

    due: date
    what: str
    detail: str
    verb: str
    route: str
    args: Mapping[str, int | str] = field(default_factory=dict)
    query: str = ""
    decides: bool = False
