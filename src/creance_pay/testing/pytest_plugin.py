"""A pytest plugin with the fixtures for the tests of a portal.  pytest loads it wherever this package is installed.

``payment_order`` builds orders, ``signed_notification`` builds the bank's notifications, ``bank_page`` serves the bank
over HTTP on this machine (extra ``demo``), ``bank_merchant`` is the merchant of the other three, and ``bank_name`` is
the name of the bank: override them to test with your own.  A fixture imports its modules at its first use.
``-p no:creance_pay`` disables the plugin.
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
    from .trials import LocalBank, TrialMerchant

_SEQUENCE = count(1)


@pytest.fixture
def bank_name() -> str:
    """Return the name of the test bank: ``sips``.  Override it, or parametrise it, to test with another."""
    return "sips"


@pytest.fixture
def bank_merchant(bank_name: str) -> TrialMerchant:
    """Return a fictitious merchant of the test bank."""
    from .fixtures import trial_merchant  # noqa: PLC0415 - loaded at the first use

    return trial_merchant(bank_name)


@pytest.fixture
def payment_order() -> Callable[..., PaymentOrder]:
    """Return a function that builds orders of 20.00 EUR, each with a new reference; arguments replace any field."""
    from ..money import Euros  # noqa: PLC0415 - loaded at the first use
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
    """Return :meth:`TrialMerchant.notification`, which builds the bank's notification about an order."""
    return bank_merchant.notification


@pytest.fixture
def bank_page(bank_merchant: TrialMerchant) -> Iterator[LocalBank]:
    """Serve the bank's payment page on a free port of this machine during the test."""
    from .server import bank_pages, serving  # noqa: PLC0415
    from .trials import LocalBank  # noqa: PLC0415 - loaded at the first use

    page = LocalBank(bank_merchant)
    with serving(bank_pages(page.bank)) as page.url:
        yield page
