"""The health of a payment service: its present problems, for a monitor and for the operator on call.

An incident is about one payment and waits for a person.  A problem is about the operation as a whole: a job that
does not run, a missing key, a late posting.  A problem disappears with its cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import GatewayUnavailableError
from ..ledger.contract import Store
from ..ledger.ledger import Ledger
from ..ledger.outbox import EffectTask
from ..ledger.records import Disposition

#: The jobs that a service records in the ledger: a run of effects by a worker, and a reconciliation.
EFFECTS, RECONCILE = "effects", "reconcile"
#: The job of the bank's daily report: its time is the end of the last day that a report of transactions covered.
REPORT = "report"
#: The time without a sign of a job after which it is a problem.
SILENT = {EFFECTS: timedelta(minutes=15), RECONCILE: timedelta(hours=1)}
_EFFECT_OVERDUE = timedelta(minutes=15)
_QUESTION_OVERDUE = _ACT_OPEN = timedelta(hours=1)
# The report of a day arrives the morning after: at noon of the second day it is missing.
_REPORT_OVERDUE = timedelta(hours=36)
_FAILED_ATTEMPTS = 5
_FLOOD, _FLOOD_PERIOD = 100, timedelta(hours=1)
_KEY_PERIOD = timedelta(days=1)
_CLOCK_TOLERANCE = timedelta(minutes=5)


class ConfirmedValues(Protocol):
    """Values that somebody confirms from time to time: a :class:`creance_pay.rules.Policy`."""

    def overdue(self, day: date) -> Collection[str]:
        """List the values whose last confirmation is too old on a day."""


class ProblemKind(StrEnum):
    """The kind of a problem; a closed list."""

    #: The ledger does not answer, or refuses.
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE"
    #: The ledger has a time that lies ahead: the clock of this machine, or of another one, is wrong.
    CLOCK_WRONG = "CLOCK_WRONG"
    #: A job has not run for too long, or never: the worker or the timer is absent, or hangs.
    JOB_SILENT = "JOB_SILENT"
    #: An effect has been due for 15 minutes: the worker has stopped, or no process has an effect of its name.
    EFFECT_OVERDUE = "EFFECT_OVERDUE"
    #: An effect is due, and this service has none of its name.
    EFFECT_UNKNOWN = "EFFECT_UNKNOWN"
    #: An effect has been begun five times without success.
    EFFECT_FAILING = "EFFECT_FAILING"
    #: Messages were refused because the key ring lacks the version of their key.
    KEY_UNKNOWN = "KEY_UNKNOWN"
    #: Many messages were refused within an hour.
    REFUSED_FLOOD = "REFUSED_FLOOD"
    #: Questions to the bank have been due for an hour: nobody asks, or the bank does not answer.
    QUESTION_OVERDUE = "QUESTION_OVERDUE"
    #: The bank's daily reports have stopped.
    REPORT_OVERDUE = "REPORT_OVERDUE"
    #: Accepted payments wait for their posting by the caisse for too long.
    POSTING_OVERDUE = "POSTING_OVERDUE"
    #: A refund, cancellation or capture has no result.
    ACT_OPEN = "ACT_OPEN"
    #: Incidents of one kind are open.
    INCIDENT_OPEN = "INCIDENT_OPEN"
    #: The last confirmation of values of a policy is older than the policy allows.
    POLICY_OVERDUE = "POLICY_OVERDUE"


#: These wait for a person; every other kind means that payments or acknowledgements stop.
_WARNINGS = {
    ProblemKind.REFUSED_FLOOD,
    ProblemKind.REPORT_OVERDUE,
    ProblemKind.POSTING_OVERDUE,
    ProblemKind.ACT_OPEN,
    ProblemKind.INCIDENT_OPEN,
    ProblemKind.POLICY_OVERDUE,
}


@attrs.frozen(kw_only=True)
class Problem:
    """A problem; secrets and personal data stay out.

    Attributes:
        kind: The kind.
        count: The number of payments, effects, messages, incidents or values.
        since: The time since when, where it is known.
        detail: The names of jobs, effects, incidents or values, with commas between them.
    """

    kind: ProblemKind
    count: int = 1
    since: datetime | None = None
    detail: str = ""

    @property
    def critical(self) -> bool:
        """Whether payments or acknowledgements stop; otherwise a person has work to do."""
        return self.kind not in _WARNINGS

    def __str__(self) -> str:
        """Describe the problem in one line."""
        since = f" since {self.since.isoformat(timespec='seconds')}" if self.since else ""
        return f"{self.kind} {self.count}{since}{f': {self.detail}' if self.detail else ''}"


def health_of(
    ledger: Ledger,
    now: datetime,
    *,
    effects: Collection[str] | None = None,
    poll_window: timedelta | None = None,
    policies: Iterable[ConfirmedValues] = (),
) -> tuple[Problem, ...]:
    """List the problems of a ledger and its jobs, the critical ones first.

    Args:
        ledger: The ledger.
        now: The time, with its zone.
        effects: The names of the effects that the service can run; ``None`` when they are not known.
        poll_window: The age up to which the service asks the bank about an attempt; ``None`` when it does not ask.
        policies: The policies in use, whose values somebody has to confirm.

    >>> from datetime import UTC
    >>> from creance_pay.ledger import MemoryLedger
    >>> ledger, noon = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
    >>> ledger.beat("reconcile", now=noon)
    True
    >>> print(*health_of(ledger, noon + timedelta(hours=2)))
    JOB_SILENT 1 since 2026-11-23T12:00:00+00:00: reconcile
    """
    found: list[Problem] = []
    try:
        with ledger.transaction(write=False) as store:
            found += _clock(store, now)
            found += _jobs(store, now)
            found += _effects(store.tasks(), now, effects)
            found += _messages(store, now)
            found += _questions(store, now, poll_window)
            found += _people(store, now)
    except GatewayUnavailableError as error:
        found.append(Problem(kind=ProblemKind.LEDGER_UNAVAILABLE, detail=str(error)))
    for policy in policies:
        if overdue := policy.overdue(now.date()):
            found.append(Problem(kind=ProblemKind.POLICY_OVERDUE, count=len(overdue), detail=_listed(overdue)))
    return tuple(sorted(found, key=lambda problem: not problem.critical))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))


def _clock(store: Store, now: datetime) -> Iterator[Problem]:
    event = store.last_event_at()
    times = [*store.heartbeats().values(), *([event] if event else [])]
    ahead = [time for time in times if time > now + _CLOCK_TOLERANCE]
    if ahead:
        yield Problem(kind=ProblemKind.CLOCK_WRONG, count=len(ahead), detail=f"a time {max(ahead) - now} ahead of now")


def _jobs(store: Store, now: datetime) -> Iterator[Problem]:
    """Yield the jobs that do not run.  Effects need no worker while none is due, so only a job that stopped counts."""
    beats = store.heartbeats()
    for job, limit in SILENT.items():
        last = beats.get(job)
        stopped = last is not None and last < now - limit
        never = last is None and job == RECONCILE and any(store.payments((), None, now - limit))
        if stopped or never:
            yield Problem(kind=ProblemKind.JOB_SILENT, since=last, detail=job)
    report = beats.get(REPORT)
    if report is not None and report < now - _REPORT_OVERDUE:
        yield Problem(kind=ProblemKind.REPORT_OVERDUE, since=report, detail="TRANSACTIONS")


def _effects(tasks: Collection[EffectTask], now: datetime, known: Collection[str] | None) -> Iterator[Problem]:
    overdue = [task for task in tasks if task.due_at <= now - _EFFECT_OVERDUE]
    unknown = [task for task in tasks if known is not None and task.name not in known and task.due_at <= now]
    failing = [task for task in tasks if task.attempts >= _FAILED_ATTEMPTS]
    for kind, those in (
        (ProblemKind.EFFECT_OVERDUE, overdue),
        (ProblemKind.EFFECT_UNKNOWN, [task for task in unknown if task.name or not known]),
        (ProblemKind.EFFECT_FAILING, failing),
    ):
        if those:
            names = (task.name or "no effect is registered" for task in those)
            since = min(task.due_at for task in those)
            yield Problem(kind=kind, count=len(those), since=min(since, now), detail=_listed(names))


def _messages(store: Store, now: datetime) -> Iterator[Problem]:
    unknown = store.recorded(Disposition.REFUSED, now - _KEY_PERIOD, "UnknownKeyError")
    refused = store.recorded(Disposition.REFUSED, now - _FLOOD_PERIOD)
    if unknown:
        yield Problem(kind=ProblemKind.KEY_UNKNOWN, count=unknown)
    if refused >= _FLOOD:
        yield Problem(kind=ProblemKind.REFUSED_FLOOD, count=refused, since=now - _FLOOD_PERIOD)


def _questions(store: Store, now: datetime, poll_window: timedelta | None) -> Iterator[Problem]:
    if poll_window is None:
        return
    due = [payment for payment in store.to_ask(now - _QUESTION_OVERDUE, now) if payment.is_asked(now, poll_window)]
    if due:
        since = min(payment.ask_at for payment in due if payment.ask_at)
        yield Problem(kind=ProblemKind.QUESTION_OVERDUE, count=len(due), since=since)


def _people(store: Store, now: datetime) -> Iterator[Problem]:
    """Yield what waits for a person or for the caisse."""
    if unposted := store.unposted(now):
        yield Problem(kind=ProblemKind.POSTING_OVERDUE, count=len(unposted))
    if acts := [act for act in store.open_acts() if act.requested_at <= now - _ACT_OPEN]:
        yield Problem(kind=ProblemKind.ACT_OPEN, count=len(acts), since=acts[0].requested_at)
    incidents = store.incidents()  # the oldest first
    for kind, count in Counter(incident.kind for incident in incidents).items():
        first = next(incident.at for incident in incidents if incident.kind is kind)
        yield Problem(kind=ProblemKind.INCIDENT_OPEN, count=count, since=first, detail=kind)
