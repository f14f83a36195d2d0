"""`shuiheng year`: a seeded city lives a whole budget year in a database of its own."""

from __future__ import annotations

import argparse
import csv
from datetime import date
from typing import Any

from django.conf import settings

from shuiheng.core.clock import beijing_noon
from shuiheng.rehearsal.city import CityPlan
from shuiheng.rehearsal.selectors import NAMES_FILE, unit_names
from shuiheng.rehearsal.services import YearReport, found_city, live_year

YEAR = 2026


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("year", help="用随机种子演练一个完整预算年度，并逐步核对不变量")
    parser.add_argument("--seed", type=int, default=1, help="随机种子")
    parser.add_argument("--size", type=int, default=160, help="单位数量")
    parser.add_argument("--keep", action="store_true", help="保留演练数据库并打印库名")
    parser.set_defaults(run=run_year, throwaway="year")
    names = commands.add_parser(
        "names", help="导出本库的单位名称，供新建练习区使用（只有名称、类型、行业、所属区）"
    )
    names.set_defaults(run=write_names)


def run_year(args: argparse.Namespace) -> int:
    """Exit code 0 when no invariant was broken, 1 otherwise."""
    begin = beijing_noon(date(YEAR - 1, 12, 1))
    cast = found_city(
        CityPlan(args.seed, args.size), year=YEAR, now=begin, password="only-for-rehearsal"
    )
    outcome = live_year(cast, YEAR, args.seed, report=print, until=date(YEAR + 1, 12, 31))
    print_summary(args.seed, outcome)
    if args.keep:
        print(f"演练数据库保留为 {args.database}")
    return 1 if outcome.breaches else 0


def write_names(args: argparse.Namespace) -> int:
    """Write what a practice database borrows to var/practice-names.csv: names, and nothing else."""
    path = settings.VAR / NAMES_FILE
    rows = unit_names()
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    print(f"已写出 {len(rows)} 个单位名称：{path}。新建练习区：make run DB=practice")
    return 0


def print_summary(seed: int, outcome: YearReport) -> None:
    print(
        f"\n种子 {seed}：{outcome.units} 个单位，{outcome.transfers:,} 笔流水，超额账户 {outcome.over_used} 个"
    )
    print("办理：" + "，".join(f"{name} {count}" for name, count in outcome.acts.items()))
    print("按规则拒绝：" + "，".join(f"{code} {n}" for code, n in outcome.refusals.items()))
    if outcome.breaches:
        print(f"不变量被破坏 {len(outcome.breaches)} 处：")
        for breach in outcome.breaches[:20]:
            print(f"  ✗ {breach}")
    else:
        print("所有不变量始终成立。")
