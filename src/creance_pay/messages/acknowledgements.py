"""What the law makes the caisse send after an online payment (CRPA L112-11, R112-11-1, R112-11-2; rules R18, R19).

The *accusé de réception* confirms that a payment was received.  Where it does not leave at once, the *accusé
d'enregistrement* comes first, within one working day.  Both give the date of receipt and the service in charge with
its address and telephone number; neither says that the debt is cleared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import attrs

from ..caisses import Caisse
from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference, TransactionReference
from .contact import ContactLine, contact_line
from .message import Message, Money, Retry, Severity, validate_not_blank


def _file_name(kind: str, received_on: date, transaction_reference: str) -> str:
    """Make a name of ASCII letters, digits and hyphens, from nothing personal."""
    reference = re.sub(r"[^0-9A-Za-z]+", "-", transaction_reference).strip("-")
    return "-".join(filter(None, (kind, received_on.isoformat(), reference))) + ".pdf"


@attrs.frozen(kw_only=True)
class Acknowledgement(Message):
    """The acknowledgement of an online payment, with what CRPA R112-11-1 requires (R18).

    Attributes:
        received_on: The day of receipt, where the caisse is.
        amount: What was paid.
        notice_references: The notices that receive it, grouped as letters print them; without any, no line of them.
        transaction_reference: The reference of the payment.
        caisse: The service in charge, by name.
        address: Its electronic or postal address.
        contact: Its telephone line, with the price of the call.
        display_delay_hours: Within how many hours the payment shows in the account.
        delete_on: The day on which the message leaves the mailbox.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "acknowledgement", Severity.SUCCESS, Money.YES, Retry.NO
    #: The first words of the file's name.
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
        """A name for its PDF file, without personal data."""
        return _file_name(self.document, self.received_on, self.transaction_reference)


@attrs.frozen(kw_only=True)
class Registration(Message):
    """The acknowledgement of registration, which goes out while the other one cannot yet (CRPA R112-11-2, R18).

    Attributes:
        received_on: The day of receipt, where the caisse is.
        amount: What was paid.
        transaction_reference: The reference of the payment.
        caisse: The service in charge, by name.
        address: Its electronic or postal address.
        contact: Its telephone line, with the price of the call.
        acknowledge_by: The last day for the acknowledgement itself.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "registration", Severity.SUCCESS, Money.YES, Retry.NO
    #: The first words of the file's name.
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
        """A name for its PDF file, without personal data."""
        return _file_name(self.document, self.received_on, self.transaction_reference)


def _day(received_at: datetime, caisse: Caisse) -> date:
    """Give the day of a moment where the caisse is."""
    if received_at.utcoffset() is None:
        raise MessageError("the acknowledgement needs a moment with its time zone")
    return received_at.astimezone(ZoneInfo(caisse.time_zone)).date()


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
    """Make the acknowledgement of a payment, with every mention that the law requires.

    Args:
        received_at: When the payment was received, with its time zone; the letter gives the day where the caisse is.
        amount: What was paid.
        notice_references: The notices that receive it.
        transaction_reference: The reference of the payment.
        caisse: The service in charge.
        address: Its electronic or postal address.
        display_delay_hours: Within how many hours the payment shows in the account: the policy's (R17).
        delete_on: The day on which the message leaves the mailbox (R19).
        contact: The telephone line; by default the national one of the day of receipt (R24).

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is empty.
    """
    received_on = _day(received_at, caisse)
    return Acknowledgement(
        received_on=received_on,
        amount=amount,
        notice_references=tuple(notice_references),
        transaction_reference=str(transaction_reference),
        caisse=caisse.name.replace("'", "’"),
        address=address,
        contact=contact or contact_line(received_on, caisse=caisse),
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
    """Make the acknowledgement of registration of a payment.

    Args:
        received_at: When the payment was received, with its time zone; the letter gives the day where the caisse is.
        amount: What was paid.
        transaction_reference: The reference of the payment.
        caisse: The service in charge.
        address: Its electronic or postal address.
        acknowledge_by: The last day for the acknowledgement itself: ten working days after receipt (R18).
        contact: The telephone line; by default the national one of the day of receipt (R24).

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is empty.
    """
    received_on = _day(received_at, caisse)
    return Registration(
        received_on=received_on,
        amount=amount,
        transaction_reference=str(transaction_reference),
        caisse=caisse.name.replace("'", "’"),
        address=address,
        contact=contact or contact_line(received_on, caisse=caisse),
        acknowledge_by=acknowledge_by,
    )
