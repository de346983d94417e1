"""A merchant that the test bank knows, and a test bank whose clock the test moves.

The fixtures of :mod:`creance_pay.testing.pytest_plugin` build both classes; they work without pytest too.

>>> from creance_pay import Euros, PaymentOrder
>>> merchant = TrialMerchant()
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1:8000/return", notification_url="http://127.0.0.1:8000/notification",
... )
>>> gateway = merchant.gateway()
>>> gateway.verify(merchant.notification(order, card=TrialCard.REFUSED), expected=order).state
<PaymentState.REFUSED: 'REFUSED'>
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from .._clock import utc_now
from ..errors import GatewayUnavailableError, InvalidValueError
from ..gateways.base import FormPost
from ..gateways.keys import KeyRing, SecretKey
from ..gateways.sips.hosts import SipsHost
from ..gateways.sips.paypage import SipsPaypage
from ..gateways.transport import RequestsTransport, Transport
from ..http import HttpMessage
from ..payment import PaymentOrder
from .sips.bank import SipsBank
from .sips.decisions import Authentication, Decision, PaymentRequest, TrialCard, form_body
from .sips.delivery import deliver
from .sips.faults import Fault, Notification

_LOOPBACK = "http://127.0.0.1"


def _trial_keys() -> KeyRing:
    """Build a ring of two keys, as during a rotation."""
    secrets = {"1": "a-key-of-last-year-made-up", "2": "a-key-made-up-for-this-bank"}
    return KeyRing([SecretKey(version=version, secret=secret) for version, secret in secrets.items()], current="2")


def _message(fields: Mapping[str, str]) -> HttpMessage:
    return HttpMessage(form_body(fields), {"Content-Type": "application/x-www-form-urlencoded"})


@attrs.frozen(kw_only=True)
class TrialMerchant:
    """A merchant that the test bank knows.  The default is fictitious and has two keys, as during a rotation.

    Args:
        merchant_id: The merchant number.
        keys: The merchant's keys.
    """

    merchant_id: str = "201000005940002"
    keys: KeyRing = attrs.field(factory=_trial_keys)

    def gateway(self, url: str = _LOOPBACK) -> SipsPaypage:
        """Build the merchant's gateway to a bank on this machine.

        Args:
            url: The address of the bank.
        """
        return SipsPaypage(merchant_id=self.merchant_id, keys=self.keys, host=SipsHost.loopback(url))

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
        request = page.open(self.gateway().initiate(order))
        ending = page.bank.settle(request, page.decide(request, card, authentication), fault=fault)
        if ending is None or not ending.notifications:
            raise InvalidValueError(f"expected a fault with a notification, got {fault}")
        return _message(ending.notifications[0].fields)


class LocalBank:
    """The payment page of a test bank, called by a test in the place of a person.

    Its clock follows the real time plus what :meth:`wait` adds, so that no test has to sleep.

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
        self.merchant, self.url = merchant, _LOOPBACK
        self.bank = SipsBank({merchant.merchant_id: merchant.keys}, clock=self._now)
        self._offset = timedelta(0)
        self._transport = transport or RequestsTransport(direct=True)

    @property
    def gateway(self) -> SipsPaypage:
        """The merchant's gateway to this page."""
        return self.merchant.gateway(self.url)

    def open(self, form: FormPost) -> PaymentRequest:
        """Open the payment page with the form of a gateway, and return the payment request.

        A payment that was started by JSON is found by the token in its form.

        Raises:
            ResponseRefusedError: when the bank refuses the form, for example at its second use.
        """
        started = self.bank.requests.get(form.fields.get("redirectionData", ""))
        return started or self.bank.receive(form.fields)

    def pay(
        self,
        form: FormPost,
        card: str = TrialCard.ACCEPTED,
        *,
        authentication: Authentication = Authentication.SUCCESS,
        fault: Fault | None = None,
    ) -> HttpMessage:
        """Pay by card, and post the immediate notifications before returning.

        Args:
            form: The form to the payment page.
            card: The card number.
            authentication: The result of 3-D Secure.
            fault: The fault of the bank; by default the bank's attribute ``fault``.

        Returns:
            The message that the browser would post to the order's return address.

        Raises:
            InvalidValueError: when the payment expires: no browser returns.
            GatewayUnavailableError: when the portal does not answer a notification.
        """
        request = self.open(form)
        return self._finish(request, self.decide(request, card, authentication), fault)

    def leave(self, form: FormPost, *, fault: Fault | None = None) -> HttpMessage:
        """Open the payment page and cancel; returns and raises as :meth:`pay` does."""
        return self._finish(self.open(form), self.bank.leave(), fault)

    def expire(self, form: FormPost) -> None:
        """Open the payment page, do nothing there, and move the clock by fifteen minutes: the bank notifies it."""
        self.open(form)
        self.wait(timedelta(minutes=15))

    def wait(self, duration: timedelta) -> None:
        """Move the bank's clock forward, and post the notifications that are due."""
        self._offset += duration
        self._post(self.bank.due())

    def decide(self, request: PaymentRequest, card: str | None, authentication: Authentication) -> Decision:
        """Return the bank's decision about a card, or about a person who leaves (``card=None``)."""
        return self.bank.leave() if card is None else self.bank.pay(request, card, authentication=authentication)

    def _post(self, notifications: Iterable[Notification]) -> None:
        """Post notifications; raise for one without an answer, so that a test does not fail far from the cause."""
        posted = tuple(notifications)
        failed = [each.url for each, status in zip(posted, deliver(posted, self._transport), strict=True) if not status]
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
        return _message(ending.return_fields)

    def _now(self) -> datetime:
        return utc_now() + self._offset
