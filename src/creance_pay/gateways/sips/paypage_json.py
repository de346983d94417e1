"""Sips Paypage JSON: a payment is started from server to server, and the browser posts the form that the bank returned.

The answers that follow are those of :class:`SipsPaypage <creance_pay.gateways.sips.SipsPaypage>`, in JSON or in pairs.

Source: the vendor's guide of Paypage JSON (releases 24 and 25).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from ..._clock import utc_now
from ...errors import GatewayUnavailableError, MalformedResponseError, ReferenceUsedError
from ...payment import PaymentOrder
from ..base import FormPost
from ..keys import KeyRing
from ..seals import SealAlgorithm
from ..transport import RequestsTransport, Transport
from .data import Data
from .fields import PaypageOptions, origin
from .hosts import SipsHost
from .merchant import SipsMerchant
from .paypage import SipsPaypage
from .response_codes import ALREADY_PROCESSED, REDIRECTION_STATUSES

INTERFACE_VERSION = "IR_WS_3.4"


@attrs.frozen(init=False, repr=False)
class SipsPaypageJson(SipsPaypage):
    """The gateway of one merchant that starts its payments by JSON; the other settings as for :class:`SipsPaypage`.

    Args:
        transport: The transport that calls the bank; by default through ``requests``.
    """

    transport: Transport = attrs.field(factory=RequestsTransport, repr=False)

    def __init__(
        self,
        *,
        merchant_id: str,
        keys: KeyRing,
        host: SipsHost,
        algorithm: SealAlgorithm = SealAlgorithm.HMAC_SHA_256,
        legacy_seal: bool = False,
        unsealed_answers: bool = False,
        clock: Callable[[], datetime] = utc_now,
        transport: Transport | None = None,
    ) -> None:
        """Build the merchant, which refuses unsafe settings."""
        merchant = SipsMerchant(
            merchant_id=merchant_id,
            keys=keys,
            host=host,
            algorithm=algorithm,
            legacy_seal=legacy_seal,
            unsealed_answers=unsealed_answers,
            clock=clock,
        )
        self.__attrs_init__(merchant, transport or RequestsTransport())

    def initiate(self, order: PaymentOrder, *, options: PaypageOptions | None = None) -> FormPost:
        """Send the order to the bank, and return the form that the browser posts to its page.

        Raises:
            InvalidValueError: as :meth:`SipsPaypage.initiate`; nothing is sent.
            GatewayUnavailableError: when no readable answer arrives, or the bank starts no payment.  Use a new
                transaction reference for the next attempt: the bank may know this one.
            ResponseRefusedError: when the answer is forged, or names a page that is not the bank's.
        """
        host = self.merchant.host
        fields = self._request(order, self.merchant.sealing_key(), options)
        document = nest({**fields, "interfaceVersion": INTERFACE_VERSION})
        data = self.merchant.call(self.transport, host.paypage_json, document)
        code = data.get("redirectionStatusCode") or ""
        if code != "00":
            meaning = REDIRECTION_STATUSES.get(code, "unknown code")
            error = ReferenceUsedError if code == ALREADY_PROCESSED else GatewayUnavailableError
            raise error(f"the bank has started no payment: {meaning}")
        url, version, token = map(data.get, ("redirectionUrl", "redirectionVersion", "redirectionData"))
        if not (url and version and token) or origin(url) not in {host.base, *host.pages}:
            raise MalformedResponseError("expected an answer that redirects to a page of the bank, got another address")
        return FormPost(url, {"redirectionVersion": version, "redirectionData": token})

    def _parse(self, text: str) -> Data:
        """Parse the text under the seal: JSON, or pairs."""
        return Data.parse_json(text) if text.startswith("{") else Data.parse(text)


def nest(fields: Mapping[str, str]) -> dict[str, Any]:
    """Convert dotted names to containers, and lists to arrays.

    >>> nest({"paymentMeanBrandList": "CB,VISA", "customerContact.email": "a@b.example"})
    {'paymentMeanBrandList': ['CB', 'VISA'], 'customerContact': {'email': 'a@b.example'}}
    """
    document: dict[str, Any] = {}
    for name, value in fields.items():
        container, dot, inner = name.partition(".")
        place = document.setdefault(container, {}) if dot else document
        place[inner or name] = value.split(",") if name.endswith("List") else value
    return document
