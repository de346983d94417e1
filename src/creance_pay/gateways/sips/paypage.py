"""Sips Paypage POST: a sealed form to the bank's page, and the bank's sealed answer.

The browser posts ``Data``, ``Seal``, ``InterfaceVersion`` and ``SealAlgorithm``.  The bank posts ``Data`` and ``Seal``
back twice, with the same content, in any order, any number of times: through the browser (*manual response*) and from
its server (*automatic response*).

Sources: the vendor's guides of Paypage POST (HP 2.3, 2013; releases 24 and 25) and its data dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

import attrs

from ..._clock import utc_now
from ...errors import InvalidValueError, MalformedResponseError, OrderMismatchError, ResponseRefusedError
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import Capability, FormPost, OperationResult, SealedMessage
from ..keys import KeyRing, SecretKey
from ..merchants import MerchantGateway
from ..seals import SealAlgorithm, seal
from ..transport import Transport
from .data import Data, decode, encode, write
from .fields import PaypageOptions, merge, timestamp, validate_address
from .hosts import SipsHost
from .merchant import EURO, SipsMerchant
from .office import fetch_status, operate
from .response_codes import state_of
from .responses import REFERENCE, REFERENCES, parse_form, require_match, require_nonce, verified_payment

INTERFACE_VERSION = "HP_3.4"
# With two values of one of these fields, the state would depend on which value is read.
_DECIDING = {
    "merchantId", "transactionReference", "amount", "currencyCode", "responseCode", "acquirerResponseCode",
    "captureMode", "keyVersion",
}  # fmt: skip
# A short answer about a cancelled or expired payment may lack amount and currency; one about money may not.
_MONEY = (PaymentState.PAID, PaymentState.AUTHORISED)
_SUM, _NOTHING = frozenset({"amount", "currencyCode"}), frozenset[str]()
# The fields of the form that the seal covers, or that are needed to authenticate it.
_SEALED_FIELDS = ("Data", "Seal", "Encode")
_VERBS = {Capability.CAPTURE: "validate", Capability.CANCEL: "cancel", Capability.REFUND: "refund"}
# Fields of a request, which no answer has.
_REQUEST_FIELDS = {"automaticResponseUrl", "normalReturnUrl"}


@attrs.frozen(kw_only=True)
class SipsMessage(SealedMessage):
    """An authentic answer of the payment page.

    Attributes:
        merchant: The merchant whose key authenticated it.
        data: Its fields.
    """

    merchant: SipsMerchant = attrs.field(repr=False)
    data: Data = attrs.field(repr=False)

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare merchant, reference, amount and currency with the order's.

        An authentic text that is ill-formed, or that repeats a deciding field, reports UNKNOWN only.

        Raises:
            OrderMismatchError: when a field differs.
            InvalidValueError: for anything but an order.
        """
        data, ours = self.data, self.merchant.order_fields(order)
        if not data.well_formed or _DECIDING.intersection(data.repeated):
            if self.transaction_reference not in {"", order.transaction_reference}:
                raise OrderMismatchError(
                    "authentic, but not our order: transactionReference", fields=("transactionReference",)
                )
            return VerifiedPayment(
                state=PaymentState.UNKNOWN, source=self.source, key_version=self.key_version, raw=data.values
            )
        state = state_of(data.get)
        require_match(data, ours, optional=_NOTHING if state in _MONEY else _SUM)
        bound = require_nonce(data, order, needed=state in _MONEY)
        return verified_payment(data, state, self.source, order, amount=data.get("amount"), bound=bound)


@attrs.frozen(init=False, repr=False)
class SipsPaypage(MerchantGateway):
    """The gateway of one merchant through Paypage POST.

    Args:
        merchant_id: The merchant's number, fifteen digits.
        keys: The merchant's keys.
        host: The bank's addresses.
        algorithm: The seal algorithm of both sides, chosen here alone.
        legacy_seal: The explicit consent that ``SealAlgorithm.SHA_256`` needs in production.
        unsealed_answers: Whether an answer of Office may lack its seal: the answers of the vendor's test platform are
            reportedly unsealed.  Refused for other environments.  A seal that is present is authenticated in each case.
        clock: Returns the time, with its zone.

    Raises:
        ConfigurationError: for a merchant number that is not one; for a clock without zone, or a current key past its
            last moment; for unsealed answers outside the test platform; in production, for a public test merchant, a
            weak or published key, or the legacy seal without consent.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.CONNECTION}
    merchant: SipsMerchant

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
        self.__attrs_init__(merchant)

    def initiate(self, order: PaymentOrder, *, options: PaypageOptions | None = None) -> FormPost:
        """Seal an order and build the form that the browser posts; a text beyond ASCII is encoded in base64.

        Args:
            order: The order, which was recorded before.
            options: The options of the payment page.

        Raises:
            InvalidValueError: for a transaction reference that is not 1 to 35 ASCII letters and digits (AN35), or is
                the word ``null``; an amount over twelve digits of cents (N12); an address that the bank cannot reach;
                or an option of another class or length than its field's.
            ConfigurationError: when the current key has passed its last moment since the gateway was built.

        >>> from creance_pay import Euros
        >>> from creance_pay.gateways import KeyRing, SecretKey
        >>> from creance_pay.gateways.sips import SipsHost
        >>> keys = KeyRing([SecretKey(version="1", secret="002001000000001_KEY1")], current="1")
        >>> gateway = SipsPaypage(merchant_id="002001000000001", keys=keys, host=SipsHost.WORLDLINE_SIMULATION)
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="https://portal.example/return", notification_url="https://portal.example/notification",
        ... )
        >>> gateway.initiate(order, options=PaypageOptions(language="fr")).action
        'https://payment-webinit.simu.sips-services.com/paymentInit'
        """
        key, algorithm = self.merchant.sealing_key(), self.merchant.algorithm
        text = write(self._request(order, key, options))
        encoding = "" if text.isascii() else "base64"
        sent = encode(text, encoding)
        return FormPost(
            self.merchant.host.paypage,
            {
                "Data": sent,
                "Seal": seal(sent, key, algorithm),
                "InterfaceVersion": INTERFACE_VERSION,
                "SealAlgorithm": str(algorithm),
                **({"Encode": encoding} if encoding else {}),
            },
        )

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> SipsMessage:
        """Parse a message once, and prove that the bank sealed it.

        The checks come in this order: size and type, fields present once, encoding, key version (unverified, only to
        choose the key), seal over the text as it travelled.

        Raises:
            MalformedResponseError: when the message cannot be read, or is a payment request of our own.
            UnknownKeyError: when it names a key that is not in the ring, or is past its last moment.
            SealMismatchError: when the seal differs from that of the text under our key.
        """
        form = parse_form(message)
        data = self._parse(decode(form["Data"], form.get("Encode")))
        reference = data.get("transactionReference") or ""
        reference = reference if REFERENCE.fullmatch(reference) else ""
        version = data.get("keyVersion")
        try:
            if version is None:
                raise MalformedResponseError("expected one key version in the message, got none or several")
            self.merchant.authenticate(form["Data"], form["Seal"], version)
            if not _REQUEST_FIELDS.isdisjoint(data.values) and "responseCode" not in data.values:
                raise MalformedResponseError("expected an answer of the bank, got a payment request")
        except ResponseRefusedError as error:
            error.unverified_reference = reference
            raise
        return SipsMessage(
            transaction_reference=reference,
            source=source,
            key_version=version,
            evidence=HttpMessage(urlencode({name: form[name] for name in _SEALED_FIELDS if name in form}).encode()),
            merchant=self.merchant,
            data=data,
        )

    def fetch_status(
        self, order: PaymentOrder, transport: Transport, *, bank_reference: str | None = None
    ) -> VerifiedPayment:
        """Ask for the state of a payment; its ``raw["transactionStatus"]`` is the bank's own word.

        Raises:
            InvalidValueError: for an order without a reference that the bank could know, or with the identifier of
                another bank; nothing is sent.
            GatewayUnavailableError: when no readable answer arrives; retryable.
            ResponseRefusedError: when the answer is forged.
            OrderMismatchError: when it is not about this merchant, order, amount or currency.
            UnsupportedError: when the host has no Office.
        """
        _refuse_identifier(bank_reference)
        return fetch_status(self.merchant, order, transport)

    def operate(
        self,
        act: Capability,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Capture, cancel or refund a payment.

        Two calls make two refunds: the bank knows no idempotence key.

        Raises:
            InvalidValueError: for an order without a reference that the bank could know, or with the identifier of
                another bank; nothing is sent.
            GatewayUnavailableError: when no readable answer arrives.  The bank may have done the operation: fetch the
                status.
            ResponseRefusedError: when the answer is forged.  The bank may have done the operation: fetch the
                status.
            OrderMismatchError: when the answer is about another merchant, order or currency.
            UnsupportedError: when the host has no Office.
        """
        _refuse_identifier(bank_reference)
        return operate(self.merchant, _VERBS[act], order, transport, amount)

    def _parse(self, text: str) -> Data:
        """Parse the text under the seal as pairs; only a merchant that starts payments by JSON receives JSON."""
        return Data.parse(text)

    def _request(self, order: PaymentOrder, key: SecretKey, options: PaypageOptions | None) -> dict[str, str]:
        """Return the fields of a request by their dotted names; each value is checked here or where it was made."""
        REFERENCES.check(order)
        host = self.merchant.host
        fields = {
            "amount": str(order.amount.cents),
            "automaticResponseUrl": validate_address(order.notification_url, "notification_url", host),
            "captureMode": "AUTHOR_CAPTURE",
            "currencyCode": EURO,
            "keyVersion": key.version,
            "merchantId": self.merchant.merchant_id,
            "normalReturnUrl": validate_address(order.return_url, "return_url", host),
            "orderChannel": "INTERNET",
            "transactionReference": order.transaction_reference,
        }
        if order.nonce:
            fields["returnContext"] = order.nonce
        if order.expires_at:
            fields["expirationDate"] = timestamp(order.expires_at)
        return merge(fields, options.fields()) if options else fields


def _refuse_identifier(bank_reference: str | None) -> None:
    """Refuse a payment of another bank: this one knows payments by our reference, and has no identifier of its own."""
    if bank_reference is not None:
        raise InvalidValueError("expected a payment of this bank, got one with the identifier of another bank")
