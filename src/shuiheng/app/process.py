"""Child processes that die with us, even when we are killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    farewell: signal.Signals,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own: Ctrl-C reaches us alone, and we stop things in order.

    The kernel sends it `farewell` when the thread that called us ends, so call from the main
    thread. Elsewhere than on Linux there is no such promise; the next start then tidies up.
    """
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        env=dict(env) if env is not None else None,
        start_new_session=True,
        pass_fds=tuple(keep_open),
        preexec_fn=_die_with(os.getpid(), farewell),  # noqa: PLW1509  we start children before threads
    )


def stop(child: subprocess.Popen[bytes], how: signal.Signals, seconds: float) -> None:
    """Ask a child to end, wait for it, and end it if it does not."""
    if child.poll() is not None:
        return
    child.send_signal(how)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _die_with(parent: int, farewell: signal.Signals) -> Callable[[], None]:
    def in_the_child() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(farewell))
        if os.getppid() != parent:  # it died before we could ask to be told
            os._exit(1)

    return in_the_child
