"""Sips Paypage POST: a sealed form to the bank's page, and the same form back.

The browser posts ``Data``, ``Seal``, ``InterfaceVersion`` and ``SealAlgorithm``; the bank posts ``Data`` and ``Seal``
back, twice: by the browser (*manual response*) and from its server (*automatic response*), with the same content, in
any order, any number of times.

>>> from creance_pay import Euros, PaymentOrder
>>> from creance_pay.gateways import KeyRing, SecretKey
>>> keys = KeyRing([SecretKey(version="1", secret="002001000000001_KEY1")], current="1")
>>> gateway = SipsPaypage(merchant_id="002001000000001", keys=keys, host=SipsHost.WORLDLINE_SIMULATION)
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="https://portal.example/return", notification_url="https://portal.example/notification",
... )
>>> gateway.initiate(order).action
'https://payment-webinit.simu.sips-services.com/paymentInit'

Sources: the vendor's guides of Paypage POST (HP 2.3, 2013; releases 24 and 25) and its data dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import attrs

from ...errors import ConfigurationError, InvalidValueError, MalformedResponseError, OrderMismatchError
from ...fields import of_type
from ...money import Euros
from ...payment import Outcome, PaymentOrder, Source
from ..forms import FormPost
from ..gateway import HttpMessage, VerifiedPayment
from ..keys import KeyRing, SecretKey, utc_now
from ..seals import SealAlgorithm, seal, verify_seal
from .codes import CAPTURES, OUTCOMES
from .data import Data, decode, write
from .hosts import SipsHost, is_public

EURO = "978"
INTERFACE_VERSION = "HP_3.4"
_MERCHANT_ID = re.compile(r"[0-9]{15}")
_SIMULATED_SHOP = re.compile(r"0020(?:01|16)00000000[1-4]")
_REFERENCE = re.compile(r"(?!null\Z)[0-9A-Za-z]{1,35}")  # the vendor writes null for an absent value
_MASKED = re.compile(r"[0-9]{0,6}#{4,15}[0-9]{0,4}")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T.]([0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})")
# No user, no query, no fragment: the bank adds nothing to it, and it carries nothing.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[0-9A-Za-z._~!$&'()*+,;=:@%/-]*)?"
)
_PORTS = range(80, 10_000)  # those that the bank posts to
_LONGEST_URL = 512
_LARGEST_BODY = 65_536
_MOST_FIELDS = 32
_OUTER = ("Data", "Seal", "Encode", "InterfaceVersion")
# A second value of one of these would leave the outcome to whoever chooses.
_DECIDING = {
    "merchantId", "transactionReference", "amount", "currencyCode", "responseCode", "acquirerResponseCode",
    "captureMode", "keyVersion",
}  # fmt: skip


def _merchant(_: SipsPaypage, __: attrs.Attribute[str], merchant_id: object) -> None:
    if not isinstance(merchant_id, str) or _MERCHANT_ID.fullmatch(merchant_id) is None:
        raise ConfigurationError("expected merchant_id to be fifteen digits, as text")


@attrs.frozen(kw_only=True)
class SipsPaypage:
    """The gateway of one shop.

    Args:
        merchant_id: The shop's number, fifteen digits.
        keys: Its keys.
        host: Where it takes payments.
        algorithm: How both sides seal; a message is held to it, and cannot choose another.
        legacy_seal: The explicit consent that ``SealAlgorithm.SHA_256`` needs in production.
        clock: What tells the time, with its zone.

    Raises:
        ConfigurationError: for a shop number that is not one; for a clock without zone, or a current key past its last
            moment; in production, for a simulator's shop, a weak key, or the legacy seal without consent.
    """

    merchant_id: str = attrs.field(validator=_merchant)
    keys: KeyRing = attrs.field(validator=of_type(KeyRing, error=ConfigurationError))
    host: SipsHost = attrs.field(
        default=SipsHost.WORLDLINE_PRODUCTION, validator=of_type(SipsHost, error=ConfigurationError)
    )
    algorithm: SealAlgorithm = attrs.field(
        default=SealAlgorithm.HMAC_SHA_256, validator=of_type(SealAlgorithm, error=ConfigurationError)
    )
    legacy_seal: bool = attrs.field(default=False, validator=of_type(bool, error=ConfigurationError))
    clock: Callable[[], datetime] = attrs.field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what would be unsafe."""
        if self.clock().tzinfo is None:
            raise ConfigurationError("expected clock to tell the time with its zone")
        self._sealing_key()
        if self.host.production:
            self._demand_safety()

    def _sealing_key(self) -> SecretKey:
        """Give the current key, unless it is past its last moment: its answers would be refused, even of money paid."""
        key = self.keys.current
        if key.retired(self.clock()):
            raise ConfigurationError("the current key is past its last moment")
        return key

    def _demand_safety(self) -> None:
        if _SIMULATED_SHOP.fullmatch(self.merchant_id):
            raise ConfigurationError("the shop of a public simulator cannot take real payments")
        for key in self.keys:
            if key.weakness:
                raise ConfigurationError(f"key {key.version} is {key.weakness}")
        if self.algorithm is SealAlgorithm.SHA_256 and not self.legacy_seal:
            raise ConfigurationError("the legacy seal needs legacy_seal=True in production")

    def initiate(self, order: PaymentOrder) -> FormPost:
        """Seal an order into the form that the browser posts.

        Raises:
            InvalidValueError: for a transaction reference that is not 1 to 35 ASCII letters and digits (AN35), or is
                the word ``null``, by which the bank means none; an amount over twelve digits of cents (N12); or an
                address that the bank or good sense would refuse.
            ConfigurationError: when the current key has passed its last moment since the gateway was built.
        """
        key = self._sealing_key()
        text = write(self._fields(order, key))
        return FormPost(
            self.host.paypage,
            {
                "Data": text,
                "Seal": seal(text, key, self.algorithm),
                "InterfaceVersion": INTERFACE_VERSION,
                "SealAlgorithm": self.algorithm.value,
            },
        )

    def _fields(self, order: PaymentOrder, key: SecretKey) -> dict[str, str]:
        if _REFERENCE.fullmatch(order.transaction_reference) is None:
            raise InvalidValueError("expected transaction_reference to be 1 to 35 ASCII letters and digits")
        if order.amount.cents >= 10**12:
            raise InvalidValueError("expected an amount of at most twelve digits of cents")
        return {
            "amount": str(order.amount.cents),
            "automaticResponseUrl": self._address(order.notification_url, "notification_url"),
            "captureMode": "AUTHOR_CAPTURE",
            "currencyCode": EURO,
            "keyVersion": key.version,
            "merchantId": self.merchant_id,
            "normalReturnUrl": self._address(order.return_url, "return_url"),
            "orderChannel": "INTERNET",
            "transactionReference": order.transaction_reference,
        }

    def _address(self, url: str, name: str) -> str:
        """Accept an absolute address that the bank can post to, and that carries nothing else."""
        found = _URL.fullmatch(url) if len(url) <= _LONGEST_URL else None
        local = self.host.plain_http
        if found is None or (found["scheme"] != "https" and not local):
            raise InvalidValueError(f"expected {name} to be an absolute https address, without user, query or fragment")
        if not local and not (is_public(found["host"]) and int(found["port"] or 443) in _PORTS):
            raise InvalidValueError(
                f"expected {name} to be an address that the bank can reach, on a port from 80 to 9999"
            )
        return url

    def peek(self, message: HttpMessage) -> str:
        """Read the transaction reference of a message that nobody has verified, to look the order up and no more.

        Raises:
            MalformedResponseError: when the message cannot be read, or has no single reference of 1 to 35 letters
                and digits.
        """
        outer = _outer_fields(message)
        reference = Data.parse(decode(outer["Data"], outer.get("Encode", ""))).one("transactionReference")
        if reference is None or _REFERENCE.fullmatch(reference) is None:
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
        """
        outer = _outer_fields(message)
        data = Data.parse(decode(outer["Data"], outer.get("Encode", "")))
        version = data.one("keyVersion")
        if version is None:
            raise MalformedResponseError("no single key version")
        key = self.keys.find(version, now=self.clock())
        verify_seal(outer["Seal"], outer["Data"], key, self.algorithm)
        if not data.sound or _DECIDING.intersection(data.repeated()):
            return VerifiedPayment(outcome=Outcome.UNKNOWN, source=source, key_version=version, raw=data.values)
        outcome = _outcome(data)
        self._demand_the_order(data, expected, outcome)
        return _payment(data, outcome, source)

    def _demand_the_order(self, data: Data, expected: PaymentOrder, outcome: Outcome) -> None:
        """Compare as text: ``01600``, ``1600.00`` and ``1_600`` are not what was ordered.

        A short answer, to a cancelled or expired payment, may lack amount and currency; one that speaks of money not.
        """
        ours = {
            "merchantId": self.merchant_id,
            "transactionReference": expected.transaction_reference,
            "amount": str(expected.amount.cents),
            "currencyCode": EURO,
        }
        optional = set() if outcome in {Outcome.PAID, Outcome.AUTHORISED} else {"amount", "currencyCode"}
        theirs = {name: data.one(name) for name in ours}
        differing = tuple(
            name for name, value in theirs.items() if value != ours[name] and not (value is None and name in optional)
        )
        if differing:
            raise OrderMismatchError(f"authentic, but not our order: {', '.join(differing)}", fields=differing)


def _outer_fields(message: HttpMessage) -> dict[str, str]:
    """Read the posted form: UTF-8, ``&`` alone between fields, each of ours once; other fields are left out."""
    content_type = message.header("content-type")
    if content_type and content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise MalformedResponseError("expected a form")
    if len(message.body) > _LARGEST_BODY:
        raise MalformedResponseError("the message is too long")
    try:
        pairs = parse_qsl(
            message.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise MalformedResponseError("the form is not readable") from None
    ours = [(name, value) for name, value in pairs if name in _OUTER]
    fields = dict(ours)
    if len(fields) < len(ours):
        raise MalformedResponseError("a field of the form is repeated")
    for name in ("Data", "Seal"):
        if name not in fields:
            raise MalformedResponseError(f"the form has no field {name}")
    return fields


def _outcome(data: Data) -> Outcome:
    """Translate the response code; an acceptance that another field denies is unknown."""
    outcome = OUTCOMES.get(data.one("responseCode") or "", Outcome.UNKNOWN)
    if outcome is not Outcome.PAID:
        return outcome
    if data.one("acquirerResponseCode") not in {None, "00"}:
        return Outcome.UNKNOWN
    return CAPTURES.get(data.one("captureMode") or "AUTHOR_CAPTURE", Outcome.UNKNOWN)


def _moment(text: str | None) -> datetime | None:
    """Read the bank's time in the two forms it writes; a sealed payment is not lost for its date."""
    found = _DATE.fullmatch(text or "")
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3]}")
        moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such moment, or none that UTC can tell
        return None
    return moment


def _payment(data: Data, outcome: Outcome, source: Source) -> VerifiedPayment:
    amount, moment, masked = data.one("amount"), _moment(data.one("transactionDateTime")), data.one("maskedPan")
    warnings = [f"{name} is repeated" for name in data.repeated()]
    if "transactionDateTime" in data.values and moment is None:
        warnings.append("transactionDateTime is unreadable")
    return VerifiedPayment(
        outcome=outcome,
        source=source,
        amount=Euros(int(amount)) if amount else None,
        transaction_reference=data.one("transactionReference"),
        authorisation_number=data.one("authorisationId"),
        merchant_id=data.one("merchantId"),
        response_code=data.one("responseCode"),
        masked_card=masked if masked and _MASKED.fullmatch(masked) else None,
        authorised_at=moment,
        key_version=data.one("keyVersion"),
        warnings=tuple(warnings),
        raw=data.values,
    )
