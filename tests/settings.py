"""The product's settings on a `var` folder of the test run's own: a run never touches real data."""

import fcntl
import itertools
import os
from pathlib import Path


def take_folder() -> Path:
    """The first `var/test/<n>` that no other running test run holds; the lock ends with the process."""
    for number in itertools.count(1):
        folder = Path(__file__).parent.parent / "var" / "test" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return folder
    raise AssertionError("counting ended")


for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "SHUIHENG_DB", "SHUIHENG_AS_OWNER"):
    os.environ.pop(name, None)
if (
    "SHUIHENG_TEST_VAR" not in os.environ
):  # the first process of the run; xdist's workers inherit it
    os.environ["SHUIHENG_TEST_VAR"] = str(take_folder())
os.environ["SHUIHENG_VAR"] = os.environ["SHUIHENG_TEST_VAR"]

from shuiheng.app.settings import *  # noqa: E402, F403
from shuiheng.app.settings import STATIC_ROOT, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
STATIC_ROOT.mkdir(exist_ok=True)  # files come from where they lie, nothing is collected
WHITENOISE_USE_FINDERS = True
