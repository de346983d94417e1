"""What the insured person reads: the sentence for a verdict, an error or an outcome, and the acknowledgement.

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
from .catalogue import MESSAGES, AmountHint, ReferenceHint, ServiceUnavailable
from .contact import ContactLine, contact_line
from .html import error_summary, printable_page
from .lookup import message_for, messages_for
from .message import Message, Money, Retry, Severity
from .pdf import acknowledgement_pdf
from .rendering import Medium, Rendered, render
from .samples import sample
from .sentences import Overrides, Sentences, Wording, read_catalogue, read_overrides
from .sms import SmsText

__all__ = [  # noqa: RUF022 - in the order of sorted(), as in the other packages
    "Acknowledgement",
    "AmountHint",
    "ContactLine",
    "MESSAGES",
    "Medium",
    "Message",
    "Money",
    "Overrides",
    "ReferenceHint",
    "Registration",
    "Rendered",
    "Retry",
    "Sentences",
    "ServiceUnavailable",
    "Severity",
    "SmsText",
    "Wording",
    "acknowledgement",
    "acknowledgement_pdf",
    "contact_line",
    "error_summary",
    "message_for",
    "messages_for",
    "printable_page",
    "read_catalogue",
    "read_overrides",
    "registration",
    "render",
    "sample",
]
