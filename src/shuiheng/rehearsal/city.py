"""A believable city, invented from a seed: who there is, what they take, what they used last year.

All names and figures are 演示数据. Pure but for its own seeded random numbers: the same seed and size
give the same city on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from shuiheng.core.vocabulary import Sector, Source, UnitKind

HEADS = [
    "丰源",
    "兴牧",
    "曙光",
    "恒达",
    "蓝天",
    "宏远",
    "华泰",
    "顺发",
    "天山",
    "博格达",
    "金穗",
    "绿野",
    "瑞丰",
    "祥和",
    "东盛",
    "西域",
    "腾龙",
    "众合",
    "嘉禾",
    "银河",
    "昆仑",
    "红旗",
    "新农",
    "春华",
    "秋实",
    "长青",
    "永昌",
    "盛世",
    "汇通",
    "鑫源",
    "安泰",
    "福民",
    "利民",
    "同心",
    "远大",
    "冰峰",
    "雪莲",
    "胡杨",
    "戈壁",
    "沃土",
    "清泉",
    "玉泉",
    "大地",
    "联众",
    "万佳",
    "吉祥",
    "宝丰",
    "天润",
    "百川",
    "泰和",
    "庆丰",
    "双河",
    "三坪",
    "北园",
    "南湖",
    "西山",
    "古牧",
    "柏杨",
]
TAILS: dict[str, tuple[str, ...]] = {
    "farm": ("种植专业合作社", "农业合作社", "家庭农场", "灌溉用水协会", "养殖场", "果蔬基地"),
    "factory": (
        "化工有限公司", "建材有限公司", "食品厂", "纺织有限公司", "热电厂", "机械厂", "洗选煤厂", "水泥有限公司",
    ),
    "service": ("宾馆", "商场", "洗浴中心", "物流园", "汽车服务部", "学校", "医院", "酒店"),
    "park": ("公园", "绿化管护队", "生态林场", "湿地管护站"),
    "village": ("村供水站", "社区供水站", "牧民定居点供水站"),
}  # fmt: skip
LIVING = ("学校", "医院", "热电厂")
SURNAMES = "王李张刘陈杨赵黄周吴马孙朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰萍红建国文斌波凤"

PATTERNS: dict[Sector, tuple[int, ...]] = {
    Sector.AGRICULTURE: (1, 1, 3, 8, 14, 18, 20, 17, 9, 5, 3, 1),
    Sector.INDUSTRY: (8, 7, 8, 8, 9, 9, 9, 9, 9, 8, 8, 8),
    Sector.SERVICES: (7, 7, 8, 8, 9, 9, 10, 10, 9, 8, 8, 7),
    Sector.RESIDENTS: (8, 8, 8, 8, 8, 9, 9, 9, 9, 8, 8, 8),
    Sector.ECOLOGY: (0, 0, 2, 10, 16, 18, 19, 17, 11, 5, 2, 0),
}


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Water of one source: last year's twelve months in m³, and the permit (0 = no valid one)."""

    source: Source
    sector: Sector
    months: tuple[int, ...]
    permit: int = 0

    @property
    def year(self) -> int:
        return sum(self.months)


@dataclass(slots=True)
class PlannedUnit:
    """A unit to be made. `supplier` and `line` are indexes into the plan's units and its canals."""

    name: str
    kind: UnitKind
    sector: Sector
    region: str
    contact: str
    phone: str
    lines: list[PlannedLine] = field(default_factory=list)
    supplier: int | None = None
    canal: str = ""
    crops: list[tuple[str, str, int]] = field(default_factory=list)
    living: bool = False
    wells: int = 1


@dataclass(frozen=True, slots=True)
class RegionMix:
    """How many units of which sort a region has per thousand of the city, and what they drink."""

    code: str
    farms: int
    factories: int
    services: int
    parks: int
    villages: int


MIX = (
    RegionMix("6501L1", 4, 42, 6, 6, 2),
    RegionMix("650109", 150, 34, 16, 8, 20),
    RegionMix("650106", 30, 40, 24, 10, 6),
    RegionMix("650104", 26, 30, 30, 10, 4),
    RegionMix("650102", 2, 10, 30, 8, 2),
    RegionMix("650103", 6, 14, 30, 8, 4),
    RegionMix("650105", 8, 14, 24, 10, 4),
    RegionMix("650107", 70, 10, 8, 6, 10),
    RegionMix("650121", 110, 10, 12, 8, 16),
)
CANALS = ("总干渠", "东支渠", "西支渠")


class CityPlan:
    """All units of an invented city. `size` is the wanted number of units, at least about 120.

    `borrowed` are a district's own names for its practice database, by region, kind and sector.
    """

    def __init__(
        self, seed: int, size: int, borrowed: Mapping[tuple[str, str, str], list[str]] | None = None
    ) -> None:
        self.seed = seed
        self._borrowed = {sort: list(names) for sort, names in (borrowed or {}).items()}
        self.random = Random(seed)
        self.units: list[PlannedUnit] = []
        self._names: set[str] = set()
        customers = min(200, size // 6)
        self._add_waterworks("650102", customers)
        self._add_irrigation_district("650109", max(12, size // 30))
        self._add_reclaimed_plant("6501L1", max(4, size // 100))
        for mix in MIX:
            self._add_region(mix, size - len(self.units))

    def _add_region(self, mix: RegionMix, rest: int) -> None:
        per_1000 = sum(m.farms + m.factories + m.services + m.parks + m.villages for m in MIX)
        whole = max(len(self.units) + rest, 1) - self._fixed
        for sort in ("farms", "factories", "services", "parks", "villages"):
            count = max(1, round(getattr(mix, sort) * whole / per_1000))
            for _ in range(count):
                getattr(self, f"_add_{sort}")(mix.code)

    @property
    def _fixed(self) -> int:
        return sum(u.kind is not UnitKind.SELF_SUPPLIED for u in self.units)

    def _unit(self, sort: str, kind: UnitKind, sector: Sector, region: str) -> PlannedUnit:
        tail = self.random.choice(TAILS[sort]) if sort in TAILS else sort
        waiting = self._borrowed.get((region, kind, sector))
        unit = PlannedUnit(
            name=waiting.pop(0) if waiting else self._name(tail),
            kind=kind,
            sector=sector,
            region=region,
            contact=self.person(),
            phone=f"1{self.random.choice('3578')}{self.random.randrange(10**9):09d}",
            living=tail in LIVING,
            wells=self.random.choice((1, 1, 2, 2, 3)),
        )
        self.units.append(unit)
        return unit

    def _name(self, tail: str) -> str:
        for place in ("", *HEADS):
            for _ in range(6):
                name = place + self.random.choice(HEADS) + tail
                if name not in self._names:
                    self._names.add(name)
                    return name
        raise AssertionError("the invented city has run out of names")

    def person(self) -> str:
        given = "".join(self.random.sample(GIVEN, self.random.choice((1, 2))))
        return self.random.choice(SURNAMES) + given

    def _line(self, source: Source, sector: Sector, year_m3: int, pattern: Sector) -> PlannedLine:
        weights = [w * self.random.randint(85, 115) for w in PATTERNS[pattern]]
        months = tuple(year_m3 * w // sum(weights) for w in weights)
        permit = 0
        if source is not Source.NETWORK and self.random.random() > 0.01:
            permit = sum(months) * self.random.randint(112, 140) // 100 // 100 * 100 + 1000
        return PlannedLine(source, sector, months, permit)

    def _add_farms(self, region: str) -> None:
        unit = self._unit("farm", UnitKind.SELF_SUPPLIED, Sector.AGRICULTURE, region)
        area = self.random.randint(120, 3200)
        unit.crops = list(self._crops(area))
        use = area * self.random.randint(300, 380)
        sources = {"650107": Source.SURFACE, "650121": Source.SURFACE}
        main = sources.get(region, Source.GROUND)
        part = self.random.choice((100, 100, 60))
        unit.lines.append(self._line(main, unit.sector, use * part // 100, unit.sector))
        if part < 100:
            other = Source.GROUND if main is Source.SURFACE else Source.SURFACE
            unit.lines.append(
                self._line(other, unit.sector, use * (100 - part) // 100, unit.sector)
            )

    def _crops(self, area: int) -> Iterator[tuple[str, str, int]]:
        crops = self.random.sample(DEMO_CROPS, self.random.choice((1, 2, 3)))
        left = area
        for crop, method in crops[:-1]:
            part = left * self.random.randint(30, 70) // 100
            left -= part
            yield crop, method, part
        yield (*crops[-1], left)

    def _add_factories(self, region: str) -> None:
        unit = self._unit("factory", UnitKind.SELF_SUPPLIED, Sector.INDUSTRY, region)
        use = self.random.choice((8_000, 30_000, 90_000, 260_000, 900_000))
        use = use * self.random.randint(70, 160) // 100
        source = Source.TRANSFERRED if use > 500_000 else Source.GROUND
        unit.lines.append(self._line(source, unit.sector, use, unit.sector))
        if region == "6501L1" and self.random.random() < 0.3:
            unit.lines.append(self._line(Source.UNCONVENTIONAL, unit.sector, use // 5, unit.sector))

    def _add_services(self, region: str) -> None:
        unit = self._unit("service", UnitKind.SELF_SUPPLIED, Sector.SERVICES, region)
        use = self.random.randint(3_000, 60_000)
        unit.lines.append(self._line(Source.GROUND, unit.sector, use, unit.sector))

    def _add_parks(self, region: str) -> None:
        unit = self._unit("park", UnitKind.SELF_SUPPLIED, Sector.ECOLOGY, region)
        use = self.random.randint(20_000, 240_000)
        source = self.random.choice((Source.SURFACE, Source.UNCONVENTIONAL))
        unit.lines.append(self._line(source, unit.sector, use, unit.sector))
        unit.wells = 0

    def _add_villages(self, region: str) -> None:
        unit = self._unit("village", UnitKind.SELF_SUPPLIED, Sector.RESIDENTS, region)
        use = self.random.randint(15_000, 120_000)
        unit.lines.append(self._line(Source.GROUND, unit.sector, use, unit.sector))

    def _add_waterworks(self, region: str, customers: int) -> None:
        works = self._unit("自来水公司", UnitKind.WATERWORKS, Sector.RESIDENTS, region)
        supplier = len(self.units) - 1
        delivered = self._add_customers(supplier, region, customers, ("service", "factory"))
        residents = self._line(
            Source.NETWORK, Sector.RESIDENTS, delivered * 2 + 20_000_000, Sector.RESIDENTS
        )
        self._complete_supplier(
            works, supplier, residents, {Source.TRANSFERRED: 60, Source.SURFACE: 40}, 9
        )

    def _add_irrigation_district(self, region: str, customers: int) -> None:
        district = self._unit(
            "灌区管理所", UnitKind.IRRIGATION_DISTRICT, Sector.AGRICULTURE, region
        )
        supplier = len(self.units) - 1
        self._add_customers(supplier, region, customers, ("farm",))
        self._complete_supplier(district, supplier, None, {Source.SURFACE: 100}, 22)

    def _add_reclaimed_plant(self, region: str, customers: int) -> None:
        plant = self._unit("再生水厂", UnitKind.RECLAIMED_PLANT, Sector.ECOLOGY, region)
        supplier = len(self.units) - 1
        self._add_customers(supplier, region, customers, ("factory", "park"))
        self._complete_supplier(plant, supplier, None, {Source.UNCONVENTIONAL: 100}, 4)

    def _add_customers(self, supplier: int, region: str, count: int, sorts: tuple[str, ...]) -> int:
        kind = UnitKind.CANAL_CUSTOMER if sorts == ("farm",) else UnitKind.NETWORK_CUSTOMER
        sectors = {
            "service": Sector.SERVICES, "factory": Sector.INDUSTRY, "farm": Sector.AGRICULTURE,
            "park": Sector.ECOLOGY,
        }  # fmt: skip
        delivered = 0
        for number in range(count):
            sort = self.random.choice(sorts)
            unit = self._unit(sort, kind, sectors[sort], region)
            unit.supplier = supplier
            unit.wells = 0
            if sort == "farm":
                area = self.random.randint(150, 1500)
                unit.crops = list(self._crops(area))
                unit.canal = CANALS[number % len(CANALS)]
                use = area * self.random.randint(310, 370)
            else:
                use = self.random.randint(4_000, 180_000)
            line = self._line(Source.NETWORK, unit.sector, use, unit.sector)
            unit.lines.append(line)
            delivered += line.year
        return delivered

    def _complete_supplier(
        self,
        unit: PlannedUnit,
        supplier: int,
        residents: PlannedLine | None,
        shares: dict[Source, int],
        loss_percent: int,
    ) -> None:
        """Abstraction = deliveries + loss, month by month, split over the supplier's sources."""
        served = [u.lines[0].months for u in self.units if u.supplier == supplier]
        if residents is not None:
            unit.lines.append(residents)
            served.append(residents.months)
        delivered = [sum(months) for months in zip(*served, strict=True)]
        taken = [m * 100 // (100 - loss_percent) for m in delivered]
        rest = taken
        for position, (source, share) in enumerate(shares.items()):
            last = position == len(shares) - 1
            months = tuple(rest if last else (m * share // 100 for m in taken))
            rest = [left - m for left, m in zip(rest, months, strict=True)]
            permit = sum(months) * 125 // 100 // 1000 * 1000 + 1000
            unit.lines.append(PlannedLine(source, Sector.SUPPLY, months, permit))
        loss = tuple(t - d for t, d in zip(taken, delivered, strict=True))
        unit.lines.append(PlannedLine(Source.NETWORK, Sector.LOSS, loss))


DEMO_CROPS = (
    ("玉米", "滴灌"), ("小麦", "滴灌"), ("番茄", "滴灌"), ("苜蓿", "沟灌"), ("蔬菜", "微灌"), ("果树", "滴灌"),
    ("葵花", "滴灌"), ("甜菜", "滴灌"),
)  # fmt: skip
