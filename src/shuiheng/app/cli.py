"""The `shuiheng` command. It only dispatches: every capability brings its own in `commands.py`.

A `commands.py` has `add_commands(commands)`; each of its parsers sets `run`, a function of the parsed
arguments that returns the exit code. `args.now` is the clock, read once. Two more defaults may be set:
`needs_database=False` (no server is started) and `throwaway="name"` (it gets an empty demo database of
its own, named in `args.database`; dropped afterwards unless the command has an option `--keep`).
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from types import FrameType

from shuiheng.app.moment import stopwatch, wall_clock
from shuiheng.core.refusal import Refusal

SETTINGS = "shuiheng.app.settings"
CAPABILITIES = (
    "app",
    "office",
    "papers",
    "registry",
    "ledger",
    "quota",
    "metering",
    "budget",
    "planning",
    "rehearsal",
)
REFUSED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a refusal is a sentence on stderr and exit code 1."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is signal.SIG_DFL:  # nohup's choice stands
            signal.signal(ending, _leave_in_order)
    try:
        args = parse(sys.argv[1:] if argv is None else argv)
        return dispatch(args)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """`--db` is read first: settings, and with them every command, depend on it."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument(
        "--db", metavar="KIND", help="demo 演示库（默认）、real 正式库、practice 练习区"
    )
    choice, rest = first.parse_known_args(argv)
    if choice.db:
        os.environ["SHUIHENG_DB"] = choice.db
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()
    parser = argparse.ArgumentParser(
        "shuiheng", description="水衡：城市水预算管理系统", parents=[first], allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="命令", required=True)
    for capability in CAPABILITIES:
        module = f"shuiheng.{capability}.commands"
        if find_spec(module):
            importlib.import_module(module).add_commands(commands)
    return parser.parse_args(rest)


def dispatch(args: argparse.Namespace) -> int:
    """Run the chosen command, with the database that it needs around it."""
    from shuiheng.app import database, installation

    args.now = wall_clock()
    run = args.run
    if not getattr(args, "needs_database", True):
        return int(run(args))
    report = stopwatch()
    with installation.opened(report):
        throwaway = getattr(args, "throwaway", "")
        if not throwaway:
            installation.prepare(database.asked_kind(), now=args.now, report=report)
            return int(run(args))
        keep = getattr(args, "keep", False)
        with installation.throwaway(throwaway, now=args.now, report=report, keep=keep) as name:
            args.database = name
            return int(run(args))


def _leave_in_order(number: int, frame: FrameType | None) -> None:
    """What was begun is ended: databases dropped, the server stopped."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
