"""A shop at Sips: its number, its keys, its host; what is refused before it does harm, and what proves an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from ..._clock import utc_now
from ..._validators import of_type
from ...errors import ConfigurationError, GatewayUnavailableError, MalformedResponseError, SealMismatchError
from ..base import Gateway
from ..keys import KeyRing, SecretKey
from ..seals import SealAlgorithm, seal, verify_seal
from ..transport import HttpAnswer, Transport
from .canonical_json import concatenated, load
from .data import Data
from .hosts import Environment, SipsHost

EURO = "978"
_MERCHANT_ID = re.compile(r"[0-9]{15}")
# Those of the simulators, and the test shops that Mercanet and Sherlock's print in their guides, keys and all.
_PUBLIC_SHOP = re.compile(r"0020(?:01|16)00000000[1-4]|211000021310001|099887766554433")


class Identification(StrEnum):
    """Who numbers the payments of a shop, and how; agreed with the bank when the shop is opened."""

    #: The merchant gives each payment a reference: the only way offered, since only it finds a payment that got lost.
    REFERENCE_BY_MERCHANT = "REFERENCE_BY_MERCHANT"
    #: The bank makes the reference; not offered.
    REFERENCE_BY_SIPS = "REFERENCE_BY_SIPS"
    #: The merchant gives a number of six digits, unique on its day; not offered.
    TRANSACTION_ID_BY_MERCHANT = "TRANSACTION_ID_BY_MERCHANT"
    #: The bank gives that number; not offered.
    TRANSACTION_ID_BY_SIPS = "TRANSACTION_ID_BY_SIPS"


def _merchant(_: Shop, __: attrs.Attribute[str], merchant_id: object) -> None:
    if not isinstance(merchant_id, str) or _MERCHANT_ID.fullmatch(merchant_id) is None:
        raise ConfigurationError("expected merchant_id to be fifteen digits, as text")


def _by_reference(_: Shop, __: attrs.Attribute[Identification], identification: object) -> None:
    if identification is not Identification.REFERENCE_BY_MERCHANT:
        raise ConfigurationError("expected a shop whose merchant gives the transaction reference, the one way offered")


@attrs.frozen(kw_only=True)
class Shop(Gateway):
    """What every connector of Sips is set up with.

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

    merchant_id: str = attrs.field(validator=_merchant)
    keys: KeyRing = attrs.field(validator=of_type(KeyRing, error=ConfigurationError))
    host: SipsHost = attrs.field(
        default=SipsHost.WORLDLINE_PRODUCTION, validator=of_type(SipsHost, error=ConfigurationError)
    )
    algorithm: SealAlgorithm = attrs.field(
        default=SealAlgorithm.HMAC_SHA_256, validator=of_type(SealAlgorithm, error=ConfigurationError)
    )
    legacy_seal: bool = attrs.field(default=False, validator=of_type(bool, error=ConfigurationError))
    identification: Identification = attrs.field(
        default=Identification.REFERENCE_BY_MERCHANT, validator=_by_reference, repr=False
    )
    unsealed_answers: bool = attrs.field(default=False, validator=of_type(bool, error=ConfigurationError), repr=False)
    clock: Callable[[], datetime] = attrs.field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what would be unsafe."""
        if self.clock().tzinfo is None:
            raise ConfigurationError("expected clock to tell the time with its zone")
        if self.unsealed_answers and self.host.environment is not Environment.TEST:
            raise ConfigurationError("only the vendor's test platform may answer without seal")
        self.sealing_key()
        if self.host.production:
            self._demand_safety()

    def _demand_safety(self) -> None:
        if _PUBLIC_SHOP.fullmatch(self.merchant_id):
            raise ConfigurationError("a public test shop cannot take real payments")
        for key in self.keys:
            if key.weakness:
                raise ConfigurationError(f"key {key.version} is {key.weakness}")
        if self.algorithm is SealAlgorithm.SHA_256 and not self.legacy_seal:
            raise ConfigurationError("the legacy seal needs legacy_seal=True in production")

    def sealing_key(self) -> SecretKey:
        """Give the current key, unless it is past its last moment: its answers would be refused, even of money paid.

        Raises:
            ConfigurationError: when it is.
        """
        key = self.keys.current
        if key.retired(self.clock()):
            raise ConfigurationError("the current key is past its last moment")
        return key

    def prove(self, text: str, received: str, version: str) -> None:
        """Prove that a text was sealed by the key of a version, which was read unverified, to choose the key alone.

        Raises:
            UnknownKeyError: for a key that is not in the ring, or is retired.
            SealMismatchError: for another seal.
        """
        verify_seal(received, text, self.keys.find(version, now=self.clock()), self.algorithm)


@attrs.frozen(kw_only=True)
class Exchange(Shop):
    """A shop that calls the bank."""

    def exchange(self, transport: Transport, url: str, fields: Mapping[str, object], *, questions: int = 0) -> Data:
        """Seal a document, post it, and prove the answer.

        Args:
            transport: What posts.
            url: Where to.
            fields: The document without key version, algorithm and seal.
            questions: How often a mere question may be asked, until something readable comes back; 0 for what may have
                an effect, which is sent once, and whose failure is not retryable.

        Raises:
            GatewayUnavailableError: when nothing readable comes back.
            ResponseRefusedError: when the answer is not authentic.
        """
        key = self.sealing_key()
        document = {**fields, "keyVersion": key.version, "sealAlgorithm": self.algorithm.value}
        document["seal"] = seal(concatenated(load(json.dumps(document))), key, self.algorithm)
        for _ in range(questions or 1):
            try:
                text = readable(transport.post_json(url, document))
            except GatewayUnavailableError as error:
                raise GatewayUnavailableError(str(error), retryable=bool(questions)) from None
            if text is not None:
                return self._proved(text, key.version)
        raise GatewayUnavailableError("the bank gave no answer that can be read", retryable=bool(questions))

    def _proved(self, text: str, current: str) -> Data:
        """Prove an answer by the key that it names, or by the one that sealed the question."""
        data = Data.parse(text)
        if data.repeated:
            raise MalformedResponseError("a field of the answer is repeated")
        received = data.one("seal")
        if received is not None:
            self.prove(concatenated(load(text)), received, data.one("keyVersion") or current)
        elif not self.unsealed_answers:
            raise SealMismatchError("the answer has no seal")
        return data


def readable(answer: HttpAnswer) -> str | None:
    """Give the text of an answer that is a document; ``None`` for a page of HTML, a server's error, half a text."""
    try:
        text = answer.body.decode().strip()
        load(text)
    except ValueError:
        return None
    return text if answer.status == 200 else None  # noqa: PLR2004 - everybody knows it
