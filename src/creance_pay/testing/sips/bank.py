"""The bank's side of Sips, without a network: it reads a sealed form and seals an answer.

As on the vendor's simulator, the last two digits of the card number choose the response code, and an unknown code is an
acceptance; no card number is kept.

>>> from creance_pay import Euros, HttpMessage, PaymentOrder
>>> from creance_pay.gateways import KeyRing, SecretKey
>>> from creance_pay.gateways.sips import SipsHost, SipsPaypage
>>> from creance_pay.testing.sips import form_body
>>> keys = KeyRing([SecretKey(version="1", secret="a-secret-of-the-shop")], current="1")
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
from ...errors import MalformedResponseError
from ...gateways.keys import KeyRing, SecretKey
from ...gateways.seals import SealAlgorithm, verify_seal
from ...gateways.sips.data import Data, decode
from ...gateways.sips.response_codes import RESPONSES
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

_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_CARD = re.compile(r"[0-9]{13,19}")
_TOO_MANY = "75"
_STATUSES = {ACCEPTED: "TO_CAPTURE", CANCELLED: "CANCELLED", EXPIRED: "EXPIRED", PENDING: "PENDING"}


@attrs.define(kw_only=True)
class Account:
    """What the bank remembers of a decided payment.

    Attributes:
        decision: What was decided.
        status: The state of the transaction, in the bank's word.
        remaining: What is left of the amount.
    """

    decision: Decision
    status: str
    remaining: Euros

    @classmethod
    def opened(cls, decision: Decision, amount: Euros) -> Account:
        """Open the account of a payment, in the state that follows from the decision."""
        return cls(decision=decision, status=_STATUSES.get(decision.response_code, "REFUSED"), remaining=amount)


class SipsBank:
    """A bank that knows some shops.

    Args:
        merchants: The key ring of each merchant, by merchant id.
        clock: What tells the time, with its zone.
        lifetime: How long the page waits for the person; fifteen minutes at the vendor's.
        attempts: How many cards a person may try; one, unless the shop has the vendor's option, which gives three.
        delay: How late what comes late is.
        fault: What goes wrong with a payment, unless :meth:`settle` is told otherwise; it may be set at any time.
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
    ) -> None:
        """Open with no request."""
        self._merchants = dict(merchants)
        self._clock = clock
        self._lifetime, self._attempts, self._delay = lifetime, attempts, delay
        self._tries: Counter[str] = Counter()
        self._outbox: list[tuple[datetime, PaymentRequest, Notification]] = []
        self._lock = RLock()  # pages are served by many threads
        self.fault = fault
        self.requests: dict[str, PaymentRequest] = {}
        self.accounts: dict[str, Account] = {}
        self.ended: dict[str, Dispatch] = {}

    @property
    def merchants(self) -> tuple[str, ...]:
        """The merchant ids that the bank knows."""
        return tuple(self._merchants)

    def receive(self, fields: Mapping[str, str]) -> PaymentRequest:
        """Read the form that the browser posts, and prove its seal.

        Raises:
            ResponseRefusedError: for a field that is missing or unreadable, an unknown shop, key or algorithm, a seal
                that is not the shop's, or a transaction reference that has been used.
        """
        text, algorithm = fields.get("Data", ""), fields.get("SealAlgorithm", SealAlgorithm.SHA_256.value)
        data = Data.parse(decode(text, fields.get("Encode", "")))
        key = self.authenticate(data, text, fields.get("Seal", ""), algorithm)
        return self.open(data, key, SealAlgorithm(algorithm))

    def authenticate(self, data: Data, text: str, sealed: str, algorithm: str) -> SecretKey:
        """Prove that a shop sealed a text, and give the key.

        Raises:
            ResponseRefusedError: for an unknown shop, key or algorithm, or a seal that is not the shop's.
        """
        shop = self._merchants.get(data.get("merchantId") or "")
        if shop is None or algorithm not in set(SealAlgorithm):
            raise MalformedResponseError("unknown shop or algorithm")
        key = shop.find(data.get("keyVersion") or "", now=self._clock())
        verify_seal(sealed, text, key, SealAlgorithm(algorithm))
        return key

    def open(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, *, by_json: bool = False) -> PaymentRequest:
        """Keep a request whose seal was proved.

        Raises:
            MalformedResponseError: for a field that is missing or unreadable, or a reference that has been used.
        """
        names = ("merchantId", "transactionReference", "amount", "normalReturnUrl", "automaticResponseUrl")
        merchant_id, reference, amount, return_url, notification_url = (data.get(name) for name in names)
        if not (merchant_id and reference and amount and return_url and notification_url):
            raise MalformedResponseError("a mandatory field is missing")
        if _AMOUNT.fullmatch(amount) is None:
            raise MalformedResponseError("the amount is not one to twelve digits of cents")
        asked = PaymentRequest(
            merchant_id=merchant_id,
            transaction_reference=reference,
            amount=Euros(int(amount)),
            return_url=return_url,
            notification_url=notification_url,
            key=key,
            algorithm=algorithm,
            opened_at=self._clock(),
            by_json=by_json,
        )
        if self.requests.setdefault(reference, asked) is not asked:
            raise MalformedResponseError("transaction already processed")
        return asked

    def pay(
        self, request: PaymentRequest, card: str, *, authentication: Authentication = Authentication.SUCCESS
    ) -> Decision:
        """Decide by the last two digits of a card number, of which only the mask is kept.

        Args:
            request: What is to be paid.
            card: Thirteen to nineteen digits, with spaces if one likes; anything else is wrong card data, code 14.
            authentication: How 3-D Secure ends.  That an error there lets the card decide is our reading.
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
        """Decide for a person who leaves the page."""
        return Decision(response_code=CANCELLED, decided_at=self._clock())

    def answer(self, request: PaymentRequest, decision: Decision) -> dict[str, str]:
        """Remember a decision, and seal the fields that both the browser and the bank's server post back."""
        self.accounts.setdefault(request.transaction_reference, Account.opened(decision, request.amount))
        return sealed_answer(request, decision)

    def settle(self, request: PaymentRequest, decision: Decision, *, fault: Fault | None = None) -> Dispatch | None:
        """Let a decision end the payment, unless it is a refusal and the person may try again.

        Args:
            request: What was asked for.
            decision: What was decided at this attempt; past the page's lifetime, an expiry whatever it is.
            fault: What goes wrong; by default, what goes wrong at this bank.

        Returns:
            What goes out: post the notifications that go out at once, and have :meth:`due` give the others in time.
            A payment ends once: later decisions change nothing, and nothing is notified about them.  ``None`` when the
            person may try again.
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
        """Count how many cards the person may still try."""
        return self._attempts - self._tries[request.transaction_reference]

    def due(self) -> tuple[Notification, ...]:
        """Take what is to be posted by now: what was late, and word of the payments that were left open too long."""
        with self._lock:
            asked = list(self.requests.values())
            waiting = [request for request in asked if request.transaction_reference not in self.accounts]
            expired = [self._end(request, self._expiry()) for request in waiting if self._overdue(request)]
            now = self._clock()
            late = [(request, each) for moment, request, each in self._outbox if moment <= now]
            self._outbox = [entry for entry in self._outbox if entry[0] > now]
            for request, each in late:
                self._decide_at_last(request, each.decision)
        return (*(each for ending in expired for each in ending.at_once), *(each for _, each in late))

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
        self._outbox += [(now + each.after, request, each) for each in ending.notifications if each.after]
        return ending

    def _decide_at_last(self, request: PaymentRequest, decision: Decision) -> None:
        """Let what is notified late replace a decision that was still open."""
        if self.accounts[request.transaction_reference].decision.response_code == PENDING:
            self.accounts[request.transaction_reference] = Account.opened(decision, request.amount)
