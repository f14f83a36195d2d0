"""The worst cut of a tree: which caps, taken together, ask for more than they hold.

Water runs root → … → node → user → (node, source) → … → (root, source). Whatever is shared fits the tree exactly
when no cut of this network is passed (max-flow = min-cut; both families of caps are laminar, so the network is
totally unimodular and whole cubic metres suffice, ALLOCATION 2). Let J be the sources whose cap has been
paid on the way from the root. With E(J) the demand of a node's users who can use only J,

    H(v, J) = max( E(v, J) + Σ over children w of F(w, J),   demand below v − T(v) )
    F(v, J) = max over J' ⊇ J of H(v, J') − Σ of C(v, s), s in J' but not in J

and F(root, ∅) is by how much the worst cut is passed. The maximum over J' is taken one source at a time:
O(V·k·2ᵏ). A demand is a whole number and a fraction below 1 kept apart, so that no size of the whole can
blur the fraction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shuiheng.engine.arithmetic import bare, compiled
from shuiheng.engine.problem import NONE, Int

TIGHT = 1e-6  # m³: a cut passed by less is met
WHOLE_CUT = -1  # the source of a cap on everything below a node


class Tree(NamedTuple):
    """Caps in force: `parent[V]`, `cap[V]`, `source_cap[V,k]` (NONE = no cap)."""

    parent: Int
    cap: Int
    source_cap: Int


class Cells(NamedTuple):
    """Who can use what where: a cell is a node with a set of sources; `whole` + `part` is what it uses now."""

    node: Int
    mask: Int
    whole: Int
    part: np.ndarray


class State(NamedTuple):
    """H before the cap on everything (`use`), F (`over`), and the choices behind them. Shapes [V, 2ᵏ], [V].

    `waiting` is added to `use` at the next refresh of a `dirty` node; a `free` node has no cap at all.
    """

    use_whole: Int
    use_part: np.ndarray
    over_whole: Int
    over_part: np.ndarray
    paid: Int
    capped: np.ndarray
    below_whole: Int
    below_part: np.ndarray
    waiting_whole: Int
    waiting_part: np.ndarray
    dirty: np.ndarray
    free: np.ndarray


@compiled
def new_state(nodes: int, sources: int) -> State:
    subsets = 1 << sources
    return State(
        np.zeros((nodes, subsets), np.int64),
        np.zeros((nodes, subsets), np.float64),
        np.zeros((nodes, subsets), np.int64),
        np.zeros((nodes, subsets), np.float64),
        np.zeros((nodes, subsets), np.int64),
        np.zeros((nodes, subsets), np.bool_),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.float64),
        np.zeros((nodes, subsets), np.int64),
        np.zeros((nodes, subsets), np.float64),
        np.zeros(nodes, np.int8),
        np.zeros(nodes, np.int8),
    )


@compiled
def cells_of(node: Int, mask: Int, cell_of: Int, amounts: Int) -> Cells:
    """Cells in which each class uses so many whole grains."""
    whole = np.zeros(len(node), np.int64)
    for c in range(len(cell_of)):
        whole[cell_of[c]] += amounts[c]
    return Cells(node, mask, whole, np.zeros(len(node), np.float64))


@compiled
def leave_out_idle_caps(tree: Tree, wanted: Cells) -> None:
    """Take caps out of the tree that the demand below them, or the caps on it, can never pass."""
    nodes, sources = tree.source_cap.shape
    reach = np.zeros((nodes, sources), np.int64)
    whole = np.zeros(nodes, np.int64)
    for cell in range(len(wanted.node)):
        node = wanted.node[cell]
        whole[node] += wanted.whole[cell]
        for s in range(sources):
            if wanted.mask[cell] >> s & 1:
                reach[node, s] += wanted.whole[cell]
    for node in range(nodes - 1, -1, -1):
        parent = tree.parent[node]
        through = np.int64(0)
        for s in range(sources):
            if tree.source_cap[node, s] >= reach[node, s]:
                tree.source_cap[node, s] = NONE
            else:
                reach[node, s] = tree.source_cap[node, s]
            through += reach[node, s]
            if parent >= 0:
                reach[parent, s] += reach[node, s]
        through = min(through, whole[node])
        if tree.cap[node] >= through:
            tree.cap[node] = NONE
        else:
            through = tree.cap[node]
        if parent >= 0:
            whole[parent] += through


@compiled
def rebuild(state: State, tree: Tree, cells: Cells) -> None:
    """The state of what the cells use now, from nothing."""
    for array in (state.use_whole, state.over_whole, state.waiting_whole):
        array[:] = 0
    for array in (state.use_part, state.over_part, state.waiting_part):
        array[:] = 0.0
    state.below_whole[:] = 0
    state.below_part[:] = 0.0
    state.dirty[:] = 1
    for node in range(len(tree.parent)):
        state.free[node] = tree.cap[node] >= NONE and tree.source_cap[node].min() >= NONE
        for held in range(state.paid.shape[1]):
            state.paid[node, held] = held
            state.capped[node, held] = False
    for cell in range(len(cells.node)):
        change(state, tree, cells.node[cell], cells.mask[cell], cells.whole[cell], cells.part[cell])
    refresh(state, tree)


@bare
def change(state: State, tree: Tree, node: int, mask: int, whole: int, part: float) -> None:
    """Let the users of `mask` at `node` use so much more; `refresh` draws the consequences."""
    state.waiting_whole[node, mask] += whole
    state.waiting_part[node, mask] += part
    state.dirty[node] = 2
    while node >= 0:
        state.below_whole[node] += whole
        state.below_part[node] += part
        if state.dirty[node] == 0:
            state.dirty[node] = 1
        node = tree.parent[node]


@bare
def refresh(state: State, tree: Tree) -> None:
    """F of every node whose users, or whose children's users, have changed."""
    for node in range(len(tree.parent) - 1, -1, -1):
        if state.dirty[node]:
            refresh_node(state, tree, node)


@bare
def refresh_path(state: State, tree: Tree, node: int) -> None:
    """The same for one node and those above it: all that changes when one place changes."""
    while node >= 0:
        refresh_node(state, tree, node)
        node = tree.parent[node]


@bare
def refresh_node(state: State, tree: Tree, node: int) -> None:
    if state.dirty[node] == 2:
        _spread(state, node, tree.source_cap.shape[1])
    state.dirty[node] = 0
    parent = tree.parent[node]
    use_whole, use_part = state.use_whole[node], state.use_part[node]
    over_whole, over_part = state.over_whole[node], state.over_part[node]
    subsets = len(use_whole)
    above_whole, above_part = state.use_whole[max(parent, 0)], state.use_part[max(parent, 0)]
    for held in range(subsets):  # plain loops: array expressions cost more than these few figures
        if parent >= 0:  # take the old F out of the parent
            above_whole[held] -= over_whole[held]
            above_part[held] -= over_part[held]
        over_whole[held], over_part[held] = use_whole[held], use_part[held]
    if state.free[node] == 0:
        _cap_all(state, tree, node)
        _cap_sources(state, tree, node)
    if parent >= 0:
        for held in range(subsets):
            above_whole[held] += over_whole[held]
            above_part[held] += over_part[held]


@bare
def _spread(state: State, node: int, sources: int) -> None:
    """What waits at its own set of sources counts for every set that holds it."""
    whole, part = state.waiting_whole[node], state.waiting_part[node]
    subsets = 1 << sources
    for s in range(sources):
        bit = 1 << s
        for held in range(subsets):
            if held & bit:
                whole[held] += whole[held ^ bit]
                part[held] += part[held ^ bit]
    use_whole, use_part = state.use_whole[node], state.use_part[node]
    for held in range(subsets):
        use_whole[held] += whole[held]
        use_part[held] += part[held]
        whole[held] = 0
        part[held] = 0.0


@bare
def _cap_all(state: State, tree: Tree, node: int) -> None:
    capped = state.capped[node]
    for held in range(len(capped)):
        capped[held] = False
    if tree.cap[node] >= NONE:
        return
    over_whole, over_part = state.over_whole[node], state.over_part[node]
    more_whole, more_part = state.below_whole[node] - tree.cap[node], state.below_part[node]
    for held in range(len(capped)):
        if (more_whole - over_whole[held]) + (more_part - over_part[held]) > TIGHT:
            over_whole[held], over_part[held] = more_whole, more_part
            capped[held] = True


@bare
def _cap_sources(state: State, tree: Tree, node: int) -> None:
    over_whole, over_part = state.over_whole[node], state.over_part[node]
    paid, caps = state.paid[node], tree.source_cap[node]
    for held in range(len(paid)):
        paid[held] = held
    for s in range(len(caps)):
        bit = 1 << s
        if caps[s] >= NONE:
            continue
        for held in range(len(paid)):
            if held & bit:
                continue
            whole, part = over_whole[held | bit] - caps[s], over_part[held | bit]
            if (whole - over_whole[held]) + (part - over_part[held]) > TIGHT:
                over_whole[held], over_part[held] = whole, part
                paid[held] = paid[held | bit]


@compiled
def passed_by(state: State) -> float:
    """By how many m³ the worst cut is passed (0 and less: everything fits)."""
    return state.over_whole[0, 0] + state.over_part[0, 0]


class Trace(NamedTuple):
    """The worst cut, taken apart into caps, and the cells it closes.

    `size[0]` caps: `node`, `source`, `cap`; cells: `by[cell]` is one cap that closes it, −1 = open.
    Caps that close a cell together belong to one component, named by its least cap: `leader`.
    """

    size: Int
    node: Int
    source: Int
    cap: Int
    leader: Int
    by: Int
    held: Int
    all_by: Int
    source_by: Int


@compiled
def new_trace(nodes: int, sources: int, cells: int) -> Trace:
    most = nodes * (sources + 1)
    return Trace(
        np.zeros(1, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(cells, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros((nodes, sources), np.int64),
    )


@bare
def trace_cut(trace: Trace, state: State, tree: Tree, cells: Cells) -> None:
    """Follow the choices from the root down; then see which cells are closed, and by which caps."""
    sources = tree.source_cap.shape[1]
    count = 0
    for node in range(len(tree.parent)):
        parent = tree.parent[node]
        held = 0 if parent < 0 else trace.held[parent]
        trace.all_by[node] = -1 if parent < 0 else trace.all_by[parent]
        for s in range(sources):
            trace.source_by[node, s] = -1 if parent < 0 else trace.source_by[parent, s]
        trace.held[node] = held
        if trace.all_by[node] >= 0:
            continue
        more = state.paid[node, held]
        trace.held[node] = more
        for s in range(sources):
            if more >> s & 1 and not held >> s & 1:
                _add_cap(trace, count, node, s, tree.source_cap[node, s])
                trace.source_by[node, s] = count
                count += 1
        if state.capped[node, more]:
            _add_cap(trace, count, node, WHOLE_CUT, tree.cap[node])
            trace.all_by[node] = count
            count += 1
    trace.size[0] = count
    for cell in range(len(cells.node)):
        empty = cells.whole[cell] == 0 and cells.part[cell] == 0.0
        trace.by[cell] = _close(trace, cells.node[cell], cells.mask[cell], sources, empty)


@bare
def _add_cap(trace: Trace, at: int, node: int, source: int, cap: int) -> None:
    trace.node[at] = node
    trace.source[at] = source
    trace.cap[at] = cap
    trace.leader[at] = at


@bare
def _close(trace: Trace, node: int, mask: int, sources: int, empty: bool) -> int:
    """One cap that closes the cell; its caps are joined unless nothing is used there."""
    if trace.all_by[node] >= 0:
        return trace.all_by[node]
    if mask & ~trace.held[node]:
        return -1
    first = -1
    for s in range(sources):
        if mask >> s & 1:
            cap = trace.source_by[node, s]
            if first < 0:
                first = cap
            elif not empty:
                _join(trace, first, cap)
    return first


@bare
def _join(trace: Trace, one: int, other: int) -> None:
    one, other = leader_of(trace, one), leader_of(trace, other)
    trace.leader[max(one, other)] = min(one, other)


@bare
def leader_of(trace: Trace, cap: int) -> int:
    while trace.leader[cap] != cap:
        cap = trace.leader[cap]
    return cap
