"""The payment service: one payment from its start to its last effect.

Ten lines of a portal::

    service = PaymentService(gateway, ledger, effects=[Effect(name="acknowledgement", run=send)])

    started = service.start(amount, notices, return_url=..., notification_url=...)   # show started.form
    answer = service.on_notification(HttpMessage(body, headers))                     # answer answer.http_status
    view = service.on_return(HttpMessage(body, headers))                             # redirect to a page of your own
    message = messages.message_for(ledger.find(reference))                           # shown on that page

    service.run_effects()                                       # after each answer, and every minute
    service.reconcile(older_than=timedelta(minutes=20))         # every few minutes

Every message takes the same path: authenticate, find the order, match, record.  The order of return and notification,
their repetition, and the number of processes change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from .._clock import utc_now
from ..errors import ConfigurationError, CreancePayError, UnsupportedError
from ..gateways.base import Capability, Gateway, ReportLine
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger, RecordResult
from ..ledger.outbox import Effect, EffectTask
from ..ledger.records import IN_FLIGHT_STATES, UNCONFIRMED_STATES, Evidence, Payment
from ..money import Euros
from ..payment import PaymentState, Source
from ..references import NoticeReference
from .inbox import Inbox
from .reconciliation import record_lines
from .results import Answer, EffectsRun, PaymentView, Reconciliation, StartedPayment, status_of

_ATTEMPTS_BEFORE_INCIDENT = 5
_POLL_WINDOW = timedelta(days=7)


class PaymentService:
    """The calls of a portal: start, notification, return, effects, reconciliation.

    Args:
        gateway: The bank's gateway.
        ledger: The merchant's ledger.
        transport: The transport for questions to the bank; without it, only notifications and reports are recorded.
        effects: The effects of a payment.
        clock: Returns the time, with its zone.
        display_delay: How long a payment may not show in the person's account yet (rule R17).
        attempt_life: How long an attempt without an answer of the bank blocks another; the bank's page expires after
            fifteen minutes.

    Raises:
        ConfigurationError: for a clock without zone, or two effects of one name.
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
        """Check the settings."""
        named = tuple(effects)
        self._effects = {effect.name: effect for effect in named}
        if len(self._effects) < len(named):
            raise ConfigurationError(
                f"expected effects of different names, got {', '.join(each.name for each in named)}"
            )
        self._gateway = gateway
        self._ledger = ledger
        self._transport = transport if Capability.STATUS in gateway.capabilities else None
        self._clock = _in_utc(clock)
        self._attempt_life = attempt_life
        self._inbox = Inbox(
            gateway=gateway,
            ledger=ledger,
            effects=named,
            clock=self._clock,
            display_delay=display_delay,
        )

    def start(
        self,
        amount: Euros,
        notices: Mapping[NoticeReference, Euros],
        *,
        return_url: str,
        notification_url: str,
        replace: bool = False,
    ) -> StartedPayment:
        """Record an order, and build the form that brings the browser to the bank.

        The bank is asked first about earlier attempts that may have been paid without a notification.

        Args:
            amount: The amount to ask from the bank: computed on your server, never taken from the browser.
            notices: The amount for each notice; sums to ``amount``.
            return_url: The address that the browser returns to.
            notification_url: The address that the bank's server posts to.
            replace: Whether the person gave up an open attempt.  The bank is asked about it first, and only an attempt
                that it has neither accepted nor in progress is replaced; without a transport, only time does that.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open, or does not show yet.
            InvalidValueError: when the order is invalid, or the bank would refuse it.
            GatewayUnavailableError: when the ledger does not answer, or the bank where it has to be called.
        """
        now = self._clock()
        asked_about = self._ask_about_earlier(notices, now, replace=replace)
        payment = self._ledger.open(
            amount,
            notices,
            return_url=return_url,
            notification_url=notification_url,
            now=now,
            attempt_life=self._attempt_life,
            ignoring=asked_about,
        )
        try:
            form = self._gateway.initiate(payment.order)
        except CreancePayError:
            self._ledger.give_up(payment, now=now)
            raise
        return StartedPayment(transaction_reference=payment.transaction_reference, form=form)

    def on_notification(self, message: HttpMessage) -> Answer:
        """Record a notification of the bank's server.

        Returns:
            The HTTP status to answer: 200 for a recorded message, a duplicate, or an authentic message that does not
            match its order; 400 for a message that is not authentic; 503, so that the bank sends it again, when the
            ledger does not answer or the order is not recorded yet.
        """
        result = self._inbox.take(message, Evidence.message(message, Source.NOTIFICATION, self._clock()))
        return Answer(http_status=status_of(result), result=result)

    def on_return(self, message: HttpMessage) -> PaymentView:
        """Record a return of the person's browser.

        A sealed return is recorded as a notification is.  The return of a bank that does not seal it is a hint that
        anyone could send: it is not recorded, and the payment is shown as pending.
        """
        if Capability.SEALED_RETURN not in self._gateway.capabilities:
            hint = UnsupportedError("the bank does not seal its returns")
            return PaymentView(http_status=200, result=hint, state=PaymentState.PENDING)
        result = self._inbox.take(message, Evidence.message(message, Source.RETURN, self._clock()))
        state = result.state if isinstance(result, RecordResult) else PaymentState.PENDING
        return PaymentView(http_status=status_of(result), result=result, state=state)

    def run_effects(self) -> EffectsRun:
        """Run every effect that is due; one that raises is retried later, with increasing back-off."""
        ran = []
        while found := self._ledger.claim(now=self._clock(), names=self._effects.keys()):
            ran.append(self._run(*found))
        return EffectsRun(done=ran.count(True), failed=ran.count(False))

    def reconcile(
        self,
        *,
        older_than: timedelta = timedelta(minutes=20),
        poll_window: timedelta = _POLL_WINDOW,
        reports: Iterable[ReportLine] = (),
        progress: Callable[[tuple[Payment, ...]], Iterable[Payment]] = tuple,
    ) -> Reconciliation:
        """Process parked messages again, record the bank's reports, and ask the bank about open payments.

        Args:
            older_than: The age from which to ask about a payment; a younger one may still be notified.
            poll_window: The age up to which to ask about an attempt without any answer of the bank.  An attempt that
                the bank has in progress is asked about at any age.
            reports: Lines of the bank's daily reports.
            progress: Yields the payments to ask about one by one, such as a progress bar.
        """
        parked = [self._inbox.retry(event) for event in self._ledger.parked()]
        recorded = [result for result in parked if isinstance(result, RecordResult)]
        recorded += record_lines(self._inbox, list(reports))
        unanswered = []
        for payment, answer in self._ask(progress(tuple(self._open_payments(older_than, poll_window)))):
            if answer is None:
                unanswered.append(payment.transaction_reference)
            else:
                recorded.append(answer)
        return Reconciliation(recorded=tuple(recorded), unanswered=tuple(unanswered))

    def incidents(self) -> tuple[Incident, ...]:
        """List the open incidents, the oldest first."""
        return self._ledger.incidents()

    def _ask_about_earlier(self, notices: Iterable[NoticeReference], now: datetime, *, replace: bool) -> set[str]:
        """Ask the bank about earlier attempts, and return the references of those that it answered about."""
        earlier = self._earlier(notices, now, replace=replace)
        return {payment.transaction_reference for payment, answer in self._ask(earlier) if answer}

    def _earlier(self, notices: Iterable[NoticeReference], now: datetime, *, replace: bool) -> Iterator[Payment]:
        """Yield the attempts that may have been paid without a notification, and do not block any more."""
        for payment in self._ledger.payments_for_notices(notices):
            unanswered = payment.state in UNCONFIRMED_STATES and now < payment.created_at + _POLL_WINDOW
            given_up = replace or not payment.blocks(now, self._attempt_life)
            if (unanswered or payment.state in IN_FLIGHT_STATES) and given_up:
                yield payment

    def _ask(self, payments: Iterable[Payment]) -> Iterator[tuple[Payment, RecordResult | None]]:
        """Ask the bank about payments, where there is a transport."""
        if self._transport is not None:
            for payment in payments:
                yield payment, self._inbox.ask(payment, self._transport)

    def _open_payments(self, older_than: timedelta, poll_window: timedelta) -> Iterator[Payment]:
        now = self._clock()
        yield from self._ledger.payments(IN_FLIGHT_STATES, before=now - older_than)
        yield from self._ledger.payments(UNCONFIRMED_STATES, since=now - poll_window, before=now - older_than)

    def _run(self, task: EffectTask, payment: Payment) -> bool:
        """Run one effect, and return whether it succeeded."""
        try:
            self._effects[task.name].run(payment, task.key)
        except Exception as error:  # noqa: BLE001 - any exception is retried
            self._failed(attrs.evolve(task, error=type(error).__name__))
            return False
        self._ledger.finish(task, at=self._clock())
        return True

    def _failed(self, task: EffectTask) -> None:
        self._ledger.finish(task, at=None)
        if task.attempts >= _ATTEMPTS_BEFORE_INCIDENT:
            self._ledger.raise_incident(
                Incident(
                    kind=IncidentKind.EFFECT_FAILING,
                    transaction_reference=task.transaction_reference,
                    at=self._clock(),
                    detail=task.name,
                )
            )


def _in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock in UTC, where every day has 24 hours: sums in another zone are wrong when its clocks change."""
    if clock().tzinfo is None:
        raise ConfigurationError("expected clock to return a time with its zone, got one without")
    return lambda: clock().astimezone(UTC)
