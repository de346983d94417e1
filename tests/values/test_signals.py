"""The handlers of the signals that end a command."""

import os
import signal

import pytest

from creance_pay._signals import on_end

END = (signal.SIGINT, signal.SIGTERM)


def handlers() -> list[object]:
    """List the handlers in place."""
    return [signal.getsignal(number) for number in END]


@pytest.mark.parametrize("number", END)
def test_handled(number: signal.Signals) -> None:
    """Each signal calls the handler."""
    received: list[int] = []
    with on_end(lambda found, _: received.append(found)):
        os.kill(os.getpid(), number)

    assert [number] == received


def test_restored() -> None:
    """The handlers of before come back, after an error too."""
    before = handlers()
    with pytest.raises(ZeroDivisionError), on_end(lambda *_: None):
        raise ZeroDivisionError

    assert before == handlers()
