"""The answer: what each user gets, of which source, and the certificate of every shortage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shuiheng.core.refusal import Finding
from shuiheng.engine.problem import Int, Problem


@dataclass(frozen=True, slots=True)
class CutCap:
    """One cap of a certificate: a node's cap on a source (`source` = its index) or on everything (None).

    `user` ≥ 0: a user's own cap on a source; `node` is where he stands.
    """

    node: int
    source: int | None
    cap: int
    user: int = -1


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why users are short: caps that are used up to the last m³ by the `users` who can use nothing else.

    `reason` is "caps", or "no_source", "own_caps", "grain" for a shortage that no cap of the tree makes.
    """

    reason: str
    caps: tuple[CutCap, ...]
    users: int
    text: str


@dataclass(frozen=True, slots=True)
class KeptBack:
    """What of a cap was not shared: the reserve, and what the grain of issue leaves."""

    node: int
    source: int
    reserve: int
    grain: int


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`granted[N]`, `by_source[N,k]` in m³; `certificate[N]` into `certificates`, −1 = not short.

    `floors_cut`: the floors did not all fit and were cut; `floor[N]` is what was kept of them.
    """

    problem: Problem
    granted: Int
    by_source: Int
    certificate: Int
    certificates: Sequence[Certificate]
    findings: Sequence[Finding]
    kept_back: Sequence[KeptBack]
    floors_cut: bool
    floor: Int
