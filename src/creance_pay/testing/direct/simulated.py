"""Worldline Direct in a simulated world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

import attrs

from ...gateways import KeyRing, SecretKey, Transport
from ...gateways.direct import DirectCheckout, DirectHost
from ...http import HttpMessage
from ...money import Euros
from ..accounts import Account
from ..decisions import PaymentRequest, TrialCard
from ..faults import Dispatch, Fault
from ..simulation.banks import Letter
from ..simulation.visits import SimulatedPage
from .bank import DirectBank
from .opening import MerchantKeys

MERCHANT = "CPAM-SIMULATED"
_LOOPBACK = "http://127.0.0.1"
_FORGED = "a-key-that-somebody-made-up"


@attrs.define
class SimulatedDirect(SimulatedPage):
    """The bank's side of Worldline Direct.

    Attributes:
        idempotent_creation: Whether the bank honours an idempotence key at the creation of a checkout.
    """

    #: The bank accepts a transaction reference twice: its own identifier and the nonce tell the payments apart.
    by_reference: ClassVar[bool] = False
    never: ClassVar[frozenset[str]] = frozenset({"a reference is used twice"})

    bank: DirectBank = attrs.field(init=False)
    refunds_at_once: bool = False
    idempotent_creation: bool = True

    def __attrs_post_init__(self) -> None:
        """Open the bank, with both keys of the merchant; it seals with the old one until the rotation is over."""
        keys = MerchantKeys(api=_ring("call", "1", "2"), webhooks=_ring("webhook", "1", "2"))
        self.bank = DirectBank(
            {MERCHANT: keys},
            clock=self.clock,
            delay=timedelta(hours=2),
            refunds_at_night=not self.refunds_at_once,
            idempotent_creation=self.idempotent_creation,
            chance=Random(1),  # noqa: S311 - a world is replayed by its seed
        )

    def gateway(self, clock: Callable[[], datetime], transport: Transport, *, rotated: bool) -> DirectCheckout:
        """Build the gateway of a process, with the merchant's keys before or after a rotation."""
        versions, current = (("1", "2"), "2") if rotated else (("1",), "1")
        return DirectCheckout(
            merchant_id=MERCHANT,
            keys=_ring("call", *versions, current=current),
            webhook_keys=_ring("webhook", *versions, current=current),
            host=DirectHost.loopback(_LOOPBACK),
            transport=transport,
            clock=clock,
        )

    def about(self, url: str, body: bytes) -> str:
        """Return the transaction reference that a call is about; empty for the creation of a checkout."""
        del body
        number = (urlsplit(url).path.split("/")[4:5] or [""])[0].partition("_")[0]
        request = self.bank.requests.get(number)
        return request.transaction_reference if request else ""

    def back(self, request: PaymentRequest, ending: Dispatch, fault: Fault) -> Letter:
        """Return the hint that the browser brings: it is the same under every fault."""
        del fault
        return self.letter(request, HttpMessage(urlencode(ending.return_fields or {}).encode()), None, by_browser=True)

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a webhook that resembles a genuine one, and that nobody must believe."""
        request = next(
            self.bank.requests[each]
            for each in self.forms
            if self.bank.requests[each].transaction_reference == letter.reference
        )
        accepted = self.bank.pay(request, TrialCard.ACCEPTED)
        forged = self.bank.message(request, accepted, SecretKey(version="1", secret=_FORGED))
        unsealed = self.bank.message(request, accepted, None)
        genuine = letter.message
        messages = [
            forged,
            unsealed,
            attrs.evolve(forged, headers={**forged.headers, "X-GCS-Signature": "A" * 43 + "="}),
            attrs.evolve(forged, headers={"Content-Type": "application/json"}),
            HttpMessage(forged.body, {**genuine.headers}),
            attrs.evolve(genuine, body=genuine.body[: len(genuine.body) // 2]),
        ]
        message = chance.choice(messages)
        readable = "" if message is messages[-1] else letter.reference
        return Letter("", readable, by_browser=False, message=message, genuine=False)

    def returned(self, account: Account, taken: Euros) -> Euros:
        """Return the amount of the refunds that have ended: an accepted refund has moved nothing."""
        del taken
        return account.sum_of("CREDIT_CAPTURE")

    def calm(self) -> None:
        """End every fault.  The rotation is over: the bank forgets the old key of calls, and seals with the new one."""
        super().calm()
        keys = MerchantKeys(api=_ring("call", "2", current="2"), webhooks=_ring("webhook", "1", "2", current="2"))
        self.bank.replace_keys(MERCHANT, keys)


def _ring(kind: str, *versions: str, current: str = "1") -> KeyRing:
    secrets = {version: f"a-{kind}-key-number-{version}-of-a-simulated-merchant" for version in versions}
    return KeyRing([SecretKey(version=each, secret=secrets[each]) for each in versions], current=current)
