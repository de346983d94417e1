"""What the bank says, taken apart once it is proved: the posted form, the order it must be about, the payment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from ...errors import MalformedResponseError, OrderMismatchError
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source
from .data import Data

REFERENCE = re.compile(r"(?!null\Z)[0-9A-Za-z]{1,35}")  # the vendor writes null for an absent value
_MASKED = re.compile(r"[0-9]{0,6}#{4,15}[0-9]{0,4}")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T.]([0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})")
_LARGEST_BODY = 65_536
_MOST_FIELDS = 32
_ESCAPES = tuple((b"%%%02X" % ord(each), each.encode()) for each in "|=#")
_OUTER = ("Data", "Seal", "Encode", "InterfaceVersion")


def parse_form(message: HttpMessage) -> dict[str, str]:
    """Read the posted form: UTF-8, ``&`` alone between fields, each of ours once; other fields are left out.

    Raises:
        MalformedResponseError: for anything else.
    """
    content_type = message.header("content-type")
    if content_type and content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise MalformedResponseError("expected a form")
    if len(message.body) > _LARGEST_BODY:
        raise MalformedResponseError("the message is too long")
    parts = message.body.split(b"&")
    if len(parts) > _MOST_FIELDS or not message.body.isascii():
        raise MalformedResponseError("the form is not readable")
    fields: dict[str, str] = {}
    for part in parts:
        name, value = _plain_pair(part)
        if name in fields:
            raise MalformedResponseError("a field of the form is repeated")
        if name in _OUTER:
            fields[name] = value
    for name in ("Data", "Seal"):
        if name not in fields:
            raise MalformedResponseError(f"the form has no field {name}")
    return fields


def _plain_pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    try:
        return _plain(name), _plain(value)
    except ValueError:
        raise MalformedResponseError("the form is not readable") from None


def _plain(text: bytes) -> str:
    """Undo the form's escapes, once; what they make is UTF-8 or a ``ValueError``.

    Nearly all escapes are of three characters: what joins names and values, and what hides a card's number.  Replacing
    these first is quick, and changes nothing: none is a hexadecimal digit, so that none can complete another escape.
    """
    text = text.replace(b"+", b" ")
    if b"%" not in text:
        return text.decode()
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    return unquote_to_bytes(text).decode()


def demand(theirs: Data, ours: Mapping[str, str], *, optional: frozenset[str] = frozenset()) -> None:
    """Compare as text: ``01600``, ``1600.00`` and ``1_600`` are not what was ordered.

    Raises:
        OrderMismatchError: when a field differs, or is absent without being optional.
    """
    found = {name: theirs.one(name) for name in ours}
    if found == ours:
        return
    differing = tuple(
        name for name, value in found.items() if value != ours[name] and not (value is None and name in optional)
    )
    if differing:
        raise OrderMismatchError(f"authentic, but not our order: {', '.join(differing)}", fields=differing)


def moment(text: str | None) -> datetime | None:
    """Read the bank's time in the two forms it writes; a sealed payment is not lost for its date."""
    found = _DATE.fullmatch(text or "")
    if found is None:
        return None
    try:
        when = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3]}")
        when.astimezone(UTC)
    except (ValueError, OverflowError):  # no such moment, or none that UTC can tell
        return None
    return when


def facts(
    data: Data, outcome: PaymentState, source: Source, order: PaymentOrder, *, amount: str | None
) -> dict[str, Any]:
    """Gather what a verified payment tells, from fields that were held to the order."""
    when, masked = moment(data.one("transactionDateTime")), data.one("maskedPan")
    warnings = tuple(f"{name} is repeated" for name in data.repeated)
    if "transactionDateTime" in data.values and when is None:
        warnings += ("transactionDateTime is unreadable",)
    return {
        "outcome": outcome,
        "source": source,
        "amount": order.amount if amount else None,
        "transaction_reference": data.one("transactionReference"),
        "authorisation_number": data.one("authorisationId"),
        "merchant_id": data.one("merchantId"),
        "response_code": data.one("responseCode"),
        "masked_card": masked if masked and _MASKED.fullmatch(masked) else None,
        "authorised_at": when,
        "key_version": data.one("keyVersion"),
        "warnings": warnings,
        "raw": data.values,
    }


def cents(text: str | None) -> Euros | None:
    """Read digits of cents; anything else is no amount."""
    return Euros(int(text)) if text and re.fullmatch(r"[0-9]{1,12}", text) else None
