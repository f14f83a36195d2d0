"""What changed in a row, in words: 电话：138… → 139…. The trigger keeps rows, this reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shuiheng.core.vocabulary import Sector, Source, UnitKind
from shuiheng.core.volume import Volume

ROW_LABELS = {
    "registry_unit": "单位",
    "registry_permit": "许可证",
    "registry_intake": "取水口",
    "registry_supplylink": "供水关系",
    "registry_membership": "单位人员",
    "registry_hold": "限制",
}
FIELD_LABELS = {
    "code": "编码",
    "name": "名称",
    "kind": "类型",
    "sector": "行业",
    "region_id": "预算区",
    "address_area_id": "所在地",
    "address": "地址",
    "contact": "联系人",
    "phone": "电话",
    "is_xpcc": "兵团单位",
    "guarantees_living": "保障民生",
    "opened_on": "纳入日期",
    "closed_on": "退出日期",
    "number": "证号",
    "source": "水源",
    "volume": "许可水量",
    "valid_from": "起",
    "valid_until": "止",
    "is_well": "机井",
    "since": "从",
    "until": "到",
    "role": "身份",
    "act": "限制事项",
    "article": "依据",
    "supplier_id": "供水单位",
    "permit_id": "许可证",
    "user_id": "人员",
}
_UNSAID = frozenset({"id", "pinyin", "unit_id", "customer_id", "line_id", "placed_by"})
_TERMS = {"kind": UnitKind, "sector": Sector, "source": Source}

Names = Mapping[str, Mapping[int, str]]


def describe_row_change(
    old: Mapping[str, object], new: Mapping[str, object], names: Names
) -> list[str]:
    """One line for each field that differs; `names` resolves foreign keys by field."""
    return [
        f"{FIELD_LABELS.get(field, field)}：{_said(field, value, names)} → "
        f"{_said(field, new.get(field), names)}"
        for field, value in old.items()
        if field not in _UNSAID and value != new.get(field)
    ]


def _said(field: str, value: object, names: Names) -> str:
    if value is None or value == "":
        return "无"
    if isinstance(value, bool):
        return "是" if value else "否"
    if field in _TERMS and value in [member.value for member in _TERMS[field]]:
        return _TERMS[field](value).label
    if isinstance(value, int) and field == "volume":
        return str(Volume(value))
    if isinstance(value, int) and field in names:
        return names[field].get(value, f"编号 {value}")
    return str(value)
