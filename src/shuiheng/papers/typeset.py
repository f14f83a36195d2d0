"""The one module that talks to typst: a template and plain data in, PDF/A-2b bytes out.

A document sees its data through `sys.inputs` alone; the templates stand in `typst/`. The same template,
data and fonts give the same bytes. Fonts come from the OFL wheel and from `var/fonts`, where a bureau may put
仿宋 and 小标宋; the machine's own fonts are ignored, so that a paper looks alike everywhere.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal

import pylopdf_fonts_zh_cn
import typst
from django.conf import settings

from shuiheng.core.clock import beijing_noon
from shuiheng.core.refusal import Refusal

TEMPLATES = Path(__file__).parent / "typst"
WHEEL_FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent
SERIF, SANS = "Noto Serif SC", "Noto Sans SC"
PDF_STANDARD: Literal["a-2b"] = "a-2b"

# What GB/T 9704 asks for, as the usual font files call it; the last name of each row is always there.
FACES: dict[str, tuple[str, ...]] = {
    "title": (
        "FZXiaoBiaoSong-B05S",
        "FZXiaoBiaoSong-B05",
        "方正小标宋简体",
        "方正小标宋_GBK",
        SERIF,
    ),
    "body": (
        "FangSong_GB2312",
        "仿宋_GB2312",
        "FangSong",
        "仿宋",
        "STFangsong",
        "FandolFang R",
        SERIF,
    ),
    "kai": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体", "STKaiti", "FandolKai", SERIF),
    "black": ("SimHei", "黑体", "STHeiti", "FandolHei", SANS),
    "table": (SERIF,),
    "code": (SANS,),
}
_MISSING = re.compile(r'the text `"(?P<text>(?:[^"\\]|\\.)+)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True)
class _Press:
    compiler: typst.Compiler
    faces: str
    """The fallback chain of each face, as JSON."""
    process: int
    """Where it was made: its threads do not follow into a fork."""


_lock = Lock()


@lru_cache(maxsize=1)
def _press(font_folder: Path) -> _Press:
    folders = [str(folder) for folder in (font_folder, WHEEL_FONTS) if folder.is_dir()]
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=folders
    )
    families = fonts.families()
    spare = [family for family in families if family not in (SERIF, SANS)]
    chains = {
        face: list(dict.fromkeys([n for n in names if n in families] + [SERIF, SANS] + spare))
        for face, names in FACES.items()
    }
    compiler = typst.Compiler(root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True)
    return _Press(compiler, json.dumps(chains, ensure_ascii=False), os.getpid())


def render(template: str, data: Mapping[str, object]) -> bytes:
    """The PDF of `data` in `typst/{template}.typ`, dated `data["heading"]["dated"]`.

    `data` is JSON as it stands: no volumes, no dates as objects. Raises Refusal when no font has one of
    the characters. A batch runs this in *spawned* processes: in a fork of a process that has already
    rendered, typst waits for ever for threads that were not copied, so there we fail at once.
    """
    heading = data["heading"]
    assert isinstance(heading, Mapping)
    with _lock:
        press = _press(Path(settings.VAR) / "fonts")
        assert press.process == os.getpid(), "typst hangs in a forked child: start it by spawn"
        inputs = {"paper": json.dumps(data, ensure_ascii=False), "faces": press.faces}
        try:
            pdf = press.compiler.compile(
                input=str(TEMPLATES / f"{template}.typ"),
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=PDF_STANDARD,
                timestamp=beijing_noon(date.fromisoformat(str(heading["dated"]))),
            )
        except typst.TypstError as error:
            raise _refusal(error) from error
    assert isinstance(pdf, bytes)
    return pdf


def _refusal(error: typst.TypstError) -> Exception:
    """A character without a glyph is for the user to know; anything else is our own bug."""
    texts = [match["text"] for match in _MISSING.finditer(f"{error.message}\n{error.diagnostic}")]
    if not texts:
        return AssertionError(f"typst: {error.message}\n{error.diagnostic}")
    missing = "".join(dict.fromkeys(_ESCAPE.sub(lambda m: chr(int(m[1], 16)), "".join(texts))))
    names = "、".join(f"“{c}”（U+{ord(c):04X}）" for c in missing)
    return Refusal(
        "papers.missing_glyph",
        f"字库里没有 {names}，这份文书印不出来。",
        remedy="请核对是不是录入有误；确有此字，请系统管理员把含有它的字体放进 var/fonts 后重试。",
        facts={"characters": missing},
    )
