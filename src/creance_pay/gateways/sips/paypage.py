"""Sips Paypage POST: a sealed form to the bank's page, and the same form back.

The browser posts ``Data``, ``Seal``, ``InterfaceVersion`` and ``SealAlgorithm``; the bank posts ``Data`` and ``Seal``
back, twice: by the browser (*manual response*) and from its server (*automatic response*), with the same content, in
any order, any number of times.

>>> from creance_pay import Euros, PaymentOrder
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

Sources: the vendor's guides of Paypage POST (HP 2.3, 2013; releases 24 and 25) and its data dictionary.
"""

from __future__ import annotations

import attrs

from ...errors import InvalidValueError, MalformedResponseError
from ...http import HttpMessage
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..base import FormPost
from ..keys import SecretKey
from ..seals import seal
from .data import Data, decode, encode, write
from .fields import PaypageOptions, check_address, joined
from .merchant import EURO
from .office import Office
from .response_codes import outcome_of
from .responses import REFERENCE, demand, parse_form

INTERFACE_VERSION = "HP_3.4"
# A second value of one of these would leave the outcome to whoever chooses.
_DECIDING = {
    "merchantId", "transactionReference", "amount", "currencyCode", "responseCode", "acquirerResponseCode",
    "captureMode", "keyVersion",
}  # fmt: skip
# A short answer, to a cancelled or expired payment, may lack amount and currency; one that speaks of money not.
_MONEY = (PaymentState.PAID, PaymentState.AUTHORISED)
_SUM, _NOTHING = frozenset({"amount", "currencyCode"}), frozenset[str]()


@attrs.frozen(kw_only=True)
class SipsPaypage(Office):
    """The gateway of one shop.

    Args:
        merchant_id: The shop's number, fifteen digits.
        keys: Its keys.
        host: Where it takes payments.
        algorithm: How both sides seal; a message is held to it, and cannot choose another.
        legacy_seal: The explicit consent that ``SealAlgorithm.SHA_256`` needs in production.
        identification: Who numbers the payments: the merchant, or the shop is refused.
        unsealed_answers: Whether an answer of Office may lack its seal, as those of the vendor's test platform are said
            to; refused anywhere else, and a seal that is there has to be right all the same.
        clock: What tells the time, with its zone.

    Raises:
        ConfigurationError: for a shop number that is not one; for a clock without zone, or a current key past its last
            moment; for another identification, or unsealed answers beyond the test platform; in production, for a
            public test shop, a weak key, or the legacy seal without consent.
    """

    def initiate(self, order: PaymentOrder, *, options: PaypageOptions | None = None) -> FormPost:
        """Seal an order into the form that the browser posts; a text beyond ASCII travels in base64.

        Raises:
            InvalidValueError: for a transaction reference that is not 1 to 35 ASCII letters and digits (AN35), or is
                the word ``null``, by which the bank means none; an amount over twelve digits of cents (N12); an address
                that the bank or good sense would refuse; or an option that its field cannot hold.
            ConfigurationError: when the current key has passed its last moment since the gateway was built.
        """
        key = self.sealing_key()
        text = write(self._request(order, key, options))
        encoding = "" if text.isascii() else "base64"
        sent = encode(text, encoding)
        return FormPost(
            self.host.paypage,
            {
                "Data": sent,
                "Seal": seal(sent, key, self.algorithm),
                "InterfaceVersion": INTERFACE_VERSION,
                "SealAlgorithm": str(self.algorithm),
                **({"Encode": encoding} if encoding else {}),
            },
        )

    def _request(self, order: PaymentOrder, key: SecretKey, options: PaypageOptions | None) -> dict[str, str]:
        """Give the fields of a request by their dotted names: each is checked, here or where its value was made."""
        if REFERENCE.fullmatch(order.transaction_reference) is None:
            raise InvalidValueError("expected transaction_reference to be 1 to 35 ASCII letters and digits")
        if order.amount.cents >= 10**12:
            raise InvalidValueError("expected an amount of at most twelve digits of cents")
        fields = {
            "amount": str(order.amount.cents),
            "automaticResponseUrl": check_address(order.notification_url, "notification_url", self.host),
            "captureMode": "AUTHOR_CAPTURE",
            "currencyCode": EURO,
            "keyVersion": key.version,
            "merchantId": self.merchant_id,
            "normalReturnUrl": check_address(order.return_url, "return_url", self.host),
            "orderChannel": "INTERNET",
            "transactionReference": order.transaction_reference,
        }
        return joined(fields, options.fields()) if options else fields

    def peek(self, message: HttpMessage) -> str:
        """Read the transaction reference of a message that nobody has verified, to look the order up and no more.

        Raises:
            MalformedResponseError: when the message cannot be read, or has no single reference of 1 to 35 letters
                and digits.
        """
        outer = parse_form(message)
        reference = Data.parse(decode(outer["Data"], outer.get("Encode"))).one("transactionReference")
        if reference is None or REFERENCE.fullmatch(reference) is None:
            raise MalformedResponseError("no readable transaction reference")
        return reference

    def verify(
        self, message: HttpMessage, *, expected: PaymentOrder, source: Source = Source.NOTIFICATION
    ) -> VerifiedPayment:
        """Prove that a message is the bank's, and about this order; or raise.

        The checks come in this order: size and type, fields present once, encoding, key version (read unverified, only
        to choose the key), seal over the text as it travelled, grammar, order.

        Raises:
            MalformedResponseError: when the message cannot be read.
            UnknownKeyError: when it names a key that is not in the ring, or is retired.
            SealMismatchError: when the seal is not ours.
            OrderMismatchError: when the sealed text is not about this shop, order, amount or currency.
            InvalidValueError: for an authentic message, when what it is held to is no order.
        """
        outer = parse_form(message)
        data = Data.parse(decode(outer["Data"], outer.get("Encode")))
        version = data.one("keyVersion")
        if version is None:
            raise MalformedResponseError("no single key version")
        self.prove(outer["Data"], outer["Seal"], version)
        if not data.sound or _DECIDING.intersection(data.repeated):
            return VerifiedPayment(outcome=PaymentState.UNKNOWN, source=source, key_version=version, raw=data.values)
        outcome = outcome_of(data.one)
        demand(data, self.ours(expected), optional=_NOTHING if outcome in _MONEY else _SUM)
        return VerifiedPayment(**response_fields(data, outcome, source, expected, amount=data.one("amount")))
