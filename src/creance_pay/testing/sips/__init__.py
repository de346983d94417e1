"""The bank's side of Sips, for tests and demonstrations.

:class:`SipsBank` reads a sealed form, decides and seals an answer; :class:`SipsServices` answers JSON calls.  Neither
needs a network; :mod:`creance_pay.testing.sips.server` serves both over HTTP on this machine.
"""

from __future__ import annotations

from .bank import Account, SipsBank
from .decisions import Authentication, Decision, PaymentRequest, TrialCard, form_body
from .faults import Dispatch, Fault, Notification
from .json_services import SipsServices

__all__ = [
    "Account",
    "Authentication",
    "Decision",
    "Dispatch",
    "Fault",
    "Notification",
    "PaymentRequest",
    "SipsBank",
    "SipsServices",
    "TrialCard",
    "form_body",
]
