"""The product's settings on a `var` folder of the test run's own: a run never touches real data."""

import fcntl
import itertools
import os
from pathlib import Path
from typing import IO


def take_folder() -> tuple[Path, IO[bytes]]:
    """The first `var/test/<n>` that no other running test run holds."""
    for number in itertools.count(1):
        folder = Path(__file__).parent.parent / "var" / "test" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return folder, lock
    raise AssertionError("counting ended")


for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "SHUIHENG_DB", "SHUIHENG_AS_OWNER"):
    os.environ.pop(name, None)
if (
    "SHUIHENG_TEST_VAR" not in os.environ
):  # the first process of the run; xdist's workers inherit it
    _folder, _held_for_life = take_folder()
    os.environ["SHUIHENG_TEST_VAR"] = str(_folder)
os.environ["SHUIHENG_VAR"] = os.environ["SHUIHENG_TEST_VAR"]

from shuiheng.app.settings import *  # noqa: E402, F403
from shuiheng.app.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
