"""Changji's pages, split by subject; callers import from here."""

from shuiheng.planning.views.board import changji_board
from shuiheng.planning.views.split import (
    changji,
    changji_cells,
    changji_figures,
    changji_findings,
    changji_workbook,
)

__all__ = [
    "changji",
    "changji_board",
    "changji_cells",
    "changji_figures",
    "changji_findings",
    "changji_workbook",
]
