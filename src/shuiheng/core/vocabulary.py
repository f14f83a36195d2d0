"""The field's words, each once: Chinese label ↔ identifier. GLOSSARY.md is tested against this file."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A word with its Chinese label: `GROUND = "ground", "地下水"`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:  # by value alone it is looked up
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(member.value, member.label) for member in cls]


class Source(Term):
    """用水水源 (实施方案 一(三)); NETWORK is the water inside a supplier's network, counted there only."""

    SURFACE = "surface", "地表水"
    GROUND = "ground", "地下水"
    TRANSFERRED = "transferred", "外调水"
    UNCONVENTIONAL = "unconventional", "非常规水"
    NETWORK = "network", "管网水"


NATURAL_SOURCES = (Source.SURFACE, Source.GROUND, Source.TRANSFERRED, Source.UNCONVENTIONAL)


class Sector(Term):
    """用水行业 (实施方案 一(二)); the last three are places in the books, not sectors of the plan."""

    AGRICULTURE = "agriculture", "农业"
    INDUSTRY = "industry", "工业"
    SERVICES = "services", "服务业"
    RESIDENTS = "residents", "城乡居民生活"
    ECOLOGY = "ecology", "人工生态环境"
    SUPPLY = "supply", "供水"
    LOSS = "loss", "输配水损失"
    UNASSIGNED = "unassigned", "待认定"


PLAN_SECTORS = (
    Sector.AGRICULTURE,
    Sector.INDUSTRY,
    Sector.SERVICES,
    Sector.RESIDENTS,
    Sector.ECOLOGY,
)


class UnitKind(Term):
    """取用水单位 by the way its water reaches it (USERS 2): a supplier abstracts, its customers use."""

    SELF_SUPPLIED = "self_supplied", "自备水源用户"
    WATERWORKS = "waterworks", "公共供水单位"
    IRRIGATION_DISTRICT = "irrigation_district", "灌区管理单位"
    RECLAIMED_PLANT = "reclaimed_plant", "再生水厂"
    TRANSFER_PROJECT = "transfer_project", "外调水工程"
    NETWORK_CUSTOMER = "network_customer", "管网用户"
    CANAL_CUSTOMER = "canal_customer", "灌区用户"

    @property
    def is_supplier(self) -> bool:
        return self in SUPPLIER_KINDS

    @property
    def is_customer(self) -> bool:
        return self in CUSTOMER_KINDS


SUPPLIER_KINDS = frozenset(
    {
        UnitKind.WATERWORKS,
        UnitKind.IRRIGATION_DISTRICT,
        UnitKind.RECLAIMED_PLANT,
        UnitKind.TRANSFER_PROJECT,
    }
)
CUSTOMER_KINDS = frozenset({UnitKind.NETWORK_CUSTOMER, UnitKind.CANAL_CUSTOMER})


class Book(Term):
    """ABSTRACTION is the only book that counts against 水量分配; NETWORK holds a supplier's customers."""

    ABSTRACTION = "abstraction", "取水账"
    NETWORK = "network", "供水账"


class AreaKind(Term):
    REGION = "region", "自治区"
    CITY = "city", "市（州）"
    DISTRICT = "district", "区县"
    ZONE = "zone", "功能区"
    TOWNSHIP = "township", "乡镇街道"


class Stage(Term):
    """The six steps of the plan (实施方案 四): 编制—审核—下达—执行—调整—决算."""

    DRAFT = "draft", "编制"
    REVIEW = "review", "审核"
    ISSUE = "issue", "下达"
    EXECUTION = "execution", "执行"
    ADJUSTMENT = "adjustment", "调整"
    FINAL_ACCOUNT = "final_account", "决算"


class Confidence(Term):
    """How far a figure can be trusted: read in the plan, in an official text, second-hand, derived,
    unverified, or an assumption of the demo."""

    PLAN = "plan", "试点方案原文"
    OFFICIAL = "official", "正式文件"
    SECOND_HAND = "second_hand", "转引，待核"
    DERIVED = "derived", "推算"
    UNVERIFIED = "unverified", "未核实，可改"
    DEMO = "demo", "演示值"


class UseBasis(Term):
    """Where a figure of use comes from; it stays visible to the statement."""

    MEASURED = "measured", "计量"
    CONVERTED = "converted", "以电折水"
    REPORTED = "reported", "自报"
    ESTIMATED = "estimated", "暂估"


class WetnessIncluded(Term):
    """Whether the issued figure already contains 丰增枯减, so that it is never applied twice."""

    YES = "yes", "已含"
    NO = "no", "未含"
    UNKNOWN = "unknown", "不清楚"


class State(Term):
    """How use stands against its quota. Never shown by colour alone: each has a shape and its word."""

    NORMAL = "normal", "正常"
    WARNED = "warned", "预警"
    OVER = "over", "超额"
