"""The banks that this package plays: their names, their merchants and a call that is no request."""

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.testing import trial_banks, trial_merchant
from creance_pay.testing.bank import BankTransport


@pytest.mark.parametrize("name", trial_banks())
def test_merchants(name: str) -> None:
    """A bank lists the merchants that it knows."""
    merchant = trial_merchant(name)

    assert (merchant.merchant_id,) == merchant.open_bank().merchants


@pytest.mark.parametrize("name", trial_banks())
def test_not_authentic(name: str) -> None:
    """A call that is not authentic gets an error of HTTP, and no exception."""
    bank = trial_merchant(name).open_bank()

    assert 400 <= BankTransport(bank).send("POST", "https://bank.example/paymentInit", body=b"junk").status < 500


def test_unknown_bank() -> None:
    """An unknown name is refused, with the known ones."""
    with pytest.raises(ConfigurationError, match="expected a test bank among sips, direct"):
        trial_merchant("another")
