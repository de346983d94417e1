"""The fields of a payment request: which there are, what each may hold, and which of them a portal may set.

Those of the vendor's guide that a debt payment can use; one-click wallets, baskets, mandates and instalments are left
out.  A value is checked against its class and its length before anything is sealed: nothing is cut, nothing replaced.

>>> check({"orderId": "2026-17", "customerContact": {"email": "a@b.example"}})
{'orderId': '2026-17', 'customerContact.email': 'a@b.example'}
>>> PaypageOptions(language="fr-BE").fields()
{'customerLanguage': 'fr'}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import attrs

from ..._validators import of_type
from ...errors import InvalidValueError
from .data import flatten
from .hosts import SipsHost, is_public

# The classes of the data dictionary; none has the vertical bar, which would end the field.
_CLASSES = {
    "N": r"[0-9]+",
    "A": r"[A-Za-z]+",
    "AN": r"[0-9A-Za-z]+",
    "ANS": r"[ -{}~]+",
    "restricted": r"[0-9A-Za-z_@.+ -]+",
    "words": r"[0-9A-Z_]+(?:,[0-9A-Z_]+)*",  # a list
    "phone": r"\+?[0-9 .-]+",
    "text": r"[^\W_](?:[^\W_]|[ .,'’()/-])*",  # letters of any language
    "email": r"[0-9A-Za-z.!#$%&'*+/=?^_`{}~-]+@[0-9A-Za-z.-]+",
    "moment": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})",
    # No user, no query, no fragment: the bank adds nothing to it, and it carries nothing.
    "url": r"(?P<scheme>https?)://(?P<host>[0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[0-9A-Za-z._~!$&'()*+,;=:@%/-]*)?",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _CLASSES.items()}
_URL = _PATTERNS["url"]
_PORTS = range(80, 10_000)  # those that the bank posts to
_CONTACT = {
    "email": ("email", 128), "firstname": ("text", 50), "lastname": ("text", 50), "mobile": ("phone", 30),
    "phone": ("phone", 30), "title": ("A", 4),
}  # fmt: skip
_ADDRESS = {
    "addressAdditional1": ("text", 50), "addressAdditional2": ("text", 50), "addressAdditional3": ("text", 50),
    "city": ("text", 50), "company": ("text", 50), "country": ("A", 3), "postBox": ("text", 50),
    "street": ("text", 50), "streetNumber": ("AN", 10), "zipCode": ("AN", 10),
}  # fmt: skip

#: Class and greatest length of each field, by its name in the vendor's spelling.
FIELDS: Mapping[str, tuple[str, int]] = {
    "amount": ("N", 12),
    "automaticResponseUrl": ("url", 512),
    "captureDay": ("N", 2),
    "captureMode": ("ANS", 20),
    "currencyCode": ("N", 3),
    "customerId": ("restricted", 19),
    "customerLanguage": ("A", 2),
    "expirationDate": ("moment", 25),
    "fraudData.challengeMode3DS": ("words", 20),
    "interfaceVersion": ("ANS", 12),
    "invoiceReference": ("N", 20),
    "keyVersion": ("N", 10),
    "merchantId": ("N", 15),
    "merchantSessionId": ("restricted", 256),
    "merchantTransactionDateTime": ("moment", 25),
    "normalReturnUrl": ("url", 512),
    "orderChannel": ("words", 20),
    "orderId": ("ANS", 32),
    "paymentMeanBrandList": ("words", 128),
    "paypageData.bypassReceiptPage": ("A", 5),
    "returnContext": ("ANS", 255),
    "statementReference": ("ANS", 100),
    "templateName": ("restricted", 32),
    "transactionActors": ("A", 4),
    "transactionOrigin": ("restricted", 20),
    "transactionReference": ("AN", 35),
    **{f"{who}Contact.{name}": form for who in ("billing", "customer", "holder") for name, form in _CONTACT.items()},
    **{f"{who}Address.{name}": form for who in ("billing", "customer", "holder") for name, form in _ADDRESS.items()},
}
_LANGUAGE = re.compile(
    r"(bg|br|cs|cy|da|de|el|en|es|et|fi|fr|hi|hr|hu|it|ja|ko|lt|lv|nl|no|pl|pt|ro|ru|sk|sl|sv|tr|uk|zh)(?:[-_].*)?"
)
_FALLBACK = "fr"
_LONGEST_WAIT = 6  # in days: beyond, the bank authorises a small amount now, and the real one only later
_OPAQUE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NIR = re.compile(r"[1-478][0-9]{5}[0-9ABab][0-9]{6}(?:[0-9]{2})?")


def check(fields: Mapping[str, object]) -> dict[str, str]:
    """Check each field against its class and its length, and give them flat.

    Raises:
        InvalidValueError: for a field that a debt payment does not have, or a value that it cannot hold; by its name.
    """
    flat = flatten(fields)
    for name, value in flat.items():
        if name not in FIELDS:
            raise InvalidValueError("expected the name of a field of a debt payment, in the vendor's spelling")
        form, longest = FIELDS[name]
        if len(value) > longest or _PATTERNS[form].fullmatch(value) is None:
            raise InvalidValueError(f"expected {name} to be of class {form}, 1 to {longest} characters")
    return flat


def check_address(url: str, name: str, host: SipsHost) -> str:
    """Accept an absolute address that the bank can post to, and that carries nothing else.

    Raises:
        InvalidValueError: for any other, by the name of the order's field.
    """
    fault = _fault(url, host.plain_http)
    if fault:
        raise InvalidValueError(f"expected {name} to be {fault}")
    return url


@lru_cache(maxsize=64)  # a portal has two addresses, and gives them with each order
def _fault(url: str, local: bool) -> str | None:  # noqa: FBT001 - a name costs the cache more than the check
    found = _URL.fullmatch(url) if len(url) <= FIELDS["normalReturnUrl"][1] else None
    if found is None or (found["scheme"] != "https" and not local):
        return "an absolute https address, without user, query or fragment"
    if not local and not (is_public(found["host"]) and int(found["port"] or 443) in _PORTS):
        return "an address that the bank can reach, on a port from 80 to 9999"
    return None


def origin(url: str) -> str | None:
    """Give scheme, host and port of an address; ``None`` for what is not a plain one."""
    found = _URL.fullmatch(url)
    return found and f"{found['scheme']}://{found['host']}" + (f":{found['port']}" if found["port"] else "")


def _language(text: str | None) -> str | None:
    """Take the language of a locale; one that the page does not speak becomes French."""
    if not isinstance(text, str):
        return text
    found = _LANGUAGE.fullmatch(text.lower())
    return found[1] if found else _FALLBACK


def _opaque(_: PaypageOptions, __: attrs.Attribute[str | None], context: str | None) -> None:
    """Let nothing personal travel through the person's browser and the bank's reports."""
    if context is not None and (_OPAQUE.fullmatch(context) is None or _NIR.fullmatch(context)):
        raise InvalidValueError("expected return_context to be an opaque id: 1 to 64 ASCII letters, digits, - and _")


def _few_days(_: PaypageOptions, __: attrs.Attribute[int | None], days: int | None) -> None:
    if days is not None and not 0 <= days <= _LONGEST_WAIT:
        raise InvalidValueError(f"expected capture_day to be 0 to {_LONGEST_WAIT}")


def _aware(_: PaypageOptions, __: attrs.Attribute[datetime | None], moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidValueError("expected expires_at to have a time zone")


_TEXT = of_type(str, type(None))


@attrs.frozen(kw_only=True)
class PaypageOptions:
    """What a portal may add to an order for the bank's page; everything is optional.

    Args:
        language: The person's language, as ``fr``, ``fr-BE`` or ``fr_FR``; one that the page lacks becomes French.
        email: The person's address, for the bank's own receipt.
        order_id: The merchant's number of the order; unlike the transaction reference it may come again.
        return_context: An opaque id that the answer repeats; never anything about the person.
        template_name: The look of the page, as agreed with the bank.
        statement_reference: What the person reads on the bank statement, if their bank shows it.
        brands: The card brands to offer, such as ``("CB", "VISA")``; none means those of the contract.
        capture_day: Days before the money moves, 0 to 6.
        expires_at: The moment after which the form starts no payment, with its time zone.
        bypass_receipt: Whether the person comes back at once, without the bank's receipt.
        others: Further fields of the vendor's guide under its own names, such as ``billingAddress.zipCode``.

    Raises:
        InvalidValueError: for a value of another type or form; what the bank's classes say is checked with the order.
    """

    language: str | None = attrs.field(default=None, converter=_language, validator=_TEXT)
    email: str | None = attrs.field(default=None, validator=_TEXT, repr=False)
    order_id: str | None = attrs.field(default=None, validator=_TEXT)
    return_context: str | None = attrs.field(default=None, validator=[_TEXT, _opaque])
    template_name: str | None = attrs.field(default=None, validator=_TEXT)
    statement_reference: str | None = attrs.field(default=None, validator=_TEXT)
    brands: tuple[str, ...] = attrs.field(default=(), validator=of_type(tuple))
    capture_day: int | None = attrs.field(default=None, validator=[of_type(int, type(None)), _few_days])
    expires_at: datetime | None = attrs.field(default=None, validator=[of_type(datetime, type(None)), _aware])
    bypass_receipt: bool = attrs.field(default=False, validator=of_type(bool))
    others: Mapping[str, object] = attrs.field(factory=dict, validator=of_type(Mapping), repr=False, hash=False)

    def fields(self) -> dict[str, str]:
        """Give the fields that are set, under the vendor's names, checked.

        Raises:
            InvalidValueError: for a value that its field cannot hold, or a field that is set twice.
        """
        moment = None if self.expires_at is None else self.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        named: dict[str, object] = {
            "customerLanguage": self.language,
            "customerContact.email": self.email,
            "orderId": self.order_id,
            "returnContext": self.return_context,
            "templateName": self.template_name,
            "statementReference": self.statement_reference,
            "paymentMeanBrandList": self.brands or None,
            "captureDay": None if self.capture_day is None else str(self.capture_day),
            "expirationDate": moment,
            "paypageData.bypassReceiptPage": "true" if self.bypass_receipt else None,
        }
        return joined(check(named), check(self.others))


def joined(fields: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Add fields to others, and let none replace another.

    Raises:
        InvalidValueError: for a field that is in both; by its name.
    """
    for name in more:
        if name in fields:
            raise InvalidValueError(f"expected {name} to be set once")
    return {**fields, **more}
