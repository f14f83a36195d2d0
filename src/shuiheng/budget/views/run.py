"""A baseline run in words: engine and digests, policy, standings, certificates, who gets less than asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuiheng.budget.selectors.baseline import bindings, by_standing, shorted
from shuiheng.budget.views.setting import Setting
from shuiheng.core.clock import beijing_date
from shuiheng.core.volume import total
from shuiheng.office.models import Area
from shuiheng.office.selectors import policy
from shuiheng.quota.models import BaselineRun
from shuiheng.quota.rules import CeilingStanding, itemise_reserve
from shuiheng.quota.selectors import available_of, reserve_of, rules_of
from shuiheng.ui.figures import M3, WAN, moment
from shuiheng.ui.parts import Empty, Fact, Facts, Link, Message, Name, Pages, page_number
from shuiheng.ui.tables import Column, Panel, Row, Table

MOST_BINDINGS = 12


def run_panel(run: BaselineRun) -> Panel:
    """Who asked it when, and what proves that it can be asked again."""
    facts = [
        Fact("时间", moment(run.made_at)),
        Fact("测算人", run.made_by),
        Fact("引擎", run.policy.get("version", "")),
        Fact("输入摘要", run.input_digest[:16], note="同样的输入，同样的结果"),
        Fact("引擎输入摘要", run.engine_digest[:16]),
    ]
    return Panel("这次测算", [Facts(facts)], wide=False)


def policy_panels(run: BaselineRun) -> list[Panel]:
    """The rules that it shared by, with their ground; and the reserve itemised."""
    sharing = rules_of(run)
    tiers = policy("quota.tiers", beijing_date(run.made_at))
    order = " → ".join(tier.name for tier in sharing.tiers)
    sources = " → ".join(source.label for source in sharing.order)
    kept = itemise_reserve(available_of(run), reserve_of(run), sharing)
    facts = [
        Fact("保障顺序", order, note=f"{tiers.source}（{tiers.get_confidence_display()}）"),
        Fact("分担办法", sharing.policy.label, note="同一顺序之内，保底之上"),
        Fact("水源次序", sources, note="许可内可以替代" if sharing.replaces else "不替代"),
        Fact("预留比例", f"{sharing.reserve_per_10000 / 100:g}%"),
        Fact("下达粒度", f"{sharing.grain} m³"),
    ]
    parts = [
        ("按比例提取", kept.share),
        ("取整余数", kept.grain),
        ("没有单位可用", kept.unclaimed),
    ]
    table = Table(
        [Column("预留"), Column("水量", M3, kind="figure", strong=True)],
        [Row([label, volume]) for label, volume in parts],
        sums=["合计", total(volume for _, volume in parts)],
        tight=True,
    )
    return [Panel("办法", [Facts(facts)], wide=False), Panel("预留怎么来的", [table])]


def standing_panel(run: BaselineRun, regions: Sequence[Area]) -> Panel:
    """How many m³ went to each kind of ceiling (USERS 15)."""
    taken, handed = by_standing(run, regions)
    rows = [
        Row([standing.label, row.units, row.demand, row.quota]) for standing, row in taken.items()
    ]
    columns = [
        Column("取水依据"),
        Column("单位", "个", kind="figure"),
        Column("需求", WAN, kind="figure"),
        Column("额度", WAN, kind="figure", strong=True),
    ]
    sums = [
        "合计", "", total(row.demand for row in taken.values()),
        total(row.quota for row in taken.values()),
    ]  # fmt: skip
    words = f"供水单位分给用户、居民和损失的 {handed.quota.wan()} 万m³ 在其取水之内，不重复计。"
    nothing = taken[CeilingStanding.NONE]
    if nothing.units:
        words += f"没有依据的 {nothing.units} 个单位额度为 0，须补许可、免办认定或暂定水量。"
    return Panel("水量给了谁", [Table(columns, rows, sums=sums, tight=True), Message(words)])


def certificates_panel(run: BaselineRun, regions: Sequence[Area]) -> Panel:
    """Which caps bind, and whom."""
    found = bindings(run, regions)
    columns = [
        Column("已经分完的水"),
        Column("单位", "个", kind="figure"),
        Column("少", WAN, kind="figure", strong=True),
    ]
    rows = [Row([one.words, one.units, one.gap]) for one in found[:MOST_BINDINGS]]
    more = found[MOST_BINDINGS:]
    if more:
        rest = total(one.gap for one in more)
        rows.append(Row([f"其余 {len(more)} 处", sum(one.units for one in more), rest]))
    sums = ["合计", "", total(one.gap for one in found)] if found else ()
    empty = Empty("没有一处水不够分。")
    table = Table(columns, rows, sums=sums, tight=True, empty=empty)
    return Panel("卡在哪里", [table], note="差得多的在前")


def short_panel(page: Setting, request: Any, run: BaselineRun, regions: list[Area]) -> Panel:
    """Who gets less than was reviewed, with the certificate in words; each leads to its 为什么."""
    rows = shorted(run, regions)
    query = request.GET.urlencode()
    pages = Pages(rows.count(), page_number(request.GET.get("page")), "项", size=20, query=query)
    columns = [
        Column("单位", kind="whole"),
        Column("水源", kind="whole"),
        Column("审核需求", M3, kind="figure"),
        Column("额度", M3, kind="figure", strong=True),
        Column("少", M3, kind="figure", signed=True, toned=True),
        Column("原因"),
    ]
    table = Table(
        columns,
        [
            Row(
                [
                    Name(
                        line.unit.name if line.unit else "",
                        line.area.name,
                        page.url("why_unit", line.unit_id, run=run.pk),
                    ),
                    line.get_source_display(),
                    line.demand,
                    line.quota,
                    line.quota - line.demand,
                    reason_of(run, line),
                ]
            )
            for line in rows[pages.start : pages.stop]
        ],
        tight=True,
        empty=Empty("没有单位少于审核需求。"),
    )
    return Panel("少于审核需求的单位", [table], note="从差得多的排起", pages=pages)


def reason_of(run: BaselineRun, line: Any) -> object:
    """The short reason; the whole certificate under it where the reason had to cut it."""
    if line.certificate is None:
        return line.reason
    words = run.certificates[line.certificate]
    return line.reason if words in line.reason else Link(line.reason, note=words)
