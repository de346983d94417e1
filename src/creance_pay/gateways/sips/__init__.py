"""Worldline Sips 2.0, under the five brands that banks sell it by."""

from __future__ import annotations

from .fields import PaypageOptions
from .hosts import Environment, SipsHost
from .merchant import Identification
from .office import PaymentStatus
from .paypage import SipsPaypage
from .paypage_json import SipsPaypageJson
from .reports import BadLine, Entry, Matching, Report, ReportLine, match_reports, read_reports

__all__ = [
    "BadLine",
    "Entry",
    "Environment",
    "Identification",
    "Matching",
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
