"""Where the published figures contradict each other or leave something open: both figures, the
difference, both places, and what the method does about it. Nothing is repaired.

请看 touches a computed year (`touches` says which); 说明 concerns figures that the method does not use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from shuiheng.core.refusal import Finding, Severity
from shuiheng.core.volume import M3_PER_YI, Volume
from shuiheng.planning.rules.figures import Figure, Industry, PlanSource, Published, fixed
from shuiheng.planning.rules.split import (
    YEARS,
    SplitRule,
    on_the_line,
    plan_basis,
    shares_on_the_line,
    weights,
)

M3_PER_MU = 10_000  # 1 亿m³ on 1 万亩 is 10,000 m³/亩; 1 m³/万元 of 1 亿元 is 10,000 m³


@dataclass(frozen=True, slots=True)
class Reading:
    """One side of a contradiction: where it stands or how it is reached, and the figure in `unit`."""

    words: str
    value: Fraction
    unit: str
    decimals: int = 2
    sense: str = ""

    @property
    def printed(self) -> str:
        unit = "%" if self.unit == "%" else f" {self.unit}"
        return self.sense + fixed(self.value, self.decimals) + unit

    @property
    def as_printed(self) -> Fraction:
        """The value as its digits say, so that differences agree with what the reader sees."""
        return Fraction(fixed(self.value, self.decimals).replace(",", "").replace("−", "-"))


def check_published(published: Published) -> list[Finding]:
    """Every contradiction among the published figures that are held, those that touch the computed
    years first."""
    groups = (
        _totals_2025,
        _totals_2022,
        _surface,
        _shares,
        _agriculture,
        _ground,
        _scope,
        _other_totals,
        _precipitation,
        _irrigation,
        _indicators,
    )
    found = [finding for group in groups for finding in group(published) if finding]
    return sorted(found, key=lambda finding: finding.severity is not Severity.LOOK)


def touches(finding: Finding, year: int) -> bool:
    """Whether the contradiction lies among what the year is computed from."""
    years = finding.facts["years"]
    return isinstance(years, tuple) and year in years


def _differ(
    code: str, years: tuple[int, ...], what: str, first: Reading, second: Reading, so: str
) -> Finding | None:
    """A finding if the two differ; if they agree there is nothing to say."""
    gap = abs(first.as_printed - second.as_printed)
    if not gap:
        return None
    number = fixed(gap, max(first.decimals, second.decimals))
    difference = f"{number} {'个百分点' if first.unit == '%' else first.unit}"
    sides = ((first.words, first.printed), (second.words, second.printed))
    return _finding(code, years, what, *sides, so, difference)


def _said(figure: Figure) -> tuple[str, str]:
    return f"{figure.place}印{figure.label}", figure.printed


def _finding(
    code: str,
    years: tuple[int, ...],
    what: str,
    first: tuple[str, str],
    second: tuple[str, str],
    so: str,
    difference: str = "",
) -> Finding:
    """One sentence of both sides, each given as where and what; `years` are the computed years it touches."""
    gap = f"，相差 {difference}" if difference else ""
    sides = "，".join(f"{words} {text}" for words, text in (first, second))
    facts = {"years": years, "what": what, "difference": difference, "so": so}
    facts |= {"first_at": first[0], "first": first[1], "second_at": second[0], "second": second[1]}
    return Finding(
        f"changji.{code}",
        Severity.LOOK if years else Severity.NOTE,
        f"{what}：{sides}{gap}。{so}".replace("＝ ", "＝"),
        facts=facts,
    )


def _printed(p: Published, key: str) -> Reading:
    figure = p.figures[key]
    year = f"{figure.year}年" if figure.year else ""
    words = f"{figure.place}印{year}{figure.label}"
    decimals = len(figure.value.partition(".")[2])
    return Reading(words, figure.exact, figure.unit, decimals, figure.sense.label)


def _sum(p: Published, words: str, *keys: str) -> Reading:
    """The printed parts added up, spelled out."""
    parts = "＋".join(p.text(key) for key in keys)
    whole = sum((p.exact(key) for key in keys), Fraction(0))
    return Reading(f"{words} {parts}＝", whole, p.figures[keys[0]].unit)


def _yi(volume: Volume | Fraction) -> Fraction:
    return (Fraction(volume.m3) if isinstance(volume, Volume) else volume) / M3_PER_YI


def _totals_2025(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "total_2025",
        (2025,),
        "2025年总量与分水源之和",
        _printed(p, "total.2025"),
        _sum(p, "同处三种水源", "surface.2025", "ground.2025", "other.2025"),
        "测算按分水源之和进行，差额不摊入任何水源。",
    )
    yield _differ(
        "total_2025_two_sources",
        (2025,),
        "2025年总量与另一套分水源",
        _printed(p, "total.2025"),
        _sum(
            p, "一（一）（3）地表水（含中水）＋地下水", "surface_and_reclaimed.2025", "ground.2025"
        ),
        "测算用分列的三种水源。",
    )
    yield _differ(
        "surface_2025",
        (2025,),
        "2025年地表水（含中水）",
        _printed(p, "surface_and_reclaimed.2025"),
        _sum(p, "一（二）（1）地表水＋其他水源", "surface.2025", "other.2025"),
        "测算用分列的地表水和其他水源。",
    )


def _totals_2022(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "total_2020",
        (2022,),
        "2020年总量与分水源之和",
        _printed(p, "total.2020"),
        _sum(p, "同处地下水＋地表水（含中水）", "ground.2020", "surface_and_reclaimed.2020"),
        "文中没有说明差额是什么水源。2022年的起点因此也缺这一块，见“2022年分水源”。",
    )
    total, ground, surface = (
        _yi(on_the_line(p, key, 2022)) for key in ("total", "ground", "surface_and_reclaimed")
    )
    spread = ground * p.exact("total.2022") / (ground + surface)
    words = f"直线内插的地下水 {fixed(ground)}＋地表水（含中水）{fixed(surface, 3)}＝"
    yield _differ(
        "sources_2022",
        (2022,),
        "2022年分水源没有公布",
        _printed(p, "total.2022"),
        Reading(words, ground + surface, "亿m³", 3),
        f"测算：地下水取直线 {fixed(ground)}，其余 {fixed(p.exact('total.2022') - ground)} "
        "归地表水和其他水源，差额就落在这两种水源上。"
        f"如果按比例摊到各水源，地下水会是 {fixed(spread)}，高于它自己的直线。",
    )
    yield _differ(
        "total_2022",
        (2022,),
        "2022年总量",
        _printed(p, "total.2022"),
        Reading("2020–2025年指标直线内插", total, "亿m³", 3),
        "在四舍五入之内，测算用公布数。",
    )


def _surface(p: Published) -> Iterator[Finding | None]:
    rows = Reading("表1.1-3 七县市各行相加", _yi(p.surface), "亿m³")
    yield _differ(
        "surface_counties",
        YEARS,
        "地表水资源量",
        _printed(p, "table.surface"),
        rows,
        "分摊权重用各县市行上的数，不用合计行。",
    )
    yield _differ(
        "county_available",
        YEARS,
        "县级地表水可利用量没有公布",
        _printed(p, "resource.available_surface"),
        rows,
        "两条规则都用资源量。如果把全州可利用量按资源量折到各县市，"
        f"规则A下各县市占比最多变 {fixed(_share_change(p))} 个百分点。",
    )
    yield _differ(
        "surface_divertible",
        (2025,),
        "2025年地表水指标高于能引入灌区的水量",
        _printed(p, "surface.2025"),
        _printed(p, "resource.divertible"),
        "分到各县市的地表水未必都引得到。",
    )


def _share_change(p: Published) -> Fraction:
    """Percentage points by which a county's share under rule A would move at most if the prefecture's
    usable surface water were spread over the counties like the resource."""
    resource = weights(SplitRule.TOGETHER, PlanSource.SURFACE, p.counties)
    usable = Fraction(p.volume("resource.available_surface").m3, p.surface.m3)
    scaled = [county.surface.m3 * usable + county.ground.m3 for county in p.counties]
    return max(
        abs(Fraction(100 * before, sum(resource)) - 100 * after / sum(scaled))
        for before, after in zip(resource, scaled, strict=True)
    )


def _shares(p: Published) -> Iterator[Finding | None]:
    taken, other = p.shares["shares.2020"], p.shares["shares.2020_other"]
    lines = [shares_on_the_line(p, shares.key, 2022)[0] for shares in (other, taken)]
    change = (lines[0] - lines[1]) * p.exact("total.2022") / 100
    yield _differ(
        "shares_2020",
        (2022,),
        "2020年三次产业比例印了两组",
        Reading(f"{taken.place}印 {taken.printed}，一产", taken.percent[0], "%", 1),
        Reading(f"{other.place}印 {other.printed}，一产", other.percent[0], "%"),
        f"2022年内插取前一组：同句所印农业用水 {p.text('agriculture_use.2020')} 亿m³ 与农业指标相等。"
        f"取后一组，2022年一产多 {fixed(change)} 亿m³。",
    )
    words = f"一（一）（3）{fixed(other.percent[0])}%×实际用水 {p.text('use.2020')}＝"
    yield _differ(
        "agriculture_by_share",
        (2022,),
        "2020年农业用水与比例",
        _printed(p, "agriculture.2020"),
        Reading(words, other.percent[0] * p.exact("use.2020") / 100, "亿m³"),
        "后一组比例与所印农业用水不合，这也是内插不取它的理由。",
    )
    percent = p.shares["shares.2025"].percent
    yield _differ(
        "ecology",
        YEARS,
        "生态用水2019年单列，2025年三产比例里没有",
        _printed(p, "ecology_share.2019"),
        Reading(
            f"2025年 {p.shares['shares.2025'].printed} 留给生态",
            100 - sum(percent, Fraction(0)),
            "%",
            0,
        ),
        "本规划口径里生态用水没有位置，测算也就没有。",
    )


def _agriculture(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "agriculture_verified",
        (2022,),
        "2020年农业用水印了两个数",
        _printed(p, "agriculture_use.2020"),
        _printed(p, "agriculture_verified.2020"),
        "测算用比例，不直接用这两个数。",
    )
    basis = plan_basis(p, 2025)
    primary = basis.shares[Industry.PRIMARY]
    words = f"测算 {fixed(primary, 1)}%×分水源之和 {basis.total.yi()}＝"
    yield _differ(
        "agriculture_2025",
        (2025,),
        "2025年一产",
        _printed(p, "agriculture.2025"),
        Reading(words, primary * _yi(basis.total) / 100, "亿m³"),
        "差额来自总量与分水源之和不等，以及比例只印一位小数。",
    )


def _ground(p: Published) -> Iterator[Finding | None]:
    line = Reading("2022年地下水直线内插", _yi(on_the_line(p, "ground", 2022)), "亿m³")
    allowable = _printed(p, "resource.ground_allowable")
    for year, reading in (
        (2022, line),
        (2025, _printed(p, "ground.2025")),
        (2030, _printed(p, "ground.2030")),
    ):
        if reading.value > allowable.value:
            yield _differ(
                f"ground_over_{year}",
                (year,) if year in YEARS else (),
                f"{year}年地下水指标高于可开采量",
                reading,
                allowable,
                "取水条例第七条：批准取用地下水的总水量不得超过本行政区域地下水可开采量。"
                "指标照用，超出的部分逐县市列出。",
            )
    words = f"指标之差 {p.text('ground.2020')}−{p.text('ground.2025')}＝"
    yield _differ(
        "ground_cut",
        (),
        "“十四五”地下水压减量",
        _printed(p, "ground_cut_other.2025"),
        Reading(words, p.exact("ground.2020") - p.exact("ground.2025"), "亿m³"),
        "测算用指标本身，不用压减量。",
    )


def _scope(p: Published) -> Iterator[Finding | None]:
    names = "、".join(region.name for region in p.regions_without_figure)
    yield _differ(
        "regions",
        YEARS,
        "控制指标覆盖的行政区比资源表多",
        _printed(p, "regions"),
        Reading("表1.1-3、表1.1-5 列出县市", Fraction(len(p.counties)), "个", 0),
        f"农业园区、高新区并入昌吉市；{names}无公布数，它的水量含在七县市的数里，这里分不出来。",
    )
    yield _differ(
        "parks",
        (),
        "国家级园区个数",
        _printed(p, "parks"),
        _printed(p, "parks_other"),
        "行政区按前者列。",
    )
    tertiary = next(scope for scope in p.industries if scope.industry is Industry.TERTIARY)
    yield _finding(
        "industry_scope",
        YEARS,
        "三产的口径与统计不同",
        (f"{tertiary.place}的三产是", tertiary.scope),
        ("《国民经济行业分类》（GB/T 4754）里", "渔业属 A 门类（一产），建筑业属 E 门类（二产）"),
        "三产各数只按本规划口径读，不与统计口径相比。",
    )


def _other_totals(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "total_2030",
        (),
        "2030年总量与分水源之和",
        _printed(p, "total.2030"),
        _sum(p, "同处地表水（含中水）＋地下水", "surface_and_reclaimed.2030", "ground.2030"),
        "2030年不在测算之内。",
    )
    parts = [p.volume(f"{key}.2019") for key in ("control_primary", "control_secondary_tertiary")]
    words = f"一（三）（1）2019年控制指标 {parts[0].yi(4)}＋{parts[1].yi(4)}＝"
    yield _differ(
        "series_2019",
        (),
        "2019年与2020年的控制指标不是一个系列",
        Reading(words, _yi(parts[0] + parts[1]), "亿m³"),
        _printed(p, "total.2020"),
        "测算只用2020年起的系列。",
    )
    yield _differ(
        "use_over_available",
        (),
        "2020年实际用水高于年可利用量",
        _printed(p, "use.2020"),
        _printed(p, "resource.available"),
        "可利用量不参与分摊。",
    )


def _precipitation(p: Published) -> Iterator[Finding | None]:
    area = sum((county.area_km2 for county in p.counties), Fraction(0))
    depths = (county.area_km2 * county.precipitation_mm for county in p.counties)
    mean = sum(depths, Fraction(0)) / area
    yield _differ(
        "precipitation",
        (),
        "全州平均降水量",
        _printed(p, "table.precipitation"),
        Reading("同表各行按面积加权", mean, "mm", 1),
        "降水量不参与分摊。",
    )
    series = max(p.runoff, key=lambda row: row.years)
    yield _differ(
        "runoff_mean",
        (),
        "多年平均径流量",
        _printed(p, "resource.surface"),
        Reading(f"表1.1-2 {series.years}年系列均值", Fraction(series.mean), "亿m³"),
        "径流频率表只收录展示，不参与分摊。",
    )


def _irrigation(p: Published) -> Iterator[Finding | None]:
    use, quota, area = (
        p.figures[key]
        for key in ("agriculture.2020", "irrigation_quota.2020", "effective_area.2020")
    )
    yield _differ(
        "irrigated_area_2020",
        (),
        "2020年灌溉面积与定额对不上",
        _printed(p, area.key),
        Reading(
            f"农业指标 {use.printed}÷综合灌溉定额 {quota.printed}＝",
            use.exact * M3_PER_MU / quota.exact,
            "万亩",
            1,
        ),
        "面积没有分县数，不参与分摊。",
    )
    yield _differ(
        "irrigation_quota_2020",
        (),
        "2020年综合灌溉定额",
        _printed(p, quota.key),
        Reading(
            f"农业指标 {use.printed}÷有效灌溉面积 {area.printed}＝",
            use.exact * M3_PER_MU / area.exact,
            "m³/亩",
            0,
        ),
        "同一件事从定额看。",
    )
    yield _differ(
        "irrigated_area_2025",
        (),
        "2025年可保灌溉面积小于2020年面积",
        _printed(p, "irrigable.2025"),
        _printed(p, area.key),
        "规划没有给出退减灌溉面积的安排。"
        f"2019年灌溉总面积印 {p.text('irrigated.2019')}、农田灌溉面积印 {p.text('farmland.2019')} 万亩，"
        "后者不含林地、牧草地，不能与它相比。",
    )


def _indicators(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "high_standard",
        (),
        "2025年高标准农田",
        _printed(p, "high_standard.2025"),
        _printed(p, "high_standard_other.2025"),
        f"两处起点不同：{p.text('high_standard_conforming.2020')} 与 {p.text('high_standard.2020')} 万亩。",
    )
    efficient = [p.figures[f"{key}"] for key in ("efficient_area.2020", "efficient_area_new.2025")]
    area = p.figures["effective_area.2020"]
    words = f"（{efficient[0].value}＋{efficient[1].value}）÷{area.value}＝"
    reached = sum(figure.exact for figure in efficient) * 100 / area.exact
    yield _differ(
        "efficient_share",
        (),
        "2025年高效节水面积占比",
        _printed(p, "efficient_share.2025"),
        Reading(words, reached, "%", 1),
        "灌溉面积不减，新增面积达不到目标。",
    )
    per_gdp, gdp = p.figures["use_per_gdp.2020"], p.figures["gdp.2019"]
    words = f"{per_gdp.printed}×2019年地区生产总值 {gdp.printed}＝"
    yield _differ(
        "use_per_gdp",
        (),
        "万元GDP用水量",
        _printed(p, "use.2020"),
        Reading(words, per_gdp.exact * gdp.exact / M3_PER_MU, "亿m³"),
        "年份和价格基期没有说明。",
    )
    yield _differ(
        "leakage",
        (),
        "管网漏损率的目标松于现状",
        _printed(p, "leakage.2025"),
        _printed(p, "leakage.2020"),
        "应按“不劣于现状”读。",
    )
    yield from _targets_printed_twice(p)


def _targets_printed_twice(p: Published) -> Iterator[Finding | None]:
    yield _differ(
        "park_area",
        (),
        "人均公园绿地的目标",
        _printed(p, "park_area.2025"),
        _printed(p, "park_area_other.2025"),
        f"2020年已是 {p.text('park_area.2020')}。",
    )
    yield _differ(
        "reclaimed_required",
        (),
        "对再生水利用率的要求",
        _printed(p, "reclaimed_required.2020"),
        _printed(p, "reclaimed_required.2025"),
        f"表10.1-1 自治区目标又印 {p.figures['reclaimed_region.2025'].printed}。",
    )
    sludge = [p.figures[key] for key in ("sludge_reused.2025", "sludge_reused_other.2025")]
    yield _finding(
        "targets_sense",
        (),
        "同一目标印成“达到”和“大于”两种意思",
        _said(p.figures["reclaimed.2025"]),
        _said(p.figures["reclaimed_table.2025"]),
        "，".join(" ".join(_said(figure)) for figure in sludge) + "，也是如此。",
    )
    yield _finding(
        "sewage",
        (),
        "一个数两个名称",
        _said(p.figures["sewage_treated.2020"]),
        _said(p.figures["sewage_collected.2020"]),
        "处理率与收集率不是一个指标。",
    )
