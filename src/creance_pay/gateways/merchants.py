"""A merchant at a bank, and the gateway of a merchant: settings and refusals that the banks of this package share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import attrs

from .._clock import require_clock, utc_now
from .._validators import of_type
from ..errors import ConfigurationError, InvalidValueError
from ..payment import PaymentOrder
from .base import Gateway
from .environments import BankHost, Environment
from .keys import KeyRing, SecretKey

_MAX_CENTS = 10**12 - 1


def numbered(pattern: str, form: str) -> Any:  # noqa: ANN401 - an attrs field
    """Return the field of a merchant number of a bank's form."""

    def validate(_: object, __: attrs.Attribute[str], merchant_id: object) -> None:
        """Raise an error with the form, without the number."""
        if not isinstance(merchant_id, str) or re.fullmatch(pattern, merchant_id) is None:
            found = f"{len(merchant_id)} characters" if isinstance(merchant_id, str) else type(merchant_id).__name__
            raise ConfigurationError(f"expected merchant_id to be {form}, got {found}")

    return attrs.field(validator=validate)


@attrs.frozen(kw_only=True)
class ReferenceForm:
    """The form of the merchant's references at a bank.

    Args:
        pattern: The pattern of a whole reference.
        words: The form in words, for errors.
    """

    pattern: re.Pattern[str]
    words: str

    def check(self, order: object) -> PaymentOrder:
        """Return an order that the bank can know: its reference has the form, its amount at most twelve digits.

        Raises:
            InvalidValueError: for another order, or anything but an order.
        """
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError(f"expected a PaymentOrder, got {type(order).__name__}")
        if self.pattern.fullmatch(order.transaction_reference) is None:
            found = len(order.transaction_reference)
            raise InvalidValueError(
                f"expected transaction_reference to be {self.words}, got another text of {found} characters"
            )
        if order.amount.cents > _MAX_CENTS:
            raise InvalidValueError(f"expected an amount of at most {_MAX_CENTS} cents, got {order.amount.cents}")
        return order


@attrs.frozen(kw_only=True)
class Merchant:
    """The settings of one merchant at a bank; each bank adds its own.

    Raises:
        ConfigurationError: for a clock without zone, or a current key past its last moment; in production, for a weak
            or published key.
    """

    merchant_id: str
    keys: KeyRing = attrs.field(validator=of_type(KeyRing, error=ConfigurationError))
    host: BankHost
    clock: Callable[[], datetime] = attrs.field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse unsafe settings."""
        require_clock(self.clock)
        self.sealing_key()
        for key in self.all_keys() if self.host.production else ():
            if key.weakness:
                raise ConfigurationError(f"key {key.version} cannot protect real payments: {key.weakness}")

    def all_keys(self) -> Iterator[SecretKey]:
        """Yield the keys of every ring."""
        yield from self.keys

    def sealing_key(self) -> SecretKey:
        """Return the current key.

        Raises:
            ConfigurationError: when the key is past its last moment: the answers to its requests would be refused.
        """
        key = self.keys.current
        if key.retired(self.clock()):
            raise ConfigurationError(f"the current key, version {key.version}, is past its last moment")
        return key


class MerchantGateway(Gateway):
    """The gateway of one merchant.

    Attributes:
        merchant: The merchant.
    """

    merchant: Merchant

    def __repr__(self) -> str:
        """Show the merchant; before the constructor has built it, for a traceback, show none."""
        return f"{type(self).__name__}({getattr(self, 'merchant', None)!r})"

    @property
    def environment(self) -> Environment:
        """The bank's environment."""
        return self.merchant.host.environment
