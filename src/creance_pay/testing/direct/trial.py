"""A fictitious merchant of the test bank of Worldline Direct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from ..._clock import utc_now
from ...gateways.direct.checkout import DirectCheckout
from ...gateways.direct.hosts import DirectHost
from ...gateways.keys import KeyRing, SecretKey
from ...gateways.transport import RequestsTransport, Transport
from ..trials import LOOPBACK, TrialMerchant, described
from .bank import DirectBank
from .opening import MerchantKeys


def _ring(kind: str) -> KeyRing:
    """Build a ring of two keys, as during a rotation."""
    keys = [
        SecretKey(version=f"{kind}-{year}", secret=f"a-key-made-up-for-this-{kind}-of-{year}") for year in (2025, 2026)
    ]
    return KeyRing(keys, current=f"{kind}-2026")


@attrs.frozen(kw_only=True)
class DirectTrialMerchant(TrialMerchant):
    """A merchant that the test bank of Worldline Direct knows.  The default has two keys of each kind.

    Args:
        merchant_id: The merchant's number (PSPID).
        keys: The keys of the interface.
        webhook_keys: The keys of webhooks.
    """

    merchant_id: str = "CPAM-MADE-UP"
    keys: KeyRing = attrs.field(factory=lambda: _ring("call"))
    webhook_keys: KeyRing = attrs.field(factory=lambda: _ring("webhook"))

    def gateway(
        self, url: str = LOOPBACK, *, transport: Transport | None = None, clock: Callable[[], datetime] = utc_now
    ) -> DirectCheckout:
        """Build the merchant's gateway to a bank on this machine."""
        return DirectCheckout(
            merchant_id=self.merchant_id,
            keys=self.keys,
            webhook_keys=self.webhook_keys,
            host=DirectHost.loopback(url),
            transport=transport or RequestsTransport(timeout=10, direct=True),
            clock=clock,
        )

    def open_bank(self, **settings: Any) -> DirectBank:  # noqa: ANN401 - the arguments of the bank
        """Open a bank that knows this merchant only."""
        return DirectBank({self.merchant_id: MerchantKeys(api=self.keys, webhooks=self.webhook_keys)}, **settings)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of a portal, by name."""
        return {
            "merchant_id": self.merchant_id,
            **described("key", self.keys),
            **described("webhook key", self.webhook_keys),
        }
