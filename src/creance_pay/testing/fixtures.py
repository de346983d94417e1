"""What the tests of a portal are given: a shop that the bank knows, and its page with a clock that can be moved.

The fixtures of :mod:`creance_pay.testing.pytest_plugin` hand them out; without pytest they serve as well.

>>> from creance_pay import Euros, PaymentOrder
>>> shop = TrialMerchant()
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1:8000/return", notification_url="http://127.0.0.1:8000/notification",
... )
>>> gateway = shop.gateway()
>>> gateway.verify(shop.notification(order, card=TrialCard.REFUSED), expected=order).state
<PaymentState.REFUSED: 'REFUSED'>
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from .._clock import utc_now
from ..errors import InvalidValueError
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
from .sips.faults import Fault

_NOWHERE = "http://127.0.0.1"


def _made_up_keys() -> KeyRing:
    """Make two keys, as in the middle of a rotation."""
    secrets = {"1": "a-key-of-last-year-made-up", "2": "a-key-made-up-for-this-bank"}
    return KeyRing([SecretKey(version=version, secret=secret) for version, secret in secrets.items()], current="2")


def _message(fields: Mapping[str, str]) -> HttpMessage:
    return HttpMessage(form_body(fields), {"Content-Type": "application/x-www-form-urlencoded"})


@attrs.frozen(kw_only=True)
class TrialMerchant:
    """A shop that the bank of the tests knows; unless told otherwise a made-up one, in the middle of a rotation.

    Args:
        merchant_id: Its number.
        keys: Its keys.
    """

    merchant_id: str = "201000005940002"
    keys: KeyRing = attrs.field(factory=_made_up_keys)

    def gateway(self, url: str = _NOWHERE) -> SipsPaypage:
        """Make the shop's gateway to a bank's page on this machine."""
        return SipsPaypage(merchant_id=self.merchant_id, keys=self.keys, host=SipsHost.loopback(url))

    def notification(
        self,
        order: PaymentOrder,
        *,
        card: str | None = TrialCard.ACCEPTED,
        authentication: Authentication = Authentication.SUCCESS,
        fault: Fault = Fault.NONE,
    ) -> HttpMessage:
        """Write what the bank's server would post first about an order; each call is a bank without memory.

        Args:
            order: The order.
            card: The card's number; ``None`` for a person who leaves.
            authentication: How 3-D Secure ends.
            fault: What goes wrong.

        Raises:
            InvalidValueError: for a fault by which there is no notification.
        """
        page = LocalBank(self)
        asked = page.open(self.gateway().initiate(order))
        ending = page.bank.settle(asked, page.decide(asked, card, authentication), fault=fault)
        if ending is None or not ending.notifications:
            raise InvalidValueError(f"no notification comes when it is {fault}")
        return _message(ending.notifications[0].fields)


class LocalBank:
    """The bank's page as the tests of a portal use it, in the place of a person: no time passes but by :meth:`wait`.

    Args:
        merchant: The one merchant that the bank knows.
        transport: What posts the notifications; by default the real one.

    Attributes:
        bank: Who decides; its attribute ``fault`` says what goes wrong.
        merchant: The merchant.
        url: Where the page is served.
    """

    def __init__(self, merchant: TrialMerchant, *, transport: Transport | None = None) -> None:
        """Open a bank."""
        self.merchant, self.url = merchant, _NOWHERE
        self.bank = SipsBank({merchant.merchant_id: merchant.keys}, clock=self._now)
        self._ahead = timedelta(0)
        self._transport = transport or RequestsTransport(direct=True)

    @property
    def gateway(self) -> SipsPaypage:
        """The shop's gateway to this page."""
        return self.merchant.gateway(self.url)

    def open(self, form: FormPost) -> PaymentRequest:
        """Come to the page with the form that a gateway made, started by JSON or not.

        Raises:
            ResponseRefusedError: for a form that the bank refuses, as one that comes twice.
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
        """Pay by a card; the notification is posted before this returns.

        Args:
            form: The form to the bank's page.
            card: The card's number.
            authentication: How 3-D Secure ends.
            fault: What goes wrong; by default, what goes wrong at the bank.

        Returns:
            What the browser would post to the order's return address.
        """
        asked = self.open(form)
        return self._finish(asked, self.decide(asked, card, authentication), fault)

    def leave(self, form: FormPost, *, fault: Fault | None = None) -> HttpMessage:
        """Come to the page and leave it; otherwise as :meth:`pay`."""
        return self._finish(self.open(form), self.bank.leave(), fault)

    def expire(self, form: FormPost) -> None:
        """Come to the page and never do anything there: after fifteen minutes the portal is notified."""
        self.open(form)
        self.wait(timedelta(minutes=15))

    def wait(self, duration: timedelta) -> None:
        """Move the bank's clock, and post what is due by then."""
        self._ahead += duration
        deliver(self.bank.due(), self._transport)

    def decide(self, asked: PaymentRequest, card: str | None, authentication: Authentication) -> Decision:
        """Decide about a card, or about a person who leaves."""
        return self.bank.leave() if card is None else self.bank.pay(asked, card, authentication=authentication)

    def _finish(self, asked: PaymentRequest, decision: Decision, fault: Fault | None) -> HttpMessage:
        ending = self.bank.settle(asked, decision, fault=fault)
        if ending is None or ending.return_fields is None:
            raise InvalidValueError("nobody comes back from an expiry")
        deliver(ending.at_once, self._transport)
        return _message(ending.return_fields)

    def _now(self) -> datetime:
        return utc_now() + self._ahead
