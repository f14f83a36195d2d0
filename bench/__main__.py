"""Run the groups and write `var/bench.json`; with --only, replace only that group's rows."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

GROUPS = ("core", "engine", "board", "ledger")
OUTPUT = Path(__file__).parent.parent / "var" / "bench.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only", choices=GROUPS)
    only = parser.parse_args().only
    groups = [only] if only else list(GROUPS)
    rows = [row for row in _kept() if row["name"].split(".")[0] not in groups]
    for group in groups:
        for measured in importlib.import_module(f"bench.{group}").measure():
            rows.append(asdict(measured))
            print(f"{measured.name}: {measured.figure} {measured.unit} {measured.goal}", flush=True)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["holds"] for row in rows) else 1


def _kept() -> list[dict[str, object]]:
    return list(json.loads(OUTPUT.read_text(encoding="utf-8"))) if OUTPUT.exists() else []


if __name__ == "__main__":
    sys.exit(main())
