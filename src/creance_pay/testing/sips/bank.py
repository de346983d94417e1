"""The bank's side of Sips, without a network: it reads a sealed form and seals an answer.

As on the vendor's simulator, the last two digits of the card number are the response code, and an unknown code is an
acceptance.  No card number is stored.

>>> from creance_pay import Euros, HttpMessage, PaymentOrder
>>> from creance_pay.gateways import KeyRing, SecretKey
>>> from creance_pay.gateways.sips import SipsHost, SipsPaypage
>>> from creance_pay.testing.sips import form_body
>>> keys = KeyRing([SecretKey(version="1", secret="a-key-made-up-for-this-page")], current="1")
>>> bank = SipsBank({"201000005940002": keys})
>>> gateway = SipsPaypage(merchant_id="201000005940002", keys=keys, host=SipsHost.loopback("http://127.0.0.1"))
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
... )
>>> request = bank.receive(gateway.initiate(order).fields)
>>> answer = bank.answer(request, bank.pay(request, "5017670000001800"))
>>> gateway.verify(HttpMessage(form_body(answer)), expected=order).state
<PaymentState.PAID: 'PAID'>
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import RLock

import attrs

from ..._clock import utc_now
from ...errors import InvalidValueError, MalformedResponseError
from ...gateways.keys import KeyRing, SecretKey
from ...gateways.seals import SealAlgorithm, verify_seal
from ...gateways.sips.data import Data, decode
from ...gateways.sips.response_codes import RESPONSES
from ...gateways.sips.responses import parse_timestamp
from ...money import Euros
from ...payment import PaymentState
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
    sealed_answer,
)
from .faults import Dispatch, Fault, Notification, dispatch
from .operations import VERBS, Account, Operation

_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_CARD = re.compile(r"[0-9]{13,19}")
_TOO_MANY = "75"


class SipsBank:
    """A bank with a list of merchants.

    Args:
        merchants: The key ring of each merchant, by merchant number.
        clock: Returns the time, with its zone.
        lifetime: The time until the payment page expires; fifteen minutes at the vendor's.
        attempts: The number of cards that a person may try; one, or three with the vendor's option.
        delay: The delay of late notifications.
        fault: The default fault of a payment; also an attribute, which may be set at any time.
        merchant_name: The name of the merchants on the pages; by default that of the guide's screen.

    Attributes:
        merchant_name: The name of the merchants on the pages.
        fault: The default fault of a payment.
        requests: The payment requests, by transaction reference.
        accounts: The records of decided payments, by transaction reference.
        ended: The messages about payments that have ended, by transaction reference.
    """

    def __init__(
        self,
        merchants: Mapping[str, KeyRing],
        *,
        clock: Callable[[], datetime] = utc_now,
        lifetime: timedelta = timedelta(minutes=15),
        attempts: int = 1,
        delay: timedelta = timedelta(seconds=30),
        fault: Fault = Fault.NONE,
        merchant_name: str = "CPAM Test2(INTEGRATION)",
    ) -> None:
        """Start without a request."""
        self.merchant_name = merchant_name
        self._merchants = dict(merchants)
        self._clock = clock
        self._lifetime, self._attempts, self._delay = lifetime, attempts, delay
        self._tries: Counter[str] = Counter()
        self._outbox: list[tuple[datetime, PaymentRequest, Notification]] = []
        self._lock = RLock()  # many threads serve the pages
        self.fault = fault
        self.requests: dict[str, PaymentRequest] = {}
        self.accounts: dict[str, Account] = {}
        self.ended: dict[str, Dispatch] = {}

    @property
    def merchants(self) -> tuple[str, ...]:
        """The numbers of the merchants that the bank knows."""
        return tuple(self._merchants)

    def receive(self, fields: Mapping[str, str]) -> PaymentRequest:
        """Read the form that the browser posts, authenticate its seal, and open the payment.

        Raises:
            ResponseRefusedError: for a missing or unreadable field, an unknown merchant, key or algorithm, a seal that
                is not the merchant's, or a transaction reference that was used before.
        """
        text, algorithm = fields.get("Data", ""), fields.get("SealAlgorithm", SealAlgorithm.SHA_256.value)
        data = Data.parse(decode(text, fields.get("Encode", "")))
        key = self.authenticate(data, text, fields.get("Seal", ""), algorithm)
        return self.open(data, key, SealAlgorithm(algorithm))

    def authenticate(self, data: Data, text: str, sealed: str, algorithm: str) -> SecretKey:
        """Authenticate the seal of a merchant over a text, and return the key.

        Args:
            data: The fields of the text: merchant and key version.
            text: The text, as it was sent.
            sealed: The seal.
            algorithm: The name of the algorithm.

        Raises:
            ResponseRefusedError: for an unknown merchant, key or algorithm, or a seal that is not the merchant's.
        """
        keys = self._merchants.get(data.get("merchantId") or "")
        if keys is None or algorithm not in set(SealAlgorithm):
            raise MalformedResponseError("expected a known merchant and algorithm, got an unknown one")
        key = keys.find(data.get("keyVersion") or "", now=self._clock())
        verify_seal(sealed, text, key, SealAlgorithm(algorithm))
        return key

    def open(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, *, by_json: bool = False) -> PaymentRequest:
        """Open a payment whose request is authentic.

        Args:
            data: The fields of the request.
            key: The key of its seal.
            algorithm: The algorithm of its seal.
            by_json: Whether the request came as JSON; the answer then is JSON too.

        Raises:
            MalformedResponseError: for a missing or unreadable field, or a reference that was used before.
        """
        names = ("merchantId", "transactionReference", "amount", "normalReturnUrl", "automaticResponseUrl")
        merchant_id, reference, amount, return_url, notification_url = (data.get(name) for name in names)
        if not (merchant_id and reference and amount and return_url and notification_url):
            raise MalformedResponseError(f"expected the fields {', '.join(names)}, got a request without one of them")
        if _AMOUNT.fullmatch(amount) is None:
            raise MalformedResponseError(f"expected an amount of one to twelve digits of cents, got {len(amount)}")
        request = PaymentRequest(
            merchant_id=merchant_id,
            transaction_reference=reference,
            amount=Euros(int(amount)),
            return_url=return_url,
            notification_url=notification_url,
            key=key,
            algorithm=algorithm,
            opened_at=self._clock(),
            by_json=by_json,
            return_context=data.get("returnContext"),
        )
        expires_at = parse_timestamp(data.get("expirationDate"))
        if expires_at is not None and expires_at <= self._clock():
            raise MalformedResponseError("the request has expired")
        if self.requests.setdefault(reference, request) is not request:
            raise MalformedResponseError("transaction already processed")
        return request

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
            return Decision(response_code=WRONG_CARD, decided_at=self._clock())
        if authentication is Authentication.CANCEL:
            return attrs.evolve(self.leave(), authentication=authentication)
        code = digits[-2:] if digits[-2:] in RESPONSES else ACCEPTED
        code = REFUSED if authentication is Authentication.FAILURE else code
        return Decision(
            response_code=code,
            masked_card=f"{digits[:4]}{'#' * (len(digits) - 6)}{digits[-2:]}",
            authorisation_number=f"{request.amount.cents % 1_000_000:06d}" if code == ACCEPTED else None,
            decided_at=self._clock(),
            authentication=authentication,
        )

    def leave(self) -> Decision:
        """Return the decision about a person who leaves the page: cancelled."""
        return Decision(response_code=CANCELLED, decided_at=self._clock())

    def answer(self, request: PaymentRequest, decision: Decision) -> dict[str, str]:
        """Record a decision, and return the sealed fields that the browser and the bank's server post to the portal."""
        self.accounts.setdefault(request.transaction_reference, Account.opened(decision, request.amount))
        return sealed_answer(request, decision)

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
        reference = request.transaction_reference
        with self._lock:
            if reference in self.ended:
                return attrs.evolve(self.ended[reference], notifications=())
            self._tries[reference] += 1
            if self._overdue(request):
                return self._end(request, self._expiry(), fault)
            decision = attrs.evolve(decision, attempt=self._tries[reference])
            refused = (
                RESPONSES.get(decision.response_code) is PaymentState.REFUSED and decision.response_code != _TOO_MANY
            )
            return None if refused and decision.attempt < self._attempts else self._end(request, decision, fault)

    def attempts_left(self, request: PaymentRequest) -> int:
        """Return the number of cards that the person may still try."""
        return self._attempts - self._tries[request.transaction_reference]

    def due(self) -> tuple[Notification, ...]:
        """Return the late notifications that are due, and those of payments that have expired; each of them once."""
        with self._lock:
            requests = list(self.requests.values())
            waiting = [request for request in requests if request.transaction_reference not in self.accounts]
            expired = [self._end(request, self._expiry()) for request in waiting if self._overdue(request)]
            now = self._clock()
            late = [(request, each) for due_at, request, each in self._outbox if due_at <= now]
            self._outbox = [entry for entry in self._outbox if entry[0] > now]
            for request, each in late:
                self._replace_pending(request, each.decision)
        return (*(each for ending in expired for each in ending.immediate), *(each for _, each in late))

    def operate(self, verb: str, reference: str, amount: Euros | None = None, *, origin: str = "EXTRANET") -> str:
        """Cancel, refund or validate a payment, as a person does in the bank's back office.

        Args:
            verb: ``cancel``, ``refund`` or ``validate``.
            reference: The transaction reference.
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
            account = self._account(reference)
            return account.operate(verb, account.remaining if amount is None else amount, self._clock(), origin=origin)

    def charge_back(self, reference: str, amount: Euros | None = None) -> Operation:
        """Charge back money that the cardholder disputes, without asking the merchant.

        Args:
            reference: The transaction reference.
            amount: The amount; the whole payment by default.

        Raises:
            InvalidValueError: for a payment that is not debited, or an amount above what was not taken back before.
        """
        with self._lock:
            account, whole = self._account(reference), self.requests[reference].amount
            most = whole.saturating_sub(account.charged_back)
            if not account.sum_of("DEBIT_CAPTURE").cents:
                raise InvalidValueError(f"expected a payment that is debited, got one that is {account.status}")
            return self._dispute(account, "CHARGEBACK", most if amount is None else amount, most)

    def represent(self, reference: str, amount: Euros | None = None) -> Operation:
        """Return money that was charged back.

        Args:
            reference: The transaction reference.
            amount: The amount; all that was taken back by default.

        Raises:
            InvalidValueError: for an amount above what was taken back.
        """
        with self._lock:
            account = self._account(reference)
            most = account.charged_back
            return self._dispute(account, "REPRESENTMENT", most if amount is None else amount, most)

    def run_nightly_batch(self) -> None:
        """Debit the payments that are TO_CAPTURE, and credit those that are TO_CREDIT."""
        with self._lock:
            for account in self.accounts.values():
                account.remit(self._clock())

    def _dispute(self, account: Account, name: str, amount: Euros, most: Euros) -> Operation:
        if not Euros(0) < amount <= most:
            raise InvalidValueError(f"expected an amount above zero and at most {most}, got {amount}")
        return account.note(name, amount, self._clock(), origin="ACQUIRER")

    def _account(self, reference: str) -> Account:
        if reference not in self.accounts:
            raise InvalidValueError("expected the reference of a decided payment, got another")
        return self.accounts[reference]

    def _overdue(self, request: PaymentRequest) -> bool:
        return self._clock() - request.opened_at >= self._lifetime

    def _expiry(self) -> Decision:
        return Decision(response_code=EXPIRED, decided_at=self._clock())

    def _end(self, request: PaymentRequest, decision: Decision, fault: Fault | None = None) -> Dispatch:
        keys = self._merchants[request.merchant_id]
        ending = dispatch(request, decision, keys=keys, fault=fault or self.fault, delay=self._delay)
        self.ended[request.transaction_reference] = ending
        self.accounts[request.transaction_reference] = Account.opened(ending.decision, request.amount)
        now = self._clock()
        self._outbox += [(now + each.delay, request, each) for each in ending.notifications if each.delay]
        return ending

    def _replace_pending(self, request: PaymentRequest, decision: Decision) -> None:
        """Replace a pending decision by the one that is notified late."""
        if self.accounts[request.transaction_reference].decision.response_code == PENDING:
            self.accounts[request.transaction_reference] = Account.opened(decision, request.amount)
