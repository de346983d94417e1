"""The merchants and checkouts of Worldline Direct on the bank's side: creation, messages, events of operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from itertools import count
from random import Random, SystemRandom
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from ..._clock import utc_now
from ...gateways.base import Report, ReportKind, ReportLine
from ...gateways.keys import KeyRing, SecretKey
from ...http import HttpMessage
from ...money import Euros
from ...payment import Movement, MovementKind, PaymentState
from ..accounts import Account, Operation
from ..bank import TrialBank
from ..decisions import ACCEPTED, EXPIRED, PENDING, REFUSED, Decision, PaymentRequest
from ..faults import Fault, Notification
from .checkouts import (
    CURRENCY,
    PRODUCT_NAMES,
    Checkout,
    change_of,
    checkout_of,
    event,
    operation_ids,
    payment_of,
    webhook,
)

_PARIS = ZoneInfo("Europe/Paris")
_FIRST_NUMBER = 4_481_347_252
_SALE = "SALE"
_LONGEST = 1440
_MOVEMENTS = {
    "CREDIT_CAPTURE": MovementKind.REFUNDED,
    "CHARGEBACK": MovementKind.CHARGED_BACK,
    "REPRESENTMENT": MovementKind.REPRESENTED,
}

_STATES = {
    MovementKind.REFUNDED: PaymentState.REFUNDED,
    MovementKind.CHARGED_BACK: PaymentState.CHARGED_BACK,
    MovementKind.REPRESENTED: PaymentState.PAID,
}


@attrs.frozen(kw_only=True)
class MerchantKeys:
    """The two rings of a merchant.

    Attributes:
        api: The keys that sign the merchant's calls.
        webhooks: The keys that seal the bank's webhooks; the current one seals the next.
    """

    api: KeyRing
    webhooks: KeyRing


class DirectCheckouts(TrialBank):
    """The part of a bank that creates checkouts and writes messages.

    Args:
        merchants: The keys of each merchant, by merchant number.
        clock: Returns the time, with its zone.
        lifetime: The time until the payment page expires; a checkout may name a shorter one.
        attempts: The number of cards that a person may try; a checkout may name fewer.
        delay: The delay of late notifications.
        fault: The default fault of a payment; also an attribute, which may be set at any time.
        merchant_name: The name of the merchants on the pages; by default that of the guide's screen.
        refunds_at_night: Whether a refund is accepted at once and ends with the nightly batch.
        idempotent_creation: Whether the bank honours an idempotence key at the creation of a checkout.
        chance: The source of the addresses of the pages.
    """

    codes: ClassVar[Mapping[str, PaymentState]] = {
        "00": PaymentState.PAID,
        **dict.fromkeys(("05", "14", "34", "51", "54", "75"), PaymentState.REFUSED),
        "17": PaymentState.CANCELLED,
        "60": PaymentState.PENDING,
        "90": PaymentState.UNKNOWN,
        EXPIRED: PaymentState.EXPIRED,
    }
    #: 35 hours and 10 minutes in all.
    retries: ClassVar[tuple[timedelta, ...]] = (
        timedelta(minutes=10),
        *(timedelta(hours=hours) for hours in (1, 2, 8, 24)),
    )
    return_method: ClassVar[str] = "get"
    html_status: ClassVar[int] = 502

    def __init__(
        self,
        merchants: Mapping[str, MerchantKeys],
        *,
        clock: Callable[[], datetime] = utc_now,
        lifetime: timedelta = timedelta(minutes=180),
        attempts: int = 10,
        delay: timedelta = timedelta(seconds=30),
        fault: Fault = Fault.NONE,
        merchant_name: str = "CPAM Test2(INTEGRATION)",
        refunds_at_night: bool = False,
        idempotent_creation: bool = True,
        chance: Random | None = None,
    ) -> None:
        """Start without a checkout."""
        super().__init__(
            clock=clock, lifetime=lifetime, attempts=attempts, delay=delay, fault=fault, merchant_name=merchant_name
        )
        self._merchants = dict(merchants)
        self._numbers, self._events = count(_FIRST_NUMBER), count(1)
        self._chance = chance or SystemRandom()
        self.refunds_at_night, self.idempotent_creation = refunds_at_night, idempotent_creation

    @property
    def merchants(self) -> tuple[str, ...]:
        """The numbers of the merchants that the bank knows."""
        return tuple(self._merchants)

    def replace_keys(self, merchant_id: str, keys: MerchantKeys) -> None:
        """Replace the keys of a merchant, as on the vendor's own screens."""
        self._merchants[merchant_id] = keys

    @property
    def address(self) -> str:
        """The path below which a portal's calls are."""
        return "/v2/"

    def api_keys(self, merchant_id: str) -> tuple[SecretKey, ...]:
        """Return the keys with which a merchant may sign; none for an unknown merchant."""
        keys, now = self._merchants.get(merchant_id), self.clock()
        return tuple(key for key in keys.api if not key.retired(now)) if keys else ()

    def create(self, merchant_id: str, document: Mapping[str, Any]) -> Checkout:
        """Create a checkout.

        Raises:
            KeyError, TypeError, ValueError: for a document that lacks a field, or has one of another type.
        """
        order, page = document["order"], document["hostedCheckoutSpecificInput"]
        references, price = order["references"], order["amountOfMoney"]
        restriction = page.get("paymentProductFilters", {}).get("restrictTo", {})
        if price["currencyCode"] != CURRENCY or type(price["amount"]) is not int:
            raise ValueError("expected whole cents of euros")
        mode = document.get("cardPaymentMethodSpecificInput", {}).get("authorizationMode", _SALE)
        now = self.clock()
        with self._lock:
            checkout = Checkout(
                merchant_id=merchant_id,
                transaction_reference=str(references["merchantReference"]),
                amount=Euros(price["amount"]),
                return_url=str(page["returnUrl"]),
                notification_url=str(document["feedbacks"]["webhooksUrls"][0]),
                opened_at=now,
                closes_at=now + min(timedelta(minutes=page.get("sessionTimeout", _LONGEST)), self._lifetime),
                nonce=references.get("merchantParameters"),
                attempts=min(int(page.get("allowedNumberOfPaymentAttempts", self._attempts)), self._attempts),
                products=tuple(PRODUCT_NAMES[each] for each in restriction.get("products", ())),
                number=str(next(self._numbers)),
                page=f"{self._chance.getrandbits(128):032x}",
                return_mac=str(UUID(int=self._chance.getrandbits(128))),
                authorises=mode != _SALE,
            )
            self.requests[checkout.number] = checkout
        return checkout

    @property
    def checkouts(self) -> list[Checkout]:
        """The checkouts, in the order of their creation."""
        return [checkout_of(request) for request in self.requests.values()]

    def end_overdue(self, checkout: Checkout) -> None:
        """End a checkout whose session is over."""
        with self._lock:
            if checkout.number not in self.accounts and self._overdue(checkout):
                self._end(checkout, self._expiry())

    # ---- messages

    def keys_of(self, request: PaymentRequest) -> tuple[KeyRing, SecretKey]:
        """Return the ring of webhooks of the merchant, and its current key."""
        ring = self._merchants[request.merchant_id].webhooks
        return ring, ring.current

    def message(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> HttpMessage:
        """Build the webhook about a payment; ``key=None`` leaves the seal empty."""
        about = payment_of(checkout_of(request), decision)
        return self._webhook(request, f"payment.{about['status'].lower()}", about, key)

    def return_fields(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> dict[str, str]:
        """Build the query that the browser brings back: the portal's own, and a constant that proves nothing."""
        del decision, key
        checkout = checkout_of(request)
        own = dict(parse_qsl(urlsplit(request.return_url).query, keep_blank_values=True))
        return own | {"RETURNMAC": checkout.return_mac, "hostedCheckoutId": checkout.number}

    def mask(self, digits: str) -> str:
        """Return a card number with its last four digits only."""
        return f"{'*' * (len(digits) - 4)}{digits[-4:]}"

    def repeat(self, notification: Notification) -> None:
        """Make a webhook due again, with the number of the attempt in its header."""
        headers = {**notification.message.headers, "retry-count": str(notification.attempt + 1)}
        super().repeat(attrs.evolve(notification, message=attrs.evolve(notification.message, headers=headers)))

    def _webhook(self, request: PaymentRequest, kind: str, about: dict[str, Any], key: SecretKey | None) -> HttpMessage:
        _, current = self.keys_of(request)
        document = event(request.merchant_id, kind, about, next(self._events), self.clock())
        return webhook(document, key, key_id=current.version)

    def _notifies(self, decision: Decision) -> bool:
        return decision.response_code != EXPIRED

    # ---- records

    def _record_of(self, request: PaymentRequest, decision: Decision) -> Account:
        """Build the record of a payment: a sale is captured when it is accepted."""
        account = super()._record_of(request, decision)
        if checkout_of(request).authorises and decision.accepted:
            account.status = "TO_VALIDATE"
        if self.codes[decision.response_code] is PaymentState.UNKNOWN:
            account.status = "PENDING"
        account.remit(decision.decided_at)
        return account

    def _operated(self, request: PaymentRequest, operation: Operation) -> None:
        """End a refund or a capture at once, and notify the operation."""
        account = self.accounts[request.identifier]
        at_once = operation.name in {"CREDIT", "VALIDATE"} and not self.refunds_at_night
        last = account.remit(self.clock())[-1] if at_once else operation
        found = change_of(checkout_of(request), account, last)
        if found is not None:
            message = self._webhook(request, *found, self.keys_of(request)[1])
            self._queue(Notification(url=request.notification_url, message=message, identifier=request.identifier))

    def run_nightly_batch(self) -> None:
        """End what was accepted or left open before: captures, authorisations and refunds."""
        with self._lock:
            late = {each.identifier for _, each in self._outbox if each.decision is not None}
            for identifier, account in list(self.accounts.items()):
                if account.status == "PENDING" and identifier not in late:
                    self._decide_late(self.requests[identifier], account.decision)
        super().run_nightly_batch()

    def _decide_late(self, request: PaymentRequest, before: Decision) -> None:
        """Capture a payment whose capture was requested, refuse one whose authorisation is not known; notify it."""
        paid = before.response_code == PENDING
        decision = attrs.evolve(
            before,
            response_code=ACCEPTED if paid else REFUSED,
            authorisation_number=f"{request.amount.cents:06d}" if paid else None,
            decided_at=self.clock(),
        )
        self.accounts[request.identifier] = self._record_of(request, decision)
        message = self.message(request, decision, self.keys_of(request)[1])
        self._queue(Notification(url=request.notification_url, message=message, identifier=request.identifier))

    # ---- reports

    def reports(self, day: date) -> list[Report]:
        """Return the payments, refunds and chargebacks of a day in Paris, as an operator reads them on the screens.

        The vendor publishes no layout of its report files: these reports are built in memory.  They repeat the nonces:
        the bank accepts a reference twice, so that a line by the reference alone would name two payments.
        """
        lines: dict[ReportKind, list[ReportLine]] = {
            kind: [] for kind in (ReportKind.TRANSACTIONS, ReportKind.OPERATIONS, ReportKind.CHARGEBACKS)
        }
        for identifier, account in self.accounts.items():
            checkout = checkout_of(self.requests[identifier])
            if account.decision.accepted and _day(account.decision.decided_at) == day:
                kind = ReportKind.TRANSACTIONS
                lines[kind].append(_line(checkout, kind, account.decision.decided_at))
            for number, operation in operation_ids(checkout, account):
                moved = _MOVEMENTS.get(operation.name)
                if moved is None or _day(operation.at) != day:
                    continue
                refund = moved is MovementKind.REFUNDED
                kind = ReportKind.OPERATIONS if refund else ReportKind.CHARGEBACKS
                movement = Movement(kind=moved, amount=operation.amount, identifier=number, at=operation.at)
                lines[kind].append(_line(checkout, kind, account.decision.decided_at, movement))
        return [
            Report(
                header=(),
                kind=kind,
                day=day,
                lines=tuple(attrs.evolve(line, number=number, day=day) for number, line in enumerate(found, 1)),
                bad=(),
            )
            for kind, found in lines.items()
        ]


def _line(checkout: Checkout, kind: ReportKind, at: datetime, movement: Movement | None = None) -> ReportLine:
    """Return the line about a payment, or about a movement of it."""
    reference = checkout.transaction_reference
    number = movement.identifier if movement else f"{checkout.number}_0"
    return ReportLine(
        number=1,
        transaction_reference=reference,
        amount=movement.amount if movement else checkout.amount,
        state=_STATES[movement.kind] if movement else PaymentState.PAID,
        at=at,
        currency=CURRENCY,
        values={"merchantReference": reference, "paymentId": number, "kind": kind},
        kind=kind,
        movement=movement,
        nonce=checkout.nonce,
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(_PARIS).date()
