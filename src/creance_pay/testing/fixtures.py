"""The test banks by name: their merchants, and their part in a simulated world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..errors import ConfigurationError
from .direct import DirectTrialMerchant, SimulatedDirect
from .simulation import SimulatedBank
from .sips import SimulatedSips, SipsTrialMerchant
from .trials import TrialMerchant

_MERCHANTS: dict[str, Callable[[], TrialMerchant]] = {"sips": SipsTrialMerchant, "direct": DirectTrialMerchant}
_SIMULATED: dict[str, Callable[[Callable[[], datetime]], SimulatedBank]] = {
    "sips": SimulatedSips,
    "direct": SimulatedDirect,
}


def trial_banks() -> tuple[str, ...]:
    """Return the names of the test banks, the default first."""
    return tuple(_MERCHANTS)


def trial_merchant(bank: str = "sips") -> TrialMerchant:
    """Return a fictitious merchant of a test bank.

    Args:
        bank: The name of the bank: ``sips`` or ``direct``.

    Raises:
        ConfigurationError: for another name.
    """
    return _MERCHANTS[_known(bank)]()


def simulated_bank(bank: str = "sips") -> Callable[[Callable[[], datetime]], SimulatedBank]:
    """Return the class that plays a bank in a simulated world; arguments and errors as :func:`trial_merchant`."""
    return _SIMULATED[_known(bank)]


def _known(bank: str) -> str:
    if bank not in _MERCHANTS:
        raise ConfigurationError(f"expected a test bank among {', '.join(_MERCHANTS)}, got another")
    return bank
