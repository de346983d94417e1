"""The fields of a payment request, with the class and length of each, and the options that a portal may set.

The list contains the fields of the vendor's guide that a debt payment can use; those of one-click wallets, baskets,
mandates and instalments are left out.  Each value is validated before the request is sealed; none is cut or changed.

>>> validate_fields({"orderId": "2026-17", "customerContact": {"email": "a@b.example"}})
{'orderId': '2026-17', 'customerContact.email': 'a@b.example'}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import attrs

from ..._validators import of_type
from ...errors import InvalidValueError
from ..environments import is_public
from .data import flatten
from .hosts import SipsHost

# The classes of the data dictionary; none contains the vertical bar, which ends a field.
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
    # Without user, query and fragment: the address carries nothing, and the bank adds nothing to it.
    "url": r"(?P<scheme>https?)://(?P<host>[0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[0-9A-Za-z._~!$&'()*+,;=:@%/-]*)?",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _CLASSES.items()}
_URL = _PATTERNS["url"]
_PORTS = range(80, 10_000)  # the ports to which the bank posts
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
    **{f"{role}Contact.{name}": form for role in ("billing", "customer", "holder") for name, form in _CONTACT.items()},
    **{f"{role}Address.{name}": form for role in ("billing", "customer", "holder") for name, form in _ADDRESS.items()},
}
_LANGUAGE = re.compile(
    r"(bg|br|cs|cy|da|de|el|en|es|et|fi|fr|hi|hr|hu|it|ja|ko|lt|lv|nl|no|pl|pt|ro|ru|sk|sl|sv|tr|uk|zh)(?:[-_].*)?"
)
_FALLBACK_LANGUAGE = "fr"
_MAX_CAPTURE_DAYS = 6  # later, the bank authorises a small amount now and the real amount on the day of capture
_OPAQUE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NIR = re.compile(r"[1-478][0-9]{5}[0-9ABab][0-9]{6}(?:[0-9]{2})?")


def validate_fields(fields: Mapping[str, object]) -> dict[str, str]:
    """Validate the class and the length of each field, and return the fields by their dotted names.

    Args:
        fields: Texts, or lists or containers of texts, by the vendor's names; ``None`` is left out.

    Raises:
        InvalidValueError: for an unknown field, or a value of another class or length; the error names the field.
    """
    flat = flatten(fields)
    for name, value in flat.items():
        if name not in FIELDS:
            raise InvalidValueError(
                f"expected the name of a field of a debt payment, in the vendor's spelling, got {len(name)} characters"
            )
        form, longest = FIELDS[name]
        if len(value) > longest or _PATTERNS[form].fullmatch(value) is None:
            raise InvalidValueError(
                f"expected {name} to be of class {form}, 1 to {longest} characters, got {len(value)} characters"
            )
    return flat


def validate_address(url: str, name: str, host: SipsHost) -> str:
    """Return an absolute address to which the bank can post, without user, query or fragment.

    Args:
        url: The address.
        name: The name of the order's field, for the error.
        host: The bank's addresses; a local bank may post to this machine by ``http``.

    Raises:
        InvalidValueError: for any other address.
    """
    wanted = _address_fault(url, host.plain_http)
    if wanted:
        raise InvalidValueError(f"expected {name} to be {wanted}, got another text of {len(url)} characters")
    return url


@lru_cache(maxsize=64)  # a portal has two addresses, the same for each order
def _address_fault(url: str, local: bool) -> str | None:  # noqa: FBT001 - a keyword costs the cache more than the check
    """Return the description of a right address when this one is wrong, else ``None``."""
    found = _URL.fullmatch(url) if len(url) <= FIELDS["normalReturnUrl"][1] else None
    if found is None or (found["scheme"] != "https" and not local):
        return "an absolute https address, without user, query or fragment"
    if not local and not (is_public(found["host"]) and int(found["port"] or 443) in _PORTS):
        return "an address that the bank can reach, on a port from 80 to 9999"
    return None


def origin(url: str) -> str | None:
    """Return scheme, host and port of an address; ``None`` when it has a user, query or fragment, or is no address."""
    found = _URL.fullmatch(url)
    return found and f"{found['scheme']}://{found['host']}" + (f":{found['port']}" if found["port"] else "")


def _to_language(text: str | None) -> str | None:
    """Return the language of a locale; French for a language that the page lacks."""
    if not isinstance(text, str):
        return text
    found = _LANGUAGE.fullmatch(text.lower())
    return found[1] if found else _FALLBACK_LANGUAGE


def _validate_context(_: PaypageOptions, __: attrs.Attribute[str | None], context: str | None) -> None:
    """Refuse personal data: the context travels through the person's browser and the bank's reports."""
    if context is not None and (_OPAQUE_ID.fullmatch(context) is None or _NIR.fullmatch(context)):
        raise InvalidValueError(
            "expected return_context to be an opaque id: 1 to 64 ASCII letters, digits, - and _, not the number of a"
            f" person, got another text of {len(context)} characters"
        )


def _validate_days(_: PaypageOptions, __: attrs.Attribute[int | None], days: int | None) -> None:
    if days is not None and not 0 <= days <= _MAX_CAPTURE_DAYS:
        raise InvalidValueError(f"expected capture_day to be 0 to {_MAX_CAPTURE_DAYS}, got {days}")


def _validate_expiry(_: PaypageOptions, __: attrs.Attribute[datetime | None], moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidValueError("expected expires_at to have a time zone, got a datetime without one")


_VALIDATE_TEXT = of_type(str, type(None))


@attrs.frozen(kw_only=True)
class PaypageOptions:
    """The options of the bank's page for one order; each may be left out.

    Args:
        language: The person's language, as ``fr``, ``fr-BE`` or ``fr_FR``; French replaces one that the page lacks.
        email: The person's e-mail address, to which the bank sends its own receipt.
        order_id: The merchant's number of the order; unlike the transaction reference it may be used again.
        return_context: An opaque id that the answer repeats, without personal data.
        template_name: The name of the page's design, as agreed with the bank.
        statement_reference: A text for the person's bank statement; not every bank shows it.
        brands: The card brands to offer, such as ``("CB", "VISA")``; empty for those of the contract.
        capture_day: The days between authorisation and capture, 0 to 6.
        expires_at: The moment, with its time zone, after which the form starts no payment.
        bypass_receipt: Whether the browser returns to the portal at once, without the bank's receipt.
        others: Further fields by the vendor's names, such as ``billingAddress.zipCode``.

    Raises:
        InvalidValueError: for a value of another type or form.  The classes and lengths of the bank's fields are
            validated when the request is built.
    """

    language: str | None = attrs.field(default=None, converter=_to_language, validator=_VALIDATE_TEXT)
    email: str | None = attrs.field(default=None, validator=_VALIDATE_TEXT, repr=False)
    order_id: str | None = attrs.field(default=None, validator=_VALIDATE_TEXT)
    return_context: str | None = attrs.field(default=None, validator=[_VALIDATE_TEXT, _validate_context])
    template_name: str | None = attrs.field(default=None, validator=_VALIDATE_TEXT)
    statement_reference: str | None = attrs.field(default=None, validator=_VALIDATE_TEXT)
    brands: tuple[str, ...] = attrs.field(default=(), validator=of_type(tuple))
    capture_day: int | None = attrs.field(default=None, validator=[of_type(int, type(None)), _validate_days])
    expires_at: datetime | None = attrs.field(default=None, validator=[of_type(datetime, type(None)), _validate_expiry])
    bypass_receipt: bool = attrs.field(default=False, validator=of_type(bool))
    others: Mapping[str, object] = attrs.field(factory=dict, validator=of_type(Mapping), repr=False, hash=False)

    def fields(self) -> dict[str, str]:
        """Return the options that are set, validated, by the vendor's names.

        Raises:
            InvalidValueError: for a value of another class or length than its field's, or a field that is set twice.

        >>> PaypageOptions(language="fr-BE").fields()
        {'customerLanguage': 'fr'}
        """
        moment = None if self.expires_at is None else timestamp(self.expires_at)
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
        return merge(validate_fields(named), validate_fields(self.others))


def timestamp(moment: datetime) -> str:
    """Format a time as the vendor's fields want it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def merge(fields: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Merge two sets of fields.

    Raises:
        InvalidValueError: for a field that is in both; the error names it.
    """
    for name in more:
        if name in fields:
            raise InvalidValueError(f"expected {name} to be set once, got it twice")
    return {**fields, **more}
