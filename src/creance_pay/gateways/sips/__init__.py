"""Worldline Sips 2.0, under the five brands that banks sell it by."""

from __future__ import annotations

from .codes import OperationOutcome
from .fields import PaypageOptions
from .hosts import Environment, SipsHost
from .office import OperationResult, PaymentStatus
from .paypage import SipsPaypage
from .paypage_json import SipsPaypageJson
from .reports import BadLine, Entry, Matching, Report, ReportLine, match_reports, read_reports
from .shop import Identification

__all__ = [
    "BadLine",
    "Entry",
    "Environment",
    "Identification",
    "Matching",
    "OperationOutcome",
    "OperationResult",
    "PaymentStatus",
    "PaypageOptions",
    "Report",
    "ReportLine",
    "SipsHost",
    "SipsPaypage",
    "SipsPaypageJson",
    "match_reports",
    "read_reports",
]
