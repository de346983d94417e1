"""The bank's side of Worldline Direct, for tests and demonstrations.

:class:`DirectBank` creates checkouts, decides, and seals webhooks; :class:`DirectServices` answers signed calls.
Neither needs a network; :mod:`creance_pay.testing.server` serves both over HTTP on this machine.
"""

from __future__ import annotations

from .bank import DirectBank
from .checkouts import Checkout
from .opening import MerchantKeys
from .services import DirectServices
from .simulated import SimulatedDirect
from .trial import DirectTrialMerchant

__all__ = [
    "Checkout",
    "DirectBank",
    "DirectServices",
    "DirectTrialMerchant",
    "MerchantKeys",
    "SimulatedDirect",
]
