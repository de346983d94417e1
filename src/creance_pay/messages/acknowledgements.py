"""The two letters that the law requires after an online payment (CRPA L112-11, R112-11-1, R112-11-2; rules R18, R19).

The *accusé de réception* confirms that a payment was received.  Where it leaves later, the *accusé d'enregistrement*
leaves first, within one working day.  Both state the date and time of receipt, and the service in charge with its
address and telephone number.  Both confirm the receipt of the payment only, and leave open whether the debt is cleared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import attrs

from ..caisses import Caisse
from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference, TransactionReference
from .contact import ContactLine, contact_line
from .letters import Document
from .message import Money, Retry, Severity


@attrs.frozen(kw_only=True)
class Acknowledgement(Document):
    """The acknowledgement of an online payment, with the mentions of CRPA R112-11-1 (R18).

    Attributes:
        received_on: The day of receipt, in the time zone of the caisse.
        received_time: The time of receipt, in the same zone.
        amount: The amount that was paid.
        notice_references: The notices that receive it; the letter omits the line of references when there are none.
        transaction_reference: The reference of the payment.
        display_delay_hours: The number of hours within which the account shows the payment.
        delete_on: The day on which the mailbox deletes the message.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "acknowledgement", Severity.SUCCESS, Money.YES, Retry.NO
    sources = ("CRPA.L112-11", "CRPA.R112-11-1")
    document: ClassVar[str] = "accuse-reception"
    dated_by: ClassVar[str] = "received_on"
    named_by: ClassVar[str] = "transaction_reference"

    received_on: date
    received_time: time
    amount: Euros
    notice_references: tuple[NoticeReference, ...]
    transaction_reference: str
    display_delay_hours: int
    delete_on: date


@attrs.frozen(kw_only=True)
class Registration(Document):
    """The acknowledgement of registration, sent before an acknowledgement that leaves later (CRPA R112-11-2, R18).

    Attributes:
        received_on: The day of receipt, in the time zone of the caisse.
        received_time: The time of receipt, in the same zone.
        amount: The amount that was paid.
        transaction_reference: The reference of the payment.
        acknowledge_by: The last day for the acknowledgement itself.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    key, severity, money, retry = "registration", Severity.SUCCESS, Money.YES, Retry.NO
    sources = ("CRPA.L112-11", "CRPA.R112-11-2")
    document: ClassVar[str] = "accuse-enregistrement"
    dated_by: ClassVar[str] = "received_on"
    named_by: ClassVar[str] = "transaction_reference"

    received_on: date
    received_time: time
    amount: Euros
    transaction_reference: str
    acknowledge_by: date


def _mentions(
    received_at: datetime,
    transaction_reference: str | TransactionReference,
    caisse: Caisse,
    contact: ContactLine | None,
) -> dict[str, Any]:
    """Convert the arguments that both letters share."""
    if received_at.utcoffset() is None:
        raise MessageError("expected received_at to have a time zone, got a naive datetime")
    if isinstance(transaction_reference, TransactionReference):
        transaction_reference = str(transaction_reference)
    received = received_at.astimezone(ZoneInfo(caisse.time_zone))
    return {
        "received_on": received.date(),
        "received_time": received.time(),
        "transaction_reference": transaction_reference,
        "caisse": caisse.name.replace("'", "’"),
        "contact": contact or contact_line(received.date()),
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
        received_at: The moment of receipt, with its time zone.  The letter has its day and time in the caisse's zone.
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

    >>> from datetime import UTC
    >>> from creance_pay import find_caisse
    >>> letter = acknowledgement(
    ...     received_at=datetime(2018, 7, 4, 22, 30, tzinfo=UTC), amount=Euros(2000),
    ...     notice_references=[NoticeReference("6311705400000344F")], transaction_reference="PCLCB181860000004",
    ...     caisse=find_caisse("631"), address="https://caisse.example/contact",
    ...     display_delay_hours=24, delete_on=date(2019, 1, 5),
    ... )
    >>> letter.received_on, letter.received_time  # in Paris
    (datetime.date(2018, 7, 5), datetime.time(0, 30))
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
        received_at: The moment of receipt, with its time zone.  The letter has its day and time in the caisse's zone.
        amount: The amount that was paid.
        transaction_reference: The reference of the payment.
        caisse: The service in charge.
        address: Its electronic or postal address.
        acknowledge_by: The last day for the acknowledgement itself: ten working days after receipt (R18).
        contact: The telephone line; by default the national line of the day of receipt (R24).

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is blank.

    >>> from datetime import UTC
    >>> from creance_pay import find_caisse
    >>> letter = registration(
    ...     received_at=datetime(2018, 7, 5, 8, 59, tzinfo=UTC), amount=Euros(2000),
    ...     transaction_reference="PCLCB181860000004", caisse=find_caisse("631"),
    ...     address="https://caisse.example/contact", acknowledge_by=date(2018, 7, 19),
    ... )
    >>> letter.caisse, letter.contact.number
    ('CPAM du Puy-de-Dôme', '+33 811 70 36 46')
    """
    return Registration(
        **_mentions(received_at, transaction_reference, caisse, contact),
        amount=amount,
        address=address,
        acknowledge_by=acknowledge_by,
    )
