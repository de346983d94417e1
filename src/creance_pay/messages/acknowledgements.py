"""The two letters that the law requires after an online payment (CRPA L112-11, R112-11-1, R112-11-2; rules R18, R19).

The *accusé de réception* confirms that a payment was received.  Where it cannot leave at once, the *accusé
d'enregistrement* leaves first, within one working day.  Both state the date of receipt, and the service in charge with
its address and telephone number.  Neither states that the debt is cleared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import attrs

from ..caisses import Caisse
from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference, TransactionReference
from .contact import ContactLine, contact_line
from .message import Message, Money, Retry, Severity, validate_not_blank


def _file_name(document: str, received_on: date, transaction_reference: str) -> str:
    """Build a file name of ASCII letters, digits and hyphens, without personal data."""
    reference = re.sub(r"[^0-9A-Za-z]+", "-", transaction_reference).strip("-")
    return "-".join(filter(None, (document, received_on.isoformat(), reference))) + ".pdf"


@attrs.frozen(kw_only=True)
class Acknowledgement(Message):
    """The acknowledgement of an online payment, with the mentions of CRPA R112-11-1 (R18).

    Attributes:
        received_on: The day of receipt, in the time zone of the caisse.
        amount: The amount that was paid.
        notice_references: The notices that receive it; without any, the letter has no line of references.
        transaction_reference: The reference of the payment.
        caisse: The name of the service in charge.
        address: Its electronic or postal address.
        contact: Its telephone line, with the price of a call.
        display_delay_hours: The number of hours within which the account shows the payment.
        delete_on: The day on which the mailbox deletes the message.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "acknowledgement", Severity.SUCCESS, Money.YES, Retry.NO
    #: The kind of document: the first words of the file name.
    document: ClassVar[str] = "accuse-reception"

    received_on: date
    amount: Euros
    notice_references: tuple[NoticeReference, ...]
    transaction_reference: str
    caisse: str = attrs.field(validator=validate_not_blank)
    address: str = attrs.field(validator=validate_not_blank)
    contact: ContactLine | str = attrs.field(validator=validate_not_blank)
    display_delay_hours: int
    delete_on: date

    @property
    def file_name(self) -> str:
        """The name of its PDF file, without personal data."""
        return _file_name(self.document, self.received_on, self.transaction_reference)


@attrs.frozen(kw_only=True)
class Registration(Message):
    """The acknowledgement of registration, sent while the acknowledgement itself cannot leave (CRPA R112-11-2, R18).

    Attributes:
        received_on: The day of receipt, in the time zone of the caisse.
        amount: The amount that was paid.
        transaction_reference: The reference of the payment.
        caisse: The name of the service in charge.
        address: Its electronic or postal address.
        contact: Its telephone line, with the price of a call.
        acknowledge_by: The last day for the acknowledgement itself.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "registration", Severity.SUCCESS, Money.YES, Retry.NO
    #: The kind of document: the first words of the file name.
    document: ClassVar[str] = "accuse-enregistrement"

    received_on: date
    amount: Euros
    transaction_reference: str
    caisse: str = attrs.field(validator=validate_not_blank)
    address: str = attrs.field(validator=validate_not_blank)
    contact: ContactLine | str = attrs.field(validator=validate_not_blank)
    acknowledge_by: date

    @property
    def file_name(self) -> str:
        """The name of its PDF file, without personal data."""
        return _file_name(self.document, self.received_on, self.transaction_reference)


def _mentions(
    received_at: datetime, transaction_reference: object, caisse: Caisse, contact: ContactLine | None
) -> dict[str, Any]:
    """Convert the arguments that both letters share."""
    if received_at.utcoffset() is None:
        raise MessageError("expected received_at to have a time zone, got a naive datetime")
    received_on = received_at.astimezone(ZoneInfo(caisse.time_zone)).date()
    return {
        "received_on": received_on,
        "transaction_reference": str(transaction_reference),
        "caisse": caisse.name.replace("'", "’"),
        "contact": contact or contact_line(received_on),
    }


def acknowledgement(
    *,
    received_at: datetime,
    amount: Euros,
    notice_references: Iterable[NoticeReference],
    transaction_reference: str | TransactionReference,
    caisse: Caisse,
    address: str,
    display_delay_hours: int,
    delete_on: date,
    contact: ContactLine | None = None,
) -> Acknowledgement:
    """Build the acknowledgement of a payment, with every mention that the law requires.

    Args:
        received_at: The moment of receipt, with its time zone.  The letter states its day in the caisse's time zone.
        amount: The amount that was paid.
        notice_references: The notices that receive it.
        transaction_reference: The reference of the payment.
        caisse: The service in charge.
        address: Its electronic or postal address.
        display_delay_hours: The number of hours within which the account shows the payment: the policy's (R17).
        delete_on: The day on which the mailbox deletes the message (R19).
        contact: The telephone line; by default the national line of the day of receipt (R24).

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is blank.
    """
    return Acknowledgement(
        **_mentions(received_at, transaction_reference, caisse, contact),
        amount=amount,
        notice_references=tuple(notice_references),
        address=address,
        display_delay_hours=display_delay_hours,
        delete_on=delete_on,
    )


def registration(
    *,
    received_at: datetime,
    amount: Euros,
    transaction_reference: str | TransactionReference,
    caisse: Caisse,
    address: str,
    acknowledge_by: date,
    contact: ContactLine | None = None,
) -> Registration:
    """Build the acknowledgement of registration of a payment.

    Args:
        received_at: The moment of receipt, with its time zone.  The letter states its day in the caisse's time zone.
        amount: The amount that was paid.
        transaction_reference: The reference of the payment.
        caisse: The service in charge.
        address: Its electronic or postal address.
        acknowledge_by: The last day for the acknowledgement itself: ten working days after receipt (R18).
        contact: The telephone line; by default the national line of the day of receipt (R24).

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is blank.
    """
    return Registration(
        **_mentions(received_at, transaction_reference, caisse, contact),
        amount=amount,
        address=address,
        acknowledge_by=acknowledge_by,
    )
