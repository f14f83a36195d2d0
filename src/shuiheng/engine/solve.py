"""Problem → classes → levels → sources → users. `prepare` once, `solve` as often as caps change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shuiheng.engine.arithmetic import compiled
from shuiheng.engine.cut import (
    Cells,
    Tree,
    cells_of,
    leave_out_idle_caps,
    new_state,
    new_trace,
    passed_by,
    rebuild,
)
from shuiheng.engine.grants import grant_users
from shuiheng.engine.levels import STUCK, Cuts, Levels, Tier, new_cuts
from shuiheng.engine.problem import NONE, Int, Problem
from shuiheng.engine.repair import meet_cuts
from shuiheng.engine.rounding import UNMET, run_tier
from shuiheng.engine.sources import choose_sources
from shuiheng.engine.tables import DEMAND, FLOOR, WEIGHT, Tables, build_tables


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Users of one tier, node and order of preference, in that order. K classes, C cells (node, sources).

    `first[K+1]` into the users in class order; `order[N]` leads back to the problem's users.
    """

    first: Int
    order: Int
    tier: Int
    cell: Int
    preference: Int
    cell_node: Int
    cell_mask: Int
    tier_begin: Int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All of a problem that does not depend on caps: its classes, their tables, and the users' `figures`
    [N,3] (demand, floor, weight) in class order, in grains.

    Users with caps of their own stand at nodes of their own, behind the problem's V nodes.
    """

    problem: Problem
    classes: Classes
    parent: Int
    own_caps: Int
    figures: Int
    tables: Tables


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Levels and certificates of all classes, and what each draws from which source, in grains."""

    prepared: Prepared
    tree: Tree
    levels: Levels
    cuts: Cuts
    totals: Int
    drawn: Int
    floors_cut: bool

    def grants(self) -> tuple[Int, Int, Int]:
        """m³ of each user [N], by source [N,k], and the certificate that holds him down [N], −1 for none."""
        ready = self.prepared
        return grant_users(
            ready.classes.first,
            ready.classes.order,
            ready.figures,
            self.levels,
            self.totals,
            self.drawn,
            ready.problem.grain,
        )


def prepare(problem: Problem) -> Prepared:
    """Group the users into classes and lay out what they use at any level. O(N)."""
    node, preference, preferences, parent, own_caps = _own_places(problem)
    masks = _masks(preferences)
    spread = (problem.tier * len(parent) + node) * len(preferences) + preference
    keys, key_of = _dense(spread, len(problem.tiers) * len(parent) * len(preferences))
    first, order, figures = _sort_users(
        key_of,
        len(keys),
        problem.demand,
        problem.floor,
        problem.weights(),
        problem.grain,
        masks[preference] if (masks == 0).any() else np.ones(1, np.int64),
    )
    class_preference = keys % len(preferences)
    class_node = keys // len(preferences) % len(parent)
    class_tier = keys // len(preferences) // len(parent)
    cells, cell = np.unique(class_node << 8 | masks[class_preference], return_inverse=True)
    classes = Classes(
        first,
        order,
        class_tier,
        cell.astype(np.int64),
        preferences[class_preference],
        cells >> 8,
        cells & 255,
        np.searchsorted(class_tier, np.arange(len(problem.tiers) + 1)).astype(np.int64),
    )
    tables = build_tables(first, figures)
    return Prepared(problem, classes, parent, own_caps, figures, tables)


def _own_places(problem: Problem) -> tuple[Int, Int, Int, Int, Int]:
    """Node and preference of every user, where a user whose own caps can bind has a node of his own."""
    node, preference, preferences = problem.node, problem.preference, problem.preferences
    users = problem.own_users
    if not len(users):
        return node, preference, preferences, problem.parent, problem.own_caps
    held = preferences[preference[users]]
    caps = np.where(problem.own_caps < NONE, problem.own_caps // problem.grain, NONE)
    allowed = (held >= 0) & (np.take_along_axis(caps, np.maximum(held, 0), axis=1) > 0)
    kept = np.full(held.shape, -1, np.int64)
    # Sources with a cap of 0 leave the order of preference, the others move up.
    for i, (order, good) in enumerate(zip(held, allowed, strict=True)):
        mine = order[good]
        kept[i, : len(mine)] = mine
    everyone = np.vstack([preferences, kept])
    table, where = np.unique(everyone, axis=0, return_inverse=True)
    where = where.reshape(-1)
    preference = where[preference]
    preference[users] = where[len(preferences) :]
    parent = np.concatenate([problem.parent, node[users]])
    node = node.copy()
    node[users] = len(problem.parent) + np.arange(len(users))
    return node, preference, table, parent, caps


def _masks(preferences: Int) -> Int:
    bits = np.where(preferences >= 0, np.int64(1) << np.maximum(preferences, 0), 0)
    masks: Int = np.bitwise_or.reduce(bits, axis=1)
    return masks


def _dense(spread: Int, space: int) -> tuple[Int, Int]:
    """The distinct keys in order, and the number of each user's key among them."""
    if space > 4 * len(spread) + (1 << 20):
        keys, key_of = np.unique(spread, return_inverse=True)
        return keys, key_of.astype(np.int64)
    return _count_keys(spread, space)


@compiled
def _count_keys(spread: Int, space: int) -> tuple[Int, Int]:
    number = np.full(space, -1, np.int64)
    for key in spread:
        number[key] = 0
    count = 0
    for key in range(space):
        if number[key] == 0:
            number[key] = count
            count += 1
    keys = np.empty(count, np.int64)
    for key in range(space):
        if number[key] >= 0:
            keys[number[key]] = key
    key_of = np.empty(len(spread), np.int64)
    for i in range(len(spread)):
        key_of[i] = number[spread[i]]
    return keys, key_of


@compiled
def _sort_users(
    key_of: Int, keys: int, demand: Int, floor: Int, weight: Int, grain: int, mask: Int
) -> tuple[Int, Int, Int]:
    """Users in class order, each class in the order of the ids; figures in grains (a floor is rounded up,
    inside the demand). A user without any source has no demand."""
    users = len(key_of)
    first = np.zeros(keys + 1, np.int64)
    for key in key_of:
        first[key + 1] += 1
    for key in range(keys):
        first[key + 1] += first[key]
    place = first[:-1].copy()
    order = np.empty(users, np.int64)
    figures = np.empty((users, 3), np.int64)
    for i in range(users):
        at = place[key_of[i]]
        place[key_of[i]] = at + 1
        order[at] = i
        wanted, least = demand[i], floor[i]
        if grain > 1:
            wanted, least = wanted // grain, -(-least // grain)
        if len(mask) == users and mask[i] == 0:
            wanted = 0
        figures[at, DEMAND] = wanted
        figures[at, FLOOR] = min(least, wanted)
        figures[at, WEIGHT] = max(weight[i], 1)
    return first, order, figures


def tree_of(prepared: Prepared, node_cap: Int, source_cap: Int) -> Tree:
    """Caps in grains, less the reserve, with the own places of users behind the problem's nodes.

    A cap beyond all that the caps and the demand below it let through can never bind: it is left out.
    """
    problem, grain = prepared.problem, prepared.problem.grain
    if problem.reserve is not None:
        kept = problem.reserve
        node_cap = np.where(node_cap < NONE, np.maximum(node_cap - kept.sum(axis=1), 0), NONE)
        source_cap = np.where(source_cap < NONE, np.maximum(source_cap - kept, 0), NONE)
    cap = np.where(node_cap < NONE, node_cap // grain, NONE)
    caps = np.where(source_cap < NONE, source_cap // grain, NONE)
    own = len(prepared.parent) - len(cap)
    if own:
        cap = np.concatenate([cap, np.full(own, NONE)])
        caps = np.vstack([caps, prepared.own_caps])
    tree = Tree(prepared.parent, cap.astype(np.int64), np.ascontiguousarray(caps, np.int64))
    classes = prepared.classes
    leave_out_idle_caps(tree, _cells(classes, prepared.tables.demands))
    return tree


class UnsolvableError(AssertionError):
    """A cut is passed by what may not be lowered: a bug of ours, never of the problem."""


def solve(
    prepared: Prepared, node_cap: Int | None = None, source_cap: Int | None = None
) -> Solution:
    """Levels, whole totals and sources of every class, for the problem's caps or for others in their place.

    Floors first: where they do not all fit, they are cut tier by tier in equal proportion, and
    `floors_cut` says so.
    """
    problem = prepared.problem
    tree = tree_of(
        prepared,
        problem.node_cap if node_cap is None else node_cap,
        problem.source_cap if source_cap is None else source_cap,
    )
    ready, floors_cut = _with_floors_that_fit(prepared, tree)
    levels, cuts, totals = _all_tiers(ready, tree)
    classes = ready.classes
    state = new_state(len(tree.parent), tree.source_cap.shape[1])
    free = Tree(tree.parent, np.full_like(tree.cap, NONE), tree.source_cap.copy())
    cells = _cells(classes, totals)
    drawn = choose_sources(
        totals, classes.tier, classes.cell, classes.preference, _wishes(ready), state, free, cells
    )
    return Solution(ready, tree, levels, cuts, totals, drawn, floors_cut)


def _wishes(prepared: Prepared) -> Int:
    """What each class takes of a source at most before the others have chosen, in grains; NONE = all."""
    classes, problem = prepared.classes, prepared.problem
    wishes = np.full(classes.preference.shape, NONE)
    if problem.own_wishes is None:
        return wishes
    own = classes.cell_node[classes.cell] - len(problem.parent)
    alone = np.nonzero(own >= 0)[0]
    wanted = problem.own_wishes[own[alone]]
    wishes[alone] = np.where(wanted < NONE, wanted // problem.grain, NONE)
    return wishes


def _cells(classes: Classes, amounts: Int) -> Cells:
    return cells_of(classes.cell_node, classes.cell_mask, classes.cell, amounts)


def _all_tiers(prepared: Prepared, tree: Tree) -> tuple[Levels, Cuts, Int]:
    """Tier after tier: levels, then whole totals, which later tiers find fixed."""
    classes, tables = prepared.classes, prepared.tables
    count = len(classes.tier)
    floors = tables.fixed + tables.floors
    levels = Levels(
        np.zeros(count, np.int64),
        np.ones(count, np.int64),
        np.full(count, np.inf),
        floors.copy(),
        np.zeros(count),
        np.full(count, -1, np.int64),
    )
    totals = floors.copy()
    cells = _cells(classes, floors)
    nodes, sources = tree.source_cap.shape
    state = new_state(nodes, sources)
    trace = new_trace(nodes, sources, len(cells.node))
    cuts = new_cuts()
    for begin, end in zip(classes.tier_begin[:-1], classes.tier_begin[1:], strict=True):
        if begin == end:
            continue
        tier = Tier(int(begin), int(end), classes.cell)
        old = int(cuts.size[0])
        outcome, cuts = run_tier(tier, tables, levels, cuts, state, tree, cells, trace, totals)
        if outcome == STUCK:
            raise UnsolvableError(f"tier of classes {begin}–{end}")
        if outcome == UNMET:
            meet_cuts(tier, levels, cuts, old, totals, tree, cells)
            cells = _cells(classes, totals)
    return levels, cuts, totals


def _with_floors_that_fit(prepared: Prepared, tree: Tree) -> tuple[Prepared, bool]:
    """The problem with its floors as they are, or cut tier by tier in equal proportion (weight = floor)."""
    classes, tables = prepared.classes, prepared.tables
    state = new_state(*tree.source_cap.shape)
    rebuild(state, tree, _cells(classes, tables.fixed + tables.floors))
    if passed_by(state) < 0.5:
        return prepared, False
    only_floors = prepared.figures.copy()
    only_floors[:, DEMAND] = prepared.figures[:, FLOOR]
    only_floors[:, FLOOR] = 0
    only_floors[:, WEIGHT] = np.maximum(prepared.figures[:, FLOOR], 1)
    only = replace(prepared, figures=only_floors, tables=build_tables(classes.first, only_floors))
    levels, _, totals = _all_tiers(only, tree)
    granted, _, _ = grant_users(
        classes.first, classes.order, only_floors, levels, totals, totals.reshape(-1, 1).copy(), 1
    )
    figures = prepared.figures.copy()
    figures[:, FLOOR] = granted[classes.order]
    return replace(prepared, figures=figures, tables=build_tables(classes.first, figures)), True
