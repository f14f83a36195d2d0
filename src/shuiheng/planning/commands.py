"""`shuiheng changji`: the method on Changji's published figures, printed for a terminal."""

from __future__ import annotations

import argparse
import json
import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import M3_PER_YI
from shuiheng.planning.rules.figures import Industry, PlanSource, Published, signed
from shuiheng.planning.rules.findings import check_published
from shuiheng.planning.rules.printing import PrintedRow, printed_rows
from shuiheng.planning.rules.split import (
    TITLE,
    YEARS,
    Split,
    SplitRule,
    compare_with_published,
    rule_words,
)
from shuiheng.planning.selectors.files import csv_text, report
from shuiheng.planning.selectors.published import published_figures, split_of

WIDE = "WF"  # east-asian widths that take two columns of a terminal
GAP = "  "


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("changji", help=f"昌吉州指标分摊测算（{TITLE}）")
    parser.add_argument("--year", type=int, choices=YEARS, help="只算这一年；不写就两年都算")
    parser.add_argument("--json", action="store_true", help="输出 JSON，水量为整 m³")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="另把逐格结果写成 CSV")
    parser.set_defaults(run=run, needs_database=False)


def run(options: argparse.Namespace) -> int:
    years = (options.year,) if options.year else YEARS
    if options.csv:
        _write(options.csv, csv_text(years))
    if options.json:
        print(json.dumps(report(years), ensure_ascii=False, indent=1))
        return 0
    published = published_figures()
    print(f"【{TITLE}】")
    for year in years:
        print("\n".join(_year_lines(year, published)))
    print("\n".join(_finding_lines(published)))
    if options.csv:
        print(f"\n逐格结果已写入 {options.csv}")
    print(f"【{TITLE}】")
    return 0


def _write(file: Path, text: str) -> None:
    """With a byte-order mark: Excel and WPS take the file for UTF-8 by it."""
    try:
        file.write_text(text, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Refusal(
            "planning.file_not_written",
            f"不能写入 {file}：{error.strerror}。",
            remedy="请换一个可以写的文件名。",
            facts={"file": str(file)},
        ) from error


def _year_lines(year: int, published: Published) -> Iterable[str]:
    splits = [split_of(year, rule) for rule in SplitRule]
    yield f"\n{year}年  单位：亿m³，三次产业为本规划口径"
    yield from (f"· {what}：{how}" for what, how in splits[0].basis.statements.items())
    for split in splits:
        yield f"\n{split.rule.label}  {rule_words(split.rule)}"
        yield from aligned(_split_table(split, published))
    yield "\n两条规则并排"
    yield from aligned(_side_by_side(splits))
    yield from _comparison_lines(splits, published)


def _split_table(split: Split, published: Published) -> list[list[str]]:
    head = ["县市", "合计", *(s.label for s in PlanSource), *(i.label for i in Industry)]
    unknown = [[region.name, "无公布数"] for region in published.regions_without_figure]
    rows = printed_rows(split)
    return [head, *map(_cells, rows[:-1]), *unknown, _cells(rows[-1])]


def _cells(row: PrintedRow) -> list[str]:
    volumes = (row.total, *row.sources, *row.industries)
    return [_name(row), *(volume.yi() for volume in volumes)]


def _name(row: PrintedRow) -> str:
    return row.county.name if row.county else "全州"


def _side_by_side(splits: Sequence[Split]) -> list[list[str]]:
    first, second = (printed_rows(split) for split in splits)
    head = ["县市", "规则A", "规则B", "B−A", "A 地下水", "B 地下水", "可开采量"]
    rows = [
        [
            _name(a),
            a.total.yi(),
            b.total.yi(),
            signed(Fraction((b.total - a.total).m3, M3_PER_YI)),
            a.sources[1].yi(),
            b.sources[1].yi(),
            (a.county.ground if a.county else published_figures().ground).yi(4),
        ]
        for a, b in zip(first, second, strict=True)
    ]
    return [head, *rows]


def _comparison_lines(splits: Sequence[Split], published: Published) -> Iterable[str]:
    compared = [
        (split, one) for split in splits for one in compare_with_published(split, published)
    ]
    yield "\n与公布的县市数对照" + ("" if compared else "：这一年没有公布任何县市的数。")
    for split, one in compared:
        error = signed(Fraction(one.error.m3, M3_PER_YI))
        yield (
            f"· {split.rule.label}：{one.county.name}测算 {one.computed.yi()}，公布 {one.figure.value}，"
            f"误差 {error} 亿m³（{signed(one.error_percent, 1)}%）"
        )
    if compared:
        figure = compared[0][1].figure
        yield f"  公布数出自{figure.document.title}：“{figure.quote}”"


def _finding_lines(published: Published) -> Iterable[str]:
    findings = check_published(published)
    yield f"\n核对发现 {len(findings)} 处，两边的数都列出，不改任何一个"
    for number, found in enumerate(findings, start=1):
        yield f"{number:>3} [{found.label}] {found.sentence}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: first column left, the others right, measured in terminal columns."""
    widths = [0] * max(map(len, rows))
    for row in rows:
        for column, text in enumerate(row):
            widths[column] = max(widths[column], width(text))
    return [GAP.join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for column, text in enumerate(row):
        space = " " * (widths[column] - width(text))
        yield space + text if column else text + space


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in WIDE else 1 for letter in text)
