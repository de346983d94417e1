"""Sips Paypage JSON: the payment is started from server to server, and the browser posts what the bank has given.

The answers that follow come as with :class:`SipsPaypage <creance_pay.gateways.sips.SipsPaypage>`, in JSON or in pairs.

Source: the vendor's guide of Paypage JSON (releases 24 and 25).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...errors import GatewayUnavailableError, MalformedResponseError
from ...payment import PaymentOrder
from ..base import FormPost
from ..transport import RequestsTransport, Transport
from .fields import PaypageOptions, origin
from .paypage import SipsPaypage
from .response_codes import REDIRECTION_STATUSES

INTERFACE_VERSION = "IR_WS_3.4"


@attrs.frozen(kw_only=True)
class SipsPaypageJson(SipsPaypage):
    """The gateway of one shop that starts its payments by JSON; settings as those of :class:`SipsPaypage`.

    Args:
        transport: What calls the bank; by default the one over ``requests``.
    """

    transport: Transport = attrs.field(factory=RequestsTransport, repr=False)

    def initiate(self, order: PaymentOrder, *, options: PaypageOptions | None = None) -> FormPost:
        """Tell the bank of an order, and give the form that the browser posts to its page.

        Raises:
            InvalidValueError: as :meth:`SipsPaypage.initiate`; nothing is sent.
            GatewayUnavailableError: when nothing readable comes back, or the bank starts no payment.  Take a new
                transaction reference: this one may be known to the bank.
            ResponseRefusedError: when the answer is not authentic, or names a page that is not the bank's.
        """
        fields = self._request(order, self.sealing_key(), options)
        document = nest({**fields, "interfaceVersion": INTERFACE_VERSION})
        data = self.exchange(self.transport, self.host.paypage_json, document)
        code = data.one("redirectionStatusCode") or ""
        if code != "00":
            meaning = REDIRECTION_STATUSES.get(code, "unknown code")
            raise GatewayUnavailableError(f"the bank has started no payment: {meaning}")
        url, version, token = map(data.one, ("redirectionUrl", "redirectionVersion", "redirectionData"))
        if not (url and version and token) or origin(url) not in {self.host.base, *self.host.pages}:
            raise MalformedResponseError("the answer does not lead to a page of the bank")
        return FormPost(url, {"redirectionVersion": version, "redirectionData": token})


def nest(fields: Mapping[str, str]) -> dict[str, Any]:
    """Bring dotted names to containers, and lists to arrays.

    >>> nest({"paymentMeanBrandList": "CB,VISA", "customerContact.email": "a@b.example"})
    {'paymentMeanBrandList': ['CB', 'VISA'], 'customerContact': {'email': 'a@b.example'}}
    """
    document: dict[str, Any] = {}
    for name, value in fields.items():
        container, dot, inner = name.partition(".")
        place = document.setdefault(container, {}) if dot else document
        place[inner or name] = value.split(",") if name.endswith("List") else value
    return document
