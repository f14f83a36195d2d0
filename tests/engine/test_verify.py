"""The checker must be able to say no: every way of spoiling an answer is found. And the repair of whole totals,
which hardly any problem needs, is tried on totals spoiled on purpose."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from shuiheng.engine.answer import Answer, CutCap
from shuiheng.engine.certificates import closed_by
from shuiheng.engine.cut import Cells, cells_of
from shuiheng.engine.explain import allocate
from shuiheng.engine.levels import Tier
from shuiheng.engine.problem import Problem
from shuiheng.engine.repair import meet_cuts
from shuiheng.engine.solve import Solution, prepare, solve
from shuiheng.engine.verify import verify
from shuiheng.engine.wire import read_problem
from tests.engine.cases import case

SEEDS = range(400)


def problems() -> list[Problem]:
    return [read_problem(case(seed))[1] for seed in SEEDS]


def answers() -> list[Answer]:
    return [allocate(problem) for problem in problems()]


def short_of_caps(answer: Answer) -> list[int]:
    """Users whom caps of the tree hold down."""
    return [
        user
        for user, number in enumerate(answer.certificate.tolist())
        if number >= 0 and answer.certificates[number].reason == "caps"
    ]


def moved(answer: Answer, user: int, grains: int) -> Answer:
    """The same with so many grains more for a user, from a source that he may use."""
    granted, by_source = answer.granted.copy(), answer.by_source.copy()
    order = answer.problem.preferences[answer.problem.preference[user]]
    source = int(order[0]) if grains > 0 else int(by_source[user].argmax())
    granted[user] += grains * answer.problem.grain
    by_source[user, source] += grains * answer.problem.grain
    return dataclasses.replace(answer, granted=granted, by_source=by_source)


def more_for_one(answer: Answer) -> Answer | None:
    users = short_of_caps(answer)
    return moved(answer, users[0], 1) if users else None


def less_for_one(answer: Answer) -> Answer | None:
    users = [user for user in short_of_caps(answer) if answer.granted[user] > answer.floor[user]]
    return moved(answer, users[0], -1) if users else None


def three_from_one_to_another(answer: Answer) -> Answer | None:
    """Two of one class: what one loses the other gains, so sums and caps hold, and only fairness is broken."""
    problem = answer.problem
    seen: dict[tuple[int, ...], int] = {}
    for user in short_of_caps(answer):
        key = tuple(int(a[user]) for a in (problem.node, problem.tier, problem.preference))
        if user in problem.own_users or problem.weights()[user] > 50:
            continue
        other = seen.setdefault(key, user)
        room = answer.granted[user] - answer.floor[user] >= 3 * problem.grain
        if other != user and room and problem.demand[other] - answer.granted[other] > 3:
            source = int(answer.by_source[user].argmax())
            if answer.by_source[user, source] < 3 * problem.grain:
                continue
            granted, by_source = answer.granted.copy(), answer.by_source.copy()
            for who, grains in ((user, -3), (other, 3)):
                granted[who] += grains * problem.grain
                by_source[who, source] += grains * problem.grain
            return dataclasses.replace(answer, granted=granted, by_source=by_source)
    return None


def certificate_forgotten(answer: Answer) -> Answer | None:
    users = short_of_caps(answer)
    if not users:
        return None
    certificate = answer.certificate.copy()
    certificate[users[0]] = -1
    return dataclasses.replace(answer, certificate=certificate)


def certificate_of_another_cap(answer: Answer) -> Answer | None:
    users = short_of_caps(answer)
    if not users:
        return None
    number = int(answer.certificate[users[0]])
    first, *others = answer.certificates[number].caps
    wrong = CutCap(first.node, first.source, first.cap + 1, first.user)
    certificates = list(answer.certificates)
    certificates[number] = dataclasses.replace(certificates[number], caps=(wrong, *others))
    return dataclasses.replace(answer, certificates=certificates)


def certificate_that_lacks_a_cap(answer: Answer) -> Answer | None:
    for user in short_of_caps(answer):
        number = int(answer.certificate[user])
        caps = answer.certificates[number].caps
        if len(caps) > 1 and sum(cap.cap > 0 for cap in caps) > 1:
            fewer = tuple(cap for cap in caps if cap.cap > 0)[1:]
            certificates = list(answer.certificates)
            certificates[number] = dataclasses.replace(certificates[number], caps=fewer)
            return dataclasses.replace(answer, certificates=certificates)
    return None


def source_out_of_order(answer: Answer) -> Answer | None:
    """One m³ from a source that a user may not touch."""
    for user in np.nonzero(answer.granted > 0)[0].tolist():
        order = answer.problem.preferences[answer.problem.preference[user]].tolist()
        strange = [s for s in range(len(answer.problem.sources)) if s not in order]
        if strange:
            by_source = answer.by_source.copy()
            by_source[user, by_source[user].argmax()] -= answer.problem.grain
            by_source[user, strange[0]] += answer.problem.grain
            return dataclasses.replace(answer, by_source=by_source)
    return None


SPOILED = [
    more_for_one,
    less_for_one,
    three_from_one_to_another,
    certificate_forgotten,
    certificate_of_another_cap,
    certificate_that_lacks_a_cap,
    source_out_of_order,
]


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_a_spoiled_answer_is_found_out(spoil: Callable[[Answer], Answer | None]) -> None:
    tried = 0
    for answer in answers():
        assert verify(answer) == []
        spoiled = spoil(answer)
        if spoiled is not None:
            tried += 1
            assert verify(spoiled) != [], spoil.__name__
    assert tried >= 10


def last_tier(solution: Solution) -> Tier | None:
    """The last tier with classes between two whole totals and caps that hold them."""
    classes, levels = solution.prepared.classes, solution.levels
    begins = classes.tier_begin
    for begin, end in reversed(list(pairwise(begins))):
        if (levels.part[begin:end] > 1e-6).any():
            return Tier(int(begin), int(end), classes.cell)
    return None


def unmet(solution: Solution, cells: Cells) -> list[int]:
    """Grains that each certificate's caps still hold."""
    cuts = solution.cuts
    found = []
    for number in range(int(cuts.size[0])):
        held = cuts.cap[cuts.begin[number] : cuts.begin[number + 1]].sum()
        closed = closed_by(cuts, number, solution.tree, cells)
        found.append(int(held - cells.whole[closed].sum()))
    return found


def test_whole_totals_that_got_stuck_are_repaired() -> None:
    repaired = 0
    for problem in problems():
        solution = solve(prepare(problem))
        tier = last_tier(solution)
        if tier is None:
            continue
        classes, levels = solution.prepared.classes, solution.levels
        totals = solution.totals.copy()
        mine = slice(tier.begin, tier.end)
        totals[mine] = np.floor(levels.whole[mine] + levels.part[mine] + 1e-6)
        if (totals == solution.totals).all():
            continue
        shape = (classes.cell_node, classes.cell_mask, classes.cell)
        cells = cells_of(*shape, totals)
        old = int(levels.certificate[mine][levels.certificate[mine] >= 0].min())
        assert any(unmet(solution, cells)[old:])
        meet_cuts(tier, levels, solution.cuts, old, totals, solution.tree, cells)
        assert not any(unmet(solution, cells_of(*shape, totals))[old:])
        real = levels.whole[mine] + levels.part[mine]
        assert (np.abs(totals[mine] - real) < 1).all()
        repaired += 1
    assert repaired >= 20
