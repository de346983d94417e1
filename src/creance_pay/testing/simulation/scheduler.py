"""Calls of simulated processes: each runs in a thread of its own, and one thread runs at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

import attrs

from ...errors import CreancePayError


class Crash(BaseException):
    """The end of a simulated process, at any point of its work; no code of the package catches it."""


@attrs.define(eq=False)
class Call:
    """A call of a process, which runs until it pauses or ends.

    Attributes:
        work: The call.
        result: Its result, once it has ended.
        error: The error of the package's own family that ended it.
        crashed: Whether the process ended in the middle.
        ended: Whether it has ended.
    """

    work: Callable[[], object]
    result: object = None
    error: CreancePayError | None = None
    crashed: bool = False
    ended: bool = False
    _fault: BaseException | None = None
    _thread: Thread | None = None
    _own: Lock = attrs.field(factory=Lock, init=False)
    _others: Lock = attrs.field(factory=Lock, init=False)

    def resume(self) -> bool:
        """Run the call until it pauses or ends, and return whether it has ended.

        Raises:
            Exception: an error that is not of the package's own family: a fault of the code that is simulated.
        """
        if self._thread is None:
            self._own.acquire()
            self._others.acquire()
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        else:
            self._own.release()
        self._others.acquire()
        if self.ended:
            self._thread.join()
        if self._fault is not None:  # pragma: no cover - only a fault of the library
            raise self._fault
        return self.ended

    def pause(self) -> None:
        """Stop the thread of the call until the next :meth:`resume`."""
        self._others.release()
        self._own.acquire()

    def _run(self) -> None:
        try:
            self.result = self.work()
        except CreancePayError as error:
            self.error = error
        except Crash:
            self.crashed = True
        except BaseException as error:  # noqa: BLE001 # pragma: no cover - raised again in the thread that resumed it
            self._fault = error
        self.ended = True
        self._others.release()
