"""Messages: the sentences that the insured person reads about a verdict, an error or a payment; and letters.

>>> from creance_pay import NoticeReference
>>> from creance_pay.errors import InvalidReferenceError
>>> try:
...     NoticeReference.parse("631163120000297F")
... except InvalidReferenceError as error:
...     message = message_for(error)
>>> render(message).title, render(message, lang="en").title
('Référence à vérifier', 'Check the reference')
"""

from __future__ import annotations

from .acknowledgements import Acknowledgement, Registration, acknowledgement, registration
from .catalogue import MESSAGES, AmountHint, AttemptOpen, ReferenceHint, ReferenceSuggested, ServiceUnavailable
from .contact import ContactLine, contact_line
from .formats import format_euros
from .html import error_summary, printable_page
from .lookup import message_for, messages_for
from .message import Message, Money, Retry, Severity
from .pdf import letter_pdf
from .rendering import Medium, Rendered, render
from .samples import sample
from .sentences import Overrides, Wording, read_overrides
from .sms import SmsText

__all__ = [  # noqa: RUF022 - in the order of sorted(), as in the other packages
    "Acknowledgement",
    "AmountHint",
    "AttemptOpen",
    "ContactLine",
    "MESSAGES",
    "Medium",
    "Message",
    "Money",
    "Overrides",
    "ReferenceHint",
    "ReferenceSuggested",
    "Registration",
    "Rendered",
    "Retry",
    "ServiceUnavailable",
    "Severity",
    "SmsText",
    "Wording",
    "acknowledgement",
    "contact_line",
    "error_summary",
    "format_euros",
    "letter_pdf",
    "message_for",
    "messages_for",
    "printable_page",
    "read_overrides",
    "registration",
    "render",
    "sample",
]
