"""A merchant that a test bank knows, and a test bank whose clock the test moves.

The fixtures of :mod:`creance_pay.testing.pytest_plugin` build both; they work without pytest too.

>>> from creance_pay import Euros, PaymentOrder
>>> from creance_pay.testing import TrialCard, trial_merchant
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1:8000/return", notification_url="http://127.0.0.1:8000/notification",
... )
>>> merchant = trial_merchant("direct")
>>> merchant.gateway().verify(merchant.notification(order, card=TrialCard.REFUSED), expected=order).state
<PaymentState.REFUSED: 'REFUSED'>
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from .._clock import utc_now
from ..errors import GatewayUnavailableError, InvalidValueError
from ..gateways.base import FormPost, Gateway, Redirect
from ..gateways.keys import KeyRing
from ..gateways.transport import RequestsTransport, Transport
from ..http import HttpMessage
from ..payment import PaymentOrder
from .bank import BankTransport, TrialBank
from .decisions import Authentication, Decision, PaymentRequest, TrialCard
from .faults import Fault, Notification

LOOPBACK = "http://127.0.0.1"


class TrialMerchant(ABC):
    """A fictitious merchant of a test bank, with two keys as during a rotation."""

    merchant_id: str

    @abstractmethod
    def gateway(
        self, url: str = LOOPBACK, *, transport: Transport | None = None, clock: Callable[[], datetime] = utc_now
    ) -> Gateway:
        """Build the merchant's gateway to a bank on this machine.

        Args:
            url: The address of the bank.
            transport: The transport by which the gateway creates a payment page, where it calls the bank for one; by
                default over HTTP, without proxy.
            clock: Returns the time, with its zone.
        """

    @abstractmethod
    def open_bank(self, **settings: Any) -> TrialBank:  # noqa: ANN401 - the arguments of each bank's class
        """Open a bank that knows this merchant only.

        Args:
            settings: The arguments of the bank, such as ``clock``, ``lifetime``, ``attempts``, ``delay``, ``fault``.
        """

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """The settings of a portal, by name: the keys are published, and protect nothing."""

    def notification(
        self,
        order: PaymentOrder,
        *,
        card: str | None = TrialCard.ACCEPTED,
        authentication: Authentication = Authentication.SUCCESS,
        fault: Fault = Fault.NONE,
    ) -> HttpMessage:
        """Build the first notification of the bank about an order.  Each call uses a new bank, without state.

        Args:
            order: The order.
            card: The card number; ``None`` when the person leaves the payment page.
            authentication: The result of 3-D Secure.
            fault: The fault of the bank.

        Raises:
            InvalidValueError: for a fault that suppresses the notification.
        """
        page = LocalBank(self)
        request = page.open(page.gateway.initiate(order))
        ending = page.bank.settle(request, page.decide(request, card, authentication), fault=fault)
        if ending is None or not ending.notifications:
            raise InvalidValueError(f"expected a fault with a notification, got {fault}")
        return ending.notifications[0].message


class LocalBank:
    """The payment page of a test bank, called by a test in the place of a person.

    Its clock follows the real time plus the time that :meth:`wait` adds, so that tests finish at once.

    Args:
        merchant: The only merchant that the bank knows.
        transport: The transport that posts the notifications; by default over HTTP, without proxy.

    Attributes:
        bank: The bank; its attribute ``fault`` is the default fault.
        merchant: The merchant.
        url: The address of the payment page.
    """

    def __init__(self, merchant: TrialMerchant, *, transport: Transport | None = None) -> None:
        """Start without a payment."""
        self.merchant, self.url = merchant, LOOPBACK
        self.bank = merchant.open_bank(clock=self.now)
        self._offset = timedelta(0)
        self._transport = transport or RequestsTransport(direct=True)

    @property
    def gateway(self) -> Gateway:
        """The merchant's gateway to this page."""
        return self.merchant.gateway(self.url, transport=self.line, clock=self.now)

    @property
    def line(self) -> Transport:
        """The transport to this bank, for the questions and the acts of a portal."""
        return BankTransport(self.bank)

    def open(self, form: FormPost | Redirect) -> PaymentRequest:
        """Open the payment page with the form or the address of a gateway, and return the payment request.

        Raises:
            ResponseRefusedError: when the bank refuses it, for example at its second use.
        """
        return self.bank.open_form(form)

    def pay(
        self,
        form: FormPost | Redirect,
        card: str = TrialCard.ACCEPTED,
        *,
        authentication: Authentication = Authentication.SUCCESS,
        fault: Fault | None = None,
    ) -> HttpMessage:
        """Pay by card, and post the immediate notifications before returning.

        Args:
            form: The form or the address of the payment page.
            card: The card number.
            authentication: The result of 3-D Secure.
            fault: The fault of the bank; by default the bank's attribute ``fault``.

        Returns:
            The message that the browser would bring to the order's return address.

        Raises:
            InvalidValueError: when the payment expires: no browser returns.
            GatewayUnavailableError: when the portal does not answer a notification.
        """
        request = self.open(form)
        return self._finish(request, self.decide(request, card, authentication), fault)

    def leave(self, form: FormPost | Redirect, *, fault: Fault | None = None) -> HttpMessage:
        """Open the payment page and cancel; returns and raises as :meth:`pay` does."""
        return self._finish(self.open(form), self.bank.leave(), fault)

    def expire(self, form: FormPost | Redirect) -> None:
        """Open the payment page, do nothing there, and move the clock until it closes; the bank may notify it."""
        self.wait(self.open(form).closes_at - self.now())

    def wait(self, duration: timedelta = timedelta(0)) -> None:
        """Move the bank's clock forward, and post the notifications that are due."""
        self._offset += duration
        self._post(self.bank.due())

    def decide(self, request: PaymentRequest, card: str | None, authentication: Authentication) -> Decision:
        """Return the bank's decision about a card, or about a person who leaves (``card=None``)."""
        return self.bank.leave() if card is None else self.bank.pay(request, card, authentication=authentication)

    def now(self) -> datetime:
        """Return the bank's time."""
        return utc_now() + self._offset

    def _post(self, notifications: Iterable[Notification]) -> None:
        """Post notifications; raise for one without an answer, so that a test does not fail far from the cause."""
        posted = tuple(notifications)
        statuses = self.bank.post(posted, self._transport)
        failed = [each.url for each, status in zip(posted, statuses, strict=True) if not status]
        if failed:
            raise GatewayUnavailableError(
                f"expected a portal at {failed[0]} to answer the notification, got no answer: serve it during the test,"
                " or use Fault.LOST"
            )

    def _finish(self, request: PaymentRequest, decision: Decision, fault: Fault | None) -> HttpMessage:
        ending = self.bank.settle(request, decision, fault=fault)
        if ending is None or ending.return_fields is None:
            raise InvalidValueError("expected a payment that ends with a return, got one that expires")
        self._post(ending.immediate)
        body = urlencode(ending.return_fields).encode()
        return HttpMessage(body, {"Content-Type": "application/x-www-form-urlencoded"})


def described(name: str, keys: KeyRing) -> dict[str, str]:
    """Describe a ring for the settings of a portal."""
    return {
        f"{name} {key.version}": f"{key.get_secret_value()}{'   current' if key is keys.current else ''}"
        for key in keys
    }
