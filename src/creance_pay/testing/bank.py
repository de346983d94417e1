"""A test bank without a network: its merchants, its payment page, its records and its notifications.

:class:`TrialBank` holds what the test banks share.  A bank's own package adds its calls, its messages and its gateway:
:mod:`creance_pay.testing.sips` and :mod:`creance_pay.testing.direct`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import RLock
from typing import ClassVar, TypeVar
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import attrs

from .._clock import utc_now
from ..errors import GatewayUnavailableError, InvalidValueError, MalformedResponseError, ResponseRefusedError
from ..gateways.base import FormPost, Redirect, Report
from ..gateways.keys import KeyRing, SecretKey
from ..gateways.transport import HttpAnswer, Transport
from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentState
from .accounts import DONE, VERBS, Account, Operation
from .decisions import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    PENDING,
    REFUSED,
    WRONG_CARD,
    Authentication,
    Decision,
    PaymentRequest,
)
from .delivery import deliver
from .faults import Dispatch, Fault, Notification, key_under, schedule

R = TypeVar("R", bound=PaymentRequest)
_CARD = re.compile(r"[0-9]{13,19}")
_PARIS = ZoneInfo("Europe/Paris")
_TOO_MANY = "75"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_SUCCESS = range(200, 300)


@attrs.frozen(kw_only=True)
class BankCall:
    """An HTTP request to the bank.

    Attributes:
        method: The method.
        url: The whole address.
        headers: The headers.
        body: The body.
    """

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=lambda body: f"<{len(body)} bytes>")

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path

    @property
    def origin(self) -> str:
        """The address without its path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@attrs.frozen(kw_only=True)
class BankAnswer:
    """The bank's answer to a call.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: The headers.
    """

    status: int = 200
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    headers: Mapping[str, str] = attrs.field(factory=lambda: {"Content-Type": "application/json"}, repr=False)


class TrialBank(ABC):
    """A bank with a list of merchants.

    Args:
        clock: Returns the time, with its zone.
        lifetime: The time until the payment page expires, at most.
        attempts: The number of cards that a person may try, at most.
        delay: The delay of late notifications.
        fault: The default fault of a payment; also an attribute, which may be set at any time.
        merchant_name: The name of the merchants on the pages; by default that of the guide's screen.

    Attributes:
        codes: The response codes of cards, with the state of a payment under each.
        retries: The time between two attempts to deliver a notification.
        return_method: The method by which the browser returns to the portal.
        html_status: The HTTP status of the page of :attr:`Fault.HTML_ERROR`.
        fault: The default fault of a payment.
        merchant_name: The name of the merchants on the pages.
        records_nonces: Whether answers to questions and reports repeat the nonces of orders, as messages do.
        requests: The payment requests, by the bank's identifier.
        accounts: The records of decided payments, by the bank's identifier.
        ended: The messages about payments that have ended, by the bank's identifier.
    """

    codes: ClassVar[Mapping[str, PaymentState]]
    retries: ClassVar[tuple[timedelta, ...]] = ()
    return_method: ClassVar[str] = "post"
    html_status: ClassVar[int] = 200

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        lifetime: timedelta = timedelta(minutes=15),
        attempts: int = 1,
        delay: timedelta = timedelta(seconds=30),
        fault: Fault = Fault.NONE,
        merchant_name: str = "CPAM Test2(INTEGRATION)",
    ) -> None:
        """Start without a request."""
        self.clock = clock
        self._lifetime, self._attempts, self._delay = lifetime, attempts, delay
        self._tries: Counter[str] = Counter()
        self._outbox: list[tuple[datetime, Notification]] = []
        self._lock = RLock()  # many threads serve the pages
        self.fault, self.merchant_name = fault, merchant_name
        self.records_nonces = True
        self.requests: dict[str, PaymentRequest] = {}
        self.accounts: dict[str, Account] = {}
        self.ended: dict[str, Dispatch] = {}

    # ---- each bank's own

    @property
    @abstractmethod
    def merchants(self) -> tuple[str, ...]:
        """The numbers of the merchants that the bank knows."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The path to which a portal sends the browser or its calls."""

    @abstractmethod
    def serve(self, call: BankCall) -> PaymentRequest | BankAnswer | None:
        """Answer a call of a merchant, or open the page of a payment for a browser; ``None`` for an unknown path.

        Raises:
            ResponseRefusedError: for a request of a browser that is not authentic.
            GatewayUnavailableError: under :attr:`Fault.HTML_ERROR`: answer with an HTML page.
        """

    @abstractmethod
    def keys_of(self, request: PaymentRequest) -> tuple[KeyRing, SecretKey]:
        """Return the ring and the key that seal the messages about a payment."""

    @abstractmethod
    def message(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> HttpMessage:
        """Build the notification of a decision; ``key=None`` leaves the seal empty."""

    @abstractmethod
    def return_fields(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> dict[str, str]:
        """Build the fields that the browser brings back; ``key=None`` leaves a seal empty."""

    @abstractmethod
    def mask(self, digits: str) -> str:
        """Return a card number with its middle hidden."""

    @abstractmethod
    def reports(self, day: date) -> list[Report]:
        """Return the reports of a day in Paris."""

    def report_links(self) -> list[tuple[str, Sequence[str]]]:
        """List the reports to download: a title, and the paths below it."""
        return []

    def _record_of(self, request: PaymentRequest, decision: Decision) -> Account:
        """Build the record of a decided payment."""
        return Account.opened(decision, request.amount)

    def _operated(self, request: PaymentRequest, operation: Operation) -> None:
        """Notify an operation after the payment, where the bank does so."""
        del request, operation

    # ---- the page

    def open_form(self, form: FormPost | Redirect) -> PaymentRequest:
        """Open the page with the form or the address of a gateway, as a browser does.

        Raises:
            ResponseRefusedError: when the bank refuses it, for example at its second use.
        """
        if isinstance(form, FormPost):
            body = urlencode(form.fields).encode()
            opened = self.serve(BankCall(method="POST", url=form.action, headers=_FORM, body=body))
        else:
            opened = self.serve(BankCall(method="GET", url=form.url))
        if not isinstance(opened, PaymentRequest):
            raise MalformedResponseError("expected a payment that can be paid, got another answer of the bank")
        return opened

    def pay(
        self, request: PaymentRequest, card: str, *, authentication: Authentication = Authentication.SUCCESS
    ) -> Decision:
        """Return the decision about a card: its last two digits are the response code, and only its mask is stored.

        Args:
            request: The payment request.
            card: Thirteen to nineteen digits, spaces allowed; any other text is wrong card data (code 14).
            authentication: The result of 3-D Secure.  After ERROR the card decides: that is our reading.
        """
        digits = "".join(card.split())
        if _CARD.fullmatch(digits) is None:
            return Decision(response_code=WRONG_CARD, decided_at=self.clock())
        if authentication is Authentication.CANCEL:
            return attrs.evolve(self.leave(), authentication=authentication)
        code = digits[-2:] if digits[-2:] in self.codes else ACCEPTED
        code = REFUSED if authentication is Authentication.FAILURE else code
        return Decision(
            response_code=code,
            masked_card=self.mask(digits),
            authorisation_number=f"{request.amount.cents % 1_000_000:06d}" if code == ACCEPTED else None,
            decided_at=self.clock(),
            authentication=authentication,
        )

    def pay_by(self, request: PaymentRequest, product: str) -> Decision:
        """Return the decision about another means of payment than a card: accepted.

        Raises:
            InvalidValueError: for a product that the page does not offer.
        """
        if product not in request.products:
            raise InvalidValueError("expected a product of the payment page, got another")
        return Decision(response_code=ACCEPTED, decided_at=self.clock(), product=product)

    def leave(self) -> Decision:
        """Return the decision about a person who leaves the page: cancelled."""
        return Decision(response_code=CANCELLED, decided_at=self.clock())

    def decide(self, request: PaymentRequest, decision: Decision) -> None:
        """Record a decision without any message."""
        self.accounts.setdefault(request.identifier, self._record_of(request, decision))

    def settle(self, request: PaymentRequest, decision: Decision, *, fault: Fault | None = None) -> Dispatch | None:
        """End the payment with a decision, unless it is a refusal and the person may try another card.

        A payment ends once: a later decision changes nothing and is not notified.

        Args:
            request: The payment request.
            decision: The decision of this attempt; an expiry replaces it after the lifetime of the page.
            fault: The fault; by default the bank's.

        Returns:
            The messages: post the immediate notifications now, and those of :meth:`due` later.  ``None`` when the
            person may try another card.
        """
        identifier = request.identifier
        with self._lock:
            if identifier in self.ended:
                return attrs.evolve(self.ended[identifier], notifications=())
            self._tries[identifier] += 1
            if self._overdue(request):
                return self._end(request, self._expiry(), fault)
            decision = attrs.evolve(decision, attempt=self._tries[identifier])
            refused = (
                self.codes.get(decision.response_code) is PaymentState.REFUSED and decision.response_code != _TOO_MANY
            )
            return None if refused and self.attempts_left(request) > 0 else self._end(request, decision, fault)

    def attempts_left(self, request: PaymentRequest) -> int:
        """Return the number of cards that the person may still try."""
        return request.attempts - self._tries[request.identifier]

    # ---- notifications

    def due(self) -> tuple[Notification, ...]:
        """Return the late notifications that are due, and those of payments that have expired; each of them once."""
        with self._lock:
            requests = list(self.requests.values())
            waiting = [request for request in requests if request.identifier not in self.accounts]
            expired = [self._end(request, self._expiry()) for request in waiting if self._overdue(request)]
            now = self.clock()
            late = [each for due_at, each in self._outbox if due_at <= now]
            self._outbox = [entry for entry in self._outbox if entry[0] > now]
            for each in late:
                self._replace_pending(each)
        return (*(each for ending in expired for each in ending.immediate), *late)

    def post(self, notifications: Iterable[Notification], transport: Transport) -> tuple[int | None, ...]:
        """Post notifications; one that is not accepted is due again later, where the bank repeats its notifications.

        Returns:
            The HTTP status of each, as ``deliver`` does.
        """
        posted = tuple(notifications)
        statuses = deliver(posted, transport)
        for each, status in zip(posted, statuses, strict=True):
            if status not in _SUCCESS:
                self.repeat(each)
        return statuses

    def repeat(self, notification: Notification) -> None:
        """Make a notification due again, after the bank's time between two attempts; after the last one, drop it."""
        if notification.attempt < len(self.retries):
            self._queue(
                attrs.evolve(notification, attempt=notification.attempt + 1, delay=self.retries[notification.attempt])
            )

    def _queue(self, notification: Notification) -> None:
        with self._lock:
            self._outbox.append((self.clock() + notification.delay, notification))

    # ---- the back office

    def operate(self, verb: str, reference: str, amount: Euros | None = None, *, origin: str = "EXTRANET") -> str:
        """Cancel, refund or validate a payment, as a person does in the bank's back office.

        Args:
            verb: ``cancel``, ``refund`` or ``validate``.
            reference: The transaction reference, or the bank's identifier.
            amount: The amount; all that remains by default.
            origin: The part of the bank that does it.

        Returns:
            The response code: 00 when it was done.

        Raises:
            InvalidValueError: for an unknown operation, or a payment that is not decided.
        """
        if verb not in VERBS:
            raise InvalidValueError(f"expected one of {', '.join(VERBS)}, got another operation")
        with self._lock:
            request, account = self.account(reference)
            wanted = account.remaining if amount is None else amount
            code = account.operate(verb, wanted, self.clock(), origin=origin)
            if code == DONE:
                self._operated(request, account.operations[-1])
            return code

    def charge_back(self, reference: str, amount: Euros | None = None) -> Operation:
        """Charge back money that the cardholder disputes, without asking the merchant.

        Args:
            reference: The transaction reference, or the bank's identifier.
            amount: The amount; the whole payment by default.

        Raises:
            InvalidValueError: for a payment that is not debited, or an amount above what was not taken back before.
        """
        with self._lock:
            request, account = self.account(reference)
            most = request.amount.saturating_sub(account.charged_back)
            if not account.sum_of("DEBIT_CAPTURE").cents:
                raise InvalidValueError(f"expected a payment that is debited, got one that is {account.status}")
            return self._dispute(request, account, "CHARGEBACK", most if amount is None else amount, most)

    def represent(self, reference: str, amount: Euros | None = None) -> Operation:
        """Return money that was charged back.

        Args:
            reference: The transaction reference, or the bank's identifier.
            amount: The amount; all that was taken back by default.

        Raises:
            InvalidValueError: for an amount above what was taken back.
        """
        with self._lock:
            request, account = self.account(reference)
            most = account.charged_back
            return self._dispute(request, account, "REPRESENTMENT", most if amount is None else amount, most)

    def run_nightly_batch(self) -> None:
        """Debit the payments that are TO_CAPTURE, and credit those that are TO_CREDIT."""
        with self._lock:
            for identifier, account in self.accounts.items():
                for operation in account.remit(self.clock()):
                    self._operated(self.requests[identifier], operation)

    def recorded(self, request: R) -> R:
        """Return a request as answers to questions and reports repeat it."""
        return request if self.records_nonces else attrs.evolve(request, nonce=None)

    def days(self) -> list[date]:
        """List the days in Paris on which the bank decided a payment or made an operation, the latest first."""
        moments = [each.decision.decided_at for each in self.accounts.values()]
        moments += [operation.at for each in self.accounts.values() for operation in each.operations]
        return sorted({moment.astimezone(_PARIS).date() for moment in moments}, reverse=True)

    def account(self, reference: str) -> tuple[PaymentRequest, Account]:
        """Return the request and the record of a decided payment.

        Args:
            reference: The bank's identifier, or the transaction reference: then the latest payment under it.

        Raises:
            InvalidValueError: for a payment that is not decided.
        """
        named = [each for each, request in self.requests.items() if request.transaction_reference == reference]
        for identifier in (reference, *reversed(named)):
            if identifier in self.accounts:
                return self.requests[identifier], self.accounts[identifier]
        raise InvalidValueError("expected the reference of a decided payment, got another")

    def _dispute(self, request: PaymentRequest, account: Account, name: str, amount: Euros, most: Euros) -> Operation:
        if not Euros(0) < amount <= most:
            raise InvalidValueError(f"expected an amount above zero and at most {most}, got {amount}")
        operation = account.note(name, amount, self.clock(), origin="ACQUIRER")
        self._operated(request, operation)
        return operation

    def _overdue(self, request: PaymentRequest) -> bool:
        return self.clock() >= request.closes_at

    def _expiry(self) -> Decision:
        return Decision(response_code=EXPIRED, decided_at=self.clock())

    def _end(self, request: PaymentRequest, decision: Decision, fault: Fault | None = None) -> Dispatch:
        ending = self._dispatch(request, decision, fault or self.fault)
        self.ended[request.identifier] = ending
        self.accounts[request.identifier] = self._record_of(request, ending.decision)
        for each in ending.notifications:
            if each.delay:
                self._queue(each)
        return ending

    def _dispatch(self, request: PaymentRequest, decision: Decision, fault: Fault) -> Dispatch:
        """Build the messages about a decision."""
        pending = attrs.evolve(decision, response_code=PENDING, authorisation_number=None)
        reported = pending if fault is Fault.PENDING_FIRST else decision
        key = key_under(fault, *self.keys_of(request))
        said = attrs.evolve(request, amount=request.amount + Euros(1)) if fault is Fault.WRONG_AMOUNT else request

        def as_said(each: Decision) -> Decision:
            """Return the decision, or the acceptance that a forger claims."""
            forged = fault is Fault.FORGED
            return attrs.evolve(each, response_code=ACCEPTED, authorisation_number="000000") if forged else each

        back = None if decision.response_code == EXPIRED else self.return_fields(said, as_said(reported), key)
        notifications = tuple(
            Notification(
                url=request.notification_url,
                message=self.message(said, as_said(each), key),
                decision=each,
                identifier=request.identifier,
                delay=wait,
            )
            for each, wait in schedule(fault, decision, pending, self._delay)
            if self._notifies(each)
        )
        return Dispatch(decision=reported, fault=fault, return_fields=back, notifications=notifications)

    def _notifies(self, decision: Decision) -> bool:
        """Return whether the bank notifies a decision."""
        del decision
        return True

    def _replace_pending(self, notification: Notification) -> None:
        """Replace a pending decision by the one that is notified late."""
        decision, account = notification.decision, self.accounts.get(notification.identifier)
        if decision is not None and account is not None and account.decision.response_code == PENDING:
            self.accounts[notification.identifier] = self._record_of(self.requests[notification.identifier], decision)


@attrs.frozen
class BankTransport(Transport):
    """The transport to a bank in the same process.

    Args:
        bank: The bank.
    """

    bank: TrialBank

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a call, as the bank's server does over HTTP."""
        try:
            answer = self.bank.serve(BankCall(method=method, url=url, headers=headers or {}, body=body or b""))
        except GatewayUnavailableError:
            return HttpAnswer(self.bank.html_status, b"<!doctype html>")
        except ResponseRefusedError:
            answer = None
        return HttpAnswer(answer.status, answer.body) if isinstance(answer, BankAnswer) else HttpAnswer(404, b"")
