"""A merchant at Sips: its number, keys, host and seal algorithm, and one sealed call to the bank."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import attrs

from ..._validators import of_type
from ...errors import (
    ConfigurationError,
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    SealMismatchError,
)
from ...payment import PaymentOrder
from ..environments import Environment
from ..merchants import Merchant, numbered
from ..seals import SealAlgorithm, seal, verify_seal
from ..transport import HttpAnswer, Transport
from .canonical_json import load, text_to_seal
from .data import Data
from .hosts import SipsHost

EURO = "978"
# The merchants of the simulators, the test merchants of Mercanet and Sherlock's, and the one of our own documentation.
_PUBLIC_MERCHANT = re.compile(r"0020(?:01|16)00000000[1-4]|211000021310001|099887766554433|201000005940002")
_KEY_VERSION = re.compile(r"[0-9]{1,10}")
_OK = 200


@attrs.frozen(kw_only=True)
class SipsMerchant(Merchant):
    """The settings of one merchant; the gateway and its Office calls share them.

    The arguments are those of :class:`~creance_pay.gateways.sips.SipsPaypage`, which builds it.
    """

    merchant_id: str = numbered("[0-9]{15}", "a text of fifteen digits")
    host: SipsHost = attrs.field(validator=of_type(SipsHost, error=ConfigurationError))
    algorithm: SealAlgorithm = attrs.field(validator=of_type(SealAlgorithm, error=ConfigurationError))
    legacy_seal: bool = attrs.field(validator=of_type(bool, error=ConfigurationError))
    unsealed_answers: bool = attrs.field(validator=of_type(bool, error=ConfigurationError), repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse unsafe settings."""
        Merchant.__attrs_post_init__(self)
        if self.unsealed_answers and self.host.environment is not Environment.TEST:
            raise ConfigurationError(
                f"unsealed_answers is for the vendor's test platform, got a host for {self.host.environment}"
            )
        for version in self.keys.versions:
            if _KEY_VERSION.fullmatch(version) is None:
                raise ConfigurationError(
                    f"expected key versions of one to ten digits, got another of {len(version)} characters"
                )
        if self.host.production:
            self._check_production()

    def _check_production(self) -> None:
        if _PUBLIC_MERCHANT.fullmatch(self.merchant_id):
            raise ConfigurationError(
                "expected a merchant number of your own in production, got a public test merchant's"
            )
        if self.algorithm is SealAlgorithm.SHA_256 and not self.legacy_seal:
            raise ConfigurationError("expected legacy_seal=True for the legacy seal SHA-256 in production, got False")

    def authenticate(self, text: str, received: str, version: str) -> None:
        """Prove that a text was sealed by the key of a version.

        Args:
            text: The text as it arrived.
            received: The seal as it arrived.
            version: The key version that the text names.  It is unverified, and only chooses the key.

        Raises:
            UnknownKeyError: for a key that is not in the ring, or is retired.
            SealMismatchError: for another seal.
        """
        verify_seal(received, text, self.keys.find(version, now=self.clock()), self.algorithm)

    def order_fields(self, order: object) -> dict[str, str]:
        """Return the fields by which an answer repeats its order.

        Raises:
            InvalidValueError: for anything but an order, such as the ``None`` of a look-up without result.
        """
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError(f"expected a PaymentOrder to match the answer with, got {type(order).__name__}")
        return {
            "merchantId": self.merchant_id,
            "transactionReference": order.transaction_reference,
            "amount": str(order.amount.cents),
            "currencyCode": EURO,
        }

    def call(self, transport: Transport, url: str, fields: Mapping[str, object], *, attempts: int = 0) -> Data:
        """Seal a document, post it, and authenticate the answer.

        Args:
            transport: The transport that posts.
            url: The address.
            fields: The document without key version, algorithm and seal.
            attempts: The number of attempts for a question without effect, until a readable answer arrives; 0 for a
                call that may have an effect: it is sent once, and its failure is not retryable.

        Raises:
            GatewayUnavailableError: when no readable answer arrives.
            ResponseRefusedError: when the answer is forged.
        """
        key = self.sealing_key()
        document = {**fields, "keyVersion": key.version, "sealAlgorithm": self.algorithm.value}
        document["seal"] = seal(text_to_seal(load(json.dumps(document))), key, self.algorithm)
        for _ in range(attempts or 1):
            try:
                text = readable(transport.post_json(url, document))
            except GatewayUnavailableError as error:
                raise GatewayUnavailableError(str(error), retryable=bool(attempts)) from None
            if text is not None:
                return self._authenticated(text, key.version)
        raise GatewayUnavailableError("expected a JSON document from the bank, got none", retryable=bool(attempts))

    def _authenticated(self, text: str, current: str) -> Data:
        """Authenticate an answer by the key that it names, or by the one that sealed the question."""
        data = Data.parse_json(text)
        if data.repeated:
            raise MalformedResponseError("expected each field of the answer once, got a repeated field")
        received = data.get("seal")
        if received is not None:
            self.authenticate(text_to_seal(load(text)), received, data.get("keyVersion") or current)
        elif not self.unsealed_answers:
            raise SealMismatchError("expected an answer with a seal, got none")
        return data


def readable(answer: HttpAnswer) -> str | None:
    """Return the text of an answer that is a JSON document; ``None`` for HTML, a server error or a truncated text."""
    try:
        text = answer.body.decode().strip()
        load(text)
    except ValueError:
        return None
    return text if answer.status == _OK else None
