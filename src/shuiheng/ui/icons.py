"""The few line icons in use: phone tabs, portal entries, search, chevrons. 24 × 24, stroke 2, own drawings.

An icon never stands alone: words are beside it, or the element carries a label.
"""

from __future__ import annotations

ICONS = {
    "account": (  # a staff gauge laid aslant: 水账
        "M15.5 2.6 21.4 8.5 8.5 21.4 2.6 15.5Z M12.8 5.3l2 2 M10.1 8l3 3 M7.4 10.7l2 2 M4.9 13.2l2.6 2.6"
    ),
    "report": (  # a pencil on a sheet: 填报
        "M11 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-5 M18.4 2.9a2 2 0 0 1 2.8 2.8L12.5 14.5"
        " 8.5 15.5 9.5 11.5Z"
    ),
    "paper": (  # 文书
        "M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8Z M14 3v5h5 M9 12h2 M9 16h6"
    ),
    "person": "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z M5 21v-2a5 5 0 0 1 5-5h4a5 5 0 0 1 5 5v2",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z M20 20l-4.9-4.9",
    "down": "M6 9.5l6 6 6-6",
    "back": "M15 5l-7 7 7 7",
    "forward": "M9 5l7 7-7 7",
    "check": "M4.5 12.5l5 5 10-11",
    "gauge": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z M12 12l4-4 M7 12a5 5 0 0 1 5-5",
    "norm": "M6 3h13v18H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z M4 19a2 2 0 0 1 2-2h13 M9 7h6",
    "data": "M3 5h18v14H3Z M3 10h18 M9 10v9",
    "warning": "M12 4 2.5 20h19Z M12 10v4 M12 17v.4",
    "menu": "M4 6h16 M4 12h16 M4 18h16",
}
