"""What the registry allows: directory lists, changes of units, claim codes. Pure."""

from __future__ import annotations

from shuiheng.core.vocabulary import Term


class DirectoryState(Term):
    """A year's list: 2026 drafts run on a provisional one (DOMAIN C0.1)."""

    PROVISIONAL = "provisional", "暂用"
    REPORTED = "reported", "已报市级"
    APPROVED = "approved", "已审定"
