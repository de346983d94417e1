"""A payment from its start to its last effect: a gateway and a ledger, brought together.

Ten lines of a portal::

    service = PaymentService(gateway, ledger, effects=[Effect(name="acknowledgement", run=send)])

    started = service.start(amount, notices, return_url=..., notification_url=...)   # show started.form
    answer = service.on_notification(HttpMessage(body, headers))                     # answer answer.http_status
    view = service.on_return(HttpMessage(body, headers))                             # go on to a page of your own
    told = service.told(ledger.find(reference))                                      # which shows what is known now

    service.run_effects()                                       # after each answer, and every minute
    service.reconcile(older_than=timedelta(minutes=20))         # every few minutes

Everything that comes takes the same path: prove, find the order, record.  Which of the return and the notification
comes first, how often, and in how many processes at once, makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from .._clock import utc_now
from ..errors import ConfigurationError, CreancePayError, UnsupportedError
from ..gateways.base import Capability, Gateway
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger, RecordResult
from ..ledger.outbox import Effect, EffectTask
from ..ledger.records import Evidence, Payment
from ..ledger.transitions import IN_FLIGHT_STATES, UNCONFIRMED_STATES
from ..money import Euros
from ..payment import PaymentState, Source
from ..references import NoticeReference
from .inbox import Inbox
from .reconciliation import ReportedLine, read_lines
from .results import Answer, EffectsRun, PaymentView, Reconciliation, StartedPayment, Told, outcome_of, status_of

_MANY_ATTEMPTS = 5
_ASKING = timedelta(days=7)


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
        """Bring them together."""
        named = tuple(effects)
        self._effects = {effect.name: effect for effect in named}
        if len(self._effects) < len(named):
            raise ConfigurationError("two effects have the same name")
        self._gateway = gateway
        self._ledger = ledger
        self._transport = transport if Capability.STATUS in gateway.capabilities else None
        self._clock = _in_utc(clock)
        self._attempt_life = attempt_life
        self._intake = Inbox(
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
            attempt_life=self._attempt_life,
            ignoring=self._asked_aside(notices, now, replace=replace),
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
        result = self._intake.take(message, Evidence.message(message, Source.NOTIFICATION, self._clock()))
        return Answer(http_status=status_of(result), result=result)

    def on_return(self, message: HttpMessage) -> PaymentView:
        """Take what the person's browser brought back.

        A bank that seals its returns is believed, as a notification is; of another bank the return is a hint that asks
        for nothing, since anyone could send it, and the person is told that the payment is being confirmed.
        """
        if Capability.SEALED_RETURN not in self._gateway.capabilities:
            hint = UnsupportedError("the returns of this bank prove nothing")
            return PaymentView(http_status=200, result=hint, message=Told(outcome=PaymentState.PENDING))
        result = self._intake.take(message, Evidence.message(message, Source.RETURN, self._clock()))
        told = self.told(result.entry) if isinstance(result, RecordResult) else Told(outcome=PaymentState.PENDING)
        return PaymentView(http_status=status_of(result), result=result, message=told)

    def told(self, entry: Payment) -> Told:
        """Tell what the ledger holds about a payment, for the page that a browser is sent on to after its return.

        Args:
            entry: A payment of the person who is signed in: find it by the reference in the person's own session.
        """
        if entry.state is PaymentState.PAID:
            hours = self._intake.display_delay // timedelta(hours=1)
            return Told(outcome=PaymentState.PAID, values={"display_delay_hours": hours})
        return Told(outcome=outcome_of(entry.state))

    def run_effects(self) -> EffectsRun:
        """Run every effect that is due; one that raises is tried again later, less and less often."""
        ran = []
        while found := self._ledger.claim(now=self._clock(), names=self._effects.keys()):
            ran.append(self._run(*found))
        return EffectsRun(done=ran.count(True), failed=ran.count(False))

    def reconcile(
        self,
        *,
        older_than: timedelta = timedelta(minutes=20),
        asking_for: timedelta = _ASKING,
        reports: Iterable[ReportedLine] = (),
        watch: Callable[[tuple[Payment, ...]], Iterable[Payment]] = tuple,
    ) -> Reconciliation:
        """Find out what nobody told: try parked messages again, ask the bank, and read its reports.

        Args:
            older_than: The age of the payments to ask about; younger ones may still be told of.
            asking_for: How long to ask about an attempt of which nothing was ever heard; the bank is asked for ever
                about one that it has under way.
            reports: Lines of the bank's daily reports.
            watch: What gives the payments one by one to be asked about, such as a bar that shows how far it is.
        """
        parked = [self._intake.retry(record) for record in self._ledger.parked()]
        recorded = [result for result in parked if isinstance(result, RecordResult)]
        recorded += read_lines(self._intake, list(reports))
        unanswered = []
        for entry, answer in self._asked(watch(tuple(self._unsettled(older_than, asking_for)))):
            if answer is None:
                unanswered.append(entry.transaction_reference)
            else:
                recorded.append(answer)
        return Reconciliation(recorded=tuple(recorded), unanswered=tuple(unanswered))

    def incidents(self) -> tuple[Incident, ...]:
        """List what a person has to look at, the oldest first."""
        return self._ledger.incidents()

    def _asked_aside(self, notices: Iterable[NoticeReference], now: datetime, *, replace: bool) -> set[str]:
        """Ask the bank about earlier attempts, and name those of which it answers something."""
        earlier = self._earlier(notices, now, replace=replace)
        return {entry.transaction_reference for entry, answer in self._asked(earlier) if answer}

    def _earlier(self, notices: Iterable[NoticeReference], now: datetime, *, replace: bool) -> Iterator[Payment]:
        """Find the attempts that may have been paid although nobody told, and no longer stand in the way."""
        for entry in self._ledger.payments_for_notices(notices):
            silent = entry.state in UNCONFIRMED_STATES and now < entry.created_at + _ASKING
            given_up = replace or not entry.blocks(now, self._attempt_life)
            if (silent or entry.state in IN_FLIGHT_STATES) and given_up:
                yield entry

    def _asked(self, entries: Iterable[Payment]) -> Iterator[tuple[Payment, RecordResult | None]]:
        """Ask the bank about payments, where it can be asked."""
        if self._transport is not None:
            for entry in entries:
                yield entry, self._intake.ask(entry, self._transport)

    def _unsettled(self, older_than: timedelta, asking_for: timedelta) -> Iterator[Payment]:
        now = self._clock()
        yield from self._ledger.entries(IN_FLIGHT_STATES, before=now - older_than)
        yield from self._ledger.entries(UNCONFIRMED_STATES, since=now - asking_for, before=now - older_than)

    def _run(self, task: EffectTask, entry: Payment) -> bool:
        """Run one effect, and tell whether it happened."""
        try:
            self._effects[task.name].run(entry, task.key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the effect has to run again
            self._failed(attrs.evolve(task, error=type(error).__name__))
            return False
        self._ledger.finish(task, at=self._clock())
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


def _in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Tell the time in UTC, where a day always has 24 hours: sums in another zone jump when its clocks change."""
    if clock().tzinfo is None:
        raise ConfigurationError("expected a clock that tells the time with its zone")
    return lambda: clock().astimezone(UTC)
