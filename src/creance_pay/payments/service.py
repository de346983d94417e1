"""The payment service: one payment from its start to its last effect.

Ten lines of a portal::

    service = PaymentService(gateway, ledger, effects=[Effect(name="acknowledgement", run=send)])

    started = service.start(amount, notices, return_url=..., notification_url=...)   # show started.form
    answer = service.on_notification(HttpMessage(body, headers))                     # answer answer.http_status
    view = service.on_return(HttpMessage(body, headers))                             # redirect to a page of your own
    message = messages.message_for(ledger.find(reference))                           # shown on that page

    service.run_effects()                                       # after each answer, and every minute
    service.reconcile(older_than=timedelta(minutes=20))         # every few minutes

Every message takes the same path: authenticate, find the order, match, record.  The result is the same for any order of
return and notification, any repetition, and any number of processes.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from .._clock import require_clock, utc_now
from .._log import log
from .._validators import describe
from ..errors import (
    ConfigurationError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidValueError,
    ReferenceUsedError,
    UnsupportedError,
)
from ..gateways.base import Capability, Gateway, OperationOutcome, OperationResult, Redirect, Report, ReportLine
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.acts import Act, ActKind, ActState
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger
from ..ledger.outbox import Effect, EffectTask
from ..ledger.recording import RecordResult
from ..ledger.records import (
    FAILED_STATES,
    IN_FLIGHT_STATES,
    UNCONFIRMED_STATES,
    Evidence,
    Payment,
    PostingState,
    require_person,
)
from ..money import Euros
from ..payment import PaymentState, Source, VerifiedPayment
from ..references import NoticeReference
from .health import RECONCILE, ConfirmedValues, Problem, health_of
from .inbox import Inbox
from .reconciliation import record_lines
from .results import Answer, EffectsRun, PaymentView, Posting, Reconciliation, StartedPayment, status_of
from .telemetry import count, spanned

_ATTEMPTS_BEFORE_INCIDENT = 5
_POLL_WINDOW = timedelta(days=7)
#: Questions to the bank that one start may ask while a person waits.
_MAX_QUESTIONS = 3
#: The states that a person can record without an amount.
_CORRECTIONS = FAILED_STATES | {PaymentState.PAID, PaymentState.REFUNDED, PaymentState.CHARGED_BACK}
#: An open act that is younger may still be in the hands of another operator.
_ACT_TIMEOUT = timedelta(minutes=2)


class PaymentService:
    """The calls of a portal and of its operators: start, notification, return, effects, reconciliation, refund.

    Args:
        gateway: The bank's gateway.
        ledger: The merchant's ledger.
        transport: The transport for calls to the bank; by default, the service records notifications and reports only.
        effects: The effects of a payment.
        clock: Returns the time, with its zone.
        display_delay: The delay within which the account shows an accepted payment (rule R17).
        attempt_life: How long an attempt that waits for the bank's answer blocks another; the bank starts payments only
            within it.  The bank's page expires after fifteen minutes.
        posting: How the ledger learns that the caisse has posted a payment (rule R25).

    Raises:
        ConfigurationError: for a setting of another type, a clock without zone, two effects of one name, an
            ``attempt_life`` that is not above zero, a negative ``display_delay``, or a page of the bank that stays open
            for ``attempt_life`` or longer: an old page could be paid beside a new one.
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
        posting: Posting = Posting.REPORTED,
    ) -> None:
        """Check the settings, and register the effects."""
        _require(gateway, Gateway, "gateway")
        _require(ledger, Ledger, "ledger")
        _require(attempt_life, timedelta, "attempt_life")
        _require(display_delay, timedelta, "display_delay")
        if attempt_life <= timedelta(0) or display_delay < timedelta(0):
            raise ConfigurationError(
                f"expected attempt_life to be above zero and display_delay to be zero or more, got {attempt_life} and"
                f" {display_delay}"
            )
        named = tuple(effects) if isinstance(effects, Iterable) else (effects,)
        if not all(isinstance(each, Effect) for each in named):
            raise ConfigurationError("expected effects to be a list of Effect, got another value in it")
        if posting not in [*Posting]:
            raise ConfigurationError(f"expected posting to be {' or '.join(Posting)}, got {describe(posting)}")
        self._effects = {effect.name: effect for effect in named}
        if len(self._effects) < len(named):
            raise ConfigurationError(
                f"expected effects of different names, got {', '.join(each.name for each in named)}"
            )
        page_life = gateway.page_life
        if page_life is not None and page_life >= attempt_life:
            raise ConfigurationError(
                f"expected a page of the bank that closes within attempt_life, {attempt_life}, got {page_life}"
            )
        self._gateway = gateway
        self._ledger = ledger
        self._calls = transport
        self._transport = transport if Capability.STATUS in gateway.capabilities else None
        self._clock = _in_utc(clock)
        self._attempt_life = attempt_life
        self._awaits_posting = Posting(posting) is Posting.REPORTED
        self._inbox = Inbox(
            gateway=gateway,
            ledger=ledger,
            effects=named,
            clock=self._clock,
            display_delay=display_delay,
        )
        self._registered = not named
        self._register()

    @property
    def gateway(self) -> Gateway:
        """The bank's gateway."""
        return self._gateway

    @property
    def ledger(self) -> Ledger:
        """The merchant's ledger."""
        return self._ledger

    # ---- the portal

    @spanned("start")
    def start(
        self,
        amount: Euros,
        notices: Mapping[NoticeReference, Euros],
        *,
        return_url: str,
        notification_url: str,
        options: object | None = None,
        replace: bool = False,
    ) -> StartedPayment:
        """Record an order, and build the form that brings the browser to the bank.

        The service first asks the bank about at most three earlier attempts whose notification may be lost.

        Args:
            amount: The amount to ask from the bank, computed on your server: a person can change a value of the
                browser.
            notices: The amount for each notice; sums to ``amount``.
            return_url: The address that the browser returns to.
            notification_url: The address that the bank's server posts to.
            options: The options of the gateway's payment page, such as ``PaypageOptions`` of Sips: language, e-mail,
                template.
            replace: Whether the person gave up an open attempt.  The service asks the bank about it, and replaces it
                unless the bank has accepted it or is processing it.  This needs a transport; otherwise the attempt
                blocks for ``attempt_life``.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open or waits for its posting, or a
                notice was settled by other means.
            InvalidValueError: when the order is invalid, or the bank would refuse it.
            GatewayUnavailableError: when the ledger is unavailable, or the bank where it has to be called.

        >>> from creance_pay.ledger import MemoryLedger
        >>> from creance_pay.testing import LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant())  # a bank in this process
        >>> service = PaymentService(bank.gateway, MemoryLedger(), clock=bank.now)
        >>> started = service.start(
        ...     Euros(2000), {NoticeReference("6311705400000344F"): Euros(2000)},
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> started.form.action
        'http://127.0.0.1/paymentInit'
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
            awaits_posting=self._awaits_posting,
        )
        try:
            form = self._gateway.initiate(payment.order, options=options)
            if isinstance(form, Redirect) and form.bank_reference:
                self._ledger.bind(payment, form.bank_reference)
        except ReferenceUsedError as error:
            log("start_failed", transaction_reference=payment.transaction_reference, error=type(error).__name__)
            self._ledger.give_up(payment, now=now, reference_used=True)
            raise
        except Exception as error:  # the browser never leaves, whatever a transport of one's own raises
            log("start_failed", transaction_reference=payment.transaction_reference, error=type(error).__name__)
            self._ledger.give_up(payment, now=now)
            raise
        log("payment_started", transaction_reference=payment.transaction_reference)
        count("starts")
        return StartedPayment(transaction_reference=payment.transaction_reference, form=form)

    def on_notification(self, message: HttpMessage) -> Answer:
        """Record a notification of the bank's server.

        Returns:
            The HTTP status to answer: 200 for a recorded message, a duplicate, or an authentic message about another
            order; 400 for a forged or unreadable message; 503, so that the bank sends it again, when the ledger does
            not answer or the order is still to be recorded.

        In the view of the notification address::

            answer = service.on_notification(HttpMessage(request.body, request.headers))
            return Response(status=answer.http_status)
        """
        result = self._inbox.take(message, Evidence.message(message, Source.NOTIFICATION, self._clock()))
        return Answer(http_status=status_of(result), result=result)

    def on_return(self, message: HttpMessage) -> PaymentView:
        """Record a return of the person's browser.

        A sealed return is recorded like a notification.  An unsealed return is a hint that anyone could send: the
        result is PENDING, and the page that follows calls :meth:`confirm`.

        >>> from creance_pay.ledger import MemoryLedger
        >>> from creance_pay.testing import Fault, LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant())  # a bank in this process, whose notification is lost
        >>> service = PaymentService(bank.gateway, MemoryLedger(), transport=bank.line, clock=bank.now)
        >>> started = service.start(
        ...     Euros(2000), {NoticeReference("6311705400000344F"): Euros(2000)},
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> message = bank.pay(started.form, fault=Fault.LOST)
        >>> service.on_return(message).state
        <PaymentState.PAID: 'PAID'>
        """
        if Capability.SEALED_RETURN not in self._gateway.capabilities:
            hint = UnsupportedError("the bank does not seal its returns")
            return PaymentView(http_status=200, result=hint, state=PaymentState.PENDING)
        result = self._inbox.take(message, Evidence.message(message, Source.RETURN, self._clock()))
        state = result.state if isinstance(result, RecordResult) else PaymentState.PENDING
        return PaymentView(http_status=status_of(result), result=result, state=state)

    def confirm(self, reference: str) -> Payment:
        """Return a payment for the page that follows the return; ask the bank once while its state is open.

        Call it for the signed-in person alone, with the reference in the person's session.  A reload of the page leaves
        further questions to :meth:`reconcile`.

        Args:
            reference: The payment's transaction reference.

        Raises:
            InvalidValueError: for an unknown payment.
            GatewayUnavailableError: when the ledger is unavailable.  When the bank does not answer, the payment is
                returned as it is.

        On the page that follows the return::

            payment = service.confirm(session["transaction_reference"])
            message = message_for(payment, **payment.message_values(datetime.now(UTC)))
        """
        payment = self._known(reference)
        open_ = payment.state in UNCONFIRMED_STATES | IN_FLIGHT_STATES
        if open_ and not payment.questions and self._transport is not None:
            self._inbox.ask(payment, self._transport)
            payment = self._known(reference)
        return payment

    # ---- the worker

    def run_effects(self, *, limit: int | None = None, within: timedelta | None = None) -> EffectsRun:
        """Run the effects that are due; one that fails is retried later, with increasing back-off.

        Args:
            limit: The most effects to run; all that are due by default.
            within: The time within which an effect may begin; unlimited by default.

        A job of every minute::

            run = service.run_effects(within=timedelta(seconds=50))
            print(run.done, "effects done,", run.failed, "failed")
        """
        self._register()
        deadline = None if within is None else time.monotonic() + within.total_seconds()
        done = failed = 0
        finished: EffectTask | None = None
        while (limit is None or done + failed < limit) and (deadline is None or time.monotonic() < deadline):
            found = self._ledger.claim(now=self._clock(), effects=self._effects.values(), finished=finished)
            finished = None
            if found is None:
                return EffectsRun(done=done, failed=failed)
            task, payment = found
            if self._run(task, payment):
                finished, done = task, done + 1
            else:
                failed += 1
        if finished:
            self._ledger.finish(finished, at=self._clock())
        return EffectsRun(done=done, failed=failed)

    @spanned("reconcile")
    def reconcile(
        self,
        *,
        older_than: timedelta = timedelta(minutes=20),
        poll_window: timedelta = _POLL_WINDOW,
        reports: Iterable[ReportLine | Report] = (),
        progress: Callable[[tuple[Payment, ...]], Iterable[Payment]] = tuple,
    ) -> Reconciliation:
        """Process parked messages, record the bank's reports, ask about open payments, and raise overdue incidents.

        Each payment is asked about with increasing back-off: after 20 minutes, an hour, four, twelve, then daily.

        Args:
            older_than: The age from which to ask about a payment; a younger one may still be notified.
            poll_window: The age up to which to ask about an attempt that waits for the bank's answer.  An attempt that
                the bank has in progress is asked about at any age.
            reports: The bank's daily reports, or their lines.
            progress: Yields the payments to ask about one by one, such as a progress bar.

        A job of every few minutes, with the reports of the bank that arrived since::

            result = service.reconcile(reports=map(read_reports, arrived))
            print(len(result.changed), "payments changed,", len(result.unanswered), "without an answer of the bank")
        """
        parked = [self._inbox.retry(event) for event in self._ledger.parked()]
        recorded = [result for result in parked if isinstance(result, RecordResult)]
        reported = record_lines(self._inbox, reports)
        recorded += reported.recorded
        unanswered = []
        for payment, answer in self._ask(progress(tuple(self._open_payments(older_than, poll_window)))):
            if answer is None:
                unanswered.append(payment.transaction_reference)
            else:
                recorded.append(answer)
        self._resolve_acts()
        self._ledger.sweep(now=self._clock())
        self.beat(RECONCILE)
        result = Reconciliation(recorded=tuple(recorded), unanswered=tuple(unanswered), foreign=reported.foreign)
        log(
            "reconciled",
            recorded=len(recorded),
            changed=len(result.changed),
            unanswered=len(unanswered),
            foreign=reported.foreign,
        )
        count("reconciliations")
        return result

    def beat(self, job: str, *, every: timedelta = timedelta(0)) -> bool:
        """Record that a job of this service runs, as :meth:`Ledger.beat` does, at the time of the service's clock."""
        return self._ledger.beat(job, now=self._clock(), every=every)

    @property
    def longest_lease(self) -> timedelta:
        """The longest time that a run of an effect may take; zero without effects."""
        return max((effect.lease for effect in self._effects.values()), default=timedelta(0))

    def health(self, now: datetime | None = None, *, policies: Iterable[ConfirmedValues] = ()) -> tuple[Problem, ...]:
        """List the present problems, the critical ones first; an empty tuple when all is well.

        Only reads the ledger.  A ledger that does not answer is a problem of the list.

        Args:
            now: The time, with its zone; by default that of the service's clock.
            policies: The policies in use: a value whose last confirmation is long ago is a problem.

        For a monitor, which raises an alarm for the critical problems::

            for problem in service.health(policies=[policy]):
                print("critical" if problem.critical else "warning", problem)
        """
        return health_of(
            self._ledger,
            now or self._clock(),
            effects=self._effects,
            poll_window=_POLL_WINDOW if self._transport else None,
            policies=policies,
        )

    # ---- people

    def incidents(self) -> tuple[Incident, ...]:
        """List the open incidents, the oldest first."""
        return self._ledger.incidents()

    def close_incident(self, incident: Incident, *, by: str, reason: str) -> None:
        """Record that a person has closed an incident.

        Raises:
            InvalidValueError: without person or reason.

        After a look at an incident of ``service.incidents()``::

            service.close_incident(incident, by="operator 7", reason="the bank has confirmed the refund")
        """
        require_person(by, reason)
        self._ledger.close_incident(incident, at=self._clock(), by=by, reason=reason)

    def refund(self, reference: str, amount: Euros | None = None, *, by: str, reason: str) -> Act:
        """Refund a payment; the act is recorded before the bank is called.

        Args:
            reference: The payment's transaction reference.
            amount: The amount; ``None`` for all that the merchant holds.
            by: The person who decides.
            reason: The person's reason.

        Returns:
            The act: DONE, FAILED, or REQUESTED while the bank's answer is missing: the act stays open, and the next
            reconciliation or the next call reads its result at the bank.

        Raises:
            PaymentInProgressError: when another operator's act on the payment is open.
            InvalidAmountError: for an amount of zero, or above what the merchant holds.
            InvalidValueError: for an unknown payment, or an empty person or reason.
            UnsupportedError: when the gateway offers no refund, or the service has no transport.

        A part of a debited payment::

            act = service.refund(reference, Euros(500), by="operator 7", reason="the notice was paid twice")
            if act.state is ActState.REQUESTED:
                print("The bank has not answered; the next reconciliation asks it.")
        """
        return self._act(ActKind.REFUND, reference, amount, by=by, reason=reason)

    def cancel(self, reference: str, amount: Euros | None = None, *, by: str, reason: str) -> Act:
        """Cancel a payment before the debit; arguments, result and errors as :meth:`refund`."""
        return self._act(ActKind.CANCEL, reference, amount, by=by, reason=reason)

    def capture(self, reference: str, amount: Euros | None = None, *, by: str, reason: str) -> Act:
        """Debit an authorised payment; arguments, result and errors as :meth:`refund`."""
        return self._act(ActKind.CAPTURE, reference, amount, by=by, reason=reason)

    def correct(self, reference: str, state: PaymentState, *, by: str, reason: str) -> RecordResult:
        """Record a person's decision about the state of a payment, such as PAID after a check of the bank's statement.

        Money that moved takes precedence: only a refund or a chargeback changes a payment that holds money.

        Raises:
            InvalidValueError: for an unknown payment, an empty person or reason, or a state outside a person's
                decision: an attempt in progress, or a partial refund, which needs an amount.

        After a check of the bank's statement::

            service.correct(reference, PaymentState.PAID, by="operator 7", reason="statement of 23 November 2026")
        """
        require_person(by, reason)
        if state not in [*_CORRECTIONS]:
            raise InvalidValueError(f"expected one of {', '.join(sorted(_CORRECTIONS))}, got {state}")
        state = PaymentState(state)  # a word of a form names a state too
        now = self._clock()
        payment = self._known(reference)
        evidence = Evidence.person(f"correct {state}", now, by=by, reason=reason)
        verified = VerifiedPayment(state=state, source=Source.PERSON, amount=payment.amount, bound=True)
        return self._inbox.record(verified, evidence, payment)

    def replay(
        self, reference: str, number: int | None = None, *, by: str, reason: str
    ) -> tuple[RecordResult | CreancePayError, ...]:
        """Process recorded messages of a payment again, as if the bank had sent them now.

        Use it when the configuration was wrong at the time.  A message that changed the payment is a duplicate.

        Args:
            reference: The transaction reference that the messages name.
            number: The number of one event; by default each event with a message.
            by: The person who decides.
            reason: The person's reason.

        Returns:
            The result of each, or the error that kept it from being recorded.

        Raises:
            InvalidValueError: without person or reason, or when no such event has a message: it was erased, cannot be
                decrypted, was stored without a key, or was refused.

        After the missing version of a key was added to the key file::

            results = service.replay(reference, by="operator 7", reason="key version 2 was missing")
        """
        require_person(by, reason)
        events = [each for each in self._ledger.events(reference) if number in {None, each.number} and each.message]
        if not events:
            raise InvalidValueError("expected a recorded message of this payment that can be decrypted, found none")
        return tuple(self._inbox.again(event, by=by, reason=reason) for event in events)

    def posted(self, reference: str, notices: Collection[NoticeReference] | None = None, *, by: str) -> Payment:
        """Record that the caisse has posted a payment, to all of its notices by default; a repetition has no effect.

        For a line of ``ledger.to_post()`` that the caisse's own system has posted::

            service.posted(line.transaction_reference, [line.notice], by="posting job")
        """
        now = self._clock()
        return self._ledger.post(reference, notices, PostingState.POSTED, by=by, now=now)

    def rejected(
        self, reference: str, notices: Collection[NoticeReference] | None = None, *, by: str, reason: str
    ) -> Payment:
        """Record that the caisse has rejected a payment: an incident.  The notice stays closed until a person acts.

        For a line that the caisse's own system has refused::

            service.rejected(line.transaction_reference, [line.notice], by="posting job", reason="unknown notice")
        """
        now = self._clock()
        return self._ledger.post(reference, notices, PostingState.REJECTED, by=by, reason=reason, now=now)

    # ---- questions to the bank

    def _ask_about_earlier(self, notices: Collection[NoticeReference], now: datetime, *, replace: bool) -> set[str]:
        """Ask the bank about earlier attempts, and return the references of those that it answered about."""
        if self._transport is None:
            return set()
        earlier = sorted(self._earlier(notices, now, replace=replace), key=lambda each: each.created_at, reverse=True)
        asked = self._ask(earlier[:_MAX_QUESTIONS])
        answered = {payment.transaction_reference for payment, answer in asked if answer}
        known = {each.transaction_reference for each in earlier[_MAX_QUESTIONS:] if each.questions}
        return answered | known

    def _earlier(self, notices: Collection[NoticeReference], now: datetime, *, replace: bool) -> Iterator[Payment]:
        """Yield the attempts that may have been paid without a notification, and do not block any more."""
        for payment in self._ledger.payments_for_notices(notices):
            unanswered = payment.state in UNCONFIRMED_STATES and now < payment.created_at + _POLL_WINDOW
            given_up = replace or not payment.blocks(now, self._attempt_life, notices)
            if (unanswered or payment.state in IN_FLIGHT_STATES) and given_up:
                yield payment

    def _ask(self, payments: Iterable[Payment]) -> Iterator[tuple[Payment, RecordResult | None]]:
        """Ask the bank about payments, where there is a transport."""
        if self._transport is not None:
            for payment in payments:
                yield payment, self._inbox.ask(payment, self._transport)

    def _open_payments(self, older_than: timedelta, poll_window: timedelta) -> Iterator[Payment]:
        now = self._clock()
        for payment in self._ledger.to_ask(now=now, before=now - older_than):
            if payment.is_asked(now, poll_window):
                yield payment

    # ---- acts

    def _known(self, reference: str) -> Payment:
        payment = self._ledger.find(reference)
        if payment is None:
            raise InvalidValueError(
                "expected the transaction reference of a payment of this ledger, got an unknown one"
            )
        return payment

    def _act(self, kind: ActKind, reference: str, amount: Euros | None, *, by: str, reason: str) -> Act:
        """Record an act, call the bank, and record the result."""
        operations: dict[ActKind, tuple[Capability, Callable[..., OperationResult]]] = {
            ActKind.REFUND: (Capability.REFUND, self._gateway.refund),
            ActKind.CANCEL: (Capability.CANCEL, self._gateway.cancel),
            ActKind.CAPTURE: (Capability.CAPTURE, self._gateway.capture),
        }
        capability, operation = operations[kind]
        if capability not in self._gateway.capabilities or self._calls is None:
            raise UnsupportedError(f"expected a gateway that offers {capability}, and a transport")
        self._resolve_acts(reference)
        act, payment = self._ledger.begin(reference, kind, amount, by=by, reason=reason, now=self._clock())
        try:
            result = operation(
                payment.order,
                self._calls,
                amount=act.amount,
                bank_reference=payment.bank_reference,
                # Another portal of the contract may issue the same reference, and a restored ledger the same number.
                key=f"{payment.order.nonce or reference}:{act.number}:{kind[0]}{act.amount.cents}",
            )
        except Exception as error:  # noqa: BLE001 - a transport of one's own may raise anything after it has sent
            return self._unanswered(act, error)
        return self._finished(act, payment, result)

    def _unanswered(self, act: Act, error: Exception) -> Act:
        """Leave an act open when the bank may have done it; end it when nothing was sent."""
        if isinstance(error, UnsupportedError | ConfigurationError | InvalidValueError):
            self._ledger.end(act, state=ActState.FAILED, detail=type(error).__name__, now=self._clock())
            raise error
        shown = type(error).__name__
        log("act_uncertain", transaction_reference=act.transaction_reference, act=act.kind, error=shown)
        self._ledger.raise_incident(
            Incident(
                kind=IncidentKind.ACT_UNCERTAIN,
                transaction_reference=act.transaction_reference,
                at=self._clock(),
                detail=act.kind,
            )
        )
        return attrs.evolve(act, detail=type(error).__name__)

    def _finished(self, act: Act, payment: Payment, result: OperationResult) -> Act:
        """Record the bank's answer to an act, and the money that it moved."""
        if result.outcome is OperationOutcome.UNKNOWN:
            return self._unanswered(act, GatewayUnavailableError("the result of the operation is unknown"))
        if result.outcome is not OperationOutcome.DONE:
            detail = f"{result.outcome} {result.response_code or ''}".strip()
            return self._ledger.end(act, state=ActState.FAILED, detail=detail, now=self._clock())
        if result.moved:
            self._record_act(act, payment, result)
        return self._ledger.end(act, state=ActState.DONE, detail=result.response_code or "", now=self._clock())

    def _record_act(self, act: Act, payment: Payment, result: OperationResult) -> None:
        """Record the state that follows from an act that the bank has done."""
        now = self._clock()
        evidence = attrs.evolve(
            Evidence.fields(result.raw, Source.STATUS, now), source=Source.PERSON, by=act.by, reason=act.reason
        )
        remaining = result.remaining
        if remaining is None:
            left = payment.amount.saturating_sub(payment.sums.refunded + act.amount)
            remaining = act.amount if act.kind is ActKind.CAPTURE else left
        # The part of an accepted payment that is not debited counts as refunded.
        state = PaymentState.PAID if remaining == payment.amount else PaymentState.PARTIALLY_REFUNDED
        state = state if remaining.cents else PaymentState.REFUNDED
        if act.kind is ActKind.CANCEL and not payment.sums.captured.cents:
            state = payment.state if remaining.cents else PaymentState.CANCELLED
        verified = VerifiedPayment(
            state=state,
            source=Source.PERSON,
            amount=payment.amount,
            bound=True,
            remaining=remaining,
            authorised_at=result.at,
        )
        self._inbox.record(verified, evidence, payment)

    def _resolve_acts(self, reference: str | None = None) -> None:
        """End open acts by the bank's own records; an act that another operator has just begun is left to him."""
        for act in self._ledger.open_acts():
            old = act.requested_at + _ACT_TIMEOUT <= self._clock()
            if old and reference in {None, act.transaction_reference} and self._transport is not None:
                self._resolve(act, self._transport)

    def _resolve(self, act: Act, transport: Transport) -> None:
        answer = self._inbox.ask(self._known(act.transaction_reference), transport, known=True)
        if answer is None or answer.operating:
            return
        after = answer.payment
        moved = act.held_before.saturating_sub(after.amount.saturating_sub(after.sums.refunded))
        done = moved >= act.amount if act.kind is not ActKind.CAPTURE else bool(after.sums.captured.cents)
        done = done or (act.kind is ActKind.CANCEL and after.state is PaymentState.CANCELLED)
        state = ActState.DONE if done else ActState.FAILED
        self._ledger.end(act, state=state, detail="by the bank's records", now=self._clock(), if_open=True)

    # ---- effects

    def _register(self) -> None:
        """Register the effects in the ledger; while it does not answer, again at the next run."""
        if not self._registered:
            with suppress(GatewayUnavailableError):
                self._ledger.register(self._effects.values())
                self._registered = True

    @spanned("effect")
    def _run(self, task: EffectTask, payment: Payment) -> bool:
        """Run one effect, and return whether it succeeded."""
        fields: dict[str, Any] = {
            "effect": task.name,
            "transaction_reference": task.transaction_reference,
            "attempts": task.attempts,
        }
        try:
            result = self._effects[task.name].run(payment, task.key)
            if inspect.isawaitable(result) or inspect.isgenerator(result):
                getattr(result, "close", lambda: None)()
                raise TypeError("the effect returned a coroutine or generator, which nobody runs")  # noqa: TRY301 - handled as every failure
        except Exception as error:  # noqa: BLE001 - any exception is logged and retried
            log("effect_failed", traceback=True, **fields)
            count("effects", effect=task.name, result="failed")
            self._failed(task.failed(self._clock(), type(error).__name__))
            return False
        log("effect_done", **fields)
        count("effects", effect=task.name, result="done")
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


def _require(value: object, kind: type, name: str) -> None:
    """Raise for a setting of another type."""
    if not isinstance(value, kind):
        raise ConfigurationError(f"expected {name} to be a {kind.__name__}, got {describe(value)}")


def _in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock in UTC, where every day has 24 hours: sums in another zone are wrong when its clocks change."""
    require_clock(clock)
    return lambda: clock().astimezone(UTC)
