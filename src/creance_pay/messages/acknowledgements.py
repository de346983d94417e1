"""The acknowledgement of an online payment: a duty of the caisse, no courtesy (CRPA L112-11, R112-11-1; rule R18)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..caisses import Caisse
from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference, TransactionReference
from .catalogue import Acknowledgement
from .contact import contact_line


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

    Raises:
        MessageError: when ``received_at`` has no time zone, or the address is empty.
    """
    if received_at.utcoffset() is None or not address.strip():
        raise MessageError("the acknowledgement needs a moment with its time zone, and the address of the service")
    received_on = received_at.astimezone(ZoneInfo(caisse.time_zone)).date()
    return Acknowledgement(
        received_on=received_on,
        amount=amount,
        notice_references=tuple(notice_references),
        transaction_reference=str(transaction_reference),
        caisse=caisse.name.replace("'", "’"),
        address=address,
        contact=str(contact_line(received_on, caisse=caisse)),
        display_delay_hours=display_delay_hours,
        delete_on=delete_on,
    )
