"""How the engine names places and sources in its sentences."""

from __future__ import annotations

from shuiheng.core.vocabulary import Source
from shuiheng.engine.problem import Problem

LABELS = {source.value: source.label for source in Source}


def node_name(problem: Problem, node: int) -> str:
    names = problem.node_names or problem.node_ids
    return str(names[node]) if len(names) else f"第 {node} 个区域"


def source_name(problem: Problem, source: int) -> str:
    """地下水 for a source of the vocabulary, else what the problem calls it."""
    key = problem.sources[source]
    return LABELS.get(key, key)
