"""The bank's side of Sips, for tests and demonstrations.

:class:`SipsBank` reads a sealed form, decides and seals an answer; :class:`SipsServices` answers JSON calls.  Neither
needs a network; :mod:`creance_pay.testing.server` serves both over HTTP on this machine.
"""

from __future__ import annotations

from .bank import SipsBank
from .daily_reports import ReportForm, daily_report, write_daily_reports
from .decisions import SipsRequest, form_body
from .json_services import SipsServices
from .simulated import SimulatedSips
from .trial import SipsTrialMerchant

__all__ = [
    "ReportForm",
    "SimulatedSips",
    "SipsBank",
    "SipsRequest",
    "SipsServices",
    "SipsTrialMerchant",
    "daily_report",
    "form_body",
    "write_daily_reports",
]
