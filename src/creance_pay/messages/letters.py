"""The letters of a debt: the notice, the reminder, the schedule of instalments, the refund, the rejected payment.

Each letter is a message: :func:`~creance_pay.messages.render` writes it as text, HTML, SMS or e-mail, and
:func:`~creance_pay.messages.letter_pdf` as a PDF file.  Your portal sends them.  A letter leaves out the name and the
address of the person; the address for the window of an envelope is an argument of the PDF.

>>> from creance_pay import Euros, NoticeReference
>>> from creance_pay.messages import contact_line, render
>>> letter = Notice(
...     sent_on=date(2026, 11, 26),
...     notice_reference=NoticeReference("6311726000000512K"),
...     years=(CareYear(year=2024, amount=Euros(3000)), CareYear(year=2025, amount=Euros(2850))),
...     minimum=Euros(1600),
...     maximum=Euros(5000),
...     caisse="CPAM du Puy-de-Dôme",
...     address="63031 Clermont-Ferrand Cedex 9",
...     contact=contact_line(date(2026, 11, 26)),
...     appeal_address="Commission de recours amiable, 63031 Clermont-Ferrand Cedex 9",
... )
>>> letter.amount, letter.file_name
(Euros(5850), 'avis-de-sommes-a-payer-2026-11-26-6311726000000512K.pdf')
>>> render(letter, lang="en").title
'Notice of sums to pay'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from typing import Any, ClassVar

import attrs

from .._validators import of_type
from ..errors import MessageError
from ..money import Euros
from ..references import NoticeReference
from .contact import ContactLine
from .message import Message, Money, Retry, Severity, validate_not_blank

__all__ = [
    "CareYear",
    "Document",
    "DueAmount",
    "InstalmentSchedule",
    "MissedInstalment",
    "Notice",
    "Refund",
    "RejectedPosting",
    "Reminder",
]

_typed = partial(of_type, error=MessageError)


@attrs.frozen(kw_only=True)
class CareYear:
    """The part of a debt that comes from the care of one year.

    Attributes:
        year: The calendar year of the care.
        amount: The sum of its participations forfaitaires and franchises.

    Raises:
        MessageError: for a value of another type.
    """

    year: int = attrs.field(validator=_typed(int))
    amount: Euros = attrs.field(validator=_typed(Euros))


@attrs.frozen(kw_only=True)
class DueAmount:
    """An instalment: an amount and its last day.

    Attributes:
        due_on: The last day on which the payment is in time.
        amount: The amount.

    Raises:
        MessageError: for a value of another type.
    """

    due_on: date = attrs.field(validator=_typed(date))
    amount: Euros = attrs.field(validator=_typed(Euros))


def _total_of(field: str, kind: type[CareYear | DueAmount]) -> Callable[[Any], Euros]:
    """Return the function that adds the amounts of a field of a letter; a default for attrs."""

    def add(letter: Message) -> Euros:
        """Add the amounts, or raise :class:`MessageError` where there are none."""
        parts = getattr(letter, field)
        if not isinstance(parts, tuple) or not parts or {type(part) for part in parts} != {kind}:
            raise MessageError(f"{letter.key}: expected {field} to be a tuple of one {kind.__name__} or more")
        return sum((part.amount for part in parts), Euros(0))

    return add


@attrs.frozen(kw_only=True)
class Document(Message):
    """The base class of the letters, each of which can become a PDF file.

    Attributes:
        document: The kind of document: the first words of the file name.
        dated_by: The name of the field with the day of the letter.
        named_by: The name of the field with the reference of the file name.
        caisse: The name of the service in charge.
        address: Its electronic or postal address.
        contact: Its telephone line, with the price of a call.

    Raises:
        MessageError: when the service, its address or its telephone is blank.
    """

    document: ClassVar[str]
    dated_by: ClassVar[str] = "sent_on"
    named_by: ClassVar[str] = "notice_reference"

    caisse: str = attrs.field(validator=validate_not_blank)
    address: str = attrs.field(validator=validate_not_blank)
    contact: ContactLine | str = attrs.field(validator=validate_not_blank)

    @property
    def dated_on(self) -> date:
        """The day of the letter."""
        day: date = getattr(self, self.dated_by)
        return day

    @property
    def file_name(self) -> str:
        """The name of its PDF file: ASCII letters, digits and hyphens, without the name of the person."""
        value = getattr(self, self.named_by)
        parts: Iterable[object] = value if isinstance(value, tuple) else [value]
        words = [re.sub(r"[^0-9A-Za-z]+", "-", str(part)).strip("-") for part in parts][:1]
        return "-".join(filter(None, (self.document, self.dated_on.isoformat(), *words))) + ".pdf"


@attrs.frozen(kw_only=True)
class Notice(Document):
    """The *avis de sommes à payer*: the sum, the years of care, the ways to pay, to contest and to ask for remission.

    Attributes:
        sent_on: The day of the notice.
        notice_reference: Its reference.
        years: The years of care, each with its amount.
        amount: The sum of the years.  It is computed.
        minimum: The smallest online payment, of the policy; ``None`` where the debt cannot be paid online.
        maximum: The largest online payment, of the policy; ``None`` where the debt cannot be paid online.
        appeal_address: The address of the *commission de recours amiable*.
        pay_by: The last day to pay, where the caisse sets one.
        other_means: The other means of payment, in the words of the caisse.

    Raises:
        MessageError: when there is no year, or when a mention is blank.
    """

    key, severity = "notice", Severity.INFO
    sources = ("DDD.2020-034", "CSS.L160-13", "CSS.L142-4", "CSS.R142-1", "CSS.R142-1-A", "CSS.L256-4")
    document: ClassVar[str] = "avis-de-sommes-a-payer"

    sent_on: date
    notice_reference: NoticeReference
    years: tuple[CareYear, ...]
    amount: Euros = attrs.field(init=False, default=attrs.Factory(_total_of("years", CareYear), takes_self=True))
    minimum: Euros | None = None
    maximum: Euros | None = None
    appeal_address: str = attrs.field(validator=validate_not_blank)
    pay_by: date | None = None
    other_means: str | None = None


@attrs.frozen(kw_only=True)
class Reminder(Document):
    """The reminder of a notice of which a part is still due.

    Attributes:
        sent_on: The day of the reminder.
        notice_reference: The reference of the notice.
        notice_date: The day of the notice.
        initial: The amount of the notice.
        remaining: The amount that is still due.
        minimum: The smallest online payment, of the policy; ``None`` where the debt cannot be paid online.
        maximum: The largest online payment, of the policy; ``None`` where the debt cannot be paid online.
        other_means: The other means of payment, in the words of the caisse.
    """

    key, severity = "reminder", Severity.WARNING
    sources = ("CSS.L160-13", "CSS.L256-4")
    document: ClassVar[str] = "rappel"

    sent_on: date
    notice_reference: NoticeReference
    notice_date: date
    initial: Euros
    remaining: Euros
    minimum: Euros | None = None
    maximum: Euros | None = None
    other_means: str | None = None


@attrs.frozen(kw_only=True)
class InstalmentSchedule(Document):
    """The schedule of instalments that the caisse accepted.

    Attributes:
        sent_on: The day of the letter.
        notice_references: The notices that the payments settle.
        instalments: The instalments, in their order.
        total: Their sum.  It is computed.
    """

    key, severity = "instalment_schedule", Severity.INFO
    document: ClassVar[str] = "echeancier"
    named_by: ClassVar[str] = "notice_references"

    sent_on: date
    notice_references: tuple[NoticeReference, ...]
    instalments: tuple[DueAmount, ...]
    total: Euros = attrs.field(init=False, default=attrs.Factory(_total_of("instalments", DueAmount), takes_self=True))


@attrs.frozen(kw_only=True)
class MissedInstalment(Document):
    """The letter about instalments whose day has passed without the whole payment.

    Attributes:
        sent_on: The day of the letter.
        notice_references: The notices that the payments settle.
        missed: The instalments of earlier days of which a part is still due.
        due: The amount to pay now; less than the sum of the instalments where a part is paid.
        next_on: The day of the next instalment, if there is one.
    """

    key, severity = "missed_instalment", Severity.WARNING
    sources = ("CSS.L256-4",)
    document: ClassVar[str] = "echeance-non-payee"
    named_by: ClassVar[str] = "notice_references"

    sent_on: date
    notice_references: tuple[NoticeReference, ...]
    missed: tuple[DueAmount, ...]
    due: Euros
    next_on: date | None = None


# ``money`` of the two letters after a payment is YES: the amount was debited before it was returned or set aside.


@attrs.frozen(kw_only=True)
class Refund(Document):
    """The letter about the refund of a payment, or of a part of it.

    Attributes:
        sent_on: The day of the letter.
        transaction_reference: The reference of the payment.
        paid_on: The day of the payment.
        amount: The amount that was paid.
        refunded: The amount that is returned.
        reason: The reason, in the words of the caisse.
    """

    key, severity, money, retry = "refund", Severity.INFO, Money.YES, Retry.NO
    document: ClassVar[str] = "remboursement"
    named_by: ClassVar[str] = "transaction_reference"

    sent_on: date
    transaction_reference: str
    paid_on: date
    amount: Euros
    refunded: Euros
    reason: str | None = None


@attrs.frozen(kw_only=True)
class RejectedPosting(Document):
    """The letter about a payment whose posting the caisse has rejected: the money came, the debt is unchanged.

    Attributes:
        sent_on: The day of the letter.
        transaction_reference: The reference of the payment.
        notice_reference: The notice.
        paid_on: The day of the payment.
        amount: The amount that was paid for this notice.
        reason: The reason, in the words of the caisse.
    """

    key, severity, money, retry = "rejected_posting", Severity.WARNING, Money.YES, Retry.NO
    document: ClassVar[str] = "paiement-non-affecte"
    named_by: ClassVar[str] = "transaction_reference"

    sent_on: date
    transaction_reference: str
    notice_reference: NoticeReference
    paid_on: date
    amount: Euros
    reason: str | None = None
