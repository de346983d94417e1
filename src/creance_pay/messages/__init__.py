"""What the insured person reads: the sentence for a verdict, an error or an outcome, and the acknowledgement.

>>> from creance_pay import InvalidReferenceError, NoticeReference
>>> try:
...     NoticeReference.parse("631163120000297F")
... except InvalidReferenceError as error:
...     print(render(message_for(error)).title)
Référence à vérifier
"""

from __future__ import annotations

from .acknowledgements import acknowledgement
from .catalogue import Acknowledgement, Message, Money, Severity, every_message
from .contact import ContactLine, contact_line
from .rendering import Medium, Rendered, message_for, read_catalogue, render

__all__ = [
    "Acknowledgement",
    "ContactLine",
    "Medium",
    "Message",
    "Money",
    "Rendered",
    "Severity",
    "acknowledgement",
    "contact_line",
    "every_message",
    "message_for",
    "read_catalogue",
    "render",
]
