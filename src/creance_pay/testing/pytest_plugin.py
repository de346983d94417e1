"""The test kit for portals, as a plugin of pytest: it is there wherever this package is installed.

Four fixtures: ``payment_order`` makes orders, ``signed_notification`` what the bank posts about one, ``bank_page``
serves the bank over HTTP on this machine (extra ``demo``), and ``bank_merchant`` is the merchant of all three:
override it to test with a merchant of your own.  Nothing is loaded before a test asks for it.  ``-p no:creance_pay``
switches the plugin off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..http import HttpMessage
    from ..payment import PaymentOrder
    from .fixtures import LocalBank, TrialMerchant

_SEQUENCE = count(1)


@pytest.fixture
def bank_merchant() -> TrialMerchant:
    """Give a made-up shop."""
    from .fixtures import TrialMerchant  # noqa: PLC0415 - loaded when asked for

    return TrialMerchant()


@pytest.fixture
def payment_order() -> Callable[..., PaymentOrder]:
    """Give what makes orders: of 20.00 EUR and a new reference each, unless told otherwise by the fields of one."""
    from ..money import Euros  # noqa: PLC0415 - loaded when asked for
    from ..payment import PaymentOrder  # noqa: PLC0415
    from ..references import TransactionReference  # noqa: PLC0415

    def make(**changes: Any) -> PaymentOrder:  # noqa: ANN401 - any field of an order
        usual: dict[str, Any] = {
            "transaction_reference": TransactionReference.make(date(2017, 9, 11), next(_SEQUENCE)),
            "amount": Euros(2000),
            "return_url": "http://127.0.0.1:8000/return",
            "notification_url": "http://127.0.0.1:8000/notification",
        }
        return PaymentOrder(**usual | changes)

    return make


@pytest.fixture
def signed_notification(bank_merchant: TrialMerchant) -> Callable[..., HttpMessage]:
    """Give what writes the bank's notifications about orders: :meth:`TrialMerchant.notification`."""
    return bank_merchant.notification


@pytest.fixture
def bank_page(bank_merchant: TrialMerchant) -> Iterator[LocalBank]:
    """Serve the bank's page on a free port of this machine, for the length of a test."""
    from .fixtures import LocalBank  # noqa: PLC0415 - loaded when asked for
    from .sips.server import bank_pages, serving  # noqa: PLC0415

    page = LocalBank(bank_merchant)
    with serving(bank_pages(page.bank)) as page.url:
        yield page
