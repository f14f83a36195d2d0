"""`shuiheng open-year`: begin the 编制 of a year for the city."""

from __future__ import annotations

import argparse
from typing import Any

from shuiheng.budget.services import open_year
from shuiheng.core.access import SYSTEM
from shuiheng.office.models import Area


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "open-year", help="开始一个年度的水预算编制：各区账册和每个单位的草案"
    )
    parser.add_argument("year", type=int, help="预算年度，例如 2027")
    parser.add_argument("--city", default="650100", help="城市代码，默认乌鲁木齐市 650100")
    parser.set_defaults(run=begin_year)


def begin_year(args: argparse.Namespace) -> int:
    """Safe to run twice: the act's key is the city's year."""
    city = Area.objects.get(code=args.city)
    key = f"open-year:{city.code}:{args.year}"
    open_year(city, args.year, actor=SYSTEM, now=args.now, key=key)
    print(f"{city.name} {args.year} 年度编制已经开始。")
    return 0
