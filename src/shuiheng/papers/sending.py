"""How a message leaves the house: by the function that the installation names in its environment.

`SHUIHENG_SMS_BACKEND=package.module.function` (and `SHUIHENG_MAIL_BACKEND`): called with address, text and
the delivery's unique key; it returns when the provider has taken the message and raises when it has not.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from django.utils.module_loading import import_string

from shuiheng.papers.rules import Channel

Sender = Callable[[str, str, str], None]

VARIABLES = {Channel.SMS: "SHUIHENG_SMS_BACKEND", Channel.MAIL: "SHUIHENG_MAIL_BACKEND"}


def sender_for(channel: Channel) -> Sender | None:
    """The installation's sender for a channel; None where it has none."""
    path = os.environ.get(VARIABLES[channel], "")
    if not path:
        return None
    sender: Sender = import_string(path)
    return sender
