"""The question: a tree of places with caps, users with demands, an order of tiers and a sharing policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shuiheng.core.digest import sm3
from shuiheng.core.vocabulary import Term

Int = NDArray[np.int64]

NONE = 1 << 58  # no cap; eight of them still fit into 64 bits
MAX_TOTAL = 1 << 52  # Σ demand in m³: 4.5·10¹⁵, a thousand times what mankind uses in a year
MAX_WEIGHT_SUM = 1 << 59  # Σ weight: keeps every remainder inside 64 bits
MAX_SOURCES = 8
MAX_USERS = 1 << 24
MAX_NODES = 1 << 20
MAX_TIERS = 64


class SharingPolicy(Term):
    """分担办法: how a shortage is shared inside a tier. x = clip(λ·weight, floor, demand), one λ for all
    whom the same caps bind; the policies differ in the weight alone (ALLOCATION 1)."""

    PROPORTIONAL = "proportional", "等比例压减"
    EQUAL_AWARDS = "equal_awards", "等量保障"
    WEIGHTED = "weighted", "按权重倾斜"


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Everything that decides an answer. V nodes, k sources, N users, P orders of preference; m³ as int64.

    Users stand in the order of their ids: where remainders tie, the earlier position is served.

    - `parent[V]`: a node's parent, −1 for the root, always before its children.
    - `node_cap[V]`, `source_cap[V,k]`: what may be used below a node, in all and of each source; NONE = no cap.
    - `reserve[V,k]`: set aside at a node before anything is shared.
    - `preferences[P,k]`: orders of preference, padded with −1; `preference[N]` points into them.
    - `node[N]`, `tier[N]`, `demand[N]`, `floor[N]`, `weight[N]`.
    - `own_users[n]`, `own_caps[n,k]`: users with caps of their own on a source; `own_wishes[n,k]`: what each
      would take of it if all were to be had, served before the order of preference (NONE = no wish).
    - `grain`: every grant is a multiple of it.
    """

    policy: SharingPolicy
    sources: tuple[str, ...]
    tiers: tuple[str, ...]
    parent: Int
    node_cap: Int
    source_cap: Int
    preferences: Int
    node: Int
    tier: Int
    preference: Int
    demand: Int
    floor: Int
    weight: Int
    reserve: Int | None = None
    own_users: Int = field(default_factory=lambda: np.zeros(0, np.int64))
    own_caps: Int = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    own_wishes: Int | None = None
    grain: int = 1
    node_ids: Sequence[object] = ()
    user_ids: Sequence[object] = ()
    node_names: Sequence[str] = ()

    @property
    def users(self) -> int:
        return len(self.demand)

    def weights(self) -> Int:
        """The weight that the policy shares by."""
        match self.policy:
            case SharingPolicy.PROPORTIONAL:
                return self.demand
            case SharingPolicy.EQUAL_AWARDS:
                return np.ones(self.users, np.int64)
            case SharingPolicy.WEIGHTED:
                return self.weight

    def masks(self) -> Int:
        """Which sources each order of preference holds, as bits; shape [P]."""
        bits = np.where(self.preferences >= 0, 1 << np.maximum(self.preferences, 0), 0)
        masks: Int = np.bitwise_or.reduce(bits, axis=1).astype(np.int64)
        return masks

    def digest(self) -> str:
        """SM3 over the problem in its own order: the same question has the same digest on every machine."""
        words = [self.policy.value, *self.sources, "|", *self.tiers, "|", str(self.grain)]
        names = [str(i) for i in (*self.node_ids, "|", *self.user_ids)]
        head = "\n".join([*words, *names]).encode()
        arrays = (
            self.parent,
            self.node_cap,
            self.source_cap,
            np.zeros(0, np.int64) if self.reserve is None else self.reserve,
            self.preferences[self.preference] if self.users else self.preferences,
            self.node,
            self.tier,
            self.demand,
            self.floor,
            self.weights(),
            self.own_users,
            self.own_caps,
            np.zeros(0, np.int64) if self.own_wishes is None else self.own_wishes,
        )
        tables = [np.ascontiguousarray(array, dtype="<i8").tobytes() for array in arrays]
        return sm3(b"\0".join([head, *tables]))
