"""The signals that end a command: SIGINT (Ctrl-C) and SIGTERM."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def on_end(handler: Callable[..., Any]) -> Iterator[None]:
    """Call a handler at SIGINT and SIGTERM, and restore the handlers of before when the block ends.

    A handler that stayed would hide SIGTERM from the program that called the command, and from processes that it forks.
    """
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
