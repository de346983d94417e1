"""A payment from its start to its last effect: a gateway and a ledger, brought together.

Ten lines of a portal::

    service = PaymentService(gateway, ledger, effects=[Effect(name="acknowledgement", run=send)])

    started = service.start(amount, notices, return_url=..., notification_url=...)   # show started.form
    answer = service.on_notification(HttpMessage(body, headers))                     # answer answer.http_status
    view = service.on_return(HttpMessage(body, headers))                             # show view.message

    service.run_effects()                                       # after each answer, and every minute
    service.reconcile(older_than=timedelta(minutes=20))         # every few minutes

Everything that comes takes the same path: prove, find the order, record.  Which of the return and the notification
comes first, how often, and in how many processes at once, makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from ..errors import (
    CreancePayError,
    GatewayUnavailableError,
    OrderMismatchError,
    ResponseRefusedError,
    UnsupportedError,
)
from ..money import Euros
from ..payment import Outcome, PaymentOrder, PaymentState, Source
from ..references import NoticeReference
from .effects import Effect, EffectTask
from .entries import LedgerEntry, LedgerRecord, Received
from .forms import FormPost, Redirect
from .gateway import Capability, Gateway, HttpMessage, VerifiedPayment
from .incidents import Incident, IncidentKind
from .keys import utc_now
from .ledger import Ledger, Recorded
from .transitions import UNDECIDED, UNHEARD, Treatment
from .transport import Transport

_MANY_ATTEMPTS = 5
_EUROS = {None, "978", "EUR"}
_AHEAD = timedelta(hours=1)  # a clock may be wrong by minutes


@attrs.frozen(kw_only=True)
class StartedPayment:
    """A payment that is recorded, and the way out to the bank.

    Attributes:
        transaction_reference: Its reference: keep it in the person's session.
        form: What the browser does next.
    """

    transaction_reference: str
    form: FormPost | Redirect


@attrs.frozen(kw_only=True)
class Answer:
    """What to answer the bank.

    Attributes:
        http_status: The status; the body may be empty.
        result: What was recorded, or why nothing was.
    """

    http_status: int
    result: Recorded | CreancePayError


@attrs.frozen(kw_only=True)
class Told:
    """What the person may be told about a payment: ``messages.message_for`` makes a sentence of it.

    Attributes:
        outcome: What became of the payment as far as is known, PENDING while nothing is.
        values: What the sentence may need.
    """

    outcome: Outcome
    values: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PaymentView:
    """What to show a browser that comes back; nothing in it is personal, since anyone may open a link.

    Attributes:
        http_status: 200, or what a page of your own should answer with.
        result: What was recorded, or why nothing was.
        message: What the person may be told, by the ledger and not by this message alone.
    """

    http_status: int
    result: Recorded | CreancePayError
    message: Told


@attrs.frozen(kw_only=True)
class EffectsRun:
    """How many effects a run brought about.

    Attributes:
        done: How many happened.
        failed: How many raised, and will be tried again.
    """

    done: int = 0
    failed: int = 0


@attrs.frozen(kw_only=True)
class Reconciliation:
    """What a reconciliation found out.

    Attributes:
        recorded: What was recorded, duplicates included.
        unanswered: The references of the payments about which the bank did not answer, or not readably.
    """

    recorded: tuple[Recorded, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Recorded, ...]:
        """What changed a payment."""
        return tuple(each for each in self.recorded if each.treatment is Treatment.APPLIED)


class ReportedLine(Protocol):
    """A line of a bank's report; those of :func:`creance_pay.gateways.sips.read_reports` are such lines."""

    @property
    def transaction_reference(self) -> str:
        """The payment it is about."""

    @property
    def amount(self) -> Euros | None:
        """The amount, where it tells one."""

    @property
    def state(self) -> PaymentState:
        """What it says about the payment."""

    @property
    def at(self) -> datetime | None:
        """When that was so, by the bank's time."""

    @property
    def currency(self) -> str | None:
        """The currency, where it tells one."""

    @property
    def values(self) -> Mapping[str, str]:
        """Every column."""


@attrs.frozen(kw_only=True)
class _ReportedPayment(VerifiedPayment):
    """What a report's line says; a refund is no outcome, so that the state stands beside it."""

    state: PaymentState


class PaymentService:
    """What a portal calls: start, notification, return, effects, reconciliation.

    Args:
        gateway: The bank.
        ledger: The shop's ledger.
        transport: What asks the bank; without it nothing is asked, and notifications and reports tell.
        effects: What follows a payment.
        clock: What tells the time, with its zone.
        display_delay: How long a payment may not show in the person's account yet (rule R17).
        attempt_life: How long an attempt of which nothing was heard stands in the way of another; the bank's page
            gives up after fifteen minutes.
    """

    def __init__(
        self,
        gateway: Gateway,
        ledger: Ledger,
        *,
        transport: Transport | None = None,
        effects: Iterable[Effect] = (),
        clock: Callable[[], datetime] = utc_now,
        display_delay: timedelta = timedelta(hours=24),
        attempt_life: timedelta = timedelta(minutes=30),
    ) -> None:
        """Bring them together."""
        self._gateway = gateway
        self._ledger = ledger
        self._transport = transport if Capability.STATUS in gateway.capabilities else None
        self._effects = {effect.name: effect for effect in effects}
        self._clock = clock
        self._display_delay = display_delay
        self._attempt_life = attempt_life

    def start(
        self,
        amount: Euros,
        notices: Mapping[NoticeReference, Euros],
        *,
        return_url: str,
        notification_url: str,
        replace: bool = False,
    ) -> StartedPayment:
        """Record an order, and give the way out to the bank.

        Args:
            amount: What to ask from the bank: re-read on your server, and never taken from the browser.
            notices: What each notice receives; sums to ``amount``.
            return_url: Where the browser comes back to.
            notification_url: Where the bank's server posts the result.
            replace: Whether the person gave up an attempt that is open.  The bank is asked about it first, and only
                what it has neither accepted nor under way is replaced; without a transport only time does that.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open, or does not show yet.
            InvalidValueError: when the order cannot be made, or the bank would refuse it.
            GatewayUnavailableError: when the ledger does not answer, or the bank where it has to be called.
        """
        now = self._clock()
        entry = self._ledger.open(
            amount,
            notices,
            return_url=return_url,
            notification_url=notification_url,
            now=now,
            life=self._attempt_life,
            aside=self._asked_aside(notices, now, replace=replace),
        )
        try:
            form = self._gateway.initiate(entry.order)
        except CreancePayError:
            self._ledger.give_up(entry, now=now)
            raise
        return StartedPayment(transaction_reference=entry.transaction_reference, form=form)

    def on_notification(self, message: HttpMessage) -> Answer:
        """Take what the bank's server posted.

        Returns:
            The status to answer: 200 for what is recorded, for duplicates and for what is authentic but not about the
            recorded order; 400 for what is not authentic; 503, so that it is sent again, when the ledger does not
            answer, or the order is not recorded yet.
        """
        result = self._take(message, Received.message(message, Source.NOTIFICATION, self._clock()))
        return Answer(http_status=_status(result), result=result)

    def on_return(self, message: HttpMessage) -> PaymentView:
        """Take what the person's browser brought back.

        A bank that seals its returns is believed, as a notification is; of another bank the return is a hint that asks
        for nothing, since anyone could send it, and the person is told that the payment is being confirmed.
        """
        if Capability.SEALED_RETURN not in self._gateway.capabilities:
            hint = UnsupportedError("the returns of this bank prove nothing")
            return PaymentView(http_status=200, result=hint, message=Told(outcome=Outcome.PENDING))
        result = self._take(message, Received.message(message, Source.RETURN, self._clock()))
        return PaymentView(http_status=_status(result), result=result, message=self._told(result))

    def run_effects(self) -> EffectsRun:
        """Run every effect that is due; one that raises is tried again later, less and less often."""
        run = EffectsRun()
        while True:
            tasks = self._ledger.tasks(now=self._clock(), names=self._effects.keys())
            ran = [self._run(task) for task in tasks]
            run = EffectsRun(done=run.done + ran.count(True), failed=run.failed + ran.count(False))
            if True not in ran and False not in ran:
                return run

    def reconcile(
        self,
        *,
        older_than: timedelta = timedelta(minutes=20),
        asking_for: timedelta = timedelta(days=7),
        reports: Iterable[ReportedLine] = (),
    ) -> Reconciliation:
        """Find out what nobody told: try parked messages again, ask the bank, and read its reports.

        Args:
            older_than: The age of the payments to ask about; younger ones may still be told of.
            asking_for: How long to ask about an attempt of which nothing was ever heard; the bank is asked for ever
                about one that it has under way.
            reports: Lines of the bank's daily reports.
        """
        parked = [self._retry(record) for record in self._ledger.parked()]
        recorded = [result for result in parked if isinstance(result, Recorded)]
        recorded += self._read(list(reports))
        unanswered = []
        for entry in self._unsettled(older_than, asking_for) if self._transport else ():
            answer = self._ask(entry)
            if answer is None:
                unanswered.append(entry.transaction_reference)
            else:
                recorded.append(answer)
        return Reconciliation(recorded=tuple(recorded), unanswered=tuple(unanswered))

    def incidents(self) -> tuple[Incident, ...]:
        """List what a person has to look at, the oldest first."""
        return self._ledger.incidents()

    def _told(self, result: Recorded | CreancePayError) -> Told:
        """Tell what the ledger holds: what the message said is perhaps old, and says nothing when it was refused."""
        state = result.state if isinstance(result, Recorded) else PaymentState.PENDING
        if state is PaymentState.PAID:
            hours = self._display_delay // timedelta(hours=1)
            return Told(outcome=Outcome.PAID, values={"display_delay_hours": hours})
        return Told(outcome=_outcome(state))

    def _take(self, message: HttpMessage, received: Received) -> Recorded | CreancePayError:
        """Prove a message and record it, or record why it was not."""
        try:
            return self._proved(message, received)
        except GatewayUnavailableError as error:
            return error
        except ResponseRefusedError as error:
            with suppress(GatewayUnavailableError):  # nothing is lost that could be believed
                self._ledger.refuse(received, reference=self._peeked(message), error=error)
            return error

    def _peeked(self, message: HttpMessage) -> str:
        try:
            return self._gateway.peek(message)
        except ResponseRefusedError:
            return ""

    def _proved(self, message: HttpMessage, received: Received) -> Recorded | CreancePayError:
        reference = self._gateway.peek(message)
        entry = self._ledger.find(reference)
        if entry is None:
            return self._park(message, received, reference)
        try:
            payment = self._gateway.verify(message, expected=entry.order, source=received.source)
        except OrderMismatchError as error:
            self._mismatched(reference, received, error)
            return error
        return self._record(payment, received, reference)

    def _park(self, message: HttpMessage, received: Received, reference: str) -> GatewayUnavailableError:
        """Keep an authentic message until its order is recorded; nobody else's words are kept."""
        nothing = PaymentOrder(transaction_reference=reference, amount=Euros(1), return_url="", notification_url="")
        with suppress(OrderMismatchError):  # of course
            self._gateway.verify(message, expected=nothing, source=received.source)
        kind = IncidentKind.UNKNOWN_ORDER
        self._ledger.note(Treatment.PARKED, received, reference=reference, detail="", kind=kind)
        return GatewayUnavailableError("the order of an authentic message is not recorded yet", retryable=True)

    def _mismatched(self, reference: str, received: Received, error: OrderMismatchError) -> None:
        kind, fields = IncidentKind.ORDER_MISMATCH, ", ".join(error.fields)
        self._ledger.note(Treatment.MISMATCH, received, reference=reference, detail=fields, kind=kind)

    def _record(self, payment: VerifiedPayment, received: Received, reference: str) -> Recorded:
        if payment.authorised_at and payment.authorised_at > received.at + _AHEAD:
            warnings = (*payment.warnings, "the bank's time is in the future")
            payment = attrs.evolve(payment, warnings=warnings)
        display_by = received.at + self._display_delay
        return self._ledger.record(
            payment, received, reference=reference, display_by=display_by, effects=self._effects.values()
        )

    def _asked_aside(self, notices: Iterable[NoticeReference], now: datetime, *, replace: bool) -> set[str]:
        """Ask the bank about earlier attempts, and name those that it does not know either."""
        aside = set()
        for entry in self._ledger.payments_of(notices) if self._transport else ():
            waiting = entry.state in UNHEARD and not entry.blocks(now, self._attempt_life)
            if waiting or (replace and entry.state in UNHEARD | UNDECIDED):
                asked = self._ask(entry)
                if asked:
                    aside.add(entry.transaction_reference)
        return aside

    def _ask(self, entry: LedgerEntry) -> Recorded | None:
        """Ask the bank about a payment; ``None`` when it does not answer, or not about this payment."""
        if self._transport is None:
            return None
        now = self._clock()
        try:
            payment = self._gateway.fetch_status(entry.order, self._transport)
        except OrderMismatchError as error:
            self._mismatched(entry.transaction_reference, Received.fields({}, Source.STATUS, now), error)
            return None
        except (GatewayUnavailableError, ResponseRefusedError):
            return None
        return self._record(payment, Received.fields(payment.raw, Source.STATUS, now), entry.transaction_reference)

    def _retry(self, record: LedgerRecord) -> Recorded | CreancePayError | None:
        """Take a parked message again; one whose payload is gone waits for the bank to be asked."""
        if record.message is None:
            return None
        received = Received.message(record.message, record.received.source, self._clock())
        result = self._take(record.message, attrs.evolve(received, retry_of=record.number))
        if isinstance(result, Recorded):
            known = Incident(
                kind=IncidentKind.UNKNOWN_ORDER, transaction_reference=record.transaction_reference, at=received.at
            )
            self._ledger.close_incident(known, at=received.at)
        return result

    def _unsettled(self, older_than: timedelta, asking_for: timedelta) -> tuple[LedgerEntry, ...]:
        now = self._clock()
        undecided = self._ledger.entries(UNDECIDED, before=now - older_than)
        return undecided + self._ledger.entries(UNHEARD, since=now - asking_for, before=now - older_than)

    def _read(self, lines: list[ReportedLine]) -> list[Recorded]:
        """Record what reports say; each line that fits no payment makes an incident, and so does a payment without."""
        recorded: list[Recorded] = []
        seen: set[tuple[str, PaymentState]] = set()
        for line in lines:
            entry = self._ledger.find(line.transaction_reference)
            fault = _fault(line, entry, seen)
            if fault or entry is None:
                self._report_incident(fault or IncidentKind.REPORT_SURPLUS, line.transaction_reference)
            else:
                seen.add((line.transaction_reference, line.state))
                received = Received.fields(line.values, Source.REPORT, self._clock())
                recorded.append(self._record(_reported(line, entry), received, entry.transaction_reference))
        for entry in self._missing(lines):
            self._report_incident(IncidentKind.REPORT_MISSING, entry.transaction_reference)
        return recorded

    def _missing(self, lines: list[ReportedLine]) -> list[LedgerEntry]:
        """Find the payments of the reported time, by the bank's clock, of which the reports say nothing."""
        times = [line.at for line in lines if line.at and line.state is PaymentState.PAID]
        if not times:
            return []
        told = {line.transaction_reference for line in lines}
        first, last = min(times), max(times)
        paid = self._ledger.entries({PaymentState.PAID}, since=first - timedelta(days=1), before=last)
        within = [entry for entry in paid if entry.authorised_at and first <= entry.authorised_at <= last]
        return [entry for entry in within if entry.transaction_reference not in told]

    def _report_incident(self, kind: IncidentKind, reference: str) -> None:
        self._ledger.raise_incident(Incident(kind=kind, transaction_reference=reference[:64], at=self._clock()))

    def _run(self, task: EffectTask) -> bool | None:
        """Run one effect; ``None`` when somebody else does, or its payment is not there."""
        claimed = self._ledger.claim(task, now=self._clock())
        entry = self._ledger.find(task.transaction_reference)
        if claimed is None or entry is None:
            return None
        try:
            self._effects[task.name].run(entry, task.key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the effect has to run again
            self._failed(attrs.evolve(claimed, error=type(error).__name__))
            return False
        self._ledger.finish(claimed, at=self._clock())
        return True

    def _failed(self, task: EffectTask) -> None:
        self._ledger.finish(task, at=None)
        if task.attempts >= _MANY_ATTEMPTS:
            self._ledger.raise_incident(
                Incident(
                    kind=IncidentKind.EFFECT_FAILING,
                    transaction_reference=task.transaction_reference,
                    at=self._clock(),
                    detail=task.name,
                )
            )


def _status(result: Recorded | CreancePayError) -> int:
    if isinstance(result, ResponseRefusedError | OrderMismatchError):
        return result.http_status
    return 200 if isinstance(result, Recorded) else 503


def _outcome(state: PaymentState) -> Outcome:
    """Say a state as an outcome: nothing heard is pending, and what is none is unknown."""
    if state is PaymentState.CREATED:
        return Outcome.PENDING
    return Outcome(state.value) if state.value in set(Outcome) else Outcome.UNKNOWN


def _fault(line: ReportedLine, entry: LedgerEntry | None, seen: set[tuple[str, PaymentState]]) -> IncidentKind | None:
    """Say why a line of a report cannot be recorded."""
    if entry is None or (line.transaction_reference, line.state) in seen:
        return IncidentKind.REPORT_SURPLUS
    given_back = line.state is PaymentState.REFUNDED  # perhaps a part
    wrong = line.amount is not None and (line.amount > entry.amount or (line.amount < entry.amount and not given_back))
    return IncidentKind.REPORT_DIFFERENT if wrong or line.currency not in _EUROS else None


def _reported(line: ReportedLine, entry: LedgerEntry) -> VerifiedPayment:
    """Say a line of a report as a message."""
    part = line.state is PaymentState.REFUNDED and line.amount is not None and line.amount < entry.amount
    state = PaymentState.PARTIALLY_REFUNDED if part else line.state
    return _ReportedPayment(
        outcome=_outcome(state), state=state, source=Source.REPORT, amount=line.amount, authorised_at=line.at
    )
