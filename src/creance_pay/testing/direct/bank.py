"""The bank's side of Worldline Direct, without a network: it answers signed calls and seals webhooks.

As at the other test bank, the last two digits of a card number are the response code.

>>> from creance_pay import Euros, PaymentOrder
>>> from creance_pay.testing import LocalBank
>>> from creance_pay.testing.direct import DirectTrialMerchant
>>> page = LocalBank(DirectTrialMerchant())
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
... )
>>> redirect = page.gateway.initiate(order)
>>> request = page.open(redirect)
>>> ending = page.bank.settle(request, page.bank.pay(request, "5017670000001800"))
>>> message = ending.notifications[0].message
>>> page.gateway.verify(message, expected=order, bank_reference=redirect.bank_reference).state
<PaymentState.PAID: 'PAID'>
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

from ...errors import GatewayUnavailableError, MalformedResponseError
from ...gateways.environments import is_loopback
from ...gateways.transport import Transport
from ..bank import BankAnswer, BankCall
from ..decisions import PaymentRequest
from .opening import DirectCheckouts
from .services import DirectServices

_PAGES = "/hostedcheckout/Payment/Form/"
_CHECK = "X-GCS-Webhooks-Endpoint-Verification"
_OK = 200


class DirectBank(DirectCheckouts):
    """A bank with a list of merchants; the arguments are those of its base class."""

    @cached_property
    def services(self) -> DirectServices:
        """The bank's answers to calls."""
        return DirectServices(self)

    def serve(self, call: BankCall) -> PaymentRequest | BankAnswer | None:
        """Answer a call of a merchant, or open the page of a checkout; ``None`` for an unknown path.

        Raises:
            MalformedResponseError: for the page of a checkout that has ended.
            GatewayUnavailableError: under :attr:`Fault.HTML_ERROR`.
        """
        if call.path.startswith(self.address):
            return self.services.answer(call)
        if call.method != "GET" or not call.path.startswith(_PAGES):
            return None
        page = call.path.removeprefix(_PAGES)
        found = [each for each in self.checkouts if each.page == page]
        if not found:
            return None
        self.end_overdue(found[0])
        if found[0].number in self.accounts:
            raise MalformedResponseError("the checkout has ended")
        return found[0]

    def check_endpoint(self, url: str, transport: Transport, *, value: str = "a-value-of-the-bank") -> bool:
        """Check an address for webhooks, as the bank does when one is entered: it has to return a value.

        Args:
            url: The address, on this machine.
            transport: The transport.
            value: The value.
        """
        if not is_loopback(urlsplit(url).hostname or ""):
            return False
        try:
            answer = transport.send("GET", url, headers={_CHECK: value})
        except GatewayUnavailableError:
            return False
        return (answer.status, answer.body) == (_OK, value.encode())
