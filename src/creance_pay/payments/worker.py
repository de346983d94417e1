"""The worker: the process that runs effects, asks the bank, and watches the health of a service.

Several workers at once, on one machine or many, share the work: each effect is claimed by one of them, and one at a
time reconciles.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from .._log import log
from ..ledger.records import Payment
from .health import EFFECTS, ConfirmedValues, Problem
from .service import PaymentService

T = TypeVar("T")
#: The job that gives one worker at a time the turn to reconcile.
TURN = "reconcile turn"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_BATCH, _BATCH_TIME = 20, timedelta(seconds=5)
#: The longest wait between two reconciliations while the bank does not answer.
_LONGEST_WAIT = timedelta(minutes=30)
_REPEAT_PROBLEM = timedelta(hours=1)
_RETRY = timedelta(seconds=10)


class Worker:
    """Runs the effects of a service, reconciles it, and logs its problems, until it is stopped.

    Effects run in a thread of their own: acknowledgements leave while the bank is unavailable, and questions are asked
    while an effect hangs.  An exception of one job is logged, and the job is tried again.

    Args:
        service: The service.
        idle: How long to wait for the next effect that is due.
        every: How often to reconcile; while the bank does not answer, the wait doubles up to half an hour.
        grace: How long to wait at the end for the effect that runs.
        policies: The policies in use, for :meth:`PaymentService.health`.
        daily: Jobs of the portal by name, such as the erasure of old letters: one of the workers runs each once a day.
    """

    def __init__(
        self,
        service: PaymentService,
        *,
        idle: timedelta = timedelta(seconds=2),
        every: timedelta = _MINUTE,
        grace: timedelta = timedelta(seconds=20),
        policies: Iterable[ConfirmedValues] = (),
        daily: Mapping[str, Callable[[], object]] = MappingProxyType({}),
    ) -> None:
        """Store the settings."""
        self._daily = daily
        self._service, self._policies = service, tuple(policies)
        self._idle, self._every, self._grace = idle, every, grace
        self._stopped = threading.Event()
        self._begun: float | None = None  # the monotonic time at which the running batch of effects began
        self._died = False
        self._shown: dict[tuple[str, str], float] = {}

    def stop(self) -> None:
        """Ask the worker to end; it finishes the effect and the question that run.  Safe in a signal handler."""
        self._stopped.set()

    def run(self) -> bool:
        """Work until :meth:`stop`.

        Returns:
            ``True`` when it was stopped.  ``False`` when an effect runs far longer than its lease, or ended its
            thread: exit with an error, so that your supervisor starts the process again.

        A process of its own::

            worker = Worker(service)
            signal.signal(signal.SIGTERM, lambda *_: worker.stop())
            sys.exit(0 if worker.run() else 1)
        """
        log("worker_started")
        effects = threading.Thread(target=self._guarded_effects, daemon=True)
        effects.start()
        wait, asked, looked = timedelta(0), -math.inf, -math.inf
        while not self._stopped.is_set():
            if self._died or self._hangs():
                return False
            if time.monotonic() >= asked + wait.total_seconds():
                wait, asked = self._reconcile(wait), time.monotonic()
            if time.monotonic() >= looked + self._every.total_seconds():
                looked = time.monotonic()
                self._run_daily()
                self._attempt("health", self._log_problems)
            self._stopped.wait(min(self._idle.total_seconds(), 1))
        effects.join(self._grace.total_seconds())
        log("worker_stopped")
        return True

    def once(self) -> tuple[Problem, ...]:
        """Do what is due once, and return the problems that remain: for a timer such as cron.

        >>> from creance_pay.ledger import MemoryLedger
        >>> from creance_pay.testing import LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant())
        >>> Worker(PaymentService(bank.gateway, MemoryLedger(), clock=bank.now)).once()
        ()
        """
        self._beat()
        while self._attempt(EFFECTS, self._run_batch):
            self._beat()
        self._reconcile(timedelta(0))
        self._run_daily()
        return self._service.health(policies=self._policies)

    # ---- effects

    def _guarded_effects(self) -> None:
        """Run effects until the worker is stopped; record when an exception such as ``SystemExit`` ends the thread."""
        try:
            self._run_effects()
        except BaseException:  # noqa: BLE001 - no other code learns that the thread has ended
            log("worker_failed", traceback=True, job=EFFECTS)
            self._died = True

    def _run_effects(self) -> None:
        beaten = -math.inf
        while not self._stopped.is_set():
            if time.monotonic() - beaten >= _MINUTE.total_seconds():
                beaten = time.monotonic()
                self._attempt(EFFECTS, self._beat)
            self._begun = time.monotonic()
            done = self._attempt(EFFECTS, self._run_batch)
            self._begun = None
            if not done:
                self._stopped.wait((self._idle if done is not None else _RETRY).total_seconds())

    def _run_batch(self) -> int:
        """Run a batch of effects, and return the number that were begun."""
        run = self._service.run_effects(limit=_BATCH, within=_BATCH_TIME)
        return run.done + run.failed

    def _beat(self) -> bool:
        return self._service.beat(EFFECTS)

    def _hangs(self) -> bool:
        """Return whether the running batch takes longer than its time and the longest lease."""
        begun, longest = self._begun, self._service.longest_lease
        seconds = 0 if begun is None else time.monotonic() - begun
        if seconds <= (longest + _BATCH_TIME).total_seconds():
            return False
        log("effect_hangs", seconds=int(seconds))
        return True

    # ---- reconciliation and health

    def _reconcile(self, after: timedelta) -> timedelta:
        """Reconcile when it is this worker's turn, and return the wait before the next time.

        Args:
            after: The wait before this time: it is doubled when the bank has not answered.
        """
        if not self._attempt("reconcile", lambda: self._service.beat(TURN, every=self._every)):
            return self._every
        result = self._attempt("reconcile", lambda: self._service.reconcile(progress=self._until_stopped))
        if result is not None and not result.unanswered:
            return self._every
        return min(max(2 * after, self._every), max(_LONGEST_WAIT, self._every))

    def _until_stopped(self, payments: tuple[Payment, ...]) -> Iterator[Payment]:
        for payment in payments:
            if self._stopped.is_set():
                return
            yield payment

    def _run_daily(self) -> None:
        """Run each daily job whose turn of the day is this worker's."""
        for job, work in self._daily.items():
            if self._attempt(job, partial(self._service.beat, job, every=_DAY)):
                self._attempt(job, work)

    def _log_problems(self) -> None:
        """Log each problem when it appears and once an hour, and its end."""
        now = time.monotonic()
        found = {
            (problem.kind.value, problem.detail): problem for problem in self._service.health(policies=self._policies)
        }
        for key in self._shown.keys() - found.keys():
            del self._shown[key]
            log("problem_over", kind=key[0], detail=key[1])
        for key, problem in found.items():
            if key not in self._shown or now - self._shown[key] >= _REPEAT_PROBLEM.total_seconds():
                self._shown[key] = now
                log(
                    "problem" if problem.critical else "warning",
                    kind=problem.kind,
                    count=problem.count,
                    since=problem.since,
                    detail=problem.detail,
                )

    def _attempt(self, job: str, work: Callable[[], T]) -> T | None:
        """Return the result of a job; log an exception and return ``None``: a worker goes on."""
        try:
            return work()
        except Exception:  # noqa: BLE001 - whatever a store or a portal's own code raises
            log("worker_failed", traceback=True, job=job)
            return None
