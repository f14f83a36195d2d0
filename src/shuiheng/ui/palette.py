"""The colours that SVG carries as attributes, so that a chart prints and exports without a stylesheet.

The same values stand in `static/ui/shuiheng.css`; a test keeps both equal. Contrasts: LOOK, palette.
"""

from __future__ import annotations

from shuiheng.core.vocabulary import Sector, Source

INK = "#16242E"
INK_2 = "#45545E"
INK_3 = "#5C6B75"
PRIMARY = "#0B5A70"
PANEL = "#FFFFFF"
TRACK = "#DFE6EA"
LINE = "#DDE3E7"
LINE_2 = "#C3CCD2"
FIELD = "#7A8993"
USED = "#1B7A94"
WARNED = "#A66F00"
OVER = "#B3261E"
BEYOND = "#7A1510"
GAIN = "#1B7A94"
LOSS = "#A2521B"
MAP_NORMAL = "#D0E3E9"
MAP_WARNED = "#EFD9A7"
MAP_WARNED_EDGE = "#8A5300"

# 地表 地下 外调 非常规: fixed for ever, always with a label.
SOURCES = {
    Source.SURFACE: "#1B7A94",
    Source.GROUND: "#8C6A3F",
    Source.TRANSFERRED: "#5A67A6",
    Source.UNCONVENTIONAL: "#5C8A3E",
    Source.NETWORK: "#45545E",
}
# Sectors have no colours of their own: shades of one, always with a label, darkest first.
SECTORS = {
    Sector.AGRICULTURE: "#0B5A70",
    Sector.INDUSTRY: "#1B7A94",
    Sector.SERVICES: "#5C9DB0",
    Sector.RESIDENTS: "#8DBAC8",
    Sector.ECOLOGY: "#B9D5DE",
    Sector.SUPPLY: "#45545E",
    Sector.LOSS: "#7A8993",
    Sector.UNASSIGNED: "#C3CCD2",
}
