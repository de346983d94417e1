"""Two processes on one ledger, in every order of their steps, with clocks that differ by up to three days.

A step ends at each reading of the clock and at each transaction.  A call has four steps: it begins, reads the clock,
reads the payment, and writes.  Two calls of four steps have 70 orders.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from creance_pay import NoticeReference
from creance_pay.errors import PaymentInProgressError
from creance_pay.ledger import IncidentKind
from creance_pay.payments import StartedPayment
from ledger_desk import Desk
from ledgers import OpenLedger
from sips_merchant import NOON

STEPS = 4
ORDERS = [order for order in itertools.product((0, 1), repeat=2 * STEPS) if sum(order) == STEPS]
# The process whose clock differs, and by how many days.
SKEWS = [
    pytest.param(process, days, marks=[] if (process, days) == (1, 3) else [pytest.mark.slow])
    for process in (0, 1)
    for days in (-3, -1, 0, 1, 3)
]
TIMEOUT_S = 60


class Scheduler:
    """Runs two threads one at a time, in a given order of steps; a thread that has ended gives up its steps."""

    def __init__(self, order: tuple[int, ...]) -> None:
        """Begin with the first step of the order."""
        self._waiting = [*order]
        self._changed = threading.Condition()
        self._running: int | None = None
        self._ended: set[int] = set()
        self._me = threading.local()

    def step(self) -> None:
        """End the step of the calling thread, and wait for its next one; other threads are not delayed."""
        number: int | None = getattr(self._me, "number", None)
        if number is None:
            return
        with self._changed:
            self._running = None
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._may_run(number), TIMEOUT_S)
            self._running = number

    def _may_run(self, number: int) -> bool:
        if self._running is not None:
            return False
        while self._waiting and self._waiting[0] in self._ended:
            del self._waiting[0]
        if not self._waiting:  # more steps than the order has: the first that asks
            return True
        if self._waiting[0] == number:
            del self._waiting[0]
            return True
        return False

    def run(self, *calls: Callable[[], object]) -> list[object]:
        """Run the calls, and return their results or their refusals."""
        results: list[object] = [None] * len(calls)

        def play(number: int, call: Callable[[], object]) -> None:
            self._me.number = number
            try:
                self.step()
                results[number] = call()
            except PaymentInProgressError as error:
                results[number] = error
            finally:
                with self._changed:
                    self._ended.add(number)
                    self._running = None
                    self._changed.notify_all()

        threads = [threading.Thread(target=play, args=each) for each in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        assert not any(thread.is_alive() for thread in threads)
        return results


class World:
    """Two processes of a portal on one ledger; their clocks differ."""

    def __init__(self, open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open the two processes; in memory both share one ledger."""
        self.scheduler: Scheduler | None = None
        self.now = NOON
        self.skews = [timedelta(0), timedelta(0)]
        self._notices = itertools.count(1)
        ledgers = [open_ledger(), open_ledger()]
        for ledger in {id(each): each for each in ledgers}.values():
            monkeypatch.setattr(ledger, "transaction", self._stepped(ledger.transaction))
        self.desks = [Desk(ledgers[0], clock=lambda: self._read(0)), Desk(ledgers[1], clock=lambda: self._read(1))]
        self.ledger = ledgers[0]

    def _step(self) -> None:
        if self.scheduler is not None:
            self.scheduler.step()

    def _stepped(self, original: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
        def transaction(*, write: bool = True) -> AbstractContextManager[Any]:
            self._step()
            return original(write=write)

        return transaction

    def _read(self, process: int) -> datetime:
        self._step()
        return self.now + self.skews[process]

    def notice(self) -> NoticeReference:
        """Return a notice that no payment has."""
        return NoticeReference(f"63117054{next(self._notices):08d}F")

    def paid_and_posted(self, process: int, notice: NoticeReference) -> StartedPayment:
        """Pay a notice, and post the payment."""
        desk = self.desks[process]
        started = desk.start(notice)
        desk.notify(started)
        desk.service.posted(started.transaction_reference, by="a job")
        return started

    def run(self, order: tuple[int, ...], *calls: Callable[[], object]) -> list[object]:
        """Run two calls in an order of steps."""
        self.scheduler = Scheduler(order)
        try:
            return self.scheduler.run(*calls)
        finally:
            self.scheduler = None

    def result(self, *payments: StartedPayment) -> tuple[bool, bool]:
        """Return whether every payment is PAID, and whether one of them has an incident of a double payment."""
        references = {each.transaction_reference for each in payments}
        doubled = {
            incident.transaction_reference
            for incident in self.ledger.incidents()
            if incident.kind is IncidentKind.DOUBLE_PAYMENT
        }
        return {self.desks[0].state(each) for each in payments} == {"PAID"}, bool(references & doubled)


@pytest.fixture
def world(open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch) -> World:
    """Open two processes on each kind of ledger."""
    return World(open_ledger, monkeypatch)


@pytest.mark.parametrize(("process", "days"), SKEWS)
class TestInterleavings:
    """Two payments of one debt always raise an incident; an instalment never does."""

    def test_start(self, world: World, process: int, days: int) -> None:
        """A late notification of a silent attempt, and a start of the same notice.

        The start is refused while the attempt may be open by the clock of its process, and after the notification.
        """
        results = Counter[tuple[bool, bool]]()
        for order in ORDERS:
            world.skews = [timedelta(0)] * 2
            world.skews[process] = timedelta(days=days)
            silent = world.desks[0].start(notice := world.notice())
            world.now += timedelta(minutes=31)
            _, second = world.run(order, partial(world.desks[0].notify, silent), partial(world.desks[1].start, notice))
            if isinstance(second, StartedPayment):
                world.desks[1].notify(second)
                results[world.result(silent, second)] += 1

        # The clocks decide whether the attempt is old enough; the incident does not depend on them.
        young = days > 0 if process == 0 else days < 0
        expected = set() if young else {(True, True)}
        assert expected == {*results}

    def test_two_notifications(self, world: World, process: int, days: int) -> None:
        """Two attempts are open, and both are notified at once."""
        results = Counter[tuple[bool, bool]]()
        for order in ORDERS:
            world.skews = [timedelta(0)] * 2
            silent = world.desks[0].start(notice := world.notice())
            world.now += timedelta(minutes=31)
            second = world.desks[1].start(notice)
            world.skews[process] = timedelta(days=days)
            world.run(order, partial(world.desks[0].notify, silent), partial(world.desks[1].notify, second))
            results[world.result(silent, second)] += 1

        assert {(True, True): len(ORDERS)} == results

    def test_instalment_start(self, world: World, process: int, days: int) -> None:
        """A repeated notification of a posted payment, and the start of an instalment."""
        world.skews[process] = timedelta(days=days)
        results = Counter[tuple[bool, bool]]()
        for order in ORDERS:
            first = world.paid_and_posted(0, notice := world.notice())
            _, second = world.run(order, partial(world.desks[0].notify, first), partial(world.desks[1].start, notice))
            assert isinstance(second, StartedPayment)
            world.desks[1].notify(second)
            results[world.result(first, second)] += 1

        assert {(True, False): len(ORDERS)} == results

    def test_instalment_notifications(self, world: World, process: int, days: int) -> None:
        """A repeated notification of a posted payment, and the notification of an instalment."""
        world.skews[process] = timedelta(days=days)
        results = Counter[tuple[bool, bool]]()
        for order in ORDERS:
            first = world.paid_and_posted(0, notice := world.notice())
            second = world.desks[1].start(notice)
            world.run(order, partial(world.desks[0].notify, first), partial(world.desks[1].notify, second))
            results[world.result(first, second)] += 1

        assert {(True, False): len(ORDERS)} == results
