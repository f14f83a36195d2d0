"""`shuiheng allocate`: problems as JSON lines in, an answer for each out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, TextIO

from shuiheng.core.refusal import Refusal
from shuiheng.engine.wire import answer_line


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "allocate", help="水量分配：读一个问题（JSON）或每行一个问题，逐个写出答案"
    )
    parser.add_argument("file", nargs="?", type=Path, help="默认读标准输入")
    parser.add_argument("--to", type=Path, metavar="FILE", help="默认写到标准输出")
    parser.set_defaults(run=allocate, needs_database=False)


def allocate(args: argparse.Namespace) -> int:
    """Exit code 1 when a line was no problem; the other lines are answered all the same."""
    text = _read(args.file)
    if args.to is None:
        return _answer(text, sys.stdout)
    try:
        with args.to.open("w", encoding="utf-8") as out:
            return _answer(text, out)
    except OSError as error:
        raise Refusal(
            "allocate.not_written",
            f"不能写入 {args.to}：{error.strerror}。",
            remedy="请换一个可以写的文件名。",
        ) from None


def _read(file: Path | None) -> list[str]:
    """One problem printed over many lines, or one problem a line."""
    try:
        raw = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        raise Refusal(
            "allocate.not_read",
            f"不能读 {file}：{error.strerror}。",
            remedy="请核对文件名。",
        ) from None
    text = raw.decode("utf-8", errors="replace").lstrip("\ufeff")
    lines = [line for line in text.splitlines() if line.strip()]
    begins_inside = len(lines) > 1 and lines[0].strip() in "{" and lines[-1].strip() in "}"
    return [text] if begins_inside else lines


def _answer(lines: list[str], out: TextIO) -> int:
    wrong = 0
    for line in lines:
        answer, good = answer_line(line)
        wrong += not good
        out.write(answer + "\n")
        out.flush()
    return 1 if wrong else 0
