"""为什么比去年多（少）: the change of a figure, reason by reason, in signed m³ that add up (USERS 12). Pure.

Last year's inputs become this year's one kind after the other, and each time the engine answers anew; a
reason's part is the difference of two neighbouring answers. So the parts of any selection add up exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shuiheng.core.vocabulary import Book, Sector, Source, Term
from shuiheng.core.volume import ZERO, Volume, total
from shuiheng.engine.solve import prepare, solve
from shuiheng.quota.rules.bridge import frame
from shuiheng.quota.rules.claims import Available, Claim, RunInputs, SharingRules
from shuiheng.quota.rules.network import NetworkClaim, plan_network


class Cause(Term):
    """归因: the reasons in the order in which they are asked."""

    BASIS = "basis", "口径"
    ABOVE = "above", "上级总量变化"
    WETNESS = "wetness", "来水丰枯"
    ORDER = "order", "优先序与保底"
    DEMAND = "demand", "面积、产量与定额"
    PERMIT = "permit", "许可与水源上限"
    POLICY = "policy", "分担办法与预留"


class Held(NamedTuple):
    """Who has something: a unit in a book, in a region, of a source, for a sector."""

    book: Book
    area: int
    unit: int
    source: Source
    sector: Sector


Cells = Mapping[Held, Volume]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which figure is asked about; None = all of them.

    `customer`: the unit is supplied by another and stands in its supplier's book.
    """

    area: int | None = None
    sector: Sector | None = None
    source: Source | None = None
    unit: int | None = None
    customer: bool = False

    def takes(self, held: Held) -> bool:
        """Whether a cell belongs to it. A sector is counted where the water is used, everything else where
        it is taken; so a sector of one source is that of its takers."""
        places = self.area in (None, held.area) and self.unit in (None, held.unit)
        kinds = self.sector in (None, held.sector) and self.source in (None, held.source)
        return places and kinds and (held.book is Book.ABSTRACTION or self.by_use)

    @property
    def by_use(self) -> bool:
        alone = self.unit is None and self.source is None and self.sector is not None
        return alone or self.customer

    def of(self, cells: Cells) -> Volume:
        """Σ of what belongs to it. What a supplier hands on stands under its customers, not under 供水."""
        own = total(volume for held, volume in cells.items() if self.takes(held))
        if not self.by_use or self.customer or self.sector is not Sector.SUPPLY:
            return own
        return own - total(
            volume
            for held, volume in cells.items()
            if held.book is Book.NETWORK and self.area in (None, held.area)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A year as it was asked: inputs and rules."""

    inputs: RunInputs
    sharing: SharingRules


@dataclass(frozen=True, slots=True)
class Path:
    """From last year's cells to this year's: the answer after each cause, in their order."""

    start: Cells
    answers: Sequence[tuple[Cause, Cells]]
    end: Cells

    def explain(self, selection: Selection) -> Explanation:
        """The parts of one figure. What no cause explains (another basis, an older engine) is `Cause.BASIS`."""
        first, *rest = self.answers
        before = selection.of(first[1])
        start, end = selection.of(self.start), selection.of(self.end)
        parts = {first[0]: before - start}
        for cause, cells in rest:
            now = selection.of(cells)
            parts[cause] = now - before
            before = now
        parts[first[0]] += end - before
        return Explanation(start, parts, end)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Start + Σ parts = end, to the m³."""

    start: Volume
    parts: Mapping[Cause, Volume]
    end: Volume

    @property
    def change(self) -> Volume:
        return self.end - self.start


def path(last: Asked, this: Asked, start: Cells, end: Cells) -> Path:
    """Ask again from last year's inputs to this year's, one kind after the other."""
    return Path(start, [(cause, answer(state)) for cause, state in states(last, this)], end)


def states(last: Asked, this: Asked) -> list[tuple[Cause, Asked]]:
    """What is asked after each cause: the first is last year, the last is this year."""
    found: list[tuple[Cause, Asked]] = []
    steps = (
        (Cause.BASIS, last.inputs.available),
        (Cause.ABOVE, _at_last_wetness(last, this)),
        *((cause, this.inputs.available) for cause in list(Cause)[2:]),
    )
    turned: set[Cause] = set()
    for cause, caps in steps:
        turned.add(cause)
        found.append((cause, _mixed(last, this, caps, turned)))
    return found


def answer(asked: Asked) -> Cells:
    """Who gets what, in both books."""
    inputs = asked.inputs
    framed = frame(inputs.available, inputs.claims, asked.sharing, names={})
    _, by_source, _ = solve(prepare(framed.problem)).grants()
    cells: dict[Held, Volume] = {}
    intake: dict[int, Volume] = {}
    for claim, user, column in framed.claims:
        got = Volume(int(by_source[user, column]))
        cells[held_of(claim)] = got
        if claim.kind.is_supplier:
            intake[claim.unit] = intake.get(claim.unit, ZERO) + got
    for supplier, claims in inputs.networks.items():
        parts = plan_network(intake.get(supplier, ZERO), claims)
        area = inputs.network_areas[supplier]
        for one, part in zip(claims, parts, strict=True):
            held = Held(Book.NETWORK, area, one.unit, Source.NETWORK, one.sector)
            cells[held] = cells.get(held, ZERO) + part
    return cells


def held_of(claim: Claim) -> Held:
    return Held(Book.ABSTRACTION, claim.area, claim.unit, claim.source, claim.sector)


def _at_last_wetness(last: Asked, this: Asked) -> Sequence[Available]:
    """This year's caps as they would stand in a year as wet as the last; only where both plans hold their
    year's wetness and both are known."""
    caps = this.inputs.available
    before, now = last.inputs.year_factor, this.inputs.year_factor
    if not before or not now:
        return caps
    return [
        replace(one, volume=Volume(one.volume.m3 * before // now))
        if one.source is Source.SURFACE
        else one
        for one in caps
    ]


def _mixed(last: Asked, this: Asked, caps: Sequence[Available], turned: Collection[Cause]) -> Asked:
    """Last year under these caps, with this year's order and floors, demands, permits, policy where turned.

    Whoever is missing in a year has asked for nothing in it: new and gone units change with the demands.
    """
    claims_of = {
        year: {held_of(claim): claim for claim in year.inputs.claims} for year in (last, this)
    }

    def year(cause: Cause) -> Asked:
        return this if cause in turned else last

    claims = []
    for held, own in claims_of[year(Cause.DEMAND)].items():
        ranked = claims_of[year(Cause.ORDER)].get(held, own)
        allowed = claims_of[year(Cause.PERMIT)].get(held, own)
        weight = claims_of[year(Cause.POLICY)].get(held, own).weight
        claim = replace(
            own, kind=ranked.kind, living=ranked.living, permit=allowed.permit, weight=weight
        )
        claims.append(replace(claim, floor=_floor(ranked, own, claim)))
    order, shared = year(Cause.ORDER).sharing, year(Cause.POLICY).sharing
    return Asked(
        replace(year(Cause.DEMAND).inputs, available=caps, claims=claims),
        replace(shared, tiers=order.tiers, order=order.order, replaces=order.replaces),
    )


def as_used(this: Asked, start: Cells, plan: Sequence[Available]) -> Asked:
    """A year without a run, as if it had been asked for what was had: this year's claimants with last year's
    figures, nobody held by a permit and nothing reserved, under last year's plan; without one, under what was
    had of each region's source."""
    had: dict[tuple[int, Source], Volume] = {}
    claims = []
    for claim in this.inputs.claims:
        volume = start.get(held_of(claim), ZERO)
        place = (claim.area, claim.source)
        had[place] = had.get(place, ZERO) + volume
        own = replace(claim, demand=volume, permit=max(volume, claim.permit or ZERO))
        claims.append(replace(own, floor=_floor(claim, claim, own)))
    networks = {
        supplier: [replace(one, demand=_handed(start, one)) for one in wanted]
        for supplier, wanted in this.inputs.networks.items()
    }
    available = plan or [Available(area, source, volume) for (area, source), volume in had.items()]
    inputs = replace(
        this.inputs, available=available, claims=claims, networks=networks, year_factor=None
    )
    return Asked(inputs, replace(this.sharing, reserve_per_10000=0))


def _handed(start: Cells, one: NetworkClaim) -> Volume:
    return total(
        volume
        for held, volume in start.items()
        if held.book is Book.NETWORK and (held.unit, held.sector) == (one.unit, one.sector)
    )


def _floor(rule: Claim, other: Claim, claim: Claim) -> Volume:
    """The floor that a year's rule gives a demand: its share of what is wanted, so that a floor moves with the
    rule at one step and with the demand at the next. A year without any want says nothing of a share."""
    for known in (rule, other):
        if known.wanted:
            return Volume(known.floor.m3 * claim.wanted.m3 // known.wanted.m3)
    return ZERO


# -- what stands behind a part, and in words -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ground:
    """What a year had behind a figure: the plan's water, demand, floors, what was permitted, how many."""

    given: Volume
    demand: Volume
    floor: Volume
    permitted: Volume
    claims: int


def ground(asked: Asked, selection: Selection) -> Ground:
    inputs = asked.inputs
    own = [claim for claim in inputs.claims if selection.takes(held_of(claim))]
    demand = total(claim.demand for claim in own)
    if selection.by_use:
        networks = [
            (
                Held(Book.NETWORK, inputs.network_areas[s], c.unit, Source.NETWORK, c.sector),
                c.demand,
            )
            for s, claims in inputs.networks.items()
            for c in claims
        ]
        demand += total(volume for held, volume in networks if selection.takes(held))
    return Ground(
        total(
            one.volume
            for one in inputs.available
            if selection.area in (None, one.area) and selection.source in (None, one.source)
        ),
        demand,
        total(min(claim.floor, claim.wanted) for claim in own),
        total(claim.permit or ZERO for claim in own),
        len({claim.unit for claim in own}),
    )


def notes(last: Asked, this: Asked, selection: Selection) -> Mapping[Cause, str]:
    """For each cause what changed, both figures beside each other, in 万m³."""
    before, now = ground(last, selection), ground(this, selection)
    given = f"分配计划 {_to(before.given, now.given)}"
    return {
        Cause.ABOVE: given + ("" if selection.unit is None else "（全区，按办法分到单位）"),
        Cause.WETNESS: _wetness_words(last, this),
        Cause.ORDER: f"保底水量 {_to(before.floor, now.floor)}" + _order_words(last, this),
        Cause.DEMAND: f"审核需求 {_to(before.demand, now.demand)}"
        + ("" if before.claims == now.claims else f"，单位 {before.claims} → {now.claims} 个"),
        Cause.PERMIT: f"许可等上限 {_to(before.permitted, now.permitted)}",
        Cause.POLICY: "；".join(policy_changes(last.sharing, this.sharing)) or "办法与去年相同",
    }


def policy_changes(last: SharingRules, this: SharingRules) -> list[str]:
    """What is shared differently, each in a sentence; empty = the same."""
    pairs = [
        ("分担办法", last.policy.label, this.policy.label),
        ("预留比例", f"{last.reserve_per_10000 / 100:g}%", f"{this.reserve_per_10000 / 100:g}%"),
        ("下达粒度", f"{last.grain} m³", f"{this.grain} m³"),
    ]
    return [f"{what}由 {old} 改为 {new}" for what, old, new in pairs if old != new]


def order_changes(last: SharingRules, this: SharingRules) -> list[str]:
    """Whether the order of guarantee or of sources is another."""
    found = []
    if last.tiers != this.tiers:
        found.append(f"保障顺序改为 {' → '.join(tier.name for tier in this.tiers)}")
    if last.order != this.order:
        found.append(f"水源次序改为 {' → '.join(source.label for source in this.order)}")
    if last.replaces != this.replaces:
        found.append("水源之间改为可以替代" if this.replaces else "水源之间改为不再替代")
    return found


def _order_words(last: Asked, this: Asked) -> str:
    changed = order_changes(last.sharing, this.sharing)
    return "".join(f"；{words}" for words in changed)


def _wetness_words(last: Asked, this: Asked) -> str:
    before, now = last.inputs.year_factor, this.inputs.year_factor
    if not before or not now:
        return "两年的来水没有都写进分配计划，看不出其中多少是来水，全部列在上一行。"
    return f"来水由多年平均的 {before / 100:g}% 到 {now / 100:g}%，已含在分配计划里，只列出，不重复扣。"


def _to(before: Volume, now: Volume) -> str:
    return f"{before.wan()} 万m³，未变" if before == now else f"{before.wan()} → {now.wan()} 万m³"


def summary(explanation: Explanation, printed: Mapping[Cause, str], change: str) -> str:
    """少的 1,250 万m³ 里，860 来自上级总量变化…… with the figures as they are printed beside it; what pulled
    the other way comes last."""
    more = explanation.change >= ZERO
    moved = sorted(
        ((cause, part) for cause, part in explanation.parts.items() if printed[cause].strip("0.")),
        key=lambda one: -abs(one[1].m3),
    )
    same = [cause for cause, part in moved if (part > ZERO) == more]
    other = [cause for cause, part in moved if (part > ZERO) != more]
    if not moved:
        return "和去年一样，各项原因都没有变化。"
    if not explanation.change:
        return f"合计没有变化：加的是{_list(same, printed)}，减的是{_list(other, printed)}。"
    words = f"{'多' if more else '少'}的 {change} 里，{_list(same, printed)}"
    if other:
        words += f"；{'减去' if more else '补回'} {_list(other, printed)}"
    return words + "。"


def _list(causes: Iterable[Cause], printed: Mapping[Cause, str]) -> str:
    return "，".join(f"{printed[cause].lstrip('+−')} 来自{cause.label}" for cause in causes)
