"""Where the engine's compiled passes are kept: one folder for each state of its sources.

numba looks at the file of a pass alone, not at those it calls; a folder named after all of them cannot be stale.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

SMALL_PROBLEM = (
    '{"policy": "proportional", "tiers": [1],'
    ' "nodes": [{"id": 1, "parent": null, "source_caps": {"s": 5}}],'
    ' "users": [{"id": 1, "node": 1, "tier": 1, "sources": ["s"], "demand": 9, "floor": 8}]}'
)


def folder(var: Path, engine: Path) -> Path:
    """`var/compiled/<digest of the engine's sources>`."""
    digest = hashlib.sha256()
    for source in sorted(engine.glob("*.py")):
        digest.update(source.read_bytes())
    return var / "compiled" / digest.hexdigest()[:16]


def warm_up() -> bool:
    """One small problem through all passes: about a minute the first time, a second later on. Done before
    anything is served: a request that compiled would outlive its transaction."""
    from shuiheng.engine.wire import answer_line  # after the settings have named the folder

    answer, good = answer_line(SMALL_PROBLEM)
    return good and '"verified": true' in answer
