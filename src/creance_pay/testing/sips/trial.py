"""A fictitious merchant of the test bank of Sips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from ..._clock import utc_now
from ...gateways.keys import KeyRing, SecretKey
from ...gateways.sips.hosts import SipsHost
from ...gateways.sips.paypage import SipsPaypage
from ...gateways.transport import Transport
from ..trials import LOOPBACK, TrialMerchant, described
from .bank import SipsBank


def _trial_keys() -> KeyRing:
    """Build a ring of two keys, as during a rotation."""
    secrets = {"1": "a-key-of-last-year-made-up", "2": "a-key-made-up-for-this-bank"}
    return KeyRing([SecretKey(version=version, secret=secret) for version, secret in secrets.items()], current="2")


@attrs.frozen(kw_only=True)
class SipsTrialMerchant(TrialMerchant):
    """A merchant that the test bank of Sips knows.  The default has two keys, as during a rotation.

    Args:
        merchant_id: The merchant number.
        keys: The merchant's keys.
    """

    merchant_id: str = "201000005940002"
    keys: KeyRing = attrs.field(factory=_trial_keys)

    def gateway(
        self, url: str = LOOPBACK, *, transport: Transport | None = None, clock: Callable[[], datetime] = utc_now
    ) -> SipsPaypage:
        """Build the merchant's gateway; it needs no transport to build its form."""
        del transport
        return SipsPaypage(merchant_id=self.merchant_id, keys=self.keys, host=SipsHost.loopback(url), clock=clock)

    def open_bank(self, **settings: Any) -> SipsBank:  # noqa: ANN401 - the arguments of the bank
        """Open a bank that knows this merchant only."""
        return SipsBank({self.merchant_id: self.keys}, **settings)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of a portal, by name."""
        return {"merchant_id": self.merchant_id, **described("key", self.keys)}
