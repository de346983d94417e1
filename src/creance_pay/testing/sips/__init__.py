"""The bank's side of Sips, for tests and demonstrations.

:class:`SipsBank` reads a sealed form, decides and seals an answer; :class:`SipsServices` answers JSON calls.  Neither
needs a network; :mod:`creance_pay.testing.sips.server` serves both over HTTP on this machine.
"""

from __future__ import annotations

from .bank import SipsBank
from .daily_reports import ReportForm, daily_report, write_daily_reports
from .decisions import Authentication, Decision, PaymentRequest, TrialCard, form_body
from .faults import Dispatch, Fault, Notification
from .json_services import SipsServices
from .operations import Account, Operation
from .simulated import SimulatedSips

__all__ = [
    "Account",
    "Authentication",
    "Decision",
    "Dispatch",
    "Fault",
    "Notification",
    "Operation",
    "PaymentRequest",
    "ReportForm",
    "SimulatedSips",
    "SipsBank",
    "SipsServices",
    "TrialCard",
    "daily_report",
    "form_body",
    "write_daily_reports",
]
