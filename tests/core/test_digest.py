"""The same facts give the same digest on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuiheng.core.digest import canonical_json, digest_of, sm3
from shuiheng.core.vocabulary import Source
from shuiheng.core.volume import Volume

ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
ABCD_16_TIMES = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@dataclass(frozen=True)
class Facts:
    name: str
    volume: Volume


def test_the_two_vectors_of_the_standard() -> None:
    """GB/T 32905-2016, appendix A."""
    assert sm3(b"abc") == ABC
    assert sm3(b"abcd" * 16) == ABCD_16_TIMES


def test_the_canonical_form_is_written_down() -> None:
    facts = {
        "volume": Volume(-5),
        "source": Source.GROUND,
        "day": date(2026, 1, 31),
        "at": datetime(2026, 1, 31, 4, tzinfo=UTC),
        "share": Fraction(1, 3),
        "norm": Decimal("3.50"),
        "set": frozenset({3, 1, 2}),
        "row": Facts("玛纳斯", Volume(7)),
        "pair": (1, None),
        "yes": True,
        7: "number",
    }
    assert canonical_json(facts) == (
        '{"7":"number","at":"2026-01-31T04:00:00+00:00","day":"2026-01-31","norm":"3.50",'
        '"pair":[1,null],"row":{"name":"玛纳斯","volume":7},"set":[1,2,3],"share":"1/3",'
        '"source":"ground","volume":-5,"yes":true}'
    )


@given(st.dictionaries(st.text(), plain), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(facts: dict[str, object], chance: object) -> None:
    keys = list(facts)
    chance.shuffle(keys)  # type: ignore[attr-defined]
    assert digest_of({key: facts[key] for key in keys}) == digest_of(facts)


@given(st.lists(st.integers(), min_size=2, unique=True))
def test_the_order_of_a_list_counts(numbers: list[int]) -> None:
    assert digest_of(numbers) != digest_of(numbers[::-1])


@pytest.mark.parametrize("wrong", [0.1, float("nan"), {"deep": [1.0]}, object(), b"bytes", Facts])
def test_floats_and_strangers_are_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        digest_of(wrong)


def test_a_cubic_metre_changes_the_digest() -> None:
    assert digest_of(Facts("a", Volume(1))) != digest_of(Facts("a", Volume(2)))
