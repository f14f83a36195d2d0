"""One way to turn facts into a digest: canonical JSON under SM3 (GB/T 32905)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from cryptography.hazmat.primitives import hashes

from shuiheng.core.volume import Volume


def sm3(data: bytes) -> str:
    """The SM3 digest of `data`, 64 hexadecimal digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def digest_of(facts: object) -> str:
    """The same facts give the same digest on every machine; floats are refused."""
    return sm3(canonical_json(facts).encode())


def canonical_json(facts: object) -> str:
    """Sorted keys, no spaces, no floats, dates in ISO form, volumes in m³."""
    plain = _plain(facts)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value.value if isinstance(value, Enum) else value
        case Volume():
            return value.m3
        case Enum():
            return _plain(value.value)
        case datetime() | date():
            return value.isoformat()
        case Decimal() | Fraction():
            return str(value)
        case Mapping():
            return {str(_plain(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")
