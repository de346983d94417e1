"""The requests of merchants to Sips, on the bank's side: the seal, the fields, and the sealed answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, cast

import attrs

from ..._clock import utc_now
from ...errors import MalformedResponseError
from ...gateways.keys import KeyRing, SecretKey
from ...gateways.seals import SealAlgorithm, verify_seal
from ...gateways.sips.data import Data, decode
from ...gateways.sips.response_codes import RESPONSES
from ...gateways.sips.responses import parse_timestamp
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentState
from ..bank import TrialBank
from ..decisions import Decision, PaymentRequest
from ..faults import Fault
from .decisions import SipsRequest, form_body, sealed_answer

_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SipsRequests(TrialBank):
    """The part of a bank that reads requests and seals answers.

    Args:
        merchants: The key ring of each merchant, by merchant number.
        clock: Returns the time, with its zone.
        lifetime: The time until the payment page expires; fifteen minutes at the vendor's.
        attempts: The number of cards that a person may try; one, or three with the vendor's option.
        delay: The delay of late notifications.
        fault: The default fault of a payment; also an attribute, which may be set at any time.
        merchant_name: The name of the merchants on the pages; by default that of the guide's screen.
    """

    codes: ClassVar[Mapping[str, PaymentState]] = RESPONSES

    def __init__(
        self,
        merchants: Mapping[str, KeyRing],
        *,
        clock: Callable[[], datetime] = utc_now,
        lifetime: timedelta = timedelta(minutes=15),
        attempts: int = 1,
        delay: timedelta = timedelta(seconds=30),
        fault: Fault = Fault.NONE,
        merchant_name: str = "CPAM Test2(INTEGRATION)",
    ) -> None:
        """Start without a request."""
        super().__init__(
            clock=clock, lifetime=lifetime, attempts=attempts, delay=delay, fault=fault, merchant_name=merchant_name
        )
        self._merchants = dict(merchants)

    @property
    def merchants(self) -> tuple[str, ...]:
        """The numbers of the merchants that the bank knows."""
        return tuple(self._merchants)

    def replace_keys(self, merchant_id: str, keys: KeyRing) -> None:
        """Replace the key ring of a merchant, as on the vendor's own screens."""
        self._merchants[merchant_id] = keys

    def keys_of(self, request: PaymentRequest) -> tuple[KeyRing, SecretKey]:
        """Return the merchant's ring, and the key of the request."""
        return self._merchants[request.merchant_id], cast("SipsRequest", request).key

    def message(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> HttpMessage:
        """Build the form that the bank's server posts; ``key=None`` leaves the seal empty."""
        return HttpMessage(form_body(self.return_fields(request, decision, key)), _FORM)

    def return_fields(self, request: PaymentRequest, decision: Decision, key: SecretKey | None) -> dict[str, str]:
        """Build the fields that the browser posts; ``key=None`` leaves the seal empty."""
        own = cast("SipsRequest", request)
        answer = sealed_answer(attrs.evolve(own, key=key or own.key), decision)
        return answer if key else answer | {"Seal": ""}

    def mask(self, digits: str) -> str:
        """Return a card number with its middle hidden."""
        return f"{digits[:4]}{'#' * (len(digits) - 6)}{digits[-2:]}"

    def receive(self, fields: Mapping[str, str]) -> SipsRequest:
        """Read the form that the browser posts, authenticate its seal, and open the payment.

        Raises:
            ResponseRefusedError: for a missing or unreadable field, an unknown merchant, key or algorithm, a seal that
                is not the merchant's, or a transaction reference that was used before.
        """
        text, algorithm = fields.get("Data", ""), fields.get("SealAlgorithm", SealAlgorithm.SHA_256.value)
        data = Data.parse(decode(text, fields.get("Encode", "")))
        key = self.authenticate(data, text, fields.get("Seal", ""), algorithm)
        return self.open(data, key, SealAlgorithm(algorithm))

    def authenticate(self, data: Data, text: str, sealed: str, algorithm: str) -> SecretKey:
        """Authenticate the seal of a merchant over a text, and return the key.

        Args:
            data: The fields of the text: merchant and key version.
            text: The text, as it was sent.
            sealed: The seal.
            algorithm: The name of the algorithm.

        Raises:
            ResponseRefusedError: for an unknown merchant, key or algorithm, or a seal that is not the merchant's.
        """
        keys = self._merchants.get(data.get("merchantId") or "")
        if keys is None or algorithm not in set(SealAlgorithm):
            raise MalformedResponseError("expected a known merchant and algorithm, got an unknown one")
        key = keys.find(data.get("keyVersion") or "", now=self.clock())
        verify_seal(sealed, text, key, SealAlgorithm(algorithm))
        return key

    def open(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, *, by_json: bool = False) -> SipsRequest:
        """Open a payment whose request is authentic.

        Args:
            data: The fields of the request.
            key: The key of its seal.
            algorithm: The algorithm of its seal.
            by_json: Whether the request came as JSON; the answer then is JSON too.

        Raises:
            MalformedResponseError: for a missing or unreadable field, or a reference that was used before.
        """
        names = ("merchantId", "transactionReference", "amount", "normalReturnUrl", "automaticResponseUrl")
        merchant_id, reference, amount, return_url, notification_url = (data.get(name) for name in names)
        if not (merchant_id and reference and amount and return_url and notification_url):
            raise MalformedResponseError(f"expected the fields {', '.join(names)}, got a request without one of them")
        if _AMOUNT.fullmatch(amount) is None:
            raise MalformedResponseError(f"expected an amount of one to twelve digits of cents, got {len(amount)}")
        now = self.clock()
        request = SipsRequest(
            merchant_id=merchant_id,
            transaction_reference=reference,
            amount=Euros(int(amount)),
            return_url=return_url,
            notification_url=notification_url,
            key=key,
            algorithm=algorithm,
            opened_at=now,
            closes_at=now + self._lifetime,
            by_json=by_json,
            nonce=data.get("returnContext"),
            attempts=self._attempts,
        )
        expires_at = parse_timestamp(data.get("expirationDate"))
        if expires_at is not None and expires_at <= now:
            raise MalformedResponseError("the request has expired")
        if self.requests.setdefault(reference, request) is not request:
            raise MalformedResponseError("transaction already processed")
        return request

    def answer(self, request: PaymentRequest, decision: Decision) -> dict[str, str]:
        """Record a decision, and return the sealed fields that the browser and the bank's server post to the portal."""
        self.decide(request, decision)
        return sealed_answer(cast("SipsRequest", request), decision)
