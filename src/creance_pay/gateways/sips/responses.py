"""The steps of reading an answer: parse the posted form, match the fields with the order, build the payment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote_to_bytes

from ..._clock import in_utc_range
from ...errors import MalformedResponseError, OrderMismatchError
from ...http import HttpMessage, require_message
from ...money import Euros
from ...payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from ..merchants import ReferenceForm
from .data import Data
from .response_codes import ALREADY_PROCESSED

REFERENCE = re.compile(r"(?!null\Z)[0-9A-Za-z]{1,35}")  # the vendor writes null for an absent value
REFERENCES = ReferenceForm(pattern=REFERENCE, words="1 to 35 ASCII letters and digits, not the word null")
_MASKED = re.compile(r"[0-9]{0,6}#{4,15}[0-9]{0,4}")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T.]([0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})")
_MAX_BODY_BYTES = 65_536
_MAX_FIELDS = 32
_FORM_FIELDS = ("Data", "Seal", "Encode", "InterfaceVersion")


def parse_form(message: HttpMessage) -> dict[str, str]:
    """Parse the posted form: UTF-8, ``&`` between fields, each field once; fields of other protocols are left out.

    Raises:
        MalformedResponseError: for another content type, a body that is too large, no form in UTF-8, or a field that is
            repeated or missing.
    """
    content_type = require_message(message).header("content-type")
    if content_type and content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise MalformedResponseError("expected a form (application/x-www-form-urlencoded), got another content type")
    if len(message.body) > _MAX_BODY_BYTES:
        raise MalformedResponseError(f"expected at most {_MAX_BODY_BYTES} bytes, got {len(message.body)}")
    parts = message.body.split(b"&")
    if len(parts) > _MAX_FIELDS or not message.body.isascii():
        raise MalformedResponseError(
            f"expected a form of at most {_MAX_FIELDS} fields in ASCII, got {len(parts)} fields"
        )
    fields: dict[str, str] = {}
    for part in parts:
        name, value = _pair(part)
        if name in fields:
            raise MalformedResponseError("expected each field of the form once, got a repeated field")
        if name in _FORM_FIELDS:
            fields[name] = value
    for name in ("Data", "Seal"):
        if name not in fields:
            raise MalformedResponseError(f"expected a field {name} in the form, got none")
    return fields


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    try:
        return _unquote(name), _unquote(value)
    except ValueError:
        raise MalformedResponseError("expected a form in UTF-8, got another encoding") from None


def _unquote(text: bytes) -> str:
    """Percent-decode once, strictly as UTF-8: ``unquote_plus`` would replace invalid bytes."""
    return unquote_to_bytes(text.replace(b"+", b" ")).decode()


def require_match(theirs: Data, ours: Mapping[str, str], *, optional: frozenset[str] = frozenset()) -> None:
    """Compare the fields of an answer with the order's as texts: ``01600`` and ``1600.00`` differ from ``1600``.

    Args:
        theirs: The fields of the answer.
        ours: The fields of the order, by the vendor's names.
        optional: The names that the answer may lack.

    Raises:
        OrderMismatchError: when a field differs, or is absent without being optional.
    """
    found = {name: theirs.get(name) for name in ours}
    if found == ours:
        return
    differing = tuple(
        name for name, value in found.items() if value != ours[name] and not (value is None and name in optional)
    )
    if differing:
        raise OrderMismatchError(f"authentic, but not our order: {', '.join(differing)}", fields=differing)


def require_nonce(data: Data, order: PaymentOrder, *, needed: bool) -> bool:
    """Compare the nonce that an answer returns with the order's.

    Args:
        data: The fields of the answer.
        order: The order; one without nonce is compared with nothing.
        needed: Whether the answer must return the nonce.

    Returns:
        Whether the answer is bound to the order by its nonce.

    Raises:
        OrderMismatchError: when the answer returns another value, or none where it must.
    """
    returned = data.get("returnContext")
    if not order.nonce or (returned is None and not needed):
        return False
    if returned != order.nonce:
        raise OrderMismatchError("authentic, but not our order: returnContext", fields=("returnContext",), foreign=True)
    return True


def parse_timestamp(text: str | None) -> datetime | None:
    """Parse the bank's time in its two forms; ``None`` when it is unreadable, since no payment depends on it."""
    found = _DATE.fullmatch(text or "")
    if found is None:
        return None
    try:
        return in_utc_range(datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3]}"))
    except ValueError:  # no such day or hour
        return None


def verified_payment(
    data: Data,
    state: PaymentState,
    source: Source,
    order: PaymentOrder,
    *,
    amount: str | None,
    bound: bool,
    remaining: Euros | None = None,
) -> VerifiedPayment:
    """Build the verified payment from the fields of an answer that was matched with the order.

    Args:
        data: The fields of the answer.
        state: The state of the payment.
        source: The way by which the answer arrived.
        order: The order; its amount is the payment's.
        amount: The amount of the answer as text; without one, the payment has no amount.
        bound: Whether the answer repeats the order's nonce.
        remaining: The amount that remains after refunds.
    """
    when, masked = parse_timestamp(data.get("transactionDateTime")), data.get("maskedPan")
    warnings = tuple(f"{name} is repeated" for name in data.repeated)
    if "transactionDateTime" in data.values and when is None:
        warnings += ("transactionDateTime is unreadable",)
    return VerifiedPayment(
        state=state,
        source=source,
        amount=order.amount if amount else None,
        transaction_reference=data.get("transactionReference"),
        authorisation_number=data.get("authorisationId"),
        merchant_id=data.get("merchantId"),
        response_code=data.get("responseCode"),
        masked_card=masked if masked and _MASKED.fullmatch(masked) else None,
        authorised_at=when,
        key_version=data.get("keyVersion"),
        remaining=remaining,
        bound=bound,
        reference_used=data.get("responseCode") == ALREADY_PROCESSED,
        warnings=warnings,
        raw=data.values,
    )


def parse_cents(text: str | None) -> Euros | None:
    """Parse one to twelve digits of cents; ``None`` for anything else."""
    return Euros(int(text)) if text and re.fullmatch(r"[0-9]{1,12}", text) else None
