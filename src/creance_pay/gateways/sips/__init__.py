"""Worldline Sips 2.0, which five banks sell under brands of their own."""

from __future__ import annotations

from .fields import PaypageOptions
from .hosts import SipsHost
from .paypage import SipsPaypage
from .paypage_json import SipsPaypageJson
from .reports import read_reports

__all__ = [
    "PaypageOptions",
    "SipsHost",
    "SipsPaypage",
    "SipsPaypageJson",
    "read_reports",
]
