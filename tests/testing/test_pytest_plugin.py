"""The pytest plugin, in a session of its own: loaded everywhere, and without imports before the first use."""

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import sys
from creance_pay import PaymentState

def test_nothing_loaded():
    assert "flask" not in sys.modules

def test_notification(payment_order, signed_notification, bank_merchant):
    order = payment_order()
    payment = bank_merchant.gateway().verify(signed_notification(order), expected=order)
    assert payment.state is PaymentState.PAID
    assert "flask" not in sys.modules

def test_page(payment_order, bank_page):
    from creance_pay.testing import Fault
    order = payment_order()
    back = bank_page.pay(bank_page.gateway.initiate(order), fault=Fault.LOST)
    assert bank_page.gateway.verify(back, expected=order).state is PaymentState.PAID
    assert "flask" in sys.modules
"""
OWN_MERCHANT = """
import pytest
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.testing.sips import SipsTrialMerchant

@pytest.fixture
def bank_merchant():
    keys = KeyRing([SecretKey(version="7", secret="a-key-of-another-merchant")], current="7")
    return SipsTrialMerchant(merchant_id="011223744550001", keys=keys)

def test_merchant(payment_order, bank_page):
    from creance_pay.testing import Fault
    order = payment_order()
    back = bank_page.pay(bank_page.gateway.initiate(order), fault=Fault.LOST)
    assert bank_page.gateway.verify(back, expected=order).merchant_id == "011223744550001"
"""


def test_session(pytester: pytest.Pytester) -> None:
    """The fixtures are available, and only the page imports Flask."""
    pytester.makepyfile(TESTS)

    pytester.runpytest_subprocess().assert_outcomes(passed=3)


def test_own_merchant(pytester: pytest.Pytester) -> None:
    """A project's own merchant replaces the fictitious one."""
    pytester.makepyfile(OWN_MERCHANT)

    pytester.runpytest().assert_outcomes(passed=1)


def test_without(pytester: pytest.Pytester) -> None:
    """An option disables the plugin."""
    pytester.makepyfile("def test(payment_order):\n    pass")

    pytester.runpytest("-p", "no:creance_pay").assert_outcomes(errors=1)
