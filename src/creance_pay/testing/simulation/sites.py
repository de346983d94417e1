"""The portals of a simulated world: their processes, their ledgers and the records of their caisse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from ...errors import GatewayUnavailableError
from ...gateways import FormPost, HttpAnswer, Redirect, Transport
from ...ledger import Effect, Incident, Ledger, Payment
from ...money import Euros
from ...payment import PaymentState
from ...payments import PaymentService
from ...references import NoticeReference
from .banks import SimulatedBank
from .ledgers import Commit, ObservedLedger
from .scheduler import Call

#: The lease of an effect, by default.
_LEASE, _WRONG_CLOCK = timedelta(minutes=5), timedelta(days=1)
#: The shortest wait before an effect that raised is tried again.
_BACK_OFF = timedelta(minutes=1)


class Surroundings(Protocol):
    """The part of a world that a process sees."""

    now: datetime
    faults: set[str]
    no_line_until: datetime
    bank: SimulatedBank
    questions: Counter[str]
    answered: Counter[str]
    reached: Counter[str]

    def point(self, kind: str) -> None:
        """Pause the running call, or continue it."""

    def faulty(self, fault: str) -> bool:
        """Return whether the world has a fault, and has not calmed down."""

    def break_line(self) -> None:
        """Break the line to the bank for some time, or not."""

    def statement(self, name: str) -> None:
        """Crash the running process, or continue it."""

    def likely(self, probability: float) -> bool:
        """Draw whether something of a probability happens."""

    def violate(self, sentence: str) -> None:
        """Record a violated oracle."""

    def maybe_fail_effect(self) -> None:
        """Raise, hang or crash in an effect."""


@attrs.define(eq=False)
class Attempt:
    """An order of a person.

    Attributes:
        site: The portal.
        reference: The transaction reference.
        nonce: The nonce.
        form: The form to the bank.
        notices: The amounts by notice.
        opened: The number of the commit that opened it.
        priced: The number of commits before its amounts were computed.
        at: The time of the world when it was opened.
        dead_at: The time after which the bank must start no payment of it.
        replace: Whether the person gave up the open attempts.
        asked: The references about which the bank had answered a question by then.
        visited: The step in which the person opened the bank's page; zero before.
        used: Whether the bank knew the reference before.
    """

    site: Site
    reference: str
    nonce: str
    form: FormPost | Redirect
    notices: Mapping[NoticeReference, Euros]
    opened: int
    priced: int
    at: datetime
    dead_at: datetime
    replace: bool
    asked: frozenset[str]
    visited: int = 0
    used: bool = False

    def share(self, notice: NoticeReference, held: Euros) -> Euros:
        """Return the part of the money that a notice keeps; the last notice gives back first."""
        before = sum((amount for each, amount in self.notices.items() if str(each) < str(notice)), Euros(0))
        return min(self.notices[notice], held.saturating_sub(before))

    def known(self, payment: Payment) -> bool:
        """Return whether the ledger can ask about the order: a restored one may not know the bank's identifier."""
        return isinstance(self.form, FormPost) or payment.bank_reference is not None


@attrs.define(eq=False)
class Site:
    """A portal: one ledger, two processes, and the records of the caisse.

    Attributes:
        number: Its number.
        inner: The ledger.
        debts: The initial amount of each notice.
        commits: The committed transactions, in their order.
        posted: The amounts that the caisse has posted, by nonce and notice.
        settled: The notices that were settled by other means.
        happened: The effects that happened, by key: the nonces of their payments.
        leased: The time until which an effect that has begun must not begin again, by key, and the clock that it is of.
        finished: The keys of effects whose process has recorded their end.
        used: The nonces of orders whose ledger has read that the bank knew the reference before.
        forged: The references of orders about which a readable forgery came.
        attempts: The orders, by nonce.
        answered: The number of answers of the bank about each reference since the faults ended.
        slow: The references of payments on which an act took longer than another operator waits.
        corrected: The references of payments whose state a person has corrected.
        restored: Whether a backup has replaced the database.
        lost: The nonces of orders that a restored backup does not contain.
        undone: The references of payments of which a restored backup does not contain every write.
        processes: The processes.
        backup: The number of commits when the backup was made, and the function that restores it.
    """

    number: int
    inner: Ledger
    debts: Mapping[NoticeReference, Euros]
    commits: list[Commit] = attrs.field(factory=list)
    posted: dict[tuple[str, NoticeReference], Euros] = attrs.field(factory=dict)
    settled: set[NoticeReference] = attrs.field(factory=set)
    happened: dict[str, list[str]] = attrs.field(factory=dict)
    leased: dict[str, tuple[datetime, object]] = attrs.field(factory=dict)
    finished: set[str] = attrs.field(factory=set)
    forged: set[str] = attrs.field(factory=set)
    used: set[str] = attrs.field(factory=set)
    attempts: dict[str, Attempt] = attrs.field(factory=dict)
    answered: Counter[str] = attrs.field(factory=Counter)
    lost: set[str] = attrs.field(factory=set)
    undone: set[str] = attrs.field(factory=set)
    corrected: set[str] = attrs.field(factory=set)
    slow: set[str] = attrs.field(factory=set)
    restored: bool = False
    processes: list[Process] = attrs.field(factory=list)
    backup: tuple[int, Callable[[], None]] | None = None

    def raised(self) -> set[tuple[str, str]]:
        """Return the kind and the reference of every incident that was raised."""
        return {
            (each.kind.value, each.transaction_reference) for commit in self.commits for each in commit.of(Incident)
        }

    def forget(self, number: int) -> None:
        """Forget everything from a commit on: a backup has replaced the database."""
        for commit in self.commits[number:]:
            self.undone |= {getattr(value, "transaction_reference", "") for _, value in commit.writes}
        self.lost |= {each.nonce for each in self.attempts.values() if each.opened >= number}
        del self.commits[number:]
        writes = [write for commit in self.commits for write in commit.writes]
        self.settled &= {value for name, value in writes if name == "settle"}
        self.finished &= {value.key for name, value in writes if name == "finish"}
        self.used &= {value.order.nonce for _, value in writes if isinstance(value, Payment) and value.reference_used}
        self.forged &= {reference for kind, reference in self.raised() if kind == "NOT_AUTHENTIC"}
        self.leased.clear()


class Process:
    """A process of a portal: a service with a clock of its own, and at most one call at a time."""

    def __init__(self, world: Surroundings, site: Site) -> None:
        """Start the process."""
        self.world, self.site = world, site
        self.skew = timedelta(0)
        self.read_at = world.now
        self.ran: list[str] = []
        self.stopped_at: datetime | None = None
        self.rotated = False
        self.call: Call | None = None
        self.then: Callable[[Call], None] = lambda _: None
        self.restart()

    def restart(self) -> None:
        """Start again after a crash, or with other keys."""
        self.ledger = ObservedLedger(
            self.site.inner,
            self.site.commits,
            at_transaction=lambda: self.world.point("transaction"),
            at_statement=self.world.statement,
        )
        states = {PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED, PaymentState.CHARGED_BACK}
        line = _Line(self.world, self.site, self.world.bank.transport)
        self.service = PaymentService(
            self.world.bank.gateway(self.clock, line, rotated=self.rotated),
            self.ledger,
            transport=line,
            effects=[
                Effect(name="acknowledgement", run=self._effect),
                Effect(name="display", run=self._effect),
                Effect(name="returned", run=self._effect, on=states),
            ],
            clock=self.clock,
        )

    def clock(self) -> datetime:
        """Return the time of this process."""
        self.world.point("clock")
        self.read_at = (self.stopped_at or self.world.now) + self.skew
        return self.read_at

    def _effect(self, payment: Payment, key: str) -> None:
        site, world = self.site, self.world
        if key in site.finished:
            world.violate(f"the effect {key} ran again after its end was recorded")
        own = (self.skew, self.stopped_at)
        leased, clock = site.leased.get(key, (self.read_at, own))
        # A process that paused for a day between its clock and its transaction takes the lease for a wrong clock's.
        if self.read_at < leased <= self.read_at + _WRONG_CLOCK and clock == own:
            world.violate(f"the effect {key} ran again within its lease")
        lease = site.leased[key] = self.read_at + _LEASE, own
        try:
            world.point("effect")
            world.maybe_fail_effect()
            site.happened.setdefault(key, []).append(payment.order.nonce)
            world.maybe_fail_effect()
        except Exception:
            now = (self.stopped_at or world.now) + self.skew
            if site.leased.get(key) is lease and now < lease[0]:  # otherwise another process may begin it before
                site.leased[key] = now + _BACK_OFF, (self.skew, self.stopped_at)
            raise
        self.ran.append(key)

    def run_effects(self, limit: int | None = None) -> None:
        """Run effects, and note which of them are recorded as finished."""
        self.ran = []
        self.service.run_effects(limit=limit)
        self.site.finished.update(self.ran)


@attrs.define
class _Line(Transport):
    """The transport of a process, with the faults of a network."""

    world: Surroundings
    site: Site
    transport: Transport

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send a question, with the faults of a network."""
        reference = self.world.bank.about(url, body or b"")
        self.world.point("question")
        self.world.questions[reference] += 1
        faulty = self.world.faulty("questions")
        if faulty and (self.world.now < self.world.no_line_until or self.world.likely(0.10)):
            raise GatewayUnavailableError("the bank does not answer", retryable=True)
        if faulty and reference and self.world.likely(0.03):
            self.world.reached["a foreign error comes from the transport"] += 1
            raise KeyError(reference)
        answer = self.transport.send(method, url, headers=headers, body=body)
        self.world.point("question")
        if faulty and self.world.likely(0.12):
            self.world.break_line()
            raise GatewayUnavailableError("the answer is lost", retryable=False)
        self.world.answered[reference] += 1
        self.site.answered[reference] += 1
        return answer
