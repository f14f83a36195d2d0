"""`shuiheng verify-ledger`: the books against their own sums."""

from __future__ import annotations

import argparse

from shuiheng.ledger.models import Account
from shuiheng.ledger.selectors import breaches
from shuiheng.office.selectors import budget_regions

MOST_SHOWN = 20


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "verify-ledger", help="核对水账：余额=流水之和，区域=水源=行业+预留"
    )
    parser.add_argument("--year", type=int, metavar="年度", help="只核对一个年度（默认全部）")
    parser.set_defaults(run=_verify)


def _verify(args: argparse.Namespace) -> int:
    """Exit code 1 when anything is broken, with the first breaches in words."""
    asked = (
        [args.year] if args.year else sorted(set(Account.objects.values_list("year", flat=True)))
    )
    broken = 0
    for year in asked:
        areas = [area.pk for area in budget_regions(year)]
        found = breaches(areas, year, MOST_SHOWN)
        accounts = Account.objects.filter(year=year).count()
        print(
            f"{year} 年度：{len(areas)} 个区域，{accounts} 个账户，"
            + (f"{len(found)} 处不符" if found else "全部相符")
        )
        for breach in found:
            print(f"  {breach}")
        broken += len(found)
    if not asked:
        print("还没有水账。")
    return 1 if broken else 0
